"""``/v1/chronologies``."""

from functools import partial

from litestar import Response, delete, get, patch, post, put
from litestar.params import FromPath
from litestar.response import Stream

from api.auth import Reader
from api.export.exporting import Titles, pin
from api.export.walk import pages_of_chronology
from api.formats.registry import WRITERS
from api.history.redaction import missing
from api.http.answers import answer_listed, answer_page, answer_record, dated_names, nothing
from api.http.conditional import answer_unchanged, list_tag, read_as_of, this_minute
from api.http.contract import MERGE_PATCH, Contract, Link
from api.http.dependencies import (
    AMomentQuery,
    AnEventQuery,
    ARecordQuery,
    HttpRequest,
    TheReader,
    TheSettings,
    TheStore,
)
from api.http.editing import answer_creation, answer_edit
from api.http.examples import (
    CHRONOLOGY,
    CHRONOLOGY_EDIT,
    CHRONOLOGY_EVENTS,
    CHRONOLOGY_IN,
    CHRONOLOGY_PAGE,
    CHRONOLOGY_PATCH,
    EDITED_CHRONOLOGY,
    PATCHED_CHRONOLOGY,
)
from api.http.exports import answer_export, chosen_format, home_of
from api.http.format_examples import FORMAT_EXAMPLES
from api.http.parameters import read_if_match, read_slug
from api.settings import Settings
from api.store import chronologies
from api.store.chronology_events import list_chronology_events
from api.store.cursor import sealed_as_of
from api.store.store import Store
from schema.answers import Range
from schema.change import Change, EntityKind
from schema.chronology import Chronology, ChronologyAnswer, ChronologyEventPage, ChronologyIn, ChronologyPage
from schema.format import Format
from schema.query import EventQuery, MomentQuery, RecordQuery

_ONE = {"North Korea and Russia": CHRONOLOGY}
_SLUG = {"slug": "$response.body#/slug"}
_LINKS = {
    "read": Link("getChronology", _SLUG, "Read it again."),
    "events": Link("listChronologyEvents", _SLUG, "Read its events."),
    "replace": Link("replaceChronology", {**_SLUG, "header.If-Match": "$response.header.ETag"}, "Replace it."),
    "revisions": Link("listChronologyRevisions", _SLUG, "Read its history."),
}


@get(
    "/v1/chronologies",
    operation_id="listChronologies",
    summary="List chronologies",
    opt={
        "contract": Contract(
            tag="chronologies",
            query=RecordQuery,
            answer=ChronologyPage,
            answer_headers=("ETag", "Cache-Control", "Link"),
            request_headers=("If-None-Match",),
            problems=("invalid-cursor",),
            answer_examples={"one chronology": CHRONOLOGY_PAGE},
        )
    },
)
async def list_chronologies(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: ARecordQuery
) -> Response[bytes]:
    """Give one page of chronologies in the order of their slugs. Drafts are listed with the scope `edit` only."""
    tag = await list_tag(request, store, reader)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    return answer_listed(request, await chronologies.list_chronologies(store, asked, edit=reader.edit), tag)


@post(
    "/v1/chronologies",
    operation_id="createChronology",
    summary="Create a chronology",
    opt={
        "contract": Contract(
            tag="chronologies",
            status=201,
            body=ChronologyIn,
            answer=ChronologyAnswer,
            answer_headers=("ETag", "Location"),
            request_headers=("Idempotency-Key",),
            problems=("conflict",),
            scope="edit",
            links=_LINKS,
            body_examples={"North Korea and Russia": CHRONOLOGY_IN},
            answer_examples=_ONE,
        )
    },
)
async def create_chronology(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings
) -> Response[bytes]:
    """Create a chronology, published or as a draft: by a filter, by events that are picked in order, or by both.

    A published chronology picks no drafts. The actors and sources that its filter names come into sight with it.
    """
    return await answer_creation(request, store, reader, settings, chronologies.create_chronology)


@get(
    "/v1/chronologies/{slug:str}",
    operation_id="getChronology",
    summary="Read a chronology",
    opt={
        "contract": Contract(
            tag="chronologies",
            query=MomentQuery,
            answer=ChronologyAnswer,
            problems=("withdrawn",),
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            answer_examples=_ONE,
            links={name: _LINKS[name] for name in ("events", "replace", "revisions")},
        )
    },
)
async def get_chronology(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AMomentQuery, slug: FromPath[str]
) -> Response[bytes]:
    """Read what a chronology is made of, now or as of a moment: its texts, its filter, its picked events.

    Drafts need the scope `edit`.
    """
    name = read_slug(slug, "slug")
    as_of = await read_as_of(store, asked.as_of, reader)
    record = await chronologies.get_chronology(store, name, edit=reader.edit, as_of=as_of)
    if record is None:
        raise await missing(store, EntityKind.CHRONOLOGY, name, edit=reader.edit, as_of=as_of)
    return answer_record(request, record, as_of=as_of)


@put(
    "/v1/chronologies/{slug:str}",
    operation_id="replaceChronology",
    summary="Replace a chronology",
    opt={
        "contract": Contract(
            tag="chronologies",
            body=ChronologyIn,
            body_extra=Change,
            answer=ChronologyAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match",),
            problems=("conflict", "read-only-member"),
            scope="edit",
            body_examples={"another title": CHRONOLOGY_EDIT},
            answer_examples={"another title": EDITED_CHRONOLOGY},
        )
    },
)
async def replace_chronology(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, slug: FromPath[str]
) -> Response[bytes]:
    """Write a new revision of a chronology with exactly this content; a `state` that is left out stays."""
    return await _edit(request, store, reader, settings, slug)


