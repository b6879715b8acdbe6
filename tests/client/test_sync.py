"""The client for threads, which is made of the other one, and the README of both, on a service as it is served."""

import ast
import inspect
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import dateline_client
from dateline_client import AsyncDateline, Dateline, NotFound, Retries, models
from dateline_client.records import change_of
from tests.engine.support import ROOT, first_started
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
    with first_started() as made:
        yield made


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


def test_the_copy_of_the_quickstart_keeps_what_only_lost_an_older_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What docs/changes.md says: a change has no document, too, if that was redacted since."""
    text = (ROOT / "docs" / "quickstart-integrator.md").read_text(encoding="utf-8")
    (snippet,) = [one for one in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S) if "sqlite3" in one]
    common = {"entity": "actor", "id": "one", "recorded_at": "2025-06-01T09:00:00Z", "author": "desk", "reason": None}
    record = {
        **{"id": "one", "name": "One", "kind": "person", "names": [], "aliases": [], "external_ids": {}, "part_of": []},
        **{"member_of": [], "reliability": None, "revision": 1, "sequence": 1, "merged_into": None},
        **{"created_at": "2025-06-01T09:00:00Z", "updated_at": "2025-06-01T09:00:00Z"},
    }
    feed = [
        {
            **common,
            "sequence": 1,
            "revision": 1,
            "type": "create",
            "redacted": False,
            "redacts": [],
            "document": record,
        },
        {**common, "sequence": 2, "revision": 2, "type": "update", "redacted": True, "redacts": [], "document": None},
        {
            **common,
            "sequence": 3,
            "revision": 3,
            "type": "redaction",
            "redacted": False,
            "redacts": [2],
            "document": None,
        },
    ]

    monkeypatch.chdir(tmp_path)
    kept = []
    for there in (feed[:1], feed[:2], feed):
        known: dict[str, Any] = {
            "client": SimpleNamespace(
                changes=lambda after, follow, there=there: [change_of(change) for change in there[after:]]
            )
        }
        exec(snippet, known)
        kept.append(known["copy"].execute("SELECT count(*) FROM record").fetchone()[0])
        known["copy"].close()
    assert kept == [1, 1, 0]


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


def test_threads_may_share_a_client(served: tuple[str, str]) -> None:
    address, token = served
    with Dateline(address, token=token) as client, ThreadPoolExecutor(8) as threads:
        listed = list(threads.map(lambda _: [event.id for event in client.events(page_size=20)], range(16)))
        made = list(threads.map(lambda number: client.create_event(event_body(title=f"Of {number}")), range(16)))
    assert listed[0]
    assert all(ids == listed[0] for ids in listed)
    assert [event.title for event in made] == [f"Of {number}" for number in range(16)]
    assert len({event.id for event in made}) == 16


def test_what_is_left_halfway_keeps_no_connection(served: tuple[str, str]) -> None:
    """With one connection in all, whatever kept it would have the next request wait in vain."""
    address, token = served
    desk = Dateline(address, token=token)

    class Writing(httpx.HTTPTransport):
        """Something is written as soon as a stream is asked for, so that it comes with the stream."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/v1/changes/stream":
                desk.create_event(event_body(title="Streamed"))
            return super().handle_request(request)

    transport = Writing(limits=httpx.Limits(max_connections=1))
    with desk, Dateline(address, transport=transport, timeout=20, retries=Retries(attempts=1)) as client:
        walk, pages = iter(client.events(page_size=2)), client.events(page_size=2).pages()
        assert next(walk)
        assert next(iter(pages))
        before = client.head().sequence
        with closing(client.changes(before, follow=True)) as changes:
            assert next(changes).sequence > before
        assert client.head().sequence > before
        assert next(walk)


def test_the_client_for_threads_tries_again() -> None:
    client = Dateline("http://127.0.0.1:1")
    waits: list[float] = []
    client._pause = waits.append
    client._chance = lambda: 1.0
    with pytest.raises(dateline_client.ConnectionFailed):
        client.head()
    assert waits == [0.5, 1.0, 2.0, 4.0]
    client.close()
