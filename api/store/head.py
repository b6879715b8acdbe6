"""How far the log has come, as a reader sees it."""

from datetime import UTC, datetime
from typing import NamedTuple

from api.store.log import FIRST_DIGEST
from api.store.sql import query
from api.store.store import Store


class SeenHead(NamedTuple):
    """The last change that a reader may see, the digest over everything up to it, and when it was made."""

    sequence: int
    digest: bytes
    recorded_at: datetime


async def seen_head(store: Store, *, edit: bool) -> SeenHead:
    """Look at the head. Without ``edit`` it stands still while drafts are written, and so gives nothing of them away.

    The digest covers drafts before the change too, but is that of a change that the reader sees, and is salted.
    """
    async with store.connection() as connection:
        row = await connection.fetchrow(query("log", "seen_head"), edit)
    if row is None:
        return SeenHead(0, FIRST_DIGEST, datetime.fromtimestamp(0, UTC))
    return SeenHead(row["sequence"], row["digest"], row["recorded_at"])
