"""Creating a database cluster so that it is there whole or not at all."""

import locale
import os
import shutil
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path

from api.engine.binaries import MAJOR_VERSION
from api.engine.errors import EngineError
from api.engine.processes import TiedProcess

SUPERUSER = "postgres"
OWNER_ROLE = "dateline_owner"
RUNTIME_ROLE = "dateline"
DATABASE = "dateline"

_CREATION_TIMEOUT_S = 300.0
_KILL_TIMEOUT_S = 10.0
# Curly quotes and the like are told from letters by the system's locale; sorting never is.
_CHARACTER_LOCALES = ("C.UTF-8", "en_US.UTF-8", "C")
# One statement a line: that is what PostgreSQL's single-user mode takes. PUBLIC may do nothing, so
# that a role added later can do what it was granted and no more. Temporary tables serve bulk loads.
_FIRST_STATEMENTS = f"""\
CREATE ROLE {OWNER_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
CREATE ROLE {RUNTIME_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC
GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {RUNTIME_ROLE}
"""


def exists(cluster: Path) -> bool:
    """Whether `cluster` holds a cluster.

    Raises EngineError where something else is there, or the data of another major version beside it:
    starting empty next to somebody's data would look like a loss of it.
    """
    if (cluster / "PG_VERSION").is_file():
        return True
    if cluster.exists():
        raise EngineError(
            f"{cluster} exists but is no PostgreSQL cluster. Move it away, or choose another directory "
            "with DATELINE_DATA_DIRECTORY."
        )
    for other in sorted(cluster.parent.glob("*/PG_VERSION")):
        if other.parent.name.isdecimal():
            raise EngineError(
                f"{other.parent} holds data of PostgreSQL {other.parent.name}, and this release of Dateline "
                f"brings PostgreSQL {MAJOR_VERSION}. Upgrade it with pg_upgrade into {cluster}, or export "
                "from the earlier release and import here."
            )
    return False


def create(
    cluster: Path,
    *,
    programs: Path,
    account: tuple[int, int],
    durable: bool,
    environment: Mapping[str, str],
    inherited: int,
) -> None:
    """Create the cluster with its two roles and its database.

    Everything is made beside its place and moved there in one step, when it has reached the disk: a
    start that is killed midway leaves nothing that a later start could mistake for a cluster. The
    caller holds the directory's lock and gives its descriptor as `inherited`.
    """
    building = cluster.with_name(f"{cluster.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(building, *account)
    initialize = [
        str(programs / "initdb"),
        f"--pgdata={building}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        f"--lc-ctype={_character_locale()}",
        "--auth-local=trust",  # the socket's directory is private; see embedded.py
        "--auth-host=reject",
        *(() if durable else ("--no-sync",)),
    ]
    settings = ("-c", "exit_on_error=on", *(() if durable else ("-c", "fsync=off")))
    furnish = [str(programs / "postgres"), "--single", *settings, "-D", str(building), "postgres"]
    with tempfile.TemporaryFile() as statements:
        statements.write(_FIRST_STATEMENTS.encode())
        for command in (initialize, furnish):
            statements.seek(0)
            _run(
                command,
                account=account,
                environment=dict(environment),
                directory=building,
                inherited=inherited,
                standard_input=statements.fileno(),
            )
    building.rename(cluster)
    if durable:
        synchronize(cluster.parent)


def synchronize(directory: Path) -> None:
    """Have the entries of `directory` itself reach the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run(
    command: list[str],
    *,
    account: tuple[int, int],
    environment: dict[str, str],
    directory: Path,
    inherited: int,
    standard_input: int,
) -> None:
    with tempfile.TemporaryFile() as output:
        process = TiedProcess(
            command,
            death_signal=signal.SIGKILL,
            account=account,
            output=output.fileno(),
            environment=environment,
            directory=directory,
            inherited=(inherited,),
            standard_input=standard_input,
        )
        in_time = False
        try:
            in_time = process.wait(_CREATION_TIMEOUT_S)
        finally:
            if not in_time:
                process.abandon()
                process.wait(_KILL_TIMEOUT_S)
        if in_time and process.poll() == 0:
            return
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    reason = said if in_time else f"It took longer than {_CREATION_TIMEOUT_S:.0f} seconds."
    raise EngineError(f"The database could not be created in {directory.parent}: {reason}")


def _character_locale() -> str:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in _CHARACTER_LOCALES:
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"
