"""Lists: the client's walks give what the plain pages of the API give."""

import re
from datetime import UTC, datetime, timedelta, timezone
from importlib import import_module
from typing import Any, get_type_hints
from uuid import UUID

import httpx
import pytest
import yaml

from dateline_client import AsyncDateline, calls
from dateline_client.generated import parameters
from tests.client.support import Watched, application_of, in_process
from tests.conftest import Client
from tests.engine.support import ROOT
from tests.writing import event_body


async def plain(client: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """All items of a list, by following its cursors without the client."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await client.http.get(path, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return items


def snake(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()


FILTERS: list[dict[str, Any]] = [
    {},
    {"actor": "north-korea", "date_from": "2024"},
    {"actor": ["north-korea", "russia"], "sort": "-date"},
    {"actor_all": ["north-korea", "russia"], "occurrence": "occurred"},
    {"kind": ("treaty", "talks"), "min_precision": "month"},
    {"date_from": "2024-06", "date_to": "2024-06", "date_match": "within"},
    {"include_members": True, "actor": "north-korea"},
    {"disputed": False, "min_origins": 1},
    {"q": "treaty", "sort": "relevance"},
    {"as_of": 60},
]


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: ",".join(filters) or "none")
@pytest.mark.parametrize("page_size", [3, 1000])
async def test_events_are_those_of_the_plain_pages(
    reader: AsyncDateline, sample: Client, filters: dict[str, Any], page_size: int
) -> None:
    expected = await plain(sample, "/v1/events", **filters)
    found = [event async for event in reader.events(page_size=page_size, **filters)]
    assert expected
    assert [(str(event.id), event.date, event.revision) for event in found] == [
        (item["id"], item["date"], item["revision"]) for item in expected
    ]


async def test_what_an_event_mentions_is_told_without_another_request(sample: Client) -> None:
    watched = Watched(application_of(sample))
    async with in_process(sample, transport=watched) as reader:
        events = [event async for event in reader.events(page_size=1000)]
    assert len(watched.requests) == 1
    actors = {item["id"]: item["name"] for item in await plain(sample, "/v1/actors")}
    sources = {item["id"]: item["title"] for item in await plain(sample, "/v1/sources")}
    for event in events:
        for actor in event.actors:
            assert event.actor_name(actor.id) == actors[actor.id]
        for citation in event.citations:
            assert event.source(citation.source).title == sources[str(citation.source)]
    with pytest.raises(KeyError):
        events[0].actor_name("nobody")


async def test_an_event_of_a_page_is_what_it_is_alone(reader: AsyncDateline) -> None:
    """It has the names and sources that it mentions, and not those that others on its page do."""
    (page,) = [page async for page in reader.events(max_items=40, page_size=40).pages()]
    events = [event async for event in reader.events(max_items=40)]
    whole = page.included.to_dict()
    for event in events:
        alone = (await reader.get_event(event.id)).to_dict()
        assert event.to_dict() == alone
        assert len(alone["included"]["actors"]) < len(whole["actors"])
    assert sum(len(event.included.to_dict()["sources"]) for event in events) >= len(whole["sources"]) > 1


async def test_what_an_event_of_a_page_mentions_leads_on_to_who_stands_for_it(
    desk: AsyncDateline, client: Client
) -> None:
    for actor in ("chosun", "north-korea", "yonhap", "yonhap-news"):
        await desk.create_actor({"id": actor, "name": actor.title(), "kind": "organization"})
    cited = {"source": {"title": "A report", "publisher": "yonhap", "url": "https://news.example/report"}}
    event = await desk.create_event(event_body(actors=[{"id": "chosun", "role": "party"}], citations=[cited]))
    await desk.create_event(event_body(title="Another"))
    await desk.merge_actor(await desk.get_actor("chosun"), "north-korea")
    await desk.merge_actor(await desk.get_actor("yonhap"), "yonhap-news")
    (found,) = [one async for one in desk.events() if one.id == event.id]
    assert found.to_dict() == (await desk.get_event(event.id)).to_dict()
    assert set(found.included.to_dict()["actors"]) == {"chosun", "north-korea", "yonhap", "yonhap-news"}
    assert found.actor_name("chosun") == "North-Korea"


async def test_names_of_their_time_are_told_where_they_are_asked_for(desk: AsyncDateline, client: Client) -> None:
    names = [{"name": "League of Towns", "date": "1950/1970"}]
    for body in (
        {"id": "league", "name": "Union of Cities", "kind": "organization", "names": names},
        {"id": "other", "name": "Other", "kind": "state"},
    ):
        await desk.create_actor(body)
    for date in ("1955", "2020"):
        cited = [{"source": {"title": f"On {date}"}, "attribution": ["league"]}]
        await desk.create_event(event_body(date=date, actors=[{"id": "league"}, {"id": "other"}], citations=cited))
    await desk.create_chronology({"slug": "all", "title": "All", "filter": {"actor": ["other"]}})

    then, now = "League of Towns", "Union of Cities"
    for found in (desk.events(names="dated", page_size=1), desk.chronology_events("all", names="dated")):
        events = [event async for event in found]
        assert [event.actor_name("league") for event in events] == [then, now]
        assert [event.actor_name("other") for event in events] == ["Other"] * 2
        assert [event.dated_names for event in events] == [{"league": then}, {}]
        # They are beside what the event is, which can be written as it was read.
        assert events[0].to_dict() == (await desk.get_event(events[0].id)).to_dict()
        with pytest.raises(KeyError):
            events[0].actor_name("nobody")
    assert [event.actor_name("league") async for event in desk.events()] == [now, now]
    table = await desk.table(names="dated")
    assert list(table["actor_names"]) == [[then, "Other"], [now, "Other"]]
    assert list((await desk.table())["actor_names"]) == [[now, "Other"]] * 2


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-10))])
async def test_instants_may_be_what_python_has_for_them(desk: AsyncDateline, zone: timezone) -> None:
    first = await desk.create_event(event_body(title="First"))
    last = await desk.create_event(event_body(title="Last"))
    then = last.updated_at.astimezone(zone)
    assert [event.id async for event in desk.events(updated_from=then)] == [last.id]
    assert [event.id async for event in desk.events(updated_from=then.isoformat())] == [last.id]
    after = then + timedelta(microseconds=1)
    assert [event.id async for event in desk.events(updated_from=after)] == []
    assert len(await desk.table(updated_from=then)) == 1
    await desk.update_event(first, {"title": "Other"})
    assert (await desk.get_event(first.id, as_of=then)).title == "First"
    titles = [event.title async for event in desk.events(as_of=then, sort="updated")]
    assert sorted(titles) == ["First", "Last"]
    counted = await desk.histogram(as_of=then, interval="year")
    assert sum(each.count for each in counted.bins) == 2


async def test_an_instant_without_an_offset_is_told_before_anything_is_sent(sample: Client) -> None:
    watched = Watched(application_of(sample))
    naive = datetime(2025, 6, 1)
    async with in_process(sample, transport=watched) as reader:
        with pytest.raises(ValueError, match="no offset"):
            reader.events(updated_from=naive)
        for ask in (
            reader.get_event("f210f2e5-140a-50ee-ac6f-e4aa1ad06256", as_of=naive),
            reader.facets(facet="kind", as_of=naive),
            reader.get_actor("north-korea", as_of=naive),
        ):
            with pytest.raises(ValueError, match="no offset"):
                await ask
    assert watched.requests == []


async def test_each_page_is_read_once(monkeypatch: pytest.MonkeyPatch, reader: AsyncDateline) -> None:
    """Of a thousand events, that takes most of the time."""
    read: list[httpx.Response] = []
    plainly = httpx.Response.json

    def counted(response: httpx.Response, **options: Any) -> Any:
        read.append(response)
        return plainly(response, **options)

    monkeypatch.setattr(httpx.Response, "json", counted)
    assert len([event async for event in reader.events(page_size=5, max_items=15)]) == 15
    assert len([page async for page in reader.events(page_size=5, max_items=15).pages()]) == 3
    assert len(read) == 6


async def test_a_rough_date_stays_as_it_is(reader: AsyncDateline) -> None:
    events = [event async for event in reader.events(kind="treaty", date_from="2024-06", date_to="2024-06")]
    (treaty,) = [event for event in events if event.title == "Putin and Kim sign a mutual defence treaty"]
    assert treaty.date == "2024-06"
    assert (treaty.when.earliest, treaty.when.latest) == ("2024-06-01", "2024-06-30")
    assert isinstance(treaty.id, UUID)


async def test_pages_are_asked_for_when_they_are_needed(sample: Client) -> None:
    watched = Watched(application_of(sample))
    async with in_process(sample, transport=watched) as reader:
        walk = aiter(reader.events(page_size=5))
        assert watched.requests == []
        for expected in (1, 1, 1, 1, 1, 2, 2):
            await anext(walk)
            assert len(watched.requests) == expected


@pytest.mark.parametrize(("most", "requests"), [(0, []), (1, [1]), (5, [5]), (7, [5, 2]), (None, None)])
async def test_no_more_items_come_than_are_wanted(sample: Client, most: int | None, requests: list[int] | None) -> None:
    watched = Watched(application_of(sample))
    async with in_process(sample, transport=watched) as reader:
        found = [event async for event in reader.events(max_items=most, page_size=5)]
    everything = await plain(sample, "/v1/events")
    assert [str(event.id) for event in found] == [item["id"] for item in everything][:most]
    if requests is not None:
        assert [int(request.url.params["limit"]) for request in watched.requests] == requests


async def test_pages_tell_of_the_whole_and_where_to_go_on(reader: AsyncDateline, sample: Client) -> None:
    listing = reader.events(actor="north-korea", date_from="2024", count="exact", page_size=4)
    pages = [page async for page in listing.pages()]
    expected = await plain(sample, "/v1/events", actor="north-korea", date_from="2024")
    assert [str(item.id) for page in pages for item in page.items] == [item["id"] for item in expected]
    assert pages[0].count is not None
    assert pages[0].count.value == len(expected)
    assert pages[0].range_.earliest == "2024-01-01"
    rest = [event async for event in reader.events(actor="north-korea", date_from="2024", cursor=pages[0].next_)]
    assert [str(event.id) for event in rest] == [item["id"] for item in expected][4:]
    # A walk begins anew each time.
    assert len([event async for event in listing]) == len([event async for event in listing]) == len(expected)


async def test_other_lists_are_those_of_the_plain_pages(reader: AsyncDateline, sample: Client) -> None:
    actors = [actor async for actor in reader.actors(page_size=7)]
    assert [actor.id for actor in actors] == [item["id"] for item in await plain(sample, "/v1/actors")]
    for actor in actors:
        for membership in [*actor.part_of, *actor.member_of]:
            assert actor.actor_name(membership.actor)
    found = [actor.id async for actor in reader.actors(q="kim", max_items=3)]
    assert found == [item["id"] for item in await plain(sample, "/v1/actors", q="kim")][:3]
    sources = [source async for source in reader.sources(page_size=2)]
    assert [str(source.id) for source in sources] == [item["id"] for item in await plain(sample, "/v1/sources")]


async def test_counts_are_those_of_the_api(reader: AsyncDateline, sample: Client) -> None:
    counted = await reader.histogram(actor="north-korea", interval="year")
    plainly = (await sample.http.get("/v1/events/histogram?actor=north-korea&interval=year")).json()
    assert counted.to_dict() == plainly
    facets = await reader.facets(actor="north-korea", facet=["kind", "tag"], top=3)
    plainly = (await sample.http.get("/v1/events/facets?actor=north-korea&facet=kind&facet=tag&top=3")).json()
    assert facets.to_dict() == plainly


async def test_a_misspelt_keyword_is_told_before_anything_is_sent(sample: Client) -> None:
    watched = Watched(application_of(sample))
    misspelt: Any = {"actr": "north-korea"}
    async with in_process(sample, transport=watched) as reader:
        for make in (reader.events, reader.actors, reader.sources, reader.chronologies):
            with pytest.raises(TypeError, match="There is no parameter actr"):
                make(**misspelt)
        for ask in (reader.histogram, reader.facets, reader.table):
            with pytest.raises(TypeError, match="There is no parameter actr"):
                await ask(**misspelt)
        counted: Any = {"count": "exact"}
        with pytest.raises(TypeError, match="There is no parameter count"):
            await reader.table(**counted)
    assert watched.requests == []


async def test_an_empty_list_is_no_filter_and_is_told_before_anything_is_sent(sample: Client) -> None:
    watched = Watched(application_of(sample))
    async with in_process(sample, transport=watched) as reader:
        nothings: list[Any] = [[], (), iter(())]
        for nothing in nothings:
            with pytest.raises(ValueError, match="actor has no values"):
                reader.events(actor=nothing)
        with pytest.raises(ValueError, match="facet has no values"):
            await reader.facets(facet=[])
        assert watched.requests == []


def test_every_parameter_of_the_contract_is_a_keyword() -> None:
    contract = yaml.load((ROOT / "openapi.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    operations = [
        (operation["operationId"], operation["tags"][0], operation["parameters"])
        for path in contract["paths"].values()
        for method, operation in path.items()
        if method == "get" and operation.get("parameters")
    ]
    assert len(operations) > 20
    for operation_id, tag, listed in operations:
        names = {parameter["name"] for parameter in listed if parameter["in"] == "query"}
        kind = getattr(parameters, operation_id[0].upper() + operation_id[1:], None)
        hints = get_type_hints(kind) if kind else {}
        assert set(hints) == names - {"limit", "cursor", "format"}, operation_id
        # Generated code has other names for some.
        if kind:
            module = import_module(f"dateline_client.generated.api.{tag}.{snake(operation_id)}")
            given = {name: ["one"] if name in parameters.REPEATED else "one" for name in hints}
            fixed = ["one" for parameter in listed if parameter["in"] == "path"]
            sent = calls.described(module._get_kwargs, kind, given, *fixed)()
            assert {name for name in sent["params"] if sent["params"][name] in ("one", ["one"])} == set(hints)


async def test_negative_bounds_are_refused(reader: AsyncDateline) -> None:
    with pytest.raises(ValueError, match="max_items"):
        reader.events(max_items=-1)


async def test_addresses_under_a_prefix_stay_under_it() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/timeline/v1/changes/head"
        return httpx.Response(200, json={"sequence": 1, "digest": "0" * 64, "recorded_at": "2025-06-01T09:00:00Z"})

    async with AsyncDateline("https://news.example/timeline/", transport=httpx.MockTransport(handle)) as client:
        assert (await client.head()).sequence == 1