@patch(
    "/v1/chronologies/{slug:str}",
    operation_id="updateChronology",
    summary="Change members of a chronology",
    opt={
        "contract": Contract(
            tag="chronologies",
            body=ChronologyIn,
            body_extra=Change,
            body_media_types=(MERGE_PATCH,),
            partial=True,
            answer=ChronologyAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match",),
            problems=("conflict", "read-only-member"),
            scope="edit",
            body_examples={"a narrower filter": CHRONOLOGY_PATCH},
            answer_examples={"a narrower filter": PATCHED_CHRONOLOGY},
        )
    },
)
async def update_chronology(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, slug: FromPath[str]
) -> Response[bytes]:
    """Apply a JSON Merge Patch (RFC 7396): members that are left out stay, null takes one away, lists are replaced."""
    return await _edit(request, store, reader, settings, slug)


async def _edit(request: HttpRequest, store: Store, reader: Reader, settings: Settings, slug: str) -> Response[bytes]:
    name = read_slug(slug, "slug")
    return await answer_edit(request, settings, partial(chronologies.edit_chronology, store, reader.author, name))


@delete(
    "/v1/chronologies/{slug:str}",
    operation_id="discardChronology",
    summary="Discard the draft of a chronology",
    status_code=204,
    opt={
        "contract": Contract(
            tag="chronologies", status=204, request_headers=("If-Match",), problems=("conflict",), scope="edit"
        )
    },
)
async def discard_chronology(request: HttpRequest, store: TheStore, reader: TheReader, slug: FromPath[str]) -> None:
    """Discard a draft. What was published stays."""
    name = read_slug(slug, "slug")
    expected = partial(read_if_match, request)
    if await chronologies.discard_chronology(store, reader.author, name, expected) is None:
        raise nothing()


@get(
    "/v1/chronologies/{slug:str}/events",
    operation_id="listChronologyEvents",
    summary="List the events of a chronology",
    opt={
        "contract": Contract(
            tag="chronologies",
            query=EventQuery,
            answer=ChronologyEventPage,
            answer_headers=("ETag", "Cache-Control", "Link"),
            answer_formats=FORMAT_EXAMPLES,
            request_headers=("If-None-Match",),
            problems=("invalid-cursor", "forbidden", "not-acceptable", "too-many-events", "withdrawn"),
            answer_examples={"June 2024": CHRONOLOGY_EVENTS},
        )
    },
)
async def list_events(
    request: HttpRequest,
    store: TheStore,
    reader: TheReader,
    settings: TheSettings,
    asked: AnEventQuery,
    slug: FromPath[str],
) -> Response[bytes] | Stream:
    """Give one page of a chronology's events: those picked by hand, in that order, then those its filter finds besides.

    All filters of `/v1/events` narrow it further; `sort` puts all of it into another order. The notes on events of
    the page stand in `notes`. A cursor holds until the chronology is changed. Other formats are given as there. With
    `as_of`, the chronology is as it was then, too.
    """
    chosen = chosen_format(request, asked)
    if chosen is not Format.JSON:
        # What the chronology says, and what its file is made of, are of one moment.
        asked = await pin(store, asked, edit=reader.edit)
    chronology = await seen_chronology(store, reader, slug, asked)
    clock = chronology_clock(chronology, asked)
    if chosen is not Format.JSON:
        return await answer_export(
            request,
            store,
            reader,
            settings,
            asked,
            WRITERS[chosen],
            pages_of_chronology(store, chronology, edit=reader.edit),
            Titles.of(chronology, home_of(request, settings)),
            clock=clock,
            file_name=chronology.slug,
        )
    tag = await list_tag(request, store, reader, clock=clock)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    listed, notes = await list_chronology_events(store, chronology, asked, edit=reader.edit)
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
        notes={str(event_id): note for event_id, note in notes.items()},
    )


async def seen_chronology(store: Store, reader: Reader, slug: str, asked: EventQuery | None = None) -> Chronology:
    """Find a chronology, as of when its events are asked for; 404 if there is none that the reader may see."""
    name = read_slug(slug, "slug")
    as_of = None
    if asked is not None and asked.as_of is not None:
        as_of = sealed_as_of(asked.cursor) if asked.cursor is not None else None
        if as_of is None:
            as_of = await read_as_of(store, asked.as_of, reader)
    chronology = await chronologies.find_chronology(store, name, edit=reader.edit, as_of=as_of)
    if chronology is None:
        raise await missing(store, EntityKind.CHRONOLOGY, name, edit=reader.edit, as_of=as_of)
    return chronology


def chronology_clock(chronology: Chronology, asked: EventQuery) -> str:
    """What the tag of a list of a chronology's events has besides the head and the query.

    Its revision, since it is read before the head is looked at; and the time, where a filter depends on that.
    """
    timed = asked.overdue is not None or (chronology.filter is not None and chronology.filter.overdue is not None)
    return f"{chronology.revision} {this_minute() if timed else ''}"


HANDLERS = [
    list_chronologies,
    create_chronology,
    get_chronology,
    replace_chronology,
    update_chronology,
    discard_chronology,
    list_events,
]
