"""The report of an import as a spreadsheet: a line for each row, and what was wrong or noticed in words."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from msgspec import UNSET
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from api.formats.columns import column_of
from api.formats.defusing import defuse
from schema.imports import ImportFormat, ImportReport, ImportRowResult, ImportSummary, ReportFormat

MEDIA_TYPES = {
    "application/json": ReportFormat.JSON,
    "text/csv": ReportFormat.CSV,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ReportFormat.XLSX,
}
#: Rows count from 1 in here, as people count them; blank lines and headers do not count.
COLUMNS = ("row", "status", "id", "revision", "errors", "warnings")
_WIDTHS = (8, 12, 38, 10, 80, 80)
#: What a cell of a workbook takes.
_MOST_CHARACTERS = 32_000


def write_csv(report: ImportReport) -> Iterator[bytes]:
    """Write the rows of a report in UTF-8, piece by piece."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for number, result in enumerate(report.results, start=1):
        writer.writerow(_cells(result, report))
        if number % 500 == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def write_xlsx(report: ImportReport, file: BinaryIO) -> None:
    """Write a workbook with the rows of a report and, in a sheet of its own, what it says of the file."""
    book = Workbook(file, {"constant_memory": True, "in_memory": False, "strings_to_formulas": False})
    text = book.add_format({"num_format": "@", "text_wrap": False})
    rows = book.add_worksheet("Rows")
    for column, width in enumerate(_WIDTHS):
        rows.set_column(column, column, width, text)
    rows.freeze_panes(1, 0)
    for place, cells in enumerate((COLUMNS, *(_cells(result, report) for result in report.results))):
        for column, cell in enumerate(cells):
            if cell != "":
                rows.write_string(place, column, str(cell)[:_MOST_CHARACTERS], text)
    about = book.add_worksheet("About")
    about.set_column(0, 0, 16)
    about.set_column(1, 1, 100)
    for place, (name, value) in enumerate(about_of(report)):
        about.write_string(place, 0, name)
        about.write_string(place, 1, defuse(value)[:_MOST_CHARACTERS])
    book.close()


def about_of(report: ImportReport) -> list[tuple[str, str]]:
    """What a report says of the file as a whole, as names and texts."""
    given = {
        "file": report.file,
        "format": report.format.value,
        "encoding": report.encoding,
        "line ends": report.line_ends,
        "SHA-256": report.digest,
        "state": report.state.value + (", dry run: nothing was written" if report.dry_run else ""),
        "rows": str(report.rows),
        "created": str(report.created),
        "updated": str(report.updated),
        "unchanged": str(report.unchanged),
        "refused": str(report.refused),
        "with warnings": str(report.warned),
        "problem": report.problem,
    }
    return [(name, text) for name, text in given.items() if text] + [("note", note) for note in report.notes]


def told(result: ImportRowResult, report: ImportSummary) -> str:
    """What was wrong with a row, in one line: where (its column, in tables of ours), what, and what would be right."""
    in_columns = report.format in (ImportFormat.CSV, ImportFormat.XLSX) and not report.mapped
    own = f"/{result.row}"
    parts = []
    for fault in result.errors:
        place = fault.pointer.removeprefix(own) if fault.pointer is not UNSET else ""
        if in_columns and place:
            place = f"{column_of(place) or place}:"
        hint = f" ({fault.suggestion})" if fault.suggestion is not UNSET else ""
        parts.append(f"{place} {fault.detail}{hint}".strip())
    return "; ".join(parts)


def _cells(result: ImportRowResult, report: ImportReport) -> tuple[str | int, ...]:
    return (
        result.row + 1,
        result.status.value,
        str(result.id or ""),
        result.revision or "",
        defuse(told(result, report)),
        defuse(" ".join(result.warnings)),
    )


def _taken(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return data
