"""What the actor box costs where there are 100,000 actors, whatever is typed; and what a rename costs."""

import time
from collections.abc import AsyncIterator
from statistics import median

import asyncpg
import pytest

from api.engine.embedded import EmbeddedServer
from schema.actor_query import MOST_MATCHED
from tests.conftest import fresh_database
from tests.store import many_actors
from tests.store.crowded import Crowded, looked_at
from tests.store.plans import explain

_ACTORS = 100_000
_ROUNDS = 5


@pytest.fixture(scope="module")
async def many(server: EmbeddedServer, template: str) -> AsyncIterator[Crowded]:
    """A store with very many actors, and events of one of them."""
    async with fresh_database(server, template) as made:
        owner = await asyncpg.connect(made.owner_url)
        await many_actors.load(owner, _ACTORS)
        await owner.close()
        async with looked_at(made) as crowded:
            yield crowded


@pytest.mark.parametrize("typed", many_actors.TYPED)
async def test_a_search_reads_a_bounded_number_of_names(many: Crowded, typed: str) -> None:
    many.store.sent.clear()
    near = ""
    answer = await many.http.get("/v1/actors", params={"q": typed})
    assert answer.status_code == 200, answer.text
    read, searches = 0.0, 0
    for sent in many.store.sent:
        if "AS nearness" not in sent.sql:
            near = sent.values[0] if "word_similarity_threshold" in sent.sql else near
            continue
        async with many.database.transaction():
            await many.database.execute("SET LOCAL enable_seqscan = off")
            await many.database.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {near}")
            plan = await explain(many.database, sent, "force_custom_plan")
        assert plan.sequential == []
        read += plan.rows_read
        searches += 1
    assert 1 <= searches <= 5
    assert read <= 10 * MOST_MATCHED


async def _ms(many: Crowded, **parameters: str) -> float:
    before = time.perf_counter()
    answer = await many.http.get("/v1/actors", params=parameters)
    took = 1000 * (time.perf_counter() - before)
    assert answer.status_code == 200, answer.text
    return took


async def test_a_search_takes_a_small_multiple_of_a_page(many: Crowded) -> None:
    """As a rule; what is typed to be hard to find, and is nobody's name, takes more, and not much more.

    By medians, of what was asked in turn: whatever else the machine does hits both.
    """
    pages: list[float] = []
    searches: dict[str, list[float]] = {typed: [] for typed in many_actors.TYPED}
    for _ in range(_ROUNDS):
        for typed, times in searches.items():
            pages.append(await _ms(many, limit="50"))
            times.append(await _ms(many, q=typed))
    ratios = {typed: median(times) / median(pages) for typed, times in searches.items()}
    assert median(ratios.values()) < 8, ratios
    assert max(ratios.values()) < 80, ratios


async def test_later_pages_cost_the_same(many: Crowded) -> None:
    first = (await many.http.get("/v1/actors?q=ka&limit=100")).json()
    found = [item["id"] for item in first["items"]]
    cursor = first["next"]
    while cursor is not None:
        many.store.sent.clear()
        page = (await many.http.get(f"/v1/actors?q=ka&limit=100&cursor={cursor}")).json()
        assert len(many.store.sent) <= 8
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert len(found) == len(set(found)) == MOST_MATCHED
