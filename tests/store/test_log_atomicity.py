"""All of a write, or nothing of it."""

from typing import Any

import asyncpg
import pytest

from api.store import event_writing, events, log
from api.store.sql import query
from schema.change import EntityKind
from schema.vocabulary import ChangeType
from tests.conftest import Client
from tests.writing import (
    FULL,
    check_problem,
    check_whole,
    contents_of,
    event_body,
    make,
    make_actors,
    make_event,
    send,
    send_ok,
)

#: Every write there is, as method, suffix of the draft's or the event's address, and body.
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "", FULL),
    ("PUT", "event", event_body(citations=[{"source": {"title": "New"}}], tags=["new"])),
    ("PATCH", "draft", {"state": "published"}),
    ("POST", "event/retract", {"change": {"reason": "Withdrawn."}}),
    ("POST", "event/restore", {"revision": 1}),
    ("DELETE", "draft", None),
]


async def _path(client: Client, target: str) -> str:
    event = await make_event(client, actors=[{"id": "russia"}])
    draft = await make_event(client, state="draft", citations=[{"source": {"title": "Hidden"}}])
    name, _, suffix = target.partition("/")
    if not name:
        return "/v1/events"
    chosen = event if name == "event" else draft
    path = f"/v1/events/{chosen['id']}"
    if suffix == "restore":
        # What is there already would not be written again.
        await send_ok(client, "PATCH", path, {"title": "Another title"}, 1)
    return path + (f"/{suffix}" if suffix else "")


def _revision(target: str) -> int | None:
    if not target:
        return None
    return 2 if target.endswith("/restore") else 1


@pytest.mark.parametrize(("method", "target", "body"), WRITES)
async def test_an_error_at_the_very_end_leaves_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, method: str, target: str, body: Any
) -> None:
    await make_actors(client)
    path = await _path(client, target)
    before = await contents_of(client)

    async def failing(write: Any) -> None:
        await whole(write)
        await write.connection.execute("INSERT INTO head VALUES (true, 0, 0, now(), '')")

    whole = log.Writing.append
    monkeypatch.setattr(log.Writing, "append", failing)
    check_problem(await send(client, method, path, body, _revision(target)), "internal-error")
    assert await contents_of(client) == before
    monkeypatch.undo()
    assert (await send(client, method, path, body, _revision(target))).status_code < 300
    await check_whole(client)


@pytest.mark.parametrize(("method", "target", "body"), WRITES)
async def test_a_connection_that_is_lost_midway_leaves_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch, method: str, target: str, body: Any
) -> None:
    await make_actors(client)
    path = await _path(client, target)
    before = await contents_of(client)
    whole = event_writing.reindex

    async def interrupted(connection: Any, *arguments: Any) -> None:
        await whole(connection, *arguments)
        process = await connection.fetchval("SELECT pg_backend_pid()")
        superuser = await asyncpg.connect(client.database.superuser_url)
        try:
            await superuser.execute("SELECT pg_terminate_backend($1)", process)
        finally:
            await superuser.close()

    for module in (events, event_writing):
        monkeypatch.setattr(module, "reindex", interrupted)
    answer = await send(client, method, path, body, _revision(target))
    check_problem(answer, "unavailable")
    assert answer.headers["retry-after"]
    assert await contents_of(client) == before
    monkeypatch.undo()
    assert (await send(client, method, path, body, _revision(target))).status_code < 300
    await check_whole(client)


async def test_an_error_among_several_records_leaves_none_of_them(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sources that an event brings along are not left behind without it."""
    before = await contents_of(client)
    body = event_body(citations=[{"source": {"title": str(number)}} for number in range(3)])
    whole = event_writing.save

    async def failing(*arguments: Any) -> Any:
        await whole(*arguments)
        raise RuntimeError("the event cannot be saved")

    monkeypatch.setattr(event_writing, "save", failing)
    check_problem(await send(client, "POST", "/v1/events", body), "internal-error")
    assert await contents_of(client) == before


async def test_time_never_steps_back(client: Client) -> None:
    """Even where the clock does: the head was written by a server whose clock is ahead."""
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        await owner.execute("UPDATE head SET recorded_at = now() + interval '1 hour'")
        ahead = log.wire_time(await owner.fetchval("SELECT recorded_at FROM head"))
    finally:
        await owner.close()
    one, two = await make_event(client), await make_event(client)
    assert one["created_at"] == two["created_at"] == ahead
    await check_whole(client)


async def test_a_write_that_records_nothing_leaves_the_head(client: Client) -> None:
    await make_event(client)
    before = await contents_of(client)
    async with client.store.connection() as connection, log.writing(connection, "nobody"):
        pass
    assert await contents_of(client) == before


async def test_one_write_may_record_many_changes_under_one_time(client: Client) -> None:
    async with client.store.connection() as connection:
        async with log.writing(connection, "somebody") as write:
            for _ in range(3):
                write.take()
                write.record(EntityKind.EVENT, "x", 1, type=None, public_type=ChangeType.CREATE)
        rows = await connection.fetch(query("log", "changes_in_order"), 0, 10)
        head = await connection.fetchrow(query("log", "head"))
    assert [row["sequence"] for row in rows] == [1, 2, 3]
    assert {row["recorded_at"] for row in rows} == {head["recorded_at"]}
    assert (head["sequence"], head["public_sequence"], head["digest"]) == (3, 3, rows[-1]["digest"])


async def test_a_sequence_is_recorded_before_the_next_is_taken(client: Client) -> None:
    """Else the log would have a gap that no reader could tell from a lost change."""

    async def skip(connection: Any) -> None:
        async with log.writing(connection, "somebody") as write:
            write.take()
            write.record(EntityKind.EVENT, "x", 1, type=None, public_type=ChangeType.CREATE)
            write.take()
            write.take()

    async with client.store.connection() as connection:
        with pytest.raises(AssertionError, match="not recorded"):
            await skip(connection)
        assert await connection.fetchval("SELECT sequence FROM head") == 0


async def test_drafts_do_not_move_the_public_head(client: Client) -> None:
    await make_event(client)
    async with client.store.connection() as connection:
        before = await connection.fetchrow(query("log", "head"))
        draft = await make_event(client, state="draft", citations=[{"source": {"title": "Hidden"}}])
        await send_ok(client, "PATCH", f"/v1/events/{draft['id']}", {"title": "New"}, 1)
        after = await connection.fetchrow(query("log", "head"))
        assert after["sequence"] == before["sequence"] + 3
        assert after["public_sequence"] == before["public_sequence"]
        await make(client, "/v1/actors", {"id": "a", "name": "A", "kind": "state"})
        last = await connection.fetchrow(query("log", "head"))
        assert last["public_sequence"] == last["sequence"] == after["sequence"] + 1


async def test_salts_hide_equal_contents(client: Client) -> None:
    """The digests of two equal contents are not equal, so that none can be guessed."""
    await make_event(client)
    async with client.store.connection() as connection:
        rows = await connection.fetch("SELECT salt FROM content")
    assert len({row["salt"] for row in rows}) == len(rows) == 2
    document = {"a": 1}
    assert log.digest_of_content(b"1", document, None) != log.digest_of_content(b"2", document, None)
    assert log.digest_of_content(b"1", document, None) != log.digest_of_content(b"1", document, "why")
