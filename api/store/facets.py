"""Counting events by what they have in common."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import structs

from api.store import terms
from api.store.bounded import TimeBound, counting_time
from api.store.event_search import Search, refuse_drafts, window_of
from api.store.found import Sample, entries, finds_everything, new_statement, samples_for, searches_to_count
from api.store.head import find_moment
from api.store.sql import Statement, fetch
from api.store.store import Store
from schema.actor import ActorSummary
from schema.answers import Included, Range
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
from schema.text_query import text_notices

#: All events are counted in the first part of the time, or else a sample in the rest.
_EXACT_SHARE = 0.5
#: So many events are counted by their documents rather than along the index.
FEW = 10_000
#: So many events at most are counted where there is no time for all: few first, and then more if there is time.
_SAMPLES = (500, 2_500)

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


class Part(NamedTuple):
    """What is counted together: all that a search finds, by some dimensions."""

    search: Search
    dimensions: Sequence[Dimension]
    limit: int  # one more than are given
    merged: Mapping[str, str]  # who stands for each actor that has been merged, if actors are counted
    edit: bool

    @property
    def is_kept(self) -> bool:
        """Whether it is of all events of the present, so that what writers keep of each value holds."""
        return self.search.wanted.as_of is None and finds_everything(self.search)


Counted = dict[Dimension, Facet]


async def facet_events(store: Store, asked: FacetQuery, *, edit: bool) -> Facets:
    """Count the events that a query finds by each dimension that it asks for."""
    refuse_drafts(asked, edit=edit)
    window = window_of(asked)
    facets: Counted = {}
    async with store.reading() as connection:
        moment = None if asked.as_of is None else await find_moment(connection, asked.as_of, edit=edit)
        as_of = None if moment is None else moment.sequence
        questions = _questions(asked)
        filters = [question for question, _ in questions]
        searches = await searches_to_count(connection, asked, filters, moment, edit=edit)
        counts_actors = any(dimension in _OF_ACTORS for _, dimensions in questions for dimension in dimensions)
        merged = await _merged(connection, as_of) if counts_actors else {}
        parts: list[Part] = []
        for search, (_, dimensions) in zip(searches, questions, strict=True):
            if search is None:
                facets |= dict.fromkeys(dimensions, Facet(values=[], more=False, exact=True))
                continue
            parts += _apart(Part(search, dimensions, asked.top + 1, merged, edit))
        facets |= await count_values(counting_time(), connection, parts)
        included = await _names(connection, facets, as_of)
    return Facets(
        facets=FacetsByDimension(**{name.value: facets[name] for name in Dimension if name in facets}),
        range=Range(earliest=window.earliest, latest=window.latest),
        as_of=as_of,
        notices=text_notices(asked.q),
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


async def _merged(connection: Any, as_of: int | None) -> dict[str, str]:
    """Who stands for each actor that has been merged."""
    rows = await fetch(connection, "counting", "merged_actors", as_of=as_of)
    return {row["id"]: row["merged_into"] for row in rows}


def _apart(part: Part) -> list[Part]:
    """What is kept takes no time, but actors that are several in one have to be counted: these are parts of their own.

    What is not kept is found once for all dimensions of the part.
    """
    if not part.merged or not part.is_kept:
        return [part]
    others = [dimension for dimension in part.dimensions if dimension not in _OF_ACTORS]
    of_actors = [dimension for dimension in part.dimensions if dimension in _OF_ACTORS]
    return [part._replace(dimensions=one) for one in (others, *([dimension] for dimension in of_actors)) if one]


async def count_values(bound: TimeBound, connection: Any, parts: Sequence[Part]) -> Counted:
    """Count by the dimensions of each part, as well as there is time for.

    All events, in the first half of the time; and then, of the parts for which that was too short, a sample, small
    ones of all before larger ones. Where none is counted in time, nothing is known. Whatever is kept of counts comes in
    here.
    """
    facets: Counted = {}
    left = []
    for part, share in bound.part(_EXACT_SHARE).divided(parts):
        rows = await (_by_counts if part.is_kept else _one_by_one)(share, connection, part)
        if rows is None:
            left.append(part)
        facets |= _facets(rows or [], part, exact=rows is not None)
    samples = await samples_for(connection, left[0].search, _SAMPLES, edit=left[0].edit) if left else []
    for sample in samples:
        for part, share in bound.divided(left):
            ids = await _ids(share, connection, part.search, sample)
            rows = None if ids is None else await _by_documents(share, connection, part, ids)
            if rows is not None:
                facets |= _facets(rows, part, exact=False, scale=sample.scale)
    return facets


def _facets(rows: Iterable[Any], part: Part, *, exact: bool, scale: float = 1) -> Counted:
    found: dict[str, dict[str, int]] = {dimension.value: {} for dimension in part.dimensions}
    for row in rows:
        found[row["dimension"]][row["value"]] = max(1, round(row["events"] * scale))
    facets = {}
    for dimension in part.dimensions:
        ranked = sorted(found[dimension.value].items(), key=lambda pair: (-pair[1], pair[0]))
        values = [FacetValue(value=value, count=count) for value, count in ranked[: part.limit - 1]]
        facets[dimension] = Facet(values=values, more=not exact or len(ranked) >= part.limit, exact=exact)
    return facets


async def _one_by_one(bound: TimeBound, connection: Any, part: Part) -> list[Any] | None:
    """Count exactly: by the documents of a few, along the index where there are many; None if there is no time."""
    ids = await _ids(bound, connection, part.search)
    if ids is None:
        return None
    if len(ids) <= FEW:
        return await _by_documents(bound, connection, part, ids)
    statement = new_statement(part.search)
    found = statement.fragment("scan").replace("{entries}", entries(statement, part.search))
    branches = _branches(statement, part, "by_scan", "family_by_scan")
    return await _fetch_branches(bound, connection, statement, found, branches)


async def _by_counts(bound: TimeBound, connection: Any, part: Part) -> list[Any] | None:
    """Take the counts of all events that every writer keeps. Only those of several actors that are one are made."""
    statement = new_statement(part.search)
    branches = _branches(statement, part, "by_counts", "family")
    return await _fetch_branches(bound, connection, statement, "{branches}", branches)


async def _fetch_branches(
    bound: TimeBound, connection: Any, statement: Statement, text: str, branches: list[str]
) -> list[Any] | None:
    joined = "\nUNION ALL\n".join(f"({branch})" for branch in branches)
    return await bound.fetch(connection, text.replace("{branches}", joined), *statement.values)


def _branches(statement: Statement, part: Part, each: str, family: str) -> list[str]:
    """One query for each dimension, and one more where actors that have been merged are counted together."""
    states = part.search.wanted.states
    members = sorted({*part.merged, *part.merged.values()})
    branches = []
    for dimension in part.dimensions:
        prefix = _PREFIXES[dimension]
        names = [prefix + member for member in members] if dimension in _OF_ACTORS else []
        text = statement.fragment(
            each,
            dimension=dimension.value,
            skipped=len(prefix) + 1,
            states=states,
            after=prefix,
            before=prefix[:-1] + chr(ord(prefix[-1]) + 1),
            apart=names,
            limit=part.limit,
        )
        roles = statement.fragment("without_roles", skipped=len(prefix) + 1) if dimension is Dimension.ACTOR else ""
        branches.append(text.replace("{roles}", roles))
        if names:
            values = [part.merged.get(member, member) for member in members]
            branches.append(
                statement.fragment(
                    family,
                    dimension=dimension.value,
                    names=names,
                    values=values,
                    states=states,
                    limit=part.limit,
                )
            )
    return branches


async def _ids(bound: TimeBound, connection: Any, search: Search, sample: Sample | None = None) -> list[Any] | None:
    """The ids of what is found, or is of a sample; one more than a few if there are more."""
    statement = new_statement(search)
    text = statement.fragment("ids", limit=FEW + 1).replace("{entries}", entries(statement, search, sample))
    rows = await bound.fetch(connection, text, *statement.values)
    return None if rows is None else [row["event_id"] for row in rows]


async def _by_documents(bound: TimeBound, connection: Any, part: Part, ids: list[Any]) -> list[Any] | None:
    statement = new_statement(part.search)
    text = statement.fragment(
        "of_documents",
        ids=ids,
        limit=part.limit,
        merged=list(part.merged),
        standing=list(part.merged.values()),
    )
    branches = [statement.fragment(f"said_{dimension.value}") for dimension in part.dimensions]
    return await bound.fetch(connection, text.replace("{branches}", "\nUNION ALL\n".join(branches)), *statement.values)


async def _names(connection: Any, facets: Counted, as_of: int | None) -> Included:
    """Who the actors are that were counted."""
    ids = {value.value for name in _OF_ACTORS if name in facets for value in facets[name].values}
    rows = await fetch(connection, "counting", "names_of_actors", as_of=as_of, ids=sorted(ids))
    actors = {row["id"]: ActorSummary(name=row["name"], kind=row["kind"]) for row in rows}
    return Included(actors=dict(sorted(actors.items())), sources={})
