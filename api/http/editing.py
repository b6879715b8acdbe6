"""What handlers that write records have in common."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from litestar import Response

from api.auth import Reader
from api.http.answers import answer_record
from api.http.bodies import read_document
from api.http.contract import JSON, MERGE_PATCH
from api.http.dependencies import HttpRequest
from api.http.idempotency import answer_once
from api.http.parameters import read_if_match
from api.settings import Settings
from api.store.editing import Expected
from api.store.reading import Record
from api.store.store import Store

K = TypeVar("K")

#: Takes a record, by its key, to another state; gives None where there is none.
Step = Callable[[Store, str, K, dict[str, Any], Expected], Awaitable[Record | None]]
Create = Callable[[Store, str, dict[str, Any]], Awaitable[Record]]


class Edit(Protocol):
    """Writes a body into a record that it knows; gives None where there is none."""

    def __call__(self, body: dict[str, Any], expected: Expected, *, patch: bool) -> Awaitable[Record | None]:
        """Write it."""
        ...


async def answer_creation(
    request: HttpRequest, store: Store, reader: Reader, settings: Settings, create: Create
) -> Response[bytes]:
    """Create a record from the body, once for each key, and answer it with its address."""
    body = await read_document(request, maximum_bytes=settings.maximum_body_bytes)

    async def write(store: Store) -> Response[bytes]:
        record = await create(store, reader.author, body)
        return answer_record(request, record, status=201, location=f"{request.url.path}/{record.id}")

    return await answer_once(request, store, reader, body, write)


async def answer_edit(request: HttpRequest, settings: Settings, edit: Edit) -> Response[bytes]:
    """Write the body of PUT or PATCH into a record and answer it; 404 if there is none."""
    patch = request.method == "PATCH"
    # Plain JSON is taken for a patch, too, but not in the contract: of two media types with one schema some generators
    # of clients make code that does not run.
    media_types = (MERGE_PATCH, JSON) if patch else (JSON,)
    body = await read_document(request, media_types=media_types, maximum_bytes=settings.maximum_body_bytes)
    return answer_record(request, await edit(body, partial(read_if_match, request), patch=patch))


async def answer_step(
    request: HttpRequest, store: Store, reader: Reader, settings: Settings, key: K, step: Step[K]
) -> Response[bytes]:
    """Take a record to another state as the body says, once for each key of idempotency; 404 if there is none."""
    body = await read_document(request, maximum_bytes=settings.maximum_body_bytes)
    expected = partial(read_if_match, request)

    async def write(store: Store) -> Response[bytes]:
        return answer_record(request, await step(store, reader.author, key, body, expected))

    return await answer_once(request, store, reader, body, write)
