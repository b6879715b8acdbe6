"""The keys of one page where dates do not lead: of a few events that are known by id, or along the last changes."""

from collections.abc import Sequence
from uuid import UUID

from api.store.select.keys import Dates, Position, Term, after, conditions_on, date_conditions
from api.store.select.merging import merged_walks
from api.store.sql import Statement
from schema.edtf import Match, Window
from schema.edtf.calendar import clamp

#: Up to so many events are fetched and put in order, rather than found in order.
FEW = 1000


def chosen_statement(
    statement: Statement,
    *,
    states: list[str],
    probed: list[list[Term]],
    window: Window,
    match: Match,
    position: str,
    backward: bool,
    cursor: Position | None,
    limit: int,
    checks: list[str],
    among: list[UUID] | None,
    since: int | None,
    also: Sequence[Dates] = (),
) -> str:
    """Write the query that gives the keys of a page in the order of ``position`` (``starts`` or ``sequence``).

    With ``among`` only those events are looked at, at most ``FEW``. Without it the walk goes along the changes, from
    the sequence ``since`` on, and ``position`` must be ``sequence``. Dates must meet the windows in ``also``, too.
    """
    assert among is not None or position == "sequence", "only changes have an order to walk along"
    direction = "backward" if backward else "forward"
    conditions = [*conditions_on(statement, probed, window, match), *checks]
    for dates in (Dates(window, match), *also):
        conditions += date_conditions(statement, *dates)
    for dates in also:
        conditions += conditions_on(statement, [], *dates)
    branches = []
    for state in states:
        parts = [statement.fragment("changed" if among is None else "chosen", state=state), *conditions]
        if among is None:
            if since is not None:
                parts.append(statement.fragment("changes_forward", after=since))
            if cursor is not None:
                parts.append(
                    statement.fragment(f"changes_{direction}", after=clamp(cursor[0] + (-1 if backward else 1)))
                )
            parts.append(statement.fragment(f"by_change_{direction}", limit=limit))
        else:
            parts.append(statement.fragment("among", ids=among))
            if cursor is not None:
                start = after(cursor, backward)
                parts.append(statement.fragment(f"from_{direction}", after=start[0], after_id=start[1]))
            parts.append(statement.fragment(f"in_order_{direction}", limit=limit))
        branches.append("\n".join(parts).replace("{position}", position))
    if among is None:
        return merged_walks(statement, "merged_chosen", branches, limit=limit, backward=backward, by_change=True)
    merged = statement.fragment(f"merged_chosen_{direction}", limit=limit)
    return merged.replace("{branches}", "\nUNION ALL\n".join(f"({branch})" for branch in branches))
