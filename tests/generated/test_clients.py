"""Clients that are generated from the contract and used against a running service, as an integrator would."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.engine.support import PATIENCE_S, first_started
from tests.generated.generating import Client, openapi_generator, openapi_python_client, openapi_typescript, require

pytestmark = pytest.mark.generators

PYTHON = (openapi_python_client, openapi_generator)
GENERATORS = (*PYTHON, openapi_typescript)
#: What each generator warns of, and why that is no harm.
EXPECTED_WARNINGS = {
    openapi_python_client: {
        "Warning(s) encountered while generating. Client was generated, but some pieces may be missing",
        # Files that are the body itself. A form with the file, or a list of rows, does the same.
        "WARNING parsing POST /v1/events/batch within events.",
        "WARNING parsing POST /v1/imports within imports.",
        "Unsupported content type application/x-ndjson",
        "Unsupported content type text/csv",
        "Unsupported content type application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Unsupported content type application/gzip",
    },
    openapi_typescript: set[str](),
    openapi_generator: {
        # Said of every document that is not of OpenAPI 3.0.
        "OpenAPI 3.1 support is still in beta.",
        # Said of each choice, default and example that is no reference, when it looks for what that refers to.
        "Failed to get the schema name: null",
    },
}

Generator = Callable[[Path], Client]


class Service(NamedTuple):
    address: str
    token: str


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A first start, with the chronology that ships."""
    with first_started() as (address, token):
        yield Service(address, token)


@pytest.fixture(scope="module")
def made_by(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Generator], Client]:
    """Give the client of a generator, which is made once."""
    return cache(lambda generator: generator(tmp_path_factory.mktemp(generator.__name__)))


@pytest.fixture
def client(generator: Generator, made_by: Callable[[Generator], Client]) -> Client:
    return made_by(generator)


every_client = pytest.mark.parametrize("generator", GENERATORS)
python_clients = pytest.mark.parametrize("generator", PYTHON)


def warnings_of(said: str) -> set[str]:
    """What a generator says in whatever form that sounds like a warning, without where it says so."""
    # Lines that are indented, or begin with a brace, quote the contract.
    lines = [line for line in said.splitlines() if line and line[0] not in " {}"]
    lines = [
        line for line in lines if " INFO " not in line and not line.startswith("If you believe this was a mistake")
    ]
    sounding = [line for line in lines if re.search(r"warn|error|unsupported|missing|deprecat|ignor", line, re.I)]
    return {re.sub(r"^\[\w+\] WARN +\S+ - | To report an issue .*", "", line) for line in sounding}


@every_client
def test_the_generator_warns_of_nothing_else(generator: Generator, client: Client) -> None:
    assert warnings_of(client.said) == EXPECTED_WARNINGS[generator]


@every_client
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_an_integrator_reads_writes_and_follows(
    generator: Generator, client: Client, service: Service, zone: str
) -> None:
    run = client.run(*client.program, service.address, service.token, TZ=zone)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-5000:]
    seen = json.loads(run.stdout)
    edit = {"Authorization": f"Bearer {service.token}"}
    with httpx.Client(base_url=service.address, headers=edit, timeout=PATIENCE_S) as http:
        query = {"actor": ["north-korea", "russia"], "date_from": "2023", "occurrence": ["occurred", "ongoing"]}
        page = http.get("/v1/events", params={**query, "limit": 1000}).json()
        stored = http.get(f"/v1/events/{seen['created'][0]}").json()
    assert len(page["items"]) > 20
    assert seen["ids"] == [event["id"] for event in page["items"]]
    assert seen["shown"] == {event["date"]: event["when"]["display"] for event in page["items"]}
    assert seen["names"] == {
        actor["id"]: page["included"]["actors"][actor["id"]]["name"]
        for event in page["items"]
        for actor in event["actors"]
    }
    assert len(seen["created"]) == 2
    assert len(set(seen["created"])) == 1
    read = seen["read"]
    assert datetime.fromisoformat(read.pop("created_at")) == datetime.fromisoformat(stored["created_at"])
    assert read == {
        "date": "2024-06",
        "earliest": "2024-06-01",
        "latest": "2024-06-30",
        "precision": "month",
        "occurrence": "ongoing",
        "summary": None,
        "kind": "talks",
        "actors": ["north-korea"],
        "revision": 2,
    }
    assert stored["date"] == "2024-06"
    assert seen["refused"] == {
        "stale": ["revision-mismatch", 412, [], 2],
        "parameter": ["invalid-parameters", 400, ["date_from"], None],
        "body": ["invalid-body", 400, ["/date"], None],
        "absent": ["not-found", 404, [], None],
    }
    assert seen["followed"] == [["create", "2024-06"], ["correction", "2024-06"]]
    assert seen["streamed"] == ["create", "correction"]
    # The texts of TypeScript's types stay as they came; those of the others have been instants meanwhile.
    assert seen.get("put_back") == (2 if generator in PYTHON else None)


