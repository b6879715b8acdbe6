"""What the log says of records: their current rows, their past ones, and where events stand in the index, then and now.

Everything outside the log can be made from here, and is the same as what writers made: each revision holds from its own
change up to the next one of its record. Contents of events and chronologies that are gone, because a draft was
discarded or something was redacted, leave a gap. Others mention actors and sources, which therefore never leave one:
of a redacted one there is a row that says no more than that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import structs

from api.store import actor_rows, actors, chronologies, event_writing, sources
from api.store.copying import RefusedError
from api.store.identity import REDACTED, source_identity
from api.store.indexing import Entry, Indexed
from api.store.sql import query
from api.store.standins import redacted_actor, redacted_source
from api.store.terms import SourceFacts
from api.store.texts import EventText, HeldText
from schema.actor import Actor
from schema.change import EntityKind
from schema.chronology import Chronology
from schema.event import Event
from schema.source import Source
from schema.wire import decode_hook, encode

R = TypeVar("R", Actor, Source, Event, Chronology)
T = TypeVar("T")

#: A place in the index: state, name, span, gaps, starts, ends.
_Place = tuple[str, str, int, bool, int, int]
#: What finding needs to know of sources, by their ids: from which changes on.
FactsHistory = Mapping[UUID, Sequence[tuple[int, SourceFacts]]]

#: What of a source that has been redacted is still known to indexes.
_NO_FACTS = SourceFacts(None, None, REDACTED)


class Derived(NamedTuple):
    """The rows of some records, as arguments of the statements that put them: current ones, past ones; the names and
    memberships of actors, each with whose it is and the changes from and up to which it held; the index; and the words
    of events.
    """

    current: list[tuple[Any, ...]]
    past: list[tuple[Any, ...]]  # each with the sequence that superseded it at its end
    names: Sequence[tuple[actor_rows.NameRow, str, int, int | None]] = ()
    memberships: Sequence[tuple[actor_rows.MembershipRow, str, int, int | None]] = ()
    entries: Sequence[Entry] = ()
    texts: Sequence[HeldText] = ()


class _Step(NamedTuple):
    """A revision: from which change on it held, up to which, and what it said, if that is still there."""

    entity_id: str
    sequence: int
    to_sequence: int | None
    revision: int
    recorded_at: datetime
    document: bytes | None


class _History(NamedTuple):
    """The revisions of a record in order, and whether everybody sees it."""

    steps: list[_Step]
    public: bool


async def derive(
    connection: Any, kind: EntityKind, ids: Sequence[str], facts: FactsHistory = MappingProxyType({})
) -> Derived:
    """Derive the rows of some records of a kind from the log as it stands.

    ``facts`` are of sources that are to be taken as they were known before, and not as the log has them. Raises
    ``RefusedError`` for contents that this version cannot read or that are those of another record.
    """
    histories = _histories(await connection.fetch(query("archive", "changes_of"), kind.value, list(ids)))
    if kind is EntityKind.EVENT:
        return await _events(connection, histories, facts)
    if kind is EntityKind.ACTOR:
        return _actors(histories)
    if kind is EntityKind.SOURCE:
        return _sources(histories)
    return _chronologies(histories)


def _histories(rows: Iterable[Any]) -> list[_History]:
    """Put changes, which are in the order of records and sequences, together."""
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row["entity_id"], []).append(row)
    histories = []
    for entity_id, changes in grouped.items():
        revisions = [change for change in changes if change["type"] is not None]
        ends = [change["sequence"] for change in revisions[1:]]
        steps = [
            _Step(
                entity_id,
                change["sequence"],
                to_sequence,
                change["revision"],
                change["recorded_at"],
                _content(change["document"]),
            )
            for change, to_sequence in zip(revisions, [*ends, None], strict=True)
        ]
        histories.append(_History(steps, any(change["public_type"] is not None for change in changes)))
    return histories


def _content(document: bytes | None) -> bytes | None:
    """A redaction that has left nothing has null for a content."""
    return None if document == b"null" else document


def _read(step: _Step, kind: type[R]) -> R | None:
    if step.document is None:
        return None
    try:
        record = msgspec.json.decode(step.document, type=kind, dec_hook=decode_hook)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(f"The content of change {step.sequence} cannot be read: {error}") from None
    key = record.slug if isinstance(record, Chronology) else str(record.id)
    # A follower is told of what only drafts mentioned when it comes into sight, which is later than it was written.
    if (key, record.revision) != (step.entity_id, step.revision) or record.sequence > step.sequence:
        raise RefusedError(f"The content of change {step.sequence} is that of another record or revision")
    return structs.replace(record, sequence=step.sequence)


def _split(rows: Iterable[tuple[_Step, tuple[Any, ...]]], *current_only: int) -> Derived:
    """Divide rows into current and past ones, which lack the columns with these numbers."""
    current, past = [], []
    for step, row in rows:
        if step.to_sequence is None:
            current.append(row)
        else:
            kept = (value for number, value in enumerate(row) if number not in current_only)
            past.append((*kept, step.to_sequence))
    return Derived(current, past)


#: The columns of current rows that past ones lack: whether it is in sight, which the log tells, and the document.
_ACTOR_ONLY, _SOURCE_ONLY, _EVENT_ONLY, _CHRONOLOGY_ONLY = (2, 9), (2, 10), (15,), (6,)


def _actors(histories: Iterable[_History]) -> Derived:
    rows = []
    names, memberships = [], []
    for history in histories:
        named, belonging = [], []
        for step in history.steps:
            actor = _read(step, Actor)
            named.append((step.sequence, set(actor_rows.name_rows(actor) if actor is not None else ())))
            belonging.append((step.sequence, set(actor_rows.membership_rows(actor) if actor is not None else ())))
            actor = actor or redacted_actor(step.entity_id, step.revision, step.sequence, step.recorded_at)
            rows.append((step, actors.row_of(actor, history.public, step.document or encode(actor))))
        actor_id = history.steps[0].entity_id
        names += [(row, actor_id, since, until) for row, since, until in _held(named)]
        memberships += [(row, actor_id, since, until) for row, since, until in _held(belonging)]
    return _split(rows, *_ACTOR_ONLY)._replace(names=names, memberships=memberships)


def _sources(histories: Iterable[_History]) -> Derived:
    rows = []
    for history in histories:
        for step in history.steps:
            source = _read(step, Source) or redacted_source(
                UUID(step.entity_id), step.revision, step.sequence, step.recorded_at
            )
            document = step.document or encode(source)
            rows.append((step, sources.row_of(source, source_identity(source), history.public, document)))
    return _split(rows, *_SOURCE_ONLY)


def _chronologies(histories: Iterable[_History]) -> Derived:
    rows = (
        (step, chronologies.row_of(chronology, step.document or b""))
        for history in histories
        for step in history.steps
        if (chronology := _read(step, Chronology)) is not None
    )
    return _split(rows, *_CHRONOLOGY_ONLY)


async def _events(connection: Any, histories: Sequence[_History], known_facts: FactsHistory) -> Derived:
    steps = [[(step, _read(step, Event)) for step in history.steps] for history in histories]
    known = [event for record in steps for _, event in record if event is not None]
    attributed = {name for event in known for citation in event.citations for name in citation.attribution}
    created = dict(await connection.fetch(query("archive", "actors_created"), list(attributed)))
    cited = {citation.source for event in known for citation in event.citations}
    facts = {**await facts_of(connection, cited), **known_facts}
    rows, entries, texts = [], list[Entry](), list[HeldText]()
    for record in steps:
        places: list[tuple[int, set[_Place]]] = []
        said: list[tuple[int, set[EventText]]] = []
        for step, event in record:
            if event is None:
                places.append((step.sequence, set()))
                said.append((step.sequence, set()))
                continue
            named = {actor.id for actor in event.actors}
            for citation in event.citations:
                # A name is an actor's id if that actor was there when the revision was written, and else only a name.
                named |= {name for name in citation.attribution if created.get(name, step.sequence) < step.sequence}
            cited_here = sorted({citation.source for citation in event.citations})
            rows.append((step, event_writing.row_of(event, sorted(named), cited_here, step.document or b"")))
            for sequence, told in _told(step, cited_here, facts):
                where = Indexed.of(event, told)
                entries_there = {(where.state, name, *where.place[1:]) for name in where.names}
                places.append((sequence, entries_there))
                said.append((sequence, {EventText.of(event, told)}))
        event_id = UUID(record[0][0].entity_id)
        entries += [Entry(event_id, *place, since, until) for place, since, until in _held(places)]
        texts += [HeldText(event_id, text, since, until) for text, since, until in _held(said)]
    return _split(rows, *_EVENT_ONLY)._replace(entries=entries, texts=texts)


def _told(step: _Step, cited: Sequence[UUID], facts: FactsHistory) -> Iterator[tuple[int, dict[UUID, SourceFacts]]]:
    """What was known of the sources that a revision cites, from each sequence on at which that changed: from its own
    on, and whenever the publisher, the reliability or the title of one did.
    """
    changed = {
        sequence
        for source in cited
        for sequence, _ in facts.get(source, ())
        if sequence > step.sequence and (step.to_sequence is None or sequence < step.to_sequence)
    }
    for sequence in (step.sequence, *sorted(changed)):
        yield sequence, {source: _facts_at(facts.get(source, ()), sequence) for source in cited}


def _facts_at(history: Sequence[tuple[int, SourceFacts]], sequence: int) -> SourceFacts:
    return next((facts for since, facts in reversed(history) if since <= sequence), _NO_FACTS)


async def facts_of(connection: Any, ids: Iterable[UUID]) -> dict[UUID, list[tuple[int, SourceFacts]]]:
    """What finding needs to know of sources, from each change on that changed it; nothing of those there are not."""
    ids = list(ids)
    texts = [str(source) for source in ids]
    rows = await connection.fetch(query("archive", "changes_of"), EntityKind.SOURCE.value, texts) if texts else []
    found: dict[UUID, list[tuple[int, SourceFacts]]] = {source: [] for source in ids}
    for history in _histories(rows):
        known = found[UUID(history.steps[0].entity_id)]
        for step in history.steps:
            source = _read(step, Source)
            facts = SourceFacts(source.publisher, source.reliability, source.title) if source is not None else _NO_FACTS
            if not known or known[-1][1] != facts:
                known.append((step.sequence, facts))
    return found


def _held(spans: Iterable[tuple[int, set[T]]]) -> list[tuple[T, int, int | None]]:
    """Of things that are there from certain sequences on, say from and up to which each was there without a pause."""
    held = []
    open_since: dict[T, int] = {}
    for sequence, things in spans:
        for thing in open_since.keys() - things:
            held.append((thing, open_since.pop(thing), sequence))
        for thing in things:
            open_since.setdefault(thing, sequence)
    return [*held, *((thing, since, None) for thing, since in open_since.items())]
