"""Whatever is sent: the right problem at the right place, never a fault of ours, and nothing written."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.query import EventQuery
from schema.text import MAXIMUM_INTEGER
from tests.conftest import Client
from tests.tiers import examples
from tests.writing import (
    FULL,
    MERGE_PATCH,
    NIL,
    NOBODY,
    SOURCE,
    check_problem,
    check_whole,
    contents_of,
    event_body,
    fault_at,
    if_match,
    make,
    make_actors,
    make_event,
    send,
)

LONG = "x" * 30_000


def with_citation(**members: Any) -> dict[str, Any]:
    return event_body(citations=[{"source": SOURCE, **members}])


def with_source(**members: Any) -> dict[str, Any]:
    return event_body(citations=[{"source": {**SOURCE, **members}}])


def with_figure(**members: Any) -> dict[str, Any]:
    return with_citation(figures=[{"measure": "killed", **members}])


#: Each with the places of its faults.
EVENTS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"/title", "/kind", "/date", "/citations"}),
    (event_body(title=""), {"/title"}),
    (event_body(title=" x"), {"/title"}),
    (event_body(title="x\n"), {"/title"}),
    (event_body(title="x" * 301), {"/title"}),
    (event_body(title=7), {"/title"}),
    (event_body(title=None), {"/title"}),
    (event_body(summary=LONG), {"/summary"}),
    (event_body(kind="No Slug"), {"/kind"}),
    (event_body(citations=[]), {"/citations"}),
    (event_body(citations={}), {"/citations"}),
    (event_body(state="retracted"), {"/state"}),
    (event_body(state="Draft"), {"/state"}),
    (event_body(occurrence="happened"), {"/occurrence"}),
    (event_body(id=NOBODY[:-1]), {"/id"}),
    (event_body(id=7), {"/id"}),
    (event_body(titel="x"), {"/titel"}),
    (event_body(included={}), {"/included"}),
    (event_body(revision=1), {"/revision"}),
    (event_body(change={}), {"/change"}),
    ({**event_body(), "a/b~c": 1}, {"/a~1b~0c"}),
    (event_body(tags=["a", "a"]), {"/tags/1"}),
    (event_body(tags=[str(number) for number in range(101)]), {"/tags"}),
    (event_body(tags=["", " ", "x" * 101]), {"/tags/0", "/tags/1", "/tags/2"}),
    (event_body(external_ids={"Wiki Data": "Q1"}), {"/external_ids/Wiki Data"}),
    (event_body(external_ids={"wikidata": ""}), {"/external_ids/wikidata"}),
    (event_body(external_ids={f"a{number}": "x" for number in range(51)}), {"/external_ids"}),
    (event_body(external_ids=[]), {"/external_ids"}),
    (
        event_body(places=[{"name": "A", "latitude": 91, "longitude": 181}]),
        {"/places/0/latitude", "/places/0/longitude"},
    ),
    (event_body(places=[{"name": "A", "latitude": 1e308, "longitude": 0}]), {"/places/0/latitude"}),
    (event_body(places=[{"name": "A", "latitude": 1}]), {"/places/0/longitude"}),
    (event_body(places=[{"name": "A", "country": "Turkey"}]), {"/places/0/country"}),
    (event_body(places=[{"nmae": "A"}]), {"/places/0/nmae", "/places/0/name"}),
    (event_body(places=[{"name": "A"}] * 51), {"/places"}),
    (event_body(actors=["russia"]), {"/actors/0"}),
    (event_body(actors=[{"id": "russia"}, {"id": "Russia"}]), {"/actors/1"}),
    # What a faulty entry refers to is not what was sent: nothing is said about that.
    (event_body(actors=[{"id": "russia", "role": "A Role"}]), {"/actors/0/role"}),
    (event_body(actors=[{"id": "Korea"}]), {"/actors/0/id"}),
    (event_body(actors=[{"id": "Rusia"}]), {"/actors/0/id"}),
    (event_body(assessment={"likelihood": "likely"}), {"/assessment/confidence"}),
    (
        event_body(assessment={"confidence": "medium", "likelihood": "maybe"}),
        {"/assessment/confidence", "/assessment/likelihood"},
    ),
    (event_body(relations=[{"type": "follows", "event_id": NOBODY}]), {"/relations/0/event_id"}),
    (event_body(relations=[{"type": "follow", "event_id": NOBODY}]), {"/relations/0/type"}),
    (event_body(relations=[{"type": "follows", "event_id": "x"}]), {"/relations/0/event_id"}),
    (event_body(id=NOBODY, relations=[{"type": "follows", "event_id": NOBODY}]), {"/relations/0/event_id"}),
    (event_body(citations=[{}]), {"/citations/0/source"}),
    (event_body(citations=[{"source": NOBODY}]), {"/citations/0/source"}),
    (event_body(citations=[{"source": NIL}]), {"/citations/0/source"}),
    (event_body(citations=[{"source": "A report"}]), {"/citations/0/source"}),
    (event_body(citations=[{"source": {}}]), {"/citations/0/source/title"}),
    (event_body(citations=[{"source": SOURCE}] * 201), {"/citations"}),
    (
        event_body(citations=[{"id": NOBODY, "source": SOURCE}, {"id": NOBODY, "source": SOURCE, "locator": "2"}]),
        {"/citations/1"},
    ),
    (with_citation(stance="denies"), {"/citations/0/stance"}),
    (with_citation(credibility=0), {"/citations/0/credibility"}),
    (with_citation(credibility=7), {"/citations/0/credibility"}),
    (with_citation(credibility=2.5), {"/citations/0/credibility"}),
    (with_citation(credibility=True), {"/citations/0/credibility"}),
    (with_citation(attribution=["Korea"]), {"/citations/0/attribution/0"}),
    (with_citation(attribution=[""]), {"/citations/0/attribution/0"}),
    (with_citation(attribution=["x"] * 21), {"/citations/0/attribution"}),
    (
        with_citation(states={"date": "soon", "place": {}}),
        {"/citations/0/states/date", "/citations/0/states/place/name"},
    ),
    (with_source(url="ftp://a.example"), {"/citations/0/source/url"}),
    (with_source(url="https://a b"), {"/citations/0/source/url"}),
    (with_source(publisher="Nobody"), {"/citations/0/source/publisher"}),
    (with_source(publisher="Korea"), {"/citations/0/source/publisher"}),
    (with_source(language="englisch!"), {"/citations/0/source/language"}),
    (with_source(reliability="G"), {"/citations/0/source/reliability"}),
    (with_source(content_sha256="F" * 64), {"/citations/0/source/content_sha256"}),
    (with_source(published="2024-02-30"), {"/citations/0/source/published"}),
    (with_figure(), {"/citations/0/figures/0"}),
    (with_figure(low=1), {"/citations/0/figures/0"}),
    (with_figure(low=2, high=1), {"/citations/0/figures/0/low"}),
    (with_figure(value="600"), {"/citations/0/figures/0/value"}),
    (with_figure(value=True), {"/citations/0/figures/0/value"}),
    (with_figure(value=MAXIMUM_INTEGER + 1), {"/citations/0/figures/0/value"}),
    (with_figure(value=-MAXIMUM_INTEGER - 1), {"/citations/0/figures/0/value"}),
    (with_figure(value=2**64 - 1), {"/citations/0/figures/0/value"}),
    (with_figure(value=1, date="yesterday"), {"/citations/0/figures/0/date"}),
    (
        event_body(date="2024-13", titel="x", actors=[{"id": "Korea"}], tags=["", "a"], kind="K"),
        {"/date", "/titel", "/actors/0/id", "/tags/0", "/kind"},
    ),
]


@pytest.fixture(autouse=True)
async def actors(client: Client) -> None:
    await make_actors(client)


@pytest.mark.parametrize(("body", "places"), EVENTS)
async def test_faulty_events(client: Client, body: dict[str, Any], places: set[str]) -> None:
    before = await contents_of(client)
    check_problem(await send(client, "POST", "/v1/events", body), "invalid-body", places=places)
    assert await contents_of(client) == before


@pytest.mark.parametrize(
    "date",
    [
        *("2025-02-30", "2023-02-29", "2024-13", "2024-00", "June 2024", "2024/2023", "", " 2024", "2024-6", "24"),
        *("\u0660", "2024-06\n", "2024-06-01T25:00:00Z", "2024-06-01T10:00Z", "[2024", "Y1E400000000"),
        *("Y" + "9" * 5000, "x" * 9000, "2024-06\u0000", "..", "/", "../..", "2024-06-31/2024-07", "[]", "{}"),
    ],
)
async def test_dates_that_are_none_say_what_would_be_right(client: Client, date: str) -> None:
    before = await contents_of(client)
    body = check_problem(
        await send(client, "POST", "/v1/events", event_body(date=date)), "invalid-body", places={"/date"}
    )
    assert len(json.dumps(body)) < 2000, "what was sent is not sent back at length"
    assert await contents_of(client) == before


@pytest.mark.parametrize("name", ["date_from", "date_to"])
@pytest.mark.parametrize("date", ["2025-02-30", "x", "2024-13", "Y" + "9" * 5000, "%00", "%ff", ""])
async def test_dates_of_queries_that_are_none(client: Client, name: str, date: str) -> None:
    check_problem(await client.http.get(f"/v1/events?{name}={date}"), "invalid-parameters", places={name})


def _texts(value: Any, pointer: str = "") -> list[tuple[str, str]]:
    """The pointers of every text in a value, each with the text, and of every name of an open mapping."""
    if isinstance(value, dict):
        return [found for name, item in value.items() for found in _texts(item, f"{pointer}/{name}")]
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in _texts(item, f"{pointer}/{index}")]
    return [(pointer, value)] if isinstance(value, str) else []


def _with(value: Any, pointer: str, text: Any) -> Any:
    copy = json.loads(json.dumps(value))
    *way, last = pointer.split("/")[1:]
    place = copy
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = text
    return copy


@pytest.mark.parametrize("pointer", [pointer for pointer, _ in _texts(FULL)])
async def test_nul_is_refused_in_every_text_of_an_event(client: Client, pointer: str) -> None:
    before = await contents_of(client)
    text = dict(_texts(FULL))[pointer]
    for spoiled in (text + "\0", "\0" + text, "\0"):
        answer = await send(client, "POST", "/v1/events", _with(FULL, pointer, spoiled))
        body = check_problem(answer, "invalid-body")
        assert pointer in {fault["pointer"] for fault in body["errors"]}
    # A surrogate without its other half is no text at all (RFC 8259 section 8.2); raw ones are not UTF-8.
    raw = json.dumps(_with(FULL, pointer, "@@")).encode()
    for broken in (b"\\ud800", b"\\udc00x", b"\xed\xa0\x80", b"\xff"):
        headers = {**client.edit, "Content-Type": "application/json"}
        answer = await client.http.post("/v1/events", content=raw.replace(b"@@", broken), headers=headers)
        check_problem(answer, "malformed-body")
    assert await contents_of(client) == before


ACTOR = {
    "id": "a",
    "name": "A",
    "kind": "state",
    "names": [{"name": "B", "language": "en", "date": "2000"}],
    "aliases": ["C"],
    "external_ids": {"iso3166": "RU"},
    "part_of": [{"actor": "russia", "date": "2000/.."}],
    "member_of": [{"actor": "russia"}],
    "reliability": "A",
}
WHOLE_SOURCE = FULL["citations"][0]["source"] | {"url": "https://a.example/", "reliability": "A"}


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [("/v1/actors", ACTOR, pointer) for pointer, _ in _texts(ACTOR)]
    + [("/v1/sources", WHOLE_SOURCE, pointer) for pointer, _ in _texts(WHOLE_SOURCE)],
)
async def test_faulty_members_of_actors_and_sources(
    client: Client, path: str, body: dict[str, Any], pointer: str
) -> None:
    before = await contents_of(client)
    for spoiled in ("\0", dict(_texts(body))[pointer] + "\0", "", 7, [], {"x": 1}, True, 2**53, LONG):
        found = check_problem(await send(client, "POST", path, _with(body, pointer, spoiled)), "invalid-body")
        assert pointer in {fault["pointer"] for fault in found["errors"]}, spoiled
    assert await contents_of(client) == before


async def test_a_nul_in_a_name_of_a_member(client: Client) -> None:
    for body in (event_body(**{"\0": 1}), event_body(external_ids={"\0": "x"})):
        check_problem(await send(client, "POST", "/v1/events", body), "invalid-body")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  \n",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"{}{}",
        b"{'title': 1}",
        b'{"title": NaN}',
        b'{"title": 1e999}',
        b'{"title": Infinity}',
        b'{"title": 01}',
        b'{"title": "\x01"}',
        b'{"title": "x",}',
        b"\xef\xbb\xbf{}",
        b'{"title": "x", "title": "y"}',
        b'{"citations": [{"source": 1, "source": 2}]}',
        b'{"\\u0074itle": "x", "title": "y"}',
        b'{"title": "\xff"}',
        b'{"title": ' + b"9" * 5000 + b"}",
        b'{"title": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"title": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    ],
    ids=range(23),
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_bodies_that_are_no_json_object(client: Client, method: str, raw: bytes) -> None:
    event = await make_event(client)
    before = await contents_of(client)
    path = "/v1/events" if method == "POST" else f"/v1/events/{event['id']}"
    headers = {**if_match(client, 1), "Content-Type": "application/json"}
    check_problem(await client.http.request(method, path, content=raw, headers=headers), "malformed-body")
    assert await contents_of(client) == before


@pytest.mark.parametrize("member", ["title", "assessment", "external_ids", "unknown", "revision", "included"])
async def test_deep_nesting_is_refused_at_any_depth(client: Client, member: str) -> None:
    """Near the end of the stack, too, where it has just been read but not yet been understood."""
    event = await make_event(client)
    deep = [(depth, b'{"a":', b"}") for depth in (10, 60, 300, 600, *range(850, 1000, 6))]
    for depth, opening, closing in [*deep, (100, b"[", b"]"), (950, b"[", b"]")]:
        raw = b'{"' + member.encode() + b'": ' + opening * depth + b"1" + closing * depth + b"}"
        for method in ("PUT", "PATCH"):
            headers = {**if_match(client, 1), "Content-Type": "application/json"}
            answer = await client.http.request(method, f"/v1/events/{event['id']}", content=raw, headers=headers)
            if member == "included" and method == "PATCH" and answer.status_code == 200:
                # It is no part of the event and passed over.
                continue
            assert answer.status_code in (400, 422), answer.text
    assert (await client.http.get(f"/v1/events/{event['id']}")).json()["revision"] == 1


async def test_bodies_over_the_limit(client: Client) -> None:
    before = await contents_of(client)
    raw = json.dumps(event_body(summary="x" * 20_000_000)).encode()
    headers = {**client.edit, "Content-Type": "application/json"}
    check_problem(await client.http.post("/v1/events", content=raw, headers=headers), "body-too-large")

    async def chunks() -> Any:
        for start in range(0, len(raw), 100_000):
            yield raw[start : start + 100_000]

    check_problem(await client.http.post("/v1/events", content=chunks(), headers=headers), "body-too-large")
    assert await contents_of(client) == before


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_media_types(client: Client, method: str, content_type: str | None) -> None:
    event = await make_event(client)
    path = "/v1/events" if method == "POST" else f"/v1/events/{event['id']}"
    headers = if_match(client, 1) | ({} if content_type is None else {"Content-Type": content_type})
    raw = json.dumps(event_body(title="New")).encode()
    answer = await client.http.request(method, path, content=raw, headers=headers)
    check_problem(answer, "unsupported-media-type", places={"Content-Type"})
    if method != "PATCH":
        answer = await client.http.request(method, path, content=raw, headers=headers | MERGE_PATCH)
        check_problem(answer, "unsupported-media-type", places={"Content-Type"})
    assert (await client.http.get(f"/v1/events/{event['id']}")).json()["revision"] == 1


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("actr=russia", {"actr"}),
        ("actor=", {"actor"}),
        ("actor=Rusia&actor_all=Korea", {"actor", "actor_all"}),
        ("limit=0", {"limit"}),
        ("limit=1001", {"limit"}),
        ("limit=1e2", {"limit"}),
        ("limit=" + "9" * 30, {"limit"}),
        ("limit=" + "9" * 5000, {"limit"}),
        ("limit=1&limit=2", {"limit"}),
        ("sort=relevance", {"sort"}),
        ("state=deleted", {"state"}),
        ("date_from=2025&date_to=2024", {"date_to"}),
        ("date_from=2024-06-01T00:00:00", {"date_from"}),
        ("actor=a%00b", {"actor"}),
        ("tag=%ff", {"tag"}),
        ("tag=%zz", {"tag"}),
        ("%00=1", None),
        ("actor=" + "&actor=".join(f"a{number}" for number in range(21)), {"actor"}),
    ],
)
async def test_queries(client: Client, query: str, places: set[str] | None) -> None:
    check_problem(await client.http.get(f"/v1/events?{query}"), "invalid-parameters", places=places)


async def test_a_near_name_is_suggested(client: Client) -> None:
    body = check_problem(await client.http.get("/v1/events?actor=nroth-korea&date_form=2024"), "invalid-parameters")
    assert fault_at(body, "date_form")["suggestion"] == "date_from"
    body = check_problem(await client.http.get("/v1/events?actor=nroth-korea"), "invalid-parameters")
    assert fault_at(body, "actor")["suggestion"] == "north-korea"


async def test_cursors_belong_to_their_query(client: Client) -> None:
    for number in range(3):
        await make_event(client, date=f"2024-0{number + 1}", kind="talks")
    cursors = {}
    for query in ("events?limit=1", "events?limit=1&kind=talks", "events?limit=1&sort=-date", "actors?limit=1"):
        cursors[query] = (await client.http.get(f"/v1/{query}")).json()["next"]
    for query in cursors:
        for other, cursor in cursors.items():
            answer = await client.http.get(f"/v1/{query}&cursor={cursor}")
            if query == other:
                assert answer.status_code == 200
            else:
                check_problem(answer, "invalid-cursor", places={"cursor"})
        spoiled = ("A" if cursors[query][0] != "A" else "B") + cursors[query][1:]
        for damaged in (cursors[query][:-1], cursors[query] + "A", spoiled, "AAAA", "_"):
            check_problem(await client.http.get(f"/v1/{query}&cursor={damaged}"), "invalid-cursor", places={"cursor"})
        for nonsense in ("%00", "é", "x" * 501, "a=b"):
            answer = await client.http.get(f"/v1/{query}&cursor={quote(nonsense, safe='%')}")
            check_problem(answer, "invalid-parameters", places={"cursor"})


async def test_a_limit_may_change_from_page_to_page(client: Client) -> None:
    for number in range(3):
        await make_event(client, date=f"2024-0{number + 1}")
    following = (await client.http.get("/v1/events?limit=1")).json()["next"]
    rest = (await client.http.get(f"/v1/events?limit=9&cursor={following}")).json()
    assert [item["date"] for item in rest["items"]] == ["2024-02", "2024-03"]
    assert rest["next"] is None


#: JSON as anybody might send it, now and then with members that mean something here.
NAMES = st.sampled_from([*FULL, "change", "revision", "source", "reason", "name", "measure"]) | st.text(max_size=4)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
    | st.sampled_from(["2024-06", "russia", "Korea", "draft", "published", NOBODY, NIL, "treaty", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
MUTATIONS = st.dictionaries(st.sampled_from([pointer for pointer, _ in _texts(FULL)]), VALUES, max_size=3)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)


TARGETS = [
    *("POST /v1/events", "PUT one", "PATCH one", "POST one/retract", "POST one/restore"),
    *("POST /v1/actors", "POST /v1/sources", "PUT /v1/actors/russia", "PATCH /v1/actors/russia"),
]


@pytest.mark.model
@settings(max_examples=examples(50), suppress_health_check=list(HealthCheck))
@given(
    target=st.sampled_from(TARGETS),
    mutations=MUTATIONS,
    members=OBJECTS,
    whole=st.booleans(),
)
async def test_any_body_is_answered(
    client: Client, target: str, mutations: dict[str, Any], members: dict[str, Any], whole: bool
) -> None:
    event = await make_event(client, citations=[{"source": {"title": "One"}}])
    method, path = target.replace("one", f"/v1/events/{event['id']}").split()
    body = members
    if whole:
        for pointer, value in mutations.items():
            try:
                members = _with({**FULL, **members}, pointer, value)
            except (KeyError, IndexError, TypeError, ValueError):
                # The other mutations have taken its place away.
                continue
        body = members
    before = await contents_of(client)
    revision = 1 if method != "POST" or "one" in target else None
    answer = await send(client, method, path, body, revision)
    if answer.status_code == 412:
        # An actor that an earlier example has changed.
        return
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        check_problem(answer, answer.json()["type"].removeprefix("/problems#"))
        assert await contents_of(client) == before


QUERY_NAMES = st.sampled_from(EventQuery.__struct_fields__) | st.text(max_size=5)
QUERY_VALUES = (
    st.text(max_size=10)
    | st.binary(max_size=6).map(lambda raw: raw.decode("latin-1"))
    | st.sampled_from(["2024", "2024/..", "within", "russia", "draft", "published", "low", "-date", "5", "null", "NaN"])
)


@pytest.mark.model
@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(["/v1/events", "/v1/actors", "/v1/sources", f"/v1/events/{NOBODY}"]),
    pairs=st.lists(st.tuples(QUERY_NAMES, QUERY_VALUES), max_size=4),
    raw=st.none() | st.binary(max_size=30),
)
async def test_any_query_is_answered(
    client: Client, path: str, pairs: list[tuple[str, str]], raw: bytes | None
) -> None:
    query = "&".join(f"{quote(n, errors='ignore')}={quote(v, errors='ignore')}" for n, v in pairs)
    if raw is not None:
        query = "".join(chr(byte) if 32 < byte < 127 and byte not in b"#<>" else f"%{byte:02x}" for byte in raw)
    answer = await client.http.get(f"{path}?{query}", headers=client.edit)
    assert answer.status_code in (200, 400, 404), answer.text
    if answer.status_code >= 400:
        check_problem(answer, answer.json()["type"].removeprefix("/problems#"))


@pytest.mark.parametrize("path", ["/v1/events/{}", "/v1/actors/{}", "/v1/sources/{}"])
@pytest.mark.parametrize("name", ["%00", "x" * 5000, "..", "%ff", "%2e%2e", "a%2fb", "😀", NOBODY + "x", "{", "'; --"])
async def test_ids_that_can_be_none(client: Client, path: str, name: str) -> None:
    for method in ("GET", "PUT", "PATCH"):
        body = None if method == "GET" else {}
        answer = await client.http.request(method, path.format(name), headers=if_match(client, 1), json=body)
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_addresses_that_are_none_are_no_fault_of_ours(client: Client) -> None:
    """Some pass for addresses until their host is taken apart."""
    for url in ("http://[foo", "http://[::1]x/", "http://exa\u2100mple.com/", "http://a.example:99999/", "http:///x"):
        one = await make_event(client, citations=[{"source": {"title": "S", "url": url}}])
        two = await make_event(client, citations=[{"source": {"title": "S", "url": url}}])
        assert one["citations"][0]["source"] == two["citations"][0]["source"]
    await check_whole(client)


async def test_nil_is_an_id_like_any_other(client: Client) -> None:
    """Also at the beginning of every list."""
    await make(client, "/v1/sources", {"id": NIL, "title": "Nil"})
    event = await make_event(client, id=NIL, citations=[{"source": NIL}])
    assert event["id"] == NIL
    greatest = "ffffffff-ffff-ffff-ffff-ffffffffffff"
    await make(client, "/v1/sources", {"id": greatest, "title": "Greatest"})
    await make_event(client, id=greatest, citations=[{"source": greatest}])
    for kind in ("events", "sources"):
        seen, address = [], f"/v1/{kind}?limit=1"
        while address:
            page = (await client.http.get(address)).json()
            seen += [item["id"] for item in page["items"]]
            address = page["next"] and f"/v1/{kind}?limit=1&cursor={page['next']}"
        assert seen == [NIL, greatest]
    await check_whole(client)
