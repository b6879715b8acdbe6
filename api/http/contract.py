"""What each operation promises, as data beside its handler.

Litestar's own generator is off, because it drops the bounds of the wire types and documents other errors than
are sent. A handler carries ``opt={"contract": Contract(...)}`` instead. The parameters and the OpenAPI document
are both made from it, so that neither can promise what the other does not do. Operation id, summary and
description are the handler's own (``operation_id=``, ``summary=`` and its docstring).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import Struct

from schema.text import SLUG_PATTERN

JSON = "application/json"
NDJSON = "application/x-ndjson"
FORM = "multipart/form-data"
MERGE_PATCH = "application/merge-patch+json"
PROBLEM_JSON = "application/problem+json"
EVENT_STREAM = "text/event-stream"

#: Problems that every operation may answer with, whatever it does.
COMMON_PROBLEMS = ("bad-request", "invalid-parameters", "internal-error", "unavailable", "query-timeout")

#: The groups of operations and what each is about.
TAGS = {
    "events": "What happened, is going on or is planned, at times that may be known only roughly.",
    "actors": "Whoever plays a role in an event or publishes a source.",
    "sources": "The documents that citations point to.",
    "chronologies": "Saved, titled selections of events, and releases of them: frozen, checksummed exports.",
    "imports": "Files of events that come in, and the reports of what became of each row.",
    "changes": "Everything that was done to records, in one order, to be followed.",
    "health": "Whether the service is up, for supervisors and load balancers.",
}

#: The headers of requests and answers, by name.
HEADERS = {
    "Cache-Control": "How long the answer may be kept (RFC 9111).",
    "ETag": "The entity tag of this answer; that of a single record begins with its revision.",
    "Idempotency-Key": (
        "A key of the client's choice: the same request sent again with it, within 24 hours and by the same token, is "
        "done once and answered again as it was the first time."
    ),
    "If-Match": (
        'The revision that is changed: the ETag that GET answered, or the revision in quotation marks, `"3"`. '
        "Several mean any of them, `*` any at all."
    ),
    "If-None-Match": "The entity tag of an answer at hand: if it still holds, the answer is 304.",
    "Last-Event-ID": "The sequence of the last change that the client has; comes before the parameter `after`.",
    "Link": "Where to go on from here (RFC 8288), such as the next page.",
    "Location": "The address of what was created, or of the record that stands for this one.",
    "Retry-After": "After how many seconds to try again, where that may help.",
    "WWW-Authenticate": "That a token is needed and, of one that was sent, what is wrong with it (RFC 6750).",
    "X-Accel-Buffering": "That proxies are to pass the answer on as it comes (`no`).",
    "X-Request-ID": "The id of this request, as the log has it.",
}

_REVISION_TAG = r'(W/)?"[1-9][0-9]{0,8}(-[!#-~]*)?"'
#: The schemas of headers that are more than some text.
HEADER_SCHEMAS: dict[str, dict[str, Any]] = {
    "If-Match": {
        "type": "string",
        "maxLength": 1000,
        "pattern": rf"^(\*|{_REVISION_TAG}( *, *{_REVISION_TAG})*)$",
        "examples": ['"3"', '"3-5f0c9a526c8e"'],
    },
    "Idempotency-Key": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "pattern": "^[!-~]+$",
        "examples": ["0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b"],
    },
    "Last-Event-ID": {"type": "string", "pattern": "^(0|[1-9][0-9]{0,14})$", "examples": ["42"]},
    "If-None-Match": {"type": "string", "examples": ['W/"80-5f0c9a526c8e"']},
    "Retry-After": {"type": "integer", "minimum": 0, "examples": [5]},
    "X-Request-ID": {"type": "string", "format": "uuid"},
}


def _uuid(example: str) -> dict[str, Any]:
    return {"type": "string", "format": "uuid", "examples": [example]}


def _slug(example: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": 100, "pattern": SLUG_PATTERN, "examples": [example]}


#: The parameters of paths, by name: what they are, and their schemas.
PATH_PARAMETERS: dict[str, tuple[str, dict[str, Any]]] = {
    "event_id": ("The event's id.", _uuid("f210f2e5-140a-50ee-ac6f-e4aa1ad06256")),
    "source_id": ("The source's id.", _uuid("c7904d47-6dec-522f-85c6-a10684b8b622")),
    "actor_id": ("The actor's id.", _slug("north-korea")),
    "import_id": ("The import's id.", _uuid("0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b")),
    "slug": ("The chronology's slug.", _slug("north-korea-and-russia")),
    "number": (
        "The number of the release or of the revision, counted from 1.",
        {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    ),
}

#: The components that describe the answers to failing requests, by status.
RESPONSE_NAMES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Gone",
    412: "PreconditionFailed",
    413: "ContentTooLarge",
    415: "UnsupportedMediaType",
    422: "UnprocessableContent",
    428: "PreconditionRequired",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}
#: The headers of answers to failing requests, by status.
PROBLEM_HEADERS: dict[int, tuple[str, ...]] = {401: ("WWW-Authenticate",), 409: ("Retry-After",), 503: ("Retry-After",)}


@dataclass(frozen=True, slots=True)
class Link:
    """That a value of an answer leads to another operation (an OpenAPI link).

    ``parameters`` maps the target's parameters to runtime expressions such as ``$response.body#/id``.
    """

    operation_id: str
    parameters: Mapping[str, str]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What one operation takes and answers.

    ``query``: each member is a query parameter; without it the operation takes none and refuses any.
    ``body``, ``body_media_types``: what it reads. ``partial`` says that the body is a JSON Merge Patch (RFC 7396):
    every member may be left out, and those with a default may be null.
    ``body_formats``: further media types of the body, which JSON Schema cannot describe, each with an example as it
    travels; None for what is no text.
    ``body_extra``: the type of a write-only member ``change`` which goes along in the body. With it, members that
    only ``answer`` has are tolerated in the body, so that what GET gave can be PUT back.
    ``answer``, ``answer_media_type``, ``status``: what success looks like. ``answer_formats``: further media types of
    the answer, which JSON Schema cannot describe, each with an example likewise; with ``or_file``,
    ``answer_media_type`` may also be that of a file.
    ``moved``: what is answered besides a permanent redirect where another record stands for this one; with
    ``moved_examples``.
    ``answer_headers``, ``request_headers``: names from ``HEADERS``.
    ``problems``: slugs of ``schema.problem.PROBLEM_KINDS`` beside those that follow from the rest (see
    ``expected_problems``).
    ``scope``: what a token must allow; None reads, for which a token may be needed by setting. ``secured=False``
    is for what never looks at a token.
    ``body_examples``, ``answer_examples``: named values as they travel (what ``json`` would read).
    """

    tag: str
    status: int = 200
    query: type[Struct] | None = None
    body: type | None = None
    body_media_types: tuple[str, ...] = (JSON,)
    body_formats: Mapping[str, Any] = field(default_factory=dict)
    partial: bool = False
    body_extra: type | None = None
    answer: type | None = None
    moved: type | None = None
    moved_examples: Mapping[str, Any] = field(default_factory=dict)
    answer_media_type: str = JSON
    answer_formats: Mapping[str, Any] = field(default_factory=dict)
    or_file: bool = False
    answer_headers: tuple[str, ...] = ()
    request_headers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    scope: Literal["edit", "admin"] | None = None
    secured: bool = True
    body_examples: Mapping[str, Any] = field(default_factory=dict)
    answer_examples: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)

    def expected_problems(self, *, has_path_parameters: bool) -> frozenset[str]:
        """List the slugs of all problems that the operation may answer with, those that follow from it included."""
        slugs = {*COMMON_PROBLEMS, *self.problems}
        if has_path_parameters:
            slugs.add("not-found")
        if self.body is not None:
            slugs |= {"malformed-body", "invalid-body", "body-too-large", "unsupported-media-type"}
        if "Idempotency-Key" in self.request_headers:
            slugs |= {"request-in-flight", "idempotency-key-reused"}
        if "If-Match" in self.request_headers:
            slugs |= {"precondition-required", "revision-mismatch"}
        if self.secured:
            slugs.add("token-required")
        if self.scope is not None:
            slugs |= {"forbidden", "busy"}
        return frozenset(slugs)


def contract_of(handler: Any) -> Contract | None:
    """Give the contract of a Litestar route handler, or None if it is no part of the API's contract."""
    contract = handler.opt.get("contract")
    return contract if isinstance(contract, Contract) else None
