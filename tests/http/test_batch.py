"""``POST /v1/events/batch``: every row has its result, and what is written is what rows one by one would have given."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api.http import batch
from api.ingest import rows as ingest_rows
from api.ingest import run
from api.ingest.writing import write_rows
from api.store.log import Writing, writing
from schema.batch import MAXIMUM_ROWS
from schema.problem import PROBLEM_KINDS, ProblemError
from tests.conftest import Client, Database, serving
from tests.writing import (
    NOBODY,
    check_problem,
    check_whole,
    contents_of,
    event_body,
    fault_at,
    make_actors,
    make_event,
    new_token,
    read,
    send,
    send_ok,
)

PATH = "/v1/events/batch"
NDJSON = {"Content-Type": "application/x-ndjson"}
IDS = [f"0199c3a4-0000-7000-8000-0000000001{number:02d}" for number in range(100)]


async def post(
    client: Client, rows: Any, *, lines: bool = True, key: str | None = None, **query: Any
) -> httpx.Response:
    """Send rows as NDJSON or as an array; rows that are bytes are sent as they are."""
    headers = {**client.edit, **(NDJSON if lines else {"Content-Type": "application/json"})}
    headers |= {"Idempotency-Key": key} if key else {}
    encoded = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    body = b"\n".join(encoded) if lines else b"[" + b",".join(encoded) + b"]"
    return await client.http.post(PATH, content=body, headers=headers, params=query)


async def write(client: Client, rows: Any, **query: Any) -> list[dict[str, Any]]:
    """Send rows that must be answered with results."""
    answer = await post(client, rows, **query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [result["row"] for result in body["results"]] == list(range(len(body["results"])))
    for status in ("created", "updated", "unchanged", "refused"):
        assert body[status] == sum(result["status"] == status for result in body["results"])
    for result in body["results"]:
        assert (result["status"] == "refused") == bool(result["errors"]) == (result["id"] is None)
        assert all(fault["pointer"].startswith(f"/{result['row']}") for fault in result["errors"])
    results: list[dict[str, Any]] = body["results"]
    return results


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [result["status"] for result in results]


def numbered(number: int, **members: Any) -> dict[str, Any]:
    source = {"title": f"Report {number}", "url": f"https://news.example/{number}"}
    return event_body(title=f"Event {number}", citations=[{"source": source}], **members)


@pytest.mark.parametrize("lines", [True, False])
@pytest.mark.parametrize("atomic", ["true", "false"])
async def test_rows_become_events(client: Client, lines: bool, atomic: str) -> None:
    rows = [numbered(0), event_body(id=IDS[0]), event_body(state="draft", citations=[])]
    results = await write(client, rows, lines=lines, atomic=atomic)
    assert statuses(results) == ["created"] * 3
    assert [result["revision"] for result in results] == [1, 1, 1]
    assert results[1]["id"] == IDS[0]
    assert (await read(client, f"/v1/events/{results[0]['id']}"))["title"] == "Event 0"
    assert (await client.http.get(f"/v1/events/{results[2]['id']}")).status_code == 404
    await check_whole(client)


async def test_all_or_nothing_names_every_fault(client: Client) -> None:
    before = await contents_of(client)
    rows = [
        event_body(),
        event_body(date="2024-13", titel="x"),
        b'{"title": "x",',
        event_body(citations=[{"source": NOBODY}], actors=[{"id": "nobody"}]),
        b"[]",
        b'{"title": "a", "title": "b"}',
        b'{"title": "\\u0000"}',
        b"\xff",
    ]
    problem = check_problem(await post(client, rows), "invalid-body")
    places = {fault["pointer"] for fault in problem["errors"]}
    assert {"/1/date", "/1/titel", "/2", "/3/citations/0/source", "/3/actors/0/id", "/4", "/5", "/7"} <= places
    assert "/6/title" in places
    assert not any(place.startswith("/0") for place in places)
    assert "nothing was written" in problem["detail"]
    assert await contents_of(client) == before


async def test_at_most_a_hundred_faults_are_listed(client: Client) -> None:
    problem = check_problem(await post(client, [{}] * 60), "invalid-body")
    assert len(problem["errors"]) == 100
    assert "60 rows" in problem["detail"]


async def test_faulty_rows_do_not_stop_the_others(client: Client) -> None:
    rows = [event_body(), b"{", event_body(date="June"), b"", b"  ", numbered(1), b'"text"\r', numbered(2)]
    results = await write(client, rows, atomic="false")
    assert statuses(results) == ["created", "refused", "refused", "created", "refused", "created"]
    assert results[1]["errors"][0]["pointer"] == "/1"
    assert "JSON" in results[1]["errors"][0]["detail"]
    assert results[2]["errors"][0]["pointer"] == "/2/date"
    await check_whole(client)


async def test_rows_refer_to_rows_before_them(client: Client) -> None:
    source = "0199c3a4-0000-7000-8000-00000000000b"
    rows = [
        numbered(
            0, id=IDS[0], new_actors=[{"id": "atlantis", "name": "Atlantis", "kind": "state", "aliases": ["ATL"]}]
        ),
        numbered(1, id=IDS[1], actors=[{"id": "ATL"}], relations=[{"type": "follows", "event_id": IDS[0]}]),
        event_body(citations=[{"source": {"id": source, "title": "A new one", "publisher": "Atlantis"}}]),
        event_body(citations=[{"source": source}, {"source": {"title": "Another"}}]),
        event_body(citations=[{"source": {"title": "Another"}}]),
        numbered(2, new_actors=[{"id": "atlantis", "name": "Not changed", "kind": "person"}]),
    ]
    results = await write(client, rows)
    assert statuses(results) == ["created"] * 6
    event = await read(client, f"/v1/events/{results[1]['id']}")
    assert event["actors"] == [{"id": "atlantis", "role": None}]
    assert event["included"]["actors"]["atlantis"] == {"name": "Atlantis", "kind": "state", "merged_into": None}
    fourth, fifth = [await read(client, f"/v1/events/{results[row]['id']}") for row in (3, 4)]
    assert fourth["citations"][0]["source"] == source
    assert fourth["citations"][1]["source"] == fifth["citations"][0]["source"]
    await check_whole(client)


async def test_a_refused_row_brings_nothing(client: Client) -> None:
    actor = {"id": "atlantis", "name": "Atlantis", "kind": "state"}
    rows = [
        event_body(id=IDS[0], date="?", new_actors=[actor]),
        event_body(
            new_actors=[{**actor, "id": "lemuria", "name": "atlantis"}, {"id": "mu", "name": "lemuria", "kind": "x"}]
        ),
        event_body(actors=[{"id": "mu"}]),
        event_body(citations=[{"source": NOBODY}], new_actors=[actor]),
        event_body(relations=[{"type": "follows", "event_id": IDS[0]}]),
        event_body(actors=[{"id": "atlantis"}]),
        numbered(1, new_actors=[actor]),
    ]
    results = await write(client, rows, atomic="false")
    assert statuses(results) == ["refused"] * 6 + ["created"]
    assert {fault["pointer"] for fault in results[1]["errors"]} == {"/1/new_actors/1/name"}
    assert results[3]["errors"][0]["pointer"] == "/3/citations/0/source"
    assert (await client.http.get("/v1/actors/lemuria")).status_code == 404
    await check_whole(client)


async def test_an_id_is_taken_once(client: Client) -> None:
    taken = await make_event(client)
    rows = [event_body(id=taken["id"]), numbered(1, id=IDS[0]), numbered(2, id=IDS[0])]
    results = await write(client, rows, atomic="false")
    assert statuses(results) == ["refused", "created", "refused"]
    assert results[2]["errors"][0]["pointer"] == "/2/id"
    check_problem(await post(client, rows), "invalid-body", places={"/0/id", "/1/id", "/2/id"})


async def test_upsert_creates_updates_or_leaves(client: Client) -> None:
    await make_actors(client)
    rows = [numbered(n, external_ids={"acled": f"A {n}"}, actors=[{"id": "DPRK"}]) for n in range(4)]
    first = await write(client, rows, upsert_on="acled")
    assert statuses(first) == ["created"] * 4
    head = (await contents_of(client))["head"]
    again = await write(client, rows, upsert_on="acled")
    assert statuses(again) == ["unchanged"] * 4
    assert [result["id"] for result in again] == [result["id"] for result in first]
    assert (await contents_of(client))["head"] == head
    rows[1] = {**rows[1], "title": "Renamed"}
    rows += [{**rows[1], "title": "Renamed again"}, numbered(9, external_ids={"acled": "A 9"}), event_body()]
    third = await write(client, rows, upsert_on="acled", atomic="false")
    assert statuses(third) == ["unchanged", "updated", "unchanged", "unchanged", "updated", "created", "refused"]
    assert (third[4]["id"], third[4]["revision"]) == (first[1]["id"], 3)
    assert third[6]["errors"][0]["pointer"] == "/6/external_ids"
    event = await read(client, f"/v1/events/{first[1]['id']}")
    assert event["title"] == "Renamed again"
    await check_whole(client)


async def test_upsert_refuses_what_cannot_be_meant(client: Client) -> None:
    known = {"external_ids": {"acled": "A 1"}}
    one = await make_event(client, **known)
    rows = [event_body(id=IDS[0], **known), event_body(state="draft", **known)]
    results = await write(client, rows, upsert_on="acled", atomic="false")
    assert [result["errors"][0]["pointer"] for result in results] == ["/0/id", "/1/state"]
    await send_ok(client, "POST", f"/v1/events/{one['id']}/retract", {"change": {"reason": "Withdrawn."}}, 1)
    results = await write(client, [event_body(**known)], upsert_on="acled", atomic="false")
    assert results[0]["errors"][0]["suggestion"] == "restore it first"
    await make_event(client, **known)
    results = await write(client, [event_body(**known)], upsert_on="acled", atomic="false")
    assert "Several events" in results[0]["errors"][0]["detail"]


async def test_a_state_that_is_left_out_stays(client: Client) -> None:
    """Publishing cannot be undone: a row that does not say it does not publish a draft, nor whom it brings along."""
    known = {"external_ids": {"acled": "A 1"}}
    draft = await make_event(client, state="draft", **known)
    actor = {"id": "atlantis", "name": "Atlantis", "kind": "state"}
    rows = [
        event_body(title="Renamed", citations=[], **known),
        event_body(title="Renamed again", new_actors=[actor], actors=[{"id": "atlantis"}], **known),
        event_body(title="Renamed again", actors=[{"id": "atlantis"}], **known),
    ]
    results = await write(client, rows, upsert_on="acled")
    assert statuses(results) == ["updated", "updated", "unchanged"]
    path = f"/v1/events/{draft['id']}"
    assert (await client.http.get(path)).status_code == 404
    assert (await client.http.get("/v1/actors/atlantis")).status_code == 404
    said = [{**rows[2], "state": "published"}, {**rows[2], "title": "Published"}, {**rows[0], "title": "Uncited"}]
    results = await write(client, said, upsert_on="acled", atomic="false")
    assert statuses(results) == ["updated", "updated", "refused"]
    assert results[2]["errors"][0]["pointer"] == "/2/citations"
    assert (await read(client, path))["title"] == "Published"
    await check_whole(client)


async def test_an_event_cannot_relate_to_itself(client: Client) -> None:
    """Nor by a row that is its new content without naming it."""
    known = {"external_ids": {"acled": "A 1"}}
    event = await make_event(client, **known)
    rows = [
        event_body(relations=[{"type": "follows", "event_id": event["id"]}], **known),
        event_body(id=IDS[0], relations=[{"type": "follows", "event_id": IDS[0]}], external_ids={"acled": "A 2"}),
    ]
    results = await write(client, rows, upsert_on="acled", atomic="false")
    assert statuses(results) == ["refused", "refused"]
    for number, result in enumerate(results):
        [fault] = result["errors"]
        assert fault["pointer"] == f"/{number}/relations/0/event_id"
        assert fault["detail"] == "An event cannot relate to itself."
    relations = [{"type": "follows", "event_id": event["id"]}]
    answer = await send(client, "PATCH", f"/v1/events/{event['id']}", {"relations": relations}, 1)
    problem = check_problem(answer, "invalid-body", places={"/relations/0/event_id"})
    assert problem["errors"][0]["detail"] == "An event cannot relate to itself."
    await check_whole(client)


@pytest.mark.parametrize("atomic", ["true", "false"])
async def test_dry_run_changes_nothing(client: Client, atomic: str) -> None:
    before = await contents_of(client)
    rows = [numbered(n, new_actors=[{"id": f"actor-{n}", "name": f"Actor {n}", "kind": "person"}]) for n in range(3)]
    rows += [numbered(3, actors=[{"id": "Actor 1"}])]
    answer = await post(client, rows, dry_run="true", atomic=atomic)
    assert answer.json()["dry_run"] is True
    assert answer.json()["created"] == 4
    assert await contents_of(client) == before
    if atomic == "false":
        results = await write(client, [*rows, b"{"], dry_run="true", atomic=atomic)
        assert statuses(results) == ["created"] * 4 + ["refused"]
    else:
        check_problem(await post(client, [*rows, b"{"], dry_run="true"), "invalid-body", places={"/4"})
    assert await contents_of(client) == before


async def test_what_a_batch_may_not_be(client: Client) -> None:
    reader = await new_token(client, "reader", "read")
    before = await contents_of(client)
    check_problem(await post(client, []), "malformed-body")
    check_problem(await post(client, [], lines=False), "malformed-body")
    check_problem(await post(client, [], atomic="false"), "malformed-body")
    for text in (b"{}", b"[{}", b"[1,]", b'"x"', b"[" * 100_000):
        headers = {**client.edit, "Content-Type": "application/json"}
        check_problem(await client.http.post(PATH, content=text, headers=headers), "malformed-body")
    wrong = {**client.edit, "Content-Type": "text/csv"}
    answer = await client.http.post(PATH, content=b"a,b", headers=wrong)
    assert (
        "application/x-ndjson"
        in fault_at(check_problem(answer, "unsupported-media-type"), "Content-Type")["suggestion"]
    )
    check_problem(await post(client, [event_body()], atomic="perhaps"), "invalid-parameters", places={"atomic"})
    check_problem(await post(client, [event_body()], upsert_on="A B"), "invalid-parameters", places={"upsert_on"})
    check_problem(await post(client, [event_body()], dryrun="true"), "invalid-parameters", places={"dryrun"})
    check_problem(await client.http.post(PATH, json=[event_body()]), "token-required")
    check_problem(await client.http.post(PATH, json=[event_body()], headers=reader), "forbidden")
    assert await contents_of(client) == before


async def test_too_many_rows(client: Client) -> None:
    for atomic in ("true", "false"):
        answer = await post(client, [b"{}"] * (MAXIMUM_ROWS + 1), atomic=atomic)
        assert f"{MAXIMUM_ROWS:,}" in check_problem(answer, "too-many-rows")["detail"]


async def test_an_array_with_too_many_rows_writes_none(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAXIMUM_ROWS", 5)
    monkeypatch.setattr(ingest_rows, "CHUNK_ROWS", 2)
    before = await contents_of(client)
    answer = await post(client, [numbered(number) for number in range(6)], lines=False, atomic="false")
    assert check_problem(answer, "too-many-rows")["detail"] == "A batch has at most 5 rows."
    assert await contents_of(client) == before


async def test_a_stream_that_is_stopped_tells_what_is_written(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAXIMUM_ROWS", 5)
    monkeypatch.setattr(ingest_rows, "CHUNK_ROWS", 2)
    rows = [numbered(number) for number in range(6)]
    detail = check_problem(await post(client, rows, atomic="false"), "too-many-rows")["detail"]
    assert detail == "A batch has at most 5 rows. The first 4 rows are written; send the rest."
    rows[1] = b"{"
    detail = check_problem(await post(client, rows, atomic="false", key="many"), "too-many-rows")["detail"]
    # The same again would have too many rows again.
    assert detail.endswith(" The first 4 rows are written, but for 1 that was refused; send the rest.")


@pytest.mark.parametrize("key", [None, "stopped"])
async def test_a_store_that_fails_midway_tells_what_is_written(
    client: Client, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    rows = [numbered(number) for number in range(6)]
    calls = 0

    async def failing(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ProblemError(PROBLEM_KINDS["unavailable"], "The store is away.", headers={"Retry-After": "7"})
        return await write_rows(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ingest_rows, "CHUNK_ROWS", 2)
        patch.setattr(run, "write_rows", failing)
        answer = await post(client, rows, atomic="false", key=key)
        detail = check_problem(answer, "unavailable")["detail"]
        again = ", or the same again with the same Idempotency-Key" if key else ""
        assert detail == f"The store is away. The first 4 rows are written; send the rest{again}."
        assert answer.headers["Retry-After"] == "7"
        assert len((await read(client, "/v1/events"))["items"]) == 4
        if key:
            assert statuses(await write(client, rows, atomic="false", key=key)) == ["created"] * 6
            assert len((await read(client, "/v1/events"))["items"]) == 6


async def test_sizes_are_bounded(database: Database) -> None:
    async with serving(database, maximum_batch_bytes=20_000, maximum_body_bytes=2_000) as client:
        answer = await post(client, [numbered(number) for number in range(200)])
        assert "20,000 bytes" in check_problem(answer, "body-too-large")["detail"]

        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b" " * 1000

        answer = await client.http.post(PATH, content=pieces(), headers={**client.edit, **NDJSON})
        check_problem(answer, "body-too-large")
        rows = [numbered(0), event_body(summary="x" * 3000), numbered(1)]
        for lines in (True, False):
            results = await write(client, rows, lines=lines, atomic="false")
            assert statuses(results) == ["created", "refused", "created"]
            assert "2,000 are taken" in results[1]["errors"][0]["detail"]
        check_problem(await post(client, rows), "invalid-body", places={"/1"})


@pytest.mark.parametrize("query", [{}, {"dry_run": "true"}, {"atomic": "false"}])
async def test_rows_are_read_before_others_have_to_wait(
    client: Client, monkeypatch: pytest.MonkeyPatch, query: dict[str, str]
) -> None:
    is_held = False
    read_while_held: list[bool] = []

    @asynccontextmanager
    async def holding(*arguments: Any) -> AsyncIterator[Writing]:
        nonlocal is_held
        async with writing(*arguments) as write:
            is_held = True
            yield write
        is_held = False

    def reading(row: ingest_rows.Row) -> ingest_rows.ReadRow:
        read_while_held.append(is_held)
        return ingest_rows.read_row(row)

    with monkeypatch.context() as patch:
        patch.setattr(ingest_rows, "CHUNK_ROWS", 2)
        patch.setattr(run, "writing", holding)
        patch.setattr(run, "read_row", reading)
        await write(client, [numbered(number) for number in range(5)], **query)
    assert read_while_held == [False] * 5


async def test_a_chunk_is_the_same_whatever_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the same batch, sent again after the largest row was set anew, would be another one."""
    monkeypatch.setattr(ingest_rows, "CHUNK_BYTES", 100)

    async def lines() -> AsyncIterator[bytes]:
        for size in (30, 60, 30, 200, 10):
            yield b"x" * size + b"\n"

    async def borders(maximum_row_bytes: int) -> list[int]:
        rows = ingest_rows.read_lines(lines(), maximum_row_bytes=maximum_row_bytes)
        return [len(chunk.rows) async for chunk in ingest_rows.in_chunks(rows)]

    assert await borders(1000) == await borders(50) == [2, 1, 1, 1]


