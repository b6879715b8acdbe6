"""Merge patches by the letter, and what a body may say of members that only the store sets."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from schema.actor import Actor
from schema.change import Change
from schema.chronology import Chronology
from schema.editing import INSTANTS, edit_of, merge_patch
from schema.event import Event, EventIn
from schema.source import Source
from schema.vocabulary import EditType

CURRENT: dict[str, Any] = {
    "id": "0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b",
    "title": "T",
    "summary": None,
    "kind": "talks",
    "date": "2024",
    "assessment": {"confidence": "low", "likelihood": None, "rationale": None},
    "external_ids": {"wikidata": "Q1"},
    "tags": ["a"],
    "when": {"earliest": "2024-01-01"},
    "revision": 3,
    "created_at": "2024-01-01T00:00:00.000000Z",
}
WRITABLE = {name: value for name, value in CURRENT.items() if name not in ("when", "revision", "created_at")}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_of_the_standard(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


JSON = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_a_patch_without_nulls_stays_when_applied_again(target: Any, patch: Any) -> None:
    before = repr(target)
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once
    assert repr(target) == before, "what is patched is not written to"
    assert merge_patch(None, patch) == patch


def test_a_patch_of_any_depth_ends() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = {"a": deep}
    assert merge_patch({"a": {"a": 1}}, deep)["a"]["a"]["a"]


def edit(body: dict[str, Any], *, patch: bool = True) -> Any:
    return edit_of(CURRENT, body, EventIn, patch=patch)


def test_an_empty_patch_is_the_current_content() -> None:
    assert edit({}) == (WRITABLE, Change(), [], [])


def test_a_replacement_is_what_was_sent_and_the_id() -> None:
    body = {"title": "New", "unknown": 1, "included": {}, "revision": 3}
    assert edit(body, patch=False).content == {"title": "New", "unknown": 1, "id": CURRENT["id"]}


@pytest.mark.parametrize(
    "sent",
    [
        "2024-01-01T00:00:00+00:00",
        "2024-01-01T00:00:00Z",
        "2024-01-01t00:00:00.000z",
        "2024-01-01T01:00:00+01:00",
        "2024-01-01T00:00:00.000999999Z",
    ],
)
def test_an_instant_can_be_sent_back_in_other_words(sent: str) -> None:
    """As clients with a type for instants write it, some of which keep milliseconds and no more."""
    assert edit({"created_at": sent}).flaws == []


@pytest.mark.parametrize(
    "sent", ["2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00.002Z", "2024-01-01", "2024-01-01T00:00:00", "", None, 0]
)
def test_another_instant_is_refused(sent: Any) -> None:
    [flaw] = edit({"created_at": sent}).read_only
    assert flaw.pointer == "/created_at"


def test_dates_are_compared_letter_for_letter() -> None:
    """Days that follow from a date are no instants, whatever they look like."""
    current = {**CURRENT, "when": "2024-01-01T00:00:00Z"}
    assert edit_of(current, {"when": "2024-01-01T00:00:00+00:00"}, EventIn, patch=True).read_only


@pytest.mark.parametrize("kind", [Event, Actor, Source, Chronology])
def test_all_times_that_the_store_records_are_instants(kind: type[Struct]) -> None:
    properties = msgspec.json.schema_components([kind], schema_hook=lambda _: {"type": "string"})[1][kind.__name__][
        "properties"
    ]
    times = {
        name
        for name, member in properties.items()
        if any(choice.get("format") == "date-time" for choice in (member, *member.get("anyOf", [])))
    }
    assert {"created_at", "updated_at"} <= times <= set(INSTANTS)


@pytest.mark.parametrize("patch", [True, False])
def test_the_whole_document_can_be_sent_back(patch: bool) -> None:
    result = edit({**CURRENT, "included": {"actors": {}}}, patch=patch)
    # A patch takes away what is null; it is null again when it is read.
    given = {"summary": None, "assessment": CURRENT["assessment"]}
    assert {**result.content, **given} == WRITABLE
    assert (result.flaws, result.read_only) == ([], [])


@pytest.mark.parametrize("patch", [True, False])
def test_other_values_of_read_only_members_are_named(patch: bool) -> None:
    result = edit({"revision": 4, "when": {}, "created_at": None, "id": "x", "title": "New"}, patch=patch)
    assert {flaw.pointer for flaw in result.read_only} == {"/revision", "/when", "/created_at", "/id"}
    assert result.flaws == result.read_only
    assert result.content["id"] == CURRENT["id"]


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ({"title": None}, {}),
        ({"external_ids": {"wikidata": None, "absent": None}}, {"external_ids": {}}),
        ({"external_ids": None}, {}),
        ({"assessment": {"likelihood": None}}, {"assessment": {"confidence": "low", "rationale": None}}),
        # Nulls for what is no member are kept for the reading to refuse.
        ({"unknown": None}, {"unknown": None}),
        ({"assessment": {"unknown": None}}, {"assessment": {**CURRENT["assessment"], "unknown": None}}),
        ({"title": {"T": None}}, {"title": {"T": None}}),
        ({"tags": {"a": None}}, {"tags": {"a": None}}),
    ],
)
def test_nulls_of_a_patch(patch: dict[str, Any], changed: dict[str, Any]) -> None:
    rest = {name: value for name, value in WRITABLE.items() if name not in patch}
    assert edit(patch).content == {**rest, **changed}


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"type": "correction"}, ["/change/reason"]),
        ({"type": "correction", "reason": "Why."}, []),
        ({"type": "clarification"}, []),
        ({"type": "create"}, ["/change/type"]),
        ({"reason": "\0"}, ["/change/reason"]),
        (None, ["/change"]),
        ([], ["/change"]),
    ],
)
def test_why_a_record_is_changed(change: Any, pointers: list[str]) -> None:
    result = edit({"change": change})
    assert [flaw.pointer for flaw in result.flaws] == pointers
    assert result.read_only == []
    assert "change" not in result.content


def test_without_a_word_a_change_is_an_update() -> None:
    assert edit({}).change == Change(type=EditType.UPDATE, reason=None)
