"""Making an event's content whole before it is written: names become ids, sources are found or set aside.

Everything here only reads, so that a body's faults are all found before the head is held.
"""

from collections.abc import Collection, Hashable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import structs

from api.store.identity import source_identities, source_identity
from api.store.references import (
    Found,
    KnownSource,
    event_states,
    find_actors,
    same_actors,
    sources_by_id,
    sources_by_identity,
    suggest_actors,
)
from schema.citation import CitationIn
from schema.event import Event, EventIn
from schema.source import SourceIn
from schema.validation import Flaw
from schema.vocabulary import State


class NewSource(NamedTuple):
    """A source that a citation brings along and that is not stored yet."""

    content: SourceIn
    identity: bytes


class Prepared(NamedTuple):
    """An event's content, ready to be written but for the ids of its new sources."""

    content: EventIn
    mentioned: list[str]  # every actor that the document will mention
    known: dict[UUID, KnownSource]  # the sources that are stored already
    new: dict[int, NewSource]  # those that are not, by the index of their citation


class _Held(NamedTuple):
    """Whom an event names already: ids, and every name in the attribution of each citation."""

    ids: Collection[str] = ()
    attributions: Collection[tuple[UUID | None, str]] = ()

    @classmethod
    def by(cls, event: Event | None) -> "_Held":
        if event is None:
            return cls()
        attributions = {(citation.id, name) for citation in event.citations for name in citation.attribution}
        return cls({actor.id for actor in event.actors} | {name for _, name in attributions}, attributions)


class References(NamedTuple):
    """What contents refer to, as the store has it."""

    actors: dict[str, Found]
    same: dict[str, list[str]]  # of publishers, all ids that mean the same one
    twins: dict[bytes, KnownSource]  # sources by what makes them the same as another
    sources: dict[UUID, tuple[KnownSource, bytes]]
    states: dict[UUID, str]  # of events


async def prepare(
    connection: Any, content: EventIn, own_id: UUID | None, stored: Event | None = None
) -> tuple[Prepared, list[Flaw]]:
    """Resolve what an event refers to, and name what can't be resolved.

    ``own_id`` is the event's id, which its content need not name; None if the store is yet to choose it. ``stored``
    is the event as it is there already. Whoever it names stays as it is, even where actors of a name in an attribution
    have come in since, or where an actor has been merged into another one.
    """
    return resolve(content, own_id, stored, await look_up(connection, [content]))


async def look_up(connection: Any, contents: Sequence[EventIn]) -> References:
    """Find all that contents refer to, with as many statements for many of them as for one."""
    inline = [c.source for content in contents for c in content.citations if isinstance(c.source, SourceIn)]
    names = {actor.id for content in contents for actor in content.actors}
    names |= {source.publisher for source in inline if source.publisher is not None}
    attributed = {name for content in contents for citation in content.citations for name in citation.attribution}
    found = await find_actors(connection, names | attributed, edit=True)
    # A name in an attribution may be nobody that the store knows; it is then kept as it is.
    found |= await suggest_actors(connection, {name: found[name] for name in names}, edit=True)

    by_title = {source.publisher for source in inline if source.url is None and source.publisher is not None}
    same = await same_actors(connection, {result for name in by_title if (result := found[name].id) is not None})
    identities = [identity for source in inline for identity in _identities(source, found, same)]
    given = [c.source for content in contents for c in content.citations if isinstance(c.source, UUID)]
    given += [source.id for source in inline if source.id is not None]
    return References(
        found,
        same,
        await sources_by_identity(connection, identities) if identities else {},
        await sources_by_id(connection, given) if given else {},
        await event_states(connection, (relation.event_id for content in contents for relation in content.relations)),
    )


def resolve(
    content: EventIn, own_id: UUID | None, stored: Event | None, references: References
) -> tuple[Prepared, list[Flaw]]:
    """Put ids for what a content refers to, and name what can't be resolved (see ``prepare``)."""
    held = _Held.by(stored)
    actors, flaws = _resolved_actors(content, references.actors, held)
    citations, speakers, citation_flaws = _resolved_citations(content, references.actors, held)
    flaws += citation_flaws
    known, new, citations, source_flaws = _found_sources(content, citations, references)
    flaws += source_flaws
    flaws += _repeated_citations(citations, new)
    flaws += relation_flaws(content, references.states, own_id)
    mentioned = {actor.id for actor in actors} | speakers
    whole = structs.replace(content, actors=actors, citations=citations)
    return Prepared(whole, sorted(mentioned), known, new), flaws


def relation_flaws(content: EventIn, states: dict[UUID, str], own_id: UUID | None) -> list[Flaw]:
    """Name relations to the event itself, to events that are not there or that readers of this one could not see."""
    flaws = []
    for index, relation in enumerate(content.relations):
        pointer = f"/relations/{index}/event_id"
        state = states.get(relation.event_id)
        if relation.event_id == own_id:
            flaws.append(Flaw(pointer, "An event cannot relate to itself."))
        elif state is None:
            flaws.append(Flaw(pointer, f"There is no event {relation.event_id}."))
        elif state == State.DRAFT and content.state is not State.DRAFT:
            flaws.append(
                Flaw(
                    pointer,
                    "A published event cannot point to a draft.",
                    "publish that one first, or leave it out",
                )
            )
    return flaws


