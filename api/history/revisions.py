"""The revisions of a record, as a reader sees them, and how each differs from the one before.

A revision is a change seen from its record. With ``edit`` a record has all of them, a discarded draft too; without, it
has those since it came into sight, and the first of these has nothing before it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

import jsonpatch
import msgspec
from msgspec import Meta, Raw

from api.store.cursor import fingerprint, seal, unseal
from api.store.log import wire_time
from api.store.sql import query
from api.store.store import Store
from schema.change import EntityKind
from schema.query import ListQuery

#: How many bytes of contents a page has before it ends, whatever its limit; the last item may go beyond.
MAXIMUM_PAGE_BYTES = 4 * 1024**2
#: How many bytes of documents are compared in one go: 0.02 seconds of work as a rule, ten times that at worst.
_STEP_BYTES = 256 * 1024

_Position = tuple[Annotated[int, Meta(ge=1, le=2**63 - 1)]]


class PastRevision(NamedTuple):
    """A revision as it goes out (see ``schema.revision``); ``patch`` and ``document`` are JSON."""

    revision: int
    sequence: int
    recorded_at: str
    type: str
    author: str
    reason: str | None
    redacted: bool
    patch: Raw | None
    document: Raw | None


async def list_revisions(
    store: Store,
    entity: EntityKind,
    entity_id: str,
    asked: ListQuery,
    *,
    edit: bool,
    maximum_bytes: int = MAXIMUM_PAGE_BYTES,
) -> tuple[list[PastRevision], str | None] | None:
    """Read a page of a record's revisions in their order, and the cursor of the next one.

    None where there is no such record that the reader may see: a page that a cursor leads to is never empty.
    """
    mark = fingerprint("revisions", entity.value, entity_id)
    after = unseal(mark, asked.cursor, _Position)[0] if asked.cursor else 0
    rows = await _fetch(store, "page", entity.value, entity_id, edit, after, asked.limit + 1, maximum_bytes)
    shown = [row for row in rows if row["shown"]][: asked.limit]
    if not shown:
        return None
    more = shown[0]["found"] > len(shown)
    revisions = await _compared([row for row in rows if not row["shown"]], shown)
    return revisions, seal(mark, [shown[-1]["sequence"]]) if more else None


async def find_revision(
    store: Store, entity: EntityKind, entity_id: str, number: int, *, edit: bool
) -> PastRevision | None:
    """Read one revision; None where there is none that the reader may see."""
    rows = await _fetch(store, "one", entity.value, entity_id, edit, number)
    shown = [row for row in rows if row["shown"]]
    return (await _compared([row for row in rows if not row["shown"]], shown))[0] if shown else None


async def _fetch(store: Store, statement: str, *values: Any) -> list[Any]:
    async with store.connection() as connection:
        rows = await connection.fetch(query("revisions", statement), *values)
    return sorted(rows, key=lambda row: row["sequence"])


async def _compared(before: Sequence[Any], shown: Sequence[Any]) -> list[PastRevision]:
    """Compare each revision with the last one before it that has a content; ``before`` has the first one's, if any.

    In threads and in steps, so that others are answered meanwhile, and whoever has left is not worked for.
    """
    held = [row for row in (*before, *shown) if row["document"] is not None]
    patches: dict[int, Raw] = {}
    for step in _steps(held):
        patches |= await asyncio.to_thread(_patches, step)
    return [_revision(row, patches.get(row["sequence"])) for row in shown]


def _steps(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut rows into steps of about the same work, each beginning with the row that the one before ended with."""
    first, size = 0, 0
    for place, row in enumerate(rows):
        size += len(row["document"])
        if place > first and (size >= _STEP_BYTES or place == len(rows) - 1):
            yield rows[first : place + 1]
            first, size = place, 0


def _patches(rows: Sequence[Any]) -> dict[int, Raw]:
    """The patch from each row to the next one, by the sequence of that one."""
    documents = [msgspec.json.decode(row["document"]) for row in rows]
    return {
        row["sequence"]: Raw(msgspec.json.encode(patch_between(*pair)))
        for row, pair in zip(rows[1:], pairwise(documents), strict=True)
    }


def patch_between(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the JSON Patch (RFC 6902) that makes a document of another one (both as JSON is read).

    It is of the whole documents, with what only the store writes, and tells 1 from 1.0. Its size and the time it takes
    grow with the documents, whatever is in them.
    """
    operations: list[dict[str, Any]] = jsonpatch.make_patch(before, after).patch
    return operations


def _revision(row: Any, patch: Raw | None) -> PastRevision:
    recorded_at: datetime = row["recorded_at"]
    document = row["document"]
    return PastRevision(
        revision=row["revision"],
        sequence=row["sequence"],
        recorded_at=wire_time(recorded_at),
        type=row["type"],
        author=row["author"],
        reason=row["reason"],
        redacted=row["written"] and document is None,
        patch=patch,
        document=None if document is None else Raw(document),
    )
