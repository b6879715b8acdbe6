"""Actors: who plays a role, under every name they are known by."""

from typing import Any

from msgspec import structs

from api.store.actor_rows import folded_names, write_rows
from api.store.cursor import fingerprint
from api.store.editing import (
    Expected,
    Kind,
    Stored,
    Written,
    answer_written,
    checked,
    edit_record,
    record,
)
from api.store.exposing import expose
from api.store.log import Writing, writing
from api.store.memberships import cycles
from api.store.reading import ListedById, Record, bookmark_of, fetch_record, list_by_id
from api.store.references import find_actors, suggest_actors
from api.store.sql import query
from api.store.store import Store
from schema.actor import Actor, ActorIn, Membership
from schema.change import EntityKind
from schema.editing import Edit
from schema.problem import body_problem, problem
from schema.query import RecordQuery
from schema.text import Slug
from schema.validation import Flaw, Reading, read
from schema.vocabulary import ChangeType


async def get_actor(store: Store, actor_id: str, *, edit: bool, as_of: int | None = None) -> Record | None:
    """Read an actor; None where there is none that the reader may see."""
    async with store.connection() as connection:
        return await fetch_record(connection, "page_of_actor", as_of=as_of, id=actor_id, edit=edit)


async def list_actors(store: Store, asked: RecordQuery, *, edit: bool) -> ListedById:
    """Read a page of actors in the order of their ids."""
    mark = fingerprint("actors", asked.as_of)
    after, as_of = await bookmark_of(store, mark, asked, Slug, "", edit=edit)
    fragment = "page_of_actors" if as_of is None else "page_of_actors_then"
    return await list_by_id(store, fragment, mark, asked.limit, as_of=as_of, after=after, edit=edit)


async def create_actor(store: Store, author: str, body: dict[str, Any]) -> Record:
    """Create an actor that is in sight at once."""
    reading = read(body, ActorIn)
    async with store.connection() as connection:
        content = await prepare_actor(connection, reading)
        async with writing(connection, author) as write:
            if await connection.fetchrow(query("records", "actor"), content.id) is not None:
                raise problem("conflict", f"There is an actor with the id {content.id} already.")
            made = await insert_actor(write, content, public=True)
        return await answer_written(connection, made)


async def edit_actor(
    store: Store,
    author: str,
    actor_id: str,
    body: dict[str, Any],
    expected: Expected,
    *,
    patch: bool,
) -> Record | None:
    """Replace or patch an actor; None where there is none."""
    return await edit_record(store, author, KIND, actor_id, body, expected, patch=patch)


async def insert_actor(write: Writing, content: ActorIn, *, public: bool) -> Written:
    """Write a new actor with its names; memberships must be ids already."""
    await _refuse_shadowing(write, content)
    if public:
        await expose(write, _mentioned(content))
    actor = Actor(
        **structs.asdict(content),
        revision=1,
        sequence=write.take(),
        created_at=write.time,
        updated_at=write.time,
    )
    encoded = record(
        write, EntityKind.ACTOR, actor, 1, type=ChangeType.CREATE, public_type=ChangeType.CREATE if public else None
    )
    await write.connection.execute(query("records", "insert_actor"), *row_of(actor, public, encoded))
    await write_rows(write, actor, actor.sequence, new=True)
    return written(actor, 1, encoded)


async def _update(write: Writing, stored: Stored, content: ActorIn, edit: Edit) -> Written:
    await _refuse_shadowing(write, content)
    if flaws := await cycles(write.connection, content, stored):
        raise body_problem(flaws)
    if stored.public:
        await expose(write, _mentioned(content))
    actor = Actor(
        **structs.asdict(content),
        revision=stored.revision + 1,
        sequence=write.take(),
        created_at=stored.document["created_at"],
        updated_at=write.time,
    )
    change = ChangeType(edit.change.type)
    encoded = record(
        write,
        EntityKind.ACTOR,
        actor,
        actor.revision,
        type=change,
        public_type=change if stored.public else None,
        reason=edit.change.reason,
    )
    await write.connection.execute(query("records", "update_actor"), *row_of(actor, stored.public, encoded))
    await write_rows(write, actor, actor.sequence, new=False)
    return written(actor, actor.revision, encoded)


