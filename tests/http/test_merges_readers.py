"""Merges as readers meet them: wholly or not at all, and nothing of those whom only drafts mention."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.export import walk
from tests.conftest import Client
from tests.writing import check_problem, check_whole, event_body, make, make_actors, make_event, read, send, send_ok

_ROUNDS = 4
_READERS = 2


async def _state(client: Client, path: str) -> Any:
    """What an answer says, but for where in the log it was read and how often an actor has been written."""
    answer = await client.http.get(path, headers=client.edit)
    if answer.status_code == 308:
        return (308, answer.headers["location"])
    assert answer.status_code == 200, answer.text
    if path.startswith("/v1/actors"):
        body = answer.json()
        people = body.get("items", [body])
        return [{**actor, "revision": None, "sequence": None, "updated_at": None} for actor in people]
    return answer.json()["features"] if path.endswith("geojson") else answer.text


async def _paths(client: Client) -> list[str]:
    """Events of both actors, by either of two publishers, and all the ways to ask for them."""
    followed: list[dict[str, Any]] = []
    events = []
    for number in range(4):
        for actor, publisher in (("south-korea", "the-gazette"), ("north-korea", "the-paper")):
            citation = {
                "source": {"title": f"Source {number} of {publisher}", "publisher": publisher},
                "attribution": [actor],
                "figures": [{"measure": "troops", "value": 1}],
            }
            event = await make_event(client, actors=[{"id": actor}], citations=[citation], relations=followed)
            followed = [{"type": "follows", "event_id": event["id"]}]
            events.append(event["id"])
    body = {"slug": "korea", "title": "Korea", "filter": {"actor": ["north-korea"]}}
    await make(client, "/v1/chronologies", body)
    asked = ("actor=north-korea", "actor=ROK", "actor_all=DPRK&actor_all=ROK", "min_reliability=B")
    lists = [f"/v1/events?{one}" for one in (*asked, "publisher=the-paper", "publisher=The%20Gazette")]
    return [
        *("/v1/actors", "/v1/actors/south-korea", "/v1/chronologies/korea/events"),
        *(f"/v1/events/{events[0]}", f"/v1/events/{events[0]}/figures", f"/v1/events/{events[1]}/related?depth=5"),
        *(f"{one}{more}" for one in lists for more in ("&count=exact&limit=5", "&format=csv", "&format=geojson")),
        "/v1/chronologies/korea/events?format=csv",
    ]


async def _turn(client: Client, step: str, revision: int) -> AsyncIterator[None]:
    """Merge two actors or unmerge them, each by a change of its own; stops after each."""
    for actor, into in (("south-korea", "north-korea"), ("the-gazette", "the-paper")):
        body = {"into": into} if step == "merge" else {}
        await send_ok(client, "POST", f"/v1/actors/{actor}/{step}", body, revision)
        yield


async def test_no_answer_shows_a_mixture(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """While actors are merged and unmerged again and again, each answer is from before or from after a change."""
    monkeypatch.setattr(walk, "PART_ROWS", 2)
    await make_actors(client)
    paths = await _paths(client)
    known = {path: [await _state(client, path)] for path in paths}
    for revision, step in enumerate(("merge", "unmerge"), 1):
        async for _ in _turn(client, step, revision):
            for path in paths:
                known[path].append(await _state(client, path))
    for path, states in known.items():
        assert states[0] == states[4] != states[2], path

    async def turn(step: str, revision: int) -> None:
        async for _ in _turn(client, step, revision):
            pass

    read_by = [path for path in paths for _ in range(_READERS)]
    for number in range(_ROUNDS):
        step = "unmerge" if number % 2 else "merge"
        _, *meanwhile = await asyncio.gather(turn(step, number + 3), *(_state(client, path) for path in read_by))
        for path, state in zip(read_by, meanwhile, strict=True):
            assert state in known[path], path
        for path in paths:
            assert await _state(client, path) == known[path][0 if number % 2 else 2], path
    await check_whole(client)


async def _answers(client: Client, names: list[str]) -> dict[str, tuple[int, str | None, Any]]:
    """All that a reader without edit is given, tags included, but for ids of requests."""
    paths = [f"/v1/events?{filter}={name}" for name in names for filter in ("actor", "actor_all", "publisher")]
    paths += [f"/v1/actors/{name}" for name in names]
    paths += [f"/v1/events?actor={name}x" for name in names]
    paths += ["/v1/events", "/v1/events?min_reliability=E", "/v1/actors", "/v1/sources", "/v1/events?format=ndjson"]
    return {path: _said(await client.http.get(path)) for path in paths}


def _said(answer: httpx.Response) -> tuple[int, str | None, Any]:
    body = answer.text
    if answer.headers["content-type"].startswith("application/problem+json"):
        body = answer.json() | {"request_id": None}
    return (answer.status_code, answer.headers.get("etag"), body)


async def test_readers_learn_nothing_of_merges_of_whom_only_drafts_mention(client: Client) -> None:
    await make_actors(client)
    await make_event(
        client, actors=[{"id": "russia"}], citations=[{"source": {"title": "A", "publisher": "the-paper"}}]
    )
    hidden = [
        {"id": "hidden-one", "name": "Hidden One", "kind": "person"},
        {"id": "hidden-two", "name": "Hidden Two", "kind": "person"},
        {"id": "hidden-three", "name": "Hidden Three", "kind": "publisher", "reliability": "A"},
    ]
    names = [actor["id"] for actor in hidden]
    draft = event_body(state="draft", actors=[{"id": name} for name in names], new_actors=hidden)
    made = (await send(client, "POST", "/v1/events/batch", [draft])).json()["results"][0]
    before = await _answers(client, names)
    await send_ok(client, "POST", "/v1/actors/hidden-one/merge", {"into": "Hidden Two"}, 1)
    await send_ok(client, "POST", "/v1/actors/hidden-three/merge", {"into": "the-paper"}, 1)
    assert await _answers(client, names) == before
    assert (await client.http.get("/v1/actors/hidden-one", headers=client.edit)).status_code == 308
    assert len((await read(client, "/v1/events?state=draft&actor=hidden-two", edit=True))["items"]) == 1
    await send_ok(client, "POST", "/v1/actors/hidden-three/unmerge", {}, 2)
    await send_ok(client, "POST", "/v1/actors/hidden-one/unmerge", {}, 2)
    assert await _answers(client, names) == before
    await send_ok(client, "POST", "/v1/actors/hidden-one/merge", {"into": "hidden-two"}, 3)
    await send_ok(client, "PATCH", f"/v1/events/{made['id']}", {"actors": [{"id": "hidden-one"}]}, 1)
    await send_ok(client, "PATCH", f"/v1/events/{made['id']}", {"state": "published"}, 2)
    # Now that one of them is in sight, so is the one that stands for it, from the same change on or an earlier one.
    assert (await client.http.get("/v1/actors/hidden-one")).headers["location"] == "/v1/actors/hidden-two"
    assert (await read(client, "/v1/actors/hidden-two"))["name"] == "Hidden Two"
    async with client.store.connection() as connection:
        rows = await connection.fetch(
            "SELECT sequence, entity_id FROM change WHERE type IS NULL AND entity = 'actor' ORDER BY sequence"
        )
    assert [row["entity_id"] for row in rows] == ["hidden-two", "hidden-one"]
    for row in rows:
        answer = await client.http.get(f"/v1/actors/hidden-one?as_of={row['sequence']}")
        if answer.status_code == 308:
            assert (await client.http.get(answer.headers["location"])).status_code == 200
    assert answer.status_code == 308
    check_problem(await client.http.get("/v1/actors/hidden-three"), "not-found")
    await check_whole(client)


async def test_merging_into_a_hidden_actor_brings_it_into_sight(client: Client) -> None:
    await make_actors(client)
    hidden = [{"id": "hidden", "name": "Hidden", "kind": "state", "part_of": [{"actor": "other"}]}]
    other = [{"id": "other", "name": "Other", "kind": "state"}]
    await send(client, "POST", "/v1/events/batch", [event_body(state="draft", new_actors=other + hidden)])
    event = await make_event(client, actors=[{"id": "russia"}])
    for name in ("hidden", "other"):
        check_problem(await client.http.get(f"/v1/actors/{name}"), "not-found")
    await send_ok(client, "POST", "/v1/actors/russia/merge", {"into": "hidden"}, 1)
    for name in ("hidden", "other"):
        assert (await read(client, f"/v1/actors/{name}"))["id"] == name
    assert [found["id"] for found in (await read(client, "/v1/events?actor=hidden"))["items"]] == [event["id"]]
    async with client.store.connection() as connection:
        rows = await connection.fetch("SELECT entity_id, public_type FROM change ORDER BY sequence DESC LIMIT 3")
    assert [tuple(row) for row in rows] == [("russia", "merge"), ("other", "create"), ("hidden", "create")]
    await check_whole(client)
