"""What makes the contract one that clients are generated from: nothing left out, nothing without a name."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from api.formats.registry import WRITERS
from api.http.contract import RESPONSE_NAMES

Json = dict[str, Any]
DOCUMENT: Json = yaml.safe_load((Path(__file__).parents[2] / "openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS: Json = DOCUMENT["components"]["schemas"]
METHODS = ("get", "post", "put", "patch", "delete")

#: Members and parameters that hold a date as it is known.
ROUGH_DATES = {"date", "date_from", "date_to", "published", "from", "to"}
#: These texts follow from a date and are bounds, days or seconds, for which EDTF would say too little.
DERIVED = {"Range", "When"}
#: In these it is the name of a column or of a member, or one end of a step.
NO_DATES = {"Mapping", "DateValue", "SourceMapping", "RelationStep", "PatchOperation", "Value"}
#: Unions whose members nothing in them tells apart, and what does.
UNDISCRIMINATED = {
    "SourceReference": "one is a string, the other an object",
    "ReleaseOrFile": "the media type that was asked for",
}
#: Formats of which the document can hold no example, for they are no text.
BINARY = {writer.media_type for writer in WRITERS.values() if not writer.is_text} | {
    "application/gzip",
    "application/octet-stream",
}


class Operation(NamedTuple):
    path: str
    method: str
    described: Json

    @property
    def parameters(self) -> list[Json]:
        return list(self.described.get("parameters", []))

    def media(self) -> Iterator[tuple[str, str, Json]]:
        """What goes in and comes out: where, as which media type, and how that is described."""
        for media_type, described in self.described.get("requestBody", {}).get("content", {}).items():
            yield "body", media_type, described
        for status, answer in self.described["responses"].items():
            for media_type, described in resolve(answer).get("content", {}).items():
                yield status, media_type, described


def resolve(value: Json) -> Json:
    while "$ref" in value:
        target: Any = DOCUMENT
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


OPERATIONS = {
    described["operationId"]: Operation(path, method, described)
    for path, item in DOCUMENT["paths"].items()
    for method, described in item.items()
    if method in METHODS
}

operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))


def schemas(node: Any, at: str) -> Iterator[tuple[str, Json]]:
    """Every schema below a place of the document, with where it stands; examples are no schemas."""
    if isinstance(node, list):
        for place, part in enumerate(node):
            yield from schemas(part, f"{at}/{place}")
    elif isinstance(node, dict):
        yield at, node
        for name, part in node.items():
            if name not in ("example", "examples", "default", "enum", "const"):
                yield from schemas(part, f"{at}/{name}")


def violations(schema: Json, value: Any) -> list[str]:
    whole = {**schema, "components": DOCUMENT["components"]}
    checker = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(value)]


@operation
def test_an_operation_says_what_it_is(operation: Operation) -> None:
    described = operation.described
    for member in ("summary", "description"):
        assert len(described[member]) > 10
    assert "." not in described["summary"]
    assert [tag["name"] for tag in DOCUMENT["tags"] if tag["name"] in described["tags"]] == described["tags"] != []
    assert described.get("security") is not None


def test_operation_ids_are_all_different() -> None:
    described = [item for path in DOCUMENT["paths"].values() for name, item in path.items() if name in METHODS]
    assert len({one["operationId"] for one in described}) == len(described) > 40


@operation
def test_what_goes_in_and_comes_out_has_examples_that_are_valid(operation: Operation) -> None:
    for where, media_type, described in operation.media():
        assert "schema" in described, f"{where} {media_type}"
        if media_type in BINARY:
            continue
        assert described.get("examples"), f"{where} as {media_type} has no example"
        for name, example in described["examples"].items():
            value = resolve(example)["value"]
            assert violations(described["schema"], value) == [], f"{where} {media_type} {name}"


@operation
def test_parameters_are_described_and_have_examples_that_are_valid(operation: Operation) -> None:
    for parameter in map(resolve, operation.parameters):
        name = parameter["name"]
        assert len(parameter["description"]) > 5, name
        schema = resolve(parameter["schema"])
        told = parameter["schema"].get("examples", schema.get("examples", []))
        choices = resolve(schema.get("items", schema)).get("enum", [])
        assert told or choices or schema["type"] in ("boolean", "integer"), f"{name} has no example"
        for example in told:
            assert violations(parameter["schema"], example) == [], name


@operation
def test_every_failure_is_a_problem(operation: Operation) -> None:
    failures = {status: answer for status, answer in operation.described["responses"].items() if status >= "400"}
    assert {"400", "500", "503"} <= failures.keys()
    if operation.described["security"]:
        assert "401" in failures
    if "{" in operation.path:
        assert "404" in failures
    if operation.described.get("requestBody"):
        assert {"413", "415"} <= failures.keys()
    for status, answer in failures.items():
        assert answer == {"$ref": f"#/components/responses/{RESPONSE_NAMES[int(status)]}"}
        [(media_type, media)] = resolve(answer)["content"].items()
        assert media_type == "application/problem+json"
        assert media["schema"] == {"$ref": "#/components/schemas/Problem"}
        headers = {name: resolve(header) for name, header in resolve(answer)["headers"].items()}
        assert headers["X-Request-ID"]["required"]
        # Not all that conflicts goes away by waiting, and not all that is unavailable comes back soon.
        assert ("Retry-After" in headers) == (status in ("409", "503"))
        assert "required" not in headers.get("Retry-After", {})
        assert ("WWW-Authenticate" in headers) == (status == "401")
        assert status != "401" or headers["WWW-Authenticate"]["required"]


@operation
def test_the_scope_that_is_needed_is_said(operation: Operation) -> None:
    needed = operation.described.get("x-scope")
    said = re.findall(r"Needs a token with the scope `(\w+)`", operation.described["description"])
    if operation.path.startswith("/health"):
        assert operation.described["security"] == []
    elif operation.method == "get" and not said:
        assert operation.described["security"] == [{}, {"bearerAuth": []}]
        assert needed == "read"
    else:
        assert operation.described["security"] == [{"bearerAuth": []}]
        assert [needed] == said == ["edit"]


@operation
def test_pages_say_how_to_go_on(operation: Operation) -> None:
    names = {parameter["name"] for parameter in operation.parameters}
    if "cursor" not in names:
        return
    assert "limit" in names
    success = operation.described["responses"]["200"]
    assert "Link" in success["headers"]
    page = resolve(success["content"]["application/json"]["schema"])
    assert {"items", "next"} <= set(page["required"])
    assert "page" in operation.described["description"]


@operation
def test_what_changes_a_record_needs_its_revision(operation: Operation) -> None:
    names = {parameter["name"] for parameter in operation.parameters if parameter["in"] == "header"}
    changes = operation.method in ("put", "patch", "delete") or operation.path.endswith(
        ("/retract", "/restore", "/merge", "/unmerge")
    )
    assert ("If-Match" in names) == changes
    if operation.method == "post" and not changes and "Import" not in operation.described["operationId"]:
        assert "Idempotency-Key" in names


def one_example(described: Json) -> Any:
    """The example of the first media type; where there are several, each shows the same."""
    [*_, example] = next(iter(described["content"].values()))["examples"].values()
    return resolve(example)["value"]


def holds(sent: Any, answered: Any) -> bool:
    """Whether an answer has all that was sent."""
    if isinstance(sent, dict) and isinstance(answered, dict):
        return all(name in answered and holds(value, answered[name]) for name, value in sent.items())
    return bool(sent == answered)


@operation
def test_examples_of_writes_show_what_they_did(operation: Operation) -> None:
    responses = operation.described["responses"]
    if operation.method == "get" or not {"200", "201"} & responses.keys():
        return
    answered = one_example(responses.get("200") or responses["201"])
    if "sequence" not in answered or "chronology" in answered:
        return  # no record: an import, a batch, a release
    if "201" in responses:
        assert (answered["revision"], answered["updated_at"]) == (1, answered["created_at"])
        return
    sent = one_example(operation.described["requestBody"])
    assert answered["revision"] > 1
    assert answered["updated_at"] > answered["created_at"]
    if operation.method in ("put", "patch"):
        assert holds({name: value for name, value in sent.items() if name != "change"}, answered)
    elif operation.path.endswith("/retract"):
        assert (answered["state"], answered["retraction"]) == ("retracted", sent["change"]["reason"])
    elif operation.path.endswith("/restore"):
        assert sent["revision"] < answered["revision"] - 1
    else:
        merged = one_example(OPERATIONS["mergeActor"].described["responses"]["200"])
        assert answered["id"] == merged["id"]
        assert (answered["merged_into"] is None) == operation.path.endswith("/unmerge")


def test_what_changes_nothing_is_no_example_of_a_change() -> None:
    for kind in ("Event", "Actor", "Source", "Chronology"):
        written = {name for name, member in SCHEMAS[kind]["properties"].items() if not member.get("readOnly")}
        before = one_example(OPERATIONS[f"get{kind}"].described["responses"]["200"])
        for change in ("replace", "update"):
            after = one_example(OPERATIONS[f"{change}{kind}"].described["responses"]["200"])
            assert any(before[name] != after[name] for name in written), f"{change}{kind}"


def test_what_is_only_answered_may_get_more_members() -> None:
    """docs/stability.md promises that; what is sent has to be known, and names of maps are no members."""
    sent = set()
    waiting = [{"$ref": f"#/components/schemas/{name}"} for name in named_in(OPERATIONS.values(), "requestBody")]
    while waiting:
        name = waiting.pop()["$ref"].rpartition("/")[2]
        if name not in sent:
            sent.add(name)
            waiting += [one for _, one in schemas(SCHEMAS[name], "") if isinstance(one.get("$ref"), str)]
    for name, schema in SCHEMAS.items():
        if "properties" in schema and name not in sent:
            assert "additionalProperties" not in schema, f"{name} is closed, and nothing could be added"
    for name in ("EventIn", "EventReplacement", "EventPatch", "ActorIn", "SourceIn", "ChronologyIn", "ReleaseIn"):
        assert SCHEMAS[name]["additionalProperties"] is False
    assert {"Event", "EventAnswer", "Citation", "ActorAnswer", "Chronology", "Source", "EventPage"}.isdisjoint(sent)


def named_in(operations: Iterable[Operation], part: str) -> set[str]:
    """The types that a part of operations refers to."""
    found = [one for each in operations for _, one in schemas(each.described.get(part, {}), "")]
    return {one["$ref"].rpartition("/")[2] for one in found if isinstance(one.get("$ref"), str)} & SCHEMAS.keys()


def test_every_member_is_described() -> None:
    """By itself or, where that says it all, by its type."""
    for name, schema in SCHEMAS.items():
        for member, described in schema.get("properties", {}).items():
            told = [resolve(one) for one in (described, *described.get("anyOf", []))]
            assert any(one.get("description") for one in (described, *told)), f"nothing says what {name}.{member} is"


def test_enumerations_have_names() -> None:
    for at, schema in schemas(DOCUMENT, ""):
        if len(schema.get("enum", [])) > 1 and isinstance(schema["enum"], list):
            assert at.count("/") == 3, f"{at} lists values without a name for them"
            assert schema["description"]


def test_unions_have_names_and_tell_their_members_apart() -> None:
    for at, schema in schemas(DOCUMENT, ""):
        choices = [
            choice
            for keyword in ("anyOf", "oneOf")
            if isinstance(schema.get(keyword), list)
            for choice in schema[keyword]
            if choice.get("type") != "null"
        ]
        if len(choices) < 2:
            continue
        assert at.startswith("/components/schemas/"), f"{at} is a union without a name"
        name = at.removeprefix("/components/schemas/")
        if name in UNDISCRIMINATED:
            assert "discriminator" not in schema
            continue
        told_by = schema["discriminator"]
        assert sorted(told_by["mapping"].values()) == sorted(choice["$ref"] for choice in schema["oneOf"])
        for value, target in told_by["mapping"].items():
            member = resolve({"$ref": target})
            assert told_by["propertyName"] in member["required"]
            assert member["properties"][told_by["propertyName"]]["const"] == value


def test_every_schema_is_used_and_described() -> None:
    used = {schema["$ref"] for _, schema in schemas(DOCUMENT, "") if isinstance(schema.get("$ref"), str)}
    used |= {
        target
        for _, schema in schemas(DOCUMENT, "")
        if isinstance(schema.get("discriminator"), dict) and "mapping" in schema["discriminator"]
        for target in schema["discriminator"]["mapping"].values()
    }
    for name, schema in SCHEMAS.items():
        assert f"#/components/schemas/{name}" in used, f"nothing uses {name}"
        assert len(schema["description"]) > 5, f"{name} has no description"
        assert name == schema["title"]


def test_rough_dates_are_all_of_the_one_type_that_explains_them() -> None:
    assert "ISO 8601-2" in SCHEMAS["Edtf"]["description"]
    assert "format" not in SCHEMAS["Edtf"]
    found = set()
    for at, schema in schemas(DOCUMENT, ""):
        name = at.rpartition("/")[2]
        owner = at.split("/")[3] if at.startswith("/components/schemas/") else ""
        if name in ROUGH_DATES and "/properties/" in at and owner not in DERIVED | NO_DATES:
            references = [one.get("$ref") for one in (schema, *schema.get("anyOf", []))]
            assert "#/components/schemas/Edtf" in references, f"{at} is no Edtf"
            found.add(f"{owner}.{name}")
    assert {"EventIn.date", "Event.date", "SourceIn.published", "SourceSummary.published"} <= found
    for one in OPERATIONS.values():
        for parameter in one.parameters:
            if parameter["name"] in ROUGH_DATES:
                assert parameter["schema"]["$ref"] == "#/components/schemas/Edtf"


def test_what_only_the_store_sets_and_what_is_only_sent_are_marked() -> None:
    replacement = SCHEMAS["EventReplacement"]["properties"]
    assert replacement["change"]["writeOnly"]
    for name in ("when", "evidence", "revision", "sequence", "created_at", "updated_at", "published_at", "included"):
        assert replacement[name]["readOnly"], name
        if name != "included":
            assert SCHEMAS["Event"]["properties"][name]["readOnly"], name
    for name in ("title", "date", "state"):
        assert "readOnly" not in SCHEMAS["Event"]["properties"][name]
