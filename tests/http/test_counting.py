"""``/v1/events/histogram`` and ``/v1/events/facets`` over HTTP: answers, faults, tags, merged actors, lack of time."""

from typing import Any
from urllib.parse import quote

import pytest

from api.http.counting_examples import FACETS, HISTOGRAM
from api.store import bounded, facets, found
from tests.conftest import Client
from tests.http.test_merges import merge, unmerge
from tests.writing import check_problem, check_whole, fault_at, make_actors, make_event, read, send_ok

_HISTOGRAM, _FACETS = "/v1/events/histogram", "/v1/events/facets"


def _counts(answer: dict[str, Any]) -> dict[str, float]:
    return {one["label"]: one["count"] for one in answer["bins"] if one["count"]}


def _values(answer: dict[str, Any], dimension: str) -> dict[str, int]:
    facet = answer["facets"][dimension]
    assert facet["exact"]
    return {one["value"]: one["count"] for one in facet["values"]}


async def test_examples_are_what_the_sample_answers(sample: Client) -> None:
    asked = f"{_HISTOGRAM}?date_from=2025-03&date_to=2025-05&interval=month&bin=exclude"
    assert await read(sample, asked) == HISTOGRAM
    assert HISTOGRAM["counted"] > 5
    assert await read(sample, f"{_FACETS}?date_from=2025&date_to=2025&facet=actor&facet=kind&top=3") == FACETS


async def test_a_rough_date_is_spread_over_its_days(client: Client) -> None:
    await make_event(client, date="2024-06-15")
    await make_event(client, date="2024")
    await make_event(client, date="2024-12-31T23:00:00/2025-01-01T01:00:00")
    answer = await read(client, f"{_HISTOGRAM}?interval=month")
    assert (answer["total"], answer["counted"], answer["undated"], answer["elsewhere"]) == (3, 3, 0, 0)
    # Of the leap year to each month its days, of the night half to each day.
    assert answer["bins"][5] == {
        **{"start": "2024-06-01", "end": "2024-06-30", "label": "June 2024"},
        "count": round(1 + 30 / 366, 6),
    }
    assert [one["count"] for one in answer["bins"][-2:]] == [round(31 / 366 + 0.5, 6), 0.5]
    assert [one["label"] for one in answer["bins"][-2:]] == ["December 2024", "January 2025"]
    # In a range, with the share of its days in it; the outermost bins end where the range does.
    answer = await read(client, f"{_HISTOGRAM}?interval=month&date_from=2024-06-10&date_to=2024-07-09")
    assert [(one["start"], one["end"], one["count"]) for one in answer["bins"]] == [
        ("2024-06-10", "2024-06-30", round(1 + 21 / 366, 6)),
        ("2024-07-01", "2024-07-09", round(9 / 366, 6)),
    ]
    assert (answer["total"], answer["elsewhere"]) == (2, round(1 - 30 / 366, 6))
    assert answer["range"] == {"earliest": "2024-06-10", "latest": "2024-07-09"}


async def test_gaps_have_no_part(client: Client) -> None:
    await make_event(client, date="{2024-01-31,2024-03-01,2024-03-03}")
    answer = await read(client, f"{_HISTOGRAM}?interval=month")
    assert [one["count"] for one in answer["bins"]] == [0.333333, 0, 0.666667]
    answer = await read(client, f"{_HISTOGRAM}?date_from=2024-02&date_to=2024-03-02&interval=month")
    assert [one["count"] for one in answer["bins"]] == [0, 0.333333]


