"""Merging actors: one stands for several from then on, nothing else is written, and all of it can be undone."""

from typing import Any
from urllib.parse import quote

from schema.actor import MAXIMUM_MERGED
from tests.conftest import Client
from tests.writing import (
    check_problem,
    check_whole,
    event_body,
    fault_at,
    if_match,
    make,
    make_actors,
    make_event,
    read,
    send,
    send_ok,
)

NEWS = {"id": "the-news", "name": "The News", "kind": "publisher", "reliability": "A"}


async def merge(client: Client, actor: str, into: str, revision: int = 1, **change: Any) -> dict[str, Any]:
    return await send_ok(client, "POST", f"/v1/actors/{actor}/merge", {"into": into, **change}, revision)


async def unmerge(client: Client, actor: str, revision: int) -> dict[str, Any]:
    return await send_ok(client, "POST", f"/v1/actors/{actor}/unmerge", {}, revision)


async def ids(client: Client, query: str) -> set[str]:
    return {item["id"] for item in (await read(client, f"/v1/events?{query}"))["items"]}


async def head(client: Client) -> int:
    async with client.store.connection() as connection:
        sequence: int = await connection.fetchval("SELECT sequence FROM head")
    return sequence


async def test_the_merged_actor_is_written_and_nothing_else(client: Client) -> None:
    await make_actors(client)
    event = await make_event(client, actors=[{"id": "ROK"}])
    before = await head(client)
    merged = await merge(client, "south-korea", "DPRK", change={"reason": "One country.", "type": "merge"})
    assert (merged["id"], merged["merged_into"], merged["revision"]) == ("south-korea", "north-korea", 2)
    assert (merged["name"], merged["aliases"]) == ("South Korea", ["ROK", "Korea"])
    assert merged["included"]["actors"] == {
        "north-korea": {"name": "North Korea", "kind": "state", "merged_into": None}
    }
    assert await head(client) == merged["sequence"] == before + 1
    async with client.store.connection() as connection:
        change = await connection.fetchrow(
            "SELECT type, public_type, reason FROM change JOIN content USING (entity_id, sequence) WHERE sequence = $1",
            merged["sequence"],
        )
    assert tuple(change) == ("merge", "merge", "One country.")
    again = await read(client, f"/v1/events/{event['id']}")
    assert {**again, "included": None} == {**event, "included": None}
    assert again["included"]["actors"] == {
        "north-korea": {"name": "North Korea", "kind": "state", "merged_into": None},
        "south-korea": {"name": "North Korea", "kind": "state", "merged_into": "north-korea"},
    }
    undone = await unmerge(client, "south-korea", 2)
    assert (undone["merged_into"], undone["revision"], undone["included"]["actors"]) == (None, 3, {})
    assert (await read(client, f"/v1/events/{event['id']}"))["included"] == event["included"]
    await check_whole(client)


