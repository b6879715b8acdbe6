"""Actors: found under every name, renamed in one place, and never mistaken for another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.words import fold
from tests.conftest import Client
from tests.writing import (
    ACTORS,
    SOURCE,
    check_problem,
    check_whole,
    event_body,
    fault_at,
    make,
    make_actors,
    make_event,
    read,
    send,
    send_ok,
)

FULL_ACTOR: dict[str, Any] = {
    "id": "storm-corps",
    "name": "Storm Corps",
    "kind": "armed-force",
    "names": [{"name": "폭풍군단", "language": "ko", "date": "1969/.."}, {"name": "XI Corps"}],
    "aliases": ["11th Corps", "storm corps"],
    "external_ids": {"wikidata": "Q1"},
    "part_of": [{"actor": "DPRK", "date": "1969/.."}],
    "member_of": [{"actor": "Russia"}],
    "reliability": "C",
}


async def test_a_minimal_actor_gets_every_member(client: Client) -> None:
    body = {"id": "russia", "name": "Russia", "kind": "state"}
    answer = await client.http.post("/v1/actors", json=body, headers=client.edit)
    actor = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/actors/russia"
    assert answer.headers["etag"].startswith('"1-')
    assert actor == {
        **body,
        "names": [],
        "aliases": [],
        "external_ids": {},
        "part_of": [],
        "member_of": [],
        "reliability": None,
        "revision": 1,
        "sequence": 1,
        "created_at": actor["created_at"],
        "updated_at": actor["created_at"],
        "merged_into": None,
        "included": {"actors": {}, "sources": {}},
    }
    got = await client.http.get("/v1/actors/russia")
    assert got.content == answer.content
    again = await client.http.get("/v1/actors/russia", headers={"If-None-Match": got.headers["etag"]})
    assert again.status_code == 304
    await check_whole(client)


async def test_a_full_actor_is_kept_with_ids_in_its_memberships(client: Client) -> None:
    await make_actors(client)
    actor = await make(client, "/v1/actors", FULL_ACTOR)
    assert actor["names"] == [FULL_ACTOR["names"][0], {"name": "XI Corps", "language": None, "date": None}]
    assert actor["part_of"] == [{"actor": "north-korea", "date": "1969/.."}]
    assert actor["member_of"] == [{"actor": "russia", "date": None}]
    for name in ("id", "name", "kind", "aliases", "external_ids", "reliability"):
        assert actor[name] == FULL_ACTOR[name]
    assert set(actor["included"]["actors"]) == {"north-korea", "russia"}
    for name in ("storm-corps", "STORM CORPS", "폭풍군단", "xi corps", "11th corps"):
        event = await make_event(client, actors=[{"id": name}])
        assert event["actors"][0]["id"] == "storm-corps"
    await check_whole(client)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_get_gave_can_be_put_back_and_changes_nothing(client: Client, method: str) -> None:
    await make_actors(client)
    await make(client, "/v1/actors", FULL_ACTOR)
    got = await client.http.get("/v1/actors/storm-corps")
    back = await send(client, method, "/v1/actors/storm-corps", got.json(), 1)
    assert (back.status_code, back.content, back.headers["etag"]) == (200, got.content, got.headers["etag"])
    await check_whole(client)


async def test_put_patch_and_the_log(client: Client) -> None:
    await make_actors(client)
    await make(client, "/v1/actors", FULL_ACTOR)
    path = "/v1/actors/storm-corps"
    patched = await send_ok(client, "PATCH", path, {"reliability": None, "aliases": None, "name": "Storm"}, 1)
    assert (patched["reliability"], patched["aliases"], patched["name"]) == (None, [], "Storm")
    assert patched["names"][0]["name"] == "폭풍군단"
    replaced = await send_ok(
        client,
        "PUT",
        path,
        {"name": "Corps", "kind": "armed-force", "change": {"type": "correction", "reason": "So it says."}},
        2,
    )
    assert (replaced["names"], replaced["part_of"], replaced["revision"]) == ([], [], 3)
    # Names that were taken away no longer find it.
    answer = await send(client, "POST", "/v1/events", event_body(actors=[{"id": "XI Corps"}]))
    check_problem(answer, "invalid-body", places={"/actors/0/id"})
    async with client.store.connection() as connection:
        rows = await connection.fetch(
            "SELECT type, public_type, reason FROM change JOIN content USING (entity_id, sequence)"
            " WHERE change.entity_id = 'storm-corps' ORDER BY sequence"
        )
    assert [tuple(row) for row in rows] == [
        ("create", "create", None),
        ("update", "update", None),
        ("correction", "correction", "So it says."),
    ]
    check_problem(await send(client, "PATCH", path, {"id": "other"}, 3), "read-only-member", places={"/id"})
    check_problem(await send(client, "PATCH", path, {"sequence": 0}, 3), "read-only-member", places={"/sequence"})
    check_problem(await send(client, "PATCH", path, {"nmae": None}, 3), "invalid-body", places={"/nmae"})
    check_problem(await send(client, "PATCH", path, {"name": "x"}), "precondition-required")
    assert (
        check_problem(await send(client, "PATCH", path, {"name": "x"}, 2), "revision-mismatch")["current_revision"] == 3
    )
    check_problem(await send(client, "PATCH", "/v1/actors/nobody", {}), "not-found")
    await check_whole(client)


async def test_an_id_is_taken_once(client: Client) -> None:
    await make_actors(client)
    check_problem(await send(client, "POST", "/v1/actors", ACTORS[0]), "conflict")
    await check_whole(client)


@pytest.mark.parametrize(
    ("actor", "places"),
    [
        ({"name": "North-Korea"}, {"/name"}),
        ({"aliases": ["ok", "NORTH-KOREA"]}, {"/aliases/1"}),
        ({"names": [{"name": "Ñorth-Korea"}]}, {"/names/0/name"}),
        ({"id": "dprk"}, {"/id"}),
        ({"aliases": ["russia"], "names": [{"name": "north-korea"}]}, {"/aliases/0", "/names/0/name"}),
        # Together with whatever else is wrong.
        (
            {"aliases": ["russia"], "kind": "A State", "part_of": [{"actor": "Korea"}]},
            {"/aliases/0", "/kind", "/part_of/0/actor"},
        ),
        ({"part_of": [{"actor": "new"}]}, {"/part_of/0/actor"}),
        (
            {"part_of": [{"actor": "Nobody"}], "member_of": [{"actor": "russa"}]},
            {"/part_of/0/actor", "/member_of/0/actor"},
        ),
        ({"part_of": [{"actor": "russia", "date": "x"}]}, {"/part_of/0/date"}),
        ({"aliases": ["x"] * 101}, {"/aliases"}),
    ],
)
async def test_actors_that_are_refused(client: Client, actor: dict[str, Any], places: set[str]) -> None:
    """Above all: no name of one actor is ever the id of another."""
    await make_actors(client)
    body = {"id": "new", "name": "New", "kind": "state", **actor}
    check_problem(await send(client, "POST", "/v1/actors", body), "invalid-body", places=places)
    if "id" not in actor:
        await make(client, "/v1/actors", {"id": "new", "name": "New", "kind": "state"})
        check_problem(await send(client, "PATCH", "/v1/actors/new", actor, 1), "invalid-body", places=places)
    await check_whole(client)


async def test_names_may_be_shared_and_are_then_ambiguous(client: Client) -> None:
    await make_actors(client)
    await send_ok(client, "PATCH", "/v1/actors/russia", {"aliases": ["Rok"]}, 1)
    answer = await send(client, "POST", "/v1/events", event_body(actors=[{"id": "ROK"}]))
    body = check_problem(answer, "invalid-body", places={"/actors/0/id"})
    assert fault_at(body, "/actors/0/id")["suggestion"] == "one of russia, south-korea"
    await send_ok(client, "PATCH", "/v1/actors/russia", {"aliases": []}, 2)
    assert (await make_event(client, actors=[{"id": "ROK"}]))["actors"][0]["id"] == "south-korea"


async def test_one_actor_may_have_a_name_twice(client: Client) -> None:
    actor = {"id": "a", "name": "Same", "kind": "state", "aliases": ["same", "SAME"], "names": [{"name": "Sáme"}]}
    await make(client, "/v1/actors", actor)
    await send_ok(client, "PATCH", "/v1/actors/a", {"aliases": []}, 1)
    assert (await make_event(client, actors=[{"id": "SAMÉ"}]))["actors"][0]["id"] == "a"
    await check_whole(client)


async def test_a_name_of_nothing_but_accents_finds_nobody(client: Client) -> None:
    """Folded, nothing is left of it; else every such name would mean the same actor."""
    await make(client, "/v1/actors", {"id": "odd", "name": "\u0301", "kind": "state"})
    answer = await send(client, "POST", "/v1/events", event_body(actors=[{"id": "\u0300"}]))
    check_problem(answer, "invalid-body", places={"/actors/0/id"})
    assert (await make_event(client, actors=[{"id": "odd"}]))["actors"][0]["id"] == "odd"
    await check_whole(client)


@given(st.text(max_size=8))
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert fold(f"  {name}\u3000") == fold(name)
    assert fold(name.upper().lower()) == fold(name.upper())


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ａ", "a"), ("𝐀", "a"), ("㎅", "kb"), ("Straße", "STRASSE"), ("Kyïv", "Kyiv"), ("a\u00a0b", "A B")],
)
def test_these_are_the_same_name(one: str, other: str) -> None:
    assert fold(one) == fold(other)


async def test_the_list_gives_each_actor_once_in_order(client: Client) -> None:
    await make_actors(client)
    await make(client, "/v1/actors", FULL_ACTOR)
    seen, address = [], "/v1/actors?limit=2"
    while address:
        answer = await client.http.get(address)
        page = answer.json()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        mentioned = {m["actor"] for item in page["items"] for m in (*item["part_of"], *item["member_of"])}
        assert set(page["included"]["actors"]) == mentioned
        address = answer.links["next"]["url"] if page["next"] else ""
    assert seen == sorted([*(actor["id"] for actor in ACTORS), "storm-corps"])


async def test_a_rename_shows_everywhere_at_the_next_read(client: Client) -> None:
    await make_actors(client)
    event = await make_event(
        client,
        actors=[{"id": "russia"}],
        citations=[{"source": {**SOURCE, "publisher": "the-paper"}, "attribution": ["russia"]}],
    )
    await send_ok(client, "PATCH", "/v1/actors/russia", {"name": "Muscovy"}, 1)
    await send_ok(client, "PATCH", "/v1/actors/the-paper", {"name": "The Daily", "reliability": "D"}, 1)
    for path in (f"/v1/events/{event['id']}", "/v1/events"):
        included = (await read(client, path))["included"]
        assert included["actors"]["russia"]["name"] == "Muscovy"
        assert included["actors"]["the-paper"]["name"] == "The Daily"
        assert [source["reliability"] for source in included["sources"].values()] == ["D"]
    assert (await read(client, f"/v1/events/{event['id']}"))["revision"] == 1
    await check_whole(client)