async def test_open_ends_are_counted_only_in_a_range(client: Client) -> None:
    await make_event(client, date="2024-06-16/..")
    await make_event(client, date="/2024-06-05")
    await make_event(client, date="[..2024-06-05,2024-06-30]")
    answer = await read(client, _HISTOGRAM)
    assert (answer["bins"], answer["total"], answer["undated"]) == ([], 3, 3)
    for query in ("date_from=2024-06", "date_to=2024-06"):
        assert (await read(client, f"{_HISTOGRAM}?{query}"))["undated"] == 3
    answer = await read(client, f"{_HISTOGRAM}?date_from=2024-06&date_to=2024-06&interval=day")
    days = {one["start"]: one["count"] for one in answer["bins"]}
    assert (answer["counted"], answer["undated"]) == (3, 0)
    # One over the days in the range: 15 of the first, 5 of the second, 6 of the third.
    assert days["2024-06-16"] == round(1 / 15, 6)
    assert days["2024-06-30"] == round(1 / 15 + 1 / 6, 6)
    assert days["2024-06-05"] == round(1 / 5 + 1 / 6, 6)
    assert days["2024-06-10"] == 0
    answer = await read(client, f"{_HISTOGRAM}?bin=earliest")
    assert (_counts(answer), answer["undated"]) == ({"2024": 1}, 2)
    assert (await read(client, f"{_HISTOGRAM}?bin=exclude&date_from=2024&date_to=2024"))["undated"] == 3


async def test_what_lies_in_no_bin_alone_makes_no_bins(client: Client) -> None:
    for date in ("2024-03-05", "1900/1999", "2024-01-31T23:00:00/2024-02-01T01:00:00"):
        await make_event(client, date=date)

    async def bins(query: str) -> list[tuple[str, str, float]]:
        answer = await read(client, f"{_HISTOGRAM}?bin=exclude&{query}")
        assert (answer["total"], answer["undated"]) == (answer["counted"] + answer["elsewhere"], 0)
        return [(one["start"], one["end"], one["count"]) for one in answer["bins"]]

    assert await bins("interval=day") == [("2024-03-05", "2024-03-05", 1)]
    assert await bins("interval=month") == [("2024-03-01", "2024-03-31", 1)]
    assert await bins("interval=year") == [("2024-01-01", "2024-12-31", 2)]
    # An end that was asked for stays.
    assert await bins("interval=month&date_from=2024-01-15") == [
        ("2024-01-15", "2024-01-31", 0),
        ("2024-02-01", "2024-02-29", 0),
        ("2024-03-01", "2024-03-31", 1),
    ]
    assert await bins("interval=month&date_to=2024-04-10") == [
        ("2024-03-01", "2024-03-31", 1),
        ("2024-04-01", "2024-04-10", 0),
    ]
    assert await bins("interval=day&date_to=1999") == []


async def test_other_ways_to_count_and_far_years(client: Client) -> None:
    for date in ("-0043-03-15", "-0043", "0001", "2024-06", "2024-06-30/2024-07-01"):
        await make_event(client, date=date)
    answer = await read(client, f"{_HISTOGRAM}?bin=earliest&date_to=0001")
    assert _counts(answer) == {"44 BC": 2, "AD 1": 1}
    assert len(answer["bins"]) == 45
    assert answer["bins"][0]["start"] == "-0043-01-01"
    answer = await read(client, f"{_HISTOGRAM}?bin=exclude&interval=month&date_from=2024&date_to=2024")
    assert (_counts(answer), answer["elsewhere"]) == ({"June 2024": 1}, 1)
    await make_event(client, date="Y17000")
    await make_event(client, date="Y-17000000")
    assert _counts(await read(client, f"{_HISTOGRAM}?date_from=Y16000&interval=decade")) == {
        "between AD 17,000 and AD 17,009": 1
    }
    body = check_problem(
        await client.http.get(f"{_HISTOGRAM}?date_from=1900"), "invalid-parameters", places={"interval"}
    )
    assert fault_at(body, "interval")["suggestion"] == "decade"
    body = check_problem(await client.http.get(_HISTOGRAM), "invalid-parameters", places={"interval"})
    assert "date_from" in fault_at(body, "interval")["suggestion"]


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        ("interval=day&date_from=1990&date_to=2020", "month"),
        ("interval=day&date_from=1000&date_to=2020", "year"),
        ("interval=year&date_from=-9000&date_to=2020", "decade"),
    ],
)
async def test_too_many_bins_are_refused_with_what_would_do(sample: Client, query: str, suggestion: str) -> None:
    body = check_problem(await sample.http.get(f"{_HISTOGRAM}?{query}"), "invalid-parameters", places={"interval"})
    assert fault_at(body, "interval")["suggestion"] == suggestion
    answer = await read(sample, f"{_HISTOGRAM}?{query.replace(query.partition('&')[0], f'interval={suggestion}')}")
    assert 0 < len(answer["bins"]) <= 10_000


