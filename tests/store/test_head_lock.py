"""What a writer is told who waits for another one."""

import asyncpg
import pytest

from api.engine.pool import create_pool
from api.store.sources import create_source
from api.store.store import Store
from schema.problem import PROBLEM_KINDS, ProblemError
from tests.conftest import Client


async def test_a_writer_that_waits_too_long_is_told_so_and_writes_nothing(client: Client) -> None:
    """The limit of writes holds for the wait, not the one of reads, and nothing is said of time ranges."""
    pool = await create_pool(client.database.url, size=1, query_timeout_s=20.0, write_timeout_s=0.2)
    holder = await asyncpg.connect(client.database.url)
    held = holder.transaction()
    await held.start()
    await holder.fetch("SELECT * FROM head FOR UPDATE")
    with pytest.raises(ProblemError) as refused:
        await create_source(Store(pool), "editor", {"title": "Waiting"})
    assert refused.value.kind is PROBLEM_KINDS["busy"]
    assert "time range" not in refused.value.detail
    await held.rollback()
    await holder.close()
    # The connection is as it was; and whoever does not have to wait may write, in a time that is no matter here.
    assert await pool.fetchval("SELECT count(*) FROM source") == 0
    await pool.close()
    await create_source(client.store, "editor", {"title": "Waiting"})
