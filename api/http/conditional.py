"""Conditional reads of what many records go into: an entity tag that costs one look at the head (RFC 9110 section 13).

A single record is tagged by its revision (see ``answers.py``); a list has none. But whatever a reader can see changes
only with the head that this reader sees, so the head, the query and the format name an answer without its being made.
"""

import hashlib
from datetime import UTC, datetime
from importlib.metadata import version

import msgspec
from litestar import Response

from api.auth import Reader
from api.http.dependencies import HttpRequest
from api.http.parameters import is_unchanged
from api.store.head import moment_of, seen_head
from api.store.store import Store

#: What a cache keeps must be asked about each time. What an answer varies with is said in ``delivery.py``.
CACHE_CONTROL = "no-cache"
#: Another version may write the same records in another way.
_VERSION = version("dateline")


async def list_tag(request: HttpRequest, store: Store, reader: Reader, *, format: str = "json", clock: str = "") -> str:
    """Look at the head and make the weak entity tag of the answer to this request.

    Call it before what it tags is read: a write in between then leaves an old tag on a new answer, which is asked for
    once more than needed. The other way round, a new tag on an old answer would keep that answer for ever.

    ``clock`` is empty for an answer that only a write can change. An answer that depends on the time, such as a filter
    by what is overdue, gives the time for which it holds (``this_minute``), so that it is not unchanged for ever.
    """
    head = await seen_head(store, edit=reader.edit)
    parts = (
        _VERSION,
        # The digest tells a head from one of the same number in a history that was restored and went on differently.
        head.sequence,
        head.digest.hex(),
        reader.edit,
        request.scope["path"],
        # As it was sent: two spellings of a query may have two tags, but two queries never have one.
        request.scope["query_string"].decode("latin-1"),
        format,
        clock,
    )
    return f'W/"{hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]}"'


async def read_as_of(store: Store, as_of: str | None, reader: Reader) -> int | None:
    """Resolve the moment that a request asks for to the sequence of a change that the reader sees; None for now."""
    moment = await moment_of(store, as_of, edit=reader.edit)
    return None if moment is None else moment.sequence


def this_minute() -> str:
    """The time as part of a tag, to the minute (UTC): for so long what depends on the clock may be out of date."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")


def answer_unchanged(request: HttpRequest, tag: str) -> Response[bytes] | None:
    """Answer 304 if the client has what the tag stands for; None if it must be read.

    ``If-None-Match: *`` asks only whether there is anything, which the head doesn't tell: it is answered in full.
    """
    if "*" in (line.strip() for line in request.headers.getall("If-None-Match", [])) or not is_unchanged(request, tag):
        return None
    return Response(b"", status_code=304, headers={"Cache-Control": CACHE_CONTROL, "ETag": tag})
