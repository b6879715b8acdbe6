"""Relations walked to a depth: both ways, through cycles, within bounds, past no draft."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.store import related
from tests.conftest import Client
from tests.writing import check_problem, empty, event_body, make_actors, read, send_ok

_SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
DEPLOYMENT = "North Korean troops are deployed"


def _id(number: int) -> str:
    return str(uuid5(_SPACE, f"event {number}"))


async def _make(client: Client, number: int, *named: tuple[str, int], **members: Any) -> dict[str, Any]:
    relations = [{"type": type_, "event_id": _id(other)} for type_, other in named]
    body = event_body(**{"id": _id(number), "date": f"20{number:02}", "relations": relations, **members})
    answer = await client.http.post("/v1/events", json=body, headers=client.edit)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _relate(client: Client, number: int, *named: tuple[str, int]) -> None:
    path = f"/v1/events/{_id(number)}"
    revision = (await read(client, path, edit=True))["revision"]
    relations = [{"type": type_, "event_id": _id(other)} for type_, other in named]
    await send_ok(client, "PATCH", path, {"relations": relations}, revision)


async def _walk(client: Client, number: int, depth: int, *, edit: bool = False) -> dict[str, Any]:
    return await read(client, f"/v1/events/{_id(number)}/related?depth={depth}", edit=edit)


def _numbers(answer: dict[str, Any], known: Iterable[int] = range(20)) -> list[tuple[int, int]]:
    number = {_id(one): one for one in known}
    return [(number[item["event"]["id"]], item["depth"]) for item in answer["items"]]


async def test_relations_are_followed_both_ways_with_the_way_round_told(client: Client) -> None:
    await _make(client, 1)
    await _make(client, 2, ("follows", 1))
    await _make(client, 3, ("denies", 2), ("follows", 2))
    await _make(client, 4, ("part_of", 1))
    answer = await _walk(client, 2, 1)
    assert _numbers(answer) == [(1, 1), (3, 1)]
    assert [item["via"] for item in answer["items"]] == [
        [{"type": "follows", "from": _id(2), "to": _id(1)}],
        [{"type": "denies", "from": _id(3), "to": _id(2)}, {"type": "follows", "from": _id(3), "to": _id(2)}],
    ]
    assert not answer["truncated"]
    assert _numbers(await _walk(client, 2, 2)) == [(1, 1), (3, 1), (4, 2)]
    assert (await read(client, f"/v1/events/{_id(2)}/related")) == answer
    got = await read(client, f"/v1/events/{_id(1)}")
    assert answer["items"][0]["event"] == {name: value for name, value in got.items() if name != "included"}


async def test_cycles_are_harmless(client: Client) -> None:
    for number in (1, 2, 3):
        await _make(client, number)
    await _relate(client, 1, ("follows", 2))
    await _relate(client, 2, ("follows", 3))
    await _relate(client, 3, ("follows", 1))
    answer = await _walk(client, 1, 5)
    assert _numbers(answer) == [(2, 1), (3, 1)]
    assert [item["via"] for item in answer["items"]] == [
        [{"type": "follows", "from": _id(1), "to": _id(2)}],
        [{"type": "follows", "from": _id(3), "to": _id(1)}],
    ]


async def test_nothing_leads_to_or_over_a_draft_without_edit(client: Client) -> None:
    await make_actors(client)
    await _make(client, 1)
    secret = {"title": "Secret", "publisher": "the-paper"}
    await _make(client, 2, ("follows", 1), state="draft", citations=[{"source": secret}])
    # The other way round is refused: nothing published points to a draft.
    await _make(client, 3)
    await _make(client, 4, ("follows", 3))
    await _relate(client, 2, ("follows", 1), ("denies", 3))
    assert _numbers(await _walk(client, 1, 5)) == []
    assert _numbers(await _walk(client, 3, 5)) == [(4, 1)]
    assert "Secret" not in str(await _walk(client, 3, 5))
    assert _numbers(await _walk(client, 1, 5, edit=True)) == [(2, 1), (3, 2), (4, 3)]
    assert "Secret" in str(await _walk(client, 1, 1, edit=True))


async def test_nothing_leads_to_or_over_what_was_retracted(client: Client) -> None:
    await _make(client, 1)
    await _make(client, 2, ("follows", 1))
    await _make(client, 3, ("follows", 2))
    await send_ok(client, "POST", f"/v1/events/{_id(2)}/retract", {"change": {"reason": "Withdrawn."}}, 1)
    assert _numbers(await _walk(client, 1, 5)) == []
    # From there its relations are still told.
    assert _numbers(await _walk(client, 2, 1)) == [(1, 1), (3, 1)]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_a_bounded_answer_has_the_nearest_and_says_so(client: Client, limit: int) -> None:
    await make_actors(client)
    await _make(client, 9)
    for number, target in ((5, 9), (3, 9), (7, 5), (1, 7)):
        await _make(client, number, ("follows", target), citations=[{"source": {"title": f"T{number}"}}])
    whole = [(3, 1), (5, 1), (7, 2), (1, 3)]
    found = await related.related_events(client.store, UUID(_id(9)), 5, edit=False, limit=limit)
    assert found is not None
    assert [reached.depth for reached in found.items] == [depth for _, depth in whole[:limit]]
    assert found.truncated == (limit < len(whole))
    # What only those that are cut off mention does not ride along.
    assert sorted(one.title for one in found.included.sources.values()) == sorted(f"T{n}" for n, _ in whole[:limit])
    assert _numbers(await _walk(client, 9, 5)) == whole


async def test_those_seen_before_take_no_room_in_a_crowd(client: Client) -> None:
    hub = await _make(client, 1)
    source = hub["citations"][0]["source"]
    crowd = range(2, 14)
    for number in crowd:
        await _make(client, number, ("follows", 1), citations=[{"source": source}])
    # From the last of the crowd: the hub, then the others, of whom the index lists the last one, too.
    for limit in (3, 11, 12, 13):
        found = await related.related_events(client.store, UUID(_id(13)), 3, edit=False, limit=limit)
        assert found is not None
        assert [reached.depth for reached in found.items] == ([1] + [2] * 11)[:limit]
        assert found.truncated == (limit < 12)
    assert related.MAXIMUM_RELATED == 500


@pytest.mark.parametrize("depth", ["0", "6", "1.5", "all", ""])
async def test_depth_has_bounds(sample: Client, depth: str) -> None:
    answer = await sample.http.get(f"/v1/events/{_id(1)}/related?depth={depth}")
    check_problem(answer, "invalid-parameters", places={"depth"})


async def test_around_the_deployment_of_the_sample(sample: Client) -> None:
    events = (await read(sample, "/v1/events?limit=1000"))["items"]
    deployment = next(event for event in events if event["title"].startswith(DEPLOYMENT))
    answer = await read(sample, f"/v1/events/{deployment['id']}/related")
    types = [step["type"] for item in answer["items"] for step in item["via"]]
    assert types.count("acknowledges") == 2
    mentioned = {citation["source"] for item in answer["items"] for citation in item["event"]["citations"]}
    assert set(answer["included"]["sources"]) == mentioned


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(
    edges=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda edge: edge[0] != edge[1]), max_size=9),
    hidden=st.sets(st.integers(0, 5), max_size=2),
    depth=st.integers(1, 5),
)
async def test_the_walk_is_a_breadth_first_search(
    client: Client, edges: set[tuple[int, int]], hidden: set[int], depth: int
) -> None:
    await empty(client)
    # Nothing published points to a draft.
    edges = {(a, b) for a, b in edges if b not in hidden or a in hidden}
    for number in range(6):
        await _make(client, number, state="draft" if number in hidden else "published")
    for number in {source for source, _ in edges}:
        await _relate(client, number, *(("follows", target) for source, target in sorted(edges) if source == number))
    for edit in (False, True):
        seen = set(range(6)) - (set() if edit else hidden)
        for start in sorted(seen):
            level, found, expected = {start}, {start}, []
            for distance in range(1, depth + 1):
                level = {b for one in edges for a, b in (one, one[::-1]) if a in level and b in seen} - found
                found |= level
                expected += [(number, distance) for number in sorted(level)]
            answer = await _walk(client, start, depth, edit=edit)
            assert _numbers(answer) == expected
            steps = {(step["from"], step["to"]) for item in answer["items"] for step in item["via"]}
            assert steps <= {(_id(a), _id(b)) for a, b in edges if {a, b} <= found}
