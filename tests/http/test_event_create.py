"""Creating events: what is given is kept letter for letter, what follows is derived, what is mentioned is included."""

from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Client
from tests.writing import (
    FULL,
    NOBODY,
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
)


async def test_a_minimal_event_gets_every_member(client: Client) -> None:
    answer = await client.http.post("/v1/events", json=event_body(), headers=client.edit)
    assert answer.status_code == 201
    event = answer.json()
    assert answer.headers["location"] == f"/v1/events/{event['id']}"
    assert answer.headers["etag"].startswith('"1-')
    assert answer.headers["content-type"] == "application/json"
    citation = event["citations"][0]
    source = citation["source"]
    assert event == {
        "id": str(UUID(event["id"])),
        "title": "A treaty is signed",
        "summary": None,
        "kind": "treaty",
        "date": "2024-06",
        "when": {
            "earliest": "2024-06-01",
            "latest": "2024-06-30",
            "precision": "month",
            "approximate": False,
            "uncertain": False,
            "open_start": False,
            "open_end": False,
            "unknown_start": False,
            "unknown_end": False,
            "display": "June 2024",
        },
        "occurrence": "occurred",
        "state": "published",
        "places": [],
        "actors": [],
        "citations": [
            {
                "id": str(UUID(citation["id"])),
                "source": str(UUID(source)),
                "stance": "supports",
                "attribution": [],
                "states": None,
                "as_stated": None,
                "figures": [],
                "locator": None,
                "quote": None,
                "credibility": None,
            }
        ],
        "assessment": None,
        "evidence": {"supporting": 1, "disputing": 0, "origins": 1},
        "relations": [],
        "tags": [],
        "external_ids": {},
        "retraction": None,
        "revision": 1,
        "sequence": 2,
        "created_at": event["created_at"],
        "updated_at": event["created_at"],
        "published_at": event["created_at"],
        "included": {
            "actors": {},
            "sources": {
                source: {
                    "title": "A report",
                    "publisher": None,
                    "url": SOURCE["url"],
                    "published": None,
                    "reliability": None,
                }
            },
        },
    }
    assert (await client.http.get(f"/v1/events/{event['id']}")).content == answer.content
    await check_whole(client)


async def test_a_full_event_is_kept_as_it_is_given(client: Client) -> None:
    await make_actors(client)
    event = await make(client, "/v1/events", FULL)
    kept = {name: event[name] for name in FULL}
    given = {**FULL, "actors": [*FULL["actors"][:2], {"id": "north-korea", "role": None}]}
    first, second = kept.pop("citations")
    brought = given.pop("citations")[0]
    place = kept["citations_place"] = first["states"]["place"]
    assert place == {
        "name": "Ankara",
        "country": None,
        "latitude": None,
        "longitude": None,
        "precision": None,
        "role": None,
    }
    kept.pop("citations_place")
    assert kept == given
    assert first["source"] == brought["source"]["id"]
    for name in ("id", "stance", "attribution", "as_stated", "locator", "quote", "credibility"):
        assert first[name] == brought[name]
    assert first["figures"] == [
        {**brought["figures"][0], "low": None, "high": None},
        {**brought["figures"][1], "value": None, "bound": "exactly", "date": None},
    ]
    assert event["evidence"] == {"supporting": 1, "disputing": 1, "origins": 1}
    # Everything that the event mentions, its sources' publishers too, and nothing else.
    assert event["included"] == {
        "actors": {
            "north-korea": {"name": "North Korea", "kind": "state", "merged_into": None},
            "russia": {"name": "Russia", "kind": "state", "merged_into": None},
            "south-korea": {"name": "South Korea", "kind": "state", "merged_into": None},
            "the-paper": {"name": "The Paper", "kind": "publisher", "merged_into": None},
        },
        "sources": {
            first["source"]: {
                "title": "On the talks",
                "publisher": "the-paper",
                "url": None,
                "published": "2024-06-03?",
                # The source has none of its own: its publisher's.
                "reliability": "B",
            },
            second["source"]: {
                "title": "A report",
                "publisher": None,
                "url": SOURCE["url"],
                "published": None,
                "reliability": "F",
            },
        },
    }
    source = await read(client, f"/v1/sources/{first['source']}")
    assert {name: source[name] for name in brought["source"]} == brought["source"]
    await check_whole(client)


