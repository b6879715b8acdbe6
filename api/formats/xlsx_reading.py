"""Reading workbooks: the sheet of events, cell by cell as text, and what stands in sheets beside it.

A cell that holds a day is read as that day, never moved by a zone; a number is read as it is written.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from api.formats.archive_safety import unpack_workbook
from api.formats.columns import ACTOR_COLUMNS
from api.formats.table import RawRow, SheetRow, Table, cells_under, documented, named_once, unreadable
from api.formats.xlsx import ACTORS, CITATIONS, EVENTS

_HALF_SECOND = timedelta(microseconds=500_000)


def read_workbook(file: BinaryIO) -> Table:
    """Read a workbook: its sheet ``Events`` or else its first one that shows.

    Raises ``unreadable-file`` for what is no workbook, ``body-too-large`` for one that would unpack to too much.
    """
    with TemporaryDirectory(prefix="dateline-xlsx-") as directory:
        path = Path(directory) / "checked.xlsx"
        notes = unpack_workbook(file, path)
        try:
            with CalamineWorkbook.from_path(path) as book:
                name = _sheet_of_events(book)
                sheet = book.get_sheet_by_name(name)
                beside = {
                    other: book.get_sheet_by_name(other)
                    for other in (CITATIONS, ACTORS)
                    if name == EVENTS and other in book.sheet_names
                }
                others = [other for other in book.sheet_names if other != name and other not in beside]
        except CalamineError as error:
            raise unreadable(f"This is not a readable workbook (xlsx): {error}.") from None
        except BaseException as error:
            # The library's own way to give up on a workbook is no Exception, so that nobody would answer for it.
            if type(error).__name__ != "PanicException":
                raise
            raise unreadable("This is not a readable workbook (xlsx).") from None
    if name != EVENTS and others:
        notes.append(f"Of the workbook's sheets, only {name!r} was read.")
    return _table(name, sheet, beside, notes)


def _sheet_of_events(book: CalamineWorkbook) -> str:
    shown = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]
    if EVENTS in shown:
        return EVENTS
    if not shown:
        raise unreadable("The workbook has no sheet that shows.")
    return shown[0]


def _table(name: str, sheet: CalamineSheet, beside: dict[str, CalamineSheet], notes: list[str]) -> Table:
    rows = _texts(sheet)
    for _, texts, _ in rows:
        if any(text.strip() for text in texts):
            header = named_once(texts)
            break
    else:
        raise unreadable(f"The sheet {name!r} is empty: its first row must have the names of the columns.")
    table = Table(header=header, rows=_rows(rows, header), sheet=name, notes=notes)
    for row in _beside(beside.get(CITATIONS), CITATIONS):
        table.citations.setdefault(row.cells.get("event_id", "").strip().lower(), []).append(row)
    if ACTORS in beside:
        known = {column.name for column in ACTOR_COLUMNS}
        for row in _beside(beside[ACTORS], ACTORS):
            if known & row.cells.keys() >= {"id", "name", "kind"}:
                table.actors.setdefault(row.cells["id"].strip(), row)
    return table


def _beside(sheet: CalamineSheet | None, name: str) -> Iterator[SheetRow]:
    header: list[str] = []
    for line, texts, _ in _texts(sheet) if sheet is not None else ():
        if not any(text.strip() for text in texts):
            continue
        if not header:
            header = [documented(text) for text in named_once(texts)]
            continue
        yield SheetRow(f"Row {line:,} of the sheet {name!r}", cells_under(header, texts)[0])


def _rows(rows: Iterator[tuple[int, list[str], dict[int, str]]], header: list[str]) -> Iterator[RawRow]:
    number = 0
    for line, texts, seen in rows:
        if not any(text.strip() for text in texts):
            continue
        cells, flaws = cells_under(header, texts)
        warnings = [f"{header[index]}: {text}" for index, text in seen.items() if index < len(header) and header[index]]
        yield RawRow(number, line, cells, flaws, warnings)
        number += 1


def _texts(sheet: CalamineSheet) -> Iterator[tuple[int, list[str], dict[int, str]]]:
    """Each row with its number from 1, its cells as texts, and what is to be said of some of them."""
    for line, row in enumerate(sheet.iter_rows(), start=1):
        warnings: dict[int, str] = {}
        texts = []
        for index, value in enumerate(row):
            text, warning = _text(value)
            texts.append(text)
            if warning:
                warnings[index] = warning
        yield line, texts, warnings


def _text(value: Any) -> tuple[str, str | None]:
    """A cell as text, and a warning where it may not be what was meant."""
    match value:
        case str():
            return value, None
        case bool():
            return str(value).lower(), None
        case float() | int():
            return (str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(value)), None
        case datetime():
            rounded = (value + _HALF_SECOND).replace(microsecond=0) if value.microsecond else value
            return rounded.isoformat(), None
        case date():
            day = value.isoformat()
            if value.day > 1:
                return day, None
            rough = day[:4] if value.month == 1 else day[:7]
            return day, f"The cell holds the day {day}. If only {rough} is known, write that as text."
        case time():
            return value.isoformat(), None
    return str(value), None
