"""Start one program so that it ends when the process that asked for it ends.

This file is run as a script, by its path and with nothing but the standard library (`python -I -S
launch.py …`), between Dateline and PostgreSQL. It exists because the steps have an order that
`subprocess` cannot promise without running Python between fork and exec in a process with threads:

1. give up root (the kernel forgets a death signal when the user changes, so this comes first);
2. ask the kernel for a signal when the parent dies;
3. look whether the parent died in the meantime;
4. become the program.

Modes:

`exec`   become the program; the kernel's parent-death signal ties it to the parent (Linux).
`guard`  stay between the parent and the program and read a pipe from the parent, whose end means
         that the parent is gone. For systems without a parent-death signal, and for
         starters that are not the main thread (the signal is tied to the thread that forked).
`check`  print, one a line, which of the given paths this user cannot enter or execute.
"""

# Everything is imported here, as root: the other user may be unable to read Python's own files.
import ctypes
import os
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
HAS_DEATH_SIGNAL = sys.platform == "linux"


def set_parent_death_signal(number: int, parent: int) -> None:
    """Have the kernel send signal `number` to this process when its parent (pid `parent`) ends.

    Linux only. Where the parent has already ended, the signal is raised here and now.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def _give_up_root(user: int, group: int) -> None:
    if os.geteuid() == 0 and user != 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)


def _answer_signals_plainly() -> None:
    """Let every signal end this process, as it does before any program has said otherwise.

    A handler of Python's own could take the death signal just before the program is there to see it, and
    an ignored signal stays ignored in the program.
    """
    for number in (signal.SIGPIPE, *PASSED_ON, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _become(command: list[str], parent: int, number: int) -> None:
    _answer_signals_plainly()
    if HAS_DEATH_SIGNAL:
        set_parent_death_signal(number, parent)
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted


def _guard(command: list[str], number: int, pipe: int) -> int:
    """Run `command` as a child, pass signals on, and send it signal `number` when `pipe` ends."""
    wakeup_read, wakeup_write = os.pipe()
    os.set_blocking(wakeup_write, False)
    signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
    guard = os.getpid()
    child = 0
    # Kept back until there is a child to pass them on to, and until the child answers them plainly.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)

    def pass_on(received: int, _frame: object) -> None:
        os.kill(child, received)

    for each in PASSED_ON:
        signal.signal(each, pass_on)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        os.close(pipe)
        _become(command, guard, number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    watched = [pipe, wakeup_read]
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        ready, _, _ = select.select(watched, [], [])
        if wakeup_read in ready:
            os.read(wakeup_read, 512)
        if pipe in ready and not os.read(pipe, 512):
            watched.remove(pipe)
            os.kill(child, number)


def _first_closed(path: str) -> str | None:
    """The first part of `path` that the present user cannot enter or execute, or None."""
    parts = path.strip(os.sep).split(os.sep)
    for length in range(len(parts) + 1):
        part = os.sep + os.sep.join(parts[:length])
        if not os.access(part, os.X_OK):
            return part
    return None


def main(arguments: list[str]) -> int:
    """`MODE PARENT SIGNAL USER GROUP PIPE COMMAND…`; see the module's text for the modes."""
    mode = arguments[0]
    parent, number, user, group, pipe = (int(each) for each in arguments[1:6])
    command = arguments[6:]
    _give_up_root(user, group)
    if mode == "check":
        for path in command:
            closed = _first_closed(path)
            if closed is not None:
                print(closed)
        return 0
    if mode == "guard":
        return _guard(command, number, pipe)
    _become(command, parent, number)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
