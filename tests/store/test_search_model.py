"""Any text query finds what a few plain lines of Python find, in a language that knows no stems.

The model is written from the documented meaning: words, phrases, prefixes, names, and what must not be there. It is
held against both ways of finding, in every order, now and as of a moment before everything was written once more.
"""

import re
import unicodedata
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import asyncpg
import pytest

from api.store.listing import list_events
from api.store.select import text as selecting
from schema.query import Counting, EventQuery, Sort
from schema.vocabulary import State
from tests.conftest import Client
from tests.tiers import seeds
from tests.writing import check_whole, make, send

_WORDS = ["North", "korea", "Córea", "treaty", "Treaties", "oil", "crude-oil", "27", "russia", "paper", "the", "x"]
_NAMES = {
    "north-korea": ["North Korea", "DPRK"],
    "russia": ["Russia", "Crude Oil"],
    "old-russia": ["North Russia"],  # merged into russia
    "the-paper": ["The Paper", "Korea"],
    "other-paper": ["Korea"],
}
_SAME = {actor: {"russia", "old-russia"} if "russia" in actor else {actor} for actor in _NAMES}


class Told(NamedTuple):
    """An event as the model knows it: its texts, and who takes part or publishes a source."""

    title: str
    state: str
    texts: list[list[str]]
    actors: set[str]


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _words(text: str) -> list[str]:
    return re.findall("[a-z0-9]+", _fold(text))


def _has_phrase(told: Told, words: list[str]) -> bool:
    return any(
        text[start : start + len(words)] == words for text in told.texts for start in range(len(text) - len(words) + 1)
    )


def _has_prefix(told: Told, words: list[str]) -> bool:
    """Whether the words stand side by side, the last one as the prefix of one."""
    *first, last = words
    return any(
        text[start : start + len(first)] == first and text[start + len(first)].startswith(last)
        for text in told.texts
        for start in range(len(text) - len(first))
    )


def _has(told: Told, part: str) -> bool:
    """Whether the text has one part of a query: a word or phrase, or a prefix."""
    return _has_prefix(told, _words(part)) if part.endswith("*") else _has_phrase(told, _words(part))


def _named(name: str) -> set[str]:
    """Who goes by a name, by its words alone, or has it as an id, if it is written as one."""
    words = _words(name)
    bearing = {actor for actor, names in _NAMES.items() if words in map(_words, names)}
    bearing |= {actor for actor in _NAMES if " " not in name and actor == "-".join(words)}
    return {one for actor in bearing for one in _SAME[actor]}


def _run_matches(told: Told, run: Sequence[str]) -> bool:
    """Words side by side: the longest that are a name may also be one, and so on beside it."""
    for length in range(len(run), 0, -1):
        for start in range(len(run) - length + 1):
            actors = _named(" ".join(run[start : start + length]))
            if actors:
                here = bool(actors & told.actors) or all(_has(told, word) for word in run[start : start + length])
                return here and _run_matches(told, run[:start]) and _run_matches(told, run[start + length :])
    return all(_has(told, word) for word in run)


def _alone_matches(told: Told, part: str) -> bool:
    bare = part.strip('"')
    return _has(told, bare) or (not part.endswith("*") and bool(_named(bare) & told.actors))


def _matches(told: Told, parts: Sequence[str]) -> bool:
    runs: list[list[str]] = [[]]
    for part in parts:
        if part.startswith("-"):
            if _alone_matches(told, part[1:]):
                return False
            runs.append([])
        elif part.startswith('"') or part.endswith("*"):
            if not _alone_matches(told, part):
                return False
            runs.append([])
        else:
            runs[-1].append(part)
    return all(_run_matches(told, run) for run in runs)


def _text(random: Random, most: int) -> str:
    return " ".join(random.choices(_WORDS, k=random.randint(1, most)))


