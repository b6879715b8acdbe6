"""Following another store: what everybody may see there, change by change, until both are equal.

The follower keeps the sequences, times and authors of the changes that it is told of, and so answers as the store there
does, about the past as well. Its chain of digests is its own: salts are not told, and what only editors see there is
missing from it. Nobody else writes to it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from api.history.rebuilding import after_changes, before_changes
from api.store.copying import RefusedError, copy_changes
from api.store.log import chained_digest, digest_of_content
from api.store.releases import withdraw_releases
from api.store.sql import query
from schema.bounds import read_instant
from schema.change import EntityKind, LogEntry
from schema.vocabulary import ChangeType

_SALT_BYTES = 16
_NOTHING = b"null"


class FollowError(Exception):
    """A store can't be followed any further; the text says why, for whoever runs the command."""


class FollowedChange(Struct, frozen=True, kw_only=True):
    """A change as ``GET /v1/changes`` tells it; ``document`` is kept byte for byte."""

    entity: EntityKind
    id: str
    sequence: int
    recorded_at: str
    revision: int
    type: ChangeType
    author: str
    reason: str | None
    redacted: bool
    redacts: list[int]
    document: Raw


class _Draft(Struct):
    """As much of a document as tells whether everybody may see it."""

    state: str | None = None


async def followed_head(connection: Any) -> int:
    """How far a store has come in following another one: the sequence of the last change.

    Raises ``FollowError`` if it has a history of its own. Whether it is the same store that it is to follow further,
    perhaps under another address, is for the caller to find out (``is_known``).
    """
    head = await connection.fetchrow(query("log", "head"))
    if head["follows"] is None and head["sequence"] != 0:
        raise FollowError(
            f"This store has {head['sequence']:,} changes of its own. Follow another one with an empty store."
        )
    sequence: int = head["sequence"]
    return sequence


async def is_known(connection: Any, change: FollowedChange) -> bool:
    """Whether this very change is in the log."""
    row = await connection.fetchrow(query("following", "change"), change.sequence)
    known = (change.entity.value, change.id, change.revision, change.type.value, read_instant(change.recorded_at))
    return row is not None and tuple(row) == known


async def apply(connection: Any, origin: str, changes: Sequence[FollowedChange]) -> None:
    """Take over changes, which are in the order of the store there; those that are here already are passed over.

    As the owner of the tables: all of them or, on any error, none. Raises ``FollowError`` for what everybody does not
    see there, and for what this version can't read.
    """
    async with connection.transaction():
        head = await connection.fetchrow(query("log", "lock_head"))
        since = await followed_head(connection)
        new = [change for change in changes if change.sequence > since]
        if not new:
            return
        _refuse_what_is_not_public(new)
        records: dict[EntityKind, set[str]] = {}
        for change in new:
            records.setdefault(change.entity, set()).add(change.id)
        before = await before_changes(connection, records)
        digest = await _append(connection, head["digest"], new)
        last = new[-1]
        await connection.execute(query("following", "follow"), origin)
        await connection.execute(
            query("archive", "set_head"), last.sequence, last.sequence, read_instant(last.recorded_at), digest
        )
        for change in new:
            if change.redacts:
                await connection.execute(query("redaction", "delete_contents"), change.id, change.redacts)
                await withdraw_releases(connection, change.entity, change.id, change.reason or "")
        try:
            await after_changes(connection, before)
        except RefusedError as error:
            raise FollowError(f"What the store there tells contradicts itself: {error}.") from error


def _refuse_what_is_not_public(changes: Sequence[FollowedChange]) -> None:
    for change in changes:
        draft = msgspec.json.decode(change.document, type=_Draft | None)
        if change.type is ChangeType.DISCARD or (draft is not None and draft.state == "draft"):
            raise FollowError(
                f"Change {change.sequence} is one of a draft, which would be in the open here. Follow with a token that"
                " only reads."
            )


async def _append(connection: Any, digest: bytes, changes: Sequence[FollowedChange]) -> bytes:
    """Add changes to the log, chained to a digest; gives the digest of the last one."""
    rows = []
    for change in changes:
        salt, document = secrets.token_bytes(_SALT_BYTES), bytes(change.document)
        gone = change.redacted
        entry = LogEntry(
            sequence=change.sequence,
            recorded_at=read_instant(change.recorded_at),
            entity=change.entity,
            entity_id=change.id,
            revision=change.revision,
            type=change.type,
            public_type=change.type,
            author=change.author,
            # Of what has been redacted by now, nothing is told: its digest is one of nothing.
            content_digest=hashlib.sha256(salt).digest()
            if gone
            else digest_of_content(salt, msgspec.json.decode(document), change.reason),
            redacts=tuple(change.redacts) if change.type is ChangeType.REDACTION else None,
        )
        digest = chained_digest(digest, entry)
        rows.append(
            {
                **{name: getattr(entry, name) for name in entry.__struct_fields__},
                "entity": entry.entity.value,
                "type": change.type.value,
                "public_type": change.type.value,
                "redacts": None if entry.redacts is None else list(entry.redacts),
                "digest": digest,
                "salt": salt,
                "reason": change.reason,
                "document": None if gone else document,
            }
        )
    try:
        await copy_changes(connection, rows)
    except RefusedError as error:
        raise FollowError(f"What the store there tells can't be taken over: {error}.") from error
    return digest