async def test_instants_choose_events_and_their_days_are_readings(client: Client) -> None:
    await make_event(client, date="2024-06-15T23:30:00-05:00")
    answer = await read(
        client, f"{_HISTOGRAM}?interval=day&date_from=2024-06-16T04:00:00Z&date_to=2024-06-16T05:00:00Z"
    )
    assert _counts(answer) == {"15 June 2024": 1}
    assert [one["start"] for one in answer["bins"]] == ["2024-06-15", "2024-06-16"]


@pytest.mark.parametrize(
    ("path", "query", "place"),
    [
        (_HISTOGRAM, "interval=week", "interval"),
        (_HISTOGRAM, "bin=latest", "bin"),
        (_HISTOGRAM, "interval=", "interval"),
        (_HISTOGRAM, "interval=day&interval=year", "interval"),
        (_HISTOGRAM, "limit=5", "limit"),
        (_HISTOGRAM, "facet=kind", "facet"),
        (_HISTOGRAM, "date_from=2024&date_to=2023", "date_to"),
        (_HISTOGRAM, "actor=nobody-knows", "actor"),
        (_HISTOGRAM, "as_of=yesterday", "as_of"),
        (_FACETS, "facet=state", "facet"),
        (_FACETS, "top=0", "top"),
        (_FACETS, "top=101", "top"),
        (_FACETS, "own=maybe", "own"),
        (_FACETS, "count=exact", "count"),
        (_FACETS, "interval=day", "interval"),
        (_FACETS, "min_reliability=F", "min_reliability"),
        (_FACETS, "as_of=999999", "as_of"),
    ],
)
async def test_bad_parameters_are_named(sample: Client, path: str, query: str, place: str) -> None:
    check_problem(await sample.http.get(f"{path}?{query}"), "invalid-parameters", places={place})


@pytest.mark.parametrize("path", [_HISTOGRAM, _FACETS])
async def test_drafts_are_counted_for_editors_who_ask(client: Client, path: str) -> None:
    await make_event(client, kind="talks")
    await make_event(client, kind="attack", state="draft")
    check_problem(await client.http.get(f"{path}?state=draft"), "forbidden")
    answer = await read(client, path)
    both = await read(client, f"{path}?state=draft&state=published", edit=True)
    if path == _HISTOGRAM:
        assert (answer["total"], both["total"]) == (1, 2)
    else:
        assert _values(answer, "kind") == {"talks": 1}
        assert _values(both, "kind") == {"talks": 1, "attack": 1}


@pytest.mark.parametrize("path", [_HISTOGRAM, _FACETS])
async def test_an_unchanged_answer_is_not_sent_again(client: Client, path: str) -> None:
    await make_event(client)
    answer = await client.http.get(path)
    tag = {"If-None-Match": answer.headers["etag"]}
    assert answer.headers["cache-control"] == "no-cache"
    assert (await client.http.get(path, headers=tag)).status_code == 304
    assert (await client.http.get(f"{path}?kind=talks", headers=tag)).status_code == 200
    await make_event(client)
    assert (await client.http.get(path, headers=tag)).status_code == 200