def missing_relations(content: EventIn, states: dict[UUID, str], own_id: UUID | None) -> set[str]:
    """The pointers of relations to other events that are not there."""
    return {
        f"/relations/{index}/event_id"
        for index, relation in enumerate(content.relations)
        if relation.event_id not in states and relation.event_id != own_id
    }


def another_source(index: int, source_id: UUID) -> Flaw:
    """The flaw of a citation that brings along a source under the id of another one."""
    return Flaw(f"/citations/{index}/source/id", f"{source_id} is another source.", "leave the id out")


def _resolved_actors(content: EventIn, found: dict[str, Found], held: _Held) -> tuple[list[Any], list[Flaw]]:
    flaws: list[Flaw] = []
    actors = []
    seen: set[Hashable] = set()
    for index, actor in enumerate(content.actors):
        flaw = found[actor.id].flaw(f"/actors/{index}/id", actor.id)
        resolved = found[actor.id].kept(held.ids) or actor.id
        if flaw is None and (resolved, actor.role) in seen:
            flaw = Flaw(f"/actors/{index}", f"{resolved} is given twice in this role.", "leave one of them out")
        flaws += [flaw] if flaw else []
        seen.add((resolved, actor.role))
        actors.append(structs.replace(actor, id=resolved))
    return actors, flaws


def _resolved_citations(
    content: EventIn, found: dict[str, Found], held: _Held
) -> tuple[list[CitationIn], set[str], list[Flaw]]:
    """Put ids into citations. Gives besides them the actors that attributions name."""
    flaws: list[Flaw] = []
    citations = []
    speakers = set()
    for index, citation in enumerate(content.citations):
        attribution = []
        for place, name in enumerate(citation.attribution):
            result = found[name]
            actor = result.kept(held.ids)
            if actor != name and (citation.id, name) in held.attributions:
                attribution.append(name)
                continue
            if actor is not None:
                speakers.add(actor)
            if result.candidates:
                flaw = result.flaw(f"/citations/{index}/attribution/{place}", name)
                flaws += [flaw] if flaw else []
            attribution.append(actor or name)
        source = citation.source
        if isinstance(source, SourceIn) and source.publisher is not None:
            flaw = found[source.publisher].flaw(f"/citations/{index}/source/publisher", source.publisher)
            flaws += [flaw] if flaw else []
            source = _published_by(source, found)
        citations.append(structs.replace(citation, attribution=attribution, source=source))
    return citations, speakers, flaws


def _published_by(source: SourceIn, found: dict[str, Found]) -> SourceIn:
    """Put the publisher's id for its name."""
    if source.publisher is None:
        return source
    return structs.replace(source, publisher=found[source.publisher].id or source.publisher)


def _identities(source: SourceIn, found: dict[str, Found], same: dict[str, list[str]]) -> list[bytes]:
    """What a source may be stored as: by the publisher it names, who stands for that one, and all who are the same."""
    publisher = source.publisher
    result = found[publisher] if publisher is not None else None
    if publisher is None or result is None or result.id is None:
        return [source_identity(source)]
    return source_identities(source, [*result.own, *same.get(result.id, [result.id])])


def _found_sources(
    content: EventIn, citations: list[CitationIn], references: References
) -> tuple[dict[UUID, KnownSource], dict[int, NewSource], list[CitationIn], list[Flaw]]:
    """Look up sources by id and by what they are; what is not stored yet stays with its citation."""
    identities = {
        index: _identities(citation.source, references.actors, references.same)
        for index, citation in enumerate(content.citations)
        if isinstance(citation.source, SourceIn)
    }
    twins, stored = references.twins, references.sources
    taken = {source_id: identity for source_id, (_, identity) in stored.items()}
    known: dict[UUID, KnownSource] = {}
    new: dict[int, NewSource] = {}
    flaws: list[Flaw] = []
    resolved = []
    for index, citation in enumerate(citations):
        source = citation.source
        if isinstance(source, UUID):
            if source in stored:
                known[source] = stored[source][0]
            else:
                flaws.append(Flaw(f"/citations/{index}/source", f"There is no source {source}.", "give it whole"))
        elif (twin := next((twins[one] for one in identities[index] if one in twins), None)) is not None:
            known[twin.id] = twin
            citation = structs.replace(citation, source=twin.id)
        else:
            identity = source_identity(source)
            new[index] = NewSource(source, identity)
            if source.id is not None and taken.setdefault(source.id, identity) != identity:
                flaws.append(another_source(index, source.id))
        resolved.append(citation)
    return known, new, resolved, flaws


def _repeated_citations(citations: list[CitationIn], new: dict[int, NewSource]) -> list[Flaw]:
    flaws = []
    seen: dict[Hashable, int] = {}
    for index, citation in enumerate(citations):
        source = new[index].identity if index in new else citation.source
        key = (source, citation.stance, tuple(citation.attribution), citation.locator)
        if key in seen:
            flaws.append(
                Flaw(
                    f"/citations/{index}",
                    f"This is the citation {seen[key]} again: same source, stance, attribution and locator.",
                    "put them into one, or give each its locator",
                )
            )
        seen.setdefault(key, index)
    return flaws
