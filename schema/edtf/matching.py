"""How a date meets a range of dates. The search in the database has to agree with this."""

from dataclasses import dataclass
from enum import StrEnum

from schema.edtf.calendar import UNBOUNDED_END, UNBOUNDED_START
from schema.edtf.errors import EdtfError
from schema.edtf.forms import DateForm
from schema.edtf.masks import Run
from schema.edtf.value import Edtf


class Match(StrEnum):
    """What a date has to do with a window."""

    OVERLAPS = "overlaps"
    """Some possible day (or second) of some member lies in it; open and unknown ends reach without limit."""
    WITHIN = "within"
    """All possible days of all members lie in it; never so where an end is open or unknown."""
    STARTS = "starts"
    """The first possible day lies in it; never so where the start is open or unknown."""


@dataclass(frozen=True, slots=True)
class Window:
    """A range of readings, or of instants where its bounds have times.

    `starts` and `ends` are seconds since 1970-01-01T00:00:00, half open, UNBOUNDED_START and UNBOUNDED_END
    where there is no limit; with `instants` they are in UTC. `earliest` and `latest` are the bounds as text.
    """

    starts: int
    ends: int
    instants: bool
    earliest: str | None
    latest: str | None

    @classmethod
    def between(cls, date_from: Edtf | None, date_to: Edtf | None) -> "Window":
        """From the earliest of `date_from` to the latest of `date_to`, both included; None is no limit.

        Raises EdtfError, with `parameter` set, where a bound has a time without an offset, where one has a
        time and the other has none, and where the first begins after the second is over.
        """
        from_dates = [] if date_from is None else [member.start for member in date_from.form.members]
        to_dates = [] if date_to is None else [member.end for member in date_to.form.members]
        from_timed = _is_timed(from_dates, "date_from")
        to_timed = _is_timed(to_dates, "date_to")
        if from_timed is not None and to_timed is not None and from_timed != to_timed:
            raise EdtfError(
                "date_from and date_to are compared as days or as instants, but only one of them has a time",
                "give both a time with an offset, or neither a time",
                "date_to" if from_timed else "date_from",
            )
        instants = bool(from_timed or to_timed)
        starts, ends = UNBOUNDED_START, UNBOUNDED_END
        if date_from is not None:
            starts = date_from.instant_starts if instants else date_from.starts
        if date_to is not None:
            ends = date_to.instant_ends if instants else date_to.ends
        if starts >= ends:
            raise EdtfError("date_to is before date_from", "give the earlier date as date_from", "date_to")
        return cls(
            starts,
            ends,
            instants,
            None if date_from is None else date_from.earliest,
            None if date_to is None else date_to.latest,
        )


def _is_timed(dates: list[DateForm | None], parameter: str) -> bool | None:
    """Whether a bound is an instant; None where it sets no limit."""
    if not dates or None in dates:
        return None
    timed = [date for date in dates if date is not None and date.time is not None]
    if not timed:
        return False
    for date in timed:
        if date.offset is None:
            raise EdtfError(
                f"{parameter} has a time without an offset",
                f"write {date.text}Z for UTC, or add an offset such as +03:00",
                parameter,
            )
    if len(timed) < len(dates):
        raise EdtfError(f"{parameter} mixes days and times", "give it one date, or one date and time", parameter)
    return True


def matches(date: Edtf, window: Window, match: Match) -> bool:
    """Whether a date meets a window."""
    if match is Match.OVERLAPS:
        return _overlaps(date, window)
    if match is Match.WITHIN:
        return _within(date, window)
    return _starts(date, window)


def _hull(date: Edtf, window: Window) -> Run:
    return (date.instant_starts, date.instant_ends) if window.instants else (date.starts, date.ends)


def _overlaps(date: Edtf, window: Window) -> bool:
    hull = _hull(date, window)
    if hull[0] >= window.ends or hull[1] <= window.starts:
        return False
    runs = date.instant_runs if window.instants else date.runs
    if runs is None:
        return True
    return any(starts < window.ends and ends > window.starts for starts, ends in runs)


def _within(date: Edtf, window: Window) -> bool:
    if date.starts == UNBOUNDED_START or date.ends == UNBOUNDED_END:
        return False
    starts, ends = _hull(date, window)
    return starts >= window.starts and ends <= window.ends


def _starts(date: Edtf, window: Window) -> bool:
    if date.starts == UNBOUNDED_START:
        return False
    if not window.instants:
        return window.starts <= date.starts < window.ends
    # Without an offset the start is any instant from instant_starts to instant_starts_latest, both included.
    return date.instant_starts < window.ends and date.instant_starts_latest >= window.starts
