"""Streams of a service as it is served: from any place, live, and with an end that says why."""

import asyncio
import contextlib
import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from api.engine.embedded import EmbeddedServer
from api.store.log import Writing
from api.store.tokens import create_token, revoke_token
from schema.change import EntityKind
from schema.vocabulary import ChangeType
from tests.conftest import Database, fresh_database
from tests.engine.support import PATIENCE_S, ROOT
from tests.feed.following import (
    Service,
    Stream,
    all_pages,
    following,
    run_apart,
    served,
    write_event,
    writer_of,
)

#: Little enough to be reached in a test; polls are so rare that what is heard is what counts.
BOUNDS = {"heartbeat_s": 0.3, "poll_s": 300.0, "maximum_streams": 20}


@pytest.fixture(scope="module")
def database(server: EmbeddedServer, template: str) -> Iterator[Database]:
    making = fresh_database(server, template)
    yield run_apart(making.__aenter__())
    run_apart(making.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def service(database: Database) -> Iterator[Service]:
    with served(database, bounds=BOUNDS) as made:
        yield made


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with writer_of(service) as client:
        yield client


async def head(http: httpx.AsyncClient) -> int:
    return int((await http.get("/v1/changes/head")).json()["sequence"])


def public_head(service: Service) -> int:
    return int(httpx.get(f"{service.address}/v1/changes/head", timeout=PATIENCE_S).json()["sequence"])


async def test_a_stream_is_the_whole_feed_and_then_goes_on(service: Service, http: httpx.AsyncClient) -> None:
    await write_event(http, title="Before")
    before = await all_pages(http)
    async with following(service) as stream:
        assert stream.headers["content-type"].partition(";")[0] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        assert stream.headers["x-accel-buffering"] == "no"
        assert await stream.take(len(before)) == before
        made = await write_event(http, title="After")
        [change] = await stream.take(1)
        assert change["document"]["title"] == "After"
        assert change["sequence"] == made["sequence"]
        assert [change] == await all_pages(http, after=before[-1]["sequence"])


async def test_a_stream_begins_with_when_to_come_back_and_beats(service: Service) -> None:
    async with following(service, Accept_Encoding="gzip") as stream:
        assert "content-encoding" not in stream.headers
        first = await anext(aiter(stream.blocks()))
        assert first == ("", "", "")
        comments = 0
        async for event in stream.blocks():
            comments += not event.name
            if comments == 3:
                break


async def test_a_stream_goes_on_where_it_was_left(service: Service, http: httpx.AsyncClient) -> None:
    start = await head(http)
    written = [await write_event(http, title=f"Number {number}") for number in range(4)]
    seen = []
    async with following(service, f"/v1/changes/stream?after={start}") as stream:
        seen += await stream.take(2)
    # The header comes before the parameter.
    last = str(seen[-1]["sequence"])
    async with following(service, f"/v1/changes/stream?after={start}", Last_Event_ID=last) as stream:
        written.append(await write_event(http, title="Number 4"))
        seen += await stream.take(3)
    assert [change["sequence"] for change in seen] == [event["sequence"] for event in written]


async def test_drafts_do_not_show_to_the_public_until_they_are_published(
    service: Service, http: httpx.AsyncClient
) -> None:
    start = await head(http)
    async with (
        following(service, f"/v1/changes/stream?after={public_head(service)}") as public,
        following(service, f"/v1/changes/stream?after={start}", **service.edit) as editor,
    ):
        draft = await write_event(http, title="Secret", state="draft")
        [seen] = await editor.take(1)
        assert (seen["type"], seen["id"]) == ("create", draft["id"])
        await write_event(http, title="Open")
        [seen] = await public.take(1)
        assert seen["document"]["title"] == "Open"
        await editor.take(1)
        published = await http.patch(
            f"/v1/events/{draft['id']}",
            json={"state": "published"},
            headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
        )
        assert published.status_code == 200
        [to_public], [to_editor] = await public.take(1), await editor.take(1)
        assert (to_public["type"], to_editor["type"]) == ("create", "update")
        assert {**to_public, "type": ""} == {**to_editor, "type": ""}


@pytest.mark.parametrize("place", ["x", "-1", "1.5", "007", "", "999999"])
async def test_a_place_that_is_none_is_refused(service: Service, place: str) -> None:
    stream = await Stream.open(service.port, Last_Event_ID=place)
    assert stream.status == 400
    problem = json.loads(await stream.body())
    assert problem["type"] == "/problems#invalid-parameters"
    assert problem["errors"][0]["parameter"] == "Last-Event-ID"
    stream.close()


async def test_a_place_beyond_the_readers_head_says_what_the_head_is(service: Service, http: httpx.AsyncClient) -> None:
    await write_event(http, title="Open")
    seen = public_head(service)
    await write_event(http, title="Secret", state="draft")
    hidden = await head(http)
    assert hidden > seen
    stream = await Stream.open(service.port, f"/v1/changes/stream?after={hidden}")
    assert stream.status == 400
    assert f"The last change that you may see is {seen}." in (await stream.body()).decode()
    stream.close()


async def test_one_stream_too_many_is_refused_and_a_place_that_is_left_is_free(
    service: Service, http: httpx.AsyncClient
) -> None:
    async with contextlib.AsyncExitStack() as open_streams:
        last: Stream | None = None
        # Those of the tests before may take a moment to be noticed as gone.
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(BOUNDS["maximum_streams"]):  # type: ignore[arg-type]
                last = await Stream.open(service.port)
                while last.status != 200:
                    last.close()
                    last = await Stream.open(service.port)
                open_streams.callback(last.close)
        refused = await Stream.open(service.port)
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) > 0
        assert json.loads(await refused.body())["type"] == "/problems#too-many-streams"
        refused.close()
        # Ordinary requests have room beside them.
        assert (await http.get("/health/ready")).status_code == 200
        assert last is not None
        last.close()
        async with asyncio.timeout(PATIENCE_S):
            while (again := await Stream.open(service.port)).status != 200:
                again.close()
        again.close()


