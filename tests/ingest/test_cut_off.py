"""A client that is cut off, or outlives a server that is killed, and sends its batch again, gets each event once."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import pytest

from tests.engine.support import PATIENCE_S, ROOT, Started, free_port, living, starting, wait_until
from tests.writing import event_body

ROWS = 1200
PATH = "/v1/events/batch"


class Target(NamedTuple):
    port: int
    environment: dict[str, str]
    headers: dict[str, str]


def _rows(prefix: str) -> list[dict[str, Any]]:
    return [
        event_body(title=f"{prefix} {number}", citations=[{"source": {"title": f"{prefix} source {number}"}}])
        for number in range(ROWS)
    ]


def _body(prefix: str) -> bytes:
    return "\n".join(json.dumps(row) for row in _rows(prefix)).encode()


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="dateline-cut-") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "data"


def _send_part(target: Target, path: str, body: bytes, key: str, cut: int) -> None:
    """Send a batch, hang up after ``cut`` bytes or, if all is sent, without waiting for the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=PATIENCE_S)
    connection.putrequest("POST", path)
    for name, value in {**target.headers, "Idempotency-Key": key, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    try:
        connection.endheaders()
        for place in range(0, min(cut, len(body)), 65536):
            connection.send(body[place : min(place + 65536, cut)])
    except OSError:
        pass  # the server is gone, too
    finally:
        connection.close()


def _send_until_answered(target: Target, path: str, body: bytes, key: str) -> httpx.Response:
    end = time.monotonic() + PATIENCE_S
    while True:
        answer = httpx.post(
            f"http://127.0.0.1:{target.port}{path}",
            content=body,
            headers={**target.headers, "Idempotency-Key": key},
            timeout=PATIENCE_S,
        )
        if answer.status_code not in (409, 503):
            return answer
        assert time.monotonic() < end, answer.text
        time.sleep(0.05)


def _titles(target: Target) -> Counter[str]:
    found: Counter[str] = Counter()
    address: str | None = f"http://127.0.0.1:{target.port}/v1/events?limit=1000"
    while address:
        page = httpx.get(address, timeout=PATIENCE_S).json()
        found.update(event["title"] for event in page["items"])
        following = page["next"]
        address = f"http://127.0.0.1:{target.port}/v1/events?limit=1000&cursor={following}" if following else None
    return found


def _target(environment: dict[str, str], started: Started, token: str) -> Target:
    started.read_until("Dateline listens on")
    token = token or next(line.strip() for line in started.lines if line.strip().startswith("dateline_"))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    return Target(int(environment["DATELINE_PORT"]), environment, headers)


def test_each_event_is_there_once(directory: Path) -> None:
    """Connections are cut and servers killed at random points; the seed is told if it fails."""
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    environment = {
        "DATELINE_DATA_DIRECTORY": str(directory),
        "DATELINE_PORT": str(free_port()),
        "DATELINE_WORKERS": "2",
    }
    pending: list[tuple[str, str]] = []
    expected, token = Counter[str](), ""
    for prefix, path, is_killed in (
        ("chunks-killed", f"{PATH}?atomic=false", True),
        ("whole-killed", PATH, True),
        ("chunks-cut", f"{PATH}?atomic=false", False),
    ):
        body = _body(prefix)
        with starting("api", "serve", environment=environment) as started:
            target = _target(environment, started, token)
            token = target.headers["Authorization"].removeprefix("Bearer ")
            _finish(target, pending)
            for _ in range(3):
                _send_part(target, path, body, prefix, chance.randrange(len(body)))
            if is_killed:
                _kill_while_sending(started, target, path, body, prefix, chance.uniform(0.05, 1.2))
            else:
                _send_part(target, path, body, prefix, len(body))
                _finish(target, [(prefix, path)])
        expected.update(row["title"] for row in _rows(prefix))
        pending.append((prefix, path))
    with starting("api", "serve", environment=environment) as started:
        found = _titles(_target(environment, started, token))
        assert {title: count for title, count in found.items() if "-" in title.split()[0]} == expected
    verified = subprocess.run(
        [sys.executable, "-m", "api", "verify"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, verified.stderr


def _finish(target: Target, batches: list[tuple[str, str]]) -> None:
    """Send what was cut off again; every further time the answer is the same, byte for byte."""
    for prefix, path in batches:
        body = _body(prefix)
        answer = _send_until_answered(target, path, body, prefix)
        assert answer.status_code == 200, answer.text[:2000]
        assert answer.json()["created"] == ROWS
        assert _send_until_answered(target, path, body, prefix).content == answer.content


def _kill_while_sending(started: Started, target: Target, path: str, body: bytes, key: str, delay_s: float) -> None:
    family = started.family()
    sender = threading.Thread(target=_send_part, args=(target, path, body, key, len(body)))
    sender.start()
    time.sleep(delay_s)
    started.finish(signal.SIGKILL)
    sender.join()
    wait_until(lambda: not living(family))
