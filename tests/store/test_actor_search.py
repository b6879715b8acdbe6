"""The actor box: whom a person finds by what they have typed so far, in which order, and what it never tells."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from api.engine.embedded import EmbeddedServer
from schema.actor_query import MAXIMUM_MATCHES, MAXIMUM_TYPED
from schema.words import fold
from tests.conftest import Client, fresh_database, serving
from tests.writing import check_problem, check_whole, event_body, head_of_log, make, read, send, send_ok

_ACTORS: list[dict[str, Any]] = [
    {"id": "north-korea", "name": "North Korea", "kind": "state", "aliases": ["DPRK", "Chosŏn"]},
    {"id": "south-korea", "name": "South Korea", "kind": "state", "aliases": ["ROK", "Korea"]},
    {"id": "korean-air", "name": "Korean Air", "kind": "company"},
    {"id": "russia", "name": "Russia", "kind": "state", "names": [{"name": "Russian Federation"}], "aliases": ["RF"]},
    {"id": "rok-army", "name": "Army of the ROK", "kind": "army"},
    {"id": "rokossovsky", "name": "Rokossovsky", "kind": "person"},
    {"id": "kazakhstan", "name": "Kazakhstan", "kind": "state"},
    {"id": "turkiye", "name": "Türkiye", "kind": "state", "names": [{"name": "Turkey", "date": "../2022-06"}]},
    {"id": "ukraine", "name": "Ukraine", "kind": "state"},
    {"id": "al-qaeda", "name": "al-Qaeda", "kind": "organization"},
    {"id": "kim-jong-un", "name": "Kim Jong Un", "kind": "person", "names": [{"name": "김정은"}]},
    {"id": "united-nations", "name": "United Nations", "kind": "organization", "aliases": ["UN"]},
    {"id": "japan", "name": "Japan", "kind": "state", "names": [{"name": "日本"}]},
    {"id": "greece", "name": "Ελλάδα", "kind": "state", "aliases": ["Greece"]},
]


async def _make_actors(client: Client) -> None:
    for actor in _ACTORS:
        await make(client, "/v1/actors", actor)


@pytest.fixture(scope="module")
async def typing(server: EmbeddedServer, template: str) -> AsyncIterator[Client]:
    """Some actors, for tests that only read."""
    async with fresh_database(server, template) as made, serving(made) as client:
        await _make_actors(client)
        yield client


async def _found(client: Client, typed: str, more: str = "", *, edit: bool = False) -> list[tuple[str, str, str]]:
    page = await read(client, f"/v1/actors?q={quote(typed)}{more}", edit=edit)
    assert set(page["matches"]) == {item["id"] for item in page["items"]}
    return [
        (item["id"], page["matches"][item["id"]]["name"], page["matches"][item["id"]]["kind"]) for item in page["items"]
    ]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("nor kor", ("north-korea", "North Korea", "name")),
        ("KOR NOR", ("north-korea", "North Korea", "name")),
        ("north korea", ("north-korea", "North Korea", "name")),
        ("North Korae", ("north-korea", "North Korea", "name")),
        ("norht korea", ("north-korea", "North Korea", "name")),
        ("dprk", ("north-korea", "DPRK", "alias")),
        ("chos", ("north-korea", "Chosŏn", "alias")),
        ("chosŏn", ("north-korea", "Chosŏn", "alias")),
        ("rusia", ("russia", "Russia", "name")),
        ("russai", ("russia", "Russia", "name")),
        ("rusian federation", ("russia", "Russian Federation", "further-name")),
        ("kazahstan", ("kazakhstan", "Kazakhstan", "name")),
        ("kasakstan", ("kazakhstan", "Kazakhstan", "name")),
        ("turkiye", ("turkiye", "Türkiye", "name")),
        ("TÜRK", ("turkiye", "Türkiye", "name")),
        ("turky", ("turkiye", "Turkey", "further-name")),
        ("ukrane", ("ukraine", "Ukraine", "name")),
        ("ukriane", ("ukraine", "Ukraine", "name")),
        ("al qaeda", ("al-qaeda", "al-Qaeda", "name")),
        ("qaeda", ("al-qaeda", "al-Qaeda", "name")),
        ("al qaida", ("al-qaeda", "al-Qaeda", "name")),
        ("jong un", ("kim-jong-un", "Kim Jong Un", "name")),
        ("김정은", ("kim-jong-un", "김정은", "further-name")),
        ("김정", ("kim-jong-un", "김정은", "further-name")),
        ("untied natoins", ("united-nations", "United Nations", "name")),
        ("日", ("japan", "日本", "further-name")),
        ("ελλ", ("greece", "Ελλάδα", "name")),
        ("kim-jong-un", ("kim-jong-un", "kim-jong-un", "id")),
        ("Korean-Air", ("korean-air", "korean-air", "id")),
    ],
)
async def test_what_people_type_finds_whom_they_mean(typing: Client, typed: str, first: tuple[str, str, str]) -> None:
    assert (await _found(typing, typed))[0] == first


async def test_names_come_before_further_names_before_aliases(client: Client) -> None:
    for actor, members in {
        "a-exact": {"name": "Rok"},
        "b-begins": {"name": "Rok island"},
        "c-word": {"name": "The rok"},
        "d-further": {"name": "D", "names": [{"name": "Rok"}]},
        "e-further-begins": {"name": "E", "names": [{"name": "Rokal"}]},
        "f-further-word": {"name": "F", "names": [{"name": "The rok"}]},
        "g-alias": {"name": "G", "aliases": ["ROK"]},
        "h-alias-begins": {"name": "H", "aliases": ["Rok of old"]},
        "i-alias-word": {"name": "I", "aliases": ["Old rok"]},
    }.items():
        await make(client, "/v1/actors", {"id": actor, "kind": "organization", **members})
    expected = ["a-exact", "b-begins", "c-word", "d-further", "e-further-begins", "f-further-word", "g-alias"]
    expected += ["h-alias-begins", "i-alias-word"]
    assert [name for name, *_ in await _found(client, "rok")] == expected
    walked: list[str] = []
    more = ""
    while True:
        page = await read(client, f"/v1/actors?q=rok&limit=2{more}")
        walked += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        more = f"&cursor={page['next']}"
    assert walked == expected


async def test_an_id_is_found_as_such(client: Client) -> None:
    await make(client, "/v1/actors", {"id": "x1", "name": "Somebody", "kind": "person"})
    await make(client, "/v1/actors", {"id": "x2", "name": "X1 and others", "kind": "organization"})
    assert await _found(client, "X1") == [("x1", "x1", "id"), ("x2", "X1 and others", "name")]


async def test_the_merged_are_found_as_whom_they_stand_for_once(client: Client) -> None:
    await _make_actors(client)
    await make(client, "/v1/actors", {"id": "dprk-2", "name": "North Korea (DPRK)", "kind": "state", "aliases": ["NK"]})
    before = await head_of_log(client)
    answer = await send(client, "POST", "/v1/actors/dprk-2/merge", {"into": "north-korea"}, 1)
    assert answer.status_code == 200, answer.text
    assert await _found(client, "north korea") == [("north-korea", "North Korea", "name")]
    assert await _found(client, "NK") == [("north-korea", "NK", "alias")]
    assert [name for name, *_ in await _found(client, "north korea", f"&as_of={before}")] == ["north-korea", "dprk-2"]
    assert await _found(client, "nk", f"&as_of={before}") == [("dprk-2", "NK", "alias")]
    await check_whole(client)


async def test_names_are_those_of_the_moment(client: Client) -> None:
    await _make_actors(client)
    before = await head_of_log(client)
    body = {"name": "Republic of Turkey", "names": [], "aliases": ["Türkiye"]}
    await send_ok(client, "PATCH", "/v1/actors/turkiye", body, 1)
    assert await _found(client, "türkiy") == [("turkiye", "Türkiye", "alias")]
    assert await _found(client, "türkiy", f"&as_of={before}") == [("turkiye", "Türkiye", "name")]
    assert await _found(client, "turkey", f"&as_of={before}") == [("turkiye", "Turkey", "further-name")]
    assert (await read(client, f"/v1/actors?q=turkiye&as_of={before}"))["as_of"] == before
    await check_whole(client)


async def test_a_cursor_goes_on_as_of_its_moment_and_only_in_its_list(client: Client) -> None:
    await _make_actors(client)
    page = await read(client, "/v1/actors?q=k&limit=1&as_of=2999-01-01T00:00:00Z")
    await make(client, "/v1/actors", {"id": "kenya", "name": "Kenya", "kind": "state"})
    following = await read(client, f"/v1/actors?q=K&limit=100&as_of=2999-01-01T00:00:00Z&cursor={page['next']}")
    assert following["as_of"] == page["as_of"]
    assert "kenya" not in [item["id"] for item in following["items"]]
    for other in ("q=ko&as_of=2999-01-01T00:00:00Z", "q=k", "as_of=2999-01-01T00:00:00Z"):
        answer = await client.http.get(f"/v1/actors?{other}&cursor={page['next']}")
        check_problem(answer, "invalid-cursor", places={"cursor"})


async def test_whom_only_drafts_mention_is_found_by_editors_only(client: Client) -> None:
    await _make_actors(client)
    public = {typed: await _found(client, typed) for typed in ("korea", "hidden", "hiden korea", "h", "secret-korea")}
    hidden = {"id": "secret-korea", "name": "Hidden Korea", "kind": "organization", "aliases": ["Korea"]}
    body = event_body(state="draft", actors=[{"id": "secret-korea"}], new_actors=[hidden])
    answer = await send(client, "POST", "/v1/events/batch", [body])
    assert answer.json()["results"][0]["status"] == "created", answer.text
    for typed, found in public.items():
        assert await _found(client, typed) == found
        assert "secret-korea" in [name for name, *_ in await _found(client, typed, edit=True)]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        (f"q={'a' * (MAXIMUM_TYPED + 1)}", "q"),
        ("q=%CC%81", "q"),
        ("q=%20%20", "q"),
        ("q=", "q"),
        (f"q=a&limit={MAXIMUM_MATCHES + 1}", "limit"),
        ("q=a&q=b", "q"),
        ("q=a%00", "q"),
    ],
)
async def test_what_cannot_be_looked_for_is_refused(typing: Client, query: str, place: str) -> None:
    check_problem(await typing.http.get(f"/v1/actors?{query}"), "invalid-parameters", places={place})


@pytest.mark.parametrize(
    "typed",
    [
        "%",
        "_",
        "\\",
        "%%%",
        "'",
        '"; DROP TABLE actor; --',
        "((((",
        "\\m",
        "a" * 200,
        "a " * 100,
        "ﷺ" * 200,
        "---",
        "😀",
        "\u202e",
    ],
)
async def test_hostile_texts_are_only_texts(typing: Client, typed: str) -> None:
    answer = await typing.http.get("/v1/actors", params={"q": typed})
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"] == []


async def test_a_list_without_q_tells_no_matches(typing: Client) -> None:
    page = await read(typing, "/v1/actors?limit=1000")
    assert "matches" not in page
    assert [item["id"] for item in page["items"]] == sorted(actor["id"] for actor in _ACTORS)


async def test_every_name_is_kept_with_the_best_of_its_kinds(client: Client) -> None:
    body = {"id": "many", "name": "Both", "kind": "person", "names": [{"name": "both"}, {"name": "Two"}]}
    await make(client, "/v1/actors", {**body, "aliases": ["BOTH", "Two", "Three-way split"]})
    owner = await asyncpg.connect(client.database.owner_url)
    rows = await owner.fetch("SELECT folded, kind, words FROM actor_name WHERE actor_id = 'many' ORDER BY folded")
    await owner.close()
    assert [tuple(row) for row in rows] == [
        ("both", "name", " both"),
        (fold("Three-way split"), "alias", " three way split"),
        ("two", "further-name", " two"),
    ]


async def test_pages_lose_nobody_among_names_that_are_long_and_alike(client: Client) -> None:
    """The order looks at the beginnings of names, and then at ids, which here are the other way round."""
    long = "Long " * 12
    expected = set()
    for number in range(40):
        body = {"id": f"long-{99 - number}", "name": f"{long}{number:02d}", "kind": "organization"}
        expected.add((await make(client, "/v1/actors", body))["id"])
    found: list[str] = []
    more = ""
    while True:
        page = await read(client, f"/v1/actors?q=lon&limit=7{more}")
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        more = f"&cursor={page['next']}"
    assert found == sorted(expected)
