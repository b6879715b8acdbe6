"""Other origins: what browsers are allowed to do from them, by setting."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.app import create_app
from api.engine.pool import create_pool
from api.settings import Settings, SettingsError
from api.store.store import Store
from tests.conftest import Client
from tests.writing import check_problem

PAGE = "https://page.example"
LOCAL = "http://localhost:3000"
EXPOSED = {"ETag", "Location", "Link", "X-Request-ID", "Retry-After"}
SENT = ["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID"]


def _settings(origins: str) -> Settings:
    return Settings.from_environment({"HOME": "/nowhere", "DATELINE_CORS_ORIGINS": origins})


@pytest.fixture(scope="module")
async def store(sample: Client) -> AsyncIterator[Store]:
    store = Store(await create_pool(sample.database.url, size=2, query_timeout_s=30.0))
    yield store
    await store.close()


def _http(store: Store, origins: str) -> httpx.AsyncClient:
    app = create_app(_settings(origins), store)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


def _listed(value: str) -> set[str]:
    return {part.strip() for part in value.split(",")}


def _preflight(origin: str, method: str, *headers: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        **({"Access-Control-Request-Headers": ", ".join(headers)} if headers else {}),
    }


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events?limt=1", "/v1/nothing", "/v1/actors/russia"])
@pytest.mark.parametrize(("origins", "allowed"), [(f"{PAGE}, {LOCAL}", PAGE), ("*", "*")])
async def test_pages_of_an_allowed_origin_read_every_answer(
    store: Store, path: str, origins: str, allowed: str
) -> None:
    async with _http(store, origins) as http:
        answer = await http.get(path, headers={"Origin": PAGE})
        assert answer.headers["access-control-allow-origin"] == allowed
        assert _listed(answer.headers["access-control-expose-headers"]) == EXPOSED
        assert "access-control-allow-credentials" not in answer.headers
        varies = _listed(answer.headers["vary"])
        assert "Accept-Encoding" in varies
        assert ("Authorization" in varies) == (path != "/v1/nothing")
        assert ("Origin" in varies) == (allowed != "*")


async def test_the_refusal_of_a_token_can_be_read_too(store: Store) -> None:
    async with _http(store, PAGE) as http:
        answer = await http.post("/v1/events", json={}, headers={"Origin": PAGE})
        check_problem(answer, "token-required")
        assert answer.headers["access-control-allow-origin"] == PAGE


async def test_304_can_be_read_too(store: Store) -> None:
    async with _http(store, PAGE) as http:
        tag = (await http.get("/v1/events")).headers["etag"]
        answer = await http.get("/v1/events", headers={"Origin": PAGE, "If-None-Match": tag})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (304, PAGE)
        assert _listed(answer.headers["vary"]) == {"Accept", "Accept-Encoding", "Authorization", "Origin"}


@pytest.mark.parametrize("origin", ["https://other.example", f"{PAGE}.evil.example", "https://pageXexample", "null"])
async def test_pages_of_other_origins_read_nothing(store: Store, origin: str) -> None:
    async with _http(store, f"{PAGE},{LOCAL}") as http:
        answer = await http.get("/v1/events", headers={"Origin": origin})
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
        # Or a cache would give this answer to those who are allowed.
        assert "Origin" in _listed(answer.headers["vary"])
        without = await http.get("/v1/events")
        assert "Origin" in _listed(without.headers["vary"])
        refused = await http.options("/v1/events", headers=_preflight(origin, "GET"))
        check_problem(refused, "bad-request")
        assert "access-control-allow-origin" not in refused.headers


async def test_no_origin_is_allowed_unless_set(sample: Client) -> None:
    answer = await sample.http.get("/v1/events", headers={"Origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    answer = await sample.http.options("/v1/events", headers=_preflight(PAGE, "GET"))
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("origins", [PAGE, "*"])
async def test_a_preflight_allows_what_the_api_takes(store: Store, origins: str, method: str) -> None:
    async with _http(store, origins) as http:
        answer = await http.options("/v1/events/nothing", headers=_preflight(PAGE, method, *SENT))
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == (PAGE if origins == PAGE else "*")
        assert method in _listed(answer.headers["access-control-allow-methods"])
        assert {name.lower() for name in SENT} <= {
            name.lower() for name in _listed(answer.headers["access-control-allow-headers"])
        }
        assert int(answer.headers["access-control-max-age"]) > 0
        assert answer.headers["x-request-id"]


@pytest.mark.parametrize(("method", "header"), [("TRACE", "If-Match"), ("GET", "X-Whatever")])
async def test_a_preflight_for_what_the_api_does_not_take_is_a_problem(store: Store, method: str, header: str) -> None:
    async with _http(store, PAGE) as http:
        answer = await http.options("/v1/events", headers=_preflight(PAGE, method, header))
        check_problem(answer, "bad-request")
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("origins", ["", PAGE, "*"])
async def test_options_still_names_the_methods_of_an_address(store: Store, origins: str) -> None:
    async with _http(store, origins) as http:
        answer = await http.options("/v1/events")
        assert (answer.status_code, answer.headers["allow"]) == (204, "GET, OPTIONS, POST")
        check_problem(await http.options("/v1/nothing"), "not-found")


@pytest.mark.parametrize(
    "origins",
    ["page.example", f"{PAGE}/", f"{PAGE}/path", "https://*.example", f"*,{PAGE}", "https://PAGE.example", "ftp://a.b"],
)
def test_what_is_no_origin_is_refused_at_the_start(origins: str) -> None:
    with pytest.raises(SettingsError, match="DATELINE_CORS_ORIGINS"):
        _settings(origins)


@pytest.mark.parametrize(
    ("text", "origins"),
    [("", ()), ("*", ("*",)), (f" {PAGE} ,{LOCAL},{PAGE},", (PAGE, LOCAL)), ("http://[::1]:80", ("http://[::1]:80",))],
)
def test_origins_reach_the_workers_as_they_are(text: str, origins: tuple[str, ...]) -> None:
    settings = _settings(text)
    assert settings.cors_origins == origins
    assert Settings.from_environment(settings.to_environment()) == settings
