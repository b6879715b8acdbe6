"""The archive: what is restored is the same store, with the same past."""

import hashlib
import json
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from api.history import archiving
from api.history.archive import ArchiveError
from api.history.rebuilding import rebuild
from api.history.redaction import redact as redact_record
from api.history.verification import verify
from api.store import log
from api.store.chronologies import create_chronology, discard_chronology, edit_chronology
from schema.change import EntityKind, LogEntry
from schema.vocabulary import ChangeType
from tests.conftest import Client
from tests.history.archives import answers_of, archive_of, edited, lines_of, restore_into, revise, rows_of, zipped
from tests.store.test_log_walk import Walk
from tests.writing import FULL, check_whole, event_body, make, make_actors, make_event, read, send

HIDDEN_ACTOR = {"id": "secret-service", "name": "Secret service", "kind": "organization"}


async def write_everything(client: Client) -> None:
    """Every kind of write that there is."""
    await make_actors(client)
    await make(
        client, "/v1/actors", {"id": "army", "name": "Army", "kind": "armed-force", "part_of": [{"actor": "DPRK"}]}
    )
    full = await make(client, "/v1/events", FULL)
    full = await revise(
        client, full, "PATCH", "", {"date": "2024-06-02~", "change": {"type": "correction", "reason": "“So.”\n"}}
    )
    await revise(client, full, "PATCH", "", {"tags": ["a"], "change": {"type": "clarification"}})
    for index, state in enumerate(("draft", "draft", "draft", "published")):
        source = {"title": f"Hidden source {index}", "publisher": "the-gazette"}
        draft = event_body(state=state, title=f"Row {index}", citations=[{"source": source}])
        row = {
            **draft,
            "new_actors": [{**HIDDEN_ACTOR, "id": f"secret-{index}"}],
            "actors": [{"id": f"secret-{index}"}],
        }
        answer = await client.http.post("/v1/events/batch", json=[row], headers=client.edit)
        assert answer.json()["results"][0]["status"] == "created", answer.text
    drafts = (await read(client, "/v1/events?state=draft", edit=True))["items"]
    await revise(client, drafts[0], "DELETE", "", None)
    await revise(client, drafts[1], "PATCH", "", {"state": "published"})
    retracted = await make_event(client, relations=[{"type": "follows", "event_id": FULL["id"]}])
    retracted = await revise(client, retracted, "POST", "/retract", {"change": {"reason": "Withdrawn."}})
    restored = await make_event(client, title="Restored", kind="talks")
    restored = await revise(client, restored, "PATCH", "", {"title": "Other"})
    restored = await revise(client, restored, "POST", "/retract", {"change": {"reason": "Withdrawn."}})
    restored = await revise(client, restored, "POST", "/restore", {})
    await revise(client, restored, "POST", "/restore", {"revision": 1})
    await make(client, "/v1/sources", {"title": "Alone", "publisher": "the-paper"})
    actor = await read(client, "/v1/actors/russia")
    await send(client, "PATCH", "/v1/actors/russia", {"aliases": ["RU"]}, actor["revision"])
    source = (await read(client, "/v1/sources?url=https://news.example/report"))["items"][0]
    await send(client, "PATCH", f"/v1/sources/{source['id']}", {"reliability": "A"}, source["revision"])


async def write_chronologies(client: Client) -> None:
    body = {"title": "The talks", "filter": {"actor": ["RU"]}, "items": [{"event_id": FULL["id"], "note": "First."}]}
    for slug, state in (("talks", "published"), ("plans", "draft"), ("gone", "draft")):
        await create_chronology(client.store, "editor", {**body, "slug": slug, "state": state})
    await edit_chronology(client.store, "editor", "talks", {"title": "All talks"}, lambda: [1], patch=True)
    await discard_chronology(client.store, "editor", "gone", lambda: [1])


async def check_same(client: Client, target: Client) -> bytes:
    """Check that a restored store equals the first one in all that can be asked, and stays whole."""
    archive = await archive_of(client)
    await restore_into(target, archive)
    assert await rows_of(target) == await rows_of(client)
    assert await answers_of(target) == await answers_of(client)
    await check_whole(target)
    assert await archive_of(target) == archive
    return archive


async def test_everything_comes_back(client: Client, target: Client) -> None:
    await write_everything(client)
    await write_chronologies(client)
    await check_same(client, target)
    # It goes on, in the same chain.
    await make_event(
        target, title="Later", citations=[{"source": {"title": "Hidden source 3", "publisher": "the-gazette"}}]
    )
    await check_whole(target)
    assert len((await rows_of(target))["change"]) == len((await rows_of(client))["change"]) + 1


