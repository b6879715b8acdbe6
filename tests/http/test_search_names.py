"""Names in a text query: which stand for whom, and what of it changes with a write."""

from urllib.parse import quote

import asyncpg

from tests.conftest import Client
from tests.http.searching import cites, found
from tests.writing import (
    check_problem,
    check_whole,
    head_of_log,
    make,
    make_actors,
    make_event,
    read,
    send,
    send_ok,
)


async def test_names_of_actors_and_publishers_find(client: Client) -> None:
    await make_actors(client)
    await make_event(client, title="One", actors=[{"id": "north-korea"}])
    await make_event(
        client, title="Two", date="2025", citations=[cites("A", "https://a.example", publisher="the-paper")]
    )
    await make_event(client, title="North of Korea", date="2026", summary="Written about russia.")
    await make_event(client, title="Three", date="2027", actors=[{"id": "russia"}, {"id": "north-korea"}])
    paper = (await read(client, "/v1/actors/the-paper"))["name"]
    for q, titles in {
        "North Korea": ["One", "North of Korea", "Three"],
        "north-korea": ["One", "Three"],
        "DPRK": ["One", "Three"],
        '"north korea"': ["One", "Three"],
        "korea north": ["North of Korea"],
        "dprk -russia": ["One"],
        "russia -dprk": ["North of Korea"],
        'russia -"north korea"': ["North of Korea"],
        "russia dprk": ["Three"],
        "Russian Federation, DPRK": ["Three"],
        "one DPRK": ["One"],
        "one two DPRK": [],
        "dpr*": [],
        paper: ["Two"],
        f"two {paper}": ["Two"],
        f"one {paper}": [],
    }.items():
        for more in ("", "&sort=updated", "&as_of=2999-01-01T00:00:00Z"):
            assert await found(client, q, more) == titles, (q, more)
        assert sorted(await found(client, q, "&sort=relevance")) == sorted(titles), q
        page = await read(client, f"/v1/events?q={quote(q)}&count=exact&limit=1")
        assert page["count"] == {"value": len(titles), "exact": True}, q
    await check_whole(client)


async def test_signs_beside_the_words_of_a_name_do_not_count(client: Client) -> None:
    names = {
        "acled": "Armed Conflict Location & Event Data",
        "ussr": "Government of Russia (Soviet Union)",
        "yahoo": "Yahoo!",
        "un-women": "U.N. Women",
        "exporter": "Rosoboron\u00adexport",
        "bhutan": "भूटान",
    }
    for actor, name in names.items():
        await make(client, "/v1/actors", {"id": actor, "name": name, "kind": "organization"})
        await make_event(client, title=actor, actors=[{"id": actor}])
    await make_event(client, title="Other")
    for q, title in {
        **{name: actor for actor, name in names.items()},
        **{f'"{name}"': actor for actor, name in names.items()},
        "armed conflict: location, event data": "acled",
        "soviet union government of russia": "",
        "(government of Russia, Soviet Union)": "ussr",
        "yahoo.": "yahoo",
        "UN-Women": "un-women",
        "Un-women!": "un-women",
        "rosoboronexport": "exporter",
        "भूटान।": "bhutan",
        "भू": "",
    }.items():
        for more in ("", "&as_of=2999-01-01T00:00:00Z"):
            assert await found(client, q, more) == ([title] if title else []), q


