"""``Idempotency-Key``: a request that is sent again is done once and answered as it was the first time."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from api.store.log import Writing
from schema.problem import problem
from tests.conftest import Client, serving
from tests.http.test_batch import PATH as BATCH
from tests.http.test_batch import numbered, post, statuses
from tests.writing import check_problem, check_whole, contents_of, event_body, make_event, new_token, read

ACTOR = {"id": "atlantis", "name": "Atlantis", "kind": "state"}
CREATIONS = [
    ("/v1/events", event_body()),
    ("/v1/actors", ACTOR),
    ("/v1/sources", {"title": "A report"}),
    (BATCH, [event_body(), event_body()]),
    (f"{BATCH}?atomic=false", [event_body(), {}]),
    (f"{BATCH}?dry_run=true", [event_body()]),
]


async def send(client: Client, path: str, body: Any, key: str, **headers: str) -> httpx.Response:
    return await client.http.post(path, json=body, headers={**client.edit, "Idempotency-Key": key, **headers})


def same(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether two answers are the same, but for the id of the request."""
    headers = [{**answer.headers, "x-request-id": ""} for answer in (one, other)]
    return (one.status_code, one.content, headers[0]) == (other.status_code, other.content, headers[1])


@pytest.mark.parametrize(("path", "body"), CREATIONS)
async def test_sent_again_is_done_once(client: Client, path: str, body: Any) -> None:
    first = await send(client, path, body, "a-key")
    assert first.status_code in (200, 201), first.text
    before = await contents_of(client)
    assert same(await send(client, path, body, "a-key"), first)
    assert await contents_of(client) == before
    await check_whole(client)


async def test_retracting_and_restoring_are_done_once(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"
    retraction = {"change": {"reason": "Withdrawn."}}
    first = await send(client, f"{path}/retract", retraction, "one", **{"If-Match": '"1"'})
    assert first.status_code == 200
    assert same(await send(client, f"{path}/retract", retraction, "one", **{"If-Match": '"1"'}), first)
    restored = await send(client, f"{path}/restore", {}, "one", **{"If-Match": '"2"'})
    assert restored.status_code == 200
    assert same(await send(client, f"{path}/restore", {}, "one", **{"If-Match": '"2"'}), restored)
    assert (await read(client, path))["revision"] == 3
    other = await send(client, f"{path}/restore", {}, "one", **{"If-Match": '"3"'})
    check_problem(other, "idempotency-key-reused")
    check_problem(await send(client, f"{path}/restore", {}, "one"), "idempotency-key-reused")


async def test_refusals_are_kept_too(client: Client) -> None:
    first = await send(client, "/v1/actors", {**ACTOR, "part_of": [{"actor": "mu"}]}, "one")
    check_problem(first, "invalid-body")
    assert (await send(client, "/v1/actors", {**ACTOR, "id": "mu", "name": "Mu"}, "two")).status_code == 201
    assert same(await send(client, "/v1/actors", {**ACTOR, "part_of": [{"actor": "mu"}]}, "one"), first)


async def test_another_body_is_refused(client: Client) -> None:
    await send(client, "/v1/events", event_body(), "one")
    check_problem(await send(client, "/v1/events", event_body(title="Other"), "one"), "idempotency-key-reused")
    assert (await post(client, [numbered(0)], key="one", atomic="false")).status_code == 200
    check_problem(await post(client, [numbered(0)], key="one"), "idempotency-key-reused")
    check_problem(await post(client, [numbered(0), numbered(1)], key="one", atomic="false"), "idempotency-key-reused")
    check_problem(await post(client, [numbered(1)], key="one", atomic="false"), "idempotency-key-reused")


async def test_keys_belong_to_a_token_and_a_path(client: Client) -> None:
    first = await send(client, "/v1/events", event_body(), "one")
    other = await new_token(client, "somebody else", "edit")
    second = await send(client, "/v1/events", event_body(), "one", **other)
    assert first.json()["id"] != second.json()["id"]
    assert (await send(client, "/v1/actors", ACTOR, "one")).status_code == 201
    check_problem(await send(client, "/v1/events", event_body(), "one", Authorization="Bearer no"), "token-required")


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "ümlaut", "tab\there"])
async def test_what_a_key_may_not_be(client: Client, key: str) -> None:
    for path in ("/v1/events", BATCH):
        headers = [("Authorization", client.edit["Authorization"]), ("Idempotency-Key", key.encode())]
        answer = await client.http.post(path, json=event_body(), headers=headers)
        if path == "/v1/events":
            check_problem(answer, "invalid-parameters", places={"Idempotency-Key"})
    twice = [*client.edit.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = await client.http.post("/v1/actors", json=ACTOR, headers=twice)
    check_problem(answer, "invalid-parameters", places={"Idempotency-Key"})


@pytest.mark.parametrize(("path", "body"), CREATIONS)
async def test_in_flight(client: Client, monkeypatch: pytest.MonkeyPatch, path: str, body: Any) -> None:
    """The second request comes while the first has the head; it is told so at once, in whatever process."""
    entered, go_on = asyncio.Event(), asyncio.Event()
    whole = Writing.append

    async def waiting(write: Writing) -> None:
        entered.set()
        await go_on.wait()
        await whole(write)

    monkeypatch.setattr(Writing, "append", waiting)
    first = asyncio.create_task(send(client, path, body, "one"))
    await entered.wait()
    async with serving(client.database) as other:
        answer = await send(other, path, body, "one", **client.edit)
        check_problem(answer, "request-in-flight")
        assert answer.headers["retry-after"] == "1"
    go_on.set()
    done = await first
    assert done.status_code in (200, 201)
    assert same(await send(client, path, body, "one"), done)


@pytest.mark.parametrize(("path", "body"), CREATIONS)
@pytest.mark.parametrize(
    "failure", [RuntimeError("broken"), problem("unavailable", "Gone."), asyncpg.DeadlockDetectedError()]
)
async def test_failures_of_ours_are_not_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str, body: Any, failure: Exception
) -> None:
    before = await contents_of(client)

    async def failing(write: Writing) -> None:
        raise failure

    monkeypatch.setattr(Writing, "append", failing)
    assert (await send(client, path, body, "one")).status_code >= 500
    monkeypatch.undo()
    assert await contents_of(client) == before
    assert (await send(client, path, body, "one")).status_code in (200, 201)
    await check_whole(client)


