"""Every combination of filters finds what a few plain lines of Python find.

The model is written from the documented meaning alone: it knows events, sources and actors, and neither terms nor
walks. What the store does differently for few and for many events is switched by the thresholds, which are drawn.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store import event_search, listing
from api.store.actor_rows import bound, membership_rows
from api.store.listing import list_events
from api.store.select import few, filters, keys
from api.store.sql import query
from api.store.store import Store
from schema.actor import ActorIn, Membership
from schema.answers import Count
from schema.bounds import Box, cell_of
from schema.edtf import Edtf, EdtfError, Match, Precision, Window, matches, parse
from schema.event import Event, EventActor
from schema.query import Counting, EventQuery, Sort
from schema.source import Source
from schema.vocabulary import Confidence, Occurrence, Reliability, Stance, State
from tests.conftest import Client, fresh_database
from tests.store import generation
from tests.tiers import examples
from tests.writing import check_whole, make, make_event, read

_NOW = datetime(2025, 6, 2, 12, tzinfo=UTC)
#: Plans around the present, which is over in one zone and not in another; windows lie here and around.
_NEAR_NOW = """
    2025-06-01 2025-06-02 2025-06-03 2025-06 2025 2025-06-01/2025-06-02 2025-06-02/.. 2025-05-31/ ../2025-06-02
    2025-06-02T00:00:00 2025-06-01T23:59:59 2025-06-02T11:59:59Z 2025-06-02T12:00:00Z 2025-06-03T01:59:59+14:00
    2025-06-02T02:00:00+14:00 2025-06-01T23:59:59-12:00 2025-06-02T00:00:00-12:00 {2025-05-01,2025-06-02}
    [2025-05-01,2025-07-01] 2025-XX-01 2025-22 2024~ 202X -0043 9999 Y17000 2100-06
""".split()  # noqa: SIM905 - a hundred quotation marks less to read over


#: When actors belonged to others; none: always.
_HELD = """
    2015/2022 ../2018 2020/.. 2024-06/ 201X {2019,2024} 2025-06-01/2025-06-03 2021-03 /2012 1949/.. [2010..2016]
    2023-XX-01 2025-06-02T00:00:00/2025-06-02T12:00:00
