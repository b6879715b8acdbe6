"""What the values of filters stand for in the store: actors, for one, for the ids of all who are merged with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.store.actor_rows import MEMBER, PART
from api.store.memberships import Reached, reach
from api.store.references import find_actors, same_actors, suggest_actors
from api.store.select.filters import Resolved, grades_from
from api.store.select.text import TextAsked, text_asked
from api.store.sql import fetch, query
from schema.bounds import read_instant
from schema.problem import Fault, problem
from schema.query import EventFilter


async def resolved_from(
    connection: Any, asked: EventFilter, now: datetime, *, edit: bool, as_of: int | None
) -> Resolved:
    """Look up what all values of a query stand for."""
    actors = await actors_asked_for(connection, asked, edit=edit, as_of=as_of)
    return Resolved(
        text=await text_asked_for(connection, asked, edit=edit, as_of=as_of),
        actors=actors,
        reached=await reached_from(connection, asked, actors, edit=edit, as_of=as_of),
        reliable_publishers=await reliable_publishers(connection, asked, as_of=as_of),
        updated_from=await _first_sequence(connection, asked),
        now=now,
    )


async def actors_asked_for(
    connection: Any, asked: EventFilter, *, edit: bool, as_of: int | None
) -> dict[str, list[str]]:
    """All ids of each actor as it is named in the query; raises for unknown and ambiguous ones."""
    named = {"actor": asked.actor, "actor_all": asked.actor_all, "publisher": asked.publisher}
    names_asked = [name for names in named.values() for name in names]
    found = await find_actors(connection, names_asked, edit=edit, as_of=as_of)
    if any(result.id is None for result in found.values()):
        found = await suggest_actors(connection, found, edit=edit, as_of=as_of)
    faults = [
        Fault.of(flaw.detail, flaw.suggestion, parameter=parameter)
        for parameter, names in named.items()
        for name in names
        if (flaw := found[name].flaw("", name)) is not None
    ]
    if faults:
        raise problem("invalid-parameters", "An actor in the query is not known.", *faults)
    ids = {name: result.id for name, result in found.items() if result.id is not None}
    same = await same_actors(connection, ids.values(), as_of=as_of)
    return {name: same[actor] for name, actor in ids.items()}


async def reached_from(
    connection: Any, asked: EventFilter, actors: Mapping[str, Sequence[str]], *, edit: bool, as_of: int | None
) -> dict[str, Reached]:
    """Everybody who belongs to the actors that take part, each with when; empty where that is not asked for."""
    kinds = [MEMBER] * asked.include_members + [PART] * asked.include_parts
    if not kinds:
        return {}
    named = {name: actors[name] for name in (*asked.actor, *asked.actor_all)}
    return await reach(connection, named, kinds, edit=edit, as_of=as_of)


async def reliable_publishers(connection: Any, asked: EventFilter, *, as_of: int | None) -> list[str]:
    """Those whose sources are reliable enough for a query if they have no reliability of their own."""
    if asked.min_reliability is None:
        return []
    grades = grades_from(asked.min_reliability)
    rows = await fetch(connection, "terms", "publishers_of", as_of=as_of, reliabilities=grades)
    return [row["id"] for row in rows]


async def text_asked_for(connection: Any, asked: EventFilter, *, edit: bool, as_of: int | None) -> TextAsked | None:
    """Find out what the text of a query stands for; None if there is none, or nothing in it can be searched for.

    Raises ``invalid-parameters`` for the latter in a request. A chronology's filter may have come to that since it was
    written, by another language or by an actor's new name, and then finds nothing.
    """
    if asked.q is None:
        return None
    text = await text_asked(connection, asked.q, edit=edit, as_of=as_of)
    if text is None and asked.is_request:
        detail = "Its words are in nearly every text, and are passed over: nothing is left to search for."
        fault = Fault(detail, parameter="q", suggestion="a word that says what it is about")
        raise problem("invalid-parameters", "The text can't be searched for.", fault)
    return text


async def _first_sequence(connection: Any, asked: EventFilter) -> int | None:
    if asked.updated_from is None:
        return None
    sequence: int = await connection.fetchval(query("terms", "sequence_at"), read_instant(asked.updated_from))
    return sequence
