"""TimelineJS out: dates are as coarse as they are known, everything is escaped, and it reads back."""

import json
from typing import Any

import pytest
from hypothesis import given as given_by
from hypothesis import settings

from api.formats.timelinejs import WRITER, slide_dates
from api.formats.timelinejs_reading import read_json
from schema.batch import BatchRow
from schema.edtf import parse
from schema.validation import read
from schema.vocabulary import State
from tests.formats.parts import in_pieces, sample_part, single, written
from tests.schema.edtf.strategies import edtf_texts

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>&lt;b&gt;"


async def story(*dates: str, **members: Any) -> Any:
    return json.loads(
        await written(WRITER, *(single({"date": date, "title": f"Dated {date}"}) for date in dates), **members)
    )


@pytest.mark.parametrize(
    ("date", "start", "end"),
    [
        ("2024-06-12", {"year": 2024, "month": 6, "day": 12}, None),
        ("2024-06", {"year": 2024, "month": 6}, None),
        ("2024", {"year": 2024}, None),
        ("2024~", {"year": 2024}, None),
        ("2024-06-XX", {"year": 2024, "month": 6}, None),
        ("2024-XX-15", {"year": 2024}, None),
        ("202X", {"year": 2020}, {"year": 2029}),
        ("19XX", {"year": 1900}, {"year": 1999}),
        ("1950S2", {"year": 1900}, {"year": 1999}),
        ("2024-21", {"year": 2024, "month": 3}, {"year": 2024, "month": 5}),
        ("2023-24", {"year": 2023, "month": 12}, {"year": 2024, "month": 2}),
        ("2023-11/2023-12", {"year": 2023, "month": 11}, {"year": 2023, "month": 12}),
        ("2023/2024-06-12", {"year": 2023}, {"year": 2024, "month": 6, "day": 12}),
        ("2024-05/2024", {"year": 2024, "month": 5}, None),
        ("[2022-02..2025-04]", {"year": 2022, "month": 2}, {"year": 2025, "month": 4}),
        ("{2022,2020}", {"year": 2020}, {"year": 2022}),
        ("2023-09/..", {"year": 2023, "month": 9}, None),
        ("2023-09-07/", {"year": 2023, "month": 9, "day": 7}, None),
        ("../2024-02", {"year": 2024, "month": 2}, None),
        (
            "2025-06-02T13:05:09+03:00",
            {"year": 2025, "month": 6, "day": 2, "hour": 13, "minute": 5, "second": 9},
            None,
        ),
        # TimelineJS calls the year -44 44 BC, and has no year 0.
        ("-0043-03-15", {"year": -44, "month": 3, "day": 15}, None),
        ("0000", {"year": -1}, None),
        ("0001", {"year": 1}, None),
        ("Y-170000000", {"year": -170000001}, None),
    ],
)
def test_a_date_has_the_parts_that_are_known(date: str, start: dict[str, int], end: dict[str, int] | None) -> None:
    given = parse(date)
    assert slide_dates(given) == (start, end, given.display)


@pytest.mark.parametrize("date", ["XXXX", "XXXX-12-25", "[2024, XXXX-06]"])
def test_a_date_without_any_year_is_nowhere(date: str) -> None:
    assert slide_dates(parse(date)) is None


async def test_what_cannot_be_shown_is_said_on_the_title_slide() -> None:
    given = await story("2024-06", "XXXX-12-25", "XXXX")
    assert [slide["edtf"] for slide in given["events"]] == ["2024-06"]
    text = given["title"]["text"]["text"]
    assert "2 more cannot be shown" in text
    assert "<li>25 December (year unknown): Dated XXXX-12-25</li>" in text
    many = await story(*["XXXX"] * 30)
    assert many["events"] == []
    assert "<li>and 10 more</li>" in many["title"]["text"]["text"]


@pytest.mark.parametrize(
    ("dates", "scale"),
    [
        (["2024"], "human"),
        (["-0043", "2024"], "human"),
        (["Y-271000"], "human"),
        (["Y-272000", "2024"], "cosmological"),
        (["2024/Y275760"], "cosmological"),
        ([], "human"),
    ],
)
async def test_years_beyond_javascripts_dates_have_their_own_scale(dates: list[str], scale: str) -> None:
    assert (await story(*dates))["scale"] == scale


