"""The current rows, made anew from the log.

They hold nothing that the log does not: of every record what was written last, and whether everybody sees it. A
discarded draft has no row, nor has a record whose contents were redacted. The rows are written by the writers that
every other write uses.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from api.store.actors import insert_actor_rows
from api.store.chronologies import insert_chronology_rows
from api.store.copying import RefusedError, refusals
from api.store.event_writing import Revision, write_event_rows
from api.store.identity import source_identity
from api.store.indexing import begin_collecting, collect, index_collected
from api.store.sources import insert_source_rows
from api.store.sql import query
from schema.actor import Actor
from schema.change import EntityKind
from schema.chronology import Chronology
from schema.event import Event
from schema.source import Source
from schema.wire import decode_hook

#: What is written together: whichever comes first.
_WRITTEN_RECORDS = 500
_WRITTEN_BYTES = 8 * 1024**2
#: How many records the database is asked for at a time.
_FETCHED_RECORDS = 50

#: Each refers to those behind it, so this is the order in which they go.
_FORGET = (
    *("forget_chronologies", "forget_event_terms", "forget_terms", "forget_events"),
    *("forget_sources", "forget_actor_names", "forget_actors"),
)

R = TypeVar("R", Actor, Source, Event, Chronology)


class _Newest(NamedTuple):
    """What was written last of a record: by which change, which of its revisions, whether everybody sees it."""

    sequence: int
    entity_id: str
    revision: int
    public: bool
    document: bytes


async def rebuild(connection: Any, told: Callable[[int], object]) -> None:
    """Make all current rows anew from the log, in place of those that there are; ``told`` is given their number.

    The caller holds the head, in a transaction, and has made sure of the log. Memory does not grow with the store.
    Raises ``RefusedError`` for contents that this version cannot read or that contradict each other.
    """
    for statement in _FORGET:
        await connection.execute(query("archive", statement))
    await begin_collecting(connection)
    done = 0
    with refusals():
        for kind, write in _WRITERS:
            async for portion in _newest(connection, kind):
                await write(connection, portion)
                done += len(portion)
                told(done)
        await index_collected(connection)


async def _newest(connection: Any, kind: EntityKind) -> AsyncIterator[list[_Newest]]:
    """What was written last of each record of a kind, a bounded number at a time, in no order."""
    portion: list[_Newest] = []
    size = 0
    async for row in connection.cursor(query("archive", "newest_contents"), kind.value, prefetch=_FETCHED_RECORDS):
        portion.append(_Newest(*row))
        size += len(row["document"])
        if len(portion) == _WRITTEN_RECORDS or size >= _WRITTEN_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _read(newest: _Newest, kind: type[R]) -> R:
    try:
        record = msgspec.json.decode(newest.document, type=kind, dec_hook=decode_hook)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(f"The content of change {newest.sequence} cannot be read: {error}") from None
    key = record.slug if isinstance(record, Chronology) else str(record.id)
    if (key, record.revision) != (newest.entity_id, newest.revision):
        raise RefusedError(f"The content of change {newest.sequence} is that of another record or revision")
    return record


async def _write_actors(connection: Any, newest: Sequence[_Newest]) -> None:
    await insert_actor_rows(connection, [(_read(one, Actor), one.public, one.document) for one in newest])


async def _write_sources(connection: Any, newest: Sequence[_Newest]) -> None:
    sources = [(_read(one, Source), one) for one in newest]
    await insert_source_rows(
        connection, [(source, source_identity(source), one.public, one.document) for source, one in sources]
    )


async def _write_events(connection: Any, newest: Sequence[_Newest]) -> None:
    events = [_read(one, Event) for one in newest]
    attributed = {name for event in events for citation in event.citations for name in citation.attribution}
    rows = await connection.fetch(query("archive", "actors_created"), list(attributed))
    created = {row["entity_id"]: row["sequence"] for row in rows}
    revisions = []
    for event, one in zip(events, newest, strict=True):
        actors = {actor.id for actor in event.actors}
        for citation in event.citations:
            # A name is an actor's id if that actor was there when the revision was written, and else only a name.
            actors |= {name for name in citation.attribution if created.get(name, one.sequence) < one.sequence}
        sources = sorted({citation.source for citation in event.citations})
        revisions.append(Revision(event, None, sorted(actors), sources, one.document))
    await write_event_rows(connection, revisions)
    await collect(connection, events)


async def _write_chronologies(connection: Any, newest: Sequence[_Newest]) -> None:
    await insert_chronology_rows(connection, [(_read(one, Chronology), one.document) for one in newest])


#: In the order in which records refer to each other.
_WRITERS = (
    (EntityKind.ACTOR, _write_actors),
    (EntityKind.SOURCE, _write_sources),
    (EntityKind.EVENT, _write_events),
    (EntityKind.CHRONOLOGY, _write_chronologies),
)
