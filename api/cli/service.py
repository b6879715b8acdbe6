"""The command `serve`: the database, the migrations, the first run, and the server's workers.

One process tree: this process is the parent of PostgreSQL and of the workers. Ctrl-C, SIGTERM and a
closed terminal stop it in order: no new requests, the present ones are finished, the workers end, and the
database last. If this process is killed, all of them end by themselves.
"""

import asyncio
import contextlib
import getpass
import importlib
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import click
import msgspec
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.common import AbstractServer

from api.engine import EmbeddedServer, EngineError
from api.engine.connections import allow_connections
from api.engine.pool import connect
from api.engine.processes import STOP_NOTICE, die_with_parent
from api.settings import Settings

APPLICATION = "api.app:create_app_from_environment"

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE_S = 5
_BACKLOG = 1024
# Besides its pool, each worker may keep one connection for LISTEN; the rest is for migrations,
# tools and the superuser's reserve.
_CONNECTIONS_BESIDE_POOL = 2
_CONNECTIONS_BESIDE_WORKERS = 20
_MINIMUM_CONNECTIONS = 100
_FILES_BESIDE_CONNECTIONS = 100


Upgrade = Callable[[str, str], None]
"""Bring the tables of the database at an owner's address up to date; grant the named role its rights."""


class Prepare(Protocol):
    """The first run: fill a new store and say what its first user needs to know."""

    def __call__(
        self, settings: Settings, url: str, owner_url: str, *, sample: bool, embedded: bool, fresh: bool
    ) -> None:
        """Raises EngineError where it cannot; it is then called again with `fresh` at the next start."""


class _Stopped(KeyboardInterrupt):
    """A signal asked this process to stop before the workers were running."""


def serve(settings: Settings, *, sample: bool) -> int:
    """Serve until a signal says stop. Returns the exit code: 0 after a signal, 1 if something failed."""
    # Imported here so that the rest can be run with other parts.
    from api.cli.first_run import prepare
    from api.cli.upgrading import upgrade_store

    upgrade = partial(upgrade_store, text_language=settings.text_language)
    return run(settings, sample=sample, application=APPLICATION, upgrade=upgrade, prepare=prepare)


def run(settings: Settings, *, sample: bool, application: str, upgrade: Upgrade, prepare: Prepare) -> int:
    """What `serve` does, with its parts given: `application` is 'module:factory' of an ASGI application."""
    with _signals() as ignore_signals:
        try:
            with _reserved(settings.host, settings.port):
                if settings.database_url is None:
                    return _run_embedded(settings, sample, application, upgrade, prepare, ignore_signals)
                return _run_external(settings, settings.database_url, sample, application, upgrade, prepare)
        except _Stopped:
            click.echo("Stopped.")
            return 0
        except EngineError as error:
            click.echo(f"Dateline cannot serve. {error}", err=True)
            return 1


def _run_embedded(
    settings: Settings,
    sample: bool,
    application: str,
    upgrade: Upgrade,
    prepare: Prepare,
    ignore_signals: Callable[[], None],
) -> int:
    wanted = settings.workers * (settings.pool_size + _CONNECTIONS_BESIDE_POOL) + _CONNECTIONS_BESIDE_WORKERS
    server = EmbeddedServer(settings.data_directory, max_connections=max(_MINIMUM_CONNECTIONS, wanted))
    click.echo(f"The database is embedded, in {settings.data_directory}.")
    try:
        server.start()
        url, owner_url = server.url, server.owner_url
        upgrade(owner_url, role_of(url))
        prepare(settings, url, owner_url, sample=sample, embedded=True, fresh=server.fresh)
        server.mark_prepared()
        return _answer(settings, url, application, server)
    finally:
        # From here on a second Ctrl-C would only leave the database to a harder end.
        ignore_signals()
        server.stop()


def _run_external(
    settings: Settings, url: str, sample: bool, application: str, upgrade: Upgrade, prepare: Prepare
) -> int:
    owner_url = settings.owner_database_url or url
    for each in dict.fromkeys((owner_url, url)):
        asyncio.run(_check(each, settings.query_timeout_s))
    upgrade(owner_url, role_of(url))
    prepare(settings, url, owner_url, sample=sample, embedded=False, fresh=False)
    return _answer(settings, url, application, None)


async def _check(url: str, query_timeout_s: float) -> None:
    """Raise EngineError where the server cannot be used, before a migration fails less clearly."""
    await (await connect(url, query_timeout_s=query_timeout_s)).close()


def _answer(settings: Settings, url: str, application: str, database: EmbeddedServer | None) -> int:
    """Run the workers until a signal, a failure of theirs, or the end of the database."""
    wanted = settings.maximum_streams + _BACKLOG + settings.pool_size + _FILES_BESIDE_CONNECTIONS
    if (allowed := allow_connections(wanted)) < wanted:
        click.echo(
            f"Each worker may open {allowed:,} files at once here, which are fewer connections than it is set to take. "
            f"Raise the limit (ulimit -n {wanted}), or lower DATELINE_MAXIMUM_STREAMS."
        )
    server = Granian(
        application,
        address=_address(settings.host, settings.port)[1][0],
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        backlog=_BACKLOG,
        # How many connections a worker takes, idle ones included: all streams, and ordinary requests beside them.
        backpressure=settings.maximum_streams + _BACKLOG,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        # The longest write plus a little; what still runs then is cut off.
        workers_kill_timeout=int(settings.write_timeout_s) + _GRACE_S,
    )
    stop_signals = _stop_signals()
    ended = threading.Event()
    lost = threading.Event()

    def start_watching() -> None:
        _take_over(server, stop_signals)
        _in_background(_announce, settings, ended)
        if database is not None:
            _in_background(_watch_database, database, ended, lost)

    server.on_startup(start_watching)
    try:
        with _environment(settings, url):
            server.serve(target_loader=load_application)
    except SystemExit as error:
        # Also raised where a worker went faster than Granian noticed the signal that both got.
        failed = not server.interrupt_signal and error.code not in (0, None)
    else:
        failed = False
    finally:
        ended.set()
    if failed:
        click.echo("Dateline stopped because a worker failed; its message is above.", err=True)
    return int(failed or lost.is_set())


