"""What each filter costs on 100,000 skewed events: alone and in pairs, in every order, under both kinds of plan.

Everything that a request really sends to the tables of events is explained and counted, not only what fetches the
page. Where dates order the page the bound is a number of rows for each row given. Where changes do, no index has a
term in that order, and the bound is what it takes to choose between two ways; see ARCHITECTURE.md.
"""

import re
import time

import pytest

from api.store.select.chosen import FEW
from tests.store import generation
from tests.store.crowded import EVENTS, Crowded
from tests.store.plans import Plan, explain

pytestmark = pytest.mark.soak

_LIMIT = 50
_MODES = ("force_custom_plan", "force_generic_plan")
_MOST_PER_ROW = 20

_CITED = generation.sources()
_LATE = generation.written_at(EVENTS - 40)
_EARLY = generation.written_at(10)
#: Each filter, with values that many events have and such that few have.
_ALONE = [
    *(f"min_precision={precision}" for precision in ("second", "day", "month", "year", "era")),
    *(f"source={_CITED[rank].id}" for rank in (0, 999)),
    *(f"publisher={generation.PUBLISHERS[rank]}" for rank in (0, 39)),
    *(f"min_reliability={grade}" for grade in "ABE"),
    *(f"min_origins={origins}" for origins in (1, 2, 4, 10)),
    *("disputed=true", "disputed=false", "overdue=true", "overdue=false"),
    *("country=TR", "country=BW", "country=TR&country=AR&country=BW"),
    *("bbox=22.1,44.3,40.2,52.4", "bbox=-180,-90,180,90", "bbox=170,-60,-170,60", "bbox=29,41,29,41"),
    *(f"updated_from={instant}" for instant in (_EARLY, _LATE)),
    *("external_id=archive:box:7", "external_id=wikidata:Q7"),
]
_MONTH = "date_from=2024-06&date_to=2024-06"
_YEARS = "date_from=2010&date_to=2019"
#: What is likeliest to be asked for together: who, where and when, and how well it is known.
_PAIRS = [
    (_MONTH, "actor=actor-0001"),
    (_MONTH, "country=TR"),
    (_YEARS, "bbox=22.1,44.3,40.2,52.4"),
    (_MONTH, "publisher=actor-0101"),
    (_MONTH, "min_reliability=B"),
    (_YEARS, "min_reliability=E"),
    (_MONTH, "min_precision=day"),
    (_MONTH, "disputed=true"),
    ("actor=actor-0001", "country=TR"),
    ("actor=actor-0001", "min_reliability=B"),
    ("actor=actor-0001", "min_origins=2"),
    ("actor=actor-0001", "min_precision=day"),
    ("actor=actor-0001", "disputed=true"),
    ("actor=actor-0001", "overdue=true"),
    ("actor=actor-0001", "publisher=actor-0101"),
    ("actor=actor-0001", f"updated_from={_LATE}"),
    ("country=TR", "kind=acknowledgement"),
    ("country=TR", "min_confidence=moderate"),
    ("kind=acknowledgement", "bbox=22.1,44.3,40.2,52.4"),
    ("min_reliability=B", "min_origins=2"),
]


class Cost:
    """What one page took: the plans of all that it sent to the tables of events."""

    def __init__(self, given: int, following: str | None, plans: list[Plan]) -> None:
        self.given, self.following = given, following
        self.rows_read = sum(plan.rows_read for plan in plans)
        self.sequential = [table for plan in plans for table in plan.sequential]
        self.largest_sort = max((plan.largest_unlimited for plan in plans), default=0.0)

    @property
    def most(self) -> int:
        # The last page may read to the end, as one would that is full.
        return _MOST_PER_ROW * (self.given if self.following else _LIMIT)


async def _costs(crowded: Crowded, query: str) -> list[Cost]:
    """The cost of the first page under both kinds of plan, and of one 1,000 events on under that for any value."""
    costs = await _cost(crowded, query, _MODES)
    _, following, _ = await crowded.ask(f"{query}&limit=1000")
    return costs + (await _cost(crowded, f"{query}&cursor={following}", _MODES[1:]) if following else [])


