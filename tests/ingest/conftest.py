"""The application on a database that is emptied after each test."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Client
from tests.writing import empty


@pytest.fixture
async def client(lasting: Client) -> AsyncIterator[Client]:
    yield lasting
    await empty(lasting)
