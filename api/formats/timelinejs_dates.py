"""The dates of TimelineJS as EDTF: as precise as they are given, never more; what cannot be a date is explained.

TimelineJS itself takes month 13 for the next February and drops what has no year without a word.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from api.formats.markup import one_line
from api.formats.timelinejs import slide_dates
from schema.edtf import Edtf, EdtfError, parse
from schema.validation import Flaw

_PARTS = ("year", "month", "day", "hour", "minute", "second", "millisecond")
_CIRCA = re.compile(r"(?:^|[\s(\[])(?:c|ca|circa|approx|approximately|about|around|roughly)(?=[\s.\d])", re.IGNORECASE)
_DOUBT = re.compile(r"\?|\buncertain\b", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]{1,12}")
_TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:[:.]?(?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,](?P<millisecond>[0-9]+))?)?)?"
    r"\s*(?P<half>[AaPp])?(?(half)\.?[Mm]\.?)"
)


class ReadDate(NamedTuple):
    """A date, or the flaws that it has; with what was noticed, and the words shown where they say something else."""

    date: Edtf | None
    flaws: list[Flaw]
    warnings: list[str]
    shown: str | None


class _Refused(ValueError):
    def __init__(self, detail: str, suggestion: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.suggestion = suggestion


def read_date(slide: Mapping[str, Any]) -> ReadDate:
    """Read the dates of a slide or era: ``start_date``, ``end_date``, ``display_date`` and, from here, ``edtf``."""
    warnings: list[str] = []
    start, end = _object(slide.get("start_date")), _object(slide.get("end_date"))
    shown = [one_line(_text(given.get("display_date"))) for given in (slide, start, end)]
    try:
        if not _is_given(start):
            raise _Refused("There is no start date, so that TimelineJS would not show it.", "give a year at least")
        start_parts, end_parts = _parts(start, "start date"), _parts(end, "end date")
        known = _own(slide.get("edtf"), start_parts, end_parts, shown[0])
        if known is not None:
            return ReadDate(known, [], [], None)
        if _text(slide.get("edtf")):
            warnings.append("The member edtf is not used: the slide's dates were changed.")
        ends = [_end(start_parts, "start date", " ".join((shown[0], shown[1])), warnings)]
        if end_parts.get("year") is not None:
            ends.append(_end(end_parts, "end date", " ".join((shown[0], shown[2])), warnings))
        elif end_parts:
            warnings.append("The end date has no year and is left out, as TimelineJS does.")
        date = _parsed("/".join(dict.fromkeys(ends)), "dates")
    except _Refused as refused:
        return ReadDate(None, [Flaw("/date", refused.detail, refused.suggestion)], warnings, None)
    words = " – ".join(text for text in dict.fromkeys(shown) if text)
    differs = bool(words) and words.casefold() != date.display.casefold()
    if differs:
        warnings.append(f'The date is read as "{date.display}"; shown was "{words}", which the summary keeps.')
    return ReadDate(date, [], warnings, words if differs else None)


def read_time(text: str) -> dict[str, str]:
    """Read the time of a spreadsheet: 13:00, 1:30 PM, 13:00:59. Raises ``ValueError`` for anything else."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text[:40]}" is not a time; write it as in 13:00 or 1:00 PM.')
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    half = parts.pop("half", None)
    if half is not None:
        hour = int(parts["hour"])
        if not 1 <= hour <= 12:
            raise ValueError(f'"{text[:40]}" is not a time; AM and PM go with the hours 1 to 12.')
        parts["hour"] = str(hour % 12 + (12 if half in "Pp" else 0))
    return parts


def _own(text: Any, start: dict[str, int], end: dict[str, int], shown: str) -> Edtf | None:
    """The date that was written along, if the slide still shows that very date."""
    if not isinstance(text, str):
        return None
    try:
        date = parse(text)
    except EdtfError:
        return None
    dates = slide_dates(date)
    return date if dates == (start, end or None, shown) else None


