"""The names that actors had at the time of events."""

from typing import Any

import pytest

from schema.actor import ActorIn, ActorName
from schema.edtf import parse
from schema.naming import name_at
from tests.conftest import Client
from tests.writing import check_problem, head_of_log, make, make_event, read, send, send_ok

_LEAGUE = {
    "id": "league",
    "name": "Union of Cities",
    "kind": "organization",
    "names": [
        {"name": "Undated"},
        {"name": "League of Towns", "date": "1950/1970"},
        {"name": "League of Cities", "date": "1965/1999-06-30"},
        {"name": "Liga", "date": "{1980,1982}"},
    ],
}


@pytest.mark.parametrize(
    ("date", "name"),
    [
        ("1949-12-31", "Union of Cities"),
        ("1949/1960", "Union of Cities"),  # it began before the name did
        ("1950", "League of Towns"),
        ("1964-12-31/..", "League of Towns"),
        ("1965", "League of Cities"),  # both cover it, and this one began later
        ("1971", "League of Cities"),
        ("1980-05", "Liga"),
        ("1981", "League of Cities"),  # between two years
        ("1982-12-31T23:59:59", "Liga"),
        ("1983", "League of Cities"),
        ("1999-06-30", "League of Cities"),
        ("1999-07-01", "Union of Cities"),
        ("../1960", "Union of Cities"),
        ("2024?", "Union of Cities"),
    ],
)
def test_the_latest_name_that_covers_the_start_is_the_name(date: str, name: str) -> None:
    names = [
        ActorName(name=str(one["name"]), date=parse(one["date"]) if "date" in one else None)
        for one in _LEAGUE["names"]  # type: ignore[attr-defined]
    ]
    actor = ActorIn(id="league", name="Union of Cities", kind="organization", names=names)
    assert name_at(actor, parse(date)) == name


def test_a_name_without_a_beginning_was_always_borne() -> None:
    names = [ActorName(name="First", date=parse("../1950")), ActorName(name="Same", date=parse("../1950"))]
    actor = ActorIn(id="x", name="Now", kind="state", names=names)
    assert [name_at(actor, parse(date)) for date in ("../1940", "-0500", "1950", "1951")] == ["Same"] * 3 + ["Now"]


async def _make(client: Client) -> dict[str, dict[str, Any]]:
    await make(client, "/v1/actors", _LEAGUE)
    await make(client, "/v1/actors", {"id": "other", "name": "Other", "kind": "state"})
    made = {}
    for date in ("1955", "1968", "2020"):
        citations = [{"source": {"title": f"On {date}"}, "attribution": ["league"]}]
        members = {"date": date, "actors": [{"id": "other"}], "citations": citations}
        if date != "1968":
            members["actors"] = [{"id": "league", "role": "host"}, {"id": "other"}]
        made[date] = await make_event(client, title=f"In {date}", **members)
    return made


async def test_a_page_tells_the_names_that_differ(client: Client) -> None:
    made = await _make(client)
    current = await read(client, "/v1/events")
    assert "names" not in current
    assert "names" not in await read(client, "/v1/events?names=current")
    dated = await read(client, "/v1/events?names=dated")
    names = dated.pop("names")
    assert dated == current
    assert names == {
        made["1955"]["id"]: {"league": "League of Towns"},
        made["1968"]["id"]: {"league": "League of Cities"},
    }
    assert (await read(client, "/v1/events?names=dated&date_from=2021"))["names"] == {}
    assert (await read(client, "/v1/events?names=dated&kind=nothing"))["names"] == {}
    first = await read(client, "/v1/events?names=dated&limit=1")
    assert set(first["names"]) == {made["1955"]["id"]}
    # Which names are shown makes no other list.
    following = await read(client, f"/v1/events?limit=1&names=current&cursor={first['next']}")
    assert following["items"][0]["id"] == made["1968"]["id"]
    body = {"slug": "c", "title": "C", "items": [{"event_id": made["1955"]["id"]}]}
    await make(client, "/v1/chronologies", body)
    page = await read(client, "/v1/chronologies/c/events?names=dated")
    assert page["names"] == {made["1955"]["id"]: {"league": "League of Towns"}}
    check_problem(await client.http.get("/v1/events?names=old"), "invalid-parameters", places={"names"})


async def test_names_follow_mergers_and_are_those_of_the_moment(client: Client) -> None:
    made = await _make(client)
    await make(client, "/v1/actors", {"id": "club", "name": "Club", "kind": "organization"})
    event = await make_event(client, date="1955", actors=[{"id": "club"}])
    before = await head_of_log(client)
    assert (await send(client, "POST", "/v1/actors/club/merge", {"into": "league"}, 1)).status_code == 200
    page = await read(client, "/v1/events?names=dated&date_to=1955")
    assert page["names"][event["id"]] == {"club": "League of Towns"}
    assert page["included"]["actors"]["club"]["name"] == "Union of Cities"
    await send_ok(client, "PATCH", "/v1/actors/league", {"names": [{"name": "Guild", "date": "1900/.."}]}, 1)
    page = await read(client, "/v1/events?names=dated")
    assert page["names"][made["2020"]["id"]] == {"league": "Guild"}
    page = await read(client, f"/v1/events?names=dated&as_of={before}")
    assert page["names"] == {
        made["1955"]["id"]: {"league": "League of Towns"},
        made["1968"]["id"]: {"league": "League of Cities"},
    }


@pytest.mark.parametrize("form", ["csv", "markdown", "html", "geojson", "timelinejs", "ics", "atom", "jsonfeed"])
async def test_formats_for_people_show_the_names_of_the_time(client: Client, form: str) -> None:
    await _make(client)
    current = (await client.http.get(f"/v1/events?format={form}")).text
    dated = (await client.http.get(f"/v1/events?format={form}&names=dated")).text
    if form != "csv":  # which has the actors whole, to be read again
        assert "League of" not in current
        assert "Union of Cities" in dated  # in 2020
    assert "League of Towns" in dated
    if form == "csv":
        assert dated.count("League of Towns; Other") == 1 + current.count("League of Towns; Other")


async def test_rows_that_are_read_again_keep_names_as_they_are(client: Client) -> None:
    await _make(client)
    current = await client.http.get("/v1/events?format=ndjson")
    dated = await client.http.get("/v1/events?format=ndjson&names=dated")
    assert dated.text == current.text
