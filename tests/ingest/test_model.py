"""Any mixture of rows gives what writing them one after the other would give, in whatever waves and chunks."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.ingest import rows as ingest_rows
from api.ingest import writing as ingest_writing
from tests.conftest import Client
from tests.tiers import examples
from tests.writing import check_whole, contents_of, empty

IDS = [f"0199c3a4-0000-7000-8000-0000000001{number:02d}" for number in range(4)]
SOURCES = [f"0199c3a4-0000-7000-8000-0000000002{number:02d}" for number in range(3)]
ACTORS = ["atlantis", "lemuria", "mu"]

inline = st.fixed_dictionaries({"title": st.sampled_from("AB")}, optional={"id": st.sampled_from(SOURCES)})
citations = st.lists(
    st.one_of(inline, st.sampled_from(SOURCES)).map(lambda source: {"source": source}), min_size=1, max_size=1
)
good = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["one", "two"]),
        "kind": st.just("talks"),
        "date": st.just("2024-06"),
        "citations": citations,
    },
    optional={
        "id": st.sampled_from(IDS),
        "state": st.sampled_from(["draft", "published"]),
        "actors": st.sampled_from(ACTORS).map(lambda actor: [{"id": actor}]),
        "new_actors": st.lists(
            st.sampled_from(ACTORS).map(lambda actor: {"id": actor, "name": actor.title(), "kind": "state"}),
            max_size=2,
            unique_by=lambda actor: actor["id"],
        ),
        "relations": st.sampled_from(IDS).map(lambda event: [{"type": "follows", "event_id": event}]),
        "external_ids": st.sampled_from("xyz").map(lambda value: {"n": value}),
    },
)
bad = st.sampled_from([b"{", b"[]", b'{"title": "no more"}', b'{"title": 1, "title": 2}', b"\xff"])


class Model:
    """Rows one after the other, with nothing but dicts."""

    def __init__(self, upsert: bool) -> None:
        self.upsert = upsert
        self.events: dict[str, dict[str, Any]] = {}  # by id, or by row number where the store chooses one
        self.actors: set[str] = set()
        self.sources: dict[str, str] = {}  # title by id; ids of the store are titles

    def status(self, number: int, row: Any) -> str:
        if isinstance(row, bytes):
            return "refused"
        source = row["citations"][0]["source"]
        actors = self.actors | {actor["id"] for actor in row.get("new_actors", [])}
        known = None
        if self.upsert:
            if "external_ids" not in row:
                return "refused"
            matching = [key for key, event in self.events.items() if event["external_ids"] == row["external_ids"]]
            known = matching[0] if matching else None
        # Publishing has to be said: a state that is left out stays.
        state = row.get("state", self.events[known]["state"] if known else "published")
        published = state == "published"
        key = row.get("id")
        if key is not None and (key != known if known else key in self.events):
            return "refused"
        if any(actor["id"] not in actors for actor in row.get("actors", [])):
            return "refused"
        if isinstance(source, str) and source not in self.sources:
            return "refused"
        if (
            isinstance(source, dict)
            and source["title"] not in self.sources.values()
            and source.get("id") in self.sources
        ):
            return "refused"
        for relation in row.get("relations", []):
            other = self.events.get(relation["event_id"])
            if other is None or relation["event_id"] in (key, known) or (published and other["state"] == "draft"):
                return "refused"
        if known and self.events[known]["state"] == "published" and not published:
            return "refused"
        return self._write(number, row, known, state, actors, source)

    def _write(self, number: int, row: Any, known: str | None, state: str, actors: set[str], source: Any) -> str:
        self.actors = actors
        title = self.sources[source] if isinstance(source, str) else source["title"]
        if title not in self.sources.values():
            self.sources[source.get("id", title)] = title
        event = {
            "title": row["title"],
            "state": state,
            "actors": row.get("actors", []),
            "relations": row.get("relations", []),
            "external_ids": row.get("external_ids", {}),
            "source": title,
        }
        if known is None:
            self.events[row.get("id") or str(number)] = event
            return "created"
        if self.events[known] == event:
            return "unchanged"
        self.events[known] = event
        return "updated"


@pytest.mark.model
@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.lists(st.one_of(good, good, good, good, bad), min_size=1, max_size=14),
    atomic=st.booleans(),
    upsert=st.booleans(),
    dry_run=st.booleans(),
    chunk=st.sampled_from([2, 5, 500]),
    wave=st.sampled_from([1, 3, 500]),
)
async def test_rows_give_what_one_after_the_other_gives(
    client: Client, rows: list[Any], atomic: bool, upsert: bool, dry_run: bool, chunk: int, wave: int
) -> None:
    await empty(client)
    before = await contents_of(client)
    model = Model(upsert)
    expected = [model.status(number, row) for number, row in enumerate(rows)]
    body = b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)
    query = {"atomic": str(atomic).lower(), "dry_run": str(dry_run).lower(), **({"upsert_on": "n"} if upsert else {})}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest_rows, "CHUNK_ROWS", chunk)
        patch.setattr(ingest_writing, "WAVE_ROWS", wave)
        answer = await client.http.post(
            "/v1/events/batch",
            content=body,
            params=query,
            headers={**client.edit, "Content-Type": "application/x-ndjson"},
        )
    if atomic and "refused" in expected:
        assert answer.status_code == 400, answer.text
        refused = {number for number, status in enumerate(expected) if status == "refused"}
        assert {int(fault["pointer"].split("/")[1]) for fault in answer.json()["errors"]} == refused
    else:
        assert answer.status_code == 200, answer.text
        assert [result["status"] for result in answer.json()["results"]] == expected
    if dry_run or "created" not in expected or (atomic and "refused" in expected):
        assert await contents_of(client) == before
    else:
        found = (await client.http.get("/v1/events?state=draft&state=published", headers=client.edit)).json()["items"]
        assert sorted((event["title"], event["state"], str(event["relations"])) for event in found) == sorted(
            (event["title"], event["state"], str(event["relations"])) for event in model.events.values()
        )
    await check_whole(client)
