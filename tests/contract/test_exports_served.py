"""Exports of a service as it is started: constant memory, an early beginning, and what is cut off shows as such."""

import asyncio
import socket
from collections.abc import Iterator
from time import monotonic
from typing import NamedTuple

import asyncpg
import httpx
import pytest
from msgspec import structs

from api.engine.embedded import EmbeddedServer
from bench.exporting import export
from tests.conftest import Database, fresh_database
from tests.engine.support import PATIENCE_S, Started, served_on, wait_until
from tests.store import generation, past

pytestmark = pytest.mark.soak

EVENTS = 10_000
#: Long enough that all of them are far more than an export may take of the memory, or sockets hold; with few words, as
#: those are what takes long to store.
SUMMARY = "It happened. " + "- " * 5800
#: A calendar takes long to write, so it has a quarter of them.
QUARTER = generation.ACTORS[0]
MOST_GROWTH = 64 * 1024**2


class Service(NamedTuple):
    started: Started
    address: str
    database: Database


@pytest.fixture(scope="module")
def service(server: EmbeddedServer, template: str) -> Iterator[Service]:
    with asyncio.Runner() as runner:
        making = fresh_database(server, template)
        database = runner.run(making.__aenter__())
        runner.run(_load(database.owner_url))
        with served_on(database.url, database.owner_url) as (started, address):
            yield Service(started, address, database)
        runner.run(making.__aexit__(None, None, None))


async def _load(url: str) -> None:
    owner = await asyncpg.connect(url)
    cited = generation.sources(100)
    made = (structs.replace(event, summary=SUMMARY) for event in generation.events(EVENTS, cited))
    # With the log: exports are read as of its last change.
    await past.load(owner, EVENTS, 0, cited, made)
    await owner.close()


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


def _processor_ticks(started: Started) -> int:
    """The processor time that a service has used so far."""
    used = 0
    for pid, _ in started.family():
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_an_export_takes_little_memory_however_long_it_is(service: Service, form: str) -> None:
    httpx.get(f"{service.address}/v1/events", timeout=PATIENCE_S).raise_for_status()
    took = export(service.address, form, service.started)
    assert took.lines > EVENTS * 0.9
    assert took.size > 1.5 * MOST_GROWTH
    assert took.growth < MOST_GROWTH


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_export_that_fails_on_the_way_is_broken_off(service: Service, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    with httpx.stream(
        "GET", f"{service.address}/v1/events?format=ndjson", headers=headers, timeout=PATIENCE_S
    ) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_raw()
        next(pieces)
        asyncio.run(_execute(service.database.owner_url, "ALTER TABLE event RENAME TO hidden_event"))
        try:
            with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
                for _ in pieces:
                    pass
        finally:
            asyncio.run(_execute(service.database.owner_url, "ALTER TABLE hidden_event RENAME TO event"))
    assert httpx.get(f"{service.address}/v1/events?limit=1", timeout=PATIENCE_S).status_code == 200


def _send_and_go(service: Service, form: str) -> None:
    """Ask for an export and hang up: once the first bytes are there or, where none come before the end, at once."""
    if form == "ndjson":
        with httpx.stream("GET", f"{service.address}/v1/events?format=ndjson", timeout=PATIENCE_S) as answer:
            next(answer.iter_raw())
        return
    begun = _processor_ticks(service.started)
    with socket.create_connection(("127.0.0.1", int(service.address.rpartition(":")[2]))) as connection:
        connection.sendall(f"GET /v1/events?format={form}&actor={QUARTER} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        wait_until(lambda: _processor_ticks(service.started) - begun > 5)


@pytest.mark.parametrize("form", ["ndjson", "ics"])
def test_a_client_that_goes_away_stops_the_work(service: Service, form: str) -> None:
    _send_and_go(service, form)
    samples: list[tuple[float, int]] = []

    def rests() -> bool:
        # For a whole second it does nothing, however often it was looked at.
        samples.append((monotonic(), _processor_ticks(service.started)))
        now, used = samples[-1]
        earlier = [ticks for moment, ticks in samples if moment <= now - 1]
        return bool(earlier) and used - earlier[-1] <= 1

    begun = _processor_ticks(service.started)
    wait_until(rests)
    used = samples[-1][1]
    whole = export(service.address, form, service.started, **({} if form == "ndjson" else {"actor": QUARTER}))
    assert whole.lines > EVENTS * 0.9
    assert used - begun < (_processor_ticks(service.started) - used) / 2
