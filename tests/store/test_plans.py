"""What a page costs, on 100,000 skewed events and with the planner as it ships.

Each query is asked over HTTP, and what the application then really sent is explained under both kinds of plan that a
prepared statement can get: one made for its values, and one made for any.
"""

from random import Random
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import pytest

from api.engine.pool import connect
from api.store.events import create_event
from api.store.select.keys import MOST_BRANCHES
from schema.wire import to_builtins
from tests.conftest import Client
from tests.store import generation
from tests.store.crowded import Crowded
from tests.store.plans import Plan, explain

_LIMIT = 50
_MODES = ("force_custom_plan", "force_generic_plan")
#: Rows read for each row given, the documents and what they mention included.
_MOST_PER_ROW = 20


_WINDOWS = [
    *(f"date_from={one}&date_to={one}" for one in ("2024-06-15", "2025-01-01", "1950-06-15", "-0043")),
    *(f"date_from={one}&date_to={one}" for one in ("2024-06", "2025-01", "1950-06", "2024", "1950", "202X")),
    *("date_from=2010&date_to=2019", "date_from=1940&date_to=1949", "date_from=1600&date_to=1700"),
    *("date_from=2024-06-15", "date_from=2027", "date_to=2024-06-15", "date_to=1950"),
    "date_from=2024-06-15T10:00:00Z&date_to=2024-06-15T12:00:00Z",
    "date_from=2024-06-15T00:00:00%2B03:00&date_to=2024-07-15T00:00:00%2B03:00",
    "date_from=2024-06-15T10:00:00Z",
    "date_to=2024-06-15T10:00:00Z",
]
_ALONE = [
    *("actor=actor-0001", "actor=actor-0100", "actor=actor-1900", "actor_role=attacker", "actor_role=vetoer"),
    *("kind=acknowledgement", "kind=kind-30", "tag=tag 001", "tag=tag 300", "occurrence=occurred"),
    *("occurrence=planned", "min_confidence=low", "min_confidence=high", "state=draft", "state=retracted"),
    "state=draft&state=published&state=retracted",
    *("min_precision=month", "min_precision=day", "disputed=false", "publisher=actor-0101", "overdue=true"),
]
_TEN_YEARS = "date_from=2010&date_to=2019"
_TOGETHER = [
    f"actor=actor-0001&{_TEN_YEARS}",
    f"actor=actor-0001&actor_role=attacker&{_TEN_YEARS}",
    f"actor=actor-1900&{_TEN_YEARS}",
    f"occurrence=planned&{_TEN_YEARS}",
    f"kind=kind-30&{_TEN_YEARS}",
    f"min_confidence=moderate&{_TEN_YEARS}",
    *(
        f"{rare}&{popular}"
        for rare in ("actor=actor-1900", "kind=kind-30", "tag=tag 300", "occurrence=planned", "actor_role=vetoer")
        for popular in ("actor=actor-0001", "kind=acknowledgement", "tag=tag 001", "min_confidence=moderate")
        if rare.partition("=")[0] != popular.partition("=")[0]
    ),
    *("actor=actor-0001&kind=acknowledgement", "actor=actor-0002&tag=tag 001", "actor=actor-0001&min_confidence=high"),
    *("actor_all=actor-0001&actor_all=actor-0002", "actor_all=actor-0001&actor_all=actor-1900"),
    "actor=actor-0001&actor=actor-0002&actor=actor-0003",
    f"actor=actor-0001&actor=actor-0020&actor=actor-1900&{_TEN_YEARS}",
    f"actor=actor-0001&actor=actor-0002&actor=actor-0003&min_confidence=moderate&{_TEN_YEARS}",
    "actor=actor-0001&actor_role=attacker",
    "actor=actor-0001&actor=actor-0002&actor_role=attacker&actor_role=target",
    "actor=actor-0001&kind=acknowledgement&min_confidence=moderate",
    "&".join(f"actor={actor}" for actor in generation.ACTORS[:20]),
    "&".join(f"actor={actor}" for actor in generation.ACTORS[1000:1020]) + f"&{_TEN_YEARS}",
]
_CASES = [
    *(f"{query}&sort={sort}".lstrip("&") for query in ("", *_ALONE, *_TOGETHER) for sort in ("date", "-date")),
    *(
        f"{window}&date_match={match}&sort={sort}"
        for window in _WINDOWS
        for match in ("overlaps", "within", "starts")
        for sort in ("date", "-date")
    ),
]