def _end(parts: dict[str, int], name: str, shown: str, warnings: list[str]) -> str:
    """One end as EDTF text."""
    year, month, day = parts.get("year"), parts.get("month"), parts.get("day")
    if year is None:
        raise _Refused(f"The {name} has no year.", "give a year at least")
    if year == 0:
        raise _Refused(f"The {name} has the year 0, which TimelineJS does not have.", "-1 is 1 BC, 1 is AD 1")
    if month is None and day is not None:
        raise _Refused(f"The {name} has a day and no month.", "give the month, or leave the day out")
    if month is not None and not 1 <= month <= 12:
        raise _Refused(f"The {name} has the month {month}.", "months are 1 to 12")
    if day is not None and not 1 <= day <= 31:
        raise _Refused(f"The {name} has the day {day}.", "days are 1 to 31")
    if 0 < year < 100:
        warnings.append(f"This is the year {year}, as the {name} has it.")
    counted = year if year > 0 else year + 1
    if abs(counted) > 9999:
        if month is not None:
            warnings.append(f"The {name} keeps its year only: years beyond 9999 have no months.")
        return _marked(f"Y{counted}", name, shown, warnings)
    text = f"{'-' if counted < 0 else ''}{abs(counted):04d}"
    if month is not None:
        text += f"-{month:02d}"
    if day is not None:
        text += f"-{day:02d}"
    _parsed(text, name)
    time = _time(parts, name, warnings)
    if time is None:
        return _marked(text, name, shown, warnings)
    if _CIRCA.search(shown) or _DOUBT.search(shown):
        warnings.append(f"The {name} has a time and is shown as rough or doubtful; its time is left out.")
        return _marked(text, name, shown, warnings)
    return text + time


def _time(parts: dict[str, int], name: str, warnings: list[str]) -> str | None:
    hour, minute, second = parts.get("hour"), parts.get("minute"), parts.get("second")
    if hour is None:
        if minute or second:
            raise _Refused(f"The {name} has minutes or seconds and no hour.", "give the hour, or leave them out")
        return None
    if parts.get("day") is None:
        raise _Refused(f"The {name} has a time and no day.", "give the day, or leave the time out")
    if minute is None:
        warnings.append(f"The {name} keeps its day only: the hour {hour} is given without minutes.")
        return None
    if second is None:
        warnings.append(f"The time of the {name} is given to the minute; it is kept with the second 00.")
    if parts.get("millisecond"):
        warnings.append(f"The {name} is kept to the second, without its milliseconds.")
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= (second or 0) <= 59):
        raise _Refused(f"The {name} has the time {hour}:{minute}:{second or 0}.", "times are 00:00:00 to 23:59:59")
    return f"T{hour:02d}:{minute:02d}:{second or 0:02d}"


def _marked(text: str, name: str, shown: str, warnings: list[str]) -> str:
    """The text with EDTF's mark for what the words that are shown say of it."""
    circa, doubt = _CIRCA.search(shown) is not None, _DOUBT.search(shown) is not None
    if not circa and not doubt:
        return text
    mark, word = ("%", "approximate and uncertain") if circa and doubt else ("~", "approximate")
    if not circa:
        mark, word = "?", "uncertain"
    warnings.append(f'The {name} is marked {word} ({text}{mark}), because "{one_line(shown)}" is shown.')
    return text + mark


def _parsed(text: str, name: str) -> Edtf:
    try:
        return parse(text)
    except EdtfError as error:
        raise _Refused(f"The {name}: {error.detail}.", error.suggestion) from None


def _parts(given: Mapping[str, Any], name: str) -> dict[str, int]:
    """The parts that are given, as numbers; blank ones are as if left out."""
    parts = {}
    for part in _PARTS:
        value = given.get(part)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = re.sub(r"[\s,]", "", _text(value))
        if not text:
            continue
        if not _NUMBER.fullmatch(text):
            raise _Refused(f'The {part} of the {name} is "{_text(value)[:40]}", which is no whole number.')
        parts[part] = int(text)
    return parts


def _is_given(date: Mapping[str, Any]) -> bool:
    return any(_text(date.get(part)).strip() for part in _PARTS)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, bool) else str(value)
