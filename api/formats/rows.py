"""An event as a row that can be read again anywhere: with its sources and actors, without what a store adds."""

from collections.abc import Iterable
from typing import Any

from msgspec import NODEFAULT, Struct, structs

from api.formats.entry import Entry, Part
from schema.actor import Actor, ActorIn
from schema.citation import CitationIn
from schema.event import EventIn
from schema.source import SourceIn
from schema.wire import to_builtins


def row_of(entry: Entry, part: Part) -> dict[str, Any]:
    """Write an event as a row of a batch that needs nothing beside it, defaults left out.

    Its sources stand in its citations and its actors in ``new_actors``, each with its id, those that another one
    mentions before it.
    """
    row = _written(to_builtins(entry.event), _EVENT)
    if "citations" in row:
        row["citations"] = [
            {**_written(citation, _CITATION), "source": _written(to_builtins(part.sources[cited.source]), _SOURCE)}
            for citation, cited in zip(row["citations"], entry.event.citations, strict=True)
        ]
    new_actors = [_written(to_builtins(actor), _ACTOR) for actor in actors_of(entry, part)]
    return {**row, "new_actors": new_actors} if new_actors else row


def actors_of(entry: Entry, part: Part) -> Iterable[Actor]:
    """Every actor that an event, its sources or another of its actors mentions, the mentioned ones first."""
    event = entry.event
    given: dict[str, Actor] = {}
    met: set[str] = set()

    def add(actor_id: str | None) -> None:
        actor = part.actors.get(actor_id) if actor_id is not None else None
        if actor is None or actor.id in met:
            return
        met.add(actor.id)
        for membership in (*actor.part_of, *actor.member_of):
            add(membership.actor)
        given[actor.id] = actor

    for playing in event.actors:
        add(playing.id)
    for citation in event.citations:
        add(part.sources[citation.source].publisher)
        for named in citation.attribution:
            add(named)
    return given.values()


def _members(kind: type[Struct]) -> dict[str, Any]:
    """The members that a writer gives, each with what is as if it were left out."""
    members = {}
    for field in structs.fields(kind):
        default = field.default if field.default_factory is NODEFAULT else field.default_factory()
        members[field.encode_name] = default if default is NODEFAULT else to_builtins(default)
    return members


_EVENT, _CITATION, _SOURCE, _ACTOR = (_members(kind) for kind in (EventIn, CitationIn, SourceIn, ActorIn))


def _written(content: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    return {name: content[name] for name, default in members.items() if content[name] != default}
