"""Matching of instants agrees with trying every offset from -12:00 to +14:00 in turn."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from schema.edtf import Match, Window, matches, parse
from schema.edtf.calendar import day_number, days_in_month, year_month_day

_EPOCH = date(1970, 1, 1)
_OFFSETS = range(-12 * 3600, 14 * 3600 + 1, 900)
_HOUR = 3600


def _instant(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    return f"{_EPOCH + timedelta(days=days)}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


@settings(max_examples=300)
@given(
    st.dates(date(2020, 1, 1), date(2020, 1, 10)),
    st.integers(1, 3),
    st.integers(-3 * 24, 12 * 24),
    st.integers(1, 72),
    st.integers(-1, 1),
)
def test_days_somewhere_on_earth(first: date, length: int, from_hour: int, hours: int, shift: int) -> None:
    last = first + timedelta(days=length - 1)
    event = parse(f"{first}/{last}")
    base = (date(2020, 1, 1) - _EPOCH).days * 86_400
    window_starts = base + from_hour * _HOUR + shift
    window_ends = window_starts + hours * _HOUR
    window = Window.between(parse(_instant(window_starts)), parse(_instant(window_ends - 1)))
    assert (window.starts, window.ends) == (window_starts, window_ends)
    starts, ends = (first - _EPOCH).days * 86_400, ((last - _EPOCH).days + 1) * 86_400
    possible = [(starts - offset, ends - offset) for offset in _OFFSETS]
    overlaps = any(low < window_ends and high > window_starts for low, high in possible)
    within = all(low >= window_starts and high <= window_ends for low, high in possible)
    begins = any(window_starts <= low < window_ends for low, _ in possible)
    assert matches(event, window, Match.OVERLAPS) == overlaps
    assert matches(event, window, Match.WITHIN) == within
    assert matches(event, window, Match.STARTS) == begins


@settings(max_examples=300)
@given(st.dates())
def test_day_numbers_agree_with_the_standard_library(day: date) -> None:
    assert day_number(day.year, day.month, day.day) == (day - _EPOCH).days
    assert year_month_day((day - _EPOCH).days) == (day.year, day.month, day.day)
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1) if day.year < 9999 else None
    if following is not None:
        assert days_in_month(day.year, day.month) == (following - timedelta(days=1)).day


@settings(max_examples=300)
@given(st.integers(-(10**14), 10**14))
def test_day_numbers_of_far_years_come_back(number: int) -> None:
    assert day_number(*year_month_day(number)) == number
    # The calendar repeats every 400 years.
    year, month, day = year_month_day(number + 146_097)
    assert (year - 400, month, day) == year_month_day(number)
