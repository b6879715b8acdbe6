"""What is sent again, how often and when: counted, and without any waiting."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from dateline_client import (
    AsyncDateline,
    Conflict,
    ConnectionFailed,
    DatelineError,
    Event,
    NotFound,
    ProblemError,
    QueryTimeout,
    Retries,
    StillInProgress,
    Unavailable,
    UnexpectedAnswer,
)
from tests.client.support import Patience, Watched, answering, application_of, in_process, problem
from tests.conftest import Client
from tests.writing import event_body, make_event

HEAD = httpx.Response(200, json={"sequence": 7, "digest": "0" * 64, "recorded_at": "2025-06-01T09:00:00Z"})
UNAVAILABLE = problem(503, "unavailable")


@pytest.mark.parametrize(
    "failure",
    [
        UNAVAILABLE,
        problem(429, "too-often"),
        httpx.Response(502, text="bad gateway"),
        httpx.Response(503, text="maintenance"),
        httpx.Response(504, text="gateway timeout"),
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("silent"),
        httpx.RemoteProtocolError("cut off"),
    ],
    ids=lambda failure: type(failure).__name__ if isinstance(failure, Exception) else str(failure.status_code),
)
async def test_a_read_is_sent_again_until_it_is_answered(failure: Any) -> None:
    client, requests = answering(failure, failure, HEAD)
    patience = Patience(client)
    assert (await client.head()).sequence == 7
    assert len(requests) == 3
    assert patience.waits == [0.5, 1.0]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (UNAVAILABLE, Unavailable),
        (problem(429, "too-often"), ProblemError),
        (httpx.Response(429, text="slow down"), UnexpectedAnswer),
        (httpx.ReadError("x"), ConnectionFailed),
    ],
    ids=["503", "429", "429 of a proxy", "reset"],
)
async def test_attempts_are_bounded_and_then_it_is_told(failure: Any, error: type[DatelineError]) -> None:
    client, requests = answering(failure)
    patience = Patience(client)
    with pytest.raises(error):
        await client.head()
    assert len(requests) == 5
    assert patience.waits == [0.5, 1.0, 2.0, 4.0]


async def test_waits_are_bounded_too() -> None:
    client, requests = answering(UNAVAILABLE, retries=Retries(attempts=100, total_wait_s=10, longest_wait_s=3))
    patience = Patience(client)
    with pytest.raises(Unavailable):
        await client.head()
    assert patience.waits == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert len(requests) == 6


@pytest.mark.parametrize("failure", [httpx.ReadTimeout("silent"), httpx.Response(504)], ids=["silent", "504"])
async def test_an_attempt_that_hung_until_it_timed_out_is_followed_by_another(failure: Any) -> None:
    def hang() -> Any:
        patience.now += 60
        return failure

    client, requests = answering(hang)
    patience = Patience(client)
    with pytest.raises(DatelineError) as caught:
        await client.create_event(event_body())
    assert len(requests) == 5
    assert patience.now > 300
    # A caller can go on with the same key, in this program or another one.
    (key,) = {request.headers["Idempotency-Key"] for request in requests}
    assert caught.value.idempotency_key == key


async def test_errors_have_the_key_of_their_request_if_it_had_one() -> None:
    client, requests = answering(problem(409, "conflict"))
    with pytest.raises(Conflict) as caught:
        await client.create_event(event_body(), idempotency_key="nightly-17")
    assert caught.value.idempotency_key == "nightly-17"
    client, requests = answering(httpx.Response(201, json={}))
    with pytest.raises(UnexpectedAnswer) as unexpected:
        await client.create_event(event_body())
    assert unexpected.value.idempotency_key == requests[0].headers["Idempotency-Key"]
    client, requests = answering(problem(404, "not-found"))
    with pytest.raises(NotFound) as nothing:
        await client.head()
    assert nothing.value.idempotency_key is None


async def test_what_takes_long_is_waited_for_longer() -> None:
    def read_timeout(request: httpx.Request) -> Any:
        return request.extensions["timeout"]["read"]

    for usual, batch in ((60.0, 300.0), (900.0, 900.0), (None, None)):
        client, requests = answering(problem(409, "conflict"), timeout=usual)
        for call in (client.create_event({}), client.write_events([{}]), client.create_release("talks", {})):
            with pytest.raises(Conflict):
                await call
        assert [read_timeout(request) for request in requests] == [usual, batch, batch]
        assert {request.extensions["timeout"]["connect"] for request in requests} == {usual}


async def test_chance_keeps_clients_apart() -> None:
    client, _ = answering(UNAVAILABLE)
    patience = Patience(client)
    chances = iter([0.0, 0.5, 1.0, 0.0, 1.0])
    client._chance = lambda: next(chances)
    with pytest.raises(Unavailable):
        await client.head()
    assert patience.waits == [0.25, 0.75, 2.0, 2.0]


async def test_the_service_says_how_long_to_wait() -> None:
    client, _ = answering(problem(503, "busy", Retry_After="5"), problem(429, "too-often", Retry_After="0"), HEAD)
    patience = Patience(client)
    await client.head()
    assert patience.waits == [5.0, 1.0]

    moment = datetime.now(UTC) + timedelta(seconds=20)
    client, _ = answering(problem(503, "busy", Retry_After=format_datetime(moment, usegmt=True)), HEAD)
    patience = Patience(client)
    await client.head()
    assert 15 < patience.waits[0] <= 20

    client, _ = answering(problem(503, "busy", Retry_After="soon"), HEAD)
    patience = Patience(client)
    await client.head()
    assert patience.waits == [0.5]


async def test_a_wait_that_is_too_long_is_left_to_the_caller() -> None:
    client, requests = answering(problem(503, "busy", Retry_After="3600"))
    patience = Patience(client)
    with pytest.raises(Unavailable) as caught:
        await client.head()
    assert caught.value.retry_after_s == 3600
    assert (patience.waits, len(requests)) == ([], 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 413, 422, 500, 501])
async def test_nothing_else_is_sent_again(status: int) -> None:
    client, requests = answering(problem(status, "conflict"))
    with pytest.raises(DatelineError):
        await client.create_event(event_body())
    assert len(requests) == 1


async def test_what_takes_too_long_is_not_sent_again() -> None:
    """Each attempt would occupy the store as long as the one before, for nothing."""
    for slow in (problem(503, "query-timeout"), problem(503, "query-timeout", Retry_After="5")):
        client, requests = answering(slow)
        patience = Patience(client)
        for call in (client.head(), client.facets(facet="kind"), client.create_event(event_body())):
            with pytest.raises(QueryTimeout):
                await call
        assert (len(requests), patience.waits) == (3, [])


async def test_one_attempt_means_one() -> None:
    client, requests = answering(UNAVAILABLE, retries=Retries(attempts=1))
    with pytest.raises(Unavailable):
        await client.head()
    assert len(requests) == 1


IN_PROGRESS = problem(409, "request-in-flight", Retry_After="1")


async def test_a_create_waits_for_the_same_request_that_is_still_worked_on(client: Client) -> None:
    """However often it has to ask: as long as it is worked on, nothing has failed."""
    watched = Watched(application_of(client), before=lambda number: IN_PROGRESS if number < 30 else None)
    async with in_process(client, token=client.token, transport=watched) as desk:
        patience = Patience(desk)
        assert (await desk.create_event(event_body())).revision == 1
    assert len({request.headers["Idempotency-Key"] for request in watched.requests}) == 1
    assert len(watched.requests) == 30
    assert patience.waits == [1.0] * 29
    client_, requests = answering(problem(409, "conflict"))
    with pytest.raises(Conflict):
        await client_.create_event(event_body())
    assert len(requests) == 1


async def test_failures_before_and_while_it_is_worked_on_are_counted_alone() -> None:
    lost = httpx.ReadError("lost")
    client, requests = answering(lost, lost, *[IN_PROGRESS] * 9, lost, *[IN_PROGRESS] * 9, lost, IN_PROGRESS, lost)
    Patience(client)
    with pytest.raises(ConnectionFailed):
        await client.create_event(event_body())
    assert len(requests) == 5 + 19


@pytest.mark.parametrize(("total_wait_s", "asked"), [(60.0, 61), (7.0, 8), (0.0, 1)])
async def test_what_is_worked_on_for_longer_than_one_waits_is_told(total_wait_s: float, asked: int) -> None:
    client, requests = answering(IN_PROGRESS, retries=Retries(attempts=1, total_wait_s=total_wait_s))
    patience = Patience(client)
    with pytest.raises(StillInProgress) as caught:
        await client.create_event(event_body(), idempotency_key="nightly-17")
    assert (caught.value.idempotency_key, caught.value.retry_after_s) == ("nightly-17", 1.0)
    assert (len(requests), sum(patience.waits)) == (asked, total_wait_s)


async def test_time_passes_while_something_is_worked_on() -> None:
    """Otherwise nothing would end it."""
    retries = Retries(first_wait_s=0, total_wait_s=2)
    client, requests = answering(problem(409, "request-in-flight"), retries=retries)
    patience = Patience(client)
    with pytest.raises(StillInProgress):
        await client.create_event(event_body())
    assert 1 < len(requests) <= 21
    assert 0 < sum(patience.waits) <= 2


def edits(desk: AsyncDateline, event: Event) -> list[Callable[[], Awaitable[Any]]]:
    return [
        lambda: desk.update_event(event, {"title": "Other"}),
        lambda: desk.replace_event(event),
        lambda: desk.discard_event(event),
    ]


#: After these, an edit has surely not been carried out.
UNDONE = [
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    problem(503, "busy"),
    problem(429, "too-often"),
    httpx.Response(429, text="slow down"),
]
#: After these, it may have been: the store can be lost while it commits, and a proxy may have lost the answer.
DOUBTFUL = [
    httpx.ReadError("reset"),
    httpx.ReadTimeout("silent"),
    httpx.WriteError("reset"),
    UNAVAILABLE,
    httpx.Response(502),
    httpx.Response(503, text="maintenance"),
    httpx.Response(504),
]


@pytest.mark.parametrize("which", range(3), ids=["update", "replace", "discard"])
async def test_an_edit_is_sent_again_only_if_it_has_surely_not_been_carried_out(client: Client, which: int) -> None:
    for failure in UNDONE:
        watched = Watched(
            application_of(client), before=lambda number, failure=failure: failure if number == 1 else None
        )
        async with in_process(client, token=client.token, transport=watched) as desk:
            Patience(desk)
            await edits(desk, await _fresh(client))[which]()
        assert len(watched.requests) == 2
    for failure in DOUBTFUL:
        watched = Watched(application_of(client), after=lambda number, failure=failure: failure)
        async with in_process(client, token=client.token, transport=watched) as desk:
            patience = Patience(desk)
            with pytest.raises((ConnectionFailed, Unavailable, UnexpectedAnswer)):
                await edits(desk, await _fresh(client))[which]()
        assert (len(watched.requests), patience.waits) == (1, [])


async def _fresh(client: Client) -> Event:
    return Event.from_dict(await make_event(client, state="draft"))
