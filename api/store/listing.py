"""Reading events: one, or the pages of a query."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from api.store.bounded import TimeBound
from api.store.cursor import fingerprint, seal, unseal
from api.store.dated_names import DatedNames, nameless, names_asked_for
from api.store.head import SeenHead, find_moment
from api.store.reading import Page, Record, Sealed, fetch_items, fetch_page, fetch_record
from api.store.relevance import fetch_ranked, pinned, ranked, refuse_without_text
from api.store.resolving import resolved_from
from api.store.select.belonging import Belonging, belonging_checks, belonging_of
from api.store.select.chosen import FEW, chosen_statement
from api.store.select.few import few_by_then, few_changed
from api.store.select.filters import Resolved, conditions_of, groups_of
from api.store.select.keys import (
    MOST_BEHIND_S,
    MOST_BRANCHES,
    Dates,
    Place,
    Position,
    Term,
    keys_statement,
    walks_of,
)
from api.store.select.text import USUAL_PAGE, TextAsked, few_with_text, most_together
from api.store.sql import Statement, query
from api.store.store import Store
from api.store.terms import ALL
from schema.actor import MAXIMUM_MERGED
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, EdtfError, Match, Window
from schema.problem import Fault, problem
from schema.query import MAXIMUM_RANKED, Count, Counting, EventFilter, EventQuery, Included, Sort
from schema.text_query import text_notices
from schema.vocabulary import State
from schema.wire import to_builtins

#: Events are counted one by one up to so many; beyond, and sooner where an estimate will do, roughly.
MOST_COUNTED = {Counting.EXACT: 100_000, Counting.ESTIMATED: 1_000}

#: How long the events of a list are counted, in seconds.
COUNTING_S = 1.5

NOTHING = Page([], Included(actors={}, sources={}))
#: Members of a query that don't change which list it is.
_PAGING = ("limit", "cursor", "count", "format", "names")
#: Orders that go by the last change, and those that begin at the end.
BY_CHANGE = (Sort.UPDATED, Sort.UPDATED_DESCENDING)
BACKWARD = (Sort.DATE_DESCENDING, Sort.UPDATED_DESCENDING)
#: A group of more terms than this does not lead: each of its terms would be a walk of its own. One actor may, together
#: with all who are merged into it.
_MOST_LEADING = MAXIMUM_MERGED + 1
#: Nor does one of many walks that one event in so many has: each walk would read a page, if only to throw it away.
_DENSE = 4


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


class Wanted(NamedTuple):
    """The events that a list is made of: every one of the filters must hold, whatever order each names."""

    filters: Sequence[EventFilter]
    states: list[str]
    sort: Sort
    only: list[UUID] | None = None  # no others than these, which are few; None: all there are
    without: Sequence[UUID] = ()  # but for these
    moment: SeenHead | None = None  # as of which change; None: as they are now

    @property
    def as_of(self) -> int | None:
        """The sequence as of which they are read."""
        return self.moment.sequence if self.moment is not None else None

    @property
    def position(self) -> str:
        """The column that orders them, before the id."""
        return "sequence" if self.sort in BY_CHANGE else "starts"

    @property
    def backward(self) -> bool:
        """Whether the last come first."""
        return self.sort in BACKWARD


class Search(NamedTuple):
    """A list's filters, with everything that they stand for in the store."""

    wanted: Wanted
    window: Window  # the one that is walked along
    match: Match
    also: list[Dates]  # other windows that must be met
    resolved: list[Resolved]  # by filter
    every: list[Term]  # all events of the states asked for
    groups: list[list[Term]]  # the one that leads first; each with at least one event
    limited: bool  # whether any filter but the state was given
    belonging: list[Belonging]  # what is to be checked where members are found, too

    @property
    def starts_before(self) -> int:
        """Where nothing that is wanted starts any more."""
        if not any(asked.overdue for asked in self.wanted.filters):
            return UNBOUNDED_END
        return int(self.resolved[0].now.timestamp()) + MOST_BEHIND_S

    @property
    def updated_from(self) -> int | None:
        """The first sequence that is wanted, if not all are."""
        return max((one.updated_from for one in self.resolved if one.updated_from is not None), default=None)

    @property
    def text(self) -> TextAsked | None:
        """What the last of the filters, which is the one of the request, asks for in full text."""
        return self.resolved[-1].text

    @property
    def leading(self) -> int:
        """How many places in the index the terms that lead have."""
        return sum(term.events for term in self.groups[0])

    @property
    def most(self) -> int:
        """How many events there can be at most. One that has several terms of a group counts in each of them."""
        return min(sum(term.events for term in terms) for terms in (self.every, *self.groups))


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
    states = [state.value for state in dict.fromkeys(asked.state or [State.PUBLISHED])]
    async with store.reading() as connection:
        moment = await listed_moment(connection, asked, sealed[2] if sealed is not None else None, edit=edit)
        wanted = Wanted([asked], states, asked.sort or Sort.DATE, moment=moment)
        search = await search_for(connection, wanted, edit=edit)
        if search is None:
            return Listed(NOTHING, None, none, window, wanted.as_of, notices, nameless(asked))
        count = await count_found(connection, search, asked.count)
        if wanted.sort is Sort.RELEVANCE:
            found = await latest_found(connection, search)
            places, said = await ranked(connection, found, search.text, wanted.as_of, cursor)
            notices += said
            page = await fetch_ranked(connection, places[: asked.limit + 1], wanted.as_of, bare=bare)
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


