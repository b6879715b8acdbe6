"""The database for commands that are no servers: the one that is named, one that is running, or our own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from api.engine import cluster, sockets
from api.engine.embedded import EmbeddedServer, address
from api.settings import Settings


class Access(NamedTuple):
    """Addresses of one database: for the runtime role and for the owner of its tables."""

    url: str
    owner_url: str


@contextmanager
def access(settings: Settings) -> Iterator[Access]:
    """Lend the settings' database; an embedded server that is not running is run for as long as this lasts.

    Raises EngineError where it cannot be had.
    """
    if settings.database_url is not None:
        yield Access(settings.database_url, settings.owner_database_url or settings.database_url)
        return
    directory = sockets.find(settings.data_directory)
    if directory is not None:
        yield Access(address(directory, cluster.RUNTIME_ROLE), address(directory, cluster.OWNER_ROLE))
        return
    with EmbeddedServer(settings.data_directory) as server:
        yield Access(server.url, server.owner_url)
