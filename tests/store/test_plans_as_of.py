"""What reads as of a moment cost on a store with a long past, with the planner as it ships.

The numbers of events and of superseded revisions can be given, as in

    EVENTS=600000 SUPERSEDED=400000 pytest tests/store/test_plans_as_of.py

What bounds a page: the entries that a walk passes, those written or superseded at other times included, are to those it
gives as all entries are to those that held then.
"""

import os
import re
from collections.abc import AsyncIterator
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import pytest

from api.engine.embedded import EmbeddedServer
from api.history.rebuilding import rebuild
from api.store.select.chosen import FEW
from schema.edtf import parse
from schema.span import CLASSES
from tests.conftest import Database, fresh_database
from tests.store import generation, past
from tests.store.crowded import Crowded, looked_at
from tests.store.derived import derived_rows
from tests.store.plans import Plan, Sent, explain

pytestmark = pytest.mark.soak

_EVENTS = int(os.environ.get("EVENTS", "12000"))
_SUPERSEDED = int(os.environ.get("SUPERSEDED", "8000"))
_LIMIT = 50
_MODES = ("force_custom_plan", "force_generic_plan")
#: Rows read for each row given, what they mention included, and for each entry that a walk passes for it.
_MOST_PER_ROW, _MOST_FOR_EACH = 20, 5
_TEN_YEARS = "date_from=2010&date_to=2019"
_CASES = [
    *("sort=date", "sort=-date", "sort=updated", "sort=-updated", "state=draft&state=published&state=retracted"),
    *("date_from=2024-06&date_to=2024-06", "date_from=2024-06&date_to=2024-06&sort=-date", _TEN_YEARS),
    *(f"{_TEN_YEARS}&date_match=within", f"{_TEN_YEARS}&date_match=within&sort=-date"),
    *(f"{_TEN_YEARS}&date_match=starts", "date_from=2024-06-15T10:00:00Z", "date_to=1950", "date_from=2027"),
    *("actor=actor-0001", "actor=actor-0001&sort=-date", "actor=actor-1900", "kind=acknowledgement", "kind=kind-30"),
    *("occurrence=planned", "min_confidence=moderate", "disputed=false", "tag=tag 001&sort=-date"),
    *(
        f"actor=actor-0001&{_TEN_YEARS}",
        "actor=actor-0001&kind=acknowledgement",
        "actor=actor-0001&min_confidence=high",
    ),
    "actor=actor-0001&actor=actor-0002&actor=actor-0003",
    f"actor=actor-0001&actor=actor-0020&actor=actor-1900&{_TEN_YEARS}",
    f"actor=actor-0001&actor_role=attacker&{_TEN_YEARS}",
]


class Moments(NamedTuple):
    """A store with a past, and some of its moments."""

    crowded: Crowded
    head: int
    #: So many entries there are for each event that there was at a moment, by its name.
    moments: dict[str, tuple[int, float]]

    async def ask(self, query: str, moment: str, cursor: str = "") -> tuple[int, str | None, Sent | None]:
        as_of = self.moments[moment][0]
        return await self.crowded.ask(quote(query, safe="=&%") + f"&as_of={as_of}&limit={_LIMIT}{cursor}")


@pytest.fixture(scope="module")
async def moments(server: EmbeddedServer, template: str) -> AsyncIterator[Moments]:
    async with fresh_database(server, template) as made:
        owner = await asyncpg.connect(made.owner_url)
        loaded = await past.load(owner, _EVENTS, _SUPERSEDED, generation.sources())
        await owner.close()
        async with looked_at(made) as crowded:
            begun = await crowded.database.fetchval("SELECT min(sequence) FROM change WHERE entity = 'event'")
            few = await crowded.database.fetchval(
                "SELECT sequence FROM change WHERE entity = 'event' ORDER BY sequence OFFSET $1 LIMIT 1", FEW - 100
            )
            at = {
                "head": loaded.last,
                "shortly before": loaded.last - 200,
                "middle": (begun + loaded.last) // 2,
                "early": begun + (loaded.last - begun) // 8,
                "first": few,
            }
            moments = {}
            for name, sequence in at.items():
                held = await crowded.database.fetchval(
                    "SELECT count(DISTINCT entity_id) FROM change WHERE entity = 'event' AND sequence <= $1", sequence
                )
                moments[name] = sequence, (_EVENTS + _SUPERSEDED) / held
            yield Moments(crowded, loaded.last, moments)


def _check(plan: Plan, query: str, given: int, entries_for_each: float) -> None:
    assert plan.sequential == []
    # What is sorted without a limit is no more than what lies in the stretch of a page.
    assert plan.largest_unlimited <= _LIMIT + 1
    rows = given if given >= 10 else _LIMIT
    most = rows * (_MOST_PER_ROW + _MOST_FOR_EACH * entries_for_each)
    if "date_" in query:
        # Up to a page of each class of length, and the event itself where its date has gaps or is an instant.
        most += len(CLASSES) * (_LIMIT + 1) * (4 + entries_for_each)
    assert plan.rows_read <= most


