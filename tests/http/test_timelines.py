"""The page of a chronology's timeline, and the files that it needs."""

import re
from pathlib import Path

import pytest

from api.http import timelines
from tests.conftest import Client
from tests.http.small_application import check_problem

PAGE = "/chronologies/some-story"
needs_timelinejs = pytest.mark.skipif(not timelines.TIMELINEJS.is_dir(), reason="TimelineJS is not installed: no npm")


@needs_timelinejs
async def test_the_page_has_no_data_and_no_script_in_it(sample: Client) -> None:
    answer = await sample.http.get(PAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["font-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "*"
    assert "x-frame-options" not in answer.headers
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=|https?://", answer.text)
    other = await sample.http.get("/chronologies/other-story")
    assert other.text.replace("other-story", "some-story") == answer.text


@needs_timelinejs
async def test_every_file_of_the_page_is_there_and_kept_for_ever(sample: Client) -> None:
    text = (await sample.http.get(PAGE)).text
    addresses = re.findall(r'"(/assets/[^"]*[^/"])"', text)
    assert len(addresses) == 5
    base = next(address for address in addresses if address.endswith("/LICENSE")).removesuffix("/LICENSE")
    fonts = [f"{base}/css/icons/tl-icons.{suffix}" for suffix in ("woff2", "woff", "ttf", "svg")]
    for address in [*addresses, *fonts]:
        answer = await sample.http.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["cache-control"]
        again = await sample.http.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert "Mozilla Public License" in (await sample.http.get(f"{base}/LICENSE")).text


@pytest.mark.parametrize(
    "name",
    [
        "0.0.0/js/timeline.js",
        "3.9.11/package.json",
        "3.9.11/../../../package.json",
        "3.9.11/js/..%2f..%2f..%2fpackage.json",
        "3.9.11/css/%00",
        "000000000000/page.js",
        "js/timeline.js",
        "",
    ],
)
async def test_no_other_file_is_served(sample: Client, name: str) -> None:
    check_problem(await sample.http.get(f"/assets/timelinejs/{name}"), "not-found", 404)


@pytest.mark.parametrize("slug", ["Some_Story", "%3Cscript%3E", "a" * 101, "a--b"])
async def test_what_is_no_slug_has_no_page(sample: Client, slug: str) -> None:
    check_problem(await sample.http.get(f"/chronologies/{slug}"), "not-found", 404)


async def test_without_timelinejs_the_page_says_how_to_get_it(
    sample: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(timelines, "TIMELINEJS", tmp_path)
    answer = await sample.http.get(PAGE)
    assert answer.status_code == 200
    assert "npm" in answer.text
    assert 'href="/v1/chronologies/some-story/events?format=html"' in answer.text
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    check_problem(await sample.http.get("/assets/timelinejs/3.9.11/js/timeline.js"), "not-found", 404)