@python_clients
def test_the_program_is_right_by_the_types(client: Client) -> None:
    run = client.run(
        *(sys.executable, "-m", "mypy", "--config-file=", "--strict", "--follow-imports=silent"), client.program[-1]
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_program_that_is_wrong_by_the_types_is_not_compiled(made_by: Callable[[Generator], Client]) -> None:
    """That the right one is, its generation has shown."""
    client = made_by(openapi_typescript)
    wrong = (client.directory / "program.ts").read_text(encoding="utf-8")
    mistakes = {
        "date_from: 2023": 'date_from: "2023"',
        '"going-on"]': '"ongoing"]',
        ".document?.when ??": ".document?.date ??",
    }
    for bad, good in mistakes.items():
        assert good in wrong
        wrong = wrong.replace(good, bad)
    (client.directory / "wrong.ts").write_text(wrong, encoding="utf-8")
    configuration = {"extends": "./tsconfig.json", "files": ["wrong.ts"]}
    (client.directory / "wrong.json").write_text(json.dumps(configuration), encoding="utf-8")
    run = client.run("npx", "tsc", "--project", "wrong.json", "--noEmit", "--pretty", "false")
    lines = {int(number) for number in re.findall(r"^wrong\.ts\((\d+),\d+\): error TS", run.stdout, re.MULTILINE)}
    found = [line for number, line in enumerate(wrong.splitlines(), start=1) if number in lines]
    for bad in mistakes:
        assert any(bad in line for line in found), run.stdout


def test_another_language_of_openapi_generator_compiles(made_by: Callable[[Generator], Client]) -> None:
    require("openapi-generator-cli")
    client = made_by(openapi_typescript)
    command = (
        "openapi-generator-cli generate --generator-name typescript-fetch --input-spec openapi.yaml --output fetch"
    )
    generated = client.run(*command.split())
    assert generated.returncode == 0, generated.stderr[-5000:]
    assert warnings_of(generated.stdout + generated.stderr) <= EXPECTED_WARNINGS[openapi_generator]
    options = {"types": [], "module": "ES2022", "moduleResolution": "Bundler", "noUncheckedIndexedAccess": False}
    configuration = {"extends": "../tsconfig.json", "files": ["index.ts"], "compilerOptions": options}
    (client.directory / "fetch" / "tsconfig.json").write_text(json.dumps(configuration), encoding="utf-8")
    compiled = client.run("npx", "tsc", "--project", "fetch", "--noEmit")
    assert compiled.returncode == 0, compiled.stdout[-5000:]


@python_clients
def test_types_have_names_and_parameters_have_types(client: Client) -> None:
    package = client.directory / "dateline_api"
    names = [path.stem for path in (package / "models").glob("*.py")]
    assert "event_patch" in names
    assert not [name for name in names if re.search(r"type_?\d|inner|inline|any_of|one_of|all_of|property$", name)]
    for path in (package / "api").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"^ +\w+: (?:Annotated\[)?(?:Optional\[)?Any\b.*", text, re.MULTILINE), path
        assert not re.findall(r"-> (?:object|Any|Response\[Any\]):", text), path


def test_typescript_knows_every_type(made_by: Callable[[Generator], Client]) -> None:
    text = (made_by(openapi_typescript).directory / "schema.ts").read_text(encoding="utf-8")
    text = re.sub(r"/\*\*.*?\*/|\[name: string\]: unknown;", "", text, flags=re.DOTALL)
    assert "EventPatch: {" in text
    # Besides headers that nobody has named: the value of an operation of JSON Patch, and any JSON file.
    assert set(re.findall(r"\S.*\bunknown\b.*", text)) == {"value?: unknown;", "[key: string]: unknown;"}
    assert not re.findall(r"\bany\b|: object\b", text)
    assert set(re.findall(r".*Record<string, never>.*", text)) == {
        "export type webhooks = Record<string, never>;",
        "export type $defs = Record<string, never>;",
    }


@python_clients
def test_every_module_of_it_can_be_imported(client: Client) -> None:
    said = client.python(
        "import dateline_api, pkgutil, importlib\n"
        "for module in pkgutil.walk_packages(dateline_api.__path__, 'dateline_api.'):\n"
        "    print(importlib.import_module(module.name).__name__)"
    )
    assert len(said.splitlines()) > 150


@python_clients
def test_members_that_come_later_are_passed_over(client: Client, service: Service) -> None:
    page = httpx.get(f"{service.address}/v1/events", params={"limit": 1}, timeout=PATIENCE_S).json()
    event = page["items"][0]
    later = {**event, "hitherto_unknown": {"a": 1}, "when": {**event["when"], "hitherto_unknown": 1}}
    said = client.python(
        f"import json\nfrom dateline_api.models.event import Event\n"
        f"print(Event.from_dict(json.loads({json.dumps(later)!r})).title)"
    )
    assert said.strip() == event["title"]
