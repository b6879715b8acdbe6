"""Reading events: one, or the pages of a query."""

from typing import Any, NamedTuple
from uuid import UUID

from api.store.cursor import fingerprint, seal, unseal
from api.store.reading import Page, Record, fetch_page, fetch_record
from api.store.references import find_actors, suggest_actors
from api.store.select.filters import groups_of
from api.store.select.keys import Term, keys_statement
from api.store.sql import Statement, query
from api.store.store import Store
from api.store.terms import ALL
from schema.edtf import EdtfError, Window
from schema.problem import Fault, problem
from schema.query import EventQuery, Included, Sort
from schema.vocabulary import State
from schema.wire import to_builtins

_NOTHING = Page([], Included(actors={}, sources={}))
#: Members of a query that don't change which list it is.
_PAGING = ("limit", "cursor")


class Listed(NamedTuple):
    """One page of events in order, the cursor of the next one, and the window that was asked for."""

    page: Page
    next: str | None
    window: Window


async def get_event(store: Store, event_id: UUID, *, edit: bool) -> Record | None:
    """Read an event; None where there is none that the reader may see."""
    async with store.connection() as connection:
        return await fetch_record(connection, "page_of_event", id=event_id, edit=edit)


async def list_events(store: Store, asked: EventQuery, *, edit: bool) -> Listed:
    """Read one page of the events that a query asks for."""
    if State.DRAFT in asked.state and not edit:
        raise problem("forbidden", "Drafts are seen with a token that has the scope edit.")
    window = _window(asked)
    backward = asked.sort is Sort.DATE_DESCENDING
    list_mark = _fingerprint(asked)
    cursor = unseal(list_mark, asked.cursor, tuple[int, UUID]) if asked.cursor else None
    async with store.connection() as connection:
        groups = groups_of(asked, await _actor_ids(connection, asked, edit=edit))
        lead = await _lead(connection, asked, groups)
        if lead is None:
            return Listed(_NOTHING, None, window)
        statement = Statement("select")
        keys = keys_statement(
            statement,
            driving=lead[0],
            probed=lead[1:],
            window=window,
            match=asked.date_match,
            backward=backward,
            cursor=cursor,
            limit=asked.limit + 1,
        )
        if keys is None:
            return Listed(_NOTHING, None, window)
        page_by_keys = statement.fragment("page_by_keys").replace("{keys}", keys)
        page = await fetch_page(connection, statement, page_by_keys)
    items = sorted(page.items, key=lambda item: (item.starts, item.id), reverse=backward)
    more = len(items) > asked.limit
    items = items[: asked.limit]
    following = seal(list_mark, [items[-1].starts, items[-1].id]) if more else None
    return Listed(page._replace(items=items), following, window)


def _window(asked: EventQuery) -> Window:
    try:
        return Window.between(asked.date_from, asked.date_to)
    except EdtfError as error:
        parameter = error.parameter or "date_from"
        fault = Fault(parameter=parameter, detail=error.detail)
        if error.suggestion:
            fault = Fault(parameter=parameter, detail=error.detail, suggestion=error.suggestion)
        raise problem("invalid-parameters", "The time range can't be used.", fault) from None


def _fingerprint(asked: EventQuery) -> bytes:
    members: dict[str, Any] = to_builtins(asked)
    return fingerprint("events", {name: value for name, value in members.items() if name not in _PAGING})


async def _actor_ids(connection: Any, asked: EventQuery, *, edit: bool) -> dict[str, str]:
    """The id of each actor as it is named in the query; raises for unknown and ambiguous ones."""
    found = await find_actors(connection, [*asked.actor, *asked.actor_all], edit=edit)
    if any(result.id is None for result in found.values()):
        found = await suggest_actors(connection, found, edit=edit)
    faults = []
    for parameter in ("actor", "actor_all"):
        for name in getattr(asked, parameter):
            flaw = found[name].flaw("", name)
            if flaw is not None:
                fault = Fault(parameter=parameter, detail=flaw.detail)
                if flaw.suggestion:
                    fault = Fault(parameter=parameter, detail=flaw.detail, suggestion=flaw.suggestion)
                faults.append(fault)
    if faults:
        raise problem("invalid-parameters", "An actor in the query is not known.", *faults)
    return {name: result.id for name, result in found.items() if result.id is not None}


async def _lead(connection: Any, asked: EventQuery, groups: list[list[str]]) -> list[list[Term]] | None:
    """The terms of each group, the group with the fewest events first; None if one of them has no event.

    The application chooses what leads, by counts that are kept with every write: a plan made for any value
    would walk a popular term to the end.
    """
    groups = groups or [[ALL]]
    states = [state.value for state in asked.state or [State.PUBLISHED]]
    names = sorted({name for group in groups for name in group})
    by_name: dict[str, list[Term]] = {}
    for row in await connection.fetch(query("terms", "find"), states, names):
        by_name.setdefault(row["name"], []).append(Term(row["events"], row["id"]))
    found = [[term for name in group for term in by_name.get(name, ())] for group in groups]
    if not all(found):
        return None
    return sorted(found, key=lambda terms: sum(term.events for term in terms))
