"""Workbooks that would take all memory, or are none, are refused; what lies about itself is found out."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from api.formats import archive_safety
from api.formats.xlsx_reading import read_workbook
from schema.problem import ProblemError

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
ROOT = (
    f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
BOOK_RELATIONS = (
    f'<Relationships xmlns="{RELATIONS}">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>title</t></is></c><c r="B1" t="inlineStr"><is><t>date</t></is></c></row>'
)


def archive(rows: str, texts: str = "", prolog: str = "", **more: str | bytes) -> bytes:
    """A workbook with one sheet of these rows."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": ROOT,
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": BOOK_RELATIONS,
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>',
        "xl/worksheets/sheet1.xml": f'{prolog}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in {**parts, **more}.items():
            book.writestr(name, content)
    return made.getvalue()


def refused(data: bytes) -> tuple[str, str]:
    with pytest.raises(ProblemError) as raised:
        list(read_workbook(io.BytesIO(data)).rows)
    return raised.value.kind.slug, raised.value.detail


def test_archive_as_it_should_be() -> None:
    data = archive(
        HEADER + '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3"><v>2024</v></c></row>', "<si><t>A</t></si>"
    )
    table = read_workbook(io.BytesIO(data))
    (row,) = table.rows
    assert (row.number, row.line, row.cells) == (0, 3, {"title": "A", "date": "2024"})
    assert (table.sheet, table.encoding) == ("One", None)


def test_bomb_is_stopped_while_it_unpacks() -> None:
    bomb = archive(HEADER, **{"xl/theme.xml": b"<a>" + b" " * (40 << 20) + b"</a>"})
    assert len(bomb) < 100_000
    kind, detail = refused(bomb)
    assert kind == "body-too-large"
    assert "200 times" in detail


def test_all_parts_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_safety, "MAXIMUM_BYTES", 1 << 20)
    parts = {f"xl/part{number}.xml": b"<a>" + b" " * (300 << 10) + b"</a>" for number in range(4)}
    assert refused(archive(HEADER, **parts))[0] == "body-too-large"


def test_many_entries() -> None:
    assert refused(archive(HEADER, **{f"x/{number}": b"" for number in range(2000)}))[0] == "body-too-large"


def test_stated_sizes_are_not_trusted() -> None:
    data = bytearray(archive(HEADER, **{"xl/theme.xml": b"<a>" + b" " * 100_000 + b"</a>"}))
    true = struct.pack("<L", 100_007)
    at = data.rindex(true)
    assert data[at - 24 : at - 20] == b"PK\x01\x02"
    data[at : at + 4] = struct.pack("<L", 3)
    assert refused(bytes(data))[0] == "unreadable-file"


@pytest.mark.parametrize("reference", ["XFD1048576", "ZZZ9999999", "xfd999999"])
def test_cells_far_apart(reference: str) -> None:
    rows = HEADER + f'<row><c r="{reference}"><v>1</v></c></row>'
    kind, detail = refused(archive(rows))
    assert kind == "body-too-large"
    assert "5,000,000 cells" in detail


def test_far_rows_without_places_of_cells() -> None:
    rows = f'{HEADER}<row r="1000000"/><row>{"<c/>" * 20}<c><v>1</v></c></row>'
    assert refused(archive(rows))[0] == "body-too-large"


def test_blank_cells_with_a_format_do_not_count() -> None:
    rows = HEADER + '<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert list(read_workbook(io.BytesIO(archive(rows))).rows) == []


def test_one_long_text_in_many_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_safety, "MAXIMUM_CHARACTERS", 1 << 20)
    text = f"<si><r><t>{'x' * 5000}</t></r><r><t>{'y' * 5000}</t></r></si>"
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(2, 120))
    assert refused(archive(HEADER + cells, text))[0] == "body-too-large"
    assert len(list(read_workbook(io.BytesIO(archive(HEADER + cells[:4000].rpartition("<row")[0], text))).rows)) > 50


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<?xml version="1.0"?><!-- a --><!DOCTYPE x>',
    ],
)
def test_document_types_are_refused(prolog: str) -> None:
    kind, detail = refused(archive(HEADER, prolog=prolog))
    assert kind == "unreadable-file"
    assert "document type" in detail


def test_broken_xml() -> None:
    assert "well-formed XML" in refused(archive(HEADER + "<row>"))[1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04", "readable workbook"),
        (b"PK\x03\x04" + b"x" * 1000, "readable workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        (archive(HEADER)[:-40], "readable workbook"),
        (archive(HEADER, **{"xl/workbook.xml": "<workbook/>"}), "no sheet"),
        (archive(HEADER, **{"xl/_rels/workbook.xml.rels": "<a/>"}), "readable workbook"),
        (archive('<row r="1"><c r="1A"><v>1</v></c></row>'), "place"),
        (archive(""), "empty"),
    ],
)
def test_what_is_no_workbook(data: bytes, said: str) -> None:
    kind, detail = refused(data)
    assert kind == "unreadable-file"
    assert said in detail


def test_other_archives() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as other:
        other.writestr("content.xml", "<office/>")
    assert "no workbook" in refused(made.getvalue())[1]


def test_two_parts_of_one_name() -> None:
    made = io.BytesIO(archive(HEADER))
    with zipfile.ZipFile(made, "a") as book:
        book.writestr("XL/worksheets/sheet1.xml", "<worksheet/>")
    assert "one name" in refused(made.getvalue())[1]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing(method: int) -> None:
    made = io.BytesIO(archive(HEADER))
    with zipfile.ZipFile(made, "a") as book:
        book.writestr("xl/theme.xml", "<a/>", method)
    assert "unusual" in refused(made.getvalue())[1]


def test_encrypted_parts() -> None:
    data = bytearray(archive(HEADER))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "encrypted" in refused(bytes(data))[1]


def test_only_what_was_checked_is_opened(tmp_path: Path) -> None:
    target = tmp_path / "checked.xlsx"
    archive_safety.unpack_workbook(io.BytesIO(archive(HEADER, **{"xl/vba.bin": b"x", "xl/media/a.png": b"y"})), target)
    names = zipfile.ZipFile(target).namelist()
    assert "xl/worksheets/sheet1.xml" in names
    assert not any(name.endswith((".bin", ".png")) for name in names)


def test_errors_of_formulas_are_told() -> None:
    rows = HEADER + '<row r="2"><c r="A2" t="e"><v>#DIV/0!</v></c><c r="B2"><v>2024</v></c></row>'
    table = read_workbook(io.BytesIO(archive(rows)))
    assert [row.cells for row in table.rows] == [{"title": "", "date": "2024"}]
    assert "#DIV/0!" in table.notes[0]
