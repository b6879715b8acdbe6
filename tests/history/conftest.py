"""A store to archive, and one to restore into; both are emptied after each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.engine.embedded import EmbeddedServer
from api.history import redaction
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


@pytest.fixture
def without_vacuum(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a redaction that a reader waits for: vacuuming waits for whoever reads, and both would wait for ever."""

    async def nothing(_: Any) -> None:
        pass

    monkeypatch.setattr(redaction, "vacuum", nothing)
