"""What goes out as NDJSON comes in again: the same content and ids, each event as its first revision."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.ingest import importing
from tests.conftest import Client
from tests.ingest.files import events, lines, send_file
from tests.tiers import examples
from tests.writing import FULL, check_whole, empty, event_body, make_actors, make_event, send_ok

IDS = [f"0199c3a4-0000-7000-8000-0000000003{number:02d}" for number in range(8)]
#: What only the store sets, and sets anew.
OWN = ("revision", "sequence", "created_at", "updated_at", "published_at")


async def _export(client: Client) -> bytes:
    answer = await client.http.get("/v1/events?format=ndjson&state=published&state=draft", headers=client.edit)
    assert answer.status_code == 200, answer.text
    return answer.content


async def _contents(client: Client) -> dict[str, Any]:
    found = await events(client, "&state=published&state=draft")
    return {event["id"]: {name: value for name, value in event.items() if name not in OWN} for event in found}


async def test_a_store_is_the_same_after_out_and_in(client: Client) -> None:
    await make_actors(client)
    first = await make_event(client, **FULL)
    second = await make_event(
        client, title="Earlier", date="2020", relations=[{"type": "acknowledges", "event_id": first["id"]}]
    )
    await make_event(client, title="Not yet", state="draft", citations=[], date="2030")
    # A cycle: the first one points back, so that it has two revisions.
    relations = {"relations": [{"type": "follows", "event_id": second["id"]}]}
    headers = {**client.edit, "If-Match": "*", "Content-Type": "application/merge-patch+json"}
    answer = await client.http.patch(f"/v1/events/{first['id']}", json=relations, headers=headers)
    assert answer.status_code == 200, answer.text
    before, out = await _contents(client), await _export(client)
    actors = (await client.http.get("/v1/actors", headers=client.edit)).json()["items"]
    await empty(client)
    report = await send_file(client, out)
    assert report["created"] == 3, report
    assert {result["revision"] for result in report["results"]} == {1}
    assert await _contents(client) == before
    assert await _export(client) == out
    known = {actor["id"]: actor["names"] for actor in actors}
    again = {
        actor["id"]: actor["names"]
        for actor in (await client.http.get("/v1/actors", headers=client.edit)).json()["items"]
    }
    assert again.items() <= known.items()
    await check_whole(client)


@pytest.mark.model
@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    targets=st.lists(st.lists(st.integers(0, 7), max_size=3, unique=True), min_size=8, max_size=8),
    order=st.permutations(range(8)),
    chunk=st.sampled_from([1, 3, 500]),
)
async def test_any_net_of_relations_comes_in_whole(
    client: Client, targets: list[list[int]], order: list[int], chunk: int
) -> None:
    await empty(client)
    rows = [
        event_body(
            id=IDS[number],
            title=f"Event {number}",
            relations=[{"type": "follows", "event_id": IDS[target]} for target in targets[number] if target != number],
            citations=[{"source": {"id": IDS[0], "title": "Shared by all"}}],
            new_actors=[{"id": f"actor-{number % 3}", "name": f"Actor {number % 3}", "kind": "state"}],
            actors=[{"id": f"actor-{number % 3}"}],
        )
        for number in order
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "CHUNK_ROWS", chunk)
        report = await send_file(client, lines(rows))
    assert report["created"] == 8, report["results"]
    assert {result["revision"] for result in report["results"]} == {1}
    found = {event["id"]: event["relations"] for event in await events(client)}
    assert found == {row["id"]: row["relations"] for row in rows}
    await check_whole(client)


async def test_a_page_as_it_was_answered_comes_in(client: Client) -> None:
    await make_actors(client)
    await make_event(client, **FULL)
    page = (await client.http.get("/v1/events")).content
    one = (await client.http.get(f"/v1/events/{FULL['id']}")).content
    # Into the store that it came from: nothing that it says is new there.
    for content in (page, one):
        report = await send_file(client, content, "page.json")
        assert (report["format"], report["unchanged"]) == ("json", 1), report
        assert "summaries only" in report["results"][0]["warnings"][0]
    before = await _contents(client)
    await empty(client)
    report = await send_file(client, page, "page.json")
    assert report["created"] == 1, report
    assert await _contents(client) == before
    source = (await client.http.get(f"/v1/sources/{FULL['citations'][0]['source']['id']}")).json()
    assert (source["title"], source["publisher"]) == ("On the talks", "the-paper")


async def test_an_array_is_read_row_by_row(client: Client) -> None:
    content = json.dumps([event_body(), 7, {"title": 1, "kind": "x", "date": "2024-13"}], indent=1).encode("utf-16")
    report = await send_file(client, content, "rows.json")
    assert (report["format"], report["encoding"]) == ("json", "UTF-16")
    assert [result["status"] for result in report["results"]] == ["created", "refused", "refused"]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"])
async def test_encodings_and_line_ends_are_told(client: Client, encoding: str, ends: str) -> None:
    rows = [event_body(title=title) for title in ("Café — “là-bas”", "Größe und Maß", "Señor Muñoz, ¿qué?")]
    text = ends.join(json.dumps(row, ensure_ascii=False) for row in rows)
    report = await send_file(client, text.encode(encoding))
    names = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252", "mac_roman": "Mac Roman"}
    assert report["encoding"] == names.get(encoding, encoding.upper())
    assert report["line_ends"] == {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[ends]
    assert report["created"] == 3, report
    assert {event["title"] for event in await events(client)} == {row["title"] for row in rows}


async def test_a_version_that_is_not_the_last_one_counts_for_nothing(client: Client) -> None:
    """An import of what went out before an edit writes it back: unless the edit was a correction."""
    made = await make_event(client)
    out = await _export(client)
    await send_ok(client, "PUT", f"/v1/events/{made['id']}", {**event_body(title="Changed"), "id": made["id"]}, 1)
    report = await send_file(client, out)
    assert report["results"][0]["status"] == "updated"
    assert report["results"][0]["revision"] == 3


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_tables_that_went_out_come_in(client: Client, form: str) -> None:
    await make_actors(client)
    await make_event(client, **FULL)
    await make_event(client, title="=Another", date="2020~")
    before = await _contents(client)
    answer = await client.http.get(f"/v1/events?format={form}", headers=client.edit)
    unchanged = await send_file(client, answer.content, f"events.{form}")
    assert unchanged["unchanged"] == 2, unchanged
    await empty(client)
    await make_actors(client)
    report = await send_file(client, answer.content, f"events.{form}")
    assert (report["format"], report["created"]) == (form, 2), report
    assert {event["title"]: event["date"] for event in (await _contents(client)).values()} == {
        event["title"]: event["date"] for event in before.values()
    }
    assert (await _contents(client)).keys() == before.keys()
