import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.engine import EmbeddedServer


@pytest.fixture
def data_directory() -> Iterator[Path]:
    """An empty directory that the server's user may enter, which pytest's own does not allow as root."""
    directory = Path(tempfile.mkdtemp(prefix="dateline-engine-"))
    directory.chmod(0o711)
    yield directory / "data"
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def kept_directory() -> Iterator[Path]:
    """The same, shared by the tests of a module: creating a cluster is the slowest part of a start."""
    directory = Path(tempfile.mkdtemp(prefix="dateline-engine-"))
    directory.chmod(0o711)
    yield directory / "data"
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def embedded(kept_directory: Path) -> Iterator[EmbeddedServer]:
    """A running server for tests that leave it as it was."""
    with EmbeddedServer(kept_directory, durable=False) as server:
        yield server
