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
    event = entry.event
    row = _content(event, EventIn)
    row["citations"] = [
        {**_content(citation, CitationIn), "source": _content(part.sources[citation.source], SourceIn)}
        for citation in event.citations
    ]
    if not row["citations"]:
        del row["citations"]
    new_actors = [_content(actor, ActorIn) for actor in actors_of(entry, part)]
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


def _content(value: Struct, kind: type[Struct]) -> dict[str, Any]:
    """The members that a writer gives, without those that are as if left out."""
    content = {}
    for field in structs.fields(kind):
        member = getattr(value, field.name)
        default = field.default if field.default_factory is NODEFAULT else field.default_factory()
        if member != default:
            content[field.encode_name] = to_builtins(member)
    return content
