"""Archives from a store and into one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from api.history.archive import ArchiveError, Reader, Writer
from api.history.chain import Chain, changes
from api.history.rebuilding import rebuild
from api.store.copying import RefusedError, copy_changes
from api.store.sql import query
from schema.vocabulary import ChangeType

#: For how long a stream may stand still.
_PATIENCE = "1h"
#: What is copied together: whichever comes first.
_COPIED_CHANGES = 1000
_COPIED_BYTES = 8 * 1024**2

#: Is told which work is going on, how much of it is done and how much there is.
Told = Callable[[str, int, int], object]


class Archived(NamedTuple):
    """The head that an archive leads to."""

    sequence: int
    digest: bytes


def _untold(work: str, done: int, total: int) -> None:
    """Nobody is told."""


async def create(connection: Any, stream: BinaryIO, told: Told = _untold) -> Archived:
    """Write the whole log into a stream, checking it on the way.

    All of it is of one moment, and nobody has to wait: others go on writing. It is a snapshot, and not only the head,
    that is looked at first, because a redaction may take contents away meanwhile. Raises ``ArchiveError`` if the log is
    not whole: an archive of it could not be restored. What is in the stream then is to be thrown away.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(query("archive", "allow_waiting"), _PATIENCE)
        row = await connection.fetchrow(query("log", "head"))
        if row["follows"] is not None:
            raise ArchiveError(f"This store follows {row['follows']}, which has the whole history: archive that one.")
        head = Archived(row["sequence"], row["digest"])
        await _refuse_missing_contents(connection)
        writer = Writer(stream, head.sequence, head.digest)
        chain = Chain()
        async for row in changes(connection):
            _follow(chain, row)
            writer.write(row)
            told("Changes", chain.sequence, head.sequence)
        _check_end(chain, head)
        writer.finish()
    return head


async def restore(connection: Any, archive: Reader, told: Told = _untold) -> Archived:
    """Load an archive into an empty store, as the owner of its tables: all of it or, on any error, nothing.

    Every digest is recomputed. Raises ``ArchiveError`` if the store is not empty, the role is not the owner's or the
    archive is not whole.
    """
    async with connection.transaction():
        await connection.execute(query("archive", "allow_waiting"), _PATIENCE)
        if not await connection.fetchval(query("archive", "owns_tables")):
            raise ArchiveError(
                "An archive is restored by the role that owns the tables: name it in DATELINE_OWNER_DATABASE_URL."
            )
        # Until the end nobody else writes; a server that runs on the empty store goes on reading nothing.
        head = await connection.fetchrow(query("log", "lock_head"))
        if head["sequence"] != 0:
            raise ArchiveError(
                f"The store has {head['sequence']:,} changes already. An archive is restored into an empty one."
            )
        try:
            records = await _copy(connection, archive, told)
            await connection.execute(query("archive", "analyze_log"))
            await _refuse_missing_contents(connection)
            await rebuild(connection, lambda done: told("Current records", done, records))
        except RefusedError as error:
            raise ArchiveError(f"The archive contradicts itself: {error}.") from error
        await connection.execute(query("archive", "analyze_rows"))
    return Archived(archive.first.sequence, bytes.fromhex(archive.first.digest))


async def _copy(connection: Any, archive: Reader, told: Told) -> int:
    """Copy the changes and set the head; gives how many records there are that were not discarded."""
    chain, public_sequence, records = Chain(), 0, 0
    for rows in _portions(_followed(chain, archive.changes())):
        for row in rows:
            if row["public_type"] is not None:
                public_sequence = row["sequence"]
            records += (row["type"] == ChangeType.CREATE) - (row["type"] == ChangeType.DISCARD)
        await copy_changes(connection, rows)
        told("Changes", chain.sequence, archive.first.sequence)
    _check_end(chain, Archived(archive.first.sequence, bytes.fromhex(archive.first.digest)))
    if chain.sequence:
        await connection.execute(
            query("archive", "set_head"), chain.sequence, public_sequence, chain.recorded_at, chain.digest
        )
    return records


def _followed(chain: Chain, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        _follow(chain, row)
        yield row


def _portions(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    portion: list[Mapping[str, Any]] = []
    size = 0
    for row in rows:
        portion.append(row)
        size += len(row["document"] or b"")
        if len(portion) == _COPIED_CHANGES or size >= _COPIED_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _follow(chain: Chain, row: Any) -> None:
    findings = chain.follow(row)
    if findings:
        raise ArchiveError(f"{' '.join(findings)} The history is not as it was written.")


def _check_end(chain: Chain, head: Archived) -> None:
    if (chain.sequence, chain.digest) != head:
        raise ArchiveError(f"The log ends at change {chain.sequence}, and not in the head that is named for it.")


async def _refuse_missing_contents(connection: Any) -> None:
    missing = await connection.fetchval(query("archive", "first_missing_content"))
    if missing is not None:
        raise ArchiveError(f"The content of change {missing} is missing, and no redaction says why.")
