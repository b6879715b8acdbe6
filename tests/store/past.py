"""A store with a past, in bulk: events that have been moved, rewritten, published, retracted and restored since they
were first written, and actors and sources that have been renamed.

The current events are those of ``generation.events``; what they were before differs from them step by step. Changes are
spread evenly over the whole time. Like there, only the way into the tables is not a writer's.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from random import Random
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from msgspec import structs

from api.store.actor_rows import NameRow, name_rows
from api.store.indexing import Indexed
from api.store.terms import SourceFacts
from api.store.texts import EventText, HeldText, put_texts
from schema.actor import Actor
from schema.change import EntityKind
from schema.edtf import parse
from schema.event import Event, EventActor, When
from schema.source import Source
from schema.vocabulary import ChangeType, State
from schema.wire import encode
from tests.store import generation
from tests.store.generation import BATCH, ENTRY, Choice, copy, written_at

R = TypeVar("R", Actor, Source, Event)

#: Actors and sources that nothing mentions; they come in over the whole time. Of all, every fourth is renamed.
LATER_ACTORS = [f"later-{rank:04d}" for rank in range(1, 1001)]
_LATER_SOURCES = 1000
_RENAMED = 4


class Times:
    """When each revision of each record is written: its sequences."""

    def __init__(self, events: int, superseded: int, cited: int) -> None:
        random = Random(f"times {events} {superseded}")
        again = Counter(random.choices(range(events), k=superseded))
        self._sequences: dict[tuple[EntityKind, int], list[int]] = {}
        times: list[tuple[float, EntityKind, int]] = []

        def add(kind: EntityKind, number: int, created: float, further: int) -> None:
            times.append((created, kind, number))
            times.extend((random.uniform(max(created, 0.0), 1.0), kind, number) for _ in range(further))

        # Who is mentioned from the beginning is there before the first event.
        for kind, mentioned, later in (
            (EntityKind.ACTOR, len(generation.ACTORS), len(LATER_ACTORS)),
            (EntityKind.SOURCE, cited, _LATER_SOURCES),
        ):
            for number in range(mentioned + later):
                created = -1.0 if number < mentioned else random.random()
                add(kind, number, created, 1 if number % _RENAMED == 0 else 0)
        for number in range(events):
            add(EntityKind.EVENT, number, number / events, again[number])
        times.sort()
        self.last = len(times)
        for sequence, (_, kind, number) in enumerate(times, 1):
            self._sequences.setdefault((kind, number), []).append(sequence)

    def of(self, kind: EntityKind, number: int) -> list[int]:
        """The sequences of one record's revisions."""
        return self._sequences[kind, number]


class _Before:
    """What events were before they became what they are."""

    def __init__(self) -> None:
        self._random = Random("before")
        self._actor, self._role = Choice.powers(generation.ACTORS), Choice.powers([None, *generation.ROLES])
        self._tag, self._kind = Choice.powers(generation.TAGS), Choice.powers(generation.KINDS)

    def history(self, last: Event, sequences: list[int]) -> list[Event]:
        """The revisions of an event up to its last one, one for each sequence."""
        states = self._states(last.state, len(sequences) - 1)
        contents = [last]
        for earlier, later in reversed(list(pairwise(states))):
            # Publishing, retracting and restoring write nothing else.
            contents.insert(0, self._changed(contents[0]) if earlier is later else contents[0])
        first_seen = next((at for at, state in zip(sequences, states, strict=True) if state is not State.DRAFT), None)
        return [
            structs.replace(
                content,
                state=state,
                retraction="It did not happen." if state is State.RETRACTED else None,
                revision=revision,
                sequence=sequence,
                created_at=written_at(sequences[0]),
                updated_at=written_at(sequence),
                published_at=written_at(first_seen or 0) if state is not State.DRAFT else None,
            )
            for revision, (content, state, sequence) in enumerate(zip(contents, states, sequences, strict=True), 1)
        ]

    def _states(self, last: State, earlier: int) -> list[State]:
        """A draft may be published, what is published retracted, what is retracted restored."""
        if last is State.DRAFT:
            return [last] * (earlier + 1)
        states = [State.PUBLISHED] * earlier + [last]
        if earlier > 1 and last is State.PUBLISHED and self._random.random() < 0.3:
            states[-2] = State.RETRACTED
        if self._random.random() < 0.4:
            most = states.index(State.RETRACTED) - 1 if State.RETRACTED in states else earlier
            drafts = self._random.randint(0, max(0, most))
            states[:drafts] = [State.DRAFT] * drafts
        return states

    def _changed(self, event: Event) -> Event:
        random = self._random
        what = random.random()
        if what < 0.3:
            date = parse(generation.date_text(random))
            return structs.replace(event, date=date, when=When.of(date))
        if what < 0.6:
            actors = self._actor.draw_some(random, random.choice((1, 2, 3)))
            return structs.replace(
                event,
                actors=[EventActor(id=actor, role=self._role.draw(random)) for actor in actors],
                tags=self._tag.draw_some(random, random.choice((0, 1, 2))),
                kind=self._kind.draw(random),
            )
        return structs.replace(event, title=f"{event.title}, as it was told at first")


