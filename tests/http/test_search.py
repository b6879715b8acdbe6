"""Full-text search as readers meet it: what finds what, in which order, and what of it changes with a write."""

import asyncpg
import pytest

from api.store.relevance import RANKED_ONLY
from schema.text_query import UNBALANCED
from tests.conftest import Client
from tests.http.searching import cites, found
from tests.writing import (
    check_problem,
    check_whole,
    fault_at,
    head_of_log,
    if_match,
    make,
    make_actors,
    make_event,
    read,
    send,
    send_ok,
)


@pytest.mark.parametrize(
    ("q", "hit"),
    [
        *(("missiles", True), ("MISSILE", True), ("delivering", True), ("café", True), ("CAFE", True), ("cafes", True)),
        *(("Istanbul", True), ("istanbul delivered", True), ("istanbul tanks", False), ("mistral", False)),
        *(("reactor", True), ("reactors", True), ("mid-range", True), ("mid range", True), ("midrange", False)),
        *(('"mid-range missiles"', True), ('"missiles delivered"', False), ('"delivered missiles"', False)),
        *(('"missiles are delivered"', True), ('"missile is deliver"', True), ('"agreement in istanbul"', True)),
        *(("organiz*", True), ("organ*", True), ("miss* deliv*", True), ("tan*", False), ("issile*", False)),
        *(("missile -tank", True), ("missile -reactor", False), ('missile -"in istanbul"', False)),
        *(('missile -"istanbul agreement"', True), ("missile -organiz*", False), ("missile -tan*", True)),
        # Signs of PostgreSQL's own language are text.
        *(("missile & !istanbul", True), ("missile | tank", False), ("missile:B", False), ("missile:* istanbul", True)),
        # Neither across parts nor across tags, sources or sentences of different texts.
        *(('"delivered at the café"', False), ('"first second"', False), ('"second third"', False)),
        *(('"report comment"', False), ("report comment", True), ("first third", True)),
        # However many words a phrase passes over between two, they are of one text.
        *(
            ('"delivered of the first"', False),
            ('"first of second"', False),
            ('"second of the and of the third"', False),
        ),
        *(('"report for comment"', False), ('"third is the thing"', False), ('"delivered at"', True)),
        # The words before a prefix stand right before it.
        *(
            ("mid-ran*", True),
            ("mid-miss*", False),
            ("range-mid*", False),
            ("are-the*", False),
            ("are-deliveri*", False),
        ),
        *(("missile -mid-ran*", False), ("missile -mid-miss*", True)),
        # Characters that are not seen don't count.
        *(("mis\u00adsiles", True), ("is\u200btanbul", True)),
        # What is passed over does not count.
        *(("the missiles of the", True), ("missiles the*", True), ("10,000", True), ("10000", False)),
    ],
)
async def test_what_finds(sample_of_words: Client, q: str, hit: bool) -> None:
    for more in ("", "&sort=-date", "&sort=updated", "&sort=relevance", "&count=exact", "&as_of=2999-01-01T00:00:00Z"):
        titles = await found(sample_of_words, q, more)
        assert titles == (["Mid-range missiles are delivered"] if hit else []), more


@pytest.fixture
async def sample_of_words(client: Client) -> Client:
    await make_event(
        client,
        title="Mid-range missiles are delivered",
        summary="At the Café: an organization's agreement in Istanbul on 10,000 reactors.",
        tags=["first", "second", "third thing"],
        citations=[cites("A report"), cites("Comment", "https://news.example/2")],
    )
    await make_event(client, title="Something else", citations=[cites("Elsewhere", "https://news.example/3")])
    return client


async def test_other_scripts(client: Client) -> None:
    await make_event(client, title="朝鮮の軍隊", summary="Россия и Корея подписали договор. İstanbul'da görüşme.")
    for q in ("朝鮮", "軍隊", "の軍", "朝鮮の軍隊", "корея", "КОРЕЯ", "дого*", "istanbul", "İSTANBUL", "gorusme"):
        assert await found(client, q) == ["朝鮮の軍隊"], q
    for q in ("鮮朝", "朝軍", "коре"):
        assert await found(client, q) == [], q


