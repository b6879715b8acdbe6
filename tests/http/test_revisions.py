"""Revisions of every kind of record: who changed what and why, as readers and editors see it."""

from typing import Any

import pytest

from tests.conftest import Client
from tests.patching import applied, exact
from tests.writing import (
    NOBODY,
    SOURCE,
    check_problem,
    check_whole,
    delete_content,
    event_body,
    fault_at,
    make,
    make_actors,
    make_event,
    new_token,
    read,
    send,
    send_ok,
)

CHRONOLOGY = {"slug": "talks", "title": "Talks", "filter": {"kind": ["talks"]}}
#: Of each kind of record: where it is created, with what, what names it, and edits one after the other.
KINDS: dict[str, tuple[str, dict[str, Any], str, list[dict[str, Any]]]] = {
    "event": (
        "/v1/events",
        event_body(tags=["a", "b"], citations=[{"source": SOURCE, "figures": [{"measure": "killed", "value": 1.5}]}]),
        "id",
        [
            {"tags": ["b", "c", "a"]},
            {"summary": "More.", "citations": [{"source": SOURCE, "figures": [{"measure": "killed", "value": 2}]}]},
            {
                "citations": [
                    {"source": SOURCE, "figures": [{"measure": "killed", "value": 2.0}]},
                    {"source": {"title": "X"}},
                ]
            },
        ],
    ),
    "actor": (
        "/v1/actors",
        {"id": "a-team", "name": "A Team", "kind": "coalition", "external_ids": {"wikidata": "Q1"}},
        "id",
        [
            {"aliases": ["The Team"]},
            {"external_ids": {"wikidata": None, "acled": "1/2~3"}},
            {"aliases": [], "name": "B"},
        ],
    ),
    "source": (
        "/v1/sources",
        {"title": "Another report", "url": "https://news.example/another"},
        "id",
        [{"reliability": "B"}, {"authors": ["A", "B"]}, {"authors": ["B"], "title": "The report"}],
    ),
    "chronology": (
        "/v1/chronologies",
        CHRONOLOGY,
        "slug",
        [
            {"filter": {"kind": ["talks", "treaty"]}},
            {"introduction": "Words."},
            {"title": "All talks", "filter": None, "items": []},
        ],
    ),
}


async def history(client: Client, path: str, *, edit: bool = False, query: str = "limit=1000") -> list[dict[str, Any]]:
    """All revisions of a record that a reader sees; each is checked against what is read of it alone."""
    items: list[dict[str, Any]] = []
    following: str | None = ""
    while following is not None:
        page = await read(
            client, f"{path}/revisions?{query}" + (f"&cursor={following}" if following else ""), edit=edit
        )
        assert page["items"]
        items += page["items"]
        following = page["next"]
    assert [item["revision"] for item in items] == sorted({item["revision"] for item in items})
    for item in items:
        one = await read(client, f"{path}/revisions/{item['revision']}", edit=edit)
        document = one.pop("document")
        assert one == item
        item["document"] = document
    return items


def rebuild(items: list[dict[str, Any]]) -> Any:
    """Make every document of the first one by the patches; gives the last one."""
    held = [item for item in items if item["document"] is not None]
    document = held[0]["document"]
    assert held[0]["patch"] is None
    for item in held[1:]:
        document = applied(document, item["patch"])
        assert exact(document) == exact(item["document"])
        assert document["revision"] == item["revision"]
    assert all(item["patch"] is None for item in items if item["document"] is None)
    return document


def told(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(item["revision"], item["type"], item["reason"]) for item in items]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_record_has_its_history(client: Client, kind: str) -> None:
    await make_actors(client)
    await make_event(client, kind="talks")
    collection, body, key, edits = KINDS[kind]
    if kind == "chronology":
        edits = [*edits[:2], {**edits[2], "items": [{"event_id": (await make_event(client))["id"]}]}]
    made = await make(client, collection, body)
    path = f"{collection}/{made[key]}"
    desk = await new_token(client, "Desk", "edit")
    for number, edit in enumerate(edits, 1):
        change = {"type": "correction", "reason": f"Reason {number}."} if number == 2 else {"type": "update"}
        headers = {**(desk if number == 2 else client.edit), "If-Match": f'"{number}"'}
        answer = await client.http.patch(path, json={**edit, "change": change}, headers=headers)
        assert answer.status_code == 200, answer.text
    items = await history(client, path)
    assert told(items) == [
        (1, "create", None),
        (2, "update", None),
        (3, "correction", "Reason 2."),
        (4, "update", None),
    ]
    assert [item["author"] for item in items] == ["editor", "editor", "Desk", "editor"]
    assert not any(item["redacted"] for item in items)
    assert [item["sequence"] for item in items] == [item["document"]["sequence"] for item in items]
    assert [item["recorded_at"] for item in items] == [item["document"]["updated_at"] for item in items]
    current = await read(client, path)
    current.pop("included")
    made.pop("included")
    assert exact(items[0]["document"]) == exact(made)
    assert exact(rebuild(items)) == exact(current)
    assert items == await history(client, path, edit=True), "nothing of it was ever hidden"
    await check_whole(client)


