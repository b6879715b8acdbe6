"""Merging actors that have turned out to be one, and undoing it.

Only the record of the one that is merged is written: events, sources and memberships go on holding what was written,
and whoever reads puts the one for the other. It is never more than one step from any actor to the one that stands for
it: who was merged into an actor that is merged itself goes along.
"""

from typing import Any

import msgspec
from msgspec import structs

from api.store import actors
from api.store.editing import (
    Expected,
    Stored,
    Written,
    answer_written,
    check_expected,
    checked,
    current_row,
    record,
)
from api.store.exposing import expose
from api.store.log import Writing, writing
from api.store.memberships import belongs_to
from api.store.reading import Record
from api.store.references import find_actors, suggest_actors
from api.store.sql import query
from api.store.store import Store
from schema.actor import MAXIMUM_MERGED, Actor, MergerIn, UnmergerIn
from schema.change import EntityKind
from schema.problem import Fault, problem
from schema.validation import read
from schema.vocabulary import ChangeType
from schema.wire import decode_hook


class _Merged(msgspec.Struct):
    """The only member of an actor's document that tells whether it has been merged."""

    merged_into: str | None = None


def merged_into(actor: Record) -> str | None:
    """The actor that stands for one that was read; None if it stands for itself."""
    return msgspec.json.decode(actor.document, type=_Merged).merged_into


async def merge_actor(
    store: Store, author: str, actor_id: str, body: dict[str, Any], expected: Expected
) -> Record | None:
    """Merge an actor into another one, or into whom that one is merged into; None where there is no such actor.

    Raises ``conflict`` if they are one already, and ``too-many-merged``.
    """
    async with store.connection() as connection:
        seen = await _seen(connection, actor_id, expected)
        if seen is None:
            return None
        reading = read(body, MergerIn)
        into = reading.value.into
        found = (await suggest_actors(connection, await find_actors(connection, [into], edit=True), edit=True))[into]
        flaw = found.flaw("/into", into)
        asked = checked(reading, None, [flaw] if flaw is not None else [])
        assert found.id is not None
        async with writing(connection, author) as write:
            merged = await current_row(connection, actors.KIND, seen, actor_id)
            target = await _standing(connection, found.id)
            _refuse_same(merged, target)
            rows = await connection.fetch(query("records", "merged_actors"), actor_id)
            along = [Stored.of(row) for row in rows]
            await _refuse_too_many(connection, target, 1 + len(along))
            await _refuse_cycle(connection, [actor_id, *(one.id for one in along)], target)
            if any(one.public for one in (merged, *along)):
                await expose(write, [target])
            # The others first, so that at no change anybody is merged into one who is merged.
            for one in along:
                await _write(write, one, target, ChangeType.MERGE, asked.change.reason)
            written = await _write(write, merged, target, ChangeType.MERGE, asked.change.reason)
        return await answer_written(connection, written)


async def unmerge_actor(
    store: Store, author: str, actor_id: str, body: dict[str, Any], expected: Expected
) -> Record | None:
    """Have an actor stand for itself again; None where there is no such actor. Who was merged with it stays merged."""
    async with store.connection() as connection:
        seen = await _seen(connection, actor_id, expected)
        if seen is None:
            return None
        asked = checked(read(body, UnmergerIn))
        if _target_of(seen) is None:
            raise problem("conflict", "This actor is not merged into another one.")
        async with writing(connection, author) as write:
            merged = await current_row(connection, actors.KIND, seen, actor_id)
            written = await _write(write, merged, None, ChangeType.UNMERGE, asked.change.reason)
        return await answer_written(connection, written)


async def _seen(connection: Any, actor_id: str, expected: Expected) -> Stored | None:
    row = await connection.fetchrow(actors.KIND.current, actor_id)
    if row is None:
        return None
    check_expected(expected, row["revision"])
    return Stored.of(row)


def _target_of(stored: Stored) -> str | None:
    target: str | None = stored.document.get("merged_into")
    return target


async def _standing(connection: Any, actor_id: str) -> str:
    """Whom an actor stands for now that nobody else can write: it may have been merged since its name was looked up."""
    row = await connection.fetchrow(actors.KIND.current, actor_id)
    return _target_of(Stored.of(row)) or actor_id


def _refuse_same(merged: Stored, target: str) -> None:
    before = _target_of(merged)
    if before is not None:
        raise problem("conflict", f"This actor has been merged into {before} already. Unmerge it first.")
    if target == merged.id:
        detail = f"This is {target} itself, or has been merged into it."
        raise problem(
            "conflict",
            "An actor cannot be merged into itself.",
            Fault(detail, pointer="/into", suggestion="another actor"),
        )


async def _refuse_too_many(connection: Any, target: str, more: int) -> None:
    already = len(await connection.fetch(query("records", "merged_actors"), target))
    if already + more > MAXIMUM_MERGED:
        raise problem(
            "too-many-merged",
            f"At most {MAXIMUM_MERGED} actors can be merged into one. {already} are merged into {target} already,"
            f" and this would add {more}.",
        )


async def _refuse_cycle(connection: Any, merged: list[str], target: str) -> None:
    """Of two actors that are to be one, neither may belong to the other."""
    for below, above in ((merged, [target]), ([target], merged)):
        if await belongs_to(connection, below, above):
            detail = f"{below[0]} belongs to {above[0]}, and would belong to itself."
            raise problem(
                "conflict",
                "An actor cannot be merged with one that it belongs to, or that belongs to it.",
                Fault(detail, pointer="/into", suggestion="another actor, or take the membership away first"),
            )


async def _write(write: Writing, stored: Stored, target: str | None, change: ChangeType, reason: str | None) -> Written:
    """Write the next revision of an actor, in which nothing else is changed."""
    actor = structs.replace(
        msgspec.json.decode(stored.encoded, type=Actor, dec_hook=decode_hook),
        revision=stored.revision + 1,
        sequence=write.take(),
        updated_at=write.time,
        merged_into=target,
    )
    encoded = record(
        write,
        EntityKind.ACTOR,
        actor,
        actor.revision,
        type=change,
        public_type=change if stored.public else None,
        reason=reason,
    )
    await write.connection.execute(query("records", "update_actor"), *actors.row_of(actor, stored.public, encoded))
    return actors.written(actor, actor.revision, encoded)
