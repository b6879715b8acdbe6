"""A list holds exactly the events that the rules of matching name, in order, over all of its pages."""

from collections.abc import AsyncIterator
from math import ceil
from typing import NamedTuple

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store.listing import list_events
from api.store.store import Store
from schema.edtf import Edtf, EdtfError, Match, Window, matches, parse
from schema.event import Event
from schema.query import EventQuery, Sort
from schema.vocabulary import Confidence, Occurrence, State
from tests.conftest import fresh_database
from tests.schema.edtf.strategies import edtf_texts
from tests.store import generation

_CONFIDENCES = list(Confidence)
#: One of every form, and what stands close to a border: of a day, a month, a year, a zone, a class of length.
_PICKED = """
    2024 2024-06 2024-06-01 2024-06-30 2024-07-01 2024-06-15~ 2024?  2023-12-31 2024-01-01 2024-02-29 2023-02 202X 20XX
    2XXX XXXX 1999-XX-XX 156X-12-31 2016-X2 2024-XX-15 2024-0X-3X 2024-21 2010-24 2024-34 2024-38 2024-41 2023-24 1950S2
    1950S1 Y17000 Y-17E7 Y17E7 Y171010000S3 0000 0000-01-01 -0001-12-31 -0043-03-13 -0043 -01XX -0500/-0400 -0001/0001
    2023-09/.. 2023-09/ ../1985 /1985-04 2024-06-15/.. 2024-06-15/ ../2024-06-15 /2024-06-15 2024-06-01/2024-06-30
    2024-05-31/2024-06-01 2024-06-10/2024-06-17 2024-05/2024-07 2024-03/2024-05 2023/2025 2015/2024 1995/2024 1924/2024
    1824/2024 1024/2024 -0500/2024 2024-06-01/2025-05-31 2024-06-15/2024-07-14 2024-01-31/2024-02-29
    2023-06-30/2024-06-29 [2022-02..2025-04] [1667,1672-12] {1960,1961-12} [..1760-12-03] [1760-12..] [..1985,2024-06]
    {2024-01,2024-06,2024-12} {2020-02-29,2024-02-29} {1999..2001,2024..} {..1985,1990,2024..}
    [2024-05-31,2024-06-15T10:00:00Z,2024-07] 2025-06-02T13:00:00+03:00 2025-06-02T13:00:00 2025-06-02T00:00:00Z
    2025-06-02T01:00:00+03:00 2025-06-01T22:00:00Z
    2025-06-01T23:59:59Z 2025-06-02T00:00:00+14:00 2025-06-02T23:59:59-12:00 2025-06-01T23:59:59+14:00
    2025-06-02T00:00:00-12:00 2025-06-02T00:00:00 2025-06-01T23:59:59 2025-06-02 2025-06-01 2025-06-03 2025-06
    2025-06-01T12:00:00+14:00/2025-06-02T12:00:00-12:00 2025-06-01T12:00:00/.. ../2025-06-01T12:00:00Z
    2025-06-01T12:00:00Z/2025-06-03 2025-06-01/2025-06-03T12:00:00+14:00 -0043-03-13T12:00:00Z
    {2025-06-01T12:00:00+14:00,2025-06-01T12:00:00-12:00} 9999-12-31T23:59:59+14:00
    {2025-06-01T00:00:00-12:00,2025-06-01T12:00:00,2025-06-03T00:00:00+14:00}
    2024-06-30T23:59:59+14:00 2024-07-01T00:00:00-12:00 2024-12-31T23:59:59 2025-01-01T00:00:00Z
""".split()  # noqa: SIM905 - a hundred quotation marks less to read over


def _drawn(number: int) -> list[str]:
    """Texts of all forms; always the same, so that the events are."""
    texts: list[str] = []

    @settings(max_examples=number, derandomize=True, database=None, phases=[Phase.generate])
    @given(edtf_texts())
    def draw(text: str) -> None:
        texts.append(text)

    draw()
    return texts


class Listed(NamedTuple):
    """A store and the events in it."""

    store: Store
    events: list[Event]


@pytest.fixture(scope="module")
async def listed(server: EmbeddedServer, template: str) -> AsyncIterator[Listed]:
    texts = [*_PICKED, *_drawn(250), *(event.date.text for event in generation.events(150, generation.sources(1), 7))]
    # Several events of one date: their order is that of their ids.
    texts += [text for text in texts for _ in range(2) if len(text) <= 7][:100]
    cited = generation.sources(20)
    events = list(generation.events(len(texts), cited, 3, texts))
    async with fresh_database(server, template) as database:
        owner = await asyncpg.connect(database.owner_url)
        await generation.load(owner, events, cited)
        await owner.close()
        store = Store(await create_pool(database.url, size=2, query_timeout_s=30.0))
        yield Listed(store, events)
        await store.close()


_NEAR = st.sampled_from([text for text in _PICKED if not text.startswith("Y")])
_OFFSETS = st.sampled_from(["Z", "+14:00", "-12:00", "+03:00"])
_BORDER_TIMES = st.builds(
    lambda day, time, offset: f"{day}T{time}{offset}",
    st.sampled_from(["2025-06-01", "2025-06-02", "2025-06-03", "2024-06-30", "2024-07-01", "-0043-03-13"]),
    st.sampled_from(["00:00:00", "11:59:59", "12:00:00", "23:59:59", "10:00:00"]),
    _OFFSETS,
)
_DAYS = st.dates().map(str) | st.integers(1900, 2030).map(str)


