"""The change feed, as it is polled: pages in one order, for each reader what they may see."""

import re
from typing import Any

import asyncpg
import pytest

from tests.conftest import Client
from tests.writing import check_problem, make, make_actors, make_event, new_token, read, send, send_ok

EPOCH = "1970-01-01T00:00:00.000000Z"


async def feed(client: Client, *, edit: bool = False, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
    """All changes after a place, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        page = await read(client, f"/v1/changes?after={after}&limit={limit}", edit=edit)
        found += page["items"]
        assert page["after"] == (page["items"][-1]["sequence"] if page["items"] else after)
        assert page["more"] == (page["after"] < page["head"])
        assert len(page["items"]) <= limit
        after = page["after"]
        if not page["more"]:
            return found


async def head_of(client: Client, *, edit: bool = False) -> dict[str, Any]:
    return await read(client, "/v1/changes/head", edit=edit)


async def execute(client: Client, sql: str, *values: Any) -> Any:
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        return await owner.fetchval(sql, *values)
    finally:
        await owner.close()


async def test_an_empty_store_has_a_head_and_no_changes(client: Client) -> None:
    assert await head_of(client) == {"sequence": 0, "digest": "00" * 32, "recorded_at": EPOCH}
    answer = await client.http.get("/v1/changes")
    assert answer.json() == {"items": [], "after": 0, "more": False, "head": 0}
    assert "link" not in answer.headers
    check_problem(await client.http.get("/v1/changes?after=1"), "invalid-parameters", places={"after"})


async def test_each_kind_of_record_comes_with_its_whole_document(client: Client) -> None:
    await make_actors(client)
    event = await make_event(client)
    chronology = await make(client, "/v1/chronologies", {"slug": "all", "title": "All", "filter": {"kind": ["treaty"]}})
    changes = await feed(client)
    assert [change["sequence"] for change in changes] == list(range(1, len(changes) + 1))
    by_entity = {change["entity"]: change for change in changes}
    assert by_entity.keys() == {"actor", "source", "event", "chronology"}
    assert by_entity["event"]["document"] == {name: value for name, value in event.items() if name != "included"}
    assert by_entity["event"] == {
        "entity": "event",
        "id": event["id"],
        "sequence": event["sequence"],
        "recorded_at": event["updated_at"],
        "revision": 1,
        "type": "create",
        "author": "editor",
        "reason": None,
        "redacted": False,
        "redacts": [],
        "document": by_entity["event"]["document"],
    }
    assert by_entity["chronology"]["document"]["slug"] == chronology["slug"] == by_entity["chronology"]["id"]
    head = await head_of(client)
    assert (head["sequence"], head["recorded_at"]) == (changes[-1]["sequence"], changes[-1]["recorded_at"])
    assert re.fullmatch("[0-9a-f]{64}", head["digest"])
    assert head["digest"] == await execute(client, "SELECT encode(digest, 'hex') FROM head")


async def test_documents_go_out_as_they_are_stored(client: Client) -> None:
    event = await make_event(client, title="Talks at “Istanbul” — 이스탄불")
    stored = await execute(client, "SELECT document FROM content WHERE sequence = $1", event["sequence"])
    answer = await client.http.get(f"/v1/changes?after={event['sequence'] - 1}")
    assert b'"document":' + stored + b"}" in answer.content


async def test_types_and_reasons_are_told(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"
    body = {"title": "Corrected", "change": {"type": "correction", "reason": "It was another one."}}
    await send_ok(client, "PATCH", path, body, 1)
    await send_ok(client, "POST", f"{path}/retract", {"change": {"reason": "It did not happen."}}, 2)
    await send_ok(client, "POST", f"{path}/restore", {}, 3)
    changes = [change for change in await feed(client) if change["entity"] == "event"]
    assert [(change["type"], change["revision"], change["reason"]) for change in changes] == [
        ("create", 1, None),
        ("correction", 2, "It was another one."),
        ("retraction", 3, "It did not happen."),
        ("restore", 4, None),
    ]
    assert [change["document"]["title"] for change in changes] == ["A treaty is signed"] + ["Corrected"] * 3
    assert [change["document"]["state"] for change in changes][2] == "retracted"


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 9, 10, 11])
async def test_pages_of_any_size_give_the_same_feed(client: Client, limit: int) -> None:
    await make_actors(client)
    for number in range(4):
        await make_event(client, title=f"Number {number}", state="draft" if number % 2 else "published")
    for edit in (False, True):
        whole = await feed(client, edit=edit)
        assert len(whole) > 2
        assert await feed(client, edit=edit, limit=limit) == whole
        for after in range(whole[-1]["sequence"] + 1):
            expected = [change for change in whole if change["sequence"] > after]
            assert await feed(client, edit=edit, after=after, limit=limit) == expected


async def test_the_link_leads_on(client: Client) -> None:
    await make_actors(client)
    seen: list[int] = []
    address: str | None = "/v1/changes?limit=2"
    while address is not None:
        answer = await client.http.get(address)
        seen += [change["sequence"] for change in answer.json()["items"]]
        link = re.fullmatch(r'<(.*)>; rel="next"', answer.headers.get("link", ""))
        assert (link is None) == (not answer.json()["more"])
        address = link[1] if link else None
    assert seen == [1, 2, 3, 4, 5]


async def test_the_public_sees_nothing_of_a_draft_until_it_is_published(client: Client) -> None:
    await make_actors(client)
    await make_event(client, title="Open")
    before, head = await feed(client), await head_of(client)
    source = {"title": "Secret source", "url": "https://secret.example/", "publisher": "the-gazette"}
    kept = await make_event(client, title="Secret", state="draft", citations=[{"source": source}])
    await send_ok(client, "PATCH", f"/v1/events/{kept['id']}", {"summary": "Still secret"}, 1)
    gone = await make_event(client, title="Secret, too", state="draft", citations=[{"source": source}])
    assert (await send(client, "DELETE", f"/v1/events/{gone['id']}", None, 1)).status_code == 204
    assert await feed(client) == before
    assert await head_of(client) == head
    edited = (await feed(client, edit=True))[len(before) :]
    assert [(change["entity"], change["type"]) for change in edited] == [
        ("source", "create"),
        *(("event", change_type) for change_type in ("create", "update", "create", "discard")),
    ]
    assert (edited[-1]["document"], edited[-1]["redacted"]) == (None, False)
    hidden = await head_of(client, edit=True)
    assert hidden["sequence"] > head["sequence"]
    refused = await client.http.get(f"/v1/changes?after={hidden['sequence']}")
    found = check_problem(refused, "invalid-parameters", places={"after"})
    assert f"The last change that you may see is {head['sequence']}." in found["errors"][0]["detail"]
    assert str(hidden["sequence"]) not in refused.text

    await send_ok(client, "PATCH", f"/v1/events/{kept['id']}", {"state": "published"}, 2)
    to_public = (await feed(client))[len(before) :]
    assert [(change["entity"], change["type"]) for change in to_public] == [("source", "create"), ("event", "create")]
    assert to_public[-1]["revision"] == 3
    [*_, to_editor] = await feed(client, edit=True)
    assert (to_editor["type"], to_editor["sequence"]) == ("update", to_public[-1]["sequence"])
    assert await feed(client, after=hidden["sequence"]) == to_public


async def test_who_has_only_read_sees_what_the_public_sees(client: Client) -> None:
    await make_event(client, state="draft")
    headers = await new_token(client, "reader", "read")
    answer = await client.http.get("/v1/changes", headers=headers)
    assert answer.json() == {"items": [], "after": 0, "more": False, "head": 0}
    assert answer.json() == await read(client, "/v1/changes")


async def test_what_was_redacted_is_said_to_be(client: Client) -> None:
    event = await make_event(client)
    body = {"title": "Other", "change": {"type": "correction", "reason": "Secret reason."}}
    await send_ok(client, "PATCH", f"/v1/events/{event['id']}", body, 1)
    whole = await feed(client)
    await execute(client, "DELETE FROM content WHERE sequence = $1", whole[-1]["sequence"])
    changes = await feed(client)
    assert changes[:-1] == whole[:-1]
    assert changes[-1] == {**whole[-1], "document": None, "reason": None, "redacted": True}


async def test_pages_are_bounded_in_bytes(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        await make_event(client, title=f"Number {number}", summary="It happened. " * 100)
    whole = await feed(client)
    sizes = [len(str(change["document"])) for change in whole]
    for most in (1, max(sizes), 3 * max(sizes)):
        monkeypatch.setattr("api.http.changes.read_page.__kwdefaults__", {"maximum_bytes": most})
        page = await read(client, "/v1/changes?limit=1000")
        assert 1 <= len(page["items"]) < len(whole)
        assert page["more"]
        assert await feed(client) == whole


@pytest.mark.parametrize(
    ("query", "place"),
    [
        *(("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("after=-1", "after")),
        *(("after=1.5", "after"), ("after=9007199254740992", "after"), ("before=1", "before"), ("after=", "after")),
        ("after=99999999999999999999", "after"),
    ],
)
async def test_what_cannot_be_asked_is_refused(client: Client, query: str, place: str) -> None:
    check_problem(await client.http.get(f"/v1/changes?{query}"), "invalid-parameters", places={place})


@pytest.mark.parametrize("query", ["after=x", "after=99", "limit=1"])
async def test_a_stream_that_cannot_begin_is_a_problem(client: Client, query: str) -> None:
    answer = await client.http.get(f"/v1/changes/stream?{query}")
    check_problem(answer, "invalid-parameters", places={query.partition("=")[0]})


@pytest.mark.parametrize("path", ["/v1/changes", "/v1/changes?limit=1", "/v1/changes/head"])
async def test_what_has_not_changed_is_not_sent_again(client: Client, path: str) -> None:
    await make_event(client)
    first = await client.http.get(path)
    assert first.headers["etag"].startswith("W/")
    assert first.headers["cache-control"] == "no-cache"
    unchanged = {"If-None-Match": first.headers["etag"]}
    # Drafts do not show by the tag either.
    await make_event(client, state="draft", title="Secret")
    again = await client.http.get(path, headers=unchanged)
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.http.get(path, headers={**unchanged, **client.edit})).status_code == 200
    await make_event(client, title="Another")
    assert (await client.http.get(path, headers=unchanged)).status_code == 200