def _check(plan: Plan, given: int, limit: int = _LIMIT) -> None:
    assert plan.sequential == []
    assert plan.unlimited == []
    # A page that stays nearly empty may read as much as a full one: that is what bounds its time.
    assert plan.rows_read <= _MOST_PER_ROW * (given if given >= 10 else limit)


@pytest.mark.parametrize("query", _CASES)
async def test_a_page_reads_little_more_than_it_gives(crowded: Crowded, query: str) -> None:
    given, _, sent = await crowded.ask(quote(query, safe="=&%") + f"&limit={_LIMIT}")
    if sent is not None:
        for mode in _MODES:
            _check(await explain(crowded.database, sent, mode), given)


async def test_any_window_reads_little_more_than_it_gives(crowded: Crowded) -> None:
    """Windows that nobody has picked: of any length, anywhere, most of them where most events are."""
    random = Random("windows")
    for _ in range(100):
        date, other = sorted(generation.date_text(random)[:10] for _ in range(2))
        match, sort = random.choice(("overlaps", "within", "starts")), random.choice(("date", "-date"))
        answer = await crowded.http.get(f"/v1/events?date_from={date}&date_to={other}")
        if answer.status_code == 200:
            query = f"date_from={date}&date_to={other}&date_match={match}&sort={sort}&limit={_LIMIT}"
            given, _, sent = await crowded.ask(query)
            if sent is not None:
                _check(await explain(crowded.database, sent, random.choice(_MODES)), given)


@pytest.mark.parametrize(
    "query",
    [
        *("sort=-date", "date_from=1990&date_to=2026"),
        # Getting there takes long.
        pytest.param("sort=date", marks=pytest.mark.soak),
        pytest.param("date_to=2025&date_match=within&sort=-date", marks=pytest.mark.soak),
    ],
)
async def test_page_1000_costs_what_page_1_does(crowded: Crowded, query: str) -> None:
    given, _, first = await crowded.ask(f"{query}&limit={_LIMIT}")
    cursor = ""
    # The place where page 1,000 begins; the cursor does not depend on how large the pages before were.
    for limit in (*[1000] * 49, 950):
        answer = await crowded.http.get(f"/v1/events?{query}&limit={limit}{cursor}")
        cursor = "&cursor=" + parse_qs(urlsplit(answer.links["next"]["url"]).query)["cursor"][0]
    thousandth_given, _, thousandth = await crowded.ask(f"{query}&limit={_LIMIT}{cursor}")
    assert given == thousandth_given == _LIMIT
    assert first is not None
    assert thousandth is not None
    for mode in _MODES:
        one, thousand = [await explain(crowded.database, sent, mode) for sent in (first, thousandth)]
        _check(thousand, _LIMIT)
        assert thousand.rows_read <= 1.5 * one.rows_read
        assert thousand.buffers <= 1.5 * one.buffers


@pytest.mark.parametrize("actor", ["actor-0003", pytest.param(None, marks=pytest.mark.soak)])
async def test_all_pages_have_every_event_once(crowded: Crowded, actor: str | None) -> None:
    found: list[tuple[int, str]] = []
    asked = f"&actor={actor}" if actor is not None else ""
    cursor = ""
    while True:
        answer = await crowded.http.get(f"/v1/events?limit=1000{asked}{cursor}")
        found += [item["id"] for item in answer.json()["items"]]
        if "next" not in answer.links:
            break
        cursor = "&cursor=" + parse_qs(urlsplit(answer.links["next"]["url"]).query)["cursor"][0]
    rows = await crowded.database.fetch(
        "SELECT id::text FROM event WHERE state = 'published' AND ($1::text IS NULL OR $1 = ANY (actors))"
        " ORDER BY starts, id",
        actor,
    )
    assert len(rows) > 5000
    assert found == [row["id"] for row in rows]


async def test_terms_that_are_seldom_together_cost_the_rarest_at_most(crowded: Crowded) -> None:
    """Terms that few events have together: no index has both, so all of the rarer one may have to be probed.

    This is the one kind of query that reads much for what it gives; the statement timeout bounds it.
    """
    counts = {
        row["name"]: row["events"]
        for row in await crowded.database.fetch("SELECT name, events FROM term WHERE state = 'published'")
    }
    for query, names in {
        "kind=kind-10&actor=actor-0030": ("kind:kind-10", "actor:actor-0030"),
        "tag=tag%20050&kind=kind-10": ("tag:tag 050", "kind:kind-10"),
        "actor_all=actor-0030&actor_all=actor-0040": ("actor:actor-0030", "actor:actor-0040"),
        "actor_all=actor-0001&actor_all=actor-0002&actor_all=actor-0003": ("actor:actor-0003",),
    }.items():
        given, _, sent = await crowded.ask(f"{query}&limit={_LIMIT}")
        assert sent is not None
        for mode in _MODES:
            plan = await explain(crowded.database, sent, mode)
            assert plan.sequential == plan.unlimited == []
            # Each is read once and probed once; to that comes what a page of documents costs.
            assert plan.rows_read <= 2 * min(counts[name] for name in names) + _MOST_PER_ROW * max(given, 1)


