"""Whoever may not edit finds no trace of a draft, whatever they read: every operation of the contract that reads is
tried, and every byte of its answers is looked at, headers included. Gaps in sequences are the one thing that shows.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import yaml

from api.history.redaction import redact
from api.http import chronologies, counting, events
from schema.change import EntityKind
from tests.conftest import Client
from tests.writing import check_whole, event_body, make, make_actors, make_event, new_token, send, send_ok

_CONTRACT = yaml.safe_load((Path(__file__).parents[2] / "openapi.yaml").read_text(encoding="utf-8"))
_READS = sorted(path for path, operations in _CONTRACT["paths"].items() if "get" in operations)

#: Ids by which it must not be found out whether there is a draft: of drafts, of what only they mention, of nothing.
_HIDDEN = {
    "event_id": ["0199c3a4-0000-7000-8000-00000000aaa1", "0199c3a4-0000-7000-8000-00000000aaa2"],
    "source_id": ["0199c3a4-0000-7000-8000-00000000bbb1"],
    "actor_id": ["hidden-actor", "hidden-other"],
    "slug": ["hidden-chronology", "hidden-discarded"],
}
_NEVER = {
    "event_id": "0199c3a4-0000-7000-8000-00000000fff1",
    "source_id": "0199c3a4-0000-7000-8000-00000000fff2",
    "actor_id": "never-there",
    "slug": "never-there",
}
_SHOWN = {"event_id": "", "source_id": "", "actor_id": "russia", "slug": "shown", "number": "1", "import_id": ""}

#: What each operation is asked for, besides nothing in particular. A path that is missing here fails the test.
_EVENTS = [
    *("count=exact", "count=estimated", "sort=-updated", "sort=updated&limit=1", "limit=1", "kind=hidden-kind"),
    *("tag=hidden", "actor=russia", "actor_role=hidden-role", "actor=Hidden", "publisher=hidden-actor", "country=TR"),
    *("bbox=28,40,30,42", "external_id=wikidata:Q9", "source=0199c3a4-0000-7000-8000-00000000bbb1", "state=draft"),
    *("date_from=1901&date_to=1902", "min_origins=1", "min_reliability=E", "disputed=true", "overdue=true"),
    *("updated_from=2020-01-01T00:00:00Z", "min_confidence=low", "min_precision=day", "state=retracted", "cursor=AAAA"),
    *("as_of=1", "as_of=2999-01-01T00:00:00Z&count=exact", "as_of={beyond}", "as_of=2999-01-01T00:00:00Z&kind=talks"),
    *("q=hidden", "q=hid*&count=exact", "q=report%20-hidden&sort=relevance", "q=hidden-actor", "q=hidden&as_of=1"),
    *("q=russia&sort=relevance&limit=1", "q=%22hidden%20source%22&state=retracted", "q=hidden&format=csv"),
    *(f"format={form}" for form in ("ndjson", "csv", "geojson", "timelinejs", "ics", "atom", "jsonfeed", "markdown")),
    *("actor=russia&include_members=true&count=exact", "actor_all=russia&include_parts=true", "include_parts=true"),
    *("names=dated", "names=dated&format=csv", "format=html"),
]
#: The same filters where events are counted, but for what only pages have.
_PAGES = ("limit=", "count=", "cursor=", "format=")
_COUNTS = [query for query in _EVENTS if not any(name in query for name in _PAGES)]
_COUNTS += ["as_of=2999-01-01T00:00:00Z&date_from=1901&date_to=1902"]
_HISTOGRAMS = ["bin=earliest", "bin=exclude", "interval=month", "interval=decade&actor=russia", "interval=day"]
_FACETS = ["facet=actor&top=1", "facet=tag&facet=kind", "own=exclude&kind=hidden-kind&tag=hidden&country=TR", "top=100"]
_LIST = ["limit=1", "as_of=1", "as_of=2999-01-01T00:00:00Z", "as_of={beyond}"]
_TYPED = ["q=h", "q=hidden", "q=hidden-actor", "q=hiden actr", "q=russia", "q=rusia", "q=actor", "q=korea"]
_RECORD = ["as_of=1", "as_of=2999-01-01T00:00:00Z", "as_of={beyond}"]
_QUERIES: dict[str, list[str]] = {
    "/health/live": [],
    "/health/ready": [],
    "/v1/actors": [*_LIST, *_TYPED, *(f"{typed}&limit=1" for typed in _TYPED), "q=h&as_of=1", "q=h&as_of={beyond}"],
    "/v1/actors/{actor_id}": _RECORD,
    "/v1/actors/{actor_id}/revisions": ["limit=1"],
    "/v1/actors/{actor_id}/revisions/{number}": [],
    "/v1/changes": ["after=0&limit=1", "after=1", "after={beyond}", "limit=1000"],
    "/v1/changes/head": [],
    "/v1/chronologies": _LIST,
    "/v1/chronologies/{slug}": _RECORD,
    "/v1/chronologies/{slug}/events": _EVENTS,
    "/v1/chronologies/{slug}/releases": ["limit=1"],
    "/v1/chronologies/{slug}/releases/{number}": ["format=ndjson", "format=csv"],
    "/v1/chronologies/{slug}/revisions": ["limit=1"],
    "/v1/chronologies/{slug}/revisions/{number}": [],
    "/v1/events": _EVENTS,
    "/v1/events/facets": [*_COUNTS, *_FACETS],
    "/v1/events/histogram": [*_COUNTS, *_HISTOGRAMS],
    "/v1/events/{event_id}": _RECORD,
    "/v1/events/{event_id}/figures": _RECORD,
    "/v1/events/{event_id}/related": ["depth=5", *_RECORD],
    "/v1/events/{event_id}/revisions": ["limit=1"],
    "/v1/events/{event_id}/revisions/{number}": [],
    "/v1/imports/{import_id}": [],
    "/v1/sources": [*_LIST, "url=https://hidden.example/"],
    "/v1/sources/{source_id}": _RECORD,
    "/v1/sources/{source_id}/revisions": ["limit=1"],
    "/v1/sources/{source_id}/revisions/{number}": [],
}
#: Endless, and so looked at elsewhere: tests/feed.
_ELSEWHERE = {"/v1/changes/stream"}

#: What of an answer depends on when it is given.
_VOLATILE = ("x-request-id", "date")


def _paths(shown: dict[str, str], beyond: int) -> Iterator[str]:
    for template in _READS:
        if template in _ELSEWHERE:
            continue
        names = [part[1:-1] for part in template.split("/") if part.startswith("{")]
        hidden = [{}, *({name: value} for name in names for value in [*_HIDDEN.get(name, ()), _NEVER.get(name, "0")])]
        for ids in hidden:
            path = template.format(**{name: {**shown, **ids}[name] for name in names})
            for query in ["", *_QUERIES[template]]:
                yield path + (f"?{query.format(beyond=beyond)}" if query else "")


def _said(answer: httpx.Response) -> tuple[int, dict[str, str], str]:
    headers = {name: value for name, value in answer.headers.items() if name not in _VOLATILE}
    text = answer.text
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        text = json.dumps({**answer.json(), "request_id": None})
    return answer.status_code, headers, text


async def _answers(client: Client, headers: dict[str, str], paths: list[str]) -> dict[str, Any]:
    found = {}
    for path in paths:
        found[path] = _said(await client.http.get(path, headers=headers))
        # Whether an answer has changed is told by its tag, too.
        tag = found[path][1].get("etag")
        if tag is not None:
            again = await client.http.get(path, headers={**headers, "If-None-Match": tag})
            found[f"{path} again"] = _said(again)
    return found


def test_every_read_of_the_contract_is_tried() -> None:
    assert set(_READS) <= set(_QUERIES) | _ELSEWHERE


async def _shown(client: Client) -> dict[str, str]:
    await make_actors(client)
    citation = {"source": {"title": "A report", "url": "https://news.example/report", "publisher": "the-paper"}}
    event = await make_event(client, actors=[{"id": "russia"}], citations=[citation])
    await make(client, "/v1/chronologies", {"slug": "shown", "title": "Shown", "filter": {"actor": ["russia"]}})
    await make(client, "/v1/chronologies/shown/releases", {})
    source = event["citations"][0]["source"]
    return {**_SHOWN, "event_id": event["id"], "source_id": source, "import_id": _NEVER["event_id"]}


async def _write_drafts(client: Client, shown: dict[str, str]) -> None:
    """Everything that editors can do without anybody else being to see it."""
    first, second = _HIDDEN["event_id"]
    body = event_body(
        id=first,
        title="Veiled",
        kind="hidden-kind",
        state="draft",
        date="1901-05-05",
        occurrence="planned",
        tags=["hidden"],
        actors=[{"id": "hidden-actor", "role": "hidden-role"}, {"id": "russia", "role": "hidden-role"}],
        places=[{"name": "Veiled", "country": "TR", "latitude": 41, "longitude": 29}],
        external_ids={"wikidata": "Q9"},
        assessment={"confidence": "high"},
        relations=[{"type": "follows", "event_id": shown["event_id"]}],
        citations=[
            {
                "source": {
                    "id": _HIDDEN["source_id"][0],
                    "title": "Veiled source",
                    "url": "https://hidden.example/",
                    "publisher": "hidden-actor",
                    "reliability": "A",
                },
                "stance": "disputes",
                "figures": [{"measure": "killed", "value": 3}],
            }
        ],
    )
    belonging = {"member_of": [{"actor": "russia"}], "part_of": [{"actor": "russia", "date": "1900/1910"}]}
    hidden = {"kind": "organization", "names": [{"name": "Veiled hidden Korea", "date": "1900/1910"}], **belonging}
    new = [{"id": name, "name": f"Veiled {name}", **hidden} for name in _HIDDEN["actor_id"]]
    answer = await send(client, "POST", "/v1/events/batch", [{**body, "new_actors": new}])
    assert answer.status_code == 200, answer.text
    path = f"/v1/events/{first}"
    await send_ok(client, "PATCH", path, {"title": "Veiled still", "date": "1902"}, 1)
    await send_ok(client, "POST", f"{path}/restore", {"revision": 1}, 2)
    await send_ok(client, "PATCH", f"/v1/sources/{_HIDDEN['source_id'][0]}", {"title": "Veiled source again"}, 1)
    await send_ok(client, "PATCH", "/v1/actors/hidden-actor", {"aliases": ["Veiled", "Hidden"]}, 1)
    await make_event(client, id=second, state="draft", title="Veiled too")
    assert (await send(client, "DELETE", f"/v1/events/{second}", None, 1)).status_code == 204
    items = [{"event_id": first, "note": "Veiled"}]
    await make(
        client, "/v1/chronologies", {"slug": "hidden-chronology", "title": "H", "state": "draft", "items": items}
    )
    discarded = {"slug": "hidden-discarded", "title": "H", "state": "draft", "filter": {"actor": ["hidden-actor"]}}
    await make(client, "/v1/chronologies", discarded)
    assert (await send(client, "DELETE", "/v1/chronologies/hidden-discarded", None, 1)).status_code == 204
    # An import of drafts, and a redaction of one.
    lines = json.dumps({**event_body(title="Veiled row"), "state": "draft"})
    headers = {**client.edit, "Content-Type": "application/x-ndjson"}
    answer = await client.http.post("/v1/imports", content=lines, headers=headers)
    assert answer.status_code < 300, answer.text
    third = await make_event(client, state="draft", title="Veiled and redacted")
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        await redact(owner, EntityKind.EVENT, third["id"], "Veiled reason.")
    finally:
        await owner.close()


@pytest.mark.parametrize("scopes", [None, pytest.param(["read"], marks=pytest.mark.soak)], ids=["anybody", "a reader"])
async def test_nothing_that_a_reader_reads_tells_of_drafts(
    client: Client, scopes: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tags of what depends on the clock change with the minute, and all of this takes about one.
    for module in (events, chronologies, counting):
        monkeypatch.setattr(module, "this_minute", lambda: "2025-06-02T12:00Z")
    headers = {} if scopes is None else await new_token(client, "reader", *scopes)
    shown = await _shown(client)
    async with client.store.connection() as connection:
        beyond = 1 + await connection.fetchval("SELECT sequence FROM head")
    paths = list(_paths(shown, beyond))
    before = await _answers(client, headers, paths)
    assert any(said[0] == 200 for said in before.values())
    await _write_drafts(client, shown)
    after = await _answers(client, headers, paths)
    for path, said in after.items():
        assert said == before[path], path
    # What is hidden is answered as what never was.
    for template in _READS:
        for name, hidden in _HIDDEN.items():
            if f"{{{name}}}" in template and template not in _ELSEWHERE:
                asked = [template.format(**{**shown, name: value}) for value in (*hidden, _NEVER[name])]
                *said, never = [_said(await client.http.get(path, headers=headers)) for path in asked]
                for one in said:
                    assert one == never, (template, hidden)
    # A method that is not allowed, and one that needs a scope, say nothing either.
    for template, operations in _CONTRACT["paths"].items():
        for method in operations:
            names = [name for name in _HIDDEN if f"{{{name}}}" in template]
            if method == "get" or not names:
                continue
            asked = [template.format(**{**shown, names[0]: value}) for value in (*_HIDDEN[names[0]], _NEVER[names[0]])]
            *said, never = [_said(await client.http.request(method, path, headers=headers, json={})) for path in asked]
            for one in said:
                assert one == never, (method, template)
    await check_whole(client)


async def test_what_comes_after_drafts_tells_of_them_by_gaps_alone(client: Client) -> None:
    """The next public change has the next sequence but for the drafts; nothing else in any answer is different."""
    shown = await _shown(client)
    await _write_drafts(client, shown)
    await make_event(client, title="After", actors=[{"id": "russia"}])
    async with client.store.connection() as connection:
        beyond = 1 + await connection.fetchval("SELECT sequence FROM head")
    said = json.dumps(list((await _answers(client, {}, list(_paths(shown, beyond)))).values()))
    # A word that stands in all that is hidden, and in nothing that was asked for.
    assert "veiled" not in said.lower()
