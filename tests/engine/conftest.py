"""Directories for servers: empty, with a cluster in it, and one that a server runs on."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.engine import EmbeddedServer


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    """A place that the server's user may enter, which pytest's own directories are not for root's tests."""
    directory = Path(tempfile.mkdtemp(prefix="dateline-engine-"))
    directory.chmod(0o711)
    try:
        yield directory / "data"
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def data_directory() -> Iterator[Path]:
    """Where there is nothing yet."""
    with _directory() as directory:
        yield directory


@pytest.fixture(scope="session")
def stopped() -> Iterator[Path]:
    """A directory with a cluster and no server; creating one is the slowest part of a start."""
    with _directory() as directory:
        with EmbeddedServer(directory, durable=False):
            pass
        yield directory


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedServer]:
    """A running server for tests that leave it as it was."""
    with _directory() as directory, EmbeddedServer(directory, durable=False) as server:
        yield server
