"""What the feed is good for: many write, many follow, servers are killed, and every follower has the same history."""

import asyncio
import contextlib
import itertools
import os
import resource
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import asyncpg
import httpx
import pytest

from api.engine.connections import allow_connections
from tests.conftest import Database
from tests.engine.support import PATIENCE_S, ROOT, living, wait_until
from tests.feed.following import Service, Stream, all_pages, following, served, write_event, writer_of
from tests.writing import event_body

WRITERS = 8
WRITES = 12
CLIENTS = 1000
#: Generous: less than half of it is measured.
MOST_BYTES_PER_CLIENT = 100 * 1024
THE_END = "The end"


async def sequences_of(database: Database) -> list[int]:
    connection = await asyncpg.connect(database.owner_url)
    try:
        rows = await connection.fetch("SELECT sequence FROM change WHERE type IS NOT NULL ORDER BY sequence")
        count, last = await connection.fetchrow("SELECT count(*), max(sequence) FROM change")
    finally:
        await connection.close()
    assert count == last, "there are gaps"
    return [row["sequence"] for row in rows]


async def write_on_and_on(service: Service, name: str, writes: int) -> None:
    """Create, change and batch events, drafts too."""
    async with writer_of(service) as http:
        for number in range(writes):
            state = "draft" if number % 3 == 0 else "published"
            made = await write_event(http, title=f"{name} {number}", state=state)
            changed = await http.patch(
                f"/v1/events/{made['id']}",
                json={"summary": "Changed", "state": "published"},
                headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
            )
            assert changed.status_code == 200, changed.text
            rows = [event_body(title=f"{name} {number}.{row}") for row in range(3)]
            written = await http.post("/v1/events/batch", json=rows)
            assert written.status_code == 200, written.text


def is_end(change: dict[str, Any]) -> bool:
    return change["entity"] == "event" and change["document"]["title"] == THE_END


async def poll(service: Service, limit: int) -> list[dict[str, Any]]:
    """Ask for page after page, to the end."""
    found: list[dict[str, Any]] = []
    after = 0
    async with writer_of(service) as http:
        while not found or not is_end(found[-1]):
            page = (await http.get("/v1/changes", params={"after": after, "limit": limit})).json()
            found += page["items"]
            after = page["after"]
    return found


async def stream(service: Service) -> list[dict[str, Any]]:
    """Follow a stream to the end, coming back now and then with what was seen last."""
    found: list[dict[str, Any]] = []
    while not found or not is_end(found[-1]):
        given = {"Last_Event_ID": str(found[-1]["sequence"])} if found else {}
        async with following(service, **service.edit, **given) as connected:
            for _ in range(100):
                found += await connected.take(1)
                if is_end(found[-1]):
                    break
    return found


@pytest.mark.parametrize("writes", [WRITES, pytest.param(10 * WRITES, marks=pytest.mark.soak)])
async def test_all_followers_of_two_processes_have_the_same_history(database: Database, writes: int) -> None:
    with served(database) as one, served(database) as other:
        reading = [
            asyncio.create_task(work)
            for work in (
                *(stream(service) for service in (one, other)),
                *(poll(service, limit) for service, limit in ((one, 7), (other, 100))),
            )
        ]
        services = itertools.cycle((one, other))
        await asyncio.gather(
            *(write_on_and_on(next(services), f"Writer {number}", writes) for number in range(WRITERS))
        )
        async with writer_of(other) as http:
            await write_event(http, title=THE_END)
        async with asyncio.timeout(PATIENCE_S):
            followed = await asyncio.gather(*reading)
    sequences = await sequences_of(database)
    assert len(sequences) >= WRITERS * writes * 5
    for changes in followed:
        assert [change["sequence"] for change in changes] == sequences
        assert changes == followed[0]


