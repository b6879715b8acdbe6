"""Bins of the calendar: the days, months, years or decades between two days, proleptic Gregorian, of any year."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from schema.counting import HistogramBin, Interval
from schema.edtf.calendar import day_number, format_day, year_month_day
from schema.edtf.display import year_name, years_name
from schema.edtf.wording import MONTHS

#: How many bins an answer has at most.
MAXIMUM_BINS = 10_000
#: The most days that a whole bin has.
LONGEST_DAYS = {Interval.DAY: 1, Interval.MONTH: 31, Interval.YEAR: 366, Interval.DECADE: 3653}


class _Calendar(NamedTuple):
    """How an interval counts: which one a day lies in, on which day one starts, and what it is called."""

    place: Callable[[int], int]
    start: Callable[[int], int]
    label: Callable[[int], str]


def _day_label(day: int) -> str:
    year, month, day_of_month = year_month_day(day)
    return f"{day_of_month} {MONTHS[month - 1]} {year_name(year)}"


def _month_index(day: int) -> int:
    year, month, _ = year_month_day(day)
    return year * 12 + month - 1


def _month_start(index: int) -> int:
    return day_number(index // 12, index % 12 + 1, 1)


def _year_index(day: int) -> int:
    return year_month_day(day)[0]


_CALENDARS = {
    Interval.DAY: _Calendar(lambda day: day, lambda index: index, _day_label),
    Interval.MONTH: _Calendar(
        _month_index, _month_start, lambda index: f"{MONTHS[index % 12]} {year_name(index // 12)}"
    ),
    Interval.YEAR: _Calendar(_year_index, lambda index: day_number(index, 1, 1), year_name),
    Interval.DECADE: _Calendar(
        lambda day: _year_index(day) // 10,
        lambda index: day_number(index * 10, 1, 1),
        lambda index: years_name(index * 10, index * 10 + 9),
    ),
}


def number_of_bins(first: int, past: int, interval: Interval) -> int:
    """How many bins there are from a day up to another one, which is not included (both counted from 1970-01-01)."""
    place = _CALENDARS[interval].place
    return place(past - 1) - place(first) + 1


def finest_interval(first: int, past: int) -> Interval | None:
    """The shortest interval with which there are not too many bins; None if there are with any."""
    return next((one for one in Interval if number_of_bins(first, past, one) <= MAXIMUM_BINS), None)


def bounds_of_bins(first: int, past: int, interval: Interval, *, cut_first: bool, cut_past: bool) -> list[int]:
    """Give the days on which the bins begin, and the one on which the last is over.

    Without a cut, the outermost bins are whole; otherwise they begin or end with the days given.
    """
    calendar = _CALENDARS[interval]
    begin = calendar.place(first)
    bounds = [calendar.start(begin + number) for number in range(number_of_bins(first, past, interval) + 1)]
    if cut_first:
        bounds[0] = first
    if cut_past:
        bounds[-1] = past
    return bounds


def described_bins(bounds: list[int], interval: Interval, counts: list[float]) -> list[HistogramBin]:
    """Write bins as they go out."""
    calendar = _CALENDARS[interval]
    return [
        HistogramBin(
            start=format_day(first), end=format_day(past - 1), label=calendar.label(calendar.place(first)), count=count
        )
        for (first, past), count in zip(pairwise(bounds), counts, strict=True)
    ]
