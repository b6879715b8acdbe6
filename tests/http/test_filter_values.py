"""Invalid values of filters are refused by name, with what would be right."""

from urllib.parse import quote

import pytest

from tests.conftest import Client
from tests.writing import check_problem, fault_at, make_actors

_BOX, _INSTANT = "22.1,44.3,40.2,52.4", "2025-06-01T00:00:00Z"


@pytest.mark.parametrize(
    ("parameter", "value", "right"),
    [
        *(
            ("bbox", value, _BOX)
            for value in (
                "40,60,50,50",
                "-181,0,0,0",
                "0,0,180.1,0",
                "0,-91,0,0",
                "0,0,0,90.0001",
                "1,2,3",
                "1,2,3,4,5",
                "nan,0,0,0",
                "NaN,NaN,NaN,NaN",
                "inf,0,0,0",
                "1, 2, 3, 4",
                " 1,2,3,4",
                "1,2,3,4\n",
                "1;2;3;4",
                "1e1,2,3,4",
                "1,2,,4",
                "٣,2,3,4",
                "1.,2,3,4",
                "0x1,2,3,4",
            )
        ),
        *(
            ("updated_from", value, _INSTANT)
            for value in (
                "2025-06-01",
                "2025-06-01T00:00:00",
                "2025-06-01 00:00:00Z",
                "2025-06-01T00:00:00 03:00",  # a plus sign that was not encoded
                "2025-06-01T24:00:00Z",
                "2025-06-01T23:59:60Z",
                "2025-06-01T00:60:00Z",
                "2025-02-29T00:00:00Z",
                "2025-13-01T00:00:00Z",
                "2025-06-01T00:00:00+24:00",
                "2025-06-01T00:00:00+03:60",
                "2025-06-01T00:00Z",
                "0000-01-01T00:00:00Z",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-12:00",
                "2025-06-01T00:00:00.Z",
                "20250601T000000Z",
                "2025-06",
                "yesterday",
            )
        ),
        *(
            ("external_id", value, "scheme:value, like wikidata:Q423")
            for value in ("Q1", ":Q1", "wikidata:", "Wiki:Q1")
        ),
        ("bbox", "1," * 60, None),
        ("min_reliability", "F", "A, B, C, D or E"),
        ("min_reliability", "b", None),
        ("min_reliability", "G", None),
        *(("min_origins", value, None) for value in ("0", "11", "-1", "1.5", "many")),
        *(("country", value, "two capital letters, like TR") for value in ("tr", "TUR", "Türkiye", "T1")),
        *(("overdue", value, None) for value in ("maybe", "1", "True")),
        ("disputed", "yes", None),
        ("source", "the-paper", None),
        ("source", "0199c3a40000700080000000000000zz", None),
        ("min_precision", "weeks", None),
        ("min_precision", "days", "day"),
        ("count", "foo", None),
        ("count", "exakt", "exact"),
        ("sort", "updatd", "updated"),
        ("sort", "relevance", None),
        ("publisher", "", None),
    ],
)
async def test_a_value_that_cannot_be_meant_is_refused(
    sample: Client, parameter: str, value: str, right: str | None
) -> None:
    answer = await sample.http.get(f"/v1/events?{parameter}={quote(value)}")
    fault = fault_at(check_problem(answer, "invalid-parameters", places={parameter}), parameter)
    if right is not None:
        assert right in fault["suggestion"]
    assert fault["detail"].strip()


@pytest.mark.parametrize(
    "query",
    [
        "bbox=-180,-90,180,90",
        "bbox=180,-90,-180,90",
        "bbox=0,0,0,0",
        "bbox=-0,-0,-0.0,0",
        "updated_from=0001-01-01T00:00:00Z",
        "updated_from=0001-01-01T00:00:00-12:00",
        "updated_from=9999-12-31T23:59:59Z",
        "updated_from=9999-12-31T23:59:59.999999999%2B14:00",
        "updated_from=2025-06-01t00:00:00z",
        "external_id=acled:RUS:1",
        "min_origins=10",
        "source=0199c3a4-0000-7000-8000-0000000000ff",
        "country=XX",
        "overdue=false&count=exact",
    ],
)
async def test_values_at_the_edge_are_taken(sample: Client, query: str) -> None:
    for sort in ("date", "-updated"):
        answer = await sample.http.get(f"/v1/events?{query}&sort={sort}")
        assert answer.status_code == 200, answer.text


async def test_several_values_that_cannot_be_meant_are_named_together(sample: Client) -> None:
    answer = await sample.http.get(
        "/v1/events?bbox=1,2,3&updated_from=2025-06-01T24:00:00Z&min_reliability=F&country=tr&min_origins=0&count=foo"
    )
    check_problem(
        answer,
        "invalid-parameters",
        places={"bbox", "updated_from", "min_reliability", "country", "min_origins", "count"},
    )


async def test_publishers_that_nobody_is_or_several_are(client: Client) -> None:
    await make_actors(client)
    near = fault_at(
        check_problem(await client.http.get("/v1/events?publisher=The%20Gazete"), "invalid-parameters"), "publisher"
    )
    assert "the-gazette" in near["suggestion"]
    several = fault_at(
        check_problem(await client.http.get("/v1/events?publisher=Korea&actor=DPRK"), "invalid-parameters"),
        "publisher",
    )
    assert "north-korea" in several["suggestion"]
    assert "south-korea" in several["suggestion"]
    both = await client.http.get("/v1/events?publisher=Nobody&actor=Nobody")
    check_problem(both, "invalid-parameters", places={"publisher", "actor"})
    for name in ("the-paper", "The Paper", "the paper"):
        assert (await client.http.get("/v1/events", params={"publisher": name})).status_code == 200
