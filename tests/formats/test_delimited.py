"""CSV: what goes out is read by others and comes in again whole; what others write is read as they meant it."""

import csv
import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings

from api.formats import delimited
from api.formats.cells import cells_of_row
from api.formats.columns import COLUMNS
from api.formats.delimited import MAXIMUM_ROW_CHARACTERS, read_delimited
from api.formats.entry import Part
from api.formats.reading import ParsedRow
from api.formats.rows import row_of
from api.formats.table import RawRow, Table, documented_rows
from schema.batch import BatchRow
from schema.problem import ProblemError
from schema.validation import read
from tests.conftest import Client
from tests.formats.parts import HEADING, sample_part, single, written
from tests.formats.table_rows import rows, spelled_out
from tests.formats.whole import equal_in_an_empty_store

NAMES = [column.name for column in COLUMNS]


def table_of(data: bytes | str) -> Table:
    return read_delimited(io.BytesIO(data.encode() if isinstance(data, str) else data))


def raw_rows(data: bytes | str) -> list[RawRow]:
    return list(table_of(data).rows)


def parsed(data: bytes | str) -> list[ParsedRow]:
    return list(documented_rows(table_of(data)))


async def test_sample_comes_back() -> None:
    part = sample_part()
    data = await written(delimited.WRITER, part)
    found = parsed(data)
    assert len(found) == len(part.entries)
    for row, entry in zip(found, part.entries, strict=True):
        assert (row.flaws, row.warnings) == ([], [])
        again, before = read(row.value, BatchRow), read(row_of(entry, part), BatchRow)
        assert again.flaws == []
        assert again.value == before.value


async def test_csv_into_an_empty_store(sample: Client, client: Client) -> None:
    data = (await sample.http.get("/v1/events?format=csv")).content
    values = [row.value for row in parsed(data)]
    await equal_in_an_empty_store(sample, client, values)


async def test_what_is_written() -> None:
    part = single({"title": "=HYPERLINK(1)", "summary": 'one\r\ntwo, "three"', "date": "-0043-03-13"}, note="a note")
    data = await written(delimited.WRITER, part)
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    row = next(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert list(row) == NAMES
    assert (row["title"], row["date"]) == ("'=HYPERLINK(1)", "'-0043-03-13")
    assert (row["summary"], row["date_display"], row["note"]) == ('one\r\ntwo, "three"', "13 March 44 BC", "a note")
    assert row["source_publisher"] == "paper"
    assert json.loads(row["new_actors"])[0]["name"] == "The Paper"


async def test_header_alone() -> None:
    assert await written(delimited.WRITER) == ",".join(NAMES).encode() + b"\r\n"
    assert parsed(",".join(NAMES)) == []


async def test_memory_does_not_grow_with_events() -> None:
    part = sample_part()

    async def many() -> Any:
        for _ in range(25):
            yield part

    await written(delimited.WRITER, part)  # what is made once and kept does not count
    tracemalloc.start()
    size = 0
    async for piece in delimited.write(HEADING, many()):
        size += len(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_200_000 < size


@settings(max_examples=50)
@given(rows)
def test_every_row_comes_back_through_a_file(row: dict[str, Any]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    cells = cells_of_row(row)
    writer.writerow(cells)
    writer.writerow(cells.values())
    (found,) = parsed(text.getvalue())
    assert found == ParsedRow(0, spelled_out(row), [], [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "mac_roman"])
def test_delimiters_ends_and_encodings(end: str, delimiter: str, encoding: str) -> None:
    lines = [
        ["Title", "date", "summary"],
        ["Köln, Düsseldorf; Übung", "2024-06", "one\ntwo"],
        [],
        ["Müller", "2024?", 'He said "so"'],
    ]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(lines)
    table = table_of(text.getvalue().encode(encoding))
    assert table.header == lines[0]
    assert [list(row.cells.values()) for row in table.rows] == [lines[1], lines[3]]
    assert table.line_ends == {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[end]
    assert table.delimiter == {",": "comma", ";": "semicolon", "\t": "tab"}[delimiter]


def test_hint_of_a_delimiter() -> None:
    table = table_of("sep=;\r\ntitle;date\r\na,b,c;2024\r\n")
    assert [row.cells for row in table.rows] == [{"title": "a,b,c", "date": "2024"}]


def test_single_column() -> None:
    assert raw_rows("title\nA\n\nB") == [RawRow(0, 2, {"title": "A"}, [], []), RawRow(1, 4, {"title": "B"}, [], [])]


def test_broken_rows_do_not_stop_the_others() -> None:
    data = 'title,date\nA,2024\n"B"x,2024\nC,2024,more\nD\n,,\n"E,2024\nF,2024\n'
    rows = raw_rows(data)
    assert [row.number for row in rows] == [0, 1, 2, 3, 4]
    assert [row.line for row in rows] == [2, 3, 4, 5, 7]
    assert [bool(row.flaws) for row in rows] == [False, True, True, False, True]
    assert "'more'" in rows[2].flaws[0].detail
    assert rows[3].cells == {"title": "D", "date": ""}
    assert rows[3].warnings == ["The row has 1 cells under 2 columns."]
    assert "lines 7 to 8" in rows[4].flaws[0].detail
    assert [row.value for row in parsed(data)][1] is None


def test_rows_are_bounded() -> None:
    long = "x" * MAXIMUM_ROW_CHARACTERS
    rows = raw_rows(f"title,date\n{long}x,2024\nB,2024\n")
    assert [bool(row.flaws) for row in rows] == [True, False]
    assert rows[1].cells["title"] == "B"


def test_blank_and_repeated_names_of_columns() -> None:
    table = table_of("title,date,,title,\nA,2024,,B,\nA,2024,lost,B,\n")
    assert table.header == ["title", "date", "", "title (2)", ""]
    first, second = table.rows
    assert (first.cells, first.flaws) == ({"title": "A", "date": "2024", "title (2)": "B"}, [])
    assert "'lost'" in second.flaws[0].detail


def test_unknown_columns_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(ProblemError) as refused:
        parsed("title,date,kind,source_titel\nA,2024,talks,B\n")
    (fault,) = refused.value.faults
    assert (fault.pointer, fault.suggestion) == ("/source_titel", "source_title")


def test_names_of_columns_are_read_as_people_write_them() -> None:
    (row,) = parsed("Title,DATE,Source title,source-url\nA,2024,B,https://example.org\n")
    assert row.value == {
        "title": "A",
        "date": "2024",
        "citations": [{"source": {"title": "B", "url": "https://example.org"}}],
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "empty"),
        ("\n\n ,\n", "empty"),
        ("Year,Headline\n2024,A\n", "mapping"),
        ('"title,date\nA,2024\n', "header"),
        (",".join(map(str, range(1001))), "1,000 columns"),
    ],
)
def test_what_is_no_table_of_events(data: str, said: str) -> None:
    with pytest.raises(ProblemError, match=said) as refused:
        parsed(data)
    assert refused.value.kind.slug == "unreadable-file"


@pytest.mark.parametrize("data", [b"\xd0\xcf\x11\xe0\xa1\xb1" + b"\0" * 99, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0"])
def test_what_is_no_text(data: bytes) -> None:
    with pytest.raises(ProblemError, match="no text"):
        table_of(data)


def test_file_stays_open() -> None:
    file = io.BytesIO(b"title,date\nA,2024\n")
    table = read_delimited(file)
    assert len(list(table.rows)) == 1
    del table
    assert not file.closed


async def test_empty_part_writes_the_header_once() -> None:
    data = await written(delimited.WRITER, Part([], {}, {}), Part([], {}, {}))
    assert data.count(b"\n") == 1