@pytest.mark.parametrize(
    "date",
    [
        "2024-06",
        "2025-04-28",
        "2023-09/..",
        "2024-06?",
        "2024~",
        "202X",
        "2024-21",
        "2025-06-02T13:00:00+03:00",
        "2025-06-02T13:00:00",
        "-0043-03-13",
        "Y17000",
        "Y-292277022656",
        "Y292277022656",
        "Y17E7",
        "1950S2",
        "/2024",
        "../2024",
        "2024/",
        "[2022-02..2025-04]",
        "[1667,1668,1670..1672]",
        "{..1983-12-31,1984-10-10..1984-11-01}",
        "XXXX-12-25",
        "2004-XX-15",
        "2004-06-~01/2004-06-~20",
        "?2004-06-11",
        "2024-02-29",
    ],
)
async def test_dates_come_back_letter_for_letter(client: Client, date: str) -> None:
    event = await make_event(client, date=date)
    assert event["date"] == date
    listed = (await read(client, "/v1/events"))["items"]
    assert [item["date"] for item in listed] == [date]
    await check_whole(client)


async def test_actors_are_stored_as_ids_however_they_are_named(client: Client) -> None:
    await make_actors(client)
    event = await make_event(
        client,
        actors=[{"id": "DPRK"}, {"id": "RUSSIAN  federation", "role": "party"}, {"id": "south-korea"}],
        citations=[
            {"source": {"title": "One", "publisher": "the paper"}, "attribution": ["rok", "A witness", "Dprk"]},
        ],
    )
    assert [actor["id"] for actor in event["actors"]] == ["north-korea", "russia", "south-korea"]
    assert event["citations"][0]["attribution"] == ["south-korea", "A witness", "north-korea"]
    assert set(event["included"]["actors"]) == {"north-korea", "russia", "south-korea", "the-paper"}
    source = await read(client, f"/v1/sources/{event['citations'][0]['source']}")
    assert source["publisher"] == "the-paper"


async def test_an_exact_id_wins_over_a_name(client: Client) -> None:
    """A name may not equal another actor's id, but a folded one may lie near it."""
    await make(client, "/v1/actors", {"id": "georgia", "name": "Georgia", "kind": "state"})
    await make(client, "/v1/actors", {"id": "us-georgia", "name": "Géorgia ", "kind": "state"} | {"name": "Géorgie"})
    event = await make_event(client, actors=[{"id": "georgia"}])
    assert event["actors"][0]["id"] == "georgia"


async def test_unknown_and_ambiguous_actors_are_named_together(client: Client) -> None:
    await make_actors(client)
    answer = await send(
        client,
        "POST",
        "/v1/events",
        {
            **event_body(title=" "),
            "actors": [{"id": "Korea"}, {"id": "Nroth Korea"}, {"id": "russa"}, {"id": "zzz"}],
            "citations": [
                {"source": {"title": "S", "publisher": "The Papre"}, "attribution": ["Nobody known", "korea"]},
                {"source": NOBODY},
            ],
            "relations": [{"type": "follows", "event_id": NOBODY}],
        },
    )
    body = check_problem(
        answer,
        "invalid-body",
        places={
            "/title",
            "/actors/0/id",
            "/actors/1/id",
            "/actors/2/id",
            "/actors/3/id",
            "/citations/0/source/publisher",
            "/citations/0/attribution/1",
            "/citations/1/source",
            "/relations/0/event_id",
        },
    )
    assert "north-korea, south-korea" in fault_at(body, "/actors/0/id")["detail"]
    assert fault_at(body, "/actors/0/id")["suggestion"] == "one of north-korea, south-korea"
    assert fault_at(body, "/actors/1/id")["suggestion"] == "north-korea"
    assert fault_at(body, "/actors/2/id")["suggestion"] == "russia"
    assert "suggestion" not in fault_at(body, "/actors/3/id")
    assert fault_at(body, "/citations/0/source/publisher")["suggestion"] == "the-paper"
    assert "north-korea, south-korea" in fault_at(body, "/citations/0/attribution/1")["detail"]


