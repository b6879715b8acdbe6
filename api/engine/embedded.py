"""The embedded PostgreSQL server."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from api.engine import account, binaries, cluster, sockets
from api.engine.errors import EngineError
from api.engine.lock import DirectoryLock
from api.engine.processes import closed_to
from api.engine.supervisor import PORT, Server

_ORPHAN_TIMEOUT_S = 15.0
_UNPREPARED = "first-run-pending"
# Everything but the planner, which stays as PostgreSQL ships it. Log growth before a checkpoint is
# generous because imports are the heaviest thing that happens here.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedServer:
    """A PostgreSQL 18 of Dateline's own, living in a data directory, for as long as this process lives.

    It listens on a unix socket in a private directory and on no network port. Whoever can reach that
    socket (the server's user and root, nobody else) may connect as any role without a password: the same
    two can read the files anyway. If this process is killed, the kernel or a watching process stops the
    server. Systems without unix sockets (Windows) are out of scope; name a server there in
    DATELINE_DATABASE_URL.

    Start it in the main thread where possible: elsewhere a watching process is put in between.
    """

    def __init__(self, data_directory: Path, durable: bool = True, *, max_connections: int = 100) -> None:
        """Nothing is touched before `start`.

        `durable=False` trades the data's safety in a crash of the machine for speed; it is for tests.
        `max_connections` bounds the connections of all roles together.
        """
        self._data_directory = data_directory.absolute()
        self._durable = durable
        self._max_connections = max_connections
        self._cluster = self._data_directory / "postgres" / str(binaries.MAJOR_VERSION)
        self._lock = DirectoryLock(self._data_directory)
        self._server = Server(self._cluster, self._data_directory / "log")
        self._socket_directory: Path | None = None
        self._process = os.getpid()

    def start(self) -> None:
        """Create the cluster if there is none yet, start the server, and return when it answers.

        Raises EngineError where another live process has the directory, where the server's user cannot
        reach its files, or where the server does not come up. After a kill -9 of an earlier starter this
        waits up to 15 seconds for that one's server to finish.
        """
        if self._socket_directory is not None:
            raise EngineError("This embedded server is already started.")
        self._process = os.getpid()
        try:
            self._data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire(orphan_timeout_s=_ORPHAN_TIMEOUT_S)
        except OSError as error:
            raise EngineError(
                f"The data directory {self._data_directory} cannot be used: {error.strerror}. Make it "
                "writable, or choose another with DATELINE_DATA_DIRECTORY."
            ) from error
        try:
            self._start()
        except OSError as error:
            self._release()
            raise EngineError(f"The embedded database could not be started: {error}") from error
        except BaseException:
            self._release()
            raise

    def stop(self) -> None:
        """Stop the server and give the data directory back; the data stays. Safe to call twice.

        Raises EngineError if the server does not end within 40 seconds.
        """
        # A worker forked from this process holds a copy of this object, but not the server.
        if self._socket_directory is None or os.getpid() != self._process:
            return
        self._server.stop()
        self._socket_directory = None
        self._release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the application connects, as a role that owns nothing and cannot create tables."""
        return self.url_for(cluster.RUNTIME_ROLE)

    @property
    def owner_url(self) -> str:
        """Where migrations connect: the role that owns the database and its tables."""
        return self.url_for(cluster.OWNER_ROLE)

    @property
    def superuser_url(self) -> str:
        """Full powers over the server; for tests, which create databases from a template."""
        return self.url_for(cluster.SUPERUSER, "postgres")

    def url_for(self, role: str, database: str = cluster.DATABASE) -> str:
        """The address of a database for a role, in the form that asyncpg and libpq understand.

        Raises EngineError when the server is not running.
        """
        if self._socket_directory is None:
            raise EngineError("The embedded server is not running, so it has no address.")
        return address(self._socket_directory, role, database)

    @property
    def pid(self) -> int | None:
        """The server's process id (its guard's, where there is one), or None when it is not running."""
        return self._server.pid

    @property
    def fresh(self) -> bool:
        """Whether the store is new: true from its creation until `mark_prepared`, across restarts.

        So a first run that was killed before it had filled the store is taken up again.
        """
        return self._unprepared.exists()

    def mark_prepared(self) -> None:
        """Note that the new store has been filled; `fresh` is false from now on."""
        self._unprepared.unlink(missing_ok=True)

    def wait(self) -> None:
        """Block until the server has ended, by `stop` or by itself."""
        self._server.wait()

    @property
    def _unprepared(self) -> Path:
        return self._data_directory / _UNPREPARED

    def _start(self) -> None:
        self._cluster.parent.mkdir(mode=0o700, exist_ok=True)
        user = account.choose(self._cluster)
        self._open_way(user)
        programs = binaries.find_for(user, self._data_directory)
        environment = _environment()
        if not cluster.exists(self._cluster):
            self._unprepared.touch(mode=0o600)
            cluster.create(
                self._cluster,
                programs=programs,
                account=user,
                durable=self._durable,
                environment=environment,
                inherited=self._lock.descriptor,
            )
        socket_directory = sockets.prepare(self._data_directory, user)
        self._server.start(
            programs=programs,
            account=user,
            settings={
                **_SETTINGS,
                "max_connections": str(self._max_connections),
                "unix_socket_directories": str(socket_directory),
                **({} if self._durable else _FLEETING),
            },
            environment=environment,
            inherited=self._lock.descriptor,
        )
        self._socket_directory = socket_directory

    def _open_way(self, user: tuple[int, int]) -> None:
        """Let the server's user pass through the directories that belong to us, and no further.

        Only root runs the server as somebody else. Directories above the data directory are not ours to
        open; EngineError says which of them is in the way.
        """
        if os.geteuid() != 0:
            return
        for directory in (self._data_directory, self._cluster.parent):
            if directory.stat().st_uid == 0:
                directory.chmod(directory.stat().st_mode & 0o777 | 0o011)
        closed = closed_to(user, [self._cluster.parent])
        if closed is not None:
            raise EngineError(
                f"PostgreSQL refuses to run as root, so its server runs as user {user[0]}, and that user may "
                f"not enter {closed}. Choose a data directory that others may pass through, such as "
                "/var/lib/dateline, with DATELINE_DATA_DIRECTORY; or start Dateline as an ordinary user."
            )

    def _release(self) -> None:
        sockets.remove(self._data_directory)
        self._lock.release()


def address(socket_directory: Path, role: str, database: str = cluster.DATABASE) -> str:
    """The address of a database behind a socket, in the form that asyncpg and libpq understand."""
    directory = quote(str(socket_directory), safe="/")
    return f"postgresql://{quote(role)}@/{quote(database)}?host={directory}&port={PORT}"


def _environment() -> dict[str, str]:
    """What the server's programs see of the environment: no settings of ours, and no PG* variables."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"TZ": "UTC"}
