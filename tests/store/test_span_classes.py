"""Classes of length: each event has one, and looking back as far as a class says misses none of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, parse
from schema.edtf.calendar import day_number
from schema.span import CEILINGS, LONG, OPEN_END, Length, earliest_start, floor_s, span_of

_DAY_S = 86_400
_STARTS = st.integers(-(10**11), 10**11) | st.integers(-40_000, 40_000).map(lambda day: day * _DAY_S)
#: Lengths about as long as each class is, to the second.
_LENGTHS = st.builds(
    lambda days, seconds: max(1, days * _DAY_S + seconds),
    st.sampled_from([0, 1, 3, 7, 27, 28, 29, 30, 31, 89, 90, 92, 364, 365, 366, 1095, 1096, 3652, 3653, 10_957, 36_524])
    | st.integers(0, 40_000),
    st.integers(-2, 2) | st.integers(-_DAY_S, _DAY_S),
)


@settings(max_examples=1000)
@given(_STARTS, _LENGTHS, st.floats(0, 1))
def test_what_lies_across_a_moment_is_found_by_looking_back(starts: int, length: int, place: float) -> None:
    ends = starts + length
    span = span_of(starts, ends)
    assert length > floor_s(span)
    moment = starts + int(length * place)
    if starts < moment < ends:
        assert earliest_start(span, moment) <= starts
    assert earliest_start(span, ends - 1) <= starts


@settings(max_examples=1000)
@given(st.sampled_from(CEILINGS), _STARTS)
def test_looking_back_is_no_longer_than_it_must(ceiling: Length, end: int) -> None:
    assert ceiling.after(ceiling.before(end)) > end
    assert ceiling.after(ceiling.before(end) - 1) <= end


def test_whole_days_months_and_years_end_where_their_class_does() -> None:
    """So what lasted until a window's first day, and was over then, is not looked at."""
    for text, after in (
        ("2024-06-14", "2024-06-15"),
        ("2023-02", "2023-03-01"),
        ("2024-02", "2024-03"),
        ("2024-04", "2024-05"),
        ("2023", "2024"),
        ("2024", "2025"),
        ("199X", "2000"),
        ("-0001", "0000"),
        ("2025-06-02T10:00:00", "2025-06-02T10:00:01"),
    ):
        date, begin = parse(text), parse(after).starts
        assert earliest_start(span_of(date.starts, date.ends), begin) > date.starts, text


def test_open_and_unknown_ends() -> None:
    for text in ("2023-09/..", "2023-09/", "[..1985,2024..]"):
        assert span_of(parse(text).starts, parse(text).ends) == OPEN_END
    assert span_of(UNBOUNDED_START, 0) == LONG
    assert span_of(0, UNBOUNDED_END - 1) == LONG
    assert earliest_start(LONG, 0) == earliest_start(OPEN_END, 0) == UNBOUNDED_START


def test_months_are_those_of_the_calendar() -> None:
    month = next(ceiling for ceiling in CEILINGS if ceiling.months == 1)
    for starts, after in (((2023, 1, 31), (2023, 2, 28)), ((2024, 1, 31), (2024, 2, 29)), ((-1, 12, 31), (0, 1, 31))):
        assert month.after(day_number(*starts) * _DAY_S + 5) == day_number(*after) * _DAY_S
