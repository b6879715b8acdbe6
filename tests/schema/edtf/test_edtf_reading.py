"""Flags, precision, bounds in seconds, display, and what errors say."""

import pytest

from schema.edtf import (
    MAXIMUM_RUNS,
    UNBOUNDED_END,
    UNBOUNDED_START,
    EdtfError,
    Match,
    Precision,
    Window,
    matches,
    parse,
)

DAY = 86_400


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("2025-06-02T13:00:00Z", "second"),
        ("2025-06-02", "day"),
        ("2025-06", "month"),
        ("2025-06-XX", "month"),
        ("2025-06-3X", "month"),
        ("2025-21", "season"),
        ("2025-41", "season"),
        ("2025", "year"),
        ("2025-XX-02", "year"),
        ("2025-1X", "year"),
        ("Y17E7", "year"),
        ("1950S4", "year"),
        ("202X", "decade"),
        ("156X-12-31", "decade"),
        ("1950S3", "decade"),
        ("20XX-21", "century"),
        ("1950S2", "century"),
        ("1XXX", "millennium"),
        ("1XX3", "millennium"),
        ("1950S1", "millennium"),
        ("-1XXX", "millennium"),
        ("XXXX-12-25", "era"),
        ("Y171010000S3", "era"),
        ("2025-06-02/2026", "year"),
        ("2025-06-02/..", "day"),
        ("[2025-06-02,2026-07]", "month"),
    ],
)
def test_precision_is_the_finest_component_given(text: str, precision: str) -> None:
    assert parse(text).precision is Precision(precision)


@pytest.mark.parametrize(
    ("text", "uncertain", "approximate"),
    [
        ("2024", False, False),
        ("2024?", True, False),
        ("2024~", False, True),
        ("2024%", True, True),
        ("2024-~06-11", False, True),
        ("2024?/2025~", True, True),
        ("[2024,2025?]", True, False),
        ("2001-21~", False, True),
        ("Y17E7~", False, True),
    ],
)
def test_any_component_can_be_marked(text: str, uncertain: bool, approximate: bool) -> None:
    date = parse(text)
    assert (date.uncertain, date.approximate) == (uncertain, approximate)
    assert (date.starts, date.ends) == (parse(text).starts, parse(text).ends)


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("1970", 0, 365 * DAY),
        ("1969-12-31", -DAY, 0),
        ("1970-01-01T00:00:01", 1, 2),
        ("1970-01-01T00:00:01+14:00", 1, 2),
        ("1970-01-02/..", DAY, UNBOUNDED_END),
        ("/1969", UNBOUNDED_START, 0),
        ("0000-02-29", -62_162_121_600, -62_162_035_200),
    ],
)
def test_bounds_are_seconds_of_the_reading(text: str, starts: int, ends: int) -> None:
    assert (parse(text).starts, parse(text).ends) == (starts, ends)


@pytest.mark.parametrize(
    ("text", "starts", "ends", "latest_start"),
    [
        ("1970-01-02", DAY - 14 * 3600, 2 * DAY + 12 * 3600, DAY + 12 * 3600),
        ("1970-01-01T00:00:00", -14 * 3600, 1 + 12 * 3600, 12 * 3600),
        ("1970-01-01T00:00:00Z", 0, 1, 0),
        ("1970-01-01T00:00:00+03:00", -3 * 3600, 1 - 3 * 3600, -3 * 3600),
        ("1970-01-01T00:00:00-05:30", 19_800, 19_801, 19_800),
        ("1970-01-01T00:00:00Z/1970-01-01", 0, DAY + 12 * 3600, 0),
        ("1970-01-02/..", DAY - 14 * 3600, UNBOUNDED_END, DAY + 12 * 3600),
        ("/1970-01-01T00:00:00Z", UNBOUNDED_START, 1, UNBOUNDED_START),
        ("[1970-01-02,1970-01-02T01:00:00+14]", DAY - 14 * 3600, 2 * DAY + 12 * 3600, DAY - 13 * 3600),
    ],
)
def test_instants_are_shifted_or_widened(text: str, starts: int, ends: int, latest_start: int) -> None:
    date = parse(text)
    assert (date.instant_starts, date.instant_ends) == (starts, ends)
    assert date.instant_starts_latest == latest_start


