"""The application on a store with 100,000 skewed events, for tests of what reading costs.

Filling it takes a minute, so all processes of a test run share one server with a filled database: whichever needs it
first starts and fills it, and each has a copy of its own.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import asyncpg
import httpx

from api.app import create_app
from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.settings import Settings
from api.store.tokens import create_token
from migrations.run import upgrade
from tests.conftest import Database, named
from tests.store import generation
from tests.store.plans import RecordingStore, Sent

EVENTS = 100_000
_FILLED = "filled"


class Crowded(NamedTuple):
    """The application on a large store, and a connection to look at it."""

    http: httpx.AsyncClient
    store: RecordingStore
    database: Any
    url: str

    async def ask(self, query: str) -> tuple[int, str | None, Sent | None]:
        """Ask for a page: how many events are on it, the cursor of the next one, and what fetched it."""
        self.store.sent.clear()
        answer = await self.http.get(f"/v1/events?{query}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        pages = [sent for sent in self.store.sent if "page_of" not in sent.sql and "WITH page" in sent.sql]
        assert len(pages) <= 1
        return len(page["items"]), page["next"], pages[0] if pages else None


@contextmanager
def filled_store(directory: Path) -> Iterator[Database]:
    """Where the filled store is that all processes share which know the directory; nobody else connects to it.

    Who has started the server stops it, once nobody else uses it.
    """
    address = directory / "crowded-addresses"
    with (
        open(directory / "crowded-filling", "a") as filling,
        open(directory / "crowded-using", "a") as using,
        ExitStack() as started,
    ):
        flock(filling, LOCK_EX)
        is_ours = not address.exists()
        if is_ours:
            # Not in the given directory: as root the server runs as another user, who may not enter that.
            data = started.enter_context(TemporaryDirectory(prefix="dateline-test-"))
            Path(data).chmod(0o711)
            server = started.enter_context(EmbeddedServer(Path(data), durable=False))
            address.write_text("\n".join(_filled(server)), encoding="utf-8")
        flock(using, LOCK_SH)
        flock(filling, LOCK_UN)
        yield Database(*address.read_text(encoding="utf-8").splitlines())
        flock(using, LOCK_UN)
        if is_ours:
            # Whoever comes now fills one of its own.
            flock(filling, LOCK_EX)
            flock(using, LOCK_EX)
            address.unlink()


def _filled(server: EmbeddedServer) -> Database:
    asyncio.run(execute(server.superuser_url, f"CREATE DATABASE {_FILLED} OWNER dateline_owner"))
    database = Database(*(named(url, _FILLED) for url in (server.url, server.owner_url, server.superuser_url)))
    upgrade(database.owner_url, "dateline")
    asyncio.run(_fill(database.owner_url))
    return database


async def _fill(owner_url: str) -> None:
    """Put in events that were never anything else."""
    owner = await asyncpg.connect(owner_url)
    cited = generation.sources()
    await generation.load(owner, generation.events(EVENTS, cited), cited)
    await generation.load_log(owner)
    await owner.close()


async def execute(url: str, sql: str) -> None:
    """Run a statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@asynccontextmanager
async def crowded_store(filled: Database) -> AsyncIterator[Crowded]:
    """A copy of the filled store."""
    name = f"copy_{os.getpid()}"
    superuser = named(filled.superuser_url, "postgres")
    # The files are copied as they are; the other way writes all of it into the log too.
    await execute(superuser, f"CREATE DATABASE {name} TEMPLATE {_FILLED} OWNER dateline_owner STRATEGY FILE_COPY")
    async with looked_at(Database(*(named(url, name) for url in filled))) as crowded:
        yield crowded
    await execute(superuser, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def looked_at(made: Database) -> AsyncIterator[Crowded]:
    """The application on a store that has been filled."""
    owner = await asyncpg.connect(made.owner_url)
    token = await create_token(owner, "editor", ["edit"], None)
    await owner.close()
    store = RecordingStore(await create_pool(made.url, size=2, query_timeout_s=30.0))
    settings = Settings.from_environment({"DATELINE_DATABASE_URL": made.url, "HOME": "/nowhere"})
    database = await asyncpg.connect(made.url)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(settings, store)),
        base_url="http://test",
        headers={"Authorization": f"Bearer {token}"},
    ) as http:
        yield Crowded(http, store, database, made.url)
    await database.close()
    await store.close()
