"""A client that is older than its service: what ``/v1`` may add does not break it."""

from typing import Any

import httpx
import pytest

from dateline_client import AsyncDateline, NotFound
from tests.client.support import answering
from tests.conftest import Client

ENUMERATED = {"occurrence": "rumoured", "state": "embargoed"}


async def some_page(sample: Client) -> dict[str, Any]:
    page: dict[str, Any] = (await sample.http.get("/v1/events?kind=treaty&limit=3")).json()
    assert page["items"][0]["citations"]
    return page


def widen(value: Any) -> Any:
    """The same with a member more in each object."""
    if isinstance(value, dict):
        return {**{name: widen(member) for name, member in value.items()}, "added_later": {"by": ["a", "new version"]}}
    return [widen(one) for one in value] if isinstance(value, list) else value


def narrow(value: Any) -> Any:
    """The same without those."""
    if isinstance(value, dict):
        return {name: narrow(member) for name, member in value.items() if name != "added_later"}
    return [narrow(one) for one in value] if isinstance(value, list) else value


async def test_members_that_are_new_are_passed_over(sample: Client) -> None:
    page = await some_page(sample)
    wide = widen(page)
    # These are maps, whose members are no names of the contract.
    wide["included"] = page["included"] | {"added_later": {}}
    for item, known in zip(wide["items"], page["items"], strict=True):
        item["external_ids"] = known["external_ids"]
    plain, _ = answering(httpx.Response(200, json=page))
    newer, _ = answering(httpx.Response(200, json=wide))
    events = [one.to_dict() async for one in newer.events()]
    assert narrow(events) == [one.to_dict() async for one in plain.events()]
    (answer,) = [one async for one in newer.events().pages()]
    assert answer.additional_properties == {"added_later": {"by": ["a", "new version"]}}


async def test_values_that_are_new_come_as_they_are(sample: Client) -> None:
    page = await some_page(sample)
    for item in page["items"]:
        item.update(ENUMERATED)
        item["citations"][0]["stance"] = "mentions"
        item["assessment"] = {"confidence": "very-high", "likelihood": "who-knows", "rationale": None}
        item["when"]["precision"] = "week"
    client, _ = answering(httpx.Response(200, json=page))
    event = await anext(aiter(client.events()))
    told: list[str] = [event.occurrence, event.state, event.citations[0].stance, event.when.precision]
    assert told == ["rumoured", "embargoed", "mentions", "week"]
    assert event.assessment is not None
    assert (event.assessment.confidence, event.assessment.likelihood) == ("very-high", "who-knows")
    assert event.to_dict()["occurrence"] == "rumoured"
    table = await client.table(max_items=3)
    assert list(table["confidence"]) == ["very-high"] * len(page["items"])


async def test_a_change_that_is_of_a_new_type_comes_as_it_is(sample: Client) -> None:
    feed = (await sample.http.get("/v1/changes?limit=5")).json()
    feed["more"] = False
    for item in feed["items"]:
        item["type"] = "translation"
        item["added_later"] = True
    client, _ = answering(httpx.Response(200, json=feed))
    changes = [change async for change in client.changes(follow=False)]
    types: list[str] = [change.type_ for change in changes]
    assert types == ["translation"] * 5


@pytest.mark.parametrize("entity", ["event", "actor", "source"])
async def test_changes_are_of_the_kind_that_they_say(reader: AsyncDateline, sample: Client, entity: str) -> None:
    items = (await sample.http.get("/v1/changes?limit=1000")).json()["items"]
    expected = [item["id"] for item in items if item["entity"] == entity]
    assert expected
    kind = f"{entity.title()}Change"
    found = [change.id async for change in reader.changes(follow=False) if type(change).__name__ == kind]
    assert found == expected


async def test_a_kind_of_problem_may_have_more_members() -> None:
    client, _ = answering(
        httpx.Response(
            404,
            json={"type": "/problems#gone", "title": "T", "status": 404, "detail": "D", "request_id": "7", "more": 1},
            headers={"Content-Type": "application/problem+json; charset=utf-8"},
        )
    )
    with pytest.raises(NotFound, match="T: D"):
        await client.head()