async def test_an_answer_that_cannot_be_kept_is_not_written(client: Client) -> None:
    """The write and its answer are one transaction."""
    before = await contents_of(client)
    owner = await asyncpg.connect(client.database.owner_url)
    await owner.execute("ALTER TABLE idempotency ADD CONSTRAINT none CHECK (status = 0)")
    try:
        check_problem(await send(client, "/v1/events", event_body(), "one"), "internal-error")
        assert await contents_of(client) == before
    finally:
        await owner.execute("ALTER TABLE idempotency DROP CONSTRAINT none")
        await owner.close()


async def test_answers_expire_and_go(client: Client) -> None:
    first = await send(client, "/v1/events", event_body(), "one")
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        kept = await owner.fetchval("SELECT expires_at - now() FROM idempotency")
        assert 23.9 * 3600 < kept.total_seconds() <= 24 * 3600
        await owner.execute("UPDATE idempotency SET expires_at = now()")
        again = await send(client, "/v1/events", event_body(title="Another"), "one")
        assert again.status_code == 201
        assert again.json()["id"] != first.json()["id"]
        await owner.execute(
            "INSERT INTO idempotency SELECT sha256(n::text::bytea), 0, '', 200, '{}', '', now() - interval '1 s' * n"
            " FROM generate_series(1, 150) AS n"
        )
        for left in (50 + 2, 0 + 3):
            await send(client, "/v1/events", event_body(), f"key-{left}")
            assert await owner.fetchval("SELECT count(*) FROM idempotency") == left
    finally:
        await owner.close()


async def test_many_at_once_are_done_once(client: Client) -> None:
    async def insist() -> httpx.Response:
        while True:
            answer = await send(client, "/v1/events", event_body(), "one")
            if answer.status_code != 409:
                return answer

    answers = await asyncio.gather(*(insist() for _ in range(12)))
    assert all(same(answer, answers[0]) for answer in answers)
    assert len((await read(client, "/v1/events"))["items"]) == 1


async def test_a_retry_replays_what_chunks_did(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that fails in the third chunk has done two of them; the retry goes on from there."""
    rows = [numbered(number) if number % 7 else {} for number in range(1600)]
    whole = Writing.append
    calls = 0

    async def failing(write: Writing) -> None:
        nonlocal calls
        calls += len(write._changes) > 0
        if calls == 3:
            raise ConnectionError
        await whole(write)

    monkeypatch.setattr(Writing, "append", failing)
    check_problem(await post(client, rows, key="one", atomic="false"), "unavailable")
    monkeypatch.undo()
    done = await read(client, "/v1/events?limit=1000")
    assert 0 < len(done["items"]) < 1000
    answer = await post(client, rows, key="one", atomic="false")
    assert statuses(answer.json()["results"]) == ["created" if number % 7 else "refused" for number in range(1600)]
    assert same(await post(client, rows, key="one", atomic="false"), answer)
    written = {result["id"] for result in answer.json()["results"] if result["id"]}
    assert {item["id"] for item in done["items"]} < written
    await check_whole(client)
