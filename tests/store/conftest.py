"""The application on a database that is emptied after each test, and on a large one that is only read."""

from collections.abc import AsyncIterator

import pytest

from api.engine.embedded import EmbeddedServer
from tests.conftest import Client
from tests.store.crowded import Crowded, crowded_store
from tests.writing import empty, lasting_client


@pytest.fixture(scope="package")
async def lasting(server: EmbeddedServer, template: str) -> AsyncIterator[Client]:
    async with lasting_client(server, template) as client:
        yield client


@pytest.fixture
async def client(lasting: Client) -> AsyncIterator[Client]:
    yield lasting
    await empty(lasting)


@pytest.fixture(scope="package")
async def crowded(server: EmbeddedServer, template: str) -> AsyncIterator[Crowded]:
    async with crowded_store(server, template) as made:
        yield made
