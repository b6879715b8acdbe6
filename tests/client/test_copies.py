"""What a caller holds can be copied, and given to another process: errors, records, and what is left out of them."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import dateline_client
from dateline_client import (
    UNSET,
    AsyncDateline,
    ConnectionFailed,
    DatelineError,
    ProblemError,
    RevisionMismatch,
    UnexpectedAnswer,
    Unset,
    models,
)
from tests.client.support import Patience, answering
from tests.conftest import Client

#: Every way to make another of a thing.
WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle-{protocol}": lambda thing, protocol=protocol: pickle.loads(pickle.dumps(thing, protocol))
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
KINDS = [getattr(dateline_client, name) for name in dateline_client.__all__]
ERRORS: list[type[DatelineError]] = [
    kind for kind in KINDS if isinstance(kind, type) and issubclass(kind, DatelineError)
]
PROBLEM = {
    **{"type": "/problems#invalid-body", "title": "It has faults", "status": 400, "detail": "Two.", "request_id": "7"},
    "errors": [{"detail": "Too long.", "pointer": "/title", "suggestion": "shorten it"}, {"detail": "Unknown."}],
    "current_revision": 3,
}


def made(kind: type[DatelineError]) -> DatelineError:
    """An error of a kind with all that it can have."""
    if issubclass(kind, ProblemError):
        error: DatelineError = kind(models.Problem.from_dict(PROBLEM))
    elif issubclass(kind, UnexpectedAnswer):
        error = kind("GET http://test was answered strangely.", 418)
        error.from_elsewhere = True
    else:
        error = kind("GET http://test: refused")
    error.retry_after_s = 5.0
    error.idempotency_key = "nightly-17"
    error.add_note("Seen at night.")
    return error


@every_way
@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_a_copy_of_an_error_has_all_that_the_error_has(kind: type[DatelineError], way: Callable[[Any], Any]) -> None:
    error = made(kind)
    other = way(error)
    assert type(other) is kind
    assert vars(other) == vars(error)
    assert str(other) == str(error) != ""
    assert (other.retry_after_s, other.idempotency_key) == (5.0, "nightly-17")
    if isinstance(error, ProblemError):
        assert (other.kind, other.status, other.request_id) == ("invalid-body", 400, "7")
        assert [fault.pointer for fault in other.faults] == ["/title", UNSET]
        assert "/title: Too long. (suggestion: shorten it)" in str(other)
    if isinstance(error, RevisionMismatch):
        assert other.current_revision == 3


@every_way
async def test_an_error_that_was_raised_can_be_copied(way: Callable[[Any], Any]) -> None:
    for answer in (httpx.ConnectError("refused"), httpx.Response(404, text="nothing"), httpx.Response(200, text="{")):
        client, _ = answering(answer)
        Patience(client)
        with pytest.raises((ConnectionFailed, UnexpectedAnswer)) as caught:
            await client.create_event({}, idempotency_key="nightly-17")
        other = way(caught.value)
        assert (str(other), vars(other)) == (str(caught.value), vars(caught.value))
        assert other.idempotency_key == "nightly-17"


@every_way
def test_what_is_left_out_stays_left_out(way: Callable[[Any], Any]) -> None:
    assert isinstance(UNSET, Unset)
    assert way(UNSET) is UNSET
    assert not UNSET
    source = models.SourceIn(title="A report")
    other = way(source)
    assert other == source
    assert other.url is UNSET
    assert other.to_dict() == source.to_dict() == {"title": "A report"}


@every_way
async def test_copies_of_records_and_pages_are_what_these_are(
    reader: AsyncDateline, sample: Client, way: Callable[[Any], Any]
) -> None:
    event = await anext(aiter(reader.events(names="dated")))
    event.dated_names = {"north-korea": "Korea"}
    other = way(event)
    assert (type(other), other) == (type(event), event)
    assert other.to_dict() == event.to_dict() == (await reader.get_event(event.id)).to_dict()
    assert other.actor_name("north-korea") == "Korea"
    page = await anext(aiter(reader.events(max_items=2).pages()))
    assert page.names is UNSET
    assert way(page).to_dict() == page.to_dict()
    change = await anext(reader.changes())
    assert way(change).to_dict() == change.to_dict()
