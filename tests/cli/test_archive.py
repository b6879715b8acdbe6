"""``dateline archive``: a file of the whole history, and a store from it."""

import asyncio
import gzip
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from click.testing import CliRunner, Result

from api.cli import archive, main
from api.cli.first_run import prepare
from api.engine.embedded import EmbeddedServer
from api.settings import Settings
from tests.conftest import Database, fresh_database
from tests.store.invariants import check_invariants

Run = Callable[..., Result]


def environment(url: str, owner_url: str) -> dict[str, str]:
    return {"DATELINE_DATABASE_URL": url, "DATELINE_OWNER_DATABASE_URL": owner_url, "HOME": "/nowhere"}


def runner(variables: dict[str, str]) -> Run:
    def invoke(*arguments: object, **options: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], env=variables, **options)

    return invoke


@pytest.fixture
def run(database: Database) -> Run:
    settings = Settings.from_environment(environment(database.url, database.owner_url))
    prepare(settings, database.url, database.owner_url, sample=True, embedded=False, fresh=False)
    return runner(environment(database.url, database.owner_url))


@pytest.fixture
def target(server: EmbeddedServer, template: str) -> Iterator[Database]:
    made = fresh_database(server, template)
    database = asyncio.run(made.__aenter__())
    yield database
    asyncio.run(made.__aexit__(None, None, None))


def changes_in(database: Database) -> int:
    async def ask() -> int:
        connection = await asyncpg.connect(database.owner_url)
        try:
            await check_invariants(connection)
            return int(await connection.fetchval("SELECT sequence FROM head"))
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_a_store_is_archived_and_restored(run: Run, target: Database, tmp_path: Path) -> None:
    file = tmp_path / "store.dateline"
    made = run("archive", "create", file)
    assert made.exit_code == 0, made.output
    head = made.stdout.split("Head: ")[1].strip()
    assert made.stdout == f"Archived 66 changes. Head: {head}\n"
    assert head in run("verify").stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]
    there = runner(environment(target.url, target.owner_url))
    restored = there("archive", "restore", file)
    assert restored.exit_code == 0, restored.output
    assert restored.stdout == f"Restored 66 changes. Head: {head}\n"
    assert head in there("verify").stdout
    assert changes_in(target) == 66
    again = there("archive", "restore", file)
    assert again.exit_code == 1
    assert again.stderr == "The store has 66 changes already. An archive is restored into an empty one.\n"


def test_it_goes_through_a_pipe(run: Run, target: Database, tmp_path: Path) -> None:
    made = run("archive", "create", "-")
    assert made.exit_code == 0, made.output
    assert "Archived 66 changes" in made.stderr
    there = runner(environment(target.url, target.owner_url))
    assert "Restored 66 changes" in there("archive", "restore", "-", input=made.stdout_bytes).stdout
    run("archive", "create", tmp_path / "same")
    assert (tmp_path / "same").read_bytes() == made.stdout_bytes
    assert changes_in(target) == 66


def test_no_file_is_overwritten_and_none_is_left_half(run: Run, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_bytes(b"the last good one")
    refused = run("archive", "create", file)
    assert refused.exit_code == 1
    assert "kept is there already" in refused.stderr
    assert file.read_bytes() == b"the last good one"
    missing = run("archive", "create", tmp_path / "none" / "file")
    assert missing.exit_code == 1
    assert "No such file or directory" in missing.stderr

    async def tamper() -> None:
        connection = await asyncpg.connect(database.owner_url)
        await connection.execute("UPDATE change SET author = 'nobody' WHERE sequence = 60")
        await connection.close()

    asyncio.run(tamper())
    broken = run("archive", "create", tmp_path / "broken")
    assert broken.exit_code == 1
    assert "Change 60 does not follow" in broken.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]


def test_what_cannot_be_restored_is_said_in_a_line(run: Run, target: Database, tmp_path: Path) -> None:
    there = runner(environment(target.url, target.owner_url))
    whole, bad = tmp_path / "whole", tmp_path / "bad"
    run("archive", "create", whole)
    for content, said in (
        (b"", "is cut off"),
        (b"%PDF", "This is not an archive of Dateline"),
        (whole.read_bytes()[:-9], "is cut off"),
        (
            gzip.compress(gzip.decompress(whole.read_bytes()).replace(b"dateline sample", b"somebody", 1)),
            "Change 1 does",
        ),
        (gzip.compress(b'{"format":"dateline-archive","version":9,"new":true}\n'), "reads up to 2"),
    ):
        bad.write_bytes(content)
        refused = there("archive", "restore", bad)
        assert refused.exit_code == 1
        assert said in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert changes_in(target) == 0
    assert there("archive", "restore", tmp_path / "none").exit_code == 2
    runtime = runner(environment(target.url, target.url))("archive", "restore", whole)
    assert runtime.exit_code == 1
    assert "DATELINE_OWNER_DATABASE_URL" in runtime.stderr
    assert changes_in(target) == 0


def test_lines_may_be_as_long_as_a_setting_lets_bodies_be(
    run: Run, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("archive", "create", tmp_path / "whole")
    monkeypatch.setattr(archive, "maximum_line_bytes", lambda maximum_body_bytes: maximum_body_bytes)
    there = runner({**environment(target.url, target.owner_url), "DATELINE_MAXIMUM_BODY_BYTES": "1024"})
    refused = there("archive", "restore", tmp_path / "whole")
    assert refused.exit_code == 1
    assert "is longer than 1,024 bytes" in refused.stderr
    assert "DATELINE_MAXIMUM_BODY_BYTES" in refused.stderr


def test_an_embedded_store_is_restored_before_its_first_start(run: Run, tmp_path: Path) -> None:
    run("archive", "create", tmp_path / "file")
    # Not pytest's own directory: as root the server runs as another user, who may not enter that.
    with TemporaryDirectory(prefix="dateline-test-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        there = runner({"DATELINE_DATA_DIRECTORY": str(directory), "HOME": "/nowhere"})
        assert "Restored 66 changes" in there("archive", "restore", tmp_path / "file").stdout
        assert not EmbeddedServer(directory).fresh


@pytest.mark.parametrize("command", [[], ["create"], ["restore"]])
def test_help_says_what_is_in_it(command: list[str]) -> None:
    result = CliRunner().invoke(main, ["archive", *command, "--help"])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 5
