"""Answers made of stored documents: they go out as they are, with what they mention beside them."""

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response

from api.http.parameters import is_unchanged
from api.store.listing import Listed
from api.store.reading import ListedById, Record
from schema.answers import Included
from schema.problem import ProblemError, problem
from schema.wire import encode

#: What a cache keeps must be asked about each time; `delivery.py` says what an answer varies with.
_HEADERS = {"Cache-Control": "no-cache"}


def answer_record(
    request: Request[Any, Any, Any],
    record: Record | None,
    *,
    as_of: int | None = None,
    status: int = 200,
    location: str | None = None,
) -> Response[bytes]:
    """Answer one record (404 if there is none) with its entity tag; 304 if the client has it.

    ``as_of`` is the sequence as of which it was read, if not as of now.
    """
    if record is None:
        raise nothing()
    included = encode(record.included) + (b"" if as_of is None else b',"as_of":%d' % as_of)
    tag = _tag(record, included)
    headers = {**_HEADERS, "ETag": tag} | ({"Location": location} if location else {})
    if request.method == "GET" and is_unchanged(request, tag):
        return Response(b"", status_code=304, headers=headers)
    body = record.document[:-1] + b',"included":' + included + b"}"
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def answer_moved(request: Request[Any, Any, Any], record: Record, location: str, value: Any) -> Response[bytes]:
    """Lead on from a record to the one that stands for it, whose path is given; the query goes along (RFC 9110, 308).

    The entity tag is that of the record that was asked for, for those who write it. No 304 takes a redirect's place.
    """
    query = f"?{request.url.query}" if request.url.query else ""
    headers = {**_HEADERS, "ETag": _tag(record, encode(record.included)), "Location": location + query}
    return Response(encode(value), status_code=308, media_type="application/json", headers=headers)


def _tag(record: Record, included: bytes) -> str:
    # The revision comes first, for If-Match; what follows changes with all that the answer says.
    return f'"{record.revision}-{hashlib.sha256(record.document + included).hexdigest()[:12]}"'


def answer_page(
    request: Request[Any, Any, Any],
    documents: Iterable[bytes],
    included: Included,
    following: str | None,
    *,
    tag: str,
    **members: Any,
) -> Response[bytes]:
    """Answer one page of a list, with its entity tag and a link to the next one (RFC 8288)."""
    page = {
        "items": [msgspec.Raw(document) for document in documents],
        "next": following,
        **members,
        "included": included,
    }
    headers = {**_HEADERS, "ETag": tag}
    if following is not None:
        headers["Link"] = next_link(request, cursor=following)
    return Response(encode(page), media_type="application/json", headers=headers)


def dated_names(listed: Listed) -> dict[str, Any]:
    """The member of a page of events that tells how actors were called then, if that is asked for."""
    if listed.names is None:
        return {}
    shown = {item.id for item in listed.page.items}
    return {"names": {event_id: names for event_id, names in sorted(listed.names.items()) if event_id in shown}}


def answer_listed(request: Request[Any, Any, Any], listed: ListedById, tag: str) -> Response[bytes]:
    """Answer one page of records in the order of their ids."""
    documents = [item.document for item in listed.page.items]
    return answer_page(request, documents, listed.page.included, listed.next, tag=tag, as_of=listed.as_of)


def next_link(request: Request[Any, Any, Any], **changed: str) -> str:
    """The link to what comes next (RFC 8288): the same request with some parameters, such as the cursor, changed."""
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
    return f'<{request.url.path}?{urlencode([*parameters, *changed.items()])}>; rel="next"'


def answer_value(value: Any, tag: str) -> Response[bytes]:
    """Answer what was made of several records, with its entity tag."""
    return Response(encode(value), media_type="application/json", headers={**_HEADERS, "ETag": tag})


def nothing() -> ProblemError:
    """The problem of an address at which the reader can see nothing."""
    return problem("not-found", "There is nothing here.")
