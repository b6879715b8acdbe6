"""The change feed through the client, on a service in a process of its own: nothing is lost, nothing comes twice."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from dateline_client import (
    AsyncDateline,
    ConnectionFailed,
    Forbidden,
    InvalidRequest,
    Unauthorized,
    UnexpectedAnswer,
    models,
)
from tests.client.support import Patience, answering, problem
from tests.conftest import Database
from tests.engine.support import PATIENCE_S
from tests.feed.following import Service, served
from tests.writing import event_body


def impatient(address: str, **options: Any) -> AsyncDateline:
    """A client that waits hardly at all between its attempts."""
    client = AsyncDateline(address, **options)
    client._pause = lambda seconds: asyncio.sleep(0.02)
    return client


async def write(service: Service, *titles: str) -> None:
    async with AsyncDateline(service.address, token=service.token) as desk:
        for title in titles:
            await desk.create_event(event_body(title=title))


async def all_of(service: Service) -> list[int]:
    """The sequences of the feed, by its plain pages."""
    async with httpx.AsyncClient(base_url=service.address, timeout=PATIENCE_S) as http:
        page = (await http.get("/v1/changes", params={"limit": 1000})).json()
    assert not page["more"]
    return [item["sequence"] for item in page["items"]]


class Follower:
    """Takes changes in the background, so that a test can see how far it is."""

    def __init__(self, client: AsyncDateline, after: int = 0) -> None:
        self.sequences: list[int] = []
        self.titles: list[str] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._follow(client, after))

    async def _follow(self, client: AsyncDateline, after: int) -> None:
        async with aclosing(client.changes(after, page_size=3)) as changes:
            async for change in changes:
                self.sequences.append(change.sequence)
                if isinstance(change, models.EventChange) and change.document:
                    self.titles.append(change.document.title)
                self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._news.clear()
                waiting = asyncio.create_task(self._news.wait())
                await asyncio.wait([waiting, self._task], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                if self._task.done():
                    await self._task
                    raise AssertionError("it has ended")

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


@contextlib.asynccontextmanager
async def following(client: AsyncDateline, after: int = 0) -> AsyncIterator[Follower]:
    follower = Follower(client, after)
    try:
        yield follower
    finally:
        await follower.stop()
        await client.close()


async def test_what_was_made_before_and_what_is_made_comes_once_and_in_order(database: Database) -> None:
    with served(database) as service:
        await write(service, "One", "Two", "Three")
        async with following(impatient(service.address)) as follower:
            await follower.until(lambda: follower.titles == ["One", "Two", "Three"])
            await write(service, "Four", "Five")
            await follower.until(lambda: len(follower.titles) == 5)
            assert follower.titles == ["One", "Two", "Three", "Four", "Five"]
            assert follower.sequences == await all_of(service)
        # Begun after a bookmark, it gives the rest; without following, it ends.
        async with AsyncDateline(service.address) as client:
            bookmark = follower.sequences[2]
            rest = [change.sequence async for change in client.changes(bookmark, follow=False, page_size=2)]
            assert rest == follower.sequences[3:]
            assert [change async for change in client.changes(rest[-1], follow=False)] == []
            assert (await client.head()).sequence == rest[-1]
            with pytest.raises(InvalidRequest):
                await anext(client.changes(rest[-1] + 1))


async def test_a_service_that_is_stopped_and_started_anew(database: Database) -> None:
    async with contextlib.AsyncExitStack() as stack:
        service = stack.enter_context(served(database))
        await write(service, "First")
        follower = await stack.enter_async_context(following(impatient(service.address)))
        await follower.until(lambda: follower.titles == ["First"])
        for number, ending in enumerate((signal.SIGTERM, signal.SIGKILL)):
            await asyncio.to_thread(service.started.finish, ending)
            again = stack.enter_context(served(database, port=service.port))
            service = again._replace(port=service.port)
            await write(service, f"After {number}")
            await follower.until(lambda number=number: follower.titles[-1] == f"After {number}")
        assert follower.titles == ["First", "After 0", "After 1"]
        assert follower.sequences == await all_of(service)


async def test_connections_that_break_off_wherever_they_do(database: Database) -> None:
    """Between the client and the service is one who cuts each connection after some bytes more than the one before."""
    with served(database) as service:
        titles = [f"Row {number}" for number in range(40)]
        await write(service, *titles[:20])
        async with cutting(service.port) as (port, cuts), following(impatient(f"http://127.0.0.1:{port}")) as follower:
            writing = asyncio.create_task(write(service, *titles[20:]))
            await follower.until(lambda: len(follower.titles) == 40)
            await writing
            assert follower.titles == titles
            assert follower.sequences == await all_of(service)
        assert cuts[0] > 3


@contextlib.asynccontextmanager
async def cutting(port: int) -> AsyncIterator[tuple[int, list[int]]]:
    """A way to a port on which each connection breaks off after some bytes; gives its port and how often that was."""
    cuts, connections = [0], [0]
    tasks: set[asyncio.Task[None]] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: float) -> None:
        with contextlib.suppress(ConnectionError):
            while most > 0 and (data := await reader.read(4096)):
                writer.write(data[: int(min(len(data), most))])
                await writer.drain()
                most -= len(data)
        cuts[0] += most <= 0
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections[0] += 1
        there, back = await asyncio.open_connection("127.0.0.1", port)
        tasks.add(asyncio.create_task(pass_on(reader, back, float("inf"))))
        await pass_on(there, writer, 1500 + 100 * connections[0])
        back.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], cuts
    await asyncio.gather(*tasks, return_exceptions=True)


STREAM = {"Content-Type": "text/event-stream"}
CAUGHT_UP = httpx.Response(200, json={"items": [], "after": 7, "more": False, "head": 7})


def change(sequence: int, entity: str = "actor") -> dict[str, Any]:
    return {
        **{"entity": entity, "id": "one", "sequence": sequence, "recorded_at": "2025-06-01T09:00:00Z", "revision": 1},
        **{"type": "discard", "author": "desk", "reason": None, "redacted": False, "redacts": [], "document": None},
    }


def stream(*sequences: int, ending: str = "", retry: int | None = None) -> httpx.Response:
    frames = "".join(f"id: {one}\nevent: change\ndata: {json.dumps(change(one))}\n\n" for one in sequences)
    return httpx.Response(200, headers=STREAM, text=(f"retry: {retry}\n\n" if retry else "") + frames + ending)


REFUSED = problem(401, "token-required")
#: What a proxy answers while the service behind it is away or being moved.
OF_A_PROXY = [
    httpx.Response(404, text="no such app", headers={"Content-Type": "text/plain"}),
    httpx.Response(403, text="<h1>No</h1>", headers={"Content-Type": "text/html"}),
    httpx.Response(404, json={"message": "no route"}),
    httpx.Response(200, text="<h1>Back soon</h1>", headers={"Content-Type": "text/html"}),
    httpx.Response(200),
    httpx.Response(304),
    problem(429, "too-often"),
]


async def taken(client: AsyncDateline, after: int = 7) -> list[int]:
    """The sequences that come until the token is refused."""
    sequences = []

    async def take() -> None:
        async for one in client.changes(after):
            sequences.append(one.sequence)

    with pytest.raises(Unauthorized):
        await take()
    return sequences


async def test_what_a_service_says_when_it_ends_a_stream_is_heeded() -> None:
    dropped = 'event: dropped\ndata: {"reason": "too-slow", "after": 9}\n\n'
    late = json.dumps(change(99))
    ending = f"{dropped}id: 99\nevent: change\ndata: {late}\n\n"
    client, requests = answering(CAUGHT_UP, stream(8, 9, ending=ending), REFUSED)
    patience = Patience(client)
    assert await taken(client) == [8, 9]
    assert requests[1].headers["Last-Event-ID"] == "7"
    assert requests[2].url.params["after"] == "9"
    assert patience.waits == [0.5]


async def test_what_comes_again_is_given_once_and_what_is_cut_off_not_at_all() -> None:
    page = {"items": [change(7), change(8)], "after": 8, "more": True, "head": 12}
    rest = {"items": [change(8), change(9)], "after": 11, "more": False, "head": 11}
    cut = 'id: 14\nevent: change\ndata: {"entity": "event", "id": "'
    client, requests = answering(
        httpx.Response(200, json=page), httpx.Response(200, json=rest), stream(9, 12, 13, ending=cut), REFUSED
    )
    Patience(client)
    assert await taken(client) == [8, 9, 12, 13]
    # The page said more than its items did: what lies between is not for this reader.
    assert [request.url.params.get("after") for request in requests] == ["7", "8", "11", "13"]
    assert requests[2].headers["Last-Event-ID"] == "11"


async def test_waits_are_as_long_as_the_service_asks_for_and_longer_each_time() -> None:
    client, _ = answering(
        *(CAUGHT_UP, stream(retry=3000)),
        *(CAUGHT_UP, problem(503, "too-many-streams", Retry_After="30")),
        *(CAUGHT_UP, httpx.ReadTimeout("no sign of life")),
        *(CAUGHT_UP, httpx.ConnectError("refused")),
        *(CAUGHT_UP, httpx.Response(200, text="<h1>Welcome</h1>", headers={"Content-Type": "text/html"})),
        *(CAUGHT_UP, stream(8)),
        REFUSED,
    )
    patience = Patience(client)
    assert await taken(client) == [8]
    assert patience.waits == [3.0, 30.0, 3.0, 4.0, 8.0, 3.0]


async def test_an_outage_is_waited_out_however_long_it_takes() -> None:
    passing = [*[httpx.ConnectError("refused")] * 40, httpx.Response(502, text="no"), problem(503, "query-timeout")]
    client, _ = answering(CAUGHT_UP, stream(8), *passing, CAUGHT_UP, stream(9), REFUSED)
    patience = Patience(client)
    assert await taken(client) == [8, 9]
    assert sum(patience.waits) > 60
    assert max(patience.waits) == 30.0


@pytest.mark.parametrize("answer", OF_A_PROXY, ids=lambda answer: f"{answer.status_code} {answer.text[:9]}")
async def test_what_a_proxy_answers_is_waited_out(answer: httpx.Response) -> None:
    client, requests = answering(CAUGHT_UP, stream(8), *[answer] * 5, CAUGHT_UP, answer, CAUGHT_UP, stream(9), REFUSED)
    patience = Patience(client)
    assert await taken(client) == [8, 9]
    assert requests[-1].url.params["after"] == "9"
    assert sum(patience.waits) > 5


@pytest.mark.parametrize("answer", OF_A_PROXY[:-1], ids=lambda answer: f"{answer.status_code} {answer.text[:9]}")
async def test_what_a_proxy_answers_is_told_where_the_service_was_never_there(answer: httpx.Response) -> None:
    client, requests = answering(answer)
    with pytest.raises(UnexpectedAnswer):
        await anext(client.changes())
    assert len(requests) == 1


async def test_what_a_proxy_answers_is_told_where_one_does_not_follow() -> None:
    page = {"items": [change(8)], "after": 8, "more": True, "head": 12}
    client, _ = answering(httpx.Response(200, json=page), OF_A_PROXY[0])
    changes = client.changes(7, follow=False)
    assert (await anext(changes)).sequence == 8
    with pytest.raises(UnexpectedAnswer):
        await anext(changes)


@pytest.mark.parametrize("page", [{}, [], {"items": [{}], "after": 8, "more": False}])
async def test_a_page_that_is_not_of_the_service_is_told(page: Any) -> None:
    client, requests = answering(CAUGHT_UP, stream(8), httpx.Response(200, json=page))
    Patience(client)
    changes = client.changes(7)
    assert (await anext(changes)).sequence == 8
    with pytest.raises(UnexpectedAnswer):
        await anext(changes)
    assert len(requests) == 3


async def test_a_problem_that_cannot_be_read_is_told() -> None:
    broken = httpx.Response(400, text="{", headers={"Content-Type": "application/problem+json"})
    client, _ = answering(CAUGHT_UP, stream(8), broken)
    Patience(client)
    changes = client.changes(7)
    assert (await anext(changes)).sequence == 8
    with pytest.raises(UnexpectedAnswer):
        await anext(changes)


async def test_a_first_attempt_that_fails_is_told() -> None:
    client, requests = answering(httpx.ConnectError("refused"))
    Patience(client)
    with pytest.raises(ConnectionFailed):
        await anext(client.changes())
    assert len(requests) == 5


async def test_a_refusal_of_the_stream_is_told() -> None:
    client, requests = answering(CAUGHT_UP, problem(403, "forbidden"))
    with pytest.raises(Forbidden):
        await anext(client.changes(7))
    assert len(requests) == 2


FRAME = "id: 8\nevent: change\ndata: {}\n\n"
MALFORMED = ["{", "[]", "{}", json.dumps({**change(8), "document": {}}), json.dumps(change(8, "map"))]


@pytest.mark.parametrize("data", MALFORMED, ids=["cut", "list", "empty", "document", "entity"])
async def test_a_frame_that_is_not_of_the_service_is_told(data: str) -> None:
    client, requests = answering(CAUGHT_UP, httpx.Response(200, headers=STREAM, text=FRAME.replace("{}", data)))
    with pytest.raises(UnexpectedAnswer) as caught:
        await anext(client.changes(7))
    assert caught.value.status == 200
    assert len(requests) == 2


async def test_a_stream_is_led_on_as_pages_are_and_the_token_stays() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.host == "old":
            return httpx.Response(308, headers={"Location": str(request.url.copy_with(host="new"))})
        return stream(8) if request.url.path.endswith("stream") else CAUGHT_UP

    requests: list[httpx.Request] = []
    client = AsyncDateline("http://old", token="dateline_secret", transport=httpx.MockTransport(handle))
    async with client, aclosing(client.changes(7)) as changes:
        assert (await anext(changes)).sequence == 8
    assert [request.url.host for request in requests] == ["old", "new"] * 2
    shown = [request.headers.get("Authorization") for request in requests]
    assert shown == ["Bearer dateline_secret", None] * 2
    assert requests[-1].headers["Last-Event-ID"] == "7"


async def test_streams_that_are_cut_when_nothing_comes_are_opened_again_at_once() -> None:
    """A proxy that cuts connections in which nothing comes must not lead to ever longer waits."""

    def quiet() -> httpx.Response:
        async def nothing() -> AsyncIterator[bytes]:
            yield b": alive\n\n"
            patience.now += 10
            raise httpx.ReadError("cut")

        return httpx.Response(200, headers=STREAM, content=nothing())

    client, _ = answering(*(CAUGHT_UP, quiet) * 8, *(CAUGHT_UP, stream()) * 3, REFUSED)
    patience = Patience(client)
    assert await taken(client) == []
    # Those that ended as soon as they had begun are another matter.
    assert patience.waits == [0.5] * 8 + [1.0, 2.0, 4.0]


async def test_waits_are_short_again_when_a_page_has_brought_something() -> None:
    page = httpx.Response(200, json={"items": [change(8)], "after": 8, "more": False, "head": 8})
    client, _ = answering(*(CAUGHT_UP, httpx.Response(502)) * 3, page, httpx.Response(502), REFUSED)
    patience = Patience(client)
    assert await taken(client) == [8]
    assert patience.waits == [0.5, 1.0, 2.0, 0.5]
