"""No format shows another day in another time zone: what is written is the same everywhere."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schema.format import Format

ROOT = Path(__file__).parents[2]
ZONES = ["Pacific/Kiritimati", "UTC", "America/Los_Angeles"]


def run(zone: str, *arguments: str) -> str:
    """What a Python process says in a time zone."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, str]]:
    """What each format is, by the time zone of the process that writes it."""
    with ThreadPoolExecutor() as pool:
        said = pool.map(lambda zone: run(zone, "-W", "error", "-m", "tests.formats.every_format"), ZONES)
        return {zone: json.loads(output) for zone, output in zip(ZONES, said, strict=True)}


@pytest.mark.parametrize("form", list(Format), ids=str)
def test_a_format_is_the_same_in_every_zone(written: dict[str, dict[str, str]], form: Format) -> None:
    assert len({written[zone][form.value] for zone in ZONES}) == 1


def test_the_zones_are_taken() -> None:
    assert len({run(zone, "-c", "import time; print(time.localtime(0).tm_hour)") for zone in ZONES}) == len(ZONES)
