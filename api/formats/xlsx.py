"""Workbooks (Office Open XML): the documented columns, with further citations and actors in sheets of their own.

Every text is a text cell in a text format, so that no spreadsheet makes a day of ``2024-06`` or a number of an id. What
a cell cannot hold is refused, never cut. The workbook is made in a temporary directory, in a thread, a part at a time.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from xlsxwriter import Workbook  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from api.formats.cells import Cell, cells_of_citation, cells_of_event, write_cell
from api.formats.columns import ACTOR_COLUMNS, CITATION_COLUMNS, COLUMNS, IN_SHEETS, Column, Content, Group
from api.formats.defusing import defuse
from api.formats.entry import Heading, Part, Parts, Writer
from api.formats.rows import row_of
from schema.format import Format
from schema.problem import problem

T = TypeVar("T")

MAXIMUM_EVENTS = 20_000
#: How long a text a cell holds at most, in UTF-16 code units; Excel calls a file with a longer one damaged.
MAXIMUM_CELL_UNITS = 32_767
#: How many rows a sheet has at most.
MAXIMUM_SHEET_ROWS = 1_048_576

EVENTS, CITATIONS, ACTORS, SOURCES, ABOUT = "Events", "More citations", "Actors", "Sources", "About"
EVENT_COLUMNS = tuple(column for column in COLUMNS if column.name not in IN_SHEETS)
#: Which event a further citation belongs to, and its title for reading.
OF_EVENT = (
    Column("event_id", Content.LINE, "the id of the event that it belongs to", Group.EVENT, "id", 12),
    Column("event_title", Content.ONLY_READ, "that event's title", Group.EVENT, "title", 40),
)
_SOURCE_COLUMNS = tuple(column for column in CITATION_COLUMNS if column.group is Group.SOURCE)
_CHUNK_BYTES = 1 << 18
#: Escapes of characters in cells (ECMA-376 part 1, 22.9.2.19).
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write a workbook; raises ``unfit-for-format`` before the first byte if a text does not fit into a cell."""
    with TemporaryDirectory(prefix="dateline-xlsx-", ignore_cleanup_errors=True) as directory:
        path = Path(directory) / "events.xlsx"
        book = await _in_thread(lambda: _Book(path, heading))
        try:
            async for part in parts:
                await _in_thread(lambda part=part: book.add(part))  # type: ignore[misc]
            await _in_thread(book.close)
        except BaseException:
            book.abandon()
            raise
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                yield chunk


WRITER = Writer(
    Format.XLSX,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xlsx",
    MAXIMUM_EVENTS,
    write,
    is_text=False,
)


