"""JSON read into rows: a list of rows, or a page of events (or one event) as GET answers it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from api.formats.ndjson_reading import read_object
from api.formats.reading import ParsedRow
from api.formats.table import unreadable
from schema.batch import BatchRow
from schema.event import Event
from schema.validation import Flaw, MalformedError, parse_json

#: What only the store sets, and what stands beside an event.
_READ_ONLY = frozenset({field.encode_name for field in msgspec.structs.fields(Event)}) - frozenset(
    {field.encode_name for field in msgspec.structs.fields(BatchRow)}
)
_SUMMARIES = "Of its sources the file has summaries only: title, address, publisher and date."


#: How many objects a file may have, those within rows included: each takes memory of its own.
MAXIMUM_OBJECTS = 2_000_000


def items_of(raw: bytes, path: str | None) -> list[msgspec.Raw]:
    """Take a JSON file apart into its rows, each as it stands; ``path`` leads to their list.

    Raises ``unreadable-file`` where there is no such list.
    """
    if raw.count(b"{") > MAXIMUM_OBJECTS:
        raise unreadable("The file has too many objects for JSON, which is read as a whole: make it NDJSON.")
    try:
        if path is None:
            return msgspec.json.decode(raw, type=list[msgspec.Raw])
        value = msgspec.Raw(raw)
        for name in path.split("."):
            members = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
            if name not in members:
                raise unreadable(f"The file has no member {name[:100]!r} on the path to its rows.")
            value = members[name]
        return msgspec.json.decode(value, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(f"The file must be JSON with a list of rows: {error}.") from None


def objects(raw: bytes, path: str | None, maximum_row_bytes: int) -> Iterator[tuple[int, dict[str, Any] | Flaw]]:
    """Read the objects of a list, or say of each why it is none."""
    for number, item in enumerate(items_of(raw, path)):
        size = len(memoryview(item))
        if size > maximum_row_bytes:
            yield number, Flaw("", f"This row has {size:,} bytes; at most {maximum_row_bytes:,} are taken.")
        else:
            yield number, read_object(bytes(item))


def read_rows(raw: bytes, maximum_row_bytes: int) -> Iterator[ParsedRow]:
    """Read a list of rows, or a page of events: what only the store sets is left out, ids get what they stand for."""
    included: dict[str, Any] = {}
    path = None
    if raw.lstrip()[:1] == b"{":
        value = _parsed(raw)
        included = _members(value.get("included"))
        if "items" in value:
            path = "items"
        else:
            raw = b"[" + raw + b"]"
    for number, item in objects(raw, path, maximum_row_bytes):
        if isinstance(item, Flaw):
            yield ParsedRow(number, None, [item])
        else:
            yield _row(number, item, included)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        value = parse_json(raw)
    except MalformedError as error:
        raise unreadable(f"The file is not well-formed JSON: {error}") from None
    if not isinstance(value, dict):
        raise unreadable("The file must be a list of rows or a page of events.")
    return value


def _row(number: int, item: dict[str, Any], included: dict[str, Any]) -> ParsedRow:
    if not _READ_ONLY & item.keys() and not included:
        return ParsedRow(number, item)
    value = {name: member for name, member in item.items() if name not in _READ_ONLY and name != "included"}
    sources, actors = (_members(included.get(name)) for name in ("sources", "actors"))
    warnings = []
    mentioned = [actor.get("id") for actor in _objects(value.get("actors"))]
    citations = []
    for citation in _objects(value.get("citations")):
        source = citation.get("source")
        summary = sources.get(source) if isinstance(source, str) else None
        if isinstance(summary, dict):
            members = {name: summary.get(name) for name in ("title", "publisher", "url", "published")}
            citation = {**citation, "source": {"id": source, **members}}
            mentioned.append(summary.get("publisher"))
            warnings = [_SUMMARIES]
        attribution = citation.get("attribution")
        mentioned += attribution if isinstance(attribution, list) else []
        citations.append(citation)
    if citations:
        value["citations"] = citations
    brought = [
        {"id": actor, **{name: member for name, member in actors[actor].items() if name != "merged_into"}}
        for actor in dict.fromkeys(name for name in mentioned if isinstance(name, str))
        if isinstance(actors.get(actor), dict)
    ]
    if brought:
        value["new_actors"] = brought
    return ParsedRow(number, value, (), warnings)


def _members(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