async def test_a_draft_is_seen_from_its_publication_on(client: Client) -> None:
    draft = await make_event(client, state="draft", title="Secret")
    path = f"/v1/events/{draft['id']}"
    await send_ok(client, "PATCH", path, {"title": "Secret still", "change": {"reason": "Secret reason."}}, 1)
    await send_ok(client, "PATCH", path, {"title": "Open", "state": "published", "change": {"reason": "Ready."}}, 2)
    await send_ok(client, "PATCH", path, {"summary": "More."}, 3)
    items = await history(client, path)
    assert told(items) == [(3, "create", "Ready."), (4, "update", None)]
    assert "ecret" not in str(items)
    rebuild(items)
    for number in (1, 2, 5):
        check_problem(await client.http.get(f"{path}/revisions/{number}"), "not-found")
    edited = await history(client, path, edit=True)
    assert told(edited) == [
        (1, "create", None),
        (2, "update", "Secret reason."),
        (3, "update", "Ready."),
        (4, "update", None),
    ]
    assert exact(rebuild(edited)) == exact(rebuild(items))


async def test_what_a_draft_mentions_is_seen_from_its_exposure_on(client: Client) -> None:
    await make_actors(client)
    actor = {"id": "hidden", "name": "Hidden", "kind": "person"}
    source = {"title": "Secret", "publisher": "the-paper"}
    row = event_body(state="draft", actors=[{"id": "hidden"}], citations=[{"source": source}], new_actors=[actor])
    answer = await client.http.post("/v1/events/batch", json=[row], headers=client.edit)
    draft = answer.json()["results"][0]["id"]
    event = await read(client, f"/v1/events/{draft}", edit=True)
    paths = [f"/v1/sources/{event['citations'][0]['source']}", "/v1/actors/hidden"]
    await send_ok(client, "PATCH", paths[0], {"title": "Open", "change": {"reason": "Secret reason."}}, 1)
    for path, numbers in zip(paths, ([1, 2], [1]), strict=True):
        check_problem(await client.http.get(path + "/revisions"), "not-found")
        check_problem(await client.http.get(path + "/revisions/1"), "not-found")
        assert [item["revision"] for item in await history(client, path, edit=True)] == numbers
    desk = await new_token(client, "Desk", "edit")
    answer = await client.http.patch(
        f"/v1/events/{draft}", json={"state": "published"}, headers={**desk, "If-Match": '"1"'}
    )
    assert answer.status_code == 200
    await send_ok(client, "PATCH", paths[0], {"title": "More open"}, 2)
    await send_ok(client, "PATCH", paths[1], {"aliases": ["H"]}, 1)
    seen = [await history(client, path) for path in paths]
    assert [told(items) for items in seen] == [
        [(2, "create", None), (3, "update", None)],
        [(1, "create", None), (2, "update", None)],
    ]
    for items in seen:
        assert [item["author"] for item in items] == ["Desk", "editor"], "who brought it into sight"
        assert items[0]["sequence"] > items[0]["document"]["sequence"]
        rebuild(items)
    assert "ecret" not in str(seen)
    check_problem(await client.http.get(paths[0] + "/revisions/1"), "not-found")
    # Editors have seen them all along, and see no change where there was none.
    assert told(await history(client, paths[0], edit=True)) == [
        (1, "create", None),
        (2, "update", "Secret reason."),
        (3, "update", None),
    ]
    await check_whole(client)


