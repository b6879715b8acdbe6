"""Rows of UCDP GED: dates never closer than the dataset knows them, and everything else where it belongs."""

from typing import Any

import pytest

from api.formats import ucdp
from schema.batch import BatchRow
from schema.edtf import parse
from schema.validation import Flaw, read

RECORD = {
    "id": "901.0",
    "type_of_violence": "2.0",
    "conflict_new_id": "11.0",
    "conflict_name": "Reds - Blues",
    "dyad_new_id": "12.0",
    "dyad_name": "Reds - Blues",
    "side_a_new_id": "21.0",
    "side_a": "Reds",
    "side_b_new_id": "22.0",
    "side_b": "Blues",
    "source_article": (
        '"The Gazette, Northern edition,2001-03-05,Two, no "three", fall";"Echo,2001-03-06,;";"no article"'
    ),
    "source_original": "A shepherd",
    "where_prec": "3.0",
    "where_coordinates": "Oldbridge town",
    "adm_1": "North province",
    "adm_2": "",
    "latitude": "10.5",
    "longitude": "-3.25",
    "country": "Mali",
    "country_id": "432.0",
    "event_clarity": "2.0",
    "date_prec": "1.0",
    "date_start": "2001-03-04",
    "date_end": "2001-03-04",
    "deaths_a": "1.0",
    "deaths_b": "0.0",
    "deaths_civilians": "",
    "deaths_unknown": "2.0",
    "low": "3.0",
    "best": "3.0",
    "high": "7.0",
}


def made(**changes: str) -> dict[str, Any]:
    row = ucdp.row_of(RECORD | changes, 4)
    assert not row.flaws, row.flaws
    assert row.value is not None
    assert not read(row.value, BatchRow).flaws
    return row.value


@pytest.mark.parametrize(
    ("precision", "begins", "ends", "date"),
    [
        ("1", "2001-03-04", "2001-03-04", "2001-03-04"),
        ("2.0", "2001-03-04", "2001-03-06", "[2001-03-04..2001-03-06]"),
        ("3", "2001-03-04", "2001-03-10", "[2001-03-04..2001-03-10]"),
        ("4", "2001-03-01", "2001-03-31", "2001-03"),
        ("4", "2000-02-01", "2000-02-29", "2000-02"),
        ("4", "1900-02-01", "1900-02-28", "1900-02"),
        ("4", "2000-02-01", "2000-02-28", "[2000-02-01..2000-02-28]"),
        ("4", "2001-03-15", "2001-04-11", "[2001-03-15..2001-04-11]"),
        ("5", "2001-01-01", "2001-12-31", "2001"),
        ("5", "2001-01-01", "2001-06-30", "[2001-01-01..2001-06-30]"),
        ("4", "2001-03-15", "2001-03-15", "2001-03"),
        ("5", "2001-03-15", "2001-03-15", "2001"),
    ],
)
def test_dates(precision: str, begins: str, ends: str, date: str) -> None:
    assert made(date_prec=precision, date_start=begins, date_end=f"{ends} 00:00:00.000")["date"] == date
    when = parse(date)
    if begins != ends:
        assert (when.earliest, when.latest) == (begins, ends)
    assert (when.earliest == when.latest) == (precision == "1")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"date_prec": "2"}, "/date_prec"),
        ({"date_prec": "3"}, "/date_prec"),
        ({"date_end": "2001-03-05"}, "/date_prec"),
        ({"date_prec": "6"}, "/date_prec"),
        ({"date_prec": ""}, "/date_prec"),
        ({"date_start": "March 2001"}, "/date_start"),
        ({"id": "x"}, "/id"),
        ({"type_of_violence": "4"}, "/type_of_violence"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, str], place: str) -> None:
    flaws: list[Flaw] = list(ucdp.row_of(RECORD | changes, 0).flaws)
    assert [flaw.pointer for flaw in flaws] == [place]


def test_a_day_that_is_none_is_refused_where_the_row_is_read() -> None:
    row = ucdp.row_of(RECORD | {"date_start": "2001-02-30", "date_end": "2001-02-30"}, 0)
    assert [flaw.pointer for flaw in read(row.value, BatchRow).flaws] == ["/date"]


def test_the_whole_row() -> None:
    value = made()
    assert value["title"] == "Reds against Blues, Oldbridge town"
    assert value["kind"] == "battle"
    assert value["actors"] == [{"id": "reds", "role": "side-a"}, {"id": "blues", "role": "side-b"}]
    assert value["tags"] == ["Reds - Blues", "UCDP event clarity 2"]
    assert value["external_ids"] == {"ucdp": "901", "ucdp-conflict": "11", "ucdp-dyad": "12"}
    assert value["summary"] == "First reported by: A shepherd."
    assert value["places"] == [
        {
            "name": "Oldbridge town, North province",
            "country": "ML",
            "latitude": 10.5,
            "longitude": -3.25,
            "precision": "district",
        }
    ]
    row, *articles = value["citations"]
    assert (row["locator"], row["attribution"]) == ("event 901", ["the-gazette-northern-edition"])
    assert row["figures"] == [
        {"measure": "killed", "value": 3, "low": 3, "high": 7, "bound": "about"},
        {"measure": "killed-side-a", "value": 1, "bound": "about"},
        {"measure": "killed-side-b", "value": 0, "bound": "about"},
        {"measure": "killed-unknown", "value": 2, "bound": "about"},
    ]
    assert [article["source"]["title"] for article in articles] == ['Two, no "three", fall', ";", "no article"]
    assert articles[0]["source"]["published"] == "2001-03-05"
    assert articles[0]["source"]["publisher"] == "the-gazette-northern-edition"
    assert "publisher" not in articles[2]["source"]
    assert ucdp.row_of(RECORD, 0).warnings == ["An article is not written as office, date and headline: 'no article'."]


def test_sides_are_what_the_dataset_says() -> None:
    value = made(type_of_violence="3", side_a="Government of Mali", side_b="Civilians")
    assert value["kind"] == "violence-against-civilians"
    assert [actor["role"] for actor in value["actors"]] == ["attacker", "target"]
    kinds = {actor["id"]: actor["kind"] for actor in value["new_actors"]}
    assert kinds["government-of-mali"] == "state"
    assert kinds["civilians"] == "population"
    assert made()["new_actors"][0] == {
        "id": "reds",
        "name": "Reds",
        "kind": "armed-force",
        "external_ids": {"ucdp": "21"},
    }


def test_the_same_event_has_the_same_id_always() -> None:
    assert made()["id"] == made(id="901", side_a="Greens")["id"] != made(id="902")["id"]


def test_what_is_missing_or_odd_is_told() -> None:
    row = ucdp.row_of(
        RECORD
        | {"country_id": "9999", "side_b": "", "best": "many", "source_article": '"Echo,2001-13-06,"', "latitude": "x"},
        0,
    )
    assert "best" not in str(row.value)
    assert [warning.split("'")[0].split("(")[0].strip() for warning in row.warnings] == [
        "The column side_b is empty.",
        "2001-13-06 is no day; the article is left undated.",
        "An article has no headline.",
        "No country code is known for",
        "The column latitude has no number:",
    ]
