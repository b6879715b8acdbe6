"""The types that callers have, as a strict type checker sees them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.support import ROOT

RIGHT = """
from collections.abc import AsyncIterator, Iterator
from typing import assert_type
from uuid import UUID

import pandas

from dateline_client import UNSET, AsyncDateline, Dateline, Event, NotFound, RevisionMismatch, Unset, models


async def read(client: AsyncDateline) -> None:
    async for event in client.events(
        actor="north-korea", kind=["treaty", "talks"], min_confidence="high", as_of=60, disputed=False, max_items=5
    ):
        assert_type(event, Event)
        assert_type(event.date, str)
        assert_type(event.id, UUID)
        assert_type(event.actor_name("russia"), str)
        assert_type(event.as_of, int | Unset)
    last = await client.get_event("f210f2e5-140a-50ee-ac6f-e4aa1ad06256", as_of=event.updated_at)
    async for event in client.events(updated_from=last.updated_at, as_of=last.updated_at):
        assert event.as_of is not UNSET
    async for page in client.events(count="exact").pages():
        assert_type(page, models.EventPage)
    async for change in client.changes(after=7):
        if isinstance(change, models.EventChange):
            assert_type(change.document, models.Event | None)
    assert_type(await client.table(actor="north-korea"), pandas.DataFrame)


def write(client: Dateline) -> Event:
    event = client.create_event(models.EventIn(title="Talks", kind="talks", date="2024-06~", state="draft"))
    try:
        return client.update_event(event, {"date": "2024-06-18"}, type="clarification")
    except RevisionMismatch as error:
        assert_type(error.current_revision, int | None)
        return client.get_event(event.id)


def edit(client: Dateline) -> None:
    for change in client.changes(follow=False):
        if isinstance(change, models.EventChange) and change.document:
            assert_type(client.update_event(change.document, {}), Event)
            client.replace_event(change.document)
            client.retract_event(change.document, reason="It was another day.")
        elif isinstance(change, models.ActorChange) and change.document:
            client.merge_actor(change.document, "north-korea")
        elif isinstance(change, models.ChronologyChange) and change.document:
            client.discard_chronology(change.document)
    revision = client.event_revision("f210f2e5-140a-50ee-ac6f-e4aa1ad06256", 1)
    if revision.document:
        client.discard_event(revision.document)
    client.create_release("arms", models.ReleaseIn(licence="CC0-1.0"))
"""

WRONG = {
    'client.events(actr="north-korea")': "Unexpected keyword argument",
    'client.events(sort="dates")': "incompatible type",
    "client.events(date_from=2024)": "incompatible type",
    'client.table(occurrence=["rumoured"])': "incompatible type",
    'client.table(count="exact")': "Unexpected keyword argument",
    "client.events(updated_from=2024)": "incompatible type",
    'client.update_event(client.get_actor("russia"), {})': "incompatible type",
    "client.update_actor(event, {})": "incompatible type",
    'client.histogram(interval="century")': "incompatible type",
    "client.retract_event(event)": "Missing named argument",
    'client.update_event(event, {}, type="rumour")': "incompatible type",
    'client.get_event("x").date.year': "has no attribute",
}


@pytest.mark.generators
def test_what_is_right_passes_and_each_mistake_is_found(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    head = RIGHT + "\n\ndef wrong(client: Dateline, event: Event) -> None:\n"
    program.write_text(head + "".join(f"    {statement}\n" for statement in WRONG), encoding="utf-8")
    first = head.count("\n") + 1
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            "--cache-dir",
            str(tmp_path / "cache"),
            str(program),
        ],
        cwd=ROOT,
        env={"MYPYPATH": str(ROOT / "client"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in run.stdout.splitlines() if ": error: " in line]
    found = {}
    for line in errors:
        file, number, _, message = line.split(":", 3)
        assert file.endswith("program.py"), run.stdout
        found[int(number) - first] = message
    assert set(found) == set(range(len(WRONG))), run.stdout + run.stderr
    for place, expected in enumerate(WRONG.values()):
        assert expected in found[place], run.stdout
