"""``/v1/events``."""

from functools import partial

from litestar import Response, delete, get, patch, post, put
from litestar.params import FromPath
from litestar.response import Stream

from api.export.walk import pages_of_events
from api.formats.registry import WRITERS
from api.history.redaction import missing
from api.http.answers import answer_page, answer_record, dated_names, nothing
from api.http.conditional import answer_unchanged, list_tag, read_as_of, this_minute
from api.http.contract import MERGE_PATCH, Contract, Link
from api.http.dependencies import AMomentQuery, AnEventQuery, HttpRequest, TheReader, TheSettings, TheStore
from api.http.editing import answer_creation, answer_edit, answer_step
from api.http.examples import (
    EDITED_EVENT,
    EVENT,
    EVENT_EDIT,
    EVENT_IN,
    EVENT_PAGE,
    EVENT_PATCH,
    PATCHED_EVENT,
    RESTORATION_IN,
    RESTORED_EVENT,
    RETRACTED_EVENT,
    RETRACTION_IN,
)
from api.http.exports import answer_export, chosen_format
from api.http.format_examples import FORMAT_EXAMPLES
from api.http.parameters import read_if_match, read_uuid
from api.store import events, listing
from schema.answers import EventAnswer, EventPage, Range
from schema.change import Change, EntityKind, RestorationIn, RetractionIn
from schema.event import EventIn
from schema.format import Format
from schema.query import EventQuery, MomentQuery

_LINKS = {
    "read": Link("getEvent", {"event_id": "$response.body#/id"}, "Read it again."),
    "replace": Link(
        "replaceEvent", {"event_id": "$response.body#/id", "header.If-Match": "$response.header.ETag"}, "Replace it."
    ),
    "change": Link(
        "updateEvent", {"event_id": "$response.body#/id", "header.If-Match": "$response.header.ETag"}, "Change it."
    ),
    "retract": Link(
        "retractEvent", {"event_id": "$response.body#/id", "header.If-Match": "$response.header.ETag"}, "Retract it."
    ),
    "revisions": Link("listRevisions", {"event_id": "$response.body#/id"}, "Read its history."),
}
_ONE = {"the treaty": EVENT}


@get(
    "/v1/events",
    operation_id="listEvents",
    summary="Find events by time range, actor and more",
    opt={
        "contract": Contract(
            tag="events",
            query=EventQuery,
            answer=EventPage,
            answer_headers=("ETag", "Cache-Control", "Link"),
            answer_formats=FORMAT_EXAMPLES,
            request_headers=("If-None-Match",),
            problems=("invalid-cursor", "forbidden", "not-acceptable", "too-many-events"),
            answer_examples={"June 2024": EVENT_PAGE},
        )
    },
)
async def list_events(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, asked: AnEventQuery
) -> Response[bytes] | Stream:
    """Give one page of events in the order of their dates, with what they mention in `included`.

    Repeated values of one filter are any-of, different filters are all-of. The cursor in `next` leads to the next
    page: an event that is not written meanwhile appears exactly once.

    With `format`, or by `Accept`, they come in another form, and then all of them unless `limit` is given. Feeds
    (`atom`, `jsonfeed`) give what was written last.
    """
    chosen = chosen_format(request, asked)
    clock = "" if asked.overdue is None else this_minute()
    if chosen is not Format.JSON:
        pages = pages_of_events(store, edit=reader.edit)
        return await answer_export(request, store, reader, settings, asked, WRITERS[chosen], pages, clock=clock)
    tag = await list_tag(request, store, reader, clock=clock)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    listed = await listing.list_events(store, asked, edit=reader.edit)
    return answer_page(
        request,
        [item.document for item in listed.page.items],
        listed.page.included,
        listed.next,
        tag=tag,
        count=listed.counted,
        range=Range(earliest=listed.window.earliest, latest=listed.window.latest),
        as_of=listed.as_of,
        notices=listed.notices,
        **dated_names(listed),
    )


@post(
    "/v1/events",
    operation_id="createEvent",
    summary="Create an event",
    opt={
        "contract": Contract(
            tag="events",
            status=201,
            body=EventIn,
            answer=EventAnswer,
            answer_headers=("ETag", "Location"),
            request_headers=("Idempotency-Key",),
            problems=("conflict",),
            scope="edit",
            links=_LINKS,
            body_examples={"the treaty": EVENT_IN},
            answer_examples=_ONE,
        )
    },
)
async def create_event(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings
) -> Response[bytes]:
    """Create an event, published or as a draft.

    Sources may be given whole: each is found by its address or, without one, by publisher, title and date, or else
    created. Actors may be given by id, name or alias.
    """
    return await answer_creation(request, store, reader, settings, events.create_event)


