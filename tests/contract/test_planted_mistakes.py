"""That mistakes are caught: each is planted in a copy of the sources, and a test has to fail there.

A mistake is one piece of a file in another's place. It is caught by Schemathesis, which is run for one operation of the
service as it then is, or by a test of ours, which is run in the copy. Where the mistake is in what the contract is made
of, the copy's ``openapi.yaml`` is made anew first, or it would be caught for being out of date and nothing else.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from api.store.loading import load_sample
from tests.conftest import Client, Database
from tests.contract.closing import write_closed
from tests.engine.support import ROOT, Started, free_port

pytestmark = pytest.mark.mistakes

SOURCES = (
    "api",
    "schema",
    "migrations",
    "tests",
    "docs",
    "pyproject.toml",
    "openapi.yaml",
    "schemathesis.toml",
    "README.md",
)
#: Some of what is run makes a database cluster of its own first.
PATIENCE_S = 280


class Mistake(NamedTuple):
    """What was done wrong, in which file; ``caught_by`` is an operation's id or a test, ``says`` what is said then."""

    file: str
    right: str
    wrong: str
    caught_by: str
    says: str


IN_HANDLERS = {
    "a creation is answered with 200": Mistake(
        "api/http/editing.py",
        "record, status=201, location=",
        "record, location=",
        "createSource",
        "Undocumented status code",
    ),
    "a creation does not say where": Mistake(
        "api/http/answers.py",
        '({"Location": location} if location else {})',
        "{}",
        "createSource",
        "Missing required response headers",
    ),
    "an id is not looked at": Mistake(
        "api/http/parameters.py",
        'raise problem("not-found", f"There is nothing here: {name} is not an id (UUID).")',
        "pass",
        "getSource",
        "Server error",
    ),
    "a failure is no problem": Mistake(
        "api/http/errors.py",
        "status_code=kind.status, media_type=PROBLEM_JSON",
        'status_code=kind.status, media_type="application/json"',
        "getSource",
        "Undocumented Content-Type",
    ),
    "a token is not asked for": Mistake(
        "api/auth.py",
        'if scope == "read" and reading == "open":\n            return _ANYBODY',
        'return Reader("anybody", frozenset({"read", "edit"}))',
        "createActor",
        "Unexpected response to a request without authentication",
    ),
    "unknown parameters are passed over": Mistake(
        "api/http/parameters.py",
        "faults.append(_unknown(name, list(fields)))",
        "pass",
        "tests/http/test_bad_input.py::test_a_near_name_is_suggested",
        "AssertionError",
    ),
    "an answer lacks a member": Mistake(
        "api/http/answers.py", '"next": following,', "", "listSources", "Response violates schema"
    ),
    "an answer has a member that nothing tells of": Mistake(
        "api/http/answers.py",
        '"next": following,',
        '"next": following, "previous": None,',
        "listSources",
        "Response violates schema",
    ),
    "a page has one item too many": Mistake(
        "api/store/reading.py",
        "items = items[:limit]",
        "items = items[: limit + 1]",
        "tests/http/test_actors.py::test_the_list_gives_each_actor_once_in_order",
        "<= 2",
    ),
    "what was discarded is still there": Mistake(
        "api/http/chronologies.py",
        "if await chronologies.discard_chronology(store, reader.author, name, expected) is None:",
        "if await chronologies.get_chronology(store, name, edit=True) is None:",
        "tests/http/test_chronologies.py::test_a_draft_is_discarded_and_its_revisions_stay",
        "answer.status_code == kind.status",
    ),
}

IN_SCHEMAS = {
    "a date becomes a day": Mistake(
        "schema/wire.py",
        "return value.text",
        'return f"{value.text[:7]}-01"',
        "tests/http/test_event_create.py",
        "2024-06-01",
    ),
    "a bound is lost": Mistake(
        "schema/query.py",
        "Meta(ge=1, le=MAXIMUM_PAGE,",
        "Meta(ge=1,",
        "tests/http/test_bad_input.py::test_queries",
        "limit=1001",
    ),
    "a member is needed that was not": Mistake(
        "schema/release.py",
        'or how it differs from the last one.")] = None',
        'or how it differs from the last one.")]',
        "tests/contract/test_compatibility.py",
        "ReleaseIn.note: it is required now",
    ),
    "a member of an answer is renamed": Mistake(
        "schema/feed.py",
        "class Head(Struct, frozen=True, kw_only=True):",
        'class Head(Struct, frozen=True, kw_only=True, rename={"digest": "checksum"}):',
        "tests/contract/test_compatibility.py",
        "Head.digest: it is gone",
    ),
}

