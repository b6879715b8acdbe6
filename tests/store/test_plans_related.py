"""What a walk along relations, a comparison of figures and a look at the head cost on many events."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest

from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store.figures import compare_figures
from api.store.related import related_events
from api.store.sources import list_sources
from api.store.sql import query
from api.store.terms import ALL, related_term
from schema.query import SourceQuery
from tests.conftest import fresh_database
from tests.store import generation
from tests.store.plans import RecordingStore, Sent, explain

_EVENTS = 10_000
_CROWD = 3_000
_MODES = ("force_custom_plan", "force_generic_plan")


class Large(NamedTuple):
    """A store with many events, and one of them that very many others name."""

    store: RecordingStore
    database: Any
    hub: UUID


@pytest.fixture(scope="module")
async def large(server: EmbeddedServer, template: str) -> AsyncIterator[Large]:
    async with fresh_database(server, template) as made:
        owner = await asyncpg.connect(made.owner_url)
        cited = generation.sources(2000)
        await generation.load(owner, generation.events(_EVENTS, cited), cited)
        hub = await owner.fetchval("SELECT id FROM event WHERE state = 'published' ORDER BY id LIMIT 1")
        # The crowd's index entries are enough for the plan; a document is never searched.
        term = await owner.fetchval(
            "INSERT INTO term (state, name, events) VALUES ('published', $1, $2)"
            " ON CONFLICT (state, name) DO UPDATE SET events = excluded.events RETURNING id",
            related_term(hub),
            _CROWD,
        )
        await owner.execute(
            "INSERT INTO event_term (event_id, term, span, gaps, starts, ends, sequence)"
            " SELECT event_id, $1, span, gaps, starts, ends, sequence FROM event_term"
            " WHERE term = (SELECT id FROM term WHERE state = 'published' AND name = $2) LIMIT $3"
            " ON CONFLICT DO NOTHING",
            term,
            ALL,
            _CROWD,
        )
        await owner.execute("ANALYZE")
        await owner.close()
        store = RecordingStore(await create_pool(made.url, size=2, query_timeout_s=30.0))
        # Without a cache of its own: explaining forgets every prepared statement.
        database = await asyncpg.connect(made.url, statement_cache_size=0)
        yield Large(store, database, hub)
        await database.close()
        await store.close()


async def _check(large: Large, most_rows: int) -> None:
    """Every statement that was sent reads no table from end to end and few rows, under both kinds of plan."""
    sent = list(large.store.sent)
    assert sent
    for statement in sent:
        for mode in _MODES:
            plan = await explain(large.database, statement, mode)
            assert plan.sequential == [], statement.sql
            assert plan.rows_read <= most_rows, statement.sql


@pytest.mark.parametrize("limit", [10, 500])
async def test_a_walk_reads_no_more_of_a_crowd_than_it_gives(large: Large, limit: int) -> None:
    large.store.sent.clear()
    found = await related_events(large.store, large.hub, 3, edit=False, limit=limit)
    assert found is not None
    assert found.truncated
    assert len(found.items) == limit
    # Keys, rows, and what these mention.
    await _check(large, 30 * (limit + 2))


async def test_a_deep_walk_takes_two_statements_a_level(large: Large) -> None:
    large.store.sent.clear()
    start = await large.database.fetchval(
        "SELECT e.id FROM event e JOIN term t ON t.name = 'related:' || e.id"
        " WHERE e.state = 'published' AND t.state = 'published' AND e.id <> $1 ORDER BY e.id DESC LIMIT 1",
        large.hub,
    )
    found = await related_events(large.store, start, 5, edit=True)
    assert found is not None
    assert found.items
    assert len(large.store.sent) <= 1 + 2 * 5


async def test_figures_and_a_source_by_its_address_are_looked_up(large: Large) -> None:
    large.store.sent.clear()
    await compare_figures(large.store, large.hub, edit=False)
    await list_sources(large.store, SourceQuery(url="https://news.example/nothing"), edit=False)
    assert len(large.store.sent) == 2
    await _check(large, 100)


async def test_a_look_at_the_head_reads_two_rows(large: Large) -> None:
    for mode in _MODES:
        plan = await explain(large.database, Sent(query("log", "seen_head"), (False,)), mode)
        assert plan.rows_read <= 1
        assert plan.buffers < 10
