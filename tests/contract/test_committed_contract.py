"""The contract: what is committed, what the code says, and what is served are one."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import openapi
from api.app import VERSION, create_app
from api.http.contract import contract_of
from api.settings import Settings
from schema.problem import PROBLEM_KINDS
from tests.conftest import Client

ROOT = Path(__file__).parents[2]
COMMITTED = (ROOT / "openapi.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = create_app(Settings.from_environment({"HOME": "/nowhere"}))
    made: dict[str, Any] = openapi.document(app, VERSION)
    return made


def test_committed_contract_is_what_the_code_says(document: dict[str, Any]) -> None:
    assert openapi.as_yaml(document) == COMMITTED, "run `make openapi`"


async def test_served_contract_is_the_committed_one(sample: Client) -> None:
    assert (await sample.http.get("/openapi.yaml")).text == COMMITTED
    assert (await sample.http.get("/openapi.json")).json() == yaml.safe_load(COMMITTED)


def test_contract_is_valid(document: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_handler_of_the_api_has_a_contract() -> None:
    app = create_app(Settings.from_environment({"HOME": "/nowhere"}))
    for route in app.routes:
        if route.path.startswith("/v1"):
            for handler in route.route_handlers:
                if handler.http_methods == {"OPTIONS"}:
                    continue
                assert contract_of(handler) is not None, handler


def test_partial_dates_are_never_machine_dates(document: dict[str, Any]) -> None:
    def formats(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["format"]} if isinstance(node.get("format"), str) else set()
            return own.union(*(formats(value) for value in node.values()))
        return set().union(*(formats(value) for value in node)) if isinstance(node, list) else set()

    assert formats(document).isdisjoint({"date", "time"})


async def test_every_kind_of_problem_is_documented(sample: Client) -> None:
    page = (await sample.http.get("/problems")).text
    for slug in PROBLEM_KINDS:
        assert f'id="{slug}"' in page


async def test_examples_come_from_the_shipped_chronology(sample: Client, document: dict[str, Any]) -> None:
    shown = document["components"]["examples"]["EventAnswer-the-treaty"]["value"]
    stored = (await sample.http.get(f"/v1/events/{shown['id']}")).json()
    volatile = {"created_at", "updated_at", "published_at", "sequence"}
    assert {name: value for name, value in shown.items() if name not in volatile} == {
        name: value for name, value in stored.items() if name not in volatile
    }
