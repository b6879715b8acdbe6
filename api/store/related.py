"""Walking relations between events, breadth first, one round of statements for each level."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from api.store.reading import Item, Page, fetch_page
from api.store.sql import Statement, query
from api.store.store import Store
from api.store.terms import related_term
from schema.answers import Included
from schema.event import Relation
from schema.related import MAXIMUM_RELATED, RelationStep
from schema.vocabulary import State


class Reached(NamedTuple):
    """An event that relations lead to, its document as stored."""

    document: bytes
    depth: int
    via: list[RelationStep]


class Surroundings(NamedTuple):
    """What was reached, nearest first and by date within a level; whether there is more; what it mentions."""

    items: list[Reached]
    truncated: bool
    included: Included


class _Relations(Struct):
    """The only member of an event's document that the walk looks at."""

    relations: list[Relation]


async def related_events(
    store: Store,
    event_id: UUID,
    depth: int,
    *,
    edit: bool,
    as_of: int | None = None,
    limit: int = MAXIMUM_RELATED,
) -> Surroundings | None:
    """Follow relations both ways, at most ``depth`` of them; None where there is no event that the reader may see.

    What is found is published or, with ``edit``, a draft; what is retracted is out of it, and nothing is reached by
    way of what the reader doesn't get. At most ``limit`` events are given: the nearest, of these the earliest.
    """
    states = [State.PUBLISHED.value, State.DRAFT.value] if edit else [State.PUBLISHED.value]
    # Several statements: all of one moment, or a step could lead to an event that is not there.
    async with store.reading() as connection:
        statement = Statement("select", as_of)
        page = await fetch_page(connection, statement, statement.fragment("page_of_event", id=event_id, edit=edit))
        if not page.items:
            return None
        seen = {event_id}
        level = _relations_of(page.items)
        found: list[Reached] = []
        included = Included(actors={}, sources={})
        for distance in range(1, depth + 1):
            page = await _next_level(connection, level, seen, states, as_of, limit - len(found) + 1)
            items = sorted(page.items, key=lambda item: (item.position, item.id))
            truncated = len(items) > limit - len(found)
            if truncated:
                # What only those that are cut off mention must not ride along either.
                page = await _events(connection, [UUID(item.id) for item in items[: limit - len(found)]], as_of)
                items = sorted(page.items, key=lambda item: (item.position, item.id))
            relations = _relations_of(items)
            steps = _steps(level, relations)
            found += [Reached(item.document, distance, steps[UUID(item.id)]) for item in items]
            included = _merged(included, page.included)
            if truncated or not items:
                return Surroundings(found, truncated, included)
            seen |= relations.keys()
            level = relations
    return Surroundings(found, False, included)


def _relations_of(items: Iterable[Item]) -> dict[UUID, list[Relation]]:
    return {UUID(item.id): msgspec.json.decode(item.document, type=_Relations).relations for item in items}


async def _next_level(
    connection: Any,
    level: dict[UUID, list[Relation]],
    seen: set[UUID],
    states: list[str],
    as_of: int | None,
    limit: int,
) -> Page:
    """Fetch the first ``limit`` events, by date, that a level names or that name one of the level."""
    names = [related_term(event_id) for event_id in level]
    find = query("terms", "find" if as_of is None else "find_past")
    terms = [row["id"] for row in await connection.fetch(find, states, names)]
    named = {relation.event_id for relations in level.values() for relation in relations} - seen
    statement = Statement("select", as_of)
    page = statement.fragment(
        "page_of_related",
        ids=list(named),
        states=states,
        terms=terms,
        # Those that have been seen may come first.
        each=limit + len(seen),
        seen=list(seen),
        limit=limit,
    )
    return await fetch_page(connection, statement, page)


async def _events(connection: Any, ids: list[UUID], as_of: int | None) -> Page:
    statement = Statement("select", as_of)
    return await fetch_page(connection, statement, statement.fragment("page_of_events", ids=ids))


def _steps(level: dict[UUID, list[Relation]], reached: dict[UUID, list[Relation]]) -> dict[UUID, list[RelationStep]]:
    """Every relation between the events of a level and those reached from it, by the latter, in a stable order."""
    steps: dict[UUID, list[RelationStep]] = {event_id: [] for event_id in reached}
    for before, relations in level.items():
        for relation in relations:
            if relation.event_id in reached:
                step = RelationStep(type=relation.type, from_=before, to=relation.event_id)
                steps[relation.event_id].append(step)
    for event_id, relations in reached.items():
        for relation in relations:
            if relation.event_id in level:
                steps[event_id].append(RelationStep(type=relation.type, from_=event_id, to=relation.event_id))
    for found in steps.values():
        found.sort(key=lambda step: (step.type, step.from_, step.to))
    return steps


def _merged(one: Included, other: Included) -> Included:
    return Included(
        actors=dict(sorted((one.actors | other.actors).items())),
        sources=dict(sorted((one.sources | other.sources).items())),
    )