async def _write_until_killed(service: Service, name: str, acknowledged: list[dict[str, Any]]) -> int:
    """Write until the service answers no more; gives how many requests were left without an answer."""
    async with writer_of(service) as http:
        for number in itertools.count():
            try:
                answer = await http.post("/v1/events/batch", json=[event_body(title=f"{name} {number}")] * 5)
            except httpx.TransportError:
                return 1
            assert answer.status_code == 200, answer.text
            acknowledged += answer.json()["results"]
    raise AssertionError("it was never killed")


async def test_a_server_that_is_killed_in_mid_write_leaves_a_whole_history(database: Database) -> None:
    acknowledged: list[dict[str, Any]] = []
    with served(database) as doomed, served(database) as survivor:
        async with following(survivor, **survivor.edit) as connected:
            family = doomed.started.family()
            writing = [
                asyncio.create_task(_write_until_killed(doomed, f"Writer {number}", acknowledged))
                for number in range(WRITERS)
            ]
            seen = await connected.take(100)
            doomed.started.process.send_signal(signal.SIGKILL)
            unanswered = sum(await asyncio.gather(*writing))
            assert unanswered == WRITERS
            await asyncio.to_thread(wait_until, lambda: not living(family))
            async with writer_of(survivor) as http:
                await write_event(http, title="After it")
                sequences = await sequences_of(database)
                seen += await connected.take(len(sequences) - len(seen))
                assert [change["sequence"] for change in seen] == sequences
                assert await all_pages(http, limit=1000) == seen
    counted = Counter(change["id"] for change in seen if change["entity"] == "event")
    assert {result["id"] for result in acknowledged} <= counted.keys()
    # Batches are all or nothing: five events of a title, or none.
    titles = Counter(change["document"]["title"] for change in seen if change["entity"] == "event")
    assert titles.pop("After it") == 1
    assert set(titles.values()) == {5}
    assert 0 <= len(titles) - len(acknowledged) // 5 <= WRITERS
    verified = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "api", "verify"],
        cwd=ROOT,
        env={**os.environ, "DATELINE_DATABASE_URL": database.owner_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _memory(service: Service) -> int:
    """What the processes of a service hold in memory, in bytes."""
    pages = 0
    for pid, _ in service.started.family():
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            pages += int(file.read().split()[1])
    return pages * resource.getpagesize()


class _Client:
    """As little as can read a stream: it keeps the sequences that came."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.seen: list[int] = []

    async def read(self, number: int) -> None:
        while len(self.seen) < number:
            event = await self.stream.next()
            assert event.name == "change"
            self.seen.append(int(event.id))


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="only Linux tells the memory of a process so")
async def test_a_thousand_clients_get_each_change(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert allow_connections(CLIENTS + 200) == CLIENTS + 200
    with served(database) as service:
        async with writer_of(service) as http, contextlib.AsyncExitStack() as stack:
            made = await write_event(http, title="First")
            async with following(service) as first:
                await first.take(2)
            before = _memory(service)
            clients = []
            for _ in range(CLIENTS):
                connected = await Stream.open(service.port, Last_Event_ID=str(made["sequence"]), Accept_Encoding="gzip")
                stack.callback(connected.close)
                assert connected.status == 200
                clients.append(_Client(connected))
            written = [(await write_event(http, title=f"Number {number}"))["sequence"] for number in range(10)]
            await asyncio.gather(*(client.read(len(written)) for client in clients))
            assert all(client.seen == written for client in clients)
            growth = (_memory(service) - before) / CLIENTS
            # All are still there, and a request beside them is answered.
            [last] = [(await write_event(http, title="Last"))["sequence"]]
            await asyncio.gather(*(client.read(len(written) + 1) for client in clients))
            assert all(client.seen[-1] == last for client in clients)
    with capsys.disabled():
        print(f"\n{CLIENTS} clients of a stream take {growth / 1024:.1f} KiB of the server's memory each")
    assert growth < MOST_BYTES_PER_CLIENT
