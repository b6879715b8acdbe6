"""Writing events. ``preparing`` finds every fault first; what is here runs while the head is held."""

from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Range
from msgspec import structs

from api.store.editing import (
    Expected,
    Stored,
    Written,
    answer_written,
    check_expected,
    checked,
    record,
    same_content,
    stale,
)
from api.store.identity import new_id
from api.store.log import Writing, writing
from api.store.preparing import Prepared, another_source, prepare, relation_flaws
from api.store.reading import Record
from api.store.references import KnownSource, sources_by_id, sources_by_identity
from api.store.sources import insert_source
from api.store.sql import query
from api.store.store import Store
from api.store.terms import Indexed, reindex, related_term
from schema.assessment import count_evidence
from schema.change import EntityKind, RestorationIn, RetractionIn
from schema.citation import Citation
from schema.editing import edit_of
from schema.event import Event, EventIn, When
from schema.problem import Fault, body_problem, problem
from schema.validation import Flaw, read
from schema.vocabulary import ChangeType, State
from schema.wire import decode_hook

_WRITABLE = set(EventIn.__struct_fields__)


class Current(NamedTuple):
    """The current row of an event, as a writer needs it."""

    stored: Stored
    event: Event
    actors: list[str]
    sources: list[UUID]

    @property
    def written(self) -> Written:
        """It as what an answer gives."""
        return Written(self.stored.id, self.stored.revision, self.actors, self.sources, self.stored.encoded)


async def create_event(store: Store, author: str, body: dict[str, Any]) -> Record:
    """Create an event; its new sources are created with it."""
    async with store.connection() as connection:
        reading = read(body, EventIn)
        prepared, flaws = await prepare(connection, reading.value)
        checked(reading, None, flaws)
        async with writing(connection, author) as write:
            event_id = prepared.content.id or new_id()
            if await connection.fetchval(query("log", "is_known"), EntityKind.EVENT.value, str(event_id)):
                raise problem(
                    "conflict",
                    f"The id {event_id} is taken.",
                    Fault(pointer="/id", detail="This id is taken.", suggestion="leave it out"),
                )
            written = await _write(write, event_id, None, prepared, ChangeType.CREATE)
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
        current = await _current(connection, event_id)
        if current is None:
            return None
        check_expected(expected, current.stored.revision)
        if current.event.state is State.RETRACTED:
            raise problem("conflict", "This event is retracted. Restore it before changing it.")
        edit = edit_of(current.stored.document, body, EventIn, patch=patch)
        reading = read(edit.content, EventIn)
        prepared, flaws = await prepare(connection, reading.value, current.event.citations)
        if current.event.state is State.PUBLISHED and prepared.content.state is State.DRAFT:
            flaws.append(Flaw("/state", "What was published cannot be a draft again.", "retract it instead"))
        checked(reading, edit, flaws)
        prepared = prepared._replace(
            content=structs.replace(prepared.content, citations=_with_kept_ids(prepared.content, current.event))
        )
        if not prepared.new and same_content(current.stored, prepared.content):
            return await answer_written(connection, current.written)
        async with writing(connection, author) as write:
            current = await _unchanged(write, current)
            change = ChangeType(edit.change.type)
            written = await _write(write, event_id, current, prepared, change, edit.change.reason)
        return await answer_written(connection, written)


async def retract_event(
    store: Store, author: str, event_id: UUID, body: dict[str, Any], expected: Expected
) -> Record | None:
    """Take a published event back, with the reason; it stays readable."""
    async with store.connection() as connection:
        current = await _current(connection, event_id)
        if current is None:
            return None
        check_expected(expected, current.stored.revision)
        retraction = checked(read(body, RetractionIn)).change
        if current.event.state is not State.PUBLISHED:
            hint = "discard the draft" if current.event.state is State.DRAFT else "it is retracted already"
            raise problem("conflict", f"Only a published event can be retracted: {hint}.")
        async with writing(connection, author) as write:
            current = await _unchanged(write, current)
            event = _revised(write, current, state=State.RETRACTED, retraction=retraction.reason)
            written = await _save(
                write,
                event,
                current,
                current.actors,
                current.sources,
                ChangeType.RETRACTION,
                retraction.reason,
            )
        return await answer_written(connection, written)


