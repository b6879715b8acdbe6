"""Reads as of a moment: what was answered then is what is answered now about then, to either kind of reader."""

import base64
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.conftest import Client
from tests.store.test_log_walk import ACTORS, Walk
from tests.tiers import seeds
from tests.writing import (
    check_problem,
    check_whole,
    event_body,
    make,
    make_actors,
    make_event,
    read,
    send,
    send_ok,
)

_STEPS = 120
_LISTS = [
    *("/v1/events?count=exact&limit=1000", "/v1/events?sort=-date&limit=1000", "/v1/events?sort=-updated&limit=1000"),
    *("/v1/events?sort=updated&kind=talks&count=exact", "/v1/events?actor=DPRK&count=exact&limit=1000"),
    *("/v1/events?actor_all=russia&actor_all=north-korea", "/v1/events?actor_role=party&kind=treaty&limit=1000"),
    *("/v1/events?tag=a&tag=b", "/v1/events?disputed=true&count=estimated", "/v1/events?min_origins=2"),
    *("/v1/events?date_from=2023&date_to=2024-06&date_match=within", "/v1/events?date_from=2022&date_to=2023"),
    *("/v1/events?date_from=2024-06-15T00:00:00Z&date_match=starts", "/v1/events?date_to=2021&sort=-date"),
    *("/v1/events?state=retracted&count=exact", "/v1/events?state=retracted&state=published&min_precision=month"),
    *("/v1/events?updated_from=2020-01-01T00:00:00Z&actor=russia", "/v1/actors?limit=1000", "/v1/sources?limit=1000"),
    *("/v1/chronologies?limit=1000", "/v1/chronologies/walk/events?limit=1000", "/v1/chronologies/walk"),
    *("/v1/events?actor=league&include_members=true&count=exact", "/v1/events?names=dated&actor=league"),
    *("/v1/events?actor_all=league&include_members=true&include_parts=true", "/v1/events?names=dated&limit=1000"),
    *("/v1/actors?q=name", "/v1/actors?q=n", "/v1/actors?q=nmae 1 of rusia", "/v1/actors?q=russia&limit=2"),
    *("/v1/events?format=csv&names=dated", "/v1/chronologies/walk/events?names=dated"),
    *("/v1/events/histogram?interval=month", "/v1/events/histogram?bin=earliest&kind=talks&interval=decade"),
    *("/v1/events/histogram?date_from=2022&date_to=2024-06&actor=DPRK", "/v1/events/histogram?bin=exclude&tag=a"),
    *("/v1/events/facets?top=100", "/v1/events/facets?actor=DPRK&kind=talks&own=exclude", "/v1/events/facets?tag=a"),
    *("/v1/events/facets?date_from=2023&date_to=2024&facet=actor&facet=publisher", "/v1/events/facets?state=retracted"),
    *("/v1/events?q=title&count=exact&limit=1000", "/v1/events?q=russia%20-%22title%201%22&sort=-date"),
    *("/v1/events?q=rep*%20north&sort=relevance&limit=1000", "/v1/events?q=Name%201%20of%20russia&count=exact"),
    *("/v1/events?q=%22title%203%22&actor=russia", "/v1/events?q=dprk%20-talks&sort=-updated&kind=talks"),
    "/v1/chronologies/walk/events?q=title&sort=relevance",
    *("/v1/events?format=ndjson", "/v1/events?format=csv&actor=russia", "/v1/events?format=jsonfeed"),
]
_FOR_EDITORS = ["/v1/events/facets?state=draft&state=published", "/v1/events/histogram?state=draft"]
_FOR_EDITORS += ["/v1/events?state=draft&count=exact", "/v1/events?state=draft&state=published&sort=-updated"]
#: Names that may come to stand for somebody, or for nobody.
_NAMED = [f"/v1/events?actor={quote(f'Name {number} of {actor}')}" for number in range(3) for actor in ("russia",)]


def _said(answer: httpx.Response) -> Any:
    """What an answer says, but for that it was asked for as of a moment."""
    if answer.headers["content-type"].startswith("application/problem+json"):
        body = answer.json()
        return (answer.status_code, body["type"], [fault["detail"] for fault in body.get("errors", ())])
    if answer.headers["content-type"] != "application/json":
        # Its own address stands in a feed, and nothing else differs.
        return (answer.status_code, answer.text.replace("&as_of=", "&").partition("&as_of")[0].splitlines()[1:])
    body = answer.json()
    body.pop("as_of", None)
    body.pop("next", None)
    return (answer.status_code, answer.headers.get("location", "").partition("?")[0], body)


