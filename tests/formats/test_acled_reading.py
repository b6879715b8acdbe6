"""Rows of ACLED, from a few of our own invention."""

import csv
import io
from typing import Any

import pytest

from api.formats import acled
from schema.batch import BatchRow
from schema.edtf import parse
from schema.validation import read
from tests.conftest import Client
from tests.ingest.files import events, send_file, statuses

FILE = """\
event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,assoc_actor_1,inter1,actor2,assoc_actor_2,inter2,interaction,civilian_targeting,iso,region,country,admin1,admin2,admin3,location,latitude,longitude,geo_precision,source,source_scale,notes,fatalities,tags,timestamp
XYZ1,2024-06-12,2024,1,Political violence,Battles,Armed clash,Military Forces of Ruritania,Ruritania Air; Town Guard,State forces,Northern Front,,Rebel group,State forces-Rebel group,,470,Europe,Malta,North,Hills,,Oldbridge,35.9,14.4,1,Daily Echo; The Gazette,National,"On 12 June, both sides fought.",4,crowd size=no report,1718200000
XYZ2,14 June 2024,2024,2,Political violence,Explosions/Remote violence,Shelling,Northern Front,,2,Civilians (Ruritania),,7,27,Civilian targeting,470,Europe,Malta,North,Hills,,Oldbridge,35.9,14.4,2,Daily Echo,National,,0,,1718200000
XYZ3,2024-06-15,2024,3,Demonstrations,Protests,Peaceful protest,Protesters (Ruritania),Teachers (Ruritania),Protesters,,,,Protesters only,,470,Europe,Malta,South,,,Newport,35.8,14.5,3,,National,Teachers marched in June.,0,,1718200000
XYZ4,2024-06-31,2024,1,Demonstrations,Riots,Mob violence,Rioters (Ruritania),,Rioters,,,,Rioters only,,470,Europe,Malta,South,,,Newport,35.8,14.5,1,Daily Echo,National,,0,,1718200000
"""  # noqa: E501 - the columns as they are
RECORDS = list(csv.DictReader(io.StringIO(FILE)))


@pytest.mark.parametrize(
    ("precision", "date", "edtf"),
    [
        ("1", "2024-06-12", "2024-06-12"),
        ("1.0", "2 June 2024", "2024-06-02"),
        ("2", "2024-03-01", "[2024-02-27~..2024-03-04~]"),
        ("3", "15 June 2024", "2024-06"),
    ],
)
def test_dates(precision: str, date: str, edtf: str) -> None:
    row = acled.row_of(RECORDS[0] | {"time_precision": precision, "event_date": date}, 0)
    assert not row.flaws
    assert row.value is not None
    assert row.value["date"] == edtf
    assert parse(edtf).text == edtf


@pytest.mark.parametrize(
    "changes", [{"time_precision": "4"}, {"time_precision": ""}, {"event_date": "06/12/2024"}, {"event_date": "2024"}]
)
def test_nothing_is_guessed(changes: dict[str, str]) -> None:
    assert [flaw.pointer for flaw in acled.row_of(RECORDS[0] | changes, 0).flaws] == [f"/{next(iter(changes))}"]


def test_the_whole_row() -> None:
    row = acled.row_of(RECORDS[0], 0)
    value: Any = row.value
    assert not read(value, BatchRow).flaws
    assert (row.flaws, row.warnings) == ([], [])
    assert value["title"] == "Armed clash: Military Forces of Ruritania / Northern Front, Oldbridge"
    assert value["actors"] == [
        {"id": "military-forces-of-ruritania", "role": "side-a"},
        {"id": "ruritania-air", "role": "associate-of-side-a"},
        {"id": "town-guard", "role": "associate-of-side-a"},
        {"id": "northern-front", "role": "side-b"},
    ]
    assert value["places"][0] == {
        "name": "Oldbridge, Hills, North",
        "country": "MT",
        "latitude": 35.9,
        "longitude": 14.4,
        "precision": "city",
    }
    first, second = value["citations"]
    assert (first["attribution"], second["attribution"]) == (["daily-echo"], ["the-gazette"])
    assert first["figures"] == [{"measure": "killed", "value": 4}]
    assert "figures" not in second
    assert value["external_ids"] == {"acled": "XYZ1"}
    assert value["tags"] == ["Political violence", "Armed clash", "crowd size=no report"]


async def test_a_file_is_known_and_imported(client: Client) -> None:
    report = await send_file(client, FILE.encode(), "export.csv")
    assert (report["format"], statuses(report)) == ("acled", ["created", "created", "created", "refused"])
    assert report["results"][2]["warnings"] == ["The column source is empty; the row cites the dataset alone."]
    assert statuses(await send_file(client, FILE.encode(), "export.csv")) == ["unchanged"] * 3 + ["refused"]
    found = {event["external_ids"]["acled"]: event for event in await events(client)}
    assert [found[key]["date"] for key in ("XYZ1", "XYZ2", "XYZ3")] == [
        "2024-06-12",
        "[2024-06-11~..2024-06-17~]",
        "2024-06",
    ]
    # Each source that is named is an origin of its own.
    assert [found[key]["evidence"]["origins"] for key in ("XYZ1", "XYZ2", "XYZ3")] == [2, 1, 1]
    assert [found[key]["kind"] for key in ("XYZ1", "XYZ2", "XYZ3")] == ["battle", "attack", "protest"]
