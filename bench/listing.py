"""What pages of events cost, each measured against another one beside it.

    python -m bench.listing [--events 100000] [--superseded 67000] [--rounds 200]

starts a PostgreSQL of its own, loads generated events with what they were before, and runs the two of each pair in
turn, so that whatever else the machine does hits both. Only the ratios mean something elsewhere.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.store.listing import list_events
from api.store.select.keys import Term, keys_statement
from api.store.sql import Statement
from api.store.store import Store
from migrations.run import upgrade
from schema.edtf import Match, Window, parse
from schema.query import EventQuery, Sort
from schema.vocabulary import Occurrence
from tests.store import generation, multiplied, past
from tests.store.plans import RecordingStore

Call = Callable[[], Awaitable[Any]]

_MONTH: dict[str, Any] = {"date_from": parse("2024-06"), "date_to": parse("2024-06")}
_TIMES: dict[str, Any] = {"date_from": parse("2024-06-01T00:00:00Z"), "date_to": parse("2024-06-30T23:59:59Z")}
_TEN_YEARS: dict[str, Any] = {"date_from": parse("2010"), "date_to": parse("2019")}
_QUARTER, _FEW = generation.ACTORS[0], generation.ACTORS[1500]
_ALL_TERM = "SELECT events, id FROM term WHERE state = 'published' AND name = ''"
#: What one would write first: everything that starts before the window's end, in order, filtered by its end.
_PLAIN_FILTER = """
SELECT starts, event_id FROM event_term WHERE term = $1 AND starts < $2 AND ends > $3 AND starts >= $4
ORDER BY starts, event_id LIMIT $5
"""


class Pair(NamedTuple):
    """Two things to measure against each other."""

    name: str
    first: Call
    second: Call


def _page(store: Store, **members: Any) -> Call:
    asked = EventQuery(**members)
    return lambda: list_events(store, asked, edit=False)


async def _cursor_of_page(store: Store, number: int, limit: int = 50, as_of: str | None = None) -> str:
    """Where a page begins; the cursor does not depend on how large the pages before were."""
    cursor, remaining = None, (number - 1) * limit
    while remaining:
        step = min(remaining, 1000)
        listed = await list_events(store, EventQuery(limit=step, cursor=cursor, as_of=as_of), edit=False)
        cursor, remaining = listed.next, remaining - step
    assert cursor is not None
    return cursor


async def _pairs_of_pages(store: Store, events: int) -> list[Pair]:
    def page(**members: Any) -> Call:
        return _page(store, **members)

    deep = max(2, events // 100)
    first, month, ten_years = page(), page(**_MONTH), page(**_TEN_YEARS)
    starting = page(**_MONTH, date_match=Match.STARTS)
    quarter = page(actor=[_QUARTER], **_TEN_YEARS)
    planned = [Occurrence.PLANNED]
    pair_of_actors = [generation.ACTORS[29], generation.ACTORS[39]]
    return [
        Pair(f"page {deep:,} / page 1", page(cursor=await _cursor_of_page(store, deep)), first),
        Pair("latest first / earliest first", page(sort=Sort.DATE_DESCENDING), first),
        Pair("what overlaps a month / what starts in it", month, starting),
        Pair("what lies within a month / what starts in it", page(**_MONTH, date_match=Match.WITHIN), starting),
        Pair("what overlaps a month / no range", month, first),
        Pair("what overlaps ten years / a month", ten_years, month),
        Pair("a month given by times / by days", page(**_TIMES), month),
        Pair("an actor of a quarter of all events / all", page(actor=[_QUARTER]), first),
        Pair("the same, both over ten years", quarter, ten_years),
        Pair("an actor of a few events / of a quarter, ten years", page(actor=[_FEW], **_TEN_YEARS), quarter),
        Pair("planned with that actor / planned", page(actor=[_QUARTER], occurrence=planned), page(occurrence=planned)),
        Pair("any of 5 actors / one, ten years", page(actor=generation.ACTORS[:5], **_TEN_YEARS), quarter),
        Pair("any of 20 actors / one, ten years", page(actor=generation.ACTORS[:20], **_TEN_YEARS), quarter),
        Pair("two actors seldom together / one", page(actor_all=pair_of_actors), page(actor_all=pair_of_actors[:1])),
    ]


def _pairs_of_searches(store: Store) -> list[Pair]:
    first, popular = _page(store), generation.WORDS[0]
    asked: dict[str, dict[str, Any]] = {
        "what has a word of every second event": {"q": popular},
        "what has a middling word": {"q": generation.WORDS[60]},
        "what has a rare word": {"q": generation.WORDS[2900]},
        "what has a popular word and a rare one": {"q": f"{popular} {generation.WORDS[2900]}"},
        "a popular word, an actor of a quarter": {"q": popular, "actor": [_QUARTER]},
        "the latest change first of a popular word": {"q": popular, "sort": Sort.UPDATED_DESCENDING},
        "the best of a popular word": {"q": popular, "sort": Sort.RELEVANCE},
        "the best of a middling word": {"q": generation.WORDS[60], "sort": Sort.RELEVANCE},
    }
    return [Pair(f"{name} / all", _page(store, **members), first) for name, members in asked.items()]


class _Apart(Store):
    """A store whose reads take each statement by itself, of whatever moment."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        async with self.connection() as connection:
            yield connection


