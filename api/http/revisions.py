"""``…/revisions`` of events, actors, sources and chronologies: the same two operations for each."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from litestar import Response, get
from litestar.handlers.http_handlers import HTTPRouteHandler

from api.history.revisions import PastRevision, find_revision, list_revisions
from api.http import examples
from api.http.answers import answer_value, next_link, nothing
from api.http.conditional import answer_unchanged, list_tag
from api.http.contract import Contract, Link
from api.http.dependencies import AListQuery, HttpRequest, TheReader, TheStore
from api.http.parameters import read_number, read_slug, read_uuid
from schema.change import EntityKind
from schema.query import ListQuery
from schema.revision import ActorRevision, ChronologyRevision, EventRevision, Revision, RevisionPage, SourceRevision
from schema.wire import encode


class _Resource(NamedTuple):
    """A kind of record as its revisions are read."""

    entity: EntityKind
    path: str  # of one record
    parameter: str  # of the path
    read: Callable[[str, str], object]  # what stands there
    called: str
    operations: str  # what the operations' ids have besides "list", "get" and "Revision"
    seen_from: str  # since when everybody sees it
    one: type[Revision]
    page_example: dict[str, Any]
    example: dict[str, Any]


_LIST = """Give one page of the revisions of {called} in their order, each with a JSON Patch (RFC 6902) that turns the
one before into it.

{seen_from}

A patch is between whole documents, including what only the store writes, and starts from the last earlier revision
that the reader sees and that has a document: applied in order to the first document, the patches reproduce each of the
others. A page may have fewer items than `limit` where documents are large.
"""
_ONE = """Read one revision of {called}: who made it and why, the whole of it, and a JSON Patch (RFC 6902) that turns
the one before into it.

{seen_from}

It never changes, unless its content has to be deleted by law: then `redacted` says so, and reason, patch and document
are null.
"""

_PUBLISHED = (
    "Without the scope `edit` they are seen from the first publication on, so their numbers may begin later than at 1. "
    "The revisions of a discarded draft are seen with that scope only."
)
_MENTIONED = (
    "Without the scope `edit` they are seen from when it came into sight, as something published mentioned it, so "
    "their numbers may begin later than at 1."
)


def _handlers(resource: _Resource) -> list[HTTPRouteHandler]:
    """Make the two operations of a kind of record."""
    tag = resource.path.split("/")[2]
    words = {"called": resource.called, "seen_from": resource.seen_from}

    def record(request: HttpRequest) -> str:
        return str(resource.read(request.path_params[resource.parameter], resource.parameter))

    @get(
        resource.path + "/revisions",
        operation_id=f"list{resource.operations}Revisions",
        summary=f"List the revisions of {resource.called}",
        description=_LIST.format(**words),
        opt={
            "contract": Contract(
                tag=tag,
                query=ListQuery,
                answer=RevisionPage,
                answer_headers=("ETag", "Cache-Control", "Link"),
                request_headers=("If-None-Match",),
                problems=("invalid-cursor",),
                answer_examples={"created and corrected": resource.page_example},
                links={
                    "first": Link(
                        f"get{resource.operations}Revision",
                        {
                            resource.parameter: f"$request.path.{resource.parameter}",
                            "number": "$response.body#/items/0/revision",
                        },
                        "Read the first of them whole.",
                    )
                },
            )
        },
    )
    async def list_all(request: HttpRequest, store: TheStore, reader: TheReader, asked: AListQuery) -> Response[bytes]:
        entity_id = record(request)
        tag = await list_tag(request, store, reader)
        if (unchanged := answer_unchanged(request, tag)) is not None:
            return unchanged
        listed = await list_revisions(store, resource.entity, entity_id, asked, edit=reader.edit)
        if listed is None:
            raise nothing()
        revisions, following = listed
        answer = answer_value({"items": [_entry(revision) for revision in revisions], "next": following}, tag)
        if following is not None:
            answer.headers["Link"] = next_link(request, cursor=following)
        return answer

    @get(
        resource.path + "/revisions/{number:str}",
        operation_id=f"get{resource.operations}Revision",
        summary=f"Read a revision of {resource.called}",
        description=_ONE.format(**words),
        opt={
            "contract": Contract(
                tag=tag,
                answer=resource.one,
                answer_headers=("ETag", "Cache-Control"),
                request_headers=("If-None-Match",),
                answer_examples={"a correction": resource.example},
            )
        },
    )
    async def read_one(request: HttpRequest, store: TheStore, reader: TheReader) -> Response[bytes]:
        number = read_number(request.path_params["number"], "number")
        revision = await find_revision(store, resource.entity, record(request), number, edit=reader.edit)
        if revision is None:
            raise nothing()
        return _answer_one(request, revision)

    return [list_all, read_one]


def _entry(revision: PastRevision) -> dict[str, Any]:
    """A revision as lists have it: without the document."""
    return {name: value for name, value in revision._asdict().items() if name != "document"}


def _answer_one(request: HttpRequest, revision: PastRevision) -> Response[bytes]:
    # Weak, since it is compressed; and it is no tag of the record's, which If-Match would take.
    answer = answer_value(revision._asdict(), f'W/"{hashlib.sha256(encode(revision._asdict())).hexdigest()[:32]}"')
    return answer_unchanged(request, answer.headers["ETag"]) or answer


_RESOURCES = [
    _Resource(
        EntityKind.EVENT,
        "/v1/events/{event_id:str}",
        "event_id",
        read_uuid,
        "an event",
        "",
        _PUBLISHED,
        EventRevision,
        examples.EVENT_REVISIONS,
        examples.EVENT_REVISION,
    ),
    _Resource(
        EntityKind.ACTOR,
        "/v1/actors/{actor_id:str}",
        "actor_id",
        read_slug,
        "an actor",
        "Actor",
        _MENTIONED,
        ActorRevision,
        examples.ACTOR_REVISIONS,
        examples.ACTOR_REVISION,
    ),
    _Resource(
        EntityKind.SOURCE,
        "/v1/sources/{source_id:str}",
        "source_id",
        read_uuid,
        "a source",
        "Source",
        _MENTIONED,
        SourceRevision,
        examples.SOURCE_REVISIONS,
        examples.SOURCE_REVISION,
    ),
    _Resource(
        EntityKind.CHRONOLOGY,
        "/v1/chronologies/{slug:str}",
        "slug",
        read_slug,
        "a chronology",
        "Chronology",
        _PUBLISHED,
        ChronologyRevision,
        examples.CHRONOLOGY_REVISIONS,
        examples.CHRONOLOGY_REVISION,
    ),
]

HANDLERS = [handler for resource in _RESOURCES for handler in _handlers(resource)]
