"""Many rows of the log at once, as an archive brings them: not made by a write, but taken over as they are."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg

_CHANGE = (
    *("sequence", "recorded_at", "entity", "entity_id", "revision", "type", "public_type", "author"),
    *("content_digest", "digest", "redacts"),
)
_CONTENT = ("entity_id", "sequence", "salt", "reason", "document")


class RefusedError(Exception):
    """The tables do not take a row; the text says why, in the database's words."""


async def copy_changes(connection: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add changes and their contents, which the caller has checked, to the log; the head is the caller's to set."""
    with refusals():
        await connection.copy_records_to_table("change", columns=_CHANGE, records=_records(rows, _CHANGE))
        contents = [row for row in rows if row["document"] is not None]
        await connection.copy_records_to_table("content", columns=_CONTENT, records=_records(contents, _CONTENT))


def _records(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


@contextmanager
def refusals() -> Iterator[None]:
    """Raise ``RefusedError`` where rows contradict each other or hold what the tables cannot."""
    try:
        yield
    except (
        asyncpg.DataError,
        asyncpg.IntegrityConstraintViolationError,
        asyncpg.ProgramLimitExceededError,
    ) as error:
        raise RefusedError(str(error)) from error
