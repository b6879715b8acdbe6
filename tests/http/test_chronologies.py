"""Chronologies: written, found wanting, revised, and never seen as drafts."""

from typing import Any

import asyncpg
import pytest

from api.history.verification import verify
from api.http import chronologies
from api.store import bounded
from api.store.bounded import TimeBound
from tests.conftest import Client
from tests.writing import (
    NOBODY,
    SOURCE,
    all_at_once,
    check_problem,
    check_whole,
    contents_of,
    fault_at,
    make,
    make_actors,
    make_event,
    new_token,
    read,
    send,
    send_ok,
)

PATH = "/v1/chronologies"
ONE = f"{PATH}/the-talks"
#: Every filter as a new chronology has it.
NO_FILTER: dict[str, Any] = {
    **dict.fromkeys(("date_from", "date_to", "min_confidence", "min_precision", "min_reliability", "min_origins")),
    **dict.fromkeys(("disputed", "overdue", "bbox", "updated_from", "q", "sort")),
    **{name: [] for name in ("actor", "actor_all", "actor_role", "occurrence", "state", "kind", "tag", "source")},
    **{name: [] for name in ("publisher", "country", "external_id")},
    **dict.fromkeys(("include_members", "include_parts"), False),
    "date_match": "overlaps",
}


def body(**members: Any) -> dict[str, Any]:
    return {"slug": "the-talks", "title": "The talks", "filter": {}, **members}


async def make_chronology(client: Client, **members: Any) -> dict[str, Any]:
    return await make(client, PATH, body(**members))


async def ids(client: Client, query: str = "", *, edit: bool = False, path: str = ONE) -> list[str]:
    return [item["id"] for item in (await read(client, f"{path}/events{query}", edit=edit))["items"]]


async def test_a_minimal_chronology_gets_every_member(client: Client) -> None:
    answer = await client.http.post(PATH, json=body(), headers=client.edit)
    made = answer.json()
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == ONE
    assert answer.headers["etag"].startswith('"1-')
    assert made == {
        "slug": "the-talks",
        "title": "The talks",
        "introduction": None,
        "state": "published",
        "filter": NO_FILTER,
        "items": [],
        "licence": None,
        "language": None,
        "revision": 1,
        "sequence": 1,
        "created_at": made["created_at"],
        "updated_at": made["created_at"],
        "published_at": made["created_at"],
        "included": {"actors": {}, "sources": {}},
    }
    got = await client.http.get(ONE)
    assert (got.status_code, got.content) == (200, answer.content)
    again = await client.http.get(ONE, headers={"If-None-Match": got.headers["etag"]})
    assert again.status_code == 304
    check_problem(await client.http.post(PATH, json=body(), headers=client.edit), "conflict", places={"/slug"})
    await check_whole(client)


async def test_actors_are_stored_as_ids_and_stand_beside_it(client: Client) -> None:
    await make_actors(client)
    source = (await make(client, "/v1/sources", {**SOURCE, "publisher": "the-paper"}))["id"]
    wanted = {"actor": ["DPRK", "north-korea", "russia"], "actor_all": ["ROK"], "publisher": ["The Gazette"]}
    made = await make_chronology(client, filter={**wanted, "source": [source], "sort": "-updated"})
    assert made["filter"]["actor"] == ["north-korea", "russia"]
    assert made["filter"]["actor_all"] == ["south-korea"]
    assert made["filter"]["publisher"] == ["the-gazette"]
    assert set(made["included"]["actors"]) == {"north-korea", "russia", "south-korea", "the-gazette", "the-paper"}
    assert set(made["included"]["sources"]) == {source}
    listed = await read(client, PATH)
    assert listed == {
        "items": [{name: value for name, value in made.items() if name != "included"}],
        "next": None,
        "as_of": None,
        "included": made["included"],
    }
    await check_whole(client)


