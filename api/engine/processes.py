"""Processes that must not outlive the one that started them."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from api.engine import launch

STOP_NOTICE = signal.SIGUSR1
"""What the main process sends to its workers before it asks them to end; see `on_stop_notice`."""

_PARENT_POLL_INTERVAL_S = 0.2
_private_descriptors: set[int] = set()


def _close_private_descriptors() -> None:
    for descriptor in _private_descriptors:
        os.close(descriptor)
    _private_descriptors.clear()


os.register_at_fork(after_in_child=_close_private_descriptors)


def keep_private(descriptor: int) -> None:
    """Close `descriptor` in every child made by a plain fork, such as a server worker.

    A worker that held the lock of the data directory, or the pipe whose end means that the parent
    is gone, would hold it for as long as it lives. (`subprocess` closes descriptors by itself.)
    """
    _private_descriptors.add(descriptor)


def close_private(descriptor: int) -> None:
    """Close a descriptor that was given to `keep_private`."""
    _private_descriptors.discard(descriptor)
    os.close(descriptor)


def die_with_parent(parent: int | None = None, *, by_polling: bool = False) -> None:
    """Have this process killed (SIGKILL) as soon as its parent is gone, however the parent ended.

    Called first thing in a server worker. On Linux the kernel does it, and the parent is strictly
    the parent's thread that forked; elsewhere a thread looks five times a second.

    `parent` is the parent's pid; without one it is the process that started this one by
    `multiprocessing`, and where there is none this does nothing: a program started from a shell
    is meant to outlive the shell.
    """
    if parent is None:
        starter = multiprocessing.parent_process()
        if starter is None or starter.pid is None:
            return
        parent = starter.pid
    if launch.HAS_DEATH_SIGNAL and not by_polling:
        launch.set_parent_death_signal(signal.SIGKILL, parent)
        return
    threading.Thread(target=_watch_parent, args=(parent,), name="parent-watch", daemon=True).start()


def on_stop_notice(callback: Callable[[], None]) -> None:
    """Have `callback` called in this worker's event loop when the service begins to stop.

    Requests are still being answered then, and the worker ends when the last of them has: so an open
    stream, which has no end of its own, must be ended here, or it holds up the stop until it is cut off.
    Call it in the event loop, in the main thread (the application's start-up); later calls replace
    earlier ones. Elsewhere, such as in a test that runs the application in a thread, nothing happens.
    """
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(STOP_NOTICE, callback)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_INTERVAL_S)
    os.kill(os.getpid(), signal.SIGKILL)


class TiedProcess:
    """A program in a session of its own that is sent a signal when this process ends.

    A session of its own: Ctrl-C in a terminal signals everything in the terminal's group at once,
    and the database must go last.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        death_signal: signal.Signals,
        account: tuple[int, int],
        output: int,
        environment: dict[str, str],
        directory: Path,
        inherited: Iterable[int] = (),
        standard_input: int = subprocess.DEVNULL,
        guarded: bool | None = None,
    ) -> None:
        """Start `command` as the user and group of `account`, writing to the descriptor `output`.

        `inherited` descriptors stay open in the program. `guarded` puts a watching process in
        between instead of using the kernel's death signal; the default is to do so only where
        there is no such signal, or where it would be tied to a thread that may end first.
        """
        if guarded is None:
            in_main_thread = threading.current_thread() is threading.main_thread()
            guarded = not (launch.HAS_DEATH_SIGNAL and in_main_thread)
        self._death_signal = death_signal
        self._pipe = -1
        watched = -1
        if guarded:
            watched, self._pipe = os.pipe()
            keep_private(self._pipe)
        numbers = [str(each) for each in (os.getpid(), int(death_signal), *account, watched)]
        # The launcher inherits this and takes what has come meanwhile when it answers signals as the program would:
        # while Python starts up it could lose the one that is to end it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, launch.PASSED_ON)
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- the command is ours, no shell
                [*_launcher(), "guard" if guarded else "exec", *numbers, *command],
                stdin=standard_input,
                stdout=output,
                stderr=output,
                env=environment,
                cwd=directory,
                pass_fds=(*inherited, watched) if guarded else tuple(inherited),
                start_new_session=True,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            if guarded:
                os.close(watched)

    @property
    def pid(self) -> int:
        """The process id of the program, or of its guard."""
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended, at most `timeout_s` seconds; False if it still runs."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        self._close_pipe()
        return True

    def abandon(self) -> None:
        """Do what would happen if this process ended now: the program gets its death signal."""
        if self._pipe >= 0:
            self._close_pipe()
        else:
            self.signal(self._death_signal)

    def _close_pipe(self) -> None:
        pipe, self._pipe = self._pipe, -1  # two threads may wait at the same time
        if pipe >= 0:
            close_private(pipe)


def closed_to(account: tuple[int, int], paths: Sequence[Path]) -> Path | None:
    """The first directory or program on the way to `paths` that `account` cannot enter or execute."""
    user, group = account
    result = subprocess.run(  # noqa: S603 -- the command is ours, no shell
        [*_launcher(), "check", "0", "0", str(user), str(group), "-1", *(str(path) for path in paths)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        cwd="/",
        text=True,
    )
    lines = result.stdout.splitlines()
    return Path(lines[0]) if lines else None


def is_alive(pid: int, birth: str | None = None) -> bool:
    """Whether process `pid` lives; with `birth`, whether it is the same one that gave this mark.

    Nothing is ever sent to the process. A process that has ended and only waits to be collected by
    its parent counts as ended where the system tells (Linux).
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    status = _status(pid)
    if status is not None:
        state, now = status
        return state not in "ZX" and birth in (None, "", now)
    return True


def birth_mark(pid: int) -> str:
    """A mark that tells a process from a later one with the same pid; empty where there is none."""
    status = _status(pid)
    return status[1] if status is not None else ""


def _status(pid: int) -> tuple[str, str] | None:
    """State letter and start time (clock ticks since boot) of a process, from /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in brackets, may hold spaces and brackets itself.
    fields = text.rpartition(")")[2].split()
    return fields[0], fields[19]


def now_text() -> str:
    """The present moment in UTC, to the second, for messages and lock files."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _launcher() -> list[str]:
    return [sys.executable, "-I", "-S", launch.__file__]
