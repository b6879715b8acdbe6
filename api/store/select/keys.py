"""The keys of one page: a few ordered walks along the index of terms, merged.

Which walks there are follows from how a date may match the window. Events that begin in the window are one walk.
Those that reach into it from before are one walk for each class of length, which looks back no further than its
ceiling. Walks that the cursor has already passed are left out.

Several terms make as many walks of each kind. The server merges them lazily, reading little more than it gives, but
takes time to plan each of them. So a term with few events is walked whole, and of what would be very many walks the
kinds that come last are one walk each for all terms, which reads up to a page of each.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple
from uuid import UUID

from msgspec import Meta

from api.store.select.merging import FIRST_ID, LAST_ID, merged_walks
from api.store.sql import Statement
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, Match, Window
from schema.edtf.calendar import clamp
from schema.span import CLASSES, OPEN_END, earliest_start, floor_s

#: A reading lies at most this far behind (+) or ahead (-) of its instant: zones reach from -12 to +14 hours.
MOST_BEHIND_S = 14 * 3600
AHEAD_S = 12 * 3600

#: With more, planning the walks one by one takes longer than reading a page of each; and longer statements than that
#: are not kept prepared by the driver.
MOST_BRANCHES = 40
#: What a walk is made for, as the values of ``each_walk``.
_LEAD = ("terms", "spans", "afters", "after_ids", "untils", "ends_afters", "ends_bys")

#: What a column of 64 bits holds; a cursor that somebody made up may say anything.
Place = Annotated[int, Meta(ge=UNBOUNDED_START, le=UNBOUNDED_END)]
Position = tuple[int, UUID]


class Term(NamedTuple):
    """A term as the index knows it, and how many events have it."""

    events: int
    id: int


class Dates(NamedTuple):
    """A window, and how dates have to meet it."""

    window: Window
    match: Match


class Walk(NamedTuple):
    """A stretch of the index: starts in ``[lower, upper)``, in one class of length or in all."""

    lower: int
    upper: int
    span: int | None
    ends_after: int | None = None
    ends_by: int | None = None


def walks_of(window: Window, match: Match) -> list[Walk]:
    """The walks that find every event whose bounds match, and few others."""
    begin, end = window.starts, window.ends
    if window.instants:
        # The index holds readings. Every reading of an instant in the window lies in the widened one, and
        # whatever else does is sorted out by its instants.
        begin = max(begin - AHEAD_S, UNBOUNDED_START) if begin != UNBOUNDED_START else begin
        end = min(end + MOST_BEHIND_S, UNBOUNDED_END) if end != UNBOUNDED_END else end
    if match is Match.STARTS:
        return [Walk(max(begin, UNBOUNDED_START + 1), end, None)]
    if match is Match.WITHIN:
        lower = max(begin, UNBOUNDED_START + 1)
        return [
            Walk(lower, end if end == UNBOUNDED_END else end - floor_s(span), span, ends_by=end)
            for span in range(OPEN_END)
            if end - lower > floor_s(span)
        ]
    walks = [Walk(begin, end, None)]
    if begin != UNBOUNDED_START:
        for span in CLASSES:
            lower = max(earliest_start(span, begin), UNBOUNDED_START)
            walks.append(Walk(lower, begin, span, ends_after=None if span == OPEN_END else begin))
    return walks


def whole_walk(window: Window, match: Match) -> Walk:
    """The one walk over everything that can match; it also passes what only its end rules out."""
    first, *_ = walks = walks_of(window, match)
    if match is Match.OVERLAPS:
        ends_after = None if first.lower == UNBOUNDED_START else first.lower
        return Walk(UNBOUNDED_START, first.upper, None, ends_after=ends_after)
    if match is Match.WITHIN:
        # An open end is within nothing, not even a window that is open itself.
        ends_by = UNBOUNDED_END - 1 if first.ends_by == UNBOUNDED_END else first.ends_by
        return Walk(first.lower, max(walk.upper for walk in walks), None, ends_by=ends_by)
    return first


def after(position: Position, backward: bool) -> Position:
    """The next place that a key can have."""
    starts, event_id = position
    if backward:
        return (starts, UUID(int=event_id.int - 1)) if event_id.int else (clamp(starts - 1), LAST_ID)
    return (starts, UUID(int=event_id.int + 1)) if event_id != LAST_ID else (clamp(starts + 1), FIRST_ID)


def keys_statement(
    statement: Statement,
    *,
    driving: list[Term],
    probed: list[list[Term]],
    window: Window,
    match: Match,
    backward: bool,
    cursor: Position | None,
    limit: int,
    checks: list[str],
    starts_before: int = UNBOUNDED_END,
    also: Sequence[Dates] = (),
) -> str | None:
    """Write the query that gives the keys of a page, or None if nothing can lie on it.

    ``driving`` are the terms that are walked, ``probed`` the groups of which each key must have a term, ``checks``
    fragments that each key must satisfy besides. Nothing that starts at ``starts_before`` or later is wanted. Dates
    must meet the windows in ``also``, too; the walks keep to where those allow a start.
    """
    conditions = [*conditions_on(statement, probed, window, match), *checks]
    starts_from = UNBOUNDED_START
    for dates in also:
        conditions += [*date_conditions(statement, *dates), *conditions_on(statement, [], *dates)]
        allowed = whole_walk(*dates)
        starts_from, starts_before = max(starts_from, allowed.lower), min(starts_before, allowed.upper)
    direction = "backward" if backward else "forward"
    walked = [
        (walk._replace(lower=max(walk.lower, starts_from), upper=min(walk.upper, starts_before)), terms)
        for walk, terms in _walked(driving, window, match, limit)
    ]
    starts = [(walk, terms, start) for walk, terms in walked if (start := _start_of(walk, backward, cursor))]
    # One branch for each kind of walk, and what is left for walks one by one: first for what starts in the window,
    # which is most of what is found; what reaches into it is little.
    left = MOST_BRANCHES - len(starts)
    branches = []
    if statement.as_of is not None:
        # Each branch is there twice, and looks at events as they were: too much to plan one for each class of length.
        of_a_class = [(walk, terms, start) for walk, terms, start in starts if walk.span is not None]
        starts = [(walk, terms, start) for walk, terms, start in starts if walk.span is None]
        if of_a_class:
            branches.append(_each_of_a_class(statement, of_a_class, conditions, backward, limit))
    for walk, terms, start in starts:
        parts = [*_walk_parts(statement, walk, start, backward), *conditions]
        end = statement.fragment(direction, limit=limit)
        if len(terms) - 1 <= left:
            left -= len(terms) - 1
            branches += ["\n".join([*parts, statement.fragment("of_term", term=term), end]) for term in terms]
        else:
            walk_of_each = "\n".join([*parts, statement.fragment("of_each_term"), end])
            branches.append(statement.fragment("each_term", terms=terms).replace("{walk}", walk_of_each))
    if not branches:
        return None
    return merged_walks(statement, "merged", branches, limit=limit, backward=backward)


def _each_of_a_class(
    statement: Statement,
    walks: list[tuple[Walk, list[int], Position]],
    conditions: list[str],
    backward: bool,
    limit: int,
) -> str:
    """One branch for all walks along classes of length, which reads up to a page of each."""
    rows = [
        (
            term,
            walk.span,
            *start,
            walk.lower if backward else walk.upper,
            UNBOUNDED_START if walk.ends_after is None else walk.ends_after,
            UNBOUNDED_END if walk.ends_by is None else walk.ends_by,
        )
        for walk, terms, start in walks
        for term in terms
    ]
    columns = dict(zip(_LEAD, (list(column) for column in zip(*rows, strict=True)), strict=True))
    direction = "backward" if backward else "forward"
    parts = [
        statement.fragment(f"stretch_{direction}"),
        *conditions,
        statement.fragment(direction, limit=limit),
    ]
    return statement.fragment("each_walk", **columns).replace("{walk}", "\n".join(parts))


def _walk_parts(statement: Statement, walk: Walk, start: Position, backward: bool) -> list[str]:
    """The stretch of the index that a walk goes along, as fragments."""
    name = "walk_backward" if backward else "walk_forward"
    until = walk.lower if backward else walk.upper
    parts = [statement.fragment(name, after=start[0], after_id=start[1], until=until)]
    if walk.span is not None:
        parts.append(statement.fragment("of_span", span=walk.span))
    if walk.ends_after is not None:
        parts.append(statement.fragment("ends_after", bound=walk.ends_after))
    if walk.ends_by is not None:
        parts.append(statement.fragment("ends_by", bound=walk.ends_by))
    return parts


def _walked(driving: list[Term], window: Window, match: Match, limit: int) -> list[tuple[Walk, list[int]]]:
    """Each walk with the terms that it is made for."""
    # As few as a page takes: reading all of them is the price of a page, whatever of them matches.
    few = [term.id for term in driving if term.events < limit]
    many = [term.id for term in driving if term.events >= limit]
    walked = [(walk, many) for walk in walks_of(window, match)] if many else []
    return [*walked, (whole_walk(window, match), few)] if few else walked


def _start_of(walk: Walk, backward: bool, cursor: Position | None) -> Position | None:
    """Where a walk begins, the cursor folded in; None if the cursor lies behind its end."""
    if walk.lower >= walk.upper:
        return None
    if backward:
        first = (walk.upper - 1, LAST_ID)
        start = first if cursor is None else min(first, after(cursor, backward))
        return start if start[0] >= walk.lower else None
    first = (walk.lower, FIRST_ID)
    start = first if cursor is None else max(first, after(cursor, backward))
    return start if start[0] < walk.upper else None


def conditions_on(statement: Statement, probed: list[list[Term]], window: Window, match: Match) -> list[str]:
    """What is checked of each key besides its bounds: its terms, and its days or instants one by one."""
    conditions = [statement.fragment("with_any_term", terms=[term.id for term in terms]) for terms in probed]
    bounds = {"from": window.starts, "to": window.ends}
    limited = window.starts != UNBOUNDED_START or window.ends != UNBOUNDED_END
    if window.instants:
        name = {
            Match.OVERLAPS: "instants_overlap",
            Match.WITHIN: "instants_within",
            Match.STARTS: "instants_start",
        }[match]
        conditions.append(statement.fragment(name, **bounds))
    elif match is Match.OVERLAPS and limited:
        conditions.append(statement.fragment("a_run_overlaps", **bounds))
    return conditions


def date_conditions(statement: Statement, window: Window, match: Match) -> list[str]:
    """The bounds of the one walk over everything that can match, as conditions."""
    walk = whole_walk(window, match)
    conditions = [statement.fragment("starts_before", bound=walk.upper)]
    if walk.lower != UNBOUNDED_START:
        conditions.append(statement.fragment("starts_from", bound=walk.lower))
    if walk.ends_after is not None:
        conditions.append(statement.fragment("ends_after", bound=walk.ends_after))
    if walk.ends_by is not None:
        conditions.append(statement.fragment("ends_by", bound=walk.ends_by))
    return conditions
