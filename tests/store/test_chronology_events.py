"""A chronology's events: what was picked by hand and what a filter finds, in order, held against a plain model."""

from collections.abc import AsyncIterator
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store.chronology_events import list_chronology_events
from api.store.store import Store
from schema.chronology import Chronology, ChronologyItem
from schema.edtf import Match, Window, matches, parse
from schema.event import Event
from schema.problem import ProblemError
from schema.query import Counting, EventFilter, EventQuery, Sort
from schema.vocabulary import State
from tests.conftest import fresh_database
from tests.store import generation
from tests.store import test_filters_model as model
from tests.tiers import examples

_PUBLISHED = [State.PUBLISHED]


@pytest.fixture(scope="module")
async def store(server: EmbeddedServer, template: str) -> AsyncIterator[Store]:
    world = model._world()
    async with fresh_database(server, template) as database:
        owner = await asyncpg.connect(database.owner_url)
        await generation.load(owner, world.events, list(world.sources.values()))
        await generation.load_log(owner)
        await owner.close()
        store = Store(await create_pool(database.url, size=2, query_timeout_s=30.0))
        yield store
        await store.close()


def chronology(own: EventFilter | None, picked: list[ChronologyItem], revision: int = 1) -> Chronology:
    return Chronology(
        slug="one",
        title="One",
        filter=own,
        items=picked,
        revision=revision,
        sequence=1,
        created_at="",
        updated_at="",
    )


def _holds(event: Event, asked: EventFilter) -> bool:
    window = Window.between(asked.date_from, asked.date_to)
    given = [name for name in model._MODEL if getattr(asked, name) not in (None, [])]
    return all(model._MODEL[name](event, asked, model._world()) for name in given) and matches(  # type: ignore[arg-type]
        event.date, window, asked.date_match
    )


def _expected(made: Chronology, asked: EventQuery) -> list[str]:
    events = {event.id: event for event in model._world().events}
    wanted = [event for event in events.values() if _holds(event, asked)]
    places = {item.event_id: place for place, item in enumerate(made.items)}
    picked = [event for event in wanted if event.id in places and event.state in (asked.state or _PUBLISHED)]
    own = made.filter
    found = [
        event
        for event in wanted
        if own is not None
        and event.id not in places
        and _holds(event, own)
        and event.state in (own.state or asked.state or _PUBLISHED)
        and event.state in (asked.state or own.state or _PUBLISHED)
    ]
    sort = asked.sort or (own.sort if own else None) or Sort.DATE
    if asked.sort is None:
        picked.sort(key=lambda event: places[event.id])
        return [str(event.id) for event in picked + _sorted(found, sort)]
    return [str(event.id) for event in _sorted(picked + found, sort)]


def _sorted(events: list[Event], sort: Sort) -> list[Event]:
    by_change = sort in (Sort.UPDATED, Sort.UPDATED_DESCENDING)
    return sorted(
        events,
        key=lambda event: (event.sequence, 0) if by_change else (event.date.starts, event.id.int),
        reverse=sort.startswith("-"),
    )


class Drawn(NamedTuple):
    made: Chronology
    asked: EventQuery
    pages: int
    spare: int
    thresholds: model.Drawn


@st.composite
def _asked(draw: st.DrawFn) -> Drawn:
    own, asked = draw(model._queries()), draw(model._queries())
    members: list[dict[str, Any]] = []
    for drawn in (own, asked):
        # Few filters at once, or two queries together would seldom find anything.
        kept = draw(st.sets(st.sampled_from(sorted(drawn.members)), max_size=draw(st.integers(0, 4))))
        kept |= {name for name in ("date_from", "date_to", "date_match") if name in drawn.members}
        members.append({name: drawn.members[name] for name in kept - {"count", "sort"}})
        if draw(st.booleans()):
            members[-1]["sort"] = drawn.members["sort"]
    picks = draw(
        st.lists(
            st.sampled_from(model._world().events),
            max_size=draw(st.sampled_from([0, 3, 40])),
            unique_by=lambda event: event.id,
        )
    )
    items = [
        ChronologyItem(event_id=event.id, note=f"Note {place}" if place % 2 else None)
        for place, event in enumerate(picks)
    ]
    has_filter = not items or draw(st.integers(0, 3)) > 0
    return Drawn(
        chronology(EventFilter(**members[0]) if has_filter else None, items),
        EventQuery(**members[1], count=asked.members["count"]),
        pages=draw(st.integers(1, 6)),
        spare=draw(st.sampled_from([0, 0, 0, 3, 1000])),
        thresholds=asked,
    )


