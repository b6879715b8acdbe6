"""English words of errors and displays: month names, and what is wrong with a text that has no EDTF shape."""

import re

from schema.edtf.errors import EdtfError

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_SHOWN_CHARACTERS = 40

# The first pattern that is found in the text explains it; the order matters.
_EXPLANATIONS: tuple[tuple[re.Pattern[str], str, str | None], ...] = (
    (
        re.compile(r"/"),
        "a set holds dates and ranges of dates, no intervals",
        "write a range as in [1984..1986]",
    ),
    (
        re.compile(r"[0-9X?~%]\.\.+[0-9X?~%-]"),
        "two dots between dates belong in a set",
        "write an interval as in 1984/1986, a set as in [1984..1986]",
    ),
    (re.compile(r"[()]"), "EDTF groups no components with parentheses", "put ? ~ or % after a component"),
    (re.compile(r"[?~%]{2}"), "a component takes one mark on each side", "write one of ?, ~ and %"),
    (
        re.compile(r"T[0-9:]*[.,][0-9]"),
        "EDTF has no fractions of a second",
        "leave the fraction out",
    ),
    (re.compile(r"^[^T]*[?~%X][^T]*T|T.*[?~%X]"), "a date with a time takes neither ? ~ % nor X", None),
    (re.compile(r"T.*[+-][0-9]{4}$"), "an offset has a colon between hours and minutes", None),
    (
        re.compile(r"T[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9:]+)?$"),
        "a time has hours, minutes and seconds",
        "write it as in 13:00:00",
    ),
    (re.compile(r"[0-9]T"), "a date with a time is written as in 2024-06-02T13:00:00Z", None),
    (
        re.compile(r"^-?[0-9X]{5,}"),
        "a year of more than four digits has the prefix Y, all its digits, and no month",
        "write it as in Y17000",
    ),
    (re.compile(r"^[?~%]?-?[0-9X]{1,3}([?~%-]|$)"), "a year has four digits", None),
    (
        re.compile(r"^[?~%]?-?[0-9X]{4}[?~%]?(-[?~%]?[0-9X]{1,2}[?~%]?){1,2}$"),
        "months and days have two digits",
        None,
    ),
    (re.compile(r"Y.*-[?~%]?[0-9X]{2}"), "a year with the prefix Y has no month", None),
    (re.compile(r"S.*-[?~%]?[0-9X]{2}"), "a year with significant digits has no month", None),
    (re.compile(r"Y.*X"), "a year with the prefix Y has no unspecified digits", None),
)


def quote(text: str) -> str:
    """The text in quotation marks, shortened and in ASCII, for a message."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
    return ascii(shown)


def describe(text: str) -> EdtfError:
    """The error for a text that has not the shape of a date."""
    if not text:
        return EdtfError("a date is missing")
    for pattern, detail, suggestion in _EXPLANATIONS:
        if pattern.search(text):
            return EdtfError(f"{quote(text)} is not an EDTF date: {detail}", suggestion)
    return EdtfError(f"{quote(text)} is not an EDTF date")
