"""The order of relevance: how well a text matches each of some events.

To rank all that is found would take the longer the more there is, and nobody reads it. So the latest by date are
ranked, up to a bound; that there are more is said. Pages of such a list are of one moment: ranks would shift else.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.store.head import SeenHead, find_moment, head_of
from api.store.reading import Page, fetch_items, fetch_page
from api.store.select.keys import Position
from api.store.select.text import TextAsked
from api.store.sql import Statement
from schema.problem import Fault, problem
from schema.query import MAXIMUM_RANKED, EventQuery, Sort

#: A rank and the event that has it.
Place = tuple[int, UUID]

RANKED_ONLY = (
    f"There are more than {MAXIMUM_RANKED:,} matches: these are the {MAXIMUM_RANKED:,} latest by date, the best first."
)


def refuse_without_text(asked: EventQuery) -> None:
    """Raise ``invalid-parameters`` for an order by relevance where there is nothing to be relevant to."""
    if asked.sort is Sort.RELEVANCE and asked.q is None:
        detail = "Relevance is how well q matches: without q there is none."
        fault = Fault(detail, parameter="sort", suggestion="a q, or another order")
        raise problem("invalid-parameters", "This order needs q.", fault)


async def pinned(connection: Any, sealed: int | None, *, edit: bool) -> SeenHead:
    """Give the change as of which all pages of a list are read: the last one at its first page, which cursors seal.

    The time is that of asking, as it is for a list of the present.
    """
    moment = await (
        find_moment(connection, str(sealed), edit=edit) if sealed is not None else head_of(connection, edit=edit)
    )
    return moment._replace(recorded_at=datetime.now(UTC))


def _order(place: Place) -> tuple[int, UUID]:
    """The best first, of equally good ones the one with the lower id."""
    return (-place[0], place[1])


async def ranked(
    connection: Any, found: Sequence[Position], text: TextAsked | None, as_of: int | None, cursor: Place | None
) -> tuple[list[Place], list[str]]:
    """Rank the latest of the events found, which are given with where they start, by how well a text matches.

    Gives those that come after the cursor in order, the best first, and what is to be said of it.
    """
    latest = sorted(found, reverse=True)[:MAXIMUM_RANKED]
    if not latest or text is None:
        return [], []
    statement = Statement("select", as_of)
    ranks = [statement.fragment("rank_of_words", search=one.words) for one in text.wanted if one.words]
    ranks += [
        statement.fragment("rank_of_terms", terms=[term.id for term in one.terms]) for one in text.wanted if one.terms
    ]
    sql = statement.fragment("rank", ids=[event_id for _, event_id in latest], starts=[starts for starts, _ in latest])
    rows = await connection.fetch(sql.replace("{ranks}", " + ".join(ranks) or "0"), *statement.values)
    places = sorted(((row["rank"], row["event_id"]) for row in rows), key=_order)
    notices = [RANKED_ONLY] if len(found) > MAXIMUM_RANKED else []
    return [place for place in places if cursor is None or _order(place) > _order(cursor)], notices


async def fetch_ranked(connection: Any, places: Sequence[Place], as_of: int | None, *, bare: bool) -> Page:
    """Fetch events in their order, with their ranks for positions."""
    statement = Statement("select", as_of)
    sql = statement.fragment("page_of_events", ids=[event_id for _, event_id in places])
    page = await (fetch_items if bare else fetch_page)(connection, statement, sql)
    items = {UUID(item.id): item for item in page.items}
    in_order = [items[event_id]._replace(position=rank) for rank, event_id in places if event_id in items]
    return page._replace(items=in_order)
