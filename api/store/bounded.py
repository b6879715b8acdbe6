"""Statements that may be given up: what counts has so much time, and the rest of the request goes on without it."""

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any, TypeVar

import asyncpg

from api.store.sql import query

#: How long the counting of one answer may take, in seconds.
COUNTING_S = 1.5

_T = TypeVar("_T")


class TimeBound:
    """So many seconds for all statements that are run with it, one after the other."""

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds

    @property
    def left_s(self) -> float:
        """How much of the time is left, in seconds."""
        return max(0.0, self._until - monotonic())

    def part(self, share: float) -> "TimeBound":
        """A part of what is left."""
        return TimeBound(self.left_s * share)

    def divided(self, among: Sequence[_T]) -> Iterator[tuple[_T, "TimeBound"]]:
        """Each with its equal part of what is left when its turn comes: what one leaves over, all after it have."""
        for number, one in enumerate(among):
            yield one, self.part(1 / (len(among) - number))

    async def fetch(self, connection: Any, sql: str, *values: Any) -> list[Any] | None:
        """Fetch the rows of a statement that only reads; None if the time is over before they are there.

        The savepoint is what makes a transaction outlive the end of a statement, and its end the end of the limit: so
        it is always rolled back.
        """
        left_ms = int(self.left_s * 1000)
        if left_ms < 1:
            return None
        savepoint = connection.transaction()
        await savepoint.start()
        try:
            await connection.fetchval(query("counting", "bound"), left_ms)
            rows: list[Any] = await connection.fetch(sql, *values)
        except asyncpg.QueryCanceledError:
            return None
        finally:
            await savepoint.rollback()
        return rows


def counting_time() -> TimeBound:
    """The time for all counting of one answer, which begins now."""
    return TimeBound(COUNTING_S)
