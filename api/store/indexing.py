"""Keeping the index of terms: every event under exactly its terms, every term with exactly its count."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from api.store.select.keys import Position
from api.store.select.keys import after as following
from api.store.sql import query
from api.store.terms import SourceFacts, source_term, terms_of
from api.store.texts import EventText, TextChange, move_texts
from schema.edtf import UNBOUNDED_START, Edtf
from schema.event import Event
from schema.span import span_of
from schema.wire import decode_hook

#: How many events are moved with one statement each way.
_MOVED_TOGETHER = 500


class Indexed(NamedTuple):
    """Where an event stands in the index: under which terms, in which state, at which bounds."""

    names: frozenset[str]
    state: str
    span: int
    gaps: bool
    starts: int
    ends: int

    @classmethod
    def of(cls, event: Event, sources: Mapping[UUID, SourceFacts]) -> "Indexed":
        """Derive it from an event and the sources that it cites."""
        date: Edtf = event.date
        return cls(
            frozenset(terms_of(event, sources)),
            event.state.value,
            span_of(date.starts, date.ends),
            date.runs is not None,
            date.starts,
            date.ends,
        )

    @property
    def place(self) -> tuple[Any, ...]:
        """All but the terms."""
        return self[1:]


class Change(NamedTuple):
    """An event as it was and as it is to be indexed, None where there is none; and by which change, its sequence."""

    before: Event | None
    after: Event | None
    sequence: int


async def reindex(connection: Any, changes: Iterable[Change]) -> None:
    """Move events in the index, each at most once.

    The writer holds the head; sources are as they were when they were last indexed.
    """
    changes = list(changes)
    events = [event for change in changes for event in (change.before, change.after) if event is not None]
    sources = await source_facts(connection, {citation.source for event in events for citation in event.citations})
    moves, texts = [], []
    for before, after, sequence in changes:
        event = after or before
        if event is not None:
            old = Indexed.of(before, sources) if before else None
            moves.append(_Move(event.id, old, Indexed.of(after, sources) if after else None, sequence))
            was, said = (EventText.of(one, sources) if one else None for one in (before, after))
            texts.append(TextChange(event.id, was, said, sequence))
    await _move(connection, moves)
    await move_texts(connection, texts)


async def reindex_citing(
    connection: Any, source_id: UUID, before: SourceFacts, after: SourceFacts, sequence: int
) -> None:
    """Move every event that cites a source of which a change has changed what finding knows (the row has it new).

    While the head is held, because filters must not lag; so many events at a time that memory does not grow.
    """
    for row in await connection.fetch(query("terms", "ids_of"), source_term(source_id)):
        place: Position | None = (UNBOUNDED_START, UUID(int=0))
        while place is not None:
            rows = await connection.fetch(query("terms", "documents_under"), row["id"], *place, _MOVED_TOGETHER)
            documents = [entry["document"] for entry in rows]
            await _move_citing(connection, documents, source_id, before, after, sequence)
            last = rows[-1] if len(rows) == _MOVED_TOGETHER else None
            place = following((last["starts"], last["event_id"]), backward=False) if last else None


async def _move_citing(
    connection: Any,
    documents: list[bytes],
    source_id: UUID,
    before: SourceFacts,
    after: SourceFacts,
    sequence: int,
) -> None:
    events = [msgspec.json.decode(document, type=Event, dec_hook=decode_hook) for document in documents]
    sources = await source_facts(connection, {citation.source for event in events for citation in event.citations})
    old, new = ({**sources, source_id: facts} for facts in (before, after))
    moves = [_Move(event.id, Indexed.of(event, old), Indexed.of(event, new), sequence) for event in events]
    await _move(connection, moves)
    texts = [TextChange(event.id, EventText.of(event, old), EventText.of(event, new), sequence) for event in events]
    await move_texts(connection, texts)


class Entry(NamedTuple):
    """One event under one term, from a change on and, if it is past, up to another one."""

    event_id: UUID
    state: str
    name: str
    span: int
    gaps: bool
    starts: int
    ends: int
    sequence: int
    to_sequence: int | None


async def begin_collecting(connection: Any) -> None:
    """Make room for entries that are to go into the index, or out of it, together."""
    await connection.execute(query("terms", "make_collected"))


async def collect(connection: Any, entries: Iterable[Entry]) -> None:
    """Set entries aside for ``index_collected`` or ``unindex_collected``; ``begin_collecting`` comes before."""
    await connection.copy_records_to_table("collected", records=list(entries))


async def index_collected(connection: Any) -> None:
    """Put all that was collected into the index, in its order.

    In the order in which events happen to come, each entry of a large index would be written in another place of it.
    """
    for statement in (
        *("more_memory_to_sort", "analyze_collected", "add_collected_terms", "count_collected", "add_collected"),
        *("add_collected_past", "forget_collected"),
    ):
        await connection.execute(query("terms", statement))


async def unindex_collected(connection: Any) -> None:
    """Take all that was collected out of the index."""
    for statement in (
        *("uncount_collected", "remove_collected", "remove_collected_past", "remove_unused_terms"),
        "forget_collected",
    ):
        await connection.execute(query("terms", statement))


async def source_facts(connection: Any, ids: Iterable[UUID]) -> dict[UUID, SourceFacts]:
    """Read what finding needs to know of sources."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await connection.fetch(query("terms", "source_facts"), wanted)
    return {row["id"]: SourceFacts(row["publisher"], row["reliability"], row["title"]) for row in rows}


