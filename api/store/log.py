"""The log: the one order of everything that was written, and the chain of digests over it.

A write validates first. Then it enters ``writing``, which locks the head and so makes every other writer wait;
inside, it takes sequences, records entries and writes its current rows; at the end the entries, the contents
and the new head are written together and committed. Nothing in between may wait for a client.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg

from api.store.canonical import canonical
from api.store.sql import query
from schema.change import EntityKind, LogEntry
from schema.problem import ProblemError, problem
from schema.vocabulary import ChangeType

#: The digest that the first change is chained to.
FIRST_DIGEST = bytes(32)
_SALT_BYTES = 16


class Writing:
    """One write while it holds the head. ``recorded_at`` is the time of all that it records."""

    def __init__(self, connection: Any, head: Any, author: str) -> None:
        self.connection = connection
        self.recorded_at: datetime = head["recorded_at"]
        self._author = author
        self._sequence: int = head["sequence"]
        self._public_sequence: int = head["public_sequence"]
        self._digest: bytes = head["digest"]
        self._changes: list[tuple[Any, ...]] = []
        self._contents: list[tuple[Any, ...]] = []

    @property
    def time(self) -> str:
        """``recorded_at`` as it stands in documents (RFC 3339, UTC, microseconds)."""
        return wire_time(self.recorded_at)

    @property
    def sequence(self) -> int:
        """The sequence taken last."""
        return self._sequence

    def take(self) -> int:
        """Take the next sequence; it must be recorded before another is taken."""
        assert not self._changes or self._changes[-1][0] == self._sequence, "the last sequence is not recorded"
        self._sequence += 1
        return self._sequence

    def record(
        self,
        entity: EntityKind,
        entity_id: str,
        revision: int,
        *,
        type: ChangeType | None,
        public_type: ChangeType | None,
        document: dict[str, Any] | None = None,
        encoded: bytes | None = None,
        reason: str | None = None,
        redacts: Sequence[int] | None = None,
    ) -> None:
        """Record the change that carries the sequence taken last.

        ``document`` and ``encoded`` are the same content, as values and as the bytes that are kept. ``redacts`` are the
        changes whose contents this one, a redaction, takes away.
        """
        content_digest = None
        if encoded is not None:
            salt = secrets.token_bytes(_SALT_BYTES)
            content_digest = digest_of_content(salt, document, reason)
            self._contents.append((entity_id, self._sequence, salt, reason, encoded))
        entry = LogEntry(
            sequence=self._sequence,
            recorded_at=self.recorded_at,
            entity=entity,
            entity_id=entity_id,
            revision=revision,
            type=type,
            public_type=public_type,
            author=self._author,
            content_digest=content_digest,
            redacts=tuple(redacts) if redacts is not None else None,
        )
        self._digest = chained_digest(self._digest, entry)
        if public_type is not None:
            self._public_sequence = self._sequence
        self._changes.append(
            (
                entry.sequence,
                entry.recorded_at,
                entry.entity.value,
                entry.entity_id,
                entry.revision,
                type.value if type else None,
                public_type.value if public_type else None,
                entry.author,
                content_digest,
                self._digest,
                f"{{{','.join(map(str, redacts))}}}" if redacts is not None else None,
            )
        )

    async def append(self) -> None:
        """Write what was recorded so far; called at the end of the write and, in a long one, now and then before."""
        if not self._changes:
            return
        columns = [list(column) for column in zip(*self._changes, strict=True)]
        contents = [list(column) for column in zip(*self._contents, strict=True)] or [[]] * 5
        await self.connection.execute(
            query("log", "append"),
            *columns,
            *contents,
            self._sequence,
            self._public_sequence,
            self.recorded_at,
            self._digest,
        )
        self._changes, self._contents = [], []

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Take back all that is written and recorded within if it raises, and nothing else of this write."""
        await self.append()
        before = (self._sequence, self._public_sequence, self._digest)
        try:
            async with self.connection.transaction():
                yield
                await self.append()
        except BaseException:
            self._sequence, self._public_sequence, self._digest = before
            self._changes, self._contents = [], []
            raise


@asynccontextmanager
async def writing(connection: Any, author: str) -> AsyncIterator[Writing]:
    """Hold the head for one write: all of it is committed at the end, or nothing is on an error."""
    async with connection.transaction():
        await connection.execute(query("log", "allow_time_to_write"))
        try:
            head = await connection.fetchrow(query("log", "lock_head"))
        except asyncpg.QueryCanceledError:
            raise problem(
                "busy", "Another write has gone on for too long. Try again in a moment.", headers={"Retry-After": "5"}
            ) from None
        if head["follows"] is not None:
            raise follower(head["follows"])
        write = Writing(connection, head, author)
        yield write
        await write.append()


def follower(origin: str) -> ProblemError:
    """The problem of whoever would write to a store that follows another one."""
    return problem("conflict", f"This store follows {origin} and is not written to. Write there.")


def wire_time(time: datetime) -> str:
    """Write an instant as it stands in documents (RFC 3339, UTC, microseconds)."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest_of_content(salt: bytes, document: Any, reason: str | None) -> bytes:
    """SHA-256 over the salt and the canonical JSON (RFC 8785) of a content and its reason.

    The salt keeps a redacted content from being guessed from its digest.
    """
    return hashlib.sha256(salt + canonical({"document": document, "reason": reason})).digest()


def chained_digest(previous: bytes, entry: LogEntry) -> bytes:
    """SHA-256 over the digest before and the canonical JSON (RFC 8785) of a log entry."""
    members: dict[str, Any] = {
        "sequence": entry.sequence,
        "recorded_at": wire_time(entry.recorded_at),
        "entity": entry.entity.value,
        "entity_id": entry.entity_id,
        "revision": entry.revision,
        "type": entry.type.value if entry.type else None,
        "public_type": entry.public_type.value if entry.public_type else None,
        "author": entry.author,
        "content_digest": entry.content_digest.hex() if entry.content_digest else None,
    }
    if entry.redacts is not None:
        members["redacts"] = list(entry.redacts)
    return hashlib.sha256(previous + canonical(members)).digest()
