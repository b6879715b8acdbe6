"""iCalendar (RFC 5545): an entry for each event, all day unless the date has a time of its own.

A calendar knows days and moments only. A date that is rougher is given the span from its first possible day to its
last, and says so: its words stand before the title, and ``X-DATELINE-DATE`` has the EDTF text. Of an open or unknown
end only what is known is in the calendar: ``2023-09/..`` is September 2023, with "since September 2023" before the
title. Times are floating, that is as written: no viewer's zone moves them to another day.

``date`` and ``datetime`` are used here because the library asks for them. They hold what iCalendar can hold, the years
1 to 9999; events beyond are left out, counted in the calendar's description and listed in a journal entry.
"""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event, Journal, vText

from api.formats.ends import named_ends
from api.formats.entry import Entry, Heading, Part, Parts, Writer
from api.formats.telling import tell
from api.formats.wording import citation_words, instant_words, legible, one_line
from schema.edtf.calendar import SECONDS_PER_DAY, year_month_day
from schema.edtf.forms import DateForm, Form, Kind, Precision
from schema.event import Event as Recorded
from schema.format import Format
from schema.vocabulary import Occurrence, State

#: Before the calendar can say how many events it holds all of them are in the memory.
MOST_EVENTS = 10_000

_PRODUCT = "-//Dateline//Dateline//EN"
_STATUS = {
    Occurrence.PLANNED: "TENTATIVE",
    Occurrence.POSTPONED: "TENTATIVE",
    Occurrence.CANCELLED: "CANCELLED",
}
_LISTED = 100
_END = b"END:VCALENDAR\r\n"


class _Span(NamedTuple):
    """What a calendar shows: from ``first`` to before ``after``, or one day or moment where that is None."""

    first: date
    after: date | None


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write a calendar. What it cannot hold is told in its description and in a journal entry at the end."""
    entries: list[bytes] = []
    left_out: list[Recorded] = []
    async for part in parts:
        for entry in part.entries:
            span = _span(entry.event.date.form)
            if span is None:
                left_out.append(entry.event)
            else:
                entries.append(_entry(heading, entry, part, span))
    yield _calendar(heading, len(entries), len(left_out)).to_ical().removesuffix(_END)
    for written in entries:
        yield written
    if left_out or not entries:
        yield _journal(heading, left_out).to_ical()
    yield _END


def _calendar(heading: Heading, shown: int, left_out: int) -> Calendar:
    said = [heading.introduction] if heading.introduction else []
    said.append(f"Events: {shown:,}. As of change {heading.sequence:,} ({instant_words(heading.recorded_at)}).")
    if left_out:
        said.append(f"{left_out:,} more cannot be held by a calendar; the journal entry at the end lists them.")
    if heading.licence:
        said.append(f"Licence: {heading.licence}")
    said.append(heading.page or heading.address)
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    # RFC 7986 has the names without X-; the older ones are those that calendar programs read.
    for name in ("name", "x-wr-calname"):
        calendar.add(name, vText(one_line(heading.title)))
    for name in ("description", "x-wr-caldesc"):
        calendar.add(name, vText(legible("\n".join(said))))
    calendar.add("url", heading.page or heading.address)
    calendar.add("x-dateline-left-out", str(left_out))
    return calendar


def _entry(heading: Heading, entry: Entry, part: Part, span: _Span) -> bytes:
    event = entry.event
    written = Event()
    written.add("uid", str(event.id))
    written.add("dtstamp", _instant(event.updated_at))
    written.add("created", _instant(event.created_at))
    written.add("last-modified", _instant(event.updated_at))
    written.add("sequence", event.revision - 1)
    written.add("dtstart", span.first)
    if span.after is not None:
        written.add("dtend", span.after)
    written.add("summary", one_line(_title(event, span)))
    written.add("description", legible(_description(heading, entry, part)))
    retracted = event.state is State.RETRACTED
    written.add("status", "CANCELLED" if retracted else _STATUS.get(event.occurrence, "CONFIRMED"))
    written.add("transp", "TRANSPARENT")
    written.add("categories", [event.kind, *map(one_line, event.tags)])
    written.add("url", heading.event_address(event.id))
    if event.places:
        written.add("location", "; ".join(one_line(place.name) for place in event.places))
    for place in event.places:
        if place.latitude is not None and place.longitude is not None:
            written.add("geo", (place.latitude, place.longitude))
            break
    # Said to be text, so that readers know that its commas are escaped.
    written.add("x-dateline-date", vText(event.date.text, params={"VALUE": "TEXT"}))
    return bytes(written.to_ical())


def _title(event: Recorded, span: _Span) -> str:
    """The title, after the date's words where the span in the calendar says more than is known."""
    date_ = event.date
    is_exact = (
        date_.form.kind in (Kind.DATE, Kind.INTERVAL)
        and date_.precision in (Precision.DAY, Precision.SECOND)
        and date_.has_time == isinstance(span.first, datetime)
        # A floating time is the same wherever it is read: one with an offset needs its words.
        and all(end.offset is None for end in named_ends(date_.form))
        and not (date_.approximate or date_.uncertain)
        and not (date_.open_start or date_.open_end or date_.unknown_start or date_.unknown_end)
    )
    title = event.title if is_exact else f"{date_.display}: {event.title}"
    return f"Retracted: {title}" if event.state is State.RETRACTED else title


