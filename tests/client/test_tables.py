"""Tables for pandas: one row for each event, and no date made more precise than it is."""

import sys
from typing import Any

import pandas
import pytest

from dateline_client import AsyncDateline
from dateline_client.tables import table_of
from tests.client.support import Watched, application_of, in_process
from tests.conftest import Client
from tests.writing import event_body


async def test_a_table_has_what_the_events_have(reader: AsyncDateline, sample: Client) -> None:
    table = await reader.table(actor="north-korea", date_from="2024")
    items = (
        await sample.http.get("/v1/events", params={"actor": "north-korea", "date_from": "2024", "limit": 1000})
    ).json()["items"]
    assert list(table["id"]) == [item["id"] for item in items]
    assert list(table["date"]) == [item["date"] for item in items]
    assert list(table["earliest"]) == [item["when"]["earliest"] for item in items]
    assert list(table["actors"]) == [[actor["id"] for actor in item["actors"]] for item in items]
    assert list(table["supporting"]) == [item["evidence"]["supporting"] for item in items]
    assert [when.isoformat() for when in table["updated_at"]] == [
        pandas.Timestamp(item["updated_at"]).isoformat() for item in items
    ]
    counts = table.explode("actor_names")["actor_names"].value_counts()
    assert counts["North Korea"] == len(items)


DATES = ["2024-06", "2024-06-18", "1204~", "-0044-03-15", "Y-17000", "2024-06/..", "/2024", "2024-02?"]


async def test_no_date_is_lost_or_made_more_precise(desk: AsyncDateline) -> None:
    rows: list[Any] = [event_body(title=date, date=date) for date in DATES]
    answer = await desk.write_events(rows)
    assert answer.created == len(rows)
    table = await desk.table()
    by_title = table.set_index("title")
    for row in rows:
        assert by_title.loc[row["title"], "date"] == row["date"]
        assert isinstance(by_title.loc[row["title"], "date"], str)
    assert by_title.loc["2024-06", "earliest"] == "2024-06-01"
    assert by_title.loc["1204~", "earliest"].startswith("1204")
    assert by_title.loc["Y-17000", "latest"].startswith("-17000")
    assert by_title.loc["2024-06/..", "latest"] is None
    exact = table[table["precision"] == "day"]
    assert sorted(exact["date"]) == ["-0044-03-15", "2024-06-18"]


async def test_a_table_of_nothing_has_the_same_columns(reader: AsyncDateline) -> None:
    nothing = await reader.table(date_from="1200", date_to="1201")
    something = await reader.table(max_items=3)
    assert (len(nothing), len(something)) == (0, 3)
    assert list(nothing.columns) == list(something.columns)
    assert list(nothing.dtypes) == list(something.dtypes) == list(table_of([]).dtypes)


async def test_places_have_their_degrees_the_equator_too(desk: AsyncDateline) -> None:
    places = [{"name": "Kisumu", "country": "KE"}, {"name": "The equator", "latitude": 0, "longitude": 34.5}]
    await desk.create_event(event_body(title="There", places=places))
    await desk.create_event(event_body(title="Nowhere"))
    table = (await desk.table()).set_index("title")
    assert (table.loc["There", "latitude"], table.loc["There", "longitude"]) == (0.0, 34.5)
    assert table.loc["There", "countries"] == ["KE"]
    assert table.loc["Nowhere", "latitude"] is pandas.NA


async def test_without_pandas_it_is_told_how_to_get_it(sample: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    watched = Watched(application_of(sample))
    async with in_process(sample, transport=watched) as reader:
        with pytest.raises(ImportError, match=r"pip install 'dateline-client\[pandas\]'"):
            await reader.table()
    assert watched.requests == []
