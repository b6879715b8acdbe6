"""Atom (RFC 4287). The event's date is an element of our own, since Atom's dates are instants of the feed."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from importlib.metadata import version
from io import BytesIO
from typing import Any

from feedgenerator import Atom1Feed  # type: ignore[import-untyped]
from feedgenerator.django.utils.xmlutils import SimplerXMLGenerator  # type: ignore[import-untyped]

from api.formats import feed
from api.formats.entry import Heading, Parts, Writer
from api.formats.wording import legible, publisher_of
from schema.format import Format

#: The namespace of ``dateline:date`` and ``dateline:event``, and the scheme of the categories that say what an entry
#: is: a name, not an address.
NAMESPACE = "urn:uuid:db0dc6e7-f097-437e-8049-c781e609e633"


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write the feed: all entries are gathered first, since the last comes first."""
    entries = await feed.entries_of(heading, parts)
    document = _Document(heading, feed.updated_at(heading, entries))
    for entry in entries:
        document.add_item(
            title=entry.title,
            link=entry.told.address,
            description=None,
            unique_id=f"urn:uuid:{entry.id}",
            pubdate=_instant(entry.published),
            updateddate=_instant(entry.updated),
            entry=entry,
        )
    for piece in document.pieces():
        yield piece


class _Document(Atom1Feed):  # type: ignore[misc]
    """The library's Atom feed, given piece by piece, with what RFC 4287 has and the library lacks."""

    def __init__(self, heading: Heading, updated: str) -> None:
        super().__init__(
            title=legible(heading.title),
            link=heading.page or heading.home,
            description=None,
            language=heading.language,
            author_name=publisher_of(heading),
            author_link=heading.home,
            subtitle=legible(heading.introduction) if heading.introduction else None,
            feed_url=heading.address,
            feed_guid=heading.address,
            feed_copyright=legible(heading.licence) if heading.licence else None,
        )
        self._updated = updated

    def pieces(self) -> Iterator[bytes]:
        """The document, an entry at a time."""
        buffer = BytesIO()
        xml = SimplerXMLGenerator(buffer, "utf-8", short_empty_elements=True)

        def written() -> bytes:
            piece = buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
            return piece

        xml.startDocument()
        xml.startElement("feed", self.root_attributes())
        self.add_root_elements(xml)
        yield written()
        for item in self.items:
            xml.startElement("entry", {})
            self.add_item_elements(xml, item)
            xml.endElement("entry")
            yield written()
        xml.endElement("feed")
        xml.endDocument()
        yield written()

    def latest_post_date(self) -> datetime:
        # The library would say 'now' for a feed without entries: another feed at each reading.
        return _instant(self._updated)

    def root_attributes(self) -> dict[str, str]:
        return {**super().root_attributes(), "xmlns:dateline": NAMESPACE}

    def add_root_elements(self, xml: SimplerXMLGenerator) -> None:
        super().add_root_elements(xml)
        xml.addQuickElement("generator", "Dateline", {"version": version("dateline")})

    def add_item_elements(self, xml: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(xml, item)
        entry: feed.FeedEntry = item["entry"]
        xml.addQuickElement("content", entry.content, {"type": "html"})
        xml.addQuickElement(
            "category", "", {"term": entry.change, "scheme": NAMESPACE, "label": entry.change.capitalize()}
        )
        for tag in entry.tags:
            xml.addQuickElement("category", "", {"term": tag})
        for address, title in entry.links.items():
            xml.addQuickElement("link", "", {"rel": "via", "href": address, "title": title})
        xml.addQuickElement("dateline:date", entry.told.edtf)
        xml.addQuickElement("dateline:event", f"urn:uuid:{entry.event_id}")


def _instant(timestamp: str) -> datetime:
    """A time of the store, which always lies in the calendar that ``datetime`` has."""
    return datetime.fromisoformat(timestamp)


WRITER = Writer(Format.ATOM, "application/atom+xml", "atom", feed.MOST_EVENTS, write, is_feed=True)