async def test_everything_is_escaped() -> None:
    part = single(
        {
            "title": HOSTILE,
            "summary": f"{HOSTILE}\n\nA second\nparagraph",
            "actors": [{"id": "paper", "role": "speaker"}],
            "source": {"title": HOSTILE, "url": "https://paper.test/a?b='c'&d"},
            "actor": {"name": HOSTILE},
            "citation": {"locator": HOSTILE, "attribution": [HOSTILE]},
        },
        note=HOSTILE,
        retraction=HOSTILE,
        state=State.RETRACTED,
    )
    text = await written(WRITER, part, single({"title": HOSTILE, "date": "XXXX"}), title=HOSTILE, introduction=HOSTILE)
    given = json.loads(text)
    for slide in (given["title"], *given["events"]):
        for html in slide["text"].values():
            assert "&lt;img src=x onerror=alert(1)&gt;" in html
            assert not any(mark in html for mark in ("<img", "<script", "</script", "<b>"))
    (slide,) = given["events"]
    assert slide["text"]["text"].count("&lt;img") == 9
    assert '<a href="https://paper.test/a?b=&#x27;c&#x27;&amp;d">' in slide["text"]["text"]
    assert "<p>A second<br>paragraph</p>" in slide["text"]["text"]
    assert b"</script" not in text


async def test_nothing_is_fetched_from_elsewhere() -> None:
    given = json.loads(await written(WRITER, sample_part()))
    assert len(given["events"]) == 30
    for slide in (given["title"], *given["events"]):
        assert "media" not in slide
        assert "background" not in slide
        assert slide["autolink"] is False


async def test_the_shipped_chronology_reads_back_with_its_ids_titles_dates_and_kinds() -> None:
    part = sample_part()
    text = await written(WRITER, *in_pieces(part, 7))
    back = read_json(json.loads(text))
    assert back.title == "Russia and North Korea"
    assert len(back.rows) == len(part.entries)
    for row, entry in zip(back.rows, part.entries, strict=True):
        event = entry.event
        assert row.value is not None
        assert (row.flaws, list(row.warnings)) == ([], [])
        reading = read({**row.value, "state": "draft"}, BatchRow)
        assert reading.flaws == []
        assert (reading.value.id, reading.value.title, reading.value.kind) == (event.id, event.title, event.kind)
        assert reading.value.date == event.date
        assert str(event.summary) in str(reading.value.summary)


@settings(max_examples=100)
@given_by(date=edtf_texts())
async def test_any_date_reads_back(date: str) -> None:
    given = await story(date)
    if not given["events"]:
        assert "1 more cannot be shown" in given["title"]["text"]["text"]
        assert "XXXX" in date
        return
    assert given["events"][0]["display_date"] == parse(date).display
    (row,) = read_json(given).rows
    assert row.value is not None
    assert (row.value["date"], row.flaws, list(row.warnings)) == (date, [], [])


@pytest.mark.parametrize(
    ("date", "back"),
    [
        *(
            (date, date)
            for date in ("2024-06-12", "2024-06", "2024", "2024~", "2024-06?", "2024%", "0000", "-0043-03-13")
        ),
        ("2023-11/2023-12", "2023-11/2023-12"),
        ("202X", "2020/2029"),
    ],
)
async def test_dates_read_back_from_what_any_timeline_has(date: str, back: str) -> None:
    """Without the member that only this service writes."""
    given = await story(date)
    del given["events"][0]["edtf"]
    (row,) = read_json(given).rows
    assert row.value is not None
    assert row.value["date"] == back


async def test_a_date_that_was_changed_in_between_is_the_changed_one() -> None:
    given = await story("2023-09/..")
    given["events"][0]["start_date"] = {"year": "2023", "month": "10"}
    given["events"][0]["display_date"] = ""
    (row,) = read_json(given).rows
    assert row.value is not None
    assert row.value["date"] == "2023-10"
    assert list(row.warnings) == ["The member edtf is not used: the slide's dates were changed."]