IN_THE_DOCUMENT = {
    "another status is promised": Mistake(
        "api/http/sources.py", "status=201,", "status=202,", "createSource", "Undocumented status code"
    ),
    "a failure is left out": Mistake(
        "api/http/contract.py",
        'slugs |= {"precondition-required", "revision-mismatch"}',
        "pass",
        "replaceSource",
        "Undocumented status code",
    ),
    "rough dates are machine dates": Mistake(
        "api/http/components.py",
        '"type": "string",\n    "minLength": 1,',
        '"type": "string",\n    "format": "date",\n    "minLength": 1,',
        "tests/contract/test_committed_contract.py::test_partial_dates_are_never_machine_dates",
        "isdisjoint",
    ),
    "an example is out of date": Mistake(
        "api/http/examples.py",
        '    "as_of": None,\n    "notices": [],',
        '    "notices": [],',
        "tests/contract/test_quality.py",
        "'as_of' is a required property",
    ),
    "a union does not say what tells its members apart": Mistake(
        "api/http/components.py",
        '                "discriminator": {"propertyName": told_by["propertyName"], "mapping": mapping},\n',
        "",
        "tests/contract/test_quality.py",
        "KeyError: 'discriminator'",
    ),
    "an operation gets another name": Mistake(
        "api/http/sources.py",
        'operation_id="listSources"',
        'operation_id="findSources"',
        "tests/contract/test_compatibility.py",
        "listSources: there is no such operation",
    ),
}

MISTAKES = IN_HANDLERS | IN_SCHEMAS | IN_THE_DOCUMENT
REMADE = IN_SCHEMAS.keys() | IN_THE_DOCUMENT.keys()


@pytest.fixture
async def database(client: Client) -> Database:
    """The shipped chronology, in a database of its own."""
    await load_sample(client.store)
    return client.database


@pytest.fixture
def token(client: Client) -> str:
    """A token of somebody who may edit."""
    return client.token


def copied(target: Path, mistake: Mistake | None, *, remade: bool) -> Path:
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(ROOT / name, target / name)
    if mistake is not None:
        file = target / mistake.file
        text = file.read_text(encoding="utf-8")
        assert text.count(mistake.right) == 1, f"{mistake.file} has {text.count(mistake.right)} times: {mistake.right}"
        file.write_text(text.replace(mistake.right, mistake.wrong), encoding="utf-8")
    if remade:
        made = run(target, "-m", "api", "openapi")
        assert made.returncode == 0, made.stderr
        (target / "openapi.yaml").write_text(made.stdout, encoding="utf-8")
    return target


def run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=directory,
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nowhere",
            "PYTHONPATH": str(directory),
            "SCHEMATHESIS_HOOKS": "tests/contract/schemathesis_hooks.py",
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def schemathesis(
    directory: Path, operations: Sequence[str], database: Database, token: str
) -> subprocess.CompletedProcess[str]:
    contract = write_closed(directory / "openapi.yaml", directory / "closed.json")
    port = free_port()
    started = Started(
        *("api", "serve"),
        environment={"DATELINE_DATABASE_URL": database.url, "DATELINE_PORT": str(port), "PYTHONPATH": str(directory)},
        directory=directory,
    )
    try:
        started.read_until("Dateline listens on")
        return run(
            directory,
            *("-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", contract.name),
            # Alone, an operation has no links to follow; the whole contract is walked along them elsewhere.
            *("--phases", "examples,coverage,fuzzing"),
            *("--url", f"http://127.0.0.1:{port}", "--checks", "all", "--max-examples", "5", "--seed", "20251123"),
            *("--header", f"Authorization: Bearer {token}"),
            *(part for operation in operations for part in ("--include-operation-id", operation)),
        )
    finally:
        started.close()


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught(name: str, database: Database, token: str, tmp_path: Path) -> None:
    mistake = MISTAKES[name]
    copy = copied(tmp_path, mistake, remade=name in REMADE)
    if mistake.caught_by.startswith("tests/"):
        caught = run(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mistake.caught_by)
    else:
        caught = schemathesis(copy, [mistake.caught_by], database, token)
    said = caught.stdout + caught.stderr
    assert caught.returncode == 1, said[-5_000:]
    assert mistake.says in said, said[-5_000:]
    if mistake.caught_by.startswith("tests/"):
        # That test has failed, and not what it stands on.
        assert f"FAILED {mistake.caught_by}" in said, said[-5_000:]


def test_without_a_mistake_nothing_is_found(database: Database, token: str, tmp_path: Path) -> None:
    catching = sorted({one.caught_by for one in MISTAKES.values()})
    copy = copied(tmp_path, None, remade=True)
    clean = schemathesis(copy, [one for one in catching if "/" not in one], database, token)
    assert clean.returncode == 0, clean.stdout[-5_000:]
    passed = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(one for one in catching if "/" in one))
    assert passed.returncode == 0, passed.stdout[-5_000:]