def written(content: ActorIn, revision: int, encoded: bytes) -> Written:
    """A revision of an actor as what an answer gives."""
    return Written(content.id, revision, _mentioned(content), [], encoded)


def row_of(actor: Actor, public: bool, encoded: bytes) -> tuple[Any, ...]:
    """Its current row, as the statements that write it take it: whether it is in sight, and its bytes."""
    return (
        actor.id,
        actor.revision,
        public,
        actor.name,
        actor.kind,
        actor.reliability,
        _mentioned(actor),
        actor.sequence,
        actor.merged_into,
        encoded,
    )


def _mentioned(content: ActorIn) -> list[str]:
    named = {membership.actor for membership in (*content.part_of, *content.member_of)}
    if isinstance(content, Actor) and content.merged_into is not None:
        named.add(content.merged_into)
    return sorted(named)


async def prepare_actor(
    connection: Any, reading: Reading[ActorIn], edit: Edit | None = None, stored: Stored | None = None
) -> ActorIn:
    """Put ids for the names in memberships; raises with everything that is wrong, or for one that has been merged."""
    if stored is not None and stored.document.get("merged_into") is not None:
        target = stored.document["merged_into"]
        raise problem(
            "conflict",
            f"This actor has been merged into {target}: change that one, or unmerge this one first"
            f" (POST /v1/actors/{stored.id}/unmerge).",
        )
    content = reading.value
    named = [membership.actor for membership in (*content.part_of, *content.member_of)]
    found = await suggest_actors(connection, await find_actors(connection, named, edit=True), edit=True)
    held = _memberships_of(stored)
    flaws: list[Flaw] = []
    resolved: dict[str, list[Membership]] = {}
    for member in ("part_of", "member_of"):
        memberships: list[Membership] = getattr(content, member)
        for index, membership in enumerate(memberships):
            flaw = found[membership.actor].flaw(f"/{member}/{index}/actor", membership.actor)
            if flaw is None and found[membership.actor].kept(held) == content.id:
                flaw = Flaw(f"/{member}/{index}/actor", "An actor cannot belong to itself.")
            flaws += [flaw] if flaw else []
        resolved[member] = [
            structs.replace(membership, actor=found[membership.actor].kept(held)) for membership in memberships
        ]
    if not flaws:
        flaws += await cycles(connection, structs.replace(content, **resolved), stored)
    flaws += await _shadowing(connection, content)
    return structs.replace(checked(reading, edit, flaws), **resolved)


def _memberships_of(stored: Stored | None) -> set[str]:
    if stored is None:
        return set()
    return {membership["actor"] for member in ("part_of", "member_of") for membership in stored.document[member]}


async def _refuse_shadowing(write: Writing, content: ActorIn) -> None:
    """Look again now that nobody else can write."""
    flaws = await _shadowing(write.connection, content)
    if flaws:
        raise body_problem(flaws)


async def _shadowing(connection: Any, content: ActorIn) -> list[Flaw]:
    """An id always means its own actor: no other actor's name may equal it."""
    names = folded_names(content)
    shadowed = {
        row[0] for row in await connection.fetch(query("references", "ids_named_like"), list(names), content.id)
    }
    flaws = [
        Flaw(pointer, f"This name is the id of another actor, {name!r}.", "another name, or none")
        for name, pointer in names.items()
        if name in shadowed
    ]
    if shadowed - names.keys():
        owner = ", ".join(sorted(shadowed - names.keys()))
        flaws.append(Flaw("/id", f"This id is a name of another actor, {owner}.", "another id"))
    return flaws


KIND = Kind(ActorIn, query("records", "actor"), prepare_actor, written, _update)
