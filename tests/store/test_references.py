"""Who a name stands for, who it may stand for, and who is near it."""

from typing import Any

import pytest

from api.store.references import find_actors, suggest_actors
from tests.conftest import Client
from tests.writing import ACTORS, make, make_actors


async def found(client: Client, *names: str, edit: bool = True) -> dict[str, Any]:
    async with client.store.connection() as connection:
        return await suggest_actors(connection, await find_actors(connection, names, edit=edit), edit=edit)


async def test_names_ids_and_aliases(client: Client) -> None:
    await make_actors(client)
    names = ["russia", "RUSSIA", "Rússia", "russian   FEDERATION", "Korea", "Russland", "x", "DPRK", "Russia-n"]
    results = await found(client, *names)
    assert set(results) == set(names)
    for name in names[:4]:
        assert results[name] == ("russia", [], None, ("russia",))
    assert results["Korea"] == (None, ["north-korea", "south-korea"], None, ())
    assert results["DPRK"].id == "north-korea"
    assert results["Russland"] == (None, [], "russia", ())
    assert results["x"] == (None, [], None, ())
    assert await found(client) == {}


async def test_an_id_that_is_also_somebody_elses_folded_name_wins(client: Client) -> None:
    """Ids are compared letter for letter, names folded; an exact id is never ambiguous."""
    await make(client, "/v1/actors", {"id": "mali", "name": "Mali", "kind": "state"})
    await make(client, "/v1/actors", {"id": "other", "name": "Ma li", "kind": "state", "aliases": ["Mäli Land"]})
    results = await found(client, "mali", "Mali", "ma LI")
    assert [results[name].id for name in ("mali", "Mali", "ma LI")] == ["mali", "mali", "other"]


@pytest.mark.parametrize("name", ["%", "_", "'", "\\", "\U0010ffff", "\u0301", " ", "", "(", "ß", "ÿ", "a" * 500])
async def test_any_text_is_only_a_text(client: Client, name: str) -> None:
    await make_actors(client)
    assert (await found(client, name))[name].id is None


async def test_suggestions_stop_at_five_names(client: Client) -> None:
    """Looking for near names is for people; a long list of unknown ones is not read to its end."""
    await make_actors(client)
    names = [f"russia{number:02}" for number in range(20)]
    results = await found(client, *names)
    assert sum(result.near == "russia" for result in results.values()) == 5


async def test_whom_nothing_public_mentions_is_found_by_editors_only(client: Client) -> None:
    await make_actors(client)
    async with client.store.connection() as connection:
        await connection.execute("UPDATE actor SET public = false WHERE id = 'russia'")
    for name in ("russia", "Russia", "Russian Federation"):
        assert (await found(client, name))[name].id == "russia"
        assert (await found(client, name, edit=False))[name].id is None
    assert (await found(client, "Rusia"))["Rusia"].near == "russia"
    assert (await found(client, "Rusia", edit=False))["Rusia"].near is None
    others = [actor["id"] for actor in ACTORS if actor["id"] != "russia"]
    results = await found(client, *others, edit=False)
    assert [results[name].id for name in others] == others
