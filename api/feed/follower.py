"""One stream: from wherever it begins along the log to its end, and then whatever comes, until somebody ends it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from uuid import UUID

from api.feed.hub import Hub
from api.feed.ring import change_frame, dropped_frame
from api.store.store import Store
from api.store.tokens import is_in_force
from schema.feed import DropReason
from schema.problem import ProblemError

logger = logging.getLogger(__name__)

_HEARTBEAT = b":\n\n"
#: After how long clients come back by themselves, in milliseconds: not all of a server that was started anew at once.
_RETRY_MS = (1000, 4000)
_PAUSE_S = 1.0

#: Sends a part of the answer, and whether it is the last one.
Send = Callable[[bytes, bool], Awaitable[None]]


class Follower:
    """A client of the feed: a place in the log, and the means to write. All else is shared."""

    __slots__ = ("_after", "_beat_at", "_edit", "_hub", "_live", "_send", "_store", "_token", "_took_s")

    def __init__(self, hub: Hub, store: Store, send: Send, *, after: int, edit: bool, token: UUID | None) -> None:
        self._hub = hub
        self._store = store
        self._send = send
        self._after = after
        self._edit = edit
        self._token = token
        self._live = False
        self._took_s = 0.0
        self._beat_at = 0.0

    async def follow(self) -> None:
        """Write every change after the place where it begins, once and in order, until there is a reason to end.

        Raises TimeoutError where a write takes longer than it may: the client has to be cut off.
        """
        hub, loop = self._hub, asyncio.get_running_loop()
        await self._write(b"retry: %d\n\n" % random.randint(*_RETRY_MS))  # noqa: S311 -- no secret
        # Not all that came at the same moment have their tokens looked up at the same moment.
        self._beat_at = loop.time() + hub.bounds.heartbeat_s * random.uniform(0.5, 1)  # noqa: S311 -- no secret
        while (reason := await self._step()) is None:
            pass
        await self._write(dropped_frame(reason, self._after), last=True)

    async def _step(self) -> DropReason | None:
        """Write something, or wait until there is something to write; gives the reason to end, if there is one."""
        hub, loop = self._hub, asyncio.get_running_loop()
        ring, news = hub.ring(self._edit), hub.news
        if hub.stopping:
            return DropReason.STOPPING
        # Before a sign of life is written, which takes no time.
        if self._live and self._took_s > hub.bounds.slow_s and self._after < ring.overtaken:
            return DropReason.TOO_SLOW
        if loop.time() >= self._beat_at:
            self._beat_at = loop.time() + hub.bounds.heartbeat_s
            if not await self._is_welcome():
                return DropReason.TOKEN_ENDED
            await self._write(_HEARTBEAT)
        elif self._after < ring.floor:
            # A burst that was larger than the ring, or a redaction: no fault of the client's.
            self._live = False
            await self._catch_up(news)
        else:
            self._live = True
            piece = ring.after(self._after, hub.bounds.piece_bytes)
            if piece is None:
                await _wait(news, self._beat_at - loop.time())
            else:
                await self._write(piece.bytes)
                self._after = piece.after
        return None

    async def _catch_up(self, news: asyncio.Event) -> None:
        """Write the next changes as the log has them."""
        try:
            page = await self._hub.read(self._store, self._after, edit=self._edit)
        except ProblemError as error:
            logger.warning("A stream waits for the log: %s", error)
            await _wait(news, _PAUSE_S)
            return
        if page is None:
            return
        frames = [change_frame(*item) for item in page.items]
        after = page.after
        del page
        await self._write(b"".join(frame.bytes for frame in frames))
        self._after = after

    async def _is_welcome(self) -> bool:
        """Say whether the token, if one was needed or sent, is still in force. Nobody is sent away in doubt."""
        if self._token is None:
            return True
        try:
            return await is_in_force(self._store, self._token)
        except ProblemError:
            return True

    async def _write(self, data: bytes, *, last: bool = False) -> None:
        loop, bounds = asyncio.get_running_loop(), self._hub.bounds
        began = loop.time()
        async with asyncio.timeout(bounds.farewell_s if self._hub.stopping else bounds.write_s) as patience:

            def hurry() -> None:
                when = patience.when()
                if not patience.expired() and when is not None:
                    patience.reschedule(min(when, loop.time() + bounds.farewell_s))

            with self._hub.hurrying(hurry):
                await self._send(data, last)
        self._took_s = loop.time() - began


async def _wait(news: asyncio.Event, longest_s: float) -> None:
    try:
        async with asyncio.timeout(max(0.0, longest_s)):
            await news.wait()
    except TimeoutError:
        pass
