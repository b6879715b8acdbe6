"""The application on a store with 100,000 skewed events, for tests of what reading costs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg
import httpx

from api.app import create_app
from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.settings import Settings
from api.store.tokens import create_token
from tests.conftest import Database, fresh_database
from tests.store import generation
from tests.store.plans import RecordingStore, Sent

EVENTS = 100_000


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


@asynccontextmanager
async def crowded_store(server: EmbeddedServer, template: str) -> AsyncIterator[Crowded]:
    """A store of many events that were never anything else."""
    async with fresh_database(server, template) as made:
        owner = await asyncpg.connect(made.owner_url)
        cited = generation.sources()
        await generation.load(owner, generation.events(EVENTS, cited), cited)
        await generation.load_log(owner)
        await owner.close()
        async with looked_at(made) as crowded:
            yield crowded


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
