"""Atom, read back by a strict XML parser and by a feed reader's library."""

import calendar
from datetime import datetime
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.formats import atom
from api.formats.wording import legible
from schema.vocabulary import ChangeType
from tests.formats.parts import HEADING, change, in_pieces, run, sample_part, single, written

ATOM = "{http://www.w3.org/2005/Atom}"
OURS = f"{{{atom.NAMESPACE}}}"
#: What RFC 4287 wants once, and what it allows, in a feed and in an entry (sections 4.1.1 and 4.1.2).
ONCE = {"id", "title", "updated"}
FEED = ONCE | {"author", "category", "contributor", "generator", "icon", "link", "logo", "rights", "subtitle", "entry"}
ENTRY = ONCE | {"author", "category", "content", "contributor", "link", "published", "rights", "source", "summary"}


def read(document: bytes) -> ElementTree.Element:
    """Parse strictly, and hold the feed against RFC 4287."""
    root = ElementTree.fromstring(document)
    assert root.tag == f"{ATOM}feed"
    for element, allowed in [(root, FEED), *((entry, ENTRY) for entry in root.iter(f"{ATOM}entry"))]:
        names = [child.tag.removeprefix(ATOM) for child in element if child.tag.startswith(ATOM)]
        assert set(names) <= allowed
        assert {name: names.count(name) for name in ONCE} == dict.fromkeys(ONCE, 1)
        for name in ("updated", "published"):
            for instant in element.findall(f"{ATOM}{name}"):
                assert datetime.fromisoformat(instant.text or "").utcoffset() is not None
        alternates = [one for one in element.findall(f"{ATOM}link") if one.get("rel") == "alternate"]
        assert len(alternates) == 1
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    return root


async def test_a_feed_reader_finds_everything() -> None:
    part = sample_part()
    document = await written(atom.WRITER, *in_pieces(part, 7))
    read(document)
    found = feedparser.parse(document)
    assert not found.bozo
    assert (found.version, found.feed.title, found.feed.subtitle) == ("atom10", HEADING.title, HEADING.introduction)
    assert (found.feed.id, found.feed.rights, found.feed.language) == (HEADING.address, "CC0-1.0", "en")
    assert {link.rel: link.href for link in found.feed.links} == {"self": HEADING.address, "alternate": HEADING.page}
    assert found.feed.generator == "Dateline"
    events = {f"urn:uuid:{entry.event.id}": entry.event for entry in part.entries}
    assert {entry.id for entry in found.entries} == set(events)
    for entry in found.entries:
        event = events[entry.id]
        assert entry.title == event.title
        assert entry.link == HEADING.event_address(event.id)
        assert calendar.timegm(entry.published_parsed) == int(datetime.fromisoformat(event.published_at).timestamp())
        assert entry.tags[0].term == "new"
        assert [tag.term for tag in entry.tags[1:]] == list(dict.fromkeys([event.kind, *event.tags]))
        assert event.when.display in entry.content[0].value
        assert event.summary is None or event.summary[:40].split("&")[0] in entry.content[0].value


async def test_the_events_date_is_letter_for_letter_in_an_element_of_our_own() -> None:
    part = sample_part()
    root = read(await written(atom.WRITER, part))
    assert {entry.findtext(f"{OURS}event"): entry.findtext(f"{OURS}date") for entry in root.iter(f"{ATOM}entry")} == {
        f"urn:uuid:{entry.event.id}": entry.event.date.text for entry in part.entries
    }
    assert not {entry.event.date.text for entry in part.entries} & {one.text for one in root.iter(f"{ATOM}published")}


async def test_new_and_corrected_are_told_apart_by_category() -> None:
    history = (change(1, ChangeType.CREATE, 1), change(2, ChangeType.CORRECTION, 2, "It was June."))
    document = await written(atom.WRITER, single(changes=history, published_at=history[0].recorded_at))
    root = read(document)
    terms = [one.get("term") for one in root.iter(f"{ATOM}category") if one.get("scheme") == atom.NAMESPACE]
    assert terms == ["correction", "new"]
    newest, first = feedparser.parse(document).entries
    assert newest.title == "Correction: Something happens"
    assert newest.content[0].value.startswith("<p><strong>Correction:</strong> It was June.</p>")
    assert (first.published, first.updated) == ("2026-03-01T10:00:00.000001+00:00", "2026-03-02T10:00:00.000001+00:00")
    assert root.findtext(f"{ATOM}updated") == first.updated
    assert [link.href for link in first.links if link.rel == "via"] == ["https://paper.test/a"]


async def test_a_feed_without_entries_is_one_and_is_the_same_at_each_reading() -> None:
    document = await written(atom.WRITER)
    root = read(document)
    assert not list(root.iter(f"{ATOM}entry"))
    assert root.findtext(f"{ATOM}updated") == HEADING.recorded_at.replace("Z", "+00:00")
    assert document == await written(atom.WRITER)
    bare = await written(atom.WRITER, page=None, licence=None, language=None, introduction=None)
    assert not feedparser.parse(bare).bozo
    read(bare)


@given(st.text(min_size=1).map(lambda text: text.replace("\0", "\1")))
def test_no_text_breaks_the_feed(text: str) -> None:
    told = single(
        {"summary": text, "source": {"url": "https://paper.test/?a=1&b='ü'"}},
        changes=(change(1, ChangeType.CREATE, 1), change(2, ChangeType.CORRECTION, 2, text)),
    )
    root = read(run(written(atom.WRITER, told, title=text, introduction=text, licence=text)))
    assert root.findtext(f"{ATOM}title") == legible(text)


@pytest.mark.parametrize("text", ["]]>", "<!DOCTYPE a>", "&lt;", "\x0b\x1f\ufffe\uffff", "\r\n\x85\u2028"])
async def test_what_xml_takes_amiss_is_only_text(text: str) -> None:
    root = read(await written(atom.WRITER, single({"summary": f"a{text}b"}), title=text))
    assert root.findtext(f"{ATOM}title") == legible(text)
