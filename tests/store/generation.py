"""Events in bulk, for tests and measurements that need many.

They are skewed as real ones are (most are recent, a few actors are in a great part of them, few are long) and the
same for the same seed. Documents, bounds and terms come from the project's own types, so that nothing here can
disagree with what a writer would have stored; only the way into the tables is another one, COPY.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import Point, Range

from api.store.actor_rows import name_rows
from api.store.identity import source_identity
from api.store.indexing import Indexed
from api.store.terms import SourceFacts
from api.store.texts import EventText, HeldText, put_texts
from schema.actor import Actor
from schema.assessment import Assessment, count_evidence
from schema.bounds import positions_of
from schema.citation import Citation
from schema.edtf import Edtf, parse
from schema.edtf.calendar import day_number, format_day, format_year, year_month_day
from schema.event import Event, EventActor, Relation, When
from schema.place import Place
from schema.query import Sort
from schema.source import Source
from schema.vocabulary import (
    CORE_EVENT_KINDS,
    CORE_ROLES,
    Confidence,
    Occurrence,
    RelationType,
    Reliability,
    Stance,
    State,
)
from schema.wire import encode

_LAST_DAY = day_number(2025, 12, 31)
_TIME = "2025-06-01T00:00:00.000000Z"
#: So many events are copied at once.
BATCH = 10_000

#: Ids by rank: the first ones are the popular ones.
ACTORS = [f"actor-{rank:04d}" for rank in range(1, 2001)]
KINDS = [*CORE_EVENT_KINDS, *(f"kind-{rank:02d}" for rank in range(1, 31))]
TAGS = [f"tag {rank:03d}" for rank in range(1, 301)]
ROLES = list(CORE_ROLES)
OCCURRENCES = {
    Occurrence.OCCURRED: 94.0,
    Occurrence.ONGOING: 3.0,
    Occurrence.PLANNED: 1.0,
    Occurrence.POSTPONED: 1.0,
    Occurrence.CANCELLED: 1.0,
}
_CONFIDENCES: dict[Confidence | None, float] = {
    None: 15.0,
    Confidence.LOW: 20.0,
    Confidence.MODERATE: 45.0,
    Confidence.HIGH: 20.0,
}
_STATES = {State.PUBLISHED: 97.0, State.DRAFT: 2.0, State.RETRACTED: 1.0}
PUBLISHERS = ACTORS[100:140]
#: By rank of the publisher: every grade, and none.
_PUBLISHER_RELIABILITY = (
    Reliability.B,
    None,
    Reliability.A,
    Reliability.D,
    Reliability.F,
    Reliability.C,
    Reliability.E,
)
_SOURCE_RELIABILITY: dict[Reliability | None, float] = {None: 80.0, **dict.fromkeys(Reliability, 3.0)}
_STANCES = {Stance.SUPPORTS: 88.0, Stance.DISPUTES: 4.0, Stance.MENTIONS: 8.0}
COUNTRIES = [first + second for first in "TRAUNMXYZB" for second in "RSTUQW"]
#: Words of summaries, which hold six of them: every second event has the first, one in four thousand the last.
WORDS = [f"w{rank:04d}" for rank in range(1, 3001)]
#: The orders that need nothing else to be asked for.
ORDERS = [sort for sort in Sort if sort is not Sort.RELEVANCE]
#: When the change with sequence 0 would have been written; each further one comes a minute later.
FIRST_CHANGE = datetime(2025, 6, 1, tzinfo=UTC)


class Choice:
    """Draws values by weight; for rank r, `powers` weighs 1 / r."""

    def __init__(self, weights: dict[Any, float]) -> None:
        self._values = list(weights)
        self._sums = list(accumulate(weights.values()))

    @classmethod
    def powers(cls, values: Sequence[Any]) -> "Choice":
        return cls({value: 1 / rank for rank, value in enumerate(values, 1)})

    def draw(self, random: Random) -> Any:
        return random.choices(self._values, cum_weights=self._sums)[0]

    def draw_some(self, random: Random, number: int) -> list[Any]:
        return list(dict.fromkeys(random.choices(self._values, cum_weights=self._sums, k=number)))


def _day(random: Random) -> int:
    """A day: nearly always one of the last twenty years, the more recent the likelier."""
    while True:
        recent = random.random() < 0.9
        before = int(random.expovariate(1 / 2000)) if recent else random.randrange(365 * 150)
        if before < 365 * 150:
            return _LAST_DAY - before


def _month(number: int) -> str:
    return format_day(number)[:7]


def _year(number: int) -> str:
    return format_day(number)[:4]


def _time(random: Random, number: int) -> str:
    hour, minute = random.randrange(24), random.choice((0, 0, 15, 30, 45))
    return f"{format_day(number)}T{hour:02d}:{minute:02d}:00"


def _interval(random: Random, number: int, shortest: int, longest: int) -> str:
    length = random.randint(shortest, longest)
    return f"{format_day(number - length)}/{format_day(number)}"


def _months(random: Random, number: int) -> str:
    return f"{_month(number - 31 * random.randint(1, 24))}/{_month(number)}"


def _years(random: Random, number: int) -> str:
    year = year_month_day(number)[0]
    return f"{year - random.choice((1, 1, 2, 2, 3, 4, random.randint(5, 29)))}/{year}"


def _gaps(random: Random, number: int) -> str:
    earlier = number - 31 * random.randint(2, 40)
    return random.choice(
        (
            f"{{{_month(earlier)},{_month(number)}}}",
            f"[{format_day(earlier)},{format_day(number)}]",
            f"{_year(number)}-XX-{random.choice(('01', '15', '2X'))}",
            f"{_year(number)}-X2",
        )
    )


def _before_christ(random: Random, number: int) -> str:
    year = format_year(-random.randint(1, 600))
    return random.choice((year, f"{year}-{random.randint(1, 12):02d}", f"{year}/-0001", f"{year}-03-13"))


_SHAPES = Choice(
    {
        lambda random, number: format_day(number): 48.0,
        lambda random, number: format_day(number) + random.choice("~?%"): 4.0,
        lambda random, number: _time(random, number) + random.choice(("Z", "+03:00", "-05:00", "+14:00")): 9.0,
        _time: 2.0,
        lambda random, number: _month(number): 12.0,
        lambda random, number: _month(number) + random.choice("~?"): 2.0,
        lambda random, number: f"{_year(number)}-{random.randint(21, 41)}": 1.5,
        lambda random, number: _year(number): 5.0,
        lambda random, number: _year(number) + "~": 1.0,
        lambda random, number: _year(number)[:3] + "X": 0.5,
        lambda random, number: _interval(random, number, 1, 10): 6.0,
        lambda random, number: _interval(random, number, 11, 90): 3.0,
        _months: 2.0,
        _years: 1.5,
        _gaps: 1.0,
        lambda random, number: f"[{_month(number - 31 * random.randint(1, 30))}..{_month(number)}]": 1.0,
        lambda random, number: f"{format_day(number)}/": 0.1,
        lambda random, number: _interval(random, number, 31 * 366, 300 * 366): 0.1,
        _before_christ: 0.1,
        lambda random, number: f"{_month(number)}/..": 0.01,
        lambda random, number: f"../{_year(number)}": 0.005,
    }
)


def date_text(random: Random) -> str:
    """An EDTF text: mostly days, some long, very few open."""
    shape: Callable[[Random, int], str] = _SHAPES.draw(random)
    return shape(random, _day(random))


def actors() -> list[Actor]:
    """The actors that generated events have."""
    return [
        Actor(
            id=actor,
            name=f"The {rank:04d}th actor",
            kind="publisher" if actor in PUBLISHERS else "organization",
            reliability=_reliability(actor),
            revision=1,
            sequence=rank,
            created_at=_TIME,
            updated_at=_TIME,
        )
        for rank, actor in enumerate(ACTORS, 1)
    ]


def _reliability(actor: str) -> Reliability | None:
    if actor not in PUBLISHERS:
        return None
    return _PUBLISHER_RELIABILITY[PUBLISHERS.index(actor) % len(_PUBLISHER_RELIABILITY)]


def sources(number: int = 1000) -> list[Source]:
    """The sources that generated events cite."""
    random = Random(f"sources {number}")
    publisher, reliability = Choice.powers([*PUBLISHERS[:3], None, *PUBLISHERS[3:]]), Choice(_SOURCE_RELIABILITY)
    return [
        Source(
            id=new_uuid(random),
            title=f"Article {index}",
            url=f"https://news.example/{index}",
            publisher=publisher.draw(random),
            reliability=reliability.draw(random),
            revision=1,
            sequence=index,
            created_at=_TIME,
            updated_at=_TIME,
        )
        for index in range(number)
    ]


#: Where the index and the earth itself have borders.
BORDER_POSITIONS = [
    (longitude, latitude)
    for longitude in (-180.0, -179.9999, -150.0, -1e-9, 0.0, 29.0, 29.9999, 30.0, 179.9999, 180.0)
    for latitude in (-90.0, -60.0, -1e-9, 0.0, 41.0, 59.9999, 60.0, 89.9999, 90.0)
]


def places() -> list[Place]:
    """Places by rank: towns of countries, and every tenth at a border of the grid or of the earth."""
    random = Random("places")
    country = Choice.powers(COUNTRIES)
    centres = {code: (random.uniform(-175, 175), random.uniform(-60, 70)) for code in COUNTRIES}
    made = []
    for rank in range(1, 1001):
        code = country.draw(random)
        east, north = centres[code]
        longitude, latitude = round(east + random.gauss(0, 1.5), 4), round(north + random.gauss(0, 1.5), 4)
        if rank % 10 == 0:
            longitude, latitude = random.choice(BORDER_POSITIONS)
        located = rank % 7 > 0
        made.append(
            Place(
                name=f"Place {rank}",
                country=code if rank % 8 else None,
                longitude=longitude if located else None,
                latitude=latitude if located else None,
            )
        )
    return made


class _Further:
    """What events have besides; drawn from numbers of its own, so that the rest stays as it was."""

    def __init__(self, seed: int, cited: list[Source]) -> None:
        self._random = Random(f"further {seed}")
        self._cited, self._places = cited, places()
        self._stance = Choice(_STANCES)
        self._word = Choice.powers(WORDS)
        self._words = Random(f"words {seed}")
        self._source, self._place = Choice.powers(range(len(cited))), Choice.powers(range(len(self._places)))

    def citations(self, first: Source) -> list[Citation]:
        """One citation, often more: of several sources, some that say who told them, some that dispute."""
        random = self._random
        further = [self._cited[rank] for rank in self._source.draw_some(random, 3)]
        sources = list({source.id: source for source in [first, *further]}.values())
        return [
            Citation(
                id=new_uuid(random),
                source=source.id,
                stance=self._stance.draw(random),
                attribution=[f"Ministry {random.randint(1, 9)}"] if random.random() < 0.2 else [],
            )
            for source in sources[: random.choice((1, 1, 2, 4))]
        ]

    def places(self) -> list[Place]:
        """None, one or two places."""
        return [self._places[rank] for rank in self._place.draw_some(self._random, self._random.choice((0, 1, 1, 2)))]

    def summary(self) -> str:
        """Six words."""
        return " ".join(self._word.draw(self._words) for _ in range(6))

    def external_ids(self, index: int) -> dict[str, str]:
        """None, or one of its own and one that it shares with others."""
        if self._random.random() < 0.8:
            return {}
        return {"wikidata": f"Q{index}", "archive": f"box:{self._random.randint(1, 50)}"}

    def planned_date(self, text: str) -> str:
        """A plan is for a day that is far away yet, or whose time has passed without a word."""
        random = self._random
        return text if random.random() < 0.3 else f"{random.randint(2100, 2199)}-{random.randint(1, 12):02d}"


def events(number: int, cited: list[Source], seed: int = 1, texts: Iterable[str] | None = None) -> Iterator[Event]:
    """That many events; `texts` gives their dates, or they are drawn."""
    random = Random(f"events {seed}")
    dates = iter(texts) if texts is not None else (date_text(random) for _ in range(number))
    publishers = {source.id: source.publisher for source in cited}
    actor, role = Choice.powers(ACTORS), Choice.powers([None, *ROLES])
    kind, tag = Choice.powers(KINDS), Choice.powers(TAGS)
    occurrence, confidence, state = Choice(OCCURRENCES), Choice(_CONFIDENCES), Choice(_STATES)
    further = _Further(seed, cited)
    known: dict[str, tuple[Edtf, When]] = {}
    earlier: list[UUID] = []
    for index, text in enumerate(islice(dates, number), 1):
        assessed = confidence.draw(random)
        new_uuid(random)  # once drawn for a citation; the events of a seed stay as they were
        citations = further.citations(random.choice(cited))
        parts = actor.draw_some(random, random.choice((1, 2, 2, 4)))
        event_id, slug, occurred = new_uuid(random), kind.draw(random), occurrence.draw(random)
        if texts is None and occurred is Occurrence.PLANNED:
            text = further.planned_date(text)
        if text not in known:
            date = parse(text)
            known[text] = date, When.of(date)
        event = Event(
            id=event_id,
            title=f"Event {index}",
            summary=further.summary(),
            kind=slug,
            date=known[text][0],
            occurrence=occurred,
            state=state.draw(random),
            actors=[EventActor(id=one, role=role.draw(random)) for one in parts],
            places=further.places(),
            external_ids=further.external_ids(index),
            citations=citations,
            assessment=Assessment(confidence=assessed) if assessed else None,
            relations=[Relation(type=RelationType.FOLLOWS, event_id=random.choice(earlier))]
            if earlier and random.random() < 0.02
            else [],
            tags=tag.draw_some(random, random.choice((0, 1, 1, 2))),
            when=known[text][1],
            evidence=count_evidence(citations, publishers),
            revision=1,
            sequence=index,
            created_at=_TIME,
            updated_at=written_at(index),
            published_at=_TIME,
        )
        # Few enough to stay cheap; published ones, so that a published event never points to a draft.
        if event.state is State.PUBLISHED and len(earlier) < 1000:
            earlier.append(event.id)
        yield event


def change_time(sequence: int) -> datetime:
    """When the change with a sequence was written."""
    return FIRST_CHANGE + timedelta(minutes=sequence)


def written_at(sequence: int) -> str:
    """The same as it stands in documents."""
    return change_time(sequence).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_uuid(random: Random) -> UUID:
    """Draw an id."""
    return UUID(int=random.getrandbits(128), version=4)


#: The columns of the index.
ENTRY = ("event_id", "term", "span", "gaps", "starts", "ends", "sequence")


class _Index(NamedTuple):
    drop: str
    create: str


_INDEXES = """
SELECT CASE WHEN pg_constraint.oid IS NULL THEN format('DROP INDEX %s', index.oid::regclass)
            ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', indrelid::regclass, conname) END,
       CASE WHEN pg_constraint.oid IS NULL THEN pg_get_indexdef(index.oid)
            ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', indrelid::regclass, conname,
                        pg_get_constraintdef(pg_constraint.oid)) END
FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid LEFT JOIN pg_constraint ON conindid = indexrelid
WHERE indrelid = $1::regclass AND NOT (indisprimary AND indrelid = 'event_text'::regclass)
"""


@asynccontextmanager
async def indexed_at_the_end(owner: Any, *tables: str) -> AsyncIterator[None]:
    """Take the indexes of tables away while they are filled; and leave all tables as autovacuum does after a load.

    Sorting once is several times faster than keeping an index of a million rows in order. Words are put by their key,
    which stays.
    """
    indexes = [_Index(*row) for table in tables for row in await owner.fetch(_INDEXES, table)]
    for index in indexes:
        await owner.execute(index.drop)
    yield
    await owner.execute("SET maintenance_work_mem = '256MB'")
    for index in indexes:
        await owner.execute(index.create)
    await owner.execute("VACUUM ANALYZE")


async def load(owner: Any, made: Iterable[Event], cited: list[Source]) -> Counter[tuple[str, str]]:
    """Put events, with all actors and these sources, into an empty store; gives the counts of the terms.

    ``owner`` is a connection of the tables' owner. The log stays empty, see ``load_log``. Nothing has a past; for that
    there is ``tests/store/past.py``.
    """
    await _load_actors(owner)
    await copy(owner, "source", [source_row(source) | {"sequence": 0} for source in cited])
    async with indexed_at_the_end(owner, "event_term", "event_text"):
        return await _load_events(owner, made, cited)


async def _load_events(owner: Any, made: Iterable[Event], cited: list[Source]) -> Counter[tuple[str, str]]:
    ids: dict[tuple[str, str], int] = {}
    counts: Counter[tuple[str, str]] = Counter()
    facts = {source.id: SourceFacts(source.publisher, source.reliability, source.title) for source in cited}
    remaining = iter(made)
    while batch := list(islice(remaining, BATCH)):
        entries: list[tuple[Any, ...]] = []
        for event in batch:
            indexed = Indexed.of(event, facts)
            terms = [(indexed.state, name) for name in sorted(indexed.names)]
            counts.update(terms)
            entries += [
                (
                    event.id,
                    ids.setdefault(term, len(ids) + 1),
                    indexed.span,
                    indexed.gaps,
                    indexed.starts,
                    indexed.ends,
                    event.sequence,
                )
                for term in terms
            ]
        await copy(owner, "event", [event_row(event) for event in batch])
        await owner.copy_records_to_table("event_term", columns=ENTRY, records=entries)
        await put_texts(
            owner, [HeldText(event.id, EventText.of(event, facts), event.sequence, None) for event in batch]
        )
    rows = [
        {"id": number, "state": state, "name": name, "events": counts[state, name]}
        for (state, name), number in ids.items()
    ]
    await copy(owner, "term", rows)
    await owner.fetchval("SELECT setval(pg_get_serial_sequence('term', 'id'), $1::int8)", len(ids) + 1)
    return counts


async def load_log(owner: Any) -> None:
    """Write a change for each event that was loaded, without a content: what tells when an event was written."""
    await owner.execute(
        "INSERT INTO change (sequence, recorded_at, entity, entity_id, revision, type, public_type, author, digest)"
        " SELECT sequence, $1::timestamptz + sequence * interval '1 minute', 'event', id::text, 1, 'create',"
        " CASE WHEN state <> 'draft' THEN 'create' END, 'loading', '\\x00' FROM event",
        FIRST_CHANGE,
    )
    await set_head(owner)
    await owner.execute("VACUUM ANALYZE change")


async def set_head(owner: Any) -> None:
    """Put the head at the end of the log."""
    await owner.execute(
        "UPDATE head SET (sequence, public_sequence, recorded_at) = ("
        "SELECT max(sequence), max(sequence) FILTER (WHERE public_type IS NOT NULL), max(recorded_at) FROM change)"
    )


async def _load_actors(owner: Any) -> None:
    made = actors()
    await copy(owner, "actor", [actor_row(actor) | {"sequence": 0} for actor in made])
    names = [row._asdict() | {"actor_id": actor.id, "sequence": 0} for actor in made for row in name_rows(actor)]
    await copy(owner, "actor_name", names)


def actor_row(actor: Actor) -> dict[str, Any]:
    """The current row of an actor that everybody sees."""
    return {
        "id": actor.id,
        "revision": actor.revision,
        "public": True,
        "name": actor.name,
        "kind": actor.kind,
        "reliability": actor.reliability,
        "actors": [],
        "sequence": actor.sequence,
        "document": encode(actor),
    }


def source_row(source: Source) -> dict[str, Any]:
    """The current row of a source that everybody sees."""
    return {
        "id": source.id,
        "revision": source.revision,
        "public": True,
        "identity": source_identity(source),
        "title": source.title,
        "url": source.url,
        "publisher": source.publisher,
        "published": None,
        "reliability": source.reliability,
        "sequence": source.sequence,
        "document": encode(source),
    }


def event_row(event: Event) -> dict[str, Any]:
    """The current row of an event."""
    date = event.date
    return {
        "id": event.id,
        "revision": event.revision,
        "state": event.state.value,
        "starts": date.starts,
        "ends": date.ends,
        "runs": _multirange(date.runs),
        "instant_starts": date.instant_starts,
        "instant_starts_latest": date.instant_starts_latest,
        "instant_ends": date.instant_ends,
        "instant_runs": _multirange(date.instant_runs),
        "sequence": event.sequence,
        "planned": event.occurrence is Occurrence.PLANNED,
        "positions": [Point(*position) for position in positions_of(event.places)] or None,
        "actors": sorted({actor.id for actor in event.actors}),
        "sources": sorted({citation.source for citation in event.citations}),
        "document": encode(event),
    }


def _multirange(runs: tuple[tuple[int, int], ...] | None) -> list[Range[int]] | None:
    return None if runs is None else [Range(starts, ends) for starts, ends in runs]


async def copy(owner: Any, table: str, rows: list[dict[str, Any]]) -> None:
    """Put rows into a table, all with the same columns."""
    if rows:
        await owner.copy_records_to_table(table, columns=list(rows[0]), records=[tuple(row.values()) for row in rows])