def load_application(target: str) -> Any:
    """Make the ASGI application of a worker; called in the worker's process, first thing.

    `target` is 'module:factory'. It is looked up like any import, never in the working directory.
    """
    # Until the worker's loop has its own handlers, a stop should just end it.
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(STOP_NOTICE, signal.SIG_IGN)
    # A group of its own, for Ctrl-C reaches the whole group of the terminal; the parent passes it on.
    os.setpgid(0, 0)
    die_with_parent()
    module, _, factory = target.partition(":")
    return getattr(importlib.import_module(module), factory)()


def _take_over(server: AbstractServer[Any], stop_signals: list[signal.Signals]) -> None:
    """Replace the handlers that Granian has set in this process.

    Its workers wait for every request that is under way, endless streams included: they are told
    beforehand. Whoever is in a hurry asks twice. And a closed terminal means stop, where Granian reloads.
    """
    main = os.getpid()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() != main:
            os._exit(0)  # a worker just forked, which has not set its own handlers yet
        workers = multiprocessing.active_children()
        if not server.interrupt_signal:
            for worker in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid or main, STOP_NOTICE)
            server.signal_handler_interrupt()  # type: ignore[no-untyped-call]  # it has no types
            click.echo("Stopping: finishing the requests under way (Ctrl-C again cuts them off).")
        else:
            for worker in workers:
                worker.kill()

    for number in _STOP_SIGNALS:
        signal.signal(number, stop if number in stop_signals else signal.SIG_IGN)


def _in_background(function: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=function, args=arguments, daemon=True).start()


def _announce(settings: Settings, ended: threading.Event) -> None:
    """Say where the service is, as soon as it takes connections."""
    family, address = _address(settings.host, settings.port)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104 -- compared only
    while not ended.wait(0.05):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, settings.port)) == 0:
                shown = f"[{settings.host}]" if ":" in settings.host else settings.host
                click.echo(f"Dateline listens on http://{shown}:{settings.port} (Ctrl-C stops it).")
                return


def _watch_database(database: EmbeddedServer, ended: threading.Event, lost: threading.Event) -> None:
    """Stop serving when the database has ended by itself: nothing can be answered without it."""
    database.wait()
    if not ended.is_set():
        lost.set()
        click.echo("The embedded database has ended unexpectedly; its log says why.", err=True)
        os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _signals() -> Iterator[Callable[[], None]]:
    """Turn the signals that mean stop into _Stopped, once; gives a function that ignores them."""
    handled = _stop_signals()
    before = {number: signal.getsignal(number) for number in handled}

    def ignore() -> None:
        for number in handled:
            signal.signal(number, signal.SIG_IGN)

    def stop(_number: int, _frame: FrameType | None) -> None:
        ignore()
        raise _Stopped

    for number in handled:
        signal.signal(number, stop)
    try:
        yield ignore
    finally:
        for number in handled:
            signal.signal(number, before[number])


def _stop_signals() -> list[signal.Signals]:
    """The signals that mean stop here; a closed terminal does not, if that was asked for (nohup)."""
    hangup_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [number for number in _STOP_SIGNALS if not (hangup_ignored and number == signal.SIGHUP)]


@contextlib.contextmanager
def _reserved(host: str, port: int) -> Iterator[None]:
    """Hold the port while serving; raises EngineError where it is taken.

    The workers listen with SO_REUSEPORT, with which the system would let two services share a port
    without a word. This socket is bound without it, so it finds any other user of the port, and is then
    opened to the workers; as it never listens, it takes no connection from them.
    """
    family, address = _address(host, port)
    with socket.socket(family, socket.SOCK_STREAM) as reservation:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            reservation.bind(address)
        except OSError as error:
            raise EngineError(
                f"Port {port} on {host} cannot be listened on: {error.strerror}. Stop what uses it, or choose "
                "another with DATELINE_PORT or DATELINE_HOST."
            ) from error
        if sys.platform == "linux":
            reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        else:
            reservation.close()  # elsewhere the workers' own socket could not be bound beside it
        yield


def _address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise EngineError(
            f"DATELINE_HOST is '{host}', which is no address of this machine: {error.strerror}."
        ) from error
    family, _, _, _, address = found[0]
    return family, address


@contextlib.contextmanager
def _environment(settings: Settings, url: str) -> Iterator[None]:
    """The environment of the workers: the same settings, but the runtime role's database address only."""
    values = msgspec.structs.replace(settings, database_url=url, owner_database_url=None).to_environment()
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DATELINE_")}
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
        os.environ.update(before)


def role_of(url: str) -> str:
    """The role that a database address connects as, by the rules of libpq."""
    parts = urlsplit(url)
    named = parse_qs(parts.query).get("user", [])
    return unquote(parts.username or "") or (named[0] if named else os.environ.get("PGUSER") or getpass.getuser())
