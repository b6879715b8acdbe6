"""The page with a timeline, in a real browser: every event is there, and its date reads as the store's does."""

import json
import re

import pytest

from api.formats.timelinejs import WRITER
from api.http import timelines
from api.store.loading import load_sample
from tests.browser import chromium
from tests.conftest import Client
from tests.formats.parts import sample_part, single, written

ZONES = ["Pacific/Kiritimati", "UTC", "America/Los_Angeles"]
PAGE = "/chronologies/some-story"
DATA = "/v1/chronologies/some-story/events?format=timelinejs"

#: Every kind of rough date, and the days and times that a shift by a zone would move.
DATES = [
    *("2024-06-12", "2024-06", "2024", "2024~", "2024-06?", "202X", "19XX", "2024-21", "2023-24", "2024-XX-15"),
    *("2023-09/..", "../2024-02", "/2024-03", "2023-11/2023-12", "[2022-02..2025-04]", "{2020,2022}", "2024-03-1X"),
    *("2025-01-01", "2024-12-31", "2025-06-02T00:00:00+03:00", "2025-06-02T23:59:59", "2025-06-02T00:00:00Z"),
    *("-0043-03-13", "0000", "0045", "0004-02-29"),
]
FAR = ["Y-13700000000", "Y-65000000", "-0043", "2024-06-12", "Y300000"]
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


@pytest.fixture(autouse=True)
def installed() -> None:
    """What the page needs: TimelineJS from npm (``make`` installs it), and a browser."""
    chromium.path()
    if not timelines.TIMELINEJS.is_dir():
        chromium.missing("TimelineJS is not installed: there is no npm here, or it could not")


async def story(*dates: str) -> bytes:
    return await written(
        WRITER,
        *(
            single({"id": f"33333333-3333-4333-8333-{number:012}", "date": date, "kind": f"kind-{number % 9}"})
            for number, date in enumerate(dates)
        ),
    )


def displays(data: bytes) -> list[str]:
    return sorted(slide["display_date"] for slide in json.loads(data)["events"])


def check(page: chromium.Page, said: str, expected: list[str]) -> None:
    """Each event is a slide and a marker; both show its date in the store's words, and nothing went wrong."""
    assert "CONSOLE" not in said, said
    title, *shown = page.texts("tl-headline-date")
    assert title == ""
    assert sorted(shown) == expected
    assert len(page.texts("tl-slide")) == len(expected) + 1
    markers = [marker["aria-label"] for marker in page.attributes("tl-timemarker")]
    labels = [re.sub(r", press space to show$|, shown$", "", label) for label in markers]
    assert len(labels) == len(expected)
    assert all(any(label.endswith(f", {date}") for label in labels) for date in expected)


@pytest.mark.parametrize("zone", ZONES)
async def test_every_rough_date_reads_alike_in_every_zone(sample: Client, zone: str) -> None:
    data = await story(*DATES)
    assert len(displays(data)) == len(DATES)
    async with chromium.serving(sample.http, {DATA: ("application/json", data)}) as (address, asked):
        page, said = await chromium.shown(f"{address}{PAGE}", zone)
    check(page, said, displays(data))
    assert all(target.startswith(("/chronologies/", "/assets/timelinejs/", "/v1/chronologies/")) for target in asked)


async def test_what_the_store_gives_is_what_is_shown(sample: Client) -> None:
    data = (await sample.http.get("/v1/events?format=timelinejs")).content
    listed = (await sample.http.get("/v1/events?limit=100")).json()["items"]
    async with chromium.serving(sample.http, {DATA: ("application/json", data)}) as (address, _):
        page, said = await chromium.shown(f"{address}{PAGE}")
    check(page, said, sorted(event["when"]["display"] for event in listed))
    headlines = {text for text in page.texts("tl-headline") if text}
    assert {event["title"] for event in listed} <= headlines


