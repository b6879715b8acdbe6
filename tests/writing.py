"""What tests that write have in common: bodies, requests, and what a problem must look like."""

import asyncio
from typing import Any

import asyncpg
import httpx

from api.store.tokens import create_token
from schema.problem import PROBLEM_KINDS
from tests.conftest import Client
from tests.store.invariants import check_invariants

NOBODY = "0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b"
NIL = "00000000-0000-0000-0000-000000000000"
SOURCE = {"title": "A report", "url": "https://news.example/report"}
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}

ACTORS: list[dict[str, Any]] = [
    {"id": "russia", "name": "Russia", "kind": "state", "aliases": ["Russian Federation"]},
    {"id": "north-korea", "name": "North Korea", "kind": "state", "aliases": ["DPRK", "Korea"]},
    {"id": "south-korea", "name": "South Korea", "kind": "state", "aliases": ["ROK", "Korea"]},
    {"id": "the-paper", "name": "The Paper", "kind": "publisher", "reliability": "B"},
    {"id": "the-gazette", "name": "The Gazette", "kind": "publisher"},
]

#: An event with every member that can be given; its actors are among those above.
FULL: dict[str, Any] = {
    "id": "0199c3a4-0000-7000-8000-000000000001",
    "title": "Talks at “Istanbul” — 이스탄불",
    "summary": "Two delegations meet.\nNothing is signed.",
    "kind": "talks",
    "date": "2024-06-02?/2024-06~",
    "occurrence": "planned",
    "state": "published",
    "places": [
        {
            "name": "Istanbul",
            "country": "TR",
            "latitude": 41.01,
            "longitude": 28.98,
            "precision": "city",
            "role": "venue",
        }
    ],
    "actors": [{"id": "russia", "role": "party"}, {"id": "russia", "role": "host"}, {"id": "north-korea"}],
    "citations": [
        {
            "id": "0199c3a4-0000-7000-8000-00000000000a",
            "source": {
                "id": "0199c3a4-0000-7000-8000-00000000000b",
                "title": "On the talks",
                "publisher": "the-paper",
                "authors": ["A. Writer"],
                "published": "2024-06-03?",
                "published_basis": "The page says Monday.",
                "accessed_at": "2024-06-05",
                "archive_url": "https://archive.example/1",
                "content_sha256": "0" * 64,
                "language": "en",
                "kind": "article",
            },
            "stance": "disputes",
            "attribution": ["south-korea", "A member of parliament"],
            "states": {"date": "2024-06-03", "place": {"name": "Ankara"}, "occurrence": "cancelled"},
            "as_stated": "early this month",
            "figures": [
                {"measure": "troops", "value": 18000, "bound": "about", "unit": "people", "date": "2024"},
                {"measure": "crude-oil", "low": 1.5, "high": 2, "unit": "million-barrels"},
            ],
            "locator": "p. 3",
            "quote": "“No.”",
            "credibility": 2,
        },
        {"source": {"title": "A report", "url": "https://news.example/report", "reliability": "F"}},
    ],
    "assessment": {"confidence": "moderate", "likelihood": "likely", "rationale": "One source."},
    "relations": [],
    "tags": ["Talks", "talks"],
    "external_ids": {"wikidata": "Q1", "acled": "XY 1"},
}


#: Whatever refers to actors comes before them.
_EMPTIED = (
    *("change", "content", "actor_name", "membership", "source", "actor", "event", "term", "event_term", "event_text"),
    *("chronology", "release", "release_piece", "release_content", "idempotency", "past_actor", "past_actor_name"),
    *("past_source", "past_event", "past_event_term", "past_event_text", "past_chronology", "past_membership"),
)
#: Rows are deleted, since TRUNCATE makes new files for all tables and indexes: a hundred times as long for a few rows.
_EMPTY = f"""
    SET lock_timeout = '10s';
    {"".join(f"DELETE FROM {table};" for table in _EMPTIED)}
    SELECT setval(pg_get_serial_sequence('term', 'id'), 1, false);
    UPDATE head SET sequence = 0, public_sequence = 0, recorded_at = 'epoch', digest = decode(repeat('00', 32), 'hex'),
        rebuild = false, follows = NULL, text_language = 'english';
    DELETE FROM token WHERE owner <> 'editor';
"""


async def empty(client: Client) -> None:
    """Take away all that a test has written: a hundredth of what a new database and application cost."""
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        await connection.execute(_EMPTY)
    finally:
        await connection.close()


