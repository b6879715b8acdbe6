"""Releases: made once from one moment, kept byte for byte, counted without gaps, and withdrawn by the owner alone."""

import asyncio
import hashlib
import json
from typing import Any

import asyncpg
import httpx
import pytest

from api.export import releases as making
from api.formats.registry import WRITERS
from api.store import releases as keeping
from api.store.head import seen_head
from api.store.releases import withdraw_releases
from schema.change import EntityKind
from schema.format import Format
from schema.problem import ProblemError
from tests.conftest import Client, serving
from tests.writing import (
    check_problem,
    check_whole,
    contents_of,
    make,
    make_actors,
    make_event,
    new_token,
    read,
    send,
    send_ok,
)

ONE = "/v1/chronologies/the-talks"
RELEASES = f"{ONE}/releases"


async def make_chronology(client: Client, **members: Any) -> list[str]:
    """A chronology of three events, of which the last was picked by hand; gives their ids in order."""
    await make_actors(client)
    talks = [
        (await make_event(client, kind="talks", date=f"200{number}", actors=[{"id": "DPRK"}]))["id"]
        for number in range(2)
    ]
    picked = (await make_event(client, date="1999-06"))["id"]
    body = {
        "slug": "the-talks",
        "title": "The talks",
        "introduction": "What was said.",
        "filter": {"kind": ["talks"]},
        "items": [{"event_id": picked, "note": "The first."}],
        "licence": "CC0-1.0",
        "language": "en",
    }
    await make(client, "/v1/chronologies", body | members)
    return [picked, *talks]


async def release(client: Client, **body: Any) -> dict[str, Any]:
    return await make(client, RELEASES, body)


async def files_of(client: Client, manifest: dict[str, Any]) -> dict[str, httpx.Response]:
    answers = {file["format"]: await client.http.get(file["href"]) for file in manifest["files"]}
    assert {answer.status_code for answer in answers.values()} == {200}
    return answers


