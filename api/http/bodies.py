"""Reading request bodies: bounded, in an accepted media type and well-formed. What they mean is not asked here."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from litestar import Request
from litestar.exceptions import InternalServerException

from api.http.contract import JSON
from schema.problem import Fault, ProblemError, problem
from schema.validation import MalformedError, parse_strictly

_PARAMETER = re.compile(r"\s*([^\s=;]+)\s*=\s*(\"[^\"]*\"|[^\s\";]*)\s*")


async def read_document(
    request: Request[Any, Any, Any],
    *,
    media_types: Sequence[str] = (JSON,),
    maximum_bytes: int,
) -> dict[str, Any]:
    """Read the body as one JSON object.

    Raises ``unsupported-media-type`` (naming the accepted ones), ``body-too-large`` and ``malformed-body``. A name
    given twice in one object is malformed, too (RFC 7493): readers differ in which value they would drop.
    """
    raw = await read_bytes(request, media_types=media_types, maximum_bytes=maximum_bytes)
    value = parse_body(raw)
    if not isinstance(value, dict):
        raise problem("malformed-body", "The body must be one JSON object, in braces.")
    return value


async def read_bytes(request: Request[Any, Any, Any], *, media_types: Sequence[str], maximum_bytes: int) -> bytes:
    """Read the body as it is, but for its media type and its size, which is checked while it arrives."""
    pieces = [piece async for piece in stream_body(request, media_types=media_types, maximum_bytes=maximum_bytes)]
    return b"".join(pieces)


async def stream_body(
    request: Request[Any, Any, Any], *, media_types: Sequence[str], maximum_bytes: int
) -> AsyncIterator[bytes]:
    """Give the body piece by piece as it arrives; it is checked like that of ``read_bytes``."""
    check_media_type(request.headers, media_types, patch=request.method == "PATCH")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > maximum_bytes:
        raise _too_large(maximum_bytes)
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > maximum_bytes:
                raise _too_large(maximum_bytes)
            yield chunk
    except InternalServerException:
        # Litestar's word for a client that hung up; nobody reads the answer, but it is no failure of ours.
        raise problem("bad-request", "The connection ended before the whole body had arrived.") from None


def check_media_type(headers: Mapping[str, str], accepted: Sequence[str], *, patch: bool = False) -> None:
    """Refuse other media types, character sets than UTF-8, and compressed bodies."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise problem(
            "unsupported-media-type",
            f"Compressed bodies are not taken; the Content-Encoding is {_shown(encoding)}.",
            Fault("The body must be sent as it is.", parameter="Content-Encoding", suggestion="leave it out"),
            headers={"Accept-Encoding": "identity"},
        )
    listed = ", ".join(accepted)
    answer_headers = {"Accept-Patch" if patch else "Accept": listed}
    media_type, *parameters = headers.get("content-type", "").split(";")
    media_type = media_type.strip().lower()
    if media_type not in accepted:
        what = f"it is {_shown(media_type)}" if media_type else "there is none"
        raise problem(
            "unsupported-media-type",
            f"The Content-Type must be {' or '.join(accepted)}; {what}.",
            Fault("This media type is not taken here.", parameter="Content-Type", suggestion=listed),
            headers=answer_headers,
        )
    for parameter in parameters:
        match = _PARAMETER.fullmatch(parameter)
        charset = match[2].strip('"').lower() if match and match[1].lower() == "charset" else "utf-8"
        if charset not in ("utf-8", "utf8"):
            raise problem(
                "unsupported-media-type",
                f"The body must be UTF-8; the Content-Type says {_shown(charset)}.",
                Fault("This character set is not taken.", parameter="Content-Type", suggestion="utf-8"),
                headers=answer_headers,
            )


def parse_body(raw: bytes) -> Any:
    """Read JSON; raises ``malformed-body``, with the place where the parser tells it."""
    if not raw.strip():
        raise problem("malformed-body", "The body is empty.")
    try:
        return parse_strictly(raw)
    except MalformedError as error:
        raise problem("malformed-body", str(error)) from None


def _too_large(maximum_bytes: int) -> ProblemError:
    return problem("body-too-large", f"At most {maximum_bytes:,} bytes are taken.")


def _shown(text: str) -> str:
    """Write a text of the client's so that it can stand in an answer."""
    return repr(text[:100].encode("utf-8", "replace").decode())
