"""Dates in English, as short as they can be without a second meaning."""

from schema.edtf.calendar import GROUPINGS, days_in_month
from schema.edtf.forms import APPROXIMATE, UNCERTAIN, DateForm, Form, Kind, Member
from schema.edtf.masks import number_stretches
from schema.edtf.wording import MONTHS

_DASH = "–"
_SEASONS = ("spring", "summer", "autumn", "winter")
_ORDINALS = ("first", "second", "third", "fourth")
_COMPONENTS = ("year", "month", "day")
_WORDS = ((UNCERTAIN, "uncertain"), (APPROXIMATE, "approximate"))
_NOT_AFTER_CIRCA = ("between ", "a year ", "year ", "date ")


def describe(form: Form) -> str:
    """The whole form in English."""
    if form.kind is Kind.DATE:
        return _date(form.members[0].start)
    if form.kind is Kind.INTERVAL:
        return _interval(form)
    members = ", ".join(_member(member, form.kind) for member in form.members)
    if len(form.members) == 1 and (form.members[0].start is None or form.members[0].end is None):
        return members
    return f"{form.kind.value}: {members}"


def _interval(form: Form) -> str:
    start, end = form.members[0].start, form.members[0].end
    if start is None and not form.unknown_start:
        return f"until {_date(end)}"
    if end is None and not form.unknown_end:
        return f"since {_date(start)}"
    return f"{_date(start)} {_DASH} {_date(end)}"


def _member(member: Member, kind: Kind) -> str:
    link = "or" if kind is Kind.ONE_OF else "and"
    if member.start is None:
        return f"{_date(member.end)} {link} earlier"
    if member.end is None:
        return f"{_date(member.start)} {link} later"
    if member.start is member.end:
        return _date(member.start)
    return f"{_date(member.start)} {_DASH} {_date(member.end)}"


def _date(date: DateForm | None) -> str:
    """One date with its qualification; None is an unknown end."""
    if date is None:
        return "unknown"
    text, unknown = _bare(date)
    notes = [f"{_listed(unknown, 'and')} unknown"] if unknown else []
    first = date.marks[0]
    if all(mark == first for mark in date.marks):
        if first & APPROXIMATE:
            text = f"roughly {text}" if text.startswith(_NOT_AFTER_CIRCA) else f"c. {text}"
        if first & UNCERTAIN:
            notes.append("uncertain")
    else:
        notes.extend(_marked_components(date))
    return f"{text} ({'; '.join(notes)})" if notes else text


def _marked_components(date: DateForm) -> list[str]:
    """Which components are uncertain and which approximate, where not all are alike."""
    named = [(_component(name, date), mark) for name, mark in zip(_COMPONENTS, date.marks, strict=False) if mark]
    if len({mark for _, mark in named}) == 1:
        names = _listed([name for name, _ in named], "and")
        words = [word for bit, word in _WORDS if named[0][1] & bit]
        return [f"{names} {' and '.join(words)}"]
    notes = []
    for bit, word in _WORDS:
        names_of_bit = [name for name, mark in named if mark & bit]
        if names_of_bit:
            notes.append(f"{_listed(names_of_bit, 'and')} {word}")
    return notes


def _component(name: str, date: DateForm) -> str:
    is_part = name == "month" and date.month is not None and "X" not in date.month
    if is_part and date.month is not None and int(date.month) in GROUPINGS:
        return "season" if int(date.month) < 33 else "part of year"
    return name


def _bare(date: DateForm) -> tuple[str, list[str]]:
    """The date without its qualification, and the components that are wholly unknown."""
    unknown = [
        name
        for name, part in (("year", date.year_mask), ("month", date.month), ("day", date.day))
        if part in ("XX", "XXXX")
    ]
    month_given = date.month not in (None, "XX")
    day_given = date.day not in (None, "XX")
    if not month_given and not day_given:
        if "year" not in unknown:
            return _year(date), unknown
        return ("year unknown" if len(unknown) == 1 else "date unknown"), []
    if date.month is not None and date.month.isdigit() and int(date.month) in GROUPINGS:
        return _grouping(int(date.month), date), unknown
    if not month_given:
        parts, is_plain = f"day {_days(date)}", False
    else:
        stretches = number_stretches(date.month or "XX", 12)
        is_one_month = stretches[0][0] == stretches[-1][1]
        parts, is_plain = _months(stretches), True
        if day_given:
            parts = f"{_days(date)} {parts}" if is_one_month else f"day {_days(date)} of {parts}"
    if "year" in unknown:
        return parts, unknown
    if date.stated_year is None or not is_plain:
        return f"{parts}, {_year(date)}", unknown
    text = f"{parts} {_year(date)}"
    return (text if date.time is None else f"{text}, {_time(date)}"), unknown


