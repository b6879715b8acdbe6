"""Events that are so few that they are taken together, by their ids, before anything is put in order."""

from typing import Any
from uuid import UUID

from api.store.select.chosen import FEW
from api.store.select.merging import merged_walks
from api.store.sql import Statement

#: Up to so many events that have changed lately are put in order. Finding that there are more is part of the price of
#: a page by date, so it is half of what a page of 50 may read.
FEW_CHANGED = 500
#: Up to so many changes, a store may have had few events yet, most changes being of what they mention.
_EARLY = 10 * FEW


async def few_changed(connection: Any, states: list[str], since: int, as_of: int | None) -> list[UUID] | None:
    """The events that have changed from a sequence on, if they are few."""
    statement = Statement("select", as_of)
    limit = FEW_CHANGED + 1
    branches = [
        "\n".join(
            (
                statement.fragment("changed_since", state=state, sequence=since),
                statement.fragment("by_change_forward", limit=limit),
            )
        )
        for state in states
    ]
    keys = merged_walks(statement, "merged_chosen", branches, limit=limit, backward=False, by_change=True)
    rows = await connection.fetch(keys, *statement.values)
    return [row["event_id"] for row in rows] if len(rows) <= FEW_CHANGED else None


async def few_by_then(connection: Any, states: list[str], as_of: int) -> list[UUID] | None:
    """All events that there were at a moment, if it is an early one and they were few.

    Walks would have to pass all that was written later.
    """
    if as_of > _EARLY:
        return None
    statement = Statement("select", as_of)
    branches = [statement.fragment("written_by", state=state, limit=FEW + 1) for state in states]
    rows = await connection.fetch("\nUNION ALL\n".join(branches), *statement.values)
    return list({row["id"] for row in rows}) if len(rows) <= FEW else None