_TEXTS = [
    "w0001",
    "w0003 -w0001",
    "w2901",
    "event",
    "w29*",
    "The 0001th actor",
    "The 1900th actor w0001",
    '"w0001 w0002"',
]


@pytest.mark.parametrize("moment", ["head", "shortly before", "middle", "early"])
@pytest.mark.parametrize("q", _TEXTS)
async def test_a_search_takes_what_is_rare_or_walks_to_what_is_not(moments: Moments, q: str, moment: str) -> None:
    entries = moments.moments[moment][1]
    for sort in ("date", "-date", "updated", "relevance"):
        _, _, sent = await moments.ask(f"q={q}&sort={sort}", moment)
        every = [one for one in moments.crowded.store.sent if re.search(r"\bevent_text\b", one.sql)]
        for one in every:
            for mode in _MODES:
                plan = await explain(moments.crowded.database, one, mode)
                assert plan.sequential == []
                # The thousand that are ranked may lie among all that there are, each of which is then probed.
                most = 3 * _EVENTS if sort == "relevance" else 5 * FEW + _MOST_PER_ROW * _LIMIT
                assert plan.rows_read <= most * entries, (sort, plan.rows_read)
        assert sent is not None or sort == "relevance" or q.startswith("w29")


@pytest.mark.parametrize("moment", ["head", "shortly before", "middle", "early"])
@pytest.mark.parametrize("query", _CASES)
async def test_a_page_reads_little(moments: Moments, query: str, moment: str) -> None:
    given, _, sent = await moments.ask(query, moment)
    if sent is not None:
        for mode in _MODES:
            _check(await explain(moments.crowded.database, sent, mode), query, given, moments.moments[moment][1])


@pytest.mark.parametrize("query", _CASES)
async def test_of_an_early_moment_few_events_are_looked_at(moments: Moments, query: str) -> None:
    given, _, sent = await moments.ask(query, "first")
    assert sent is not None
    for mode in _MODES:
        plan = await explain(moments.crowded.database, sent, mode)
        assert plan.sequential == []
        # Each is found, probed once for each filter, and all its revisions up to then are passed.
        assert plan.rows_read <= 5 * FEW + _MOST_PER_ROW * given
        assert plan.largest_unlimited <= FEW


@pytest.mark.parametrize("query", ["sort=date", "sort=-date", "sort=-updated", "actor=actor-0001", _TEN_YEARS])
@pytest.mark.parametrize("moment", ["head", "middle"])
async def test_a_page_far_behind_costs_what_the_first_does(moments: Moments, query: str, moment: str) -> None:
    as_of, entries_for_each = moments.moments[moment]
    given, _, first = await moments.ask(query, moment)
    answer = await moments.crowded.http.get(f"/v1/events?{query}&as_of={as_of}&limit=1000")
    cursor = "&cursor=" + parse_qs(urlsplit(answer.links["next"]["url"]).query)["cursor"][0]
    deep_given, _, deep = await moments.ask(query, moment, cursor)
    assert given == deep_given == _LIMIT
    assert first is not None
    assert deep is not None
    for mode in _MODES:
        one, other = [await explain(moments.crowded.database, sent, mode) for sent in (first, deep)]
        _check(other, query, _LIMIT, entries_for_each)
        assert other.rows_read <= 3 * one.rows_read


_HELD = """
SELECT id::text FROM (
    SELECT id, state, starts, ends, actors, sequence, 9223372036854775807 AS to_sequence FROM event
    UNION ALL SELECT id, state, starts, ends, actors, sequence, to_sequence FROM past_event
) AS held WHERE sequence <= $1 AND to_sequence > $1 AND {condition} ORDER BY {order}
"""