class _Move(NamedTuple):
    event_id: UUID
    before: Indexed | None
    after: Indexed | None
    sequence: int


class _Moved(NamedTuple):
    """One event under one term, from or up to a change."""

    event_id: UUID
    where: Indexed
    name: str
    sequence: int

    @property
    def term(self) -> tuple[str, str]:
        return (self.where.state, self.name)


async def _move(connection: Any, moves: Iterable[_Move]) -> None:
    removed, added = list[_Moved](), list[_Moved]()
    for event_id, before, after, sequence in moves:
        same_place = before is not None and after is not None and before.place == after.place
        old = before.names if before else frozenset[str]()
        new = after.names if after else frozenset[str]()
        if before is not None:
            removed += [_Moved(event_id, before, name, sequence) for name in (old - new if same_place else old)]
        if after is not None:
            added += [_Moved(event_id, after, name, sequence) for name in (new - old if same_place else new)]
    ids = await _count(connection, removed, added)
    if removed:
        keys = (
            [ids[entry.term] for entry in removed],
            [entry.where.starts for entry in removed],
            [entry.event_id for entry in removed],
        )
        await connection.execute(query("terms", "supersede"), *keys, [entry.sequence for entry in removed])
        await connection.execute(query("terms", "remove"), *keys)
    if added:
        await connection.execute(
            query("terms", "add"),
            [entry.event_id for entry in added],
            [ids[entry.term] for entry in added],
            [entry.where.span for entry in added],
            [entry.where.gaps for entry in added],
            [entry.where.starts for entry in added],
            [entry.where.ends for entry in added],
            [entry.sequence for entry in added],
        )


async def _count(connection: Any, removed: list[_Moved], added: list[_Moved]) -> dict[tuple[str, str], int]:
    """Change the counts of terms, and give their ids."""
    changes = Counter(entry.term for entry in added)
    past = Counter(entry.term for entry in removed)
    changes.subtract(past)
    if not changes:
        return {}
    ordered = sorted(changes)
    rows = await connection.fetch(
        query("terms", "count"),
        [state for state, _ in ordered],
        [name for _, name in ordered],
        [changes[term] for term in ordered],
        [past[term] for term in ordered],
    )
    return {(row["state"], row["name"]): row["id"] for row in rows}
