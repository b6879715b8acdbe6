"""Merged walks, which give one page in order: of the present or, as of a moment, of what is still current and of what
has been superseded since.

What was superseded before the moment lies in the way of a walk along the past, and nearly all of it does where the
moment is recent. So what is current comes first, and the past is walked no further than where a full page of that ends.
"""

from collections.abc import Sequence
from uuid import UUID

from api.store.sql import Statement
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START

FIRST_ID = UUID(int=0)
LAST_ID = UUID(int=2**128 - 1)


def merged_walks(
    statement: Statement, name: str, branches: Sequence[str], *, limit: int, backward: bool, by_change: bool = False
) -> str:
    """Merge walks of at most ``limit`` rows each: along the changes of events, or along the dates of the index.

    ``name`` is of the fragments that merge them. In the branches, ``{walked_…}`` stands for the table that they go
    along, and ``{until}`` for a condition on how far.
    """
    direction = "backward" if backward else "forward"
    merged = statement.fragment(f"{name}_{direction}", limit=limit)
    walks = "\nUNION ALL\n".join(f"({branch})" for branch in branches)
    present = merged.replace("{branches}", statement.walked(walks, past=False).replace("{until}", ""))
    if statement.as_of is None:
        return present
    until = statement.fragment(f"until_{'change_' if by_change else ''}{direction}")
    past = statement.walked(walks, past=True).replace("{until}", until)
    end, end_id = (UNBOUNDED_START, FIRST_ID) if backward else (UNBOUNDED_END, LAST_ID)
    outline = statement.fragment(f"present_and_past_{direction}", limit=limit, end=end, end_id=end_id)
    return outline.replace("{present}", present).replace(
        "{merged}", merged.replace("{branches}", f"{statement.fragment('of_present')}\nUNION ALL\n{past}")
    )
