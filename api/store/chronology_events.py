"""The events of a chronology, in pages: what was picked by hand, then what its filter finds besides."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from msgspec import Meta, structs

from api.store.bounded import counting_time
from api.store.cursor import fingerprint, seal, unseal
from api.store.dated_names import nameless, names_asked_for
from api.store.event_search import Search, Wanted, refuse_drafts, resolve, search_for, states_of, window_of
from api.store.head import SeenHead
from api.store.listing import (
    NOTHING,
    PAGING,
    Listed,
    count_found,
    fetch_by_keys,
    keys_of,
    listed_moment,
    ranked_page,
)
from api.store.reading import Item, Sealed
from api.store.relevance import refuse_without_text
from api.store.select.keys import Place
from api.store.sql import Statement
from api.store.store import Store
from schema.answers import Count
from schema.chronology import Chronology
from schema.query import Counting, EventQuery, Sort
from schema.text_query import text_notices
from schema.wire import to_builtins

#: A place in the list: 0 and the place of an event among those picked by hand, or 1 and its place in the order of all
#: others; its id; and as of when the list is read.
_Cursor = tuple[Annotated[int, Meta(ge=0, le=1)], Place, UUID, Sealed]


class ListedChronology(NamedTuple):
    """One page of a chronology's events in order, and what it notes on those of them that have a note."""

    listed: Listed
    notes: Mapping[UUID, str]


class _Lists(NamedTuple):
    """A chronology's events as lists of the store; either is None where it has nothing that is asked for."""

    by_hand: Search | None
    filtered: Search | None
    order: Wanted  # which names the order of all that is not in the order by hand
    hand: dict[UUID, int]  # the places of what was picked, if the list begins with that; else nothing

    @property
    def searches(self) -> list[Search]:
        """Those that there are. What was picked is not found by the filter."""
        return [search for search in (self.by_hand, self.filtered) if search is not None]


async def list_chronology_events(
    store: Store, chronology: Chronology, asked: EventQuery, *, edit: bool, bare: bool = False
) -> ListedChronology:
    """Read one page of a chronology's events, as far as the query's filters allow them, too.

    First come those picked by hand, in that order, then those that the chronology's filter finds, in its own. An
    order that the query asks for is that of all of them. Cursors are bound to the chronology's revision, which is
    the one given here, whatever has been written since. ``bare`` leaves out what events mention.

    Raises ``forbidden`` for drafts without ``edit``, ``invalid-parameters`` and ``invalid-cursor``.
    """
    refuse_drafts(asked, edit=edit)
    refuse_without_text(asked)
    window = window_of(asked)
    mark, notices = _fingerprint(chronology, asked), text_notices(asked.q)
    sealed = unseal(mark, asked.cursor, _Cursor) if asked.cursor else None
    cursor = sealed[:3] if sealed is not None else None
    async with store.reading() as connection:
        moment = await listed_moment(connection, asked, sealed[3] if sealed is not None else None, edit=edit)
        lists = await _lists(connection, chronology, asked, moment, edit=edit)
        count = await _count(connection, lists, asked.count)
        as_of = lists.order.as_of
        if asked.sort is Sort.RELEVANCE:
            place = cursor[1:] if cursor is not None else None
            page, said = await ranked_page(connection, lists.searches, place, asked.limit + 1, bare=bare)
            notices += said
        else:
            statement = Statement("select", as_of)
            keys = await _keys(connection, statement, lists, cursor, asked.limit + 1)
            if keys is None:
                return ListedChronology(Listed(NOTHING, None, count, window, as_of, notices, nameless(asked)), {})
            page = await fetch_by_keys(connection, statement, keys, lists.order.position, bare=bare)
        names = await names_asked_for(connection, asked, page.items, edit=edit, as_of=as_of, bare=bare)
    items = _in_order(page.items, lists)
    following = None
    if len(items) > asked.limit:
        items = items[: asked.limit]
        following = seal(mark, [*_place(items[-1], lists), as_of])
    notes = {item.event_id: item.note for item in chronology.items if item.note is not None}
    on_page = {UUID(item.id) for item in items}
    return ListedChronology(
        Listed(page._replace(items=items), following, count, window, as_of, notices, names),
        {event_id: note for event_id, note in notes.items() if event_id in on_page},
    )


