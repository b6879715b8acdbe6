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

        Runs in a savepoint that is always rolled back: a statement that is cancelled would else abort the transaction,
        and one that is not would leave its limit behind. It must be called inside of a transaction.
        """
        left_ms = int(self.left_s * 1000)
        if left_ms < 1:
            return None
        await connection.execute("SAVEPOINT counting")
        try:
            await connection.fetchval(query("counting", "bound"), left_ms)
            rows: list[Any] = await connection.fetch(sql, *values)
        except asyncpg.QueryCanceledError:
            return None
        finally:
            await _roll_back(connection)
        return rows


async def _roll_back(connection: Any) -> None:
    """Roll back to the savepoint and release it.

    The limit may cancel this very statement. That aborts the subtransaction, which ends the limit, so it does not hold
    for the second attempt. Savepoints of the driver's allow of no second one.
    """
    rollback = "ROLLBACK TO SAVEPOINT counting; RELEASE SAVEPOINT counting"
    try:
        await connection.execute(rollback)
    except asyncpg.QueryCanceledError:
        await connection.execute(rollback)


def counting_time() -> TimeBound:
    """The time for all counting of one answer, which begins now."""
    return TimeBound(COUNTING_S)
