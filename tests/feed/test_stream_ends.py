"""How streams end where it is the server that ends them, and that nothing is lost by it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import Database
from tests.engine.support import PATIENCE_S, living, wait_until
from tests.feed.following import Service, Stream, all_pages, following, served, write_event, writer_of

#: A hundred of these are more than sockets hold.
LONG = "It happened. " * 1500


async def write_many(http: httpx.AsyncClient, number: int) -> None:
    for first in range(0, number, 50):
        rows = [
            {
                "title": f"Number {first + place}",
                "kind": "treaty",
                "date": "2024-06",
                "summary": LONG,
                "citations": [{"source": {"title": "A report", "url": "https://news.example/report"}}],
            }
            for place in range(50)
        ]
        answer = await http.post("/v1/events/batch", json=rows)
        assert answer.status_code == 200, answer.text


async def rest_of(stream: Stream) -> list[Any]:
    """All events until the end, however it comes."""
    found = []
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        async for event in stream.events():
            found.append(event)
    return found


@pytest.mark.soak
async def test_a_client_that_takes_too_long_is_told_and_comes_back_without_a_loss(database: Database) -> None:
    """Its socket is full while more is written than the ring holds."""
    # The ring holds more than is put into it at once (a read of the log, 4 MB), so whoever reads is not overtaken. And
    # nothing is cut off meanwhile, however long it takes; but signs of life fall due.
    bounds = {"ring_frames": 300, "slow_s": 0.01, "write_s": 3600.0, "heartbeat_s": 1.0}
    with served(database, bounds=bounds) as service:
        async with writer_of(service) as http, following(service, small=True) as stream:
            await write_event(http, title="First")
            seen = [change["sequence"] for change in await stream.take(2)]
            await write_many(http, 1000)
            pages = await all_pages(http, limit=1000)
            # A client beside it shows that the feed has come to the end: from there on it has only what the ring has.
            async with following(service, Last_Event_ID=str(pages[-2]["sequence"])) as beside:
                assert await beside.take(1) == pages[-1:]
            *changes, last = await rest_of(stream)
            assert (last.name, last.item["reason"]) == ("dropped", "too-slow")
            seen += [int(event.id) for event in changes]
            assert last.item["after"] == seen[-1]
            assert len(seen) < len(pages), "it was not overtaken"
            async with following(service, Last_Event_ID=str(seen[-1])) as again:
                seen += [change["sequence"] for change in await again.take(len(pages) - len(seen))]
            assert seen == [change["sequence"] for change in pages]


async def test_a_burst_larger_than_the_ring_is_no_fault_of_the_clients(database: Database) -> None:
    with served(database, bounds={"ring_frames": 3, "slow_s": PATIENCE_S}) as service:
        async with writer_of(service) as http, following(service) as stream:
            await write_event(http, title="First")
            await stream.take(2)
            await write_many(http, 100)
            pages = await all_pages(http, limit=1000)
            assert [change["sequence"] for change in await stream.take(len(pages) - 2)] == [
                change["sequence"] for change in pages[2:]
            ]


@pytest.mark.soak
async def test_a_client_that_takes_nothing_at_all_is_cut_off(database: Database) -> None:
    """It no longer takes the place of another stream, and whoever comes after it has lost nothing."""
    with served(database, bounds={"write_s": 5.0, "maximum_streams": 1}) as service:
        async with writer_of(service) as http:
            await write_many(http, 1000)
            pages = await all_pages(http, limit=1000)
            async with following(service, small=True) as stalled:
                # There is place for another stream once it is cut off. That one is read at once, or it would be, too.
                with contextlib.closing(await _when_there_is_room(service)) as again:
                    changes = await again.take(len(pages))
                assert [change["sequence"] for change in changes] == [change["sequence"] for change in pages]
                assert 0 < len(await rest_of(stalled)) < len(pages)


async def _when_there_is_room(service: Service) -> Stream:
    async with asyncio.timeout(PATIENCE_S):
        while (stream := await Stream.open(service.port)).status != 200:
            stream.close()
    return stream


@pytest.fixture
def service(database: Database) -> Iterator[Service]:
    """One that would wait for writes, and for requests under way, for longer than any test does."""
    with served(database, bounds={"write_s": 3600.0}, workers=2, write_timeout_s=3600) as made:
        yield made


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with writer_of(service) as client:
        yield client


async def test_ctrl_c_ends_streams_at_once_and_says_so(service: Service, http: httpx.AsyncClient) -> None:
    await write_event(http, title="First")
    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(following(service)) for _ in range(8)]
        taken = [await stream.take(2) for stream in streams]
        family = service.started.family()
        os.killpg(service.started.process.pid, signal.SIGINT)  # as a terminal does
        for stream in streams:
            [last] = await rest_of(stream)
            assert (last.name, last.item) == ("dropped", {"reason": "stopping", "after": taken[0][-1]["sequence"]})
        assert service.started.end() == 0
    wait_until(lambda: not living(family))


@pytest.mark.soak
async def test_a_client_that_takes_nothing_does_not_hold_up_a_stop(service: Service, http: httpx.AsyncClient) -> None:
    await write_many(http, 1000)
    async with following(service, small=True), following(service) as other:
        await other.take(1001)
        assert await asyncio.to_thread(service.started.finish, signal.SIGTERM) == 0
