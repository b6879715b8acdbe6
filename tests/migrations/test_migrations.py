"""Versions of the tables: up, down and up again, alone and at once."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import pytest

from api.cli.upgrading import upgrade_store
from api.engine import cluster
from api.engine.embedded import EmbeddedServer
from api.settings import SettingsError
from migrations import NEWEST
from migrations.run import downgrade, upgrade
from migrations.steps import VERSIONS
from tests.migrations.catalogue import RUNTIME_ROLE, SNAPSHOT, catalogue

_TABLES = "SELECT array_agg(tablename::text ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'"


def run(url: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """Do something on a connection of its own; migrations need tests that have no event loop."""

    async def connected() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[str]:
    """The owner's address of a database without any tables."""
    run(server.superuser_url, lambda c: c.execute("CREATE DATABASE migrated OWNER dateline_owner"))
    head, _, parameters = server.owner_url.partition("?")
    yield f"{head.rpartition('/')[0]}/migrated?{parameters}"
    run(server.superuser_url, lambda c: c.execute("DROP DATABASE migrated WITH (FORCE)"))


def test_the_newest_version_is_the_last_file() -> None:
    assert max(path.stem for path in VERSIONS.glob("*.py")) == NEWEST
    for path in VERSIONS.glob("[0-9]*.py"):
        assert path.with_suffix(".up.sql").exists()
        assert path.with_suffix(".down.sql").exists()


def test_up_down_and_up_again(empty: str) -> None:
    upgrade(empty, RUNTIME_ROLE)
    first = run(empty, catalogue)
    run(empty, lambda c: c.execute("INSERT INTO token VALUES (gen_random_uuid(), 'x', '{}', '', now(), NULL, NULL)"))
    downgrade(empty, RUNTIME_ROLE, "base")
    # What is left is alembic's own note of the version, which is none.
    assert run(empty, lambda c: c.fetchval(_TABLES)) == ["alembic_version"]
    assert run(empty, lambda c: c.fetchval("SELECT count(*) FROM alembic_version")) == 0
    leftover = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~ '^alembic'"
    assert run(empty, lambda c: c.fetchval(leftover)) == 0
    upgrade(empty, RUNTIME_ROLE)
    assert run(empty, catalogue) == first


def test_the_tables_are_those_that_were_agreed_on(empty: str) -> None:
    """Whoever changes a version of the tables sees here what has come of it."""
    upgrade(empty, RUNTIME_ROLE)
    assert run(empty, catalogue) == SNAPSHOT.read_text(encoding="utf-8")


def test_migrating_twice_changes_nothing(empty: str) -> None:
    upgrade(empty, RUNTIME_ROLE)
    before = run(empty, catalogue)
    run(empty, lambda c: c.execute("UPDATE head SET sequence = 7"))
    upgrade(empty, RUNTIME_ROLE)
    assert run(empty, catalogue) == before
    assert run(empty, lambda c: c.fetchval("SELECT sequence FROM head")) == 7
    assert run(empty, lambda c: c.fetchval("SELECT version_num FROM alembic_version")) == NEWEST


def test_a_failing_step_leaves_nothing(empty: str) -> None:
    """The role is missing, which shows at the end of the file, when the tables are there already."""
    with pytest.raises(asyncpg.UndefinedObjectError):
        upgrade(empty, 'no "such" role')
    assert run(empty, lambda c: c.fetchval(_TABLES)) is None
    upgrade(empty, RUNTIME_ROLE)
    assert run(empty, lambda c: c.fetchval("SELECT version_num FROM alembic_version")) == NEWEST


def test_a_missing_extension_is_told_of_with_what_to_do(server: EmbeddedServer) -> None:
    """Here because the owner of the tables does not own the database."""
    run(server.superuser_url, lambda c: c.execute("CREATE DATABASE foreign_owned"))
    url, superuser = (server.url_for(role, "foreign_owned") for role in (cluster.OWNER_ROLE, cluster.SUPERUSER))
    try:
        run(superuser, lambda c: c.execute("GRANT CREATE ON SCHEMA public TO dateline_owner"))
        with pytest.raises(asyncpg.RaiseError, match=r"pg_trgm.*cannot be used: permission denied") as raised:
            upgrade(url, RUNTIME_ROLE)
        assert "postgresql-contrib" in str(raised.value)
        assert run(superuser, lambda c: c.fetchval(_TABLES)) is None
        # Whoever may create it has done so.
        run(superuser, lambda c: c.execute("CREATE EXTENSION pg_trgm"))
        upgrade(url, RUNTIME_ROLE)
    finally:
        run(server.superuser_url, lambda c: c.execute("DROP DATABASE foreign_owned WITH (FORCE)"))


def test_two_upgrades_at_once_do_one_after_the_other(empty: str) -> None:
    """As when two servers start: in processes of their own, as alembic keeps its context in a global."""
    code = "import sys; from migrations.run import upgrade; upgrade(*sys.argv[1:])"
    command = [sys.executable, "-c", code, empty, RUNTIME_ROLE]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert run(empty, catalogue) == SNAPSHOT.read_text(encoding="utf-8")
    assert run(empty, lambda c: c.fetchval("SELECT count(*) FROM head")) == 1


def test_a_store_is_brought_up_in_a_language_that_its_database_knows(empty: str) -> None:
    with pytest.raises(SettingsError, match=r"DATELINE_TEXT_LANGUAGE is 'klingon', .* knows .*german"):
        upgrade_store(empty, RUNTIME_ROLE, "klingon")
    upgrade_store(empty, RUNTIME_ROLE, "german")
    assert tuple(run(empty, lambda c: c.fetchrow("SELECT text_language, rebuild FROM head"))) == ("german", False)


def test_the_role_is_quoted(empty: str, server: EmbeddedServer) -> None:
    role = 'run "time"; DROP TABLE head; --'
    quoted = '"' + role.replace('"', '""') + '"'
    run(server.superuser_url, lambda c: c.execute(f"CREATE ROLE {quoted}"))
    try:
        upgrade(empty, role)
        granted = "SELECT has_table_privilege($1, 'change', 'INSERT'), has_table_privilege($1, 'change', 'UPDATE')"
        assert tuple(run(empty, lambda c: c.fetchrow(granted, role))) == (True, False)
    finally:
        run(empty, lambda c: c.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}"))
        run(server.superuser_url, lambda c: c.execute(f"DROP ROLE {quoted}"))
