"""``/v1/changes``: the change feed, to be polled and to be streamed."""

import re

import msgspec
from litestar import Response, get

from api.http.answers import answer_value, next_link
from api.http.conditional import CACHE_CONTROL, answer_unchanged, list_tag
from api.http.contract import EVENT_STREAM, Contract
from api.http.dependencies import AChangeQuery, AStreamQuery, HttpRequest, TheHub, TheReader, TheStore
from api.http.examples import CHANGE_PAGE, HEAD, STREAM_END, STREAM_EVENT
from api.http.streaming import ChangeStream
from api.store.changes import check_place, read_page
from api.store.head import seen_head
from api.store.log import wire_time
from schema.feed import ChangePage, ChangeQuery, Head, StreamEvent, StreamQuery
from schema.problem import Fault, problem
from schema.wire import encode

_LAST_EVENT_ID = "Last-Event-ID"
_SEQUENCE = re.compile(r"0|[1-9][0-9]{0,14}")


@get(
    "/v1/changes/head",
    operation_id="getHead",
    summary="Read the head of the log",
    opt={
        "contract": Contract(
            tag="changes",
            answer=Head,
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            answer_examples={"a head": HEAD},
        )
    },
)
async def get_head(request: HttpRequest, store: TheStore, reader: TheReader) -> Response[bytes]:
    """Give the last change that the reader may see, with the digest over everything up to it.

    Whoever keeps a head can have it compared later: if history was rewritten, the digest at that sequence is another.
    """
    tag = await list_tag(request, store, reader)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    head = await seen_head(store, edit=reader.edit)
    return answer_value(
        Head(sequence=head.sequence, digest=head.digest.hex(), recorded_at=wire_time(head.recorded_at)), tag
    )


@get(
    "/v1/changes",
    operation_id="listChanges",
    summary="List changes",
    opt={
        "contract": Contract(
            tag="changes",
            query=ChangeQuery,
            answer=ChangePage,
            answer_headers=("ETag", "Cache-Control", "Link"),
            request_headers=("If-None-Match",),
            answer_examples={"two changes": CHANGE_PAGE},
        )
    },
)
async def list_changes(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AChangeQuery
) -> Response[bytes]:
    """Give the changes after a sequence, in the order in which they were made, each with the record as it was then.

    Ask again with the `after` of the answer: nothing is left out and nothing comes twice, however long ago the last
    time was. A page may be shorter than `limit` where documents are large; `more` tells whether to go on at once.
    """
    tag = await list_tag(request, store, reader)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    page = await read_page(store, asked.after, asked.limit, edit=reader.edit)
    headers = {"Cache-Control": CACHE_CONTROL, "ETag": tag}
    if page.more:
        headers["Link"] = next_link(request, after=str(page.after))
    body = {
        "items": [msgspec.Raw(item.json) for item in page.items],
        "after": page.after,
        "more": page.more,
        "head": page.head,
    }
    return Response(encode(body), media_type="application/json", headers=headers)


@get(
    "/v1/changes/stream",
    operation_id="streamChanges",
    summary="Follow changes as they are made",
    opt={
        "contract": Contract(
            tag="changes",
            query=StreamQuery,
            answer=StreamEvent,
            answer_media_type=EVENT_STREAM,
            answer_headers=("Cache-Control", "X-Accel-Buffering"),
            request_headers=(_LAST_EVENT_ID,),
            problems=("too-many-streams",),
            answer_examples={"a change": STREAM_EVENT, "the end": STREAM_END},
        )
    },
)
async def stream_changes(
    request: HttpRequest, store: TheStore, reader: TheReader, hub: TheHub, asked: AStreamQuery
) -> ChangeStream:
    """Stream all changes after a sequence, and then each one as it is made (Server-Sent Events).

    Each is an event `change` with its sequence as `id` and, as `data`, an item of `listChanges`. A client that comes
    back with `Last-Event-ID` gets what it has missed, and nothing twice. A comment comes at least every 15 seconds.
    The schema is that of each event, field by field.

    Before the server ends a stream by itself it sends an event `dropped`, whose data are `reason` (`too-slow`,
    `stopping`, `token-ended`) and `after`, the sequence to go on from.
    """
    after, parameter = _place(request, asked)
    await check_place(store, after, edit=reader.edit, parameter=parameter)
    hub.require_room()
    hub.start(store)
    return ChangeStream(hub, store, after=after, edit=reader.edit, token=reader.token)


def _place(request: HttpRequest, asked: StreamQuery) -> tuple[int, str]:
    """Say where a stream begins, and which parameter says so."""
    lines = request.headers.getall(_LAST_EVENT_ID, [])
    if not lines:
        return asked.after, "after"
    if len(lines) > 1 or not _SEQUENCE.fullmatch(lines[0]):
        fault = Fault(
            f"{_LAST_EVENT_ID} takes the sequence of a change: a whole number.",
            parameter=_LAST_EVENT_ID,
            suggestion="the id of the last event that came, or leave it out",
        )
        raise problem("invalid-parameters", f"These parameters have faults: {_LAST_EVENT_ID}.", fault)
    return int(lines[0]), _LAST_EVENT_ID


HANDLERS = [get_head, list_changes, stream_changes]
