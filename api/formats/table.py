"""A table as it was found: a header and rows of texts, whatever file it came from."""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from api.formats.cells import citation_of, read_cell, read_cells
from api.formats.columns import ACTOR_COLUMNS, BY_NAME, CITATION_COLUMNS, Column, Group
from api.formats.reading import ParsedRow
from schema.problem import ProblemError, fault_of, problem
from schema.validation import Flaw, child, nearest

#: More columns than any table of events has.
MAXIMUM_COLUMNS = 1000
#: So many faults of one kind are told one by one.
MAXIMUM_TOLD = 20


#: What ``named_once`` puts behind a name that occurs again.
_AGAIN = re.compile(r" \([0-9]{1,4}\)\Z")


class RawRow(NamedTuple):
    """A row as it stands in the file.

    ``number`` counts rows of data from 0, blank ones left out; ``line`` is where it begins in the file, from 1.
    ``cells`` has a text for every column of the header. ``flaws`` say why its cells cannot be trusted.
    """

    number: int
    line: int
    cells: dict[str, str]
    flaws: Sequence[Flaw] = ()
    warnings: Sequence[str] = ()


class SheetRow(NamedTuple):
    """A row of a sheet that stands beside the events, with its place for messages."""

    where: str
    cells: dict[str, str]
    flaws: Sequence[Flaw] = ()


@dataclass(kw_only=True)
class Table:
    """A table: its header, its rows in order, to be walked once, and what was found out about the file.

    ``encoding``, ``line_ends`` (LF, CRLF, CR or mixed) and ``delimiter`` are None for a workbook, ``sheet`` for a
    text. ``notes`` are about the file as a whole and complete when the rows have been walked.
    """

    header: list[str]
    rows: Iterator[RawRow]
    encoding: str | None = None
    line_ends: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    notes: list[str] = field(default_factory=list)
    #: What stands in sheets of their own: further citations by the event's id, and actors by theirs.
    citations: dict[str, list[SheetRow]] = field(default_factory=dict)
    actors: dict[str, SheetRow] = field(default_factory=dict)


def unreadable(detail: str) -> ProblemError:
    """Make the error for a file of which nothing can be made."""
    return problem("unreadable-file", detail)


def named_once(names: Sequence[str]) -> list[str]:
    """Tidy the names of a header: no white space around them, and none twice (a second ``a`` is ``a (2)``).

    Raises ``unreadable-file`` where there are too many.
    """
    if len(names) > MAXIMUM_COLUMNS:
        raise unreadable(f"At most {MAXIMUM_COLUMNS:,} columns are taken; there are {len(names):,}.")
    tidy: list[str] = []
    seen: dict[str, int] = {}
    for name in names:
        plain = " ".join(name.replace("\ufeff", "").split())[:200]
        seen[plain] = seen.get(plain, 0) + 1
        tidy.append(plain if not plain or seen[plain] == 1 else f"{plain} ({seen[plain]})")
    return tidy


def cells_under(header: Sequence[str], texts: Sequence[str]) -> tuple[dict[str, str], list[Flaw]]:
    """Put the texts of a row under the names of the header; what stands under none is a flaw."""
    cells = {name: texts[index] if index < len(texts) else "" for index, name in enumerate(header) if name}
    beyond = [index for index, text in enumerate(texts) if text.strip() and (index >= len(header) or not header[index])]
    if not beyond:
        return cells, []
    shown = texts[beyond[0]].strip()[:50]
    detail = f"Cell {beyond[0] + 1} of this row ({shown!r}) stands under no column's name."
    return cells, [Flaw("", detail, "a name in the header, or quotation marks around a cell that has the delimiter")]


def documented(name: str) -> str:
    """The documented column that a header's name means, if any: capitals and blanks do not matter."""
    return "_".join(name.lower().replace("-", "_").split())


def is_documented(header: Sequence[str]) -> bool:
    """Whether a header is ours: it has a title and a date, and no more unknown columns than known ones."""
    names = [documented(name) for name in header if name]
    known = [name for name in names if name in BY_NAME]
    return {"title", "date"} <= set(known) and 2 * len(known) >= len(names)


def header_flaws(header: Sequence[str]) -> list[Flaw]:
    """Name the columns of a header that are not among the documented ones."""
    return [
        Flaw(
            child("", name),
            f"There is no column {name[:100]!r}.",
            nearest(documented(name), list(BY_NAME)) or "one of the documented columns, or a mapping",
        )
        for name in header
        if name and documented(name) not in BY_NAME
    ]


def refuse_repeated(header: Sequence[str], known: Container[str]) -> None:
    """Raise ``invalid-body`` where a column that is known occurs twice: it would not be clear which one is meant."""
    seen: dict[str, str] = {}
    for name in header:
        column = documented(_AGAIN.sub("", name))
        if name and column in known and seen.setdefault(column, name) != name:
            fault = Flaw(child("", name), f"The column {column!r} occurs twice.", "keep one of them")
            raise problem("invalid-body", f"The table has the column {column!r} twice.", fault_of(fault))


