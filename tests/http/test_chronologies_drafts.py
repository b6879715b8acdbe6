"""Drafts of chronologies, and drafts that chronologies pick, never leak to a reader without edit."""

import json
from typing import Any

import pytest

from tests.conftest import Client
from tests.http.test_chronologies import ONE, PATH, ids, make_chronology
from tests.writing import (
    all_at_once,
    check_problem,
    check_whole,
    if_match,
    make,
    make_actors,
    make_event,
    new_token,
    send,
    send_ok,
)

SECRET = {"id": "0199c3a4-0000-7000-8000-00000000aaaa", "title": "Secret source", "url": "https://secret.example/"}


async def answers_of(client: Client, headers: dict[str, str]) -> dict[str, Any]:
    """Everything of chronologies and what they bring that a reader is given."""
    found = {}
    for path in (
        *(PATH, f"{PATH}?limit=1", ONE, f"{ONE}/events", f"{ONE}/events?count=exact&sort=-date", f"{ONE}/releases"),
        *(f"{ONE}/events?format={format}" for format in ("csv", "atom", "html", "timelinejs")),
        *(f"{ONE}/releases/1", f"{ONE}/releases/1?format=csv", f"{PATH}/open/events?format=ndjson"),
        *("/v1/actors", "/v1/sources", "/v1/events?count=exact", f"{PATH}/open/events?count=exact", f"{PATH}/open"),
    ):
        for method in ("GET", "HEAD"):
            for tags in ({}, {"If-None-Match": '*, "1-x"'}):
                answer = await client.http.request(method, path, headers={**headers, **tags})
                told = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "date")}
                text = answer.text
                if answer.status_code >= 400 and text:
                    text = json.dumps({**answer.json(), "request_id": None})
                found[f"{method} {path} {tags}"] = (answer.status_code, told, text)
    return found


@pytest.mark.parametrize("scopes", [None, ["read"]])
async def test_a_draft_changes_nothing_that_a_reader_is_given(client: Client, scopes: list[str] | None) -> None:
    await make_actors(client)
    hidden = {"title": "D", "kind": "talks", "date": "2024", "state": "draft", "citations": [{"source": SECRET}]}
    secret = (await make(client, "/v1/events", hidden))["id"]
    event = (await make_event(client))["id"]
    await make_chronology(client, slug="open", items=[{"event_id": event, "note": "Seen."}])
    headers = {} if scopes is None else await new_token(client, "reader", *scopes)
    before = await answers_of(client, headers)
    assert before[f"GET {ONE} {{}}"][0] == 404
    draft = await make_chronology(
        client,
        state="draft",
        title="Secret",
        items=[{"event_id": secret, "note": "Secret"}, {"event_id": event}],
        filter={"state": ["draft", "published"], "source": [SECRET["id"]]},
    )
    assert await answers_of(client, headers) == before
    await send_ok(client, "PATCH", ONE, {"title": "Secret still"}, 1)
    assert await answers_of(client, headers) == before
    assert await ids(client, "?state=draft&state=published", edit=True) == [secret, event]
    assert await ids(client, edit=True) == [event]
    check_problem(await send(client, "POST", f"{ONE}/releases", {}), "conflict")
    assert await answers_of(client, headers) == before
    answer = await send(client, "PATCH", ONE, {"state": "published"}, 2)
    check_problem(answer, "invalid-body", places={"/items/0/event_id", "/filter/state/0"})
    assert (await send(client, "DELETE", ONE, None, 2)).status_code == 204
    assert await answers_of(client, headers) == before
    assert draft["revision"] == 1
    await check_whole(client)


async def test_publishing_brings_into_sight_what_the_filter_names(client: Client) -> None:
    await make_actors(client)
    member = {"id": "hidden", "name": "Hidden", "kind": "state"}
    row = {
        "title": "D", "kind": "talks", "date": "2024", "state": "draft",
        "actors": [{"id": "hidden"}], "citations": [{"source": SECRET}], "new_actors": [member],
    }  # fmt: skip
    answer = await client.http.post("/v1/events/batch", json=[row], headers=client.edit)
    assert answer.json()["created"] == 1, answer.text
    await make_chronology(client, state="draft", filter={"actor": ["Hidden"], "source": [SECRET["id"]]})
    for path in ("/v1/actors/hidden", f"/v1/sources/{SECRET['id']}", ONE):
        check_problem(await client.http.get(path), "not-found")
    await send_ok(client, "PATCH", ONE, {"state": "published"}, 1)
    for path in ("/v1/actors/hidden", f"/v1/sources/{SECRET['id']}", ONE):
        assert (await client.http.get(path)).status_code == 200
    assert await ids(client) == []
    async with client.store.connection() as connection:
        rows = await connection.fetch(
            "SELECT entity, revision, type, public_type FROM change WHERE public_type IS NOT NULL"
            " ORDER BY sequence DESC LIMIT 3"
        )
    assert [tuple(row) for row in rows[::-1]] == [
        ("actor", 1, None, "create"),
        ("source", 1, None, "create"),
        ("chronology", 2, "update", "create"),
    ]
    await check_whole(client)


async def test_a_picked_draft_may_vanish_from_a_draft(client: Client) -> None:
    event = (await make_event(client, state="draft"))["id"]
    await make_chronology(client, state="draft", items=[{"event_id": event}], filter=None)
    assert (await send(client, "DELETE", f"/v1/events/{event}", None, 1)).status_code == 204
    assert await ids(client, "?state=draft", edit=True) == []
    answer = await send(client, "PATCH", ONE, {"title": "Other"}, 1)
    check_problem(answer, "invalid-body", places={"/items/0/event_id"})
    answer = await client.http.delete(ONE, headers=if_match(client, 1))
    assert answer.status_code == 204
    await check_whole(client)


async def test_a_pick_is_not_published_while_it_is_discarded(client: Client) -> None:
    """The event stays a draft, so that whatever comes first the chronology cannot be published with it."""
    event = (await make_event(client, state="draft"))["id"]
    await make_chronology(client, state="draft", items=[{"event_id": event}])
    published, discarded = await all_at_once(
        send(client, "PATCH", ONE, {"state": "published"}, 1), send(client, "DELETE", f"/v1/events/{event}", None, 1)
    )
    check_problem(published, "invalid-body", places={"/items/0/event_id"})
    assert discarded.status_code == 204
    await check_whole(client)
