"""Lists of events in other forms than pages: which one is given, how much of it, and to whom."""

from typing import Any

import msgspec
import pytest

from api.formats.registry import WRITERS
from api.http import events
from schema.format import Format
from tests.conftest import Client
from tests.writing import SOURCE, check_problem, event_body, make_actors, make_event, read

FORMATS = [one for one in WRITERS if one is not Format.JSON]
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def lines(body: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in body.splitlines()]


def test_every_format_has_a_writer() -> None:
    assert set(WRITERS) == set(Format)
    assert all(form is writer.format for form, writer in WRITERS.items())


@pytest.mark.parametrize("form", FORMATS, ids=str)
async def test_a_format_is_given_by_its_name_and_by_its_media_type(sample: Client, form: Format) -> None:
    named = await sample.http.get("/v1/events", params={"format": form.value})
    assert named.status_code == 200, named.text
    media_type = WRITERS[form].media_type
    assert named.headers["content-type"].partition(";")[0] == media_type.partition(";")[0]
    assert named.headers["content-disposition"] == f'inline; filename="events.{WRITERS[form].extension}"'
    assert named.headers["x-content-type-options"] == "nosniff"
    assert "Accept" in named.headers["vary"]
    assert named.content
    if media_type.partition(";")[0] != "application/json":
        accepted = await sample.http.get("/v1/events", headers={"Accept": media_type})
        assert accepted.headers["content-type"] == named.headers["content-type"]


