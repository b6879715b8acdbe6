"""docs/filters.md tells of every parameter, and its examples are questions that have answers."""

import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from api.store.listing import MOST_COUNTED
from schema.query import MAXIMUM_ORIGINS, MAXIMUM_PAGE, MAXIMUM_VALUES, Counting, EventQuery
from tests.conftest import Client

_TEXT = (Path(__file__).parents[2] / "docs" / "filters.md").read_text(encoding="utf-8")
_ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", _TEXT, re.MULTILINE))
_EXAMPLES = {name: found[1] for name, rest in _ROWS.items() if (found := re.search(r"\| `([^`]+)`$", rest))}
#: What the chronology that ships has nothing of, or not always.
_EMPTY = {"external_id", "overdue"}


def test_every_parameter_is_in_the_table() -> None:
    assert list(_ROWS) == list(dict.fromkeys(_ROWS))
    assert set(_ROWS) == set(EventQuery.__struct_fields__)
    assert set(_ROWS) - set(_EXAMPLES) == {"cursor"}


@pytest.mark.parametrize("name", _EXAMPLES)
async def test_an_example_is_answered(sample: Client, name: str) -> None:
    asked = _EXAMPLES[name]
    assert name in dict(parse_qsl(asked))
    answer = await sample.http.get(f"/v1/events?{asked}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"] or name in _EMPTY
    if name not in {"limit", "sort", "count", "state", "date_match", "updated_from"}:
        everything = (await sample.http.get("/v1/events?limit=1000")).json()["items"]
        assert len(answer.json()["items"]) < len(everything)


def test_bounds_are_those_of_the_code() -> None:
    assert f"1 to {MAXIMUM_ORIGINS}" in _ROWS["min_origins"]
    assert f"1 to {MAXIMUM_PAGE}" in _ROWS["limit"]
    assert f"exact` counts one by one up to {MOST_COUNTED[Counting.EXACT]:,}" in _TEXT
    assert f"`estimated` up to {MOST_COUNTED[Counting.ESTIMATED]:,}." in _TEXT
    for name in ("actor", "actor_all", "actor_role", "kind", "tag", "country", "source", "publisher", "external_id"):
        assert f"up to {MAXIMUM_VALUES}" in _ROWS[name]