def _renamed(record: R, sequences: list[int]) -> list[R]:
    """The revisions of an actor or a source: it has the name of ``record`` at last."""
    member = "name" if isinstance(record, Actor) else "title"
    last = len(sequences)
    return [
        structs.replace(
            record,
            **{member: getattr(record, member) if revision == last else f"{getattr(record, member)} of old"},
            revision=revision,
            sequence=sequence,
            created_at=written_at(sequences[0]),
            updated_at=written_at(sequence),
        )
        for revision, sequence in enumerate(sequences, 1)
    ]


def _actors() -> list[Actor]:
    known = generation.actors()
    later = (structs.replace(known[0], id=actor, name=f"Nobody known, {actor}") for actor in LATER_ACTORS)
    return [*known, *later]


def _sources(cited: Sequence[Source]) -> list[Source]:
    random = Random("later sources")
    later = (
        structs.replace(
            cited[0], id=generation.new_uuid(random), title=f"Later {number}", url=f"https://later.example/{number}"
        )
        for number in range(_LATER_SOURCES)
    )
    return [*cited, *later]


class _Index:
    """Where events stand in the index and stood before, as rows for COPY; the terms, counted; the words of events."""

    def __init__(self, sources: Sequence[Source], titles: dict[UUID, list[tuple[int, str]]]) -> None:
        self._titles = titles
        self.texts: list[HeldText] = []
        self._facts = {source.id: SourceFacts(source.publisher, source.reliability, source.title) for source in sources}
        self._ids: dict[tuple[str, str], int] = {}
        self._counts: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        self.present: list[tuple[Any, ...]] = []
        self.past: list[tuple[Any, ...]] = []

    def add(self, history: Sequence[Event]) -> None:
        """An entry that a revision does not change goes on."""
        since: dict[tuple[int, int, bool, int, int], int] = {}
        for event in history:
            where = Indexed.of(event, self._facts)
            ids = (self._ids.setdefault((where.state, name), len(self._ids) + 1) for name in sorted(where.names))
            entries = dict.fromkeys((term, where.span, where.gaps, where.starts, where.ends) for term in ids)
            for entry in [entry for entry in since if entry not in entries]:
                self.past.append((event.id, *entry, since.pop(entry), event.sequence))
                self._counts[1][entry[0]] += 1
            for entry in entries:
                since.setdefault(entry, event.sequence)
        for entry, sequence in since.items():
            self.present.append((history[-1].id, *entry, sequence))
            self._counts[0][entry[0]] += 1
        self._add_texts(history)

    def _add_texts(self, history: Sequence[Event]) -> None:
        """Words change with revisions, and with the titles of sources in between."""
        said: list[tuple[int, EventText]] = []
        for event, following in zip(history, [*history[1:], None], strict=True):
            cited = {citation.source for citation in event.citations}
            end = following.sequence if following is not None else float("inf")
            changes = {at for source in cited for at, _ in self._titles[source] if event.sequence < at < end}
            for at in (event.sequence, *sorted(changes)):
                facts = {source: self._facts[source]._replace(title=self._title(source, at)) for source in cited}
                text = EventText.of(event, facts)
                if not said or said[-1][1] != text:
                    said.append((at, text))
        ends = [*(at for at, _ in said[1:]), None]
        event_id = history[0].id
        self.texts += [HeldText(event_id, text, at, end) for (at, text), end in zip(said, ends, strict=True)]

    def _title(self, source: UUID, at: int) -> str:
        return [title for since, title in self._titles[source] if since <= at][-1]

    async def copy(self, owner: Any) -> None:
        """Copy the entries so far into the tables, and forget them."""
        await owner.copy_records_to_table("event_term", columns=ENTRY, records=self.present)
        await owner.copy_records_to_table("past_event_term", columns=(*ENTRY, "to_sequence"), records=self.past)
        await put_texts(owner, self.texts)
        self.present, self.past, self.texts = [], [], []

    async def copy_terms(self, owner: Any) -> None:
        """Copy the terms, once all entries are there."""
        rows = [
            {
                "id": number,
                "state": state,
                "name": name,
                "events": self._counts[0][number],
                "past_events": self._counts[1][number],
            }
            for (state, name), number in self._ids.items()
        ]
        await copy(owner, "term", rows)
        await owner.fetchval("SELECT setval(pg_get_serial_sequence('term', 'id'), $1::int8)", len(rows) + 1)


