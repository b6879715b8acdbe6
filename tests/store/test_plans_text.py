"""What full-text search costs on 100,000 events: of rare, middling and popular words, alone and with other filters.

Everything that a request sends is explained and counted, as in ``test_plans_filters.py``. A word that is rare is found
by the index of words, and all that has it is taken together; of one that is not, events are walked through until a page
is full, which takes the fewer the more have it. The bound lies where both cost the same.
"""

import re
from math import isqrt
from urllib.parse import quote

import pytest

from api.store.select.chosen import FEW
from tests.store import generation
from tests.store.crowded import EVENTS, Crowded
from tests.store.plans import Plan, explain

pytestmark = pytest.mark.soak

_LIMIT = 50
_MODES = ("force_custom_plan", "force_generic_plan")
_MOST_PER_ROW = 20
#: So many events are taken together at most.
_TOGETHER = max(FEW, isqrt(_LIMIT * EVENTS))

_POPULAR, _SECOND, _MIDDLING, _LESS, _RARE = (generation.WORDS[rank] for rank in (0, 1, 20, 60, 2900))
_QUERIES = [
    *(_POPULAR, _SECOND, _MIDDLING, _LESS, _RARE, "event", "nowhere"),
    *(f"{_POPULAR} {_SECOND}", f"{_POPULAR} {_RARE}", f"{_MIDDLING} {_LESS}", f"{_POPULAR} -{_SECOND}"),
    *(f'"{_POPULAR} {_SECOND}"', f'"{_MIDDLING} {_POPULAR}"', "w000*", "w29*", f"{_RARE[:4]}* {_POPULAR}"),
    *("The 0001th actor", "The 1900th actor", "The 0101th actor", f"The 0001th actor {_RARE}"),
    *(f"The 0003th actor {_POPULAR}", f"{_MIDDLING} -The -0001th", f'{_POPULAR} -"The 0002th actor"'),
]
_FILTERS = ["", "&actor=actor-0001", "&actor=actor-1500", "&date_from=2024-06&date_to=2024-06", "&kind=treaty"]


async def _plans(crowded: Crowded, query: str) -> tuple[int, str | None, dict[str, list[Plan]]]:
    """How many events are on a page, the cursor of the next one, and the plans of all that was sent."""
    given, following, _ = await crowded.ask(f"{query}&limit={_LIMIT}")
    sent = [sent for sent in crowded.store.sent if re.search(r"\bevent(_te(rm|xt))?\b", sent.sql)]
    return given, following, {mode: [await explain(crowded.database, one, mode) for one in sent] for mode in _MODES}


def _sequential(plans: list[Plan]) -> list[str]:
    """Tables that were scanned from end to end; here nothing has a past, and so those are empty."""
    return [table for plan in plans for table in plan.sequential if not table.startswith("past_")]


async def _number(crowded: Crowded, query: str) -> int:
    answer = await crowded.http.get(f"/v1/events?{query}&count=exact&limit=1")
    assert answer.status_code == 200, answer.text
    count = answer.json()["count"]
    assert count["exact"]
    number: int = count["value"]
    return number


@pytest.mark.parametrize("sort", ["date", "-date"])
@pytest.mark.parametrize("filters", _FILTERS)
@pytest.mark.parametrize("q", _QUERIES)
async def test_a_page_takes_what_is_rare_or_walks_to_what_is_not(
    crowded: Crowded, q: str, filters: str, sort: str
) -> None:
    query = f"q={quote(q)}{filters}&sort={sort}"
    number = await _number(crowded, query)
    given, following, plans = await _plans(crowded, query)
    assert given == min(_LIMIT, number)
    for explained in plans.values():
        assert _sequential(explained) == []
        rows = sum(plan.rows_read for plan in explained)
        # Found, looked at, and probed for each condition; or a walk that is three times as unlucky as it may be.
        together = 5 * (_TOGETHER + 1)
        along = 3 * 3 * (_LIMIT + 1) * EVENTS / max(number, _TOGETHER)
        assert rows <= _MOST_PER_ROW * _LIMIT + max(together, along), (rows, number)
    if following is not None:
        _, _, later = await _plans(crowded, f"{query}&cursor={following}")
        assert all(_sequential(explained) == [] for explained in later.values())


async def test_rare_words_are_found_by_their_index(crowded: Crowded) -> None:
    """A page of a word that a few events have reads about those, in the index and as events."""
    for q in (_RARE, f"{_POPULAR} {_RARE}", f'{_RARE} -"The 0001th actor"', f"The 1900th actor {_RARE}"):
        number = await _number(crowded, f"q={quote(_RARE)}")
        assert 0 < number < 100
        _, _, plans = await _plans(crowded, f"q={quote(q)}")
        for explained in plans.values():
            assert sum(plan.rows_read for plan in explained) <= 12 * number
            nodes = [node for plan in explained for node in plan.nodes()]
            assert any(node.get("Index Name") == "event_text_search" for node in nodes)


async def test_popular_words_are_walked_to(crowded: Crowded) -> None:
    """A page of a word that every second event has reads twice as many events as it gives."""
    for q in (_POPULAR, "event", f"{_POPULAR} event -{_RARE}"):
        _, _, plans = await _plans(crowded, f"q={quote(q)}")
        for explained in plans.values():
            assert sum(plan.rows_read for plan in explained) <= 12 * _LIMIT
            nodes = [node for plan in explained for node in plan.nodes()]
            assert not any(node.get("Index Name") == "event_text_search" for node in nodes)


@pytest.mark.parametrize("q", _QUERIES)
async def test_relevance_ranks_no_more_than_its_bound(crowded: Crowded, q: str) -> None:
    query = f"q={quote(q)}&sort=relevance"
    number = await _number(crowded, query)
    given, _, plans = await _plans(crowded, query)
    assert given == min(_LIMIT, number)
    for explained in plans.values():
        assert _sequential(explained) == []
        rows = sum(plan.rows_read for plan in explained)
        # What is taken together may be more, as more of it is wanted.
        together = isqrt(1000 * EVENTS)
        along = 3 * 3 * 1001 * EVENTS / max(number, together)
        assert rows <= _MOST_PER_ROW * _LIMIT + 5 * 1001 + max(5 * (together + 1), along), (rows, number)


async def test_what_contradicts_itself_looks_at_each_event_of_the_rarer_filter_once(crowded: Crowded) -> None:
    query = f'q={quote(_POPULAR)} -"The 0001th actor"&actor=actor-0001'
    assert await _number(crowded, query) == 0
    most = await _number(crowded, "actor=actor-0001")
    _, _, plans = await _plans(crowded, query)
    for explained in plans.values():
        assert _sequential(explained) == []
        # In the index, under its words, and under the two terms of the name that must not be there.
        assert sum(plan.rows_read for plan in explained) <= 4 * most
