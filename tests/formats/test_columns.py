"""Rows in cells and back: nothing is lost, what can be misread is JSON, and what can't be read says so."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec import Struct

from api.formats.cells import cells_of_row, read_cells
from api.formats.columns import ACTOR_COLUMNS, COLUMNS, Content, Group, column_of
from schema.actor import ActorIn
from schema.assessment import Assessment
from schema.batch import BatchRow
from schema.citation import CitationIn
from schema.place import Place
from schema.source import SourceIn
from schema.validation import read
from tests.formats.table_rows import rows, spelled_out

DOCUMENT = (Path(__file__).parents[2] / "docs" / "columns.md").read_text(encoding="utf-8")


def _texts(cells: dict[str, Any]) -> dict[str, str]:
    return {name: "" if cell is None else cell if isinstance(cell, str) else repr(cell) for name, cell in cells.items()}


@settings(max_examples=60)
@given(rows)
def test_every_row_comes_back(row: dict[str, Any]) -> None:
    cells = cells_of_row(row)
    assert not any(isinstance(cell, str) and re.match(r"\s*[=+\-@＝＋－＠]|[\t\r\n]", cell) for cell in cells.values())
    again = read_cells(_texts(cells))
    assert (again.flaws, again.warnings) == ([], [])
    assert again.value == spelled_out(row)


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        (Group.EVENT, BatchRow),
        (Group.PLACE, Place),
        (Group.ASSESSMENT, Assessment),
        (Group.CITATION, CitationIn),
        (Group.SOURCE, SourceIn),
    ],
)
def test_every_member_has_a_column(group: Group, kind: type[Struct]) -> None:
    apart = {"places", "citations", "assessment", "source", "more_places", "more_citations"}
    named = {column.member for column in COLUMNS if column.group is group and column.content is not Content.ONLY_READ}
    assert named - apart == set(kind.__struct_fields__) - apart


def test_every_member_of_actors_has_a_column() -> None:
    assert {column.member for column in ACTOR_COLUMNS} == set(ActorIn.__struct_fields__)


def test_names_of_columns_are_distinct() -> None:
    names = [column.name for column in COLUMNS]
    assert len(names) == len(set(names))


def test_document_tells_the_columns() -> None:
    for title, columns in (("## Events", COLUMNS), ("## Actors", ACTOR_COLUMNS)):
        section = DOCUMENT.split(f"{title}\n")[1].split("\n## ")[0]
        told = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", section, re.MULTILINE)
        assert told == [(column.name, column.content.value, column.about) for column in columns]


def test_sheet_typed_by_hand() -> None:
    cells = {
        "title": " Treaty signed ",
        "date": "2024-06",
        "kind": "treaty",
        "actors": "Russia (signatory); Wagner (PMC);; Kim Jong Un\nnorth-korea ",
        "source_title": "A treaty",
        "source_url": "https://example.org",
        "latitude": "",
        "quote": "",
    }
    value = read_cells(cells).value
    assert value == {
        "title": "Treaty signed",
        "date": "2024-06",
        "kind": "treaty",
        "actors": [
            {"id": "Russia", "role": "signatory"},
            {"id": "Wagner (PMC)"},
            {"id": "Kim Jong Un"},
            {"id": "north-korea"},
        ],
        "citations": [{"source": {"title": "A treaty", "url": "https://example.org"}}],
    }
    assert read(value, BatchRow).flaws == []


def test_nothing_is_invented() -> None:
    value = read_cells({"title": "A", "date": "2024", "country": "KP", "source_url": "https://example.org"}).value
    flaws = {flaw.pointer: column_of(flaw.pointer) for flaw in read(value, BatchRow).flaws}
    assert flaws == {"/kind": "kind", "/places/0/name": "place", "/citations/0/source/title": "source_title"}


@pytest.mark.parametrize(
    ("column", "text", "suggestion"),
    [
        ("latitude", "39° 2' N", "41.01"),
        ("latitude", "1,234.5", "41.01"),
        ("credibility", "nan", "digits"),
        ("credibility", "9" * 5000, "digits"),
        ("latitude", "1e999", "digits"),
        ("relations", "after the war", "follows"),
        ("external_ids", "Q42", "wikidata:Q423"),
        ("external_ids", "wikidata:Q1; wikidata:Q2", "one for each"),
        ("figures", "600 killed", None),
        ("figures", '{"measure": "killed"}', None),
        ("states", "[]", None),
        ("more_citations", '[{"source": ', None),
        ("new_actors", '[{"id": "a", "id": "b"}]', None),
        ("stance", "disputes", "source_title"),
    ],
)
def test_cells_that_cannot_be_understood(column: str, text: str, suggestion: str | None) -> None:
    flaws = read_cells({"title": "A", column: text}).flaws
    assert [flaw.pointer for flaw in flaws] == ["/source_title" if column == "stance" else f"/{column}"]
    assert suggestion is None or suggestion in str(flaws[0].suggestion)


def test_decimal_comma_is_read_and_said() -> None:
    found = read_cells({"latitude": "41,01", "longitude": "-5"})
    assert found.value["places"] == [{"latitude": 41.01, "longitude": -5}]
    assert found.warnings == ["latitude: 41,01 was read as 41.01."]


def test_source_known_already() -> None:
    source = "47836ffb-7e51-50c6-8342-12b52e4e0889"
    assert read_cells({"source_id": source}).value["citations"] == [{"source": source}]


def test_columns_for_reading_are_not_looked_at() -> None:
    assert read_cells({"date_display": "June 2024", "revision": "x", "note": "="}) == ({}, [], [])


@pytest.mark.parametrize(
    ("pointer", "column"),
    [
        ("/date", "date"),
        ("/actors/3/role", "actors"),
        ("/places/0/precision", "place_precision"),
        ("/places/1/name", "more_places"),
        ("/citations", "source_title"),
        ("/citations/0", "source_title"),
        ("/citations/0/figures/2/value", "figures"),
        ("/citations/0/source/authors/1", "source_authors"),
        ("/citations/12/source/title", "more_citations"),
        ("/assessment/confidence", "confidence"),
        ("", None),
    ],
)
def test_pointers_lead_to_columns(pointer: str, column: str | None) -> None:
    assert column_of(pointer) == column
