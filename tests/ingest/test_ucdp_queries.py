"""The UCDP file, imported and asked, gives what plain Python finds in the file itself.

Nothing of the project is used to find the expected answers: the file is read with ``csv``, days are compared as texts.
"""

import random
from collections.abc import AsyncIterator

import pytest

from api.engine.embedded import EmbeddedServer
from tests.ingest.ucdp import Imported, bound_of, found_by, imported_file, last_day
from tests.writing import check_whole

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
async def imported(server: EmbeddedServer, template: str) -> AsyncIterator[Imported]:
    async with imported_file(server, template) as imported:
        yield imported


def test_every_row_is_an_event(imported: Imported) -> None:
    report = imported.report
    assert report["format"] == "ucdp"
    assert report["encoding"] == "UTF-8"
    assert report["created"] == report["rows"] == len(imported.records)
    assert "The file was unpacked (gzip)." in report["notes"]
    # What is warned of is what was cut: names of conflicts and headlines that are longer than a tag or a title.
    warnings = {warning for result in report["results"] for warning in result["warnings"]}
    assert all(" was cut to " in warning or "cited twice" in warning for warning in warnings), warnings


def _expected(
    records: list[dict[str, str]],
    date_from: str | None,
    date_to: str | None,
    match: str,
    any_of: list[str],
    all_of: list[str],
) -> set[str]:
    lowest, highest = bound_of(date_from, end=False) or "0000", bound_of(date_to, end=True) or "9999"
    ids = set()
    for record in records:
        begins, ends = record["date_start"], record["date_end"]
        if match == "within":
            fits = begins >= lowest and ends <= highest
        elif match == "starts":
            fits = lowest <= begins <= highest
        else:
            fits = ends >= lowest and begins <= highest
        sides = {record["side_a"], record["side_b"]}
        if fits and (not any_of or sides & set(any_of)) and set(all_of) <= sides:
            ids.add(record["id"].removesuffix(".0"))
    return ids


RANGES = [
    ("2016-04-28", "2016-05-05"),
    ("2016-08-01", "2016-08-01"),
    ("2016-04", "2016-04"),
    ("2016-12-30", "2017-01-02"),
    ("2016", "2016"),
    ("2018-02", None),
    (None, "2016-01-03"),
    ("2017-02-28", "2017-03"),
]
ACTORS = [
    ([], []),
    (["Government of Syria"], []),
    (["IS", "SDF"], []),
    ([], ["Government of Syria", "IS"]),
    (["Hawar Kilis Operations Room"], []),
]


@pytest.mark.parametrize(("date_from", "date_to"), RANGES)
async def test_queries_agree_with_the_file(imported: Imported, date_from: str | None, date_to: str | None) -> None:
    for place, (any_of, all_of) in enumerate(ACTORS):
        for match in ("overlaps", "within", "starts"):
            # Everything by its date alone is asked for once; that is many pages.
            if place == 0 and match != "within":
                continue
            query = [("date_match", match)]
            query += [("date_from", date_from)] if date_from else []
            query += [("date_to", date_to)] if date_to else []
            query += [("actor", name) for name in any_of] + [("actor_all", name) for name in all_of]
            found = await found_by(imported.client, query)
            ids = [event["external_ids"]["ucdp"] for event in found]
            assert len(ids) == len(set(ids))
            expected = _expected(imported.records, date_from, date_to, match, any_of, all_of)
            assert set(ids) == expected, (query, len(ids), len(expected))
            counted = await imported.client.http.get("/v1/events", params=[*query, ("count", "exact"), ("limit", "1")])
            assert counted.json()["count"] == {"value": len(expected), "exact": True}


async def test_ranges_that_nobody_chose(imported: Imported) -> None:
    """Bounds of the events themselves, and the days beside them, are where answers would differ."""
    choose = random.Random(20260101)
    rough = [record for record in imported.records if record["date_prec"] != "1.0"]
    total = 0
    for record in choose.sample(rough, 12):
        edge = choose.choice([record["date_start"], record["date_end"]])
        name = choose.choice([record["side_a"], record["side_b"]])
        for match, bounds in (("overlaps", (edge, edge)), ("within", (record["date_start"], record["date_end"]))):
            query = [("date_from", bounds[0]), ("date_to", bounds[1]), ("date_match", match), ("actor", name)]
            ids = {event["external_ids"]["ucdp"] for event in await found_by(imported.client, query)}
            assert ids == _expected(imported.records, *bounds, match, [name], []), query
            assert record["id"].removesuffix(".0") in ids
            total += len(ids)
    assert total > 24


async def test_only_what_is_known_to_the_day_has_one(imported: Imported) -> None:
    found = {
        event["external_ids"]["ucdp"]: event
        for event in await found_by(imported.client, [("date_from", "2016-01"), ("date_to", "2016-06")])
    }
    seen = set()
    for record in imported.records:
        event = found.get(record["id"].removesuffix(".0"))
        if event is None:
            continue
        begins, ends, precision = record["date_start"], record["date_end"], record["date_prec"]
        seen.add(precision)
        when = event["when"]
        assert (when["earliest"], when["latest"]) == (begins, ends)
        if precision == "1.0":
            assert event["date"] == begins
        else:
            assert event["date"] not in (begins, ends)
            assert begins < ends
        if begins[:7] == ends[:7] and begins.endswith("-01") and ends == last_day(begins[:7]):
            assert event["date"] == begins[:7]
    assert {"1.0", "2.0", "4.0", "5.0"} <= seen


async def test_figures_sides_and_articles_are_those_of_the_file(imported: Imported) -> None:
    for record in imported.records[:: max(1, len(imported.records) // 40)]:
        number = record["id"].removesuffix(".0")
        answer = await imported.client.http.get("/v1/events", params={"external_id": f"ucdp:{number}"})
        page = answer.json()
        (event,), included = page["items"], page["included"]
        names = {included["actors"][actor["id"]]["name"]: actor["role"] for actor in event["actors"]}
        roles = ("attacker", "target") if record["type_of_violence"] == "3.0" else ("side-a", "side-b")
        assert names == {record["side_a"]: roles[0], record["side_b"]: roles[1]}
        (row,) = [citation for citation in event["citations"] if citation["locator"] == f"event {number}"]
        killed = row["figures"][0]
        wanted = [int(float(record[name])) for name in ("best", "low", "high")]
        assert [killed[name] for name in ("value", "low", "high")] == wanted
        articles = {
            (included["sources"][one["source"]]["title"], included["sources"][one["source"]]["published"])
            for one in event["citations"]
            if one is not row
        }
        pieces = record["source_article"].strip('"').split('";"')
        dated = {(piece.split(",2")[-1][10:], piece.split(",2")[1][:9]) for piece in pieces}
        assert len(articles) <= len(pieces)
        assert {published for _, published in articles} == {"2" + day for _, day in dated}
        assert event["places"][0]["latitude"] == float(record["latitude"])
        assert event["places"][0]["country"] == "SY"


async def test_all_of_it_holds_together(imported: Imported) -> None:
    await check_whole(imported.client)
    again = await imported.client.http.get("/v1/events", params={"limit": 1, "count": "exact"})
    assert again.json()["count"]["value"] == len(imported.records)