async def test_retractions_and_restorations_say_why(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"
    await send_ok(client, "PATCH", path, {"title": "Other"}, 1)
    await send_ok(client, "POST", path + "/retract", {"change": {"reason": "Withdrawn."}}, 2)
    await send_ok(client, "POST", path + "/restore", {"change": {"reason": "Confirmed."}}, 3)
    await send_ok(client, "POST", path + "/restore", {"revision": 1, "change": {"reason": "Mistaken."}}, 4)
    await send_ok(client, "POST", path + "/restore", {"revision": 1, "change": {"reason": "Nothing to do."}}, 5)
    items = await history(client, path)
    assert told(items) == [
        (1, "create", None),
        (2, "update", None),
        (3, "retraction", "Withdrawn."),
        (4, "restore", "Confirmed."),
        (5, "restore", "Mistaken."),
    ]
    assert {"op": "replace", "path": "/retraction", "value": "Withdrawn."} in items[2]["patch"]
    assert rebuild(items)["title"] == event["title"]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
async def test_pages_give_what_the_whole_list_gives(client: Client, limit: int) -> None:
    event = await make_event(client, state="draft")
    path = f"/v1/events/{event['id']}"
    await send_ok(client, "PATCH", path, {"state": "published"}, 1)
    for number in range(2, 7):
        await send_ok(client, "PATCH", path, {"title": f"Title {number}"}, number)
    for edit in (False, True):
        assert await history(client, path, edit=edit, query=f"limit={limit}") == await history(client, path, edit=edit)
    answer = await client.http.get(f"{path}/revisions?limit={limit}")
    assert len(answer.json()["items"]) == min(limit, 6)
    following = answer.json()["next"]
    link = f'<{path}/revisions?limit={limit}&cursor={following}>; rel="next"' if limit < 6 else None
    assert answer.headers.get("link") == link


async def test_a_cursor_is_of_one_record(client: Client) -> None:
    first, second = [await make_event(client, title=title) for title in ("One", "Two")]
    for event in (first, second):
        await send_ok(client, "PATCH", f"/v1/events/{event['id']}", {"title": "New"}, 1)
    cursor = (await read(client, f"/v1/events/{first['id']}/revisions?limit=1"))["next"]
    assert (await read(client, f"/v1/events/{first['id']}/revisions?cursor={cursor}"))["items"][0]["revision"] == 2
    source = first["citations"][0]["source"]
    for path in (f"/v1/events/{second['id']}", f"/v1/events/{NOBODY}", f"/v1/sources/{source}", "/v1/actors/nobody"):
        answer = await client.http.get(f"{path}/revisions?cursor={cursor}")
        check_problem(answer, "invalid-cursor", places={"cursor"})
    events = (await read(client, "/v1/events?limit=1"))["next"]
    for wrong in (events, "AAAA"):
        answer = await client.http.get(f"/v1/events/{first['id']}/revisions?cursor={wrong}")
        check_problem(answer, "invalid-cursor", places={"cursor"})


@pytest.mark.parametrize("number", ["0", "-1", "01", "1.0", "x", "%20", "2", "2147483647", "2147483648", "9" * 40])
async def test_there_is_no_revision_with_another_number(client: Client, number: str) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}/revisions"
    assert (await read(client, f"{path}/1"))["revision"] == 1
    check_problem(await client.http.get(f"{path}/{number}"), "not-found")
    check_problem(await client.http.get(f"{path}/{number}", headers=client.edit), "not-found")


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/events/{NOBODY}",
        "/v1/events/x",
        "/v1/actors/nobody",
        "/v1/actors/A",
        f"/v1/sources/{NOBODY}",
        "/v1/sources/x",
        "/v1/chronologies/nothing",
        "/v1/chronologies/A",
    ],
)
async def test_nothing_has_no_revisions(client: Client, path: str) -> None:
    for end in ("/revisions", "/revisions/1"):
        for headers in ({}, client.edit, {"If-None-Match": "*"}):
            answer = await client.http.get(path + end, headers=headers)
            check_problem(answer, "not-found")
            assert "etag" not in answer.headers


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=", "state=draft", "limit=1&limit=2"])
async def test_other_parameters_are_refused(client: Client, query: str) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}/revisions"
    name = query.partition("=")[0]
    assert fault_at(check_problem(await client.http.get(f"{path}?{query}"), "invalid-parameters"), name)
    check_problem(await client.http.get(f"{path}/1?{query}"), "invalid-parameters")


async def test_discarded_drafts_are_for_editors(client: Client) -> None:
    event = await make_event(client, state="draft")
    await make(client, "/v1/chronologies", {**CHRONOLOGY, "state": "draft"})
    for path in (f"/v1/events/{event['id']}", "/v1/chronologies/talks"):
        await send_ok(client, "PATCH", path, {"title": "Other"}, 1)
        assert (await send(client, "DELETE", path, None, 2)).status_code == 204
        items = await history(client, path, edit=True)
        assert told(items) == [(1, "create", None), (2, "update", None), (3, "discard", None)]
        assert (items[2]["document"], items[2]["patch"], items[2]["redacted"]) == (None, None, False)
        assert rebuild(items)["title"] == "Other"
        check_problem(await client.http.get(path, headers=client.edit), "not-found")
        for end in ("/revisions", "/revisions/1", "/revisions/3"):
            check_problem(await client.http.get(path + end), "not-found")


