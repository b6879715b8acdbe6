"""The service as it is started by `make serve`, from outside: its first start, its end, and its contract."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
import pytest

from tests.contract.closing import write_closed
from tests.engine.support import PATIENCE_S, ROOT, Started, free_port, living, starting, wait_until


class Service(NamedTuple):
    started: Started
    address: str
    environment: dict[str, str]
    token: str

    @property
    def edit(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def data_directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="dateline-served-") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "data"


@pytest.fixture(scope="module")
def service(data_directory: Path) -> Iterator[Service]:
    """A first start, on a data directory of its own."""
    port = free_port()
    environment = {"DATELINE_DATA_DIRECTORY": str(data_directory), "DATELINE_PORT": str(port)}
    with starting("api", "serve", environment=environment) as started:
        started.read_until("Dateline listens on")
        token = next(line.strip() for line in started.lines if line.strip().startswith("dateline_"))
        yield Service(started, f"http://127.0.0.1:{port}", environment, token)


def test_first_start_says_a_command_that_works_as_it_stands(service: Service) -> None:
    said = "\n".join(service.started.lines)
    command = re.search(r"^ +(curl .*?'\{.*?\}')$", said, re.MULTILINE | re.DOTALL)
    assert command is not None, said
    words = shlex.split(command[1].replace("\\\n", " "))
    headers = [words[place + 1].split(": ", 1) for place, word in enumerate(words) if word == "-H"]
    answer = httpx.post(
        words[words.index("POST") + 1],
        headers=[(name, value) for name, value in headers],
        content=words[words.index("-d") + 1],
        timeout=PATIENCE_S,
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "draft"


#: The phase `coverage` sends some thirteen thousand requests, which are left to the soak. Links are followed in the
#: phase `stateful`. Time is in seconds.
_BRIEFLY = ["--max-examples", "2", "--phases", "examples,fuzzing,stateful"]
_LONG = ["--max-examples", "60", "--max-time", "60"]


@pytest.mark.parametrize(
    ("with_token", "effort", "least"),
    [
        pytest.param(True, _BRIEFLY, 200, id="editor"),
        pytest.param(False, _LONG, 400, id="anybody-long", marks=pytest.mark.soak),
        pytest.param(True, _LONG, 400, id="editor-long", marks=pytest.mark.soak),
    ],
)
def test_schemathesis_with_all_checks_finds_nothing(
    service: Service, with_token: bool, effort: list[str], least: int, tmp_path: Path
) -> None:
    contract = write_closed(ROOT / "openapi.yaml", tmp_path / "closed.json")
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(ROOT / "schemathesis.toml"), "run", str(contract)),
        *("--url", service.address, "--checks", "all", "--seed", "20251123", *effort),
    ]
    if with_token:
        command += ["--header", f"Authorization: {service.edit['Authorization']}"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": str(ROOT / "tests" / "contract" / "schemathesis_hooks.py")}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    generated = re.search(r"(\d+) generated", run.stdout)
    assert generated is not None
    assert int(generated[1]) > least


def test_the_documentation_loads_nothing_from_elsewhere(service: Service) -> None:
    page = httpx.get(f"{service.address}/docs", timeout=PATIENCE_S)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/")
        assert httpx.get(service.address + address, timeout=PATIENCE_S).status_code == 200


def test_stopping_leaves_no_process_and_keeps_the_data(service: Service) -> None:
    """Last in this module: it ends the service, by kill -9, and starts it again."""
    created = httpx.post(
        f"{service.address}/v1/actors",
        json={"id": "kept-actor", "name": "Kept", "kind": "organization"},
        headers=service.edit,
        timeout=PATIENCE_S,
    )
    assert created.status_code == 201
    family = service.started.family()
    assert len(family) > 3
    service.started.finish(signal.SIGKILL)
    wait_until(lambda: not living(family))
    with starting("api", "serve", environment=service.environment) as again:
        again.read_until("Dateline listens on")
        assert not any("dateline_" in line for line in again.lines), "only the first start makes a token"
        assert httpx.get(f"{service.address}/v1/actors/kept-actor", timeout=PATIENCE_S).status_code == 200
        family = again.family()
        assert again.finish(signal.SIGTERM) == 0
        wait_until(lambda: not living(family))
    verified = subprocess.run(
        [sys.executable, "-m", "api", "verify"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **service.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr
    assert "are as they were written" in verified.stdout
