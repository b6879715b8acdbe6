"""One store of a million events and a hundred thousand actors, for tests that only read."""

from collections.abc import AsyncIterator
from time import monotonic

import pytest

from api.engine.embedded import EmbeddedServer
from api.store import bounded
from api.store.bounded import COUNTING_S
from tests.conftest import fresh_database
from tests.store import multiplied
from tests.store.crowded import Crowded, looked_at

EVENTS, COPIES = 100_000, 10
ACTORS = 100_000


@pytest.fixture(autouse=True)
def ordinary_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let counting take no longer than it may in use, unlike in other tests."""
    monkeypatch.setattr(bounded, "COUNTING_S", COUNTING_S)


@pytest.fixture(scope="session")
async def large(server: EmbeddedServer, template: str, pytestconfig: pytest.Config) -> AsyncIterator[Crowded]:
    """A million events, which are ten each of a hundred thousand (``tests/store/multiplied.py``)."""
    async with fresh_database(server, template) as made:
        begin = monotonic()
        await multiplied.load(made.owner_url, EVENTS, COPIES, ACTORS)
        with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{EVENTS * COPIES:,} events were loaded in {monotonic() - begin:.0f} s")
        async with looked_at(made) as crowded:
            yield crowded
