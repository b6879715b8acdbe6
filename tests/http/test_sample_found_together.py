"""Ranges, actors, texts and memberships asked for together give what plain Python finds in the shipped chronology.

Nothing of the project is used to find the expected answers: the file is read with ``json``, days are compared as texts,
words by regular expressions that spell out their forms.
"""

import itertools
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import api.sample
from tests.conftest import Client

CHRONOLOGY = json.loads((Path(api.sample.__file__).parent / "chronology.json").read_text(encoding="utf-8"))
SOURCES = {source["id"]: source for source in CHRONOLOGY["sources"]}
ACTORS = {actor["id"]: actor for actor in CHRONOLOGY["actors"]}


class Term(NamedTuple):
    """What an event has to have in its text: all of these words, or else this actor or publisher."""

    words: list[str]
    actor: str | None = None


TROOPS, TREATY, UKRAINE = Term(["troops?"]), Term(["treat(?:y|ies)"]), Term(["ukraine"], "ukraine")
NORTH_KOREA = Term(["north", "korea"], "north-korea")
#: A text, what an event has to have for it, and what it may not have.
TEXTS: list[tuple[str | None, list[Term], list[Term]]] = [
    (None, [], []),
    ("DPRK", [Term(["dprk"], "north-korea")], []),
    ("Pyongyang troops", [Term(["pyongyang"], "north-korea"), TROOPS], []),
    ("troops -DPRK", [TROOPS], [Term(["dprk"], "north-korea")]),
    ("north korea treaty", [NORTH_KOREA, TREATY], []),
    ("Reuters", [Term(["reuters?"], "reuters")], []),
    ("sanction* -Ukraine", [Term([r"sanction\w*"])], [UKRAINE]),
    ('"arms transfers"', [Term(["arms? transfers?"])], []),
    ("sanction*", [Term([r"sanction\w*"])], []),
]
RANGES = [(None, None), ("2024", "2024-09"), ("2025-04-28", "2025-04-30"), ("2025-06-02", None), (None, "2022-01")]
ASKED: list[list[str]] = [[], ["msmt"], ["south-korea"], ["united-nations"], ["msmt", "south-korea"]]


def _days(date: str | None) -> tuple[str, str]:
    """The first and the last possible day, in texts that are compared; dates here are years to days, or two of them."""
    parts = re.split(r"\.\.|/", re.sub(r"[?~%\[\]]", "", date or "/"))
    return parts[0] or "0000", (parts[-1] and (parts[-1] + "-12-31"[len(parts[-1]) - 4 :])) or "9999"


def _texts(event: dict[str, Any]) -> list[str]:
    titles = [SOURCES[citation["source"]]["title"] for citation in event["citations"]]
    texts = [event["title"], event.get("summary", ""), *event.get("tags", []), *titles]
    return [re.sub(r"[\W_]+", " ", text).lower() for text in texts]


def _has(event: dict[str, Any], term: Term) -> bool:
    known = {actor["id"] for actor in event["actors"]}
    known |= {SOURCES[citation["source"]].get("publisher") for citation in event["citations"]}
    texts = _texts(event)
    return term.actor in known or all(any(re.search(rf"\b{word}\b", text) for text in texts) for word in term.words)


def _belongs(side: str, actor: str, kinds: set[str], begins: str, ends: str) -> bool:
    if side == actor:
        return True
    for kind in kinds:
        for membership in ACTORS[side].get(kind) or []:
            first, last = _days(membership.get("date"))
            first, last = max(first, begins), min(last, ends)
            if first <= last and _belongs(membership["actor"], actor, kinds, first, last):
                return True
    return False


@pytest.mark.parametrize("text", TEXTS, ids=[text[0] or "any" for text in TEXTS])
@pytest.mark.parametrize(
    "kinds",
    [set(), {"member_of"}, {"part_of"}, {"member_of", "part_of"}],
    ids=["alone", "members", "parts", "members-and-parts"],
)
async def test_questions_agree_with_the_chronology(
    sample: Client, text: tuple[str | None, list[Term], list[Term]], kinds: set[str]
) -> None:
    query_text, wanted, unwanted = text
    for (date_from, date_to), actors in itertools.product(RANGES, ASKED):
        if kinds and not actors:
            continue
        query = [("q", query_text)] if query_text else []
        query += [("date_from", date_from)] if date_from else []
        query += [("date_to", date_to)] if date_to else []
        query += [("actor", actor) for actor in actors]
        query += [
            ({"member_of": "include_members", "part_of": "include_parts"}[kind], "true") for kind in sorted(kinds)
        ]
        lowest, highest = _days(f"{date_from or ''}/{date_to or ''}")
        expected = set()
        for event in CHRONOLOGY["events"]:
            begins, ends = _days(event["date"])
            sides = [actor["id"] for actor in event["actors"]]
            if (
                begins <= highest
                and ends >= lowest
                and all(_has(event, term) for term in wanted)
                and not any(_has(event, term) for term in unwanted)
                and (not actors or any(_belongs(s, a, kinds, begins, ends) for s in sides for a in actors))
            ):
                expected.add(event["title"])
        answer = await sample.http.get("/v1/events", params=[*query, ("limit", "100"), ("count", "exact")])
        assert answer.status_code == 200, answer.text
        found = {event["title"] for event in answer.json()["items"]}
        assert found == expected, query
        assert answer.json()["count"] == {"value": len(expected), "exact": True}
        histogram = (await sample.http.get("/v1/events/histogram", params=query)).json()
        assert histogram["total"] == len(expected), query


@pytest.mark.parametrize("text", TEXTS, ids=[text[0] or "any" for text in TEXTS])
def test_the_questions_are_good_ones(text: tuple[str | None, list[Term], list[Term]]) -> None:
    """Each text finds some events, and none finds all."""
    fitting = [
        event
        for event in CHRONOLOGY["events"]
        if all(_has(event, term) for term in text[1]) and not any(_has(event, term) for term in text[2])
    ]
    assert fitting
    assert text[0] is None or len(fitting) < len(CHRONOLOGY["events"])
