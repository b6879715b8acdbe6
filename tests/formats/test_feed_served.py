"""Feeds through the whole house: what an editor did is what a feed reader finds."""

import json
from datetime import datetime
from typing import Any

import feedparser

from tests.conftest import Client
from tests.writing import if_match, make_actors, make_event


async def feed_of(client: Client, form: str) -> bytes:
    answer = await client.http.get("/v1/events", params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer.content


async def change(client: Client, event_id: str, revision: int, body: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = await client.http.patch(
        f"/v1/events/{event_id}", content=json.dumps(body), headers={**headers, **if_match(client, revision)}
    )
    assert answer.status_code == 200, answer.text


async def test_an_editors_work_as_a_feed_reader_finds_it(client: Client) -> None:
    await make_actors(client)
    old = await make_event(client, title="The first")
    new = await make_event(client, title="The second", state="draft")
    await change(client, old["id"], 1, {"tags": ["plain"]})
    correction = {"type": "correction", "reason": "It was <May>."}
    await change(client, old["id"], 2, {"date": "2024-05?", "change": correction})
    await change(client, new["id"], 1, {"state": "published"})

    atom = feedparser.parse(await feed_of(client, "atom"))
    assert not atom.bozo
    assert [(entry.title, entry.tags[0].term) for entry in atom.entries] == [
        ("The second", "new"),
        ("Correction: The first", "correction"),
        ("The first", "new"),
    ]
    second, corrected, first = atom.entries
    assert first.id == f"urn:uuid:{old['id']}"
    assert first.published < first.updated == corrected.updated < second.published
    assert datetime.fromisoformat(first.published) == datetime.fromisoformat(old["published_at"])
    assert "It was &lt;May&gt;." in corrected.content[0].value
    assert first.dateline_date == corrected.dateline_date == "2024-05?"

    items = json.loads(await feed_of(client, "jsonfeed"))["items"]
    assert [item["id"] for item in items] == [entry.id for entry in atom.entries]
    assert [item["_dateline"]["date"] for item in items] == [entry.dateline_date for entry in atom.entries]
