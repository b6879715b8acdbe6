"""The store as the rest of the application holds it: connections, and whether it is ready."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from api.store.errors import translated_errors
from api.store.sql import query
from migrations import NEWEST
from schema.problem import problem

#: How long a request waits for a free connection, in seconds.
ACQUIRE_TIMEOUT_S = 5.0


class Store:
    """A pool of connections to one PostgreSQL, as the runtime role."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Lend a connection; errors of the database leave as ``ProblemError``."""
        with translated_errors():
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """Lend a connection whose statements all see the store as of one moment."""
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection

    async def ready(self) -> None:
        """Raise ``ProblemError`` (unavailable) unless the database answers and has the tables of this version."""
        async with self.connection() as connection:
            try:
                version = await connection.fetchval(query("log", "version"))
            except asyncpg.UndefinedTableError:
                version = None
            # Of older tables nothing else is known.
            if version == NEWEST and await connection.fetchval(query("log", "must_rebuild")):
                version = None
        if version != NEWEST:
            raise problem("unavailable", "The tables are not at this version's state yet: run `dateline migrate`.")

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()