async def test_very_many_terms_are_planned_at_once(crowded: Crowded) -> None:
    """20 actors in any of 13 roles, in any state, over a window: thousands of walks, if each were written out."""
    actors = "&".join(f"actor={actor}" for actor in generation.ACTORS[:20])
    roles = "&".join(f"actor_role={role}" for role in generation.ROLES)
    states = "state=draft&state=published&state=retracted"
    for sort in ("date", "-date"):
        given, _, sent = await crowded.ask(f"{actors}&{roles}&{states}&{_TEN_YEARS}&sort={sort}&limit={_LIMIT}")
        assert sent is not None
        assert given == _LIMIT
        terms = max(len(value) for value in sent.values if isinstance(value, list))
        for mode in _MODES:
            plan = await explain(crowded.database, sent, mode)
            assert plan.sequential == plan.unlimited == []
            assert terms > 260
            assert plan.walks <= MOST_BRANCHES
            # A page of each term and class of length at the most; in truth far less, as few are so full.
            assert plan.rows_read < 20 * 15 * (_LIMIT + 1)


async def test_statements_are_few(crowded: Crowded) -> None:
    """The driver keeps a prepared statement for each text, so a text must not depend on the values."""
    for queries in (
        [f"actor={actor}" for actor in generation.ACTORS[:10]],
        [f"actor={actor}" for actor in generation.ACTORS[-10:]],
        [f"actor={actor}&{_TEN_YEARS}" for actor in generation.ACTORS[:10]],
        [f"date_from=2024-{month:02d}&date_to=2024-{month:02d}" for month in range(1, 13)],
        [f"occurrence=planned&actor={actor}" for actor in generation.ACTORS[:10]],
    ):
        texts = set()
        for query in queries:
            _, _, sent = await crowded.ask(f"{query}&limit={_LIMIT}")
            assert sent is not None
            texts.add(sent.sql)
        assert len(texts) == 1
        # The driver does not keep longer ones.
        assert len(texts.pop()) < 15 * 1024


async def test_the_planner_is_as_it_ships(crowded: Crowded) -> None:
    # A connection of its own: the driver switches a setting for a moment where it looks up types.
    connection = await connect(crowded.url, query_timeout_s=30.0)
    changed = await connection.fetch(
        "SELECT name FROM pg_settings WHERE category LIKE 'Query Tuning%' AND source <> 'default'"
    )
    await connection.close()
    assert changed == []


async def test_generated_rows_are_those_that_writers_write(client: Client) -> None:
    """What is loaded in bulk is what the same events would be if they had been posted."""
    owner = await asyncpg.connect(client.database.owner_url)
    cited = generation.sources(5)
    random = Random("rows")
    texts = ["2024-06", "2016-XX-1X", "[2024-05-31,2024-06-15T10:00:00Z]", "../1985", "2025-06-02T01:00:00+14:00"]
    texts += [generation.date_text(random) for _ in range(30)]
    made = [event for event in generation.events(len(texts), cited, 5, texts) if event.state != "retracted"]
    await generation.load(owner, made, cited)
    rows = "SELECT id, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs, \
            planned, positions::text, actors, sources FROM event ORDER BY id"
    entries = "SELECT event_id, state, name, span, gaps, t.starts, t.ends FROM event_term t \
               JOIN term ON term.id = t.term ORDER BY event_id, state, name"
    terms = "SELECT state, name, events FROM term WHERE events > 0 ORDER BY state, name"
    loaded = [await owner.fetch(query) for query in (rows, entries, terms)]
    await owner.execute("TRUNCATE event, event_term, term")
    read_only = {"when", "evidence", "revision", "sequence", "created_at", "updated_at", "published_at", "retraction"}
    for event in made:
        body = {name: value for name, value in to_builtins(event).items() if name not in read_only}
        await create_event(client.store, "editor", body)
    written = [await owner.fetch(query) for query in (rows, entries, terms)]
    await owner.close()
    assert written == loaded