async def test_a_corrected_title_of_a_source_moves_what_cites_it(client: Client) -> None:
    event = await make_event(client, title="One", citations=[cites("Wrong headline")])
    draft = await make_event(client, title="Draft", state="draft", citations=[cites("Wrong headline")])
    other = await make_event(client, title="Other", citations=[cites("Right thing", "https://other.example")])
    before = await head_of_log(client)
    source = event["citations"][0]["source"]
    assert draft["citations"][0]["source"] == source
    owner = await asyncpg.connect(client.database.owner_url)
    await send_ok(client, "PATCH", f"/v1/sources/{source}", {"title": "Right headline"}, 1)
    assert await found(client, "headline") == ["One"]
    assert await found(client, "wrong") == []
    assert sorted(await found(client, "right")) == ["One", "Other"]
    assert await found(client, "right", "&state=draft", edit=True) == ["Draft"]
    assert await found(client, "wrong", f"&as_of={before}") == ["One"]
    assert await found(client, "right", f"&as_of={before}") == ["Other"]
    moved = {str(row[0]) for row in await owner.fetch("SELECT event_id FROM past_event_text")}
    assert moved == {event["id"], draft["id"]}
    assert other["id"] not in moved
    # An edit that changes no word leaves the row.
    await send_ok(client, "PATCH", f"/v1/events/{event['id']}", {"title": "“One”", "date": "1999"}, 1)
    assert await owner.fetchval("SELECT count(*) FROM past_event_text") == 2
    await owner.close()
    await check_whole(client)


async def test_states(client: Client) -> None:
    event = await make_event(client, title="Unicorn", state="draft")
    path = f"/v1/events/{event['id']}"
    assert await found(client, "unicorn") == await found(client, "unicorn", "&state=retracted") == []
    assert (await read(client, "/v1/events?q=unicorn&count=exact"))["count"]["value"] == 0
    assert (await read(client, "/v1/events?q=unicorn&sort=relevance"))["items"] == []
    check_problem(await client.http.get("/v1/events?q=unicorn&state=draft"), "forbidden")
    assert await found(client, "unicorn", "&state=draft", edit=True) == ["Unicorn"]
    drafted = await head_of_log(client)
    await send_ok(client, "PATCH", path, {"state": "published"}, 1)
    assert await found(client, "unicorn") == ["Unicorn"]
    await send_ok(client, "POST", f"{path}/retract", {"change": {"reason": "No."}}, 2)
    assert await found(client, "unicorn") == []
    assert await found(client, "unicorn", "&state=retracted") == ["Unicorn"]
    assert await found(client, "unicorn", f"&as_of={drafted}") == []
    draft = await make_event(client, title="Unicorn twice", state="draft")
    assert (await send(client, "DELETE", f"/v1/events/{draft['id']}", None, 1)).status_code == 204
    assert await found(client, "twice", "&state=draft", edit=True) == []
    await check_whole(client)


async def test_relevance(client: Client) -> None:
    await make_actors(client)
    await make_event(client, title="Five", citations=[cites("A treaty")])
    await make_event(client, title="Four", date="2020", summary="There is a treaty.")
    await make_event(client, title="Three", date="2021", tags=["treaty"])
    await make_event(client, title="A treaty", date="2022", kind="talks")
    titles = ["A treaty", "Three", "Four", "Five"]
    assert await found(client, "treaty", "&sort=relevance") == titles
    # What one has in the title, the other by an actor's name; words that stand together count for more.
    await make_event(client, title="Named", actors=[{"id": "russia"}], tags=["dprk"])
    await make_event(client, title="Russia", summary="dprk")
    assert await found(client, "russia dprk", "&sort=relevance") == ["Named", "Russia"]
    first = await make_event(client, title="Alpha beta", date="2020")
    second = await make_event(client, title="Alpha of the very very long beta", date="2030")
    ranked = [item["id"] for item in (await read(client, "/v1/events?q=alpha%20beta&sort=relevance"))["items"]]
    assert ranked == [first["id"], second["id"]]


async def test_pages_by_relevance_hold_while_others_write(client: Client) -> None:
    for number in range(9):
        await make_event(client, title=f"Event {number}", summary="word " * (1 + number % 4), date=f"20{10 + number}")
    every = await read(client, "/v1/events?q=word&sort=relevance")
    expected = [item["id"] for item in every["items"]]
    assert every["as_of"] == await head_of_log(client)
    assert every["next"] is None
    titles, cursor = [], ""
    while True:
        page = await read(client, f"/v1/events?q=word&sort=relevance&limit=2{cursor}")
        assert page["as_of"] == every["as_of"]
        titles += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
        await make_event(client, title="Word word word", summary="word")
        path = f"/v1/events/{expected[-1]}"
        await client.http.patch(
            path, json={"title": f"Word {len(titles)}"}, headers=if_match(client, "*") | {"If-Match": "*"}
        )
    assert titles == expected
    again = await read(client, f"/v1/events?q=word&sort=relevance&as_of={every['as_of']}")
    assert [item["id"] for item in again["items"]] == expected
    assert (await read(client, "/v1/events?q=word&sort=relevance"))["items"][0]["title"].lower().startswith("word")
    check_problem(await client.http.get(f"/v1/events?q=other&sort=relevance{cursor}"), "invalid-cursor")


