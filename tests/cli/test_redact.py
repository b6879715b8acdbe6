"""``dateline redact``, ``dateline verify --head`` and ``dateline migrate`` on a store of an older version."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner

from api.cli import main
from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store.loading import load_sample
from api.store.store import Store
from migrations.run import downgrade, upgrade
from tests.conftest import Database, fresh_database
from tests.store.derived import derived_rows
from tests.store.invariants import check_invariants

_ROLE = "dateline"
#: A digest of the log's digests.
_LOG = "SELECT md5(string_agg(c::text, ',' ORDER BY sequence)) FROM (SELECT sequence, digest FROM change) c"


@pytest.fixture
def sample(server: EmbeddedServer, template: str) -> Iterator[Database]:
    """A database with the sample; commands have event loops of their own, so that nothing here may have one."""
    with asyncio.Runner() as runner:
        making = fresh_database(server, template)
        database = runner.run(making.__aenter__())
        runner.run(_load(database.url))
        yield database
        runner.run(making.__aexit__(None, None, None))


async def _load(url: str) -> None:
    pool = await create_pool(url, size=2, query_timeout_s=30)
    await load_sample(Store(pool))
    await pool.close()


def run(database: Database, *arguments: str) -> Any:
    environment = {
        "DATELINE_DATABASE_URL": database.url,
        "DATELINE_OWNER_DATABASE_URL": database.owner_url,
        "HOME": "/nowhere",
    }
    return CliRunner().invoke(main, arguments, env=environment)


def fetch(database: Database, sql: str, *values: Any) -> Any:
    async def work() -> Any:
        connection = await asyncpg.connect(database.owner_url)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()

    return asyncio.run(work())


def test_redacting_needs_a_reason_and_a_yes(sample: Database) -> None:
    event = str(fetch(sample, "SELECT id FROM event LIMIT 1"))
    assert run(sample, "redact", "event", event, "--yes").exit_code == 2
    assert run(sample, "redact", "event", event, "--reason", " ", "--yes").exit_code == 2
    assert run(sample, "redact", "event", "x", "--reason", "Law", "--yes").exit_code == 2
    unasked = run(sample, "redact", "event", event, "--reason", "Law")
    assert unasked.exit_code == 1
    assert "Say --yes" in unasked.output
    assert fetch(sample, "SELECT count(*) FROM event WHERE id = $1::text::uuid", event) == 1
    done = run(sample, "redact", "event", event, "--reason", "Law", "--yes")
    assert done.exit_code == 0, done.output
    assert fetch(sample, "SELECT count(*) FROM event WHERE id = $1::text::uuid", event) == 0
    again = run(sample, "redact", "event", event, "--reason", "Law", "--yes")
    assert (again.exit_code, "Nothing of it is left" in again.output) == (1, True)
    nobody = run(sample, "redact", "actor", "nobody", "--reason", "Law", "--yes")
    assert (nobody.exit_code, "There is no actor nobody" in nobody.output) == (1, True)


def test_a_head_is_noted_and_held_against_the_history(sample: Database) -> None:
    first = run(sample, "verify")
    assert first.exit_code == 0, first.output
    match = re.search(r"Head: (\d+:[0-9a-f]{64})", first.output)
    assert match is not None
    assert run(sample, "verify", "--head", match[1]).exit_code == 0
    other = match[1][:-1] + ("0" if match[1][-1] != "0" else "1")
    for wrong in (other, f"9{match[1]}"):
        found = run(sample, "verify", "--head", wrong)
        assert found.exit_code == 1
        assert "NOT" in found.output
    assert run(sample, "verify", "--head", "12").exit_code == 2


def test_a_store_of_an_older_version_gets_its_past_from_the_log(sample: Database) -> None:
    """The tables of the version before have no past; migrating makes all rows anew, and the history is untouched."""
    before = asyncio.run(_rows(sample))
    log = fetch(sample, _LOG)
    downgrade(sample.owner_url, _ROLE, "0003_imports")
    upgrade(sample.owner_url, _ROLE)
    assert fetch(sample, "SELECT count(*) FROM event") == 0
    assert fetch(sample, "SELECT rebuild FROM head") is True
    pending = asyncio.run(_ready(sample))
    assert "dateline migrate" in pending
    done = run(sample, "migrate")
    assert done.exit_code == 0, done.output
    assert "made anew" in done.output
    assert asyncio.run(_ready(sample)) == ""
    assert asyncio.run(_rows(sample)) == before
    assert fetch(sample, _LOG) == log
    assert "made anew" not in run(sample, "migrate").output


async def _rows(database: Database) -> dict[str, list[str]]:
    connection = await asyncpg.connect(database.owner_url)
    try:
        await check_invariants(connection)
        return await derived_rows(connection)
    finally:
        await connection.close()


async def _ready(database: Database) -> str:
    pool = await create_pool(database.url, size=1, query_timeout_s=30)
    try:
        await Store(pool).ready()
    except Exception as error:
        return str(error)
    finally:
        await pool.close()
    return ""