@get(
    "/v1/events/{event_id:str}",
    operation_id="getEvent",
    summary="Read an event",
    opt={
        "contract": Contract(
            tag="events",
            query=MomentQuery,
            answer=EventAnswer,
            problems=("withdrawn",),
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            answer_examples=_ONE,
            links={name: _LINKS[name] for name in ("replace", "change", "revisions")},
        )
    },
)
async def get_event(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AMomentQuery, event_id: FromPath[str]
) -> Response[bytes]:
    """Read an event as it is now or was known as of a moment.

    Drafts are seen with the scope `edit` only; a retracted event says why.
    """
    event = read_uuid(event_id, "event_id")
    as_of = await read_as_of(store, asked.as_of, reader)
    record = await listing.get_event(store, event, edit=reader.edit, as_of=as_of)
    if record is None:
        raise await missing(store, EntityKind.EVENT, str(event), edit=reader.edit, as_of=as_of)
    return answer_record(request, record, as_of=as_of)


@put(
    "/v1/events/{event_id:str}",
    operation_id="replaceEvent",
    summary="Replace an event",
    opt={
        "contract": Contract(
            tag="events",
            body=EventIn,
            body_extra=Change,
            answer=EventAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match",),
            problems=("conflict", "read-only-member"),
            scope="edit",
            body_examples={"a missing tag": EVENT_EDIT},
            answer_examples={"a missing tag": EDITED_EVENT},
        )
    },
)
async def replace_event(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, event_id: FromPath[str]
) -> Response[bytes]:
    """Write a new revision of an event with exactly this content.

    What GET gave can be sent back: read-only members are accepted as long as they are unchanged. A body that
    changes nothing makes no revision. `change` says why; a correction needs a reason.
    """
    event = read_uuid(event_id, "event_id")
    return await answer_edit(request, settings, partial(events.edit_event, store, reader.author, event))


@patch(
    "/v1/events/{event_id:str}",
    operation_id="updateEvent",
    summary="Change members of an event",
    opt={
        "contract": Contract(
            tag="events",
            body=EventIn,
            body_extra=Change,
            body_media_types=(MERGE_PATCH,),
            partial=True,
            answer=EventAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match",),
            problems=("conflict", "read-only-member"),
            scope="edit",
            body_examples={"a less certain date": EVENT_PATCH},
            answer_examples={"a less certain date": PATCHED_EVENT},
        )
    },
)
async def update_event(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, event_id: FromPath[str]
) -> Response[bytes]:
    """Apply a JSON Merge Patch (RFC 7396): members that are left out stay, null takes one away, lists are replaced."""
    event = read_uuid(event_id, "event_id")
    return await answer_edit(request, settings, partial(events.edit_event, store, reader.author, event))


@post(
    "/v1/events/{event_id:str}/retract",
    operation_id="retractEvent",
    summary="Retract an event",
    status_code=200,
    opt={
        "contract": Contract(
            tag="events",
            body=RetractionIn,
            answer=EventAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match", "Idempotency-Key"),
            problems=("conflict",),
            scope="edit",
            body_examples={"withdrawn": RETRACTION_IN},
            answer_examples={"withdrawn": RETRACTED_EVENT},
        )
    },
)
async def retract_event(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, event_id: FromPath[str]
) -> Response[bytes]:
    """Take a published event back, with the reason. It stays readable; lists leave it out unless asked for."""
    event = read_uuid(event_id, "event_id")
    return await answer_step(request, store, reader, settings, event, events.retract_event)


@post(
    "/v1/events/{event_id:str}/restore",
    operation_id="restoreEvent",
    summary="Restore an event or an earlier content of it",
    status_code=200,
    opt={
        "contract": Contract(
            tag="events",
            body=RestorationIn,
            answer=EventAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match", "Idempotency-Key"),
            problems=("conflict",),
            scope="edit",
            body_examples={"first revision": RESTORATION_IN},
            answer_examples={"first revision": RESTORED_EVENT},
        )
    },
)
async def restore_event(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, event_id: FromPath[str]
) -> Response[bytes]:
    """End a retraction or, with `revision`, write the content of that revision as a new one.

    An event that has that content already, and is not retracted, stays as it is.
    """
    event = read_uuid(event_id, "event_id")
    return await answer_step(request, store, reader, settings, event, events.restore_event)


@delete(
    "/v1/events/{event_id:str}",
    operation_id="discardDraft",
    summary="Discard a draft",
    status_code=204,
    opt={
        "contract": Contract(
            tag="events", status=204, request_headers=("If-Match",), problems=("conflict",), scope="edit"
        )
    },
)
async def discard_draft(request: HttpRequest, store: TheStore, reader: TheReader, event_id: FromPath[str]) -> None:
    """Discard a draft. A published event is retracted instead."""
    event = read_uuid(event_id, "event_id")
    if await events.discard_draft(store, reader.author, event, partial(read_if_match, request)) is None:
        raise nothing()


HANDLERS = [
    list_events,
    create_event,
    get_event,
    replace_event,
    update_event,
    retract_event,
    restore_event,
    discard_draft,
]
