"""A million events in a few minutes: a hundred thousand are generated, and the server makes ten of each.

Each copy is an event of its own, with an id, a sequence, entries in the index and words of its own; but ten have the
same date, title and all else. So what reads, walks and counts has a million, while the number of different dates, terms
and words is that of a hundred thousand. They have no past.
"""

import asyncio

import asyncpg

from tests.store import generation, many_actors

#: Two connections share the work, as much as a small machine has processors.
_SHARES = 2
#: Of the events up to a sequence, which are those that were generated; documents say what columns say.
_EVENTS = """
INSERT INTO event (id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends,
                   instant_runs, sequence, planned, positions, actors, sources, document)
SELECT made.id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends,
       instant_runs, made.sequence, planned, positions, actors, sources,
       convert_to(replace(replace(convert_from(document, 'UTF8'), event.id::text, made.id::text),
                          '"sequence":' || event.sequence, '"sequence":' || made.sequence), 'UTF8')
FROM event, generate_series($1::int8, $2, $3) AS copy,
     LATERAL (SELECT md5(event.id::text || copy)::uuid AS id, event.sequence + copy * $4 AS sequence) AS made
WHERE event.sequence <= $4
"""
_ENTRIES = """
INSERT INTO event_term (event_id, term, span, gaps, starts, ends, sequence)
SELECT md5(event_id::text || copy)::uuid, term, span, gaps, starts, ends, sequence + copy * $4
FROM event_term, generate_series($1::int8, $2, $3) AS copy
WHERE sequence <= $4
"""
_TEXTS = """
INSERT INTO event_text (event_id, search, sequence)
SELECT md5(event_id::text || copy)::uuid, search, sequence + copy * $4
FROM event_text, generate_series($1::int8, $2, $3) AS copy
WHERE sequence <= $4
"""


async def load(owner_url: str, events: int, copies: int, actors: int = 0) -> None:
    """Fill an empty store with so many generated events, each so many times, the log, and actors of many names."""
    owner = await asyncpg.connect(owner_url)
    try:
        cited = generation.sources()
        async with generation.indexed_at_the_end(owner, "event", "event_term", "event_text", "change"):
            await generation.load(owner, generation.events(events, cited), cited)
            await _multiply(owner_url, events, copies)
            await owner.execute("UPDATE term SET events = events * $1::int8", copies)
            await generation.load_log(owner)
        await many_actors.load(owner, actors)
    finally:
        await owner.close()


async def _multiply(owner_url: str, events: int, copies: int) -> None:
    """Make the further ones of each event that there is."""

    async def share(first: int) -> None:
        connection = await asyncpg.connect(owner_url)
        try:
            for sql in (_EVENTS, _ENTRIES, _TEXTS):
                await connection.execute(sql, first, copies - 1, _SHARES, events)
        finally:
            await connection.close()

    await asyncio.gather(*(share(number) for number in range(1, _SHARES + 1)))