async def test_every_fault_is_named_in_one_answer(client: Client) -> None:
    await make_actors(client)
    draft = (await make_event(client, state="draft"))["id"]
    event = (await make_event(client))["id"]
    answer = await send(
        client,
        "POST",
        PATH,
        body(
            slug="The Talks",
            language="?",
            filter={
                "actor": ["Korea", "russai"],
                "kind": ["Not a kind"],
                "source": [NOBODY],
                "state": ["published", "draft"],
                "date_from": "2025",
                "date_to": "2024",
                "bbox": "1,2,3",
                "limit": 5,
            },
            items=[{"event_id": event}, {"event_id": NOBODY}, {"event_id": draft}, {"event_id": event}, {"note": ""}],
        ),
    )
    places = {"/slug", "/language", "/filter/actor/0", "/filter/actor/1", "/filter/kind/0", "/filter/source/0"}
    places |= {"/filter/state/1", "/filter/date_to", "/filter/bbox", "/filter/limit", "/items/1/event_id"}
    places |= {"/items/2/event_id", "/items/3/event_id", "/items/4/event_id", "/items/4/note"}
    found = check_problem(answer, "invalid-body", places=places)
    assert fault_at(found, "/filter/actor/1")["suggestion"] == "russia"
    assert "north-korea" in fault_at(found, "/filter/actor/0")["suggestion"]
    assert "draft" in fault_at(found, "/items/2/event_id")["detail"]
    assert (await read(client, PATH, edit=True))["items"] == []


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"filter": None}, "/items"),
        ({"filter": None, "items": []}, "/items"),
        ({"items": [{"event_id": NOBODY}] * 1001}, "/items"),
        ({"filter": {"sort": "relevance"}}, "/filter/sort"),
        ({"filter": {"cursor": "x"}}, "/filter/cursor"),
        ({"filter": {"format": "csv"}}, "/filter/format"),
        ({"filter": {"count": "exact"}}, "/filter/count"),
        ({"filter": {"min_reliability": "F"}}, "/filter/min_reliability"),
        ({"filter": {"date_from": "June"}}, "/filter/date_from"),
        ({"state": "retracted"}, "/state"),
        ({"note": "?"}, "/note"),
    ],
)
async def test_a_fault_is_named_where_it_is(client: Client, members: dict[str, Any], place: str) -> None:
    check_problem(await send(client, "POST", PATH, body(**members)), "invalid-body", places={place})


async def test_revisions_and_their_log(client: Client) -> None:
    await make_actors(client)
    event = (await make_event(client))["id"]
    first = await make_chronology(client, state="draft", items=[{"event_id": event, "note": "First."}])
    assert (first["state"], first["published_at"]) == ("draft", None)
    back = await send(client, "PUT", ONE, first, 1)
    assert (back.status_code, back.json()) == (200, first), "what changes nothing makes no revision"
    patch = {"filter": {"actor": ["DPRK"], "kind": ["talks"]}, "introduction": "So it began."}
    second = await send_ok(client, "PATCH", ONE, patch, 1)
    assert (second["filter"]["actor"], second["filter"]["kind"]) == (["north-korea"], ["talks"])
    third = await send_ok(client, "PATCH", ONE, {"filter": {"actor": None}, "introduction": None}, 2)
    assert (third["filter"], third["introduction"]) == ({**NO_FILTER, "kind": ["talks"]}, None)
    reason = {"type": "correction", "reason": "It was about something else."}
    fourth = await send_ok(client, "PUT", ONE, {"title": "T", "filter": {}, "change": reason, "state": "published"}, 3)
    assert (fourth["title"], fourth["items"], fourth["revision"]) == ("T", [], 4)
    assert fourth["published_at"] == fourth["updated_at"] > fourth["created_at"]
    fifth = await send_ok(client, "PUT", ONE, {"title": "Title", "filter": {}}, 4)
    assert (fifth["state"], fifth["published_at"]) == ("published", fourth["published_at"])
    check_problem(await send(client, "PATCH", ONE, {"state": "draft"}, 5), "invalid-body", places={"/state"})
    check_problem(await send(client, "PATCH", ONE, {"slug": "other"}, 5), "read-only-member", places={"/slug"})
    check_problem(await send(client, "PATCH", ONE, {"title": "X"}, 4), "revision-mismatch")
    check_problem(await send(client, "PATCH", ONE, {"title": "X"}), "precondition-required")
    check_problem(await send(client, "DELETE", ONE, None, 5), "conflict")
    missing = {"change": {"type": "correction"}}
    check_problem(await send(client, "PATCH", ONE, missing, 5), "invalid-body", places={"/change/reason"})
    async with client.store.connection() as connection:
        rows = await connection.fetch(
            "SELECT revision, type, public_type, reason, author FROM change"
            " LEFT JOIN content USING (entity_id, sequence) WHERE entity = 'chronology' ORDER BY sequence"
        )
    assert [tuple(row) for row in rows] == [
        (1, "create", None, None, "editor"),
        (2, "update", None, None, "editor"),
        (3, "update", None, None, "editor"),
        (4, "correction", "create", reason["reason"], "editor"),
        (5, "update", "update", None, "editor"),
    ]
    await check_whole(client)


