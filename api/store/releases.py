"""Releases as they are kept: the manifest, the files in pieces, and whose contents are in them."""

import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from api.store.cursor import fingerprint, seal, unseal
from api.store.idempotency import PinnedStore
from api.store.log import follower, wire_time
from api.store.sql import query
from api.store.store import Store
from schema.change import EntityKind
from schema.format import Format
from schema.problem import ProblemError, problem
from schema.query import ListQuery
from schema.release import Release, ReleaseEntry, Withdrawal
from schema.wire import encode

#: Files are kept and given in pieces of this size, the last one of less.
PIECE_BYTES = 1024 * 1024
#: Making one format of the largest release takes a fraction of this, in which the connection that writes is idle.
_IDLE = "600s"

_Number = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Kept(NamedTuple):
    """A release as it is found: its manifest or, if it was withdrawn, when and why."""

    number: int
    made_at: datetime
    manifest: bytes | None
    withdrawal: Withdrawal | None

    @classmethod
    def of(cls, row: Any) -> "Kept":
        """Read it from a row."""
        withdrawal = None
        if row["withdrawn_at"] is not None:
            withdrawal = Withdrawal(withdrawn_at=wire_time(row["withdrawn_at"]), reason=row["reason"])
        return cls(row["number"], row["made_at"], row["manifest"], withdrawal)


class Keeping:
    """A release while it is written: the pieces of its files as they are made, then what it is. All or nothing."""

    def __init__(self, connection: Any, slug: str, number: int) -> None:
        self._connection = connection
        self.slug = slug
        self.number = number

    async def keep_file(self, format: Format, chunks: AsyncIterator[bytes]) -> tuple[int, str]:
        """Keep a file; gives its size in bytes and its SHA-256 (hexadecimal)."""
        digest, size, piece = hashlib.sha256(), 0, 0
        waiting = bytearray()
        async for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            waiting += chunk
            while len(waiting) >= PIECE_BYTES:
                await self._keep(format, piece, bytes(waiting[:PIECE_BYTES]))
                piece += 1
                del waiting[:PIECE_BYTES]
        if waiting:
            await self._keep(format, piece, bytes(waiting))
        return size, digest.hexdigest()

    async def _keep(self, format: Format, piece: int, content: bytes) -> None:
        await self._connection.execute(
            query("releases", "add_piece"), self.slug, self.number, format.value, piece, content
        )

    async def keep(self, manifest: Release, made_at: datetime, contents: Iterable[tuple[EntityKind, str]]) -> None:
        """Keep what the release is, and whose contents are in it.

        Raises ``busy`` if one of these has been redacted while it was made: the redaction could not see it yet.
        """
        kinds, ids = zip(*((kind.value, entity_id) for kind, entity_id in contents), strict=True)
        # From here to the end nobody redacts anything.
        await self._connection.fetchrow(query("log", "lock_head"))
        redacted = query("releases", "redacted_since")
        if await self._connection.fetchval(redacted, manifest.sequence, list(kinds), list(ids)):
            raise problem(
                "busy", "Something in it has been redacted meanwhile. Try again.", headers={"Retry-After": "1"}
            )
        await self._connection.execute(
            query("releases", "add_contents"), list(kinds), list(ids), self.slug, self.number
        )
        await self._connection.execute(query("releases", "add"), self.slug, self.number, made_at, encode(manifest))


@asynccontextmanager
async def keeping(store: Store, slug: str) -> AsyncIterator[Keeping]:
    """Write the next release of a chronology; it is there at the end, or nothing is on an error.

    The head is not held: others write meanwhile. Raises ``busy`` while another release of it is being made.
    """
    async with store.connection() as connection, connection.transaction():
        await connection.execute(query("releases", "allow_time_to_make"), _IDLE)
        lock = int.from_bytes(hashlib.sha256(f"release {slug}".encode()).digest()[:8], "big", signed=True)
        if not await connection.fetchval(query("releases", "lock"), lock):
            raise being_made()
        if (follows := (await connection.fetchrow(query("log", "head")))["follows"]) is not None:
            raise follower(follows)
        yield Keeping(connection, slug, await connection.fetchval(query("releases", "next_number"), slug))


def being_made() -> ProblemError:
    """The problem of a release that has to wait for another one."""
    return problem("busy", "Another release is being made. Try again in a moment.", headers={"Retry-After": "5"})


@asynccontextmanager
async def snapshot(store: Store) -> AsyncIterator[Store]:
    """A store that is read as of one moment, however long it takes."""
    async with store.reading() as connection:
        await connection.execute(query("releases", "allow_time_to_make"), _IDLE)
        yield PinnedStore(connection)


async def find_release(store: Store, slug: str, number: int) -> Kept | None:
    """Find a release; None where there is none of this number."""
    async with store.connection() as connection:
        row = await connection.fetchrow(query("releases", "find"), slug, number)
    return None if row is None else Kept.of(row)


async def list_releases(store: Store, slug: str, asked: ListQuery) -> tuple[list[ReleaseEntry], str | None]:
    """Read a page of a chronology's releases in the order of their numbers, and the cursor of the next one."""
    mark = fingerprint("releases", slug)
    after = unseal(mark, asked.cursor, tuple[_Number])[0] if asked.cursor else 0
    async with store.connection() as connection:
        rows = await connection.fetch(query("releases", "page"), slug, after, asked.limit + 1)
    found = [Kept.of(row) for row in rows[: asked.limit]]
    entries = [
        ReleaseEntry(
            number=kept.number,
            made_at=wire_time(kept.made_at),
            href=f"/v1/chronologies/{slug}/releases/{kept.number}",
            manifest=msgspec.json.decode(kept.manifest, type=Release) if kept.manifest is not None else None,
            withdrawn=kept.withdrawal,
        )
        for kept in found
    ]
    return entries, seal(mark, [found[-1].number]) if len(rows) > asked.limit else None


async def read_file(store: Store, slug: str, number: int, format: Format, size: int) -> AsyncIterator[bytes]:
    """Give a file of a release piece by piece; raises ``ProblemError`` if it is withdrawn while it is read."""
    for piece in range(-(-size // PIECE_BYTES)):
        async with store.connection() as connection:
            content = await connection.fetchval(query("releases", "piece"), slug, number, format.value, piece)
        if content is None:
            raise problem("withdrawn", "This release was withdrawn while it was read.")
        yield content


async def withdraw_releases(connection: Any, entity: EntityKind, entity_id: str, reason: str) -> list[tuple[str, int]]:
    """Withdraw every release that has contents of a record: only its number, time and the reason stay.

    For redactions, as the owner of the tables. Gives the chronology and number of each that was not withdrawn before.
    """
    rows = await connection.fetch(query("releases", "withdraw"), entity.value, entity_id, reason)
    return [(row["slug"], row["number"]) for row in rows]
