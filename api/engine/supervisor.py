"""One running PostgreSQL server: started, watched for readiness, stopped."""

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from api.engine.errors import EngineError
from api.engine.processes import TiedProcess, is_alive

PORT = 5432
"""Names the socket file only; the server listens on no TCP port."""

_READY_TIMEOUT_S = 300.0  # replaying the log after a crash can take minutes
_FAST_STOP_TIMEOUT_S = 30.0
_IMMEDIATE_STOP_TIMEOUT_S = 10.0
_POLL_INTERVAL_S = 0.005
_MAXIMUM_LOG_BYTES = 10 * 1024 * 1024
_KEPT_LOGS = 3
_STATUS_LINE = 7


class Server:
    """A `postgres` process on a cluster. The caller holds the data directory's lock throughout."""

    def __init__(self, cluster: Path, log_directory: Path) -> None:
        self._cluster = cluster
        self._log = log_directory / "postgres.log"
        self._process: TiedProcess | None = None

    def start(
        self,
        *,
        programs: Path,
        account: tuple[int, int],
        settings: Mapping[str, str],
        environment: Mapping[str, str],
        inherited: int,
    ) -> None:
        """Start and wait until connections are accepted.

        Raises EngineError with the end of the server's log where it does not come up.
        """
        remove_stale_pid_file(self._cluster)
        self._log.parent.mkdir(mode=0o700, exist_ok=True)
        _rotate(self._log)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            log_start = os.fstat(log).st_size
            self._process = TiedProcess(
                [str(programs / "postgres"), "-D", str(self._cluster), *options],
                death_signal=signal.SIGINT,
                account=account,
                output=log,
                environment=dict(environment),
                directory=self._cluster,
                inherited=(inherited,),
            )
        finally:
            os.close(log)
        try:
            self._wait_until_ready(self._process, log_start)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop at once but orderly: open transactions are rolled back, everything is written out.

        Waits at most 30 seconds for that and 10 more for the harder way, which costs a recovery at the
        next start but no data. Does nothing if it is not running. Raises EngineError if it will not end.
        """
        process = self._process
        if process is None:
            return
        for number, timeout_s in (
            (signal.SIGINT, _FAST_STOP_TIMEOUT_S),
            (signal.SIGQUIT, _IMMEDIATE_STOP_TIMEOUT_S),
        ):
            process.signal(number)
            if process.wait(timeout_s):
                self._process = None
                return
        raise EngineError(f"The database server (process {process.pid}) does not stop. Look at its log, {self._log}.")

    @property
    def pid(self) -> int | None:
        """The server's process id (its guard's, where there is one), or None when it is stopped."""
        return self._process.pid if self._process is not None else None

    def wait(self) -> None:
        """Wait until the server has ended, by `stop` or by itself."""
        process = self._process
        if process is not None:
            process.wait()

    def _wait_until_ready(self, process: TiedProcess, log_start: int) -> None:
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while not self._is_ready():
            if process.poll() is not None:
                raise EngineError(f"The database server did not start. {self._log} says:\n{self._said(log_start)}")
            if time.monotonic() > deadline:
                raise EngineError(
                    f"The database server was not ready after {_READY_TIMEOUT_S:.0f} seconds. {self._log} "
                    f"says:\n{self._said(log_start)}"
                )
            time.sleep(_POLL_INTERVAL_S)

    def _is_ready(self) -> bool:
        lines = _pid_file_lines(self._cluster)
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def _said(self, log_start: int) -> str:
        with self._log.open("rb") as log:
            log.seek(log_start)
            return log.read(16_384).decode(errors="replace").strip()


def remove_stale_pid_file(cluster: Path) -> None:
    """Remove the `postmaster.pid` that a killed server left behind.

    The caller holds the lock that every server of ours inherits, so no server of ours is alive, and the
    file is left over, whatever process now has that number. The one other case is a server that somebody
    started on this directory by hand: then EngineError is raised. No process is ever signalled.
    """
    lines = _pid_file_lines(cluster)
    if not lines:
        return
    pid = int(lines[0]) if lines[0].strip().isdecimal() else 0
    if pid > 0 and is_alive(pid) and _works_in(pid, cluster):
        raise EngineError(
            f"A PostgreSQL server that Dateline did not start (process {pid}) runs on {cluster}. Stop it "
            f"with: pg_ctl stop -D {cluster}"
        )
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _works_in(pid: int, cluster: Path) -> bool:
    """Whether a process's working directory is the cluster, as a PostgreSQL server's always is."""
    link = Path(f"/proc/{pid}/cwd")
    try:
        return link.samefile(cluster)
    except PermissionError:
        return False  # another user's process: it could not have opened the cluster
    except OSError:
        # No such system: PostgreSQL's own check (its shared memory block) still protects the files.
        return False


def _pid_file_lines(cluster: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    return []


def _rotate(log: Path) -> None:
    """Keep the log of earlier starts under numbered names once it has grown past 10 MiB."""
    if not log.exists() or log.stat().st_size < _MAXIMUM_LOG_BYTES:
        return
    for number in range(_KEPT_LOGS, 0, -1):
        earlier = log if number == 1 else log.with_name(f"{log.name}.{number - 1}")
        if earlier.exists():
            earlier.replace(log.with_name(f"{log.name}.{number}"))
