"""The lock of a data directory: one server at a time, and who it is."""

import contextlib
import fcntl
import os
import time
from pathlib import Path

import msgspec

from api.engine.errors import EngineError
from api.engine.processes import birth_mark, close_private, is_alive, keep_private, now_text

_POLL_INTERVAL_S = 0.02
_UNWRITTEN_GRACE_S = 1.0


class Holder(msgspec.Struct, frozen=True):
    """Who holds a data directory, as written into its lock file."""

    pid: int
    birth: str
    since: str


class DirectoryLock:
    """An advisory lock (flock) on the file `lock` in a data directory.

    PostgreSQL inherits the locked descriptor. So the lock is held exactly as long as this process
    or any process of its server lives, and a kill -9 of either frees nothing too early. The file
    system must be local: over NFS such locks are not inherited.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "lock"
        self.descriptor = -1

    def acquire(self, *, orphan_timeout_s: float) -> None:
        """Take the lock.

        Where the holder is gone and only its server is still shutting down, wait for that at most
        `orphan_timeout_s` seconds. Raises EngineError, naming the holder, where it lives.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(descriptor, orphan_timeout_s)
            holder = Holder(pid=os.getpid(), birth=birth_mark(os.getpid()), since=now_text())
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, msgspec.json.encode(holder), 0)
        except BaseException:
            os.close(descriptor)
            raise
        keep_private(descriptor)
        self.descriptor = descriptor

    def release(self) -> None:
        """Give the lock back. Call it only when no process of the server is left."""
        if self.descriptor >= 0:
            os.ftruncate(self.descriptor, 0)
            close_private(self.descriptor)
            self.descriptor = -1

    def _wait(self, descriptor: int, orphan_timeout_s: float) -> None:
        start = time.monotonic()
        while not _try_lock(descriptor):
            waited_s = time.monotonic() - start
            holder = _read(descriptor)
            if holder is None:
                # Between taking the lock and writing its name, or between the last two steps of a stop.
                if waited_s > _UNWRITTEN_GRACE_S:
                    raise EngineError(
                        f"Another process holds the data directory {self._directory} and has not said "
                        "which it is. Stop it, or choose another directory with DATELINE_DATA_DIRECTORY."
                    )
            elif is_alive(holder.pid, holder.birth):
                raise EngineError(
                    f"The data directory {self._directory} is in use by process {holder.pid}, since "
                    f"{holder.since}. Stop that process, or choose another directory with "
                    "DATELINE_DATA_DIRECTORY."
                )
            elif waited_s > orphan_timeout_s:
                raise EngineError(
                    f"Process {holder.pid}, which started the database server in {self._directory} at "
                    f"{holder.since}, is gone or out of sight (in another container), and the server has not "
                    f"ended within {orphan_timeout_s:.0f} seconds. Look at {self._directory / 'log'}."
                )
            time.sleep(_POLL_INTERVAL_S)


def _try_lock(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _read(descriptor: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Holder)
    except msgspec.MsgspecError:
        return None
