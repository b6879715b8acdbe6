"""Writing events. ``preparing`` finds every fault first; what is here runs while the head is held."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from api.store.editing import (
    Expected,
    answer_written,
    check_expected,
    checked,
    same_content,
    stale,
)
from api.store.event_writing import Current, Plan, current_event, ids_taken, recorded, save, with_kept_ids, write_event
from api.store.exposing import expose
from api.store.identity import new_id
from api.store.indexing import Change as IndexChange
from api.store.indexing import reindex
from api.store.log import Writing, writing
from api.store.preparing import Prepared, prepare
from api.store.reading import Record
from api.store.sql import query
from api.store.store import Store
from api.store.terms import related_term
from schema.change import EntityKind, RestorationIn, RetractionIn
from schema.editing import edit_of
from schema.event import Event, EventIn
from schema.problem import Fault, body_problem, problem
from schema.validation import Flaw, read
from schema.vocabulary import ChangeType, State
from schema.wire import decode_hook

_WRITABLE = set(EventIn.__struct_fields__)


async def create_event(store: Store, author: str, body: dict[str, Any]) -> Record:
    """Create an event; its new sources are created with it."""
    async with store.connection() as connection:
        reading = read(body, EventIn)
        prepared, flaws = await prepare(connection, reading.value, reading.value.id)
        checked(reading, None, flaws)
        async with writing(connection, author) as write:
            event_id = prepared.content.id or new_id()
            if await ids_taken(connection, [event_id]):
                raise problem(
                    "conflict",
                    f"The id {event_id} is taken.",
                    Fault(pointer="/id", detail="This id is taken.", suggestion="leave it out"),
                )
            written = await write_event(write, Plan(event_id, None, prepared, ChangeType.CREATE))
        return await answer_written(connection, written)


async def edit_event(
    store: Store,
    author: str,
    event_id: UUID,
    body: dict[str, Any],
    expected: Expected,
    *,
    patch: bool,
) -> Record | None:
    """Replace or patch an event; None where there is none. What changes nothing makes no revision."""
    async with store.connection() as connection:
        current = await current_event(connection, event_id)
        if current is None:
            return None
        check_expected(expected, current.stored.revision)
        if current.event.state is State.RETRACTED:
            raise problem("conflict", "This event is retracted. Restore it before changing it.")
        edit = edit_of(current.stored.document, body, EventIn, patch=patch)
        # Publishing cannot be undone, so it has to be said: a state that is left out stays.
        edit.content.setdefault("state", current.event.state.value)
        reading = read(edit.content, EventIn)
        prepared, flaws = await prepare(connection, reading.value, event_id, current.event)
        if current.event.state is State.PUBLISHED and prepared.content.state is State.DRAFT:
            flaws.append(Flaw("/state", "What was published cannot be a draft again.", "retract it instead"))
        checked(reading, edit, flaws)
        prepared = prepared._replace(
            content=structs.replace(prepared.content, citations=with_kept_ids(prepared.content, current.event))
        )
        if not prepared.new and same_content(current.stored, prepared.content):
            return await answer_written(connection, current.written)
        async with writing(connection, author) as write:
            current = await _unchanged(write, current)
            change = ChangeType(edit.change.type)
            written = await write_event(write, Plan(event_id, current, prepared, change, edit.change.reason))
        return await answer_written(connection, written)


async def retract_event(
    store: Store, author: str, event_id: UUID, body: dict[str, Any], expected: Expected
) -> Record | None:
    """Take a published event back, with the reason; it stays readable."""
    async with store.connection() as connection:
        current = await current_event(connection, event_id)
        if current is None:
            return None
        check_expected(expected, current.stored.revision)
        retraction = checked(read(body, RetractionIn)).change
        if current.event.state is not State.PUBLISHED:
            hint = "discard the draft" if current.event.state is State.DRAFT else "it is retracted already"
            raise problem("conflict", f"Only a published event can be retracted: {hint}.")
        async with writing(connection, author) as write:
            current = await _unchanged(write, current)
            actors = await _mentioned(write, current)
            event = _revised(write, current, state=State.RETRACTED, retraction=retraction.reason)
            revision = recorded(
                write, event, current, actors, current.sources, ChangeType.RETRACTION, retraction.reason
            )
            written = (await save(write, [revision]))[0]
        return await answer_written(connection, written)


async def restore_event(
    store: Store, author: str, event_id: UUID, body: dict[str, Any], expected: Expected
) -> Record | None:
    """End a retraction or, with a revision's number, write that revision's content as a new one.

    A content that is the present one already makes no revision.
    """
    async with store.connection() as connection:
        current = await current_event(connection, event_id)
        if current is None:
            return None
        check_expected(expected, current.stored.revision)
        asked = checked(read(body, RestorationIn))
        reason = asked.change.reason
        if asked.revision is not None:
            prepared = await _prepared_revision(connection, current, asked.revision)
            if same_content(current.stored, prepared.content):
                return await answer_written(connection, current.written)
            async with writing(connection, author) as write:
                current = await _unchanged(write, current)
                written = await write_event(write, Plan(event_id, current, prepared, ChangeType.RESTORE, reason))
        elif current.event.state is not State.RETRACTED:
            raise problem(
                "conflict",
                "This event is not retracted.",
                Fault(pointer="/revision", detail="To go back to an earlier content, name its revision."),
            )
        else:
            async with writing(connection, author) as write:
                current = await _unchanged(write, current)
                actors = await _mentioned(write, current)
                event = _revised(write, current, state=State.PUBLISHED, retraction=None)
                revision = recorded(write, event, current, actors, current.sources, ChangeType.RESTORE, reason)
                written = (await save(write, [revision]))[0]
        return await answer_written(connection, written)


async def discard_draft(store: Store, author: str, event_id: UUID, expected: Expected) -> bool | None:
    """Discard a draft; None where there is no such event. Its revisions stay in the log, for editors."""
    async with store.connection() as connection:
        current = await current_event(connection, event_id)
        if current is None:
            return None
        check_expected(expected, current.stored.revision)
        if current.event.state is not State.DRAFT:
            raise problem("conflict", "Only drafts can be discarded. Retract a published event instead.")
        async with writing(connection, author) as write:
            current = await _unchanged(write, current)
            if await connection.fetchval(query("events", "related_events"), related_term(event_id)):
                raise problem("conflict", "Other drafts name this one in a relation. Change those first.")
            sequence = write.take()
            write.record(
                EntityKind.EVENT,
                str(event_id),
                current.stored.revision + 1,
                type=ChangeType.DISCARD,
                public_type=None,
            )
            await reindex(connection, [IndexChange(current.event, None, sequence)])
            await connection.execute(query("events", "delete"), event_id, sequence)
        return True


async def _prepared_revision(connection: Any, current: Current, number: int) -> Prepared:
    """An earlier revision's content, ready to be written again in the event's present visibility."""
    row = await connection.fetchrow(query("log", "revision_content"), EntityKind.EVENT.value, current.stored.id, number)
    if row is None or not row["written"]:
        raise body_problem([Flaw("/revision", f"There is no revision {number} of this event with a content.")])
    if row["document"] is None:
        raise body_problem([Flaw("/revision", f"The content of revision {number} was deleted, for reasons of law.")])
    document = msgspec.json.decode(row["document"])
    state = State.DRAFT if current.event.state is State.DRAFT else State.PUBLISHED
    content = {name: value for name, value in document.items() if name in _WRITABLE} | {"state": state}
    stored = msgspec.json.decode(row["document"], type=Event, dec_hook=decode_hook)
    reading = read(content, EventIn)
    prepared, flaws = await prepare(connection, reading.value, current.event.id, stored)
    _refuse_revision(number, reading.flaws + flaws)
    return prepared


def _refuse_revision(number: int, flaws: list[Flaw]) -> None:
    """Name what keeps a revision from being restored: the body of the request has only its number."""
    if flaws:
        raise body_problem([Flaw("/revision", f"Revision {number} can't be restored: {f.detail}") for f in flaws])


async def _mentioned(write: Writing, current: Current) -> list[str]:
    """Every actor that the event names by its id, those included that have come in since it was last edited.

    So the row follows from the log alone, as it does when an event is edited.
    """
    named = {name for citation in current.event.citations for name in citation.attribution} - set(current.actors)
    rows = await write.connection.fetch(query("records", "actors_known"), list(named)) if named else []
    new = [row["id"] for row in rows]
    await expose(write, new)
    return sorted([*current.actors, *new])


def _revised(write: Writing, current: Current, **members: Any) -> Event:
    """The current event in a new revision with other members."""
    return structs.replace(
        current.event,
        revision=current.stored.revision + 1,
        sequence=write.take(),
        updated_at=write.time,
        **members,
    )


async def _unchanged(write: Writing, seen: Current) -> Current:
    """Read the event again now that nobody else can write; raise if it is not the one that was seen."""
    current = await current_event(write.connection, UUID(seen.stored.id))
    if current is None:
        raise problem("not-found", "This event has been discarded meanwhile.")
    if current.stored.revision != seen.stored.revision:
        raise stale(current.stored.revision)
    return current
