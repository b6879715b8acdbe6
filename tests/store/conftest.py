"""The application on a database that is emptied after each test, and on a large one that is only read."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Client, Database
from tests.store.crowded import Crowded, crowded_store, filled_store
from tests.writing import empty


@pytest.fixture
async def client(lasting: Client) -> AsyncIterator[Client]:
    yield lasting
    await empty(lasting)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The large store that all processes of this run share."""
    directory = tmp_path_factory.getbasetemp()
    # With several processes each has a directory of its own in that of the run.
    with filled_store(directory.parent if "PYTEST_XDIST_WORKER" in os.environ else directory) as database:
        yield database


@pytest.fixture(scope="session")
async def crowded(filled: Database) -> AsyncIterator[Crowded]:
    async with crowded_store(filled) as made:
        yield made
