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
from api.formats.columns import ACTOR_COLUMNS, CITATION_COLUMNS
from api.formats.reading import TypedDate
from api.formats.table import RawRow, SheetRow, Table, cells_under, documented, named_once, refuse_repeated, unreadable
from api.formats.xlsx import ACTORS, CITATIONS, EVENTS, OF_EVENT
from schema.validation import Flaw, child

_CITATION_NAMES = frozenset(column.name for column in (*OF_EVENT, *CITATION_COLUMNS))
_ACTOR_NAMES = frozenset(column.name for column in ACTOR_COLUMNS)
#: The calendar from 1900 has a day that never was, 29 February 1900, so that days before it may be read as others.
_NO_DAY = "The cell holds no day that workbooks can hold: they begin on 1 March 1900."
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
    lost: dict[str, list[str]] = {}
    for row in _beside(beside.get(CITATIONS), CITATIONS, _CITATION_NAMES, notes):
        event = row.cells.get("event_id", "").strip().lower()
        if event:
            table.citations.setdefault(event, []).append(row)
        else:
            lost.setdefault("no event_id", []).append(row.where)
    for row in _beside(beside.get(ACTORS), ACTORS, _ACTOR_NAMES, notes):
        actor = row.cells.get("id", "").strip()
        if not actor:
            lost.setdefault("no id", []).append(row.where)
        elif table.actors.setdefault(actor, row) is not row:
            lost.setdefault("an id that stands there before", []).append(row.where)
    for what, places in lost.items():
        more = f" (and {len(places) - 1:,} more)" if len(places) > 1 else ""
        notes.append(f"{places[0]}{more} has {what}; it was left out.")
    return table


def _beside(sheet: CalamineSheet | None, name: str, known: frozenset[str], notes: list[str]) -> Iterator[SheetRow]:
    header: list[str] = []
    for line, texts, told in _texts(sheet) if sheet is not None else ():
        if not any(text.strip() for text in texts):
            continue
        if not header:
            header = named_once(texts)
            refuse_repeated(header, known)
            header = [documented(text) for text in header]
            if unknown := [text for text in header if text and text not in known]:
                notes.append(f"The sheet {name!r} has unknown columns, which are not read: {', '.join(unknown)[:300]}.")
            continue
        cells, flaws = cells_under(header, texts)
        flaws += _day_flaws(told, header)
        yield SheetRow(f"Row {line:,} of the sheet {name!r}", cells, flaws)


def _rows(rows: Iterator[tuple[int, list[str], dict[int, str]]], header: list[str]) -> Iterator[RawRow]:
    number = 0
    for line, texts, seen in rows:
        if not any(text.strip() for text in texts):
            continue
        cells, flaws = cells_under(header, texts)
        flaws += _day_flaws(seen, header)
        warnings = [
            f"{header[index]}: {text}"
            for index, text in seen.items()
            if text != _NO_DAY and index < len(header) and header[index]
        ]
        yield RawRow(number, line, cells, flaws, warnings)
        number += 1


def _day_flaws(seen: dict[int, str], header: list[str]) -> list[Flaw]:
    return [
        Flaw(child("", header[index]), _NO_DAY, "write the date as text, like 1899-12-31")
        for index, text in seen.items()
        if text == _NO_DAY and index < len(header) and header[index]
    ]


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
            return TypedDate(rounded.isoformat()), _NO_DAY if value < datetime(1900, 3, 1) else None
        case date():
            day = TypedDate(value.isoformat())
            if value < date(1900, 3, 1):
                return day, _NO_DAY
            if value.day > 1:
                return day, None
            rough = day[:4] if value.month == 1 else day[:7]
            return day, f"The cell holds the day {day}. If only {rough} is known, write that as text."
        case time():
            return value.isoformat(), None
    return str(value), None
