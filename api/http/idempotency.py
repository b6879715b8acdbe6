"""``Idempotency-Key``: a POST that is sent again with the same key is done once and answered as before."""

import re
from collections.abc import Awaitable, Callable

from litestar import Response

from api.auth import Reader
from api.http.dependencies import HttpRequest
from api.http.errors import answer_problem
from api.store.idempotency import Answer, Key, digest_of, once
from api.store.store import Store
from schema.problem import Fault, ProblemError, problem
from schema.wire import encode

_KEY = re.compile(r"[!-~]{1,200}")
_MEDIA_TYPE = "Content-Type"


async def answer_once(
    request: HttpRequest,
    store: Store,
    reader: Reader,
    body: object,
    write: Callable[[Store], Awaitable[Response[bytes]]],
) -> Response[bytes]:
    """Answer with what ``write`` gives; if the request has a key, only once (see ``api.store.idempotency.once``).

    ``body`` is all that the client sent and has been read already: nothing in here waits for it. Refusals are
    answers like any other and are kept; failures on our side (5xx) are not.
    """
    scope = read_scope(request, reader)
    if scope is None:
        return await write(store)

    async def work(pinned: Store) -> Answer:
        async with pinned.connection() as connection:
            try:
                # Should anything be written before the refusal, it goes.
                async with connection.transaction():
                    response = await write(pinned)
            except ProblemError as error:
                if error.kind.status >= 500:
                    raise
                response = answer_problem(request, error)
        media_type = str(response.media_type or "application/json")
        return Answer(response.status_code or 200, {_MEDIA_TYPE: media_type, **response.headers}, response.content)

    raw = body if isinstance(body, bytes) else encode(body)
    # Which revision was meant is part of what was asked for.
    asked = digest_of(request.scope["query_string"], ", ".join(request.headers.getall("If-Match", [])), raw)
    answer = await once(store, Key(scope, asked), work)
    headers = {name: value for name, value in answer.headers.items() if name != _MEDIA_TYPE}
    return Response(answer.body, status_code=answer.status, media_type=answer.headers[_MEDIA_TYPE], headers=headers)


def read_scope(request: HttpRequest, reader: Reader) -> bytes | None:
    """Read whose request with which key this is; None without a key. Raises ``invalid-parameters``."""
    lines = request.headers.getall("Idempotency-Key", [])
    if not lines:
        return None
    if len(lines) > 1 or not _KEY.fullmatch(lines[0]):
        fault = Fault(
            "Idempotency-Key is given once and has 1 to 200 visible ASCII characters.",
            parameter="Idempotency-Key",
            suggestion="a new UUID for each request",
        )
        raise problem("invalid-parameters", "The Idempotency-Key cannot be used.", fault)
    return digest_of(str(reader.token), request.method, request.scope["path"], lines[0])
