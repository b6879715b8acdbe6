"""Turns what the database refuses into problems."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from schema.problem import problem

logger = logging.getLogger(__name__)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise ``ProblemError`` in the place of the errors of the database and of the connection to it."""
    try:
        yield
    except asyncpg.QueryCanceledError:
        raise problem(
            "query-timeout",
            "The query was stopped because it took too long. Ask for a shorter time range or fewer filters.",
        ) from None
    except (
        ConnectionError,
        TimeoutError,
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.TooManyConnectionsError,
        asyncpg.InterfaceError,
    ) as error:
        if isinstance(error, ValueError):
            raise  # the driver's word for a value that it cannot send: a fault of ours, not of the connection
        logger.warning("The database is unavailable: %r", error)
        raise problem(
            "unavailable",
            "The database can't be reached right now. Try again in a moment.",
            headers={"Retry-After": "5"},
        ) from error
    except asyncpg.ReadOnlySQLTransactionError:
        raise problem(
            "unavailable",
            "This server reads from a standby, which can't be written to.",
            headers={"Retry-After": "30"},
        ) from None
