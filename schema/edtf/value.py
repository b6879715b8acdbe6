"""The value that a text stands for."""

import re
from functools import cached_property, lru_cache
from typing import NoReturn

from schema.edtf import advice, display, grammar, spans
from schema.edtf.calendar import SECONDS_PER_DAY, UNBOUNDED_END, UNBOUNDED_START, clamp, format_day
from schema.edtf.errors import EdtfError
from schema.edtf.forms import APPROXIMATE, UNCERTAIN, DateForm, Form, Precision
from schema.edtf.masks import Run

_OPEN_START, _OPEN_END, _UNKNOWN_START, _UNKNOWN_END = 4, 8, 16, 32
_HAS_TIME, _HAS_LOCAL_TIME = 64, 128

# Long lists of stretches are worked out anew at each call, so that a cache of dates cannot fill the memory.
_MOST_KEPT_RUNS = 64

_PLAIN = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?)?")


class Edtf:
    """One EDTF date (ISO 8601-2:2019), immutable; two are equal where their texts are, letter for letter.

    `text` is the text as written. `starts` and `ends` are its first possible second and the one after its
    last, counted from 1970-01-01T00:00:00 in the proleptic Gregorian calendar, of the reading as written:
    offsets are not applied. They are UNBOUNDED_START and UNBOUNDED_END where the date is open or its end
    unknown. `precision` is the coarsest of all ends and members. Made by `parse` only.
    """

    __slots__ = ("__dict__", "_marks", "ends", "precision", "starts", "text")

    text: str
    starts: int
    ends: int
    precision: Precision
    _marks: int

    def __init__(self, text: str, starts: int, ends: int, precision: Precision, marks: int) -> None:
        write = object.__setattr__
        write(self, "text", text)
        write(self, "starts", starts)
        write(self, "ends", ends)
        write(self, "precision", precision)
        write(self, "_marks", marks)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"an Edtf is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"an Edtf is immutable: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Edtf) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Edtf({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return parse, (self.text,)

    @property
    def uncertain(self) -> bool:
        """Whether any component is marked ? or %."""
        return bool(self._marks & UNCERTAIN)

    @property
    def approximate(self) -> bool:
        """Whether any component is marked ~ or %."""
        return bool(self._marks & APPROXIMATE)

    @property
    def open_start(self) -> bool:
        """Whether it has no beginning ('..')."""
        return bool(self._marks & _OPEN_START)

    @property
    def open_end(self) -> bool:
        """Whether it has no end ('..')."""
        return bool(self._marks & _OPEN_END)

    @property
    def unknown_start(self) -> bool:
        """Whether the beginning of the interval is unknown (empty)."""
        return bool(self._marks & _UNKNOWN_START)

    @property
    def unknown_end(self) -> bool:
        """Whether the end of the interval is unknown (empty)."""
        return bool(self._marks & _UNKNOWN_END)

    @property
    def has_time(self) -> bool:
        """Whether any of its dates has a time of day."""
        return bool(self._marks & _HAS_TIME)

    @property
    def has_offset(self) -> bool:
        """Whether it has times and each of them carries an offset or Z."""
        return self._marks & (_HAS_TIME | _HAS_LOCAL_TIME) == _HAS_TIME

    @cached_property
    def form(self) -> Form:
        """The parts as read."""
        return grammar.read(self.text)

    @cached_property
    def earliest(self) -> str | None:
        """The first possible day as YYYY-MM-DD, or the start as written where it has a time.

        None if open or unknown. Years before 0 have a minus sign, those beyond 9999 all their digits.
        """
        if self.starts == UNBOUNDED_START:
            return None
        if self.has_time:
            # A set may hold days and times: the first member decides.
            first = min(self.form.members, key=spans.member_starts).start
            if first is not None and first.time is not None:
                return first.text
        return format_day(self.starts // SECONDS_PER_DAY)

    @cached_property
    def latest(self) -> str | None:
        """The last possible day as YYYY-MM-DD, or the end as written where it has a time.

        None if open or unknown. Years are written as in `earliest`.
        """
        if self.ends == UNBOUNDED_END:
            return None
        if self.has_time:
            last = max(self.form.members, key=spans.member_ends).end
            if last is not None and last.time is not None:
                return last.text
        return format_day((self.ends - 1) // SECONDS_PER_DAY)

    @cached_property
    def display(self) -> str:
        """The date in English."""
        return display.describe(self.form)

    @property
    def runs(self) -> tuple[Run, ...] | None:
        """The possible seconds as merged, ascending, half-open stretches, where they are not one stretch.

        None where they are one, and where they are more than MAXIMUM_RUNS: [starts, ends) stands for them.
        """
        return self._stretches("_runs", instants=False)

    @property
    def instant_runs(self) -> tuple[Run, ...] | None:
        """The possible UTC seconds, as `runs`; the ends as in `instant_starts` and `instant_ends`."""
        return self._stretches("_instant_runs", instants=True)

    def _stretches(self, name: str, *, instants: bool) -> tuple[Run, ...] | None:
        kept = self.__dict__
        if name in kept:
            known: tuple[Run, ...] | None = kept[name]
            return known
        found = spans.stretches(self.form, instants=instants)
        if found is None or len(found) <= _MOST_KEPT_RUNS:
            kept[name] = found
        return found

    @cached_property
    def _instant_hull(self) -> Run:
        if not self.has_time:
            return (
                self.starts if self.starts == UNBOUNDED_START else clamp(self.starts - spans.AHEAD_OF_UTC),
                self.ends if self.ends == UNBOUNDED_END else clamp(self.ends + spans.BEHIND_UTC),
            )
        return spans.instant_hull(self.form)

    @property
    def instant_starts(self) -> int:
        """The first possible UTC second: `starts` less the offset, or less 14 hours where there is none."""
        return self._instant_hull[0]

    @property
    def instant_ends(self) -> int:
        """The UTC second after the last possible one: `ends` less the offset, or plus 12 hours without."""
        return self._instant_hull[1]

    @cached_property
    def instant_starts_latest(self) -> int:
        """The last UTC second at which the start can lie.

        `starts` less the offset, or plus 12 hours where there is none.
        """
        if not self.has_time:
            return self.starts if self.starts == UNBOUNDED_START else clamp(self.starts + spans.BEHIND_UTC)
        return spans.latest_start_instant(self.form)


def _all_marks(form: Form) -> int:
    marks = 0
    for member in form.members:
        for date in (member.start, member.end):
            if date is not None:
                marks |= _date_marks(date)
        if member.start is None:
            marks |= _UNKNOWN_START if form.unknown_start else _OPEN_START
        if member.end is None:
            marks |= _UNKNOWN_END if form.unknown_end else _OPEN_END
    return marks


def _date_marks(date: DateForm) -> int:
    marks = 0
    for mark in date.marks:
        marks |= mark
    if date.time is not None:
        marks |= _HAS_TIME if date.offset is not None else _HAS_TIME | _HAS_LOCAL_TIME
    return marks


def _parse(text: str) -> Edtf:
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        year_text, month_text, day_text = plain.groups()
        bounds = grammar.plain_bounds(
            int(year_text),
            0 if month_text is None else int(month_text),
            0 if day_text is None else int(day_text),
        )
        if bounds is not None:
            precision = Precision.YEAR
            if month_text is not None:
                precision = Precision.MONTH if day_text is None else Precision.DAY
            return Edtf(text, bounds[0], bounds[1], precision, 0)
    try:
        form = grammar.read(text)
    except EdtfError as error:
        raise EdtfError(error.detail, advice.suggest(text) or error.suggestion) from None
    starts, ends = spans.hull(form)
    value = Edtf(text, starts, ends, grammar.coarsest(form), _all_marks(form))
    value.__dict__["form"] = form
    return value


@lru_cache(maxsize=2048)
def parse(text: str) -> Edtf:
    """Read an EDTF text: ISO 8601-2:2019, the Library of Congress levels 0, 1 and 2.

    Raises EdtfError for every other text, and nothing else. Results are cached; they are immutable.
    """
    return _parse(text)