async def _pairs_of_the_past(store: Store, apart: Store, last: int, events: int) -> list[Pair]:
    """Pages as of the last change, half of all changes, and a twelfth of them."""

    def page(**members: Any) -> Call:
        return _page(store, **members)

    first, actor, month = page(), page(actor=[_QUARTER]), page(**_MONTH)
    head, middle, early = (str(sequence) for sequence in (last, last // 2, last // 12))
    number = max(2, events // 200)
    deep = page(as_of=middle, cursor=await _cursor_of_page(store, number, as_of=middle))
    return [
        Pair("a page of one moment / each statement by itself", first, _page(apart)),
        Pair("as of the head / now", page(as_of=head), first),
        Pair("as of the middle / now", page(as_of=middle), first),
        Pair("as of an early moment / now", page(as_of=early), first),
        Pair(f"as of the middle, page {number:,} / page 1", deep, page(as_of=middle)),
        Pair("an actor of a quarter, as of the head / now", page(actor=[_QUARTER], as_of=head), actor),
        Pair("the same, as of the middle / now", page(actor=[_QUARTER], as_of=middle), actor),
        Pair("the same, as of an early moment / now", page(actor=[_QUARTER], as_of=early), actor),
        Pair("what overlaps a month, as of the head / now", page(**_MONTH, as_of=head), month),
        Pair("the same, as of the middle / now", page(**_MONTH, as_of=middle), month),
        Pair(
            "latest change first, as of the middle / now",
            page(sort=Sort.UPDATED_DESCENDING, as_of=middle),
            page(sort=Sort.UPDATED_DESCENDING),
        ),
    ]


async def _pairs_of_statements(pool: Any, cached: Any, uncached: Any) -> list[Pair]:
    window = Window.between(_MONTH["date_from"], _MONTH["date_to"])
    # What began long ago, or lasts for years, both find at once: a long page, and not the first one, tells them apart.
    begin, limit = parse("2000").starts, 1001
    every = Term(*await cached.fetchrow(_ALL_TERM))
    statement = Statement("select")
    keys = keys_statement(
        statement,
        driving=[every],
        probed=[],
        window=window,
        match=Match.OVERLAPS,
        backward=False,
        cursor=(begin - 1, UUID(int=2**128 - 1)),
        limit=limit,
        checks=[],
    )
    store = RecordingStore(pool)
    await list_events(store, EventQuery(**_MONTH), edit=False)
    whole = store.sent[-1]
    return [
        Pair(
            "keys of what overlaps a month, a long page: one filtered scan / walks",
            lambda: cached.fetch(_PLAIN_FILTER, every.id, window.ends, window.starts, begin, limit),
            lambda: cached.fetch(keys, *statement.values),
        ),
        Pair(
            "a month's page: prepared anew / prepared before",
            lambda: uncached.fetch(whole.sql, *whole.values),
            lambda: cached.fetch(whole.sql, *whole.values),
        ),
    ]


async def _time(call: Call) -> float:
    begin = perf_counter()
    await call()
    return (perf_counter() - begin) * 1000


async def measure(pair: Pair, rounds: int) -> str:
    first: list[float] = []
    second: list[float] = []
    for number in range(rounds + 10):
        # In turn, and who comes first changes too: neither always finds the other's pages in the cache.
        order = (first, second) if number % 2 else (second, first)
        for times in order:
            times.append(await _time(pair.first if times is first else pair.second))
    first, second = first[10:], second[10:]
    ratios = sorted(one / other for one, other in zip(first, second, strict=True))
    low, _, high = quantiles(ratios, n=4)
    ratio = median(first) / median(second)
    return f"| {pair.name} | {ratio:.2f} | {low:.2f}–{high:.2f} | {median(first):.2f} / {median(second):.2f} |"


async def _run_searches(server: EmbeddedServer, events: int, copies: int, rounds: int) -> None:
    begin = perf_counter()
    await multiplied.load(server.owner_url, events, copies)
    print(
        f"{events:,} events, {copies} of each, loaded in {perf_counter() - begin:.0f} s; medians of {rounds} rounds\n",
        flush=True,
    )
    pool = await create_pool(server.url, size=2, query_timeout_s=30.0)
    print("| pair | ratio | middle half | ms |\n| --- | --- | --- | --- |")
    for pair in _pairs_of_searches(Store(pool)):
        print(await measure(pair, rounds), flush=True)
    await pool.close()


async def _run(server: EmbeddedServer, events: int, superseded: int, rounds: int, *, only_past: bool) -> None:
    owner = await asyncpg.connect(server.owner_url)
    cited = generation.sources()
    begin = perf_counter()
    loaded = await past.load(owner, events, superseded, cited)
    print(
        f"{events:,} events and {superseded:,} superseded revisions loaded in {perf_counter() - begin:.0f} s;"
        f" medians of {rounds} rounds\n",
        flush=True,
    )
    await owner.close()
    pool = await create_pool(server.url, size=2, query_timeout_s=30.0)
    cached = await asyncpg.connect(server.url)
    uncached = await asyncpg.connect(server.url, statement_cache_size=0)
    store = Store(pool)
    pairs = await _pairs_of_the_past(store, _Apart(pool), loaded.last, events)
    if not only_past:
        pairs += [*await _pairs_of_pages(store, events), *_pairs_of_searches(store)]
        pairs += await _pairs_of_statements(pool, cached, uncached)
    print("| pair | ratio | middle half | ms |\n| --- | --- | --- | --- |")
    for pair in pairs:
        print(await measure(pair, rounds), flush=True)
    for connection in (cached, uncached, pool):
        await connection.close()


def main() -> None:
    """Run the measurements that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--superseded", type=int, help="two thirds of the events, if left out")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--only-past", action="store_true", help="only what is asked of the past")
    parser.add_argument("--copies", type=int, help="only searches, in a store with so many of each event and no past")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="dateline-bench-") as directory:
        Path(directory).chmod(0o711)
        with EmbeddedServer(Path(directory), durable=False) as server:
            upgrade(server.owner_url, "dateline")
            if arguments.copies:
                asyncio.run(_run_searches(server, arguments.events, arguments.copies, arguments.rounds))
                return
            superseded = arguments.events * 2 // 3 if arguments.superseded is None else arguments.superseded
            asyncio.run(_run(server, arguments.events, superseded, arguments.rounds, only_past=arguments.only_past))


if __name__ == "__main__":
    main()
