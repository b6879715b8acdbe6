"""TimelineJS 3 JSON: a slide for each event, with a title slide before them.

A date has only the parts that are known: a month has no day, a decade is from a year to a year. What is shown is the
``display_date``, so that nothing reads as closer than it is; where the marker stands on the axis is TimelineJS's guess.
The member ``edtf`` of a slide, which TimelineJS overlooks, has the date as it is stored.

TimelineJS takes headlines and texts for HTML: all that goes into them is escaped. It knows no year 0 and writes 44 BC
as the year -44, where EDTF has -0043. Nothing here makes it fetch a picture or a page from elsewhere.
"""

from collections.abc import AsyncIterator
from html import escape
from typing import Any, NamedTuple

from api.formats.ends import named_ends
from api.formats.entry import Entry, Heading, Part, Parts, Writer
from api.formats.telling import tell
from api.formats.wording import (
    actors_words,
    citation_words,
    evidence_words,
    instant_words,
    legible,
    one_line,
    safe_address,
)
from schema.citation import Citation
from schema.edtf import Edtf, Precision
from schema.edtf.calendar import SECONDS_PER_DAY, year_month_day
from schema.edtf.forms import DateForm
from schema.event import Event
from schema.format import Format
from schema.vocabulary import State
from schema.wire import encode

#: More slides than this take a browser too long.
MOST_EVENTS = 1_000

_LISTED = 20
#: The years that a JavaScript date reaches; beyond them TimelineJS has a scale without months and days.
_HUMAN_YEARS = range(-271_820, 275_760)


class SlideDates(NamedTuple):
    """The dates of a slide: its parts by name, and the words that are shown."""

    start_date: dict[str, int]
    end_date: dict[str, int] | None
    display_date: str


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write a story. Events without any known year are counted and listed on its title slide."""
    slides: list[dict[str, Any]] = []
    left_out: list[Event] = []
    async for part in parts:
        for entry in part.entries:
            dates = slide_dates(entry.event.date)
            if dates is None:
                left_out.append(entry.event)
            else:
                slides.append(_slide(heading, entry, part, dates))
    yield encode({"title": _title(heading, len(slides), left_out), "events": slides, "scale": _scale(slides)}) + b"\n"


def slide_dates(date: Edtf) -> SlideDates | None:
    """The dates of a slide for a date; None where no year is known at all.

    Of an open or unknown end only the other one is given.
    """
    first, last = named_ends(date.form)
    if any(form.year_mask.strip("-") == "XXXX" for form in (first, last)):
        return None
    start_date, end_date = _date_parts(first, first.starts), _date_parts(last, last.ends - 1)
    # An end like that of 2024-05/2024 would be drawn before the start.
    has_end = end_date != start_date and _drawn(end_date) >= _drawn(start_date)
    return SlideDates(start_date, end_date if has_end else None, date.display)


def _drawn(parts: dict[str, int]) -> tuple[int, int, int]:
    """Where TimelineJS draws a date: at the beginning of what is known of it."""
    return parts["year"], parts.get("month", 1), parts.get("day", 1)


def _date_parts(form: DateForm, second: int) -> dict[str, int]:
    """The parts that are known of the first or the last second of a date."""
    days, of_day = divmod(second, SECONDS_PER_DAY)
    year, month, day = year_month_day(days)
    parts = {"year": year if year > 0 else year - 1}
    has_month = form.month is not None and form.month != "XX" and not form.year_mask
    if has_month and form.precision in (Precision.SECOND, Precision.DAY, Precision.MONTH, Precision.SEASON):
        parts["month"] = month
        if form.precision in (Precision.SECOND, Precision.DAY):
            parts["day"] = day
    if form.time is not None:
        parts |= {"hour": of_day // 3600, "minute": of_day // 60 % 60, "second": of_day % 60}
    return parts


def _slide(heading: Heading, entry: Entry, part: Part, dates: SlideDates) -> dict[str, Any]:
    event = entry.event
    headline = f"Retracted: {event.title}" if event.state is State.RETRACTED else event.title
    slide: dict[str, Any] = {
        "unique_id": str(event.id),
        "start_date": dates.start_date,
        "display_date": dates.display_date,
        "text": {"headline": _html(one_line(headline)), "text": _text(heading, entry, part)},
        "group": event.kind,
        "autolink": False,
        "edtf": event.date.text,
    }
    if dates.end_date is not None:
        slide["end_date"] = dates.end_date
    return slide


def _text(heading: Heading, entry: Entry, part: Part) -> str:
    event = entry.event
    blocks = []
    blocks += [_paragraphs(f"{label}: {text}") for label, text in tell(entry, part, heading).marks]
    blocks += [_paragraphs(text) for text in (event.summary, entry.note) if text]
    if event.actors:
        named = ", ".join(actors_words(event.actors, part))
        blocks.append(f'<p class="dateline-actors">{_html(one_line(named))}</p>')
    if event.citations:
        cited = "".join(f"<li>{_cited(citation, part)}</li>" for citation in event.citations)
        blocks.append(f'<ul class="dateline-sources">{cited}</ul>')
    address = _html(heading.event_address(event.id))
    blocks.append(f'<p class="dateline-record"><a href="{address}">{evidence_words(event.evidence)}</a></p>')
    return "".join(blocks)


def _cited(citation: Citation, part: Part) -> str:
    words = _html(one_line(citation_words(citation, part)))
    address = safe_address(part.sources[citation.source].url)
    return words if address is None else f'<a href="{_html(address)}">{words}</a>'


def _title(heading: Heading, shown: int, left_out: list[Event]) -> dict[str, Any]:
    blocks = [_paragraphs(heading.introduction)] if heading.introduction else []
    if left_out:
        blocks.append(f"<p>{len(left_out):,} more cannot be shown, because no year of theirs is known:</p>")
        listed = [f"{event.date.display}: {event.title}" for event in left_out[:_LISTED]]
        if len(left_out) > _LISTED:
            listed.append(f"and {len(left_out) - _LISTED:,} more")
        blocks.append(f"<ul>{''.join(f'<li>{_html(one_line(line))}</li>' for line in listed)}</ul>")
    said = f"Events: {shown:,}. As of change {heading.sequence:,} ({instant_words(heading.recorded_at)})."
    if heading.licence:
        said += f" Licence: {heading.licence}"
    address = _html(heading.page or heading.address)
    blocks.append(f'<p class="dateline-record"><a href="{address}">{_html(one_line(said))}</a></p>')
    return {
        "unique_id": "title",
        "text": {"headline": _html(one_line(heading.title)), "text": "".join(blocks)},
        "autolink": False,
    }


def _scale(slides: list[dict[str, Any]]) -> str:
    years = [slide[name]["year"] for slide in slides for name in ("start_date", "end_date") if name in slide]
    return "human" if all(year in _HUMAN_YEARS for year in years) else "cosmological"


def _paragraphs(text: str) -> str:
    pieces = (piece.strip() for piece in legible(text).split("\n\n"))
    return "".join("<p>{}</p>".format(_html(piece).replace("\n", "<br>")) for piece in pieces if piece)


def _html(text: str) -> str:
    return escape(text, quote=True)


WRITER = Writer(Format.TIMELINEJS, "application/vnd.dateline.timelinejs+json", "timelinejs.json", MOST_EVENTS, write)
