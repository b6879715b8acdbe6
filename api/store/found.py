"""All events that a search finds, in no order: what is counted, where lists give pages.

The same filters and windows as for a page hold, but the walks go to their ends and nothing is merged in order.
"""

from api.store.listing import Search, checks_of
from api.store.select.keys import conditions_on, date_conditions, walks_of
from api.store.sql import Statement
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, Match


def new_statement(search: Search) -> Statement:
    """Begin a statement that counts what a search finds."""
    return Statement("select", search.wanted.as_of, "counting")


def parts_for(search: Search, sample: int) -> int:
    """Of how many parts, a power of two, one has about so many events at most; 1 if all of them are no more."""
    parts = 1
    while search.most > sample * parts:
        parts *= 2
    return parts


def entries(statement: Statement, search: Search, *, parts: int = 1) -> str:
    """Write the query that gives the entries in the index of all that is found, each event once.

    ``parts`` above 1 gives one part of so many.
    """
    conditions = checks_of(statement, search)
    if parts > 1:
        conditions.append(statement.fragment("in_sample", mask=parts - 1))
    for dates in search.also:
        conditions += [*date_conditions(statement, *dates), *conditions_on(statement, [], *dates)]
    if search.wanted.only is not None:
        return _entries_among(statement, search, conditions)
    leading, *others = search.groups
    conditions += conditions_on(statement, others, search.window, search.match)
    terms = [term.id for term in leading]
    branches = []
    for walk in walks_of(search.window, search.match):
        upper = min(walk.upper, search.starts_before)
        if walk.lower >= upper:
            continue
        parts_of_walk = [statement.fragment("entries", terms=terms, lower=walk.lower, upper=upper)]
        if walk.span is not None:
            parts_of_walk.append(statement.fragment("of_span", span=walk.span))
        if walk.ends_after is not None:
            parts_of_walk.append(statement.fragment("ends_after", bound=walk.ends_after))
        if walk.ends_by is not None:
            parts_of_walk.append(statement.fragment("ends_by", bound=walk.ends_by))
        branches.append("\n".join([*parts_of_walk, *conditions]))
    if not branches:
        branches = [statement.fragment("entries", terms=[], lower=0, upper=0)]
    found = "\nUNION ALL\n".join(branches)
    # One event has one state, but may have several terms of a group.
    if len(leading) > 1 and leading is not search.every:
        return statement.fragment("once").replace("{entries}", found)
    return found


def _entries_among(statement: Statement, search: Search, conditions: list[str]) -> str:
    probed = search.groups if search.limited else []
    conditions += conditions_on(statement, probed, search.window, search.match)
    conditions += date_conditions(statement, search.window, search.match)
    first = statement.fragment("entries_among", states=search.wanted.states, ids=search.wanted.only)
    return "\n".join([first, *conditions])


def finds_everything(search: Search) -> bool:
    """Whether no filter but the state leaves anything out, so that what is kept of all events holds."""
    unbounded = (search.window.starts, search.window.ends) == (UNBOUNDED_START, UNBOUNDED_END)
    simple = not search.limited and not search.also and search.wanted.only is None
    return simple and unbounded and search.match is Match.OVERLAPS and not checks_of(new_statement(search), search)
