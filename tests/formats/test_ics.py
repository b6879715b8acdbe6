"""iCalendar: read back by two other readers; rough dates say that they are, and no day is invented or shifted."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from api.formats.ics import WRITER
from api.formats.wording import legible
from schema.edtf import parse
from schema.vocabulary import State
from tests.formats.parts import in_pieces, sample_part, single, written
from tests.schema.edtf.strategies import edtf_texts


async def entry(row: dict[str, Any] | None = None, **read_only: Any) -> Any:
    """The only entry of a calendar, as icalendar reads it."""
    calendar = Calendar.from_ical(await written(WRITER, single(row, **read_only)))
    (found,) = calendar.events
    assert not found.errors
    return found


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "start", "end", "words"),
    [
        ("2024-06-12", "2024-06-12", "2024-06-13", None),
        ("2024-02-28/2024-02-29", "2024-02-28", "2024-03-01", None),
        ("2024-06", "2024-06-01", "2024-07-01", "June 2024"),
        ("2024-12", "2024-12-01", "2025-01-01", "December 2024"),
        ("2024", "2024-01-01", "2025-01-01", "2024"),
        ("2024~", "2024-01-01", "2025-01-01", "c. 2024"),
        ("2024-06-12?", "2024-06-12", "2024-06-13", "12 June 2024 (uncertain)"),
        ("202X", "2020-01-01", "2030-01-01", "2020s"),
        ("2024-24", "2024-12-01", "2025-03-01", "winter 2024–2025"),
        ("2023-11/2023-12", "2023-11-01", "2024-01-01", "November 2023 – December 2023"),
        ("[2022-02..2025-04]", "2022-02-01", "2025-05-01", "one of: February 2022 – April 2025"),
        ("{2024-06-01,2024-06-05}", "2024-06-01", "2024-06-06", "all of: 1 June 2024, 5 June 2024"),
        # Of an open or unknown end only what is known: never a day of today, never an end that nobody gave.
        ("2023-09/..", "2023-09-01", "2023-10-01", "since September 2023"),
        ("2023-09-07/", "2023-09-07", "2023-09-08", "7 September 2023 – unknown"),
        ("../2024-02", "2024-02-01", "2024-03-01", "until February 2024"),
        ("2024-05/2024", "2024-05-01", "2025-01-01", "May 2024 – 2024"),
        # A moment and a day together are days; the words keep the time.
        ("2024-06-12T13:00:00/2024-06-13", "2024-06-12", "2024-06-14", "12 June 2024, 13:00:00 – 13 June 2024"),
        ("0001-01-01", "0001-01-01", "0001-01-02", None),
        ("9999-12-30", "9999-12-30", "9999-12-31", None),
    ],
)
async def test_days_are_a_span_and_what_is_rough_says_so(text: str, start: str, end: str, words: str | None) -> None:
    found = await entry({"date": text})
    assert found["dtstart"].params["VALUE"] == found["dtend"].params["VALUE"] == "DATE"
    assert (found["dtstart"].dt, found["dtend"].dt) == (day(start), day(end))
    assert found["summary"] == ("Something happens" if words is None else f"{words}: Something happens")
    assert found["x-dateline-date"] == text
    shown = single({"date": text}).entries[0].event.when.display
    assert found["description"].startswith(shown)


@pytest.mark.parametrize(
    ("text", "start", "end", "words"),
    [
        ("2025-06-02T13:00:00+03:00", "2025-06-02T13:00:00", None, "2 June 2025, 13:00:00 (UTC+3)"),
        ("2025-06-02T00:00:00Z", "2025-06-02T00:00:00", None, "2 June 2025, 00:00:00 (UTC)"),
        ("2025-06-02T23:59:59", "2025-06-02T23:59:59", None, "2 June 2025, 23:59:59"),
        (
            "2025-06-02T13:00:00/2025-06-02T15:30:00",
            "2025-06-02T13:00:00",
            "2025-06-02T15:30:00",
            "2 June 2025, 13:00:00 – 2 June 2025, 15:30:00",
        ),
    ],
)
async def test_times_float_as_they_were_written(text: str, start: str, end: str | None, words: str) -> None:
    found = await entry({"date": text})
    assert found["dtstart"].dt == datetime.fromisoformat(start)
    assert found["dtstart"].dt.tzinfo is None
    assert (found["dtend"].dt if "dtend" in found else None) == (None if end is None else datetime.fromisoformat(end))
    # A floating time is read as the reader's own: one with an offset says so first.
    has_offset = parse(text).has_offset
    assert found["summary"] == (f"{words}: Something happens" if has_offset else "Something happens")
    assert found["description"].startswith(words)


async def test_what_a_calendar_cannot_hold_is_counted_and_listed() -> None:
    dates = ["2024", "-0043-03-13", "0000", "Y17000", "XXXX-12-25", "0001/9999"]
    parts = [single({"date": text, "title": f"Dated {text}"}) for text in dates]
    calendar = Calendar.from_ical(await written(WRITER, *parts))
    assert [found["summary"] for found in calendar.events] == ["2024: Dated 2024"]
    (journal,) = calendar.walk("VJOURNAL")
    assert calendar["x-dateline-left-out"] == journal["x-dateline-left-out"] == "5"
    assert "5 more cannot be held" in calendar["x-wr-caldesc"]
    assert journal["summary"] == "Left out of this calendar: 5"
    for text in dates[1:]:
        assert f"Dated {text} https://chronicle.test/v1/events/" in journal["description"]
    assert "13 March 44 BC: Dated -0043-03-13" in journal["description"]


async def test_an_empty_calendar_says_that_it_is() -> None:
    calendar = Calendar.from_ical(await written(WRITER))
    assert (calendar.events, calendar["x-dateline-left-out"]) == ([], "0")
    assert [one["summary"] for one in calendar.walk("VJOURNAL")] == ["There are no events in this calendar"]


async def test_an_entry_has_all_that_it_can_carry() -> None:
    row = {
        "tags": ["a, b", "c;d"],
        "occurrence": "planned",
        "summary": "First.\n\nSecond; third, with \\ and \x1b.",
        "places": [{"name": "Istanbul"}, {"name": "Çırağan Palace", "latitude": 41.04, "longitude": 29.02}],
    }
    found = await entry(row, revision=3, note="A note")
    assert found["uid"] == "33333333-3333-4333-8333-333333333333"
    assert (found["sequence"], found["transp"], found["status"]) == (2, "TRANSPARENT", "TENTATIVE")
    assert found.categories == ["talks", "a, b", "c;d"]
    assert found["dtstamp"].dt == found["last-modified"].dt == datetime.fromisoformat("2026-03-01T09:30:00+00:00")
    assert found["url"] == "https://chronicle.test/v1/events/33333333-3333-4333-8333-333333333333"
    assert found["location"] == "Istanbul; Çırağan Palace"
    assert (found["geo"].latitude, found["geo"].longitude) == (41.04, 29.02)
    description = found["description"]
    assert "First.\n\nSecond; third, with \\ and \ufffd." in description
    assert "A note" in description
    assert "Planned: announced for this date, not yet known to have happened" in description
    assert "Confidence: not assessed\nEvidence: 1 supporting citation of 1 origin" in description
    assert "“An article”, The Paper, 30 May 2025 (uncertain) https://paper.test/a" in description


@pytest.mark.parametrize(
    ("row", "read_only", "status"),
    [
        ({}, {}, "CONFIRMED"),
        ({"occurrence": "ongoing"}, {}, "CONFIRMED"),
        ({"occurrence": "postponed"}, {}, "TENTATIVE"),
        ({"occurrence": "cancelled"}, {}, "CANCELLED"),
        ({}, {"state": State.RETRACTED, "retraction": "A hoax."}, "CANCELLED"),
    ],
)
async def test_the_status_follows_from_the_world(row: dict[str, Any], read_only: dict[str, Any], status: str) -> None:
    found = await entry(row, **read_only)
    assert found["status"] == status
    assert found["summary"].startswith("Retracted: ") == bool(read_only)
    assert ("A hoax." in found["description"]) == bool(read_only)


async def test_two_readers_see_the_shipped_chronology_alike() -> None:
    part = sample_part()
    text = (await written(WRITER, *in_pieces(part, 7))).decode()
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    first = Calendar.from_ical(text)
    second = vobject.readOne(text)
    assert len(first.events) == len(second.vevent_list) == len(part.entries)
    for one, other, kept in zip(first.events, second.vevent_list, part.entries, strict=True):
        assert one["uid"] == other.uid.value == str(kept.event.id)
        assert one["dtstart"].dt == other.dtstart.value
        assert one["dtend"].dt == other.dtend.value
        assert one["summary"] == other.summary.value
        assert kept.event.title in one["summary"]
        assert one["description"] == other.description.value
        assert one["dtstart"].dt.isoformat() == kept.event.when.earliest or kept.event.when.earliest is None


@settings(max_examples=60)
@given(text=st.text(min_size=1, max_size=200).map(str.strip).filter(lambda text: text and "\x00" not in text))
async def test_any_text_comes_back(text: str) -> None:
    found = await entry(
        {"summary": text, "tags": ["," + legible(text).replace("\n", "").replace("\t", "")[:50].strip()]}
    )
    assert f"\n\n{legible(text)}\n\nConfidence: " in found["description"]


@settings(max_examples=100)
@given(text=edtf_texts())
async def test_the_span_of_any_date_is_what_the_date_allows(text: str) -> None:
    """Where an end is open or unknown the law is silent about that end; it is there in the words."""
    given_date = parse(text)
    calendar = Calendar.from_ical(await written(WRITER, single({"date": text})))
    if not calendar.events:
        # A year before 1 has a sign or is 0000, one after 9999 has more digits; of open sets, any member may.
        days = [day for day in (given_date.earliest, given_date.latest) if day is not None]
        is_far = any(len(day.partition("T")[0]) > 10 or not "0001" <= day <= "9999-12-30T24" for day in days)
        assert is_far or given_date.open_start or given_date.open_end
        return
    (found,) = calendar.events
    start, end = found["dtstart"].dt, found["dtend"].dt if "dtend" in found else None
    if given_date.earliest is not None:
        assert start.isoformat()[:10] == given_date.earliest[:10]
    if given_date.latest is not None:
        last = start if end is None else end if isinstance(end, datetime) else end - timedelta(days=1)
        assert last.isoformat()[:10] == given_date.latest[:10]
    assert found["x-dateline-date"] == text