def event_body(**members: Any) -> dict[str, Any]:
    """An event that can be created as it is."""
    return {
        "title": "A treaty is signed",
        "kind": "treaty",
        "date": "2024-06",
        "citations": [{"source": SOURCE}],
        **members,
    }


async def make_actors(client: Client) -> None:
    for actor in ACTORS:
        await make(client, "/v1/actors", actor)


async def make(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create something that must succeed, and give the answer's body."""
    answer = await client.http.post(path, json=body, headers=client.edit)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def make_event(client: Client, **members: Any) -> dict[str, Any]:
    return await make(client, "/v1/events", event_body(**members))


def if_match(client: Client, revision: int | str) -> dict[str, str]:
    """The headers of an editor who has seen a revision."""
    return {**client.edit, "If-Match": f'"{revision}"'}


async def send(
    client: Client, method: str, path: str, body: Any = None, revision: int | str | None = None
) -> httpx.Response:
    """Send a body as an editor, with If-Match if a revision is given."""
    headers = client.edit if revision is None else if_match(client, revision)
    if body is None:
        return await client.http.request(method, path, headers=headers)
    return await client.http.request(method, path, json=body, headers=headers)


async def send_ok(
    client: Client, method: str, path: str, body: Any, revision: int | str | None = None
) -> dict[str, Any]:
    answer = await send(client, method, path, body, revision)
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


async def read(client: Client, path: str, *, edit: bool = False) -> dict[str, Any]:
    answer = await client.http.get(path, headers=client.edit if edit else {})
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


async def head_of_log(client: Client) -> int:
    """The sequence of the last change that anybody may see."""
    return int((await read(client, "/v1/changes/head"))["sequence"])


def check_problem(answer: httpx.Response, slug: str, *, places: set[str] | None = None) -> dict[str, Any]:
    """Check the shape of a problem and, if given, that exactly these places (pointer or parameter) have faults."""
    kind = PROBLEM_KINDS[slug]
    assert answer.status_code == kind.status, answer.text
    assert answer.headers["content-type"].partition(";")[0] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems#{slug}", body
    assert (body["status"], body["title"]) == (kind.status, kind.title)
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert set(body) <= {"type", "title", "status", "detail", "request_id", "errors", "current_revision"}
    for fault in body.get("errors", ()):
        assert ("pointer" in fault) != ("parameter" in fault), fault
        assert fault["detail"]
    if places is not None:
        assert {fault.get("pointer", fault.get("parameter")) for fault in body.get("errors", ())} == places, body
    return body


def fault_at(body: dict[str, Any], place: str) -> dict[str, Any]:
    """The one fault of a problem at a place."""
    found: list[dict[str, Any]] = [
        fault for fault in body["errors"] if fault.get("pointer", fault.get("parameter")) == place
    ]
    assert len(found) == 1, body
    return found[0]


async def check_whole(client: Client) -> None:
    """Check everything that always holds of a store."""
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        await check_invariants(connection)
    finally:
        await connection.close()


TABLES = (
    "head",
    "change",
    "content",
    "actor",
    "actor_name",
    "source",
    "event",
    "term",
    "event_term",
    "token",
    "chronology",
    "release",
    "release_piece",
    "release_content",
    "past_actor",
    "past_actor_name",
    "past_source",
    "past_event",
    "past_event_term",
    "past_chronology",
    "membership",
    "past_membership",
    "event_text",
    "past_event_text",
)


async def contents_of(client: Client) -> dict[str, Any]:
    """All rows of all tables as text, to see that nothing was written."""
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        return {
            table: await connection.fetchval(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t")
            for table in TABLES
        }
    finally:
        await connection.close()


async def delete_content(client: Client, entity_id: str, sequence: int) -> None:
    """Take the content of a change away, as the owner does for reasons of law; the log keeps the change."""
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        gone = await connection.execute(
            "DELETE FROM content WHERE (entity_id, sequence) = ($1, $2)", entity_id, sequence
        )
    finally:
        await connection.close()
    assert gone == "DELETE 1"


async def new_token(client: Client, owner: str, *scopes: str, expires_at: Any = None) -> dict[str, str]:
    """The header of somebody with a new token."""
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        token = await create_token(connection, owner, list(scopes), expires_at)
    finally:
        await connection.close()
    return {"Authorization": f"Bearer {token}"}


async def all_at_once(*requests: Any) -> list[httpx.Response]:
    return list(await asyncio.gather(*requests))
