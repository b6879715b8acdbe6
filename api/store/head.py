"""How far the log has come, as a reader sees it: by now, or by the moment that a read of the past names."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from api.store.log import FIRST_DIGEST
from api.store.sql import query
from api.store.store import Store
from schema.bounds import read_instant
from schema.problem import Fault, problem


class SeenHead(NamedTuple):
    """The last change that a reader may see, the digest over everything up to it, and when it was made."""

    sequence: int
    digest: bytes
    recorded_at: datetime


_BEFORE_ALL = SeenHead(0, FIRST_DIGEST, datetime.fromtimestamp(0, UTC))


async def seen_head(store: Store, *, edit: bool) -> SeenHead:
    """Look at the head. Without ``edit`` it stands still while drafts are written, and so gives nothing of them away.

    The digest covers drafts before the change too, but is that of a change that the reader sees, and is salted.
    """
    async with store.connection() as connection:
        return await head_of(connection, edit=edit)


async def moment_of(store: Store, as_of: str | None, *, edit: bool) -> SeenHead | None:
    """Resolve the ``as_of`` of a query, so that all of a request is read as of one change (see ``find_moment``)."""
    if as_of is None:
        return None
    async with store.connection() as connection:
        return await find_moment(connection, as_of, edit=edit)


async def find_moment(connection: Any, as_of: str, *, edit: bool) -> SeenHead:
    """Find the last change that a reader sees at or before a sequence or an instant (RFC 3339).

    What they read as of that change never changes again but for redactions. An instant may mean a later change when it
    is asked for again, if it was not over yet. Raises ``invalid-parameters`` for a sequence beyond the reader's head.
    """
    if as_of.isdecimal():
        head = await head_of(connection, edit=edit)
        sequence = int(as_of)
        if sequence > head.sequence:
            detail = f"The last change that you may see is {head.sequence}."
            fault = Fault(detail, parameter="as_of", suggestion=f"a sequence up to {head.sequence}, or an instant")
            raise problem("invalid-parameters", "There is no such moment yet.", fault)
    else:
        sequence = await connection.fetchval(query("log", "last_by"), read_instant(as_of)) or 0
    row = await connection.fetchrow(query("log", "last_up_to" if edit else "last_public_up_to"), sequence)
    return SeenHead(*row) if row is not None else _BEFORE_ALL


async def head_of(connection: Any, *, edit: bool) -> SeenHead:
    """Look at the head on a connection that is there (see ``seen_head``)."""
    row = await connection.fetchrow(query("log", "seen_head"), edit)
    return SeenHead(*row) if row is not None else _BEFORE_ALL
