"""All events that a search finds, in no order: what is counted, where lists give pages.

The same filters and windows as for a page hold, but the walks go to their ends and nothing is merged in order.
"""

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from api.store.event_search import Search, Wanted, checks_of, resolve, search_for, states_of
from api.store.head import SeenHead, head_of
from api.store.select.few import few_changed
from api.store.select.keys import conditions_on, date_conditions, walks_of
from api.store.sql import Statement
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, Match
from schema.query import EventFilter, Sort


def new_statement(search: Search) -> Statement:
    """Begin a statement that counts what a search finds."""
    return Statement("select", search.wanted.as_of, "counting")


async def searches_to_count(
    connection: Any, asked: EventFilter, questions: Sequence[EventFilter], moment: SeenHead | None, *, edit: bool
) -> list[Search | None]:
    """Look up what is to be counted for each question; None where one of its filters fits no event.

    A question is what is asked without some of its filters, or with all. What their values stand for is looked up once.
    Events that are few because they have changed lately are known by their ids.
    """
    wanted = Wanted([asked], states_of(asked.state), Sort.DATE, moment=moment)
    resolved = await resolve(connection, [asked], moment, edit=edit)
    since = resolved[0].updated_from
    if since is not None:
        wanted = wanted._replace(only=await few_changed(connection, wanted.states, since, wanted.as_of))
    return [
        await search_for(connection, wanted._replace(filters=[question]), edit=edit, resolved=resolved)
        for question in questions
    ]


class Sample(NamedTuple):
    """Some of all changes, and how many times as many there are. The events that were last changed by them are drawn
    evenly from all, in the same time however many there are, and they are always the same.
    """

    sequences: list[int]
    scale: float


async def samples_for(connection: Any, search: Search, sizes: Sequence[int], *, edit: bool) -> list[Sample]:
    """Draw samples of so many of the changes that the reader sees; the last has all if there are no more.

    Whatever is asked for as of the same moment has the same ones.
    """
    last = search.wanted.as_of
    if last is None:
        last = (await head_of(connection, edit=edit)).sequence
    samples: list[Sample] = []
    for size in sizes:
        if last <= size:
            return [*samples, Sample(list(range(1, last + 1)), 1.0)]
        samples.append(Sample(sorted(Random(last).sample(range(1, last + 1), size)), last / size))  # noqa: S311 - no secret
    return samples


def entries(statement: Statement, search: Search, sample: Sample | None = None) -> str:
    """Write the query that gives the entries in the index of all that is found, or is of a sample, each event once."""
    conditions = checks_of(statement, search)
    for dates in search.also:
        conditions += [*date_conditions(statement, *dates), *conditions_on(statement, [], *dates)]
    if sample is not None or search.wanted.only is not None:
        return _entries_among(statement, search, conditions, sample)
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


def _entries_among(statement: Statement, search: Search, conditions: list[str], sample: Sample | None) -> str:
    """The same for what is looked at event by event."""
    if sample is not None:
        among = statement.fragment("entries_of_sample", states=search.wanted.states, sequences=sample.sequences)
    else:
        among = statement.fragment("entries_among", states=search.wanted.states, ids=search.wanted.only)
    probed = search.groups if search.limited else []
    conditions += conditions_on(statement, probed, search.window, search.match)
    conditions += date_conditions(statement, search.window, search.match)
    return "\n".join([among, *conditions])


def finds_everything(search: Search) -> bool:
    """Whether no filter but the state leaves anything out, so that what is kept of all events holds."""
    unbounded = (search.window.starts, search.window.ends) == (UNBOUNDED_START, UNBOUNDED_END)
    simple = not search.limited and not search.also and search.wanted.only is None
    return simple and unbounded and search.match is Match.OVERLAPS and not checks_of(new_statement(search), search)
