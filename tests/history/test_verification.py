"""What is done to the tables behind the API's back is found."""

import json
from typing import Any

import asyncpg
import pytest

from api.history.rebuilding import rebuild
from api.history.redaction import redact
from api.history.verification import Verified, verify
from api.store.log import FIRST_DIGEST, chained_digest, digest_of_content
from schema.change import EntityKind, LogEntry
from schema.vocabulary import ChangeType
from tests.conftest import Client
from tests.history.archives import revise
from tests.writing import make, make_actors, make_event, send_ok


async def _written(client: Client) -> list[dict[str, Any]]:
    await make_actors(client)
    events = [await make_event(client, title=f"Event {number}") for number in range(4)]
    events[0] = await revise(client, events[0], "PATCH", "", {"title": "Corrected"})
    await revise(client, events[1], "POST", "/retract", {"change": {"reason": "So."}})
    await make(client, "/v1/actors", {"id": "pact", "name": "Pact", "kind": "organization"})
    await make(client, "/v1/actors", {"id": "ally", "name": "Ally", "kind": "state", "member_of": [{"actor": "pact"}]})
    left = {"member_of": [{"actor": "pact", "date": "1955/1991"}], "part_of": [{"actor": "pact"}]}
    await send_ok(client, "PATCH", "/v1/actors/ally", left, 1)
    return events


async def _verified(client: Client, heads: dict[int, bytes] | None = None) -> Verified:
    async with client.store.connection() as connection:
        return await verify(connection, heads or {})


_SQL = {
    "a content is rewritten": "UPDATE content SET document = replace(encode(document, 'escape'), 'Event 2', 'Event X')"
    "::bytea WHERE encode(document, 'escape') LIKE '%Event 2%'",
    "a reason is rewritten": "UPDATE content SET reason = 'Other.' WHERE reason = 'So.'",
    "a content is deleted": "DELETE FROM content WHERE sequence = 8",
    "a salt is rewritten": "UPDATE content SET salt = '\\x00' WHERE sequence = 8",
    "a change is rewritten": "UPDATE change SET author = 'somebody else' WHERE sequence = 8",
    "a time is rewritten": "UPDATE change SET recorded_at = recorded_at + interval '1 microsecond' WHERE sequence = 8",
    "a type is rewritten": "UPDATE change SET type = 'correction' WHERE sequence = 12",
    "a change is deleted": "DELETE FROM change WHERE sequence = 8",
    "the last change is deleted": "DELETE FROM change WHERE sequence = (SELECT sequence FROM head)",
    "changes change places": "UPDATE change SET sequence = CASE sequence WHEN 1000 THEN 8 ELSE 9 END"
    " WHERE sequence IN (1000, 8)",
    "a redaction is claimed": "UPDATE change SET redacts = '{8}' WHERE sequence = 10;"
    " DELETE FROM content WHERE sequence = 8",
    "a change is put in": "INSERT INTO change SELECT 1000, recorded_at, entity, entity_id, 99, type, public_type,"
    " author, content_digest, digest FROM change WHERE sequence = 8",
    "a content is put in": "INSERT INTO content SELECT 'x', 1000, salt, reason, document FROM content LIMIT 1",
    "the head is moved": "UPDATE head SET digest = decode(repeat('11', 32), 'hex')",
    "a current event is rewritten": "UPDATE event SET document = '{}' WHERE revision = 2",
    "a current event is deleted": "DELETE FROM event WHERE revision = 2",
    "an event is put in": "INSERT INTO event SELECT gen_random_uuid(), revision, state, starts, ends, runs,"
    " instant_starts, instant_starts_latest, instant_ends, instant_runs, sequence, planned, positions, actors, sources,"
    " document FROM event LIMIT 1",
    "a current actor is rewritten": "UPDATE actor SET document = '{}' WHERE id = 'russia'",
    "a current source is rewritten": "UPDATE source SET document = '{}'",
    "an event is hidden from the index": "DELETE FROM event_term WHERE event_id IN (SELECT id FROM event LIMIT 1)",
    "an event is put elsewhere in the index": "UPDATE event_term SET ends = ends + 1 WHERE event_id IN"
    " (SELECT id FROM event LIMIT 1)",
    "an event is found by what it is not": "INSERT INTO event_term SELECT event_id, term, span, gaps, starts - 1, ends,"
    " sequence FROM event_term LIMIT 1",
    "a term is counted wrongly": "UPDATE term SET events = events + 1 WHERE name = 'kind:treaty'",
    "a past event is rewritten": "UPDATE past_event SET starts = starts - 86400",
    "a past event is deleted": "DELETE FROM past_event",
    "a past event is put in": "INSERT INTO past_event SELECT gen_random_uuid(), revision, state, starts, ends, runs,"
    " instant_starts, instant_starts_latest, instant_ends, instant_runs, planned, positions, actors, sources, sequence,"
    " to_sequence FROM past_event LIMIT 1",
    "when a past entry held is rewritten": "UPDATE past_event_term SET to_sequence = to_sequence + 1",
    "a column of a current event is rewritten": "UPDATE event SET starts = starts - 86400 WHERE revision = 2",
    "an actor is given another name": "UPDATE actor_name SET folded = 'somebody else' WHERE folded = 'russia'",
    "a name becomes one of another kind": "UPDATE actor_name SET kind = 'alias' WHERE folded = 'russia'",
    "a name is found by other words": "UPDATE actor_name SET words = ' other' WHERE folded = 'russia'",
    "a membership ends": "DELETE FROM membership WHERE kind = 'part'",
    "a membership holds at other times": "UPDATE membership SET held = '{[0,86400)}' WHERE kind = 'member'",
    "a membership is put in": "INSERT INTO membership VALUES ('russia', 'north-korea', 'member', NULL, 1)",
    "a membership becomes one of another kind": "UPDATE membership SET kind = 'branch' WHERE kind = 'part'",
    "a past membership is forgotten": "DELETE FROM past_membership",
    "a past membership held at other times": "UPDATE past_membership SET held = '{[0,86400)}'",
    "when a past membership held is rewritten": "UPDATE past_membership SET to_sequence = to_sequence + 1",
    "a past membership of nobody is put in": "INSERT INTO past_membership VALUES"
    " ('russia', 'nobody', 'member', NULL, 1, 2)",
    "an event is found by other words": "UPDATE event_text SET search = to_tsvector('other')",
    "an event was found by other words": "DELETE FROM past_event_text",
    "an actor is hidden": "UPDATE actor SET public = false WHERE id = 'russia'",
    "an actor is merged": "UPDATE actor SET merged_into = 'north-korea' WHERE id = 'russia'",
    "a source becomes another's": "UPDATE source SET publisher = 'the-gazette'",
}


