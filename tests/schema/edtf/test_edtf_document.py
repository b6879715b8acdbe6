"""docs/dates.md says what the code does."""

from pathlib import Path

import pytest

from schema.edtf import MAXIMUM_LENGTH, MAXIMUM_RUNS, EdtfError, Match, Precision, Window, matches, parse
from tests.schema.edtf.vector_files import rows

DOCUMENT = (Path(__file__).parents[3] / "docs" / "dates.md").read_text(encoding="utf-8")


def _table(first_heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading, without code marks."""
    lines = iter(DOCUMENT.splitlines())
    for line in lines:
        if line.startswith(f"| {first_heading} |"):
            next(lines)
            break
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip().strip("`") for cell in line.strip().strip("|").split(" | ")])
    assert found, first_heading
    return found


@pytest.mark.parametrize("row", _table("EDTF text"), ids=lambda row: row[0])
def test_examples(row: list[str]) -> None:
    text, earliest, latest, display = row
    date = parse(text)
    shown = ["null" if bound is None else bound for bound in (date.earliest, date.latest)]
    assert [*shown, date.display] == [earliest, latest, display]


@pytest.mark.parametrize("row", _table("event"), ids=lambda row: "-".join(row[:3]))
def test_matching_examples(row: list[str]) -> None:
    event, date_from, date_to, *answers = row
    window = Window.between(*(None if text == "" else parse(text) for text in (date_from, date_to)))
    found = ["yes" if matches(parse(event), window, match) else "no" for match in Match]
    assert found == answers


@pytest.mark.parametrize("row", _table("refused"), ids=lambda row: row[0])
def test_refused_examples(row: list[str]) -> None:
    with pytest.raises(EdtfError) as caught:
        parse(row[0])
    assert caught.value.suggestion == row[1]


def test_all_rules_are_told_and_used() -> None:
    told = {row[0]: row[1] for row in _table("rule")}
    used: dict[str, set[str]] = {}
    for row in rows("decisions"):
        used.setdefault(row["rule"], set()).add(row["decision"])
    assert set(told) == set(used)
    for rule, decisions in used.items():
        assert told[rule] == ("both" if len(decisions) > 1 else f"{decisions.pop()}"), rule


def test_all_precisions_and_limits_are_told() -> None:
    assert [row[0] for row in _table("precision")] == [precision.value for precision in Precision]
    assert f"{MAXIMUM_LENGTH} characters" in DOCUMENT
    assert f"{MAXIMUM_RUNS:,} stretches" in DOCUMENT
