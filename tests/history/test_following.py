"""A store that follows another one by its feed alone answers as that one does, about the past as well."""

import re
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from api.history.following import FollowedChange, FollowError, apply, followed_head, is_known
from api.history.rebuilding import rebuild
from api.history.redaction import redact
from api.history.verification import verify
from schema.change import EntityKind
from tests.conftest import Client
from tests.history.archives import answers_of
from tests.history.test_archive import write_chronologies, write_everything
from tests.store.derived import derived_rows
from tests.store.test_log_walk import Walk
from tests.tiers import seeds
from tests.writing import check_problem, make, make_actors, make_event, read, send

ORIGIN = "http://origin.example"


class _Page(msgspec.Struct):
    items: list[FollowedChange]
    after: int
    more: bool


async def catch_up(client: Client, follower: Client, limit: int = 7) -> int:
    """Take over everything that is new, in pages; gives the head."""
    owner = await asyncpg.connect(follower.database.owner_url)
    try:
        more = True
        while more:
            after = await followed_head(owner)
            answer = await client.http.get(f"/v1/changes?after={after}&limit={limit}")
            page = msgspec.json.decode(answer.content, type=_Page)
            await apply(owner, ORIGIN, page.items)
            more = page.more
        return await followed_head(owner)
    finally:
        await owner.close()


def _without_tags(answer: httpx.Response) -> Any:
    """What an answer says; lists are tagged by the digest of the head, which each store has its own of."""
    text = re.sub(r'"request_id":"[^"]*"', "", answer.text)
    return answer.status_code, re.sub(r'"digest":"[0-9a-f]{64}"', "", text)


async def check_equal(client: Client, follower: Client, moments: list[int]) -> None:
    """Hold what everybody is answered by both stores against each other, now and as of moments."""
    paths = sorted({path for path, edit in await answers_of(client) if not edit})
    paths += ["/v1/changes?limit=1000", "/v1/changes/head"]
    paths += [f"{path}/revisions" for path in paths if re.fullmatch(r"/v1/\w+/[\w-]+", path) and "changes" not in path]
    for path in paths:
        asked = [path]
        if "changes" not in path and "revisions" not in path:
            asked += [f"{path}{'&' if '?' in path else '?'}as_of={moment}" for moment in moments]
        for one in asked:
            here, there = await follower.http.get(one), await client.http.get(one)
            assert _without_tags(here) == _without_tags(there), one


async def check_follower(follower: Client) -> None:
    """Its chain is whole but for gaps, and all its rows follow from its log."""
    owner = await asyncpg.connect(follower.database.owner_url)
    try:
        assert (await verify(owner)).findings == []
        kept = await derived_rows(owner)
        transaction = owner.transaction()
        await transaction.start()
        await rebuild(owner)
        made = await derived_rows(owner)
        await transaction.rollback()
        assert made == kept
    finally:
        await owner.close()


async def _public_moments(client: Client) -> list[int]:
    async with client.store.connection() as connection:
        rows = await connection.fetch("SELECT sequence FROM change WHERE public_type IS NOT NULL ORDER BY sequence")
    return [row["sequence"] for row in rows]


async def test_every_kind_of_write_is_followed(client: Client, target: Client) -> None:
    await write_everything(client)
    await write_chronologies(client)
    head = await catch_up(client, target)
    moments = await _public_moments(client)
    assert head == moments[-1]
    await check_equal(client, target, [0, *moments[::4]])
    await check_follower(target)


@pytest.mark.parametrize("seed", seeds(1, 3))
async def test_a_random_history_is_followed_as_it_happens(client: Client, target: Client, seed: int) -> None:
    """In many small steps, with redactions in between."""
    await make_actors(client)
    walk = Walk(client, seed)
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        for number in range(120):
            await walk.step()
            if number % 10 == 3:
                await catch_up(client, target, limit=1 + number % 5)
            if number % 15 == 7:
                await walk.redact(owner)
    finally:
        await owner.close()
    await catch_up(client, target)
    await check_equal(client, target, (await _public_moments(client))[::9])
    await check_follower(target)