@pytest.mark.parametrize("what", list(_SQL))
async def test_tampering_is_found(client: Client, what: str) -> None:
    await _written(client)
    assert (await _verified(client)).findings == []
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        if what == "changes change places":
            await owner.execute("UPDATE change SET sequence = 1000 WHERE sequence = 9")
        await owner.execute(_SQL[what])
    finally:
        await owner.close()
    assert (await _verified(client)).findings != [], what


async def test_a_chain_that_is_written_anew_is_found_by_a_head_that_was_published(client: Client) -> None:
    """Who may change everything can make a chain that is valid in itself, but none that leads through a noted head."""
    await _written(client)
    noted = await _verified(client)
    await make_event(client, title="Later")
    assert (await _verified(client, {noted.sequence: noted.digest})).findings == []
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        await _rewrite(owner, "Event 2", "Event X")
    finally:
        await owner.close()
    assert (await _verified(client)).findings == []
    assert (await _verified(client, {noted.sequence: noted.digest})).findings != []


async def _rewrite(owner: Any, old: str, new: str) -> None:
    """Change a content and everything that would tell of it."""
    rows = await owner.fetch(
        "SELECT change.*, salt, reason, document FROM change LEFT JOIN content USING (entity_id, sequence)"
        " ORDER BY sequence"
    )
    digest = FIRST_DIGEST
    for row in rows:
        document = row["document"].replace(old.encode(), new.encode())
        content_digest = digest_of_content(row["salt"], json.loads(document), row["reason"])
        entry = LogEntry(
            sequence=row["sequence"],
            recorded_at=row["recorded_at"],
            entity=EntityKind(row["entity"]),
            entity_id=row["entity_id"],
            revision=row["revision"],
            type=ChangeType(row["type"]) if row["type"] else None,
            public_type=ChangeType(row["public_type"]) if row["public_type"] else None,
            author=row["author"],
            content_digest=content_digest,
        )
        digest = chained_digest(digest, entry)
        await owner.execute("UPDATE content SET document = $2 WHERE sequence = $1", row["sequence"], document)
        await owner.execute(
            "UPDATE change SET content_digest = $2, digest = $3 WHERE sequence = $1",
            row["sequence"],
            content_digest,
            digest,
        )
    await owner.execute("UPDATE head SET digest = $1", digest)
    async with owner.transaction():
        await rebuild(owner)


async def test_a_noted_head_that_was_never_reached_is_found(client: Client) -> None:
    """As when the end of a history is cut off, or a backup is restored and the last changes are lost."""
    await _written(client)
    noted = await _verified(client)
    assert (await _verified(client, {noted.sequence + 5: noted.digest})).findings != []
    assert (await _verified(client, {0: FIRST_DIGEST})).findings == []
    assert (await _verified(client, {0: noted.digest})).findings != []


async def test_what_was_redacted_must_not_come_back(client: Client) -> None:
    events = await _written(client)
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        kept = await owner.fetchrow("SELECT * FROM content WHERE entity_id = $1 LIMIT 1", events[2]["id"])
        await redact(owner, EntityKind.EVENT, events[2]["id"], "By law.")
        assert (await _verified(client)).findings == []
        await owner.execute("INSERT INTO content VALUES ($1, $2, $3, $4, $5)", *kept)
    finally:
        await owner.close()
    assert (await _verified(client)).findings != []
