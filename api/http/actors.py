"""``/v1/actors``."""

from functools import partial

from litestar import Response, get, patch, post, put
from litestar.params import FromPath

from api.auth import Reader
from api.history.redaction import missing
from api.http.answers import answer_listed, answer_moved, answer_page, answer_record
from api.http.conditional import answer_unchanged, list_tag, read_as_of
from api.http.contract import MERGE_PATCH, Contract, Link
from api.http.dependencies import AMomentQuery, AnActorQuery, HttpRequest, TheReader, TheSettings, TheStore
from api.http.editing import answer_creation, answer_edit, answer_step
from api.http.examples import (
    ACTOR,
    ACTOR_EDIT,
    ACTOR_IN,
    ACTOR_PAGE,
    ACTOR_PATCH,
    EDITED_ACTOR,
    MERGED_ACTOR,
    MERGER_IN,
    MOVED_ACTOR,
    UNMERGED_ACTOR,
    UNMERGER_IN,
)
from api.http.parameters import read_slug
from api.settings import Settings
from api.store import actors, merges
from api.store.actor_search import search_actors
from api.store.store import Store
from schema.actor import ActorIn, MergedActor, MergerIn, UnmergerIn
from schema.actor_query import ActorAnswer, ActorPage, ActorQuery
from schema.change import Change, EntityKind
from schema.query import MomentQuery

_ONE = {"the monitoring team": ACTOR}
_UNDO = Link(
    "unmergeActor",
    {"actor_id": "$response.body#/id", "header.If-Match": "$response.header.ETag"},
    "Have it stand for itself again.",
)
_LINKS = {
    "read": Link("getActor", {"actor_id": "$response.body#/id"}, "Read it again."),
    "merge": Link(
        "mergeActor",
        {"actor_id": "$response.body#/id", "header.If-Match": "$response.header.ETag"},
        "Merge it into another one.",
    ),
    "replace": Link(
        "replaceActor", {"actor_id": "$response.body#/id", "header.If-Match": "$response.header.ETag"}, "Replace it."
    ),
    "revisions": Link("listActorRevisions", {"actor_id": "$response.body#/id"}, "Read its history."),
}


@get(
    "/v1/actors",
    operation_id="listActors",
    summary="List actors, or find them by name",
    opt={
        "contract": Contract(
            tag="actors",
            query=ActorQuery,
            answer=ActorPage,
            answer_headers=("ETag", "Cache-Control", "Link"),
            request_headers=("If-None-Match",),
            problems=("invalid-cursor",),
            answer_examples={"one actor": ACTOR_PAGE},
        )
    },
)
async def list_actors(request: HttpRequest, store: TheStore, reader: TheReader, asked: AnActorQuery) -> Response[bytes]:
    """Give one page of actors in the order of their ids, without those that have been merged into others.

    With `q`, those of whom a name equals, begins with, has a word beginning with, or resembles the text; the best
    matches first. `matches` tells which name matched. An actor that has been merged is found by any of its names as the
    one that stands for it.
    """
    tag = await list_tag(request, store, reader)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    if asked.q is None:
        return answer_listed(request, await actors.list_actors(store, asked, edit=reader.edit), tag)
    found = await search_actors(store, asked, edit=reader.edit)
    documents = [item.document for item in found.page.items]
    return answer_page(
        request, documents, found.page.included, found.next, tag=tag, as_of=found.as_of, matches=found.matches
    )


@post(
    "/v1/actors",
    operation_id="createActor",
    summary="Create an actor",
    opt={
        "contract": Contract(
            tag="actors",
            status=201,
            body=ActorIn,
            answer=ActorAnswer,
            answer_headers=("ETag", "Location"),
            request_headers=("Idempotency-Key",),
            problems=("conflict",),
            scope="edit",
            links=_LINKS,
            body_examples={"the monitoring team": ACTOR_IN},
            answer_examples=_ONE,
        )
    },
)
async def create_actor(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings
) -> Response[bytes]:
    """Create an actor under an id that never changes. Names and aliases may be shared; ids may not be names."""
    return await answer_creation(request, store, reader, settings, actors.create_actor)


