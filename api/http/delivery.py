"""How answers travel, whatever they hold: compressed, across origins, and what caches have to know of both."""

import re
from typing import Any, cast

import msgspec
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.middleware.compression import CompressionMiddleware
from litestar.types import HTTPResponseStartEvent, Message, Scope, Send

from api.http.contract import EVENT_STREAM, PROBLEM_JSON, contract_of
from api.http.errors import request_id
from schema.problem import PROBLEM_KINDS, Problem

#: Below this many bytes compression costs more than it saves.
MINIMUM_COMPRESSED_BYTES = 1024
#: Most of what level 9 saves, in a fraction of its time: pages are compressed while others wait.
_LEVEL = 5
#: How long a browser may keep the answer to a preflight, in seconds.
_PREFLIGHT_AGE_S = 3600

_REFUSAL_KEY = "dateline_refused_preflight"
_REFUSED = re.compile(r"\s*gzip\s*;\s*q=0(\.0{0,3})?\s*", re.IGNORECASE)


class Compression(CompressionMiddleware):
    """Litestar's compression, for answers that may be compressed.

    A strong entity tag promises the same bytes, which a compressed answer breaks (RFC 9110 section 8.8.3). Single
    records have one, for ``If-Match``, and are small: they go out as they are. Lists and files have weak ones. Nor is a
    stream of changes compressed, which is open for hours and mostly silent.
    """

    def create_compression_send_wrapper(self, send: Send, compression_encoding: str, scope: Scope) -> Send:
        """Wrap ``send`` so that it compresses."""
        if any(_REFUSED.fullmatch(part) for part in Headers.from_scope(scope).get("accept-encoding", "").split(",")):
            return send
        compressing = super().create_compression_send_wrapper
        chosen = send

        async def send_wrapper(message: Message) -> None:
            nonlocal chosen
            # Made only here: a compressor takes a quarter of a megabyte, and a stream would keep it to its end.
            if message["type"] == "http.response.start" and _may_be_compressed(message):
                chosen = compressing(send, compression_encoding, scope)
            await chosen(message)

        return send_wrapper


COMPRESSION = CompressionConfig(
    backend="gzip",
    minimum_size=MINIMUM_COMPRESSED_BYTES,
    gzip_compress_level=_LEVEL,
    middleware_class=Compression,
)


def cors(origins: tuple[str, ...]) -> CORSConfig | None:
    """What other origins may do: with a token everything, with cookies nothing. None where no origin is allowed."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            *("Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID"),
        ],
        expose_headers=["ETag", "Link", "Location", "Retry-After", "X-Request-ID"],
        max_age=_PREFLIGHT_AGE_S,
    )


async def add_vary(message: Message, scope: Scope) -> None:
    """Name what an answer varies with (for the application's ``before_send``).

    Here and nowhere else, because this is the last to see an answer: Litestar's CORS puts ``Origin`` in the place of
    all that stood there, and names it only to origins that it allows, so that a cache could give theirs to others.
    """
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders(message)
    names = {name.strip().title() for line in headers.getall("Vary", []) for name in line.split(",") if name.strip()}
    names.add("Accept-Encoding")
    contract = contract_of(scope["route_handler"]) if "route_handler" in scope else None
    if contract is not None and contract.secured:
        names.add("Authorization")
    if contract is not None and contract.answer_formats:
        names.add("Accept")
    if scope["litestar_app"].cors_config is not None and not scope["litestar_app"].cors_config.is_allow_all_origins:
        names.add("Origin")
    headers["Vary"] = ", ".join(sorted(names))


def _may_be_compressed(message: HTTPResponseStartEvent) -> bool:
    headers = MutableScopeHeaders(message)
    return (
        headers.get("etag", "W/").startswith("W/")
        and "content-encoding" not in headers
        and not headers.get("content-type", "").startswith(EVENT_STREAM)
    )


async def explain_refused_preflight(message: Message, scope: Scope) -> None:
    """Make a problem of Litestar's plain refusal of a preflight, as every failing answer is one (``before_send``)."""
    # Preflights are answered before there is a route.
    known = cast("dict[str, Any]", scope)
    if known.get("method") != "OPTIONS" or "route_handler" in known:
        return
    if message["type"] == "http.response.start" and message["status"] == 400:
        headers = MutableScopeHeaders(message)
        if headers.get("Content-Type", "").startswith("text/plain"):
            scope["state"][_REFUSAL_KEY] = body = _refusal(scope)
            headers["Content-Type"] = PROBLEM_JSON
            headers["Content-Length"] = str(len(body))
            headers["Cache-Control"] = "no-store"
    elif message["type"] == "http.response.body" and _REFUSAL_KEY in scope["state"]:
        message["body"] = scope["state"][_REFUSAL_KEY]


def _refusal(scope: Scope) -> bytes:
    kind = PROBLEM_KINDS["bad-request"]
    return msgspec.json.encode(
        Problem(
            type=f"/problems#{kind.slug}",
            title=kind.title,
            status=kind.status,
            detail="Pages of this origin may not send such requests: its origin is not allowed (the setting"
            " DATELINE_CORS_ORIGINS), or the method or a header is none of the API's.",
            request_id=request_id(scope),
        )
    )