class Past:
    """What a store answered, at each of its heads."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seen: dict[int, dict[tuple[str, bool], Any]] = {}

    def paths(self, records: list[str], *, edit: bool) -> list[str]:
        return [*_LISTS, *_NAMED, *(_FOR_EDITORS if edit else ()), *records]

    async def note(self, head: int, records: list[str]) -> None:
        self.seen[head] = {
            (path, edit): _said(await self._get(path, edit))
            for edit in (False, True)
            for path in self.paths(records, edit=edit)
        }

    async def check(self) -> None:
        for head, answers in self.seen.items():
            for (path, edit), said in answers.items():
                joint = "&" if "?" in path else "?"
                answer = await self._get(f"{path}{joint}as_of={head}", edit)
                assert _said(answer) == said, (head, path, edit)

    async def _get(self, path: str, edit: bool) -> httpx.Response:
        return await self.client.http.get(path, headers=self.client.edit if edit else {})


async def _head(client: Client) -> int:
    async with client.store.connection() as connection:
        sequence: int = await connection.fetchval("SELECT sequence FROM head")
    return sequence


@pytest.mark.parametrize("seed", seeds(1, 3))
async def test_every_answer_comes_back_as_of_its_moment(client: Client, seed: int) -> None:
    await make_actors(client)
    body = {"slug": "walk", "title": "Walk", "state": "draft", "filter": {"kind": ["talks"], "actor": ["DPRK"]}}
    chronology = await make(client, "/v1/chronologies", body)
    walk, past = Walk(client, seed), Past(client)
    for number in range(_STEPS):
        await walk.step()
        if number == _STEPS // 3:
            chronology = await send_ok(client, "PATCH", "/v1/chronologies/walk", {"state": "published"}, 1)
        if number == 2 * _STEPS // 3:
            filter_ = {"filter": {"tag": ["a"], "sort": "-date"}}
            await send_ok(client, "PATCH", "/v1/chronologies/walk", filter_, chronology["revision"])
        if number % 20 == 0:
            names = [*sorted(walk.events)[:3], *sorted(walk.discarded)[:2]]
            records = [f"/v1/events/{name}" for name in names]
            records += [f"{record}/{view}" for record in records[:2] for view in ("figures", "related?depth=3")]
            records += [f"/v1/actors/{actor}" for actor in ACTORS.values()]
            await past.note(await _head(client), records)
    await past.check()
    await check_whole(client)


async def test_a_moment_is_resolved_echoed_and_sealed(client: Client) -> None:
    await make_actors(client)
    first = [await make_event(client, title=f"Event {number}") for number in range(5)]
    middle = await _head(client)
    page = await read(client, "/v1/events?as_of=2999-01-01T00:00:00Z&limit=2")
    assert page["as_of"] == middle
    for number in range(5, 10):
        await make_event(client, title=f"Event {number}")
    changed = await send_ok(client, "PATCH", f"/v1/events/{first[4]['id']}", {"title": "Changed", "date": "1999"}, 1)
    assert changed["revision"] == 2
    titles = [item["title"] for item in page["items"]]
    cursor = page["next"]
    while cursor is not None:
        page = await read(client, f"/v1/events?as_of=2999-01-01T00:00:00Z&limit=2&cursor={cursor}")
        assert page["as_of"] == middle
        titles += [item["title"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(titles) == [f"Event {number}" for number in range(5)]
    event = await read(client, f"/v1/events/{first[4]['id']}?as_of={middle}")
    assert (event["title"], event["as_of"], event["revision"]) == ("Event 4", middle, 1)
    assert (await read(client, f"/v1/events/{first[4]['id']}?as_of={first[4]['updated_at']}"))["title"] == "Event 4"
    assert "as_of" not in await read(client, f"/v1/events/{first[4]['id']}")
    # What GET gave can be sent back, as of whenever it was read.
    same = await send_ok(client, "PUT", f"/v1/events/{first[0]['id']}", await read(client, _at(first[0], middle)), 1)
    assert same["revision"] == 1


def _at(event: dict[str, Any], as_of: int) -> str:
    return f"/v1/events/{event['id']}?as_of={as_of}"


async def test_before_everything_there_is_nothing(client: Client) -> None:
    event = await make_event(client)
    for moment in ("0", "1999-01-01T00:00:00Z"):
        page = await read(client, f"/v1/events?as_of={moment}&count=exact")
        assert (page["items"], page["as_of"], page["count"]) == ([], 0, {"value": 0, "exact": True})
        check_problem(await client.http.get(f"/v1/events/{event['id']}?as_of={moment}"), "not-found")
        assert (await read(client, f"/v1/sources?as_of={moment}"))["items"] == []


async def test_what_cannot_be_a_moment_is_refused(client: Client) -> None:
    event = await make_event(client)
    head = await _head(client)
    for moment in (
        *("yesterday", "2024-06-15", "2024-06-15T10:00:00", "-1", "1.5", "01", "2024-02-30T00:00:00Z", str(head + 1)),
        *("9999999999999999", "9" * 30, "2024-06-15T10:00:00 00:00"),
    ):
        for path in ("/v1/events", f"/v1/events/{event['id']}", "/v1/actors", "/v1/sources", "/v1/chronologies"):
            answer = await client.http.get(path, params={"as_of": moment})
            check_problem(answer, "invalid-parameters", places={"as_of"})


async def test_readers_see_no_more_of_a_moment_than_they_saw_then(client: Client) -> None:
    """A draft's changes are no moments for others, and what it mentions is not in sight before it is published."""
    await make_actors(client)
    await make_event(client)
    before = await _head(client)
    hidden = {"id": "secret-service", "name": "Secret service", "kind": "organization"}
    body = event_body(
        title="Secret", state="draft", actors=[{"id": "secret-service"}], citations=[{"source": {"title": "Hidden"}}]
    )
    answer = await send(client, "POST", "/v1/events/batch", [{**body, "new_actors": [hidden]}])
    draft = answer.json()["results"][0]
    drafted = await _head(client)
    for path in ("/v1/events", "/v1/actors", "/v1/sources"):
        assert (await read(client, f"{path}?as_of=2999-01-01T00:00:00Z"))["as_of"] == before
        check_problem(await client.http.get(f"{path}?as_of={drafted}"), "invalid-parameters", places={"as_of"})
    event = await send_ok(client, "PATCH", f"/v1/events/{draft['id']}", {"state": "published"}, 1)
    published = await _head(client)
    assert (await read(client, f"/v1/events?as_of={drafted}&count=exact"))["count"] == {"value": 1, "exact": True}
    assert (await read(client, f"/v1/events?as_of={drafted}"))["as_of"] == before
    for path in (f"/v1/events/{event['id']}", "/v1/actors/secret-service"):
        check_problem(await client.http.get(f"{path}?as_of={drafted}"), "not-found")
        assert (await read(client, f"{path}?as_of={published}"))["as_of"] == published
        assert (await read(client, f"{path}?as_of={drafted}", edit=True))["as_of"] == drafted
    name = quote("Secret service")
    answer = await client.http.get(f"/v1/events?actor={name}&as_of={drafted}")
    assert "secret" not in json.dumps(check_problem(answer, "invalid-parameters")).replace("Secret service", "")
    assert len((await read(client, f"/v1/events?actor={name}&as_of={published}"))["items"]) == 1
    assert (await read(client, f"/v1/events?state=draft&as_of={published}", edit=True))["items"] == []
    assert len((await read(client, f"/v1/events?state=draft&as_of={drafted}", edit=True))["items"]) == 1


