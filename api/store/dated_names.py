"""The names that actors had at the time of the events that mention them."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from api.store.reading import Item
from api.store.whole import fetch_actors
from schema.actor import Actor
from schema.edtf import Edtf
from schema.naming import Naming, name_at
from schema.query import EventQuery
from schema.wire import decode_hook

#: By the ids of events, and of actors that they mention.
DatedNames = dict[str, dict[str, str]]


class _Playing(msgspec.Struct):
    id: str


class _Citing(msgspec.Struct):
    attribution: list[str]


class _Mentioning(msgspec.Struct):
    """The members of an event's document that say when it was and whom it names."""

    date: Edtf
    actors: list[_Playing]
    citations: list[_Citing]


def nameless(asked: EventQuery) -> DatedNames | None:
    """The names on a page without events."""
    return {} if asked.names is Naming.DATED else None


async def names_asked_for(
    connection: Any, asked: EventQuery, items: Iterable[Item], *, edit: bool, as_of: int | None, bare: bool
) -> DatedNames | None:
    """The names that actors had at the time of the events on a page, if they are asked for."""
    if bare or asked.names is not Naming.DATED:
        return None
    return await fetch_dated_names(connection, items, edit=edit, as_of=as_of)


async def fetch_dated_names(
    connection: Any, items: Iterable[Item], *, edit: bool, as_of: int | None = None
) -> DatedNames:
    """Find the names that actors had at the time of each event, where they are not those of the present.

    Whoever has been merged had the names of the one that stands for it.
    """
    events = {item.id: msgspec.json.decode(item.document, type=_Mentioning, dec_hook=decode_hook) for item in items}
    named = {
        event_id: {actor.id for actor in event.actors} | {name for one in event.citations for name in one.attribution}
        for event_id, event in events.items()
    }
    actors = await fetch_actors(connection, set[str]().union(*named.values()), edit=edit, as_of=as_of)
    targets = {actor.merged_into for actor in actors.values() if actor.merged_into is not None} - actors.keys()
    actors |= await fetch_actors(connection, targets, edit=edit, as_of=as_of) if targets else {}
    dated = {event_id: dated_names(event.date, named[event_id], actors) for event_id, event in events.items()}
    return {event_id: names for event_id, names in dated.items() if names}


def dated_names(date: Edtf, named: Iterable[str], actors: Mapping[str, Actor]) -> dict[str, str]:
    """The names that some actors had at a date, where they are others now; what is no id has none."""
    names = {}
    for actor_id in sorted(named):
        known = actors.get(actor_id)
        if known is not None and known.merged_into is not None:
            known = actors.get(known.merged_into, known)
        if known is not None and (name := name_at(known, date)) != known.name:
            names[actor_id] = name
    return names
