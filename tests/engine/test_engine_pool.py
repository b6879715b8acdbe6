"""Connections and pools: what each of them has, and what is said where there can be none."""

from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from api.engine import EmbeddedServer, EngineError
from api.engine.pool import connect, create_pool, require_version


async def test_what_every_connection_has(embedded: EmbeddedServer) -> None:
    expected = {
        "statement_timeout": "1500ms",
        "idle_in_transaction_session_timeout": "1min",
        "TimeZone": "UTC",
        "application_name": "dateline",
        "default_transaction_read_only": "off",
        "citus.multi_shard_modify_mode": "sequential",
        "citus.override_table_visibility": "off",
    }
    pool = await create_pool(embedded.url, size=2, query_timeout_s=1.5)
    try:
        for _ in range(2):  # also after the reset between two users of a connection
            async with pool.acquire() as connection:
                for name, value in expected.items():
                    assert await connection.fetchval("SELECT current_setting($1)", name) == value
                # Another limit, under which the reset itself is run.
                await connection.execute("SET statement_timeout = '1min'; SET timezone = 'Asia/Tokyo'")
    finally:
        await pool.close()


async def test_a_statement_that_takes_too_long_is_cancelled(embedded: EmbeddedServer) -> None:
    pool = await create_pool(embedded.url, size=1, query_timeout_s=0.1)
    try:
        with pytest.raises(asyncpg.QueryCanceledError):
            await pool.fetchval("SELECT pg_sleep(60)")
        assert await pool.fetchval("SELECT 1") == 1
    finally:
        await pool.close()


async def test_a_single_connection(embedded: EmbeddedServer) -> None:
    connection = await connect(embedded.url, query_timeout_s=5)
    assert await connection.fetchval("SHOW statement_timeout") == "5s"
    await connection.close()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://me:hush@127.0.0.1:1/store", "The database 'store' at 127.0.0.1:1 cannot be used"),
        ("postgresql://me:hush@/store?host=/no/such/place", "The database 'store' at /no/such/place cannot be"),
        ("postgresql://me:hush@host:port/store", "cannot be used"),
    ],
)
async def test_an_unreachable_server_is_named_without_the_password(url: str, message: str) -> None:
    for opened in (create_pool(url, size=1, query_timeout_s=5), connect(url, query_timeout_s=5)):
        with pytest.raises(EngineError, match=message) as caught:
            await opened
        assert "hush" not in str(caught.value)


async def test_an_unknown_role_is_said(embedded: EmbeddedServer) -> None:
    with pytest.raises(EngineError, match='role "nobody_known" does not exist'):
        await create_pool(embedded.url_for("nobody_known"), size=1, query_timeout_s=5)


def test_an_old_server_is_refused() -> None:
    old: Any = SimpleNamespace(get_server_version=lambda: SimpleNamespace(major=14, minor=9))
    with pytest.raises(EngineError, match=r"is PostgreSQL 14\.9, and Dateline needs 15 or newer"):
        require_version(old)