@pytest.mark.parametrize("few", [0, 10_000])
async def test_merged_actors_count_as_the_one_that_stands_for_them(
    client: Client, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(facets, "FEW", few)
    await make_actors(client)
    cited = [{"source": {"title": name, "publisher": name}} for name in ("the-paper", "the-gazette")]
    both = await make_event(
        client, actors=[{"id": "north-korea"}, {"id": "south-korea", "role": "party"}], citations=cited
    )
    await make_event(client, actors=[{"id": "south-korea"}], kind="talks", citations=cited[1:])
    await merge(client, "south-korea", "north-korea")
    await merge(client, "the-gazette", "the-paper")
    for query in ("", "date_to=2999", f"as_of={both['sequence'] + 3}"):
        answer = await read(client, f"{_FACETS}?{query}")
        assert _values(answer, "actor") == {"north-korea": 2}
        assert _values(answer, "publisher") == {"the-paper": 2}
        assert set(answer["included"]["actors"]) == {"north-korea", "the-paper"}
    assert _values(await read(client, f"{_FACETS}?kind=talks&actor=ROK"), "actor") == {"north-korea": 1}
    await unmerge(client, "south-korea", 2)
    assert _values(await read(client, _FACETS), "actor") == {"south-korea": 2, "north-korea": 1}
    await check_whole(client)


async def test_each_dimension_without_its_own_filter(client: Client) -> None:
    await make_actors(client)
    await make_event(client, kind="talks", tags=["a:b", "c"], actors=[{"id": "russia", "role": "party"}])
    await make_event(client, kind="attack", tags=["c"], actors=[{"id": "north-korea"}])
    answer = await read(client, f"{_FACETS}?kind=talks&tag={quote('a:b')}&facet=kind&facet=tag&facet=actor")
    assert [_values(answer, name) for name in ("kind", "tag", "actor")] == [
        {"talks": 1},
        {"a:b": 1, "c": 1},
        {"russia": 1},
    ]
    answer = await read(client, f"{_FACETS}?kind=talks&actor=russia&facet=kind&facet=tag&facet=actor&own=exclude")
    assert [_values(answer, name) for name in ("kind", "tag", "actor")] == [
        {"talks": 1},
        {"a:b": 1, "c": 1},
        {"russia": 1},
    ]
    answer = await read(client, f"{_FACETS}?kind=talks&facet=kind&facet=tag&own=exclude")
    assert [_values(answer, name) for name in ("kind", "tag")] == [{"attack": 1, "talks": 1}, {"a:b": 1, "c": 1}]
    answer = await read(client, f"{_FACETS}?facet=kind&top=1")
    assert answer["facets"] == {"kind": {"values": [{"value": "attack", "count": 1}], "more": True, "exact": True}}
    retracted = await make_event(client, kind="report", tags=[])
    await send_ok(client, "POST", f"/v1/events/{retracted['id']}/retract", {"change": {"reason": "Wrong."}}, 1)
    assert "report" not in _values(await read(client, _FACETS), "kind")
    assert _values(await read(client, f"{_FACETS}?state=retracted"), "kind") == {"report": 1}


async def test_looking_up_takes_no_time_from_counting(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_actors(client)
    event = await make_event(client, kind="talks", actors=[{"id": "russia"}])
    now, search_for = 0.0, found.search_for

    async def slowly(*given: Any, **named: Any) -> Any:
        nonlocal now
        now += 0.9 * bounded.COUNTING_S
        return await search_for(*given, **named)

    monkeypatch.setattr(bounded, "monotonic", lambda: now)
    monkeypatch.setattr(found, "search_for", slowly)
    answer = await read(client, f"{_FACETS}?kind=talks&actor=russia&own=exclude")
    assert now > 2 * bounded.COUNTING_S, "a search for each dimension with a filter of its own, and one for the others"
    assert [_values(answer, name) for name in ("actor", "kind", "occurrence")] == [
        {"russia": 1},
        {"talks": 1},
        {event["occurrence"]: 1},
    ]
    assert (await read(client, f"{_HISTOGRAM}?kind=talks"))["exact"]


async def test_a_filter_is_looked_up_even_where_it_is_left_out(client: Client) -> None:
    await make_event(client)
    answer = await client.http.get(f"{_FACETS}?facet=actor&actor=nobody-knows&own=exclude")
    check_problem(answer, "invalid-parameters", places={"actor"})


async def test_without_any_time_there_is_an_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_event(client, kind="talks")
    monkeypatch.setattr(bounded, "COUNTING_S", 0)
    answer = await read(client, _HISTOGRAM)
    assert (answer["exact"], answer["bins"], answer["total"], answer["elsewhere"]) == (False, [], 1, 1)
    answer = await read(client, _FACETS)
    assert answer["facets"]["kind"] == {"values": [], "more": True, "exact": False}
    page = await read(client, "/v1/events?count=exact")
    assert (page["count"], len(page["items"])) == ({"value": 1, "exact": False}, 1)
