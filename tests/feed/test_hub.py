"""The hub and its followers in this process: without notifications, and with a database that does not answer."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from api.feed.follower import Follower
from api.feed.hub import Bounds, Hub
from api.store.store import Store
from schema.problem import ProblemError, problem
from tests.conftest import Client
from tests.engine.support import PATIENCE_S
from tests.writing import NOBODY, make_event


class Failing(Store):
    """A store on a database that can be told not to answer."""

    def __init__(self, store: Store) -> None:
        self._whole = store
        self.fails = False
        self.asked = asyncio.Event()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        self.asked.set()
        if self.fails:
            raise problem("unavailable", "It does not answer.")
        async with self._whole.connection() as connection:
            yield connection


class Received:
    """What a follower was sent."""

    def __init__(self) -> None:
        self.bytes = b""
        self._came = asyncio.Event()

    async def send(self, data: bytes, last: bool) -> None:
        self.bytes += data
        self._came.set()

    async def until(self, pattern: bytes) -> list[int]:
        """Wait for something; gives the sequences that have come."""
        async with asyncio.timeout(PATIENCE_S):
            while not re.search(pattern, self.bytes):
                self._came.clear()
                await self._came.wait()
        return [int(sequence) for sequence in re.findall(rb"^id: (\d+)$", self.bytes, re.MULTILINE)]


@asynccontextmanager
async def following(hub: Hub, store: Store, **more: Any) -> AsyncIterator[Received]:
    received = Received()
    follower = Follower(hub, store, received.send, **{"after": 0, "edit": True, "token": None, **more})
    task = asyncio.create_task(follower.follow())
    try:
        yield received
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """One that hears of nothing and so has to look."""
    made = Hub(None, Bounds(poll_s=0.02, heartbeat_s=0.05, maximum_streams=1))
    yield made
    await made.close()


async def test_changes_are_found_without_any_notification(client: Client, hub: Hub) -> None:
    await make_event(client, title="First")
    hub.start(client.store)
    async with following(hub, client.store) as received:
        assert await received.until(rb'"First"') == [1, 2]
        await make_event(client, title="Second")
        assert await received.until(rb'"Second"') == [1, 2, 3]


async def test_a_database_that_does_not_answer_for_a_while_costs_no_stream_and_no_change(
    client: Client, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.feed.hub._PAUSE_S", 0.01)
    monkeypatch.setattr("api.feed.follower._PAUSE_S", 0.01)
    store = Failing(client.store)
    await make_event(client, title="First")
    hub.start(store)
    async with following(hub, store) as live:
        await live.until(rb'"First"')
        store.fails = True
        async with following(hub, store, token=UUID(NOBODY)) as waiting:
            await make_event(client, title="Second")
            # It asks for what it has missed, and for its token at each heartbeat, in vain.
            await waiting.until(rb":\n\n:\n\n")
            assert b"id: " not in waiting.bytes
            store.asked.clear()
            await store.asked.wait()
            store.fails = False
            # Now it is known that the token is none.
            await waiting.until(rb"dropped\ndata: .*token-ended")
        assert await live.until(rb'"Second"') == [1, 2, 3]


async def test_a_hub_that_stops_takes_leave_of_all_and_takes_nobody_in(client: Client, hub: Hub) -> None:
    await make_event(client)
    hub.start(client.store)
    hub.require_room()
    async with following(hub, client.store) as one, following(hub, client.store, after=1) as other:
        await one.until(b"id: 2")
        await other.until(b"id: 2")
        hub.stop()
        for received in (one, other):
            await received.until(rb'event: dropped\ndata: \{"reason": "stopping", "after": 2\}\n\n\Z')
    with pytest.raises(ProblemError, match="stopping"):
        hub.require_room()


def test_there_is_a_bound_to_streams() -> None:
    hub = Hub(None, Bounds(maximum_streams=2))
    for _ in range(2):
        hub.require_room()
        hub.streams += 1
    with pytest.raises(ProblemError) as caught:
        hub.require_room()
    assert caught.value.kind.slug == "too-many-streams"
