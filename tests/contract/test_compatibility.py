"""`/v1` stays: nothing in the contract breaks clients of the last one that was released."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.contract.compatibility import GROWING, Json, Way, breaks, schema_breaks
from tests.contract.test_quality import schemas
from tests.tiers import examples

CONTRACT: Json = yaml.safe_load((Path(__file__).parents[2] / "openapi.yaml").read_text(encoding="utf-8"))
#: The contract of the last release, see CONTRIBUTING.md.
RELEASED: Json = yaml.safe_load(Path(__file__).with_name("released.yaml").read_text(encoding="utf-8"))

SCHEMAS = "components/schemas"
EVENTS = "paths/~v1~events/get"
FEED: dict[str, str] = CONTRACT["components"]["schemas"]["FeedItem"]["discriminator"]["mapping"]


def test_nothing_breaks_clients_of_the_released_contract() -> None:
    assert breaks(RELEASED, CONTRACT) == []


def test_what_may_grow_is_what_the_documentation_says() -> None:
    promise = (Path(__file__).parents[2] / "docs" / "stability.md").read_text(encoding="utf-8")
    said = re.search(r"Those of ([^.]*?) also\s+stand in answers", promise)
    assert said is not None
    assert set(re.findall(r"`(\w+)`", said[1])) == GROWING <= CONTRACT["components"]["schemas"].keys()


def test_what_is_the_same_breaks_nothing() -> None:
    assert breaks(CONTRACT, deepcopy(CONTRACT)) == []


def at(document: Json, place: str) -> Any:
    found: Any = document
    for step in place.split("/"):
        found = found[int(step) if isinstance(found, list) else step.replace("~", "/")]
    return found


def put(place: str, value: Any) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        parent, _, name = place.rpartition("/")
        at(document, parent)[name.replace("~", "/")] = deepcopy(value)

    return change


def take(place: str) -> Callable[[Json], None]:
    def change(document: Json) -> None:
        parent, _, name = place.rpartition("/")
        owner = at(document, parent)
        if isinstance(owner, list):
            owner.remove(name)
        else:
            del owner[name.replace("~", "/")]

    return change


def rename(name: str, other: str) -> Callable[[Json], None]:
    """Give a path or a type another name wherever it stands."""

    def change(document: Json) -> None:
        renamed = json.loads(json.dumps(document).replace(f'"{name}"', f'"{other}"').replace(f'/{name}"', f'/{other}"'))
        document.update(renamed)

    return change


def parameter(name: str, **members: Any) -> Callable[[Json], None]:
    """Change a filter of events or, with ``gone``, take it away; one that is not there is added."""

    def change(document: Json) -> None:
        parameters = at(document, EVENTS)["parameters"]
        found = [one for one in parameters if one["name"] == name]
        if members.pop("gone", False):
            parameters.remove(found[0])
        elif found:
            found[0]["schema"] |= members
        else:
            parameters.append({"name": name, "in": "query", "schema": {"type": "string"}, **members})

    return change


BREAKING: dict[str, tuple[Callable[[Json], None], str]] = {
    "an operation goes": (take("paths/~v1~changes~head"), "getHead: there is no such operation"),
    "an operation is renamed": (put(f"{EVENTS}/operationId", "findEvents"), "listEvents: there is no such operation"),
    "an operation moves": (rename("/v1/changes/head", "/v1/head"), "getHead: it is at GET /v1/head"),
    "an operation gets another tag": (put(f"{EVENTS}/tags", ["changes"]), "listEvents: its tags were"),
    "reading needs a token": (
        put(f"{EVENTS}/security", [{"bearerAuth": []}]),
        "listEvents: it needs a token now",
    ),
    "writing needs another scope": (
        put("paths/~v1~events/post/x-scope", "admin"),
        "createEvent: its token needs the scope admin now",
    ),
    "a parameter goes": (parameter("bbox", gone=True), "listEvents: the parameter bbox is gone"),
    "a parameter is needed": (parameter("desk", required=True), "listEvents: the parameter desk is required now"),
    "a parameter takes less": (parameter("limit", maximum=500), "the parameter limit: maximum was 1000 and is 500"),
    "a parameter takes another form": (parameter("bbox", pattern="^x$"), "the parameter bbox: the pattern was"),
    "an enumerated parameter means something else left out": (
        put(f"{EVENTS}/parameters/2/x-default", "within"),
        "the parameter date_match: left out, it meant 'overlaps' and means 'within'",
    ),
    "tokens are sent otherwise": (
        put("components/securitySchemes/bearerAuth/scheme", "basic"),
        "bearerAuth: tokens are sent in another way",
    ),
    "a parameter means something else left out": (parameter("limit", default=20), "left out, it meant 50 and means 20"),
    "a sort goes": (take(f"{SCHEMAS}/Sort/enum/-date"), "Sort: no longer takes '-date'"),
    "a body needs a member": (
        put(f"{SCHEMAS}/EventIn/required", ["title", "kind", "date", "summary"]),
        "EventIn.summary: it is required now",
    ),
    "a body does not know a member": (take(f"{SCHEMAS}/EventIn/properties/tags"), "EventIn.tags: it is gone"),
    "a body takes less": (put(f"{SCHEMAS}/EventIn/properties/tags/maxItems", 5), "maxItems was 100 and is 5"),
    "a body cannot be null": (
        put(f"{SCHEMAS}/EventIn/properties/summary", {"type": "string"}),
        "EventIn.summary: it was null and is string",
    ),
    "a body means something else": (
        put(f"{SCHEMAS}/EventIn/properties/occurrence/default", "planned"),
        "EventIn.occurrence: left out, it meant 'occurred' and means 'planned'",
    ),
    "a media type is no longer taken": (
        take("paths/~v1~events~batch/post/requestBody/content/application~x-ndjson"),
        "writeEvents: the body as application/x-ndjson is gone",
    ),
    "an answer lacks a member": (take(f"{SCHEMAS}/Event/properties/when"), "Event.when: it is gone"),
    "an answer may lack a member": (take(f"{SCHEMAS}/Event/required/summary"), "Event.summary: it can be missing now"),
    "an answer has another type": (
        put(f"{SCHEMAS}/Event/properties/revision/type", "string"),
        "Event.revision: it was integer and is string",
    ),
    "an answer has more values": (
        put(f"{SCHEMAS}/State/enum", ["draft", "published", "retracted", "held"]),
        "State: can now be 'held'",
    ),
    "an answer can be null": (
        put(f"{SCHEMAS}/Event/properties/title", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "Event.title: it was string and is null",
    ),
    "a date becomes a machine date": (
        put(f"{SCHEMAS}/Event/properties/date", {"type": "string", "format": "date"}),
        "Event.date: the pattern was",
    ),
    "the feed has another kind of record": (
        put(f"{SCHEMAS}/FeedItem/oneOf", [{"$ref": f"#/{SCHEMAS}/{name}"} for name in ("EventChange", "Problem")]),
        "FeedItem: Problem is new there",
    ),
    "nothing tells the kinds of record apart": (
        take(f"{SCHEMAS}/FeedItem/discriminator"),
        "FeedItem: entity told its members apart and nothing is now",
    ),
    "something else tells the kinds of record apart": (
        put(f"{SCHEMAS}/FeedItem/discriminator/propertyName", "type"),
        "FeedItem: entity told its members apart and type is now",
    ),
    "a kind of record is told by another word": (
        put(
            f"{SCHEMAS}/FeedItem/discriminator/mapping",
            {"happening" if name == "event" else name: target for name, target in FEED.items()},
        ),
        "FeedItem: entity event no longer means EventChange",
    ),
    "an answer has another status": (
        put(f"{EVENTS}/responses", {"206": CONTRACT["paths"]["/v1/events"]["get"]["responses"]["200"]}),
        "listEvents: 200 is answered no more",
    ),
    "a header goes": (take(f"{EVENTS}/responses/200/headers/Link"), "listEvents: the header Link of 200 is gone"),
    "a header may be missing": (
        put("components/headers/ETag/required", False),
        "the header ETag of 200 can be missing now",
    ),
    "a problem lacks a member": (take(f"{SCHEMAS}/Problem/properties/errors"), "Problem.errors: it is gone"),
    "a fault has another type": (
        put(f"{SCHEMAS}/Fault/properties/parameter/type", "integer"),
        "Fault.parameter: it was string and is integer",
    ),
    "a record that may be a file lacks a member": (
        take(f"{SCHEMAS}/Release/properties/citation"),
        "Release.citation: it is gone",
    ),
    "a member is of another named type": (
        put(f"{SCHEMAS}/Event/properties/state/$ref", "#/components/schemas/StateIn"),
        "Event.state: its type was State and is StateIn",
    ),
    "a format goes": (take(f"{EVENTS}/responses/200/content/text~csv"), "the answer 200 as text/csv is gone"),
    "a type is renamed": (rename("EventPage", "EventList"), "EventPage: there is no such type any more"),
}

ALLOWED: dict[str, Callable[[Json], None]] = {
    "a scope that is not needed": put("paths/~v1~events/post/x-scope", "read"),
    "no token that is needed": put("paths/~v1~events/post/security", [{}]),
    "another operation": put("paths/~v1~places", {"get": {"operationId": "listPlaces", "responses": {}}}),
    "another parameter": parameter("desk"),
    "a parameter that takes more": parameter("limit", maximum=2000),
    "another member of an answer": put(f"{SCHEMAS}/Event/properties/desk", {"type": "string"}),
    "another member of a body": put(f"{SCHEMAS}/EventIn/properties/desk", {"type": "string"}),
    "a body that needs less": put(f"{SCHEMAS}/EventIn/required", ["title", "date"]),
    "another sort": put(f"{SCHEMAS}/Sort/enum", ["date", "-date", "updated", "-updated", "relevance", "title"]),
    "another way to count": put(f"{SCHEMAS}/Counting/enum", ["none", "estimated", "exact", "cached"]),
    "an answer that is surer": put(f"{SCHEMAS}/Event/properties/tags/items/maxLength", 50),
    "another failure": put(f"{EVENTS}/responses/429", {"$ref": "#/components/responses/BadRequest"}),
    "other words": put(f"{SCHEMAS}/Event/description", "What happened."),
    "deprecation": put(f"{EVENTS}/deprecated", True),
}


@pytest.mark.parametrize(("change", "named"), BREAKING.values(), ids=list(BREAKING))
def test_what_breaks_is_named(change: Callable[[Json], None], named: str) -> None:
    changed = deepcopy(CONTRACT)
    change(changed)
    found = breaks(CONTRACT, changed)
    assert any(named in one for one in found), found


@pytest.mark.parametrize("change", ALLOWED.values(), ids=list(ALLOWED))
def test_what_may_be_added_breaks_nothing(change: Callable[[Json], None]) -> None:
    changed = deepcopy(CONTRACT)
    change(changed)
    assert breaks(CONTRACT, changed) == []


_NUMBERS = ["minimum", "maximum", "maxLength", "maxItems"]
_TEXTS = st.sampled_from(["a", "bb", "ccc"])
_LEAVES = st.one_of(
    st.builds(
        lambda low, high: {"type": "integer", "minimum": low, "maximum": high}, st.integers(0, 3), st.integers(3, 6)
    ),
    st.builds(lambda values: {"type": "string", "enum": values}, st.lists(_TEXTS, min_size=1, unique=True)),
    st.builds(lambda most: {"type": "string", "maxLength": most}, st.integers(0, 3)),
    st.just({"type": "null"}),
    st.just({}),
)


def _within(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    members = st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    return st.one_of(
        st.builds(
            lambda properties, required, closed: {
                "type": "object",
                "properties": properties,
                "required": [name for name in required if name in properties],
                **({"additionalProperties": False} if closed else {}),
            },
            members,
            st.lists(st.sampled_from("xyz"), unique=True),
            st.booleans(),
        ),
        st.builds(lambda items, most: {"type": "array", "items": items, "maxItems": most}, inner, st.integers(0, 2)),
        st.builds(lambda choices: {"anyOf": choices}, st.lists(inner, min_size=1, max_size=3)),
    )


SMALL_SCHEMAS = st.recursive(_LEAVES, _within, max_leaves=5)
SMALL_VALUES = st.recursive(
    st.one_of(st.integers(-1, 7), st.sampled_from(["", "a", "bb", "ccc", "dddd"]), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    max_leaves=5,
)


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[Json, Json]:
    """A schema, and what one small change makes of it: most of the time it breaks little or nothing."""
    old = draw(SMALL_SCHEMAS)
    new = deepcopy(old)
    places = [part for at, part in schemas(new, "") if not at.endswith("/properties") and "anyOf" not in part]
    assume(places)
    changed = draw(st.sampled_from(places))
    keyword = draw(st.sampled_from([*_NUMBERS, "required", "properties", "enum", "type", "additionalProperties"]))
    if keyword in _NUMBERS:
        changed[keyword] = draw(st.integers(0, 6))
    elif keyword == "properties":
        changed.setdefault("properties", {})[draw(st.sampled_from("xyz"))] = draw(_LEAVES)
    elif keyword == "required" and changed.get("properties"):
        changed["required"] = draw(st.lists(st.sampled_from(sorted(changed["properties"])), unique=True))
    elif keyword == "enum":
        changed["enum"] = draw(st.lists(_TEXTS, min_size=1, unique=True))
    else:
        changed.pop(keyword, None)
    return old, new


def opened(schema: Any) -> Any:
    """The same schema, with room for members that it does not name: clients pass over these."""
    if isinstance(schema, list):
        return [opened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: opened(part) for name, part in schema.items() if (name, part) != ("additionalProperties", False)}


@pytest.mark.model
@settings(max_examples=examples(200))
@given(neighbours(), st.lists(SMALL_VALUES, max_size=20))
def test_where_nothing_breaks_what_could_be_sent_is_taken(pair: tuple[Json, Json], values: list[Any]) -> None:
    if schema_breaks(*pair, Way.SENT):
        return
    before, after = map(Draft202012Validator, pair)
    for value in values:
        assert after.is_valid(value) or not before.is_valid(value), value


@pytest.mark.model
@settings(max_examples=examples(200))
@given(neighbours(), st.lists(SMALL_VALUES, max_size=20))
def test_where_nothing_breaks_what_is_answered_was_described(pair: tuple[Json, Json], values: list[Any]) -> None:
    if schema_breaks(*pair, Way.ANSWERED):
        return
    before, after = Draft202012Validator(opened(pair[0])), Draft202012Validator(pair[1])
    for value in values:
        assert before.is_valid(value) or not after.is_valid(value), value


@given(SMALL_SCHEMAS)
def test_a_schema_breaks_nothing_of_its_own(schema: Json) -> None:
    for way in Way:
        assert schema_breaks(schema, deepcopy(schema), way) == []