async def test_the_chronology_that_ships_comes_back(sample: Client, target: Client) -> None:
    archive = await check_same(sample, target)
    first, last = (json.loads(lines_of(archive)[index]) for index in (0, -1))
    assert (first["format"], first["version"]) == ("dateline-archive", 2)
    assert (last["changes"], last["digest"]) == (first["sequence"], first["digest"])


async def test_a_random_history_comes_back(client: Client, target: Client) -> None:
    await make_actors(client)
    walk = Walk(client, seed=7)
    for _ in range(120):
        await walk.step()
    await check_same(client, target)
    walk.client = target
    for _ in range(30):
        await walk.step()
    await walk.check_all()
    await check_whole(target)


async def test_an_empty_history_comes_back(client: Client, target: Client) -> None:
    archive = await check_same(client, target)
    assert len(lines_of(archive)) == 2
    await make_event(target)
    await check_whole(target)


async def test_a_name_that_became_an_id_is_an_actor_from_the_next_revision_on(client: Client, target: Client) -> None:
    citation = {"source": {"title": "On the moon"}, "attribution": ["moon-base"]}
    named, retracted, restored = [
        await make_event(client, title=title, citations=[citation]) for title in ("Named", "Retracted", "Restored")
    ]
    restored = await revise(client, restored, "POST", "/retract", {"change": {"reason": "So."}})
    draft = event_body(state="draft", new_actors=[{**HIDDEN_ACTOR, "id": "moon-base"}], actors=[{"id": "moon-base"}])
    await client.http.post("/v1/events/batch", json=[draft], headers=client.edit)
    seen = await read(client, f"/v1/events/{named['id']}", edit=True)
    assert seen["included"]["actors"] == {}
    retracted = await revise(client, retracted, "POST", "/retract", {"change": {"reason": "So."}})
    restored = await revise(client, restored, "POST", "/restore", {})
    assert set(retracted["included"]["actors"]) == set(restored["included"]["actors"]) == {"moon-base"}
    await check_same(client, target)


async def redact(client: Client, event: str) -> None:
    """Redact an event as the owner of the tables."""
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        await redact_record(connection, EntityKind.EVENT, event, "By law.")
    finally:
        await connection.close()


async def test_a_redacted_record_has_no_row(client: Client, target: Client) -> None:
    await make_event(client, title="To be kept")
    event = await make_event(client, title="To be forgotten")
    event = await revise(client, event, "PATCH", "", {"title": "To be forgotten again"})
    await redact(client, event["id"])
    await restore_into(target, await archive_of(client))
    assert await rows_of(target) == await rows_of(client)
    assert (await target.http.get(f"/v1/events/{event['id']}")).status_code == 410


async def test_rows_are_made_anew_in_place_of_others(client: Client) -> None:
    await write_everything(client)
    await write_chronologies(client)
    before = await rows_of(client)
    connection = await asyncpg.connect(client.database.owner_url)
    told: list[int] = []
    try:
        async with connection.transaction():
            await connection.execute("UPDATE event SET state = 'draft'; DELETE FROM chronology; DELETE FROM actor_name")
            await rebuild(connection, told.append)
    finally:
        await connection.close()
    assert await rows_of(client) == before
    assert told[-1] == sum(len(before[table]) for table in ("event", "actor", "source", "chronology"))


