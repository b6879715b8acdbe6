"""Ranges, actors, texts and memberships asked for together give what plain Python finds in the UCDP file itself.

Nothing of the project is used to find the expected answers: words are runs of letters and digits, days are compared as
texts. The words asked for are such that no other word of the file has their stem.
"""

import itertools
import re
import unicodedata
from collections.abc import AsyncIterator

import pytest

from api.engine.embedded import EmbeddedServer
from tests.conftest import Client
from tests.ingest.ucdp import Imported, bound_of, found_by, imported_file
from tests.writing import check_whole, make, read, send_ok

#: Who is made a member of what, and when: no alliances there were, but such that every bound matters somewhere.
MEMBERSHIPS = [
    ("SDF", "Allies", "2016-05/2017-02"),
    ("Hawar Kilis Operations Room", "Allies", None),
    ("IS", "Allies", "2018/.."),
    ("Allies", "Wider Allies", "2016"),
    ("Government of Turkey", "Wider Allies", "2017-02-28/2018-06"),
]
RANGES = [(None, None), ("2016-04-28", "2016-05-05"), ("2016-12", "2017-03-01"), ("2018-02", None)]
#: A text, what an event has to have for it, and what it may not have. A name is one of a side, or that of nobody.
TEXTS: list[tuple[str | None, list[str], list[str]]] = [
    (None, [], []),
    ("Aleppo", ["aleppo"], []),
    ("ALÉPPO -idlib", ["aleppo"], ["idlib"]),
    ('"Deir Ezzor"', ["deir ezzor"], []),
    ("ghout*", ["ghout*"], []),
    ("SDF raqqah", ["sdf", "raqqah"], []),
    ("aleppo -SDF", ["aleppo"], ["sdf"]),
]
ACTORS: list[list[str]] = [[], ["Allies"], ["Wider Allies"], ["Wider Allies", "Government of Syria"], ["SDF"]]

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
async def imported(server: EmbeddedServer, template: str) -> AsyncIterator[Imported]:
    async with imported_file(server, template) as imported:
        client = imported.client
        for name in ("Wider Allies", "Allies"):
            await make(
                client, "/v1/actors", {"id": name.lower().replace(" ", "-"), "name": name, "kind": "organization"}
            )
        for member, alliance, date in MEMBERSHIPS:
            membership = {"actor": alliance} | ({"date": date} if date else {})
            await _join(client, member, membership)
        yield imported


async def _join(client: Client, member: str, membership: dict[str, str]) -> None:
    actor = (await read(client, f"/v1/actors?q={member}&limit=1"))["items"][0]
    assert actor["name"] == member
    await send_ok(
        client,
        "PATCH",
        f"/v1/actors/{actor['id']}",
        {"member_of": [*actor["member_of"], membership]},
        actor["revision"],
    )


def _words(text: str) -> str:
    """The words of a text between blanks, without capitals and accents."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    words = " ".join(re.findall(r"[^\W_]+", plain.lower()))
    return f" {words} "


def _texts(record: dict[str, str]) -> list[str]:
    """What is written in the event that a row becomes, one text after the other."""
    sides = f"{record['side_a']} {record['side_b']}, {record['where_coordinates']}"
    headlines = [piece.split(",", 2)[-1] for piece in record["source_article"].strip('"').split('";"')]
    texts = [sides, record["conflict_name"], record["dyad_name"], record["source_original"], *headlines]
    return [_words(text) for text in texts]


def _has(record: dict[str, str], texts: list[str], wanted: str) -> bool:
    if wanted.endswith("*"):
        return any(f" {wanted[:-1]}" in text for text in texts)
    if wanted in (record["side_a"].lower(), record["side_b"].lower()):
        return True
    return any(f" {wanted} " in text for text in texts)


def _days(date: str | None) -> tuple[str, str]:
    begins, _, ends = (date or "").partition("/")
    ends = "" if ends == ".." else ends or begins
    return bound_of(begins or None, end=False) or "0000", bound_of(ends or None, end=True) or "9999"


def _belongs(side: str, actor: str, begins: str, ends: str) -> bool:
    """Whether a side is an actor, or belongs to it on some day from one to another."""
    if side == actor:
        return True
    for member, alliance, date in MEMBERSHIPS:
        first, last = _days(date)
        first, last = max(first, begins), min(last, ends)
        if alliance == actor and first <= last and _belongs(side, member, first, last):
            return True
    return False


def _is_of(record: dict[str, str], actor: str, members: bool) -> bool:
    sides = (record["side_a"], record["side_b"])
    begins, ends = record["date_start"], record["date_end"]
    return any(_belongs(side, actor, begins, ends) if members else side == actor for side in sides)


@pytest.mark.parametrize("text", TEXTS, ids=[text[0] or "any" for text in TEXTS])
@pytest.mark.parametrize("members", [False, True], ids=["alone", "with-members"])
async def test_questions_agree_with_the_file(
    imported: Imported, text: tuple[str | None, list[str], list[str]], members: bool
) -> None:
    query_text, wanted, unwanted = text
    fitting = []
    for record in imported.records:
        texts = _texts(record)
        if all(_has(record, texts, one) for one in wanted) and not any(_has(record, texts, one) for one in unwanted):
            fitting.append(record)
    total = 0
    for (date_from, date_to), actors in itertools.product(RANGES, ACTORS):
        # Everything by its date alone is asked for elsewhere; members are asked for of somebody.
        if (query_text is None and not actors) or (members and not actors):
            continue
        query = [("q", query_text)] if query_text else []
        query += [("date_from", date_from)] if date_from else []
        query += [("date_to", date_to)] if date_to else []
        query += [("actor", actor) for actor in actors] + [("include_members", "true")] * members
        lowest, highest = bound_of(date_from, end=False) or "0000", bound_of(date_to, end=True) or "9999"
        expected = {
            record["id"].removesuffix(".0")
            for record in fitting
            if record["date_end"] >= lowest
            and record["date_start"] <= highest
            and (not actors or any(_is_of(record, actor, members) for actor in actors))
        }
        found = await found_by(imported.client, query)
        ids = [event["external_ids"]["ucdp"] for event in found]
        assert len(ids) == len(set(ids))
        assert set(ids) == expected, (query, len(ids), len(expected))
        await _check_counts(imported.client, query, len(expected))
        total += len(expected)
    assert total > 0


async def _check_counts(client: Client, query: list[tuple[str, str]], expected: int) -> None:
    """Lists, histograms and facets count what is found, or say that they do not."""
    counted = await client.http.get("/v1/events", params=[*query, ("count", "exact"), ("limit", "1")])
    assert counted.json()["count"] == {"value": expected, "exact": True}
    histogram = (await client.http.get("/v1/events/histogram", params=query)).json()
    assert (histogram["total"], histogram["exact"]) == (expected, True)
    facets = (await client.http.get("/v1/events/facets", params=[*query, ("facet", "kind")])).json()
    kinds = facets["facets"]["kind"]
    assert (sum(kind["count"] for kind in kinds["values"]), kinds["exact"]) == (expected, True)


async def test_all_of_it_holds_together(imported: Imported) -> None:
    await check_whole(imported.client)
