"""Sources: known by what they are, edited in the open."""

from typing import Any

import pytest

from api.store import events
from tests.conftest import Client
from tests.writing import (
    FULL,
    NOBODY,
    SOURCE,
    check_problem,
    check_whole,
    event_body,
    fault_at,
    make,
    make_actors,
    make_event,
    read,
    send,
    send_ok,
)

WHOLE = {**FULL["citations"][0]["source"], "url": "https://news.example/whole", "reliability": "A"}


async def test_a_minimal_source_gets_every_member(client: Client) -> None:
    answer = await client.http.post("/v1/sources", json={"title": "T"}, headers=client.edit)
    source = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/sources/{source['id']}"
    assert source == {
        "id": source["id"],
        "title": "T",
        "authors": [],
        "revision": 1,
        "sequence": 1,
        "created_at": source["created_at"],
        "updated_at": source["created_at"],
        "included": {"actors": {}, "sources": {}},
        **dict.fromkeys(
            ("url", "publisher", "published", "published_basis", "accessed_at", "archive_url", "content_sha256")
        ),
        **dict.fromkeys(("language", "kind", "reliability")),
    }
    got = await client.http.get(f"/v1/sources/{source['id']}")
    assert got.content == answer.content
    await check_whole(client)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_get_gave_can_be_put_back_and_changes_nothing(client: Client, method: str) -> None:
    await make_actors(client)
    made = await make(client, "/v1/sources", WHOLE)
    assert {name: made[name] for name in WHOLE} == WHOLE
    assert set(made["included"]["actors"]) == {"the-paper"}
    got = await client.http.get(f"/v1/sources/{made['id']}")
    back = await send(client, method, f"/v1/sources/{made['id']}", got.json(), 1)
    assert (back.status_code, back.content, back.headers["etag"]) == (200, got.content, got.headers["etag"])
    await check_whole(client)


@pytest.mark.parametrize(
    "twin",
    [
        {"title": "Another title", "url": SOURCE["url"]},
        {"title": "T", "url": "https://NEWS.EXAMPLE/report#section"},
        {"title": "printed", "publisher": "The Paper", "published": "2024-06"},
    ],
)
async def test_a_source_is_stored_once(client: Client, twin: dict[str, Any]) -> None:
    await make_actors(client)
    first = await make(client, "/v1/sources", SOURCE)
    second = await make(
        client, "/v1/sources", {"title": "Printed", "publisher": "the-paper", "published": "2024-06", "id": NOBODY}
    )
    body = check_problem(await send(client, "POST", "/v1/sources", twin), "conflict")
    stored = first if "url" in twin else second
    assert stored["id"] in body["detail"]
    assert fault_at(body, "")["suggestion"] == f"use {stored['id']}"
    third = await make(client, "/v1/sources", {"title": "Third"})
    path = f"/v1/sources/{third['id']}"
    check_problem(await send(client, "PUT", path, twin, 1), "conflict")
    check_problem(await send(client, "POST", "/v1/sources", {"title": "Fourth", "id": NOBODY}), "conflict")
    await check_whole(client)


async def test_edits(client: Client) -> None:
    await make_actors(client)
    source = await make(client, "/v1/sources", WHOLE)
    path = f"/v1/sources/{source['id']}"
    event = await make_event(client, citations=[{"source": source["id"]}])
    assert event["included"]["sources"][source["id"]]["reliability"] == "A"
    patch = {"title": "New title", "reliability": None, "publisher": "The Gazette", "url": None}
    changed = await send_ok(client, "PATCH", path, patch, 1)
    assert (changed["title"], changed["publisher"], changed["revision"]) == ("New title", "the-gazette", 2)
    assert set(changed["included"]["actors"]) == {"the-gazette"}
    # It shows beside the event, which is what it was.
    after = await read(client, f"/v1/events/{event['id']}")
    assert after["included"]["sources"][source["id"]] == {
        "title": "New title",
        "publisher": "the-gazette",
        "url": None,
        "published": WHOLE["published"],
        "reliability": None,
    }
    assert (after["revision"], after["evidence"]) == (1, event["evidence"])
    # It is now found by what it has become, and its former address is free.
    found = {"title": "new  TITLE", "publisher": "the-gazette", "published": WHOLE["published"]}
    assert (await make_event(client, citations=[{"source": found}]))["citations"][0]["source"] == source["id"]
    await make(client, "/v1/sources", {"title": "Other", "url": WHOLE["url"]})
    check_problem(await send(client, "PATCH", path, {"title": None}, 2), "invalid-body", places={"/title"})
    check_problem(await send(client, "PATCH", path, {"publisher": "Korea"}, 2), "invalid-body", places={"/publisher"})
    check_problem(await send(client, "PATCH", path, {"id": NOBODY}, 2), "read-only-member", places={"/id"})
    check_problem(await send(client, "PATCH", path, {"title": "x"}), "precondition-required")
    check_problem(await send(client, "PATCH", path, {"title": "x"}, 1), "revision-mismatch")
    check_problem(await send(client, "PATCH", f"/v1/sources/{NOBODY}", {"title": "x"}), "not-found")
    await check_whole(client)


async def test_the_list_gives_each_source_once_in_order(client: Client) -> None:
    ids = sorted([(await make(client, "/v1/sources", {"title": str(number)}))["id"] for number in range(5)])
    seen, address = [], "/v1/sources?limit=2"
    while address:
        answer = await client.http.get(address)
        seen += [item["id"] for item in answer.json()["items"]]
        address = answer.links["next"]["url"] if answer.json()["next"] else ""
    assert seen == ids


async def test_origins_are_counted_by_the_publisher_at_the_time_of_writing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by who it was when the body was looked at: in the order of the log the event comes after."""
    await make_actors(client)
    one = await make(client, "/v1/sources", {"title": "One", "publisher": "the-paper"})
    two = await make(client, "/v1/sources", {"title": "Two", "publisher": "the-gazette"})
    whole = events.prepare

    async def interrupted(*arguments: Any) -> Any:
        prepared = await whole(*arguments)
        await send_ok(client, "PATCH", f"/v1/sources/{two['id']}", {"publisher": "the-paper"}, 1)
        return prepared

    monkeypatch.setattr(events, "prepare", interrupted)
    event = await make_event(client, citations=[{"source": one["id"]}, {"source": two["id"]}])
    assert event["evidence"]["origins"] == 1
    await check_whole(client)


@pytest.mark.parametrize("alike", [True, False])
async def test_a_source_may_come_in_while_an_event_brings_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, alike: bool
) -> None:
    whole = events.prepare
    brought = {"id": NOBODY, "title": "Brought"}

    async def interrupted(*arguments: Any) -> Any:
        prepared = await whole(*arguments)
        await make(client, "/v1/sources", brought if alike else {**brought, "title": "Another"})
        return prepared

    monkeypatch.setattr(events, "prepare", interrupted)
    answer = await send(client, "POST", "/v1/events", event_body(citations=[{"source": brought}]))
    if alike:
        assert answer.status_code == 201
        assert answer.json()["citations"][0]["source"] == NOBODY
    else:
        check_problem(answer, "invalid-body", places={"/citations/0/source/id"})
    await check_whole(client)
