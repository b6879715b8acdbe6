"""Figures side by side: only what can be compared."""

from typing import Any

import pytest

from tests.conftest import Client
from tests.writing import NOBODY, check_problem, make, make_actors, make_event, read, send_ok

SHIPMENTS = "1ce9c689-8438-5c9f-9291-e1f25f2ba462"  # of the sample
CASUALTIES = "South Korean lawmaker"


def _citation(number: int, *figures: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"source": {"title": f"Source {number}"}, "locator": f"p. {number}", "figures": list(figures), **members}


def _keys(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(group["measure"], group["unit"], group["date"]) for group in answer["groups"]]


async def test_only_the_same_measure_unit_and_date_stand_side_by_side(client: Client) -> None:
    event = await make_event(
        client,
        date="2024-06",
        citations=[
            _citation(1, {"measure": "troops", "value": 1}, {"measure": "troops", "value": 2, "unit": "people"}),
            _citation(2, {"measure": "troops", "value": 3, "date": "2024-06"}, {"measure": "killed", "value": 4}),
            _citation(3, {"measure": "troops", "low": 5, "high": 6, "date": "2023"}, {"measure": "troops", "value": 7}),
            _citation(4, {"measure": "troops", "value": 8, "date": "2024-06~"}),
        ],
    )
    answer = await read(client, f"/v1/events/{event['id']}/figures")
    assert [(*key, [figure["value"] for figure in group["figures"]]) for key, group in zip(
        _keys(answer), answer["groups"], strict=True
    )] == [
        ("killed", None, "2024-06", [4]),
        ("troops", None, "2023", [None]),
        ("troops", None, "2024-06", [1, 3, 7]),
        ("troops", None, "2024-06~", [8]),
        ("troops", "people", "2024-06", [2]),
    ]  # fmt: skip
    again = await client.http.get(f"/v1/events/{event['id']}/figures")
    assert again.json() == answer


async def test_each_figure_has_who_states_it_and_how(client: Client) -> None:
    await make_actors(client)
    source = {"title": "On the talks", "publisher": "the-paper", "url": "https://news.example/talks"}
    event = await make_event(
        client,
        actors=[{"id": "north-korea"}],
        citations=[
            {
                "source": source,
                "stance": "disputes",
                "attribution": ["south-korea", "A member of parliament"],
                "credibility": 2,
                "figures": [{"measure": "troops", "low": 1.5, "high": 2, "bound": "about", "unit": "people"}],
            },
            {"source": {"title": "Says nothing in numbers", "publisher": "the-gazette"}},
        ],
    )
    answer = await read(client, f"/v1/events/{event['id']}/figures")
    (citation, _) = event["citations"]
    assert answer["groups"] == [
        {
            "measure": "troops",
            "unit": "people",
            "date": "2024-06",
            "figures": [
                {
                    "value": None,
                    "low": 1.5,
                    "high": 2,
                    "bound": "about",
                    "citation": citation["id"],
                    "source": citation["source"],
                    "stance": "disputes",
                    "attribution": ["south-korea", "A member of parliament"],
                    "credibility": 2,
                }
            ],
        }
    ]
    # Every id that the answer mentions and no other.
    assert set(answer["included"]["actors"]) == {"south-korea", "the-paper"}
    assert set(answer["included"]["sources"]) == {citation["source"]}


async def test_rival_numbers_of_the_sample(sample: Client) -> None:
    answer = await read(sample, f"/v1/events/{SHIPMENTS}/figures")
    assert [(group["measure"], len(group["figures"])) for group in answer["groups"]] == [
        ("ammunition", 2),
        ("containers", 2),
    ]
    events = (await read(sample, "/v1/events?limit=1000"))["items"]
    casualties = next(event for event in events if event["title"].startswith(CASUALTIES))
    groups = (await read(sample, f"/v1/events/{casualties['id']}/figures"))["groups"]
    # The dead are among the casualties: another measure, and no rival number.
    assert [len(group["figures"]) for group in groups] == [1, 1, 1]


async def test_no_figure_is_an_empty_comparison(client: Client) -> None:
    event = await make_event(client)
    answer = await read(client, f"/v1/events/{event['id']}/figures")
    assert answer == {"groups": [], "as_of": None, "included": {"actors": {}, "sources": {}}}


@pytest.mark.parametrize("path", ["figures", "related"])
async def test_who_may_look(client: Client, path: str) -> None:
    draft = await make_event(client, state="draft")
    check_problem(await client.http.get(f"/v1/events/{draft['id']}/{path}"), "not-found")
    await read(client, f"/v1/events/{draft['id']}/{path}", edit=True)
    check_problem(await client.http.get(f"/v1/events/{NOBODY}/{path}"), "not-found")
    retracted = await make_event(client)
    await send_ok(client, "POST", f"/v1/events/{retracted['id']}/retract", {"change": {"reason": "Withdrawn."}}, 1)
    await read(client, f"/v1/events/{retracted['id']}/{path}")
    check_problem(await client.http.get(f"/v1/events/{draft['id']}/{path}?unknown=1"), "invalid-parameters")


async def test_a_corrected_figure_shows_at_the_next_look(client: Client) -> None:
    source = await make(client, "/v1/sources", {"title": "T"})
    figures = [{"measure": "troops", "value": 10}]
    event = await make_event(client, citations=[{"source": source["id"], "figures": figures}])
    path = f"/v1/events/{event['id']}/figures"
    before = await client.http.get(path)
    figures[0]["value"] = 11
    await send_ok(
        client, "PATCH", f"/v1/events/{event['id']}", {"citations": [{"source": source["id"], "figures": figures}]}, 1
    )
    after = await client.http.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.json()["groups"][0]["figures"][0]["value"] == 11