async def test_more_matches_than_are_ranked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.store.listing.MAXIMUM_RANKED", 3)
    monkeypatch.setattr("api.store.relevance.MAXIMUM_RANKED", 3)
    for number in range(5):
        await make_event(client, title="Word", tags=["word"] * (number == 0), date=f"20{10 + number}")
    page = await read(client, "/v1/events?q=word&sort=relevance")
    assert sorted(item["date"] for item in page["items"]) == ["2012", "2013", "2014"]
    assert page["notices"] == [RANKED_ONLY]
    assert (await read(client, "/v1/events?q=word&sort=relevance&date_to=2012"))["notices"] == []


@pytest.mark.parametrize(
    ("q", "said"),
    [
        *(
            ("the", "passed over"),
            ("the -russia of", "passed over"),
            ('"of the"', "passed over"),
        ),
        *(("-russia", "only says"), ("*", "no letter"), ('""', "no letter"), ("&", "no letter"), (" ", "no letter")),
        *(("r*", "too short"), ("aa* bb* cc* dd*", "more than 3"), (" ".join("a" * 21), "more than 20")),
        *(("x\u0301*", "too short"), ("e\u0300\u0300*", "too short"), ("é*", "too short")),
        *(("x" * 301, "300"), ("", "q")),
    ],
)
async def test_what_cannot_be_searched_for_is_said(client: Client, q: str, said: str) -> None:
    await make_actors(client)
    counts = ("/v1/events/histogram", "/v1/events/facets", "/v1/events/facets?own=exclude&facet=kind")
    for path in ("/v1/events", "/v1/events?sort=relevance", "/v1/events?format=csv", *counts):
        answer = await client.http.get(path, params=dict([*_parameters(path), ("q", q)]))
        body = check_problem(answer, "invalid-parameters", places={"q"})
        assert said in fault_at(body, "q")["detail"]


def _parameters(path: str) -> list[tuple[str, str]]:
    return [tuple(one.split("=")) for one in path.partition("?")[2].split("&") if one]  # type: ignore[misc]


async def test_relevance_needs_words(client: Client) -> None:
    for path in ("/v1/events", "/v1/events?format=csv"):
        answer = await client.http.get(path, params={**dict(_parameters(path)), "sort": "relevance"})
        check_problem(answer, "invalid-parameters", places={"sort"})


async def test_how_a_query_was_read_is_said(client: Client) -> None:
    await make_event(client, title="One treaty")
    assert (await read(client, "/v1/events"))["notices"] == []
    assert (await read(client, "/v1/events?q=treaty"))["notices"] == []
    for more in ("", "&sort=relevance", "&kind=nothing"):
        assert (await read(client, f"/v1/events?q=%22one%20treaty{more}"))["notices"] == [UNBALANCED]
    for path in ("histogram", "facets"):
        assert (await read(client, f"/v1/events/{path}?q=treaty"))["notices"] == []
        for more in ("", "&kind=nothing"):
            answer = await read(client, f"/v1/events/{path}?q=%22one%20treaty{more}")
            assert answer["notices"] == [UNBALANCED]
    text = (await client.http.get("/v1/events?q=%22one%20treaty&format=markdown")).text
    assert UNBALANCED in text


async def test_odd_words_are_no_fault(client: Client) -> None:
    """Very long ones, such as fold into many more bytes than they have letters, and those of PostgreSQL's parser."""
    odd = [
        "한" * 300,
        ("ﷺ " * 150).strip(),
        "𠀀" * 300,
        "http://x.example/a?b=cd",
        "a@b.example",
        "1e5",
        "1.5e-33",
        "ǅ" * 100,
    ]
    for number, text in enumerate(odd):
        await make_event(client, title=text[:300], summary=text * 60, date=f"20{10 + number}")
        # A few of them are many words.
        part = text[: {"ﷺ": 7, "𠀀": 200}.get(text[0], 290)]
        for q in (part, f'"{part}"', f"{part}*"):
            assert text[:300] in await found(client, q), text[:20]
    large = [cites(f"{chr(0xAC00 + number % 11000)}" * 200, f"https://news.example/{number}") for number in range(200)]
    await make_event(client, title="Large", summary=" ".join(map(chr, range(0xAC00, 0xAC00 + 9000))), citations=large)
    assert await found(client, "large") == ["Large"]
    await check_whole(client)