async def _cost(crowded: Crowded, query: str, modes: tuple[str, ...]) -> list[Cost]:
    given, following, _ = await crowded.ask(f"{query}&limit={_LIMIT}")
    sent = [sent for sent in crowded.store.sent if re.search(r"\bevent(_term)?\b", sent.sql)]
    return [Cost(given, following, [await explain(crowded.database, one, mode) for one in sent]) for mode in modes]


def _both_orders(first: str, second: str) -> list[str]:
    return [f"{first}&{second}", f"{second}&{first}"]


@pytest.mark.parametrize("sort", ["date", "-date"])
@pytest.mark.parametrize("query", [*_ALONE, *(query for pair in _PAIRS for query in _both_orders(*pair))])
async def test_a_page_by_date_reads_little_more_than_it_gives(crowded: Crowded, query: str, sort: str) -> None:
    for cost in await _costs(crowded, f"{query}&sort={sort}"):
        assert cost.sequential == []
        # Only what has changed lately is put in order at once, and only if it is little.
        assert cost.largest_sort <= (FEW if f"updated_from={_LATE}" in query else 0)
        assert cost.rows_read <= cost.most


@pytest.mark.parametrize("sort", ["updated", "-updated"])
@pytest.mark.parametrize("query", [*_ALONE, *(query for pair in _PAIRS for query in _both_orders(*pair)[:1])])
async def test_a_page_by_change_reads_few_or_along_the_changes(crowded: Crowded, query: str, sort: str) -> None:
    """Either all that can match, which is few, or the last changes up to a page of what matches."""
    counted = await crowded.http.get(f"/v1/events?{query}&count=exact&limit=1")
    count = counted.json()["count"]
    assert count["exact"]
    found = count["value"]
    # Looking for few reads one more than few at most, and what is probed for; then they are read.
    few = 5 * (FEW + 1)
    # Each change is read and probed for each filter, until a page is full; three times over, as chance has it.
    along = 3 * 3 * (_LIMIT + 1) * EVENTS / max(found, 1)
    for cost in await _costs(crowded, f"{query}&sort={sort}"):
        assert cost.sequential == []
        assert cost.largest_sort <= FEW
        assert cost.rows_read <= cost.most + few + (0 if found <= FEW / 2 else along)


async def test_what_changed_between_few_and_many_is_bounded_by_a_walk(crowded: Crowded) -> None:
    """By date, what changed since is looked for in order, which reads the more the rarer it is: at worst 1 in 200."""
    for back in (600, 5_000, 20_000):
        query = f"updated_from={generation.written_at(EVENTS - back)}"
        for sort in ("date", "-date"):
            for cost in await _cost(crowded, f"{query}&sort={sort}", _MODES):
                assert cost.given == _LIMIT
                assert cost.sequential == []
                assert cost.rows_read <= cost.most + FEW + 3 * 2 * (_LIMIT + 1) * EVENTS / back


def _is_now(value: object) -> bool:
    return isinstance(value, int) and abs(value - int(time.time())) < 600


async def test_the_selective_filter_leads_whatever_the_order(crowded: Crowded) -> None:
    """The same statement with the same values, of which the rare ones are walked."""
    for rare, popular in (
        (f"source={_CITED[999].id}", "disputed=false"),
        ("external_id=archive:box:7", "min_origins=1"),
        ("country=BW", "min_precision=era"),
        ("bbox=29,41,29,41", "min_reliability=E"),
        ("tag=tag%20300", "min_reliability=E"),
        ("overdue=true", "min_precision=era"),
    ):
        for sort in ("date", "-date"):
            sent_values = []
            for query in _both_orders(rare, popular):
                _, _, sent = await crowded.ask(f"{query}&sort={sort}&limit={_LIMIT}")
                assert sent is not None
                # The present time is one of the values.
                timeless = [value for value in sent.values if not _is_now(value)]
                sent_values.append((sent.sql, timeless))
                plan = await explain(crowded.database, sent, "force_generic_plan")
                # Had the popular one led, it would have been read far beyond this to find a page of the rare one.
                assert plan.rows_read <= _MOST_PER_ROW * _LIMIT
            assert sent_values[0] == sent_values[1]