def _description(heading: Heading, entry: Entry, part: Part) -> str:
    event = entry.event
    words = event.date.display
    if event.date.has_time:
        words += "\nTimes are shown as written, not in the viewer's zone."
    paragraphs = [words]
    told = tell(entry, part, heading)
    paragraphs += [f"{label}: {text}" for label, text in told.marks]
    paragraphs += [text for text in (told.summary, told.note) if text]
    facts = [f"{label}: {'; '.join(texts)}" for label, texts in told.facts if label == "Actors"]
    paragraphs.append("\n".join([*facts, f"Confidence: {told.confidence}", f"Evidence: {told.evidence}"]))
    cited = []
    for citation, as_told in zip(event.citations, told.citations, strict=True):
        links = (as_told.source, as_told.archive)
        addresses = [link.address for link in links if link is not None and link.address is not None]
        cited.append(" ".join([citation_words(citation, part), *addresses]))
    if cited:
        paragraphs.append("\n".join(["Sources:", *cited]))
    return "\n\n".join(paragraphs)


def _journal(heading: Heading, left_out: list[Recorded]) -> Journal:
    lines = [f"{event.date.display}: {event.title} {heading.event_address(event.id)}" for event in left_out[:_LISTED]]
    if len(left_out) > _LISTED:
        lines.append(f"and {len(left_out) - _LISTED:,} more: {heading.address}")
    written = Journal()
    written.add("uid", str(uuid5(NAMESPACE_URL, f"{heading.address}#left-out")))
    written.add("dtstamp", _instant(heading.recorded_at))
    if left_out:
        written.add("summary", f"Left out of this calendar: {len(left_out):,}")
        said = (
            "A calendar holds days from the year 1 to 30 December 9999. These events lie outside or have no known year:"
        )
        written.add("description", legible("\n".join([said, *map(one_line, lines)])))
    else:
        written.add("summary", "There are no events in this calendar")
    written.add("x-dateline-left-out", str(len(left_out)))
    return written


def _span(form: Form) -> _Span | None:
    """What is named in a date, as days or, for a date or interval with times only, as moments; None if out of reach."""
    first, last = named_ends(form)
    if form.kind in (Kind.DATE, Kind.INTERVAL) and first.time is not None and last.time is not None:
        start, end = _moment(first), _moment(last)
        if start is None or end is None:
            return None
        return _Span(start, end if end > start else None)
    first_day = _day(first.starts // SECONDS_PER_DAY)
    # The day after the last one (RFC 5545 section 3.6.1).
    after = _day((last.ends - 1) // SECONDS_PER_DAY + 1)
    return None if first_day is None or after is None else _Span(first_day, after)


def _moment(form: DateForm) -> datetime | None:
    day = _day(form.starts // SECONDS_PER_DAY)
    return None if day is None or form.time is None else datetime(day.year, day.month, day.day, *form.time)


def _day(number: int) -> date | None:
    year, month, day = year_month_day(number)
    return date(year, month, day) if 1 <= year <= 9999 else None


def _instant(timestamp: str) -> datetime:
    """An instant that the store set (RFC 3339, UTC)."""
    return datetime.fromisoformat(timestamp)


WRITER = Writer(Format.ICS, "text/calendar", "ics", MOST_EVENTS, write)
