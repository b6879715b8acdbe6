"""What a page of a chronology's events costs: as little as one of all events, and a look at what was picked by hand."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from api.store.chronology_events import list_chronology_events
from schema.chronology import MAXIMUM_ITEMS, Chronology, ChronologyItem
from schema.edtf import Match, parse
from schema.query import EventFilter, EventQuery, Sort
from tests.store.crowded import EVENTS, Crowded
from tests.store.plans import Plan, explain

_LIMIT = 50
_MOST_PER_ROW = 20
_MODES = ("force_custom_plan", "force_generic_plan")


def _window(first: str, last: str, match: Match = Match.OVERLAPS) -> dict[str, object]:
    return {"date_from": parse(first), "date_to": parse(last), "date_match": match}


def _chronology(own: EventFilter | None, picked: list[UUID]) -> Chronology:
    return Chronology(
        slug="one",
        title="One",
        filter=own,
        items=[ChronologyItem(event_id=event_id) for event_id in picked],
        revision=1,
        sequence=1,
        created_at="",
        updated_at="",
    )


async def _plans(crowded: Crowded, chronology: Chronology, asked: EventQuery) -> AsyncIterator[tuple[int, Plan]]:
    """How many events are on the page, and how the statement that gave it runs."""
    crowded.store.sent.clear()
    listed, _ = await list_chronology_events(crowded.store, chronology, asked, edit=False)
    pages = [sent for sent in crowded.store.sent if "WITH page" in sent.sql]
    for sent in pages:
        for mode in _MODES:
            yield len(listed.page.items), await explain(crowded.database, sent, mode)


_ASKED = [
    (EventFilter(actor=["actor-0001"]), EventQuery(kind=["acknowledgement"])),
    (EventFilter(**_window("2010", "2019")), EventQuery(**_window("2012", "2012-06"))),
    (EventFilter(**_window("2012", "2012-06")), EventQuery(**_window("2010", "2019"))),
    (EventFilter(**_window("2000", "2012")), EventQuery(**_window("2011", "2024"))),
    (EventFilter(**_window("2010", "2019", Match.WITHIN)), EventQuery(**_window("2012", "2024", Match.STARTS))),
    (EventFilter(**_window("1990", "1999")), EventQuery(**_window("2015", "2024"))),
    (EventFilter(**_window("2010", "2019"), actor=["actor-0001"]), EventQuery(**_window("2015", "2016"))),
]


@pytest.mark.parametrize("sort", [Sort.DATE, Sort.DATE_DESCENDING])
@pytest.mark.parametrize(("own", "asked"), _ASKED)
async def test_a_page_of_two_filters_reads_little(
    crowded: Crowded, own: EventFilter, asked: EventQuery, sort: Sort
) -> None:
    """Wherever the two windows lie: the walk begins in the later one, and ends with the earlier one."""
    ran = 0
    query = EventQuery(**{name: getattr(asked, name) for name in asked.__struct_fields__} | {"sort": sort})
    async for found, plan in _plans(crowded, _chronology(own, []), query):
        ran += 1
        assert plan.sequential == []
        assert plan.rows_read <= _MOST_PER_ROW * max(found, _LIMIT), (plan.rows_read, found)
    assert ran == len(_MODES)


@pytest.mark.parametrize("sort", [None, Sort.DATE, Sort.UPDATED_DESCENDING])
async def test_a_thousand_picks_are_each_looked_at_once(crowded: Crowded, sort: Sort | None) -> None:
    rows = await crowded.database.fetch(
        "SELECT id FROM event WHERE state = 'published' ORDER BY id LIMIT $1", MAXIMUM_ITEMS
    )
    picked = [row["id"] for row in rows]
    for own in (None, EventFilter(actor=["actor-0001"])):
        async for found, plan in _plans(crowded, _chronology(own, picked), EventQuery(sort=sort)):
            assert found == _LIMIT
            assert plan.sequential == []
            along = EVENTS / 10 if sort is Sort.UPDATED_DESCENDING else 0
            assert plan.rows_read <= _MOST_PER_ROW * _LIMIT + 2 * MAXIMUM_ITEMS + along, plan.rows_read
