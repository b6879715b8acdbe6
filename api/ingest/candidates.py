"""Actors that a foreign file mentions by name: those that the store knows are taken, whatever their ids."""

from collections.abc import Hashable, Sequence
from typing import Any
from uuid import UUID

from msgspec import structs

from api.ingest.rows import ReadRow
from api.store.identity import source_identity
from api.store.references import find_actors
from api.store.sql import query
from schema.batch import BatchRow
from schema.citation import CitationIn
from schema.source import SourceIn
from schema.validation import Flaw


async def with_candidates(connection: Any, rows: Sequence[ReadRow]) -> tuple[list[ReadRow], dict[int, list[str]]]:
    """Put stored actors for the candidates that they are, and leave out what is then there twice.

    A candidate is an actor that is stored under its id or, failing that, the one that is known by its name. It is new
    if there is none; if there are several, its row has a flaw. Gives warnings by the numbers of rows.
    """
    brought = {
        actor.id: actor.name
        for row in rows
        if row.reading is not None and not row.reading.flaws
        for actor in row.reading.value.new_actors
    }
    known = set()
    if brought:
        known = {row["id"] for row in await connection.fetch(query("records", "actors_known"), list(brought))}
    names = {actor_id: name for actor_id, name in brought.items() if actor_id not in known}
    found = await find_actors(connection, names.values(), edit=True)
    # As it was known when it came in first, if it has been merged since: so the same file again changes nothing.
    instead = {
        actor_id: found[name].own[0] if len(found[name].own) == 1 else found[name].id
        for actor_id, name in names.items()
    }
    made, warnings = [], {}
    for row in rows:
        if row.reading is not None and not row.reading.flaws:
            flaws = [
                flaw
                for index, actor in enumerate(row.reading.value.new_actors)
                if actor.id in names and found[names[actor.id]].candidates
                for flaw in [found[names[actor.id]].flaw(f"/new_actors/{index}/name", actor.name)]
                if flaw is not None
            ]
            content, notes = _settled(row.reading.value, {key: put for key, put in instead.items() if put is not None})
            row = row._replace(reading=row.reading._replace(value=content, flaws=list[Flaw](flaws)))
            if notes:
                warnings[row.number] = notes
        made.append(row)
    return made, warnings


def _settled(content: BatchRow, instead: dict[str, str]) -> tuple[BatchRow, list[str]]:
    """Rename actors, and keep the first of each actor and role, and of each citation."""
    notes = []
    actors = {
        (instead.get(actor.id, actor.id), actor.role): structs.replace(actor, id=instead.get(actor.id, actor.id))
        for actor in content.actors
    }
    citations: dict[Hashable, CitationIn] = {}
    for citation in content.citations:
        source = citation.source
        identity: UUID | bytes
        if isinstance(source, SourceIn):
            if source.publisher is not None:
                source = structs.replace(source, publisher=instead.get(source.publisher, source.publisher))
            identity = source_identity(source)
        else:
            identity = source
        attribution = [instead.get(name, name) for name in citation.attribution]
        key = (identity, citation.stance, tuple(attribution), citation.locator)
        citations.setdefault(key, structs.replace(citation, source=source, attribution=attribution))
    if len(citations) < len(content.citations):
        notes.append("A source is cited twice in the same way; it is kept once.")
    if len(actors) < len(content.actors):
        notes.append("An actor is named twice in the same role; it is kept once.")
    settled = structs.replace(
        content,
        actors=list(actors.values()),
        citations=list(citations.values()),
        new_actors=[actor for actor in content.new_actors if actor.id not in instead],
    )
    return settled, notes
