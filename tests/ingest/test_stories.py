"""The stories of TimelineJS come in by the same door; the report accounts for every slide."""

import json

import pytest

from tests.conftest import Client
from tests.ingest.files import send_file, shared

NAMES = ["contrib_women_in_computing", "src_template_eras", "website_examples_republican_timeline3",
         "website_examples_twain_marktwain"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_stories_come_in(client: Client, name: str) -> None:
    raw = shared(f"timelinejs/{name}.json").read_bytes()
    story = json.loads(raw)
    report = await send_file(client, raw, f"{name}.json")
    counts = report["counts"]
    assert report["format"] == "timelinejs"
    assert counts["rows"] == len(story["events"]) + len(story.get("eras") or [])
    assert counts["created"] == counts["rows"], report
    again = await send_file(client, raw, f"{name}.json")
    assert again["counts"]["unchanged"] == counts["rows"]