async def test_nothing_is_written_by_what_is_not_there_or_not_allowed(client: Client) -> None:
    await make_chronology(client)
    reader = await new_token(client, "reader", "read")
    before = await contents_of(client)
    for method, path in (("PUT", ONE), ("PATCH", ONE), ("DELETE", ONE), ("POST", PATH), ("POST", f"{ONE}/releases")):
        check_problem(await client.http.request(method, path, json=body(), headers=reader), "forbidden")
        check_problem(await client.http.request(method, path, json=body()), "token-required")
    for method in ("PUT", "PATCH", "DELETE"):
        check_problem(await send(client, method, f"{PATH}/none", body(), 1), "not-found")
        check_problem(await send(client, method, f"{PATH}/No!", body(), 1), "not-found")
    assert await contents_of(client) == before


async def test_a_post_with_a_key_is_done_once(client: Client) -> None:
    headers = {**client.edit, "Idempotency-Key": "one"}
    first = await client.http.post(PATH, json=body(), headers=headers)
    again = await client.http.post(PATH, json=body(), headers=headers)
    assert (again.status_code, again.content, again.headers["location"]) == (201, first.content, ONE)
    assert len((await read(client, PATH))["items"]) == 1


async def test_a_draft_is_discarded_and_its_revisions_stay(client: Client) -> None:
    await make_chronology(client, state="draft")
    check_problem(await send(client, "DELETE", ONE, None, 2), "revision-mismatch")
    assert (await send(client, "DELETE", ONE, None, 1)).status_code == 204
    check_problem(await client.http.get(ONE, headers=client.edit), "not-found")
    check_problem(await send(client, "POST", PATH, body()), "conflict", places={"/slug"})
    await check_whole(client)


async def test_the_list_is_paged_by_slug(client: Client) -> None:
    slugs = ["a", "a-b", "a1", "b", "z"]
    for slug in reversed(slugs):
        await make_chronology(client, slug=slug, state="draft" if slug == "b" else "published")
    found, path = [], f"{PATH}?limit=2"
    while path:
        answer = await client.http.get(path)
        page = answer.json()
        found += [item["slug"] for item in page["items"]]
        assert ("next" in answer.headers.get("link", "")) == (page["next"] is not None)
        path = f"{PATH}?limit=2&cursor={page['next']}" if page["next"] else ""
    assert found == [slug for slug in slugs if slug != "b"]
    assert [item["slug"] for item in (await read(client, PATH, edit=True))["items"]] == slugs


async def test_picked_events_come_first_then_what_the_filter_finds(client: Client) -> None:
    old = (await make_event(client, date="1999"))["id"]
    talks = [(await make_event(client, kind="talks", date=f"200{number}"))["id"] for number in range(3)]
    late = (await make_event(client, date="2020"))["id"]
    items = [{"event_id": late, "note": "Last, and first."}, {"event_id": talks[1]}, {"event_id": old, "note": "Old."}]
    await make_chronology(client, items=items, filter={"kind": ["talks"]})
    order = [late, talks[1], old, talks[0], talks[2]]
    page = await read(client, f"{ONE}/events?count=exact")
    assert [item["id"] for item in page["items"]] == order
    assert page["notes"] == {late: "Last, and first.", old: "Old."}
    assert page["count"] == {"value": 5, "exact": True}
    assert (page["range"], page["as_of"]) == ({"earliest": None, "latest": None}, None)
    assert page["included"]["sources"]
    assert await ids(client, "?sort=date") == [old, *talks, late]
    assert await ids(client, "?sort=-date&kind=talks") == talks[::-1]
    assert await ids(client, "?date_from=2001") == [late, talks[1], talks[2]]
    last = await read(client, f"{ONE}/events?limit=3")
    second = await client.http.get(f"{ONE}/events?limit=3&cursor={last['next']}")
    assert [item["id"] for item in second.json()["items"]] == order[3:]
    assert second.json()["notes"] == {}
    # A cursor ends with the revision that it belongs to.
    await send_ok(client, "PATCH", ONE, {"title": "Other"}, 1)
    check_problem(await client.http.get(f"{ONE}/events?limit=3&cursor={last['next']}"), "invalid-cursor")


async def test_what_is_retracted_is_out_unless_asked_for(client: Client) -> None:
    picked = (await make_event(client))["id"]
    found = (await make_event(client, kind="talks"))["id"]
    await make_chronology(client, items=[{"event_id": picked, "note": "Gone."}], filter={"kind": ["talks"]})
    for event in (picked, found):
        await send_ok(client, "POST", f"/v1/events/{event}/retract", {"change": {"reason": "Wrong."}}, 1)
    page = await read(client, f"{ONE}/events?count=exact")
    assert (page["items"], page["notes"], page["count"]) == ([], {}, {"value": 0, "exact": True})
    assert await ids(client, "?state=retracted") == [picked, found]
    check_problem(await client.http.get(f"{ONE}/events?state=draft"), "forbidden")