def _year(date: DateForm) -> str:
    if date.stated_year is None:
        return _masked_year(date)
    if date.first_year == date.last_year:
        return year_name(date.stated_year)
    between = _between(date.first_year, date.last_year)
    return f"{year_name(date.stated_year)} ({between})"


def _between(first: int, last: int) -> str:
    return f"between {year_name(first)} and {year_name(last)}"


def year_name(year: int) -> str:
    """One year. Year 0 is 1 BC. The years 1 to 999 say AD, so that 23 is not taken for a day."""
    if year <= 0:
        before = 1 - year
        return f"{before:,} BC" if before > 9999 else f"{before} BC"
    if year > 9999:
        return f"AD {year:,}"
    return str(year) if year > 999 else f"AD {year}"


def _masked_year(date: DateForm) -> str:
    mask = date.year_mask
    first, last = date.first_year, date.last_year
    if "X" in mask.rstrip("X"):
        return f"a year of the form {mask}"
    return years_name(first, last)


def years_name(first: int, last: int) -> str:
    """Several years that follow each other, both included."""
    # 1900s might be a century, so the decade 190X is not called that.
    if last - first == 9 and 1000 <= first <= 9990 and first % 10 == 0 and first % 100 != 0:
        return f"{first}s"
    return _between(first, last)


def _grouping(code: int, date: DateForm) -> str:
    if code <= 32:
        name = _SEASONS[(code - 21) % 4]
        where = "" if code < 25 else f" ({'Northern' if code < 29 else 'Southern'} Hemisphere)"
        year = date.stated_year
        if year is None:
            return f"{name}{_comma_year(date)}{where}"
        if GROUPINGS[code][0] != 12:
            return f"{name} {year_name(year)}{where}"
        if year < 1000:
            return f"{name} {year_name(year)} {_DASH} {year_name(year + 1)}{where}"
        return f"{name} {year_name(year)}{_DASH}{year_name(year + 1)}{where}"
    if code <= 36:
        name = f"{_ORDINALS[code - 33]} quarter"
    elif code <= 39:
        name = f"{_ORDINALS[code - 37]} third"
    else:
        name = f"{_ORDINALS[code - 40]} half"
    return f"{name}{_comma_year(date)}" if date.stated_year is None else f"{name} of {_year(date)}"


def _comma_year(date: DateForm) -> str:
    return "" if date.year_mask == "XXXX" else f", {_year(date)}"


def _months(stretches: tuple[tuple[int, int], ...]) -> str:
    names = [(MONTHS[first - 1], MONTHS[last - 1]) for first, last in stretches]
    return _stretched(names, f" {_DASH} ")


def _days(date: DateForm) -> str:
    limit = 31
    if date.month is not None and "X" not in date.month:
        # With the year masked, a leap year may be meant.
        year = 2000 if date.stated_year is None else date.stated_year
        limit = days_in_month(year, int(date.month))
    stretches = number_stretches(date.day or "XX", limit)
    return _stretched([(str(first), str(last)) for first, last in stretches], _DASH)


def _stretched(stretches: list[tuple[str, str]], dash: str) -> str:
    return _listed([first if first == last else f"{first}{dash}{last}" for first, last in stretches], "or")


def _listed(words: list[str], link: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {link} {words[-1]}"


def _time(date: DateForm) -> str:
    hour, minute, second = date.time or (0, 0, 0)
    text = f"{hour:02d}:{minute:02d}:{second:02d}"
    if date.offset is None:
        return text
    if date.offset == 0:
        return f"{text} (UTC)"
    sign = "+" if date.offset > 0 else "−"
    hours, minutes = divmod(abs(date.offset) // 60, 60)
    return f"{text} (UTC{sign}{hours}{f':{minutes:02d}' if minutes else ''})"
