"""Counting events by what they have in common."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import structs

from api.store import terms
from api.store.bounded import TimeBound, counting_time
from api.store.event_search import Search, refuse_drafts, window_of
from api.store.found import Sample, entries, finds_everything, new_statement, sample_for, search_to_count
from api.store.head import find_moment
from api.store.sql import Statement, fetch
from api.store.store import Store
from schema.actor import ActorSummary
from schema.counting import (
    OWN_FILTERS,
    Dimension,
    Facet,
    FacetQuery,
    Facets,
    FacetsByDimension,
    FacetValue,
    OwnFilter,
)
from schema.query import Included, Range

#: All events are counted in the first part of the time, or else a sample in the next; and in the last the estimate is
#: made of what is kept of all events.
_EXACT_SHARE, _SAMPLE_SHARE = 0.5, 0.75
#: So many events are counted by their documents rather than along the index.
FEW = 10_000
#: So many events at most are counted where there is no time for all.
_SAMPLE = 2_500

_PREFIXES = {
    Dimension.ACTOR: terms.actor_term(""),
    Dimension.KIND: terms.kind_term(""),
    Dimension.PUBLISHER: terms.publisher_term(""),
    Dimension.CONFIDENCE: terms.confidence_term(""),
    Dimension.OCCURRENCE: terms.occurrence_term(""),
    Dimension.TAG: terms.tag_term(""),
    Dimension.COUNTRY: terms.country_term(""),
}
_OF_ACTORS = (Dimension.ACTOR, Dimension.PUBLISHER)


class _Asked(NamedTuple):
    """What is asked of each of some dimensions."""

    dimensions: list[Dimension]
    limit: int  # one more than are given
    merged: dict[str, str]  # who stands for each actor that has been merged
    edit: bool


Counted = dict[Dimension, Facet]


async def facet_events(store: Store, asked: FacetQuery, *, edit: bool) -> Facets:
    """Count the events that a query finds by each dimension that it asks for."""
    refuse_drafts(asked, edit=edit)
    window = window_of(asked)
    facets: Counted = {}
    async with store.reading() as connection:
        moment = None if asked.as_of is None else await find_moment(connection, asked.as_of, edit=edit)
        as_of = None if moment is None else moment.sequence
        merged = {
            row["id"]: row["merged_into"] for row in await fetch(connection, "counting", "merged_actors", as_of=as_of)
        }
        questions = _questions(asked)
        bound = counting_time()
        for number, (question, dimensions) in enumerate(questions):
            search = await search_to_count(connection, question, moment, edit=edit)
            if search is None:
                facets |= dict.fromkeys(dimensions, Facet(values=[], more=False, exact=True))
                continue
            share = bound.part(1 / (len(questions) - number))
            facets |= await count_values(share, connection, search, _Asked(dimensions, asked.top + 1, merged, edit))
        included = await _names(connection, facets, as_of)
    return Facets(
        facets=FacetsByDimension(**{name.value: facets[name] for name in Dimension if name in facets}),
        range=Range(earliest=window.earliest, latest=window.latest),
        as_of=as_of,
        included=included,
    )


def _questions(asked: FacetQuery) -> list[tuple[FacetQuery, list[Dimension]]]:
    """The queries to count by, each with its dimensions: mostly one, but one more for each own filter left out."""
    questions: list[tuple[FacetQuery, list[Dimension]]] = []
    for dimension in dict.fromkeys(asked.facet or Dimension):
        question = asked
        if asked.own is OwnFilter.EXCLUDE:
            defaults = structs.asdict(FacetQuery())
            question = structs.replace(asked, **{name: defaults[name] for name in OWN_FILTERS[dimension]})
        known = next((dimensions for other, dimensions in questions if other == question), None)
        if known is None:
            questions.append((question, [dimension]))
        else:
            known.append(dimension)
    return questions


async def count_values(bound: TimeBound, connection: Any, search: Search, asked: _Asked) -> Counted:
    """Count the events that a search finds by each of some dimensions, as well as there is time for.

    Whatever is kept of counts comes in here.
    """
    exact = bound.part(_EXACT_SHARE)
    if finds_everything(search) and search.wanted.as_of is None:
        rows = await _by_counts(exact, connection, search, asked)
    else:
        rows = await _one_by_one(exact, connection, search, asked)
    if rows is not None:
        return _facets(rows, asked, exact=True)
    sample = await sample_for(connection, search, _SAMPLE, edit=asked.edit)
    time = bound.part(_SAMPLE_SHARE)
    ids = await _ids(time, connection, search, sample)
    rows = None if ids is None else await _by_documents(time, connection, search, asked, ids)
    if rows is not None:
        return _facets(rows, asked, exact=False, scale=sample.scale)
    # What has been superseded is counted with what is current, so this is no estimate of the past.
    rows = await _by_counts(bound, connection, search, asked, families=False) if search.wanted.as_of is None else None
    every = sum(term.events for term in search.every)
    return _facets(rows or [], asked, exact=False, scale=search.most / every)


def _facets(rows: Iterable[Any], asked: _Asked, *, exact: bool, scale: float = 1) -> Counted:
    found: dict[str, dict[str, int]] = {dimension.value: {} for dimension in asked.dimensions}
    for row in rows:
        found[row["dimension"]][row["value"]] = max(1, round(row["events"] * scale))
    facets = {}
    for dimension in asked.dimensions:
        ranked = sorted(found[dimension.value].items(), key=lambda pair: (-pair[1], pair[0]))
        values = [FacetValue(value=value, count=count) for value, count in ranked[: asked.limit - 1]]
        facets[dimension] = Facet(values=values, more=not exact or len(ranked) >= asked.limit, exact=exact)
    return facets


async def _one_by_one(bound: TimeBound, connection: Any, search: Search, asked: _Asked) -> list[Any] | None:
    """Count exactly: by the documents of a few, along the index where there are many; None if there is no time."""
    ids = await _ids(bound, connection, search)
    if ids is None:
        return None
    if len(ids) <= FEW:
        return await _by_documents(bound, connection, search, asked, ids)
    statement = new_statement(search)
    found = statement.fragment("scan").replace("{entries}", entries(statement, search))
    return await _fetch_branches(
        bound, connection, statement, found, _branches(statement, search, asked, "by_scan", "family_by_scan")
    )


async def _by_counts(
    bound: TimeBound, connection: Any, search: Search, asked: _Asked, *, families: bool = True
) -> list[Any] | None:
    """Take the counts of all events that every writer keeps. Only those of several actors that are one are made.

    Without ``families`` each of those is counted for itself, which takes no time.
    """
    statement = new_statement(search)
    if not families:
        asked = asked._replace(merged={})
    branches = _branches(statement, search, asked, "by_counts", "family")
    return await _fetch_branches(bound, connection, statement, "{branches}", branches)


async def _fetch_branches(
    bound: TimeBound, connection: Any, statement: Statement, text: str, branches: list[str]
) -> list[Any] | None:
    joined = "\nUNION ALL\n".join(f"({branch})" for branch in branches)
    return await bound.fetch(connection, text.replace("{branches}", joined), *statement.values)


def _branches(statement: Statement, search: Search, asked: _Asked, each: str, family: str) -> list[str]:
    """One query for each dimension, and one more where actors that have been merged are counted together."""
    members = sorted({*asked.merged, *asked.merged.values()})
    branches = []
    for dimension in asked.dimensions:
        prefix = _PREFIXES[dimension]
        names = [prefix + member for member in members] if dimension in _OF_ACTORS else []
        text = statement.fragment(
            each,
            dimension=dimension.value,
            skipped=len(prefix) + 1,
            states=search.wanted.states,
            after=prefix,
            before=prefix[:-1] + chr(ord(prefix[-1]) + 1),
            apart=names,
            limit=asked.limit,
        )
        roles = statement.fragment("without_roles", skipped=len(prefix) + 1) if dimension is Dimension.ACTOR else ""
        branches.append(text.replace("{roles}", roles))
        if names:
            values = [asked.merged.get(member, member) for member in members]
            branches.append(
                statement.fragment(
                    family,
                    dimension=dimension.value,
                    names=names,
                    values=values,
                    states=search.wanted.states,
                    limit=asked.limit,
                )
            )
    return branches


async def _ids(bound: TimeBound, connection: Any, search: Search, sample: Sample | None = None) -> list[Any] | None:
    """The ids of what is found, or is of a sample; one more than a few if there are more."""
    statement = new_statement(search)
    text = statement.fragment("ids", limit=FEW + 1).replace("{entries}", entries(statement, search, sample))
    rows = await bound.fetch(connection, text, *statement.values)
    return None if rows is None else [row["event_id"] for row in rows]


async def _by_documents(
    bound: TimeBound, connection: Any, search: Search, asked: _Asked, ids: list[Any]
) -> list[Any] | None:
    statement = new_statement(search)
    text = statement.fragment(
        "of_documents",
        ids=ids,
        limit=asked.limit,
        merged=list(asked.merged),
        standing=list(asked.merged.values()),
    )
    branches = [statement.fragment(f"said_{dimension.value}") for dimension in asked.dimensions]
    return await bound.fetch(connection, text.replace("{branches}", "\nUNION ALL\n".join(branches)), *statement.values)


async def _names(connection: Any, facets: Counted, as_of: int | None) -> Included:
    """Who the actors are that were counted."""
    ids = {value.value for name in _OF_ACTORS if name in facets for value in facets[name].values}
    rows = await fetch(connection, "counting", "names_of_actors", as_of=as_of, ids=sorted(ids))
    actors = {row["id"]: ActorSummary(name=row["name"], kind=row["kind"]) for row in rows}
    return Included(actors=dict(sorted(actors.items())), sources={})