@pytest.mark.parametrize("form", FORMATS, ids=str)
async def test_a_format_of_nothing_is_whole(sample: Client, form: Format) -> None:
    answer = await sample.http.get("/v1/events", params={"format": form.value, "date_to": "-5000"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/x-ndjson;q=0.5, application/json;q=0.9", "application/json"),
        ("application/x-ndjson, application/json;q=0.9", "application/x-ndjson"),
        ("image/png, application/x-ndjson;q=0.1", "application/x-ndjson"),
        (_BROWSER, "text/html"),
    ],
)
async def test_accept_chooses(sample: Client, accept: str, expected: str) -> None:
    answer = await sample.http.get("/v1/events", params={"limit": 1}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == expected


async def test_the_parameter_is_stronger_than_accept(sample: Client) -> None:
    answer = await sample.http.get(
        "/v1/events", params={"format": "json", "limit": 1}, headers={"Accept": "application/x-ndjson"}
    )
    assert answer.headers["content-type"] == "application/json"


async def test_what_cannot_be_given_is_refused(sample: Client) -> None:
    check_problem(await sample.http.get("/v1/events", headers={"Accept": "image/png"}), "not-acceptable")
    check_problem(await sample.http.get("/v1/events?format=png"), "invalid-parameters", places={"format"})
    check_problem(await sample.http.get("/v1/events?format=ndjson&count=exact"), "invalid-parameters", places={"count"})
    check_problem(await sample.http.get("/v1/events?format=ndjson&state=draft"), "forbidden")
    check_problem(await sample.http.get("/v1/events?format=ndjson&cursor=nonsense"), "invalid-cursor")
    check_problem(
        await sample.http.get("/v1/events?format=ndjson&actor=Nobody+at+all"), "invalid-parameters", places={"actor"}
    )


@pytest.mark.parametrize("form", FORMATS, ids=str)
async def test_what_is_refused_is_refused_before_the_first_byte(sample: Client, form: Format) -> None:
    for query in ("cursor=nonsense", "state=draft", "actor=Nobody+at+all"):
        answer = await sample.http.get(f"/v1/events?{query}&format={form.value}")
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_text_that_a_workbook_cannot_hold_is_said(client: Client) -> None:
    await make_actors(client)
    await make_event(client, citations=[{"source": SOURCE, "quote": "x" * 20_000, "as_stated": "\ufffe"}])
    check_problem(await client.http.get("/v1/events?format=xlsx"), "unfit-for-format")


async def test_all_are_given_unless_a_limit_is(sample: Client) -> None:
    listed = await read(sample, "/v1/events?limit=1000")
    whole = await sample.http.get("/v1/events?format=ndjson")
    assert [row["id"] for row in lines(whole.content)] == [item["id"] for item in listed["items"]]
    assert "link" not in whole.headers
    walked, address = [], "/v1/events?format=ndjson&limit=7&sort=-date"
    while address:
        answer = await sample.http.get(address)
        walked += [row["id"] for row in lines(answer.content)]
        address = answer.headers["link"][1:].partition(">")[0] if "link" in answer.headers else ""
    assert walked == [item["id"] for item in reversed(listed["items"])]


async def test_filters_narrow_an_export(sample: Client) -> None:
    listed = await read(sample, "/v1/events?actor=DPRK&date_from=2025")
    answer = await sample.http.get("/v1/events?actor=DPRK&date_from=2025&format=ndjson")
    assert [row["id"] for row in lines(answer.content)] == [item["id"] for item in listed["items"]]
    assert listed["items"]


async def test_ndjson_goes_into_an_empty_store_and_comes_out_again(sample: Client, client: Client) -> None:
    first = (await sample.http.get("/v1/events?format=ndjson")).content
    headers = {**client.edit, "Content-Type": "application/x-ndjson"}
    answer = await client.http.post("/v1/imports", content=first, headers=headers)
    assert answer.status_code == 201, answer.text
    assert {result["status"] for result in answer.json()["results"]} == {"created"}
    assert (await client.http.get("/v1/events?format=ndjson")).content == first
    listed = await read(client, "/v1/events?limit=1000")
    assert {item["revision"] for item in listed["items"]} == {1}
    assert [item["id"] for item in listed["items"]] == [row["id"] for row in lines(first)]


async def test_a_row_has_what_a_writer_would_send_and_no_more(sample: Client) -> None:
    rows = lines((await sample.http.get("/v1/events?format=ndjson")).content)
    for row in rows:
        assert not {"when", "evidence", "revision", "sequence", "created_at", "included"} & row.keys()
        known = {actor["id"] for actor in row.get("new_actors", [])}
        assert {actor["id"] for actor in row.get("actors", [])} <= known
        assert all({"id", "title"} <= citation["source"].keys() for citation in row["citations"])


async def test_more_than_a_format_takes_is_refused_before_the_first_byte(
    sample: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = Format.NDJSON
    monkeypatch.setitem(events.WRITERS, form, WRITERS[form]._replace(most=3))
    found = check_problem(await sample.http.get("/v1/events?format=ndjson"), "too-many-events")
    assert "3 events at most" in found["detail"]
    check_problem(await sample.http.get("/v1/events?format=ndjson&limit=4"), "invalid-parameters", places={"limit"})
    assert len(lines((await sample.http.get("/v1/events?format=ndjson&limit=3")).content)) == 3


async def test_an_export_is_unchanged_until_something_is_written(client: Client) -> None:
    await make_actors(client)
    await make_event(client)
    answer = await client.http.get("/v1/events?format=ndjson")
    tag = answer.headers["etag"]
    again = await client.http.get("/v1/events?format=ndjson", headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert (await client.http.get("/v1/events?format=csv")).headers["etag"] != tag
    await make_event(client)
    changed = await client.http.get("/v1/events?format=ndjson", headers={"If-None-Match": tag})
    assert changed.status_code == 200


async def test_drafts_and_what_only_they_mention_stay_hidden(client: Client) -> None:
    await make_actors(client)
    # A plain name that happens to be the id of what is hidden later gives nothing away either.
    await make_event(client, citations=[{"source": SOURCE, "attribution": ["hidden-body"]}])
    row = event_body(
        state="draft",
        title="Secret",
        actors=[{"id": "hidden-body"}],
        new_actors=[{"id": "hidden-body", "name": "A hidden body", "kind": "state"}],
        citations=[{"source": {"title": "A hidden source"}}],
    )
    answer = await client.http.post("/v1/events/batch", json=[row], headers=client.edit)
    assert answer.status_code == 200, answer.text
    for form in FORMATS:
        seen = await client.http.get("/v1/events", params={"format": form.value})
        assert seen.status_code == 200
        assert b"hidden body" not in seen.content
        assert b"Secret" not in seen.content
    drafts = await client.http.get("/v1/events?format=ndjson&state=draft", headers=client.edit)
    assert [row["title"] for row in lines(drafts.content)] == ["Secret"]
