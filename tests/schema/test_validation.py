"""Reading untrusted input: every flaw at once, in its place, and none that a stand-in value caused."""

from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from schema.actor import ActorIn
from schema.change import Change, RestorationIn, RetractionIn
from schema.event import EventIn
from schema.source import SourceIn
from schema.validation import Flaw, MalformedError, child, merge, nearest, parse_json, read
from schema.wire import to_builtins

CITATION = {"source": "0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b"}
EVENT = {"title": "A treaty is signed", "kind": "treaty", "date": "2024-06", "citations": [CITATION]}
OTHER = "0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6c"
READ_TYPES: list[type[Struct]] = [EventIn, ActorIn, SourceIn, Change, RestorationIn, RetractionIn]


def pointers(value: Any, kind: type[Struct] = EventIn) -> list[str]:
    return [flaw.pointer for flaw in read(value, kind).flaws]


def test_a_good_value_is_read_as_it_is() -> None:
    reading = read(EVENT, EventIn)
    assert reading.flaws == []
    assert reading.value.citations[0].source == UUID(CITATION["source"])
    assert to_builtins(reading.value)["date"] == "2024-06"


def test_all_flaws_of_a_body_are_told_at_once() -> None:
    body = {
        "titel": "x",
        "kind": "Not A Slug",
        "date": "2024-13",
        "occurrence": "ocurred",
        "places": [{"name": "Istanbul", "latitude": 91, "longitude": 1}, {"name": "Kyiv", "latitude": 50}],
        "actors": "russia",
        "citations": [
            {"source": "not-an-id", "credibility": 7},
            {"source": {"title": " ", "publised": "2024"}, "figures": [{"measure": "killed"}]},
        ],
        "assessment": {},
        "tags": ["a", "a", 3],
        "external_ids": {"Wiki Data": "Q1", "wikidata": ""},
    }
    assert sorted(pointers(body)) == sorted(
        [
            "/titel",
            "/title",
            "/kind",
            "/date",
            "/occurrence",
            "/places/0/latitude",
            "/places/1/longitude",
            "/actors",
            "/citations/0/source",
            "/citations/0/credibility",
            "/citations/1/source/title",
            "/citations/1/source/publised",
            "/citations/1/figures/0",
            "/assessment/confidence",
            "/tags/2",
            "/tags/1",
            "/external_ids/Wiki Data",
            "/external_ids/wikidata",
        ]
    )


def test_flaws_come_in_the_order_of_the_body_each_time() -> None:
    body = {f"unknown_{number}": 1 for number in range(20)}
    assert pointers(body)[:20] == [f"/unknown_{number}" for number in range(20)]


@pytest.mark.parametrize(
    ("body", "pointer", "suggestion"),
    [
        ({**EVENT, "sumary": "x"}, "/sumary", "summary"),
        ({**EVENT, "occurrence": "ocurred"}, "/occurrence", "occurred"),
        ({**EVENT, "kind": "A b"}, "/kind", "lower-case letters, digits and single hyphens, like north-korea"),
        ({**EVENT, "occurrence": 3}, "/occurrence", "one of planned, ongoing, occurred, postponed, cancelled"),
    ],
)
def test_suggestions_say_what_would_be_right(body: Any, pointer: str, suggestion: str) -> None:
    [flaw] = read(body, EventIn).flaws
    assert (flaw.pointer, flaw.suggestion) == (pointer, suggestion)


def test_details_are_sentences() -> None:
    for flaw in read({"date": "2024-13", "kind": 1, "places": [1], "state": []}, EventIn).flaws:
        assert flaw.detail[0].upper() == flaw.detail[0] or flaw.detail == f"{flaw.pointer[1:]} is required."
        assert flaw.detail.endswith(".")


def test_a_pointer_escapes_tilde_and_slash() -> None:
    assert child("/a", "b/c~d") == "/a/b~1c~0d"
    assert pointers({**EVENT, "a/b~c": 1}) == ["/a~1b~0c"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"state": 3}, ["/state"], id="a state that cannot be read asks for no citation"),
        pytest.param({"citations": [3]}, ["/citations/0"], id="a citation that is none still counts"),
        pytest.param({"citations": "x"}, ["/citations"], id="nor does a list that is none"),
        pytest.param({"tags": ["", ""]}, ["/tags/0", "/tags/1"], id="two empty tags are not the same tag"),
        pytest.param({"actors": [{"id": ""}, {"id": ""}]}, ["/actors/0/id", "/actors/1/id"], id="nor two actors"),
        pytest.param(
            {"relations": [{"type": "acknowleges", "event_id": OTHER}, {"type": "acknowledges", "event_id": OTHER}]},
            ["/relations/0/type"],
            id="a relation of unknown type repeats no other",
        ),
        pytest.param(
            {"relations": [{"type": "acknowledges", "event_id": OTHER}, {"type": "acknowleges", "event_id": OTHER}]},
            ["/relations/1/type"],
            id="nor the other way round",
        ),
        pytest.param(
            {"citations": [{**CITATION, "figures": [{"measure": "killed", "value": "many"}]}]},
            ["/citations/0/figures/0/value"],
            id="a value that is no number is a value",
        ),
        pytest.param(
            {"citations": [{**CITATION, "figures": [{"measure": "killed", "low": 5, "high": "x"}]}]},
            ["/citations/0/figures/0/high"],
            id="half a range with a broken end",
        ),
        pytest.param(
            {"places": [{"name": "Kyiv", "latitude": "north", "longitude": 30}]},
            ["/places/0/latitude"],
            id="a latitude that is no number is a latitude",
        ),
        pytest.param({"id": "x"}, ["/id"], id="an id that is none"),
    ],
)
def test_what_stands_in_for_a_faulty_value_has_no_flaws_of_its_own(change: Any, expected: list[str]) -> None:
    assert pointers({**EVENT, **change}) == expected


