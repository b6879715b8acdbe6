"""``dateline import``: files of events, with interruptions."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.store.log import Writing
from tests.conftest import Database
from tests.store.invariants import check_invariants
from tests.writing import event_body

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database) -> Run:
    environment = {
        "DATELINE_DATABASE_URL": database.url,
        "DATELINE_OWNER_DATABASE_URL": database.owner_url,
        "HOME": "/nowhere",
    }

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["import", *(str(argument) for argument in arguments)], env=environment)

    return invoke


def rows(count: int, **members: Any) -> list[dict[str, Any]]:
    return [event_body(title=f"Event {number}", external_ids={"n": str(number)}, **members) for number in range(count)]


def write_lines(path: Path, values: list[Any]) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def ask(database: Database, sql: str) -> Any:
    async def asked() -> Any:
        connection = await asyncpg.connect(database.owner_url)
        try:
            await check_invariants(connection)
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(asked())


EVENTS = "SELECT count(*) FROM event"


def test_lines_and_arrays_are_imported(run: Run, database: Database, tmp_path: Path) -> None:
    lines = write_lines(tmp_path / "lines.ndjson", rows(3))
    array = tmp_path / "array.json"
    array.write_text("\n " + json.dumps(rows(2), indent=2))
    done = run(lines, array, "--author", "Archive  desk")
    assert done.exit_code == 0, done.output
    assert "lines.ndjson: 3 created" in done.stdout
    assert "array.json: 2 created" in done.stdout
    assert ask(database, EVENTS) == 5
    assert ask(database, "SELECT string_agg(DISTINCT author, ',') FROM change") == "Archive desk"


def test_a_file_is_imported_once(run: Run, database: Database, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "one.ndjson", rows(3))
    run(file)
    again = run(file.rename(tmp_path / "two.ndjson"))
    assert again.exit_code == 0
    assert "0 created" in again.stdout
    assert "3 imported before" in again.stdout
    assert ask(database, EVENTS) == 3


def test_it_goes_on_where_it_was(run: Run, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_lines(tmp_path / "events.ndjson", rows(1300))
    whole = Writing.append
    calls = 0

    async def interrupted(write: Writing) -> None:
        nonlocal calls
        calls += len(write._changes) > 0
        if calls == 2:
            raise KeyboardInterrupt
        await whole(write)

    monkeypatch.setattr(Writing, "append", interrupted)
    assert run(file).exit_code != 0
    monkeypatch.undo()
    assert ask(database, EVENTS) == 500
    done = run(file)
    assert done.exit_code == 0
    assert "800 created" in done.stdout
    assert "500 imported before" in done.stdout
    assert ask(database, EVENTS) == 1300


def test_what_was_refused_is_tried_again(run: Run, database: Database, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", [*rows(2), event_body(actors=[{"id": "atlantis"}]), {"date": "x"}])
    first = run(file)
    assert first.exit_code == 1
    assert "2 created" in first.stdout
    assert "Row 3 is refused: /actors/0/id There is no actor known as 'atlantis'." in first.stderr
    assert "Row 4 is refused" in first.stderr
    actors = write_lines(
        tmp_path / "actor.ndjson",
        [event_body(new_actors=[{"id": "atlantis", "name": "Atlantis", "kind": "state"}])],
    )
    assert run(actors).exit_code == 0
    again = run(file)
    # Of one chunk, what is written now is told apart from what was before.
    assert "1 created, 0 updated, 0 unchanged, 1 refused, 2 imported before" in again.stdout
    third = run(file)
    assert "0 created, 0 updated, 0 unchanged, 1 refused, 3 imported before" in third.stdout
    assert ask(database, EVENTS) == 4


def test_dry_run_writes_nothing(run: Run, database: Database, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", [*rows(600), *rows(1), {}])
    done = run(file, "--dry-run", "--upsert-on", "n")
    assert done.exit_code == 1
    assert "600 created, 0 updated, 1 unchanged, 1 refused. Nothing was written" in done.stdout
    assert ask(database, "SELECT sequence FROM head") == 0


def test_upsert(run: Run, database: Database, tmp_path: Path) -> None:
    run(write_lines(tmp_path / "events.ndjson", rows(3)), "--upsert-on", "n")
    done = run(write_lines(tmp_path / "events.ndjson", [*rows(2), *rows(4, summary="More")[2:]]), "--upsert-on", "n")
    assert "1 created, 1 updated, 2 unchanged, 0 refused" in done.stdout
    assert ask(database, EVENTS) == 4


def test_what_cannot_be_imported(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty.ndjson"
    empty.touch()
    assert "no rows" in run(empty).stderr
    broken = tmp_path / "broken.json"
    broken.write_text('[{"title": ')
    refused = run(broken)
    assert refused.exit_code == 1
    assert "broken.json: " in refused.stderr
    assert run(tmp_path / "none.ndjson").exit_code == 2
    assert run(empty, "--upsert-on", "A B").exit_code == 2
    assert run(empty, "--author", "\x1b[31m").exit_code == 2
