"""Drafts never leak to a reader without edit: gaps in sequences are their one trace."""

import json
from typing import Any

import pytest

from tests.conftest import Client
from tests.writing import (
    ACTORS,
    NOBODY,
    SOURCE,
    check_problem,
    check_whole,
    make,
    make_actors,
    make_event,
    new_token,
    read,
    send,
    send_ok,
)

SECRET_SOURCE = {
    "id": "0199c3a4-0000-7000-8000-00000000aaaa",
    "title": "Secret source",
    "url": "https://secret.example/",
    "publisher": "the-gazette",
}
SECRETS = ("Secret", "secret", "0199c3a4-0000-7000-8000-00000000")


async def make_draft(client: Client, **members: Any) -> dict[str, Any]:
    return await make_event(
        client,
        **{
            "id": "0199c3a4-0000-7000-8000-00000000bbbb",
            "title": "Secret draft",
            "kind": "secret-kind",
            "state": "draft",
            "tags": ["secret tag"],
            "actors": [{"id": "russia", "role": "secret-role"}],
            "citations": [{"source": SECRET_SOURCE}],
            "assessment": {"confidence": "high"},
            **members,
        },
    )


FILTERS = [
    *("", "actor=russia", "actor_all=russia", "actor_role=secret-role", "actor=russia&actor_role=secret-role"),
    *("kind=secret-kind", "kind=treaty&kind=secret-kind", "tag=secret+tag", "occurrence=occurred"),
    *("min_confidence=low", "date_from=2024", "date_to=2025&date_match=within", "date_match=starts", "sort=-date"),
    *("limit=1", "state=published", "state=retracted", "state=published&state=retracted"),
]


async def answers_of(client: Client, headers: dict[str, str]) -> dict[str, tuple[int, str | None, str]]:
    """Everything that a reader is given, entity tags and cursors included."""
    paths = [f"/v1/events?{query}" for query in FILTERS] + ["/v1/actors", "/v1/sources", "/v1/sources?limit=1"]
    paths += ["/v1/changes", "/v1/changes?limit=2", "/v1/changes?after=3", "/v1/changes/head"]
    found = {}
    for path in paths:
        answer = await client.http.get(path, headers=headers)
        found[path] = (answer.status_code, answer.headers.get("etag"), answer.text)
    return found


@pytest.mark.parametrize("scopes", [None, ["read"]])
async def test_a_draft_changes_nothing_that_a_reader_is_given(client: Client, scopes: list[str] | None) -> None:
    await make_actors(client)
    event = await make_event(client, actors=[{"id": "russia"}])
    headers = {} if scopes is None else await new_token(client, "reader", *scopes)
    before = await answers_of(client, headers)
    draft = await make_draft(client)
    path = f"/v1/events/{draft['id']}"
    other = await make_draft(
        client, id="0199c3a4-0000-7000-8000-00000000cccc", relations=[{"type": "follows", "event_id": draft["id"]}]
    )
    await send_ok(client, "PATCH", path, {"title": "Secret draft still", "date": "2024-07"}, 1)
    await send_ok(client, "PATCH", f"/v1/sources/{SECRET_SOURCE['id']}", {"title": "Secret again"}, 1)
    await send_ok(client, "POST", path + "/restore", {"revision": 1}, 2)
    assert await answers_of(client, headers) == before
    for found in (path, f"/v1/events/{other['id']}", f"/v1/sources/{SECRET_SOURCE['id']}"):
        answer = await client.http.get(found, headers=headers)
        nothing = await client.http.get(found.rpartition("/")[0] + "/" + NOBODY, headers=headers)
        same = {"request_id": None}
        assert {**answer.json(), **same} == {**nothing.json(), **same}
        assert (answer.status_code, set(answer.headers)) == (404, set(nothing.headers))
        tags = {**headers, "If-None-Match": '"1-x", *'}
        check_problem(await client.http.get(found, headers=tags), "not-found")
        check_problem(await client.http.get(found, headers={**headers, "If-None-Match": "*"}), "not-found")
    assert (await send(client, "DELETE", f"/v1/events/{other['id']}", None, 1)).status_code == 204
    assert (await send(client, "DELETE", path, None, 3)).status_code == 204
    assert await answers_of(client, headers) == before
    # Cursors of a page that ends beside it say nothing of it, nor does the next event.
    later = await make_event(client, date="2024-08")
    text = json.dumps([list((await answers_of(client, headers)).values()), event, later])
    assert not any(secret in text for secret in SECRETS)
    await check_whole(client)


@pytest.mark.parametrize("query", ["state=draft", "state=published&state=draft", "state=draft&kind=nothing"])
async def test_drafts_are_not_asked_for_without_edit(client: Client, query: str) -> None:
    """Whether there are any or not."""
    reader = await new_token(client, "reader", "read")
    for _ in range(2):
        check_problem(await client.http.get(f"/v1/events?{query}"), "forbidden")
        check_problem(await client.http.get(f"/v1/events?{query}", headers=reader), "forbidden")
        assert (await client.http.get(f"/v1/events?{query}", headers=client.edit)).status_code == 200
        await make_event(client, state="draft")


