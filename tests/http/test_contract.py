"""What follows from a contract."""

from dataclasses import FrozenInstanceError

import pytest
from litestar import get

from api.http.contract import HEADERS, RESPONSE_NAMES, TAGS, Contract, contract_of
from schema.change import Change
from schema.event import Event, EventIn
from schema.problem import PROBLEM_KINDS
from tests.http.small_application import list_events

COMMON = {"bad-request", "invalid-parameters", "internal-error", "unavailable", "query-timeout"}


@pytest.mark.parametrize(
    ("contract", "path_parameters", "more"),
    [
        (Contract(tag="health", secured=False), False, set()),
        (Contract(tag="events"), False, {"token-required"}),
        (Contract(tag="events"), True, {"token-required", "not-found"}),
        (Contract(tag="events", problems=("conflict",)), False, {"token-required", "conflict"}),
        (
            Contract(tag="events", body=EventIn, scope="edit"),
            False,
            {
                "token-required",
                "forbidden",
                "busy",
                "malformed-body",
                "invalid-body",
                "body-too-large",
                "unsupported-media-type",
            },
        ),
        (
            Contract(tag="events", request_headers=("If-Match",)),
            True,
            {"token-required", "not-found", "precondition-required", "revision-mismatch"},
        ),
    ],
)
def test_problems_follow_from_the_rest(contract: Contract, path_parameters: bool, more: set[str]) -> None:
    assert contract.expected_problems(has_path_parameters=path_parameters) == COMMON | more


def test_the_contract_of_a_handler_is_found() -> None:
    found = contract_of(list_events)
    assert found is not None
    assert found.tag == "events"

    @get("/")
    async def page() -> None: ...

    assert contract_of(page) is None


def test_a_contract_does_not_change() -> None:
    contract = Contract(tag="events", body=EventIn, body_extra=Change, answer=Event)
    with pytest.raises(FrozenInstanceError):
        contract.__setattr__("tag", "actors")


def test_the_tables_are_whole() -> None:
    # A method that is not allowed somewhere is no operation there.
    assert {kind.status for kind in PROBLEM_KINDS.values()} - {405} == RESPONSE_NAMES.keys()
    assert len(set(RESPONSE_NAMES.values())) == len(RESPONSE_NAMES)
    assert all(text.endswith(".") for text in [*TAGS.values(), *HEADERS.values()])