@pytest.mark.parametrize("moment", ["head", "middle", "early", "first"])
@pytest.mark.parametrize(
    ("query", "condition", "order"),
    [
        ("limit=500", "state = 'published'", "starts, id"),
        (
            "limit=30&date_to=1990&sort=-date",
            f"state = 'published' AND starts < {parse('1991').starts}",
            "starts DESC, id DESC",
        ),
        ("limit=30&actor=actor-0010", "state = 'published' AND 'actor-0010' = ANY (actors)", "starts, id"),
        (
            "limit=40&actor=actor-0003&sort=-updated",
            "state = 'published' AND 'actor-0003' = ANY (actors)",
            "sequence DESC",
        ),
        ("limit=500&sort=-updated", "state = 'published'", "sequence DESC"),
        ("limit=20&state=retracted&sort=updated", "state = 'retracted'", "sequence"),
        ("limit=20&state=draft&state=retracted", "state IN ('draft', 'retracted')", "starts, id"),
    ],
)
async def test_pages_of_the_past_have_every_event_once(
    moments: Moments, query: str, condition: str, order: str, moment: str
) -> None:
    as_of = moments.moments[moment][0]
    found: list[str] = []
    cursor = ""
    while True:
        answer = await moments.crowded.http.get(f"/v1/events?{query}&as_of={as_of}{cursor}")
        found += [item["id"] for item in answer.json()["items"]]
        if "next" not in answer.links:
            break
        cursor = "&cursor=" + parse_qs(urlsplit(answer.links["next"]["url"]).query)["cursor"][0]
    rows = await moments.crowded.database.fetch(_HELD.format(condition=condition, order=order), as_of)
    assert rows
    assert found == [row["id"] for row in rows]


@pytest.mark.parametrize("moment", ["head", "middle", "early", "first"])
@pytest.mark.parametrize("path", ["actors", "sources"])
async def test_a_list_of_what_events_mention_reads_little(moments: Moments, path: str, moment: str) -> None:
    """Also of what was renamed: a quarter has been, and half of all has come in over the whole time."""
    moments.crowded.store.sent.clear()
    as_of = moments.moments[moment][0]
    answer = await moments.crowded.http.get(f"/v1/{path}?as_of={as_of}&limit={_LIMIT}")
    assert len(answer.json()["items"]) == _LIMIT
    (sent,) = [sent for sent in moments.crowded.store.sent if "WITH page" in sent.sql]
    for mode in _MODES:
        plan = await explain(moments.crowded.database, sent, mode)
        assert plan.sequential == plan.unlimited == []
        assert plan.rows_read <= 10 * _LIMIT


@pytest.mark.parametrize("moment", ["head", "middle", "early"])
async def test_one_record_is_looked_up(moments: Moments, moment: str) -> None:
    as_of = moments.moments[moment][0]
    # Those with the longest past.
    event, source = [
        await moments.crowded.database.fetchval(
            f"SELECT id FROM past_{table} GROUP BY id ORDER BY count(*) DESC, min(sequence) LIMIT 1"
        )
        for table in ("event", "source")
    ]
    for path in (f"events/{event}", f"sources/{source}", "actors/actor-0001"):
        moments.crowded.store.sent.clear()
        answer = await moments.crowded.http.get(f"/v1/{path}?as_of={as_of}")
        assert answer.status_code in (200, 404)
        for sent in moments.crowded.store.sent:
            for mode in _MODES:
                plan = await explain(moments.crowded.database, sent, mode)
                assert plan.sequential == []
                assert plan.rows_read <= 100


@pytest.mark.parametrize("moment", ["head", "middle", "early"])
@pytest.mark.parametrize(
    "query", ["actor=The 0007th actor of old", "actor=The 0007th actr", "min_reliability=B", "publisher=actor-0101"]
)
async def test_what_a_query_names_is_looked_up(moments: Moments, query: str, moment: str) -> None:
    moments.crowded.store.sent.clear()
    as_of = moments.moments[moment][0]
    await moments.crowded.http.get(f"/v1/events?{quote(query, safe='=&')}&as_of={as_of}&limit={_LIMIT}")
    looked_up = [sent for sent in moments.crowded.store.sent if "WITH page" not in sent.sql]
    assert looked_up
    for sent in looked_up:
        for mode in _MODES:
            plan = await explain(moments.crowded.database, sent, mode)
            # A few thousand names are looked through sooner than ten of them are looked up.
            assert set(plan.sequential) <= {"actor_name", "past_actor_name"}
            assert plan.rows_read <= 6 * len(generation.ACTORS), sent.sql


async def test_names_are_those_of_the_moment(moments: Moments) -> None:
    """The tests above read the past, and not the present under another name."""
    database = moments.crowded.database
    actor = await database.fetchrow("SELECT * FROM past_actor WHERE id = 'actor-0001'")
    for as_of, name in (
        (actor["to_sequence"] - 1, "The 0001th actor of old"),
        (actor["to_sequence"], "The 0001th actor"),
    ):
        answer = await moments.crowded.http.get(f"/v1/events?actor=actor-0001&as_of={as_of}")
        assert answer.json()["included"]["actors"]["actor-0001"]["name"] == name


async def test_the_generated_past_is_what_the_log_says(database: Database) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await past.load(owner, 300, 400, generation.sources(20))
    loaded = await derived_rows(owner)
    async with owner.transaction():
        await rebuild(owner)
    made = await derived_rows(owner)
    await owner.close()
    assert len(loaded["past_event"]) == 400
    for table, rows in loaded.items():
        assert rows == made[table], table
