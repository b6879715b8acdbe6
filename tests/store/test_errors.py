"""What the database refuses, as problems."""

import pytest

from api.store.store import Store
from schema.problem import ProblemError
from tests.conftest import Client


async def sleep(store: Store) -> None:
    """Ask for what takes longer than is allowed."""
    async with store.connection() as connection, connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = 10")
        await connection.fetchval("SELECT pg_sleep(60)")


async def test_of_a_query_that_takes_too_long_nobody_is_told_to_try_again(client: Client) -> None:
    """It would take as long once more."""
    with pytest.raises(ProblemError) as caught:
        await sleep(client.store)
    assert caught.value.kind.slug == "query-timeout"
    assert "Retry-After" not in caught.value.headers