async def test_the_same_actor_by_two_names_is_given_twice(client: Client) -> None:
    await make_actors(client)
    body = event_body(actors=[{"id": "DPRK"}, {"id": "north-korea"}, {"id": "russia"}])
    check_problem(await send(client, "POST", "/v1/events", body), "invalid-body", places={"/actors/1"})


async def test_sources_are_found_by_address_or_by_publisher_title_and_date(client: Client) -> None:
    await make_actors(client)
    first = await make_event(client, citations=[{"source": SOURCE}])
    unlike = {**SOURCE, "url": "https://NEWS.example/report#part", "title": "Another title"}
    again = await make_event(client, citations=[{"source": unlike}])
    assert again["citations"][0]["source"] == first["citations"][0]["source"]
    assert again["included"]["sources"][first["citations"][0]["source"]]["title"] == SOURCE["title"], "found, unchanged"
    printed = {"title": "A  Leader", "publisher": "The Paper", "published": "2024-06"}
    third = await make_event(client, citations=[{"source": printed}])
    fourth = await make_event(
        client, citations=[{"source": {**printed, "title": "a leader", "publisher": "the-paper"}}]
    )
    assert fourth["citations"][0]["source"] == third["citations"][0]["source"]
    for other in ({"published": "2024-06-01"}, {"publisher": None}, {"publisher": "the-gazette"}):
        fifth = await make_event(client, citations=[{"source": {**printed, **other}}])
        assert fifth["citations"][0]["source"] != third["citations"][0]["source"]
    await check_whole(client)


async def test_a_new_source_cited_twice_is_created_once(client: Client) -> None:
    event = await make_event(
        client, citations=[{"source": SOURCE, "locator": "p. 1"}, {"source": SOURCE, "locator": "p. 2"}]
    )
    assert len(event["included"]["sources"]) == 1
    assert len((await read(client, "/v1/sources"))["items"]) == 1
    await check_whole(client)


async def test_two_new_sources_cannot_share_an_id(client: Client) -> None:
    brought = [{"source": {"id": NOBODY, "title": title}} for title in ("One", "Another")]
    answer = await send(client, "POST", "/v1/events", event_body(citations=brought))
    check_problem(answer, "invalid-body", places={"/citations/1/source/id"})
    await check_whole(client)


async def test_a_new_source_cannot_take_the_id_of_another_one(client: Client) -> None:
    await make(client, "/v1/sources", {"id": NOBODY, "title": "One"})
    brought = [{"source": {"id": NOBODY, "title": "Another"}}]
    answer = await send(client, "POST", "/v1/events", event_body(citations=brought))
    check_problem(answer, "invalid-body", places={"/citations/0/source/id"})


@pytest.mark.parametrize(
    "citations",
    [
        [{"source": SOURCE}, {"source": SOURCE}],
        [{"source": SOURCE}, {"source": {**SOURCE, "title": "Another title"}, "quote": "It does."}],
        [{"source": SOURCE, "attribution": ["DPRK"]}, {"source": SOURCE, "attribution": ["north-korea"]}],
    ],
)
async def test_a_duplicate_is_the_same_source_stance_attribution_and_locator(
    client: Client, citations: list[dict[str, Any]]
) -> None:
    await make_actors(client)
    answer = await send(client, "POST", "/v1/events", event_body(citations=citations))
    check_problem(answer, "invalid-body", places={"/citations/1"})
    await make_event(client)
    answer = await send(client, "POST", "/v1/events", event_body(citations=citations))
    check_problem(answer, "invalid-body", places={"/citations/1"})


