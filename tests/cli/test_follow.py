"""``dateline follow``: two services, the second kept equal to the first over HTTP, whatever happens to either."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from api.engine.embedded import EmbeddedServer
from tests.conftest import Database, fresh_database
from tests.engine.support import PATIENCE_S, Started, free_port, starting, wait_until
from tests.feed.following import Service, served
from tests.writing import event_body


@pytest.fixture
def databases(server: EmbeddedServer, template: str) -> Iterator[list[Database]]:
    with asyncio.Runner() as runner:
        making = [fresh_database(server, template) for _ in range(2)]
        yield [runner.run(one.__aenter__()) for one in making]
        for one in making:
            runner.run(one.__aexit__(None, None, None))


def write(service: Service, *titles: str, **members: str) -> None:
    for title in titles:
        answer = httpx.post(
            f"{service.address}/v1/events",
            json=event_body(title=title, **members),
            headers=service.edit,
            timeout=PATIENCE_S,
        )
        assert answer.status_code == 201, answer.text


def feed_of(database: Database) -> list[Any]:
    """What everybody may see of the log, without what is each store's own."""

    async def work() -> list[Any]:
        connection = await asyncpg.connect(database.url)
        try:
            rows = await connection.fetch(
                "SELECT sequence, recorded_at, entity, entity_id, revision, public_type, author, document"
                " FROM change LEFT JOIN content USING (entity_id, sequence)"
                " WHERE public_type IS NOT NULL ORDER BY sequence"
            )
            return [tuple(row) for row in rows]
        finally:
            await connection.close()

    return asyncio.run(work())


def following(database: Database, *arguments: str) -> Any:
    environment = {"DATELINE_DATABASE_URL": database.url, "DATELINE_OWNER_DATABASE_URL": database.owner_url}
    return starting("api", "follow", *arguments, environment=environment)


def test_a_follower_stays_equal_through_stops_and_restarts_of_either(databases: list[Database]) -> None:
    first, second = databases
    with served(first) as origin:
        write(origin, "One", "Two")
        with following(second, origin.address) as follower:
            follower.read_until("Equal to")
            assert feed_of(second) == feed_of(first)
            write(origin, "Three", "Four")
            wait_until(lambda: feed_of(second) == feed_of(first))
            # Killed in the midst of whatever it does, it goes on where it was.
            write(origin, *(f"Row {number}" for number in range(20)))
            follower.finish(signal.SIGKILL)
        write(origin, "Five")
        with following(second, origin.address) as follower:
            follower.read_until("Equal to")
            assert feed_of(second) == feed_of(first)
            _interrupt(follower)
            assert "Stopped" in "\n".join(follower.lines)


def _interrupt(follower: Started) -> None:
    assert follower.finish(signal.SIGINT) == 0


def test_a_follower_waits_for_a_store_that_does_not_answer(databases: list[Database]) -> None:
    first, second = databases
    with served(first) as origin:
        write(origin, "One")
        port = origin.port
        with following(second, origin.address) as follower:
            follower.read_until("Equal to")
            origin.started.finish(signal.SIGTERM)
            follower.read_until(origin.address)
            environment = {
                "DATELINE_DATABASE_URL": first.url,
                "DATELINE_OWNER_DATABASE_URL": first.owner_url,
                "DATELINE_PORT": str(port),
            }
            with starting("api", "serve", environment=environment) as again:
                again.read_until("Dateline listens on")
                write(origin, "Two")
                wait_until(lambda: feed_of(second) == feed_of(first))


def test_once_takes_over_what_there_is_and_says_what_is_wrong(databases: list[Database], tmp_path: Path) -> None:
    first, second = databases
    silent = f"http://127.0.0.1:{free_port()}"
    with following(second, silent, "--once") as follower:
        assert follower.end() == 1
        assert f"{silent} does not answer" in "\n".join(follower.lines)
    with served(first, reading="token") as origin:
        write(origin, "One")
        with following(second, origin.address, "--once") as follower:
            assert follower.end() == 1
            assert "refuses" in "\n".join(follower.lines)
        token = tmp_path / "token"
        token.write_text(origin.token + "\n")
        write(origin, "Draft", state="draft")
        with following(second, origin.address, "--once", "--token-file", str(token)) as follower:
            assert follower.end() == 1
            assert "only reads" in "\n".join(follower.lines)
        token.write_text(_reader(first))
        with following(second, origin.address, "--once", "--token-file", str(token)) as follower:
            assert follower.end() == 0, follower.lines
        assert feed_of(second) == feed_of(first)
    for wrong in ("ftp://x.example", "x.example", "http://user:secret@x.example", "http://x.example/?a=1"):
        with following(second, wrong) as follower:
            assert follower.end() == 2


def _reader(database: Database) -> str:
    from api.store.tokens import create_token

    async def make() -> str:
        owner = await asyncpg.connect(database.owner_url)
        try:
            return await create_token(owner, "follower", ["read"], None)
        finally:
            await owner.close()

    return asyncio.run(make())


def test_a_history_that_was_set_back_is_not_followed_on(databases: list[Database]) -> None:
    """As after a backup was restored there: the follower has changes that the store no longer has."""
    first, second = databases
    with served(first) as origin:
        write(origin, "One", "Two")
        with following(second, origin.address, "--once") as follower:
            assert follower.end() == 0

        async def set_back() -> None:
            owner = await asyncpg.connect(first.owner_url)
            await owner.execute(
                "DELETE FROM change WHERE sequence = 3; UPDATE head SET (sequence, public_sequence, digest) ="
                " (SELECT 2, 2, digest FROM change WHERE sequence = 2)"
            )
            await owner.close()

        asyncio.run(set_back())
        with following(second, origin.address, "--once") as follower:
            assert follower.end() == 1
            assert "restored" in "\n".join(follower.lines) or "refuses" in "\n".join(follower.lines)