def test_the_outermost_years_fit_and_instants_are_held_at_the_bounds() -> None:
    late, early = parse("Y292277026595"), parse("Y-292277022656")
    assert late.ends < UNBOUNDED_END
    assert early.starts > UNBOUNDED_START
    assert late.instant_ends <= UNBOUNDED_END
    assert early.instant_starts >= UNBOUNDED_START
    for text in ("Y292277026596", "Y-292277022657", "Y3E11", "Y-3E11", "Y1E99"):
        with pytest.raises(EdtfError, match="too far away"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "has_time", "has_offset"),
    [
        ("2024-06-02", False, False),
        ("2024-06-02T13:00:00", True, False),
        ("2024-06-02T13:00:00Z", True, True),
        ("2024-06-02T13:00:00Z/2024-06-03T13:00:00", True, False),
        ("2024-06-02T13:00:00Z/2024-06-03", True, True),
        ("2024-06-02T13:00:00+14/..", True, True),
    ],
)
def test_times_and_offsets_are_told(text: str, has_time: bool, has_offset: bool) -> None:
    assert (parse(text).has_time, parse(text).has_offset) == (has_time, has_offset)


def test_sets_give_their_first_and_last_member_as_written() -> None:
    date = parse("[2024-06-03,2024-06-02T13:00:00+03:00]")
    assert (date.earliest, date.latest) == ("2024-06-02T13:00:00+03:00", "2024-06-03")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2024", None),
        ("XXXX", None),
        ("XXXX-XX-XX", None),
        ("1999-XX-XX", None),
        ("1667-12-01/1670-XX-04", None),
        ("[1667,1668]", None),
        ("[1667,1668,1670..1672]", 2),
        ("[1667..1669,1668..1670]", None),
        ("[..1760,1762..]", 2),
        ("[1667,1672-12]", 2),
        ("156X-12-31", 10),
        ("1XX3", 100),
        ("XX1X", 100),
        ("XXXX-12-XX", 10_000),
        ("XXXX-12-25", 10_000),
        ("XXXX-02-29", 2425),
        ("20XX-XX-04", 1200),
        ("2016-X2", 2),
        ("2016-0X", None),
        ("19XX-41", 100),
        ("2016-XX-3X", 11),
        # More than MAXIMUM_RUNS, also before they are merged.
        ("XXXX-XX-23", None),
        ("[XXXX-12-25,XXXX-12-26]", None),
    ],
)
def test_runs(text: str, count: int | None) -> None:
    runs = parse(text).runs
    assert (None if runs is None else len(runs)) == count
    assert count is None or count <= MAXIMUM_RUNS


