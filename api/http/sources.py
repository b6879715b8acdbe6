"""``/v1/sources``."""

from functools import partial

from litestar import Response, get, patch, post, put
from litestar.params import FromPath

from api.auth import Reader
from api.history.redaction import missing
from api.http.answers import answer_listed, answer_record
from api.http.conditional import answer_unchanged, list_tag, read_as_of
from api.http.contract import MERGE_PATCH, Contract, Link
from api.http.dependencies import AMomentQuery, ASourceQuery, HttpRequest, TheReader, TheSettings, TheStore
from api.http.editing import answer_creation, answer_edit
from api.http.examples import EDITED_SOURCE, SOURCE, SOURCE_EDIT, SOURCE_IN, SOURCE_PAGE, SOURCE_PATCH
from api.http.parameters import read_uuid
from api.settings import Settings
from api.store import sources
from api.store.store import Store
from schema.answers import SourceAnswer, SourcePage
from schema.change import Change, EntityKind
from schema.query import MomentQuery, SourceQuery
from schema.source import SourceIn

_ONE = {"an article": SOURCE}
_LINKS = {
    "read": Link("getSource", {"source_id": "$response.body#/id"}, "Read it again."),
    "replace": Link(
        "replaceSource", {"source_id": "$response.body#/id", "header.If-Match": "$response.header.ETag"}, "Replace it."
    ),
    "revisions": Link("listSourceRevisions", {"source_id": "$response.body#/id"}, "Read its history."),
}


@get(
    "/v1/sources",
    operation_id="listSources",
    summary="List sources",
    opt={
        "contract": Contract(
            tag="sources",
            query=SourceQuery,
            answer=SourcePage,
            answer_headers=("ETag", "Cache-Control", "Link"),
            request_headers=("If-None-Match",),
            problems=("invalid-cursor",),
            answer_examples={"one source": SOURCE_PAGE},
        )
    },
)
async def list_sources(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: ASourceQuery
) -> Response[bytes]:
    """Give one page of sources in the order of their ids, or the one that has an address.

    An address is found however it is written: parameters that only track, a fragment, the case of the host and the
    like do not make another one.
    """
    tag = await list_tag(request, store, reader)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    return answer_listed(request, await sources.list_sources(store, asked, edit=reader.edit), tag)


@post(
    "/v1/sources",
    operation_id="createSource",
    summary="Create a source",
    opt={
        "contract": Contract(
            tag="sources",
            status=201,
            body=SourceIn,
            answer=SourceAnswer,
            answer_headers=("ETag", "Location"),
            request_headers=("Idempotency-Key",),
            problems=("conflict",),
            scope="edit",
            links=_LINKS,
            body_examples={"an article": SOURCE_IN},
            answer_examples=_ONE,
        )
    },
)
async def create_source(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings
) -> Response[bytes]:
    """Create a source. One that is stored already is a conflict that names it."""
    return await answer_creation(request, store, reader, settings, sources.create_source)


@get(
    "/v1/sources/{source_id:str}",
    operation_id="getSource",
    summary="Read a source",
    opt={
        "contract": Contract(
            tag="sources",
            query=MomentQuery,
            answer=SourceAnswer,
            problems=("withdrawn",),
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            answer_examples=_ONE,
        )
    },
)
async def get_source(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AMomentQuery, source_id: FromPath[str]
) -> Response[bytes]:
    """Read a source, as it is now or was known as of a moment."""
    key = read_uuid(source_id, "source_id")
    as_of = await read_as_of(store, asked.as_of, reader)
    record = await sources.get_source(store, key, edit=reader.edit, as_of=as_of)
    if record is None:
        raise await missing(store, EntityKind.SOURCE, str(key), edit=reader.edit, as_of=as_of)
    return answer_record(request, record, as_of=as_of)


@put(
    "/v1/sources/{source_id:str}",
    operation_id="replaceSource",
    summary="Replace a source",
    opt={
        "contract": Contract(
            tag="sources",
            body=SourceIn,
            body_extra=Change,
            answer=SourceAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match",),
            problems=("conflict", "read-only-member"),
            scope="edit",
            body_examples={"its reliability": SOURCE_EDIT},
            answer_examples={"its reliability": EDITED_SOURCE},
        )
    },
)
async def replace_source(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, source_id: FromPath[str]
) -> Response[bytes]:
    """Write a new revision of a source with exactly this content."""
    return await _edit(request, store, reader, settings, source_id)


@patch(
    "/v1/sources/{source_id:str}",
    operation_id="updateSource",
    summary="Change members of a source",
    opt={
        "contract": Contract(
            tag="sources",
            body=SourceIn,
            body_extra=Change,
            body_media_types=(MERGE_PATCH,),
            partial=True,
            answer=SourceAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match",),
            problems=("conflict", "read-only-member"),
            scope="edit",
            body_examples={"its reliability": SOURCE_PATCH},
            answer_examples={"its reliability": EDITED_SOURCE},
        )
    },
)
async def update_source(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, source_id: FromPath[str]
) -> Response[bytes]:
    """Apply a JSON Merge Patch (RFC 7396): members that are left out stay, null takes one away, lists are replaced."""
    return await _edit(request, store, reader, settings, source_id)


async def _edit(
    request: HttpRequest, store: Store, reader: Reader, settings: Settings, source_id: str
) -> Response[bytes]:
    key = read_uuid(source_id, "source_id")
    return await answer_edit(request, settings, partial(sources.edit_source, store, reader.author, key))


HANDLERS = [list_sources, create_source, get_source, replace_source, update_source]
