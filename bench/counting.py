"""What counts of events cost, each measured against a page of 50 of the same events beside it.

    python -m bench.counting [--events 100000] [--rounds 60]

starts a PostgreSQL of its own, loads generated events, and runs the two of each pair in turn. Counts that are made in
the time there is are said to be exact; the others are what a sample costs.
"""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import asyncpg

from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store.facets import facet_events
from api.store.histogram import count_over_time
from api.store.listing import list_events
from api.store.store import Store
from bench.listing import Call, Pair, measure
from migrations.run import upgrade
from schema.counting import Binning, FacetQuery, FacetsByDimension, HistogramQuery, Interval
from schema.edtf import parse
from schema.query import Counting, EventQuery
from schema.vocabulary import Occurrence
from tests.store import generation

_MONTH: dict[str, Any] = {"date_from": parse("2024-06"), "date_to": parse("2024-06")}
_TEN_YEARS: dict[str, Any] = {"date_from": parse("2010"), "date_to": parse("2019")}
_QUARTER: dict[str, Any] = {"actor": [generation.ACTORS[0]]}
_FEW: dict[str, Any] = {"actor": [generation.ACTORS[1500]]}
_MOST: dict[str, Any] = {"occurrence": [Occurrence.OCCURRED]}


def _exact(answer: Any) -> bool:
    if hasattr(answer, "exact"):
        return bool(answer.exact)
    return all(answer.facets.__getattribute__(name).exact for name in FacetsByDimension.__struct_fields__)


async def _pairs(store: Store) -> list[Pair]:
    def page(**members: Any) -> Call:
        asked = EventQuery(**members)
        return lambda: list_events(store, asked, edit=False)

    pairs = []
    for name, members in {
        "all": {},
        "one actor of few events": _FEW,
        "an actor of a quarter": _QUARTER,
        "94 of 100": _MOST,
    }.items():
        pairs.append(
            (f"facets, {name}", lambda asked: facet_events(store, asked, edit=False), FacetQuery(**members), members)
        )
    for name, members in {"a month": _MONTH, "ten years": _TEN_YEARS}.items():
        pairs.append(
            (f"facets, {name}", lambda asked: facet_events(store, asked, edit=False), FacetQuery(**members), members)
        )
    for name, members, more in (
        ("all by year", {}, {}),
        ("all by year, earliest", {}, {"bin": Binning.EARLIEST}),
        ("an actor of a quarter by year", _QUARTER, {}),
        ("ten years by month", _TEN_YEARS, {"interval": Interval.MONTH}),
        ("a month by day", _MONTH, {"interval": Interval.DAY}),
    ):
        # The generated dates reach into far years, which no histogram by year does.
        asked = HistogramQuery(**{"date_from": parse("0001"), **members, **more})
        pairs.append((f"histogram, {name}", lambda asked: count_over_time(store, asked, edit=False), asked, members))
    made = []
    for name, count, asked, members in pairs:
        begin = perf_counter()
        answer = await count(asked)
        print(
            f"{name}: {'exact' if _exact(answer) else 'a sample'}, at first {(perf_counter() - begin) * 1000:.0f} ms",
            flush=True,
        )
        made.append(Pair(f"{name} / a page of them", lambda count=count, asked=asked: count(asked), page(**members)))
    for name, members in {"all": {}, "94 of 100": _MOST}.items():
        made.append(
            Pair(f"count=exact, {name} / a page of them", page(count=Counting.EXACT, **members), page(**members))
        )
    return made


async def _run(server: EmbeddedServer, events: int, rounds: int) -> None:
    owner = await asyncpg.connect(server.owner_url)
    cited = generation.sources()
    begin = perf_counter()
    await generation.load(owner, generation.events(events, cited), cited)
    await generation.load_log(owner)
    await owner.close()
    print(f"{events:,} events loaded in {perf_counter() - begin:.0f} s; medians of {rounds} rounds\n", flush=True)
    store = Store(await create_pool(server.url, size=2, query_timeout_s=30.0))
    pairs = await _pairs(store)
    print("\n| pair | ratio | middle half | ms |\n| --- | --- | --- | --- |")
    for pair in pairs:
        print(await measure(pair, rounds), flush=True)
    await store.close()


def main() -> None:
    """Run the measurements that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60)
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="dateline-bench-") as directory:
        Path(directory).chmod(0o711)
        with EmbeddedServer(Path(directory), durable=False) as server:
            upgrade(server.owner_url, "dateline")
            asyncio.run(_run(server, arguments.events, arguments.rounds))


if __name__ == "__main__":
    main()
