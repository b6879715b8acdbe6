"""What becomes of the rows of files: each is an event by an id that is always the same, wherever it stands."""

import json
import socket
from typing import Any

import pytest

from api.ingest import importing
from tests.conftest import Client
from tests.ingest.files import events, lines, send_file, statuses
from tests.writing import ACTORS, check_whole, contents_of, event_body, make_actors, make_event, new_token, send_ok

IDS = [f"0199c3a4-0000-7000-8000-0000000001{number:02d}" for number in range(12)]


def row(number: int, *targets: int, **members: Any) -> dict[str, Any]:
    """A row with an id, which follows others."""
    relations = [{"type": "follows", "event_id": IDS[target]} for target in targets]
    return event_body(id=IDS[number], title=f"Event {number}", relations=relations, **members)


async def test_the_same_file_again_changes_nothing(client: Client) -> None:
    content = lines([row(0), event_body(title="No id"), row(1, 0)])
    first = await send_file(client, content)
    assert statuses(first) == ["created"] * 3
    before = await contents_of(client)
    for name in ("events.ndjson", "another name.ndjson"):
        again = await send_file(client, content, name)
        assert statuses(again) == ["unchanged"] * 3
        assert [result["id"] for result in again["results"]] == [result["id"] for result in first["results"]]
    assert await contents_of(client) == before
    await check_whole(client)


async def test_a_row_that_is_there_twice_is_one_event(client: Client) -> None:
    plain = event_body(title="Once")
    file = lines([plain, row(0), dict(reversed(plain.items())), row(0, summary="More")])
    report = await send_file(client, file)
    assert statuses(report) == ["created", "created", "unchanged", "refused"]
    assert report["results"][2]["warnings"] == ["This is the same event as row 1."]
    (fault,) = report["results"][3]["errors"]
    assert fault["detail"] == "This is the same event as row 2, and says something else."
    counts = {name: report[name] for name in ("rows", "created", "updated", "unchanged", "refused", "warned")}
    assert counts == {"rows": 4, "created": 2, "updated": 0, "unchanged": 1, "refused": 1, "warned": 1}
    assert statuses(await send_file(client, file)) == ["unchanged"] * 3 + ["refused"]


async def test_a_file_whose_rows_contradict_each_other_changes_nothing_the_second_time(client: Client) -> None:
    file = lines([row(0, external_ids={"n": "1"}), {**row(1, external_ids={"n": "1"}), "title": "Another"}])
    first = await send_file(client, file, upsert_on="n")
    assert statuses(first) == ["created", "refused"]
    assert statuses(await send_file(client, file, upsert_on="n")) == ["unchanged", "refused"]


async def test_a_changed_row_is_a_new_revision_of_its_event(client: Client) -> None:
    await send_file(client, lines([row(0), row(1)]))
    report = await send_file(client, lines([row(0, summary="More"), row(1)]))
    assert statuses(report) == ["updated", "unchanged"]
    assert report["results"][0]["revision"] == 2


async def test_rows_that_cite_nothing_cite_the_file(client: Client) -> None:
    plain = {"title": "A vote", "kind": "diplomacy", "date": "2024-06"}
    report = await send_file(
        client, lines([plain, {**plain, "state": "draft", "title": "Not yet"}]), "My  votes.ndjson"
    )
    found = {event["title"]: event for event in await events(client, "&state=draft&state=published")}
    (citation,) = found["A vote"]["citations"]
    assert citation["locator"] == "row 1"
    source = (await client.http.get(f"/v1/sources/{citation['source']}")).json()
    assert (source["title"], source["kind"]) == ("My votes.ndjson", "dataset")
    assert found["Not yet"]["citations"] == []
    # Under another name, or at another place, it is the same event still, and cites what it did.
    again = await send_file(client, lines([event_body(title="One before"), plain]), "renamed.ndjson")
    assert statuses(again) == ["created", "unchanged"]
    assert again["results"][1]["id"] == report["results"][0]["id"]


async def test_a_file_without_a_name_is_known_by_its_digest(client: Client) -> None:
    content = lines([{"title": "A vote", "kind": "diplomacy", "date": "2024-06"}])
    headers = {**client.edit, "Content-Type": "application/x-ndjson"}
    report = (await client.http.post("/v1/imports", content=content, headers=headers)).json()
    ((event,), digest) = (await events(client), report["digest"])
    source = (await client.http.get(f"/v1/sources/{event['citations'][0]['source']}")).json()
    assert source["title"] == f"Import of ndjson, SHA-256 {digest[:16]}"


