"""The command line, as somebody at a terminal uses it."""

import asyncio
import json
from collections.abc import Callable
from uuid import UUID

import asyncpg
import pytest
import yaml
from click.testing import CliRunner, Result

from api.cli import main
from api.cli.first_run import prepare
from api.settings import Settings
from tests.conftest import Database

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database) -> Run:
    environment = {
        "DATELINE_DATABASE_URL": database.url,
        "DATELINE_OWNER_DATABASE_URL": database.owner_url,
        "HOME": "/nowhere",
    }

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments), env=environment)

    return invoke


def test_token_is_made_listed_and_revoked(run: Run) -> None:
    made = run("token", "create", "Newsroom  desk", "--days", "30")
    assert made.exit_code == 0
    assert made.stdout.startswith("dateline_")
    listed = run("token", "list")
    assert "Newsroom desk" in listed.stdout
    assert made.stdout.strip() not in listed.stdout
    token_id = listed.stdout.split()[0]
    assert UUID(token_id)
    assert run("token", "revoke", token_id).exit_code == 0
    assert "revoked" in run("token", "list").stdout
    again = run("token", "revoke", token_id)
    assert again.exit_code == 1
    assert "no token" in again.stderr


def test_token_needs_a_name_that_can_be_shown(run: Run) -> None:
    refused = run("token", "create", "\x1b[31m")
    assert refused.exit_code == 2
    assert "printable" in refused.stderr


def test_sample_is_loaded_once_and_verified(run: Run, database: Database) -> None:
    settings = Settings.from_environment({"DATELINE_DATABASE_URL": database.url, "HOME": "/nowhere"})
    for _ in range(2):
        prepare(settings, database.url, database.owner_url, sample=True, embedded=False, fresh=False)
    verified = run("verify")
    assert verified.exit_code == 0
    assert "All 66 changes are as they were written" in verified.stdout


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("UPDATE content SET document = convert_to('{}', 'UTF8') WHERE sequence = 40", "content of change 40"),
        ("UPDATE content SET reason = 'because' WHERE sequence = 40", "content of change 40"),
        ("DELETE FROM content WHERE sequence = 40", "content of change 40 is missing"),
        ("UPDATE change SET author = 'somebody else' WHERE sequence = 40", "Change 40 does not follow"),
        ("DELETE FROM change WHERE sequence = 40", "Changes 40 to 40 are missing"),
        ("DELETE FROM change WHERE sequence = 66", "The log ends at change 65"),
        ("UPDATE head SET digest = sha256('')", "The log ends at change 66"),
        (
            "UPDATE change SET sequence = CASE sequence WHEN 40 THEN -41 ELSE -40 END WHERE sequence IN (40, 41);"
            "UPDATE change SET sequence = -sequence WHERE sequence < 0",
            "does not follow",
        ),
        ("UPDATE actor SET document = convert_to('{}', 'UTF8') WHERE id = 'russia'", "current actor russia"),
        ("DELETE FROM event WHERE id = (SELECT min(id::text)::uuid FROM event)", "The current event"),
    ],
)
def test_tampering_is_found(run: Run, database: Database, tampering: str, finding: str) -> None:
    settings = Settings.from_environment({"DATELINE_DATABASE_URL": database.url, "HOME": "/nowhere"})
    prepare(settings, database.url, database.owner_url, sample=True, embedded=False, fresh=False)

    async def tamper() -> None:
        connection = await asyncpg.connect(database.superuser_url)
        await connection.execute(tampering)
        await connection.close()

    asyncio.run(tamper())
    verified = run("verify")
    assert verified.exit_code == 1
    assert finding in verified.stderr


def test_one_role_for_both_is_said(run: Run, database: Database) -> None:
    result = CliRunner().invoke(main, ["verify"], env={"DATELINE_DATABASE_URL": database.owner_url, "HOME": "/nowhere"})
    assert "could change history" in result.stdout
    assert "could change history" not in run("verify").stdout


def test_first_run_prints_a_command_that_works_as_it_stands(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings.from_environment({"DATELINE_DATABASE_URL": database.url, "HOME": "/nowhere"})
    prepare(settings, database.url, database.owner_url, sample=False, embedded=True, fresh=True)
    printed = capsys.readouterr().out
    assert "30 events" in printed
    body = printed.split("-d '")[1].split("'")[0]
    assert json.loads(body)["state"] == "draft"


def test_openapi_needs_no_database(run: Run) -> None:
    printed = CliRunner().invoke(main, ["openapi"], env={"HOME": "/nowhere"})
    assert yaml.safe_load(printed.stdout)["openapi"].startswith("3.1")


def test_unknown_setting_is_refused_with_the_nearest(run: Run) -> None:
    result = CliRunner().invoke(main, ["verify"], env={"DATELINE_DATABSE_URL": "x", "HOME": "/nowhere"})
    assert result.exit_code == 1
    assert "DATELINE_DATABASE_URL" in result.stderr


@pytest.mark.parametrize("command", [[], ["serve"], ["token"], ["token", "create"], ["verify"], ["migrate"]])
def test_help_is_in_plain_words(command: list[str]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 5
