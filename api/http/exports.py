"""Lists of events in other formats than pages of JSON: which one is asked for, and how it goes out."""

import asyncio
import re
from collections.abc import Coroutine
from typing import Any, TypeVar

from litestar import Response
from litestar.datastructures.headers import Accept
from litestar.response import Stream

from api.auth import Reader
from api.export.exporting import Source, Titles, begin, heading_of, pin, query_for
from api.export.walk import PageOf
from api.formats.entry import Writer
from api.formats.registry import WRITERS
from api.http.answers import next_link
from api.http.conditional import CACHE_CONTROL, answer_unchanged, list_tag
from api.http.dependencies import HttpRequest
from api.http.pages import GUARDS as PAGE_GUARDS
from api.http.streaming import until_left
from api.settings import Settings
from api.store.store import Store
from schema.format import Format
from schema.problem import problem
from schema.query import EventQuery

T = TypeVar("T")

#: What is shown in a browser can do nothing there: no script, nothing from elsewhere.
GUARDS = {
    **PAGE_GUARDS,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
}

_NOUGHT = re.compile(r"\bq\s*=\s*0(\.0*)?\s*(;|$)")

#: The formats by their media types; the one that is given where nothing is asked for comes first.
MEDIA_TYPES = {writer.media_type: writer.format for writer in WRITERS.values()}


def chosen_format(request: HttpRequest, asked: EventQuery) -> Format:
    """Say in which format the answer is wanted: by the parameter, else by ``Accept`` (RFC 9110 section 12.5.1).

    Raises ``not-acceptable`` if nothing that is accepted can be given.
    """
    if asked.format is not None:
        return asked.format
    accepted = ", ".join(request.headers.getall("Accept", []))
    if not accepted:
        return Format.JSON
    matched = Accept(accepted).best_match([one for one in MEDIA_TYPES if not _is_refused(one, accepted)])
    if matched is None:
        known = ", ".join(MEDIA_TYPES)
        raise problem("not-acceptable", f"None of the accepted media types can be given. There are: {known}.")
    return MEDIA_TYPES[matched]


def _is_refused(media_type: str, accepted: str) -> bool:
    """Say whether a media type is ruled out by name, with a weight of nought."""
    refusals = (part.partition(";") for part in accepted.lower().split(","))
    return any(name.strip() == media_type and _NOUGHT.search(weight) for name, _, weight in refusals)


def home_of(request: HttpRequest, settings: Settings) -> str:
    """The address of this service as readers know it, without a slash at the end."""
    return settings.public_url or str(request.base_url).rstrip("/")


async def while_connected(request: HttpRequest, work: Coroutine[Any, Any, T]) -> T:
    """Do the work that comes before the first byte, and give it up if the client goes away meanwhile."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(until_left(request.receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise problem("bad-request", "The client has gone away.")
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def answer_export(
    request: HttpRequest,
    store: Store,
    reader: Reader,
    settings: Settings,
    asked: EventQuery,
    writer: Writer,
    page_of: PageOf,
    titles: Titles | None = None,
    *,
    clock: str = "",
    file_name: str = "events",
) -> Response[bytes] | Stream:
    """Answer a list of events in a format; 304 if the client has it. ``clock`` is what ``list_tag`` takes.

    The bytes are made while they are sent, in as much memory as a few hundred events take. If that fails on the way
    the connection is broken off, so that nobody takes a part for the whole.
    """
    given = {name for name, _ in request.query_params.multi_items()}
    asked = query_for(writer, asked, given)
    tag = await list_tag(request, store, reader, format=writer.format.value, clock=clock)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    asked = await pin(store, asked, edit=reader.edit)
    home = home_of(request, settings)
    query = request.scope["query_string"].decode("latin-1")
    address = f"{home}{request.url.path}?{query}" if query else f"{home}{request.url.path}"
    # Who opens the address of a list in a browser wants to look at it, not to take all of it along.
    limited = "limit" in given or (writer.format is Format.HTML and asked.format is None)
    heading = await heading_of(
        store, asked, edit=reader.edit, home=home, address=address, titles=titles, limited=limited
    )
    source = Source(store, page_of, asked, reader.edit, heading)
    export = await while_connected(request, begin(writer, source, limited=limited or writer.is_feed))
    headers = {
        **GUARDS,
        "Cache-Control": CACHE_CONTROL,
        "ETag": tag,
        "Content-Disposition": f'inline; filename="{file_name}.{writer.extension}"',
    }
    if export.next is not None:
        pinned = {} if asked.as_of is None else {"as_of": asked.as_of}
        headers["Link"] = next_link(request, cursor=export.next, **pinned)
    return Stream(export.chunks, media_type=writer.media_type, headers=headers)