""".split()  # noqa: SIM905
#: Actors by which rank belongs to which: each to some of the next eight.
_GRADES, _GRADE = 5, 8


class World(NamedTuple):
    """What is in the store."""

    events: list[Event]
    sources: dict[UUID, Source]
    reliability: dict[str, Reliability | None]  # of publishers
    belonging: dict[str, list[tuple[str, Membership]]]  # by the one that others belong to: in which way, and who


@cache
def _world() -> World:
    random = Random("model")
    texts = [text for text in _NEAR_NOW for _ in range(6)]
    texts += [generation.date_text(random) for _ in range(250)]
    random.shuffle(texts)
    cited = generation.sources(30)
    # More plans than there are elsewhere: whether one is overdue is a matter of its date.
    events = [
        structs.replace(event, occurrence=Occurrence.PLANNED)
        if event.date.text in _NEAR_NOW and random.random() < 0.5
        else event
        for event in generation.events(len(texts), cited, 17, texts)
    ]
    reliability = {actor.id: actor.reliability for actor in generation.actors()}
    return World(events, {source.id: source for source in cited}, reliability, _belonging(random))


def _belonging(random: Random) -> dict[str, list[tuple[str, Membership]]]:
    belonging: dict[str, list[tuple[str, Membership]]] = {}
    for rank, actor in enumerate(generation.ACTORS[: (_GRADES - 1) * _GRADE]):
        above = generation.ACTORS[(rank // _GRADE + 1) * _GRADE :][:_GRADE]
        for of_actor in random.sample(above, 2):
            weights = [len(_HELD), *[1] * len(_HELD)]
            for text in random.choices([None, *_HELD], weights, k=random.choice((1, 2))):
                date = None if text is None else parse(text)
                kind = random.choice(["part_of", "member_of"])
                belonging.setdefault(of_actor, []).append((kind, Membership(actor=actor, date=date)))
    return belonging


async def _load_memberships(owner: Any) -> None:
    """As a writer puts them: all of an actor together."""
    written: dict[str, dict[str, list[Membership]]] = {}
    for of_actor, memberships in _world().belonging.items():
        for kind, membership in memberships:
            held = structs.replace(membership, actor=of_actor)
            written.setdefault(membership.actor, {"part_of": [], "member_of": []})[kind].append(held)
    for actor, members in written.items():
        rows = membership_rows(ActorIn(id=actor, name=actor, kind="state", **members))
        await owner.executemany(query("rows", "put_membership"), [(*bound(row), actor, 0) for row in rows])


@pytest.fixture(scope="module")
async def store(server: EmbeddedServer, template: str) -> AsyncIterator[Store]:
    async with fresh_database(server, template) as database:
        owner = await asyncpg.connect(database.owner_url)
        await generation.load(owner, _world().events, list(_world().sources.values()))
        await generation.load_log(owner)
        await _load_memberships(owner)
        await owner.close()
        store = Store(await create_pool(database.url, size=2, query_timeout_s=30.0))
        yield store
        await store.close()


def _in_role(actor: EventActor, asked: EventQuery) -> bool:
    return not asked.actor_role or actor.role in asked.actor_role


def _stretches(date: Edtf | None) -> list[tuple[int, int]]:
    if date is None:
        return [(-(2**63), 2**63 - 1)]
    return list(date.runs or [(date.starts, date.ends)])


def _counts_as(names: set[str], actor: str, during: list[tuple[int, int]], asked: EventQuery, world: World) -> bool:
    """Whether any of these names is the actor, or belongs to it at some of these seconds, along some chain."""
    if actor in names:
        return True
    kinds = ["member_of"] * asked.include_members + ["part_of"] * asked.include_parts
    for kind, membership in world.belonging.get(actor, ()):
        if kind in kinds:
            common = [
                (max(first[0], second[0]), min(first[1], second[1]))
                for first in during
                for second in _stretches(membership.date)
            ]
            left = [(starts, ends) for starts, ends in common if starts < ends]
            if left and _counts_as(names, membership.actor, left, asked, world):
                return True
    return False


def _has(event: Event, actor: str, asked: EventQuery, world: World) -> bool:
    names = {one.id for one in event.actors if _in_role(one, asked)}
    return _counts_as(names, actor, _stretches(event.date), asked, world)


def _has_actor(event: Event, asked: EventQuery, world: World) -> bool:
    return any(_has(event, actor, asked, world) for actor in asked.actor)


def _has_all_actors(event: Event, asked: EventQuery, world: World) -> bool:
    return all(_has(event, actor, asked, world) for actor in asked.actor_all)


def _has_role(event: Event, asked: EventQuery, world: World) -> bool:
    # With actors asked for, the role is that of the actors.
    return bool(asked.actor or asked.actor_all) or any(_in_role(actor, asked) for actor in event.actors)


def _is_confident(event: Event, asked: EventQuery, world: World) -> bool:
    order = [Confidence.LOW, Confidence.MODERATE, Confidence.HIGH]
    assert asked.min_confidence is not None
    return event.assessment is not None and order.index(event.assessment.confidence) >= order.index(
        asked.min_confidence
    )


def _is_precise(event: Event, asked: EventQuery, world: World) -> bool:
    order = ["second", "day", "month", "season", "year", "decade", "century", "millennium", "era"]
    return order.index(event.when.precision) <= order.index(str(asked.min_precision))


def _is_reliable(event: Event, asked: EventQuery, world: World) -> bool:
    for citation in event.citations:
        source = world.sources[citation.source]
        grade = source.reliability or (world.reliability[source.publisher] if source.publisher else None)
        # The better grade is the earlier letter; F is none.
        if citation.stance is Stance.SUPPORTS and grade and grade != "F" and grade <= str(asked.min_reliability):
            return True
    return False


def _has_origins(event: Event, asked: EventQuery, world: World) -> bool:
    origins = {
        citation.attribution[0] if citation.attribution else world.sources[citation.source].publisher or citation.source
        for citation in event.citations
        if citation.stance is Stance.SUPPORTS
    }
    return len(origins) >= (asked.min_origins or 0)


def _is_overdue(event: Event, asked: EventQuery, world: World) -> bool:
    over = event.occurrence is Occurrence.PLANNED and event.date.instant_ends <= _NOW.timestamp()
    return over == asked.overdue


def _is_in_box(event: Event, asked: EventQuery, world: World) -> bool:
    west, south, east, north = map(float, (asked.bbox or "").split(","))
    for place in event.places:
        if place.longitude is None or place.latitude is None:
            continue
        # One meridian has two names.
        for longitude in {place.longitude, -place.longitude if abs(place.longitude) == 180 else place.longitude}:
            across = west <= longitude <= east if west <= east else longitude >= west or longitude <= east
            if across and south <= place.latitude <= north:
                return True
    return False


_MODEL: dict[str, Callable[[Event, EventQuery, World], bool]] = {
    "actor": _has_actor,
    "actor_all": _has_all_actors,
    "actor_role": _has_role,
    "kind": lambda event, asked, world: event.kind in asked.kind,
    "tag": lambda event, asked, world: any(tag in asked.tag for tag in event.tags),
    "occurrence": lambda event, asked, world: event.occurrence in asked.occurrence,
    "min_confidence": _is_confident,
    "min_precision": _is_precise,
    "source": lambda event, asked, world: any(citation.source in asked.source for citation in event.citations),
    "publisher": lambda event, asked, world: any(
        world.sources[citation.source].publisher in asked.publisher for citation in event.citations
    ),
    "min_reliability": _is_reliable,
    "min_origins": _has_origins,
    "disputed": lambda event, asked, world: (
        asked.disputed == any(citation.stance is Stance.DISPUTES for citation in event.citations)
    ),
    "overdue": _is_overdue,
    "country": lambda event, asked, world: any(place.country in asked.country for place in event.places),
    "bbox": _is_in_box,
    "updated_from": lambda event, asked, world: (
        datetime.fromisoformat(event.updated_at) >= datetime.fromisoformat(str(asked.updated_from))
    ),
    "external_id": lambda event, asked, world: any(
        f"{scheme}:{value}" in asked.external_id for scheme, value in event.external_ids.items()
    ),
}


def _expected(world: World, asked: EventQuery) -> list[str]:
    window = Window.between(asked.date_from, asked.date_to)
    given = [name for name in _MODEL if getattr(asked, name) not in (None, [])]
    found = [
        event
        for event in world.events
        if event.state in (asked.state or ["published"])
        and all(_MODEL[name](event, asked, world) for name in given)
        and matches(event.date, window, asked.date_match)
    ]
    sort = asked.sort or Sort.DATE
    if sort in ("updated", "-updated"):
        found.sort(key=lambda event: event.sequence)
    else:
        found.sort(key=lambda event: (event.date.starts, event.id))
    return [str(event.id) for event in (reversed(found) if sort.startswith("-") else found)]


def _some(draw: st.DrawFn, own: list[Any], others: list[Any], most: int = 4) -> list[Any]:
    """Values of a filter: mostly such as the event has that the query is drawn for."""
    values = draw(st.lists(st.sampled_from(others), min_size=0 if own else 1, max_size=most, unique=True))
    if own and draw(st.integers(0, 3)):
        values.append(draw(st.sampled_from(own)))
    return list(dict.fromkeys(values or own[:1]))


def _box(draw: st.DrawFn, event: Event) -> str:
    located = [
        (place.longitude, place.latitude)
        for place in event.places
        if place.longitude is not None and place.latitude is not None
    ]
    east, north = draw(st.sampled_from(located or generation.BORDER_POSITIONS))
    kind = draw(st.integers(0, 3))
    if kind == 0:  # anywhere, and across the antimeridian as often as not
        sides = [draw(st.integers(-180, 180)), draw(st.integers(-90, 90)), draw(st.integers(-180, 180))]
        return f"{sides[0]},{sides[1]},{sides[2]},{draw(st.integers(sides[1], 90))}"
    reach = draw(st.sampled_from([0, 0.0001, 1, 7, 40]))
    # Around the place, or with the place at its corner.
    beyond = 0 if kind == 1 else reach
    bounds = [east - reach, max(north - reach, -90), east + beyond, min(north + beyond, 90)]
    for index in (0, 2):  # around the earth
        bounds[index] = (bounds[index] + 180) % 360 - 180 if abs(bounds[index]) > 180 else bounds[index]
    return ",".join(f"{bound:.9f}".rstrip("0").rstrip(".") for bound in bounds)


def _instant(draw: st.DrawFn, event: Event) -> str:
    around = event.sequence + draw(st.integers(-20, 20))
    at = generation.FIRST_CHANGE + timedelta(minutes=around, microseconds=draw(st.sampled_from([-1, 0, 0, 1])))
    hours = draw(st.sampled_from([0, 3, -12, 14]))
    local = (at + timedelta(hours=hours)).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{local}{hours:+03d}:00" if hours else f"{local}Z"


_DRAWN: dict[str, Callable[[st.DrawFn, Event, World], Any]] = {
    "actor": lambda draw, event, world: _some(
        draw, [actor.id for actor in event.actors], generation.ACTORS[:40], draw(st.sampled_from([3, 18]))
    ),
    "actor_all": lambda draw, event, world: _some(
        draw, [actor.id for actor in event.actors], generation.ACTORS[:3], draw(st.sampled_from([0, 1, 2])) or 1
    ),
    "actor_role": lambda draw, event, world: _some(
        draw, [actor.role for actor in event.actors if actor.role], generation.ROLES
    ),
    "kind": lambda draw, event, world: _some(draw, [event.kind], generation.KINDS),
    "tag": lambda draw, event, world: _some(draw, event.tags, generation.TAGS[:20]),
    "occurrence": lambda draw, event, world: _some(draw, [event.occurrence], list(Occurrence)),
    "min_confidence": lambda draw, event, world: draw(st.sampled_from(Confidence)),
    "min_precision": lambda draw, event, world: draw(st.sampled_from([event.when.precision, *Precision])),
    "source": lambda draw, event, world: _some(
        draw, [citation.source for citation in event.citations], list(world.sources)
    ),
    "publisher": lambda draw, event, world: _some(
        draw,
        [one for citation in event.citations if (one := world.sources[citation.source].publisher)],
        generation.PUBLISHERS,
    ),
    "min_reliability": lambda draw, event, world: draw(st.sampled_from([*Reliability][:-1])),
    "min_origins": lambda draw, event, world: draw(st.sampled_from([1, 2, 2, 3, 4, 10])),
    "disputed": lambda draw, event, world: draw(st.booleans()),
    "overdue": lambda draw, event, world: draw(st.booleans()),
    "country": lambda draw, event, world: _some(
        draw, [place.country for place in event.places if place.country], generation.COUNTRIES
    ),
    "bbox": lambda draw, event, world: _box(draw, event),
    "updated_from": lambda draw, event, world: _instant(draw, event),
    "external_id": lambda draw, event, world: _some(
        draw, [f"{scheme}:{value}" for scheme, value in event.external_ids.items()], ["archive:box:7", "archive:box:8"]
    ),
    "state": lambda draw, event, world: _some(draw, [event.state], list(State), 3),
}
_BOUNDS = """
    2025-06-02 2025-06 2025 2024 202X -0043 1990 2025-06-02T12:00:00Z 2025-01-01T00:00:00Z