def _row(random: Random, number: int) -> tuple[dict[str, Any], Told]:
    publisher = random.choice(["the-paper", "other-paper", None])
    titles = [f"{_text(random, 3)} s{index}" for index in range(random.randint(1, 2))]
    actors = random.sample(["north-korea", "russia", "old-russia"], k=random.choice((0, 0, 1, 2)))
    row = {
        "title": f"{_text(random, 3)} e{number}",
        "summary": _text(random, 6) if random.random() < 0.6 else None,
        "tags": [f"{_text(random, 2)} t{index}" for index in range(random.choice((0, 1, 2)))],
        "kind": "talks",
        "date": str(2000 + random.randrange(20)),
        "state": random.choice(["published", "published", "draft"]),
        "actors": [{"id": actor} for actor in actors],
        "citations": [
            {"source": {"title": title, "url": f"https://news.example/{number}/{index}", "publisher": publisher}}
            for index, title in enumerate(titles)
        ],
    }
    texts = [row["title"], row["summary"] or "", *row["tags"], *titles]
    return row, Told(row["title"], row["state"], [_words(text) for text in texts], {*actors, publisher or ""})


def _query(random: Random) -> list[str]:
    parts = []
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        words = random.choice(
            [_text(random, 1), _text(random, 1), *(name for names in _NAMES.values() for name in names)]
        )
        kind = random.random()
        if kind < 0.15:
            parts.append(f'"{_text(random, 3)}"')
        elif kind < 0.25:
            parts.append(f'"{words}"')
        elif kind < 0.35:
            parts.append(random.choice(["no*", "tre*", "ru*", "korea*", "crude-o*", "27*"]))
        else:
            parts += words.split()
    for _ in range(random.choice((0, 0, 1, 2))):
        unwanted = random.choice([_text(random, 1), f'"{_text(random, 2)}"', '"North Korea"', "russia", "tre*", "DPRK"])
        parts.insert(random.randrange(len(parts) + 1), f"-{unwanted}")
    if all(part.startswith("-") for part in parts):
        parts.append("korea")
    return parts


@pytest.mark.parametrize("seed", seeds(1, 5))
async def test_any_query_finds_what_the_model_finds(client: Client, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    random = Random(f"search {seed}")
    owner = await asyncpg.connect(client.database.owner_url)
    await owner.execute("UPDATE head SET text_language = 'simple'")
    for actor, (name, *aliases) in _NAMES.items():
        await make(client, "/v1/actors", {"id": actor, "name": name, "aliases": aliases, "kind": "state"})
    made = [_row(random, number) for number in range(80)]
    told = [one for _, one in made]
    answer = await send(client, "POST", "/v1/events/batch", [row for row, _ in made])
    assert answer.status_code == 200, answer.text
    merge = {"into": "russia", "change": {"reason": "One."}}
    assert (await send(client, "POST", "/v1/actors/old-russia/merge", merge, 1)).status_code == 200
    head = await owner.fetchval("SELECT sequence FROM head")
    seen = 0
    for number in range(400):
        if number == 200:
            # From here on it is asked of the past, in which all was as it was.
            for path in [f"/v1/events/{one['id']}" for one in await _all(client)]:
                again = {"title": _text(random, 3), "summary": _text(random, 6), "tags": [], "actors": []}
                assert (await send(client, "PATCH", path, again, 1)).status_code == 200
            await owner.execute("ANALYZE")
        parts = _query(random)
        expected = sorted(one.title for one in told if _matches(one, parts))
        seen += 0 < len(expected) < len(told)
        monkeypatch.setattr(selecting, "FEW", random.choice([0, 10, 1000]))
        monkeypatch.setattr(selecting, "_MOST_TOGETHER", random.choice([0, 10, 10_000]))
        asked = EventQuery(
            q=" ".join(parts),
            state=[State.PUBLISHED, State.DRAFT],
            sort=random.choice([None, *Sort]),
            count=Counting.EXACT,
            limit=1000,
            as_of=str(head) if number >= 200 or random.random() < 0.3 else None,
        )
        listed = await list_events(client.store, asked, edit=True)
        found = sorted(_title(item.document) for item in listed.page.items)
        assert found == expected, (asked.q, asked.sort, asked.as_of)
        assert listed.counted is not None
        assert listed.counted.value == len(expected)
    assert seen > 200, "most of them are no question of nothing or everything"
    await owner.close()
    await check_whole(client)


def _title(document: bytes) -> str:
    found = re.search(rb'"title":"([^"]*)"', document)
    assert found is not None
    return found[1].decode()


async def _all(client: Client) -> list[dict[str, Any]]:
    answer = await client.http.get("/v1/events?limit=1000&state=draft&state=published", headers=client.edit)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
