"""Every snippet of the quickstarts runs as it stands, in order, against a service as it is started."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

from api.store.loading import load_sample
from tests.browser import chromium
from tests.browser.chromium import missing
from tests.conftest import Client, Database, serving
from tests.engine.support import served_on

DOCS = Path(__file__).parents[1] / "docs"
ADDRESS = "http://127.0.0.1:8000"
PATIENCE_S = 60


def snippets(name: str) -> list[tuple[str, str]]:
    """The code blocks of a document, each with the language it says it is in."""
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_every_snippet_is_of_a_kind_that_is_run() -> None:
    kinds = {
        "quickstart-front-end": {"js", "html", "text"},
        "quickstart-journalist": {"sh", "csv"},
    }
    for name, known in kinds.items():
        assert {language for language, _ in snippets(name)} == known


def run(command: list[str], script: str, address: str, directory: Path, **environment: str) -> str:
    if shutil.which(command[0]) is None:
        missing(f"There is no {command[0]} on this machine")
    done = subprocess.run(
        command,
        input=script.replace(ADDRESS, address),
        cwd=directory,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_a_journalist(client: Client, tmp_path: Path) -> None:
    await load_sample(client.store)
    for language, snippet in snippets("quickstart-journalist"):
        if language == "csv":
            (tmp_path / "events.csv").write_text(snippet, encoding="utf-8")
    commands = [snippet for language, snippet in snippets("quickstart-journalist") if language == "sh"]
    shell = ["bash", "-eu", "-o", "pipefail"]
    # As typed, but for a failure that ends it here and is only shown there.
    script = 'curl() { command curl --fail-with-body --silent --show-error "$@"; echo; }\n' + "\n".join(commands)
    with served_on(client.database.url, client.database.owner_url) as (_, address):
        said = run(shell, script, address, tmp_path, TOKEN=client.token)
    assert "June 2024" in said
    # What was known just now is what is known.
    found, phrase, past, *_ = re.findall(r"As of change (\d+)", said)
    assert found == phrase == past
    assert f"`as_of={past}`" in (DOCS / "quickstart-journalist.md").read_text(encoding="utf-8")
    assert '"created":2' in said.replace(" ", "")
    rows = list(load_workbook(tmp_path / "dprk.xlsx")["Events"].iter_rows(values_only=True))
    assert "2024-06" in {row[rows[0].index("date")] for row in rows}
    assert ",2024-06," in (tmp_path / "dprk.csv").read_text(encoding="utf-8")
    assert "BEGIN:VEVENT" in (tmp_path / "dprk.ics").read_text(encoding="utf-8")
    assert load_workbook(tmp_path / "arms-1.xlsx")["Events"].max_row > 1


async def test_a_front_end(client: Client, tmp_path: Path) -> None:
    await load_sample(client.store)
    with served_on(client.database.url, client.database.owner_url) as (_, address):
        first, *rest = (
            run(["node", "--input-type=module", "-"], snippet, address, tmp_path, TZ="Pacific/Kiritimati")
            for language, snippet in snippets("quickstart-front-end")
            if language == "js"
        )
    listed = await client.http.get("/v1/events?actor=north-korea&date_from=2024&limit=10")
    assert first.splitlines() == [f"{event['when']['display']} – {event['title']}" for event in listed.json()["items"]]
    named, walked, counted, refused = rest
    assert "North Korea signatory" in named
    assert re.fullmatch(r"(\d+) events since 2023\n", walked)
    assert "north-korea" in counted
    assert refused.startswith("400 /problems#invalid-parameters\ndate_from ")


def test_the_page_is_the_file_and_short() -> None:
    [page] = [snippet for language, snippet in snippets("quickstart-front-end") if language == "html"]
    assert page == (DOCS / "examples" / "events.html").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 31


@pytest.mark.parametrize("cleared", [False, True])
async def test_the_page_shows_events_from_another_origin(database: Database, *, cleared: bool) -> None:
    page = (DOCS / "examples" / "events.html").read_bytes()
    filled_in = b'name="date_from" value="2024"'
    assert page.count(filled_in) == 1
    if cleared:  # as if by hand, before it is sent
        page = page.replace(filled_in, b'name="date_from" value=""')
    async with serving(database) as filled:
        await load_sample(filled.store)
    # Where it comes from is known when it is served, and what it may ask only after that.
    answers: dict[str, tuple[str, bytes]] = {}
    async with serving(database) as anything, chromium.serving(anything.http, answers) as (origin, _):
        allowing = {"database": database, "cors_origins": origin}
        listed = f"/v1/events?actor=north-korea&{'' if cleared else 'date_from=2024&'}limit=20"
        async with serving(**allowing) as store, chromium.serving(store.http, {}) as (address, asked):
            answers["/events.html"] = ("text/html", page.replace(ADDRESS.encode(), address.encode()))
            shown, said = await chromium.shown(f"{origin}/events.html", "America/Los_Angeles")
            events = (await store.http.get(listed)).json()["items"]
    assert asked == [listed], said
    lines = shown.texts("event")
    assert len(lines) == len(events) > 5
    for line, event in zip(lines, events, strict=True):
        assert line.startswith(f"{event['when']['display']}: {event['title']}")
