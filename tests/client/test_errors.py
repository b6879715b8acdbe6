"""What goes wrong is told by type."""

from typing import Any

import httpx
import pytest

import dateline_client
from dateline_client import (
    AsyncDateline,
    Conflict,
    ConnectionFailed,
    DatelineError,
    Event,
    Forbidden,
    InvalidRequest,
    NotFound,
    ProblemError,
    QueryTimeout,
    RevisionMismatch,
    ServerFault,
    StillInProgress,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    Withdrawn,
)
from schema.problem import PROBLEM_KINDS
from tests.client.support import Patience, answering, in_process, problem
from tests.conftest import Client
from tests.writing import NOBODY, event_body, make_event, new_token


async def test_the_services_own_problems(client: Client, desk: AsyncDateline) -> None:
    with pytest.raises(NotFound) as nothing:
        await desk.get_event(NOBODY)
    assert (nothing.value.kind, nothing.value.status) == ("not-found", 404)
    assert str(nothing.value) == "There is nothing here."
    with pytest.raises(InvalidRequest) as invalid:
        await anext(aiter(desk.events(date_from="yesterday")))
    assert invalid.value.faults[0].parameter == "date_from"
    assert invalid.value.faults[0].detail in str(invalid.value)
    assert invalid.value.request_id
    with pytest.raises(InvalidRequest):
        await desk.changes(after=1000, follow=False).__anext__()
    async with in_process(client) as nobody:
        with pytest.raises(Unauthorized):
            await nobody.create_event(event_body())
    async with in_process(client, token="dateline_unknown") as unknown:
        with pytest.raises(Unauthorized):
            await unknown.head()
    reader = await new_token(client, "reader")
    async with in_process(client, token=reader["Authorization"].removeprefix("Bearer ")) as reading:
        with pytest.raises(Forbidden) as forbidden:
            await reading.create_event(event_body())
    assert isinstance(forbidden.value, ProblemError)
    assert isinstance(forbidden.value, DatelineError)


EXPECTED: dict[int, type[ProblemError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Withdrawn,
    412: RevisionMismatch,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    500: ServerFault,
    503: Unavailable,
}


#: Kinds about which a caller does something else than about the others of their status.
OF_THEIR_OWN: dict[str, type[ProblemError]] = {"query-timeout": QueryTimeout, "request-in-flight": StillInProgress}


@pytest.mark.parametrize("kind", PROBLEM_KINDS.values(), ids=lambda kind: kind.slug)
async def test_every_kind_of_problem_has_a_type(kind: Any) -> None:
    client, _ = answering(problem(kind.status, kind.slug))
    Patience(client)
    with pytest.raises(ProblemError) as caught:
        await client.head()
    # 405, 406 and 428 come of mistakes in this client alone.
    assert type(caught.value) is OF_THEIR_OWN.get(kind.slug, EXPECTED.get(kind.status, ProblemError))
    assert (caught.value.kind, caught.value.status) == (kind.slug, kind.status)


async def test_a_kind_of_problem_that_is_new_is_told_by_its_status() -> None:
    client, _ = answering(problem(409, "taken"))
    with pytest.raises(Conflict) as conflict:
        await client.head()
    assert type(conflict.value) is Conflict
    client, _ = answering(problem(451, "not-here"))
    with pytest.raises(ProblemError) as caught:
        await client.head()
    assert caught.value.kind == "not-here"
    # A name that is known, under another status, is another kind.
    client, _ = answering(problem(404, "query-timeout"))
    with pytest.raises(NotFound):
        await client.head()


async def test_the_narrower_kinds_are_kinds_of_the_wider_ones() -> None:
    assert issubclass(QueryTimeout, Unavailable)
    assert issubclass(StillInProgress, Conflict)


#: What the service does not answer, and whether that can be seen to be of somebody else.
STRANGE = [
    (httpx.Response(502, text="<h1>Bad Gateway</h1>", headers={"Content-Type": "text/html"}), True),
    (httpx.Response(404, text="nothing", headers={"Content-Type": "text/plain"}), True),
    (httpx.Response(404, json={"message": "no route"}), True),
    (httpx.Response(400, text="{", headers={"Content-Type": "application/problem+json"}), False),
    (httpx.Response(400, json={"title": "no more"}, headers={"Content-Type": "application/problem+json"}), False),
    (httpx.Response(200, text="<h1>Welcome</h1>", headers={"Content-Type": "text/html"}), True),
    (httpx.Response(200), True),
    (httpx.Response(200, json={"sequence": 1}), False),
    (httpx.Response(200, json=[]), False),
    (httpx.Response(304), True),
]


@pytest.mark.parametrize(("answer", "from_elsewhere"), STRANGE)
async def test_an_answer_that_is_not_of_the_service_is_told(answer: httpx.Response, from_elsewhere: bool) -> None:
    client, _ = answering(answer)
    Patience(client)
    with pytest.raises(UnexpectedAnswer) as caught:
        await client.head()
    assert caught.value.status == answer.status_code
    assert caught.value.from_elsewhere is from_elsewhere


async def test_a_page_that_is_not_of_the_service_is_told() -> None:
    for page in ({"items": []}, {"items": [{"id": 1}], "next": None, "included": {"actors": {}, "sources": {}}}):
        client, _ = answering(httpx.Response(200, json=page))
        with pytest.raises(UnexpectedAnswer):
            await anext(aiter(client.events()))


async def test_a_service_that_cannot_be_reached_is_told() -> None:
    client = AsyncDateline("http://127.0.0.1:1")
    Patience(client)
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:1"):
        await client.head()
    await client.close()


async def test_a_writer_is_not_led_elsewhere() -> None:
    """A redirect could have the token and the body go to where they were not meant for."""
    client, requests = answering(httpx.Response(308, headers={"Location": "http://elsewhere.example/v1/events"}))
    with pytest.raises(UnexpectedAnswer):
        await client.create_event(event_body())
    assert len(requests) == 1


async def test_a_redirect_with_json_is_no_success(client: Client) -> None:
    event = Event.from_dict(await make_event(client))
    strange, requests = answering(httpx.Response(308, json={"id": "a", "merged_into": "b", "revision": 2}))
    for call in (
        *(strange.head(), strange.create_event({}), strange.discard_event(event), strange.get_actor("a")),
        strange.unmerge_actor("a", reason="They are two."),
    ):
        with pytest.raises(UnexpectedAnswer, match="status 308"):
            await call
    assert len(requests) == 5


async def test_media_types_are_compared_as_such() -> None:
    answer = problem(404, "not-found")
    answer.headers["Content-Type"] = "Application/Problem+JSON ; charset=utf-8"
    client, _ = answering(answer)
    with pytest.raises(NotFound):
        await client.head()
    answer.headers["Content-Type"] = "application/problem+jsonish"
    client, _ = answering(answer)
    with pytest.raises(UnexpectedAnswer):
        await client.head()


def test_everything_that_is_raised_can_be_imported_and_caught_by_one_name() -> None:
    errors = [getattr(dateline_client, name) for name in dateline_client.__all__]
    kinds = [one for one in errors if isinstance(one, type) and issubclass(one, Exception)]
    assert len(kinds) == 15
    assert all(issubclass(kind, DatelineError) for kind in kinds)
