"""The client on the application in this process."""

from collections.abc import AsyncIterator

import pytest

from dateline_client import AsyncDateline
from tests.client.support import in_process
from tests.conftest import Client


@pytest.fixture
async def reader(sample: Client) -> AsyncIterator[AsyncDateline]:
    """Somebody who reads the shipped chronology."""
    async with in_process(sample) as made:
        yield made


@pytest.fixture
async def desk(client: Client) -> AsyncIterator[AsyncDateline]:
    """Somebody who may write to a store of their own."""
    async with in_process(client, token=client.token) as made:
        yield made
