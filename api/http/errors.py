"""Every failure becomes one shape: problem details (RFC 9457) with a documented type and a request id."""

import logging
from typing import Any
from uuid import uuid4

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap, Message, Scope
from msgspec import UNSET

from api.http.contract import PROBLEM_JSON
from schema.problem import PROBLEM_KINDS, Problem, ProblemError, ProblemKind

logger = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-ID"
_REQUEST_ID_KEY = "dateline_request_id"

#: What each kind of problem means and what to do about it, in plain words.
EXPLANATIONS = {
    "malformed-body": "The body is not JSON (RFC 8259). The detail tells the place where reading it stopped.",
    "invalid-body": "The body is JSON, but not what is needed. Every fault is listed with a pointer into the body.",
    "invalid-parameters": "Parameters of the query or headers are unknown or wrong. Each is listed by its name.",
    "invalid-cursor": "The cursor was not made here, or belongs to another query. Begin again without one.",
    "too-many-events": "The format, or a release, takes fewer events than there are. Ask for less, or take a stream.",
    "unfit-for-format": "A text is too long for the format, or has characters that it can't hold. Take csv or ndjson.",
    "unreadable-file": "The file is not what it is taken for, or is damaged. The detail says what would be right.",
    "bad-request": "The request is not HTTP that this service understands.",
    "token-required": "Send a token: Authorization: Bearer …. One that was sent is not, or no longer, known.",
    "forbidden": "The token is known but lacks the scope that this needs.",
    "not-found": "There is nothing at this address, or nothing that this reader may see.",
    "method-not-allowed": "The address is right, the method is not. The header Allow lists those that are.",
    "not-acceptable": "The header Accept or the parameter format names no format that can be given here.",
    "conflict": "What is stored does not allow this: an id is taken, or the record is in another state.",
    "too-many-merged": "An actor stands for so many others at most. The detail tells how many there are.",
    "request-in-flight": "A request with this Idempotency-Key is being worked on. Wait a little and send it again.",
    "withdrawn": "It was there and had to be taken away, for reasons of law. The detail tells when and why.",
    "revision-mismatch": "Somebody changed the record. Read it again, look at what changed, and repeat the change.",
    "body-too-large": "The body is larger than is taken here. The detail tells the limit.",
    "too-many-rows": "The batch has more rows than are taken at once. The detail tells how many. Send several.",
    "unsupported-media-type": "The Content-Type or Content-Encoding is not one that is taken here.",
    "read-only-member": "A member that only the store sets was sent with another value. Leave it out.",
    "idempotency-key-reused": "This Idempotency-Key came with another body before. Give each request a key of its own.",
    "precondition-required": "Send If-Match with the ETag that was read, so that no change overwrites another.",
    "internal-error": "A fault in this service. It has been logged under the request id.",
    "unavailable": "The store does not answer right now. Try again in a little while.",
    "busy": "Writes come one after the other, and one before this takes too long. Try again in a little while.",
    "too-many-streams": "Each worker serves so many streams at once. Try again later, or read GET /v1/changes instead.",
    "query-timeout": "Finding this took longer than is allowed. Ask for less at once.",
}

_INTERNAL_ERROR = PROBLEM_KINDS["internal-error"]
#: What the framework's own refusals are called here; other statuses are brought to the nearest of these.
_KIND_OF_STATUS = {
    400: "bad-request",
    401: "token-required",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    413: "body-too-large",
    415: "unsupported-media-type",
    503: "unavailable",
}
_DETAILS = {
    "not-found": "There is nothing at this address.",
    "body-too-large": "The body is larger than is taken here.",
    "unavailable": "The service cannot answer right now.",
}
#: The framework's headers that belong to an answer; others of them could contradict our body.
_KEPT_HEADERS = {"allow": "Allow", "retry-after": "Retry-After", "www-authenticate": "WWW-Authenticate"}


def request_id(scope: Scope) -> str:
    """Give the request's id, made at first asking. Ids that clients send are not taken: they could be forged."""
    state = scope.setdefault("state", {})
    made: str = state.setdefault(_REQUEST_ID_KEY, "") or str(uuid4())
    state[_REQUEST_ID_KEY] = made
    return made


async def add_request_id(message: Message, scope: Scope) -> None:
    """Write the request's id on every answer (for the application's ``before_send``)."""
    if message["type"] == "http.response.start":
        header = (REQUEST_ID_HEADER.lower().encode(), request_id(scope).encode())
        message["headers"] = [*message.get("headers", []), header]


async def answer_options(request: Request[Any, Any, Any]) -> Response[None] | None:
    """Answer OPTIONS with every method of the address (for the application's ``before_request``).

    Litestar's own answer knows only of the handler that was registered first.
    """
    if request.method != "OPTIONS":
        return None
    template = request.scope["path_template"]
    methods = {method for route in request.app.routes if route.path_format == template for method in route.methods}
    return Response(None, status_code=204, headers={"Allow": ", ".join(sorted(methods))})


def answer_problem(request: Request[Any, Any, Any], error: ProblemError) -> Response[bytes]:
    """Answer a problem raised by our own code."""
    return _answer(
        request,
        error.kind,
        Problem(
            type=f"/problems#{error.kind.slug}",
            title=error.kind.title,
            status=error.kind.status,
            detail=error.detail,
            request_id=request_id(request.scope),
            errors=error.faults or UNSET,
            current_revision=UNSET if error.current_revision is None else error.current_revision,
        ),
        error.headers,
    )


def answer_http_exception(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer a refusal by the framework: no such address, a method that is not allowed there, and the like."""
    if error.status_code >= 500 and error.status_code != 503:
        return answer_exception(request, error)
    slug = _KIND_OF_STATUS.get(error.status_code, "bad-request")
    headers = {
        _KEPT_HEADERS[name.lower()]: text
        for name, text in (error.headers or {}).items()
        if name.lower() in _KEPT_HEADERS
    }
    detail = _DETAILS.get(slug) or error.detail or PROBLEM_KINDS[slug].title
    if slug == "method-not-allowed":
        headers["Allow"] = ", ".join(sorted(headers.get("Allow", "").split(", ")))
        detail = f"{request.method} is not allowed here. Allowed: {headers['Allow']}."
    return answer_problem(request, ProblemError(PROBLEM_KINDS[slug], detail, headers=headers))


def answer_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer whatever nobody foresaw: logged in full, told as no more than that it happened."""
    logger.error(
        "Request %s failed: %s %s",
        request_id(request.scope),
        request.method,
        request.scope["path"],
        exc_info=error,
    )
    return answer_problem(
        request,
        ProblemError(_INTERNAL_ERROR, "Something went wrong on our side; it has been logged under this request id."),
    )


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    ProblemError: answer_problem,
    HTTPException: answer_http_exception,
    Exception: answer_exception,
}
"""For the application's ``exception_handlers``."""


def _answer(
    request: Request[Any, Any, Any], kind: ProblemKind, body: Problem, headers: dict[str, str]
) -> Response[bytes]:
    headers = {"Cache-Control": "no-store", **headers}
    if kind.status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return Response(msgspec.json.encode(body), status_code=kind.status, media_type=PROBLEM_JSON, headers=headers)
