"""GeoJSON: read back by a validator of RFC 7946; nothing lost, nothing closer than it is."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from geojson_pydantic import FeatureCollection

from api.formats.entry import Part
from api.formats.geojson import WRITER
from tests.formats.parts import HEADING, in_pieces, sample_part, single, written

ISTANBUL = {"name": "Istanbul", "country": "TR", "latitude": 41.01, "longitude": 28.98, "precision": "city"}


async def feature(row: dict[str, Any] | None = None, **read_only: Any) -> dict[str, Any]:
    text = await written(WRITER, single(row, **read_only))
    FeatureCollection.model_validate_json(text)
    found: dict[str, Any] = json.loads(text)["features"][0]
    return found


async def test_the_shipped_chronology_is_valid_and_whole() -> None:
    part = sample_part()
    text = await written(WRITER, *in_pieces(part, 7))
    collection = FeatureCollection.model_validate_json(text)
    assert len(collection.features) == len(part.entries) == 30
    for read, entry in zip(collection.features, part.entries, strict=True):
        event, properties = entry.event, dict(read.properties or {})
        assert (str(read.id), properties["title"]) == (str(event.id), event.title)
        assert (properties["date"], properties["when"]["display"]) == (event.date.text, event.when.display)
        assert len(properties["citations"]) == len(event.citations)
        for cited, citation in zip(properties["citations"], event.citations, strict=True):
            assert cited["title"] == part.sources[citation.source].title
            assert len(cited["figures"]) == len(citation.figures)
    members = json.loads(text)
    assert (members["title"], members["sequence"], members["licence"]) == (HEADING.title, HEADING.sequence, "CC0-1.0")


@pytest.mark.parametrize(
    ("places", "geometry"),
    [
        ([], None),
        ([{"name": "Kursk"}], None),
        ([ISTANBUL], {"type": "Point", "coordinates": [28.98, 41.01]}),
        (
            [ISTANBUL, {"name": "Kursk"}, {**ISTANBUL, "role": "venue"}],
            {"type": "Point", "coordinates": [28.98, 41.01]},
        ),
        (
            [ISTANBUL, {"name": "Kursk", "latitude": 51.7, "longitude": 36.2}],
            {"type": "MultiPoint", "coordinates": [[28.98, 41.01], [36.2, 51.7]]},
        ),
        ([{"name": "Null Island", "latitude": 0, "longitude": 0}], {"type": "Point", "coordinates": [0.0, 0.0]}),
    ],
)
async def test_positions_are_longitude_before_latitude(places: list[Any], geometry: object) -> None:
    found = await feature({"places": places})
    assert found["geometry"] == geometry
    assert [place["name"] for place in found["properties"]["places"]] == [place["name"] for place in places]


@pytest.mark.parametrize("date", ["2024-06", "2024~", "2023-09/..", "[2022-02..2025-04]", "-0043-03-13", "Y170000002"])
async def test_a_rough_date_stays_rough(date: str) -> None:
    properties = (await feature({"date": date}))["properties"]
    assert properties["date"] == date
    event = single({"date": date}).entries[0].event
    assert properties["when"] == {name: getattr(event.when, name) for name in event.when.__struct_fields__}


async def test_citations_come_along_whole() -> None:
    cited = {
        "stance": "disputes",
        "attribution": ["paper", "A witness"],
        "quote": "It was <b>not</b> so.",
        "as_stated": "earlier this year",
        "figures": [{"measure": "killed", "value": 600, "bound": "about"}],
        "credibility": 3,
    }
    found = await feature({"citation": cited, "actor": {"reliability": "C"}}, note="A note")
    (citation,) = found["properties"]["citations"]
    assert (citation["publisher"], citation["attribution"]) == ("The Paper", ["The Paper", "A witness"])
    assert (citation["url"], citation["published"], citation["reliability"]) == (
        "https://paper.test/a",
        "2025-05-30?",
        "C",
    )
    assert (citation["stance"], citation["quote"], citation["credibility"]) == ("disputes", "It was <b>not</b> so.", 3)
    assert citation["figures"][0]["value"] == 600
    assert found["properties"]["note"] == "A note"
    assert found["properties"]["evidence"] == {"supporting": 0, "disputing": 1, "origins": 0}


async def test_an_empty_collection_is_valid() -> None:
    assert FeatureCollection.model_validate_json(await written(WRITER)).features == []


async def test_what_ends_half_way_does_not_look_whole() -> None:
    async def broken() -> AsyncIterator[Part]:
        yield single()
        raise ConnectionError

    pieces: list[bytes] = []

    async def receive() -> None:
        async for piece in WRITER.write(HEADING, broken()):
            pieces.append(piece)

    with pytest.raises(ConnectionError):
        await receive()
    assert b'"Something happens"' in b"".join(pieces)
    with pytest.raises(json.JSONDecodeError):
        json.loads(b"".join(pieces))