@st.composite
def _windows(draw: st.DrawFn) -> tuple[Edtf | None, Edtf | None]:
    texts = draw(st.sampled_from([_NEAR, _BORDER_TIMES, _BORDER_TIMES, _DAYS, edtf_texts()]))
    bounds = [parse(draw(texts)), parse(draw(texts))]
    shape = draw(st.integers(0, 5))
    candidates: list[tuple[Edtf | None, Edtf | None]] = [
        (bounds[0], bounds[1]),
        (bounds[1], bounds[0]),
        (bounds[0], bounds[0]),
        (bounds[0], None),
        (None, bounds[0]),
    ]
    for candidate in [(None, None), *candidates[3:]][: shape + 1] if shape < 2 else candidates:
        try:
            Window.between(*candidate)
        except EdtfError:
            continue
        return candidate
    assume(False)
    raise AssertionError


def _some(values: list[str] | list[State] | list[Occurrence]) -> st.SearchStrategy[list[str]]:
    """Mostly no filter, else a few values."""
    return st.just([]) | st.just([]) | st.lists(st.sampled_from(values), min_size=1, max_size=3)


_POPULAR = [*generation.ACTORS[:8], generation.ACTORS[40]]
_QUERIES = st.builds(
    lambda window, **members: EventQuery(date_from=window[0], date_to=window[1], **members),
    _windows(),
    date_match=st.sampled_from(Match),
    # So many that they are walked at once, too.
    actor=_some(_POPULAR) | st.lists(st.sampled_from(generation.ACTORS[:40]), min_size=6, max_size=20, unique=True),
    actor_all=st.just([]) | st.just([]) | _some(_POPULAR[:4]),
    actor_role=st.just([]) | _some(generation.ROLES[:4]),
    occurrence=st.just([]) | _some([*Occurrence]),
    state=st.just([]) | _some([*State]),
    kind=st.just([]) | _some(generation.KINDS[:5]),
    tag=st.just([]) | _some(generation.TAGS[:4]),
    min_confidence=st.none() | st.none() | st.sampled_from(Confidence),
    sort=st.sampled_from([Sort.DATE, Sort.DATE_DESCENDING, *generation.ORDERS]),
)


def _is_wanted(event: Event, asked: EventQuery) -> bool:
    """The documented meaning of the filters, without terms."""
    roles = asked.actor_role

    def has(wanted: list[str]) -> bool:
        return any(actor.id in wanted and (not roles or actor.role in roles) for actor in event.actors)

    if asked.actor and not has(asked.actor):
        return False
    if not all(has([actor]) for actor in asked.actor_all):
        return False
    if roles and not asked.actor and not asked.actor_all and not any(actor.role in roles for actor in event.actors):
        return False
    enough = _CONFIDENCES[_CONFIDENCES.index(asked.min_confidence) :] if asked.min_confidence else None
    return (
        event.state in (asked.state or [State.PUBLISHED])
        and (not asked.kind or event.kind in asked.kind)
        and (not asked.tag or bool(set(asked.tag) & set(event.tags)))
        and (not asked.occurrence or event.occurrence in asked.occurrence)
        and (enough is None or (event.assessment is not None and event.assessment.confidence in enough))
    )


def _expected(events: list[Event], asked: EventQuery) -> list[str]:
    window = Window.between(asked.date_from, asked.date_to)
    found = [event for event in events if _is_wanted(event, asked) and matches(event.date, window, asked.date_match)]
    by_change = asked.sort in (Sort.UPDATED, Sort.UPDATED_DESCENDING)
    found.sort(
        key=lambda event: (event.sequence if by_change else event.date.starts, event.id),
        reverse=asked.sort in (Sort.DATE_DESCENDING, Sort.UPDATED_DESCENDING),
    )
    return [str(event.id) for event in found]


async def _walk(store: Store, asked: EventQuery, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = await list_events(store, _with(asked, limit, cursor), edit=True)
        assert len(page.page.items) <= limit
        found += [item.id for item in page.page.items]
        cursor = page.next
        if cursor is None:
            return found
        assert len(page.page.items) == limit, "a page that is followed by another one is full"
        assert len(set(found)) == len(found), "a cursor leads on"


def _with(asked: EventQuery, limit: int, cursor: str | None) -> EventQuery:
    members = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return EventQuery(**members | {"limit": limit, "cursor": cursor})


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(asked=_QUERIES, pages=st.integers(1, 6), spare=st.sampled_from([0, 0, 30, 1000]))
async def test_a_list_is_what_matching_says(listed: Listed, asked: EventQuery, pages: int, spare: int) -> None:
    """In several pages, or in one with room to spare: terms with fewer events than a page are walked differently."""
    expected = _expected(listed.events, asked)
    limit = min(max(1, ceil(len(expected) / pages)) + spare, 1000)
    assert await _walk(listed.store, asked, limit) == expected


@pytest.mark.parametrize(
    "match", [match if match is Match.WITHIN else pytest.param(match, marks=pytest.mark.soak) for match in Match]
)
async def test_every_picked_date_as_a_window(listed: Listed, match: Match) -> None:
    """Each form as a window over all events: what begins, ends and lies across each kind of border."""
    for text in _PICKED:
        date = parse(text)
        for bounds in ((date, date), (date, None), (None, date)):
            try:
                Window.between(*bounds)
            except EdtfError:
                continue
            asked = EventQuery(date_from=bounds[0], date_to=bounds[1], date_match=match)
            expected = _expected(listed.events, asked)
            for limit in (max(1, ceil(len(expected) / 2)), 1000):
                assert await _walk(listed.store, asked, limit) == expected, bounds


async def test_a_limit_of_one_walks_through_equal_dates(listed: Listed) -> None:
    for sort in generation.ORDERS:
        asked = EventQuery(date_from=parse("2024-06"), date_to=parse("2024-07"), sort=sort)
        assert await _walk(listed.store, asked, 1) == _expected(listed.events, asked)
