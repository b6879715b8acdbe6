"""Workbooks: read by another library as they were meant, and read back whole; cells of other types as they look."""

import io
import os
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from hypothesis import given, settings
from msgspec import structs
from openpyxl.utils.escape import unescape
from xlsxwriter import Workbook

from api.formats import xlsx
from api.formats.cells import cells_of_row
from api.formats.columns import COLUMNS
from api.formats.entry import Part
from api.formats.reading import ParsedRow
from api.formats.rows import row_of
from api.formats.table import Table, documented_rows
from api.formats.xlsx_reading import read_workbook
from schema.batch import BatchRow
from schema.problem import ProblemError
from schema.validation import read
from tests.conftest import Client
from tests.formats.parts import HEADING, parts_of, sample_part, single, written
from tests.formats.table_rows import rows, spelled_out
from tests.formats.whole import equal_in_an_empty_store


def table_of(data: bytes) -> Table:
    return read_workbook(io.BytesIO(data))


def parsed(data: bytes) -> list[ParsedRow]:
    return list(documented_rows(table_of(data)))


def workbook_of(cells: list[list[Any]], name: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = name
    for row in cells:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def edited(data: bytes, change: Any) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


async def test_sample_comes_back() -> None:
    part = sample_part()
    table = table_of(await written(xlsx.WRITER, part))
    found = list(documented_rows(table))
    assert (table.sheet, table.notes) == ("Events", [])
    for row, entry in zip(found, part.entries, strict=True):
        assert (row.flaws, row.warnings) == ([], [])
        again, before = read(row.value, BatchRow), read(row_of(entry, part), BatchRow)
        assert again.flaws == []
        assert again.value == before.value


async def test_xlsx_into_an_empty_store(sample: Client, client: Client) -> None:
    data = (await sample.http.get("/v1/events?format=xlsx")).content
    await equal_in_an_empty_store(sample, client, [row.value for row in parsed(data)])


async def test_what_another_library_reads() -> None:
    part = sample_part()
    book = openpyxl.load_workbook(io.BytesIO(await written(xlsx.WRITER, part)))
    assert book.sheetnames == ["Events", "More citations", "Actors", "Sources", "About"]
    header, *found = book["Events"].iter_rows()
    names = [cell.value for cell in header]
    assert names == [column.name for column in COLUMNS if column.name not in ("more_citations", "new_actors")]
    for cells, entry in zip(found, part.entries, strict=True):
        row = dict(zip(names, cells, strict=True))
        assert row["date"].value == entry.event.date.text
        assert row["date_display"].value == entry.event.when.display
        assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
        assert {cell.number_format for cell in cells if isinstance(cell.value, str)} == {"@"}
    assert book["Events"].freeze_panes == "A2"
    assert book["Events"].auto_filter.ref == f"A1:{header[-1].column_letter}{len(found) + 1}"
    further = sum(len(entry.event.citations) - 1 for entry in part.entries if entry.event.citations)
    assert book["More citations"].max_row - 1 == further > 0
    sources = {str(citation.source) for entry in part.entries for citation in entry.event.citations}
    assert {row[0] for row in book["Sources"].iter_rows(min_row=2, values_only=True)} == sources
    about = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert (about["licence"], about["sequence"], about["digest"]) == ("CC0-1.0", "66", "ab" * 32)
    assert about["Events: title"]


async def test_no_cell_is_a_formula() -> None:
    part = single({"title": "=1+1", "date": "-0043", "summary": "@a\r\n\x01", "source": {"title": "+1"}}, note="-1")
    book = openpyxl.load_workbook(io.BytesIO(await written(xlsx.WRITER, part, title="=cmd")))
    values = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert {"'=1+1", "'-0043", "'+1", "'-1", "'=cmd"} <= set(values)
    assert "'@a\r\n\x01" in {unescape(value) for value in values if isinstance(value, str)}
    assert not any(str(value).startswith(("=", "+", "@")) for value in values)


@settings(max_examples=30)
@given(row=rows)
def test_every_row_comes_back_through_a_file(row: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
    xlsx.Sheet(book, "Events", COLUMNS).add(cells_of_row(row), "a test")
    book.close()
    (found,) = parsed(path.read_bytes())
    assert found == ParsedRow(0, spelled_out(row), [], [])


async def test_same_events_give_the_same_bytes() -> None:
    assert await written(xlsx.WRITER, sample_part()) == await written(xlsx.WRITER, sample_part())


async def test_no_events_give_a_workbook() -> None:
    assert parsed(await written(xlsx.WRITER)) == []


@pytest.mark.parametrize("summary", ["😀" * 16_384, "a\uffff"])
async def test_what_does_not_fit_is_refused_before_the_first_byte(summary: str, tmp_path: Path) -> None:
    chunks = xlsx.write(HEADING, parts_of([single({"summary": summary})]))
    with pytest.raises(ProblemError, match="summary of the event 3333") as refused:
        await anext(chunks)
    assert refused.value.kind.slug == "unfit-for-format"


async def test_many_citations_and_long_actors_fit() -> None:
    part = single({"actor": {"aliases": [f"{number:0300}" for number in range(100)]}})
    (entry,) = part.entries
    first = entry.event.citations[0]
    many = [structs.replace(first, id=UUID(int=number), quote="q" * 2000, locator=f"{number}") for number in range(50)]
    grown = part._replace(entries=[entry._replace(event=structs.replace(entry.event, citations=many))])
    (found,) = parsed(await written(xlsx.WRITER, grown))
    assert read(found.value, BatchRow) == read(row_of(grown.entries[0], grown), BatchRow)


async def test_writing_that_is_given_up_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    chunks = xlsx.write(HEADING, parts_of([sample_part()]))
    await anext(chunks)
    assert os.listdir(tmp_path)
    await chunks.aclose()
    assert os.listdir(tmp_path) == []


async def test_sheets_beside_belong_to_the_events_that_are_there() -> None:
    part = sample_part()

    def keep_one(book: Any) -> None:
        book["Events"].delete_rows(3, len(part.entries))

    table = table_of(edited(await written(xlsx.WRITER, part), keep_one))
    (row,) = documented_rows(table)
    assert row.value["id"] == str(part.entries[0].event.id)
    assert "More citations" in table.notes[0]
    assert "left out" in table.notes[0]


async def test_faults_beside_say_where() -> None:
    def spoil(book: Any) -> None:
        for index, cell in enumerate(book["Actors"][1]):
            if cell.value == "names":
                book["Actors"].cell(2, index + 1).value = "no JSON"

    (row,) = parsed(edited(await written(xlsx.WRITER, single()), spoil))
    assert row.flaws[0].detail.startswith("Row 2 of the sheet 'Actors'")


def test_cells_of_every_type() -> None:
    header = ["title", "date", "summary", "source_published", "latitude", "locator", "kind", "quote", "as_stated"]
    data = workbook_of(
        [
            header,
            [
                2024,
                1984.0,
                0.1,
                date(2024, 6, 19),
                39.03,
                12345678901,
                True,
                time(13, 5),
                datetime(2024, 6, 19, 13, 5, 7),
            ],
            ["A", date(2024, 6, 1), None, datetime(2024, 1, 1), "39,03", "007", "talks", " x ", "1.0"],
        ]
    )
    table = table_of(data)
    first, second = table.rows
    assert list(first.cells.values()) == [
        *("2024", "1984", "0.1", "2024-06-19", "39.03", "12345678901", "true", "13:05:00", "2024-06-19T13:05:07"),
    ]
    assert first.warnings == []
    assert list(second.cells.values()) == ["A", "2024-06-01", "", "2024-01-01", "39,03", "007", "talks", " x ", "1.0"]
    assert [warning.split(":")[0] for warning in second.warnings] == ["date", "source_published"]
    assert "2024-06 is known" in second.warnings[0]
    assert "only 2024 is known" in second.warnings[1]


def test_sheets_of_others() -> None:
    book = openpyxl.Workbook()
    book.active.title = "hidden"
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("Data")
    shown["B3"], shown["C3"] = "title", "date"
    shown["B5"], shown["C5"] = "A", "2024"
    book.create_sheet("Actors").append(["id", "name", "kind"])
    made = io.BytesIO()
    book.save(made)
    table = table_of(made.getvalue())
    (row,) = table.rows
    assert (table.sheet, row.line, row.cells) == ("Data", 5, {"title": "A", "date": "2024"})
    assert "only 'Data'" in table.notes[0]


def test_dates_of_the_other_calendar() -> None:
    data = workbook_of([["title", "date"], ["A", date(2024, 6, 19)]])
    book = openpyxl.load_workbook(io.BytesIO(data))
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    made = io.BytesIO()
    book.save(made)
    assert b"date1904" in zipfile.ZipFile(made).read("xl/workbook.xml")
    assert [row.cells["date"] for row in table_of(made.getvalue()).rows] == ["2024-06-19"]


async def test_empty_parts_are_taken() -> None:
    assert parsed(await written(xlsx.WRITER, Part([], {}, {}))) == []
