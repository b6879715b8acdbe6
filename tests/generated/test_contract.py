"""What the contract does for clients that are generated from it; the clients themselves are tried beside this."""

from typing import Any

import pytest
import yaml

from tests.engine.support import ROOT


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    made: dict[str, Any] = yaml.load((ROOT / "openapi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    return made


@pytest.fixture(scope="module")
def schemas(contract: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = contract["components"]["schemas"]
    return made


def test_maps_and_parts_of_enumerations_have_names(schemas: dict[str, Any]) -> None:
    event = schemas["EventIn"]["properties"]
    assert event["external_ids"]["$ref"] == "#/components/schemas/ExternalIds"
    assert schemas["EventPatch"]["properties"]["external_ids"]["anyOf"] == [
        {"$ref": "#/components/schemas/ExternalIdsPatch"},
        {"type": "null"},
    ]
    assert {"type": "null"} in schemas["ExternalIdsPatch"]["additionalProperties"]["anyOf"]
    assert event["state"]["$ref"] == "#/components/schemas/StateIn"
    assert schemas["StateIn"]["enum"] == ["draft", "published"]


def test_what_can_be_one_text_only_is_a_constant(schemas: dict[str, Any]) -> None:
    assert schemas["EventChange"]["properties"]["entity"]["const"] == "event"
    assert schemas["Retraction"]["properties"]["type"]["const"] == "retraction"
    # This one may get more values.
    assert schemas["Part"]["enum"] == ["host"]


def test_nothing_stands_beside_the_reference_of_a_parameter(contract: dict[str, Any]) -> None:
    """Generators of clients would lose its type."""
    for path in contract["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                assert "$ref" not in parameter["schema"] or len(parameter["schema"]) == 1, parameter


def test_a_state_that_is_kept_if_left_out_has_no_default(schemas: dict[str, Any]) -> None:
    """Clients send defaults of their own accord: they would publish every draft that they replace."""
    for name in ("EventReplacement", "ChronologyReplacement", "BatchRow"):
        assert "default" not in schemas[name]["properties"]["state"], name
