"""The fixture files hold, and they cover the shared ones where those are at hand."""

import re

import pytest

from schema.edtf import LOOSE_PATTERN, EdtfError, parse
from tests.beside import shared
from tests.schema.edtf.vector_files import bound, rows, rows_of


@pytest.mark.parametrize("row", rows("valid"), ids=lambda row: row["string"])
def test_valid_texts_have_these_bounds(row: dict[str, str]) -> None:
    date = parse(row["string"])
    assert date.text == row["string"]
    assert (date.earliest, date.latest) == (bound(row["earliest"]), bound(row["latest"]))
    assert date.open_start == (row["earliest"] == "..")
    assert date.unknown_start == (row["earliest"] == "unknown")
    assert date.open_end == (row["latest"] == "..")
    assert date.unknown_end == (row["latest"] == "unknown")
    assert re.search(LOOSE_PATTERN, date.text)
    assert date.display


@pytest.mark.parametrize("row", rows("invalid"), ids=lambda row: row["string"])
def test_invalid_texts_are_refused(row: dict[str, str]) -> None:
    with pytest.raises(EdtfError) as caught:
        parse(row["string"])
    assert caught.value.detail


@pytest.mark.parametrize("row", rows("decisions"), ids=lambda row: row["string"])
def test_decisions_hold(row: dict[str, str]) -> None:
    if row["decision"] == "reject":
        with pytest.raises(EdtfError):
            parse(row["string"])
        return
    date = parse(row["string"])
    assert row["decision"] == "accept"
    assert (date.earliest, date.latest) == (bound(row["earliest"]), bound(row["latest"]))


@pytest.mark.parametrize(("theirs", "own"), [("valid", "valid"), ("invalid", "invalid"), ("contested", "decisions")])
def test_fixtures_cover_the_shared_files(theirs: str, own: str) -> None:
    wanted = {row["string"] for row in rows_of(shared(f"data/edtf/{theirs}.tsv"))}
    assert wanted
    assert wanted <= {row["string"] for row in rows(own)}
