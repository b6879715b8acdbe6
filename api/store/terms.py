"""The words that events can be found by.

Every filter but the date is a term: a name under which ``event_term`` lists events in the order of their dates.
To add a filter, give its terms here, name them in ``select/filters.py``, and it is found, counted and paged like
all the others.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from api.store.sql import query
from schema.edtf import Edtf
from schema.event import Event
from schema.span import span_of

#: Every event of a state.
ALL = ""


def actor_term(actor: str, role: str | None = None) -> str:
    """Events with an actor, in a role or in any."""
    return f"actor:{actor}" if role is None else f"actor:{actor}:{role}"


def role_term(role: str) -> str:
    """Events in which anybody plays a role."""
    return f"role:{role}"


def kind_term(kind: str) -> str:
    """Events of a kind."""
    return f"kind:{kind}"


def tag_term(tag: str) -> str:
    """Events with a tag."""
    return f"tag:{tag}"


def occurrence_term(occurrence: str) -> str:
    """Events that occurred, are planned, …."""
    return f"occurrence:{occurrence}"


def confidence_term(confidence: str) -> str:
    """Events assessed with exactly this confidence."""
    return f"confidence:{confidence}"


def related_term(event_id: UUID) -> str:
    """Events that name another one in a relation."""
    return f"related:{event_id}"


def terms_of(event: Event) -> set[str]:
    """Every term of an event."""
    names = {ALL, kind_term(event.kind), occurrence_term(event.occurrence.value)}
    for actor in event.actors:
        names.add(actor_term(actor.id))
        if actor.role is not None:
            names |= {actor_term(actor.id, actor.role), role_term(actor.role)}
    names.update(tag_term(tag) for tag in event.tags)
    names.update(related_term(relation.event_id) for relation in event.relations)
    if event.assessment is not None:
        names.add(confidence_term(event.assessment.confidence.value))
    return names


class Indexed(NamedTuple):
    """Where an event stands in the index: under which terms, in which state, at which bounds."""

    names: frozenset[str]
    state: str
    span: int
    gaps: bool
    starts: int
    ends: int

    @classmethod
    def of(cls, event: Event) -> "Indexed":
        """Derive it from an event."""
        date: Edtf = event.date
        return cls(
            frozenset(terms_of(event)),
            event.state.value,
            span_of(date.starts, date.ends),
            date.runs is not None,
            date.starts,
            date.ends,
        )

    @property
    def place(self) -> tuple[Any, ...]:
        """All but the terms."""
        return self[1:]


async def reindex(connection: Any, event_id: UUID, before: Indexed | None, after: Indexed | None) -> None:
    """Move an event in the index and keep the terms' counts. The writer holds the head."""
    same_place = before is not None and after is not None and before.place == after.place
    old = before.names if before else frozenset[str]()
    new = after.names if after else frozenset[str]()
    if before is not None:
        gone = old - new if same_place else old
        terms = await _count(connection, before.state, gone, -1)
        if terms:
            await connection.execute(query("terms", "remove"), terms, before.starts, event_id)
    if after is not None:
        added = new - old if same_place else new
        terms = await _count(connection, after.state, added, 1)
        if terms:
            await connection.execute(
                query("terms", "add"), event_id, terms, after.span, after.gaps, after.starts, after.ends
            )


async def _count(connection: Any, state: str, names: Iterable[str], change: int) -> list[int]:
    ordered = sorted(names)
    if not ordered:
        return []
    rows: list[asyncpg.Record] = await connection.fetch(query("terms", "count"), state, ordered, change)
    return [row["id"] for row in rows]
