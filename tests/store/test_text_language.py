"""The language that words are stemmed by: kept in the store, and changed by making the index anew."""

import asyncpg
import pytest

from api.history.rebuilding import rebuild_if_needed
from api.store.sql import query
from tests.conftest import Client
from tests.writing import check_whole, make_event, read


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