async def test_editors_see_drafts_where_they_ask_for_them(client: Client) -> None:
    await make_actors(client)
    draft = await make_draft(client)
    assert (await read(client, "/v1/events", edit=True))["items"] == []
    listed = await read(client, "/v1/events?state=draft&actor=russia", edit=True)
    assert [item["id"] for item in listed["items"]] == [draft["id"]]
    assert set(listed["included"]["sources"]) == {SECRET_SOURCE["id"]}
    assert set(listed["included"]["actors"]) == {"russia", "the-gazette"}
    sources = await read(client, "/v1/sources", edit=True)
    assert [item["id"] for item in sources["items"]] == [SECRET_SOURCE["id"]]


async def test_publishing_tells_first_of_what_it_exposes(client: Client) -> None:
    await make_actors(client)
    draft = await make_draft(client)
    hidden = draft["citations"][0]["source"]
    path = f"/v1/events/{draft['id']}"
    assert draft["published_at"] is None
    await send_ok(client, "PATCH", f"/v1/sources/{hidden}", {"title": "Corrected"}, 1)
    published = await send_ok(client, "PATCH", path, {"state": "published"}, 1)
    assert (published["state"], published["revision"]) == ("published", 2)
    assert published["published_at"] == published["updated_at"] > published["created_at"]
    assert await read(client, path) == published
    assert (await read(client, f"/v1/sources/{hidden}"))["title"] == "Corrected"
    assert [item["id"] for item in (await read(client, "/v1/sources"))["items"]] == [hidden]
    async with client.store.connection() as connection:
        rows = await connection.fetch(
            "SELECT entity, revision, type, public_type, content.document FROM change"
            " LEFT JOIN content USING (entity_id, sequence) WHERE entity <> 'actor' ORDER BY sequence"
        )
    assert [tuple(row)[:4] for row in rows] == [
        ("source", 1, "create", None),
        ("event", 1, "create", None),
        ("source", 2, "update", None),
        ("source", 2, None, "create"),
        ("event", 2, "update", "create"),
    ]
    assert rows[3]["document"] == rows[2]["document"]
    # Once is enough, and what was published is never a draft again.
    await make_event(client, citations=[{"source": hidden}])
    body = {"state": "draft"}
    check_problem(await send(client, "PATCH", path, body, 2), "invalid-body", places={"/state"})
    check_problem(await send(client, "DELETE", path, None, 2), "conflict")
    restored = await send_ok(client, "POST", path + "/restore", {"revision": 1}, 2)
    assert restored["state"] == "published", "the content of a draft, published"
    await check_whole(client)


@pytest.mark.parametrize("by_id", [True, False])
async def test_another_published_event_exposes_a_hidden_source_too(client: Client, by_id: bool) -> None:
    await make_actors(client)
    draft = await make_draft(client)
    hidden = draft["citations"][0]["source"]
    check_problem(await client.http.get(f"/v1/sources/{hidden}"), "not-found")
    await make_event(client, citations=[{"source": hidden if by_id else {**SECRET_SOURCE, "id": None}}])
    assert (await read(client, f"/v1/sources/{hidden}"))["id"] == hidden
    check_problem(await client.http.get(f"/v1/events/{draft['id']}"), "not-found")
    await check_whole(client)


async def test_a_published_event_points_to_no_draft(client: Client) -> None:
    draft = await make_event(client, state="draft")
    relations = [{"type": "follows", "event_id": draft["id"]}]
    event = await make_event(client, state="draft", relations=relations)
    answer = await send(client, "PATCH", f"/v1/events/{event['id']}", {"state": "published"}, 1)
    check_problem(answer, "invalid-body", places={"/relations/0/event_id"})
    published = await make_event(client)
    answer = await send(client, "PATCH", f"/v1/events/{published['id']}", {"relations": relations}, 1)
    check_problem(answer, "invalid-body", places={"/relations/0/event_id"})
    await send_ok(client, "PATCH", f"/v1/events/{draft['id']}", {"state": "published"}, 1)
    await send_ok(client, "PATCH", f"/v1/events/{event['id']}", {"state": "published"}, 1)
    await check_whole(client)


async def test_a_draft_needs_little(client: Client) -> None:
    body = {"title": "T", "kind": "talks", "date": "2024", "state": "draft"}
    draft = await make(client, "/v1/events", body)
    path = f"/v1/events/{draft['id']}"
    answer = await send(client, "PATCH", path, {"state": "published"}, 1)
    check_problem(answer, "invalid-body", places={"/citations"})
    published = await send_ok(client, "PATCH", path, {"state": "published", "citations": [{"source": SOURCE}]}, 1)
    assert published["evidence"]["supporting"] == 1
    await check_whole(client)


async def test_names_are_suggested_from_what_the_reader_may_see(client: Client) -> None:
    """Actors that were created by themselves are in sight; a source that only a draft mentions is not."""
    await make_actors(client)
    await make_draft(client)
    body = check_problem(await client.http.get("/v1/events?actor=secret"), "invalid-parameters")
    assert not any(secret in json.dumps(body["errors"]).replace("'secret'", "") for secret in SECRETS)
    assert {item["id"] for item in (await read(client, "/v1/actors"))["items"]} == {actor["id"] for actor in ACTORS}


async def test_readers_cannot_find_out_by_writing(client: Client) -> None:
    """Whoever may not write is told so before anything is looked up."""
    draft = await make_event(client, state="draft")
    reader = await new_token(client, "reader", "read")
    for event_id in (draft["id"], NOBODY):
        for method, suffix in (("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/retract"), ("POST", "/restore")):
            path = f"/v1/events/{event_id}{suffix}"
            check_problem(await client.http.request(method, path, json={}, headers=reader), "forbidden")
            check_problem(await client.http.request(method, path, json={}), "token-required")
