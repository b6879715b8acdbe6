"""Redaction: what was said is gone from everywhere, that it was said stays, and the chain is valid."""

from typing import Any

import asyncpg
import pytest

from api.history import rebuilding
from api.history.redaction import Redacted, redact
from api.history.verification import verify
from api.store.releases import Keeping
from schema.change import EntityKind
from schema.format import Format
from schema.problem import ProblemError
from tests.conftest import Client
from tests.history.archives import answers_of, archive_of, restore_into, revise
from tests.store.derived import derived_rows
from tests.writing import check_problem, check_whole, event_body, make, make_actors, make_event, read, send, send_ok

SECRET = "Unspeakable"
REASON = "A court has ordered it."


async def redacted(client: Client, kind: EntityKind, entity_id: str, *revisions: int) -> Redacted:
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        return await redact(connection, kind, entity_id, REASON, revisions)
    finally:
        await connection.close()


async def everything(client: Client) -> str:
    """All rows of all tables as text, contents decoded."""
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        tables = await connection.fetch("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        texts = []
        for (table,) in tables:
            columns = await connection.fetch(
                "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
                table,
            )
            shown = [
                f"encode({name}, 'escape')" if kind == "bytea" else f"{name}::text"
                for name, kind in map(tuple, columns)
            ]
            rows = await connection.fetch(f"SELECT concat_ws(' ', {', '.join(shown)}) FROM {table}")
            texts += [row[0] for row in rows]
        return "\n".join(texts)
    finally:
        await connection.close()


async def _head(client: Client) -> dict[str, Any]:
    async with client.store.connection() as connection:
        return dict(await connection.fetchrow("SELECT * FROM head"))


async def test_nothing_that_a_redacted_event_said_is_left(client: Client) -> None:
    await make_actors(client)
    members = {"title": SECRET, "tags": [SECRET], "external_ids": {"wikidata": SECRET}, "summary": SECRET}
    key = {**client.edit, "Idempotency-Key": "one"}
    answer = await client.http.post("/v1/events", json=event_body(**members), headers=key)
    event = answer.json()
    event = await revise(
        client, event, "PATCH", "", {"date": "2023", "change": {"type": "correction", "reason": SECRET}}
    )
    await make(client, "/v1/chronologies", {"slug": "all", "title": "All", "filter": {"kind": ["treaty"]}})
    await make(client, "/v1/chronologies/all/releases", {})
    file = await client.http.post("/v1/imports", content=f'{{"title": "{SECRET}"}}', headers=client.edit)
    assert file.status_code < 500
    assert SECRET in await everything(client)
    before = await _head(client)
    done = await redacted(client, EntityKind.EVENT, event["id"])
    assert SECRET not in await everything(client)
    assert done.releases == [("all", 1)]
    assert len(done.contents) == 2
    for path in ("", "/figures", "/related", f"?as_of={before['sequence']}", "?as_of=7"):
        body = check_problem(await client.http.get(f"/v1/events/{event['id']}{path}"), "withdrawn")
        assert REASON in body["detail"]
    for as_of in ("", f"&as_of={before['sequence']}"):
        assert (await read(client, f"/v1/events?count=exact{as_of}"))["count"]["value"] == 0
        assert (await read(client, f"/v1/events?tag={SECRET}&count=exact{as_of}"))["items"] == []
    assert (await client.http.get("/v1/chronologies/all/releases/1")).status_code == 410
    # Its id stays taken, and a request that is sent again is told that it was done, and no more.
    check_problem(await send(client, "POST", "/v1/events", event_body(id=event["id"])), "conflict")
    for _ in range(2):
        check_problem(await client.http.post("/v1/events", json=event_body(**members), headers=key), "withdrawn")
    assert SECRET not in await everything(client)
    await check_whole(client)


@pytest.mark.usefixtures("without_vacuum")
async def test_a_release_that_was_being_made_is_not_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The redaction cannot see it yet, and so could not withdraw it."""
    event = await make_event(client, title=SECRET)
    await make_event(client, title="Another")
    await make(client, "/v1/chronologies", {"slug": "all", "title": "All", "filter": {"kind": ["treaty"]}})
    whole = Keeping.keep_file

    async def delayed(keeping: Keeping, *given: Any) -> Any:
        if given[0] is Format.CSV:
            await redacted(client, EntityKind.EVENT, event["id"])
        return await whole(keeping, *given)

    monkeypatch.setattr(Keeping, "keep_file", delayed)
    check_problem(await send(client, "POST", "/v1/chronologies/all/releases", {}), "busy")
    monkeypatch.undo()
    assert SECRET not in await everything(client)
    await make(client, "/v1/chronologies/all/releases", {})
    await check_whole(client)


async def test_the_events_of_a_redacted_source_are_moved_in_the_index_a_few_at_a_time(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_TOGETHER_RECORDS", 2)
    await make_actors(client)
    source = await make(client, "/v1/sources", {"title": SECRET, "publisher": "the-paper", "reliability": "A"})
    for number in range(5):
        await make_event(client, title=f"Event {number}", citations=[{"source": source["id"]}])
    assert (await read(client, "/v1/events?min_reliability=A&count=exact"))["count"]["value"] == 5
    await redacted(client, EntityKind.SOURCE, source["id"])
    assert (await read(client, "/v1/events?min_reliability=A&count=exact"))["count"]["value"] == 0
    await check_whole(client)


async def test_no_word_of_what_was_redacted_is_found(client: Client) -> None:
    """Neither of an event, nor of what it once said, nor of the title of a source that it cites, now or then."""
    await make_actors(client)
    citation = {"source": {"title": f"{SECRET} report", "url": "https://news.example/secret"}}
    event = await make_event(client, title=SECRET, summary="Ordinary words", citations=[citation])
    other = await make_event(client, title="Another", citations=[citation])
    event = await revise(client, event, "PATCH", "", {"title": "Corrected"})
    source = event["citations"][0]["source"]
    await redacted(client, EntityKind.SOURCE, source)
    await redacted(client, EntityKind.EVENT, event["id"], 1)
    assert SECRET.lower() not in (await everything(client)).lower()
    # Stems are words, too.
    assert "unspeak" not in (await everything(client)).lower()
    for as_of in ("", f"&as_of={other['sequence']}", f"&as_of={event['sequence']}"):
        assert (await read(client, f"/v1/events?q={SECRET}&count=exact{as_of}"))["count"]["value"] == 0
        assert (await read(client, f"/v1/events?q=redacted&count=exact{as_of}"))["count"]["value"] == 0
    assert [one["id"] for one in (await read(client, "/v1/events?q=ordinary"))["items"]] == [event["id"]]
    await redacted(client, EntityKind.EVENT, event["id"])
    assert "ordinari" not in await everything(client)
    assert (await read(client, f"/v1/events?q=ordinary&as_of={event['sequence']}"))["items"] == []
    await check_whole(client)


async def test_some_revisions_of_an_event_go_and_the_rest_stays(client: Client) -> None:
    await make_actors(client)
    event = await make_event(client, title="First", tags=["kept"])
    first = event["sequence"]
    event = await revise(client, event, "PATCH", "", {"title": SECRET, "tags": ["kept", SECRET], "date": "1999"})
    second = event["sequence"]
    event = await revise(client, event, "PATCH", "", {"title": "Third", "tags": ["kept"], "date": "2024-06"})
    third = event["sequence"]
    done = await redacted(client, EntityKind.EVENT, event["id"], 2)
    assert done.contents == [second]
    assert SECRET not in await everything(client)
    path = f"/v1/events/{event['id']}"
    now = await read(client, path)
    assert (now["title"], now["revision"], now["sequence"]) == ("Third", 4, done.sequence)
    assert (await read(client, f"{path}?as_of={first}"))["title"] == "First"
    assert (await read(client, f"{path}?as_of={third}"))["title"] == "Third"
    assert REASON in check_problem(await client.http.get(f"{path}?as_of={second}"), "withdrawn")["detail"]
    for as_of, found in ((first, 1), (second, 0), (third, 1), (done.sequence, 1)):
        page = await read(client, f"/v1/events?tag=kept&count=exact&as_of={as_of}")
        assert (len(page["items"]), page["count"]) == (found, {"value": found, "exact": True})
    check_problem(await send(client, "POST", f"{path}/restore", {"revision": 2}, 4), "invalid-body")
    restored = await send_ok(client, "POST", f"{path}/restore", {"revision": 1}, 4)
    assert restored["title"] == "First"
    await check_whole(client)


async def test_an_actor_keeps_its_id_and_nothing_else(client: Client) -> None:
    await make_actors(client)
    person = {
        "id": "person-1",
        "name": SECRET,
        "kind": "person",
        "aliases": [f"{SECRET} the second"],
        "external_ids": {"wikidata": SECRET},
        "member_of": [{"actor": "DPRK"}],
    }
    await make(client, "/v1/actors", person)
    source = await make(client, "/v1/sources", {"title": "Memoirs", "publisher": "person-1"})
    event = await make_event(client, actors=[{"id": SECRET, "role": "speaker"}], citations=[{"source": source["id"]}])
    await redacted(client, EntityKind.ACTOR, "person-1")
    assert SECRET not in await everything(client)
    actor = await read(client, "/v1/actors/person-1")
    assert (actor["name"], actor["aliases"], actor["member_of"], actor["revision"]) == ("[redacted]", [], [], 2)
    given = await read(client, f"/v1/events/{event['id']}")
    assert given["included"]["actors"]["person-1"] == {
        **given["included"]["actors"]["person-1"],
        "name": "[redacted]",
        "kind": "person",
    }
    assert len((await read(client, "/v1/events?actor=person-1"))["items"]) == 1
    check_problem(await client.http.get(f"/v1/events?actor={SECRET}"), "invalid-parameters", places={"actor"})
    check_problem(await client.http.get(f"/v1/actors/person-1?as_of={actor['sequence'] - 1}"), "withdrawn")
    await check_exports(client, actor["sequence"] - 1)
    await check_whole(client)


async def check_exports(client: Client, before: int) -> None:
    """Every format can still be made, of the present and as of when what was redacted was there."""
    for form in Format:
        for as_of in ("", f"&as_of={before}"):
            answer = await client.http.get(f"/v1/events?format={form.value}{as_of}")
            assert answer.status_code == 200, (form, as_of)
            assert SECRET not in answer.text
    past = await read(client, f"/v1/events?as_of={before}")
    event = past["items"][0]
    # Every id that is mentioned is there, be it only to say that it has been redacted.
    assert {actor["id"] for actor in event["actors"]} <= set(past["included"]["actors"])
    assert {citation["source"] for citation in event["citations"]} == set(past["included"]["sources"])
    for listed in ("actors", "sources"):
        page = await read(client, f"/v1/{listed}?as_of={before}&limit=1000")
        assert not any("redacted" in str(item) for item in page["items"])


async def test_a_source_keeps_its_id_and_nothing_else(client: Client) -> None:
    """Events are no longer found by its publisher or reliability; two redacted sources are not the same."""
    await make_actors(client)
    cited = []
    for number in range(2):
        body = {"title": f"{SECRET} {number}", "publisher": "the-paper", "reliability": "A"}
        cited.append(await make(client, "/v1/sources", body))
    event = await make_event(client, citations=[{"source": source["id"]} for source in cited])
    before = await _head(client)
    for source in cited:
        await redacted(client, EntityKind.SOURCE, source["id"])
    assert SECRET not in await everything(client)
    given = await read(client, f"/v1/events/{event['id']}")
    assert [given["included"]["sources"][source["id"]]["title"] for source in cited] == ["[redacted]"] * 2
    assert given["revision"] == 1
    for filters in ("publisher=the-paper", "min_reliability=A"):
        assert (await read(client, f"/v1/events?{filters}&count=exact"))["count"]["value"] == 0
        past = await read(client, f"/v1/events?{filters}&count=exact&as_of={before['sequence']}")
        assert past["count"]["value"] == 0
    assert len((await read(client, f"/v1/events?source={cited[0]['id']}"))["items"]) == 1
    await check_exports(client, before["sequence"])
    await check_whole(client)


async def test_a_redacted_draft_was_never_there_for_others(client: Client) -> None:
    draft = await make_event(client, title=SECRET, state="draft")
    before = await _head(client)
    await redacted(client, EntityKind.EVENT, draft["id"])
    after = await _head(client)
    assert after["sequence"] == before["sequence"] + 1
    assert after["public_sequence"] == before["public_sequence"]
    check_problem(await client.http.get(f"/v1/events/{draft['id']}"), "not-found")
    check_problem(await client.http.get(f"/v1/events/{draft['id']}", headers=client.edit), "withdrawn")
    assert SECRET not in await everything(client)
    await check_whole(client)


async def test_a_chronology_goes(client: Client) -> None:
    await make_actors(client)
    event = await make_event(client)
    body = {"slug": "secret", "title": SECRET, "items": [{"event_id": event["id"], "note": SECRET}]}
    await make(client, "/v1/chronologies", body)
    await make(client, "/v1/chronologies/secret/releases", {})
    done = await redacted(client, EntityKind.CHRONOLOGY, "secret")
    assert done.releases == [("secret", 1)]
    assert SECRET not in await everything(client)
    for path in ("", "/events", "/releases"):
        check_problem(await client.http.get(f"/v1/chronologies/secret{path}"), "withdrawn")
    assert (await read(client, "/v1/chronologies"))["items"] == []
    await check_whole(client)


async def test_what_cannot_be_redacted_is_left_alone(client: Client) -> None:
    event = await make_event(client)
    before = await derived_of(client)
    for revisions in ((1,), (7,)):
        with pytest.raises(ProblemError):
            await redacted(client, EntityKind.EVENT, event["id"], *revisions)
    with pytest.raises(ProblemError):
        await redacted(client, EntityKind.ACTOR, "nobody")
    await redacted(client, EntityKind.EVENT, event["id"])
    with pytest.raises(ProblemError):
        await redacted(client, EntityKind.EVENT, event["id"], 1)
    assert before != await derived_of(client)
    await check_whole(client)


async def derived_of(client: Client) -> dict[str, list[str]]:
    async with client.store.connection() as connection:
        return await derived_rows(connection)


async def test_redacted_histories_are_archived_and_verified(client: Client, target: Client) -> None:
    await make_actors(client)
    event = await make_event(client, title="To be forgotten")
    other = await make_event(client, title="To be kept", relations=[{"type": "follows", "event_id": event["id"]}])
    other = await revise(client, other, "PATCH", "", {"title": SECRET})
    other = await revise(client, other, "PATCH", "", {"title": "Kept"})
    noted = await _head(client)
    await redacted(client, EntityKind.EVENT, event["id"])
    await redacted(client, EntityKind.EVENT, other["id"], 2)
    source = (await read(client, "/v1/sources"))["items"][0]
    await redacted(client, EntityKind.SOURCE, source["id"])
    async with client.store.connection() as connection:
        found = await verify(connection, {noted["sequence"]: noted["digest"]})
    assert found.findings == []
    await restore_into(target, await archive_of(client))
    assert await answers_of(target) == await answers_of(client)
    await check_whole(target)
    await check_whole(client)
