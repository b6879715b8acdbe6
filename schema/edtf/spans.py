"""The possible days and instants of a form, as bounds and as lists of stretches."""

from collections.abc import Iterable, Iterator
from itertools import islice

from schema.edtf.calendar import UNBOUNDED_END, UNBOUNDED_START, clamp
from schema.edtf.forms import DateForm, Form, Kind, Member
from schema.edtf.masks import Mask, Run, runs_of, year_stretches

MAXIMUM_RUNS = 10_000
"""More stretches than this (counted before members are merged) are not listed: the hull stands for them."""

# A clock somewhere on Earth is at most 14 hours ahead of UTC and at most 12 hours behind it.
AHEAD_OF_UTC = 14 * 3600
BEHIND_UTC = 12 * 3600


def earliest_instant(seconds: int, form: DateForm | None) -> int:
    """The first UTC second that a reading may mean; without an offset it is widened by 14 hours."""
    if form is None:
        return seconds
    return clamp(seconds - (AHEAD_OF_UTC if form.offset is None else form.offset))


def latest_instant(seconds: int, form: DateForm | None) -> int:
    """The last UTC second that a reading may mean; without an offset it is widened by 12 hours."""
    if form is None:
        return seconds
    return clamp(seconds + (BEHIND_UTC if form.offset is None else -form.offset))


def member_starts(member: Member) -> int:
    """The reading at which a member begins."""
    return UNBOUNDED_START if member.start is None else member.start.starts


def member_ends(member: Member) -> int:
    """The reading at which a member is over."""
    return UNBOUNDED_END if member.end is None else member.end.ends


def hull(form: Form) -> Run:
    """From the first possible second to after the last, as written."""
    return min(map(member_starts, form.members)), max(map(member_ends, form.members))


def instant_hull(form: Form) -> Run:
    """The hull in UTC."""
    return (
        min(earliest_instant(member_starts(member), member.start) for member in form.members),
        max(latest_instant(member_ends(member), member.end) for member in form.members),
    )


def latest_start_instant(form: Form) -> int:
    """The last UTC second at which the hull can begin."""
    return min(latest_instant(member_starts(member), member.start) for member in form.members)


def _merged(runs: Iterable[Run]) -> list[Run]:
    merged: list[Run] = []
    for starts, ends in runs:
        if merged and starts <= merged[-1][1]:
            if ends > merged[-1][1]:
                merged[-1] = (merged[-1][0], ends)
        else:
            merged.append((starts, ends))
    return merged


def _touching_joined(runs: Iterator[Run]) -> Iterator[Run]:
    """Join stretches that follow each other without a gap; the input ascends."""
    current: Run | None = None
    for starts, ends in runs:
        if current is not None and starts == current[1]:
            current = (current[0], ends)
            continue
        if current is not None:
            yield current
        current = (starts, ends)
    if current is not None:
        yield current


def _member_runs(member: Member, kind: Kind) -> Iterator[Run]:
    date = member.start
    if kind is Kind.INTERVAL or date is None or date is not member.end or date.time is not None:
        return iter(((member_starts(member), member_ends(member)),))
    is_masked = bool(date.year_mask) or "X" in (date.month or "") or "X" in (date.day or "")
    if not is_masked:
        return iter(((date.starts, date.ends),))
    years = year_stretches(date.year_mask) if date.year_mask else ((date.first_year, date.last_year),)
    return _touching_joined(runs_of(Mask(years, date.month, date.day)))


def stretches(form: Form, *, instants: bool) -> tuple[Run, ...] | None:
    """The possible seconds, merged and ascending; None where they are one or more than MAXIMUM_RUNS."""
    found: list[Run] = []
    for member in form.members:
        runs = list(islice(_member_runs(member, form.kind), MAXIMUM_RUNS + 1 - len(found)))
        if instants:
            runs = [(earliest_instant(starts, member.start), latest_instant(ends, member.end)) for starts, ends in runs]
        found.extend(runs)
        if len(found) > MAXIMUM_RUNS:
            return None
    found.sort()
    merged = _merged(found)
    return tuple(merged) if len(merged) > 1 else None
