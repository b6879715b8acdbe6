"""What a page of the change feed costs, wherever in a long log it begins, under either kind of plan."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import asyncpg
import pytest

from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store.changes import read_page
from tests.conftest import fresh_database
from tests.store.plans import RecordingStore, explain

_CHANGES = 50_000
_LOAD = f"""
    INSERT INTO change
    SELECT n, '2025-01-01'::timestamptz + n * interval '1 second', 'actor', 'actor-' || n % 5000, n / 5000 + 1,
           'update', 'update', 'loading', '\\x00', '\\x00'
    FROM generate_series(1, {_CHANGES}) AS n;
    INSERT INTO content
    SELECT entity_id, sequence, '\\x00', NULL, convert_to('{{"id":"' || repeat(entity_id, 20) || '"}}', 'UTF8')
    FROM change;
    UPDATE head SET sequence = {_CHANGES}, public_sequence = {_CHANGES};
"""


class Long(NamedTuple):
    store: RecordingStore
    database: Any


@pytest.fixture(scope="module")
async def long(server: EmbeddedServer, template: str) -> AsyncIterator[Long]:
    async with fresh_database(server, template) as made:
        owner = await asyncpg.connect(made.owner_url)
        await owner.execute(_LOAD)
        await owner.execute("VACUUM ANALYZE change, content")
        await owner.close()
        store = RecordingStore(await create_pool(made.url, size=2, query_timeout_s=30.0))
        database = await asyncpg.connect(made.url)
        yield Long(store, database)
        await database.close()
        await store.close()


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("after", [0, _CHANGES // 2, _CHANGES - 10])
@pytest.mark.parametrize("limit", [1, 50, 1000])
async def test_a_page_reads_its_own_changes_wherever_it_begins(long: Long, limit: int, after: int, mode: str) -> None:
    long.store.sent.clear()
    page = await read_page(long.store, after, limit, edit=False)
    assert len(page.items) == min(limit, _CHANGES - after)
    [sent] = long.store.sent
    plan = await explain(long.database, sent, mode)
    assert plan.sequential == []
    assert plan.rows_read <= 2 * len(page.items)
