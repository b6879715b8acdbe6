"""Reading of EDTF texts (ISO 8601-2:2019; Library of Congress EDTF, levels 0, 1 and 2)."""

import re

from schema.edtf.calendar import (
    GROUPINGS,
    SECONDS_PER_DAY,
    UNBOUNDED_END,
    UNBOUNDED_START,
    day_number,
    days_in_month,
    is_leap,
    month_seconds,
)
from schema.edtf.errors import EdtfError
from schema.edtf.forms import (
    APPROXIMATE,
    FINEST_FIRST,
    UNCERTAIN,
    DateForm,
    Form,
    Kind,
    Member,
    Precision,
)
from schema.edtf.masks import Mask, hull_of, year_stretches
from schema.edtf.wording import MONTHS, describe, quote

MAXIMUM_LENGTH = 255

_DATE = re.compile(
    r"([?~%]?)(-?[0-9X]{4})([?~%]?)"
    r"(?:-([?~%]?)([0-9X]{2})([?~%]?)(?:-([?~%]?)([0-9X]{2})([?~%]?))?)?"
)
_DATE_TIME = re.compile(
    r"(-?[0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"T([0-9]{2}):([0-9]{2}):([0-9]{2})(Z|[+-][0-9]{2}(?::[0-9]{2})?)?"
)
_LONG_YEAR = re.compile(r"([?~%]?)(Y?)(-?)([0-9]+)(?:E([0-9]+))?(?:S([0-9]+))?([?~%]?)")
_FOREIGN = re.compile(r"[^-+0-9A-Za-z:?~%./,{}\[\]() ]")
_COMMA = re.compile(r" *, *")

_MARKS = {"": 0, "?": UNCERTAIN, "~": APPROXIMATE, "%": UNCERTAIN | APPROXIMATE}
_BY_DROPPED_DIGITS = (Precision.YEAR, Precision.DECADE, Precision.CENTURY, Precision.MILLENNIUM)

# Longer years than this cannot fit 64-bit seconds; checked before any power is taken.
_MOST_YEAR_DIGITS = 12
_WEST_MOST, _EAST_MOST = -12 * 3600, 14 * 3600


def read(text: str) -> Form:
    """Read a whole text. Raises EdtfError, with or without a suggestion, and nothing else."""
    if len(text) > MAXIMUM_LENGTH:
        raise EdtfError(f"a date has at most {MAXIMUM_LENGTH} characters")
    if not text:
        raise EdtfError("a date is missing")
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        raise EdtfError(f"the character U+{ord(foreign[0]):04X} is not part of any EDTF text")
    if text[0] in "[{" or text[-1] in "]}":
        return _read_set(text)
    if "/" in text:
        return _read_interval(text)
    date = read_date(text)
    return Form(Kind.DATE, (Member(date, date),))


def _read_interval(text: str) -> Form:
    parts = text.split("/")
    if len(parts) != 2:
        raise EdtfError("an interval has two ends with one / between them")
    start_text, end_text = parts
    start = None if start_text in ("", "..") else read_date(start_text)
    end = None if end_text in ("", "..") else read_date(end_text)
    if start is None and end is None:
        raise EdtfError("an interval needs a date at one end at least")
    if start is not None and end is not None:
        _check_order(start, end, "/")
    return Form(Kind.INTERVAL, (Member(start, end),), start_text == "", end_text == "")


def _read_set(text: str) -> Form:
    if text[0] + text[-1] not in ("[]", "{}") or len(text) < 3:
        raise EdtfError("a set is written [..] or {..}, with the same kind of bracket at both ends")
    kind = Kind.ONE_OF if text[0] == "[" else Kind.ALL_OF
    pieces = _COMMA.split(text[1:-1])
    last = len(pieces) - 1
    members = tuple(_read_member(piece, at == 0, at == last) for at, piece in enumerate(pieces))
    return Form(kind, members)


def _read_member(piece: str, is_first: bool, is_last: bool) -> Member:
    before, dots, after = piece.partition("..")
    if not dots:
        date = read_date(piece)
        return Member(date, date)
    if not before and not after:
        raise EdtfError("'..' in a set needs a date before or after it")
    if not before and not is_first:
        raise EdtfError("only the first member of a set may begin with '..'")
    if not after and not is_last:
        raise EdtfError("only the last member of a set may end with '..'")
    start = read_date(before) if before else None
    end = read_date(after) if after else None
    if start is not None and end is not None:
        if start.precision is not end.precision:
            raise EdtfError(
                f"the two ends of {quote(piece)} are of different precision "
                f"({start.precision.value} and {end.precision.value})",
                "write both ends of a range in a set alike, as in 1987-10..1988-03",
            )
        _check_order(start, end, "..")
    return Member(start, end)


