"""Many writers at once: nothing is lost, and one log comes of it that verifies."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import httpx

from tests.conftest import Client
from tests.writing import SOURCE, check_whole, event_body, if_match, make_actors, make_event, read, send, send_ok

WRITERS = 50


def writer(client: Client) -> Client:
    """Another client of the same application, with connections of its own."""
    transport = client.http._transport
    return client._replace(http=httpx.AsyncClient(transport=transport, base_url="http://test"))


async def at_once(*writes: Coroutine[Any, Any, httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in await asyncio.gather(*writes))


async def test_creations_at_once_lose_nothing(client: Client) -> None:
    """They all bring the same new source, which is created once."""
    bodies = [event_body(title=f"Event {number}", tags=[f"tag {number % 5}"]) for number in range(WRITERS)]
    assert await at_once(*(send(writer(client), "POST", "/v1/events", body) for body in bodies)) == {201: WRITERS}
    page = await read(client, "/v1/events?limit=1000")
    assert {item["title"] for item in page["items"]} == {body["title"] for body in bodies}
    assert len(page["included"]["sources"]) == 1
    await check_whole(client)


async def test_edits_at_once_by_writers_who_read_again_lose_nothing(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"

    async def add(number: int) -> httpx.Response:
        mine = writer(client)
        while True:
            current = (await mine.http.get(path)).json()
            patch = {"tags": [*current["tags"], str(number)]}
            answer = await send(mine, "PATCH", path, patch, current["revision"])
            if answer.status_code != 412:
                return answer

    count = 20
    assert await at_once(*(add(number) for number in range(count))) == {200: count}
    last = await read(client, path)
    assert sorted(last["tags"], key=int) == [str(number) for number in range(count)]
    assert last["revision"] == count + 1
    await check_whole(client)


async def test_of_edits_with_the_same_if_match_one_wins(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"
    answers = await asyncio.gather(
        *(send(writer(client), "PATCH", path, {"title": f"Title {number}"}, 1) for number in range(WRITERS))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: WRITERS - 1}
    assert {answer.json()["current_revision"] for answer in answers if answer.status_code == 412} == {2}
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert await read(client, path) == won
    await check_whole(client)


async def test_of_all_kinds_of_writes_to_a_draft_one_wins(client: Client) -> None:
    await make_actors(client)
    for _ in range(5):
        draft = await make_event(client, state="draft")
        path = f"/v1/events/{draft['id']}"
        await send_ok(client, "PATCH", path, {"title": "Other"}, 1)
        answers = await at_once(
            send(writer(client), "DELETE", path, None, 2),
            send(writer(client), "PATCH", path, {"state": "published"}, 2),
            send(writer(client), "PUT", path, event_body(title="New"), 2),
            send(writer(client), "POST", path + "/restore", {"revision": 1}, 2),
        )
        won = answers[200] + answers[204]
        assert won == 1
        assert answers[412] + answers[404] == 3
    await check_whole(client)


async def test_of_actors_sources_and_events_with_one_id_one_is_created(client: Client) -> None:
    actor = {"id": "one", "name": "One", "kind": "state"}
    for path, body in (
        ("/v1/actors", actor),
        ("/v1/sources", {"title": "One"}),
        ("/v1/sources", {"title": "Two", "id": "0199c3a4-0000-7000-8000-000000000001"}),
        ("/v1/events", event_body(id="0199c3a4-0000-7000-8000-000000000001")),
    ):
        count = 20
        assert await at_once(*(send(writer(client), "POST", path, body) for _ in range(count))) == {
            201: 1,
            409: count - 1,
        }
    await check_whole(client)


async def test_actors_at_once_never_shadow_each_other(client: Client) -> None:
    """Of an id and a name that equals it, only one comes in."""
    for number in range(5):
        answers = await at_once(
            send(writer(client), "POST", "/v1/actors", {"id": f"a{number}", "name": "A", "kind": "state"}),
            send(writer(client), "POST", "/v1/actors", {"id": f"b{number}", "name": f"A{number}", "kind": "state"}),
        )
        assert answers == {201: 1, 400: 1}
    await check_whole(client)


async def test_drafts_that_share_a_hidden_source_are_published_at_once(client: Client) -> None:
    await make_actors(client)
    source = {**SOURCE, "publisher": "the-paper"}
    drafts = [await make_event(client, state="draft", citations=[{"source": source}]) for _ in range(10)]
    answers = await at_once(
        *(send(writer(client), "PATCH", f"/v1/events/{draft['id']}", {"state": "published"}, 1) for draft in drafts)
    )
    assert answers == {200: 10}
    async with client.store.connection() as connection:
        exposures = await connection.fetchval("SELECT count(*) FROM change WHERE type IS NULL")
    assert exposures == 1
    await check_whole(client)


async def test_a_draft_is_not_discarded_while_another_comes_to_name_it(client: Client) -> None:
    for _ in range(5):
        draft = await make_event(client, state="draft")
        naming = event_body(state="draft", relations=[{"type": "follows", "event_id": draft["id"]}])
        discarded, named = await asyncio.gather(
            send(writer(client), "DELETE", f"/v1/events/{draft['id']}", None, 1),
            send(writer(client), "POST", "/v1/events", naming),
        )
        assert (discarded.status_code, named.status_code) in {(204, 400), (409, 201)}
    await check_whole(client)


async def test_writers_of_everything_at_once(client: Client) -> None:
    """Creations, edits, renames and reads crossing each other; each either succeeds or is told why not."""
    await make_actors(client)
    events = [await make_event(client, actors=[{"id": "russia"}]) for _ in range(3)]

    async def work(number: int) -> None:
        mine = writer(client)
        path = f"/v1/events/{events[number % 3]['id']}"
        answer = await send(
            mine, "POST", "/v1/events", event_body(citations=[{"source": {"title": f"S {number % 4}"}}])
        )
        assert answer.status_code == 201
        for _ in range(3):
            current = (await mine.http.get(path)).json()
            headers = if_match(client, current["revision"])
            answer = await mine.http.patch(path, json={"date": f"20{number:02}"}, headers=headers)
            assert answer.status_code in (200, 412)
        actor = (await mine.http.get("/v1/actors/russia")).json()
        answer = await send(mine, "PATCH", "/v1/actors/russia", {"name": f"Russia {number}"}, actor["revision"])
        assert answer.status_code in (200, 412)
        page = (await mine.http.get("/v1/events?actor=russia")).json()
        assert {item["id"] for item in page["items"]} == {event["id"] for event in events}

    await asyncio.gather(*(work(number) for number in range(WRITERS)))
    assert len((await read(client, "/v1/events?limit=1000"))["items"]) == WRITERS + 3
    await check_whole(client)