async def _in_thread(work: Callable[[], T]) -> T:
    """Work in a thread, off the event loop. Who is cancelled waits for it: it may not outlive its files."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


class _Sheet(Worksheet):  # type: ignore[misc]
    """A worksheet whose texts come out as they are.

    The library's own escaping overlooks ``_x0000_x0000_``, where two lookalikes of an escape share a line, and takes
    a text from ``<r>`` to ``</r>`` for markup of its own, unescaped.
    """

    @staticmethod
    def _escape_control_characters(data: str) -> str:
        data = _LOOKS_ESCAPED.sub("_x005F_", data)
        data = _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", data)
        return f"_x003C_{data[1:]}" if data.startswith("<r>") else data


class Sheet:
    """A sheet with a header, which takes rows one after the other."""

    def __init__(self, book: Workbook, name: str, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.rows = 0
        self._name = name
        self._sheet: Worksheet = book.add_worksheet(name, worksheet_class=_Sheet)
        self._text = book.add_format({"num_format": "@", "valign": "top"})
        self._plain = book.add_format({"valign": "top"})
        bold = book.add_format({"bold": True, "num_format": "@", "bg_color": "#E8E8E8"})
        for index, column in enumerate(columns):
            is_number = column.content is Content.NUMBER
            self._sheet.set_column(index, index, column.width, self._plain if is_number else self._text)
            self._sheet.write_string(0, index, column.name, bold)
        self._sheet.freeze_panes(1, 0)

    def add(self, cells: Mapping[str, Cell], of: str) -> None:
        """Write a row; ``of`` says whose it is where a cell cannot hold what it should."""
        self.rows += 1
        if self.rows >= MAXIMUM_SHEET_ROWS:
            raise problem("unfit-for-format", f"The sheet {self._name} would have more rows than a sheet can have.")
        for index, column in enumerate(self.columns):
            value = cells.get(column.name)
            if value is None:
                continue
            if isinstance(value, float) and float(f"{value:.16G}") != value:
                value = repr(value)  # a sheet's numbers have 16 digits
            if isinstance(value, str):
                check_fits(value, column.name, of)
                self._sheet.write_string(self.rows, index, value, self._text)
            else:
                self._sheet.write_number(self.rows, index, value, self._plain)

    def end(self) -> None:
        """Let its rows be filtered."""
        if self.rows:
            self._sheet.autofilter(0, 0, self.rows, len(self.columns) - 1)


def check_fits(text: str, column: str, of: str) -> None:
    """Raise ``unfit-for-format`` for a text that a cell cannot hold."""
    if len(text) > MAXIMUM_CELL_UNITS // 2 and len(text.encode("utf-16-le")) // 2 > MAXIMUM_CELL_UNITS:
        why = f"is longer than the {MAXIMUM_CELL_UNITS:,} characters that a cell of a workbook holds"
    elif "\ufffe" in text or "\uffff" in text:
        why = "has a character (U+FFFE or U+FFFF) that a workbook can't hold"
    else:
        return
    raise problem("unfit-for-format", f"{column} of {of} {why}. Take csv, ndjson or json, or leave it out.")


class _Book:
    """A workbook in the making."""

    def __init__(self, path: Path, heading: Heading) -> None:
        self._book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        made = datetime.fromisoformat(heading.recorded_at).astimezone(UTC).replace(tzinfo=None)
        self._book.set_properties({"title": heading.title[:255], "created": made, "author": "", "company": ""})
        self._heading = heading
        self._events = Sheet(self._book, EVENTS, EVENT_COLUMNS)
        self._citations = Sheet(self._book, CITATIONS, (*OF_EVENT, *CITATION_COLUMNS))
        self._actors = Sheet(self._book, ACTORS, ACTOR_COLUMNS)
        self._sources = Sheet(self._book, SOURCES, _SOURCE_COLUMNS)
        self._seen_actors: set[str] = set()
        self._seen_sources: set[str] = set()

    def add(self, part: Part) -> None:
        """Write some events with what they mention."""
        for entry in part.entries:
            row = row_of(entry, part)
            of = f"the event {entry.event.id}"
            self._events.add(cells_of_event(entry, part, row), of)
            citations = row.get("citations", [])
            for citation in citations[1:]:
                cells = cells_of_citation(citation, CITATION_COLUMNS)
                named: dict[str, Cell] = {"event_id": row["id"], "event_title": defuse(row["title"])}
                self._citations.add(named | cells, of)
            for citation in citations:
                self._add_source(citation)
            for actor in row.get("new_actors", ()):
                self._add_actor(actor)

    def _add_source(self, citation: Mapping[str, Any]) -> None:
        source = citation["source"]["id"]
        if source not in self._seen_sources:
            self._seen_sources.add(source)
            self._sources.add(cells_of_citation(citation, _SOURCE_COLUMNS), f"the source {source}")

    def _add_actor(self, actor: Mapping[str, Any]) -> None:
        if actor["id"] not in self._seen_actors:
            self._seen_actors.add(actor["id"])
            cells = {column.name: write_cell(column.content, actor.get(column.member)) for column in ACTOR_COLUMNS}
            self._actors.add(cells, f"the actor {actor['id']}")

    def close(self) -> None:
        """Write the last sheet and put the file together."""
        for sheet in (self._events, self._citations, self._actors, self._sources):
            sheet.end()
        self._add_about()
        self._book.close()

    def abandon(self) -> None:
        """Let go of the files of its sheets, so that they can be taken away."""
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()

    def _add_about(self) -> None:
        heading = self._heading
        columns = (
            Column("about", Content.LINE, "", width=24),
            Column("what it says", Content.TEXT, "", width=100),
            Column("when the sheet is read back", Content.LINE, "", width=30),
        )
        sheet = Sheet(self._book, ABOUT, columns)
        told = {
            "title": heading.title,
            "introduction": heading.introduction,
            "address": heading.address,
            "page": heading.page,
            "licence": heading.licence,
            "language": heading.language,
            "sequence": str(heading.sequence),
            "digest": heading.digest,
            "as of": heading.recorded_at,
        }
        rows: list[tuple[str, str, str | None]] = [(name, text, None) for name, text in told.items() if text]
        for name, described in (
            (EVENTS, EVENT_COLUMNS),
            (CITATIONS, (*OF_EVENT, *CITATION_COLUMNS)),
            (ACTORS, ACTOR_COLUMNS),
        ):
            for column in described:
                use = "not looked at" if column.content is Content.ONLY_READ else column.content.value
                rows.append((f"{name}: {column.name}", column.about, use))
        rows.append((SOURCES, "every source once", "not looked at"))
        for row_name, text, row_use in rows:
            fitting = text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
            # A long text goes on in the next row.
            for start in range(0, len(fitting), MAXIMUM_CELL_UNITS // 2 - 1):
                piece = defuse(fitting[start : start + MAXIMUM_CELL_UNITS // 2 - 1])
                sheet.add({columns[0].name: row_name, columns[1].name: piece, columns[2].name: row_use}, ABOUT)