async def test_a_token_that_is_revoked_ends_its_stream(service: Service, http: httpx.AsyncClient) -> None:
    owner = await asyncpg.connect(service.database.owner_url)
    token = await create_token(owner, "somebody", ["read"], None)
    async with following(service, "/v1/changes/stream", Authorization=f"Bearer {token}") as stream:
        await stream.next()
        token_id: UUID = await owner.fetchval("SELECT id FROM token WHERE owner = 'somebody'")
        assert await revoke_token(owner, token_id)
        *_, last = [event async for event in stream.events()]
        assert (last.name, last.item["reason"], last.id) == ("dropped", "token-ended", "")
    await owner.close()


async def test_a_lost_connection_that_listens_is_made_again(service: Service, http: httpx.AsyncClient) -> None:
    start = await head(http)
    async with following(service, f"/v1/changes/stream?after={start}", **service.edit) as stream:
        await write_event(http, title="First")
        await stream.take(1)
        superuser = await asyncpg.connect(service.database.superuser_url)
        # When it has heard nothing for a while, it asks whether it is still connected.
        ended = await superuser.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')"
        )
        assert len(ended) == 1
        await superuser.close()
        # Written while nobody listens, or hardly anybody.
        await write_event(http, title="Second")
        await stream.take(1)
        await write_event(http, title="Third")
        await stream.take(1)


async def _redact(service: Service, sequence: int, entity_id: str) -> None:
    """Take a content away and say so in the log, as an owner does."""
    owner = await asyncpg.connect(service.database.owner_url)
    try:
        async with owner.transaction():
            held = await owner.fetchrow("SELECT * FROM head FOR UPDATE")
            write = Writing(owner, held, "owner")
            write.take()
            revision = 1 + await owner.fetchval("SELECT max(revision) FROM change WHERE entity_id = $1", entity_id)
            kind = ChangeType.REDACTION
            write.record(EntityKind.EVENT, entity_id, revision, type=kind, public_type=kind)
            await owner.execute("DELETE FROM content WHERE sequence = $1", sequence)
            await write.append()
    finally:
        await owner.close()


async def test_what_was_redacted_is_no_longer_given(service: Service, http: httpx.AsyncClient) -> None:
    start = await head(http)
    async with following(service, f"/v1/changes/stream?after={start}") as live:
        made = await write_event(http, title="Unlawful")
        await write_event(http, title="Lawful")
        # They are in the ring now.
        assert (await live.take(2))[0]["document"]["title"] == "Unlawful"
        await _redact(service, made["sequence"], made["id"])
        [redaction] = await live.take(1)
        assert (redaction["type"], redaction["document"], redaction["redacted"]) == ("redaction", None, False)
        async with following(service, f"/v1/changes/stream?after={start}") as late:
            changes = await late.take(3)
            assert [change["redacted"] for change in changes] == [True, False, False]
            assert (changes[0]["document"], changes[0]["reason"]) == (None, None)
            assert changes[1]["document"]["title"] == "Lawful"
        # Whoever follows closely is not taken for slow.
        await write_event(http, title="Next")
        assert (await live.take(1))[0]["document"]["title"] == "Next"


async def test_the_follower_of_the_documentation_follows(service: Service, http: httpx.AsyncClient) -> None:
    text = (ROOT / "docs/changes.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    defined: dict[str, Any] = {}
    exec(code.partition("\n\n\nrecords")[0], defined)
    expected = await all_pages(http)
    found = defined["changes"](service.address, headers=service.edit)
    assert await asyncio.to_thread(lambda: list(itertools.islice(found, len(expected)))) == expected
    made = await write_event(http, title="Next")
    assert (await asyncio.to_thread(next, found))["id"] == made["id"]
    await asyncio.to_thread(found.close)
    # Applied, they are the records: those of the redaction test aside, which takes contents away and leaves the rows.
    applied: dict[str, Any] = {"changes": lambda _: expected}
    exec(code.partition("\n\n\n")[2].partition("\n\n\n")[2], applied)
    answer = await http.get("/v1/events", params={"limit": 1000, "state": ["draft", "published"]})
    events = {event["id"]: event for event in answer.json()["items"]}
    followed = {record_id: record for (entity, record_id), record in applied["records"].items() if entity == "event"}
    del events[made["id"]]
    assert {name: followed.get(name) for name in events} == {
        name: event if name in followed else None for name, event in events.items()
    }
    assert len(events) - len(followed) <= 1
