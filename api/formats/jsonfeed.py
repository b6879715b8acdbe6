"""JSON Feed 1.1. What it has no member for stands in ``_dateline``, as the format lays down for extensions."""

from collections.abc import AsyncIterator
from typing import Any

from api.formats import feed
from api.formats.entry import Heading, Parts, Writer
from api.formats.wording import publisher_of
from schema.format import Format
from schema.wire import encode

VERSION = "https://jsonfeed.org/version/1.1"


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write the feed: all entries are gathered first, since the last comes first."""
    entries = await feed.entries_of(heading, parts)
    # The object is left open for its items.
    yield encode(_head(heading, feed.updated_at(heading, entries)))[:-1] + b',"items":['
    for index, entry in enumerate(entries):
        yield (b"," if index else b"") + encode(_item(entry))
    yield b"]}"


def _head(heading: Heading, updated: str) -> dict[str, Any]:
    about = {
        "sequence": heading.sequence,
        "digest": heading.digest,
        "updated": updated,
        "licence": heading.licence,
    }
    members = {
        "version": VERSION,
        "title": heading.title,
        "home_page_url": heading.page,
        "feed_url": heading.address,
        "description": heading.introduction,
        "language": heading.language,
        "authors": [{"name": publisher_of(heading), "url": heading.home}],
        "_dateline": _given(about),
    }
    return _given(members)


def _item(entry: feed.FeedEntry) -> dict[str, Any]:
    about = {
        "change": entry.change,
        "reason": entry.reason,
        "event": str(entry.event_id),
        "date": entry.told.edtf,
        "display": entry.told.date,
        "kind": entry.told.kind,
        "sources": [{"title": title, "url": address} for address, title in entry.links.items()],
    }
    members = {
        "id": f"urn:uuid:{entry.id}",
        "url": entry.told.address,
        "title": entry.title,
        "content_html": entry.content,
        "summary": entry.reason or entry.told.summary,
        "date_published": entry.published,
        "date_modified": entry.updated,
        "tags": [entry.change, *entry.tags],
        "_dateline": _given(about),
    }
    return _given(members)


def _given(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


WRITER = Writer(Format.JSONFEED, "application/feed+json", "feed.json", feed.MOST_EVENTS, write, is_feed=True)