def _check_order(start: DateForm, end: DateForm, separator: str) -> None:
    """Refuse a start that begins after the end is over, by the readings and by the instants."""
    if start.starts >= end.ends:
        if start.offset != end.offset and start.time and end.time:
            raise EdtfError(
                f"the start {start.text} reads later than the end {end.text}",
                "write both ends with the same offset",
            )
        raise EdtfError(
            f"the start {start.text} is after the end {end.text}",
            f"write the earlier one first: {end.text}{separator}{start.text}",
        )
    if start.offset is not None and end.offset is not None and (start.starts - start.offset >= end.ends - end.offset):
        raise EdtfError(
            f"the start {start.text} is after the end {end.text}, once both are in UTC",
            "write both ends with the same offset",
        )


def read_date(text: str) -> DateForm:
    """Read one date, or date and time."""
    if "T" in text:
        return _read_date_time(text)
    match = _DATE.fullmatch(text)
    if match is None:
        if "Y" in text or "S" in text:
            return _read_long_year(text)
        raise describe(text)
    year_before, year, year_after, *rest = match.groups()
    month_before, month, month_after, day_before, day, day_after = rest
    if year == "-0000":
        raise EdtfError("there is no year -0000", f"write {text.replace('-0000', '0000', 1)} for 1 BC")
    # A mark after a component also qualifies all components to its left; one before it, that component only.
    day_group = _MARKS[day_after or ""]
    month_group = _MARKS[month_after or ""] | day_group
    marks = [_MARKS[year_before] | _MARKS[year_after] | month_group]
    if month is not None:
        marks.append(_MARKS[month_before] | month_group)
        _check_month(year, month, day)
    if day is not None:
        marks.append(_MARKS[day_before] | day_group)
    stretches = year_stretches(year) if "X" in year else ((int(year), int(year)),)
    if not stretches:
        raise EdtfError(f"no year fits {year}", "there is no year -0000; 0000 is 1 BC")
    hull = hull_of(Mask(stretches, month, day))
    if hull is None:
        raise _no_such_day(text, year, month or "XX", day or "XX")
    masked = "X" in year
    return DateForm(
        text=text,
        year_mask=year if masked else "",
        first_year=stretches[0][0],
        last_year=stretches[-1][1],
        stated_year=None if masked else int(year),
        month=month,
        day=day,
        time=None,
        offset=None,
        marks=tuple(marks),
        precision=_precision(year, month, day),
        starts=hull[0],
        ends=hull[1],
    )


def _precision(year: str, month: str | None, day: str | None) -> Precision:
    masked_from = year.find("X")
    if masked_from >= 0:
        dropped = len(year) - masked_from
        return Precision.ERA if dropped > 3 else _BY_DROPPED_DIGITS[dropped]
    if month is None or "X" in month:
        return Precision.YEAR
    if int(month) in GROUPINGS:
        return Precision.SEASON
    return Precision.MONTH if day is None or "X" in day else Precision.DAY


def _check_month(year: str, month: str, day: str | None) -> None:
    if "X" not in month:
        number = int(month)
        if number in GROUPINGS:
            if day is not None:
                raise EdtfError(f"{year}-{month} is a season or part of a year, which has no days")
            return
        possible = 1 <= number <= 12
    else:
        possible = month[0] in "01X" and month != "00"
    if not possible:
        raise EdtfError(f"there is no month {month}", "months are 01 to 12, seasons 21 to 41")


def _no_such_day(text: str, year: str, month: str, day: str) -> EdtfError:
    detail = f"no day fits {text}"
    if "X" in month or day == "00":
        return EdtfError(detail, "days are 01 to 31")
    name = MONTHS[int(month) - 1]
    if "X" in year:
        if month == "02" and day == "29":
            return EdtfError(detail, "only leap years have a 29 February")
        return EdtfError(detail, f"{name} has at most {days_in_month(2000, int(month))} days")
    return EdtfError(detail, f"{name} {year} has {days_in_month(int(year), int(month))} days")


