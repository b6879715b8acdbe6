"""Cursors: opaque, bound to their query, and steady while others write."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.engine.embedded import EmbeddedServer
from api.store.cursor import fingerprint, seal, unseal
from api.store.listing import _fingerprint
from api.store.select.keys import after
from schema.problem import ProblemError
from schema.query import EventQuery, Sort
from tests.conftest import Client, fresh_database, serving
from tests.store import generation

_QUERY = "date_from=1990&limit=20"


@pytest.fixture(scope="module")
async def filled(server: EmbeddedServer, template: str) -> AsyncIterator[Client]:
    async with fresh_database(server, template) as database, serving(database) as client:
        owner = await asyncpg.connect(database.owner_url)
        cited = generation.sources(20)
        await generation.load(owner, generation.events(400, cited, 11), cited)
        await owner.close()
        yield client


async def _cursor(client: Client, query: str = _QUERY) -> str:
    answer = await client.http.get(f"/v1/events?{query}")
    following: str = answer.json()["next"]
    assert following is not None
    return following


def _refused(answer: httpx.Response) -> None:
    problem = answer.json()
    assert answer.status_code == 400, problem
    assert problem["type"].endswith("#invalid-cursor")
    assert [fault["parameter"] for fault in problem["errors"]] == ["cursor"]


async def test_a_cursor_is_of_its_query(filled: Client) -> None:
    cursor = await _cursor(filled)
    for other in (
        "limit=20",
        "date_from=1991&limit=20",
        "date_from=1990-01&limit=20",
        f"{_QUERY}&sort=-date",
        f"{_QUERY}&date_match=within",
        f"{_QUERY}&actor=actor-0001",
        f"{_QUERY}&actor_all=actor-0001",
        f"{_QUERY}&kind=treaty",
        f"{_QUERY}&min_confidence=low",
        f"{_QUERY}&state=retracted",
    ):
        _refused(await filled.http.get(f"/v1/events?{other}&cursor={cursor}"))
    for path in ("actors", "sources"):
        _refused(await filled.http.get(f"/v1/{path}?cursor={cursor}"))
    actors = (await filled.http.get("/v1/actors?limit=1")).json()["next"]
    _refused(await filled.http.get(f"/v1/events?{_QUERY}&cursor={actors}"))


async def test_a_cursor_is_not_of_a_page_size(filled: Client) -> None:
    cursor = await _cursor(filled)
    answer = await filled.http.get(f"/v1/events?date_from=1990&limit=3&cursor={cursor}")
    assert len(answer.json()["items"]) == 3


async def test_a_damaged_cursor_is_refused(filled: Client) -> None:
    cursor = await _cursor(filled)
    damaged = {cursor[:end] for end in range(1, len(cursor))}
    damaged |= {cursor[:at] + ("A" if letter != "A" else "B") + cursor[at + 1 :] for at, letter in enumerate(cursor)}
    damaged |= {cursor + "A", cursor + "AAAA", "A" + cursor, cursor + cursor, cursor.swapcase()}
    for text in damaged:
        _refused(await filled.http.get(f"/v1/events?{_QUERY}&cursor={text}"))


@settings(max_examples=150)
@given(st.text(max_size=600) | st.binary(max_size=300).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
async def test_any_text_is_a_cursor_or_refused(filled: Client, text: str) -> None:
    for path in (f"events?{_QUERY}", "actors?limit=2", "sources?limit=2"):
        answer = await filled.http.get(f"/v1/{path}&cursor={quote(text, safe='')}")
        assert answer.status_code == 400


_POSITIONS: Any = st.one_of(
    st.tuples(st.integers(), st.uuids().map(str)),
    st.tuples(st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**40, -(10**40)]), st.uuids().map(str)),
    st.tuples(st.integers(), st.sampled_from([str(UUID(int=0)), str(UUID(int=2**128 - 1))])),
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)),
)


@settings(max_examples=200)
@given(_POSITIONS, st.sampled_from(Sort))
async def test_a_forged_position_does_no_harm(filled: Client, position: Any, sort: Sort) -> None:
    """The check is no secret: whoever makes a fitting one gets an odd page or a refusal, never a fault of ours."""
    with suppress(UnicodeEncodeError):
        cursor = seal(_fingerprint(EventQuery(sort=sort)), position)
        answer = await filled.http.get(f"/v1/events?sort={sort.value}&cursor={cursor}")
        assert answer.status_code in (200, 400)
    for path in ("actors", "sources"):
        with suppress(UnicodeEncodeError):
            answer = await filled.http.get(f"/v1/{path}?cursor={seal(fingerprint(path), position)}")
            assert answer.status_code in (200, 400)


@given(st.binary(max_size=32), st.lists(st.integers(-(2**63), 2**63 - 1) | st.uuids().map(str), max_size=4))
def test_what_is_sealed_is_read_back(mark: bytes, position: list[Any]) -> None:
    cursor = seal(mark, position)
    assert unseal(mark, cursor, list[Any]) == position
    with pytest.raises(ProblemError):
        unseal(mark + b"x", cursor, list[Any])
    assert json.loads(base64.urlsafe_b64decode(cursor + "==")[9:]) == position


@given(st.integers(-(2**62), 2**62), st.uuids())
def test_the_next_place_is_the_nearest(starts: int, event_id: UUID) -> None:
    position = (starts, event_id)
    assert after(position, backward=False) > position > after(position, backward=True)
    assert after(after(position, backward=False), backward=True) == position


@pytest.mark.parametrize("query", ["sort=date", "sort=-date", "date_from=2000&sort=date", "date_to=2025&sort=-date"])
async def test_what_is_not_written_meanwhile_appears_once(client: Client, query: str) -> None:
    """Between any two pages others create, change, move, retract and restore events."""
    owner = await asyncpg.connect(client.database.owner_url)
    cited = generation.sources(5)
    await generation.load(owner, generation.events(150, cited, 13), cited)
    await owner.close()
    expected = {item["id"] for item in (await client.http.get(f"/v1/events?{query}&limit=1000")).json()["items"]}
    random = Random(query)
    touched: set[str] = set()
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await client.http.get(f"/v1/events?{query}&limit=7{cursor}")).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
        assert len(seen) < 1000, "a cursor leads on"
        touched.add(await _write_something(client, random, sorted(expected), seen))
    counted = {event_id: seen.count(event_id) for event_id in expected}
    assert {counted[event_id] for event_id in expected - touched} == {1}
    assert len(expected - touched) > 50


async def _write_something(client: Client, random: Random, ids: list[str], seen: list[str]) -> str:
    """Write an event, the last one of the page before as often as any other; gives the id of what was written."""
    event_id = random.choice([random.choice(ids), seen[-1]])
    action = random.choice(["create", "move", "retract", "edit"])
    if action == "create":
        body = {
            "title": "New",
            "kind": "report",
            "date": generation.date_text(random),
            "citations": [{"source": {"title": f"Report {random.random()}"}}],
        }
        answer = await client.http.post("/v1/events", json=body, headers=client.edit)
        return str(answer.json()["id"])
    headers = client.edit | {"If-Match": "*"}
    if action == "retract":
        answer = await client.http.post(
            f"/v1/events/{event_id}/retract", json={"change": {"reason": "Withdrawn."}}, headers=headers
        )
    else:
        patch = {"date": generation.date_text(random)} if action == "move" else {"tags": [f"tag {random.random()}"]}
        answer = await client.http.patch(f"/v1/events/{event_id}", json=patch, headers=headers)
    # It may have been retracted before.
    assert answer.status_code in (200, 409), answer.text
    return event_id