@pytest.mark.model
@settings(max_examples=examples(80), suppress_health_check=list(HealthCheck))
@given(drawn=_asked())
async def test_pages_hold_what_the_model_holds(store: Store, drawn: Drawn) -> None:
    """Nothing twice, nothing lost, in order; notes only for what is on the page."""
    made, asked = drawn.made, drawn.asked
    expected = _expected(made, asked)
    limit = min(max(1, ceil(len(expected) / drawn.pages)) + drawn.spare, 1000)
    notes = {item.event_id: item.note for item in made.items if item.note is not None}
    found: list[str] = []
    cursor = None
    with model._set(drawn.thresholds):
        while True:
            query = structs.replace(asked, limit=limit, cursor=cursor)
            listed, noted = await list_chronology_events(store, made, query, edit=True)
            page = [item.id for item in listed.page.items]
            found += page
            assert noted == {key: note for key, note in notes.items() if str(key) in page}
            if asked.count is not Counting.NONE:
                assert listed.counted is not None
                assert listed.counted.value >= len(expected)
                assert not listed.counted.exact or listed.counted.value == len(expected)
                assert listed.counted.exact or len(expected) >= drawn.thresholds.counted
            cursor = listed.next
            if cursor is None:
                break
            assert len(page) == limit, "a page that is followed by another one is full"
    assert found == expected


_DATES = ["2025-06-02", "2025-06", "2025", "2024/2025", "202X", "1990", "2025-06-02T12:00:00Z"]


@pytest.mark.parametrize("own", Match)
@pytest.mark.parametrize("other", Match)
async def test_two_windows_both_hold_each_in_its_own_way(store: Store, own: Match, other: Match) -> None:
    some = 0
    for first in _DATES:
        for second in _DATES:
            one, two = parse(first), parse(second)
            made = chronology(EventFilter(date_from=one, date_to=one, date_match=own), [])
            asked = EventQuery(date_from=two, date_to=two, date_match=other, limit=1000)
            listed, _ = await list_chronology_events(store, made, asked, edit=False)
            found = [item.id for item in listed.page.items]
            assert found == _expected(made, asked)
            some += len(found)
    assert some


async def test_a_cursor_belongs_to_its_revision_and_query(store: Store) -> None:
    made = chronology(EventFilter(), [])
    asked = EventQuery(limit=5)
    listed, _ = await list_chronology_events(store, made, asked, edit=False)
    following = structs.replace(asked, cursor=listed.next)
    assert len((await list_chronology_events(store, made, following, edit=False)).listed.page.items) == 5
    others = [
        (chronology(EventFilter(), [], revision=2), following),
        (made, structs.replace(following, disputed=False)),
        (made, structs.replace(following, sort=Sort.DATE)),
    ]
    for other, query in others:
        with pytest.raises(ProblemError, match="another query"):
            await list_chronology_events(store, other, query, edit=False)


async def test_a_thousand_picks_cost_as_many_looks(store: Store) -> None:
    """Their order is kept over all pages, whatever their dates."""
    events = [event for event in model._world().events if event.state is State.PUBLISHED][::-1]
    made = chronology(EventFilter(), [ChronologyItem(event_id=event.id) for event in events])
    missing = UUID(int=7)
    made = structs.replace(made, items=[*made.items[:5], ChronologyItem(event_id=missing), *made.items[5:]])
    found: list[str] = []
    cursor = None
    while True:
        listed, _ = await list_chronology_events(store, made, EventQuery(limit=77, cursor=cursor), edit=False)
        found += [item.id for item in listed.page.items]
        if (cursor := listed.next) is None:
            break
    assert found == [str(event.id) for event in events]
