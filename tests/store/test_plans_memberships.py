"""What pages cost where the events of members and parts are found, too."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from api.store.memberships import MOST_REACHED
from tests.store import generation
from tests.store.crowded import Crowded
from tests.store.plans import explain

_MODES = ("force_custom_plan", "force_generic_plan")
_MOST_PER_ROW = 20
_ALL, _DATED, _LARGE, _MIXED = generation.ACTORS[-4:]
_PUT = "INSERT INTO membership (of_actor, actor_id, kind, held, sequence) VALUES ($1, $2, 'member', $3, 0)"
_PUT_OTHERS = (
    "INSERT INTO membership (of_actor, actor_id, kind, sequence)"
    " SELECT 'league-' || number, id, 'member', 0 FROM actor, generate_series(1, 20) AS number"
)
_2010, _2020 = 1262304000, 1577836800


@pytest.fixture(scope="module")
async def leagues(crowded: Crowded) -> AsyncIterator[Crowded]:
    """Of popular actors, one always and one in the tens only; of as many rare ones as can be; of all sorts.

    These are few among the memberships of others, and the planner knows that.
    """
    tens = [asyncpg.Range(_2010, _2020)]
    rows = [(_ALL, actor, None) for actor in generation.ACTORS[:30]]
    rows += [(_DATED, actor, tens) for actor in generation.ACTORS[:30]]
    rows += [(_LARGE, actor, tens if rank % 2 else None) for rank, actor in enumerate(generation.ACTORS[900:1900])]
    rows += [(_MIXED, actor, tens if rank % 2 else None) for rank, actor in enumerate(generation.ACTORS[0:1000:10])]
    assert len(generation.ACTORS[900:1900]) == MOST_REACHED
    await crowded.database.executemany(_PUT, rows)
    await crowded.database.execute(_PUT_OTHERS)
    await crowded.database.execute("ANALYZE membership")
    yield crowded
    await crowded.database.execute("DELETE FROM membership")


_QUERIES = [
    *("", "&sort=-date", "&date_from=2015&date_to=2016", "&kind=acknowledgement", "&date_from=2024-06"),
    *("&min_confidence=high", "&date_from=2009&date_to=2011&sort=-date"),
]


async def _rows_read(leagues: Crowded, actor: str, query: str) -> float:
    """The most rows that are read for a page under any plan, which scans nothing from end to end."""
    given, _, sent = await leagues.ask(f"actor={actor}&include_members=true{query}&limit=50")
    assert given == 50, query
    assert sent is not None
    read = 0.0
    for mode in _MODES:
        plan = await explain(leagues.database, sent, mode)
        assert (plan.sequential, plan.unlimited) == ([], []), query
        read = max(read, plan.rows_read)
    return read


@pytest.mark.parametrize("actor", [_ALL, _MIXED])
async def test_a_page_reads_little_more_than_it_gives(leagues: Crowded, actor: str) -> None:
    for query in _QUERIES:
        assert await _rows_read(leagues, actor, query) <= 2 * _MOST_PER_ROW * 50, query


async def test_as_many_members_as_can_be_are_looked_for_in_the_events_themselves(leagues: Crowded) -> None:
    """One event in ten has any of them: all events are passed on the way to a page, and looked at once each."""
    for query in _QUERIES:
        assert await _rows_read(leagues, _LARGE, query) <= 4 * _MOST_PER_ROW * 50, query


async def test_members_of_long_ago_are_passed_over(leagues: Crowded) -> None:
    """What they have done since lies in the way, but no more than that."""
    since = sum(starts >= _2020 for starts in await _starts(leagues, generation.ACTORS[:30]))
    assert since > 10_000
    assert await _rows_read(leagues, _DATED, "&sort=-date") <= 3 * since
    assert await _rows_read(leagues, _DATED, "&date_from=2015&date_to=2016") <= _MOST_PER_ROW * 50


async def _starts(leagues: Crowded, actors: list[str]) -> list[int]:
    rows = await leagues.database.fetch(
        "SELECT starts FROM event_term JOIN term ON term.id = event_term.term"
        " WHERE state = 'published' AND name = ANY ($1::text[])",
        [f"actor:{actor}" for actor in actors],
    )
    return [row["starts"] for row in rows]


async def test_who_belongs_is_found_by_an_index(leagues: Crowded) -> None:
    await leagues.ask(f"actor={_LARGE}&include_members=true")
    looked_up = [sent for sent in leagues.store.sent if "membership" in sent.sql]
    assert 1 <= len(looked_up) <= 2
    for sent in looked_up:
        for mode in _MODES:
            plan = await explain(leagues.database, sent, mode)
            assert plan.sequential == []
            assert plan.rows_read <= 3 * MOST_REACHED