@pytest.mark.parametrize(
    ("citations", "evidence"),
    [
        # Two papers that echo one report are one origin.
        (
            [
                {"source": {"title": "One", "publisher": "the-paper"}, "attribution": ["ROK"]},
                {"source": {"title": "Two", "publisher": "the-gazette"}, "attribution": ["south-korea", "An envoy"]},
            ],
            (2, 0, 1),
        ),
        # Without an attribution it is the publisher, without one the source.
        (
            [
                {"source": {"title": "One", "publisher": "the-paper"}},
                {"source": {"title": "Two", "publisher": "the-paper"}},
                {"source": {"title": "Three"}},
                {"source": {"title": "Four"}, "attribution": ["the paper"]},
            ],
            (4, 0, 2),
        ),
        (
            [
                {"source": {"title": "One"}, "stance": "disputes"},
                {"source": {"title": "Two"}, "stance": "mentions"},
                {"source": {"title": "Three"}, "stance": "disputes"},
            ],
            (0, 2, 0),
        ),
        (
            [{"source": SOURCE, "attribution": ["A witness"]}, {"source": SOURCE, "attribution": ["Another"]}],
            (2, 0, 2),
        ),
    ],
)
async def test_evidence_counts_citations_and_origins(
    client: Client, citations: list[dict[str, Any]], evidence: tuple[int, int, int]
) -> None:
    await make_actors(client)
    event = await make_event(client, citations=citations)
    assert event["evidence"] == dict(zip(("supporting", "disputing", "origins"), evidence, strict=True))


async def test_an_id_is_chosen_once(client: Client) -> None:
    """An id stays taken by what was published, by what was retracted, and by a draft that was discarded."""
    for state in ("published", "draft"):
        event = await make_event(client, state=state)
        taken = event_body(id=event["id"])
        check_problem(await send(client, "POST", "/v1/events", taken), "conflict", places={"/id"})
    assert (await send(client, "DELETE", f"/v1/events/{event['id']}", revision=1)).status_code == 204
    check_problem(await send(client, "POST", "/v1/events", taken), "conflict", places={"/id"})
    upper = event_body(id=event["id"].upper())
    check_problem(await send(client, "POST", "/v1/events", upper), "conflict", places={"/id"})
    await check_whole(client)


async def test_a_read_unchanged_since_is_not_sent_again(client: Client) -> None:
    event = await make_event(client)
    path = f"/v1/events/{event['id']}"
    tag = (await client.http.get(path)).headers["etag"]
    answer = await client.http.get(path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    answer = await client.http.get(path, headers={"If-None-Match": f'W/"x", W/{tag}'})
    assert answer.status_code == 304
    assert (await client.http.get(path, headers={"If-None-Match": '"1-0"'})).status_code == 200


async def test_the_entity_tag_follows_what_the_answer_rests_on(client: Client) -> None:
    """A rename writes one row, shows at the next read, and changes the tag but not the revision."""
    await make_actors(client)
    event = await make_event(client, actors=[{"id": "russia"}])
    path = f"/v1/events/{event['id']}"
    before = await client.http.get(path)
    renamed = await client.http.patch(
        "/v1/actors/russia", json={"name": "Russian State"}, headers={**client.edit, "If-Match": '"1"'}
    )
    assert renamed.status_code == 200
    after = await client.http.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["included"]["actors"]["russia"]["name"] == "Russian State"
    assert {**after.json(), "included": None} == {**before.json(), "included": None}
    # A writer who saw the event before the rename has still seen the event.
    answer = await client.http.patch(
        path, json={"title": "B"}, headers={**client.edit, "If-Match": before.headers["etag"]}
    )
    assert answer.status_code == 200
    await check_whole(client)


@pytest.mark.parametrize("path", [f"/v1/events/{NOBODY}", "/v1/events/nonsense", "/v1/events/0", "/v1/actors/No-One"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
async def test_nothing_is_found_before_anything_else_is_asked(sample: Client, path: str, method: str) -> None:
    """404 comes before 428."""
    answer = await sample.http.request(method, path, headers=sample.edit, json=None if method == "GET" else {})
    check_problem(answer, "not-found")
