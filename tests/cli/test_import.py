"""``dateline import``: files of events, with interruptions."""

import asyncio
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import openpyxl
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
    array.write_text("\n " + json.dumps(rows(2, kind="talks"), indent=2))
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
    assert "0 created, 0 updated, 3 unchanged, 0 refused" in again.stdout
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
    assert "800 created, 0 updated, 500 unchanged" in done.stdout
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
    assert "1 created, 0 updated, 2 unchanged, 1 refused" in again.stdout
    third = run(file)
    assert "0 created, 0 updated, 3 unchanged, 1 refused" in third.stdout
    assert ask(database, EVENTS) == 4


def test_dry_run_writes_nothing(run: Run, database: Database, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", [*rows(600), *rows(1), {}])
    done = run(file, "--dry-run", "--upsert-on", "n")
    assert done.exit_code == 1
    assert "600 created, 0 updated, 1 unchanged, 1 refused, 1 with warnings. Nothing was written" in done.stdout
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


def test_a_foreign_table_is_imported_with_its_report(run: Run, database: Database, tmp_path: Path) -> None:
    table = tmp_path / "Treffen.csv"
    table.write_bytes("wann;was\r2024-06;Gespräche in Köln\r2024-07-01;Später\rim Juli;Unklar\r".encode("mac_roman"))
    mapping = tmp_path / "mapping.json"
    mapping.write_text(
        json.dumps({"title": {"from": "was"}, "kind": {"always": "talks"}, "date": {"from": "wann", "format": "EDTF"}})
    )
    for name in ("report.json", "report.csv", "report.xlsx"):
        done = run(table, "--mapping", mapping, "--report", tmp_path / name)
        assert done.exit_code == 1, done.output
    assert "0 created, 0 updated, 2 unchanged, 1 refused" in done.stdout
    assert "Read as csv, Mac Roman, lines end in CR." in done.stdout
    assert "Cells are separated by the semicolon." in done.stdout
    assert "Row 3 is refused: /date" in done.stderr
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert [result["status"] for result in report["results"]] == ["created", "created", "refused"]
    with (tmp_path / "report.csv").open(newline="") as file:
        assert [line["status"] for line in csv.DictReader(file)] == ["unchanged", "unchanged", "refused"]
    book = openpyxl.load_workbook(tmp_path / "report.xlsx", read_only=True)
    assert [row[:2] for row in book["Rows"].iter_rows(values_only=True)][1:] == [
        ("1", "unchanged"),
        ("2", "unchanged"),
        ("3", "refused"),
    ]
    assert ("encoding", "Mac Roman") in list(book["About"].iter_rows(values_only=True))
    book.close()
    assert ask(database, EVENTS) == 2


def test_mappings_and_reports_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    mapping = tmp_path / "mapping.json"
    mapping.write_text("{")
    assert run(table, "--mapping", mapping).exit_code == 2
    mapping.write_text(json.dumps({"title": {"form": "a"}, "date": {"from": "a"}}))
    refused = run(table, "--mapping", mapping)
    assert refused.exit_code == 2
    assert "/title/form" in refused.stderr
    assert "/kind" in refused.stderr
    mapping.write_text(json.dumps({"title": {"from": "A"}, "kind": {"always": "talks"}, "date": {"from": "b"}}))
    missing = run(table, "--mapping", mapping)
    assert missing.exit_code == 1
    assert "/mapping/title/from There is no column 'A'." in missing.stderr
    assert run(table, "--report", tmp_path / "report.pdf").exit_code == 2


def test_atomic(run: Run, database: Database, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", [*rows(2), {"title": "Broken"}])
    refused = run(file, "--atomic")
    assert refused.exit_code == 1
    assert "/2/date date is required." in refused.stderr
    assert ask(database, EVENTS) == 0
