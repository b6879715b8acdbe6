"""The table of formats says what the code does."""

from pathlib import Path

import pytest

from api.formats import atom, feed
from api.formats.registry import WRITERS
from schema.format import Format
from schema.imports import ImportFormat

DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]
    for line in DOCUMENT.splitlines()
    if line.startswith("| `")
]


def test_every_format_has_a_row() -> None:
    assert [row[0] for row in ROWS] == [one.value for one in Format]
    assert {len(row) for row in ROWS} == {8}
    assert all(cell for row in ROWS for cell in row)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_rows_equal_the_registry(row: list[str]) -> None:
    writer = WRITERS[Format(row[0])]
    assert row[1:4] == [
        writer.media_type.partition(";")[0],
        writer.extension,
        "streams" if writer.most is None else f"{writer.most:,}",
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_comes_in_is_what_imports_take(row: list[str]) -> None:
    assert row[7] == ("yes" if row[0] in {one.value for one in ImportFormat} else "no")


def test_names_of_the_feeds_are_those_that_are_written() -> None:
    assert f"`{atom.NAMESPACE}`" in DOCUMENT
    assert f"the last {feed.MOST_ENTRIES:,} entries" in DOCUMENT


def test_no_two_formats_have_one_extension() -> None:
    extensions = [writer.extension for writer in WRITERS.values()]
    assert len(extensions) == len(set(extensions))
