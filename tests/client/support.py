"""Ways to send what the client sends, and to watch it: no network, no waiting."""

from collections.abc import Callable
from typing import Any

import httpx

from dateline_client import AsyncDateline, Retries
from tests.conftest import Client


def in_process(client: Client, *, token: str | None = None, **options: Any) -> AsyncDateline:
    """The client on the application in this process, which is on the store of the tests."""
    transport = options.pop("transport", None) or application_of(client)
    return AsyncDateline("http://test", token=token, transport=transport, **options)


def application_of(client: Client) -> httpx.AsyncBaseTransport:
    return client.http._transport


class Watched(httpx.AsyncBaseTransport):
    """Passes requests on and remembers them; ``instead`` may answer, or fail, before or after they were carried out."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        before: Callable[[int], Exception | httpx.Response | None] = lambda number: None,
        after: Callable[[int], Exception | httpx.Response | None] = lambda number: None,
    ) -> None:
        self.requests: list[httpx.Request] = []
        self._transport = transport
        self._before = before
        self._after = after

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        number = len(self.requests)
        return self._take(self._before(number)) or await self._passed(request, number)

    async def _passed(self, request: httpx.Request, number: int) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        return self._take(self._after(number)) or answer

    def _take(self, instead: Exception | httpx.Response | None) -> httpx.Response | None:
        if isinstance(instead, Exception):
            raise instead
        return instead


class Patience:
    """A clock that goes on only by the waits of a client, which it remembers, and by what answers say they took."""

    def __init__(self, client: Any) -> None:
        self.waits: list[float] = []
        self.now = 0.0
        client._pause = self._pause
        client._clock = lambda: self.now
        client._chance = lambda: 1.0

    async def _pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


Answer = httpx.Response | Exception


def answering(
    *answers: Answer | Callable[[], Answer], retries: Retries | None = None, **options: Any
) -> tuple[AsyncDateline, list[httpx.Request]]:
    """A client whose requests are answered by these in turn, the last one over and over, and the requests."""
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        answer = answers[min(len(requests), len(answers)) - 1]
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer.stream, httpx.ByteStream):
            answer = httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer

    return AsyncDateline("http://test", transport=httpx.MockTransport(handle), retries=retries, **options), requests


def problem(status: int, slug: str, **headers: str) -> httpx.Response:
    """An answer as the service gives it."""
    return httpx.Response(
        status,
        json={"type": f"/problems#{slug}", "title": "Title", "status": status, "detail": "Detail.", "request_id": "7"},
        headers={
            "Content-Type": "application/problem+json",
            **{name.replace("_", "-"): headers[name] for name in headers},
        },
    )
