"""Requests that may be sent twice and are done once.

The answer to a request with a key is written in the transaction of what the request wrote, so that it is kept
exactly if that is: whoever is cut off, or outlives a server that was killed, sends the request again and is
either answered as before, or served for the first time. This holds across processes, since it rests on nothing
but the database.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec

from api.store.sql import query
from api.store.store import Store
from schema.problem import problem

#: The status of a kept answer that a redaction has emptied.
FORGOTTEN = 0
#: How long the answer to a request is kept.
KEPT_FOR = timedelta(hours=24)


class Answer(NamedTuple):
    """An answer as it is kept and given again, byte for byte."""

    status: int
    headers: dict[str, str]
    body: bytes


class PinnedStore(Store):
    """A store that lends one connection only, the one whose transaction all of a request belongs to."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Lend the connection; its errors are translated by whoever lent it in the first place."""
        yield self._connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        """Lend the connection, whose transaction has begun already."""
        yield self._connection


class Key(NamedTuple):
    """Which request this is: ``scope`` says whose, and ``request`` what is asked for (both SHA-256)."""

    scope: bytes
    request: bytes
    part: int = 0
    kept_for: timedelta = KEPT_FOR


def digest_of(*parts: str | bytes) -> bytes:
    """SHA-256 over parts in a way that no two lists of parts share."""
    hashed = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        hashed.update(len(raw).to_bytes(8, "big") + raw)
    return hashed.digest()


async def once(
    store: Store,
    key: Key | None,
    work: Callable[[Store], Awaitable[Answer]],
) -> Answer:
    """Do the work and keep its answer, or give the answer that is kept.

    ``work`` is given the store to do it with; what it raises is not kept, and nothing that it wrote is. Raises
    ``request-in-flight`` while the same key is being worked on anywhere, and ``idempotency-key-reused`` if the key
    was kept for another request.
    """
    if key is None:
        return await work(store)
    async with store.connection() as connection, connection.transaction():
        # Collisions of the 64 bits, besides being unlikely, would only ask a client to try again.
        number = int.from_bytes(key.scope[:8], "big", signed=True)
        if not await connection.fetchval(query("idempotency", "lock"), number):
            raise problem(
                "request-in-flight",
                "The request with this Idempotency-Key is still being worked on. Send it again in a moment.",
                headers={"Retry-After": "1"},
            )
        row = await connection.fetchrow(query("idempotency", "find"), key.scope, key.part)
        if row is not None:
            if row["request"] != key.request:
                raise problem(
                    "idempotency-key-reused",
                    "This Idempotency-Key came with another request before. Give each request a key of its own.",
                )
            if row["status"] == FORGOTTEN:
                raise problem(
                    "withdrawn",
                    "This request was done. Its answer was deleted, because something has been redacted since.",
                )
            return Answer(row["status"], msgspec.json.decode(row["headers"], type=dict[str, str]), row["body"])
        answer = await work(PinnedStore(connection))
        headers = msgspec.json.encode(answer.headers).decode()
        await connection.execute(
            query("idempotency", "keep"),
            key.scope,
            key.part,
            key.request,
            answer.status,
            headers,
            answer.body,
            key.kept_for,
        )
        await connection.execute(query("idempotency", "purge"))
        return answer
