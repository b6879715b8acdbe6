"""The words that are kept of an event: as many as PostgreSQL takes, each at its place in all forms."""

from random import Random

import asyncpg
import pytest

from tests.conftest import Client
from tests.writing import check_whole, make_event, read

#: Letters of which texts are made, how long their words are at most, and a word that only the last title has. In
#: Chinese it is of one character: there are no places left for a phrase.
_SCRIPTS = {
    "latin": ("aàbcdeéfghiïjklmnoôprstuüv", 7, "Zyzzyva"),
    "cyrillic": ("абвгдеёжзийклмнопрстуфхцчшщэюя", 7, "Ъярлык"),
    "hangul": ("".join(map(chr, range(0xAC00, 0xAC00 + 11_000, 7))), 3, "뷁꾧"),
    "devanagari": ("कखगघचछजझटठडढणतथदधनपफबभमयरलवशसह", 5, "ज्ञप्ति"),
    "chinese": ("".join(map(chr, range(0x4E00, 0x4E00 + 3000))), 12, "龘"),
}


def _text(random: Random, letters: str, longest: int, length: int) -> str:
    words = []
    while sum(map(len, words)) + len(words) < length:
        words.append("".join(random.choices(letters, k=random.randint(2, longest))))
    return " ".join(words)[:length].strip()


@pytest.mark.parametrize("script", _SCRIPTS)
async def test_of_a_very_large_event_the_last_title_is_searched(client: Client, script: str) -> None:
    random = Random(script)
    letters, longest, last = _SCRIPTS[script]
    titles = [_text(random, letters, longest, 60) for _ in range(199)] + [last]
    await make_event(
        client,
        title=_text(random, letters, longest, 200),
        summary=_text(random, letters, longest, 20_000),
        citations=[
            {"source": {"title": title, "url": f"https://news.example/{number}"}} for number, title in enumerate(titles)
        ],
    )
    await make_event(client, title="Elsewhere")
    for word, number in ((last, 1), (f"{last}x", 0), (f"{last}*", 1), ("elsewhere", 1)):
        assert len((await read(client, f"/v1/events?q={word}"))["items"]) == number, word
    await check_whole(client)


async def test_a_word_has_one_place_in_all_forms(client: Client) -> None:
    event = await make_event(
        client,
        title="The Émigrés of Genève",
        tags=["für alle", "zwei"],
        summary="Déjà vu, vu.",
        citations=[{"source": {"title": "Vu à Paris", "url": "https://news.example/1"}}],
    )
    owner = await asyncpg.connect(client.database.owner_url)
    rows = await owner.fetch(
        "SELECT lexeme, positions, weights FROM event_text, unnest(search) WHERE event_id = $1", event["id"]
    )
    await owner.close()
    places = {row["lexeme"]: [f"{n}{w}" for n, w in zip(row["positions"], row["weights"], strict=True)] for row in rows}
    # Title, tags, summary, title of the source: behind each text twenty places are left free.
    assert places["=the"] == ["1A"]
    assert places["=emigres"] == places["émigré"] == places["emigr"] == ["2A"]
    assert places["=geneve"] == places["genèv"] == places["genev"] == ["4A"]
    assert places["=fur"] == places["für"] == places["fur"] == ["25B"]
    assert places["=zwei"] == places["zwei"] == ["47B"]
    assert places["=vu"] == places["vu"] == ["69C", "70C", "91D"]
    assert places["=paris"] == ["93D"]
    assert not [lexeme for lexeme in places if "0." in lexeme]
