"""What holds for every text, valid or not."""

import copy
import pickle
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.edtf import (
    LOOSE_PATTERN,
    MAXIMUM_LENGTH,
    UNBOUNDED_END,
    UNBOUNDED_START,
    Edtf,
    EdtfError,
    Match,
    Window,
    matches,
    parse,
)
from tests.schema.edtf.strategies import edtf_texts

_ALPHABET = st.sampled_from("0123456789XYESTZ-+:?~%./,[]{} x٣２\n\x00\ud800")
_LOOSE = re.compile(LOOSE_PATTERN)


def _parsed(text: str) -> Edtf | None:
    """The date, or None where it is refused. Any other exception is a failure."""
    try:
        return parse(text)
    except EdtfError as error:
        refusal = error
    assert refusal.detail
    assert refusal.detail.isascii()
    assert refusal.suggestion is None or refusal.suggestion.isascii()
    assert refusal.parameter is None
    return None


def _check(date: Edtf) -> None:
    assert date.starts < date.ends
    assert date.instant_starts < date.instant_ends
    assert date.starts >= UNBOUNDED_START
    assert date.ends <= UNBOUNDED_END
    assert (date.starts == UNBOUNDED_START) == (date.open_start or date.unknown_start)
    assert (date.ends == UNBOUNDED_END) == (date.open_end or date.unknown_end)
    assert (date.earliest is None) == (date.open_start or date.unknown_start)
    assert (date.latest is None) == (date.open_end or date.unknown_end)
    assert date.has_time or not date.has_offset
    assert date.instant_starts <= date.instant_starts_latest
    assert date.display
    assert len(date.display) < 20 * MAXIMUM_LENGTH
    for bound in (date.earliest, date.latest):
        # A bound is a plain day or instant, which can be asked for again as a window.
        year = "" if bound is None else bound.lstrip("-").partition("-")[0]
        if bound is not None and len(year) == 4:
            assert parse(bound).earliest == bound


@settings(max_examples=500)
@given(edtf_texts())
def test_valid_texts_give_ordered_bounds_and_come_back_letter_for_letter(text: str) -> None:
    date = parse(text)
    assert date.text == text
    assert str(date) == text
    assert _LOOSE.search(text)
    _check(date)


@settings(max_examples=150)
@given(edtf_texts())
def test_runs_fill_the_hull_from_end_to_end(text: str) -> None:
    date = parse(text)
    for runs, starts, ends in (
        (date.runs, date.starts, date.ends),
        (date.instant_runs, date.instant_starts, date.instant_ends),
    ):
        if runs is not None:
            assert len(runs) > 1
            assert runs[0][0] == starts
            assert runs[-1][1] == ends
            assert all(run[0] < run[1] for run in runs)
            assert all(before[1] < after[0] for before, after in pairwise(runs))


@settings(max_examples=500)
@given(st.one_of(st.text(), st.text(_ALPHABET, max_size=40), st.binary().map(lambda data: data.decode("latin-1"))))
def test_junk_raises_nothing_but_the_one_error(text: str) -> None:
    date = _parsed(text)
    if date is not None:
        assert date.text == text
        assert _LOOSE.search(text)
        _check(date)


@settings(max_examples=500)
@given(st.data(), edtf_texts())
def test_mutations_raise_nothing_but_the_one_error(data: st.DataObject, text: str) -> None:
    at = data.draw(st.integers(0, len(text)))
    kind = data.draw(st.sampled_from(["insert", "delete", "replace", "double", "cut"]))
    letter = data.draw(_ALPHABET)
    mutant = {
        "insert": text[:at] + letter + text[at:],
        "delete": text[:at] + text[at + 1 :],
        "replace": text[:at] + letter + text[at + 1 :],
        "double": text[:at] + text[at:] * 2,
        "cut": text[:at],
    }[kind]
    date = _parsed(mutant)
    if date is not None:
        assert mutant.isascii()
        assert _LOOSE.search(mutant)
        _check(date)


@settings(max_examples=200)
@given(edtf_texts(), st.sampled_from("\n\r\t \x00\u2028\ud800٣２"))
def test_no_character_may_hang_on_at_the_end(text: str, tail: str) -> None:
    assert _parsed(text + tail) is None
    assert _parsed(tail + text) is None


@pytest.mark.parametrize(
    "text",
    [
        *("9" * 10**6, "[" * 256, "-" * 255, "?" * 255, "," * 255),
        *("Y" + "9" * 254, "Y9E" + "9" * 252, "1950S" + "9" * 250),
        *("[" + "X" * 253 + "]", "[" + "1984," * 50 + "1984..", "{" + "XXX3-02-29," * 23 + "1}"),
    ],
    ids=lambda text: f"{text[:6]}x{len(text)}",
)
def test_huge_texts_are_refused(text: str) -> None:
    assert _parsed(text) is None


def test_length_is_limited_and_the_longest_still_passes() -> None:
    longest = "[" + "1984," * 49 + "2024-06?" + "]"
    assert len(longest) == MAXIMUM_LENGTH
    assert parse(longest).display.startswith("one of: 1984, 1984")
    assert _parsed(longest.replace(",2024", ", 2024")) is None


@settings(max_examples=150)
@given(edtf_texts(), edtf_texts(), edtf_texts())
def test_windows_are_made_or_refused_and_matching_is_consistent(event: str, first: str, last: str) -> None:
    date = parse(event)
    try:
        window = Window.between(parse(first), parse(last))
    except EdtfError as error:
        parameter = error.parameter
    else:
        _check_consistency(date, window)
        return
    assert parameter in ("date_from", "date_to")


def _check_consistency(date: Edtf, window: Window) -> None:
    assert window.starts < window.ends
    if matches(date, window, Match.WITHIN):
        assert matches(date, window, Match.OVERLAPS)
        assert matches(date, window, Match.STARTS)
    if not window.instants and matches(date, window, Match.STARTS):
        assert matches(date, window, Match.OVERLAPS)


@settings(max_examples=150)
@given(edtf_texts())
def test_every_date_lies_in_the_window_of_itself(text: str) -> None:
    date = parse(text)
    try:
        window = Window.between(date, date)
    except EdtfError:
        # A local time, or a set of days and times, is no window.
        assert date.has_time
        return
    assert matches(date, window, Match.OVERLAPS)
    bounded = date.earliest is not None and date.latest is not None
    if not window.instants:
        assert matches(date, window, Match.WITHIN) == bounded
        assert matches(date, window, Match.STARTS) == (date.earliest is not None)
    assert matches(date, Window.between(None, None), Match.WITHIN) == bounded


def test_dates_are_immutable_values() -> None:
    date = parse("2024-06?")
    for attempt in (lambda: setattr(date, "text", "2025"), lambda: delattr(date, "text")):
        with pytest.raises(AttributeError, match="immutable"):
            attempt()
    assert pickle.loads(pickle.dumps(date)) == date
    assert copy.deepcopy(date) == date
    assert {date, parse("2024-06?")} == {date}
    assert date != parse("2024-06")
    assert date != "2024-06?"
    assert repr(date) == "Edtf('2024-06?')"


def test_errors_can_be_carried_to_another_process() -> None:
    with pytest.raises(EdtfError) as caught:
        parse("2024-13")
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.detail, copied.suggestion) == (caught.value.detail, caught.value.suggestion)
    assert str(copied) == "there is no month 13: months are 01 to 12, seasons 21 to 41"
