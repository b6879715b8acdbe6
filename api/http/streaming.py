"""The answer that a stream of changes is: written at the client's pace, and cut off where it has none."""

import asyncio
from typing import Any

from litestar import Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from api.engine.connections import hang_up
from api.feed.follower import Follower
from api.feed.hub import Hub
from api.http.contract import EVENT_STREAM
from api.store.store import Store

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class ChangeStream(Response[bytes]):
    """Every change after one, and then whatever comes (Server-Sent Events)."""

    def __init__(self, hub: Hub, store: Store, *, after: int, edit: bool, token: Any) -> None:
        super().__init__(b"", media_type=EVENT_STREAM, headers=_HEADERS)
        self._given = {"hub": hub, "store": store, "after": after, "edit": edit, "token": token}

    def to_asgi_response(self, request: Request[Any, Any, Any], **_given: Any) -> ASGIResponse:  # type: ignore[override]
        """Make what sends it."""
        return _Streaming(**self._given)


class _Streaming(ASGIResponse):
    # Litestar's own streams know nothing of how long a write takes, and cannot end one that does not.
    __slots__ = ("_given", "_hub", "_peer")

    _should_set_content_length = False

    def __init__(self, hub: Hub, **given: Any) -> None:
        super().__init__(media_type=EVENT_STREAM, headers=_HEADERS)
        self._hub = hub
        self._given = given
        self._peer: tuple[str, int] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Counted before anything else can happen, so that there is never one too many.
        self._hub.streams += 1
        try:
            # An HTTP/2 connection has other requests, too.
            if scope["client"] and scope["http_version"].startswith("1"):
                self._peer = (scope["client"][0], int(scope["client"][1]))
            await super().__call__(scope, receive, send)
        finally:
            self._hub.streams -= 1

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Write until the client leaves or there is a reason to end."""

        async def write(data: bytes, last: bool) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": not last})

        following = asyncio.create_task(Follower(self._hub, send=write, **self._given).follow())
        leaving = asyncio.create_task(until_left(receive))
        try:
            await asyncio.wait({following, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                following.result()
        except TimeoutError:
            if self._peer is not None:
                hang_up(self._peer)
        finally:
            following.cancel()
            leaving.cancel()
            await asyncio.gather(following, leaving, return_exceptions=True)


async def until_left(receive: Receive) -> None:
    """Wait until the client goes away; what else comes from it is passed over."""
    while (await receive())["type"] != "http.disconnect":
        pass
