"""Writing batches: all of one or nothing, or chunk by chunk, each in a transaction of its own.

Nothing in here waits for a client while the head is held: rows are read before, in full.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from typing import NamedTuple

import msgspec

from api.ingest.rows import Chunk, ReadRow, read_row
from api.ingest.writing import write_rows
from api.store.idempotency import Answer, Key, once
from api.store.log import writing
from api.store.store import Store
from schema.batch import BatchAnswer, RowResult, RowStatus
from schema.problem import MAXIMUM_FAULTS, problem
from schema.wire import encode


class Options(NamedTuple):
    """How a batch is written, and under whose name."""

    author: str
    upsert_on: str | None = None


class _UndoneError(Exception):
    """Undoes a dry run."""


async def read_chunks(chunks: AsyncIterable[Chunk]) -> AsyncIterator[list[ReadRow]]:
    """Read the rows of chunks."""
    async for chunk in chunks:
        yield [read_row(row) for row in chunk.rows]
        # Reading is work without a pause; other requests get their turn between chunks.
        await asyncio.sleep(0)


async def write_whole(
    store: Store, chunks: AsyncIterable[list[ReadRow]], options: Options, *, atomic: bool, dry_run: bool
) -> BatchAnswer:
    """Write everything in one transaction; a dry run undoes it in the end.

    ``atomic``: raises ``invalid-body`` with the faults of all rows if there is any, and writes nothing. ``chunks``
    must not wait for a client, and had better be read in full already: everybody else waits for it.
    """
    results: list[RowResult] = []
    try:
        async with store.connection() as connection, writing(connection, options.author) as write:
            async for rows in chunks:
                results += await write_rows(write, rows, options.upsert_on)
                # A statement per chunk: none takes longer the more rows there are.
                await write.append()
            if atomic:
                refuse_faults(results)
            if dry_run:
                raise _UndoneError
    except _UndoneError:
        pass
    return BatchAnswer.of(results, dry_run=dry_run)


async def write_chunks(
    store: Store, chunks: AsyncIterable[Chunk], options: Options, key_of: Callable[[Chunk], Key | None]
) -> AsyncIterator[list[RowResult]]:
    """Write each chunk in its own transaction, together with its results if it has a key; gives these."""
    async for chunk in chunks:

        async def write(store: Store, chunk: Chunk = chunk) -> Answer:
            rows = [read_row(row) for row in chunk.rows]
            async with store.connection() as connection, writing(connection, options.author) as write:
                return Answer(200, {}, encode(await write_rows(write, rows, options.upsert_on)))

        yield _results(await once(store, key_of(chunk), write))


def _results(answer: Answer) -> list[RowResult]:
    return msgspec.json.decode(answer.body, type=list[RowResult])


def refuse_faults(results: Sequence[RowResult]) -> None:
    """Raise ``invalid-body`` with the faults of the rows that were refused, if there are any."""
    refused = [result for result in results if result.status is RowStatus.REFUSED]
    if not refused:
        return
    faults = [fault for result in refused for fault in result.errors]
    rows = "One row has" if len(refused) == 1 else f"{len(refused):,} rows have"
    shown = "" if len(faults) <= MAXIMUM_FAULTS else f" The first {MAXIMUM_FAULTS} of {len(faults):,} are listed."
    raise problem("invalid-body", f"{rows} faults; nothing was written.{shown}", *faults[:MAXIMUM_FAULTS])
