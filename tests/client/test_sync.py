"""The client for threads, which is made of the other one, and the README of both, on a service as it is served."""

import ast
import inspect
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import dateline_client
from dateline_client import AsyncDateline, Dateline, NotFound, models
from tests.engine.support import ROOT, free_port, starting
from tests.writing import event_body

SNIPPETS = [
    snippet
    for readme in (ROOT / "client" / "README.md", ROOT / "README.md")
    for snippet in re.findall(r"^```python\n(.*?)^```", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
]
PACKAGE = Path(dateline_client.__file__).parent


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, str]]:
    """The address of a service with the chronology that ships, and a writer's token."""
    with TemporaryDirectory(prefix="dateline-client-") as name:
        Path(name).chmod(0o711)
        port = free_port()
        environment = {"DATELINE_DATA_DIRECTORY": str(Path(name, "data")), "DATELINE_PORT": str(port)}
        with starting("api", "serve", environment=environment) as started:
            started.read_until("Dateline listens on")
            token = next(line.strip() for line in started.lines if line.strip().startswith("dateline_"))
            yield f"http://127.0.0.1:{port}", token


def test_the_readmes_do_what_they_say(served: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each snippet runs, in order, and says something unless it is about failing."""
    address, token = served
    said = []
    with Dateline(address) as client:
        for snippet in SNIPPETS:
            known: dict[str, Any] = {"client": client, "token": token}
            exec(compile(snippet.replace("http://127.0.0.1:8000", address), "README.md", "exec"), known)
            said.append(capsys.readouterr().out)
    assert len(said) == len(SNIPPETS) > 7
    assert all(said), [snippet for snippet, text in zip(SNIPPETS, said, strict=True) if not text]
    assert said[0] == said[1] == said[-1]
    assert "2024-06 Putin and Kim sign a mutual defence treaty" in said[0]
    assert "not-found There is nothing here." in "".join(said)
    assert "\n2 0 0\n" in "".join(said)


def test_the_quickstart_for_integrators_runs_as_it_stands(served: tuple[str, str], tmp_path: Path) -> None:
    address, token = served
    text = (ROOT / "docs" / "quickstart-integrator.md").read_text(encoding="utf-8")
    snippets = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(snippets) == 5
    run = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        input="\n".join(snippets).replace("http://127.0.0.1:8000", address),
        cwd=tmp_path,
        env={**os.environ, "TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2 19 June 2025\n" in run.stdout
    assert "changed meanwhile; it is at revision 3" in run.stdout
    assert "\n/date " in run.stdout


def test_what_is_said_of_both_is_true_of_both(served: tuple[str, str]) -> None:
    """The same methods with the same parameters; only that one is awaited."""
    pairs = [
        {name: member for name, member in inspect.getmembers(kind) if not name.startswith("_") and callable(member)}
        for kind in (AsyncDateline, Dateline)
    ]
    assert set(pairs[0]) == set(pairs[1])
    assert len(pairs[0]) > 40
    for name in pairs[0]:
        first, second = (list(inspect.signature(one[name]).parameters) for one in pairs)
        assert first == second, name


def test_the_code_for_threads_waits_for_nothing() -> None:
    files = sorted((PACKAGE / "_sync").glob("*.py"))
    assert [file.name for file in files] == [file.name for file in sorted((PACKAGE / "_async").glob("*.py"))]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\bawait\b|Async[A-Z]|asyncio|__a(enter|exit|iter)", text), file
        found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
        assert found == []


def test_the_client_for_threads_reads_writes_and_follows(served: tuple[str, str]) -> None:
    address, token = served
    with Dateline(address, token=token) as desk:
        begun = desk.head().sequence
        heard: list[Any] = []

        def follow() -> None:
            with Dateline(address) as reader, closing(reader.changes(begun)) as changes:
                for change in changes:
                    heard.append(change)
                    if isinstance(change, models.EventChange) and change.document and change.document.title == "Last":
                        return

        thread = threading.Thread(target=follow)
        thread.start()
        event = desk.create_event(event_body(title="First"))
        event = desk.update_event(event, {"date": "2024-06-18"}, type="clarification", reason="Known.")
        desk.create_event(event_body(title="Last"))
        thread.join(60)
        assert not thread.is_alive()
        assert [change.sequence for change in heard] == [
            change.sequence for change in desk.changes(begun, follow=False)
        ]
        assert [found.id for found in desk.events(date_from="2024-06-18", date_to="2024-06-18", date_match="within")]
        assert len(desk.table(max_items=3)) == 3
        with pytest.raises(NotFound):
            desk.get_actor("nobody-at-all")


def test_the_client_for_threads_tries_again() -> None:
    client = Dateline("http://127.0.0.1:1")
    waits: list[float] = []
    client._pause = waits.append
    client._chance = lambda: 1.0
    with pytest.raises(dateline_client.ConnectionFailed):
        client.head()
    assert waits == [0.5, 1.0, 2.0, 4.0]
    client.close()
