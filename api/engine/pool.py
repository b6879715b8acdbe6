"""Connection pools."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import asyncpg

from api.engine.errors import EngineError

MINIMUM_SERVER_VERSION = 15

_CONNECT_TIMEOUT_S = 10.0
_IDLE_IN_TRANSACTION_TIMEOUT_S = 60.0
# The client gives up a little after the server has, so that it normally is the server that says no
# and the connection stays usable; the client's own limit is for a server that says nothing at all.
_CLIENT_GRACE_S = 5.0


async def create_pool(
    url: str,
    *,
    size: int,
    query_timeout_s: float,
    write_timeout_s: float | None = None,
) -> asyncpg.Pool[asyncpg.Record]:
    """Open a pool of at most `size` connections (one is opened now, the others as they are needed).

    Each connection keeps to UTC, and the server cancels a statement after `query_timeout_s` seconds
    and a transaction that is left idle for a minute. What writes allows itself `write_timeout_s` instead
    (by the setting `dateline.write_timeout`, default the same). The two Citus settings make
    Citus treat statements that span shards as one transaction expects; plain PostgreSQL keeps them
    without using them. PgBouncer must run in session mode, or at least pass these settings on.

    Raises EngineError where the server cannot be reached, refuses, or is older than PostgreSQL 15.
    """
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            timeout=_CONNECT_TIMEOUT_S,
            command_timeout=max(query_timeout_s, write_timeout_s or 0) + _CLIENT_GRACE_S,
            server_settings={
                **server_settings(query_timeout_s=query_timeout_s),
                "dateline.write_timeout": _milliseconds(write_timeout_s or query_timeout_s),
            },
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise _unreachable(url, error) from error
    try:
        async with pool.acquire() as connection:
            require_version(connection)
    except BaseException:
        pool.terminate()
        raise
    return pool


async def connect(url: str, *, query_timeout_s: float) -> asyncpg.Connection[asyncpg.Record]:
    """Open a single connection outside of any pool, with the settings of `create_pool`.

    For what must keep a connection to itself, such as LISTEN. Raises EngineError like `create_pool`.
    """
    try:
        connection = await asyncpg.connect(
            url,
            timeout=_CONNECT_TIMEOUT_S,
            command_timeout=query_timeout_s + _CLIENT_GRACE_S,
            server_settings=server_settings(query_timeout_s=query_timeout_s),
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise _unreachable(url, error) from error
    try:
        require_version(connection)
    except EngineError:
        await connection.close()
        raise
    return connection


def server_settings(*, query_timeout_s: float) -> dict[str, str]:
    """What every connection tells the server when it starts."""
    return {
        "application_name": "dateline",
        "timezone": "UTC",
        "statement_timeout": _milliseconds(query_timeout_s),
        "idle_in_transaction_session_timeout": _milliseconds(_IDLE_IN_TRANSACTION_TIMEOUT_S),
        "default_transaction_read_only": "off",
        "citus.multi_shard_modify_mode": "sequential",
        "citus.override_table_visibility": "off",
    }


def require_version(
    connection: asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record],
) -> None:
    """Raise EngineError where the server behind `connection` is too old."""
    version = connection.get_server_version()
    if version.major < MINIMUM_SERVER_VERSION:
        raise EngineError(
            f"The database server is PostgreSQL {version.major}.{version.minor}, and Dateline needs "
            f"{MINIMUM_SERVER_VERSION} or newer. Name another server in DATELINE_DATABASE_URL, or leave it "
            "unset to use the embedded one."
        )


def _milliseconds(duration_s: float) -> str:
    return str(max(1, round(duration_s * 1000)))


def _unreachable(url: str, error: Exception) -> EngineError:
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        reason = f"it did not answer within {_CONNECT_TIMEOUT_S:.0f} seconds"
    else:
        reason = str(error).strip() or type(error).__name__
    return EngineError(
        f"The database {_place(url)} cannot be used: {reason}. Look at DATELINE_DATABASE_URL and at the server."
    )


def _place(url: str) -> str:
    """Database and host of an address, without user and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "at an address that cannot be read"
    host = parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", ["the default host"])[0]
    return f"'{parts.path.strip('/')}' at {host}"