async def test_a_name_that_is_passed_over_stands_for_its_actor_where_it_is_meant(client: Client) -> None:
    await make(
        client, "/v1/actors", {"id": "islamic-state", "name": "Islamic State", "aliases": ["IS"], "kind": "group"}
    )
    await make(client, "/v1/actors", {"id": "health", "name": "WHO", "kind": "organization"})
    await make_event(client, title="A treaty of states", date="2024")
    await make_event(client, title="A treaty with nobody", date="2025", actors=[{"id": "islamic-state"}])
    await make_event(client, title="An attack", date="2026", actors=[{"id": "islamic-state"}, {"id": "health"}])
    both = ["A treaty of states", "A treaty with nobody"]
    for q, titles in {
        "what is the treaty": both,
        "who is in a treaty": both,
        "IS treaty": ["A treaty with nobody"],
        '"is" treaty': ["A treaty with nobody"],
        "is": ["A treaty with nobody", "An attack"],
        "who is": ["An attack"],
        "WHO attack": ["An attack"],
        "treaty -is": ["A treaty of states"],
        # In a title that is all capitals, none of them say anything.
        "WHAT IS THE TREATY": both,
        'TREATY "IS"': ["A treaty with nobody"],
        "TREATY -IS": ["A treaty of states"],
        "IS": ["A treaty with nobody", "An attack"],
    }.items():
        assert await found(client, q) == titles, q
    for q in ("the -is", "THE -IS"):
        check_problem(await client.http.get("/v1/events", params={"q": q}), "invalid-parameters", places={"q"})


async def test_a_rename_writes_one_row_and_shows_at_once(client: Client) -> None:
    await make_actors(client)
    await make_event(client, title="One", actors=[{"id": "russia"}])
    before = await head_of_log(client)
    owner = await asyncpg.connect(client.database.owner_url)
    rows = await owner.fetch("SELECT *, xmin FROM event_text")
    await send_ok(client, "PATCH", "/v1/actors/russia", {"name": "Ruritania", "aliases": ["Zenda"]}, 1)
    assert await owner.fetch("SELECT *, xmin FROM event_text") == rows
    assert await owner.fetchval("SELECT count(*) FROM past_event_text") == 0
    await owner.close()
    assert await found(client, "Ruritania") == await found(client, "zenda") == ["One"]
    assert await found(client, "Russian Federation") == []
    assert await found(client, "Russian Federation", f"&as_of={before}") == ["One"]
    assert await found(client, "Ruritania", f"&as_of={before}") == []
    await check_whole(client)


async def test_actors_that_are_merged_are_found_by_either_name(client: Client) -> None:
    await make_actors(client)
    await make(client, "/v1/actors", {"id": "moscow", "name": "Muscovy", "kind": "state"})
    await make_event(client, title="One", actors=[{"id": "russia"}])
    await make_event(client, title="Two", date="2025", actors=[{"id": "moscow"}])
    before = await head_of_log(client)
    change = {"into": "russia", "change": {"reason": "They are one."}}
    await send_ok(client, "POST", "/v1/actors/moscow/merge", change, 1)
    for q in ("Muscovy", "Russian Federation"):
        assert await found(client, q) == ["One", "Two"]
        assert await found(client, f"-{q.split()[0]} title") == []
    assert await found(client, "Muscovy", f"&as_of={before}") == ["Two"]
    assert await found(client, "one -muscovy") == []
    assert await found(client, "one -muscovy", f"&as_of={before}") == ["One"]
    await check_whole(client)


async def test_an_ambiguous_name_finds_all_who_bear_it(client: Client) -> None:
    await make_actors(client)
    for number, actor in enumerate(("north-korea", "south-korea")):
        await make_event(client, title=f"Event {number}", date=f"202{number}", actors=[{"id": actor}])
    assert await found(client, "Korea") == ["Event 0", "Event 1"]


async def test_only_drafts_know_a_name(client: Client) -> None:
    """A name that is not in sight is only a word, to whoever may not see it."""
    hidden = {"id": "hidden-hand", "name": "Veiled", "kind": "organization"}
    body = {"title": "D", "kind": "talks", "date": "2024", "state": "draft", "actors": [{"id": "hidden-hand"}]}
    answer = await send(client, "POST", "/v1/events/batch", [{**body, "new_actors": [hidden]}])
    assert answer.status_code == 200
    await make_event(client, title="A veiled threat")
    assert await found(client, "veiled") == ["A veiled threat"]
    assert sorted(await found(client, "veiled", "&state=draft&state=published", edit=True)) == ["A veiled threat", "D"]
