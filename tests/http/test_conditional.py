"""Conditional reads of lists: tags from the reader's head, 304 after one look, and what caches are told."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.engine.pool import create_pool
from api.http import conditional
from api.settings import Settings
from api.store.store import Store
from tests.conftest import Client
from tests.writing import NOBODY, SOURCE, empty, event_body, make, make_event, send_ok

DISPUTED = "1ce9c689-8438-5c9f-9291-e1f25f2ba462"  # of the sample
LISTS = ["/v1/events", "/v1/actors", "/v1/sources"]
VIEWS = [f"/v1/events/{DISPUTED}/figures", f"/v1/events/{DISPUTED}/related"]


class _Counting(Store):
    """A store that notes every statement that is sent through it."""

    def __init__(self, pool: Any) -> None:
        super().__init__(pool)
        self.sent: list[str] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        async with super().connection() as connection:
            with connection.query_logger(lambda record: self.sent.append(record.query)):
                yield connection


async def _tag(client: Client, path: str, *, edit: bool = False) -> str:
    answer = await client.http.get(path, headers=client.edit if edit else {})
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


@pytest.mark.parametrize(
    "path", [*LISTS, *VIEWS, "/v1/events?limit=2&actor=DPRK", "/v1/sources?url=https://a.example/"]
)
async def test_an_unchanged_list_is_304_after_one_look_at_the_head(sample: Client, path: str) -> None:
    pool = await create_pool(sample.database.url, size=1, query_timeout_s=30.0)
    store = _Counting(pool)
    app = create_app(Settings.from_environment({"HOME": "/nowhere"}), store)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
            answer = await http.get(path)
            tag = answer.headers["etag"]
            assert answer.status_code == 200
            assert tag.startswith('W/"')
            # The head comes first, or a tag could be newer than what it tags.
            assert "head" in store.sent[0]
            assert len(store.sent) > 1
            store.sent.clear()
            again = await http.get(path, headers={"If-None-Match": f'"other", {tag}'})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert len(store.sent) == 1
            assert "head" in store.sent[0]
            for header in ("cache-control", "vary"):
                assert again.headers[header] == answer.headers[header]
            assert answer.headers["cache-control"] == "no-cache"
    finally:
        await store.close()


@pytest.mark.parametrize("path", [*LISTS, *VIEWS])
@pytest.mark.parametrize("held", ['"other"', "*", "nonsense", ""])
async def test_any_other_tag_is_answered_in_full(sample: Client, path: str, held: str) -> None:
    answer = await sample.http.get(path, headers={"If-None-Match": held})
    assert (answer.status_code, answer.content) == (200, (await sample.http.get(path)).content)


async def test_a_tag_stands_for_one_query_of_one_kind_of_reader(sample: Client) -> None:
    first = (await sample.http.get("/v1/events?limit=2")).json()
    paths = [
        "/v1/events",
        "/v1/events?limit=2",
        "/v1/events?limit=3",
        f"/v1/events?limit=2&cursor={first['next']}",
        "/v1/events?limit=2&actor=russia",
        "/v1/events?limit=2&actor=north-korea",
        "/v1/actors?limit=2",
        "/v1/sources?limit=2",
        *VIEWS,
        f"{VIEWS[1]}?depth=2",
    ]
    tags = [await _tag(sample, path, edit=edit) for path in paths for edit in (False, True)]
    assert len(set(tags)) == len(tags)
    assert tags == [await _tag(sample, path, edit=edit) for path in paths for edit in (False, True)]


@pytest.mark.parametrize("held", ["*", '"x"'])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/events?actor=nobody-at-all", 400),
        ("/v1/events?state=draft", 403),
        ("/v1/events?cursor=AAAA", 400),
        (f"/v1/events/{NOBODY}/figures", 404),
        (f"/v1/events/{NOBODY}/related", 404),
        ("/v1/events/nonsense/related", 404),
        ("/v1/sources?url=https://a.example/&cursor=AAAA", 400),
    ],
)
async def test_a_refusal_is_no_304_and_has_no_tag(sample: Client, path: str, status: int, held: str) -> None:
    answer = await sample.http.get(path, headers={"If-None-Match": held})
    assert answer.status_code == status
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_what_depends_on_the_clock_is_not_unchanged_for_ever(
    sample: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = []
    for minute in ("2025-06-02T12:59Z", "2025-06-02T13:00Z"):
        monkeypatch.setattr("api.http.events.this_minute", lambda minute=minute: minute)
        tags.append([await _tag(sample, path) for path in ("/v1/events?overdue=true", "/v1/events")])
    assert tags[0][0] != tags[1][0]
    assert tags[0][1] == tags[1][1]
    assert len(conditional.this_minute()) == len("2025-06-02T12:59Z")


# What is written, as steps on one store; each is visible to everybody or, if it begins with `draft`, to editors only.
_STEPS = ["event", "actor", "source", "retitle", "retract", "draft", "draft edit", "draft discard", "publish"]
_numbers = count(1)


async def _do(client: Client, step: str) -> bool:
    """Make one write; says whether everybody sees it."""
    number = next(_numbers)
    match step:
        case "event":
            await make_event(client, citations=[{"source": {"title": f"T{number}"}}])
        case "actor":
            await make(client, "/v1/actors", {"id": f"a-{number}", "name": f"A {number}", "kind": "state"})
        case "source":
            await make(client, "/v1/sources", {"title": f"S{number}"})
        case "retitle" | "retract":
            made = await make_event(client)
            path = f"/v1/events/{made['id']}"
            before = [await _tag(client, one) for one in LISTS]
            if step == "retitle":
                await send_ok(client, "PATCH", path, {"title": f"R{number}"}, 1)
            else:
                await send_ok(client, "POST", f"{path}/retract", {"change": {"reason": "Withdrawn."}}, 1)
            assert not set(before) & {await _tag(client, one) for one in LISTS}
        case "publish":
            made = await make_event(client, state="draft")
            before = [await _tag(client, one) for one in LISTS]
            await send_ok(client, "PATCH", f"/v1/events/{made['id']}", {"state": "published"}, 1)
            assert not set(before) & {await _tag(client, one) for one in LISTS}
        case _:
            made = await make_event(client, state="draft", citations=[{"source": {"title": f"D{number}"}}])
            path = f"/v1/events/{made['id']}"
            if step == "draft edit":
                await send_ok(client, "PATCH", path, {"title": f"D{number}"}, 1)
            elif step == "draft discard":
                answer = await client.http.delete(path, headers={**client.edit, "If-Match": '"1"'})
                assert answer.status_code == 204
            return False
    return True


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from(_STEPS), min_size=1, max_size=4))
async def test_a_write_changes_the_tags_of_exactly_those_who_see_it(client: Client, steps: list[str]) -> None:
    everybody = [await _tag(client, path) for path in LISTS]
    editors = [await _tag(client, path, edit=True) for path in LISTS]
    for step in steps:
        seen = await _do(client, step)
        now = [await _tag(client, path) for path in LISTS]
        assert (now != everybody) == seen, step
        assert not seen or not set(now) & set(everybody)
        everybody = now
        now = [await _tag(client, path, edit=True) for path in LISTS]
        assert not set(now) & set(editors)
        editors = now


async def test_a_restored_history_that_goes_on_differently_has_other_tags(client: Client) -> None:
    tags = []
    for title in ("One", "Another"):
        await empty(client)
        await make(client, "/v1/sources", {"title": title})
        tags.append(await _tag(client, "/v1/sources"))
    assert tags[0] != tags[1]


@pytest.mark.parametrize("path", ["/v1/events", "/v1/actors", VIEWS[0], "/openapi.json", "/openapi.yaml", "/docs"])
async def test_large_answers_are_compressed_and_keep_their_tag(sample: Client, path: str) -> None:
    plain = await sample.http.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    async with sample.http.stream("GET", path, headers={"Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    if len(plain.content) < 1024:
        assert "content-encoding" not in answer.headers
        return
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(raw) < len(plain.content)
    assert gzip.decompress(raw) == plain.content
    assert answer.headers.get("etag") == plain.headers.get("etag")
    assert answer.headers.get("etag", "W/").startswith("W/")
    for given_ in (plain, answer):
        assert "Accept-Encoding" in given_.headers["vary"]
    if "etag" in plain.headers:
        again = await sample.http.get(path, headers={"If-None-Match": plain.headers["etag"]})
        assert (again.status_code, again.content, "content-encoding" in again.headers) == (304, b"", False)


async def test_documentation_travels_compressed_and_whole(sample: Client) -> None:
    text = (await sample.http.get("/docs")).text
    script = next(part for part in text.split('"') if "swagger-ui-bundle" in part)
    answer = await sample.http.get(script)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == (await sample.http.get(script, headers={"Accept-Encoding": "identity"})).text


@pytest.mark.parametrize("accepted", ["gzip;q=0", "identity, gzip; q=0.0", "identity", ""])
async def test_nobody_is_sent_gzip_who_does_not_take_it(sample: Client, accepted: str) -> None:
    answer = await sample.http.get("/v1/events", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in answer.headers


async def test_single_records_keep_strong_tags_and_are_sent_as_they_are(sample: Client) -> None:
    answer = await sample.http.get(f"/v1/events/{DISPUTED}", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["etag"].startswith('"1-')
    assert len(answer.content) > 1024
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("path", [*LISTS, *VIEWS, f"/v1/events/{DISPUTED}", "/v1/actors/russia", "/v1/events/nothing"])
async def test_answers_vary_with_token_and_encoding(sample: Client, path: str) -> None:
    answer = await sample.http.get(path)
    # Of events there are other formats than JSON.
    formats = "Accept, " if path.partition("?")[0] == "/v1/events" else ""
    assert answer.headers.get_list("vary") == [f"{formats}Accept-Encoding, Authorization"]


async def test_a_source_is_found_by_any_spelling_of_its_address(client: Client) -> None:
    made = await make(client, "/v1/sources", SOURCE)
    for url in (SOURCE["url"], "HTTPS://News.Example:443/report?utm_source=x&fbclid=y#top"):
        page = (await client.http.get("/v1/sources", params={"url": url})).json()
        assert [(item["id"], item["url"]) for item in page["items"]] == [(made["id"], SOURCE["url"])]
        assert page["next"] is None
    other = (await client.http.get("/v1/sources", params={"url": "https://news.example/Report"})).json()
    assert other["items"] == []


async def test_a_source_that_only_a_draft_cites_is_found_by_editors_only(client: Client) -> None:
    await make(client, "/v1/events", event_body(state="draft"))
    for headers, found in ((client.edit, 1), ({}, 0)):
        answer = await client.http.get("/v1/sources", params={"url": SOURCE["url"]}, headers=headers)
        assert len(answer.json()["items"]) == found


@pytest.mark.parametrize("url", ["nonsense", "ftp://news.example/", "https://news.example/a b", ""])
async def test_what_is_no_address_is_refused(client: Client, url: str) -> None:
    answer = await client.http.get("/v1/sources", params={"url": url})
    assert answer.status_code == 400
    assert {fault["parameter"] for fault in answer.json()["errors"]} == {"url"}


async def test_a_stored_address_stays_letter_for_letter(client: Client) -> None:
    url = "HTTPS://News.Example:443/%7ea?b=2&utm_source=x&a=1#Top"
    made = await make(client, "/v1/sources", {"title": "T", "url": url})
    assert made["url"] == url
    event = await make_event(client, citations=[{"source": {"title": "U", "url": "https://news.example/~a?b=2&a=1"}}])
    assert event["citations"][0]["source"] == made["id"]