@pytest.mark.usefixtures("without_vacuum")
async def test_it_is_of_one_moment(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written after it was begun is not in it, and what is redacted then still is."""
    events = [await make_event(client, title=title) for title in ("One", "Two")]
    before = await archive_of(client)
    whole = archiving.changes

    async def delayed(connection: Any) -> Any:
        await make_event(client, title="Meanwhile")
        await redact(client, events[1]["id"])
        async for row in whole(connection):
            yield row

    monkeypatch.setattr(archiving, "changes", delayed)
    assert await archive_of(client) == before
    monkeypatch.undo()
    after = lines_of(await archive_of(client))
    assert len(after) == len(lines_of(before)) + 2
    assert [b'"title":"Two"' in line for line in after].count(True) == 0


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE content SET reason = 'because' WHERE sequence = 3", "content of change 3 is not what was written"),
        ("DELETE FROM content WHERE sequence = 3", "content of change 3 is missing"),
        ("DELETE FROM change WHERE sequence = 3", "Changes 3 to 3 are missing"),
        ("DELETE FROM change WHERE sequence > 3", "ends at change 3"),
        ("UPDATE content SET document = replace(convert_from(document, 'UTF8'), ',', E',\\n')::bytea", "line break"),
    ],
)
async def test_a_history_that_is_not_whole_is_not_archived(client: Client, tampering: str, said: str) -> None:
    for _ in range(3):
        await make_event(client)
    connection = await asyncpg.connect(client.database.owner_url)
    await connection.execute(tampering)
    await connection.close()
    with pytest.raises(ArchiveError, match=said):
        await archive_of(client)


async def test_only_an_empty_store_is_restored_into(sample: Client) -> None:
    archive, before = await archive_of(sample), await rows_of(sample)
    with pytest.raises(ArchiveError, match="has 66 changes already"):
        await restore_into(sample, archive)
    assert await rows_of(sample) == before


async def test_only_the_owner_restores(sample: Client, target: Client) -> None:
    with pytest.raises(ArchiveError, match="DATELINE_OWNER_DATABASE_URL"):
        await restore_into(target, await archive_of(sample), target.database.url)
    assert (await rows_of(target))["change"] == []


@pytest.mark.parametrize("place", ["copy_changes", "_refuse_missing_contents", "rebuild"])
async def test_an_interruption_leaves_the_store_empty(
    sample: Client, target: Client, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    archive, empty = await archive_of(sample), await rows_of(target)
    whole = getattr(archiving, place)

    async def interrupted(connection: asyncpg.Connection, *arguments: Any) -> None:
        await whole(connection, *arguments)
        connection.terminate()
        raise ConnectionError

    monkeypatch.setattr(archiving, place, interrupted)
    with pytest.raises((ConnectionError, asyncpg.InterfaceError)):
        await restore_into(target, archive)
    monkeypatch.undo()
    assert await rows_of(target) == empty
    await restore_into(target, archive)
    assert await rows_of(target) == await rows_of(sample)


async def test_a_chained_history_that_contradicts_itself_is_refused(client: Client, target: Client) -> None:
    """Whoever makes up an archive can make up its digests, too: what its contents say is looked at all the same."""
    await make_event(client, title="One")
    empty = await rows_of(target)
    event = next(line for line in lines_of(await archive_of(client)) if b'"entity":"event"' in line)
    for document, said in (
        ({"id": "x"}, "cannot be read"),
        ({**json.loads(event)["content"]["document"], "title": "a\u0000b"}, "cannot be read"),
        ({**json.loads(event)["content"]["document"], "revision": 2}, "another record or revision"),
    ):
        with pytest.raises(ArchiveError, match=said):
            await restore_into(target, made_up([edited(event, content={"document": document})]))
        assert await rows_of(target) == empty
    with pytest.raises(ArchiveError, match=r"contradicts itself: .*change_revision"):
        await restore_into(target, made_up([event, event]))
    with pytest.raises(ArchiveError, match="The archive contradicts itself"):
        await restore_into(target, made_up([edited(event, author="a\u0000b")]))
    assert await rows_of(target) == empty


def made_up(lines: list[bytes]) -> bytes:
    """An archive of these changes, with digests that fit."""
    digest, made = log.FIRST_DIGEST, []
    for sequence, line in enumerate(lines, 1):
        values = json.loads(line)
        content = {"salt": "00", "reason": None, "document": values["content"]["document"]}
        content_digest = log.digest_of_content(b"\0", content["document"], None)
        entry = LogEntry(
            sequence=sequence,
            recorded_at=datetime.fromisoformat(values["recorded_at"]),
            entity=EntityKind(values["entity"]),
            entity_id=values["entity_id"],
            revision=values["revision"],
            type=ChangeType(values["type"]),
            public_type=ChangeType(values["public_type"]),
            author=values["author"],
            content_digest=content_digest,
        )
        digest = log.chained_digest(digest, entry)
        made.append(
            edited(line, sequence=sequence, content=content, content_digest=content_digest.hex(), digest=digest.hex())
        )
    head = {"sequence": len(made), "digest": digest.hex()}
    first = json.dumps({"format": "dateline-archive", "version": 2, **head}).encode() + b"\n"
    sha256 = hashlib.sha256(first + b"".join(made)).hexdigest()
    last = json.dumps({"changes": len(made), "digest": digest.hex(), "sha256": sha256}).encode() + b"\n"
    return zipped([first, *made, last])


async def test_verification_agrees(sample: Client, target: Client) -> None:
    restored = await restore_into(target, await archive_of(sample))
    found = []
    for store in (sample, target):
        connection = await asyncpg.connect(store.database.url)
        found.append(await verify(connection))
        await connection.close()
    assert found[0] == found[1]
    assert (found[0].sequence, found[0].digest, found[0].findings) == (*restored, [])
