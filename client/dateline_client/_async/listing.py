"""Lists that come in pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Generic, TypeVar

import httpx

from dateline_client.errors import understanding

Item = TypeVar("Item")
Page = TypeVar("Page")
Told = TypeVar("Told")


class AsyncListing(Generic[Item, Page]):
    """Everything that a list has, page after page, each asked for when the one before is used up.

    >>> async for event in client.events(actor="north-korea"):
    ...     print(event.date, event.title)

    Each walk begins anew. With ``pages()``, the pages come as they are, with what is said of the whole.
    """

    def __init__(
        self,
        ask: Callable[[str | None, int], Awaitable[httpx.Response]],
        items_of: Callable[[dict[str, Any]], Iterable[Item]],
        page_of: Callable[[dict[str, Any]], Page],
        *,
        max_items: int | None,
        page_size: int,
        cursor: str | None,
    ) -> None:
        """Take how to ask for a page, and how to read it; a client does that."""
        if max_items is not None and max_items < 0:
            raise ValueError(f"max_items must not be negative, and is {max_items}")
        self._ask = ask
        self._items_of = items_of
        self._page_of = page_of
        self._max_items = max_items
        self._page_size = page_size
        self._cursor = cursor

    async def __aiter__(self) -> AsyncIterator[Item]:
        async for items in self._walk(lambda page: list(self._items_of(page))):
            for item in items:
                yield item

    async def pages(self) -> AsyncIterator[Page]:
        """Give each page as the contract describes it: ``items``, ``next_``, ``included``, and, of events, ``range_``,
        ``count`` (with ``count="exact"``) and ``notices``.

        >>> async for page in client.events(actor="north-korea", count="exact").pages():
        ...     print(page.count.value, page.range_.earliest, len(page.items))
        """
        async for page in self._walk(self._page_of):
            yield page

    async def _walk(self, read: Callable[[dict[str, Any]], Told]) -> AsyncIterator[Told]:
        """Give what is read of each page."""
        cursor, left = self._cursor, self._max_items
        while left is None or left > 0:
            response = await self._ask(cursor, self._page_size if left is None else min(left, self._page_size))
            with understanding(response):
                page = response.json()
                told, cursor, found = read(page), page["next"], len(page["items"])
            yield told
            if cursor is None:
                return
            if left is not None:
                left -= found
