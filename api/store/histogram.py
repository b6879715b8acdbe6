"""Counting events over time."""

from itertools import pairwise
from typing import Any, NamedTuple

from api.store.bounded import TimeBound, counting_time
from api.store.event_search import Search, refuse_drafts, window_of
from api.store.found import Sample, entries, new_statement, samples_for, searches_to_count
from api.store.head import find_moment
from api.store.select.keys import AHEAD_S, MOST_BEHIND_S
from api.store.sql import Statement
from api.store.store import Store
from schema.answers import Range
from schema.bins import LONGEST_DAYS, MAXIMUM_BINS, bounds_of_bins, described_bins, finest_interval, number_of_bins
from schema.counting import Binning, Histogram, HistogramQuery
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, Window
from schema.edtf.calendar import SECONDS_PER_DAY
from schema.problem import Fault, problem
from schema.text_query import text_notices

#: All events are counted in the first part of the time, or else a sample in the rest.
_EXACT_SHARE = 0.6
#: So many events at most are counted where there is no time for all: few first, and then more if there is time.
_SAMPLES = (500, 5_000)
#: Sums of fractions are rounded to so many places.
_PLACES = 6


class _Days(NamedTuple):
    """The days of a range, counted from 1970-01-01, the first one and the one after the last; None where open."""

    begin: int | None
    until: int | None

    @classmethod
    def of(cls, window: Window) -> "_Days":
        """The days on which a window lies; for instants all days on which any of them may be read somewhere."""
        begin, until = window.starts, window.ends
        bounded = begin != UNBOUNDED_START, until != UNBOUNDED_END
        if window.instants:
            begin, until = begin - AHEAD_S, until + MOST_BEHIND_S
        return cls(
            begin // SECONDS_PER_DAY if bounded[0] else None,
            -(-until // SECONDS_PER_DAY) if bounded[1] else None,
        )


class _Tally(NamedTuple):
    """What was counted, before it is written."""

    bounds: list[int]
    counts: list[float]
    total: int
    undated: int


async def count_over_time(store: Store, asked: HistogramQuery, *, edit: bool) -> Histogram:
    """Count the events that a query finds in bins of the calendar."""
    refuse_drafts(asked, edit=edit)
    window = window_of(asked)
    days = _Days.of(window)
    if days.begin is not None and days.until is not None:
        _refuse_too_many(days.begin, days.until, asked)
    async with store.reading() as connection:
        moment = None if asked.as_of is None else await find_moment(connection, asked.as_of, edit=edit)
        [search] = await searches_to_count(connection, asked, [asked], moment, edit=edit)
        if search is None:
            tally, exact = _nothing(asked, days), True
        else:
            bound = counting_time()
            counted = await _tally(bound.part(_EXACT_SHARE), connection, search, asked, days)
            exact = counted is not None
            tally = counted or await _estimate(bound, connection, search, asked, days, edit=edit)
    return _written(asked, window, tally, None if moment is None else moment.sequence, exact=exact)


async def _estimate(
    bound: TimeBound, connection: Any, search: Search, asked: HistogramQuery, days: _Days, *, edit: bool
) -> _Tally:
    """Count a sample, as large a one as there is time for; without any there are no bins."""
    tally = _Tally([], [], search.most, 0)
    for sample in await samples_for(connection, search, _SAMPLES, edit=edit):
        tally = await _tally(bound, connection, search, asked, days, sample) or tally
    return tally


def _written(asked: HistogramQuery, window: Window, tally: _Tally, as_of: int | None, *, exact: bool) -> Histogram:
    counts = [max(0.0, round(count, _PLACES)) for count in tally.counts]
    counted = min(round(sum(tally.counts, start=0.0), _PLACES), float(tally.total))
    return Histogram(
        interval=asked.interval,
        bin=asked.bin,
        bins=described_bins(tally.bounds, asked.interval, counts) if counts else [],
        total=tally.total,
        counted=counted,
        undated=tally.undated,
        elsewhere=max(0.0, round(tally.total - tally.undated - counted, _PLACES)),
        exact=exact,
        range=Range(earliest=window.earliest, latest=window.latest),
        as_of=as_of,
        notices=text_notices(asked.q),
    )


async def _tally(
    bound: TimeBound,
    connection: Any,
    search: Search,
    asked: HistogramQuery,
    days: _Days,
    sample: Sample | None = None,
) -> _Tally | None:
    """Count in bins, all events or those of a sample; None if there is no time for it."""
    scale = 1.0 if sample is None else sample.scale
    first, past = days
    total = left_out = 0
    if first is None or past is None:
        extent = await _extent(bound, connection, search, asked, sample)
        if extent is None:
            return None
        total, left_out = extent["total"], extent["undated"]
        first, past = _stretch(extent, asked, days)
    if first is None or past is None or first >= past:
        return _Tally([], [], round(total * scale), round(left_out * scale))
    _refuse_too_many(first, past, asked)
    bounds = bounds_of_bins(
        first, past, asked.interval, cut_first=days.begin is not None, cut_past=days.until is not None
    )
    statement = new_statement(search)
    text = _bins_statement(statement, search, asked, bounds, _undated(statement, asked, days), sample)
    rows = await bound.fetch(connection, text, *statement.values)
    if rows is None:
        return None
    by_bin = {row["bin"]: row for row in rows}
    sums = by_bin[None]
    total, left_out = round(sums["inside"] or 0), round(sums["opened"])
    counts = [count * scale for count in _counts(by_bin, bounds)]
    if asked.bin is Binning.EXCLUDE:
        bounds, counts = _without_ends(bounds, counts, days)
    return _Tally(bounds, counts, round(total * scale), round(left_out * scale))


async def _extent(
    bound: TimeBound, connection: Any, search: Search, asked: HistogramQuery, sample: Sample | None
) -> Any:
    """Look how far the events reach that are counted, and perhaps those that are short and yet lie in several bins."""
    statement = new_statement(search)
    undated = _undated(statement, asked, _Days(None, None))
    short = statement.fragment("short", days=LONGEST_DAYS[asked.interval]) if asked.bin is Binning.EXCLUDE else ""
    text = statement.fragment("extent").replace("{undated}", undated).replace("{short}", short)
    text = text.replace("{entries}", entries(statement, search, sample))
    rows = await bound.fetch(connection, text, *statement.values)
    return None if rows is None else rows[0]


def _undated(statement: Statement, asked: HistogramQuery, days: _Days) -> str:
    """The condition under which an event has no place among the bins."""
    if asked.bin is Binning.EARLIEST:
        return statement.fragment("undated_start", open_start=UNBOUNDED_START)
    if asked.bin is Binning.SPREAD and None not in days:
        return statement.fragment("undated_never")
    return statement.fragment("undated_end", open_start=UNBOUNDED_START, open_end=UNBOUNDED_END)


def _stretch(extent: Any, asked: HistogramQuery, days: _Days) -> tuple[int | None, int | None]:
    """From which day up to which one the bins go: as asked or, where that is open, as far as there are events."""
    first, past = days
    if first is None and extent["first_start"] is not None:
        first = extent["first_start"] // SECONDS_PER_DAY
    if past is None and extent["last_end"] is not None:
        last = extent["last_start"] + 1 if asked.bin is Binning.EARLIEST else extent["last_end"]
        past = -(-last // SECONDS_PER_DAY)
    return first, past


def _without_ends(bounds: list[int], counts: list[float], days: _Days) -> tuple[list[int], list[float]]:
    """Take the empty bins away at the ends of a range that are open."""
    some = [place for place, count in enumerate(counts) if count]
    first = 0 if days.begin is not None else min(some, default=len(counts))
    past = len(counts) if days.until is not None else max(some, default=-1) + 1
    return (bounds[first : past + 1], counts[first:past]) if first < past else ([], [])


def _nothing(asked: HistogramQuery, days: _Days) -> _Tally:
    """The bins of a range in which there is nothing; without a range there are none."""
    if days.begin is None or days.until is None:
        return _Tally([], [], 0, 0)
    bounds = bounds_of_bins(days.begin, days.until, asked.interval, cut_first=True, cut_past=True)
    return _Tally(bounds, [0.0] * (len(bounds) - 1), 0, 0)


def _bins_statement(
    statement: Statement, search: Search, asked: HistogramQuery, bounds: list[int], undated: str, sample: Sample | None
) -> str:
    values: dict[str, Any] = {"bounds": bounds}
    if asked.bin is not Binning.EARLIEST:
        values |= {"begin": bounds[0], "until": bounds[-1]}
    if asked.bin is Binning.SPREAD:
        values |= {"open_first": UNBOUNDED_START // SECONDS_PER_DAY, "open_past": -(-UNBOUNDED_END // SECONDS_PER_DAY)}
    text = statement.fragment("dated").replace("{counting}", statement.fragment(asked.bin.value, **values))
    text = text.replace("{undated}", undated)
    # How a date is counted that has gaps is the same as for any, unless it is spread.
    text = text.replace("{gaps}", statement.fragment("gaps") if asked.bin is Binning.SPREAD else "NULL")
    return text.replace("{entries}", entries(statement, search, sample))


def _counts(by_bin: dict[int | None, Any], bounds: list[int]) -> list[float]:
    """Add up what lies in each bin: what begins or ends there, and the shares of what goes on throughout it."""
    counts, shares = [], 0.0
    for place, (first, past) in enumerate(pairwise(bounds), start=1):
        row = by_bin.get(place)
        if row is None:
            counts.append(shares * (past - first))
            continue
        shares -= row["closed"]
        counts.append(shares * (past - first) + row["inside"])
        shares += row["opened"]
    return counts


def _refuse_too_many(first: int, past: int, asked: HistogramQuery) -> None:
    bins = number_of_bins(first, past, asked.interval)
    if bins <= MAXIMUM_BINS:
        return
    finest = finest_interval(first, past)
    fault = Fault(
        f"With {asked.interval.value} there would be {bins:,} bins; at most {MAXIMUM_BINS:,} are given.",
        parameter="interval",
        suggestion=finest.value if finest else "a shorter time range, by date_from and date_to",
    )
    raise problem("invalid-parameters", "There would be too many bins.", fault)