async def test_an_unchanged_list_of_events_is_not_read_again(client: Client) -> None:
    event = (await make_event(client, date="2024"))["id"]
    await make_chronology(client, filter={})
    path = f"{ONE}/events?limit=5"
    first = await client.http.get(path)
    tags = {"If-None-Match": first.headers["etag"]}
    assert (await client.http.get(path, headers=tags)).status_code == 304
    assert (await client.http.get(path + "0", headers=tags)).status_code == 200
    await send_ok(client, "PATCH", ONE, {"introduction": "More."}, 1)
    second = await client.http.get(path, headers=tags)
    assert (second.status_code, second.headers["etag"] != first.headers["etag"]) == (200, True)
    await send_ok(client, "PATCH", f"/v1/events/{event}", {"title": "Other"}, 1)
    assert (await client.http.get(path, headers={"If-None-Match": second.headers["etag"]})).status_code == 200


async def test_verification_covers_chronologies(client: Client) -> None:
    await make_chronology(client)
    wrong = [
        "The current chronology the-talks is not what was written last.",
        "In the current rows, chronology the-talks is not as the log has it.",
    ]
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        assert (await verify(owner)).findings == []
        await owner.execute("UPDATE chronology SET document = '{}'")
        assert (await verify(owner)).findings == wrong
        await owner.execute("DELETE FROM chronology")
        assert (await verify(owner)).findings == wrong
    finally:
        await owner.close()


async def test_of_writes_at_once_one_wins(client: Client) -> None:
    """One slug is created once; of edits and a discarding of the same revision one comes through."""
    created = await all_at_once(*(send(client, "POST", PATH, body(state="draft")) for _ in range(10)))
    assert sorted(answer.status_code for answer in created) == [201] + [409] * 9
    answers = await all_at_once(
        *(send(client, "PATCH", ONE, {"title": f"Title {number}"}, 1) for number in range(5)),
        send(client, "PATCH", ONE, {"state": "published"}, 1),
        send(client, "DELETE", ONE, None, 1),
    )
    statuses = [answer.status_code for answer in answers]
    assert sum(status in (200, 204) for status in statuses) == 1
    assert set(statuses) <= {200, 204, 404, 412}
    await check_whole(client)


async def test_a_filter_by_what_is_overdue_is_asked_again_each_minute(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_chronology(client, filter={"overdue": True})
    tags = {"If-None-Match": (await client.http.get(f"{ONE}/events")).headers["etag"]}
    monkeypatch.setattr(chronologies, "this_minute", lambda: "another minute")
    assert (await client.http.get(f"{ONE}/events", headers=tags)).status_code == 200
    await send_ok(client, "PATCH", ONE, {"filter": {"overdue": None}}, 1)
    tags = {"If-None-Match": (await client.http.get(f"{ONE}/events")).headers["etag"]}
    monkeypatch.setattr(chronologies, "this_minute", lambda: "a third minute")
    assert (await client.http.get(f"{ONE}/events", headers=tags)).status_code == 304


async def test_both_parts_of_a_list_are_counted_in_one_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    picked = await make_event(client)
    await make_event(client)
    await make_chronology(client, items=[{"event_id": picked["id"]}])
    now, fetch = 0.0, TimeBound.fetch

    async def slowly(bound: TimeBound, *given: Any) -> Any:
        nonlocal now
        rows = await fetch(bound, *given)
        now += bounded.COUNTING_S
        return rows

    assert (await read(client, f"{ONE}/events?count=exact"))["count"] == {"value": 2, "exact": True}
    monkeypatch.setattr(bounded, "monotonic", lambda: now)
    monkeypatch.setattr(TimeBound, "fetch", slowly)
    assert (await read(client, f"{ONE}/events?count=exact"))["count"]["exact"] is False


async def test_names_count_for_relevance_in_every_state(client: Client) -> None:
    """What is picked is published here, and what the filter finds is retracted."""
    await make_actors(client)
    russia = [{"id": "russia"}]
    picked = await make_event(client, title="Picked", actors=russia)
    for members in ({"title": "By its text", "summary": "Russia."}, {"title": "By a name", "actors": russia}):
        made = await make_event(client, **members)
        await send_ok(client, "POST", f"/v1/events/{made['id']}/retract", {"change": {"reason": "No."}}, 1)
    await make_chronology(client, items=[{"event_id": picked["id"]}], filter={"state": ["retracted"]})
    page = await read(client, f"{ONE}/events?q=russia&sort=relevance")
    titles = [item["title"] for item in page["items"]]
    assert set(titles[:2]) == {"Picked", "By a name"}
    assert titles[2:] == ["By its text"]
