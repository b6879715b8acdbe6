"""Matching agrees with counting days one by one, by rules written a second time, without the parser."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from schema.edtf import Match, Window, matches, parse

# Dates lie in 1999 to 2003, or in the decades around; the days of 1989 to 2010 stand for all time.
_ALL = [date(1989, 1, 1) + timedelta(days=number) for number in range(22 * 365 + 5)]
_FIRST, _LAST = _ALL[0], _ALL[-1]
_TEXTS = [day.isoformat() for day in _ALL]

_SEASON_MONTHS = {
    **{21: "03 04 05", 22: "06 07 08", 23: "09 10 11", 24: "12 +01 +02"},
    **{25: "03 04 05", 26: "06 07 08", 27: "09 10 11", 28: "12 +01 +02"},
    **{29: "09 10 11", 30: "12 +01 +02", 31: "03 04 05", 32: "06 07 08"},
    **{33: "01 02 03", 34: "04 05 06", 35: "07 08 09", 36: "10 11 12"},
    **{37: "01 02 03 04", 38: "05 06 07 08", 39: "09 10 11 12"},
    **{40: "01 02 03 04 05 06", 41: "07 08 09 10 11 12"},
}


@dataclass(frozen=True)
class Counted:
    """A text with its possible days, counted."""

    text: str
    days: frozenset[date]
    bounded_start: bool = True
    bounded_end: bool = True


def _fitting(mask: str) -> frozenset[date]:
    pattern = re.compile(mask.replace("X", "[0-9]"))
    return frozenset(day for day, text in zip(_ALL, _TEXTS, strict=True) if pattern.match(text))


def _season(year: int, code: int) -> frozenset[date]:
    found: set[date] = set()
    for month in _SEASON_MONTHS[code].split():
        found |= _fitting(f"{year + 1 if month[0] == '+' else year}-{month[-2:]}")
    return frozenset(found)


def _between(first: date, last: date) -> frozenset[date]:
    return frozenset(day for day in _ALL if first <= day <= last)


@st.composite
def single(draw: st.DrawFn) -> Counted:
    mark = draw(st.sampled_from(["", "?", "~", "%"]))
    if draw(st.integers(0, 4)) == 0:
        year, code = draw(st.integers(1999, 2003)), draw(st.integers(21, 41))
        return Counted(f"{year}-{code}{mark}", _season(year, code))
    day = draw(st.dates(date(1999, 1, 1), date(2003, 12, 31))).isoformat()
    text = day[: draw(st.sampled_from([4, 7, 10, 10]))]
    # The first three digits stay, so that the days counted are all there are.
    if draw(st.booleans()):
        text = text[:3] + "".join(
            "X" if character.isdigit() and draw(st.booleans()) else character for character in text[3:]
        )
    days = _fitting(text)
    return Counted(text + mark, days)


@st.composite
def interval(draw: st.DrawFn) -> Counted:
    first, second = draw(single()), draw(single())
    if min(first.days) > max(second.days):
        first, second = second, first
    shape = draw(st.integers(0, 3))
    if shape == 0:
        end = draw(st.sampled_from(["..", ""]))
        return Counted(f"{first.text}/{end}", _between(min(first.days), _LAST), bounded_end=False)
    if shape == 1:
        start = draw(st.sampled_from(["..", ""]))
        return Counted(f"{start}/{first.text}", _between(_FIRST, max(first.days)), bounded_start=False)
    return Counted(f"{first.text}/{second.text}", _between(min(first.days), max(second.days)))


@st.composite
def day_set(draw: st.DrawFn) -> Counted:
    members = draw(st.lists(single(), min_size=1, max_size=4))
    texts = [member.text for member in members]
    days = set().union(*(member.days for member in members))
    if draw(st.booleans()):
        ends = sorted(draw(st.tuples(*[st.dates(date(1999, 1, 1), date(2003, 12, 31))] * 2)))
        texts.append(f"{ends[0]}..{ends[1]}")
        days |= _between(ends[0], ends[1])
    bounded_start, bounded_end = draw(st.booleans()), draw(st.booleans())
    if not bounded_start:
        member = draw(single())
        texts.insert(0, f"..{member.text}")
        days |= _between(_FIRST, max(member.days))
    if not bounded_end:
        member = draw(single())
        texts.append(f"{member.text}..")
        days |= _between(min(member.days), _LAST)
    opening, closing = draw(st.sampled_from(["[]", "{}"]))
    return Counted(f"{opening}{','.join(texts)}{closing}", frozenset(days), bounded_start, bounded_end)


@st.composite
def windows(draw: st.DrawFn) -> tuple[date | None, date | None]:
    first, last = sorted(draw(st.tuples(*[st.dates(date(1991, 1, 1), date(2009, 12, 31))] * 2)))
    if draw(st.booleans()):
        # Short windows fall into gaps.
        last = min(last, first + timedelta(days=draw(st.integers(0, 40))))
    shape = draw(st.integers(0, 7))
    return (None if shape == 0 else first), (None if shape == 1 else last)


@settings(max_examples=500)
@given(st.one_of(single(), single(), interval(), day_set()), windows())
def test_matching_by_days(counted: Counted, limits: tuple[date | None, date | None]) -> None:
    first, last = limits
    window = Window.between(
        None if first is None else parse(first.isoformat()), None if last is None else parse(last.isoformat())
    )
    inside = {day for day in counted.days if (first is None or day >= first) and (last is None or day <= last)}
    event = parse(counted.text)
    bounded = counted.bounded_start and counted.bounded_end
    start = min(counted.days)
    starts = counted.bounded_start and start in inside
    assert matches(event, window, Match.OVERLAPS) == bool(inside)
    assert matches(event, window, Match.WITHIN) == (bounded and inside == counted.days)
    assert matches(event, window, Match.STARTS) == starts
    assert event.earliest == (start.isoformat() if counted.bounded_start else None)
    assert event.latest == (max(counted.days).isoformat() if counted.bounded_end else None)


@settings(max_examples=200)
@given(st.one_of(single(), interval(), day_set()))
def test_runs_are_the_possible_days(counted: Counted) -> None:
    event = parse(counted.text)
    epoch = date(1970, 1, 1)
    runs = event.runs or ((event.starts, event.ends),)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(runs))
    assert runs[0][0] == event.starts
    assert runs[-1][1] == event.ends
    spelled: set[date] = set()
    for starts, ends in runs:
        first = _FIRST if starts < -(10**12) else epoch + timedelta(seconds=starts)
        after = _LAST + timedelta(days=1) if ends > 10**12 else epoch + timedelta(seconds=ends)
        spelled |= _between(first, after - timedelta(days=1))
    assert spelled == counted.days
