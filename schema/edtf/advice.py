"""What would be right in place of a refused text, where that is certain."""

import re
from collections.abc import Callable, Iterator

from schema.edtf.calendar import day_number, format_day
from schema.edtf.errors import EdtfError
from schema.edtf.grammar import MAXIMUM_LENGTH, read
from schema.edtf.wording import MONTHS

_MONTH_NUMBERS = {name.lower(): number for number, name in enumerate(MONTHS, 1)}
_MONTH_NUMBERS |= {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}
_MONTH_NUMBERS["sept"] = 9
_NAMES = "|".join(sorted(_MONTH_NUMBERS, key=len, reverse=True))
_MONTH_YEAR = re.compile(rf"(?:([0-9]{{1,2}})\.? )?({_NAMES})\.?,? ([0-9]{{4}})", re.IGNORECASE | re.ASCII)
_MONTH_DAY_YEAR = re.compile(rf"({_NAMES})\.? ([0-9]{{1,2}}),? ([0-9]{{4}})", re.IGNORECASE | re.ASCII)
_END_OF_DAY = re.compile(r"(-?[0-9]{4})-([0-9]{2})-([0-9]{2})T24:00:00(Z|[+-][0-9:]{2,5})?")


def _written_out(text: str) -> str | None:
    """`June 2024`, `2 June 2024` and `June 2, 2024` in English month names."""
    match = _MONTH_YEAR.fullmatch(text)
    if match is not None:
        day, name, year = match.groups()
    else:
        match = _MONTH_DAY_YEAR.fullmatch(text)
        if match is None:
            return None
        name, day, year = match.groups()
    month = f"{year}-{_MONTH_NUMBERS[name.lower()]:02d}"
    return month if day is None else f"{month}-{int(day):02d}"


def _end_of_day(text: str) -> str | None:
    match = _END_OF_DAY.fullmatch(text)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    if not 1 <= month <= 12:
        return None
    # A day that does not exist is weeded out, because the month and day have to read back as given.
    number = day_number(year, month, day)
    if format_day(number) != f"{match[1]}-{match[2]}-{match[3]}":
        return None
    return f"{format_day(number + 1)}T00:00:00{match[4] or ''}"


def _negative_zero(text: str) -> str:
    """An offset of minus zero. ISO 8601 has none; elsewhere it means a UTC time whose zone is unknown."""
    return re.sub(r"(T[0-9:]{8})-00(:?00)?$", r"\1Z", text)


def _substitute(pattern: str, replacement: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda text: compiled.sub(replacement, text)


_REWRITINGS: tuple[Callable[[str], str | None], ...] = (
    str.strip,
    _written_out,
    _end_of_day,
    _negative_zero,
    str.upper,
    # The signs of the drafts before 2019: u for an unspecified digit, words for the ends, ?~ for both marks.
    lambda text: text.replace("u", "X"),
    _substitute(r"/open$", "/.."),
    _substitute(r"/unknown$", "/"),
    _substitute(r"^unknown/", "/"),
    _substitute(r"\?~|~\?", "%"),
    _substitute(r"[‐-–−]", "-"),
    _substitute(r"(T[0-9:]{8}[+-][0-9]{2})([0-9]{2})\b", r"\1:\2"),
    _substitute(r"^([0-9]{4})/([0-9]{2})/([0-9]{2})$", r"\1-\2-\3"),
    _substitute(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3"),
    _substitute(r"^(-?[0-9X]{4}-[0-9X]{2}-[0-9X]{2}) ([0-9:]{8})", r"\1T\2"),
    _substitute(r"-([?~%]?)([0-9])(?=[?~%]?(?:-|/|$|,|\]|\}))", r"-\g<1>0\2"),
    _substitute(r"^(-?[0-9]{2})([?~%]?)$", r"\1XX\2"),
    _substitute(r"^(-?[0-9]{3})([?~%]?)$", r"\1X\2"),
    _substitute(r"^(-?[1-9][0-9]{4})$", r"Y\1"),
    _substitute(r"(T[0-9:]{8})[.,][0-9]+", r"\1"),
)


def _candidates(text: str) -> Iterator[str]:
    for rewrite in _REWRITINGS:
        candidate = rewrite(text)
        if candidate is not None and candidate != text:
            yield candidate


def suggest(text: str) -> str | None:
    """A valid text that the refused one certainly means, as `write ...`; None where nothing is certain."""
    if len(text) > MAXIMUM_LENGTH:
        return None
    for candidate in _candidates(text):
        try:
            read(candidate)
        except EdtfError:
            continue
        return f"write {candidate}"
    return None
