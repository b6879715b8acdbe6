"""What the runtime role may do: add to history, and never change it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import Client
from tests.writing import check_whole, contents_of, make_event


@pytest.fixture
async def runtime(client: Client) -> AsyncIterator[asyncpg.Connection]:
    await make_event(client)
    connection = await asyncpg.connect(client.database.url)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE change SET author = 'nobody'",
        "UPDATE change SET digest = digest WHERE false",
        "DELETE FROM change",
        "TRUNCATE change",
        "SELECT FROM change FOR UPDATE",
        "MERGE INTO change USING (SELECT 1 AS n) AS one ON change.sequence = one.n WHEN MATCHED THEN DELETE",
        "UPDATE content SET document = ''",
        "DELETE FROM content",
        "TRUNCATE content",
        "TRUNCATE event",
        "TRUNCATE head",
        "DELETE FROM head",
        "INSERT INTO head VALUES (false, 0, 0, now(), '')",
        "INSERT INTO token SELECT * FROM token",
        "UPDATE token SET scopes = '{admin}'",
        "DELETE FROM token",
        "UPDATE alembic_version SET version_num = ''",
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE change ADD COLUMN mine int",
        "DROP TABLE content",
        "CREATE INDEX ON event (state)",
        "CREATE TRIGGER mine BEFORE INSERT ON change EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "ALTER TABLE change OWNER TO CURRENT_USER",
        "CREATE ROLE mine",
        "SET ROLE dateline_owner",
        "SET session_replication_role = replica",
        "COPY change TO PROGRAM 'true'",
    ],
)
async def test_the_runtime_role_is_refused(client: Client, runtime: asyncpg.Connection, statement: str) -> None:
    before = await contents_of(client)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute(statement)
    assert await contents_of(client) == before
    await check_whole(client)


async def test_the_runtime_role_cannot_grant_itself_anything(runtime: asyncpg.Connection) -> None:
    """PostgreSQL only warns where there is nothing to give."""
    rights = "SELECT string_agg(relacl::text, ' ' ORDER BY relname) FROM pg_class"
    before = await runtime.fetchval(rights)
    await runtime.execute("GRANT UPDATE ON change TO CURRENT_USER; GRANT ALL ON content TO PUBLIC")
    assert await runtime.fetchval(rights) == before
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute("UPDATE change SET author = ''")


async def test_the_runtime_role_is_nobody_special(runtime: asyncpg.Connection) -> None:
    role = await runtime.fetchrow("SELECT * FROM pg_roles WHERE rolname = CURRENT_USER")
    assert role["rolname"] == "dateline"
    for right in ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls"):
        assert not role[right]
    assert not await runtime.fetchval("SELECT pg_has_role(CURRENT_USER, 'dateline_owner', 'MEMBER')")
    assert await runtime.fetchval("SELECT count(*) FROM pg_tables WHERE tableowner = CURRENT_USER") == 0


async def test_who_owns_the_tables_is_no_superuser(client: Client) -> None:
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER")
        owners = await connection.fetch("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert [row[0] for row in owners] == ["dateline_owner"]
    finally:
        await connection.close()
