"""Patches between revisions, and what reading revisions costs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api import sample
from api.engine.embedded import EmbeddedServer
from api.engine.pool import create_pool
from api.history.revisions import MAXIMUM_PAGE_BYTES, find_revision, list_revisions, patch_between
from schema.change import EntityKind
from schema.query import ListQuery
from schema.wire import to_builtins
from tests.conftest import Client, fresh_database
from tests.patching import applied, exact
from tests.store import generation
from tests.store.plans import RecordingStore, explain
from tests.writing import FULL, make_event

_loaded = sample.load()
#: Documents as writers give them: of the chronology that ships, one with everything, and skewed ones.
_DOCUMENTS: list[dict[str, Any]] = [
    *(to_builtins(record) for record in (*_loaded.events, *_loaded.actors, *_loaded.sources)),
    FULL,
    *(to_builtins(event) for event in generation.events(50, generation.sources(20))),
]


def check(before: Any, after: Any) -> None:
    # As they are read from the store: no part is there twice.
    before, after = json.loads(json.dumps(before)), json.loads(json.dumps(after))
    patch = json.loads(json.dumps(patch_between(before, after)))
    assert exact(applied(before, patch)) == exact(after)
    if exact(before) == exact(after):
        assert patch == []


@given(st.sampled_from(_DOCUMENTS), st.sampled_from(_DOCUMENTS))
@settings(max_examples=300)
def test_a_patch_makes_one_document_of_any_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    check(before, after)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a document with each of its keys."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, -0.0, 1.5, 1e300, 2**53 - 1, "", "/", "~", "~1", "a/b", "é", "0", "-"])
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["", "0", "-", "a/b", "m~n"]), inner),
    max_leaves=8,
)


@given(st.sampled_from(_DOCUMENTS), st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_patch_makes_of_a_document_whatever_it_is_edited_to(document: dict[str, Any], data: st.DataObject) -> None:
    after = json.loads(json.dumps(document))
    for _ in range(data.draw(st.integers(1, 5))):
        container, key = data.draw(st.sampled_from(list(_places(after))))
        match data.draw(st.sampled_from(["set", "remove", "insert", "turn", "double"])):
            case "set":
                container[key] = data.draw(_VALUES)
            case "remove" if len(after) > 1:
                del container[key]
            case "insert" if isinstance(container, list):
                container.insert(key, data.draw(_VALUES))
            case "turn" if isinstance(container[key], list):
                container[key] = data.draw(st.permutations(container[key]))
            case "double" if isinstance(container, list):
                container.append(json.loads(json.dumps(container[key])))
    check(document, after)
    check(after, document)


@given(_VALUES, _VALUES)
@settings(max_examples=300)
def test_kinds_of_numbers_are_told_apart(before: Any, after: Any) -> None:
    check({"v": before, "l": [before, after]}, {"v": after, "l": [after, before]})


def test_a_patch_of_an_edit_is_small() -> None:
    """Or it would tell nobody what was changed."""
    items = [{"event_id": f"id-{number}", "note": f"Note {number}."} for number in range(1000)]
    for after in (
        items[1:],
        [{"event_id": "new", "note": None}, *items],
        [*items[500:], *items[:500]][:500],
        items[::2],
    ):
        patch = patch_between({"items": items}, {"items": after})
        assert len(patch) <= 1000 - len(after) + 1 or len(patch) == 1
        assert len(json.dumps(patch)) < len(json.dumps(after))


def test_the_longest_lists_are_compared_in_good_time() -> None:
    """In time that grows with the documents: everything turned round, and everything changed."""
    items = [{"event_id": f"id-{number}", "note": f"Note {number}."} for number in range(1000)]
    others = [{"event_id": f"other-{number}", "note": f"Other {number}."} for number in range(1000)]
    same = [{"event_id": "x", "note": None}] * 500
    began = time.process_time()
    for after in (items[::-1], others, [*same, *items[500:]], items[::3]):
        check({"items": items}, {"items": after})
    assert time.process_time() - began < 10


async def test_a_page_ends_where_its_bytes_do(client: Client) -> None:
    event = await make_event(client)
    await _revise(client.database.owner_url, event["id"], 9, 3000)
    whole, nothing_more = await _list(client.store, event["id"], ListQuery(limit=1000))
    assert nothing_more is None
    assert len(whole) == 10
    for maximum_bytes, sizes in ((1, [1] * 10), (10_000, [4, 3, 3]), (10**6, [10])):
        found, given = [], []
        cursor = None
        while not given or cursor is not None:
            page, cursor = await _list(client.store, event["id"], ListQuery(limit=1000, cursor=cursor), maximum_bytes)
            given.append(len(page))
            found += page
        assert found == whole
        assert given == sizes


async def test_others_are_answered_while_much_is_compared(client: Client) -> None:
    """A page of large documents never holds the event loop for long."""
    event = await make_event(client)
    await _revise(client.database.owner_url, event["id"], 40, MAXIMUM_PAGE_BYTES // 50)
    longest, done = 0.0, False

    async def look() -> None:
        nonlocal longest
        while not done:
            began = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - began)

    looking = asyncio.create_task(look())
    page, _ = await _list(client.store, event["id"], ListQuery(limit=1000))
    done = True
    await looking
    assert len(page) == 41
    assert all(revision.patch for revision in page[1:])
    assert longest < 0.5


async def _list(store: Any, event_id: str, asked: ListQuery, maximum_bytes: int = MAXIMUM_PAGE_BYTES) -> Any:
    listed = await list_revisions(store, EntityKind.EVENT, event_id, asked, edit=False, maximum_bytes=maximum_bytes)
    assert listed is not None
    return listed


async def _revise(owner_url: str, event_id: str, number: int, size: int) -> None:
    """Write further revisions, each with another summary of some length, past everything that checks them."""
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute(
            """
            WITH first AS (
                SELECT change.*, content.document, (SELECT max(sequence) FROM change) AS last
                FROM change JOIN content USING (entity_id, sequence) WHERE entity = 'event' AND entity_id = $1
            ), added AS (
                INSERT INTO change
                SELECT last + n, recorded_at, entity, entity_id, 1 + n, 'update', 'update', author, '\\x00', '\\x00'
                FROM first, generate_series(1, $2::int) AS n
            )
            INSERT INTO content
            SELECT entity_id, last + n, '\\x00', NULL,
                   convert_to((convert_from(document, 'UTF8')::jsonb || jsonb_build_object(
                       'revision', 1 + n, 'summary', repeat(chr(65 + n % 26), $3::int)
                   ))::text, 'UTF8')
            FROM first, generate_series(1, $2::int) AS n
            """,
            event_id,
            number,
            size,
        )
    finally:
        await owner.close()


_EVENTS = 20_000
_REVISIONS = 2_000
_MODES = ("force_custom_plan", "force_generic_plan")


class Long(NamedTuple):
    """A store with many changes, one record that was changed very often, and one that came into sight late."""

    store: RecordingStore
    database: Any
    often: str
    hidden: str


@pytest.fixture(scope="module")
async def long(server: EmbeddedServer, template: str) -> AsyncIterator[Long]:
    async with fresh_database(server, template) as made:
        owner = await asyncpg.connect(made.owner_url)
        cited = generation.sources(2000)
        await generation.load(owner, generation.events(_EVENTS, cited), cited)
        await generation.load_log(owner)
        await owner.execute(
            "INSERT INTO content SELECT id::text, sequence, '\\x00', NULL, document FROM event;"
            "UPDATE change SET content_digest = '\\x00'"
        )
        often = await owner.fetchval("SELECT id::text FROM event WHERE state = 'published' ORDER BY id LIMIT 1")
        await _revise(made.owner_url, often, _REVISIONS - 1, 100)
        # A source that was hidden for its first 50 revisions.
        hidden = "0199c3a4-0000-7000-8000-00000000aaaa"
        await owner.execute(
            """
            INSERT INTO change
            SELECT last + n, now(), 'source', $1, least(n, 50),
                   CASE WHEN n <> 51 THEN 'update' END, CASE WHEN n = 51 THEN 'create' END, 'a', '\\x00', '\\x00'
            FROM (SELECT max(sequence) AS last FROM change), generate_series(1, 51) AS n
            """,
            hidden,
        )
        await owner.execute(
            "INSERT INTO content SELECT entity_id, sequence, '', NULL, '{}' FROM change WHERE entity_id = $1", hidden
        )
        await owner.execute("VACUUM ANALYZE change, content")
        await owner.close()
        store = RecordingStore(await create_pool(made.url, size=2, query_timeout_s=30.0))
        database = await asyncpg.connect(made.url, statement_cache_size=0)
        yield Long(store, database, often, hidden)
        await database.close()
        await store.close()


async def _check_plans(long: Long, most_rows: int) -> None:
    """What was sent scans no table and reads few rows, whichever way it is planned."""
    [sent] = long.store.sent
    for mode in _MODES:
        plan = await explain(long.database, sent, mode)
        assert plan.sequential == []
        assert plan.rows_read <= most_rows
    long.store.sent.clear()


@pytest.mark.soak
@pytest.mark.parametrize("edit", [False, True])
@pytest.mark.parametrize("limit", [1, 50, 1000])
async def test_a_page_reads_what_it_gives(long: Long, edit: bool, limit: int) -> None:
    long.store.sent.clear()
    cursor = None
    for _ in range(2):
        listed = await list_revisions(
            long.store, EntityKind.EVENT, long.often, ListQuery(limit=limit, cursor=cursor), edit=edit
        )
        assert listed is not None
        page, cursor = listed
        assert len(page) == limit
        # A change and its content for each, for the one that tells that there are more and for the one before.
        await _check_plans(long, 2 * (limit + 2) + 1)


@pytest.mark.soak
@pytest.mark.parametrize("edit", [False, True])
async def test_one_revision_is_looked_up(long: Long, edit: bool) -> None:
    for number in (1, 1000, _REVISIONS):
        long.store.sent.clear()
        found = await find_revision(long.store, EntityKind.EVENT, long.often, number, edit=edit)
        assert found is not None
        assert found.revision == number
        await _check_plans(long, 10)
    # What is not there has to be looked for among the record's own changes, and no others.
    assert await find_revision(long.store, EntityKind.EVENT, long.often, _REVISIONS + 1, edit=edit) is None
    await _check_plans(long, _REVISIONS)
    assert await find_revision(long.store, EntityKind.EVENT, "nothing", 1, edit=edit) is None
    await _check_plans(long, 0)


@pytest.mark.soak
async def test_what_came_into_sight_late_is_found_among_its_own_changes(long: Long) -> None:
    long.store.sent.clear()
    listed = await list_revisions(long.store, EntityKind.SOURCE, long.hidden, ListQuery(), edit=False)
    assert listed is not None
    assert [(revision.revision, revision.type) for revision in listed[0]] == [(50, "create")]
    await _check_plans(long, 60)
    assert await find_revision(long.store, EntityKind.SOURCE, long.hidden, 50, edit=False) is not None
    await _check_plans(long, 120)
