"""``dateline export``: formats, filters, and files that are whole or not there."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.engine.pool import create_pool
from api.export import walk
from api.store.loading import load_sample
from api.store.store import Store
from schema.problem import problem
from tests.conftest import Database

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database) -> Run:
    asyncio.run(_load(database.url))
    environment = {
        "DATELINE_DATABASE_URL": database.url,
        "DATELINE_OWNER_DATABASE_URL": database.owner_url,
        "HOME": "/nowhere",
    }

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["export", *(str(argument) for argument in arguments)], env=environment)

    return invoke


async def _load(url: str) -> None:
    store = Store(await create_pool(url, size=2, query_timeout_s=30.0))
    await load_sample(store)
    await store.close()


def test_the_name_of_the_file_says_the_format(run: Run, tmp_path: Path) -> None:
    for name in ("events.ndjson", "events.json"):
        result = run("--output", tmp_path / name)
        assert result.exit_code == 0, result.output
    lines = (tmp_path / "events.ndjson").read_bytes().splitlines()
    page = json.loads((tmp_path / "events.json").read_bytes())
    assert [json.loads(line)["id"] for line in lines] == [item["id"] for item in page["items"]]
    assert page["count"] == {"value": len(lines), "exact": True}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.json", "events.ndjson"]


def test_filters_and_limits_are_those_of_the_api(run: Run) -> None:
    result = run("actor=DPRK", "date_from=2025", "date_to=2025-04", "limit=3")
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(rows) == 3
    assert all("north-korea" in str(row) for row in rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["actor=Nobody at all"], "actor: "),
        (["colour=red"], "There is no parameter 'colour'"),
        (["actor"], "write it as name=value"),
        (["count=exact"], "count: "),
        (["state=draft"], "scope edit"),
        (["--output", "events.png"], "says no format"),
        (["--chronology", "no-such-one"], "There is no chronology"),
    ],
)
def test_what_cannot_be_given_is_said(run: Run, arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit)


def test_an_export_that_fails_leaves_what_was_there(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "events.ndjson"
    output.write_text("the one before")

    async def fail(*_: object, **__: object) -> None:
        raise problem("unavailable", "The store is gone.")

    monkeypatch.setattr(walk, "PART_ROWS", 10)
    monkeypatch.setattr(walk.whole, "fetch_actors", _after(2, fail, walk.whole.fetch_actors))
    result = run("--output", output)
    assert result.exit_code == 1
    assert "The store is gone." in result.output
    assert output.read_text() == "the one before"
    assert [path.name for path in tmp_path.iterdir()] == ["events.ndjson"]


def _after(times: int, then: Callable[..., object], first: Callable[..., object]) -> Callable[..., object]:
    """Do one thing so many times, and from then on another."""
    calls = iter(range(times))

    def called(*arguments: object, **named: object) -> object:
        return (first if next(calls, None) is not None else then)(*arguments, **named)

    return called
