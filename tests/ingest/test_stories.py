"""The stories of TimelineJS come in by the same door; the report accounts for every slide."""

import json

import pytest

from tests.beside import shared
from tests.conftest import Client
from tests.ingest.files import send_file

NAMES = ["contrib_women_in_computing", "src_template_eras", "website_examples_republican_timeline3",
         "website_examples_twain_marktwain"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_stories_come_in(client: Client, name: str) -> None:
    raw = shared(f"data/timelinejs/{name}.json").read_bytes()
    story = json.loads(raw)
    report = await send_file(client, raw, f"{name}.json")
    counts = report
    assert report["format"] == "timelinejs"
    assert counts["rows"] == len(story["events"]) + len(story.get("eras") or [])
    assert counts["created"] == counts["rows"], report
    again = await send_file(client, raw, f"{name}.json")
    assert again["unchanged"] == counts["rows"]


async def test_a_broken_row_of_its_spreadsheet_is_told_and_stops_no_other(client: Client) -> None:
    header = "Year,Month,Day,Headline,Text,Type"
    rows = ["2024,6,,First,,", '2024,6,"1"x,Broken,,', "2025,4,28,Last,,"]
    report = await send_file(client, "\n".join([header, *rows]).encode(), "story.csv")
    assert report["format"] == "timelinejs"
    assert [(result["row"], result["status"]) for result in report["results"]] == [
        (0, "created"), (1, "refused"), (2, "created"),
    ]  # fmt: skip
