"""Full-text search over HTTP."""

from urllib.parse import quote

from tests.conftest import Client
from tests.writing import check_whole, make_actors, make_event, read


async def titles(client: Client, q: str, more: str = "", *, edit: bool = False) -> list[str]:
    page = await read(client, f"/v1/events?q={quote(q)}{more}", edit=edit)
    return [item["title"] for item in page["items"]]


async def test_smoke(client: Client) -> None:
    await make_actors(client)
    await make_event(
        client,
        title="Missiles are delivered",
        summary="Café talks on organization",
        tags=["arms"],
        actors=[{"id": "russia"}],
    )
    await make_event(client, title="The treaty of Istanbul is signed", date="2025", actors=[{"id": "north-korea"}])
    for q in [
        "missile",
        "cafe",
        "CAFÉ",
        "organiz*",
        "russia",
        "DPRK",
        "treaty istanbul",
        '"treaty of istanbul"',
        "-russia treaty",
        "russia -missile",
        "arms deliver",
        "report",
        "russia treaty",
        "signed*",
    ]:
        for more in [
            "",
            "&sort=relevance",
            "&count=exact",
            "&as_of=2999-01-01T00:00:00Z",
            "&sort=updated",
            "&kind=treaty",
        ]:
            print(q, more, await titles(client, q, more))
    await check_whole(client)
    for q in ["the", "-a", "*", "a*", '"']:
        print(q, (await client.http.get(f"/v1/events?q={quote(q)}")).json())
    print(await read(client, '/v1/events?q="treaty&sort=relevance&limit=1'))
    assert 0
