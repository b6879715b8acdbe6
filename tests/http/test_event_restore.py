"""Restoring: what makes no revision, and what cannot be restored."""

from tests.conftest import Client
from tests.writing import (
    FULL,
    check_problem,
    check_whole,
    contents_of,
    delete_content,
    fault_at,
    make,
    make_actors,
    make_event,
    send,
    send_ok,
)


async def test_restoring_what_is_there_writes_nothing(client: Client) -> None:
    await make_actors(client)
    event = await make(client, "/v1/events", FULL)
    path = f"/v1/events/{event['id']}"
    assert await send_ok(client, "POST", path + "/restore", {"revision": 1}, 1) == event
    await send_ok(client, "PATCH", path, {"title": "New"}, 1)
    again = await send_ok(client, "PATCH", path, {"title": event["title"]}, 2)
    before = await contents_of(client)
    for revision in (1, 3):
        body = {"revision": revision, "change": {"reason": "Mistaken."}}
        assert await send_ok(client, "POST", path + "/restore", body, 3) == again
    check_problem(await send(client, "POST", path + "/restore", {"revision": 1}, 2), "revision-mismatch")
    assert await contents_of(client) == before
    # A retracted event has another state than the same content had.
    await send_ok(client, "POST", path + "/retract", {"change": {"reason": "Withdrawn."}}, 3)
    assert (await send_ok(client, "POST", path + "/restore", {"revision": 3}, 4))["revision"] == 5
    await check_whole(client)


async def test_a_revision_whose_content_was_deleted_is_not_restored(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"
    await send_ok(client, "PATCH", path, {"title": "New"}, 1)
    await delete_content(client, event["id"], event["sequence"])
    before = await contents_of(client)
    for revision, words in ((1, "was deleted"), (3, "no revision 3 ")):
        answer = await send(client, "POST", path + "/restore", {"revision": revision}, 2)
        body = check_problem(answer, "invalid-body", places={"/revision"})
        assert words in fault_at(body, "/revision")["detail"]
    assert await contents_of(client) == before
