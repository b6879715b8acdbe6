"""Pages for people, the contract's files, and health."""

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import yaml

from schema.problem import PROBLEM_KINDS, problem
from tests.http.small_application import Store, check_problem, connected

PAGES = ["/", "/docs", "/problems"]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with connected() as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_needs_nothing_from_elsewhere(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', answer.text)
    assert addresses
    assert all(address.startswith(("/", "#", "data:,")) and not address.startswith("//") for address in addresses)
    assert not re.search(r"https?://|@import|url\(", answer.text)


@pytest.mark.parametrize("path", PAGES)
async def test_no_script_stands_in_a_page_and_the_policy_would_not_run_it(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy.get("script-src", "'none'") in ("'none'", "'self'")
    assert policy["frame-ancestors"] == "'none'"
    assert "http" not in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", PAGES)
async def test_every_link_of_a_page_leads_somewhere(http: httpx.AsyncClient, path: str) -> None:
    for address in re.findall(r'(?:src|href)="(/[^"]*)"', (await http.get(path)).text):
        assert (await http.get(address)).status_code == 200, address


async def test_assets_are_kept_for_ever(http: httpx.AsyncClient) -> None:
    addresses = re.findall(r'"(/docs/assets/[^"]*)"', (await http.get("/docs")).text)
    assert len(addresses) == 4
    for address in addresses:
        answer = await http.get(address)
        assert "immutable" in answer.headers["cache-control"]
        again = await http.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]


async def test_swagger_ui_is_told_to_ask_nobody_else(http: httpx.AsyncClient) -> None:
    address = re.search(r'"(/docs/assets/initializer[^"]*)"', (await http.get("/docs")).text)
    assert address
    answer = await http.get(address[1])
    assert "validatorUrl: null" in answer.text
    assert 'url: "/openapi.json"' in answer.text
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("name", ["../__init__.py", "..%2f..%2fcore.py", "swagger-ui-bundle.js", "index.css", "%00"])
async def test_no_other_file_is_served(http: httpx.AsyncClient, name: str) -> None:
    check_problem(await http.get(f"/docs/assets/{name}"), "not-found", 404)


async def test_every_kind_of_problem_is_explained_at_its_anchor(http: httpx.AsyncClient) -> None:
    text = (await http.get("/problems")).text
    for slug, kind in PROBLEM_KINDS.items():
        section = re.search(rf'<section id="{slug}">(.*?)</section>', text, re.DOTALL)
        assert section
        assert str(kind.status) in section[1]
    assert "request&#x27;s" in text, "texts are escaped"


async def test_the_contract_is_served_as_yaml_and_json(http: httpx.AsyncClient) -> None:
    as_yaml, as_json = await http.get("/openapi.yaml"), await http.get("/openapi.json")
    assert (as_yaml.headers["content-type"], as_json.headers["content-type"]) == (
        "application/yaml",
        "application/json",
    )
    assert yaml.safe_load(as_yaml.text) == as_json.json()
    for answer in (as_yaml, as_json):
        again = await http.get(answer.request.url, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_health(http: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/health/ready"):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("failure", "detail"),
    [
        (OSError("secret address"), "The store does not answer."),
        (problem("unavailable", "Run the migrations."), "Run the migrations."),
    ],
)
async def test_a_store_that_fails_is_not_ready_but_the_process_lives(failure: Exception, detail: str) -> None:
    async with connected(Store(failure)) as http:
        assert check_problem(await http.get("/health/ready"), "unavailable", 503)["detail"] == detail
        assert (await http.get("/health/live")).status_code == 200


async def test_a_store_that_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Store):
        async def ready(self) -> None:
            await asyncio.sleep(60)

    monkeypatch.setattr("api.http.health.READY_TIMEOUT_S", 0.01)
    async with connected(Hanging()) as http:
        check_problem(await http.get("/health/ready"), "unavailable", 503)
