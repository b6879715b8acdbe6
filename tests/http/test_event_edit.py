"""Replacing and patching events, retracting, restoring and discarding them."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.store import events
from tests.conftest import Client
from tests.schema.edtf.strategies import edtf_texts
from tests.tiers import examples
from tests.writing import (
    FULL,
    MERGE_PATCH,
    NOBODY,
    SOURCE,
    check_problem,
    check_whole,
    event_body,
    fault_at,
    if_match,
    make,
    make_actors,
    make_event,
    read,
    send,
    send_ok,
)

READ_ONLY = {
    "when": {},
    "evidence": {"supporting": 9, "disputing": 0, "origins": 0},
    "retraction": "no",
    "revision": 7,
    "sequence": 1,
    "created_at": "2000-01-01T00:00:00Z",
    "updated_at": None,
    "published_at": "x",
    "id": NOBODY,
}


def path_of(event: dict[str, Any]) -> str:
    return f"/v1/events/{event['id']}"


async def test_put_replaces_everything(client: Client) -> None:
    await make_actors(client)
    event = await make(client, "/v1/events", FULL)
    answer = await send(client, "PUT", path_of(event), event_body(), revision=1)
    assert answer.status_code == 200
    replaced = answer.json()
    assert answer.headers["etag"].startswith('"2-')
    assert (replaced["revision"], replaced["id"]) == (2, event["id"])
    for name in ("summary", "assessment"):
        assert replaced[name] is None
    for name in ("actors", "places", "tags", "relations"):
        assert replaced[name] == []
    assert (replaced["external_ids"], replaced["occurrence"]) == ({}, "occurred")
    assert replaced["evidence"] == {"supporting": 1, "disputing": 0, "origins": 1}
    assert replaced["created_at"] == event["created_at"] == replaced["published_at"]
    assert replaced["updated_at"] > event["updated_at"]
    assert replaced["sequence"] > event["sequence"]
    assert await read(client, path_of(event)) == replaced
    await check_whole(client)


@pytest.mark.parametrize("headers", [{}, MERGE_PATCH, {"Content-Type": "application/json"}])
async def test_patch_changes_what_it_names(client: Client, headers: dict[str, str]) -> None:
    await make_actors(client)
    event = await make(client, "/v1/events", FULL)
    patch = b"""{"title": "New", "summary": null, "occurrence": null, "assessment": {"likelihood": null,
        "rationale": "Why."}, "external_ids": {"wikidata": null, "new": "1", "absent": null}, "tags": ["c"]}"""
    answer = await client.http.patch(
        path_of(event),
        content=patch,
        headers={**if_match(client, 1), "Content-Type": "application/merge-patch+json", **headers},
    )
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["title"] == "New"
    assert changed["summary"] is None
    assert changed["occurrence"] == "occurred", "null takes a member away, and its default holds"
    assert changed["assessment"] == {"confidence": "moderate", "likelihood": None, "rationale": "Why."}
    assert changed["external_ids"] == {"acled": "XY 1", "new": "1"}
    assert changed["tags"] == ["c"], "lists are replaced"
    for name in ("places", "actors", "citations", "date", "kind", "included"):
        assert changed[name] == event[name]
    await check_whole(client)


async def test_patch_can_start_an_object(client: Client) -> None:
    event = await make_event(client)
    patch = {"assessment": {"confidence": "low", "likelihood": None}}
    changed = await send_ok(client, "PATCH", path_of(event), patch, 1)
    assert changed["assessment"] == {"confidence": "low", "likelihood": None, "rationale": None}
    changed = await send_ok(client, "PATCH", path_of(event), {"assessment": None}, 2)
    assert changed["assessment"] is None


@pytest.mark.parametrize(
    ("patch", "places"),
    [
        ({"title": None}, {"/title"}),
        ({"citations": None}, {"/citations"}),
        ({"citations": []}, {"/citations"}),
        ({"tilte": "x"}, {"/tilte"}),
        # A null for what is no member is a slip, too.
        ({"tilte": None}, {"/tilte"}),
        ({"assessment": {"likelyhood": None}}, {"/assessment/likelyhood"}),
        ({"assessment": {"confidence": None}}, {"/assessment/confidence"}),
        ({"state": "retracted"}, {"/state"}),
        ({"state": "draft"}, {"/state"}),
        ({"change": {"type": "correction"}}, {"/change/reason"}),
        ({"change": {"type": "retraction", "reason": "x"}}, {"/change/type"}),
        ({"change": None}, {"/change"}),
        ({"change": {"why": "x"}}, {"/change/why"}),
        (
            {"change": {"type": "correction"}, "date": "2024-13", "actors": [{"id": "zz"}]},
            {"/change/reason", "/date", "/actors/0/id"},
        ),
    ],
)
async def test_patches_that_are_refused(client: Client, patch: dict[str, Any], places: set[str]) -> None:
    event = await make_event(client, assessment={"confidence": "low"})
    check_problem(await send(client, "PATCH", path_of(event), patch, 1), "invalid-body", places=places)
    assert await read(client, path_of(event)) == event


async def test_what_get_gave_can_be_put_back_and_changes_nothing(client: Client) -> None:
    await make_actors(client)
    for state in ("published", "draft"):
        given = {**FULL, "id": str(uuid4()), "state": state}
        event = await make(client, "/v1/events", given)
        got = await client.http.get(path_of(event), headers=client.edit)
        for method in ("PUT", "PATCH"):
            back = await send(client, method, path_of(event), got.json(), 1)
            assert (back.status_code, back.headers["etag"], back.content) == (200, got.headers["etag"], got.content)
    await check_whole(client)


LINES = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs"]), min_size=1, max_size=20)
SLUGS = st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,3})?", fullmatch=True)
NUMBERS = st.integers(-(2**53 - 1), 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)


def optional(**members: Any) -> Any:
    return st.fixed_dictionaries({}, optional=members)


PLACES = st.fixed_dictionaries(
    {"name": LINES},
    optional={"country": st.sampled_from(["TR", "KP"]), "precision": st.sampled_from(["city", "exact"]), "role": SLUGS},
) | st.fixed_dictionaries({"name": LINES, "latitude": st.floats(-90, 90), "longitude": st.integers(-180, 180)})
CITATIONS = st.fixed_dictionaries(
    {"source": st.fixed_dictionaries({"title": LINES}, optional={"published": edtf_texts()})},
    optional={
        "stance": st.sampled_from(["supports", "disputes", "mentions"]),
        "attribution": st.lists(LINES | st.sampled_from(["DPRK", "russia"]), max_size=3),
        "states": optional(date=edtf_texts(), place=PLACES, occurrence=st.sampled_from(["planned", "cancelled"])),
        "as_stated": LINES,
        "figures": st.lists(
            st.fixed_dictionaries({"measure": SLUGS, "value": NUMBERS}, optional={"unit": SLUGS}), max_size=2
        ),
        "locator": LINES,
        "credibility": st.integers(1, 6),
    },
)
EVENTS = st.fixed_dictionaries(
    {
        "title": LINES,
        "kind": SLUGS,
        "date": edtf_texts(),
        "citations": st.lists(
            CITATIONS,
            min_size=1,
            max_size=3,
            unique_by=lambda citation: citation["source"]["title"].casefold(),
        ),
    },
    optional={
        "summary": LINES,
        "state": st.sampled_from(["draft", "published"]),
        "occurrence": st.sampled_from(["planned", "ongoing", "occurred"]),
        "places": st.lists(PLACES, max_size=2),
        "actors": st.lists(
            st.fixed_dictionaries({"id": st.sampled_from(["DPRK", "russia", "ROK"])}, optional={"role": SLUGS}),
            max_size=2,
            unique_by=lambda actor: actor["id"],
        ),
        "assessment": st.fixed_dictionaries(
            {"confidence": st.sampled_from(["low", "high"])}, optional={"rationale": LINES}
        ),
        "tags": st.lists(LINES, max_size=3, unique=True),
        "external_ids": st.dictionaries(SLUGS, LINES, max_size=2),
    },
)


async def _put_back(client: Client, body: dict[str, Any]) -> None:
    answer = await send(client, "POST", "/v1/events", body)
    assert answer.status_code < 500
    if answer.status_code != 201:
        return
    path = path_of(answer.json())
    got = await client.http.get(path, headers=client.edit)
    assert got.content == answer.content
    back = await send(client, "PUT", path, got.json(), 1)
    assert (back.status_code, back.headers["etag"], back.content) == (200, got.headers["etag"], got.content)
    # Without what only the store sets it is the same, too; citations keep their ids.
    bare = {name: value for name, value in got.json().items() if name in body or name == "state"}
    bare["citations"] = [{n: v for n, v in citation.items() if n != "id"} for citation in bare["citations"]]
    back = await send(client, "PUT", path, bare, 1)
    assert (back.status_code, back.content) == (200, got.content), back.text


@pytest.mark.model
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(EVENTS, min_size=1, max_size=2))
async def test_any_event_can_be_put_back(client: Client, bodies: list[dict[str, Any]]) -> None:
    if (await client.http.get("/v1/actors/russia")).status_code == 404:
        await make_actors(client)
    for body in bodies:
        await _put_back(client, body)
    await check_whole(client)


async def test_a_name_that_was_nobody_stays_as_it_was_written(client: Client) -> None:
    """Somebody of that name may be added later, even two: what GET gives can still be put back."""
    event = await make_event(client, citations=[{"source": SOURCE, "attribution": ["The Wire"]}])
    for number in ("one", "two"):
        await make(client, "/v1/actors", {"id": f"wire-{number}", "name": "The Wire", "kind": "publisher"})
        got = await read(client, path_of(event))
        assert await send_ok(client, "PUT", path_of(event), got, 1) == event
    changed = await send_ok(client, "PATCH", path_of(event), {"title": "New"}, 1)
    assert changed["citations"] == event["citations"]
    # In a citation that is new, the name is looked for.
    added = [*event["citations"], {"source": SOURCE, "attribution": ["The Wire"], "locator": "2"}]
    answer = await send(client, "PATCH", path_of(event), {"citations": added}, 2)
    check_problem(answer, "invalid-body", places={"/citations/1/attribution/0"})
    restored = await send_ok(client, "POST", path_of(event) + "/restore", {"revision": 1}, 2)
    assert restored["citations"] == event["citations"]
    await check_whole(client)


async def test_read_only_members_are_named(client: Client) -> None:
    event = await make_event(client)
    for method in ("PUT", "PATCH"):
        answer = await send(client, method, path_of(event), {**event_body(), **READ_ONLY}, 1)
        body = check_problem(answer, "read-only-member", places={f"/{name}" for name in READ_ONLY})
        for name in READ_ONLY:
            assert name in body["detail"]
    answer = await send(client, "PATCH", path_of(event), {"revision": 3, "date": "x"}, 1)
    check_problem(answer, "read-only-member", places={"/revision", "/date"})
    assert await read(client, path_of(event)) == event


async def test_what_changes_nothing_makes_no_revision(client: Client) -> None:
    await make_actors(client)
    event = await make_event(client, actors=[{"id": "DPRK"}])
    for patch in (
        {},
        {"title": event["title"]},
        {"actors": [{"id": "dprk"}], "change": {"type": "correction", "reason": "None."}},
        {"citations": [{"source": SOURCE}]},
        {"summary": None, "occurrence": None},
    ):
        assert await send_ok(client, "PATCH", path_of(event), patch, 1) == event
    await check_whole(client)


async def test_citations_keep_their_ids(client: Client) -> None:
    event = await make_event(
        client, citations=[{"source": SOURCE}, {"source": SOURCE, "locator": "2"}, {"source": {"title": "Other"}}]
    )
    one, two, three = event["citations"]
    changed = await send_ok(
        client,
        "PATCH",
        path_of(event),
        {
            "citations": [
                {"source": SOURCE, "locator": "2", "quote": "New."},
                {"source": SOURCE},
                {"source": SOURCE} | {"locator": "9"},
            ]
        },
        1,
    )
    assert [citation["id"] for citation in changed["citations"][:2]] == [two["id"], one["id"]]
    assert changed["citations"][2]["id"] not in {one["id"], two["id"], three["id"]}
    # An id that is sent stays with its citation whatever else changes in it.
    moved = {**changed["citations"][0], "locator": "3"}
    again = await send_ok(
        client, "PATCH", path_of(event), {"citations": [{"source": SOURCE, "locator": "2"}, moved]}, 2
    )
    assert again["citations"][1]["id"] == two["id"] != again["citations"][0]["id"]
    twice = [{**one, "locator": "5"}, one]
    answer = await send(client, "PATCH", path_of(event), {"citations": twice}, 3)
    check_problem(answer, "invalid-body", places={"/citations/1"})
    await check_whole(client)


async def test_the_log_says_why(client: Client) -> None:
    event = await make_event(client)
    reason = {"type": "correction", "reason": "It was July."}
    await send_ok(client, "PATCH", path_of(event), {"date": "2024-07", "change": reason}, 1)
    await send_ok(client, "PATCH", path_of(event), {"title": "B", "change": {"type": "clarification"}}, 2)
    await send_ok(client, "PATCH", path_of(event), {"title": "C"}, 3)
    await send_ok(client, "POST", path_of(event) + "/retract", {"change": {"reason": "Withdrawn."}}, 4)
    await send_ok(client, "POST", path_of(event) + "/restore", {"change": {"reason": "Mistaken."}}, 5)
    async with client.store.connection() as connection:
        rows = await connection.fetch(
            "SELECT type, public_type, reason, author FROM change JOIN content USING (entity_id, sequence)"
            " WHERE entity = 'event' ORDER BY sequence"
        )
    assert [tuple(row) for row in rows] == [
        (kind, kind, why, "editor")
        for kind, why in (
            ("create", None),
            ("correction", "It was July."),
            ("clarification", None),
            ("update", None),
            ("retraction", "Withdrawn."),
            ("restore", "Mistaken."),
        )
    ]
    await check_whole(client)


REQUESTS = [
    ("PUT", "", event_body(title="New")),
    ("PATCH", "", {"title": "New"}),
    ("POST", "/retract", {"change": {"reason": "Withdrawn."}}),
    ("POST", "/restore", {"revision": 1}),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "suffix", "body"), REQUESTS)
async def test_every_write_says_which_revision_it_changes(client: Client, method: str, suffix: str, body: Any) -> None:
    event = await make_event(client, state="draft")
    await send_ok(client, "PATCH", path_of(event), {"title": "B"}, 1)
    path = path_of(event) + suffix
    check_problem(await send(client, method, path, body), "precondition-required", places={"If-Match"})
    stale = check_problem(await send(client, method, path, body, 1), "revision-mismatch")
    assert stale["current_revision"] == 2
    check_problem(await send(client, method, path, body, "3"), "revision-mismatch")
    for nonsense in ("2", '"', '"abc"', '"02"', '"-2"', '"2147483648"', "*, *", '"2" "2"', '""'):
        headers = {**client.edit, "If-Match": nonsense}
        answer = await client.http.request(method, path, headers=headers, json=body)
        check_problem(answer, "invalid-parameters", places={"If-Match"})
    absent = f"/v1/events/{NOBODY}{suffix}"
    for revision in (None, 1):
        check_problem(await send(client, method, absent, body, revision), "not-found")
    await check_whole(client)


@pytest.mark.parametrize("tag", ["*", '"1"', 'W/"1-abc"', '"7", "1-x"'])
async def test_the_revision_of_an_entity_tag_is_what_counts(client: Client, tag: str) -> None:
    event = await make_event(client)
    headers = {**client.edit, "If-Match": tag}
    assert (await client.http.patch(path_of(event), json={"title": "B"}, headers=headers)).status_code == 200


async def test_retracting_and_restoring(client: Client) -> None:
    await make_actors(client)
    event = await make_event(client, actors=[{"id": "russia"}])
    path = path_of(event)
    retracted = await send_ok(client, "POST", path + "/retract", {"change": {"reason": "Withdrawn."}}, 1)
    assert (retracted["state"], retracted["retraction"], retracted["revision"]) == ("retracted", "Withdrawn.", 2)
    assert retracted["published_at"] == event["published_at"]
    assert await read(client, path) == retracted, "it stays readable"
    assert (await read(client, "/v1/events"))["items"] == []
    assert (await read(client, "/v1/events?actor=russia"))["items"] == []
    assert len((await read(client, "/v1/events?state=retracted&actor=russia"))["items"]) == 1
    # Nothing but a restoration is open to it now.
    again = {"change": {"reason": "Again."}}
    check_problem(await send(client, "POST", path + "/retract", again, 2), "conflict")
    check_problem(await send(client, "PATCH", path, {"title": "B"}, 2), "conflict")
    check_problem(await send(client, "PUT", path, event_body(), 2), "conflict")
    check_problem(await send(client, "DELETE", path, None, 2), "conflict")
    restored = await send_ok(client, "POST", path + "/restore", {}, 2)
    assert (restored["state"], restored["retraction"], restored["revision"]) == ("published", None, 3)
    same = ("title", "citations", "actors", "evidence", "published_at", "created_at", "included")
    assert {name: restored[name] for name in same} == {name: event[name] for name in same}
    assert len((await read(client, "/v1/events?actor=russia"))["items"]) == 1
    answer = check_problem(await send(client, "POST", path + "/restore", {}, 3), "conflict")
    assert fault_at(answer, "/revision")
    await check_whole(client)


async def test_restoring_a_revision_writes_its_content_anew(client: Client) -> None:
    await make_actors(client)
    event = await make(client, "/v1/events", FULL)
    path = path_of(event)
    await send_ok(client, "PUT", path, event_body(), 1)
    restored = await send_ok(client, "POST", path + "/restore", {"revision": 1}, 2)
    changed = {"revision", "sequence", "updated_at"}
    assert {n: v for n, v in restored.items() if n not in changed} == {
        n: v for n, v in event.items() if n not in changed
    }
    assert restored["revision"] == 3
    # From a retraction straight to an earlier content.
    await send_ok(client, "POST", path + "/retract", {"change": {"reason": "Withdrawn."}}, 3)
    restored = await send_ok(client, "POST", path + "/restore", {"revision": 2}, 4)
    assert (restored["state"], restored["retraction"], restored["title"]) == ("published", None, event_body()["title"])
    for unknown in (6, 2**31 - 1):
        answer = await send(client, "POST", path + "/restore", {"revision": unknown}, 5)
        check_problem(answer, "invalid-body", places={"/revision"})
    await check_whole(client)


async def test_the_revision_of_a_retraction_can_be_restored_too(client: Client) -> None:
    event = await make_event(client)
    await send_ok(client, "POST", path_of(event) + "/retract", {"change": {"reason": "Withdrawn."}}, 1)
    restored = await send_ok(client, "POST", path_of(event) + "/restore", {"revision": 2}, 2)
    assert (restored["state"], restored["retraction"], restored["title"]) == ("published", None, event["title"])
    await check_whole(client)


@pytest.mark.parametrize(("method", "body"), [("PUT", {}), ("PATCH", {}), ("PATCH", {"state": None})])
async def test_a_draft_is_published_only_by_saying_so(client: Client, method: str, body: dict[str, Any]) -> None:
    draft = await make_event(client, state="draft")
    content = event_body(title="Another title") if method == "PUT" else {"title": "Another title", **body}
    content.pop("state", None) if method == "PUT" else None
    changed = await send_ok(client, method, path_of(draft), content, 1)
    assert (changed["state"], changed["title"], changed["revision"]) == ("draft", "Another title", 2)


async def test_a_published_event_never_goes_back_to_what_only_a_draft_may_be(client: Client) -> None:
    """Contents from its time as a draft without citations, or with relations that are gone, are refused in words."""
    other = await make_event(client, state="draft")
    relations = [{"type": "follows", "event_id": other["id"]}]
    event = await make_event(client, state="draft", citations=[], relations=relations)
    path = path_of(event)
    await send_ok(client, "PUT", path, event_body(state="published"), 1)
    assert (await send(client, "DELETE", path_of(other), None, 1)).status_code == 204
    answer = await send(client, "POST", path + "/restore", {"revision": 1}, 2)
    body = check_problem(answer, "invalid-body", places={"/revision"})
    assert len(body["errors"]) == 2, "no citation, and no such event"
    await check_whole(client)


@pytest.mark.parametrize(
    ("body", "places"),
    [
        ({}, {"/change"}),
        ({"change": {}}, {"/change/reason"}),
        ({"change": {"reason": ""}}, {"/change/reason"}),
        ({"change": {"reason": "x", "type": "update"}}, {"/change/type"}),
        ({"change": "x"}, {"/change"}),
        ({"change": {"reason": "x"}, "reason": "x"}, {"/reason"}),
    ],
)
async def test_a_retraction_needs_a_reason(client: Client, body: dict[str, Any], places: set[str]) -> None:
    event = await make_event(client)
    check_problem(await send(client, "POST", path_of(event) + "/retract", body, 1), "invalid-body", places=places)
    assert await read(client, path_of(event)) == event


@pytest.mark.parametrize("revision", [0, -1, 1.5, "1", True, 2**31, 2**70, [], {}])
async def test_a_restoration_names_a_revision_by_its_number(client: Client, revision: Any) -> None:
    event = await make_event(client)
    answer = await send(client, "POST", path_of(event) + "/restore", {"revision": revision}, 1)
    assert answer.status_code == 400
    if revision != 2**70:
        check_problem(answer, "invalid-body", places={"/revision"})
    assert await read(client, path_of(event)) == event


async def test_discarding(client: Client) -> None:
    draft = await make_event(client, state="draft")
    published = await make_event(client)
    check_problem(await send(client, "DELETE", path_of(published), None, 1), "conflict")
    retract = {"change": {"reason": "x"}}
    check_problem(await send(client, "POST", path_of(draft) + "/retract", retract, 1), "conflict")
    naming = await make_event(client, state="draft", relations=[{"type": "follows", "event_id": draft["id"]}])
    check_problem(await send(client, "DELETE", path_of(draft), None, 1), "conflict")
    await send_ok(client, "PATCH", path_of(naming), {"relations": []}, 1)
    answer = await send(client, "DELETE", path_of(draft), None, 1)
    assert (answer.status_code, answer.content) == (204, b"")
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {})):
        check_problem(await send(client, method, path_of(draft), body, 1), "not-found")
    assert len((await read(client, "/v1/events?state=draft", edit=True))["items"]) == 1
    await check_whole(client)


async def test_relations(client: Client) -> None:
    one, two = await make_event(client), await make_event(client)
    follows = {"type": "follows", "event_id": one["id"]}
    changed = await send_ok(client, "PATCH", path_of(two), {"relations": [follows]}, 1)
    assert changed["relations"] == [follows]
    for relations, place in (
        ([follows, follows], "/relations/1"),
        ([{"type": "follows", "event_id": two["id"]}], "/relations/0/event_id"),
        ([{"type": "follows", "event_id": NOBODY}], "/relations/0/event_id"),
        ([{"type": "folows", "event_id": one["id"]}], "/relations/0/type"),
    ):
        answer = await send(client, "PATCH", path_of(two), {"relations": relations}, 2)
        check_problem(answer, "invalid-body", places={place})
    draft = await make_event(client, state="draft", relations=[follows])
    pointing = {"relations": [{"type": "confirms", "event_id": draft["id"]}]}
    check_problem(
        await send(client, "PATCH", path_of(two), pointing, 2), "invalid-body", places={"/relations/0/event_id"}
    )
    await send_ok(client, "PATCH", path_of(draft), {"state": "published"}, 1)
    await send_ok(client, "PATCH", path_of(two), pointing, 2)
    await check_whole(client)


async def test_an_answer_is_what_was_written_even_if_somebody_writes_right_after(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a writer would take the other's revision for its own and later overwrite what it has never seen."""
    event = await make_event(client)
    path, whole = path_of(event), events.writing

    class Interrupted:
        """Another write comes in between the end of this one and its answer."""

        def __init__(self, *arguments: Any) -> None:
            self.inner = whole(*arguments)

        async def __aenter__(self) -> Any:
            return await self.inner.__aenter__()

        async def __aexit__(self, *arguments: Any) -> Any:
            result = await self.inner.__aexit__(*arguments)
            monkeypatch.setattr(events, "writing", whole)
            await send_ok(client, "PATCH", path, {"title": "Theirs"}, 2)
            return result

    monkeypatch.setattr(events, "writing", Interrupted)
    mine = await send(client, "PATCH", path, {"title": "Mine"}, 1)
    assert (mine.json()["title"], mine.json()["revision"]) == ("Mine", 2)
    assert mine.headers["etag"].startswith('"2-')
    answer = await client.http.patch(
        path, json={"summary": "S"}, headers={**client.edit, "If-Match": mine.headers["etag"]}
    )
    check_problem(answer, "revision-mismatch")
    assert (await read(client, path))["title"] == "Theirs"