async def test_a_release_has_every_format_with_its_checksum(client: Client) -> None:
    events = await make_chronology(client)
    head = await seen_head(client.store, edit=False)
    await make_event(client, state="draft")
    answer = await send(client, "POST", RELEASES, {"note": "For the article."})
    manifest = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{RELEASES}/1"), answer.text
    assert {file["format"] for file in manifest["files"]} == {format.value for format in WRITERS}
    assert (manifest["number"], manifest["events"], manifest["left_out"]) == (1, 3, [])
    assert (manifest["chronology"], manifest["revision"], manifest["title"]) == ("the-talks", 1, "The talks")
    assert (manifest["licence"], manifest["note"]) == ("CC0-1.0", "For the article.")
    # As everybody sees it: the draft counts for nothing.
    assert (manifest["sequence"], manifest["digest"]) == (head.sequence, head.digest.hex())
    for said in ("The talks", "Release 1", manifest["digest"], f"http://test{RELEASES}/1", manifest["made_at"][:10]):
        assert said in manifest["citation"]
    assert len({file["name"] for file in manifest["files"]}) == len(manifest["files"])
    for file in manifest["files"]:
        got = await client.http.get(file["href"])
        assert got.status_code == 200
        assert (len(got.content), hashlib.sha256(got.content).hexdigest()) == (file["bytes"], file["sha256"])
        assert got.headers["etag"] == f'"{file["sha256"]}"'
        assert got.headers["cache-control"] == "public, no-cache"
        assert got.headers["content-disposition"] == f'inline; filename="{file["name"]}"'
        text = file["media_type"].startswith("text/")
        charset = "; charset=utf-8" if text else ""
        assert got.headers["content-type"] == file["media_type"].partition(";")[0] + charset
        assert (got.headers["content-length"], "content-encoding" in got.headers) == (str(file["bytes"]), False)
        unchanged = await client.http.get(file["href"], headers={"If-None-Match": got.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
    page = (await client.http.get(f"{RELEASES}/1?format=json")).json()
    assert [item["id"] for item in page["items"]] == events
    await check_whole(client)


async def test_the_manifest_is_read_again(client: Client) -> None:
    await make_chronology(client)
    made = await release(client, licence="ODbL-1.0", citation="Cite it so.")
    assert (made["licence"], made["citation"]) == ("ODbL-1.0", "Cite it so.")
    got = await client.http.get(f"{RELEASES}/1")
    assert got.json() == made
    unchanged = await client.http.get(f"{RELEASES}/1", headers={"If-None-Match": got.headers["etag"]})
    assert unchanged.status_code == 304
    listed = await client.http.get(RELEASES)
    entry = {"number": 1, "made_at": made["made_at"], "href": f"{RELEASES}/1", "manifest": made, "withdrawn": None}
    assert listed.json() == {"items": [entry], "next": None}
    tags = {"If-None-Match": listed.headers["etag"]}
    assert (await client.http.get(RELEASES, headers=tags)).status_code == 304
    await release(client)
    assert (await client.http.get(RELEASES, headers=tags)).status_code == 200
    first = await client.http.get(f"{RELEASES}?limit=1")
    assert 'rel="next"' in first.headers["link"]
    second = await read(client, f"{RELEASES}?limit=1&cursor={first.json()['next']}")
    assert ([item["number"] for item in second["items"]], second["next"]) == ([2], None)


@pytest.mark.parametrize(
    ("accept", "format"),
    [
        ("application/x-ndjson", "ndjson"),
        ("text/html, application/json;q=0.5", "html"),
        ("application/json", None),
        ("*/*", None),
    ],
)
async def test_accept_names_a_file_or_the_manifest(client: Client, accept: str, format: str | None) -> None:
    await make_chronology(client)
    made = await release(client)
    got = await client.http.get(f"{RELEASES}/1", headers={"Accept": accept})
    assert "Accept" in got.headers["vary"]
    if format is None:
        assert got.json() == made
    else:
        assert got.content == (await client.http.get(f"{RELEASES}/1?format={format}")).content
    check_problem(await client.http.get(f"{RELEASES}/1", headers={"Accept": "image/png"}), "not-acceptable")


async def test_nothing_changes_what_was_released(client: Client) -> None:
    events = await make_chronology(client)
    made = await release(client)
    before = {name: answer.content for name, answer in (await files_of(client, made)).items()}
    await send_ok(client, "PATCH", f"/v1/events/{events[0]}", {"title": "Otherwise", "date": "2001"}, 1)
    await send_ok(client, "POST", f"/v1/events/{events[1]}/retract", {"change": {"reason": "Wrong."}}, 1)
    await send_ok(client, "PATCH", "/v1/actors/north-korea", {"name": "Korea (North)"}, 1)
    await send_ok(client, "PATCH", ONE, {"title": "Other", "items": []}, 1)
    again = await release(client)
    assert (again["number"], again["title"], again["events"], again["revision"]) == (2, "Other", 1, 2)
    after = {name: answer.content for name, answer in (await files_of(client, made)).items()}
    assert after == before
    assert await read(client, f"{RELEASES}/1") == made
    assert {file["sha256"] for file in made["files"]}.isdisjoint(file["sha256"] for file in again["files"])
    await check_whole(client)


async def test_a_file_is_put_together_from_its_pieces(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PIECE_BYTES", 100)
    await make_chronology(client)
    made = await release(client)
    async with client.store.connection() as connection:
        assert await connection.fetchval("SELECT max(length(content)) FROM release_piece") == 100
    for file in made["files"]:
        content = (await client.http.get(file["href"])).content
        assert hashlib.sha256(content).hexdigest() == file["sha256"]


async def test_a_file_that_is_withdrawn_while_it_is_read_breaks_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PIECE_BYTES", 100)
    await make_chronology(client)
    file = next(file for file in (await release(client))["files"] if file["format"] == "csv")
    pieces = keeping.read_file(client.store, "the-talks", 1, Format.CSV, file["bytes"])
    assert len(await anext(pieces)) == 100
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        await withdraw_releases(owner, EntityKind.CHRONOLOGY, "the-talks", "Gone.")
    finally:
        await owner.close()
    with pytest.raises(ProblemError, match="withdrawn"):
        await anext(pieces)


async def test_where_reading_needs_a_token_no_shared_cache_keeps_a_file(client: Client) -> None:
    await make_chronology(client)
    await release(client)
    async with serving(client.database, reading="token") as closed:
        check_problem(await closed.http.get(f"{RELEASES}/1?format=csv"), "token-required")
        got = await closed.http.get(f"{RELEASES}/1?format=csv", headers=closed.edit)
        assert got.headers["cache-control"] == "private, no-cache"


async def test_releases_at_once_are_numbered_without_gaps(client: Client) -> None:
    await make_chronology(client)
    answers = await asyncio.gather(*(send(client, "POST", RELEASES, {"note": f"{n}"}) for n in range(8)))
    assert sorted(answer.json()["number"] for answer in answers) == list(range(1, 9))
    listed = (await read(client, RELEASES))["items"]
    assert [item["number"] for item in listed] == list(range(1, 9))
    notes = {answer.json()["number"]: answer.json()["note"] for answer in answers}
    assert {item["number"]: item["manifest"]["note"] for item in listed} == notes


async def test_another_process_waits_its_turn(client: Client) -> None:
    """While somebody else makes a release of it, there is nothing to wait with; others are free."""
    await make_chronology(client)
    await make(client, "/v1/chronologies", {"slug": "other", "title": "Other", "filter": {}})
    async with keeping.keeping(client.store, "the-talks") as held:
        answer = await send(client, "POST", RELEASES, {})
        assert "retry-after" in answer.headers
        check_problem(answer, "busy")
        assert (await send(client, "POST", "/v1/chronologies/other/releases", {})).status_code == 201
        # Nor does it keep anybody from writing.
        await make_event(client, kind="talks")
        assert held.number == 1
    made = await release(client)
    assert (made["number"], made["events"]) == (1, 4)


async def test_a_release_is_of_one_moment(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written between two formats is in none of them."""
    events = await make_chronology(client)
    make_file = making._file

    async def slowly(*arguments: Any) -> Any:
        number = len((await read(client, "/v1/events"))["items"])
        await make_event(client, kind="talks", title=f"Meanwhile {number}")
        await send_ok(client, "PATCH", f"/v1/events/{events[1]}", {"title": f"Otherwise {number}"}, number - 2)
        return await make_file(*arguments)

    monkeypatch.setattr(making, "_file", slowly)
    made = await release(client)
    assert made["events"] == 3
    for name, answer in (await files_of(client, made)).items():
        if name != Format.XLSX:
            assert b"Meanwhile" not in answer.content, name
            assert b"Otherwise" not in answer.content, name
    await check_whole(client)


async def test_what_breaks_off_leaves_nothing_and_no_gap(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_chronology(client)
    before = await contents_of(client)
    made = 0
    make_file = making._file

    async def broken(*arguments: Any) -> Any:
        nonlocal made
        made += 1
        if made == 3:
            raise RuntimeError("broken")
        return await make_file(*arguments)

    monkeypatch.setattr(making, "_file", broken)
    check_problem(await send(client, "POST", RELEASES, {}), "internal-error")
    assert await contents_of(client) == before
    monkeypatch.undo()
    assert (await release(client))["number"] == 1


async def test_a_release_with_a_key_is_made_once(client: Client) -> None:
    await make_chronology(client)
    headers = {**client.edit, "Idempotency-Key": "one"}
    answers = await asyncio.gather(*(client.http.post(RELEASES, json={}, headers=headers) for _ in range(3)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert len((await read(client, RELEASES))["items"]) == 1


async def test_too_many_events_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_chronology(client)
    monkeypatch.setattr(making, "MAXIMUM_EVENTS", 2)
    found = check_problem(await send(client, "POST", RELEASES, {}), "too-many-events")
    assert "2 events at most" in found["detail"]
    assert "has 3" in found["detail"]
    assert (await read(client, RELEASES))["items"] == []


async def test_a_format_that_takes_fewer_is_left_out_with_the_reason(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_chronology(client)
    monkeypatch.setitem(WRITERS, Format.JSON, WRITERS[Format.JSON]._replace(most=2))
    made = await release(client)
    assert made["left_out"] == [{"format": "json", "reason": "This format takes 2 events at most."}]
    assert "json" not in {file["format"] for file in made["files"]}
    assert "2 events" in check_problem(await client.http.get(f"{RELEASES}/1?format=json"), "not-found")["detail"]


async def test_bodies_and_addresses_with_faults(client: Client) -> None:
    await make_chronology(client)
    body = {"licence": "", "citation": 1, "title": "?"}
    places = {"/licence", "/citation", "/title"}
    check_problem(await send(client, "POST", RELEASES, body), "invalid-body", places=places)
    check_problem(await send(client, "POST", "/v1/chronologies/none/releases", {}), "not-found")
    for number in ("0", "1", "-1", "01", "x", "2147483648", "99999999999999999999"):
        check_problem(await client.http.get(f"{RELEASES}/{number}"), "not-found")
    await release(client)
    check_problem(await client.http.get(f"{RELEASES}/1?format=pdf"), "invalid-parameters", places={"format"})
    check_problem(await client.http.get(f"{RELEASES}/1?limit=1"), "invalid-parameters", places={"limit"})
    check_problem(await client.http.get(f"{RELEASES}?cursor=x"), "invalid-cursor", places={"cursor"})


@pytest.mark.parametrize("member", ["event", "source", "actor", "chronology"])
async def test_a_release_is_withdrawn_with_what_is_in_it(client: Client, member: str) -> None:
    """By the owner: the bytes go, the number stays with the reason, and the next release counts on."""
    events = await make_chronology(client)
    made = await release(client)
    await send_ok(client, "PATCH", ONE, {"items": []}, 1)
    await send_ok(client, "PATCH", f"/v1/events/{events[1]}", {"actors": []}, 1)
    await send_ok(client, "PATCH", f"/v1/events/{events[2]}", {"actors": []}, 1)
    await release(client)
    source = (await read(client, f"/v1/events/{events[0]}"))["citations"][0]["source"]
    entity_id = {"event": events[0], "source": source, "actor": "north-korea", "chronology": "the-talks"}[member]
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        withdrawn = await withdraw_releases(owner, EntityKind(member), entity_id, "A court has ordered it.")
        # The source and the chronology are in both.
        both = member in ("source", "chronology")
        assert withdrawn == [("the-talks", number) for number in ((1, 2) if both else (1,))]
        assert await withdraw_releases(owner, EntityKind(member), entity_id, "Again.") == []
        pieces = await owner.fetch("SELECT DISTINCT number FROM release_piece")
        assert [row[0] for row in pieces] == ([] if both else [2])
        assert await owner.fetchval("SELECT manifest FROM release WHERE number = 1") is None
    finally:
        await owner.close()
    for path in (f"{RELEASES}/1", *(file["href"] for file in made["files"])):
        gone = await client.http.get(path, headers={"If-None-Match": "*"})
        assert "A court has ordered it." in check_problem(gone, "withdrawn")["detail"]
    entry = (await read(client, RELEASES))["items"][0]
    assert (entry["number"], entry["manifest"], entry["made_at"]) == (1, None, made["made_at"])
    assert entry["withdrawn"]["reason"] == "A court has ordered it."
    assert (await release(client))["number"] == 3
    await check_whole(client)


async def test_the_runtime_role_cannot_change_a_release(client: Client) -> None:
    await make_chronology(client)
    await release(client)
    before = await contents_of(client)
    connection = await asyncpg.connect(client.database.url)
    try:
        for statement in (
            "UPDATE release SET manifest = NULL",
            "UPDATE release SET made_at = now() WHERE false",
            "DELETE FROM release",
            "TRUNCATE release",
            "UPDATE release_piece SET content = ''",
            "DELETE FROM release_piece",
            "UPDATE release_content SET entity_id = ''",
            "DELETE FROM release_content",
            "SELECT FROM release FOR UPDATE",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await withdraw_releases(connection, EntityKind.CHRONOLOGY, "the-talks", "No.")
    finally:
        await connection.close()
    assert await contents_of(client) == before


async def test_a_release_shows_what_everybody_sees(client: Client) -> None:
    """The editor who makes it has drafts in sight; the release has not."""
    events = await make_chronology(client)
    await make_event(client, kind="talks", state="draft", title="Secret", citations=[])
    made = await release(client)
    assert made["events"] == len(events)
    for name, answer in (await files_of(client, made)).items():
        assert b"Secret" not in answer.content, name
    reader = await new_token(client, "reader", "read")
    assert (await client.http.get(f"{RELEASES}/1", headers=reader)).json() == made
    assert json.loads((await client.http.get(f"{RELEASES}/1?format=json", headers=reader)).content)["count"]