async def latest_found(connection: Any, search: Search) -> list[Position]:
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


def refuse_drafts(asked: EventFilter, *, edit: bool) -> None:
    """Raise ``forbidden`` for a reader without ``edit`` who asks for drafts, whether there are any or not."""
    if State.DRAFT in asked.state and not edit:
        raise problem("forbidden", "Drafts are seen with a token that has the scope edit.")


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


def checks_of(statement: Statement, search: Search) -> list[str]:
    """What each event is checked for besides its date and its terms."""
    checks = [
        condition
        for asked, resolved in zip(search.wanted.filters, search.resolved, strict=True)
        for condition in conditions_of(statement, asked, resolved)
    ]
    checks += belonging_checks(statement, search.belonging)
    if search.wanted.without:
        checks.append(statement.fragment("not_among", ids=list(search.wanted.without)))
    return checks


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


async def count_found(connection: Any, search: Search, counting: Counting) -> Count | None:
    """Count what is found: exactly up to a bound if there is time; else what the rarest filter finds at most."""
    if counting is Counting.NONE:
        return None
    bound = MOST_COUNTED[counting]
    statement = Statement("select", search.wanted.as_of)
    if search.wanted.only is None:
        keys = _date_keys(statement, search, None, bound + 1)
    else:
        keys = _chosen_keys(statement, search, search.wanted.only, None, bound + 1)
    if keys is None:
        return Count(value=0, exact=True)
    counted = statement.fragment("count_of").replace("{keys}", keys)
    rows = await TimeBound(COUNTING_S).fetch(connection, counted, *statement.values)
    if rows is None:
        return Count(value=search.most, exact=False)
    found: int = rows[0][0]
    return Count(value=found, exact=True) if found <= bound else Count(value=max(search.most, found), exact=False)


