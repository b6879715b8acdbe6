"""The rows beside the log, made anew from it: all of them, or those of some records.

They hold nothing that the log does not (see ``deriving.py``). All of them are made for an archive that is restored, and
for tables of an older version; those of some records when the log is not written by a writer: when something is
redacted, and when another store is followed.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from api.history.deriving import Derived, FactsHistory, derive, facts_of
from api.store.actor_rows import bound
from api.store.copying import refusals
from api.store.indexing import begin_collecting, collect, index_collected, unindex_collected
from api.store.sql import query
from api.store.texts import clear_texts, put_texts, set_language
from schema.change import EntityKind

#: What is written together: so many records or, of fewer, so many changes.
_TOGETHER_RECORDS = 500
_TOGETHER_CHANGES = 2000

#: In the order in which records refer to each other.
KINDS = (EntityKind.ACTOR, EntityKind.SOURCE, EntityKind.EVENT, EntityKind.CHRONOLOGY)
#: Each refers to those behind it, so this is the order in which they go.
_FORGET = (
    *("forget_chronologies", "forget_event_terms", "forget_terms", "forget_events"),
    *("forget_sources", "forget_actor_names", "forget_memberships", "forget_actors", "forget_past"),
)


async def rebuild(connection: Any, told: Callable[[int], object] = lambda done: None) -> None:
    """Make all rows anew from the log, in place of those that there are; ``told`` is given their number.

    The caller holds the head, in a transaction, and has made sure of the log. Memory does not grow with the store.
    Raises ``RefusedError`` for contents that this version cannot read or that contradict each other.
    """
    for statement in _FORGET:
        await connection.execute(query("archive", statement))
    await connection.execute(query("texts", "forget"))
    await begin_collecting(connection)
    done = 0
    with refusals():
        for kind in KINDS:
            async for ids in portions(connection, kind):
                derived = await derive(connection, kind, ids)
                await _put(connection, kind, derived)
                await collect(connection, derived.entries)
                done += len(derived.current)
                told(done)
        await index_collected(connection)


async def rebuild_if_needed(connection: Any, text_language: str) -> bool:
    """Rebuild all rows if a migration has left that to be done, or if the words of events are in another language than
    is wanted (see ``Settings.text_language``); says whether it had. As the owner of the tables.

    Raises ``LookupError`` with the languages that there are if the one that is wanted is none of them.
    """
    async with connection.transaction():
        # Whoever writes, or rebuilds as well, waits.
        await connection.fetchrow(query("log", "lock_head"))
        await set_language(connection, text_language)
        if not await connection.fetchval(query("log", "must_rebuild")):
            return False
        await rebuild(connection)
        await connection.execute(query("log", "is_rebuilt"))
        await connection.execute(query("archive", "analyze_rows"))
    return True


class Before(NamedTuple):
    """What followed from the log before it was changed: the rows of some records, and what was known of sources."""

    rows: dict[EntityKind, tuple[list[str], Derived]]
    facts: FactsHistory


async def before_changes(connection: Any, records: Mapping[EntityKind, Iterable[str]]) -> Before:
    """Look at the rows of some records before the log is changed, for ``after_changes``."""
    ids = {kind: sorted(set(records[kind])) for kind in KINDS if kind in records}
    facts = await facts_of(connection, [UUID(source) for source in ids.get(EntityKind.SOURCE, ())])
    return Before({kind: (ids[kind], await derive(connection, kind, ids[kind])) for kind in ids}, facts)


async def after_changes(connection: Any, before: Before) -> None:
    """Make the rows of records as the log says by now, and find the events that cite a source by what it is by now.

    Of the index only what changes is touched. The caller holds the head.
    """
    with refusals():
        await begin_collecting(connection)
        for kind, (ids, old) in before.rows.items():
            derived = await derive(connection, kind, ids)
            for statement in _CLEAR[kind]:
                await connection.execute(query("rows", statement), ids)
            if kind is EntityKind.EVENT:
                await clear_texts(connection, ids)
            left = {row[0] for row in old.current} - {row[0] for row in derived.current}
            if left:
                await connection.execute(query("rows", f"delete_{kind.value}"), list(left))
            await _put(connection, kind, derived)
            await _reindex(connection, old, derived)
        await _reindex_citing(connection, before)


async def _reindex(connection: Any, old: Derived, new: Derived) -> None:
    """Take out of the index what no longer follows from the log, and put in what follows from it by now."""
    gone, come = set(old.entries) - set(new.entries), set(new.entries) - set(old.entries)
    if gone:
        await collect(connection, gone)
        await unindex_collected(connection)
    if come:
        await collect(connection, come)
        await index_collected(connection)


async def _reindex_citing(connection: Any, before: Before) -> None:
    """Move the events that cite, or ever cited, a source of which finding knows something else by now."""
    facts = await facts_of(connection, before.facts)
    changed = [source for source, known in before.facts.items() if facts[source] != known]
    if not changed:
        return
    done, _ = before.rows.get(EntityKind.EVENT, ([], None))
    rows = await connection.fetch(query("rows", "events_that_cite"), changed)
    citing = sorted({str(row["id"]) for row in rows} - set(done))
    for start in range(0, len(citing), _TOGETHER_RECORDS):
        ids = citing[start : start + _TOGETHER_RECORDS]
        old = await derive(connection, EntityKind.EVENT, ids, before.facts)
        new = await derive(connection, EntityKind.EVENT, ids)
        await _reindex(connection, old, new)
        if set(old.texts) != set(new.texts):
            await clear_texts(connection, ids)
            await put_texts(connection, new.texts)


_CLEAR = {
    EntityKind.ACTOR: (
        *("clear_past_actors", "clear_names", "clear_past_names"),
        *("clear_memberships", "clear_past_memberships"),
    ),
    EntityKind.SOURCE: ("clear_past_sources",),
    EntityKind.EVENT: ("clear_past_events",),
    EntityKind.CHRONOLOGY: ("clear_past_chronologies",),
}


async def _put(connection: Any, kind: EntityKind, derived: Derived) -> None:
    """Write rows. Current ones may be there already; past ones and names may not."""
    await connection.executemany(query("rows", f"put_{kind.value}"), derived.current)
    await connection.executemany(query("rows", f"put_past_{kind.value}"), derived.past)
    if kind is EntityKind.ACTOR:
        await _put_held(connection, "name", [(tuple(row), *held) for row, *held in derived.names])
        await _put_held(connection, "membership", [(bound(row), *held) for row, *held in derived.memberships])
    await put_texts(connection, derived.texts)


async def _put_held(connection: Any, what: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows that held from a change on or, in the past, up to another one."""
    present = [(*row, actor, since) for row, actor, since, until in rows if until is None]
    await connection.executemany(query("rows", f"put_{what}"), present)
    past = [(*row, actor, since, until) for row, actor, since, until in rows if until is not None]
    await connection.executemany(query("rows", f"put_past_{what}"), past)


async def portions(connection: Any, kind: EntityKind) -> AsyncIterator[list[str]]:
    """The ids of all records of a kind that the log knows, a bounded number at a time."""
    portion: list[str] = []
    changes = 0
    async for entity_id, number in connection.cursor(query("archive", "records_of"), kind.value, prefetch=500):
        portion.append(entity_id)
        changes += number
        if len(portion) == _TOGETHER_RECORDS or changes >= _TOGETHER_CHANGES:
            yield portion
            portion, changes = [], 0
    if portion:
        yield portion