async def test_redactions_reach_followers(client: Client, target: Client) -> None:
    """Whatever was taken over before is gone, and what is taken over later was never there."""
    await make_actors(client)
    early = await make_event(client, title="Unspeakable early")
    await catch_up(client, target)
    # Of these the follower never hears what they said, and is told in small pages.
    secret = {"id": "secret", "name": "Unspeakable", "kind": "publisher"}
    await make(client, "/v1/actors", secret)
    cited = await make(client, "/v1/sources", {"title": "Unspeakable source", "publisher": "secret"})
    late = await make_event(client, title="Unspeakable late")
    kept = await make_event(client, title="Kept", citations=[{"source": cited["id"]}], actors=[{"id": "secret"}])
    source = (await read(client, "/v1/sources"))["items"][0]
    owner = await asyncpg.connect(client.database.owner_url)
    try:
        for kind, name in ((EntityKind.EVENT, early["id"]), (EntityKind.EVENT, late["id"])):
            await redact(owner, kind, name, "By law.")
        await redact(owner, EntityKind.SOURCE, source["id"], "By law.")
        await redact(owner, EntityKind.ACTOR, "north-korea", "By law.")
        await redact(owner, EntityKind.SOURCE, cited["id"], "By law.")
        await redact(owner, EntityKind.ACTOR, "secret", "By law.")
    finally:
        await owner.close()
    await catch_up(client, target, limit=1)
    assert (await read(target, f"/v1/events/{kept['id']}"))["title"] == "Kept"
    follower = await asyncpg.connect(target.database.owner_url)
    try:
        kept = await follower.fetch("SELECT encode(document, 'escape') FROM content")
    finally:
        await follower.close()
    assert not any("Unspeakable" in row[0] or "North Korea" in row[0] for row in kept)
    check_problem(await target.http.get(f"/v1/events/{late['id']}"), "withdrawn")
    await check_equal(client, target, await _public_moments(client))
    await check_follower(target)


async def test_a_follower_is_written_to_by_nobody_else(client: Client, target: Client) -> None:
    await make_event(client)
    await catch_up(client, target)
    event = (await read(client, "/v1/events"))["items"][0]
    body = check_problem(await send(target, "PATCH", f"/v1/events/{event['id']}", {"title": "No"}, 1), "conflict")
    assert ORIGIN in body["detail"]
    await check_equal(client, target, [])


async def test_a_store_with_a_history_of_its_own_follows_nobody(client: Client, target: Client) -> None:
    await make_event(client)
    await make_event(target)
    with pytest.raises(FollowError, match="changes of its own"):
        await catch_up(client, target)


async def test_what_editors_see_is_not_taken_over(client: Client, target: Client) -> None:
    await make_event(client, state="draft")
    answer = await client.http.get("/v1/changes", headers=client.edit)
    page = msgspec.json.decode(answer.content, type=_Page)
    owner = await asyncpg.connect(target.database.owner_url)
    try:
        with pytest.raises(FollowError, match="only reads"):
            await apply(owner, ORIGIN, page.items)
        assert await followed_head(owner) == 0
    finally:
        await owner.close()


async def test_changes_are_told_from_those_of_another_history(client: Client, target: Client) -> None:
    await make_event(client)
    await catch_up(client, target)
    page = msgspec.json.decode((await client.http.get("/v1/changes")).content, type=_Page)
    owner = await asyncpg.connect(target.database.owner_url)
    try:
        assert await is_known(owner, page.items[-1])
        assert not await is_known(owner, msgspec.structs.replace(page.items[-1], revision=9))
        # What is here already is passed over, and so nothing is done twice.
        await apply(owner, ORIGIN, page.items)
    finally:
        await owner.close()
    await check_follower(target)
