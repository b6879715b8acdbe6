"""The language that words are stemmed by: kept in the store, and changed by making the index anew."""

from urllib.parse import quote

import asyncpg
import pytest

from api.history.rebuilding import rebuild_if_needed
from api.store.sql import query
from tests.conftest import Client
from tests.writing import check_problem, check_whole, make_event, read


async def _found(client: Client, q: str) -> int:
    return len((await read(client, f"/v1/events?q={q}"))["items"])


async def test_another_language_has_the_index_made_anew(client: Client) -> None:
    await make_event(client, title="Les chevaux sont livrés", summary="The horses are delivered")
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        assert not await rebuild_if_needed(owner, "english")
        assert (await _found(client, "horse"), await _found(client, "cheval"), await _found(client, "livrer")) == (
            1,
            0,
            0,
        )
        assert await rebuild_if_needed(owner, "french")
        assert (
            await _found(client, "livrer"),
            await _found(client, "deliver"),
            await _found(client, "les%20livre"),
        ) == (
            *(1, 0),
            1,
        )
        assert not await rebuild_if_needed(owner, "french")
        await check_whole(client)
        # New words are stemmed by the store's language, whatever a process was set to.
        await make_event(client, title="Il livrera")
        assert await _found(client, "livrer") == 2
        assert await rebuild_if_needed(owner, "simple")
        assert (await _found(client, "livrer"), await _found(client, "livres"), await _found(client, "les")) == (
            0,
            1,
            1,
        )
        await check_whole(client)
    finally:
        await owner.close()


async def test_a_language_that_the_database_does_not_know_changes_nothing(client: Client) -> None:
    await make_event(client, title="The horses are delivered")
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        with pytest.raises(LookupError, match=r"english, .*simple"):
            await rebuild_if_needed(owner, "klingon")
        assert not await owner.fetchval(query("log", "must_rebuild"))
        assert await owner.fetchval("SELECT text_language FROM head") == "english"
    finally:
        await owner.close()
    assert await _found(client, "horse") == 1


async def test_an_empty_store_takes_any_language_without_a_rebuild(client: Client) -> None:
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        assert not await rebuild_if_needed(owner, "german")
        await make_event(client, title="Die Häuser")
        assert await _found(client, "haus") == 1
    finally:
        await owner.close()


@pytest.mark.parametrize(
    ("language", "title", "hits", "misses"),
    [
        (
            "russian",
            "Переговоры с Москвой о ядерных силах",
            ["Москва", "москву", "ядерный", "переговорам"],
            ["сильный"],
        ),
        ("portuguese", "Operação em São Paulo", ["operações", "operação", "OPERACAO", "sao paulo"], ["sul"]),
        ("french", "Accords signés à Genève", ["signée", "signes", "accord", "geneve", '"accords signés"'], ["signal"]),
        ("german", "Die Häuser für den Frieden", ["Haus", "hauser", '"hauser fur"', "frieden"], ["friede-haus"]),
        ("hungarian", "Háborúk", ["háború"], ["hab"]),
        ("english", "Café Münster", ["cafe", "CAFÉS", "munster", "münster", '"cafe münster"', "mün*"], ["caf"]),
    ],
)
async def test_accents_are_there_for_stemming_and_do_not_count(
    client: Client, language: str, title: str, hits: list[str], misses: list[str]
) -> None:
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        await rebuild_if_needed(owner, language)
        await make_event(client, title=title)
        assert [q for q in hits if await _found(client, quote(q)) != 1] == []
        assert [q for q in misses if await _found(client, quote(q))] == []
        await check_whole(client)
    finally:
        await owner.close()


async def test_words_that_a_language_passes_over_are_so_with_their_accents(client: Client) -> None:
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        await rebuild_if_needed(owner, "german")
        await make_event(client, title="Der Frieden")
        assert await _found(client, quote("für über frieden")) == 1
        answer = await client.http.get("/v1/events", params={"q": "für über"})
        check_problem(answer, "invalid-parameters", places={"q"})
    finally:
        await owner.close()
