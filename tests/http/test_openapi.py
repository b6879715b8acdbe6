"""The contract as a document: valid, deterministic, and with everything that a client needs named."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from litestar import get, put
from litestar.params import FromPath
from msgspec import Struct
from openapi_spec_validator import validate

from api.http.components import ecmascript, prose
from api.http.contract import Contract
from api.openapi import as_yaml, document
from schema.change import Change
from schema.event import Event, EventIn
from tests.http.small_application import make_application


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return document(make_application(), "1.2.3")


@pytest.fixture(scope="module")
def schemas(contract: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = contract["components"]["schemas"]
    return found


def walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from walk(inner)


def operations(contract: dict[str, Any]) -> dict[str, Any]:
    return {operation["operationId"]: operation for path in contract["paths"].values() for operation in path.values()}


def test_it_is_valid(contract: dict[str, Any]) -> None:
    validate(contract)
    assert contract["info"]["version"] == "1.2.3"


def test_every_reference_leads_somewhere_and_every_component_is_used(contract: dict[str, Any]) -> None:
    references = {part["$ref"] for part in walk(contract) if isinstance(part, dict) and "$ref" in part}
    components = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "headers")
        for name in contract["components"][kind]
    }
    assert references == components


def test_every_operation_is_described(contract: dict[str, Any]) -> None:
    found = operations(contract)
    assert set(found) == {"listEvents", "createEvent", "replaceEvent", "updateEvent", "isLive", "isReady"}
    tags = {tag["name"] for tag in contract["tags"]}
    for operation in found.values():
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= tags
        assert {"400", "500", "503"} <= operation["responses"].keys()
    assert found["createEvent"]["description"].startswith(
        "Create an event.\n\n`state` says whether it is a draft.\n\nNeeds a token"
    )


def test_security_follows_from_scopes(contract: dict[str, Any]) -> None:
    found = operations(contract)
    assert found["createEvent"]["security"] == [{"bearerAuth": []}]
    assert found["listEvents"]["security"] == [{}, {"bearerAuth": []}]
    assert found["isLive"]["security"] == []
    assert {"401", "403"} <= found["createEvent"]["responses"].keys()
    assert "401" not in found["isLive"]["responses"]


def test_parameters_carry_their_bounds(contract: dict[str, Any]) -> None:
    found = {parameter["name"]: parameter for parameter in operations(contract)["listEvents"]["parameters"]}
    assert found["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}
    assert found["date"]["schema"] == {"$ref": "#/components/schemas/Edtf"}
    assert found["state"]["schema"] == {"$ref": "#/components/schemas/State"}
    assert found["actor"]["explode"] is True
    assert found["actor"]["schema"] == {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 3}
    assert found["text"]["schema"] == {"type": "string", "minLength": 1}
    assert all(parameter["description"] for parameter in found.values())
    assert found["If-None-Match"]["in"] == "header"
    [event_id, if_match] = operations(contract)["replaceEvent"]["parameters"]
    assert (event_id["schema"]["format"], event_id["required"]) == ("uuid", True)
    assert (if_match["name"], if_match["required"]) == ("If-Match", True)
    header = Draft202012Validator(if_match["schema"])
    assert all(header.is_valid(text) for text in ('"3"', 'W/"3-abc"', '"3", "4-x"', "*"))
    assert not any(header.is_valid(text) for text in ("3", '"abc"', "", '"3', '"0"'))


def test_a_query_is_no_component(schemas: dict[str, Any]) -> None:
    assert "Filters" not in schemas


def test_dates_are_texts_and_no_machine_dates(contract: dict[str, Any], schemas: dict[str, Any]) -> None:
    assert not [part for part in walk(contract) if isinstance(part, dict) and part.get("format") == "date"]
    edtf = Draft202012Validator(schemas["Edtf"])
    for text in ("2024-06", "2025-04-28", "2023-09/..", "[2022-02..2025-04]", "1984?/2004-06~", "156X-12-25"):
        assert edtf.is_valid(text), text
    for text in ("", "June 2024", "2024-06-01T10:00", 2024):
        assert not edtf.is_valid(text), text


def test_patterns_are_of_the_dialect_of_json_schema(contract: dict[str, Any]) -> None:
    patterns = [part["pattern"] for part in walk(contract) if isinstance(part, dict) and "pattern" in part]
    assert patterns
    for pattern in patterns:
        assert not re.search(r"\\[ZA\"']|\(\?[P<#iLmsux]", pattern), pattern
    assert ecmascript(r'^"\"\Z') == '^""$'


def test_enumerations_are_components_in_their_own_order(contract: dict[str, Any], schemas: dict[str, Any]) -> None:
    assert schemas["Reliability"]["enum"] == ["A", "B", "C", "D", "E", "F"]
    assert schemas["Confidence"]["enum"] == ["low", "moderate", "high"]
    assert schemas["Occurrence"]["type"] == "string"
    assert schemas["Stance"]["description"]


def test_unions_have_names(contract: dict[str, Any], schemas: dict[str, Any]) -> None:
    for part in walk(contract):
        if isinstance(part, dict) and isinstance(part.get("anyOf"), list):
            assert [choice for choice in part["anyOf"] if choice.get("type") == "null"], part
            assert len(part["anyOf"]) == 2, part
    assert schemas["CitationIn"]["properties"]["source"]["$ref"].endswith("/SourceReference")
    assert schemas["SourceReference"]["oneOf"] == [
        {"type": "string", "format": "uuid"},
        {"$ref": "#/components/schemas/SourceIn"},
    ]
    assert schemas["Number"]["type"] == "number"


def test_what_only_the_store_sets_is_read_only(schemas: dict[str, Any]) -> None:
    marked = {name for name, member in schemas["Event"]["properties"].items() if member.get("readOnly")}
    assert marked == set(Event.__struct_fields__) - set(EventIn.__struct_fields__)
    assert not any("readOnly" in member for member in schemas["EventIn"]["properties"].values())


def test_an_answer_has_all_members(schemas: dict[str, Any]) -> None:
    assert set(schemas["Event"]["required"]) == set(Event.__struct_fields__)
    assert set(schemas["EventIn"]["required"]) == {"title", "kind", "date"}
    assert set(schemas["Page"]["required"]) == {"items", "next"}
    # Only what is sent must have no others: answers may get more of them.
    assert not [name for name in ("Event", "Citation", "Page", "Problem") if "additionalProperties" in schemas[name]]
    assert schemas["EventIn"]["additionalProperties"] is schemas["Place"]["additionalProperties"] is False
    assert set(schemas["Problem"]["required"]) == {"type", "title", "status", "detail", "request_id"}


def test_a_replacement_is_the_content_with_a_reason_and_tolerates_what_was_read(schemas: dict[str, Any]) -> None:
    replacement = schemas["EventReplacement"]
    assert set(replacement["properties"]) == {*Event.__struct_fields__, "change"}
    assert replacement["required"] == ["title", "kind", "date"]
    assert replacement["properties"]["change"] == {"$ref": "#/components/schemas/Change", "writeOnly": True}
    assert replacement["properties"]["when"]["readOnly"] is True
    assert replacement["properties"]["id"].items() >= {"type": "string", "format": "uuid", "readOnly": True}.items()
    assert replacement["additionalProperties"] is False
    assert "change" not in schemas["EventIn"]["properties"]


def test_a_patch_needs_nothing_and_takes_null_where_there_is_a_default(
    contract: dict[str, Any], schemas: dict[str, Any]
) -> None:
    patch = schemas["EventPatch"]
    assert "required" not in patch
    assert not [member for member in patch["properties"].values() if "default" in member]
    root = {"components": contract["components"], "$ref": "#/components/schemas/EventPatch"}
    validator = Draft202012Validator(root)
    for body in (
        {},
        {"summary": None},
        {"tags": None, "citations": None},
        {"assessment": {"rationale": None}},
        {"external_ids": {"wikidata": None, "viaf": "1"}},
        {"state": "draft", "change": {"type": "correction", "reason": "why"}},
    ):
        assert validator.is_valid(body), body
    for wrong in (
        {"title": None},
        {"date": None},
        {"assessment": {"confidence": None}},
        {"actors": [{"id": "a", "rôle": None}]},
        {"titel": "x"},
        {"state": "retracted"},
    ):
        assert not validator.is_valid(wrong), wrong


def test_what_the_types_take_the_schemas_take(contract: dict[str, Any]) -> None:
    root = {"components": contract["components"], "$ref": "#/components/schemas/EventIn"}
    source = {"title": "S", "url": "https://a.example/?q=1", "published": "2024~", "reliability": "B"}
    figures = [{"measure": "killed", "value": 1.5}, {"measure": "killed", "low": 1, "high": 2, "bound": "about"}]
    event = {
        "title": "T",
        "kind": "treaty",
        "date": "2024-06",
        "places": [{"name": "Istanbul", "country": "TR", "latitude": 41, "longitude": 28.9}],
        "citations": [{"source": source, "figures": figures}, {"source": "0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b"}],
        "external_ids": {"wikidata": "Q1"},
        "assessment": {"confidence": "high", "likelihood": None},
    }
    Draft202012Validator(root).validate(event)
    for change in (
        {"title": "a\nb"},
        {"title": " a"},
        {"kind": "A"},
        {"x": 1},
        {"citations": [{"source": "x y"}] * 201},
    ):
        assert not Draft202012Validator(root).is_valid({**event, **change}), change


def test_examples_are_right(contract: dict[str, Any]) -> None:
    checked = 0
    for part in walk(contract):
        if isinstance(part, dict) and isinstance(part.get("examples"), dict) and "schema" in part:
            validator = Draft202012Validator({"components": contract["components"], **part["schema"]})
            for example in part["examples"].values():
                validator.validate(example["value"])
                checked += 1
    assert checked > 10


def test_every_answer_to_a_failure_is_a_problem(contract: dict[str, Any]) -> None:
    for response in contract["components"]["responses"].values():
        [(media_type, content)] = response["content"].items()
        assert media_type == "application/problem+json"
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert content["examples"]
        assert response["headers"]


def test_links_lead_to_operations(contract: dict[str, Any]) -> None:
    found = operations(contract)
    [link] = found["createEvent"]["responses"]["201"]["links"].values()
    assert link["operationId"] in found


def test_yaml_is_the_same_document_in_either_version_of_yaml(contract: dict[str, Any]) -> None:
    text = as_yaml(contract)
    assert yaml.safe_load(text) == contract
    assert not re.search(r"(: |- )[&*]\w", text)
    assert text == as_yaml(json.loads(json.dumps(contract)))
    odd = {"a": ["1e3", "2024-06", "no", "1:30", "0o7", ".5", "", "null", "a\nb\n", "~", "12e03"]}
    assert yaml.safe_load(as_yaml(odd)) == odd
    for text in ("1e3", "2024-06", "12e03", "0o7"):
        assert f"'{text}'" in as_yaml(odd)


def test_the_same_bytes_come_out_each_time() -> None:
    program = (
        "import hashlib; from tests.http.small_application import make_application; from api.openapi import *;"
        "print(hashlib.sha256(as_yaml(document(make_application(), '1')).encode()).hexdigest())"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{Path(__file__).parent}:{Path(__file__).parents[2]}"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(made) == 1


class Untold(Struct):
    """A query with a parameter that nothing describes."""

    name: str = ""


class Union(Struct):
    """A body with a union."""

    either: list[str] | str = ""


def handler(path: str, operation_id: str | None, contract: Contract, **more: Any) -> Any:
    async def function(event_id: FromPath[str] = "") -> None:
        """Do something."""

    return get(path, operation_id=operation_id, opt={"contract": contract}, **more)(function)


@pytest.mark.parametrize(
    ("handlers", "message"),
    [
        ([handler("/a", None, Contract(tag="events"), summary="S")], "operation id"),
        ([handler("/a", "a", Contract(tag="events"))], "summary"),
        ([handler("/a", "a", Contract(tag="nothing"), summary="S")], "tag"),
        ([handler("/a", "isLive", Contract(tag="events"), summary="S")], "operation id"),
        ([handler("/a", "a", Contract(tag="events", answer_headers=("X-Y",)), summary="S")], "header"),
        ([handler("/a", "a", Contract(tag="events", query=Untold), summary="S")], "description"),
        ([handler("/a", "a", Contract(tag="events", answer=Union), summary="S")], "union"),
        (
            [handler("/a/{what:str}", "a", Contract(tag="events"), summary="S")],
            "path parameter",
        ),
    ],
)
def test_a_poor_contract_is_refused(handlers: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_application(handlers=handlers)


def test_two_bodies_cannot_have_one_name() -> None:
    class Other(Event, frozen=True, kw_only=True):
        """Another answer."""

        extra: int

    @put("/a", operation_id="a", summary="A", opt={"contract": Contract(tag="events", body=EventIn, body_extra=Change)})
    async def one() -> None:
        """Do something."""

    other = Contract(tag="events", body=EventIn, body_extra=Change, answer=Other)

    @put("/b", operation_id="b", summary="B", opt={"contract": other})
    async def two() -> None:
        """Do something."""

    with pytest.raises(ValueError, match="EventReplacement"):
        make_application(handlers=[one, two])


def test_prose_is_markdown() -> None:
    assert (
        prose("""One ``code``
        and more.

        - a
        - b
        """)
        == "One `code` and more.\n\n- a\n- b"
    )