async def test_years_beyond_javascripts_dates_are_shown(sample: Client) -> None:
    data = await story(*FAR)
    async with chromium.serving(sample.http, {DATA: ("application/json", data)}) as (address, _):
        page, said = await chromium.shown(f"{address}{PAGE}")
    check(page, said, displays(data))


async def test_no_text_becomes_markup(sample: Client) -> None:
    part = single(
        {
            "title": HOSTILE,
            "summary": HOSTILE,
            "actors": [{"id": "paper"}],
            "source": {"title": HOSTILE},
            "actor": {"name": HOSTILE},
        },
        note=HOSTILE,
    )
    data = await written(WRITER, part, sample_part(), title=HOSTILE, introduction=HOSTILE)
    async with chromium.serving(sample.http, {DATA: ("application/json", data)}) as (address, asked):
        page, said = await chromium.shown(f"{address}{PAGE}")
    assert "CONSOLE" not in said, said
    assert page.texts("tl-headline-title") == [HOSTILE]
    assert HOSTILE in page.texts("tl-headline")
    assert sum(HOSTILE in text for text in page.texts("dateline-actors")) == 1
    assert sum(HOSTILE in text for text in page.texts("dateline-sources")) == 1
    assert "img" not in page.tags
    assert page.tags.count("script") == 2
    assert not any(target.endswith("/x") for target in asked)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"title": {"text": {"headline": "Nothing"}}, "events": []}', "There are no events that can be shown."),
        (b"not JSON", "the server did not answer as it should"),
    ],
)
async def test_the_page_says_so_where_there_is_nothing_to_show(sample: Client, data: bytes, words: str) -> None:
    async with chromium.serving(sample.http, {DATA: ("application/json", data)}) as (address, _):
        page, _ = await chromium.shown(f"{address}{PAGE}")
    (message,) = page.texts("message")
    assert words in message
    assert message.endswith("The list of events")


async def test_the_page_can_be_embedded_anywhere(sample: Client) -> None:
    data = await story("2024-06")
    async with chromium.serving(sample.http, {DATA: ("application/json", data)}) as (address, asked):
        frame = f'<!doctype html><iframe src="{address}{PAGE}" width="1000" height="600"></iframe>'.encode()
        async with chromium.serving(sample.http, {"/elsewhere": ("text/html", frame)}) as (elsewhere, _):
            _, said = await chromium.shown(f"{elsewhere}/elsewhere")
    assert "CONSOLE" not in said, said
    assert DATA in asked


async def test_a_stored_chronology_is_shown_and_a_draft_is_not(client: Client) -> None:
    await load_sample(client.store)
    picked = (await client.http.get("/v1/events?date_from=2024-06&date_to=2024-06&date_match=within")).json()["items"][
        0
    ]
    chronology = {
        "slug": "the-treaty",
        "title": "The treaty <b>and</b> what followed",
        "introduction": "How it came about.",
        "items": [{"event_id": picked["id"], "note": "This is the one that matters."}],
        "filter": {"date_from": "2025-06"},
    }
    for draft in (chronology, {**chronology, "slug": "not-yet", "state": "draft"}):
        answer = await client.http.post("/v1/chronologies", json=draft, headers=client.edit)
        assert answer.status_code == 201, answer.text
    async with chromium.serving(client.http, {}) as (address, _):
        page, said = await chromium.shown(f"{address}/chronologies/the-treaty", "America/Los_Angeles")
        draft_page, _ = await chromium.shown(f"{address}/chronologies/not-yet")
    listed = (await client.http.get("/v1/chronologies/the-treaty/events")).json()["items"]
    assert len(listed) > 1
    check(page, said, sorted(event["when"]["display"] for event in listed))
    assert page.texts("tl-headline-title") == ["The treaty <b>and</b> what followed"]
    assert any("This is the one that matters." in text for text in page.texts("tl-text-content"))
    (message,) = draft_page.texts("message")
    assert message.startswith("There is nothing here.")
    assert draft_page.texts("tl-slide") == []