async def _lists(
    connection: Any, chronology: Chronology, asked: EventQuery, moment: SeenHead | None, *, edit: bool
) -> _Lists:
    picked = [item.event_id for item in chronology.items]
    own = chronology.filter
    sort = asked.sort or (own.sort if own is not None else None) or Sort.DATE
    filters = [structs.replace(asked, sort=None)]
    by_hand = Wanted(filters, states_of(asked.state), sort, only=picked, moment=moment)
    resolved = await resolve(connection, filters if own is None else [own, *filters], moment, edit=edit)
    found = None
    if own is not None:
        # A state that neither names is published; what both name has to be the same.
        states = set(states_of(own.state or asked.state)) & set(states_of(asked.state or own.state))
        found = Wanted([own, *filters], sorted(states), sort, without=picked, moment=moment)
    return _Lists(
        await search_for(connection, by_hand, edit=edit, resolved=resolved[-1:]) if picked else None,
        await search_for(connection, found, edit=edit, resolved=resolved) if found is not None else None,
        by_hand,
        {event_id: place for place, event_id in enumerate(picked)} if asked.sort is None else {},
    )


async def _keys(
    connection: Any, statement: Statement, lists: _Lists, cursor: tuple[int, int, UUID] | None, limit: int
) -> str | None:
    """Write the query that gives the keys of a page; None if nothing can lie on it."""
    branches = []
    in_order = cursor[1:] if cursor is not None and cursor[0] == 1 else None
    if lists.by_hand is not None and lists.hand:
        first = 0 if cursor is None else cursor[1] + 1 if cursor[0] == 0 else len(lists.hand)
        left = {event_id: place for event_id, place in lists.hand.items() if place >= first}
        if left:
            wanted = lists.by_hand.wanted._replace(only=list(left))
            search = lists.by_hand._replace(wanted=wanted)
            keys = await keys_of(connection, statement, search, None, len(left))
            # The places count downwards where the order of the rest does.
            places = [-place if lists.order.backward else place for place in left.values()]
            branches.append(statement.fragment("picked", ids=list(left), places=places).replace("{keys}", str(keys)))
    elif lists.by_hand is not None:
        keys = await keys_of(connection, statement, lists.by_hand, in_order, limit)
        branches.append(statement.fragment("found").replace("{keys}", str(keys)))
    if lists.filtered is not None:
        bound = len(statement.values)
        keys = await keys_of(connection, statement, lists.filtered, in_order, limit)
        if keys is None:
            del statement.values[bound:]  # a value that is bound and not used has no type
        else:
            branches.append(statement.fragment("found").replace("{keys}", keys))
    if not branches:
        return None
    return (
        statement.fragment("picked_and_found", limit=limit)
        .replace("{order}", "DESC" if lists.order.backward else "ASC")
        .replace("{branches}", "\nUNION ALL\n".join(branches))
    )


def _in_order(items: list[Item], lists: _Lists) -> list[Item]:
    if lists.order.sort is Sort.RELEVANCE:
        return items
    by_hand = [item for item in items if UUID(item.id) in lists.hand]
    others = [item for item in items if UUID(item.id) not in lists.hand]
    by_hand.sort(key=lambda item: lists.hand[UUID(item.id)])
    others.sort(key=lambda item: (item.position, item.id), reverse=lists.order.backward)
    return by_hand + others


def _place(item: Item, lists: _Lists) -> list[Any]:
    place = lists.hand.get(UUID(item.id))
    return [1, item.position, item.id] if place is None else [0, place, item.id]


async def _count(connection: Any, lists: _Lists, counting: Counting) -> Count | None:
    if counting is Counting.NONE:
        return None
    bound = counting_time()
    counts = [await count_found(bound, connection, search, counting) for search in lists.searches]
    found = [count for count in counts if count is not None]
    return Count(value=sum(count.value for count in found), exact=all(count.exact for count in found))


def _fingerprint(chronology: Chronology, asked: EventQuery) -> bytes:
    members = {name: value for name, value in to_builtins(asked).items() if name not in PAGING}
    return fingerprint("chronology", chronology.slug, chronology.revision, members)
