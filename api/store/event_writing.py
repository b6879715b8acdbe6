"""Writing revisions of events: one or many at a time, while the head is held."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from asyncpg import Point, Range
from msgspec import structs

from api.store.editing import Stored, Written, record
from api.store.exposing import expose
from api.store.identity import new_id
from api.store.indexing import Change as IndexChange
from api.store.indexing import reindex
from api.store.log import Writing
from api.store.preparing import Prepared, another_source, relation_flaws
from api.store.references import KnownSource, event_states, sources_by_id, sources_by_identity
from api.store.sources import insert_sources
from api.store.sql import query
from api.store.terms import external_id_term
from schema.assessment import count_evidence
from schema.bounds import positions_of
from schema.change import EntityKind
from schema.citation import Citation
from schema.event import Event, EventIn, When
from schema.problem import body_problem
from schema.vocabulary import ChangeType, Occurrence, State
from schema.wire import decode_hook


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


class Plan(NamedTuple):
    """A revision of an event that is to be written; ``current`` is None for an event that is to be created."""

    event_id: UUID
    current: Current | None
    prepared: Prepared
    change: ChangeType
    reason: str | None = None

    @property
    def public(self) -> bool:
        """Whether everybody will see it."""
        return self.prepared.content.state is not State.DRAFT


class Revision(NamedTuple):
    """A revision that the log has, ready to be the current row."""

    event: Event
    current: Current | None
    actors: list[str]
    sources: list[UUID]
    encoded: bytes


async def write_event(write: Writing, plan: Plan) -> Written:
    """Write one prepared content as a new revision (see ``write_events``)."""
    return (await write_events(write, [plan]))[0]


async def write_events(write: Writing, plans: Sequence[Plan]) -> list[Written]:
    """Write prepared contents as new revisions, their new sources before them.

    Each plan has another event, and none needs a source or an actor that another one brings; they may relate to each
    other's events. It takes as many statements for many
    plans as for one. Raises a ``ProblemError`` if what was found when a content was prepared is gone.
    """
    connection = write.connection
    states = await event_states(
        connection, (relation.event_id for plan in plans for relation in plan.prepared.content.relations)
    )
    for plan in plans:
        states.setdefault(plan.event_id, plan.prepared.content.state.value)
    for plan in plans:
        # What was there when the content was prepared may have been discarded since.
        flaws = relation_flaws(plan.prepared.content, states, plan.event_id)
        if flaws:
            raise body_problem(flaws)
    # Nor need a publisher be who it was then.
    found = await sources_by_id(connection, {source for plan in plans for source in plan.prepared.known})
    created = await _create_sources(write, plans)
    cited: list[dict[UUID, KnownSource]] = []
    for plan in plans:
        sources = {found[source][0].id: found[source][0] for source in plan.prepared.known}
        new = (created[source.identity] for source in plan.prepared.new.values())
        cited.append(sources | {source.id: source for source in new})
    await _expose(write, plans, cited)
    revisions = [_recorded(write, plan, created, sources) for plan, sources in zip(plans, cited, strict=True)]
    return await save(write, revisions)


def _recorded(
    write: Writing, plan: Plan, created: dict[bytes, KnownSource], sources: dict[UUID, KnownSource]
) -> Revision:
    """Record a plan as the event's next revision."""
    content, new, current = plan.prepared.content, plan.prepared.new, plan.current
    citations = [
        Citation(
            **{
                **structs.asdict(citation),
                "id": citation.id or new_id(),
                "source": created[new[index].identity].id if index in new else citation.source,
            }
        )
        for index, citation in enumerate(content.citations)
    ]
    publishers = {source.id: source.publisher for source in sources.values()}
    event = Event(
        **{**structs.asdict(content), "id": plan.event_id, "citations": citations},
        when=When.of(content.date),
        evidence=count_evidence(citations, publishers),
        revision=current.stored.revision + 1 if current else 1,
        sequence=write.take(),
        created_at=current.event.created_at if current else write.time,
        updated_at=write.time,
        published_at=((current.event.published_at if current else None) or write.time) if plan.public else None,
    )
    return recorded(write, event, current, plan.prepared.mentioned, sorted(sources), plan.change, plan.reason)


def recorded(
    write: Writing,
    event: Event,
    current: Current | None,
    actors: list[str],
    sources: list[UUID],
    change: ChangeType,
    reason: str | None,
) -> Revision:
    """Record an event, which has the sequence taken last, as a new revision."""
    public_type = None
    if event.state is not State.DRAFT:
        first = current is None or current.event.state is State.DRAFT
        public_type = ChangeType.CREATE if first else change
    encoded = record(
        write, EntityKind.EVENT, event, event.revision, type=change, public_type=public_type, reason=reason
    )
    return Revision(event, current, actors, sources, encoded)


