"""Hearing that something was written: one connection per process that listens, and is made again when it is lost."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

import asyncpg

from api.engine.errors import EngineError
from api.engine.pool import connect

CHANNEL = "dateline_changes"
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0
#: How often a silent connection is asked whether it is still there.
_CHECK_INTERVAL_S = 30.0
_QUERY_TIMEOUT_S = 5.0

logger = logging.getLogger(__name__)


async def listen(url: str, wake: Callable[[], None]) -> None:
    """Call ``wake`` after each write, by any process, and whenever one may have been missed; does not end.

    A notification says no more than that it is time to look. PgBouncer in transaction mode lets none through, which is
    why whoever is woken looks now and then by themselves.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            connection = await connect(url, query_timeout_s=_QUERY_TIMEOUT_S)
        except EngineError as error:
            logger.warning("Changes are not heard of at once: %s", error)
        else:
            pause_s = _FIRST_PAUSE_S
            try:
                await _hear(connection, wake)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                logger.warning("The connection that hears of changes was lost: %r", error)
            finally:
                connection.terminate()
        # Many processes that lost the same server do not come back at the same moment.
        await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 -- no secret
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


async def _hear(connection: Any, wake: Callable[[], None]) -> None:
    """Listen until the connection is lost."""
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    await connection.add_listener(CHANNEL, lambda *_: wake())
    # What was written while nobody listened.
    wake()
    while not lost.is_set():
        try:
            async with asyncio.timeout(_CHECK_INTERVAL_S):
                await lost.wait()
        except TimeoutError:
            await connection.execute("SELECT 1")