async def test_patches_lead_around_what_was_deleted(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"
    for number in range(1, 5):
        change = {"type": "correction", "reason": f"Reason {number}."}
        await send_ok(client, "PATCH", path, {"title": f"Title {number}", "change": change}, number)
    before = await history(client, path)
    kept = await client.http.get(path + "/revisions/3")
    for number in (1, 3):
        await delete_content(client, event["id"], before[number - 1]["sequence"])
    items = await history(client, path, query="limit=1")
    assert items == await history(client, path)
    assert [item["redacted"] for item in items] == [True, False, True, False, False]
    for number in (1, 3):
        gone = items[number - 1]
        assert (gone["document"], gone["reason"], gone["patch"]) == (None, None, None)
        assert gone["type"] == before[number - 1]["type"]
    assert [item["patch"] is None for item in items] == [True, True, True, False, False]
    assert applied(before[1]["document"], items[3]["patch"]) == before[3]["document"]
    assert items[4] == before[4]
    rebuild(items)
    # What was kept of it elsewhere is out of date.
    again = await client.http.get(path + "/revisions/3", headers={"If-None-Match": kept.headers["etag"]})
    assert (again.status_code, again.json()["redacted"]) == (200, True)


async def test_unchanged_answers_are_304(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"
    for end in ("/revisions", "/revisions/1"):
        first = await client.http.get(path + end)
        again = await client.http.get(path + end, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert first.headers["etag"].startswith('W/"')
        assert again.headers["cache-control"] == first.headers["cache-control"] == "no-cache"
    tags = [(await client.http.get(path + end)).headers["etag"] for end in ("/revisions", "/revisions/1")]
    # A draft of another event changes neither for readers; a public change only the list.
    await make_event(client, state="draft")
    assert tags == [(await client.http.get(path + end)).headers["etag"] for end in ("/revisions", "/revisions/1")]
    await send_ok(client, "PATCH", path, {"title": "New"}, 1)
    held = {"If-None-Match": ", ".join(tags)}
    assert [
        (await client.http.get(path + end, headers=held)).status_code for end in ("/revisions", "/revisions/1")
    ] == [
        200,
        304,
    ]


@pytest.mark.parametrize("scopes", [None, ["read"]])
async def test_a_reader_cannot_tell_a_draft_from_nothing(client: Client, scopes: list[str] | None) -> None:
    """Byte for byte, whatever is asked: for what is a draft, what was one and what never was anything."""
    await make_actors(client)
    published = await make_event(client)
    cited = {"title": "Secret", "publisher": "the-paper"}
    draft, gone = [await make_event(client, state="draft", citations=[{"source": cited}]) for _ in range(2)]
    await send_ok(client, "PATCH", f"/v1/events/{draft['id']}", {"title": "Secret"}, 1)
    for slug in ("draft-slug", "gone-slug"):
        await make(client, "/v1/chronologies", {**CHRONOLOGY, "slug": slug, "state": "draft"})
    for path in (f"/v1/events/{gone['id']}", "/v1/chronologies/gone-slug"):
        assert (await send(client, "DELETE", path, None, 1)).status_code == 204
    actor = {"id": "hidden", "name": "Hidden", "kind": "person"}
    row = event_body(state="draft", actors=[{"id": "hidden"}], new_actors=[actor])
    answer = await client.http.post("/v1/events/batch", json=[row], headers=client.edit)
    assert answer.json()["created"] == 1
    headers = {} if scopes is None else await new_token(client, "reader", *scopes)
    source = draft["citations"][0]["source"]
    tag = (await client.http.get(f"/v1/events/{draft['id']}/revisions", headers=client.edit)).headers["etag"]
    sealed = (await read(client, f"/v1/events/{draft['id']}/revisions?limit=1", edit=True))["next"]
    assert sealed
    ends = ["", "?limit=1", "?cursor=AAAA", "?limit=0", "/1", "/2", "/3", "/0", "/x", "/1?limit=1"]
    for collection, hidden, never in (
        ("events", [draft["id"], gone["id"]], NOBODY),
        ("actors", ["hidden"], "nobody"),
        ("sources", [source], NOBODY),
        ("chronologies", ["draft-slug", "gone-slug"], "never-slug"),
    ):
        for end in ends:
            for more in ({}, {"If-None-Match": "*"}, {"If-None-Match": tag}, {"If-None-Match": '"1", "2-x"'}):
                answers = [
                    await _said(client, f"/v1/{collection}/{name}/revisions{end}", {**headers, **more})
                    for name in (*hidden, never)
                ]
                assert len(set(answers)) == 1, (collection, end, more)
    # An editor's cursor of the draft is good for nothing without the scope.
    answer = await client.http.get(f"/v1/events/{draft['id']}/revisions?cursor={sealed}", headers=headers)
    check_problem(answer, "not-found")
    assert (await read(client, f"/v1/events/{published['id']}/revisions"))["items"]


async def _said(client: Client, path: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
    """What an answer says, without what differs between any two: the id of the request."""
    answer = await client.http.get(path, headers=headers)
    assert answer.status_code in (400, 404)
    request_id = answer.headers["x-request-id"]
    said = sorted((name, value) for name, value in answer.headers.items() if name not in ("x-request-id", "date"))
    return answer.status_code, str(said), answer.content.replace(request_id.encode(), b"")
