"""What the tests of the engine share: waiting on conditions, and processes to be started and killed."""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from api.engine.processes import birth_mark, is_alive

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
"""How long anything here may take, a first start included, on a slow machine that does much else beside it.

What has to end by itself must not do so within this time if it is not made to, or no test would see the difference.
"""
#: The ports that services of tests listen on: so many for each process of a run.
_FIRST_PORT, _PORTS_EACH, _MOST_PROCESSES = 16_384, 512, 32


def wait_until(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> float:
    """Wait until `condition` holds and return the seconds it took; fail after `timeout_s` seconds."""
    start = time.monotonic()
    while not condition():
        waited_s = time.monotonic() - start
        assert waited_s < timeout_s, f"{condition} did not come true in {timeout_s} seconds"
        time.sleep(0.005)
    return time.monotonic() - start


def ask(url: str, sql: str) -> Any:
    """The one value that a statement gives on a connection of its own."""
    return asyncio.run(_ask(url, sql))


async def _ask(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


class Started:
    """A module of these tests run in a session of its own; what it says is read line by line."""

    def __init__(self, *command: str, environment: Mapping[str, str] | None = None, directory: Path = ROOT) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DATELINE_")}
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 -- closed in close()
        self._taken = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=directory,
            env=inherited | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Where a shell runs the tests in the background, SIGINT is ignored by whatever they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    @property
    def lines(self) -> list[str]:
        """All that it has said so far."""
        return os.pread(self._output.fileno(), 1_000_000, 0).decode().splitlines()

    def read_until(self, start: str) -> str:
        """Wait for the first line from here on that starts with `start`, and return it."""
        found: list[int] = []

        def is_said() -> bool:
            lines = self.lines
            found.extend(number for number, line in enumerate(lines) if line.startswith(start))
            found[:] = [number for number in found if number >= self._taken][:1]
            assert found or self.process.poll() is None, f"'{start}' was not said, but: {lines}"
            return bool(found)

        wait_until(is_said)
        self._taken = found[0] + 1
        return self.lines[found[0]]

    def family(self) -> list[tuple[int, str]]:
        """This process and all that it started, each with the mark that tells it from a later one."""
        parents = _parents()
        found = [self.process.pid]
        for pid in found:
            found.extend(child for child, parent in parents.items() if parent == pid)
        return [(pid, birth_mark(pid)) for pid in found]

    def finish(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """Leave nothing behind, whatever the test did."""
        family = self.family() if self.process.poll() is None else []
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._output.close()
        wait_until(lambda: not living(family))


def living(family: list[tuple[int, str]]) -> list[int]:
    """Those of a family that still live."""
    return [pid for pid, birth in family if is_alive(pid, birth)]


@contextlib.contextmanager
def starting(*command: str, environment: Mapping[str, str] | None = None) -> Iterator[Started]:
    started = Started(*command, environment=environment)
    try:
        yield started
    finally:
        started.close()


@contextlib.contextmanager
def served_on(url: str, owner_url: str) -> Iterator[tuple[Started, str]]:
    """A service on a database, as it is started for use; and its address."""
    port = free_port()
    environment = {
        "DATELINE_DATABASE_URL": url,
        "DATELINE_OWNER_DATABASE_URL": owner_url,
        "DATELINE_PORT": str(port),
    }
    with starting("api", "serve", environment=environment) as started:
        started.read_until("Dateline listens on")
        yield started, f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def first_started() -> Iterator[tuple[str, str]]:
    """A first start, with the chronology that ships: its address, and the token that it makes."""
    with tempfile.TemporaryDirectory(prefix="dateline-first-") as name:
        Path(name).chmod(0o711)
        port = free_port()
        environment = {"DATELINE_DATA_DIRECTORY": f"{name}/data", "DATELINE_PORT": str(port)}
        with starting("api", "serve", environment=environment) as started:
            started.read_until("Dateline listens on")
            token = next(line.strip() for line in started.lines if line.strip().startswith("dateline_"))
            yield f"http://127.0.0.1:{port}", token


def _ports_of_this_process() -> Iterator[int]:
    """Ports that no other process of this run asks for, over and over, in an order of chance: there may be other runs.

    The system gives those from 32768 on to whoever asks it for any, so they are below.
    """
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _MOST_PROCESSES
    first = _FIRST_PORT + process * _PORTS_EACH
    return itertools.cycle(random.SystemRandom().sample(range(first, first + _PORTS_EACH), _PORTS_EACH))


_ports = _ports_of_this_process()


def free_port() -> int:
    """A port that nobody has, and that is given to nobody else before it is used."""
    return next(port for port in _ports if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def get(port: int, path: str = "/") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())


def _parents() -> dict[int, int]:
    """Each process's parent."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    return {int(pid): int(parent) for pid, parent in (line.split() for line in listing.stdout.splitlines())}