async def test_addresses_of_one_source_are_known_as_such_within_a_batch(client: Client) -> None:
    """A row with another spelling of an address that came before finds its source, and needs no id for it."""
    taken = (await make_event(client))["citations"][0]["source"]
    rows = [
        event_body(citations=[{"source": {"title": "A", "url": "https://news.example/a?utm_source=x#top"}}]),
        event_body(citations=[{"source": {"id": taken, "title": "B", "url": "HTTPS://NEWS.example:443/a"}}]),
    ]
    results = await write(client, rows, atomic="false")
    assert statuses(results) == ["created", "created"]
    first, second = [await read(client, f"/v1/events/{result['id']}") for result in results]
    assert first["citations"][0]["source"] == second["citations"][0]["source"] != taken


async def test_chunks_follow_each_other(client: Client) -> None:
    rows = [numbered(n, external_ids={"n": str(n % 700)}) for n in range(1201)]
    results = await write(client, rows, atomic="false", upsert_on="n")
    assert statuses(results) == ["created"] * 700 + ["updated"] * 501
    results = await write(client, rows[:1000], upsert_on="n")
    assert statuses(results) == ["updated"] * 501 + ["unchanged"] * 199 + ["updated"] * 300
    await check_whole(client)


async def test_lines_may_come_in_any_pieces(client: Client) -> None:
    body = b"\n".join(json.dumps(numbered(n), ensure_ascii=False).encode() for n in range(5)) + b"\n\n"

    async def pieces() -> AsyncIterator[bytes]:
        for place in range(0, len(body), 7):
            yield body[place : place + 7]

    for query in ({"atomic": "false"}, {}):
        answer = await client.http.post(PATH, content=pieces(), headers={**client.edit, **NDJSON}, params=query)
        assert answer.json()["created"] == 5, answer.text


async def test_actors_that_a_draft_brings_are_hidden_until_it_is_published(client: Client) -> None:
    """So are the ones that those belong to; publishing shows all of them, created before the event."""
    await make_actors(client)
    league = {"id": "new-league", "name": "The League", "kind": "coalition"}
    member = {"id": "new-member", "name": "A Member", "kind": "state", "member_of": [{"actor": "new-league"}]}
    draft = event_body(state="draft", actors=[{"id": "new-member"}], new_actors=[league, member])
    [result] = await write(client, [draft])
    for name in ("new-league", "new-member"):
        assert (await client.http.get(f"/v1/actors/{name}")).status_code == 404
        unknown = await client.http.get("/v1/events", params={"actor": name})
        check_problem(unknown, "invalid-parameters")
    path = f"/v1/events/{result['id']}"
    await send_ok(client, "PATCH", path, {"state": "published"}, 1)
    for name in ("new-league", "new-member"):
        assert (await client.http.get(f"/v1/actors/{name}")).status_code == 200
    assert [event["id"] for event in (await read(client, "/v1/events?actor=new-member"))["items"]] == [result["id"]]
    await check_whole(client)
