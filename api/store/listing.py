"""Reading events: one, or the pages of a query."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from api.store.bounded import TimeBound, counting_time
from api.store.cursor import fingerprint, seal, unseal
from api.store.dated_names import DatedNames, nameless, names_asked_for
from api.store.event_search import (
    BY_CHANGE,
    Search,
    Wanted,
    checks_of,
    refuse_drafts,
    search_for,
    states_of,
    window_of,
)
from api.store.head import SeenHead, find_moment
from api.store.reading import Page, Record, Sealed, fetch_items, fetch_page, fetch_record
from api.store.relevance import fetch_ranked, pinned, ranked, refuse_without_text
from api.store.select.chosen import FEW, chosen_statement
from api.store.select.few import few_changed
from api.store.select.keys import Place, Position, keys_statement
from api.store.select.text import TextAsked
from api.store.sql import Statement
from api.store.store import Store
from schema.answers import Count, Included
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, Window
from schema.query import MAXIMUM_RANKED, Counting, EventQuery, Sort
from schema.text_query import text_notices
from schema.wire import to_builtins

#: Events are counted one by one up to so many; beyond, and sooner where an estimate will do, roughly.
MOST_COUNTED = {Counting.EXACT: 100_000, Counting.ESTIMATED: 1_000}

NOTHING = Page([], Included(actors={}, sources={}))
#: Members of a query that don't change which list it is.
PAGING = ("limit", "cursor", "count", "format", "names")


class Listed(NamedTuple):
    """One page of events in order, the cursor of the next one, how many there are, and the window asked for.

    ``as_of`` is the sequence as of which it was read, if not as of now; ``notices`` say how it came about, for people.
    """

    page: Page
    next: str | None
    counted: Count | None
    window: Window
    as_of: int | None = None
    notices: Sequence[str] = ()
    names: DatedNames | None = None  # if dated ones were asked for


async def get_event(store: Store, event_id: UUID, *, edit: bool, as_of: int | None = None) -> Record | None:
    """Read an event; None where there is none that the reader may see."""
    async with store.connection() as connection:
        return await fetch_record(connection, "page_of_event", as_of=as_of, id=event_id, edit=edit)


async def list_events(store: Store, asked: EventQuery, *, edit: bool, bare: bool = False) -> Listed:
    """Read one page of the events that a query asks for; ``bare`` leaves out what they mention."""
    refuse_drafts(asked, edit=edit)
    refuse_without_text(asked)
    window = window_of(asked)
    list_mark, notices = _fingerprint(asked), text_notices(asked.q)
    sealed = unseal(list_mark, asked.cursor, tuple[Place, UUID, Sealed]) if asked.cursor else None
    cursor = sealed[:2] if sealed is not None else None
    none = None if asked.count is Counting.NONE else Count(value=0, exact=True)
    async with store.reading() as connection:
        moment = await listed_moment(connection, asked, sealed[2] if sealed is not None else None, edit=edit)
        wanted = Wanted([asked], states_of(asked.state), asked.sort or Sort.DATE, moment=moment)
        search = await search_for(connection, wanted, edit=edit)
        if search is None:
            return Listed(NOTHING, None, none, window, wanted.as_of, notices, nameless(asked))
        count = await count_found(counting_time(), connection, search, asked.count)
        if wanted.sort is Sort.RELEVANCE:
            page, said = await ranked_page(connection, [search], cursor, asked.limit + 1, bare=bare)
            notices += said
        else:
            statement = Statement("select", wanted.as_of)
            keys = await keys_of(connection, statement, search, cursor, asked.limit + 1)
            if keys is None:
                return Listed(NOTHING, None, count, window, wanted.as_of, notices, nameless(asked))
            page = await fetch_by_keys(connection, statement, keys, wanted.position, bare=bare)
        names = await names_asked_for(connection, asked, page.items, edit=edit, as_of=wanted.as_of, bare=bare)
    items = page.items
    if wanted.sort is not Sort.RELEVANCE:
        items = sorted(items, key=lambda item: (item.position, item.id), reverse=wanted.backward)
    more = len(items) > asked.limit
    items = items[: asked.limit]
    following = seal(list_mark, [items[-1].position, items[-1].id, wanted.as_of]) if more else None
    return Listed(page._replace(items=items), following, count, window, wanted.as_of, notices, names)


async def ranked_page(
    connection: Any, searches: Sequence[Search], cursor: Position | None, limit: int, *, bare: bool
) -> tuple[Page, list[str]]:
    """A page by relevance of all that some searches find, none of it twice, and what is to be said of it.

    All of them ask for the same text, as of the same moment, but may be of other states.
    """
    if not searches:
        return NOTHING, []
    as_of = searches[0].wanted.as_of
    found = [place for search in searches for place in await _latest_found(connection, search)]
    places, notices = await ranked(connection, found, _text_of(searches), as_of, cursor)
    return await fetch_ranked(connection, places[:limit], as_of, bare=bare), notices


def _text_of(searches: Sequence[Search]) -> TextAsked | None:
    """The text that searches ask for, with the terms of the states of each."""
    texts = [search.text for search in searches if search.text is not None]
    if not texts:
        return None
    wanted = zip(*(text.wanted for text in texts), strict=True)
    return texts[0]._replace(
        wanted=[
            alternatives[0]._replace(terms=tuple(term for one in alternatives for term in one.terms))
            for alternatives in wanted
        ]
    )


async def _latest_found(connection: Any, search: Search) -> list[Position]:
    """The latest by date that are found, one more than are ranked: where each starts, and its id."""
    latest_first = search._replace(wanted=search.wanted._replace(sort=Sort.DATE_DESCENDING))
    statement = Statement("select", search.wanted.as_of)
    keys = await keys_of(connection, statement, latest_first, None, MAXIMUM_RANKED + 1)
    rows = await connection.fetch(keys, *statement.values) if keys is not None else []
    return [(row["position"], row["event_id"]) for row in rows]


async def listed_moment(connection: Any, asked: EventQuery, sealed: int | None, *, edit: bool) -> SeenHead | None:
    """Resolve as of when a list is read. ``sealed`` is what its first page was read as of, which holds for all others:
    an instant could by now mean a later change.
    """
    if asked.as_of is None:
        return await pinned(connection, sealed, edit=edit) if asked.sort is Sort.RELEVANCE else None
    return await find_moment(connection, asked.as_of if sealed is None else str(sealed), edit=edit)


async def fetch_by_keys(connection: Any, statement: Statement, keys: str, position: str, *, bare: bool) -> Page:
    """Fetch the events whose keys a query gives, in no order, with their places in the column ``position``."""
    page = statement.fragment("page_by_keys").replace("{position}", position).replace("{keys}", keys)
    return await (fetch_items if bare else fetch_page)(connection, statement, page)


async def keys_of(
    connection: Any, statement: Statement, search: Search, cursor: Position | None, limit: int
) -> str | None:
    """Choose how a page is found, and write the query that gives its keys; None if nothing can lie on it.

    Along the dates, where those order the page; but what has changed lately is taken together if it is little. Along
    the changes, where those order the page (and they end by themselves at the instant asked for); but the events that
    can match are taken together if they are few, as are those that were picked by hand.
    """
    wanted = search.wanted
    by_change = wanted.sort in BY_CHANGE
    among = wanted.only
    if among is None and by_change:
        among = await _few_by_date(connection, search)
    elif among is None and search.updated_from is not None:
        among = await few_changed(connection, wanted.states, search.updated_from, wanted.as_of)
    if among is None and not by_change:
        return _date_keys(statement, search, cursor, limit)
    return _chosen_keys(statement, search, among, cursor, limit)


def _chosen_keys(
    statement: Statement, search: Search, among: list[UUID] | None, cursor: Position | None, limit: int
) -> str:
    return chosen_statement(
        statement,
        states=search.wanted.states,
        probed=search.groups if search.limited else [],
        window=search.window,
        match=search.match,
        position=search.wanted.position,
        backward=search.wanted.backward,
        cursor=cursor,
        limit=limit,
        checks=checks_of(statement, search),
        among=among,
        since=search.updated_from,
        also=search.also,
    )


def _date_keys(statement: Statement, search: Search, cursor: Position | None, limit: int) -> str | None:
    return keys_statement(
        statement,
        driving=search.groups[0],
        probed=search.groups[1:],
        window=search.window,
        match=search.match,
        backward=search.wanted.sort is Sort.DATE_DESCENDING,
        cursor=cursor,
        limit=limit,
        checks=checks_of(statement, search),
        starts_before=search.starts_before,
        also=search.also,
    )


async def _few_by_date(connection: Any, search: Search) -> list[UUID] | None:
    """The events that match, if they are certainly or probably few."""
    bounded = search.window.starts != UNBOUNDED_START and search.window.ends != UNBOUNDED_END
    if search.leading > FEW and not bounded:
        return None
    statement = Statement("select", search.wanted.as_of)
    keys = _date_keys(statement, search, None, FEW + 1)
    if keys is None:
        return []
    rows = await connection.fetch(keys, *statement.values)
    return [row["event_id"] for row in rows] if len(rows) <= FEW else None


async def count_found(bound: TimeBound, connection: Any, search: Search, counting: Counting) -> Count | None:
    """Count what is found: exactly up to a bound if there is time; else what the rarest filter finds at most."""
    if counting is Counting.NONE:
        return None
    most = MOST_COUNTED[counting]
    statement = Statement("select", search.wanted.as_of)
    if search.wanted.only is None:
        keys = _date_keys(statement, search, None, most + 1)
    else:
        keys = _chosen_keys(statement, search, search.wanted.only, None, most + 1)
    if keys is None:
        return Count(value=0, exact=True)
    counted = statement.fragment("count_of").replace("{keys}", keys)
    rows = await bound.fetch(connection, counted, *statement.values)
    if rows is None:
        return Count(value=search.most, exact=False)
    found: int = rows[0][0]
    return Count(value=found, exact=True) if found <= most else Count(value=max(search.most, found), exact=False)


def _fingerprint(asked: EventQuery) -> bytes:
    members: dict[str, Any] = to_builtins(asked) | {"sort": asked.sort or Sort.DATE}
    return fingerprint("events", {name: value for name, value in members.items() if name not in PAGING})
