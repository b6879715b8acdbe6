"""Serving, with a trivial application: starts, signals, ends by failure, and what is refused with which words."""

import contextlib
import os
import signal
import socket
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli.service import run
from api.engine import EmbeddedServer
from api.engine.processes import is_alive
from api.settings import Settings
from tests.engine.support import Started, ask, free_port, get, living, starting, wait_until


@contextlib.contextmanager
def serving(directory: Path, port: int, factory: str = "create", **more: str) -> Iterator[Started]:
    environment = {"DATELINE_DATA_DIRECTORY": str(directory), "DATELINE_PORT": str(port), **more}
    with starting("tests.engine.trivial_application", factory, environment=environment) as started:
        yield started


def test_a_signal_stops_everything_in_order(stopped: Path) -> None:
    port = free_port()
    with serving(stopped, port, DATELINE_WORKERS="2") as started:
        assert started.read_until("Dateline listens") == (
            f"Dateline listens on http://127.0.0.1:{port} (Ctrl-C stops it)."
        )
        answers: list[str] = []
        slow = threading.Thread(target=lambda: answers.append(get(port, "/slow")))
        family = started.family()
        assert len(family) > 4
        slow.start()
        started.read_until("serving /slow")
        assert started.finish(signal.SIGTERM) == 0
        slow.join()
        assert answers[0].endswith("owner none")  # finished, not cut off
        assert not living(family)


def test_killing_the_main_process_leaves_nothing_and_the_next_start_has_the_data(stopped: Path) -> None:
    port = free_port()
    with serving(stopped, port, DATELINE_WORKERS="2") as started:
        started.read_until("Dateline listens")
        count = int(get(port).split()[1])
        family = started.family()
        started.finish(signal.SIGKILL)
        with serving(stopped, port) as again:
            again.read_until("Dateline listens")
            assert not living(family)
            assert int(get(port).split()[1]) == count + 1


def test_ctrl_c_reaches_the_database_last_and_ends_open_streams(stopped: Path) -> None:
    port = free_port()
    with serving(stopped, port) as started:
        started.read_until("Dateline listens")
        read: list[str] = []
        stream = threading.Thread(target=lambda: read.append(get(port, "/endless")))
        stream.start()
        started.read_until("serving /endless")
        os.killpg(started.process.pid, signal.SIGINT)  # as a terminal does
        assert started.end() == 0
        stream.join()
        # The stream was ended properly, and the database still answered after it.
        assert read[0].endswith("owner none")
        assert "failed" not in " ".join(started.lines)


def test_a_second_ctrl_c_does_not_wait(stopped: Path) -> None:
    port = free_port()
    # Without the second it would be waited for what still runs, for longer than any test does.
    with serving(stopped, port, DATELINE_WRITE_TIMEOUT_S="3600") as started:
        started.read_until("Dateline listens")
        deaf = threading.Thread(target=lambda: _ignore_errors(port, "/deaf"))
        deaf.start()
        started.read_until("serving /deaf")
        started.process.send_signal(signal.SIGINT)
        started.read_until("Stopping")
        assert started.finish(signal.SIGINT) == 0
        deaf.join()


def _ignore_errors(port: int, path: str) -> None:
    with contextlib.suppress(OSError, urllib.error.URLError, Exception):
        get(port, path)


def test_a_worker_that_dies_is_replaced(stopped: Path) -> None:
    port = free_port()
    with serving(stopped, port) as started:
        started.read_until("Dateline listens")
        worker = int(get(port).split()[0])
        assert worker in [pid for pid, _ in started.family()]
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: not is_alive(worker) and _answers(port))
        assert started.finish(signal.SIGHUP) == 0  # the terminal was closed


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return bool(get(port))
    return False


