"""Whose events are found with those of an actor: of its members and its parts, in their time; and no cycles."""

from typing import Any

import pytest

from api.store import facets, histogram, memberships
from tests.conftest import Client
from tests.writing import (
    all_at_once,
    check_problem,
    check_whole,
    fault_at,
    head_of_log,
    make,
    make_event,
    read,
    send,
    send_ok,
)


async def _actor(client: Client, name: str, **members: Any) -> dict[str, Any]:
    return await make(client, "/v1/actors", {"id": name, "name": f"The {name}", "kind": "organization", **members})


async def _titles(client: Client, query: str) -> list[str]:
    page = await read(client, f"/v1/events?{query}&count=exact&limit=1000")
    assert page["count"] == {"value": len(page["items"]), "exact": True}
    return [item["title"] for item in page["items"]]


async def _alliance(client: Client) -> None:
    await _actor(client, "alliance")
    await _actor(client, "always", member_of=[{"actor": "alliance"}])
    await _actor(client, "late", member_of=[{"actor": "alliance", "date": "1999-03/.."}])
    await _actor(client, "left", member_of=[{"actor": "The alliance", "date": "1949/1966"}])
    await _actor(client, "army", part_of=[{"actor": "late", "date": "2000/2010"}])
    await _actor(client, "staff", part_of=[{"actor": "alliance"}])
    await _actor(client, "bureau", part_of=[{"actor": "staff", "date": "1990/"}])
    for name in ("alliance", "always", "late", "left", "army", "staff", "bureau"):
        for date in ("1950", "1999", "2005-05-05", "2020"):
            await make_event(client, title=f"{name} {date}", date=date, actors=[{"id": name, "role": "party"}])


async def test_members_are_found_in_their_time(client: Client) -> None:
    await _alliance(client)
    everywhere = ("1950", "1999", "2005-05-05", "2020")
    own = {f"{name} {date}" for name in ("alliance", "always") for date in everywhere}
    members = own | {"late 1999", "late 2005-05-05", "late 2020", "left 1950"}
    parts = {f"{name} {date}" for name in ("alliance", "staff") for date in everywhere}
    parts |= {"bureau 1999", "bureau 2005-05-05", "bureau 2020"}
    assert set(await _titles(client, "actor=alliance&include_members=true")) == members
    assert set(await _titles(client, "actor=alliance&include_parts=true")) == parts
    both = set(await _titles(client, "actor=alliance&include_parts=true&include_members=true"))
    # The army is part of a member, only from 2000 to 2010.
    assert both == members | parts | {"army 2005-05-05"}
    assert set(await _titles(client, "actor=alliance&include_members=false")) == {
        f"alliance {date}" for date in everywhere
    }
    assert await _titles(client, "actor=alliance&include_members=true&actor_role=victim") == []
    role = "actor=alliance&include_members=true&actor_role=party"
    assert set(await _titles(client, f"{role}&sort=-updated")) == members
    found = await _titles(client, "actor_all=alliance&actor_all=late&include_members=true")
    assert sorted(found) == ["late 1999", "late 2005-05-05", "late 2020"]
    assert await _titles(client, "actor=alliance&publisher=alliance&include_members=true") == []


async def test_members_are_counted_in_their_time(client: Client) -> None:
    await _alliance(client)
    members = "actor=alliance&include_members=true"
    assert await _counted(client, members) == {"1950": 3, "1999": 3, "2005": 3, "2020": 3}
    assert await _counted(client, f"{members}&include_parts=true") == {"1950": 4, "1999": 5, "2005": 6, "2020": 5}
    assert await _counted(client, f"{members}&date_from=1960&date_to=2000") == {"1999": 3}
    # Found by their words or by what was known, events are looked at in other ways.
    assert await _counted(client, f"{members}&q=left") == {"1950": 1}
    head = await head_of_log(client)
    assert await _counted(client, f"{members}&as_of={head}") == {"1950": 3, "1999": 3, "2005": 3, "2020": 3}