""".split()  # noqa: SIM905


class Drawn(NamedTuple):
    """A query, how it is paged, and the thresholds of the store while it is asked."""

    members: dict[str, Any]
    pages: int
    spare: int
    few: int
    leading: int
    branches: int
    cells: int
    counted: int
    as_of: bool  # of the last change: what it finds is the same as now


@st.composite
def _queries(draw: st.DrawFn) -> Drawn:
    event = draw(st.sampled_from(_world().events))
    most = draw(st.sampled_from([1, 2, 3, 6, len(_DRAWN)]))
    names = draw(st.lists(st.sampled_from(sorted(_DRAWN)), max_size=most, unique=True))
    members = {name: _DRAWN[name](draw, event, _world()) for name in names}
    if members.get("actor") or members.get("actor_all"):
        members |= {name: draw(st.booleans()) for name in ("include_members", "include_parts")}
    members |= {"sort": draw(st.sampled_from(generation.ORDERS)), "count": draw(st.sampled_from(Counting))}
    if draw(st.booleans()):
        members["date_match"] = draw(st.sampled_from(Match))
        for name in draw(st.sampled_from([("date_from",), ("date_to",), ("date_from", "date_to")])):
            members[name] = parse(draw(st.sampled_from(_BOUNDS)))
        try:
            Window.between(members.get("date_from"), members.get("date_to"))
        except EdtfError:
            del members["date_to"]
    return Drawn(
        members,
        pages=draw(st.integers(1, 4)),
        spare=draw(st.sampled_from([0, 0, 3, 1000])),
        few=draw(st.sampled_from([5, 60, 1000])),
        leading=draw(st.sampled_from([1, 3, 100])),
        branches=draw(st.sampled_from([2, 12, 40])),
        cells=draw(st.sampled_from([1, 10, 40])),
        counted=draw(st.sampled_from([0, 10, 1000])),
        # What is overdue depends on the time of the change, which is not the model's.
        as_of="overdue" not in members and draw(st.booleans()),
    )


class _Now(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _NOW


@contextmanager
def _set(drawn: Drawn) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_search, "datetime", _Now)
        patch.setattr(listing, "FEW", drawn.few)
        patch.setattr(event_search, "FEW", drawn.few)
        patch.setattr(few, "FEW", drawn.few)
        patch.setattr(few, "FEW_CHANGED", drawn.few)
        patch.setattr(event_search, "_MOST_LEADING", drawn.leading)
        patch.setattr(listing, "MOST_COUNTED", dict.fromkeys(Counting, drawn.counted))
        patch.setattr(keys, "MOST_BRANCHES", drawn.branches)
        patch.setattr(event_search, "MOST_BRANCHES", drawn.branches)
        patch.setattr(filters, "_MOST_CELLS", drawn.cells)
        yield


@pytest.mark.model
@settings(max_examples=examples(500), suppress_health_check=list(HealthCheck))
@given(drawn=_queries())
async def test_any_filters_together_find_what_the_model_finds(store: Store, drawn: Drawn) -> None:
    """All pages, in order, and on each the count and the resolved range."""
    asked = EventQuery(**drawn.members, as_of=str(len(_world().events)) if drawn.as_of else None)
    expected = _expected(_world(), asked)
    limit = min(max(1, ceil(len(expected) / drawn.pages)) + drawn.spare, 1000)
    window = Window.between(asked.date_from, asked.date_to)
    found: list[str] = []
    cursor = None
    with _set(drawn):
        while True:
            listed = await list_events(store, structs.replace(asked, limit=limit, cursor=cursor), edit=True)
            found += [item.id for item in listed.page.items]
            assert (listed.window.earliest, listed.window.latest) == (window.earliest, window.latest)
            _check_count(listed.counted, len(expected), drawn)
            cursor = listed.next
            if cursor is None:
                break
            assert len(listed.page.items) == limit, "a page that is followed by another one is full"
    assert found == expected


def _check_count(counted: Count | None, number: int, drawn: Drawn) -> None:
    if drawn.members["count"] is Counting.NONE:
        assert counted is None
    elif number <= drawn.counted:
        assert counted == Count(value=number, exact=True)
    else:
        # Beyond the bound the rarest filter alone is counted, which cannot be too few.
        assert counted is not None
        assert not counted.exact
        assert number <= counted.value <= len(_world().events)


def test_the_model_knows_every_filter() -> None:
    no_filters = {"date_from", "date_to", "date_match", "state", "sort", "count", "limit", "cursor", "as_of", "format"}
    # They change what the filters by actors find.
    no_filters |= {"include_members", "include_parts", "names"}
    no_filters |= {"q"}  # see test_search_model.py
    assert set(_MODEL) == set(EventQuery.__struct_fields__) - no_filters
    assert set(_DRAWN) == set(_MODEL) | {"state"}


def test_each_filter_finds_some_and_leaves_out_some() -> None:
    """Otherwise the comparison above would compare nothing with nothing."""
    world = _world()
    for name, values in {
        "min_precision": ["month"],
        "min_reliability": ["A", "C", "E"],
        "min_origins": [1, 2, 3],
        "disputed": [True, False],
        "overdue": [True, False],
        "bbox": ["-10,-90,10,90", "170,-90,-170,90"],
        "updated_from": [generation.written_at(100)],
        "external_id": [["archive:box:7"]],
        "publisher": [generation.PUBLISHERS[:1]],
        "source": [[next(iter(world.sources))]],
        "country": [generation.COUNTRIES[:1]],
    }.items():
        for value in values:
            found = _expected(world, EventQuery(**{name: value}))
            assert 2 < len(found) < len(_expected(world, EventQuery())), (name, value)


def test_memberships_find_more_and_not_at_all_times() -> None:
    world = _world()
    timed = 0
    for actor in generation.ACTORS[_GRADE : 4 * _GRADE : 5]:
        found = {
            (members, parts): set(
                _expected(world, EventQuery(actor=[actor], include_members=members, include_parts=parts))
            )
            for members in (False, True)
            for parts in (False, True)
        }
        alone, both = found[False, False], found[True, True]
        assert len(alone) < len(both) < len(world.events)
        assert found[True, False] | found[False, True] <= both
        always = {
            of_actor: [(kind, structs.replace(one, date=None)) for kind, one in memberships]
            for of_actor, memberships in world.belonging.items()
        }
        undated = world._replace(belonging=always)
        ever = set(_expected(undated, EventQuery(actor=[actor], include_members=True, include_parts=True)))
        assert both <= ever
        timed += len(ever - both)
    assert timed > 20


_CHANGED_BY_OTHERS = "min_origins=1&min_precision=day&disputed=false"


@pytest.mark.parametrize("sort", ["date", "-date", "updated", "-updated"])
@pytest.mark.parametrize("most", [10, 1000])
async def test_what_is_not_written_while_others_write_appears_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, sort: str, most: int
) -> None:
    """Pages are read while writers write: new events, edits that move them, retractions."""
    monkeypatch.setattr(listing, "FEW", most)
    monkeypatch.setattr(event_search, "FEW", most)
    random = Random(f"{sort} {most}")
    for number in range(60):
        await make_event(client, title=f"Event {number}", date=f"2024-0{number % 9 + 1}-1{number % 7}")
    query = f"/v1/events?{_CHANGED_BY_OTHERS}&sort={sort}"
    expected = [item["id"] for item in (await read(client, f"{query}&limit=1000"))["items"]]
    assert len(expected) == 60
    steady, moving = expected[::2], expected[1::2]

    async def write(event_id: str) -> None:
        choice = random.randrange(3)
        if choice == 0:
            await make_event(client, title="New", date=f"2024-0{random.randint(1, 9)}-15")
        elif choice == 1:
            patch = {"date": f"2024-0{random.randint(1, 9)}-1{random.randint(0, 9)}"}
            await client.http.patch(f"/v1/events/{event_id}", json=patch, headers=client.edit | {"If-Match": "*"})
        else:
            patch = {"tags": [f"tag {random.random()}"]}
            await client.http.patch(f"/v1/events/{event_id}", json=patch, headers=client.edit | {"If-Match": "*"})

    found: list[str] = []
    cursor = ""
    while True:
        # Forward, what is edited comes again at the end, and would for ever if editing went on.
        writers = 3 if len(found) < len(expected) else 0
        written = [asyncio.create_task(write(random.choice(moving))) for _ in range(writers)]
        page = await read(client, f"{query}&limit=7{cursor}")
        await asyncio.gather(*written)
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert [event_id for event_id in found if event_id in set(steady)] == steady


async def test_filters_follow_what_becomes_of_a_source_and_its_publisher(client: Client) -> None:
    """At the next read, for every event that cites it, and the index is whole afterwards."""
    for name, reliability in (("the-paper", "B"), ("the-gazette", None)):
        await make(client, "/v1/actors", {"id": name, "name": name, "kind": "publisher", "reliability": reliability})
    source = await make(client, "/v1/sources", {"title": "A report", "publisher": "the-paper"})
    other = await make(client, "/v1/sources", {"title": "Another", "publisher": "the-gazette"})
    path, patched = f"/v1/sources/{source['id']}", {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
    supported = await make_event(client, citations=[{"source": source["id"]}])
    disputed = await make_event(
        client, citations=[{"source": other["id"]}, {"source": source["id"], "stance": "disputes"}]
    )
    draft = await make_event(client, state="draft", citations=[{"source": source["id"]}, {"source": other["id"]}])
    names = {supported["id"]: "supported", disputed["id"]: "disputed", draft["id"]: "draft"}

    async def found(query: str) -> set[str]:
        page = await read(client, f"/v1/events?{query}&state=published&state=draft&count=exact", edit=True)
        assert page["count"] == {"value": len(page["items"]), "exact": True}
        return {names[item["id"]] for item in page["items"]}

    async def change(where: str, **members: Any) -> None:
        answer = await client.http.patch(where, json=members, headers=client.edit | patched)
        assert answer.status_code == 200, answer.text
        await check_whole(client)

    everywhere = {"supported", "disputed", "draft"}
    assert await found("publisher=the-paper") == everywhere
    assert await found("min_reliability=B") == {"supported", "draft"}
    assert await found("min_reliability=A") == set()
    # The publisher's grade holds as it is now.
    await change("/v1/actors/the-paper", reliability="A")
    assert await found("min_reliability=A") == {"supported", "draft"}
    await change("/v1/actors/the-paper", reliability="F")
    assert await found("min_reliability=E") == set()
    await change("/v1/actors/the-gazette", reliability="C")
    assert await found("min_reliability=C") == {"disputed", "draft"}
    # The source's own comes first, were it only to say that it cannot be judged.
    await change(path, reliability="D")
    assert await found("min_reliability=D") == everywhere
    await change(f"/v1/sources/{other['id']}", reliability="F")
    assert await found("min_reliability=E") == {"supported", "draft"}
    await change(f"/v1/sources/{other['id']}", reliability=None)
    await change(path, reliability=None, publisher="the-gazette")
    assert await found("publisher=the-paper") == set()
    assert await found("publisher=the-gazette") == everywhere
    assert await found("min_reliability=C") == everywhere
    await change(path, publisher=None)
    assert await found("publisher=the-gazette") == {"disputed", "draft"}
    assert await found(f"min_reliability=C&source={source['id']}") == {"disputed", "draft"}
    # What is edited later stands where it belongs, too.
    await change(f"/v1/events/{supported['id']}", tags=["late"], citations=[{"source": other["id"]}])
    assert await found("min_reliability=C") == everywhere


@pytest.mark.parametrize("most", [1, 10, 40])
def test_the_cells_of_a_box_hold_what_lies_at_its_corners(most: int) -> None:
    places = [(place.longitude, place.latitude) for place in generation.places() if place.latitude is not None]
    for east, north in (*generation.BORDER_POSITIONS, *places[:200]):
        assert east is not None
        for reach in (0, 0.5, 1, 7):
            for west, south in ((east, north), (max(east - reach, -180), max(north - reach, -90))):
                box = Box(west, south, min(west + reach, 180) if west == east else east, max(south, north))
                cells = box.cover(most)
                for corner in ((box.west, box.south), (box.east, box.north)):
                    assert cells is None or cell_of(*corner, cells[0].size_degrees) in cells