async def test_what_was_corrected_is_not_written_over(client: Client) -> None:
    await send_file(client, lines([row(0), row(1), row(2)]))
    correction = {"change": {"type": "correction", "reason": "The paper was wrong."}, "summary": "Corrected."}
    patch = {"Content-Type": "application/merge-patch+json"}
    for number, body in ((0, correction), (1, {"summary": "An update."})):
        headers = {**client.edit, **patch, "If-Match": "*"}
        answer = await client.http.patch(f"/v1/events/{IDS[number]}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    changed = lines([row(number, tags=["new"]) for number in range(3)])
    report = await send_file(client, changed)
    # An update is no correction: what is imported stands against it as against any other content.
    assert statuses(report) == ["refused", "updated", "updated"]
    (fault,) = report["results"][0]["errors"]
    assert "has been corrected (revision 2)" in fault["detail"]
    # It is everybody's correction that counts.
    other = await new_token(client, "somebody else", "edit")
    assert statuses(await send_file(client, changed, headers=other))[0] == "refused"


async def test_what_is_retracted_or_discarded_stays_so(client: Client) -> None:
    await send_file(client, lines([row(0), row(1, state="draft")]))
    await send_ok(client, "POST", f"/v1/events/{IDS[0]}/retract", {"change": {"reason": "Never happened."}}, 1)
    discarded = await client.http.delete(f"/v1/events/{IDS[1]}", headers={**client.edit, "If-Match": "*"})
    assert discarded.status_code == 204
    report = await send_file(client, lines([row(0), row(1)]))
    assert statuses(report) == ["refused", "refused"]
    assert "retracted" in report["results"][0]["errors"][0]["detail"]


async def test_a_draft_stays_one_until_its_row_says_otherwise(client: Client) -> None:
    await send_file(client, lines([row(0, state="draft")]))
    assert statuses(await send_file(client, lines([row(0)]))) == ["unchanged"]
    assert statuses(await send_file(client, lines([row(0, state="published")]))) == ["updated"]


async def test_rows_may_point_forward_and_in_cycles(client: Client) -> None:
    rows = [row(0, 1), row(1, 2), row(2, 0), row(3, 4, 0), row(4), row(5, 6), row(6, 5, 3), row(7, 11), row(8, 7)]
    report = await send_file(client, lines(rows))
    assert statuses(report) == ["created"] * 7 + ["refused"] * 2
    assert {result["revision"] for result in report["results"][:7]} == {1}
    assert report["results"][7]["errors"][0]["pointer"] == "/7/relations/0/event_id"
    assert statuses(await send_file(client, lines(rows))) == ["unchanged"] * 7 + ["refused"] * 2
    await check_whole(client)


@pytest.mark.parametrize("way", [{}, {"atomic": True}, {"dry_run": True}])
async def test_rows_wait_for_others_over_chunks(
    client: Client, monkeypatch: pytest.MonkeyPatch, way: dict[str, Any]
) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", 2)
    rows = [row(number, (number + 1) % 9, (number + 5) % 9) for number in range(9)]
    report = await send_file(client, lines(rows), **way)
    assert statuses(report) == ["created"] * 9
    assert len(await events(client)) == (0 if "dry_run" in way else 9)
    await check_whole(client)


async def test_there_is_an_end_to_waiting(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", 1)
    monkeypatch.setattr(importing, "HELD_ROWS", 2)
    content = lines([row(0, 3), row(1, 3), row(2, 3), row(3)])
    report = await send_file(client, content)
    assert statuses(report) == ["created", "created", "refused", "created"]
    assert "once more" in report["results"][2]["errors"][0]["detail"]
    assert statuses(await send_file(client, content)) == ["unchanged", "unchanged", "created", "unchanged"]


async def test_a_row_that_waits_leaves_nothing_if_it_is_refused(client: Client) -> None:
    brought = {"new_actors": [{"id": "mu", "name": "Mu", "kind": "state"}], "actors": [{"id": "mu"}]}
    report = await send_file(client, lines([row(0, 9, **brought), row(1, actors=[{"id": "mu"}])]))
    assert statuses(report) == ["refused", "refused"]
    assert (await client.http.get("/v1/actors/mu", headers=client.edit)).status_code == 404
    # What another row brings, too, is there.
    report = await send_file(client, lines([row(0, 9, **brought), row(1, **brought), row(2, actors=[{"id": "Mu"}])]))
    assert statuses(report) == ["refused", "created", "created"]
    await check_whole(client)


async def test_all_or_nothing(client: Client) -> None:
    before = await contents_of(client)
    content = lines([row(0), {"title": "Broken"}])
    answer = await client.http.post(
        "/v1/imports?atomic=true",
        content=content,
        headers={**client.edit, "Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == 400
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/1/kind", "/1/date"}
    assert await contents_of(client) == before
    report = await send_file(client, content, dry_run=True)
    assert statuses(report) == ["created", "refused"]
    assert await contents_of(client) == before
    assert statuses(await send_file(client, lines([row(0)]), atomic=True)) == ["created"]


async def test_upsert_on_finds_events_by_other_ids(client: Client) -> None:
    made = await make_event(client, external_ids={"acled": "XY1"})
    body = event_body(external_ids={"acled": "XY1"}, summary="More")
    report = await send_file(client, lines([body, event_body()]), upsert_on="acled")
    assert statuses(report) == ["updated", "refused"]
    assert report["results"][0]["id"] == made["id"]


async def test_every_way_of_names_and_sources(client: Client) -> None:
    """Sources may be brought by several rows of one wave, and two sources never become one."""
    await make_actors(client)
    shared = {"id": IDS[9], "title": "Shared", "publisher": "The Paper"}
    rows = [
        row(0, citations=[{"source": shared}]),
        row(1, citations=[{"source": shared}]),
        row(2, citations=[{"source": {**shared, "title": "Not it"}}]),
        row(3, citations=[{"source": {"title": "shared", "publisher": "the-paper"}}]),
        row(4, citations=[{"source": IDS[9]}]),
        row(5, actors=[{"id": "Korea"}]),
        row(6, actors=[{"id": "Russian Federation"}]),
    ]
    report = await send_file(client, lines(rows))
    assert statuses(report) == ["created", "created", "refused", "created", "created", "refused", "created"]
    assert report["results"][2]["errors"][0]["pointer"] == "/2/citations/0/source/id"
    assert len({event["citations"][0]["source"] for event in await events(client)} - {IDS[9]}) == 1
    await check_whole(client)


async def test_known_actors_are_taken_for_candidates(client: Client) -> None:
    for actor in ACTORS[:3]:
        assert (await client.http.post("/v1/actors", json=actor, headers=client.edit)).status_code == 201
    mapping = {
        "title": {"from": "what"},
        "kind": {"always": "talks"},
        "date": {"from": "when", "format": "YYYY-MM"},
        "actors": [{"name": {"from": "who", "separator": ";"}}],
        "create_actors": "state",
    }
    table = "what;when;who\nOne;2024-06;DPRK; Mu\n".replace("DPRK; Mu", '"DPRK; Mu;North Korea"')
    table += "Two;2024-07;Korea\nThree;2024-07;MU\n"
    report = await send_file(client, table.encode(), "talks.csv", mapping)
    assert statuses(report) == ["created", "refused", "created"]
    assert report["results"][0]["warnings"] == ["An actor is named twice in the same role; it is kept once."]
    assert "north-korea, south-korea" in report["results"][1]["errors"][0]["detail"]
    found = {event["title"]: [actor["id"] for actor in event["actors"]] for event in await events(client)}
    assert found == {"One": ["north-korea", "mu"], "Three": ["mu"]}
    # Without leave to create any, an unknown name is a fault.
    del mapping["create_actors"]
    refused = await send_file(client, b"what,when,who\nFour,2024-06,North Koreaa\n", "four.csv", mapping)
    assert refused["results"][0]["errors"] == [
        {
            "pointer": "/0/actors/0/id",
            "detail": "There is no actor known as 'North Koreaa'.",
            "suggestion": "north-korea",
        }
    ]


async def test_flattened_dates_are_warned_of(client: Client) -> None:
    mapping = {"title": {"from": "what"}, "kind": {"always": "talks"}, "date": {"from": "when", "format": "YYYY-MM-DD"}}
    rough = ["2024-03-01", "2024-04-01", "2024-05-17"]
    exact = ["2024-01-01", "2024-02-01", *(f"2024-02-{day:02d}" for day in range(2, 8))]
    for dates, warned in ((rough, [0, 1]), (exact, [0])):
        table = "what,when\n" + "".join(f"Event of {date},{date}\n" for date in dates)
        report = await send_file(client, table.encode(), "dates.csv", mapping)
        assert [result["row"] for result in report["results"] if result["warnings"]] == warned
    # What comes out of a store says itself how rough it is.
    report = await send_file(client, lines([event_body(title="x", date=date) for date in rough]))
    assert report["warned"] == 0


async def test_nothing_in_a_file_is_fetched(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await client.http.get("/v1/events")  # every connection that the store needs is there

    def refuse(self: socket.socket, address: Any) -> None:
        raise AssertionError(f"connected to {address}")

    def refuse_name(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError(f"looked up {args}")

    addresses = [
        "http://127.0.0.1:9/x",
        "https://intern.example/",
        "file:///etc/passwd",
        "//host/x",
        "ftp://h/",
        "gopher://h",
    ]
    rows = []
    for address in addresses:
        source = {"title": address, "url": address, "archive_url": address}
        rows += [
            event_body(
                title=address, summary=f"<img src='{address}'>", citations=[{"source": source, "quote": address}]
            ),
            {**event_body(title=f"Text {address}"), "$schema": address, "$ref": address},
        ]
    story = {"events": [{"start_date": {"year": 2024}, "text": {"headline": address}, "media": {"url": address},
                         "background": {"url": address}} for address in addresses]}  # fmt: skip
    mapping = {
        "title": {"from": "a"},
        "kind": {"always": "talks"},
        "date": {"always": "2024"},
        "citations": [{"source": {"url": {"from": "a"}, "publisher": {"from": "a", "part": "host"}}}],
        "create_actors": "state",
    }
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        patch.setattr(socket, "getaddrinfo", refuse_name)
        first = await send_file(client, lines(rows))
        second = await send_file(client, json.dumps(story).encode(), "story.json")
        third = await send_file(client, ("a\n" + "\n".join(addresses)).encode(), "a.csv", mapping)
    assert first["created"] == 2
    assert second["rows"] == third["rows"] == len(addresses)


async def test_what_is_published_by_a_file_cites_something(client: Client) -> None:
    plain = {"id": IDS[0], "title": "A vote", "kind": "diplomacy", "date": "2024-06"}
    await send_file(client, lines([{**plain, "state": "draft"}]))
    assert statuses(await send_file(client, lines([{**plain, "state": "published"}]))) == ["updated"]
    event = (await client.http.get(f"/v1/events/{IDS[0]}")).json()
    assert (event["state"], event["evidence"]["supporting"]) == ("published", 1)


async def test_what_a_format_cannot_carry_is_not_taken_away(client: Client) -> None:
    await make_actors(client)
    made = await make_event(client, tags=["kept"], actors=[{"id": "russia"}])
    story = (await client.http.get("/v1/events?format=timelinejs")).content
    (result,) = (await send_file(client, story, "story.json"))["results"]
    assert result["status"] == "refused"
    assert "cannot carry all of an event" in result["errors"][0]["detail"]
    assert (await client.http.get(f"/v1/events/{made['id']}")).json()["revision"] == 1


async def test_a_correction_stays_whatever_is_edited_after_it(client: Client) -> None:
    await send_file(client, lines([row(0)]))
    for body in ({"change": {"type": "correction", "reason": "Wrong."}, "summary": "Right."}, {"tags": ["edited"]}):
        headers = {**client.edit, "Content-Type": "application/merge-patch+json", "If-Match": "*"}
        answer = await client.http.patch(f"/v1/events/{IDS[0]}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
    assert statuses(await send_file(client, lines([row(0)]))) == ["refused"]


async def test_an_update_by_hand_that_is_replaced_is_told(client: Client) -> None:
    await send_file(client, lines([row(0)]))
    headers = {**client.edit, "Content-Type": "application/merge-patch+json", "If-Match": "*"}
    await client.http.patch(f"/v1/events/{IDS[0]}", json={"tags": ["edited"]}, headers=headers)
    (result,) = (await send_file(client, lines([row(0)])))["results"]
    assert result["status"] == "updated"
    assert result["warnings"] == ["Revision 2 of the event is replaced by what the file says."]


async def test_a_broken_first_line_stops_no_other(client: Client) -> None:
    for first in (b'{"title": "Broken\n', b'{"items": 1}\n'):
        report = await send_file(client, first + lines([row(0), row(1)]), "rows.txt")
        assert report["format"] == "ndjson"
        assert statuses(report)[0] == "refused"
        assert "refused" not in statuses(report)[1:]


async def test_a_refused_row_does_not_stand_in_the_way_of_its_mended_twin(client: Client) -> None:
    report = await send_file(client, lines([row(0, date="2024-13"), row(0)]))
    assert statuses(report) == ["refused", "created"]
