"""What pages cost where actors have been merged: little more than where none has."""

from collections.abc import AsyncIterator

import pytest

from schema.actor import MAXIMUM_MERGED
from tests.store import generation
from tests.store.crowded import Crowded
from tests.store.plans import explain

_MODES = ("force_custom_plan", "force_generic_plan")
_MOST_PER_ROW = 20


@pytest.fixture
async def half_merged(crowded: Crowded) -> AsyncIterator[Crowded]:
    """Every second actor is merged into the one before, and as many as can be into a rare one."""
    pairs = list(zip(generation.ACTORS[1::2], generation.ACTORS[0::2], strict=True))
    rare = [actor for actor in generation.ACTORS[1899:] if actor != "actor-1901"][:MAXIMUM_MERGED]
    pairs = [pair for pair in pairs if pair[0] not in rare]
    pairs += [(actor, "actor-1801") for actor in generation.ACTORS[1801:1821]]
    pairs += [(actor, "actor-1901") for actor in rare]
    pairs = list(dict(pairs).items())
    await crowded.database.executemany("UPDATE actor SET merged_into = $2 WHERE id = $1", pairs)
    yield crowded
    await crowded.database.execute("UPDATE actor SET merged_into = NULL WHERE merged_into IS NOT NULL")


async def test_a_page_reads_little_more_than_it_gives(half_merged: Crowded) -> None:
    for query in (
        *("", "sort=-date", "actor=actor-0001", "actor=actor-0002", "actor=actor-0101", "actor=actor-1801"),
        *("actor=actor-1801&date_from=2010&date_to=2019", "actor=actor-0001&kind=acknowledgement"),
        *("actor_all=actor-0001&actor_all=actor-0004", "publisher=actor-0101", "actor=actor-0001&actor_role=attacker"),
        *("actor=actor-1810&sort=-date", "actor=actor-0001&date_from=2024-06", "min_confidence=high"),
    ):
        given, _, sent = await half_merged.ask(f"{query}&limit=50".lstrip("&"))
        assert given, query
        assert sent is not None
        for mode in _MODES:
            plan = await explain(half_merged.database, sent, mode)
            assert plan.sequential == []
            assert plan.unlimited == []
            assert plan.rows_read <= _MOST_PER_ROW * (given if given >= 10 else 50), (query, plan.rows_read, given)


async def test_as_many_as_can_be_merged_are_found_by_walks_of_their_own(half_merged: Crowded) -> None:
    """Not by walking along all events: so a page costs some rows more for each."""
    for query in ("actor=actor-1901", "actor=actor-1950&sort=-date", "actor=actor-1901&date_from=2010&date_to=2019"):
        given, _, sent = await half_merged.ask(f"{query}&limit=50")
        assert given == 50
        assert sent is not None
        for mode in _MODES:
            plan = await explain(half_merged.database, sent, mode)
            assert (plan.sequential, plan.unlimited) == ([], [])
            assert plan.rows_read <= 2 * _MOST_PER_ROW * 50


async def test_who_is_the_same_is_found_by_an_index(half_merged: Crowded) -> None:
    await half_merged.ask("actor=actor-1901&actor=actor-0001")
    sent = next(one for one in half_merged.store.sent if "AS stands FROM actor" in one.sql and "unnest" not in one.sql)
    for mode in _MODES:
        plan = await explain(half_merged.database, sent, mode)
        assert plan.sequential == []
        assert plan.rows_read <= 2 * (MAXIMUM_MERGED + 4)
