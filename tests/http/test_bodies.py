"""Bodies: in an accepted media type, bounded, well-formed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.http.small_application import EVENT_ID, MAXIMUM_BYTES, check_problem, connected, make_application

JSON_TYPE = {"Content-Type": "application/json"}
PATCH_TYPE = {"Content-Type": "application/merge-patch+json"}
BODY = {"title": "T", "kind": "treaty", "date": "2024-06", "state": "draft"}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with connected() as client:
        yield client


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON ; Charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;charset=utf8; profile=x",
    ],
)
async def test_a_good_body_is_taken(http: httpx.AsyncClient, content_type: str) -> None:
    headers = {"Content-Type": content_type, "Content-Encoding": "identity"}
    answer = await http.post("/v1/events", content=json.dumps(BODY), headers=headers)
    assert (answer.status_code, answer.json()) == (201, {"title": "T"})


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", "application/jsonx"],
)
async def test_another_media_type_is_refused_and_the_right_one_named(
    http: httpx.AsyncClient, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await http.post("/v1/events", content=json.dumps(BODY), headers=headers)
    body = check_problem(answer, "unsupported-media-type", 415)
    assert "application/json" in body["detail"]
    assert answer.headers["accept"] == "application/json"


async def test_a_patch_names_the_type_of_patches(http: httpx.AsyncClient) -> None:
    answer = await http.patch(f"/v1/events/{EVENT_ID}", content=b"{}", headers=JSON_TYPE)
    check_problem(answer, "unsupported-media-type", 415)
    assert answer.headers["accept-patch"] == "application/merge-patch+json"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": 'application/json; charset="utf-16"'},
        {**JSON_TYPE, "Content-Encoding": "gzip"},
        {**JSON_TYPE, "Content-Encoding": "identity, br"},
    ],
)
async def test_another_encoding_is_refused(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await http.post("/v1/events", content=json.dumps(BODY), headers=headers)
    check_problem(answer, "unsupported-media-type", 415)


async def test_a_body_announced_too_large_is_not_read(http: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("nobody was to read this")
        yield b""

    headers = {**JSON_TYPE, "Content-Length": str(MAXIMUM_BYTES + 1)}
    answer = await http.post("/v1/events", content=body(), headers=headers)
    assert "2,000,000" in check_problem(answer, "body-too-large", 413)["detail"]


async def test_a_body_that_grows_too_large_is_read_no_further(http: httpx.AsyncClient) -> None:
    chunks = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal chunks
        for _ in range(100):
            chunks += 1
            yield b" " * 100

    answer = await http.patch(f"/v1/events/{EVENT_ID}", content=body(), headers=PATCH_TYPE)
    check_problem(answer, "body-too-large", 413)
    assert chunks < 20


async def test_a_body_that_fits_exactly_is_taken(http: httpx.AsyncClient) -> None:
    for size, status in ((1000, 200), (1001, 413)):
        answer = await http.patch(f"/v1/events/{EVENT_ID}", content=b"{}".ljust(size), headers=PATCH_TYPE)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \n", id="white space"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b'{"a": 1,}', id="trailing comma"),
        pytest.param(b'{"a": 1} {"b": 2}', id="two values"),
        pytest.param(b"[" * 100_000, id="deep lists"),
        pytest.param(b'{"a":' * 100_000, id="deep objects"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"a": "\\ud800"}', id="lone high surrogate"),
        pytest.param(b'{"a": "\\udc00x"}', id="lone low surrogate"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": 1e999}', id="infinite"),
        pytest.param(b'{"a": 1, "a": 2}', id="a name twice"),
        pytest.param(b'{"a": [{"b": 1, "\\u0062": 2}]}', id="a name twice, deeper and escaped"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"null", id="null"),
    ],
)
async def test_what_is_no_json_object_is_malformed(http: httpx.AsyncClient, raw: bytes) -> None:
    check_problem(await http.post("/v1/events", content=raw, headers=JSON_TYPE), "malformed-body", 400)


@pytest.mark.parametrize("depth", range(100, 1200, 50))
async def test_nesting_of_any_depth_is_read_or_refused(http: httpx.AsyncClient, depth: int) -> None:
    raw = b'{"a":' * depth + b"1" + b"}" * depth
    answer = await http.post("/v1/events", content=raw, headers=JSON_TYPE)
    assert answer.json()["type"] in ("/problems#malformed-body", "/problems#invalid-body")


async def test_the_place_of_the_fault_is_told(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/events", content=b'{"a": x}', headers=JSON_TYPE)
    assert "byte 6" in check_problem(answer, "malformed-body", 400)["detail"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": "a\0b"}, "/title"),
        ({"summary": "a\0b"}, "/summary"),
        ({"a\0b": 1}, "/a\0b"),
        ({"date": 2024}, "/date"),
        ({"titel": 1}, "/titel"),
    ],
)
async def test_a_faulty_member_is_named(http: httpx.AsyncClient, change: dict[str, object], pointer: str) -> None:
    answer = await http.post("/v1/events", json={**BODY, **change})
    [fault] = check_problem(answer, "invalid-body", 400)["errors"]
    assert fault["pointer"] == pointer


async def test_at_most_a_hundred_faults_are_told(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/events", json={**BODY, **{f"unknown_{number}": 1 for number in range(150)}})
    body = check_problem(answer, "invalid-body", 400)
    assert len(body["errors"]) == 100
    assert "150" in body["detail"]


async def test_a_client_that_hangs_up_is_no_failure_of_ours() -> None:
    app = make_application()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/v1/events",
        "raw_path": b"/v1/events",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "root_path": "",
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 400
