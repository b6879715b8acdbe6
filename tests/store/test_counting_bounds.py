"""Counting 100,000 events: what it reads, that it ends in time, and that what it then estimates is near."""

from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import asyncpg
import pytest

from api.store import bounded, facets, histogram
from api.store.bounded import TimeBound
from tests.conftest import Client
from tests.store import generation
from tests.store.crowded import Crowded
from tests.store.plans import Sent, explain

_MODES = ("force_custom_plan", "force_generic_plan")
#: What else a request does than to count, on a machine that is busy.
_REST_S = 1.0
_HEAVY = [
    "histogram",
    "histogram?interval=month&date_from=1500&date_to=2026",
    "histogram?bin=exclude&min_confidence=low",
    "facets?occurrence=occurred",
    "facets?occurrence=occurred&kind=acknowledgement&actor=actor-0001&own=exclude&top=100",
    "facets?date_from=1000",
    "histogram?q=w0001",
    "facets?q=event",
    "facets?q=w0001%20-w0002&kind=acknowledgement&own=exclude",
    "histogram?q=The%200001th%20actor",
    "histogram?actor=actor-2000&include_members=true",
    "facets?actor=actor-2000&include_members=true&occurrence=occurred&own=exclude",
]


@pytest.fixture(scope="module")
async def leagues(crowded: Crowded) -> AsyncIterator[Crowded]:
    """Popular actors belong to a rare one, every second of them in the tens only."""
    tens = [asyncpg.Range(1262304000, 1577836800)]
    rows = [(actor, tens if rank % 2 else None) for rank, actor in enumerate(generation.ACTORS[:40])]
    await crowded.database.executemany(
        "INSERT INTO membership (of_actor, actor_id, kind, held, sequence) VALUES ('actor-2000', $1, 'member', $2, 0)",
        rows,
    )
    yield crowded
    await crowded.database.execute("DELETE FROM membership")


async def _timed(crowded: Crowded, path: str, most_s: float) -> tuple[dict[str, Any], float]:
    """Read, and say how long that took; what was late is read once more, and late again if it keeps to no bound."""
    for _ in range(2):
        begin = monotonic()
        answer = await _read(crowded, path)
        took_s = monotonic() - begin
        if took_s < most_s:
            break
    return answer, took_s


