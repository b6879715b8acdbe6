"""What exporting a whole store costs the server: memory, and the time until the first bytes come.

    .venv/bin/python -m bench.exporting --events 1000000

Starts a store and the service on it, exports everything in csv and ndjson one after the other, reading as fast as it
comes, and watches the resident memory of the service's processes meanwhile.
"""

import argparse
import asyncio
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import asyncpg
import httpx

from api.engine.embedded import EmbeddedServer
from migrations.run import upgrade
from tests.engine.support import Started, served_on
from tests.store import generation, past

_MIB = 1024**2


def resident_bytes(started: Started) -> int:
    """The resident memory of a service, all its processes together."""
    pages = 0
    for pid, _ in started.family():
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * 4096


class _Watch:
    """The greatest memory that a service has while this is open."""

    def __init__(self, started: Started) -> None:
        self._started = started
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.most = 0

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        # A hundredth of a second would itself take a tenth of a core.
        while not self._end.wait(0.1):
            self.most = max(self.most, resident_bytes(self._started))


class Measured(NamedTuple):
    """What an export took: seconds, bytes and line ends; ``growth`` is of the service's memory, in bytes."""

    first_s: float
    whole_s: float
    size: int
    lines: int
    before: int
    growth: int


def export(address: str, form: str, started: Started, **filters: str) -> Measured:
    """Export everything, or what filters find, in a format, reading as fast as it comes."""
    before = resident_bytes(started)
    begin = perf_counter()
    size = lines = 0
    first: float | None = None
    with (
        _Watch(started) as watch,
        httpx.stream(
            "GET",
            f"{address}/v1/events",
            params={"format": form, **filters},
            headers={"Accept-Encoding": "identity"},
            timeout=60,
        ) as answer,
    ):
        answer.raise_for_status()
        for piece in answer.iter_raw():
            first = first or perf_counter() - begin
            size += len(piece)
            lines += piece.count(b"\n")
    took = perf_counter() - begin
    return Measured(first or took, took, size, lines, before, max(0, watch.most - before))


async def _load(url: str, events: int) -> None:
    owner = await asyncpg.connect(url)
    cited = generation.sources()
    # With the log, as of whose last change exports are read, and a past besides.
    await past.load(owner, events, events * 2 // 3, cited)
    await owner.close()


def main() -> None:
    """Run the measurements that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--formats", default="csv,ndjson")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="dateline-bench-") as directory:
        Path(directory).chmod(0o711)
        with EmbeddedServer(Path(directory), durable=False) as server:
            upgrade(server.owner_url, "dateline")
            asyncio.run(_load(server.owner_url, arguments.events))
            with served_on(server.url, server.owner_url) as (started, address):
                httpx.get(f"{address}/v1/events", timeout=60).raise_for_status()
                print("| format | first bytes | all | line ends | size | memory before | grows by |")
                print("| --- | --- | --- | --- | --- | --- | --- |")
                for form in arguments.formats.split(","):
                    took = export(address, form, started)
                    print(
                        f"| {form} | {took.first_s:.2f} s | {took.whole_s:.0f} s | {took.lines:,} "
                        f"| {took.size / _MIB:,.0f} MiB | {took.before / _MIB:.0f} MiB "
                        f"| {took.growth / _MIB:+.0f} MiB |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