async def test_what_is_overdue_depends_on_the_moment(client: Client) -> None:
    """Whether the time of a planned event has passed is judged as of the change, so that the answer is repeatable."""
    await make_event(client, occurrence="planned", date="2020")
    head = await _head(client)
    page = await read(client, f"/v1/events?overdue=true&as_of={head}")
    assert len(page["items"]) == 1
    assert page == await read(client, f"/v1/events?overdue=true&as_of={head}")


async def test_a_chronology_is_as_it_was_then_on_every_page(client: Client) -> None:
    """Its cursors go on as of the same change, although the moment would by now mean a later one."""
    await make_actors(client)
    for number in range(5):
        await make_event(client, title=f"Event {number}", date=f"200{number}", tags=["old" if number < 3 else "new"])
    body = {"slug": "tagged", "title": "Tagged", "filter": {"tag": ["old"]}}
    chronology = await make(client, "/v1/chronologies", body)
    path = "/v1/chronologies/tagged/events?as_of=2999-01-01T00:00:00Z&limit=2"
    page = await read(client, path)
    head = page["as_of"]
    await send_ok(client, "PATCH", "/v1/chronologies/tagged", {"filter": {"tag": ["new"]}}, chronology["revision"])
    rest = await read(client, f"{path}&cursor={page['next']}")
    assert rest["as_of"] == head
    assert [item["title"] for item in page["items"] + rest["items"]] == ["Event 0", "Event 1", "Event 2"]
    assert len((await read(client, path))["items"]) == 2
    assert (await read(client, f"/v1/chronologies/tagged?as_of={head}"))["filter"]["tag"] == ["old"]


@pytest.mark.parametrize("last", ["1e99", str(10**30), "-1", "true", '"x"', "null", "[]"])
async def test_a_made_up_cursor_is_refused(client: Client, last: str) -> None:
    await make_event(client)
    await make(client, "/v1/chronologies", {"slug": "all", "title": "All", "filter": {"kind": ["treaty"]}})
    cursor = base64.urlsafe_b64encode(bytes(9) + f"[1,2,{last}]".encode()).decode().rstrip("=")
    for path in ("/v1/chronologies/all/events", "/v1/events", "/v1/actors", "/v1/sources", "/v1/chronologies"):
        answer = await client.http.get(path, params={"cursor": cursor, "as_of": "3"})
        check_problem(answer, "invalid-cursor", places={"cursor"})
