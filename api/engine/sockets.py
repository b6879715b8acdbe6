"""The private directory of the server's socket."""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from api.engine.processes import closed_to

_SOCKET = ".s.PGSQL.5432"
_SOCKET_LOCK = ".s.PGSQL.5432.lock"
# The size of sun_path in struct sockaddr_un, less its closing zero byte.
_MAXIMUM_PATH_BYTES = 107 if sys.platform == "linux" else 103
_POINTER = "socket-directory"


def prepare(data_directory: Path, account: tuple[int, int]) -> Path:
    """A directory of mode 0700, owned by the server's user, whose path is short enough for a socket.

    It is `socket` in the data directory. Where that path is too long (about 90 bytes), it is made in
    the user's runtime directory (XDG_RUNTIME_DIR) or else in the directory for temporary files, under
    a new name each time; the file `socket-directory` in the data directory then holds its path.
    """
    _remove_former(data_directory)
    inside = data_directory / "socket"
    if _fits(inside):
        inside.mkdir(mode=0o700, exist_ok=True)
        # Left behind by a server that was killed itself; its number may be some other process's by now, and a new
        # server would then refuse. That no server of ours runs is known from the lock of the data directory.
        for leftover in (inside / _SOCKET, inside / _SOCKET_LOCK):
            leftover.unlink(missing_ok=True)
        result = inside
    else:
        result = Path(tempfile.mkdtemp(prefix="dateline-", dir=_runtime_directory(account)))
        (data_directory / _POINTER).write_text(str(result), encoding="utf-8")
    if os.geteuid() == 0:
        os.chown(result, *account)
    result.chmod(0o700)
    return result


def remove(data_directory: Path) -> None:
    """Remove what `prepare` made outside of the data directory; the server has stopped."""
    _remove_former(data_directory)


def _runtime_directory(account: tuple[int, int]) -> str | None:
    name = os.environ.get("XDG_RUNTIME_DIR", "")
    path = Path(name)
    if not name or not path.is_dir() or not _fits(path / "dateline-00000000"):
        return None
    if os.geteuid() == 0 and closed_to(account, [path]) is not None:
        return None
    return name if os.access(path, os.W_OK) else None


def _remove_former(data_directory: Path) -> None:
    pointer = data_directory / _POINTER
    with contextlib.suppress(FileNotFoundError):
        former = Path(pointer.read_text(encoding="utf-8"))
        # Only ever what this module made: a name of ours, a real directory, nothing but the socket.
        if former.name.startswith("dateline-") and former.is_dir() and not former.is_symlink():
            shutil.rmtree(former, ignore_errors=True)
        pointer.unlink()


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / _SOCKET_LOCK)) <= _MAXIMUM_PATH_BYTES


def find(data_directory: Path) -> Path | None:
    """The directory of the socket of a server that is running in a data directory, whoever started it."""
    try:
        directory = Path((data_directory / _POINTER).read_text(encoding="utf-8"))
    except OSError:
        directory = data_directory / "socket"
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(directory / _SOCKET))
        except OSError:
            return None
    return directory
