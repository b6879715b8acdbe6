"""Making and restoring archives in tests, and comparing the stores before and after."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import asyncpg

from api.history.archive import Reader
from api.history.archiving import Archived, create, restore
from tests.conftest import Client
from tests.store.derived import derived_rows
from tests.writing import send

MAXIMUM_LINE_BYTES = 1024**2


async def archive_of(client: Client) -> bytes:
    """An archive, as the role that serves may make it."""
    connection = await asyncpg.connect(client.database.url)
    try:
        stream = BytesIO()
        await create(connection, stream)
        return stream.getvalue()
    finally:
        await connection.close()


async def restore_into(client: Client, archive: bytes, url: str | None = None) -> Archived:
    connection = await asyncpg.connect(url or client.database.owner_url)
    try:
        return await restore(connection, Reader(BytesIO(archive), MAXIMUM_LINE_BYTES))
    finally:
        await connection.close()


def lines_of(archive: bytes) -> list[bytes]:
    return gzip.decompress(archive).splitlines(keepends=True)


def zipped(lines: Iterable[bytes]) -> bytes:
    return gzip.compress(b"".join(lines), mtime=0)


def edited(line: bytes, **members: Any) -> bytes:
    return json.dumps({**json.loads(line), **members}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def sealed(lines: list[bytes]) -> list[bytes]:
    """The same lines with a checksum that fits, as somebody who changes a file on purpose would make it."""
    return [*lines[:-1], edited(lines[-1], sha256=hashlib.sha256(b"".join(lines[:-1])).hexdigest())]


async def rows_of(client: Client) -> dict[str, Any]:
    """All that a store holds, tokens and the numbers of terms excepted."""
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        log = {
            table: sorted(row[0] for row in await connection.fetch(f"SELECT t::text FROM {table} t"))
            for table in ("head", "change", "content")
        }
        return log | await derived_rows(connection)
    finally:
        await connection.close()


_LISTS = [
    *("/v1/events?count=exact&limit=1000", "/v1/events?limit=3", "/v1/events?sort=-date", "/v1/events?sort=-updated"),
    *("/v1/events?actor=russia&count=exact", "/v1/events?actor=DPRK", "/v1/events?kind=talks&count=exact"),
    *("/v1/events?tag=a", "/v1/events?disputed=true", "/v1/events?date_from=2023&date_to=2024-06&date_match=within"),
    *("/v1/events?min_reliability=C", "/v1/events?publisher=the-paper", "/v1/events?country=TR&bbox=28,40,30,42"),
    *("/v1/events?updated_from=2020-01-01T00:00:00Z", "/v1/events?min_origins=1&external_id=wikidata:Q1"),
    *("/v1/events?state=retracted", "/v1/events?state=draft", "/v1/events?state=draft&state=published&count=exact"),
    *("/v1/actors?limit=1000", "/v1/sources?limit=1000", "/v1/sources?limit=2", "/v1/chronologies"),
]


async def answers_of(client: Client) -> dict[tuple[str, bool], Any]:
    """What both kinds of reader are answered to many questions, entity tags included, byte for byte."""
    paths = list(_LISTS)
    connection = await asyncpg.connect(client.database.owner_url)
    try:
        for row in await connection.fetch("SELECT DISTINCT entity, entity_id FROM change ORDER BY 1, 2"):
            kinds = {"chronology": "chronologies"}
            path = f"/v1/{kinds.get(row['entity'], row['entity'] + 's')}/{row['entity_id']}"
            paths += [path, f"{path}/figures", f"{path}/related"] if row["entity"] == "event" else [path]
    finally:
        await connection.close()
    answers: dict[tuple[str, bool], Any] = {}
    for path in paths:
        for edit in (False, True):
            answer = await client.http.get(path, headers=client.edit if edit else {})
            body = answer.content
            if answer.status_code >= 400:
                body = json.dumps({**answer.json(), "request_id": None}).encode()
            answers[path, edit] = (answer.status_code, answer.headers.get("ETag"), body)
    return answers


async def revise(client: Client, event: dict[str, Any], method: str, suffix: str, body: Any) -> dict[str, Any]:
    """Write a further revision, which must succeed."""
    answer = await send(client, method, f"/v1/events/{event['id']}{suffix}", body, event["revision"])
    assert answer.status_code in (200, 204), answer.text
    return answer.json() if answer.content else {}