async def restore_event(
    store: Store, author: str, event_id: UUID, body: dict[str, Any], expected: Expected
) -> Record | None:
    """End a retraction or, with a revision's number, write that revision's content as a new one."""
    async with store.connection() as connection:
        current = await _current(connection, event_id)
        if current is None:
            return None
        check_expected(expected, current.stored.revision)
        asked = checked(read(body, RestorationIn))
        reason = asked.change.reason
        if asked.revision is not None:
            prepared = await _prepared_revision(connection, current, asked.revision)
            async with writing(connection, author) as write:
                current = await _unchanged(write, current)
                written = await _write(write, event_id, current, prepared, ChangeType.RESTORE, reason)
        elif current.event.state is not State.RETRACTED:
            raise problem(
                "conflict",
                "This event is not retracted.",
                Fault(pointer="/revision", detail="To go back to an earlier content, name its revision."),
            )
        else:
            async with writing(connection, author) as write:
                current = await _unchanged(write, current)
                event = _revised(write, current, state=State.PUBLISHED, retraction=None)
                written = await _save(
                    write, event, current, current.actors, current.sources, ChangeType.RESTORE, reason
                )
        return await answer_written(connection, written)


async def discard_draft(store: Store, author: str, event_id: UUID, expected: Expected) -> bool | None:
    """Discard a draft; None where there is no such event. Its revisions stay in the log, for editors."""
    async with store.connection() as connection:
        current = await _current(connection, event_id)
        if current is None:
            return None
        check_expected(expected, current.stored.revision)
        if current.event.state is not State.DRAFT:
            raise problem("conflict", "Only drafts can be discarded. Retract a published event instead.")
        async with writing(connection, author) as write:
            current = await _unchanged(write, current)
            if await connection.fetchval(query("events", "related_events"), related_term(event_id)):
                raise problem("conflict", "Other drafts name this one in a relation. Change those first.")
            write.take()
            write.record(
                EntityKind.EVENT,
                str(event_id),
                current.stored.revision + 1,
                type=ChangeType.DISCARD,
                public_type=None,
            )
            await reindex(connection, event_id, Indexed.of(current.event), None)
            await connection.execute(query("events", "delete"), event_id)
        return True


async def _prepared_revision(connection: Any, current: Current, number: int) -> Prepared:
    """An earlier revision's content, ready to be written again in the event's present visibility."""
    row = await connection.fetchrow(query("log", "revision_content"), EntityKind.EVENT.value, current.stored.id, number)
    if row is None:
        raise body_problem([Flaw("/revision", f"There is no content of a revision {number} of this event.")])
    document = msgspec.json.decode(row["document"])
    state = State.DRAFT if current.event.state is State.DRAFT else State.PUBLISHED
    content = {name: value for name, value in document.items() if name in _WRITABLE} | {"state": state}
    stored = msgspec.json.decode(row["document"], type=Event, dec_hook=decode_hook)
    reading = read(content, EventIn)
    prepared, flaws = await prepare(connection, reading.value, stored.citations)
    _refuse_revision(number, reading.flaws + flaws)
    return prepared


def _refuse_revision(number: int, flaws: list[Flaw]) -> None:
    """Name what keeps a revision from being restored: the body of the request has only its number."""
    if flaws:
        raise body_problem([Flaw("/revision", f"Revision {number} can't be restored: {f.detail}") for f in flaws])


async def _write(
    write: Writing,
    event_id: UUID,
    current: Current | None,
    prepared: Prepared,
    change: ChangeType,
    reason: str | None = None,
) -> Written:
    """Write a prepared content as a new revision, its new sources before it."""
    content = prepared.content
    # What was there when the content was prepared may have been discarded since.
    flaws = await relation_flaws(write.connection, content)
    if flaws:
        raise body_problem(flaws)
    public = content.state is not State.DRAFT
    # Nor need a publisher be who it was then.
    sources = {source.id: source for source, _ in (await sources_by_id(write.connection, prepared.known)).values()}
    created = await _create_sources(write, prepared, public=public)
    sources.update({source.id: source for source in created.values()})
    citations = [
        Citation(
            **{
                **structs.asdict(citation),
                "id": citation.id or new_id(),
                "source": created[index].id if index in created else citation.source,
            }
        )
        for index, citation in enumerate(content.citations)
    ]
    publishers = {source.id: source.publisher for source in sources.values()}
    if public:
        await _expose(write, prepared.mentioned, publishers)
    event = Event(
        **{**structs.asdict(content), "id": event_id, "citations": citations},
        when=When.of(content.date),
        evidence=count_evidence(citations, publishers),
        revision=current.stored.revision + 1 if current else 1,
        sequence=write.take(),
        created_at=current.event.created_at if current else write.time,
        updated_at=write.time,
        published_at=((current.event.published_at if current else None) or write.time) if public else None,
    )
    return await _save(write, event, current, prepared.mentioned, sorted(sources), change, reason)


