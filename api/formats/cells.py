"""One row of a table: an event in cells, and back.

Lists stand in one cell, joined by semicolons, as people write them. What would be ambiguous so (a name that has a
semicolon) makes the whole cell JSON, which begins with a bracket; both can be read everywhere.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from api.formats.columns import BY_NAME, COLUMNS, Column, Content, Group
from api.formats.defusing import defuse, restore
from api.formats.entry import Entry, Part
from schema.validation import Flaw, MalformedError, parse_strictly
from schema.wire import encode

Cell = str | int | float | None

_BLANKS = " \t\r\n\v\f"
_SEPARATOR = re.compile(r"[;\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?\Z")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]{1,3},[0-9]{1,15}\Z")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SCHEME = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)\s*:\s*(.+)\Z", re.DOTALL)
_RELATION = re.compile(r"([a-z_]+)[\s:]+([^\s:]\S*)\Z")
_DAY_NUMBER = re.compile(r"[0-9]{5,6}(\.[0-9]{1,20})?\Z")
_NO_YEAR = re.compile(r"[0-9]{1,3}\Z|[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{2,4}\Z")


class ReadCells(NamedTuple):
    """What the cells of a row say: a value for the schema to check, what could not be read, what was noticed."""

    value: dict[str, Any]
    flaws: list[Flaw]
    warnings: list[str]


class _UnreadableError(ValueError):
    """A cell that cannot be understood; ``args`` are what is wrong and what would be right."""


def cells_of_event(entry: Entry, part: Part, row: Mapping[str, Any]) -> dict[str, Cell]:
    """Write an event, ``row`` being what ``row_of`` makes of it, into cells by column, as they go out."""
    event = entry.event
    helpful: dict[str, Cell] = {
        "date_display": event.when.display,
        "actor_names": "; ".join(part.name(actor.id) for actor in event.actors) or None,
        "supporting": event.evidence.supporting,
        "disputing": event.evidence.disputing,
        "origins": event.evidence.origins,
        "earliest": event.when.earliest,
        "latest": event.when.latest,
        "note": entry.note,
        "retraction": event.retraction,
        "revision": event.revision,
        "updated_at": event.updated_at,
    }
    cells = cells_of_row(row)
    for name, value in helpful.items():
        cells[name] = defuse(value) if isinstance(value, str) else value
    return cells


def cells_of_row(row: Mapping[str, Any]) -> dict[str, Cell]:
    """Write a row of a batch (as JSON has it) into the cells that can be read again."""
    places, citations = row.get("places") or [], row.get("citations") or []
    citation = {"stance": "supports", **citations[0]} if citations else {}
    source = citation.get("source") or {}
    members = {
        Group.EVENT: {"occurrence": "occurred", **row, "more_places": places[1:], "more_citations": citations[1:]},
        Group.PLACE: places[0] if places else {},
        Group.ASSESSMENT: row.get("assessment") or {},
        Group.CITATION: citation,
        Group.SOURCE: {"id": source} if isinstance(source, str) else source,
    }
    return {column.name: write_cell(column.content, members[column.group].get(column.member)) for column in _WRITTEN}


_WRITTEN = [column for column in COLUMNS if column.content is not Content.ONLY_READ]


def cells_of_citation(citation: Mapping[str, Any], columns: Iterable[Column]) -> dict[str, Cell]:
    """Write one citation into the cells of its columns."""
    source = citation.get("source") or {}
    members = {
        Group.CITATION: {"stance": "supports", **citation},
        Group.SOURCE: {"id": source} if isinstance(source, str) else source,
    }
    return {column.name: write_cell(column.content, members[column.group].get(column.member)) for column in columns}


def write_cell(content: Content, value: Any) -> Cell:
    """Write a value of a row into a cell; None for what is as if left out."""
    if value is None or value in ([], {}):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return defuse(value)
    return defuse(_joined(content, value) or encode(value).decode())


def _joined(content: Content, value: Any) -> str | None:
    """Join a list in the way people do; None if that could be misread."""
    match content:
        case Content.LIST:
            items = list(value)
        case Content.ACTORS:
            items = [item["id"] + (f" ({item['role']})" if item.get("role") else "") for item in value]
            if any(_role_apart(item["id"]) for item in value):
                return None
        case Content.RELATIONS:
            items = [f"{item['type']} {item['event_id']}" for item in value]
        case Content.IDENTIFIERS:
            items = [f"{scheme}:{identifier}" for scheme, identifier in value.items()]
            if any(identifier != identifier.lstrip() for identifier in value.values()):
                return None
        case _:
            return None
    if items[0][0] in "[{" or any(_SEPARATOR.search(item) for item in items):
        return None
    return "; ".join(items)


def read_cells(cells: Mapping[str, str]) -> ReadCells:
    """Read the cells of a row, by the names of documented columns. Blank ones are as if left out."""
    members: dict[Group, dict[str, Any]] = {group: {} for group in Group}
    flaws: list[Flaw] = []
    warnings: list[str] = []
    for name, text in cells.items():
        column = BY_NAME[name]
        if column.content is not Content.ONLY_READ:
            read_cell(column, text, members[column.group], flaws, warnings)
    value = members[Group.EVENT]
    more_places, more_citations = value.pop("more_places", []), value.pop("more_citations", [])
    if members[Group.PLACE] or more_places:
        value["places"] = [members[Group.PLACE], *more_places] if members[Group.PLACE] else more_places
    citation = citation_of(members[Group.CITATION], members[Group.SOURCE], flaws)
    if citation or more_citations:
        value["citations"] = [citation, *more_citations] if citation else more_citations
    if members[Group.ASSESSMENT]:
        value["assessment"] = members[Group.ASSESSMENT]
    return ReadCells(value, flaws, warnings)


def citation_of(citation: dict[str, Any], source: dict[str, Any], flaws: list[Flaw]) -> dict[str, Any] | None:
    """Put a citation together with its source; None where there is nothing."""
    if not source:
        if citation:
            told = ", ".join(citation)
            flaws.append(Flaw("/source_title", f"There is a citation ({told}), but not what it cites.", "source_title"))
        return None
    return {**citation, "source": source["id"] if source.keys() == {"id"} else source}


def read_cell(column: Column, text: str, members: dict[str, Any], flaws: list[Flaw], warnings: list[str]) -> None:
    """Read one cell into the members that it belongs to, or note what is wrong with it."""
    exact = column.content is Content.TEXT
    if not text or (not exact and not text.strip(_BLANKS)):
        return
    try:
        if column.content is Content.NUMBER:
            members[column.member] = _number(column, text.strip(_BLANKS), warnings)
        elif exact:
            members[column.member] = restore(text)
        else:
            value = _READERS[column.content](restore(text.strip(_BLANKS)))
            _check_shape(column, value)
            if value not in ([], {}):
                members[column.member] = value
    except _UnreadableError as error:
        flaws.append(Flaw(f"/{column.name}", *error.args))


def _number(column: Column, text: str, warnings: list[str]) -> int | float:
    if _DECIMAL_COMMA.match(text) and column.group is Group.PLACE:
        # No number of degrees reaches a thousand: the comma can only be a decimal one.
        warnings.append(f"{column.name}: {text} was read as {text.replace(',', '.')}.")
        text = text.replace(",", ".")
    if not _NUMBER.match(text) or not math.isfinite(float(text)):
        raise _UnreadableError(f"{text[:50]!r} is no number.", "digits, with a point before decimals: 41.01")
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _line(text: str) -> str:
    return text


def _date(text: str) -> str:
    if _DAY_NUMBER.match(text):
        raise _UnreadableError(
            f"{text!r} is no date; such a number is how a spreadsheet counts days.",
            "format the cell as a date, or write it like 2024-06-19",
        )
    if _NO_YEAR.match(text):
        raise _UnreadableError(
            f"{text!r} is no date that can be read in only one way.", "dates are written like 2024-06-19, 2024-06, 2024"
        )
    return text


def _json(text: str) -> Any:
    try:
        return parse_strictly(text.encode("utf-8", "surrogatepass"))
    except MalformedError as error:
        raise _UnreadableError(f"This cell must hold JSON. {error}", None) from None


def _items(text: str) -> list[str]:
    return [item for piece in _SEPARATOR.split(text) if (item := piece.strip(_BLANKS))]


def _list(text: str) -> Any:
    return _json(text) if text.startswith("[") else _items(text)


def _actors(text: str) -> Any:
    if text.startswith("["):
        return _json(text)
    found = []
    for item in _items(text):
        apart = _role_apart(item)
        found.append({"id": apart[0], "role": apart[1]} if apart and apart[0] else {"id": item})
    return found


def _role_apart(item: str) -> tuple[str, str] | None:
    """Take an actor and its role in brackets apart; None where there is no role."""
    name, bracket, role = item.removesuffix(")").rpartition("(")
    if not bracket or not item.endswith(")") or not _SLUG.fullmatch(role):
        return None
    return name.rstrip(" "), role


def _relations(text: str) -> Any:
    if text.startswith("["):
        return _json(text)
    found = []
    for item in _items(text):
        relation = _RELATION.match(item)
        if relation is None:
            raise _UnreadableError(
                f"{item[:100]!r} is no relation.", "a relation and an event's id: follows 0199c3a4-…"
            )
        found.append({"type": relation[1], "event_id": relation[2]})
    return found


def _identifiers(text: str) -> Any:
    if text.startswith("{"):
        return _json(text)
    found: dict[str, str] = {}
    for item in _items(text):
        identifier = _SCHEME.match(item)
        if identifier is None:
            raise _UnreadableError(f"{item[:100]!r} is no identifier.", "scheme:value, like wikidata:Q423")
        if identifier[1] in found:
            raise _UnreadableError(f"There are two identifiers of the scheme {identifier[1]}.", "one for each scheme")
        found[identifier[1]] = identifier[2]
    return found


_READERS: dict[Content, Callable[[str], Any]] = {
    Content.LINE: _line,
    Content.DATE: _date,
    Content.LIST: _list,
    Content.ACTORS: _actors,
    Content.RELATIONS: _relations,
    Content.IDENTIFIERS: _identifiers,
    Content.JSON: _json,
}


def _check_shape(column: Column, value: Any) -> None:
    """What is put together with other cells must have the right shape before the schema can check it."""
    if column.content is Content.JSON:
        needed = dict if column.member == "states" else list
        if not isinstance(value, needed):
            wanted = "an object, in braces" if needed is dict else "a list, in square brackets"
            raise _UnreadableError(f"This cell must hold {wanted}.", None)
