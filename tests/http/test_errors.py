"""Every failing path answers with problem details and the request's id."""

import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.http.small_application import check_problem, connected


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with connected() as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "slug", "status"),
    [
        ("GET", "/nowhere", "not-found", 404),
        ("GET", "/v1/events/7/nothing", "not-found", 404),
        ("DELETE", "/v1/events", "method-not-allowed", 405),
        ("PROPFIND", "/v1/events", "method-not-allowed", 405),
        ("GET", "/fails/problem", "revision-mismatch", 412),
        ("GET", "/fails/fault", "invalid-body", 400),
        ("GET", "/fails/token", "token-required", 401),
        ("GET", "/fails/forbidden", "forbidden", 403),
        ("GET", "/fails/teapot", "bad-request", 400),
        ("GET", "/fails/unavailable", "unavailable", 503),
        ("GET", "/docs/assets/nothing.js", "not-found", 404),
    ],
)
async def test_a_failure_has_the_shape(http: httpx.AsyncClient, method: str, path: str, slug: str, status: int) -> None:
    body = check_problem(await http.request(method, path), slug, status)
    assert "secret" not in str(body)


async def test_what_a_problem_says_is_answered(http: httpx.AsyncClient) -> None:
    answer = await http.get("/fails/problem")
    assert answer.json()["current_revision"] == 4
    assert answer.headers["retry-after"] == "1"
    assert (await http.get("/fails/fault")).json()["errors"] == [
        {"detail": "Wrong.", "pointer": "/a", "suggestion": "right"}
    ]
    assert "errors" not in answer.json()
    assert (await http.get("/fails/token")).headers["www-authenticate"] == "Bearer"


async def test_of_the_frameworks_headers_only_those_that_belong_there_are_kept(http: httpx.AsyncClient) -> None:
    answer = await http.get("/fails/unavailable")
    assert answer.headers["retry-after"] == "9"
    assert "x-secret" not in answer.headers


@pytest.mark.parametrize("how", ["unforeseen", "framework"])
async def test_the_unforeseen_is_logged_and_not_told(
    http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    with caplog.at_level(logging.ERROR, logger="api.http.errors"):
        answer = await http.get(f"/fails/{how}")
    body = check_problem(answer, "internal-error", 500)
    assert "secret" not in answer.text
    [record] = [record for record in caplog.records if record.name == "api.http.errors"]
    assert body["request_id"] in record.getMessage()
    assert record.exc_info is not None
    assert "secret" in str(record.exc_info[1])


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/"])
async def test_405_and_options_tell_every_method(http: httpx.AsyncClient, path: str) -> None:
    for answer in (await http.delete(path), await http.options(path)):
        assert answer.headers["allow"] == "GET, OPTIONS, POST"
    assert (await http.options(path)).status_code == 204


async def test_head_is_not_offered(http: httpx.AsyncClient) -> None:
    answer = await http.head("/v1/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, OPTIONS, POST")


async def test_every_answer_has_an_id_of_its_own(http: httpx.AsyncClient) -> None:
    answers = [
        await http.request(method, path, headers={"X-Request-ID": "forged"})
        for method, path in (("GET", "/"), ("GET", "/v1/events"), ("GET", "/nowhere"), ("OPTIONS", "/v1/events"))
    ]
    ids = [answer.headers.get_list("x-request-id") for answer in answers]
    assert all(len(each) == 1 for each in ids)
    assert len({each[0] for each in ids} | {"forged"}) == len(answers) + 1


async def test_a_forged_host_is_a_problem(http: httpx.AsyncClient) -> None:
    check_problem(await http.get("/", headers={"Host": "a b"}), "bad-request", 400)
