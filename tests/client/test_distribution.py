"""The client as a distribution: what is installed is made of the contract as it is."""

import importlib.util
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import dateline_client
from dateline_client import Actor, Chronology, Event, Source
from dateline_client.generated import parameters
from tests.engine.support import ROOT

#: Reads the names of a service that is not there: what counts is that all of it can be imported and asked.
PROGRAM = """
import asyncio
import dateline_client
from dateline_client import AsyncDateline, ConnectionFailed, Dateline, Retries, models

assert models.EventIn(title="T", kind="talks", date="2024-06").to_dict()["date"] == "2024-06"

async def main():
    async with AsyncDateline("http://127.0.0.1:1", retries=Retries(attempts=1)) as client:
        try:
            [event async for event in client.events(actor="north-korea", min_confidence="high")]
        except ConnectionFailed as error:
            print("async", dateline_client.__file__)

asyncio.run(main())
with Dateline("http://127.0.0.1:1", retries=Retries(attempts=1)) as client:
    try:
        list(client.changes())
    except ConnectionFailed:
        print("threads")
    try:
        client.table()
    except ImportError as error:
        print(error)
"""


def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "client" / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_tested_here_is_made_of_the_contract_as_it_is() -> None:
    build = builder()
    assert Path(dateline_client.__file__).parent == build.PACKAGE
    assert build.contract_file() == ROOT / "openapi.yaml"
    assert build.STAMP.read_text() == build.inputs_digest(), "run .venv/bin/python client/hatch_build.py"
    assert build.is_current(build.inputs_digest())


def test_code_that_is_stale_broken_off_or_gone_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = builder()
    package = tmp_path / "dateline_client"
    shutil.copytree(build.PACKAGE / "_async", package / "_async")
    for name, value in {
        "PACKAGE": package,
        "GENERATED": package / "generated",
        "SYNC": package / "_sync",
        "STAMP": package / "generated" / "made_of.txt",
    }.items():
        monkeypatch.setattr(build, name, value)
    runs: list[str] = []

    def models(contract: Any) -> None:
        runs.append("models")
        build.GENERATED.mkdir()
        if "broken" in runs:
            raise SystemExit("The code could not be made.")

    monkeypatch.setattr(build, "_generate_models", models)
    build.generate()
    build.generate()
    assert runs == ["models"]
    assert build.is_current(build.inputs_digest())

    (build.SYNC / "events.py").unlink()
    build.generate()
    assert (build.SYNC / "events.py").exists()
    shutil.rmtree(build.SYNC)
    build.generate()
    assert runs == ["models"] * 3
    monkeypatch.setattr(build, "version", lambda name: "0.0.1")
    build.generate()
    assert runs == ["models"] * 4

    # Whatever is left of a run that failed is not taken for whole.
    monkeypatch.setattr(build, "version", lambda name: "0.0.2")
    runs.append("broken")
    with pytest.raises(SystemExit):
        build.generate()
    monkeypatch.setattr(build, "version", lambda name: "0.0.1")
    assert not build.is_current(build.inputs_digest())


def test_the_contract_is_read_without_libyaml_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its loader is not there in every PyYAML, and takes longer."""
    build = builder()
    read = build.read_contract()
    monkeypatch.delattr(yaml, "CSafeLoader")
    monkeypatch.setattr(build, "contract_file", lambda: ROOT / "client" / "openapi-python-client.yaml")
    assert build.read_contract()["literal_enums"] is True
    assert read["openapi"].startswith("3.1")


def test_what_is_read_only_is_what_the_contract_says() -> None:
    contract = builder().read_contract()
    for kind in (Actor, Chronology, Event, Source):
        members = contract["components"]["schemas"][f"{kind.__name__}Replacement"]["properties"]
        answered = contract["components"]["schemas"][f"{kind.__name__}Answer"]["properties"]
        marked = {name for name, schema in members.items() if schema.get("readOnly")}
        assert parameters.READ_ONLY[kind.__name__] == marked
        # What is answered and may not be written is marked, all of it.
        written = contract["components"]["schemas"][f"{kind.__name__}In"]["properties"]
        assert set(answered) - set(written) <= marked


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that are in version control, or would be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "client", "openapi.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.split("\0") if name]
    assert not [name for name in names if "/generated/" in name or "/_sync/" in name]
    for name in names:
        target = tmp_path / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    return tmp_path / "checkout"


def build(kind: str, source: Path, target: Path) -> Path:
    """Build with what is installed here, which is what the build needs."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(target)]
    run = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (made,) = target.iterdir()
    return made


@pytest.mark.generators
def test_a_clean_checkout_builds_and_what_is_built_works_by_itself(checkout: Path, tmp_path: Path) -> None:
    wheel = build("wheel", checkout / "client", tmp_path / "wheel")
    archive = build("sdist", checkout / "client", tmp_path / "sdist")
    with tarfile.open(archive) as packed:
        inside = {Path(name).relative_to(Path(name).parts[0]).as_posix() for name in packed.getnames()}
        packed.extractall(tmp_path / "unpacked", filter="data")
    assert {"openapi.yaml", "hatch_build.py", "dateline_client/_async/events.py", "README.md"} <= inside
    assert not [name for name in inside if "generated" in name or "_sync" in name]
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    again = build("wheel", unpacked, tmp_path / "again")
    contents = [contents_of(path) for path in (wheel, again)]
    assert contents[0] == contents[1]
    assert "dateline_client/generated/models/event.py" in contents[0]
    assert "dateline_client/_sync/events.py" in contents[0]
    assert "dateline_client/py.typed" in contents[0]
    assert any(name.endswith("licenses/LICENSE") for name in contents[0])

    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr
    run = subprocess.run(
        [python, "-W", "error", "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    first, second, third = run.stdout.splitlines()
    assert first.startswith(f"async {tmp_path / 'venv'}")
    assert second == "threads"
    assert third == "Tables need pandas: pip install 'dateline-client[pandas]'"


def contents_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name) for name in packed.namelist()}