def test_serving_ends_when_the_database_has_ended(stopped: Path) -> None:
    port = free_port()
    with serving(stopped, port) as started:
        started.read_until("Dateline listens")
        family = started.family()
        os.kill(int((stopped / "postgres/18/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        assert started.end() == 1
        assert "The embedded database has ended unexpectedly; its log says why." in started.lines
        wait_until(lambda: not living(family))


def _refused(capsys: pytest.CaptureFixture[str], **environment: str) -> str:
    """What `run` says when it refuses to serve, before it has got to the first run."""

    def never(*_arguments: object, **_more: object) -> None:
        raise AssertionError("it went on")

    settings = Settings.from_environment({f"DATELINE_{name}": value for name, value in environment.items()})
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert run(settings, sample=False, application="none:at_all", upgrade=never, prepare=never) == 1
    assert handlers == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    return capsys.readouterr().err


def test_a_port_in_use_is_said_before_the_database_is_touched(
    data_directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = _refused(capsys, DATA_DIRECTORY=str(data_directory), PORT=str(port))
    assert said == (
        f"Dateline cannot serve. Port {port} on 127.0.0.1 cannot be listened on: Address already in use. "
        "Stop what uses it, or choose another with DATELINE_PORT or DATELINE_HOST.\n"
    )
    assert not data_directory.exists()


def test_an_address_of_another_machine_is_said(data_directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = str(data_directory)
    assert "cannot be listened on" in _refused(capsys, DATA_DIRECTORY=directory, HOST="192.0.2.1")
    assert "no address of this machine" in _refused(capsys, DATA_DIRECTORY=directory, HOST="no such host")


def test_a_second_service_is_refused(stopped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with serving(stopped, port) as started:
        started.read_until("Dateline listens")
        assert f"Port {port} on" in _refused(capsys, DATA_DIRECTORY=str(stopped), PORT=str(port))
        said = _refused(capsys, DATA_DIRECTORY=str(stopped), PORT=str(free_port()))
        assert f"in use by process {started.process.pid}, since 20" in said
        assert get(port)
        assert started.finish(signal.SIGTERM) == 0


def test_an_application_that_cannot_start_ends_everything(stopped: Path) -> None:
    with serving(stopped, free_port(), "fail") as started:
        started.read_until("prepared")
        family = started.family()
        assert started.end() == 1
        assert any("this application does not start" in line for line in started.lines)
        wait_until(lambda: not living(family))


def test_a_signal_during_the_first_run_stops_it(data_directory: Path) -> None:
    with serving(data_directory, free_port(), "create", STUCK="1") as started:
        started.read_until("stuck")
        family = started.family()
        assert started.finish(signal.SIGTERM) == 0
        assert not living(family)
        assert started.lines[-1] == "Stopped."
    with serving(data_directory, free_port()) as again:
        # What the first run had not finished is taken up again, once.
        assert again.read_until("prepared") == "prepared sample=True embedded=True fresh=True"
        again.read_until("Dateline listens")
        assert again.finish(signal.SIGTERM) == 0
    assert not EmbeddedServer(data_directory).fresh


def test_a_database_of_ones_own(embedded: EmbeddedServer, data_directory: Path) -> None:
    port = free_port()
    own = {"DATELINE_DATABASE_URL": embedded.url, "DATELINE_OWNER_DATABASE_URL": embedded.owner_url}
    with serving(data_directory, port, "create", **own) as started:
        assert started.read_until("prepared") == "prepared sample=True embedded=False fresh=False"
        started.read_until("Dateline listens")
        assert get(port).endswith("owner none")  # the workers do not get the owner's address
        assert started.finish(signal.SIGTERM) == 0
    assert not data_directory.exists()
    assert ask(embedded.owner_url, "DROP TABLE started") is None


def test_an_unreachable_database_of_ones_own(data_directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://me:hush@127.0.0.1:1/x"
    said = _refused(capsys, DATABASE_URL=url, DATA_DIRECTORY=str(data_directory), PORT=str(free_port()))
    assert "The database 'x' at 127.0.0.1:1 cannot be used" in said
    assert "hush" not in said