async def search_for(connection: Any, wanted: Wanted, *, edit: bool) -> Search | None:
    """Look up what the values of filters stand for; None if one of the filters fits no event.

    The application chooses which group of terms leads, by counts that are kept with every write: a plan made for
    any value would walk a popular term to the end.
    """
    now = datetime.now(UTC) if wanted.moment is None else wanted.moment.recorded_at
    resolved = [await resolved_from(connection, asked, now, edit=edit, as_of=wanted.as_of) for asked in wanted.filters]
    named = [group for asked, one in zip(wanted.filters, resolved, strict=True) for group in groups_of(asked, one)]
    if any(asked.q is not None and one.text is None for asked, one in zip(wanted.filters, resolved, strict=True)):
        return None  # of a chronology, whose language or actors have changed since it was written
    groups = [[ALL], *named]
    texts = [one.text for one in resolved if one.text is not None]
    names = sorted({name for group in (*groups, *(text.names for text in texts)) for name in group})
    by_name: dict[str, list[Term]] = {}
    find = query("terms", "find" if wanted.as_of is None else "find_past")
    for row in await connection.fetch(find, wanted.states, names):
        by_name.setdefault(row["name"], []).append(Term(row["events"], row["id"]))
    if wanted.only is None and wanted.as_of is not None:
        wanted = wanted._replace(only=await few_by_then(connection, wanted.states, wanted.as_of))
    every, *found = [[term for name in group for term in by_name.get(name, ())] for group in groups]
    texts = [text.known(by_name) for text in texts]
    if not every or not all(found) or any(text.is_in_vain for text in texts):
        return None
    resolved = [one._replace(text=one.text.known(by_name)) if one.text is not None else one for one in resolved]
    found.sort(key=lambda terms: sum(term.events for term in terms))
    (window, match), *also = _windows_of(wanted.filters)
    walks = len(walks_of(window, match))
    lead = next((group for group in found if _may_lead(group, every, walks)), every)
    others = [group for group in found if group is not lead]
    belonging = [
        found
        for asked, one in zip(wanted.filters, resolved, strict=True)
        for found in belonging_of(asked, one, by_name)
    ]
    search = Search(
        wanted, window, match, also, resolved, every, [lead, *others], limited=bool(found), belonging=belonging
    )
    if wanted.only is None and texts:
        page = MAXIMUM_RANKED if wanted.sort is Sort.RELEVANCE else USUAL_PAGE
        most = most_together(page, sum(term.events for term in every), search.leading)
        together = await few_with_text(connection, texts, most, as_of=wanted.as_of)
        search = search._replace(wanted=wanted._replace(only=together))
    return search


def _windows_of(filters: Sequence[EventFilter]) -> list[Dates]:
    """The windows that dates must meet, at least one. The first, which is walked along, begins last: what begins in
    it is also past the beginning of all others, and where they end the walks are cut off.
    """
    windows = [Dates(window_of(asked), asked.date_match) for asked in filters]
    limiting = [
        dates
        for dates in windows
        if dates.match is not Match.OVERLAPS
        or (dates.window.starts, dates.window.ends) != (UNBOUNDED_START, UNBOUNDED_END)
    ]
    limiting.sort(key=lambda dates: (-dates.window.starts, dates.window.ends))
    return list(dict.fromkeys(limiting)) or windows[:1]


def _may_lead(group: list[Term], every: list[Term], walks: int) -> bool:
    """Whether walking along the terms of a group is cheaper than walking along all events and probing for them."""
    if len(group) > _MOST_LEADING:
        # All that they have is read for each page.
        return sum(term.events for term in group) <= FEW
    most = sum(term.events for term in every)
    return len(group) * walks <= MOST_BRANCHES or sum(term.events for term in group) * _DENSE < most


def window_of(asked: EventFilter) -> Window:
    """Resolve the time range of a query; raises ``invalid-parameters`` if it is none."""
    try:
        return Window.between(asked.date_from, asked.date_to)
    except EdtfError as error:
        parameter = error.parameter or "date_from"
        fault = Fault.of(error.detail, error.suggestion, parameter=parameter)
        raise problem("invalid-parameters", "The time range can't be used.", fault) from None


def _fingerprint(asked: EventQuery) -> bytes:
    members: dict[str, Any] = to_builtins(asked) | {"sort": asked.sort or Sort.DATE}
    return fingerprint("events", {name: value for name, value in members.items() if name not in _PAGING})