def documented_rows(table: Table) -> Iterator[ParsedRow]:
    """Read a table of the documented columns.

    Raises ``invalid-body`` that names each unknown column, and ``unreadable-file`` for a table of somebody else's,
    which needs a mapping.
    """
    if not is_documented(table.header):
        given = [name for name in table.header if name]
        if len(given) == 1:
            raise unreadable(
                f"The first row must be the header, with the names of the columns; here it has only {given[0]!r}."
            )
        shown = ", ".join(name for name in table.header[:12] if name)[:300]
        raise unreadable(
            f"These columns are not the documented ones, which begin with a title and a date: {shown}."
            " Say with a mapping what they mean."
        )
    refuse_repeated(table.header, BY_NAME)
    flaws = header_flaws(table.header)
    if flaws:
        raise problem("invalid-body", "The table has unknown columns.", *(fault_of(flaw) for flaw in flaws))
    names = {name: documented(name) for name in table.header if name}
    return _parsed(table, names)


def _parsed(table: Table, names: dict[str, str]) -> Iterator[ParsedRow]:
    used: set[str] = set()
    for raw in table.rows:
        if raw.flaws and not raw.cells:
            yield ParsedRow(raw.number, None, raw.flaws, raw.warnings)
            continue
        value, flaws, warnings = read_cells({names[name]: text for name, text in raw.cells.items()})
        if table.citations:
            _add_citations(table, value, flaws, warnings, used)
        if table.actors:
            _add_actors(table, value, flaws, warnings)
        yield ParsedRow(raw.number, value, [*raw.flaws, *flaws], [*raw.warnings, *warnings])
    lost = [event for event in table.citations if event not in used]
    if len(lost) > MAXIMUM_TOLD:
        table.notes.append(f"{len(lost):,} events that sheets beside speak of are not in the table; here are some.")
    for event in lost[:MAXIMUM_TOLD]:
        place = table.citations[event][0].where
        table.notes.append(f"{place} is of the event {event[:50]}, which is not in the table; it was left out.")


def _add_citations(table: Table, value: dict[str, Any], flaws: list[Flaw], warnings: list[str], used: set[str]) -> None:
    event = str(value.get("id", "")).lower()
    for row in table.citations.get(event, ()):
        members, found = _members(CITATION_COLUMNS, row, warnings)
        citation = citation_of(members[Group.CITATION], members[Group.SOURCE], found)
        flaws += [flaw._replace(detail=f"{row.where}: {flaw.detail}") for flaw in found]
        if citation:
            value.setdefault("citations", []).append(citation)
        used.add(event)


def _add_actors(table: Table, value: dict[str, Any], flaws: list[Flaw], warnings: list[str]) -> None:
    """Bring along, from their sheet, the actors that a row mentions, those first that others mention."""
    brought = {actor["id"] for actor in _objects(value.get("new_actors")) if isinstance(actor.get("id"), str)}
    added: list[dict[str, Any]] = []

    def add(actor: object) -> None:
        row = table.actors.get(actor) if isinstance(actor, str) else None
        if row is None or actor in brought:
            return
        brought.add(actor)
        members, found = _members(ACTOR_COLUMNS, row, warnings)
        flaws.extend(flaw._replace(detail=f"{row.where}: {flaw.detail}") for flaw in found)
        content = members[Group.EVENT]
        for membership in (*content.get("part_of", ()), *content.get("member_of", ())):
            if isinstance(membership, dict):
                add(membership.get("actor"))
        added.append(content)

    for actor in mentioned(value):
        add(actor)
    if added:
        value["new_actors"] = [*value.get("new_actors", ()), *added]


def mentioned(value: dict[str, Any]) -> Iterator[object]:
    """What a row, however faulty, names as actors: those of the event, of its citations and of their sources."""
    for actor in _objects(value.get("actors")):
        yield actor.get("id")
    for citation in _objects(value.get("citations")):
        source = citation.get("source")
        if isinstance(source, dict):
            yield source.get("publisher")
        attribution = citation.get("attribution")
        yield from attribution if isinstance(attribution, list) else ()


def _objects(items: object) -> Iterator[dict[str, Any]]:
    if isinstance(items, list):
        yield from (item for item in items if isinstance(item, dict))


def _members(
    columns: Sequence[Column], row: SheetRow, warnings: list[str]
) -> tuple[dict[Group, dict[str, Any]], list[Flaw]]:
    members: dict[Group, dict[str, Any]] = {group: {} for group in Group}
    flaws = list(row.flaws)
    for column in columns:
        read_cell(column, row.cells.get(column.name, ""), members[column.group], flaws, warnings)
    return members, flaws
