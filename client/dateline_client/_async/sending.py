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
from dateline_client.errors import RevisionMismatch, error_of, understanding
from dateline_client.retries import Repeat, Retries

Answer = TypeVar("Answer")
Item = TypeVar("Item")
Page = TypeVar("Page")


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

        ``timeout`` bounds each wait for the service, in seconds, and ``transport`` says how requests are sent, for
        proxies, certificates and tests (see httpx).
        """
        headers = {"Accept": "application/json", "User-Agent": f"dateline-client/{version('dateline-client')}"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.AsyncClient(
            base_url=address.rstrip("/"), headers=headers, timeout=timeout, transport=transport
        )
        self._retries = retries or Retries()
        # Tests bring clocks of their own.
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
        begun = self._clock()
        attempt = 1
        while True:
            outcome = await self._attempt(arguments)
            wait_s = self._retries.wait_s(
                outcome, repeat, attempt=attempt, elapsed_s=self._clock() - begun, chance=self._chance()
            )
            if wait_s is None:
                break
            await self._pause(wait_s)
            attempt += 1
        error = error_of(outcome)
        if error is not None:
            if isinstance(error, RevisionMismatch) and attempt > 1:
                error.add_note("It was sent several times: an earlier one may have been carried out without an answer.")
            raise error
        assert isinstance(outcome, httpx.Response)
        return outcome

    async def _attempt(self, arguments: Mapping[str, Any]) -> httpx.Response | httpx.RequestError:
        # The address of an actor that was merged leads to the one that stands for it. Nothing that writes is led on.
        leads_on = arguments["method"] == "get"
        try:
            return await self._http.request(**{"follow_redirects": leads_on, **arguments})
        except httpx.RequestError as error:
            return error

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