async def test_chronologies(client: Client) -> None:
    await make_actors(client)
    one = await make_event(client, title="Alpha treaty", date="2020", actors=[{"id": "russia"}])
    await make_event(client, title="Beta treaty", date="2021", summary="treaty treaty")
    await make_event(client, title="Gamma pact", date="2022", tags=["treaty"])
    items = [{"event_id": one["id"], "note": "First."}]
    body = {"slug": "c", "title": "C", "items": items, "filter": {"q": "treaty", "sort": "-date"}}
    await make(client, "/v1/chronologies", body)

    async def listed(more: str = "") -> list[str]:
        page = await read(client, f"/v1/chronologies/c/events{more}")
        return [item["title"] for item in page["items"]]

    assert await listed() == ["Alpha treaty", "Gamma pact", "Beta treaty"]
    assert await listed("?q=pact") == ["Gamma pact"]
    assert await listed("?q=russia") == ["Alpha treaty"]
    assert await listed("?q=-russia%20treaty&sort=date") == ["Beta treaty", "Gamma pact"]
    by_rank = ["Beta treaty", "Alpha treaty", "Gamma pact"]
    assert await listed("?q=treaty&sort=relevance") == by_rank
    walked, cursor = [], ""
    for _ in range(3):
        page = await read(client, f"/v1/chronologies/c/events?q=treaty&sort=relevance&limit=1{cursor}")
        walked += [item["title"] for item in page["items"]]
        assert ("First." in page["notes"].values()) == (page["items"][0]["title"] == "Alpha treaty")
        cursor = f"&cursor={page['next']}"
    assert walked == by_rank
    assert page["next"] is None
    page = await read(client, "/v1/chronologies/c/events?q=treaty&count=exact")
    assert page["count"] == {"value": 3, "exact": True}
    for asked, place in (
        ({"q": "the"}, "/filter/q"),
        ({"q": "-a"}, "/filter/q"),
        ({"q": "a*"}, "/filter/q"),
        ({"q": "treaty", "sort": "relevance"}, "/filter/sort"),
    ):
        answer = await send(client, "POST", "/v1/chronologies", {"slug": "d", "title": "D", "filter": asked})
        check_problem(answer, "invalid-body", places={place})
    check_problem(await client.http.get("/v1/chronologies/c/events?sort=relevance"), "invalid-parameters")
    await check_whole(client)


async def test_a_chronology_whose_words_have_come_to_nothing_finds_nothing(client: Client) -> None:
    """Only a name made sense of them, and it is another one by now; who reads it has asked for nothing wrong."""
    await make(client, "/v1/actors", {"id": "band", "name": "The Who", "kind": "organization"})
    await make_event(client, title="One", actors=[{"id": "band"}])
    await make(client, "/v1/chronologies", {"slug": "c", "title": "C", "filter": {"q": "the who"}})
    assert len((await read(client, "/v1/chronologies/c/events"))["items"]) == 1
    await send_ok(client, "PATCH", "/v1/actors/band", {"name": "A band"}, 1)
    assert (await read(client, "/v1/chronologies/c/events"))["items"] == []
    check_problem(await client.http.get("/v1/events?q=the%20who"), "invalid-parameters", places={"q"})


async def test_exports(client: Client) -> None:
    for number in range(4):
        await make_event(client, title=f"{'Word ' * (number % 3)}{number}", date=f"20{10 + number}")
    for form in ("ndjson", "csv", "markdown", "jsonfeed", "geojson"):
        text = (await client.http.get(f"/v1/events?q=word&format={form}")).text
        assert "Word 1" in text
        assert "Word Word 2" in text
        assert '"0"' not in text
    lines = (await client.http.get("/v1/events?q=word&format=ndjson&sort=relevance")).text.splitlines()
    assert "Word Word 2" in lines[0]
    assert len(lines) == 2
    answer = await client.http.get("/v1/events?q=word&format=ndjson&sort=relevance&limit=1")
    following = answer.links["next"]["url"]
    assert "Word 1" in (await client.http.get(following)).text
    assert "1,000 latest by date" in (await client.http.get("/v1/events?q=word&format=markdown&sort=relevance")).text


async def test_batches_and_imports_are_indexed(client: Client) -> None:
    rows = [
        {"title": f"Row {number}", "kind": "talks", "date": "2024", "citations": [cites("Zebra")]}
        for number in range(5)
    ]
    answer = await send(client, "POST", "/v1/events/batch", rows)
    assert answer.status_code == 200
    assert len(await found(client, "zebra row")) == 5
    source = (await read(client, "/v1/events"))["items"][0]["citations"][0]["source"]
    await send_ok(client, "PATCH", f"/v1/sources/{source}", {"title": "Quagga"}, 1)
    assert await found(client, "zebra") == []
    assert len(await found(client, "quagga", "&count=exact")) == 5
    await check_whole(client)
