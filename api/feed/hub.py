"""What all streams of a process share: one look at the log for all of them, and the rings that it fills."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator

from msgspec import Struct

from api.feed.listening import listen
from api.feed.ring import Frame, Ring, change_frame
from api.store.changes import Heads, Page, read_heads, read_log, read_page
from api.store.store import Store
from schema.problem import ProblemError, problem

logger = logging.getLogger(__name__)

#: How much of the log is read at once.
_READ_CHANGES = 500
_READ_BYTES = 4 * 1024**2
#: The same for a stream that begins further back: it keeps what it has read until the client has taken it.
_CATCH_UP_CHANGES = 100
_CATCH_UP_BYTES = 128 * 1024
#: How long the hub waits after it could not read.
_PAUSE_S = 1.0
_RETRY_AFTER_S = 10


class Bounds(Struct, frozen=True, kw_only=True):
    """How much and how long; in seconds and bytes. Tests take less."""

    maximum_streams: int = 2000
    ring_frames: int = 10_000
    ring_bytes: int = 16 * 1024**2
    piece_bytes: int = 64 * 1024
    """How much of the ring is written to a client at once."""
    readers: int = 3
    """How many streams read from the log at the same time; the other connections are for other requests."""
    heartbeat_s: float = 15.0
    poll_s: float = 2.0
    """How often the log is looked at where nothing was heard."""
    slow_s: float = 1.0
    """A client to whom a write took longer, and whom the ring has overtaken meanwhile, is too slow."""
    write_s: float = 30.0
    """A write that takes longer is cut off."""
    farewell_s: float = 1.0
    """How long a write may take once the service is stopping."""


class Hub:
    """The feed of one process. It begins to work with the first stream, and then goes on until ``close``."""

    def __init__(self, url: str | None, bounds: Bounds) -> None:
        self.bounds = bounds
        self.stopping = False
        self.streams = 0
        self._url = url
        self._rings = {edit: self._ring() for edit in (True, False)}
        self._tip = -1
        self._news = asyncio.Event()
        self._wake = asyncio.Event()
        self._reading = asyncio.Semaphore(bounds.readers)
        self._tasks: list[asyncio.Task[None]] = []
        self._in_a_hurry: set[Callable[[], None]] = set()

    def _ring(self) -> Ring:
        return Ring(maximum_frames=self.bounds.ring_frames, maximum_bytes=self.bounds.ring_bytes)

    def require_room(self) -> None:
        """Raise ``too-many-streams`` if there can be no further stream, ``unavailable`` while the service stops."""
        if self.stopping:
            raise problem("unavailable", "The service is stopping.", headers={"Retry-After": "5"})
        if self.streams >= self.bounds.maximum_streams:
            raise problem(
                "too-many-streams",
                f"There are {self.streams:,} streams, and no more are served at once (per worker process).",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            )

    def start(self, store: Store) -> None:
        """Begin to follow the log, if that has not begun."""
        if not self._tasks and not self.stopping:
            self._tasks = [asyncio.create_task(self._follow(store), name="feed")]
            if self._url is not None:
                self._tasks.append(asyncio.create_task(listen(self._url, self._wake.set), name="feed-listening"))

    def stop(self) -> None:
        """Have all streams end; writes that are under way get a moment more."""
        self.stopping = True
        self._tell()
        for hurry in list(self._in_a_hurry):
            hurry()

    async def close(self) -> None:
        """Stop, and leave no task and no connection behind."""
        self.stop()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.contextmanager
    def hurrying(self, hurry: Callable[[], None]) -> Iterator[None]:
        """Call ``hurry`` if the service stops within."""
        self._in_a_hurry.add(hurry)
        try:
            yield
        finally:
            self._in_a_hurry.discard(hurry)

    def ring(self, edit: bool) -> Ring:
        """The ring of a kind of reader."""
        return self._rings[edit]

    @property
    def news(self) -> asyncio.Event:
        """What is set when there is something new, or the service stops; afterwards there is another one."""
        return self._news

    async def read(self, store: Store, after: int, *, edit: bool) -> Page | None:
        """Read changes from the log, for a stream that begins further back than the ring; None if others are first.

        Whoever gets nothing has a heartbeat to send, or a reason to end, before asking again.
        """
        try:
            async with asyncio.timeout(_PAUSE_S):
                await self._reading.acquire()
        except TimeoutError:
            return None
        try:
            return await read_page(store, after, _CATCH_UP_CHANGES, edit=edit, maximum_bytes=_CATCH_UP_BYTES)
        finally:
            self._reading.release()

    async def _follow(self, store: Store) -> None:
        while True:
            try:
                self._wake.clear()
                if self._tip < 0:
                    self._begin(await read_heads(store))
                while await self._read_on(store):
                    pass
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.bounds.poll_s):
                        await self._wake.wait()
            except ProblemError as error:
                logger.warning("The feed could not be read: %s", error)
                await asyncio.sleep(_PAUSE_S)
            except Exception:
                logger.exception("The feed could not be read")
                await asyncio.sleep(_PAUSE_S)

    def _begin(self, heads: Heads) -> None:
        self._tip = heads.edit
        self._rings[True].begin(heads.edit)
        self._rings[False].begin(heads.public)
        self._tell()

    async def _read_on(self, store: Store) -> bool:
        """Put what is new into the rings; says whether there was anything."""
        found = await read_log(store, self._tip, _READ_CHANGES, _READ_BYTES)
        for item in found:
            if item.is_redaction:
                for ring in self._rings.values():
                    ring.clear()
            frame: Frame | None = None
            if item.edit is not None:
                frame = change_frame(item.sequence, item.edit)
                self._rings[True].add(frame)
            if item.public is not None:
                shared = frame is not None and item.public is item.edit
                self._rings[False].add(frame if shared and frame else change_frame(item.sequence, item.public))
            self._tip = item.sequence
        if found:
            for ring in self._rings.values():
                ring.trim()
            self._tell()
        return bool(found)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