@pytest.mark.parametrize("value", [None, [], "text", 3, True, 1.5])
def test_what_is_no_object_has_one_flaw(value: Any) -> None:
    assert pointers(value) == [""]


def test_rules_between_members_are_told_beside_flaws_elsewhere_in_the_entry() -> None:
    figure = {"measure": "killed", "low": 9, "high": 5}
    assert pointers({**EVENT, "citations": [{**CITATION, "locator": 3, "figures": [figure]}]}) == [
        "/citations/0/locator",
        "/citations/0/figures/0/low",
    ]


def test_a_list_and_an_object_are_bounded() -> None:
    many = {f"key-{number}": "x" for number in range(51)}
    assert pointers({**EVENT, "tags": [str(number) for number in range(101)], "external_ids": many}) == [
        "/tags",
        "/external_ids",
    ]


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**64, 10**400, -(10**30)])
def test_whole_numbers_beyond_exactness_are_flaws(number: int) -> None:
    figure = {"measure": "killed", "value": number}
    assert pointers({**EVENT, "citations": [{**CITATION, "figures": [figure]}]}) == ["/citations/0/figures/0/value"]


class Parameters(Struct, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=1, le=9)] = 1
    numbers: list[int] = []
    flag: bool = False
    share: Annotated[float, Meta(ge=0, le=1)] | None = None


def test_texts_are_read_as_numbers_where_that_is_asked_for() -> None:
    texts = {"number": "3", "numbers": ["1", "2"], "flag": "true", "share": "0.5"}
    assert read(texts, Parameters, strict=False) == (Parameters(3, [1, 2], True, 0.5), [])
    wrong = {"number": "10", "numbers": ["1", "x"], "flag": "perhaps", "share": "2"}
    assert pointers(texts, Parameters) == ["/number", "/numbers/0", "/numbers/1", "/flag", "/share"]
    assert [flaw.pointer for flaw in read(wrong, Parameters, strict=False).flaws] == [
        "/number",
        "/numbers/1",
        "/flag",
        "/share",
    ]


def test_merging_keeps_one_flaw_a_place() -> None:
    first = [Flaw("/a/b", "first")]
    more = [Flaw(pointer, "more") for pointer in ("", "/a", "/a/b", "/a/b/c", "/a/c", "/ab")]
    assert [flaw.pointer for flaw in merge(first, more)] == ["/a/b", "/a/c", "/ab"]
    assert merge([], more) == more
    assert merge([Flaw("", "whole")], more) == [Flaw("", "whole")]


def test_the_nearest_name_is_near() -> None:
    assert nearest("titel", ["title", "tags"]) == "title"
    assert nearest("completely-different", ["title", "tags"]) is None


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"\xff", b'"\\ud800"', b'"\\udc00"', b"NaN", b"1e999", b"'a'"],
)
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_json(raw)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def _near(value: Any) -> st.SearchStrategy[Any]:
    """Values like a given one, with anything at all in some places."""
    if isinstance(value, dict):
        return st.fixed_dictionaries({}, optional={name: _near(inner) for name, inner in value.items()}) | JSON_VALUES
    if isinstance(value, list):
        return st.lists(st.one_of([_near(inner) for inner in value] or [JSON_VALUES]), max_size=3) | JSON_VALUES
    return st.just(value) | JSON_VALUES


FULL_EVENT = {
    **EVENT,
    "id": OTHER,
    "state": "draft",
    "places": [{"name": "Kyiv", "latitude": 50, "longitude": 30, "precision": "city"}],
    "actors": [{"id": "russia", "role": "party"}],
    "citations": [
        {**CITATION, "figures": [{"measure": "killed", "value": 3, "date": "2024"}], "states": {"date": "2024"}},
        {"source": {"title": "T", "url": "http://a.example/"}, "attribution": ["tass"], "credibility": 2},
    ],
    "assessment": {"confidence": "high"},
    "relations": [{"type": "follows", "event_id": CITATION["source"]}],
    "tags": ["a"],
    "external_ids": {"wikidata": "Q1"},
    "change": {"type": "correction", "reason": "why"},
    "name": "N",
    "aliases": ["M"],
    "names": [{"name": "N", "language": "ko", "date": "1948/.."}],
    "member_of": [{"actor": "m", "date": "1948/"}],
}


@settings(max_examples=300)
@given(value=_near(FULL_EVENT), kind=st.sampled_from(READ_TYPES), strict=st.booleans())
def test_no_json_value_of_any_shape_raises(value: Any, kind: type[Struct], strict: bool) -> None:
    reading = read(value, kind, strict=strict)
    assert isinstance(reading.value, kind)
    for flaw in reading.flaws:
        assert flaw.pointer == "" or flaw.pointer.startswith("/")
        assert flaw.detail
