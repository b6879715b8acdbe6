"""Histograms and facets count what a few plain lines of Python count, under any filters.

The events, the filters and the model of what they find are those of ``test_filters_model.py``; the weights here are
fractions, and the days of a bin are those of a date of its length.
"""

from collections import Counter
from collections.abc import AsyncIterator
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, structs

from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store import facets, histogram
from api.store.facets import facet_events
from api.store.histogram import count_over_time
from api.store.store import Store
from schema.bins import LONGEST_DAYS, MAXIMUM_BINS, bounds_of_bins, described_bins, number_of_bins
from schema.counting import (
    OWN_FILTERS,
    Binning,
    CountingQuery,
    Dimension,
    FacetQuery,
    FacetValue,
    Histogram,
    HistogramBin,
    HistogramQuery,
    Interval,
    OwnFilter,
)
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, Edtf, Window, parse
from schema.edtf.calendar import SECONDS_PER_DAY, day_number, year_month_day
from schema.event import Event
from schema.problem import ProblemError
from schema.query import EventQuery
from tests.conftest import fresh_database
from tests.store import generation
from tests.store import test_filters_model as model
from tests.tiers import examples

_IDS = {str(event.id): event for event in model._world().events}
_HOUR = 3600


@pytest.fixture(scope="module")
async def store(server: EmbeddedServer, template: str) -> AsyncIterator[Store]:
    world = model._world()
    async with fresh_database(server, template) as database:
        owner = await asyncpg.connect(database.owner_url)
        await generation.load(owner, world.events, list(world.sources.values()))
        await generation.load_log(owner)
        await model._load_memberships(owner)
        await owner.close()
        store = Store(await create_pool(database.url, size=2, query_timeout_s=30.0))
        yield store
        await store.close()


class Asked(NamedTuple):
    """A query that counts, and the thresholds of the store while it is asked."""

    drawn: model.Drawn
    members: dict[str, Any]
    interval: Interval
    binning: Binning
    few: int

    @property
    def as_of(self) -> str | None:
        return str(len(_IDS)) if self.drawn.as_of else None

    def found(self, **changed: Any) -> list[Event]:
        """The events that the filters find."""
        members = {**self.members, **changed}
        return [_IDS[event_id] for event_id in model._expected(model._world(), EventQuery(**members))]


@st.composite
def _questions(draw: st.DrawFn) -> Asked:
    drawn = draw(model._queries())
    members = {name: value for name, value in drawn.members.items() if name != "count"}
    interval, binning = draw(st.sampled_from(Interval)), draw(st.sampled_from(Binning))
    return Asked(drawn, members, interval, binning, draw(st.sampled_from([0, 10, 10_000])))


def _days(date: Edtf) -> list[tuple[int, int]]:
    """The possible days as stretches that don't touch, half open."""
    stretches: list[tuple[int, int]] = []
    for starts, ends in date.runs or [(date.starts, date.ends)]:
        first, past = starts // SECONDS_PER_DAY, -(-ends // SECONDS_PER_DAY)
        if stretches and first <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(past, stretches[-1][1]))
        else:
            stretches.append((first, past))
    return stretches


def _inside(days: list[tuple[int, int]], first: int, past: int) -> int:
    return sum(max(0, min(past, stretch[1]) - max(first, stretch[0])) for stretch in days)


def _is_open(date: Edtf, binning: Binning) -> bool:
    return date.starts == UNBOUNDED_START or (binning is not Binning.EARLIEST and date.ends == UNBOUNDED_END)


