"""Who may do what: bearer tokens, their scopes, and what is kept of them."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from api.store.store import Store
from api.store.tokens import find_token, list_tokens, revoke_token
from tests.conftest import Client, serving
from tests.writing import NOBODY, check_problem, event_body, make_event, new_token

WRITES = [
    ("POST", "/v1/events"),
    ("PUT", f"/v1/events/{NOBODY}"),
    ("PATCH", f"/v1/events/{NOBODY}"),
    ("DELETE", f"/v1/events/{NOBODY}"),
    ("POST", f"/v1/events/{NOBODY}/retract"),
    ("POST", f"/v1/events/{NOBODY}/restore"),
    ("POST", "/v1/actors"),
    ("PUT", "/v1/actors/a"),
    ("PATCH", "/v1/actors/a"),
    ("POST", "/v1/sources"),
    ("PUT", f"/v1/sources/{NOBODY}"),
    ("PATCH", f"/v1/sources/{NOBODY}"),
]
READS = ["/v1/events", f"/v1/events/{NOBODY}", "/v1/actors", "/v1/actors/a", "/v1/sources", f"/v1/sources/{NOBODY}"]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def owner_of(client: Client) -> asyncpg.Connection:
    return await asyncpg.connect(client.database.owner_url)


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_writing_needs_the_scope_edit(client: Client, method: str, path: str) -> None:
    answer = await client.http.request(method, path, json={})
    check_problem(answer, "token-required")
    assert answer.headers["www-authenticate"] == "Bearer"
    reader = await new_token(client, "reader", "read")
    answer = await client.http.request(method, path, json={}, headers=reader)
    check_problem(answer, "forbidden")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="edit"'
    for scope in ("edit", "admin"):
        headers = await new_token(client, "writer", scope)
        answer = await client.http.request(method, path, json={}, headers=headers)
        assert answer.status_code in (400, 404)


@pytest.mark.parametrize("path", READS)
async def test_tokens_that_are_not_in_force_are_refused_even_where_none_is_needed(client: Client, path: str) -> None:
    known = client.edit["Authorization"]
    expired = (await new_token(client, "late", "admin", expires_at=LONG_AGO))["Authorization"]
    revoked = (await new_token(client, "gone", "admin"))["Authorization"]
    owner = await owner_of(client)
    try:
        tokens = {token.owner: token for token in await list_tokens(owner)}
        assert await revoke_token(owner, tokens["gone"].id)
        assert not await revoke_token(owner, tokens["gone"].id), "once"
    finally:
        await owner.close()
    wrong: list[list[str]] = [
        [expired],
        [revoked],
        [known + "x"],
        [known[:-1]],
        [known.replace("Bearer", "Basic")],
        [known.removeprefix("Bearer ")],
        ["Bearer"],
        ["Bearer "],
        [""],
        ["Bearer dateline_"],
        ["Bearer dateline_" + "x" * 100_000],
        ["Bearer dateline_\xe9\xff"],
        [known, known],
        [known, "Basic x"],
        [f"{known}, {known}"],
    ]
    for values in wrong:
        headers = [("Authorization", value.encode("latin-1")) for value in values]
        answer = await client.http.get(path, headers=headers)  # type: ignore[arg-type]
        check_problem(answer, "token-required")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"', values
    for form in (known.replace("Bearer", "bearer"), known.replace(" ", "  ")):
        assert (await client.http.get(path, headers={"Authorization": form})).status_code in (200, 404)


async def test_a_token_ends_when_it_expires(client: Client) -> None:
    headers = await new_token(client, "soon", "edit", expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert (await client.http.post("/v1/events", json=event_body(), headers=headers)).status_code == 201
    owner = await owner_of(client)
    try:
        await owner.execute("UPDATE token SET expires_at = now() WHERE owner = 'soon'")
    finally:
        await owner.close()
    check_problem(await client.http.post("/v1/events", json=event_body(), headers=headers), "token-required")


@pytest.fixture(scope="module")
async def closed(lasting: Client) -> AsyncIterator[Client]:
    """The same store, where reading needs a token, too."""
    async with serving(lasting.database, reading="token") as made:
        yield made


@pytest.mark.parametrize("path", READS)
async def test_reading_by_token_only(closed: Client, client: Client, path: str) -> None:
    answer = await closed.http.get(path)
    check_problem(answer, "token-required")
    assert answer.headers["www-authenticate"] == "Bearer"
    for scope in ("read", "edit", "admin"):
        headers = await new_token(client, "reader", scope)
        assert (await closed.http.get(path, headers=headers)).status_code in (200, 404)
    headers = await new_token(client, "nobody")
    answer = await closed.http.get(path, headers=headers)
    check_problem(answer, "forbidden")
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="read"'


async def test_what_needs_no_token_where_reading_does(closed: Client) -> None:
    for path in ("/health/live", "/openapi.yaml"):
        assert (await closed.http.get(path)).status_code == 200


async def test_the_log_keeps_the_name_on_the_token(client: Client) -> None:
    headers = await new_token(client, "Ünnamed “editor”", "admin")
    await client.http.post("/v1/events", json=event_body(), headers=headers)
    await make_event(client)
    async with client.store.connection() as connection:
        rows = await connection.fetch("SELECT DISTINCT author FROM change WHERE entity = 'event' ORDER BY author")
    assert [row["author"] for row in rows] == ["editor", "Ünnamed “editor”"]


async def test_only_digests_of_tokens_are_kept(client: Client) -> None:
    token = client.token
    await make_event(client)
    digests = set()
    for name, text in (await _all_text(client)).items():
        assert token not in text, name
        assert token.removeprefix("dateline_") not in text, name
        assert token.encode().hex() not in text, name
        if hashlib.sha256(token.encode()).hexdigest() in text:
            digests.add(name)
    assert digests == {"token"}


async def _all_text(client: Client) -> dict[str, Any]:
    owner = await owner_of(client)
    try:
        tables = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {
            row[0]: await owner.fetchval(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {row[0]} t")
            for row in tables
        }
    finally:
        await owner.close()


@pytest.mark.parametrize("token", ["", "dateline_", "dateline_\0", "dateline_\ud800", "x", "dateline_" + "x" * 191])
async def test_tokens_that_can_be_none_find_nobody(client: Client, token: str) -> None:
    assert isinstance(client.store, Store)
    assert await find_token(client.store, token) is None