async def save(write: Writing, revisions: Sequence[Revision]) -> list[Written]:
    """Write the current rows of recorded revisions, and their places in the index."""
    for statement, edited in (("insert", False), ("update", True)):
        rows = [
            row_of(revision.event, revision.actors, revision.sources, revision.encoded)
            for revision in revisions
            if (revision.current is not None) == edited
        ]
        if rows:
            await write.connection.executemany(query("events", statement), rows)
    await reindex(
        write.connection,
        [
            IndexChange(revision.current.event if revision.current else None, revision.event, revision.event.sequence)
            for revision in revisions
        ],
    )
    return [
        Written(str(revision.event.id), revision.event.revision, revision.actors, revision.sources, revision.encoded)
        for revision in revisions
    ]


async def _create_sources(write: Writing, plans: Sequence[Plan]) -> dict[bytes, KnownSource]:
    """Create the sources that citations bring along; one that has come in meanwhile, or comes twice, is used."""
    brought = [(index, new, plan.public) for plan in plans for index, new in plan.prepared.new.items()]
    if not brought:
        return {}
    known = await sources_by_identity(write.connection, {new.identity for _, new, _ in brought})
    taken = await sources_by_id(write.connection, {new.content.id for _, new, _ in brought if new.content.id})
    public = {new.identity for _, new, public in brought if public}
    created = {}
    for index, new, _ in brought:
        if new.identity in known or new.identity in created:
            continue
        if new.content.id in taken:
            raise body_problem([another_source(index, new.content.id)])
        created[new.identity] = new.content
    written = await insert_sources(
        write, [(content, identity, identity in public) for identity, content in created.items()]
    )
    for (identity, content), source in zip(created.items(), written, strict=True):
        known[identity] = KnownSource(UUID(source.id), content.publisher)
    return known


async def _expose(write: Writing, plans: Sequence[Plan], cited: Iterable[dict[UUID, KnownSource]]) -> None:
    """Bring into sight what only drafts have mentioned so far; followers see it created before the event."""
    public = [(plan, sources) for plan, sources in zip(plans, cited, strict=True) if plan.public]
    actors = {actor for plan, _ in public for actor in plan.prepared.mentioned}
    shown = {source.id: source.publisher for _, sources in public for source in sources.values()}
    actors |= {publisher for publisher in shown.values() if publisher is not None}
    await expose(write, actors, list(shown))


def row_of(event: Event, actors: list[str], sources: list[UUID], encoded: bytes) -> tuple[Any, ...]:
    """Its current row, as the statements that write it take it, with the actors and sources that it mentions."""
    date = event.date
    return (
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
        event.sequence,
        event.occurrence is Occurrence.PLANNED,
        _positions(event),
        actors,
        sources,
        encoded,
    )


def _positions(event: Event) -> list[Point] | None:
    return [Point(*position) for position in positions_of(event.places)] or None


def _multirange(runs: tuple[tuple[int, int], ...] | None) -> list[Any] | None:
    return None if runs is None else [Range(starts, ends) for starts, ends in runs]


async def current_event(connection: Any, event_id: UUID) -> Current | None:
    """Read the current row of an event."""
    return (await current_events(connection, [event_id])).get(event_id)


async def current_events(connection: Any, ids: Iterable[UUID]) -> dict[UUID, Current]:
    """Read the current rows of events."""
    found = {}
    for row in await connection.fetch(query("events", "current"), list(ids)):
        event = msgspec.json.decode(row["document"], type=Event, dec_hook=decode_hook)
        found[event.id] = Current(Stored.of(row), event, row["actors"], row["sources"])
    return found


async def ids_taken(connection: Any, ids: Iterable[UUID]) -> set[UUID]:
    """Say which ids events have or had, be it as a draft that was discarded."""
    rows = await connection.fetch(query("log", "known"), EntityKind.EVENT.value, [str(one) for one in ids])
    return {UUID(row["entity_id"]) for row in rows}


async def corrected_events(connection: Any, ids: Iterable[UUID]) -> dict[UUID, int]:
    """Find the events that were ever corrected, clarified or restored; gives the last such revision of each."""
    kinds = [kind.value for kind in (ChangeType.CORRECTION, ChangeType.CLARIFICATION, ChangeType.RESTORE)]
    rows = await connection.fetch(
        query("log", "last_of_kinds"), EntityKind.EVENT.value, [str(one) for one in ids], kinds
    )
    return {UUID(row["entity_id"]): row["revision"] for row in rows}


async def events_by_external_id(connection: Any, scheme: str, values: Iterable[str]) -> dict[str, list[UUID]]:
    """Find events by identifiers of one scheme; of those that share one, two are given."""
    terms = {external_id_term(f"{scheme}:{value}"): value for value in values}
    found: dict[str, list[UUID]] = {}
    for row in await connection.fetch(query("terms", "of_external_ids"), list(terms)):
        found.setdefault(terms[row["name"]], []).append(row["event_id"])
    return found


def with_kept_ids(content: EventIn, before: Event) -> list[Any]:
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
