"""A store to archive, and one to restore into; both are emptied after each test."""

from collections.abc import AsyncIterator

import pytest

from api.engine.embedded import EmbeddedServer
from tests.conftest import Client, fresh_database, serving
from tests.writing import empty


@pytest.fixture(scope="session")
async def lasting_target(server: EmbeddedServer, template: str) -> AsyncIterator[Client]:
    async with fresh_database(server, template) as made, serving(made) as client:
        yield client


@pytest.fixture
async def client(lasting: Client) -> AsyncIterator[Client]:
    yield lasting
    await empty(lasting)


@pytest.fixture
async def target(lasting_target: Client) -> AsyncIterator[Client]:
    yield lasting_target
    await empty(lasting_target)