@get(
    "/v1/actors/{actor_id:str}",
    operation_id="getActor",
    summary="Read an actor",
    opt={
        "contract": Contract(
            tag="actors",
            query=MomentQuery,
            answer=ActorAnswer,
            problems=("withdrawn",),
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            moved=MergedActor,
            moved_examples={"a merged actor": MOVED_ACTOR},
            answer_examples=_ONE,
        )
    },
)
async def get_actor(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AMomentQuery, actor_id: FromPath[str]
) -> Response[bytes]:
    """Read an actor with its names, aliases and memberships, as it is now or was known as of a moment.

    From one that had been merged by then, a permanent redirect leads to the one that stands for it.
    """
    key = read_slug(actor_id, "actor_id")
    as_of = await read_as_of(store, asked.as_of, reader)
    record = await actors.get_actor(store, key, edit=reader.edit, as_of=as_of)
    if record is None:
        raise await missing(store, EntityKind.ACTOR, key, edit=reader.edit, as_of=as_of)
    target = merges.merged_into(record)
    if target is not None:
        merged = MergedActor(id=record.id, merged_into=target, revision=record.revision)
        return answer_moved(request, record, f"/v1/actors/{target}", merged)
    return answer_record(request, record, as_of=as_of)


@put(
    "/v1/actors/{actor_id:str}",
    operation_id="replaceActor",
    summary="Replace an actor",
    opt={
        "contract": Contract(
            tag="actors",
            body=ActorIn,
            body_extra=Change,
            answer=ActorAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match",),
            problems=("conflict", "read-only-member"),
            scope="edit",
            body_examples={"another alias": ACTOR_EDIT},
            answer_examples={"another alias": EDITED_ACTOR},
        )
    },
)
async def replace_actor(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, actor_id: FromPath[str]
) -> Response[bytes]:
    """Write a new revision of an actor. A rename shows in every answer at the next read."""
    return await _edit(request, store, reader, settings, actor_id)


@patch(
    "/v1/actors/{actor_id:str}",
    operation_id="updateActor",
    summary="Change members of an actor",
    opt={
        "contract": Contract(
            tag="actors",
            body=ActorIn,
            body_extra=Change,
            body_media_types=(MERGE_PATCH,),
            partial=True,
            answer=ActorAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match",),
            problems=("conflict", "read-only-member"),
            scope="edit",
            body_examples={"another alias": ACTOR_PATCH},
            answer_examples={"another alias": EDITED_ACTOR},
        )
    },
)
async def update_actor(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, actor_id: FromPath[str]
) -> Response[bytes]:
    """Apply a JSON Merge Patch (RFC 7396): members that are left out stay, null takes one away, lists are replaced."""
    return await _edit(request, store, reader, settings, actor_id)


async def _edit(
    request: HttpRequest, store: Store, reader: Reader, settings: Settings, actor_id: str
) -> Response[bytes]:
    key = read_slug(actor_id, "actor_id")
    return await answer_edit(request, settings, partial(actors.edit_actor, store, reader.author, key))


@post(
    "/v1/actors/{actor_id:str}/merge",
    operation_id="mergeActor",
    summary="Merge an actor into another one",
    status_code=200,
    opt={
        "contract": Contract(
            tag="actors",
            body=MergerIn,
            answer=ActorAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match", "Idempotency-Key"),
            problems=("conflict", "too-many-merged"),
            scope="edit",
            links={"undo": _UNDO},
            body_examples={"one team under two names": MERGER_IN},
            answer_examples={"one team under two names": MERGED_ACTOR},
        )
    },
)
async def merge_actor(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, actor_id: FromPath[str]
) -> Response[bytes]:
    """Have another actor stand for this one from now on, because the two have turned out to be one.

    Ids, names and aliases of this one then mean that one, in filters and in bodies, and its address leads there. No
    other record is written: events go on naming whom they named, and are found by either. Whoever was merged into this
    one goes along, by a revision of its own. Reads as of an earlier moment still know two.
    """
    key = read_slug(actor_id, "actor_id")
    return await answer_step(request, store, reader, settings, key, merges.merge_actor)


@post(
    "/v1/actors/{actor_id:str}/unmerge",
    operation_id="unmergeActor",
    summary="Undo the merging of an actor",
    status_code=200,
    opt={
        "contract": Contract(
            tag="actors",
            body=UnmergerIn,
            answer=ActorAnswer,
            answer_headers=("ETag",),
            request_headers=("If-Match", "Idempotency-Key"),
            problems=("conflict",),
            scope="edit",
            body_examples={"a mistake": UNMERGER_IN},
            answer_examples={"a mistake": UNMERGED_ACTOR},
        )
    },
)
async def unmerge_actor(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, actor_id: FromPath[str]
) -> Response[bytes]:
    """Have an actor stand for itself again. Others that were merged together with it stay merged.

    The redirect at its address tells the revision for `If-Match`.
    """
    key = read_slug(actor_id, "actor_id")
    return await answer_step(request, store, reader, settings, key, merges.unmerge_actor)


HANDLERS = [list_actors, create_actor, get_actor, replace_actor, update_actor, merge_actor, unmerge_actor]
