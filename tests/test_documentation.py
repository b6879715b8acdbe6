"""What the documents say is so."""

import re
from pathlib import Path

import pytest

from api.ingest.opening import MAXIMUM_JSON_BYTES
from api.settings import Settings, variables
from api.store.memberships import MOST_REACHED, MOST_STEPS
from schema.actor_query import MAXIMUM_MATCHES, MAXIMUM_TYPED, MOST_MATCHED
from schema.query import MAXIMUM_RANKED, EventQuery
from schema.text_query import MAXIMUM_CHARACTERS, MAXIMUM_PREFIXES, MAXIMUM_WORDS, MINIMUM_PREFIX
from tests.conftest import Client

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def _asked_in(text: str) -> list[str]:
    """The addresses that a document shows how to read."""
    found: list[str] = re.findall(r"curl 'http://127\.0\.0\.1:8000(/[^']*)'", text)
    return found


@pytest.mark.parametrize("address", _asked_in(README))
async def test_questions_of_the_readme_have_answers(sample: Client, address: str) -> None:
    answer = await sample.http.get(address)
    assert answer.status_code == 200
    body = answer.json()
    assert body.get("items") or body.get("bins") or body.get("facets")


COUNTING = (ROOT / "docs" / "counting.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("address", _asked_in(COUNTING))
async def test_questions_about_counts_have_exact_answers(sample: Client, address: str) -> None:
    answer = await sample.http.get(address)
    assert answer.status_code == 200, answer.text
    assert '"exact":true' in answer.text
    assert '"exact":false' not in answer.text


ACTORS = (ROOT / "docs" / "actors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("address", _asked_in(ACTORS))
async def test_questions_about_actors_have_answers(sample: Client, address: str) -> None:
    answer = await sample.http.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"]


def test_bounds_of_the_actor_box_are_those_of_the_code() -> None:
    assert f"up to {MAXIMUM_TYPED} characters" in ACTORS
    assert f"up to {MAXIMUM_MATCHES} with `q`" in ACTORS
    assert f"{MOST_MATCHED:,} actors at most" in ACTORS
    assert f"Ten steps, {MOST_REACHED:,} actors" in ACTORS
    assert MOST_STEPS == 10


HISTORY = (ROOT / "docs" / "history.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("address", _asked_in(HISTORY))
async def test_questions_about_history_have_answers(sample: Client, address: str) -> None:
    answer = await sample.http.get(address)
    assert answer.status_code == 200, answer.text


SEARCH = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("address", _asked_in(SEARCH))
async def test_searches_of_the_documents_find_something(sample: Client, address: str) -> None:
    answer = await sample.http.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"]


def test_bounds_of_searches_are_those_of_the_code() -> None:
    assert f"At most {MAXIMUM_CHARACTERS} characters and {MAXIMUM_WORDS} words." in SEARCH
    assert f"Of more than {MAXIMUM_RANKED:,} matches" in SEARCH
    assert (MINIMUM_PREFIX, MAXIMUM_PREFIXES) == (2, 3)
    assert "at least two letters, at most three such prefixes" in SEARCH


async def test_write_of_the_readme_works(server: object, client: Client) -> None:
    body = re.search(r"-d '(\{.*?\})'", README, re.DOTALL)
    assert body is not None
    for actor in (
        {"id": "msmt", "name": "Multilateral Sanctions Monitoring Team", "kind": "coalition", "aliases": ["MSMT"]},
        {"id": "news18", "name": "News18", "kind": "publisher"},
    ):
        await client.http.post("/v1/actors", json=actor, headers=client.edit)
    answer = await client.http.post(
        "/v1/events", content=body[1], headers={**client.edit, "Content-Type": "application/json"}
    )
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("name", "address"), re.findall(r"curl -o \S+\.(\w+) 'http://127\.0\.0\.1:8000(/[^']*)'", README)
)
async def test_files_of_the_readme_are_what_their_names_say(sample: Client, name: str, address: str) -> None:
    answer = await sample.http.get(address)
    assert answer.status_code == 200
    assert f'.{name}"' in answer.headers["content-disposition"]


async def test_chronology_of_the_readme_can_be_made(client: Client) -> None:
    body = re.search(r"-d '(\{\"slug.*?\})'\n", README)
    assert body is not None
    actor = {"id": "north-korea", "name": "North Korea", "kind": "state", "aliases": ["DPRK"]}
    await client.http.post("/v1/actors", json=actor, headers=client.edit)
    answer = await client.http.post(
        "/v1/chronologies", content=body[1], headers={**client.edit, "Content-Type": "application/json"}
    )
    assert answer.status_code == 201, answer.text


DOCUMENTS = [path.relative_to(ROOT).as_posix() for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_places_of_the_map_exist() -> None:
    section = ARCHITECTURE.split("## Packages")[1].split("\n## ")[0]
    places = re.findall(r"^\| `([\w/.]+)` \|", section, re.MULTILINE)
    assert len(places) > 8
    for place in places:
        assert (ROOT / place).exists(), place


def test_files_that_are_named_exist() -> None:
    """By their path, or by as much of its end as tells them."""
    tops = ("api", "client", "migrations", "schema", "tests", "bench")
    files = [f"/{path.relative_to(ROOT)}" for top in tops for path in (ROOT / top).rglob("*.*")]
    named = set(re.findall(r"`([\w/]+\.(?:py|sql))(?=[`:])", ARCHITECTURE + CONTRIBUTING))
    assert len(named) > 60
    assert not [one for one in named if not any(file.endswith(f"/{one}") for file in files)]
    within = re.findall(r"`([\w/]+\.py): (\w+)`", ARCHITECTURE + CONTRIBUTING)
    assert len(within) > 5
    for one, name in within:
        texts = [(ROOT / file[1:]).read_text(encoding="utf-8") for file in files if file.endswith(f"/{one}")]
        assert any(re.search(rf"^ *(async def|def|class) {name}\b|^{name} =", text, re.MULTILINE) for text in texts), (
            name
        )


def test_settings() -> None:
    rows = [f"| `{one.name}` | {one.default} | {one.description} |" for one in variables()]
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("| `")] == rows


def test_limits_of_imports() -> None:
    text = (ROOT / "docs" / "imports.md").read_text(encoding="utf-8")
    file_bytes = Settings(data_directory=ROOT).maximum_import_bytes
    assert f"| a file over HTTP | {file_bytes // 1024**2} MiB (" in text
    assert f"| JSON that is no NDJSON | {MAXIMUM_JSON_BYTES // 1024**2} MiB," in text


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_contracted_filters_are_in_the_code() -> None:
    named = (
        "date_from date_to date_match min_precision actor actor_all actor_role source publisher min_confidence "
        "min_reliability min_origins disputed occurrence overdue state kind tag country bbox updated_from external_id "
        "q sort limit cursor count as_of format include_members include_parts names"
    )
    assert set(named.split()) == set(EventQuery.__struct_fields__)
