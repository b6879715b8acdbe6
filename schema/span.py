"""Classes of length, by which events that reach into a window from before it are found.

An event that overlaps a window and started before it started at most its own length earlier. Grouped by length,
each group needs a look back of only its longest. The classes end at lengths of the calendar (a day, a week, a month,
a year, …), not at numbers of seconds, and months and years have a class nearly to themselves: a great part of all
dates are whole months and years, and all of a year's would else be looked at in vain from the first of January on.
"""

from typing import NamedTuple

from schema.edtf.calendar import (
    SECONDS_PER_DAY,
    UNBOUNDED_END,
    UNBOUNDED_START,
    day_number,
    days_in_month,
    year_month_day,
)


class Length(NamedTuple):
    """A length of the calendar: so many months, days and seconds; only one of them is given."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    @property
    def floor_s(self) -> int:
        """A number of seconds that whatever goes on beyond it exceeds, wherever in the calendar it begins."""
        if not self.months:
            return self.days * SECONDS_PER_DAY + self.seconds
        years, months = divmod(self.months, 12)
        # `after` counts from the start of a day, so that up to a day may be missing.
        return (years * 365 + months * 28 - 1) * SECONDS_PER_DAY

    def after(self, starts: int) -> int:
        """Where it ends if it begins at a second; for months, at the start of that second's day."""
        if not self.months:
            return starts + self.days * SECONDS_PER_DAY + self.seconds
        return _months_on(starts // SECONDS_PER_DAY, self.months) * SECONDS_PER_DAY

    def before(self, end: int) -> int:
        """The first second from which on it ends after a given one."""
        if not self.months:
            return end - self.days * SECONDS_PER_DAY - self.seconds + 1
        day = _months_on(end // SECONDS_PER_DAY, -self.months)
        while _months_on(day, self.months) * SECONDS_PER_DAY > end:
            day -= 1
        while _months_on(day, self.months) * SECONDS_PER_DAY <= end:
            day += 1
        return day * SECONDS_PER_DAY


def _months_on(number: int, months: int) -> int:
    """The day (since 1970-01-01) so many months on, the last of the month where it has no such day."""
    year, month, day = year_month_day(number)
    carry, index = divmod(month - 1 + months, 12)
    return day_number(year + carry, index + 1, min(day, days_in_month(year + carry, index + 1)))


#: The longest of each class but the last two. Each is reached later by what starts later.
CEILINGS = (
    Length(seconds=1),
    *(Length(days=days) for days in (1, 3, 7, 27)),
    Length(months=1),
    Length(months=3),
    Length(days=364),
    *(Length(months=12 * years) for years in (1, 3, 10, 30, 100)),
)
#: Longer than all ceilings, or without a bounded start.
LONG = len(CEILINGS)
#: Bounded or not at its start, and without a bounded end.
OPEN_END = LONG + 1
CLASSES = range(OPEN_END + 1)


def span_of(starts: int, ends: int) -> int:
    """The class of an event's bounds (seconds, half open)."""
    if ends == UNBOUNDED_END:
        return OPEN_END
    if starts == UNBOUNDED_START:
        return LONG
    return next((span for span, ceiling in enumerate(CEILINGS) if ends <= ceiling.after(starts)), LONG)


def earliest_start(span: int, end: int) -> int:
    """The first second at which an event of a class can have started that goes on beyond a given one."""
    return CEILINGS[span].before(end) if span < LONG else UNBOUNDED_START


def floor_s(span: int) -> int:
    """A length in seconds that every event of a class exceeds."""
    return CEILINGS[min(span, LONG) - 1].floor_s if span else 0