def test_runs_of_instants_are_merged_after_widening() -> None:
    assert parse("[2024-06-01,2024-06-03]").runs is not None
    assert parse("[2024-06-01,2024-06-03]").instant_runs is None
    assert parse("[2024-06-01,2024-06-04]").instant_runs is not None
    touching = parse("[2024-06-01T12:00:00Z,2024-06-01T12:00:01+03:00]")
    assert touching.runs is None
    assert touching.instant_runs is not None


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("2024", "2024"),
        ("2024-06", "June 2024"),
        ("2025-04-28", "28 April 2025"),
        ("2024~", "c. 2024"),
        ("2024-06?", "June 2024 (uncertain)"),
        ("2024%", "c. 2024 (uncertain)"),
        ("2004-06~-11", "11 June 2004 (year and month approximate)"),
        ("2004-%06-11", "11 June 2004 (month uncertain and approximate)"),
        ("2001-?09~-09", "9 September 2001 (month uncertain; year and month approximate)"),
        ("2001-?21", "spring 2001 (season uncertain)"),
        ("2001-?33", "first quarter of 2001 (part of year uncertain)"),
        ("2023-09/..", "since September 2023"),
        ("../1985", "until 1985"),
        ("2023-09/", "September 2023 – unknown"),
        ("/1985-04", "unknown – April 1985"),
        ("2023-11/2023-12", "November 2023 – December 2023"),
        ("202X", "2020s"),
        ("190X", "between 1900 and 1909"),
        ("19XX", "between 1900 and 1999"),
        ("19XX~", "roughly between 1900 and 1999"),
        ("1XX3", "a year of the form 1XX3"),
        ("XXXX", "year unknown"),
        ("XXXX-XX", "date unknown"),
        ("XXXX-12-25", "25 December (year unknown)"),
        ("XXXX-12-XX", "December (year and day unknown)"),
        ("20XX-07-09", "9 July, between 2000 and 2099"),
        ("1999-XX-XX", "1999 (month and day unknown)"),
        ("1999-XX-12", "day 12, 1999 (month unknown)"),
        ("2016-02-2X", "20–29 February 2016"),
        ("1985-02-2X", "20–28 February 1985"),
        ("2016-01-X1", "1, 11, 21 or 31 January 2016"),
        ("2016-X2", "February or December 2016"),
        ("2016-1X-05", "day 5 of October – December 2016"),
        ("2024-21", "spring 2024"),
        ("2010-24", "winter 2010–2011"),
        ("2010-30", "summer 2010–2011 (Southern Hemisphere)"),
        ("2010-25", "spring 2010 (Northern Hemisphere)"),
        ("-0001-24", "winter 2 BC – 1 BC"),
        ("20XX-23", "autumn, between 2000 and 2099"),
        ("XXXX-23", "autumn (year unknown)"),
        ("2010-34", "second quarter of 2010"),
        ("2010-38", "second third of 2010"),
        ("2010-41", "second half of 2010"),
        ("1950S2", "1950 (between 1900 and 1999)"),
        ("0000", "1 BC"),
        ("-0043-03-13", "13 March 44 BC"),
        ("0023-06", "June AD 23"),
        ("Y17000", "AD 17,000"),
        ("Y-17000", "17,001 BC"),
        ("[2022-02..2025-04]", "one of: February 2022 – April 2025"),
        ("[1667,1672-12]", "one of: 1667, December 1672"),
        ("{1960,1961-12}", "all of: 1960, December 1961"),
        ("[..1760-12]", "December 1760 or earlier"),
        ("{1760..}", "1760 and later"),
        ("[..1983,1985]", "one of: 1983 or earlier, 1985"),
        ("2025-06-02T13:00:00+03:00", "2 June 2025, 13:00:00 (UTC+3)"),
        ("2025-06-02T13:00:00-05:30", "2 June 2025, 13:00:00 (UTC−5:30)"),
        ("2025-06-02T13:00:00Z", "2 June 2025, 13:00:00 (UTC)"),
        ("2025-06-02T13:00:00", "2 June 2025, 13:00:00"),
    ],
)
def test_display(text: str, display: str) -> None:
    assert parse(text).display == display


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("2025-02-30", "February 2025 has 28 days"),
        ("2024-02-30", "February 2024 has 29 days"),
        ("156X-09-31", "September has at most 30 days"),
        ("XXX3-02-29", "only leap years have a 29 February"),
        ("2024-13", "months are 01 to 12, seasons 21 to 41"),
        ("June 2024", "write 2024-06"),
        ("2 June 2025", "write 2025-06-02"),
        ("Sept. 2, 2025", "write 2025-09-02"),
        ("30 February 2025", None),
        ("2024-6", "write 2024-06"),
        ("2024-6-2/2024-7", "write 2024-06-02/2024-07"),
        ("20240602", "write 2024-06-02"),
        ("2024/06/02", "write 2024-06-02"),
        ("17000", "write Y17000"),
        ("20xx", "write 20XX"),
        ("199u", "write 199X"),
        ("1984?~", "write 1984%"),
        ("2004/open", "write 2004/.."),
        ("2004/unknown", "write 2004/"),
        ("19", "write 19XX"),
        ("193~", "write 193X~"),
        (" 2024", "write 2024"),
        ("2024\n", "write 2024"),
        ("2024-06-02T24:00:00Z", "write 2024-06-03T00:00:00Z"),
        ("2024-12-31T24:00:00", "write 2025-01-01T00:00:00"),
        ("2024-06-02 13:00:00Z", "write 2024-06-02T13:00:00Z"),
        ("2024-06-02T13:00:00+0230", "write 2024-06-02T13:00:00+02:30"),
        ("2024-06-02T13:00:00-00:00", "write 2024-06-02T13:00:00Z"),
        ("2024-06-02T13:00:00-13:00", "offsets reach from -12:00 to +14:00"),
        ("2024-06-02T13:00:00+01:75", "its minutes are 00 to 59"),
        ("2024-06-02T13:00:00.5Z", "write 2024-06-02T13:00:00Z"),
        ("2002/2001", "write the earlier one first: 2001/2002"),
        ("[2002..2001]", "write the earlier one first: 2001..2002"),
        ("2024-06-02T13:00:00+03:00/2024-06-02T11:00:00Z", "write both ends with the same offset"),
        ("-0000", "write 0000 for 1 BC"),
        ("Y1E3", "write 1000 without it"),
        ("now", None),
        ("06/02/2024", None),
        ("202406", "write it as in Y17000"),
        ("", None),
        ("..", None),
    ],
)
def test_errors_say_what_would_be_right(text: str, suggestion: str | None) -> None:
    with pytest.raises(EdtfError) as caught:
        parse(text)
    assert caught.value.suggestion == suggestion


def _window(date_from: str | None, date_to: str | None) -> Window:
    first = None if date_from is None else parse(date_from)
    return Window.between(first, None if date_to is None else parse(date_to))