async def _counted(client: Client, query: str) -> dict[str, float]:
    """How many events a query finds in each year, which is what the facets add up to, too."""
    over_time = await read(client, f"/v1/events/histogram?{query}&bin=earliest")
    assert over_time["exact"] is True
    by_actor = await read(client, f"/v1/events/facets?{query}&facet=actor")
    assert sum(value["count"] for value in by_actor["facets"]["actor"]["values"]) == over_time["total"]
    assert len(await _titles(client, query)) == over_time["total"]
    return {one["label"]: one["count"] for one in over_time["bins"] if one["count"]}


async def test_a_sample_has_members_in_their_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here one that is everything."""
    await _alliance(client)
    query = "actor=alliance&include_members=true"
    paths = [f"/v1/events/histogram?{query}", f"/v1/events/facets?{query}&facet=actor"]
    histogram_before, facets_before = [await read(client, path) for path in paths]
    for module in (histogram, facets):
        monkeypatch.setattr(module, "_EXACT_SHARE", 0)
    histogram_after, facets_after = [await read(client, path) for path in paths]
    assert histogram_after == histogram_before | {"exact": False}
    before, after = facets_before["facets"]["actor"], facets_after["facets"]["actor"]
    assert after == before | {"exact": False, "more": True}


async def test_boxes_to_choose_from_count_without_the_actors_and_their_members(client: Client) -> None:
    await _alliance(client)
    query = "actor=alliance&include_members=true&include_parts=true&facet=actor&facet=kind"
    chosen = (await read(client, f"/v1/events/facets?{query}"))["facets"]
    assert {one["value"]: one["count"] for one in chosen["actor"]["values"]} == {
        **{"alliance": 4, "always": 4, "staff": 4, "late": 3, "bureau": 3, "army": 1, "left": 1}
    }
    every = (await read(client, f"/v1/events/facets?{query}&own=exclude"))["facets"]
    names = ("alliance", "always", "late", "left", "army", "staff", "bureau")
    assert {one["value"]: one["count"] for one in every["actor"]["values"]} == dict.fromkeys(names, 4)
    assert every["kind"] == chosen["kind"]
    assert [one["count"] for one in every["kind"]["values"]] == [20]


async def test_a_membership_counts_on_some_possible_day_of_both(client: Client) -> None:
    await _actor(client, "union")
    await _actor(client, "odd", member_of=[{"actor": "union", "date": "{1990-01,1992-01}"}])
    await _actor(client, "twice", member_of=[{"actor": "union", "date": "1980"}, {"actor": "union", "date": "1985"}])
    found = {
        "odd": ["1990", "1990-01-31", "[1991,1992-01-01]", "../1990-01-01", "1992-01/..", "199X", "1991-12/1992-01"],
        "twice": ["1980-06", "1985-12-31", "1979/1980", "1984/", "198X"],
    }
    missed = {
        "odd": ["1991", "1990-02-01", "1989-12-31", "[1991,1993]", "1992-02/..", "../1989", "1990-02/1991-12"],
        "twice": ["1981", "1986", "1981/1984", "[1979,1981]"],
    }
    for name in found:
        for date in (*found[name], *missed[name]):
            await make_event(client, title=f"{name} {date}", date=date, actors=[{"id": name}])
    expected = sorted(f"{name} {date}" for name, dates in found.items() for date in dates)
    for sort in ("date", "-date", "updated"):
        assert sorted(await _titles(client, f"actor=union&include_members=true&sort={sort}")) == expected


@pytest.mark.parametrize("parameter", ["include_members", "include_parts"])
async def test_without_an_actor_there_is_nobody_whose_members_could_be_found(client: Client, parameter: str) -> None:
    for query in (f"{parameter}=true", f"{parameter}=true&publisher=x", f"{parameter}=true&actor_role=party"):
        answer = await client.http.get(f"/v1/events?{query}")
        body = check_problem(answer, "invalid-parameters", places={parameter})
        assert "no actor" in fault_at(body, parameter)["detail"]
    body = {"slug": "c", "title": "C", "filter": {"kind": ["talks"], parameter: True}}
    check_problem(await send(client, "POST", "/v1/chronologies", body), "invalid-body", places={f"/filter/{parameter}"})
    assert await _titles(client, f"{parameter}=false") == []


async def test_a_chronology_and_its_exports_find_members_too(client: Client) -> None:
    await _alliance(client)
    body = {"slug": "all", "title": "All", "filter": {"actor": ["alliance"], "include_members": True}}
    await make(client, "/v1/chronologies", body)
    page = await read(client, "/v1/chronologies/all/events?limit=1000")
    expected = await _titles(client, "actor=alliance&include_members=true")
    assert [item["title"] for item in page["items"]] == expected
    narrowed = await read(client, "/v1/chronologies/all/events?actor=late&include_parts=true&limit=1000")
    assert [item["title"] for item in narrowed["items"]] == ["late 1999", "late 2005-05-05", "late 2020"]
    answer = await client.http.get("/v1/events?actor=alliance&include_members=true&format=ndjson")
    assert len(answer.text.splitlines()) == len(expected)


async def test_cycles_are_refused_where_they_would_be_closed(client: Client) -> None:
    await _actor(client, "a")
    await _actor(client, "b", part_of=[{"actor": "a", "date": "1990"}])
    await _actor(client, "c", member_of=[{"actor": "b"}])
    await _actor(client, "other")
    for member in ("part_of", "member_of"):
        body = {member: [{"actor": "other"}, {"actor": "The c", "date": "1950"}]}
        answer = await send(client, "PATCH", "/v1/actors/a", body, 1)
        problem = check_problem(answer, "invalid-body", places={f"/{member}/1/actor"})
        assert "belong to itself" in fault_at(problem, f"/{member}/1/actor")["detail"]
    # What is there already can be written again, with another date.
    await send_ok(client, "PATCH", "/v1/actors/b", {"part_of": [{"actor": "a"}, {"actor": "other"}]}, 1)
    await check_whole(client)


async def test_a_merger_that_would_close_a_cycle_is_a_conflict(client: Client) -> None:
    await _actor(client, "a")
    await _actor(client, "b", part_of=[{"actor": "a"}])
    await _actor(client, "c", part_of=[{"actor": "b"}])
    await _actor(client, "d", member_of=[{"actor": "c"}])
    await _actor(client, "e")
    for merged, into in (("d", "a"), ("a", "d"), ("b", "a"), ("a", "c")):
        answer = await send(client, "POST", f"/v1/actors/{merged}/merge", {"into": into}, 1)
        check_problem(answer, "conflict", places={"/into"})
    # Who stands for another one belongs where that one does.
    assert (await send(client, "POST", "/v1/actors/e/merge", {"into": "d"}, 1)).status_code == 200
    answer = await send(client, "PATCH", "/v1/actors/a", {"part_of": [{"actor": "e"}]}, 1)
    check_problem(answer, "invalid-body", places={"/part_of/0/actor"})
    assert (await send(client, "POST", "/v1/actors/e/unmerge", {}, 2)).status_code == 200
    await send_ok(client, "PATCH", "/v1/actors/a", {"part_of": [{"actor": "e"}]}, 1)
    answer = await send(client, "POST", "/v1/actors/e/merge", {"into": "d"}, 3)
    check_problem(answer, "conflict", places={"/into"})
    await check_whole(client)


async def test_two_writers_at_once_close_no_cycle(client: Client) -> None:
    """Each of two memberships is all right alone: whoever comes second is refused."""
    for round_ in range(8):
        names = [f"one-{round_}", f"two-{round_}"]
        for name in names:
            await _actor(client, name)
        answers = await all_at_once(
            *(
                send(client, "PATCH", f"/v1/actors/{name}", {"part_of": [{"actor": other}]}, 1)
                for name, other in zip(names, reversed(names), strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        refused = next(answer for answer in answers if answer.status_code == 400)
        check_problem(refused, "invalid-body", places={"/part_of/0/actor"})
    for round_ in range(8):
        below, above = f"below-{round_}", f"above-{round_}"
        await _actor(client, above)
        await _actor(client, below)
        answers = await all_at_once(
            send(client, "PATCH", f"/v1/actors/{below}", {"member_of": [{"actor": above}]}, 1),
            send(client, "POST", f"/v1/actors/{above}/merge", {"into": below}, 1),
        )
        assert sorted(answer.status_code for answer in answers)[0] == 200
        assert any(answer.status_code >= 400 for answer in answers)
    await check_whole(client)


async def test_members_of_the_merged_are_members(client: Client) -> None:
    await _actor(client, "league")
    await _actor(client, "league-2")
    await _actor(client, "state", member_of=[{"actor": "league-2"}])
    await _actor(client, "state-2")
    await make_event(client, title="Of the state", actors=[{"id": "state"}])
    await make_event(client, title="Of its double", actors=[{"id": "state-2"}])
    assert await _titles(client, "actor=league&include_members=true") == []
    before = await head_of_log(client)
    for merged, into in (("league-2", "league"), ("state-2", "state")):
        assert (await send(client, "POST", f"/v1/actors/{merged}/merge", {"into": into}, 1)).status_code == 200
    for actor in ("league", "league-2"):
        found = await _titles(client, f"actor={actor}&include_members=true")
        assert sorted(found) == ["Of its double", "Of the state"]
    assert await _titles(client, f"actor=league&include_members=true&as_of={before}") == []
    assert await _titles(client, f"actor=league-2&include_members=true&as_of={before}") == ["Of the state"]


async def test_memberships_are_as_they_were(client: Client) -> None:
    await _actor(client, "league")
    await _actor(client, "state", member_of=[{"actor": "league", "date": "1990/2000"}])
    for year in ("1980", "1995", "2005"):
        await make_event(client, title=year, date=year, actors=[{"id": "state"}])
    first = await head_of_log(client)
    await send_ok(client, "PATCH", "/v1/actors/state", {"member_of": [{"actor": "league", "date": "2000/.."}]}, 1)
    second = await head_of_log(client)
    await send_ok(client, "PATCH", "/v1/actors/state", {"member_of": []}, 2)
    assert await _titles(client, "actor=league&include_members=true") == []
    assert await _titles(client, f"actor=league&include_members=true&as_of={first}") == ["1995"]
    assert await _titles(client, f"actor=league&include_members=true&as_of={second}") == ["2005"]
    await check_whole(client)


async def test_what_would_reach_too_far_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await _actor(client, "step-0")
    for number in range(1, 12):
        await _actor(client, f"step-{number}", part_of=[{"actor": f"step-{number - 1}"}])
    await make_event(client, title="Far", actors=[{"id": "step-11"}])
    assert await _titles(client, "actor=step-1&include_parts=true") == ["Far"]
    answer = await client.http.get("/v1/events?actor=step-0&include_parts=true")
    problem = check_problem(answer, "invalid-parameters", places={"include_parts"})
    assert "10 steps" in fault_at(problem, "include_parts")["detail"]
    # Where nobody could have been reached in time, nothing is too far.
    await send_ok(client, "PATCH", "/v1/actors/step-5", {"part_of": [{"actor": "step-4", "date": "1950"}]}, 1)
    await send_ok(client, "PATCH", "/v1/actors/step-6", {"part_of": [{"actor": "step-5", "date": "1960"}]}, 1)
    assert await _titles(client, "actor=step-0&include_parts=true") == []
    monkeypatch.setattr(memberships, "MOST_REACHED", 4)
    assert await _titles(client, "actor=step-1&include_parts=true") == []
    answer = await client.http.get("/v1/events?actor=step-0&include_parts=true")
    check_problem(answer, "invalid-parameters", places={"include_parts"})
    monkeypatch.undo()
    monkeypatch.setattr(memberships, "_MOST_LOOKED_AT", 0)
    answer = await client.http.get("/v1/events?actor=step-0&include_parts=true")
    check_problem(answer, "invalid-parameters", places={"include_parts"})
