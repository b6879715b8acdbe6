"""Processes that end with the one that started them, and are told from later ones of the same number."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.engine.launch import HAS_DEATH_SIGNAL
from api.engine.processes import TiedProcess, birth_mark, die_with_parent, is_alive
from tests.engine.support import PATIENCE_S, living, starting, wait_until


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("manner", ["by-polling", "by-the-kernel"])
def test_a_child_dies_with_its_parent(manner: str, method: str) -> None:
    if manner == "by-the-kernel" and not HAS_DEATH_SIGNAL:
        pytest.skip("this kernel has no such signal")
    with starting("tests.engine.orphan", manner, method) as started:
        started.read_until("child")
        family = started.family()
        assert len(family) > 1
        started.finish(signal.SIGKILL)
        wait_until(lambda: not living(family))


def test_a_process_that_multiprocessing_did_not_start_is_not_tied() -> None:
    die_with_parent()


def test_a_process_is_told_from_a_later_one_with_its_number() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        mark = birth_mark(process.pid)
        assert is_alive(process.pid, mark)
        if mark:
            assert not is_alive(process.pid, f"{mark}1")
        process.kill()
        if mark:
            # Not yet collected by us, its parent, and dead all the same.
            wait_until(lambda: not is_alive(process.pid, mark))
    assert not is_alive(process.pid, mark)
    assert is_alive(os.getpid(), birth_mark(os.getpid()))


@pytest.mark.parametrize("guarded", [False, True])
def test_a_program_abandoned_while_it_starts_ends_too(guarded: bool, tmp_path: Path) -> None:
    if not guarded and not HAS_DEATH_SIGNAL:
        pytest.skip("this kernel has no such signal")
    for _ in range(10):
        process = TiedProcess(
            ["/bin/sleep", "3600"],
            death_signal=signal.SIGINT,
            account=(os.geteuid(), os.getegid()),
            output=subprocess.DEVNULL,
            environment={},
            directory=tmp_path,
            guarded=guarded,
        )
        process.abandon()
        assert process.wait(PATIENCE_S)