async def test_the_old_address_leads_on(client: Client) -> None:
    await make_actors(client)
    before = await head(client)
    first = await read(client, "/v1/actors/south-korea")
    merged = await merge(client, "south-korea", "north-korea")
    for headers in ({}, client.edit, {"If-None-Match": "*"}):
        answer = await client.http.get("/v1/actors/south-korea", headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (308, "/v1/actors/north-korea")
        assert answer.json() == {"id": "south-korea", "merged_into": "north-korea", "revision": 2}
        assert answer.headers["cache-control"] == "no-cache"
        assert "Authorization" in answer.headers["vary"]
    moment = merged["updated_at"]
    for asked in (str(merged["sequence"]), quote(moment)):
        answer = await client.http.get(f"/v1/actors/south-korea?as_of={asked}")
        assert (answer.status_code, answer.headers["location"]) == (308, f"/v1/actors/north-korea?as_of={asked}")
        assert (await client.http.get(answer.headers["location"])).status_code == 200
    assert await read(client, f"/v1/actors/south-korea?as_of={before}") == {**first, "as_of": before}
    # The tag of the redirect names the revision that is to be unmerged.
    answer = await client.http.post(
        "/v1/actors/south-korea/unmerge", json={}, headers={**client.edit, "If-Match": answer.headers["etag"]}
    )
    assert answer.status_code == 200, answer.text
    assert (await read(client, "/v1/actors/south-korea"))["merged_into"] is None
    answer = await client.http.get(f"/v1/actors/south-korea?as_of={merged['sequence']}")
    assert answer.status_code == 308


async def test_lists_leave_merged_actors_out(client: Client) -> None:
    await make_actors(client)
    before = await head(client)
    await merge(client, "south-korea", "north-korea")
    names = {actor["id"] for actor in (await read(client, "/v1/actors"))["items"]}
    assert names == {"russia", "north-korea", "the-paper", "the-gazette"}
    pages, path = [], "/v1/actors?limit=2"
    while path:
        page = await read(client, path)
        pages.append([actor["id"] for actor in page["items"]])
        path = f"/v1/actors?limit=2&cursor={page['next']}" if page["next"] else ""
    assert pages == [["north-korea", "russia"], ["the-gazette", "the-paper"]]
    assert len((await read(client, f"/v1/actors?as_of={before}"))["items"]) == 5


async def test_filters_find_what_names_any_of_them(client: Client) -> None:
    await make_actors(client)
    await make(client, "/v1/actors", NEWS)
    north = (await make_event(client, actors=[{"id": "north-korea", "role": "host"}]))["id"]
    south = (await make_event(client, actors=[{"id": "south-korea", "role": "party"}, {"id": "russia"}]))["id"]
    both = (await make_event(client, actors=[{"id": "north-korea"}, {"id": "south-korea", "role": "host"}]))["id"]
    paper = {"title": "One", "publisher": "the-paper"}, {"title": "Two", "publisher": "the-gazette"}
    cited = [(await make_event(client, citations=[{"source": source}]))["id"] for source in paper]
    before = await head(client)
    assert fault_at(check_problem(await client.http.get("/v1/events?actor=Korea"), "invalid-parameters"), "actor")
    await merge(client, "south-korea", "north-korea")
    for name in ("north-korea", "south-korea", "ROK", "DPRK", "Korea", "South%20Korea"):
        assert await ids(client, f"actor={name}") == {north, south, both}
        assert await ids(client, f"actor_all={name}&actor_all=russia") == {south}
        assert await ids(client, f"actor={name}&actor_role=party") == {south}
        assert await ids(client, f"actor={name}&actor_role=host") == {north, both}
        assert await ids(client, f"actor={name}&actor=russia") == {north, south, both}
    assert await ids(client, "actor_all=north-korea&actor_all=south-korea") == {north, south, both}
    page = await read(client, "/v1/events?actor=ROK&count=exact&limit=1")
    assert page["count"] == {"value": 3, "exact": True}
    assert await ids(client, f"actor=ROK&as_of={before}") == {south, both}
    assert await ids(client, f"actor_all=ROK&actor_all=DPRK&as_of={before}") == {both}
    check_problem(await client.http.get(f"/v1/events?actor=Korea&as_of={before}"), "invalid-parameters")
    # Publishers, and the reliability of those that stand for them.
    assert await ids(client, "min_reliability=B") == {cited[0]}
    await merge(client, "the-gazette", "the-news")
    assert await ids(client, "min_reliability=B") == set(cited)
    assert await ids(client, "min_reliability=A") == {cited[1]}
    for name in ("the-news", "The%20Gazette"):
        assert await ids(client, f"publisher={name}") == {cited[1]}
    await merge(client, "the-paper", "the-news")
    assert await ids(client, "min_reliability=A") == set(cited)
    assert await ids(client, "publisher=the-gazette") == set(cited)
    page = await read(client, f"/v1/events/{cited[0]}")
    source = page["included"]["sources"][page["citations"][0]["source"]]
    assert (source["publisher"], source["reliability"]) == ("the-paper", "A")
    assert set(page["included"]["actors"]) == {"the-paper", "the-news"}
    assert await ids(client, f"min_reliability=B&as_of={before}") == {cited[0]}
    assert await ids(client, f"publisher=the-paper&as_of={before}") == {cited[0]}
    await unmerge(client, "the-paper", 2)
    assert await ids(client, "min_reliability=A") == {cited[1]}
    assert await ids(client, "publisher=the-news") == {cited[1]}
    await check_whole(client)


async def test_new_references_go_to_the_one_that_stands_for_both(client: Client) -> None:
    await make_actors(client)
    await merge(client, "south-korea", "north-korea")
    await merge(client, "the-gazette", "the-paper")
    citation = {
        "source": {"title": "A", "publisher": "The Gazette"},
        "attribution": ["ROK", "Korea", "An unknown man"],
    }
    event = await make_event(client, actors=[{"id": "Korea"}, {"id": "ROK", "role": "host"}], citations=[citation])
    assert [actor["id"] for actor in event["actors"]] == ["north-korea", "north-korea"]
    assert event["citations"][0]["attribution"] == ["north-korea", "north-korea", "An unknown man"]
    assert event["included"]["sources"][event["citations"][0]["source"]]["publisher"] == "the-paper"
    assert set(event["included"]["actors"]) == {"north-korea", "the-paper"}
    source = await make(client, "/v1/sources", {"title": "B", "publisher": "the-gazette"})
    assert source["publisher"] == "the-paper"
    unit = {"id": "unit", "name": "Unit", "kind": "armed-force", "part_of": [{"actor": "south-korea"}]}
    assert (await make(client, "/v1/actors", unit))["part_of"] == [{"actor": "north-korea", "date": None}]
    body = {"slug": "korea", "title": "Korea", "filter": {"actor": ["ROK", "Korea"], "publisher": ["The Gazette"]}}
    chronology = await make(client, "/v1/chronologies", body)
    assert (chronology["filter"]["actor"], chronology["filter"]["publisher"]) == (["north-korea"], ["the-paper"])
    assert len((await read(client, "/v1/chronologies/korea/events"))["items"]) == 1
    answer = await send(client, "POST", "/v1/events", event_body(actors=[{"id": "ROK"}, {"id": "DPRK"}]))
    check_problem(answer, "invalid-body", places={"/actors/1"})
    answer = await send(client, "PATCH", "/v1/actors/north-korea", {"part_of": [{"actor": "ROK"}]}, 1)
    check_problem(answer, "invalid-body", places={"/part_of/0/actor"})
    check_problem(await client.http.get("/v1/events?actor=Sout"), "invalid-parameters")
    answer = check_problem(await client.http.get("/v1/events?actor=Sout%20Korea"), "invalid-parameters")
    assert fault_at(answer, "actor")["suggestion"] == "north-korea"
    rows = [
        event_body(actors=[{"id": "south-korea"}], new_actors=[{"id": "south-korea", "name": "S", "kind": "state"}])
    ]
    answer = await send(client, "POST", "/v1/events/batch", rows)
    made = await read(client, f"/v1/events/{answer.json()['results'][0]['id']}")
    assert [actor["id"] for actor in made["actors"]] == ["north-korea"]
    await check_whole(client)


async def test_what_a_record_holds_stays_as_it_is(client: Client) -> None:
    """What GET gave can be PUT back, and an earlier revision restored, whoever has been merged meanwhile."""
    await make_actors(client)
    citation = {"source": {"title": "A", "publisher": "the-gazette"}, "attribution": ["ROK", "Seoul"]}
    event = await make_event(client, actors=[{"id": "ROK"}, {"id": "DPRK"}], citations=[citation])
    path = f"/v1/events/{event['id']}"
    body = {"id": "unit", "name": "Unit", "kind": "armed-force", "part_of": [{"actor": "ROK"}]}
    unit = await make(client, "/v1/actors", body)
    source = await make(client, "/v1/sources", {"title": "B", "publisher": "The Gazette"})
    body = {"slug": "korea", "title": "Korea", "filter": {"actor": ["ROK"], "publisher": ["the-gazette"]}}
    chronology = await make(client, "/v1/chronologies", body)
    await merge(client, "south-korea", "north-korea")
    await merge(client, "the-gazette", "the-paper")
    last = await head(client)
    for address, record in (
        (path, event),
        ("/v1/actors/unit", unit),
        (f"/v1/sources/{source['id']}", source),
        ("/v1/chronologies/korea", chronology),
    ):
        given = await read(client, address)
        assert {**given, "included": None} == {**record, "included": None}
        assert (await send_ok(client, "PUT", address, given, 1))["revision"] == 1
    # By the name that it was given by, too, and whole sources are found under the publisher that they have.
    again = event_body(actors=[{"id": "ROK"}, {"id": "north-korea"}], citations=[citation])
    assert (await send_ok(client, "PUT", path, again, 1))["revision"] == 1
    assert await head(client) == last
    check_problem(await send(client, "POST", "/v1/sources", {"title": "B", "publisher": "the-paper"}), "conflict")
    made = await make_event(client, citations=[{"source": {"title": "b", "publisher": "the-paper"}}])
    assert made["citations"][0]["source"] == source["id"]
    changed = await send_ok(client, "PATCH", path, {"title": "Else", "actors": [{"id": "north-korea"}]}, 1)
    assert changed["citations"] == event["citations"]
    changed = await send_ok(client, "PATCH", path, {"actors": [{"id": "south-korea"}]}, 2)
    assert [actor["id"] for actor in changed["actors"]] == ["south-korea"], "the attribution holds it still"
    restored = await send_ok(client, "POST", f"{path}/restore", {"revision": 1}, 3)
    assert (restored["actors"], restored["citations"]) == (event["actors"], event["citations"])
    assert set(restored["included"]["actors"]) == {"north-korea", "south-korea", "the-gazette", "the-paper"}
    changed = await send_ok(client, "PATCH", f"/v1/sources/{source['id']}", {"authors": ["A. Writer"]}, 1)
    assert changed["publisher"] == "the-gazette"
    await check_whole(client)


async def test_it_is_one_step_from_anybody_to_whom_they_are_merged_into(client: Client) -> None:
    await make_actors(client)
    event = await make_event(client, actors=[{"id": "south-korea"}])
    await merge(client, "south-korea", "north-korea")
    merged = await merge(client, "north-korea", "russia")
    assert await ids(client, "actor=russia") == {event["id"]}
    page = await read(client, f"/v1/events/{event['id']}")
    assert page["included"]["actors"] == {
        "russia": {"name": "Russia", "kind": "state", "merged_into": None},
        "south-korea": {"name": "Russia", "kind": "state", "merged_into": "russia"},
    }
    async with client.store.connection() as connection:
        changes = await connection.fetch(
            "SELECT entity_id, revision, type, public_type FROM change ORDER BY sequence DESC LIMIT 2"
        )
    assert [tuple(change) for change in changes] == [
        ("north-korea", 2, "merge", "merge"),
        ("south-korea", 3, "merge", "merge"),
    ]
    # As of the change in between nobody is merged into one who is merged.
    answer = await client.http.get(f"/v1/actors/south-korea?as_of={merged['sequence'] - 1}")
    assert answer.headers["location"].startswith("/v1/actors/russia?")
    assert (await client.http.get(answer.headers["location"])).status_code == 200
    assert (await read(client, f"/v1/actors/north-korea?as_of={merged['sequence'] - 1}"))["merged_into"] is None
    # What names a merged actor means whoever stands for it.
    assert (await merge(client, "the-paper", "south-korea"))["merged_into"] == "russia"
    assert (await unmerge(client, "north-korea", 2))["merged_into"] is None
    assert await ids(client, "actor=north-korea") == set()
    assert (await client.http.get("/v1/actors/south-korea")).headers["location"] == "/v1/actors/russia"
    await check_whole(client)


async def test_what_cannot_be_merged(client: Client) -> None:
    await make_actors(client)
    path = "/v1/actors/south-korea"
    check_problem(await send(client, "POST", "/v1/actors/nobody/merge", {"into": "russia"}, 1), "not-found")
    check_problem(await send(client, "POST", f"{path}/merge", {"into": "russia"}), "precondition-required")
    check_problem(await send(client, "POST", f"{path}/merge", {"into": "russia"}, 2), "revision-mismatch")
    for body, place in (
        ({}, "/into"),
        ({"into": "nobody"}, "/into"),
        ({"into": "Korea"}, "/into"),
        ({"into": 1}, "/into"),
        ({"into": "russia", "change": {"type": "update"}}, "/change/type"),
        ({"into": "russia", "reason": "So."}, "/reason"),
    ):
        check_problem(await send(client, "POST", f"{path}/merge", body, 1), "invalid-body", places={place})
    for into in ("south-korea", "ROK"):
        check_problem(await send(client, "POST", f"{path}/merge", {"into": into}, 1), "conflict", places={"/into"})
    check_problem(await send(client, "POST", f"{path}/unmerge", {}, 1), "conflict")
    check_problem(await client.http.post(f"{path}/merge", json={"into": "russia"}), "token-required")
    await merge(client, "south-korea", "north-korea")
    # Each is the other by now.
    for into in ("south-korea", "ROK", "Korea"):
        answer = await send(client, "POST", "/v1/actors/north-korea/merge", {"into": into}, 1)
        check_problem(answer, "conflict", places={"/into"})
    check_problem(await send(client, "POST", f"{path}/merge", {"into": "russia"}, 2), "conflict")
    for method, body in (("PUT", {"name": "Seoul", "kind": "state"}), ("PATCH", {"name": "Seoul"}), ("PATCH", {})):
        detail = check_problem(await send(client, method, path, body, 2), "conflict")["detail"]
        assert "north-korea" in detail
        assert "/v1/actors/south-korea/unmerge" in detail
    answer = await send(client, "PATCH", "/v1/actors/russia", {"merged_into": "north-korea"}, 1)
    check_problem(answer, "read-only-member", places={"/merged_into"})
    answer = await send(client, "POST", "/v1/actors", {"id": "x", "name": "south-korea", "kind": "state"})
    check_problem(answer, "invalid-body", places={"/name"})
    await check_whole(client)


async def test_figures_come_with_whoever_stands_for_those_who_state_them(client: Client) -> None:
    await make_actors(client)
    citation = {
        "source": {"title": "A", "publisher": "the-gazette"},
        "attribution": ["ROK"],
        "figures": [{"measure": "troops", "value": 1}],
    }
    event = await make_event(client, actors=[{"id": "russia"}], citations=[citation])
    await merge(client, "south-korea", "north-korea")
    await merge(client, "the-gazette", "the-paper")
    answer = await read(client, f"/v1/events/{event['id']}/figures")
    assert set(answer["included"]["actors"]) == {"north-korea", "south-korea", "the-gazette", "the-paper"}
    assert answer["included"]["actors"]["south-korea"]["name"] == "North Korea"


async def test_a_merge_with_a_key_is_done_once(client: Client) -> None:
    await make_actors(client)
    headers = {**if_match(client, 1), "Idempotency-Key": "one"}
    answers = [
        await client.http.post("/v1/actors/south-korea/merge", json={"into": "DPRK"}, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert answers[0].json()["revision"] == 2


async def test_only_so_many_can_be_merged_into_one(client: Client) -> None:
    await make_actors(client)
    rows = [
        event_body(
            title=f"Event {number}",
            actors=[{"id": f"a-{number}"}],
            new_actors=[{"id": f"a-{number}", "name": f"A {number}", "kind": "person"}],
        )
        for number in range(MAXIMUM_MERGED + 1)
    ]
    assert (await send(client, "POST", "/v1/events/batch", rows)).status_code == 200
    for number in range(1, MAXIMUM_MERGED):
        await merge(client, f"a-{number}", "a-0")
    assert len(await ids(client, "actor=a-7&limit=1000")) == MAXIMUM_MERGED
    # Whoever goes along counts, too.
    await merge(client, f"a-{MAXIMUM_MERGED}", "russia")
    answer = await send(client, "POST", "/v1/actors/a-0/merge", {"into": "russia"}, 1)
    assert str(MAXIMUM_MERGED) in check_problem(answer, "too-many-merged")["detail"]
    await merge(client, "a-0", "north-korea")
    answer = await send(client, "POST", "/v1/actors/russia/merge", {"into": "north-korea"}, 1)
    check_problem(answer, "too-many-merged")
    check_problem(await send(client, "POST", "/v1/actors/the-paper/merge", {"into": "a-5"}, 1), "too-many-merged")
    await unmerge(client, "a-3", 3)
    await merge(client, "the-paper", "a-5")
    assert len(await ids(client, "actor=north-korea&limit=1000")) == MAXIMUM_MERGED - 1
    await check_whole(client)
