"""The contract as the linters of others see it: no error and no warning."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.npm import PATIENCE_S, installed

CONTRACT = Path(__file__).parents[2] / "openapi.yaml"
LINTERS = Path(__file__).with_name("linters")

Linter = Callable[[Path], subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.generators


def lint(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    commands = installed(LINTERS / name)
    return subprocess.run(
        [commands / name, "lint", *arguments],
        cwd=LINTERS / name,
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def redocly(contract: Path) -> subprocess.CompletedProcess[str]:
    return lint("redocly", contract, "--config", "redocly.yaml", "--format", "stylish")


def spectral(contract: Path) -> subprocess.CompletedProcess[str]:
    return lint("spectral", contract, "--ruleset", "ruleset.yaml", "--fail-severity", "hint")


@pytest.mark.parametrize("linter", [redocly, spectral])
def test_linters_find_nothing(linter: Linter) -> None:
    run = linter(CONTRACT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "warning" not in run.stdout.lower().replace("deprecation warning", "")


@pytest.mark.parametrize("linter", [redocly, spectral])
def test_linters_would_find_a_wrong_example(linter: Linter, tmp_path: Path) -> None:
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    del document["components"]["examples"]["EventAnswer-the-treaty"]["value"]["when"]
    spoiled = tmp_path / "openapi.yaml"
    spoiled.write_text(yaml.safe_dump(document), encoding="utf-8")
    run = linter(spoiled)
    assert run.returncode != 0
    assert "when" in run.stdout