class Loaded(NamedTuple):
    """How much there is: events, revisions of them that have been superseded, and the last sequence."""

    events: int
    superseded: int
    last: int


async def load(
    owner: Any, events: int, superseded: int, cited: list[Source], made: Iterable[Event] | None = None
) -> Loaded:
    """Put events, all that they mention, and so many superseded revisions into an empty store, with the whole log.

    ``owner`` is a connection of the tables' owner; ``made`` are the events, if they are others. The digests of the log
    are not those of its contents.
    """
    times = Times(events, superseded, len(cited))
    titles = {
        source.id: [(one.sequence, one.title) for one in _renamed(source, times.of(EntityKind.SOURCE, number))]
        for number, source in enumerate(cited)
    }
    index, before = _Index(cited, titles), _Before()
    tables = ("event_term", "past_event_term", "event_text", "past_event_text", "change", "content")
    async with generation.indexed_at_the_end(owner, *tables):
        for kind, records in ((EntityKind.ACTOR, _actors()), (EntityKind.SOURCE, _sources(cited))):
            histories = [_renamed(record, times.of(kind, number)) for number, record in enumerate(records)]
            await _copy_records(owner, kind, histories)
        remaining = enumerate(made if made is not None else generation.events(events, cited))
        while batch := list(islice(remaining, BATCH)):
            histories_of_events = [before.history(event, times.of(EntityKind.EVENT, number)) for number, event in batch]
            for history in histories_of_events:
                index.add(history)
            await _copy_records(owner, EntityKind.EVENT, histories_of_events)
            await index.copy(owner)
        await index.copy_terms(owner)
    await generation.set_head(owner)
    return Loaded(events, superseded, times.last)


_ROWS: dict[EntityKind, Any] = {
    EntityKind.ACTOR: generation.actor_row,
    EntityKind.SOURCE: generation.source_row,
    EntityKind.EVENT: generation.event_row,
}


async def _copy_records(owner: Any, kind: EntityKind, histories: Sequence[Sequence[Any]]) -> None:
    """Copy current and past rows, changes and contents of records of a kind."""
    row_of = _ROWS[kind]
    present, past, names = [], [], list[tuple[NameRow, str, int, int | None]]()
    for history in histories:
        present.append(row_of(history[-1]))
        for record, following in pairwise(history):
            kept = {name: value for name, value in row_of(record).items() if name not in ("public", "document")}
            past.append(kept | {"to_sequence": following.sequence})
        if kind is EntityKind.ACTOR:
            ends = [*(following.sequence for following in history[1:]), None]
            held = zip(history, ends, strict=True)
            names += [(row, one.id, one.sequence, end) for one, end in held for row in name_rows(one)]
    await copy(owner, kind.value, present)
    await copy(owner, f"past_{kind.value}", past)
    await copy(owner, "actor_name", [_name(*name) for name in names if name[3] is None])
    await copy(owner, "past_actor_name", [_name(*name) | {"to_sequence": name[3]} for name in names if name[3]])
    await copy(owner, "change", [change for history in histories for change in _changes(kind, history)])
    contents = [
        {"entity_id": str(one.id), "sequence": one.sequence, "salt": b"salt", "document": encode(one)}
        for history in histories
        for one in history
    ]
    await copy(owner, "content", contents)


def _name(row: NameRow, actor: str, sequence: int, to_sequence: int | None) -> dict[str, Any]:
    return row._asdict() | {"actor_id": actor, "sequence": sequence}


def _changes(kind: EntityKind, history: Iterable[Any]) -> Iterator[dict[str, Any]]:
    before: State | None = None
    for record in history:
        state = record.state if isinstance(record, Event) else State.PUBLISHED
        if record.revision == 1:
            change = ChangeType.CREATE
        elif state is State.RETRACTED and before is not state:
            change = ChangeType.RETRACTION
        else:
            change = ChangeType.RESTORE if before is State.RETRACTED and before is not state else ChangeType.UPDATE
        seen_before = before not in (None, State.DRAFT)
        yield {
            "sequence": record.sequence,
            "recorded_at": generation.change_time(record.sequence),
            "entity": kind.value,
            "entity_id": str(record.id),
            "revision": record.revision,
            "type": change.value,
            "public_type": None if state is State.DRAFT else (change if seen_before else ChangeType.CREATE).value,
            "author": "loading",
            "digest": b"\x00",
        }
        before = state
