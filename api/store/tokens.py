"""Tokens: 256 random bits each, of which the store keeps only a digest."""

import hashlib
import secrets
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from api.store.identity import new_id
from api.store.sql import query
from api.store.store import Store

_PREFIX = "dateline_"
_MAXIMUM_LENGTH = 200


class Token(NamedTuple):
    """A token as it is kept: everything but the token itself."""

    id: UUID
    owner: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


async def find_token(store: Store, token: str) -> Token | None:
    """Find a token that is in force."""
    if not token.startswith(_PREFIX) or len(token) > _MAXIMUM_LENGTH:
        return None
    async with store.connection() as connection:
        row = await connection.fetchrow(query("tokens", "find"), _digest(token))
    return Token(**row) if row else None


async def is_in_force(store: Store, token_id: UUID) -> bool:
    """Say whether a token that was found before has neither been revoked nor expired since."""
    async with store.connection() as connection:
        return bool(await connection.fetchval(query("tokens", "in_force"), token_id))


async def create_token(connection: Any, owner: str, scopes: list[str], expires_at: datetime | None) -> str:
    """Make a token and give it; this is the only time that it can be seen. Needs the owner role."""
    token = _PREFIX + secrets.token_urlsafe(32)
    await connection.execute(query("tokens", "create"), new_id(), owner, scopes, _digest(token), expires_at)
    return token


async def list_tokens(connection: Any) -> list[Token]:
    """List all tokens, newest first, those that are no longer in force included."""
    return [Token(**row) for row in await connection.fetch(query("tokens", "list"))]


async def revoke_token(connection: Any, token_id: UUID) -> bool:
    """Revoke a token at once; False if there is none of that id in force. Needs the owner role."""
    return await connection.fetchval(query("tokens", "revoke"), token_id) is not None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