async def _read(crowded: Crowded, path: str) -> dict[str, Any]:
    answer = await crowded.http.get(f"/v1/events{path}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _is_exact(answer: dict[str, Any]) -> list[bool]:
    if "facets" in answer:
        return [one["exact"] for one in answer["facets"].values()]
    return [answer["exact"]]


@pytest.mark.parametrize("path", _HEAVY)
async def test_no_count_outlives_its_time(leagues: Crowded, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    for bound_s in (0.001, 0.005, 0.02):
        monkeypatch.setattr(bounded, "COUNTING_S", bound_s)
        answer, took_s = await _timed(leagues, f"/{path}", bound_s + _REST_S)
        assert took_s < bound_s + _REST_S
        if bound_s < 0.01:
            assert not any(_is_exact(answer))


async def test_a_statement_is_stopped_and_the_transaction_goes_on(crowded: Crowded) -> None:
    async with crowded.store.reading() as connection:
        before = await connection.fetchval("SHOW statement_timeout")
        begin = monotonic()
        assert await TimeBound(0.05).fetch(connection, "SELECT pg_sleep(30)") is None
        assert monotonic() - begin < 15
        assert await connection.fetchval("SHOW statement_timeout") == before
        # What is done in time is given, and what comes after it has its own time again.
        assert await TimeBound(5).fetch(connection, "SELECT current_setting('statement_timeout')") != [(before,)]
        assert await connection.fetchval("SHOW statement_timeout") == before


async def test_what_was_fetched_in_time_is_given_though_its_limit_ends_what_comes_after(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit holds until it is rolled back, which a busy machine may take longer for than is left."""
    execute, late = asyncpg.Connection.execute, list[str]()

    async def hesitant(connection: Any, sql: str, *values: Any, **more: Any) -> Any:
        if sql.startswith("ROLLBACK TO") and not late:
            late.append(sql)
            await execute(connection, "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(30)")
        return await execute(connection, sql, *values, **more)

    monkeypatch.setattr(asyncpg.Connection, "execute", hesitant)
    async with client.store.reading() as connection:
        before = await connection.fetchval("SHOW statement_timeout")
        assert await TimeBound(20).fetch(connection, "SELECT 7") == [(7,)]
        assert late
        assert await connection.fetchval("SHOW statement_timeout") == before
        assert await TimeBound(20).fetch(connection, "SELECT 8") == [(8,)]


async def test_nothing_gets_more_time_than_any_query(crowded: Crowded) -> None:
    async with crowded.store.reading() as connection:
        await connection.execute("SET LOCAL statement_timeout = '2s'")
        rows = await TimeBound(60).fetch(connection, "SELECT current_setting('statement_timeout')")
        assert rows is not None
        assert rows[0][0] == "2s"


@pytest.mark.parametrize("counting", ["exact", "estimated"])
async def test_a_slow_count_leaves_the_page_as_it_is(
    crowded: Crowded, monkeypatch: pytest.MonkeyPatch, counting: str
) -> None:
    asked = "?date_from=1000&min_confidence=low&occurrence=occurred&disputed=false&sort=-date&limit=20"
    without = await _read(crowded, asked)
    monkeypatch.setattr(bounded, "COUNTING_S", 0.002)
    page, took_s = await _timed(crowded, f"{asked}&count={counting}", _REST_S)
    assert took_s < _REST_S
    count = page.pop("count")
    without.pop("count")
    assert page == without
    assert len(page["items"]) == 20
    # As many as the rarest filter has of the published ones.
    rarest = await crowded.database.fetchval(
        "SELECT least((SELECT sum(events) FROM term WHERE state = 'published' AND name LIKE 'confidence:%'),"
        " (SELECT events FROM term WHERE state = 'published' AND name = 'undisputed'),"
        " (SELECT events FROM term WHERE state = 'published' AND name = 'occurrence:occurred'))"
    )
    assert count == {"value": rarest, "exact": False}


async def test_estimates_of_a_sample_are_near(crowded: Crowded, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ["/histogram?interval=decade&date_from=1950&date_to=2029", "/facets?occurrence=occurred&top=5"]
    monkeypatch.setattr(bounded, "COUNTING_S", 60)
    exact = [await _read(crowded, path) for path in paths]
    assert all(all(_is_exact(answer)) for answer in exact)
    monkeypatch.setattr(histogram, "_EXACT_SHARE", 0)
    monkeypatch.setattr(facets, "_EXACT_SHARE", 0)
    sampled = [await _read(crowded, path) for path in paths]
    assert not any(any(_is_exact(answer)) for answer in sampled)
    assert sampled == [await _read(crowded, path) for path in paths], "always the same sample"
    bins = [[one["count"] for one in answer["bins"]] for answer in (exact[0], sampled[0])]
    assert sampled[0]["total"] == pytest.approx(exact[0]["total"], rel=0.05)
    for true, estimated in zip(*bins, strict=True):
        assert estimated == pytest.approx(true, rel=0.2, abs=400)
    for dimension, facet in exact[1]["facets"].items():
        estimates = {one["value"]: one["count"] for one in sampled[1]["facets"][dimension]["values"]}
        first = facet["values"][0]
        assert estimates[first["value"]] == pytest.approx(first["count"], rel=0.2)


@pytest.fixture
async def half_merged(crowded: Crowded) -> AsyncIterator[Crowded]:
    """Every second actor is merged into the one before."""
    pairs = list(zip(generation.ACTORS[1::2], generation.ACTORS[0::2], strict=True))
    await crowded.database.executemany("UPDATE actor SET merged_into = $2 WHERE id = $1", pairs)
    yield crowded
    await crowded.database.execute("UPDATE actor SET merged_into = NULL WHERE merged_into IS NOT NULL")


def _give_up(monkeypatch: pytest.MonkeyPatch, *marks: str) -> None:
    """Have statements that say any of these find no time."""
    fetch = TimeBound.fetch

    async def fetched(bound: TimeBound, connection: Any, sql: str, *values: Any) -> list[Any] | None:
        given_up = any(mark in sql for mark in marks)
        return None if given_up else await fetch(bound, connection, sql, *values)

    monkeypatch.setattr(TimeBound, "fetch", fetched)


async def test_an_estimate_answers_the_question(half_merged: Crowded, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no value that the filters rule out, and nobody who goes by another name."""
    monkeypatch.setattr(bounded, "COUNTING_S", 60)
    monkeypatch.setattr(facets, "_EXACT_SHARE", 0)
    asked = "/facets?kind=acknowledgement&date_from=1900&top=100"
    sampled = (await _read(half_merged, asked))["facets"]
    assert [one["value"] for one in sampled["kind"]["values"]] == ["acknowledgement"]
    found = {one["value"] for one in sampled["actor"]["values"]}
    assert found
    assert not found & set(generation.ACTORS[1::2])
    # Without a sample there is none.
    _give_up(monkeypatch, "t.sequence = ANY")
    nothing = {"values": [], "more": True, "exact": False}
    assert (await _read(half_merged, asked))["facets"] == dict.fromkeys(sampled, nothing)


async def test_a_small_sample_is_better_than_none(crowded: Crowded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "COUNTING_S", 60)
    paths = ["/facets?occurrence=occurred&top=1", "/histogram?date_from=1950&date_to=2029&interval=decade"]
    exact = [await _read(crowded, path) for path in paths]
    for module in (facets, histogram):
        monkeypatch.setattr(module, "_EXACT_SHARE", 0)
    fetch = TimeBound.fetch

    async def fetched(bound: TimeBound, connection: Any, sql: str, *values: Any) -> list[Any] | None:
        sizes = [len(value) for value in values if isinstance(value, list)]
        return await fetch(bound, connection, sql, *values) if max(sizes) <= 500 else None

    monkeypatch.setattr(TimeBound, "fetch", fetched)
    sampled = [await _read(crowded, path) for path in paths]
    assert not any(any(_is_exact(answer)) for answer in sampled)
    for dimension in ("kind", "confidence", "occurrence"):
        [true], [estimated] = (answer[0]["facets"][dimension]["values"] for answer in (exact, sampled))
        assert estimated["value"] == true["value"]
        assert estimated["count"] == pytest.approx(true["count"], rel=0.3)
    assert sampled[1]["counted"] == pytest.approx(exact[1]["counted"], rel=0.2)


async def test_actors_that_are_one_spoil_no_other_dimension(
    half_merged: Crowded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "COUNTING_S", 60)
    exact = (await _read(half_merged, "/facets"))["facets"]
    assert all(facet["exact"] for facet in exact.values())
    _give_up(monkeypatch, "count(DISTINCT t.event_id)")
    answer = (await _read(half_merged, "/facets"))["facets"]
    estimated = [answer.pop(name) for name in ("actor", "publisher")]
    assert all(facet["values"] and not facet["exact"] for facet in estimated)
    assert answer == {name: exact[name] for name in answer}


@pytest.mark.parametrize(("query", "reads"), [("facet=kind&facet=tag", 0), ("facet=kind&facet=publisher", 1), ("", 1)])
async def test_who_is_merged_is_read_where_actors_are_counted(crowded: Crowded, query: str, reads: int) -> None:
    for own in ("include", "exclude"):
        crowded.store.sent.clear()
        await _read(crowded, f"/facets?kind=acknowledgement&publisher=actor-0101&own={own}&{query}")
        sent = [sent for sent in crowded.store.sent if "SELECT id, merged_into FROM" in sent.sql]
        assert len(sent) == reads


async def test_what_filters_stand_for_is_looked_up_once(leagues: Crowded) -> None:
    asked = (
        "/facets?actor=actor-2000&include_members=true&publisher=actor-0101&kind=acknowledgement&q=The%200001th%20actor"
    )
    looked_up = []
    for own in ("include", "exclude"):
        leagues.store.sent.clear()
        await _read(leagues, f"{asked}&own={own}")
        names, members = (
            [one for one in leagues.store.sent if mark in one.sql] for mark in ("actor_name", "membership")
        )
        looked_up.append((len(names), len(members)))
    assert looked_up[0] == looked_up[1]
    assert all(looked_up[0])


async def test_questions_share_the_time_evenly(crowded: Crowded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes all that it is given for counting exactly, and yet the last one has a sample."""
    monkeypatch.setattr(bounded, "COUNTING_S", 60)
    now, given, fetch = 0.0, [], TimeBound.fetch

    async def fetched(bound: TimeBound, connection: Any, sql: str, *values: Any) -> list[Any] | None:
        nonlocal now
        if "t.sequence = ANY" in sql or "said AS" in sql:
            return await fetch(bound, connection, sql, *values)
        given.append(bound.left_s)
        now += bound.left_s
        return None

    monkeypatch.setattr(bounded, "monotonic", lambda: now)
    monkeypatch.setattr(TimeBound, "fetch", fetched)
    asked = "actor=actor-0001&kind=acknowledgement&min_confidence=low&occurrence=occurred&date_from=1900"
    answer = (await _read(crowded, f"/facets?{asked}&own=exclude"))["facets"]
    assert given == pytest.approx([given[0]] * 5)
    assert now == pytest.approx(30)
    assert len(answer) == 7
    assert not any(facet["exact"] for facet in answer.values())
    assert all(facet["values"] for facet in answer.values())


def _counting(crowded: Crowded) -> list[Sent]:
    return [sent for sent in crowded.store.sent if " AS events" in sent.sql or "AS inside" in sent.sql]


async def test_counts_that_are_kept_are_read_and_no_event(crowded: Crowded) -> None:
    crowded.store.sent.clear()
    await _read(crowded, "/facets")
    [sent] = _counting(crowded)
    for mode in _MODES:
        plan = await explain(crowded.database, sent, mode)
        read = {node["Relation Name"] for node in plan.nodes() if "Relation Name" in node}
        assert read == {"term"}


@pytest.mark.parametrize("query", ["actor=actor-1900", "kind=kind-30&date_from=2010&date_to=2019", "tag=tag%20300"])
async def test_facets_of_few_events_read_those_alone(crowded: Crowded, query: str) -> None:
    total = (await _read(crowded, f"/histogram?{query}&interval=decade"))["total"]
    assert 0 < total < 1000
    crowded.store.sent.clear()
    await _read(crowded, f"/facets?{query}")
    [sent] = _counting(crowded)
    for mode in _MODES:
        plan = await explain(crowded.database, sent, mode)
        assert plan.sequential == []
        # Each event, and the sources that it cites.
        assert plan.rows_read <= 10 * total


@pytest.mark.parametrize("binning", ["spread", "earliest", "exclude"])
@pytest.mark.parametrize("query", ["date_from=2024-06&date_to=2024-06", "actor=actor-1900&date_from=1990&date_to=2026"])
async def test_a_histogram_reads_what_is_in_its_range(crowded: Crowded, query: str, binning: str) -> None:
    crowded.store.sent.clear()
    total = (await _read(crowded, f"/histogram?{query}&bin={binning}&interval=month"))["total"]
    [sent] = _counting(crowded)
    for mode in _MODES:
        plan = await explain(crowded.database, sent, mode)
        assert plan.sequential == []
        # Twice, for those with gaps and for those without, with what reaches in from before.
        assert plan.rows_read <= 20 * max(total, 50)
