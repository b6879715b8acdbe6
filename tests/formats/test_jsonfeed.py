"""JSON Feed 1.1, held against a schema that says what the format's description asks for."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from api.formats import jsonfeed
from schema.vocabulary import ChangeType
from tests.formats.parts import HEADING, change, in_pieces, run, sample_part, single, written

_AUTHORS = {
    "type": "array",
    "items": {
        "type": "object",
        "minProperties": 1,
        "properties": {"name": {"type": "string"}, "url": {"type": "string"}},
    },
}
_ITEM = {
    "type": "object",
    "required": ["id", "url", "title", "content_html", "date_published", "date_modified", "tags", "_dateline"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": "^urn:uuid:[0-9a-f-]{36}$"},
        "url": {"type": "string", "pattern": "^https://"},
        "title": {"type": "string"},
        "content_html": {"type": "string"},
        "summary": {"type": "string"},
        "date_published": {"type": "string", "format": "date-time"},
        "date_modified": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "_dateline": {"type": "object", "required": ["change", "event", "date", "display", "kind", "sources"]},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["version", "title", "feed_url", "items"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string"},
        "home_page_url": {"type": "string", "pattern": "^https://"},
        "feed_url": {"type": "string", "pattern": "^https://"},
        "description": {"type": "string"},
        "language": {"type": "string"},
        "authors": _AUTHORS,
        "_dateline": {"type": "object"},
        "items": {"type": "array", "items": _ITEM},
    },
}
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


def read(document: bytes) -> dict[str, Any]:
    feed: dict[str, Any] = json.loads(document)
    VALIDATOR.validate(feed)
    ids = [item["id"] for item in feed["items"]]
    assert len(ids) == len(set(ids))
    return feed


def test_the_schema_refuses_what_is_no_instant() -> None:
    assert list(
        VALIDATOR.iter_errors({"version": jsonfeed.VERSION, "title": "a", "feed_url": "https://a", "items": [{}]})
    )
    checked = {"type": "string", "format": "date-time"}
    assert not Draft202012Validator(checked, format_checker=FormatChecker()).is_valid("2024-06")


async def test_every_event_of_the_sample_is_an_item_with_its_date_and_sources() -> None:
    part = sample_part()
    feed = read(await written(jsonfeed.WRITER, *in_pieces(part, 7)))
    assert (feed["title"], feed["feed_url"], feed["home_page_url"]) == (HEADING.title, HEADING.address, HEADING.page)
    assert feed["_dateline"] == {
        "sequence": 66,
        "digest": HEADING.digest,
        "updated": HEADING.recorded_at,
        "licence": "CC0-1.0",
    }
    items = {item["id"]: item for item in feed["items"]}
    assert len(items) == 30
    for entry in part.entries:
        item = items[f"urn:uuid:{entry.event.id}"]
        assert item["title"] == entry.event.title
        about = item["_dateline"]
        assert (about["date"], about["display"]) == (entry.event.date.text, entry.event.when.display)
        assert item["date_published"] == entry.event.published_at
        assert item["tags"] == ["new", *dict.fromkeys([entry.event.kind, *entry.event.tags])]


async def test_new_and_corrected_are_told_apart_by_tag() -> None:
    history = (change(1, ChangeType.CREATE, 1), change(2, ChangeType.CORRECTION, 2, "It was June."))
    feed = read(await written(jsonfeed.WRITER, single({"tags": ["correction", "new", "peace"]}, changes=history)))
    newest, first = feed["items"]
    assert (newest["tags"], first["tags"]) == (["correction", "talks", "peace"], ["new", "talks", "peace"])
    assert newest["title"] == "Correction: Something happens"
    assert (newest["summary"], newest["_dateline"]["reason"]) == ("It was June.", "It was June.")
    assert newest["_dateline"]["event"] == first["_dateline"]["event"] == first["id"].removeprefix("urn:uuid:")
    assert first["_dateline"]["sources"] == [
        {"title": "“An article”, The Paper, 30 May 2025 (uncertain)", "url": "https://paper.test/a"}
    ]


async def test_a_feed_without_items_is_one() -> None:
    assert read(await written(jsonfeed.WRITER))["items"] == []
    assert "home_page_url" not in read(await written(jsonfeed.WRITER, page=None, language=None, introduction=None))


@given(st.text(min_size=1).map(lambda text: text.replace("\0", "\1")))
def test_no_text_breaks_the_feed(text: str) -> None:
    told = single({"summary": text}, note=text)
    feed = read(run(written(jsonfeed.WRITER, told, title=text)))
    assert feed["title"] == text