async def _create_sources(write: Writing, prepared: Prepared, *, public: bool) -> dict[int, KnownSource]:
    """Create the sources that citations bring along, by citation; one that has come in meanwhile is used."""
    if not prepared.new:
        return {}
    identities = [new.identity for new in prepared.new.values()]
    known = await sources_by_identity(write.connection, identities)
    taken = await sources_by_id(write.connection, (new.content.id for new in prepared.new.values() if new.content.id))
    for index, new in prepared.new.items():
        if new.identity not in known:
            if new.content.id in taken:
                raise body_problem([another_source(index, new.content.id)])
            source = await insert_source(write, new.content, new.identity, public=public)
            known[new.identity] = KnownSource(UUID(source.id), new.content.publisher)
    return {index: known[new.identity] for index, new in prepared.new.items()}


async def _expose(write: Writing, actors: list[str], publishers: dict[UUID, str | None]) -> None:
    """Bring into sight what only drafts have mentioned so far; followers see it created before the event."""
    mentioned = sorted({*actors, *(publisher for publisher in publishers.values() if publisher is not None)})
    for entity, statement, ids in (
        (EntityKind.ACTOR, "expose_actors", mentioned),
        (EntityKind.SOURCE, "expose_sources", list(publishers)),
    ):
        for row in await write.connection.fetch(query("records", statement), ids):
            write.take()
            write.record(
                entity,
                row["id"],
                row["revision"],
                type=None,
                public_type=ChangeType.CREATE,
                document=msgspec.json.decode(row["document"]),
                encoded=row["document"],
            )


def _revised(write: Writing, current: Current, **members: Any) -> Event:
    """The current event in a new revision with other members."""
    return structs.replace(
        current.event,
        revision=current.stored.revision + 1,
        sequence=write.take(),
        updated_at=write.time,
        **members,
    )


async def _save(
    write: Writing,
    event: Event,
    current: Current | None,
    actors: list[str],
    sources: list[UUID],
    change: ChangeType,
    reason: str | None,
) -> Written:
    """Record a revision of an event and write its row and its place in the index."""
    public_type = None
    if event.state is not State.DRAFT:
        first = current is None or current.event.state is State.DRAFT
        public_type = ChangeType.CREATE if first else change
    encoded = record(
        write, EntityKind.EVENT, event, event.revision, type=change, public_type=public_type, reason=reason
    )
    date = event.date
    await write.connection.execute(
        query("events", "update" if current else "insert"),
        event.id,
        event.revision,
        event.state.value,
        date.starts,
        date.ends,
        _multirange(date.runs),
        date.instant_starts,
        date.instant_starts_latest,
        date.instant_ends,
        _multirange(date.instant_runs),
        actors,
        sources,
        encoded,
    )
    await reindex(write.connection, event.id, Indexed.of(current.event) if current else None, Indexed.of(event))
    return Written(str(event.id), event.revision, actors, sources, encoded)


def _multirange(runs: tuple[tuple[int, int], ...] | None) -> list[Any] | None:
    return None if runs is None else [Range(starts, ends) for starts, ends in runs]


def _with_kept_ids(content: EventIn, before: Event) -> list[Any]:
    """Give a citation that comes without its id the one it had, found by what makes it a duplicate."""
    ids = {_citation_key(citation): citation.id for citation in before.citations}
    taken = {citation.id for citation in content.citations}
    return [
        structs.replace(citation, id=ids[key])
        if citation.id is None and (key := _citation_key(citation)) in ids and ids[key] not in taken
        else citation
        for citation in content.citations
    ]


def _citation_key(citation: Any) -> tuple[Any, ...]:
    source = citation.source if isinstance(citation.source, UUID) else None
    return (source, citation.stance, tuple(citation.attribution), citation.locator)


async def _current(connection: Any, event_id: UUID) -> Current | None:
    row = await connection.fetchrow(query("events", "event"), event_id)
    if row is None:
        return None
    event = msgspec.json.decode(row["document"], type=Event, dec_hook=decode_hook)
    return Current(Stored.of(row), event, row["actors"], row["sources"])


async def _unchanged(write: Writing, seen: Current) -> Current:
    """Read the event again now that nobody else can write; raise if it is not the one that was seen."""
    current = await _current(write.connection, UUID(seen.stored.id))
    if current is None:
        raise problem("not-found", "This event has been discarded meanwhile.")
    if current.stored.revision != seen.stored.revision:
        raise stale(current.stored.revision)
    return current
