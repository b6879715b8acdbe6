"""Files that name actors who have been merged: for people by the name to show, for machines as they were written."""

import pytest

from tests.conftest import Client
from tests.ingest.files import send_file, statuses
from tests.writing import empty, make_actors, make_event, read, send_ok


async def test_a_page_of_json_can_be_imported(client: Client) -> None:
    await make_actors(client)
    await make_event(client, actors=[{"id": "ROK"}, {"id": "russia"}])
    await send_ok(client, "POST", "/v1/actors/south-korea/merge", {"into": "north-korea"}, 1)
    page = (await client.http.get("/v1/events")).content
    assert statuses(await send_file(client, page, "page.json")) == ["unchanged"]
    await empty(client)
    assert statuses(await send_file(client, page, "page.json")) == ["created"]


@pytest.mark.parametrize("format", ["csv", "markdown", "html", "geojson", "timelinejs", "atom", "jsonfeed", "xlsx"])
async def test_formats_for_people_show_the_name_of_the_one_that_stands(client: Client, format: str) -> None:
    await make_actors(client)
    place = {"name": "Istanbul", "latitude": 41.01, "longitude": 28.98}
    citation = {"source": {"title": "A", "publisher": "the-gazette"}, "attribution": ["russia"]}
    await make_event(client, actors=[{"id": "russia", "role": "host"}], citations=[citation], places=[place])
    before = await client.http.get(f"/v1/events?format={format}")
    await send_ok(client, "POST", "/v1/actors/russia/merge", {"into": "north-korea"}, 1)
    after = await client.http.get(f"/v1/events?format={format}")
    assert before.status_code == after.status_code == 200
    assert before.content != after.content
    if format != "xlsx":
        assert "Russia" in before.text
        assert "North Korea" not in before.text
        assert "North Korea" in after.text


async def test_rows_of_ndjson_can_be_read_into_an_empty_store_and_into_this_one(client: Client) -> None:
    await make_actors(client)
    citation = {"source": {"title": "A", "publisher": "the-gazette"}, "attribution": ["ROK"]}
    actors = [{"id": "south-korea"}, {"id": "north-korea"}]
    event = await make_event(client, actors=actors, citations=[citation])
    before = (await client.http.get("/v1/events?format=ndjson")).content
    await send_ok(client, "POST", "/v1/actors/south-korea/merge", {"into": "north-korea"}, 1)
    await send_ok(client, "POST", "/v1/actors/the-gazette/merge", {"into": "the-paper"}, 1)
    exported = (await client.http.get("/v1/events?format=ndjson")).content
    assert exported == before, "they are as they were on their own"
    assert statuses(await send_file(client, exported)) == ["unchanged"]
    assert (await read(client, f"/v1/events/{event['id']}"))["revision"] == 1
    await empty(client)
    assert statuses(await send_file(client, exported)) == ["created"]
    assert (await client.http.get("/v1/events?format=ndjson")).content == exported