@pytest.mark.parametrize(
    ("date_from", "date_to", "starts", "ends", "instants"),
    [
        (None, None, UNBOUNDED_START, UNBOUNDED_END, False),
        ("1970", None, 0, UNBOUNDED_END, False),
        (None, "1970-01", UNBOUNDED_START, 31 * DAY, False),
        ("1970-01-01/..", "1970-01-02", 0, 2 * DAY, False),
        ("../1980", "1970-01-01", UNBOUNDED_START, DAY, False),
        ("1970-01-01T03:00:00+03:00", "1970-01-01T00:00:00Z", 0, 1, True),
        ("1970-01-01T00:00:00Z", None, 0, UNBOUNDED_END, True),
        ("1970-01-01T00:00:00Z", "1980/..", 0, UNBOUNDED_END, True),
        # Only the end that is used counts.
        ("1970/1970-06-01T00:00:00Z", "1971", 0, 730 * DAY, False),
    ],
)
def test_windows(date_from: str | None, date_to: str | None, starts: int, ends: int, instants: bool) -> None:
    window = _window(date_from, date_to)
    assert (window.starts, window.ends, window.instants) == (starts, ends, instants)


def test_windows_echo_their_bounds() -> None:
    window = _window("2024-21", "2024")
    assert (window.earliest, window.latest) == ("2024-03-01", "2024-12-31")


@pytest.mark.parametrize(
    ("date_from", "date_to", "parameter", "suggestion"),
    [
        ("2024-06-02T13:00:00", None, "date_from", "2024-06-02T13:00:00Z"),
        (None, "2024-06-02T13:00:00", "date_to", "+03:00"),
        ("2024-06-02T13:00:00Z", "2024-06-03", "date_to", "neither"),
        ("2024-06-02", "2024-06-03T13:00:00Z", "date_from", "neither"),
        ("2025", "2024", "date_to", "earlier"),
        ("2024-06-02T13:00:00Z", "2024-06-02T14:00:00+03:00", "date_to", "earlier"),
        ("[2024-06-02T13:00:00Z,2024-06-03]", None, "date_from", "one date"),
    ],
)
def test_windows_that_cannot_be_made(
    date_from: str | None, date_to: str | None, parameter: str, suggestion: str
) -> None:
    with pytest.raises(EdtfError) as caught:
        _window(date_from, date_to)
    assert caught.value.parameter == parameter
    assert suggestion in (caught.value.suggestion or "")


@pytest.mark.parametrize(
    ("event", "date_from", "date_to", "found"),
    [
        ("2024-06", "2024-06-30", "2024-07-15", "overlaps"),
        ("2024-06", "2024-06-01", "2024-06-30", "overlaps within starts"),
        ("2024-06", "2024-05", "2024-06-29", "overlaps starts"),
        ("2024-06", "2024-07", None, ""),
        ("2023-09/..", "2030", "2031", "overlaps"),
        ("2023-09/", "2030", "2031", "overlaps"),
        ("2023-09/..", None, None, "overlaps starts"),
        ("../1985", None, "1985", "overlaps"),
        ("[1667,1672-12]", "1669", "1671", ""),
        ("[1667,1672-12]", "1667", "1671", "overlaps starts"),
        ("156X-12-31", "1563-06", "1563-12-30", ""),
        ("156X-12-31", "1563-06", "1563-12-31", "overlaps"),
        # Instants: a day anywhere on Earth begins 14 hours before that day in UTC.
        ("2024-06-02", "2024-06-01T09:59:59Z", "2024-06-01T09:59:59Z", ""),
        ("2024-06-02", "2024-06-01T10:00:00Z", "2024-06-01T10:00:00Z", "overlaps starts"),
        ("2024-06-02", "2024-06-02T12:00:00Z", "2024-06-02T12:00:00Z", "overlaps starts"),
        ("2024-06-02", "2024-06-02T12:00:01Z", "2024-06-03T11:59:59Z", "overlaps"),
        ("2024-06-02", "2024-06-03T12:00:00Z", None, ""),
        ("2024-06-02", "2024-06-01T10:00:00Z", "2024-06-03T11:59:59Z", "overlaps within starts"),
        (
            "2024-06-02T13:00:00+03:00",
            "2024-06-02T10:00:00Z",
            "2024-06-02T10:00:00Z",
            "overlaps within starts",
        ),
        ("2024-06-02T13:00:00+03:00", "2024-06-02T10:00:01Z", None, ""),
        # Days compare readings: nothing shifts.
        ("2024-06-02T01:00:00+03:00", "2024-06-02", "2024-06-02", "overlaps within starts"),
        ("2024-06-02T01:00:00+03:00", "2024-06-01", "2024-06-01", ""),
    ],
)
def test_matching(event: str, date_from: str | None, date_to: str | None, found: str) -> None:
    window = _window(date_from, date_to)
    assert {match.value for match in Match if matches(parse(event), window, match)} == set(found.split())