def _read_long_year(text: str) -> DateForm:
    """Years with the prefix Y, an exponent (E) or significant digits (S)."""
    match = _LONG_YEAR.fullmatch(text)
    if match is None:
        raise describe(text)
    before, prefix, sign, digits, exponent, significant, after = match.groups()
    for number in (exponent, significant):
        if number is not None and number.startswith("0"):
            raise EdtfError("an exponent or a number of significant digits begins with 1 to 9")
    if prefix and digits.startswith("0"):
        raise EdtfError("a year with the prefix Y does not begin with 0")
    if not prefix and (len(digits) != 4 or exponent is not None):
        raise describe(text)
    if len(digits) > _MOST_YEAR_DIGITS or len(exponent or "") > 2:
        raise _too_far(text)
    length = len(digits) + int(exponent or "0")
    if length > _MOST_YEAR_DIGITS:
        raise _too_far(text)
    size = int(digits) * 10 ** int(exponent or "0")
    plain = f"{sign}{size:04d}"
    if prefix and length <= 4:
        shorter = plain if significant is None else f"{plain}S{significant}"
        raise EdtfError("the prefix Y is for years of more than four digits", f"write {shorter} without it")
    if sign and size == 0:
        raise EdtfError("there is no year -0000", "0000 is 1 BC")
    dropped = _dropped_digits(size, significant)
    width = 10**dropped
    nearest, furthest = size // width * width, size // width * width + width - 1
    first, last = (-furthest, -nearest) if sign else (nearest, furthest)
    starts, ends = month_seconds(first, 1), month_seconds(last + 1, 1)
    if starts <= UNBOUNDED_START or ends >= UNBOUNDED_END:
        raise _too_far(text)
    return DateForm(
        text=text,
        year_mask="",
        first_year=first,
        last_year=last,
        stated_year=-size if sign else size,
        month=None,
        day=None,
        time=None,
        offset=None,
        marks=(_MARKS[before] | _MARKS[after],),
        precision=Precision.ERA if dropped > 3 else _BY_DROPPED_DIGITS[dropped],
        starts=starts,
        ends=ends,
    )


def _dropped_digits(size: int, significant: str | None) -> int:
    """How many digits of a year are not significant. Leading zeros never are: 0043 has two digits."""
    if significant is None:
        return 0
    length = len(str(size)) if size else 0
    if len(significant) > 2 or int(significant) > length:
        raise EdtfError(f"the year {size} has {length} significant digits, not {significant[:12]}")
    return length - int(significant)


def _too_far(text: str) -> EdtfError:
    return EdtfError(
        f"the year of {quote(text)} is too far away",
        "years reach from about 292 billion BC to 292 billion",
    )


def _read_date_time(text: str) -> DateForm:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise describe(text)
    year_text, month_text, day_text, *rest = match.groups()
    hour, minute, second = int(rest[0]), int(rest[1]), int(rest[2])
    date = read_date(f"{year_text}-{month_text}-{day_text}")
    if hour == 24 and minute == 0 and second == 0:
        raise EdtfError("hours are 00 to 23")
    if hour > 23 or minute > 59:
        raise EdtfError(
            f"there is no time {hour:02d}:{minute:02d}:{second:02d}", "hours are 00 to 23, minutes 00 to 59"
        )
    if second > 59:
        raise EdtfError(f"there is no second {second}", "seconds are 00 to 59; leap seconds are not counted")
    starts = date.starts + hour * 3600 + minute * 60 + second
    return DateForm(
        text=text,
        year_mask="",
        first_year=date.first_year,
        last_year=date.last_year,
        stated_year=date.stated_year,
        month=month_text,
        day=day_text,
        time=(hour, minute, second),
        offset=_read_offset(rest[3]),
        marks=date.marks,
        precision=Precision.SECOND,
        starts=starts,
        ends=starts + 1,
    )


def _read_offset(text: str | None) -> int | None:
    """Seconds east of UTC."""
    if text is None:
        return None
    if text == "Z":
        return 0
    hours, _, minutes = text[1:].partition(":")
    if int(minutes or "0") > 59:
        raise EdtfError(f"there is no offset {text}", "its minutes are 00 to 59")
    size = int(hours) * 3600 + int(minutes or "0") * 60
    if text[0] == "-" and size == 0:
        raise EdtfError(f"there is no offset {text}", "write Z or +00:00 for UTC")
    offset = -size if text[0] == "-" else size
    if not _WEST_MOST <= offset <= _EAST_MOST:
        raise EdtfError(f"there is no offset {text}", "offsets reach from -12:00 to +14:00")
    return offset


def coarsest(form: Form) -> Precision:
    """The coarsest precision of all ends and members."""
    dates = [date for member in form.members for date in (member.start, member.end) if date is not None]
    return max((date.precision for date in dates), key=FINEST_FIRST.__getitem__)


def plain_bounds(year: int, month: int, day: int) -> tuple[int, int] | None:
    """Bounds in seconds, half open, of a year, month or day; None if there is no such day.

    0 is a month or day that is not given.
    """
    if day:
        if day > 28 and day > days_in_month(year, month):
            return None
        starts = day_number(year, month, day) * SECONDS_PER_DAY
        return starts, starts + SECONDS_PER_DAY
    if month:
        starts = day_number(year, month, 1) * SECONDS_PER_DAY
        return starts, starts + days_in_month(year, month) * SECONDS_PER_DAY
    starts = day_number(year, 1, 1) * SECONDS_PER_DAY
    return starts, starts + (366 if is_leap(year) else 365) * SECONDS_PER_DAY
