"""The keys of one page: a few ordered walks along the index of terms, merged.

Which walks there are follows from how a date may match the window. Events that begin in the window are one walk.
Those that reach into it from before are one walk for each class of length, which looks back no further than its
ceiling. Walks that the cursor has already passed are left out.
"""

from typing import NamedTuple
from uuid import UUID

from api.store.sql import Statement
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, Match, Window
from schema.span import CLASSES, OPEN_END, ceiling_s, floor_s

_FIRST_ID = UUID(int=0)
_LAST_ID = UUID(int=2**128 - 1)
#: A reading lies at most this far behind (+) or ahead (-) of its instant: zones reach from -12 to +14 hours.
_BEHIND_S = 14 * 3600
_AHEAD_S = 12 * 3600

Position = tuple[int, UUID]


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
        begin = max(begin - _AHEAD_S, UNBOUNDED_START) if begin != UNBOUNDED_START else begin
        end = min(end + _BEHIND_S, UNBOUNDED_END) if end != UNBOUNDED_END else end
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
            ceiling = ceiling_s(span)
            lower = UNBOUNDED_START if ceiling is None else max(begin - ceiling + 1, UNBOUNDED_START)
            walks.append(Walk(lower, begin, span, ends_after=None if span == OPEN_END else begin))
    return walks


def after(position: Position, backward: bool) -> Position:
    """The next place that a key can have."""
    starts, event_id = position
    if backward:
        return (starts, UUID(int=event_id.int - 1)) if event_id.int else (starts - 1, _LAST_ID)
    return (starts, UUID(int=event_id.int + 1)) if event_id != _LAST_ID else (starts + 1, _FIRST_ID)


def keys_statement(
    statement: Statement,
    *,
    driving: list[int],
    probed: list[list[int]],
    window: Window,
    match: Match,
    backward: bool,
    cursor: Position | None,
    limit: int,
) -> str | None:
    """Write the query that gives the keys of a page, or None if nothing can lie on it.

    ``driving`` are the terms that are walked, ``probed`` the groups of which each key must have a term.
    """
    conditions = _conditions(statement, probed, window, match)
    direction = "backward" if backward else "forward"
    branches = []
    for walk in walks_of(window, match):
        start = _start_of(walk, backward, cursor)
        if start is None:
            continue
        for term in driving:
            parts = [
                statement.fragment(
                    f"walk_{direction}",
                    term=term,
                    after=start[0],
                    after_id=start[1],
                    until=walk.lower if backward else walk.upper,
                )
            ]
            if walk.span is not None:
                parts.append(statement.fragment("of_span", span=walk.span))
            if walk.ends_after is not None:
                parts.append(statement.fragment("ends_after", bound=walk.ends_after))
            if walk.ends_by is not None:
                parts.append(statement.fragment("ends_by", bound=walk.ends_by))
            parts += [*conditions, statement.fragment(direction, limit=limit)]
            branches.append("(" + "\n".join(parts) + ")")
    if not branches:
        return None
    merged = statement.fragment(f"merged_{direction}", limit=limit)
    return merged.replace("{branches}", "\nUNION ALL\n".join(branches))


def _start_of(walk: Walk, backward: bool, cursor: Position | None) -> Position | None:
    """Where a walk begins, the cursor folded in; None if the cursor lies behind its end."""
    if walk.lower >= walk.upper:
        return None
    if backward:
        first = (walk.upper - 1, _LAST_ID)
        start = first if cursor is None else min(first, after(cursor, backward))
        return start if start[0] >= walk.lower else None
    first = (walk.lower, _FIRST_ID)
    start = first if cursor is None else max(first, after(cursor, backward))
    return start if start[0] < walk.upper else None


def _conditions(statement: Statement, probed: list[list[int]], window: Window, match: Match) -> list[str]:
    """What every walk checks of a key besides its place."""
    conditions = [statement.fragment("with_any_term", terms=terms) for terms in probed]
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
