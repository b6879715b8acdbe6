"""One request, with its retries: what all operations share."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from dateline_client import calls
from dateline_client._async.listing import AsyncListing
from dateline_client.errors import error_of, understanding
from dateline_client.retries import Repeat, Retries, is_in_progress

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Page = TypeVar("Page")

#: How long to wait at least for what the service may take long over, batches and releases, in seconds: a statement may
#: take 30 seconds there (DATELINE_WRITE_TIMEOUT_S), a release a minute, and each waits for those before it.
_LONG_S = 300.0


class AsyncSender:
    """A connection to one service."""

    def __init__(
        self,
        address: str,
        *,
        token: str | None = None,
        retries: Retries | None = None,
        timeout: float | httpx.Timeout = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Make a client; nothing is sent yet.

        ``timeout`` bounds each wait for the service, in seconds: for a connection, and for each further piece of an
        answer (batches and releases have five minutes at least); not the whole of a request. ``transport`` says how
        requests are sent, for proxies, certificates and tests (see httpx). White space around the ``token`` is left
        out. Raises ValueError if address or token can't be one.
        """
        headers = {"Accept": "application/json", "User-Agent": f"dateline-client/{version('dateline-client')}"}
        if token is not None:
            headers["Authorization"] = calls.bearer(token)
        # Reads are led on, streams too: from an actor that was merged to the one that stands for it, and from an old
        # address to a new one. httpx shows the token to no other host. What writes is led nowhere, see _attempt.
        self._http = httpx.AsyncClient(
            base_url=calls.address(address),
            headers=headers,
            timeout=timeout,
            transport=transport,
            follow_redirects=True,
        )
        self._retries = retries or Retries()
        # Internal: the tests bring time and chance of their own.
        self._pause = asyncio.sleep
        self._clock = time.monotonic
        self._chance = random.random

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def close(self) -> None:
        """Close the connections; ``with`` does that by itself."""
        await self._http.aclose()

    async def _send(self, arguments: Mapping[str, Any], repeat: Repeat = Repeat.ALWAYS) -> httpx.Response:
        """Send a request that generated code has described, as often as it takes; give the answer of success."""
        attempt, waited_s = 1, 0.0
        while True:
            outcome = await self._attempt(arguments)
            wait_s = self._retries.wait_s(outcome, repeat, attempt=attempt, waited_s=waited_s, chance=self._chance())
            if wait_s is None:
                break
            await self._pause(wait_s)
            waited_s += wait_s
            attempt += not is_in_progress(outcome)
        error = error_of(outcome)
        if error is not None:
            raise error
        assert isinstance(outcome, httpx.Response)
        return outcome

    async def _attempt(self, arguments: Mapping[str, Any]) -> httpx.Response | httpx.RequestError:
        try:
            return await self._http.request(**arguments, follow_redirects=arguments["method"] == "get")
        except httpx.RequestError as error:
            return error

    def _taking_long(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Have a request wait longer for its answer than others do."""
        usual = self._http.timeout
        read = None if usual.read is None else max(usual.read, _LONG_S)
        return {**arguments, "timeout": httpx.Timeout(**{**usual.as_dict(), "read": read})}

    async def _read(
        self,
        read: Callable[[Mapping[str, Any]], Answer],
        arguments: Mapping[str, Any],
        repeat: Repeat = Repeat.ALWAYS,
    ) -> Answer:
        """Send a request and read its answer."""
        response = await self._send(arguments, repeat)
        with understanding(response):
            return read(response.json())

    def _list(
        self,
        describe: Callable[..., Mapping[str, Any]],
        items_of: Callable[[dict[str, Any]], Iterable[Item]],
        page_of: Callable[[dict[str, Any]], Page],
        *,
        max_items: int | None,
        page_size: int,
        cursor: str | None,
    ) -> AsyncListing[Item, Page]:
        """Make the walk of a list; ``describe`` is generated code that takes a cursor and a limit."""

        async def ask(cursor: str | None, limit: int) -> httpx.Response:
            return await self._send(describe(cursor=calls.given(cursor), limit=limit))

        return AsyncListing(ask, items_of, page_of, max_items=max_items, page_size=page_size, cursor=cursor)
