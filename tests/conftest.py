"""A real PostgreSQL for the tests: one embedded server, one migrated template, a database per test that writes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.settings import Settings
from api.store import bounded
from api.store.loading import load_sample
from api.store.store import Store
from api.store.tokens import create_token
from migrations.run import upgrade

pytest_plugins = ["tests.tiers"]

#: The files that take longest, which begin first: a process that begins one last keeps all others waiting.
_LONGEST = [
    "tests/store/test_plans.py",
    "tests/contract/test_served.py",
    "tests/contract/test_planted_mistakes.py",
    "tests/history/test_machine.py",
    "tests/store/test_plans_as_of.py",
    "tests/store/test_filters_model.py",
    "tests/feed/test_feed_done_when.py",
    "tests/generated/test_clients.py",
    "tests/contract/test_exports_served.py",
    "tests/store/test_plans_filters.py",
    "tests/store/test_plans_text.py",
    "tests/cli/test_follow.py",
]

_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    ranks = {Path(__file__).parents[1] / name: rank for rank, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


class Database(NamedTuple):
    """Where a test's own database is, as each of the roles."""

    url: str
    owner_url: str
    superuser_url: str


class Client(NamedTuple):
    """The application on a database of its own, with a writer's token at hand."""

    http: httpx.AsyncClient
    database: Database
    store: Store
    token: str

    @property
    def edit(self) -> dict[str, str]:
        """The header of somebody who may edit."""
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="session", autouse=True)
def unhurried_counting() -> Iterator[None]:
    """Let counting take as long as it takes: no answer is an estimate because of what else the machine does.

    Tests of the bound set one of their own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounded, "COUNTING_S", 60.0)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    # Not pytest's own directory: as root the server runs as another user, who may not enter that.
    with TemporaryDirectory(prefix="dateline-test-") as directory:
        Path(directory).chmod(0o711)
        # Whole services, each with pools of its own, are started beside the stores that tests share.
        with EmbeddedServer(Path(directory), durable=False, max_connections=300) as running:
            yield running


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of a migrated, empty database to copy."""
    asyncio.run(_admin(server, "CREATE DATABASE template_empty OWNER dateline_owner"))
    upgrade(named(server.owner_url, "template_empty"), "dateline")
    return "template_empty"


async def _admin(server: EmbeddedServer, sql: str) -> None:
    connection = await asyncpg.connect(server.superuser_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def named(url: str, database: str) -> str:
    """The address of another database of the same server."""
    head, _, parameters = url.partition("?")
    return f"{head.rpartition('/')[0]}/{database}?{parameters}"


@asynccontextmanager
async def fresh_database(server: EmbeddedServer, template: str) -> AsyncIterator[Database]:
    name = f"test_{next(_numbers)}"
    await _admin(server, f"CREATE DATABASE {name} TEMPLATE {template} OWNER dateline_owner")
    yield Database(named(server.url, name), named(server.owner_url, name), named(server.superuser_url, name))
    await _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def serving(database: Database, **settings: object) -> AsyncIterator[Client]:
    """The application on a database, in this process."""
    pool = await create_pool(database.url, size=60, query_timeout_s=30.0)
    owner = await asyncpg.connect(database.owner_url)
    token = await create_token(owner, "editor", ["edit"], None)
    await owner.close()
    store = Store(pool)
    environment = {"DATELINE_DATABASE_URL": database.url, "HOME": "/nowhere"}
    environment |= {f"DATELINE_{name.upper()}": str(value) for name, value in settings.items()}
    app = create_app(Settings.from_environment(environment), store)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="http://test"
    ) as http:
        yield Client(http, database, store, token)
    await store.close()


@pytest.fixture
async def database(server: EmbeddedServer, template: str) -> AsyncIterator[Database]:
    async with fresh_database(server, template) as made:
        yield made


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with serving(database) as made:
        yield made


@pytest.fixture(scope="session")
async def lasting(server: EmbeddedServer, template: str) -> AsyncIterator[Client]:
    """A client on a database that outlives a test; whoever writes to it has to empty it (``tests.writing.empty``).

    There is one for all: each keeps connections open, for as long as the run goes on.
    """
    async with fresh_database(server, template) as made, serving(made) as client:
        yield client


@pytest.fixture(scope="session")
async def sample(server: EmbeddedServer, template: str) -> AsyncIterator[Client]:
    """The shipped chronology, for tests that only read."""
    async with fresh_database(server, template) as made, serving(made) as client:
        await load_sample(client.store)
        yield client