def _range(window: Window) -> tuple[int | None, int | None]:
    early, late = (12 * _HOUR, 14 * _HOUR) if window.instants else (0, 0)
    first = None if window.starts == UNBOUNDED_START else (window.starts - early) // SECONDS_PER_DAY
    past = None if window.ends == UNBOUNDED_END else -(-(window.ends + late) // SECONDS_PER_DAY)
    return first, past


def _weight(date: Edtf, binning: Binning, first: int, past: int, reach: tuple[int, int]) -> Fraction:
    """What an event has in the bin from one day up to another, of all the bins' reach."""
    days = _days(date)
    if binning is Binning.EARLIEST:
        return Fraction(first <= days[0][0] < past)
    if binning is Binning.EXCLUDE:
        return Fraction(first <= days[0][0] and days[-1][1] <= past)
    whole = _inside(days, *reach) if _is_open(date, binning) else _inside(days, days[0][0], days[-1][1])
    return Fraction(_inside(days, first, past), whole)


def _places(first: int, past: int, interval: Interval) -> int:
    """How many bins there are, reckoned from the dates on which the first and the last day lie."""
    (year, month, _), (last_year, last_month, _) = year_month_day(first), year_month_day(past - 1)
    return {
        Interval.DAY: past - first,
        Interval.MONTH: (last_year - year) * 12 + last_month - month + 1,
        Interval.YEAR: last_year - year + 1,
        Interval.DECADE: last_year // 10 - year // 10 + 1,
    }[interval]


def _check_bins(bins: list[HistogramBin], interval: Interval, window: Window) -> list[tuple[int, int]]:
    """Each bin is a whole date of its length, but for where the range cuts it, and they follow each other."""
    stretches = [(_day(one.start), _day(one.end) + 1) for one in bins]
    assert all(one[1] == other[0] for one, other in pairwise(stretches))
    begin, until = _range(window)
    for place, (first, past) in enumerate(stretches):
        cut_first, cut_past = place == 0 and begin is not None, place == len(bins) - 1 and until is not None
        assert _places(first, past, interval) == 1
        assert cut_first or _places(first - 1, past, interval) == 2
        assert cut_past or _places(first, past + 1, interval) == 2
        assert not cut_first or first == begin
        assert not cut_past or past == until
    return stretches


def _day(text: str) -> int:
    """Which day a text is, also of years that EDTF has no days of."""
    year, month, day = text.rsplit("-", 2)
    return day_number(int(year), int(month), int(day))


@pytest.mark.model
@settings(max_examples=examples(80), suppress_health_check=list(HealthCheck))
@given(asked=_questions())
async def test_any_histogram_has_what_the_model_has(store: Store, asked: Asked) -> None:
    query = HistogramQuery(**asked.members, as_of=asked.as_of, interval=asked.interval, bin=asked.binning)
    window = Window.between(query.date_from, query.date_to)
    begin, until = _range(window)
    found = [event.date for event in asked.found()]
    spread_open = asked.binning is Binning.SPREAD and None not in (begin, until)
    dated = [date for date in found if spread_open or not _is_open(date, asked.binning)]
    first, past = _reach([date for date in dated if _may_have_a_bin(date, asked)], asked.binning, begin, until)
    with model._set(asked.drawn):
        if first < past and _places(first, past, asked.interval) > MAXIMUM_BINS:
            with pytest.raises(ProblemError) as refused:
                await count_over_time(store, query, edit=True)
            assert [fault.parameter for fault in refused.value.faults] == ["interval"]
            return
        answer = await count_over_time(store, query, edit=True)
    assert answer.exact
    first, past = _reach([date for date in dated if _has_a_bin(date, asked, begin, until)], asked.binning, begin, until)
    assert (answer.total, answer.undated) == (len(found), len(found) - len(dated))
    assert bool(answer.bins) == (first < past)
    if answer.bins:
        _check_counts(answer, asked, window, dated, (first, past))
    assert abs(answer.total - answer.undated - answer.counted - answer.elsewhere) < 1e-5


def _reach(dated: list[Edtf], binning: Binning, begin: int | None, until: int | None) -> tuple[int, int]:
    """From which day up to which one the bins go: no day where there is nothing that makes any."""
    firsts = [date.starts // SECONDS_PER_DAY for date in dated]
    lasts = [
        date.starts // SECONDS_PER_DAY + 1 if binning is Binning.EARLIEST else _days(date)[-1][1] for date in dated
    ]
    if (begin is None or until is None) and not dated:
        return 0, 0
    return begin if begin is not None else min(firsts), until if until is not None else max(lasts)


def _may_have_a_bin(date: Edtf, asked: Asked) -> bool:
    """Whether a date is short enough for a bin, where it has to lie in one."""
    days = _days(date)
    return asked.binning is not Binning.EXCLUDE or days[-1][1] - days[0][0] <= LONGEST_DAYS[asked.interval]


def _has_a_bin(date: Edtf, asked: Asked, begin: int | None, until: int | None) -> bool:
    """Whether a date lies in one bin, where it has to."""
    first, past = _days(date)[0][0], _days(date)[-1][1]
    inside = (begin is None or first >= begin) and (until is None or past <= until)
    return asked.binning is not Binning.EXCLUDE or (inside and _places(first, past, asked.interval) == 1)


def _check_counts(
    answer: Histogram, asked: Asked, window: Window, dated: list[Edtf], counted_in: tuple[int, int]
) -> None:
    stretches = _check_bins(answer.bins, asked.interval, window)
    assert stretches[0][0] <= counted_in[0] < stretches[0][1]
    assert stretches[-1][0] < counted_in[1] <= stretches[-1][1]
    reach = stretches[0][0], stretches[-1][1]
    counted = Fraction(0)
    for one, (first, past) in zip(answer.bins, stretches, strict=True):
        expected = sum(
            (_weight(date, asked.binning, first, past, reach) for date in dated if _may_lie(date, past, first)),
            Fraction(0),
        )
        assert abs(one.count - expected) < Fraction(1, 10**6), one
        counted += expected
    assert abs(answer.counted - counted) < Fraction(1, 10**5)


def _may_lie(date: Edtf, past: int, first: int) -> bool:
    return date.starts < past * SECONDS_PER_DAY and date.ends > first * SECONDS_PER_DAY


def _values(event: Event, dimension: Dimension) -> set[str]:
    sources = model._world().sources
    return {
        Dimension.ACTOR: {actor.id for actor in event.actors},
        Dimension.KIND: {event.kind},
        Dimension.PUBLISHER: {one for citation in event.citations if (one := sources[citation.source].publisher)},
        Dimension.CONFIDENCE: {event.assessment.confidence.value} if event.assessment else set(),
        Dimension.OCCURRENCE: {event.occurrence.value},
        Dimension.TAG: set(event.tags),
        Dimension.COUNTRY: {place.country for place in event.places if place.country},
    }[dimension]


@pytest.mark.model
@settings(max_examples=examples(80), suppress_health_check=list(HealthCheck))
@given(
    asked=_questions(),
    chosen=st.lists(st.sampled_from(Dimension), max_size=3),
    top=st.sampled_from([1, 3, 100]),
    own=st.sampled_from(OwnFilter),
)
async def test_any_facets_have_what_the_model_has(
    store: Store, asked: Asked, chosen: list[Dimension], top: int, own: OwnFilter
) -> None:
    query = FacetQuery(**asked.members, as_of=asked.as_of, facet=chosen, top=top, own=own)
    with model._set(asked.drawn), pytest.MonkeyPatch.context() as patch:
        patch.setattr(facets, "FEW", asked.few)
        answer = await facet_events(store, query, edit=True)
    none = structs.asdict(CountingQuery())
    for dimension in Dimension:
        facet = getattr(answer.facets, dimension.value)
        if chosen and dimension not in chosen:
            assert facet is UNSET
            continue
        left_out = {name: none[name] for name in OWN_FILTERS[dimension]} if own is OwnFilter.EXCLUDE else {}
        counts = Counter(value for event in asked.found(**left_out) for value in _values(event, dimension))
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        assert facet.values == [FacetValue(value=value, count=count) for value, count in ranked[:top]]
        assert (facet.more, facet.exact) == (len(ranked) > top, True)
        if dimension in (Dimension.ACTOR, Dimension.PUBLISHER):
            assert {value for value, _ in ranked[:top]} <= set(answer.included.actors)


def _months() -> HistogramQuery:
    return HistogramQuery(date_from=parse("1990"), date_to=parse("2030"), interval=Interval.MONTH)


async def test_a_sample_of_all_is_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no time to count all, a part is counted: here one that is everything."""
    exact = [await count_over_time(store, HistogramQuery(date_to=parse("2025")), edit=True)]
    exact.append(await count_over_time(store, _months(), edit=True))
    values = await facet_events(store, FacetQuery(kind=["talks", "attack"], top=100), edit=True)
    monkeypatch.setattr(histogram, "_EXACT_SHARE", 0)
    monkeypatch.setattr(facets, "_EXACT_SHARE", 0)
    again = [await count_over_time(store, HistogramQuery(date_to=parse("2025")), edit=True)]
    again.append(await count_over_time(store, _months(), edit=True))
    assert again == [structs.replace(one, exact=False) for one in exact]
    sampled = await facet_events(store, FacetQuery(kind=["talks", "attack"], top=100), edit=True)
    for dimension in Dimension:
        facet = getattr(sampled.facets, dimension.value)
        assert (facet.values, facet.exact, facet.more) == (getattr(values.facets, dimension.value).values, False, True)


@settings(max_examples=300)
@given(
    first=st.integers(-4_000_000_000, 4_000_000_000), length=st.integers(1, 20_000), interval=st.sampled_from(Interval)
)
def test_bins_of_any_year_follow_the_calendar(first: int, length: int, interval: Interval) -> None:
    past = first + length
    assert number_of_bins(first, past, interval) == _places(first, past, interval)
    bounds = bounds_of_bins(first, past, interval, cut_first=False, cut_past=False)
    assert bounds[0] <= first < bounds[1]
    assert bounds[-2] < past <= bounds[-1]
    for one, other in pairwise(bounds):
        assert _places(one, other, interval) == 1
        assert _places(one - 1, other + 1, interval) == 3
    cut = bounds_of_bins(first, past, interval, cut_first=True, cut_past=True)
    assert (cut[0], cut[-1]) == (first, past)
    assert cut[1:-1] == bounds[1:-1]


@pytest.mark.parametrize(
    ("text", "interval", "start", "end", "label"),
    [
        ("2024-06-15", Interval.DAY, "2024-06-15", "2024-06-15", "15 June 2024"),
        ("2024-02-10", Interval.MONTH, "2024-02-01", "2024-02-29", "February 2024"),
        ("-0043-03-15", Interval.MONTH, "-0043-03-01", "-0043-03-31", "March 44 BC"),
        ("0000-02-29", Interval.YEAR, "0000-01-01", "0000-12-31", "1 BC"),
        ("0023", Interval.YEAR, "0023-01-01", "0023-12-31", "AD 23"),
        ("Y17000", Interval.YEAR, "17000-01-01", "17000-12-31", "AD 17,000"),
        ("2024-06-15", Interval.DECADE, "2020-01-01", "2029-12-31", "2020s"),
        ("1904", Interval.DECADE, "1900-01-01", "1909-12-31", "between 1900 and 1909"),
        ("-0043", Interval.DECADE, "-0050-01-01", "-0041-12-31", "between 51 BC and 42 BC"),
        ("Y17000", Interval.DECADE, "17000-01-01", "17009-12-31", "between AD 17,000 and AD 17,009"),
    ],
)
def test_bins_are_called_what_dates_are(text: str, interval: Interval, start: str, end: str, label: str) -> None:
    day = parse(text).starts // SECONDS_PER_DAY
    bounds = bounds_of_bins(day, day + 1, interval, cut_first=False, cut_past=False)
    assert described_bins(bounds, interval, [1.0]) == [HistogramBin(start=start, end=end, label=label, count=1.0)]
