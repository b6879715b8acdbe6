"""A rename is one record, however many events name who is renamed."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from api.engine.embedded import EmbeddedServer
from tests.conftest import Client, fresh_database, serving
from tests.writing import TABLES, make, make_event, read, send_ok

pytestmark = pytest.mark.soak

_EVENTS = 100_000

#: Copies of the one event that there is, under all of its terms.
_MADE = f"CREATE TEMPORARY TABLE made AS SELECT gen_random_uuid() AS id FROM generate_series(2, {_EVENTS})"
_COPY_EVENTS = """
    INSERT INTO event (id, revision, state, starts, ends, instant_starts, instant_starts_latest, instant_ends, sequence,
                       planned, actors, sources, document)
    SELECT made.id, revision, state, starts, ends, instant_starts, instant_starts_latest, instant_ends, sequence,
           planned, actors, sources,
           convert_to(replace(convert_from(document, 'UTF8'), event.id::text, made.id::text), 'UTF8')
    FROM made CROSS JOIN event
"""
_COPY_TERMS = """
    INSERT INTO event_term (event_id, term, span, gaps, starts, ends, sequence)
    SELECT made.id, term, span, gaps, starts, ends, sequence FROM made CROSS JOIN event_term
"""


@pytest.fixture(scope="module")
async def named_often(server: EmbeddedServer, template: str) -> AsyncIterator[Client]:
    async with fresh_database(server, template) as made, serving(made) as client:
        names = [{"name": "Old league", "date": "../1950"}]
        await make(client, "/v1/actors", {"id": "league", "name": "League", "kind": "organization", "names": names})
        await make_event(client, actors=[{"id": "league", "role": "host"}])
        owner = await asyncpg.connect(made.owner_url)
        await owner.execute(_MADE)
        # The terms first: both are copies of what there is.
        await owner.execute(_COPY_TERMS)
        await owner.execute(_COPY_EVENTS)
        await owner.execute("UPDATE term SET events = $1", _EVENTS)
        await owner.execute("ANALYZE")
        await owner.close()
        yield client


async def _written_since(client: Client, transaction: int) -> dict[str, int]:
    """How many rows of each table have been written by later transactions."""
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        counts: dict[str, Any] = {
            table: await owner.fetchval(f"SELECT count(*) FROM {table} WHERE xmin::text::int8 > $1", transaction)
            for table in TABLES
        }
    finally:
        await owner.close()
    return {table: count for table, count in counts.items() if count}


async def test_a_rename_writes_one_record_and_shows_everywhere(named_often: Client) -> None:
    client = named_often
    async with client.store.connection() as connection:
        before = int(await connection.fetchval("SELECT pg_current_xact_id()::text"))
    await send_ok(client, "PATCH", "/v1/actors/league", {"name": "Union"}, 1)
    # The row itself and the one before, its name and the one before, the change with its content, and the head.
    assert await _written_since(client, before) == dict.fromkeys(
        ("head", "change", "content", "actor", "past_actor", "actor_name", "past_actor_name"), 1
    )
    page = await read(client, "/v1/events?actor=union&limit=1000&count=exact")
    assert page["count"] == {"value": _EVENTS, "exact": True}
    assert len(page["items"]) == 1000
    assert page["included"]["actors"]["league"]["name"] == "Union"
    assert (await read(client, "/v1/actors?q=unio"))["items"][0]["id"] == "league"
    assert (await read(client, "/v1/actors?q=league"))["matches"]["league"]["kind"] == "id"
    table = (await client.http.get("/v1/events?format=csv&limit=100")).text
    assert table.count("Union") >= 100
    assert "Union" not in (await client.http.get("/v1/events?format=csv&limit=100&as_of=2")).text
