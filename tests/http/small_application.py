"""A small application with what all of the API's handlers have in common, and no database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

import httpx
from litestar import Litestar, Request, Response, get, patch, post, put
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.params import FromPath, SkipValidation
from msgspec import Meta, Struct

from api import openapi
from api.http import errors, health, pages, parameters
from api.http.bodies import read_document
from api.http.contract import JSON, MERGE_PATCH, Contract, Link
from schema.change import Change
from schema.edtf import Edtf
from schema.event import Event, EventIn
from schema.problem import Fault, body_problem, problem
from schema.validation import read
from schema.vocabulary import State

EVENT_ID = "0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b"
MAXIMUM_BYTES = 2_000_000


class Filters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be asked."""

    date: Annotated[Edtf | None, Meta(description="A date.")] = None
    actor: Annotated[list[str], Meta(max_length=3, description="Any of these.")] = []
    numbers: Annotated[list[int], Meta(description="Any of these.")] = []
    state: Annotated[State | None, Meta(description="A state.")] = None
    disputed: Annotated[bool | None, Meta(description="Whether it is disputed.")] = None
    share: Annotated[float | None, Meta(description="A share.")] = None
    text: Annotated[str | None, Meta(description="Words.")] = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="How many.")] = 50


class Page(Struct, frozen=True, kw_only=True):
    """A page of events."""

    items: list[Event]
    next: str | None = None


class Store:
    """Stands in for the store where only its health is asked for."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    async def ready(self) -> None:
        if self.failure is not None:
            raise self.failure


AnyRequest = Request[Any, Any, Any]


@get(
    "/v1/events",
    operation_id="listEvents",
    summary="List events",
    dependencies={"asked": Provide(parameters.provide_query)},
    opt={"contract": Contract(tag="events", query=Filters, answer=Page, request_headers=("If-None-Match",))},
)
async def list_events(asked: NamedDependency[SkipValidation[Filters]]) -> dict[str, Any]:
    """List what was asked for."""
    return {name: str(getattr(asked, name)) for name in asked.__struct_fields__}


@post(
    "/v1/events",
    operation_id="createEvent",
    summary="Create an event",
    opt={
        "contract": Contract(
            tag="events",
            status=201,
            body=EventIn,
            answer=Event,
            answer_headers=("ETag", "Location"),
            scope="edit",
            body_examples={"small": {"title": "T", "kind": "treaty", "date": "2024-06", "state": "draft"}},
            links={"replace": Link("replaceEvent", {"event_id": "$response.body#/id"})},
        )
    },
)
async def create_event(request: AnyRequest) -> dict[str, Any]:
    """Create an event.

    ``state`` says whether
    it is a draft.
    """
    document = await read_document(request, media_types=(JSON,), maximum_bytes=MAXIMUM_BYTES)
    reading = read(document, EventIn)
    if reading.flaws:
        raise body_problem(reading.flaws)
    return {"title": reading.value.title}


_WRITING: dict[str, Any] = {
    "tag": "events",
    "body": EventIn,
    "body_extra": Change,
    "answer": Event,
    "answer_headers": ("ETag",),
    "request_headers": ("If-Match",),
    "scope": "edit",
}


@put(
    "/v1/events/{event_id:str}",
    operation_id="replaceEvent",
    summary="Replace an event",
    opt={"contract": Contract(**_WRITING)},
)
async def replace_event(request: AnyRequest, event_id: FromPath[str]) -> dict[str, Any]:
    """Replace an event."""
    event = parameters.read_uuid(event_id, "event_id")
    expected = parameters.read_if_match(request)
    return {"id": str(event), "matching": [number for number in range(1, 20) if number in expected]}


@patch(
    "/v1/events/{event_id:str}",
    operation_id="updateEvent",
    summary="Change an event",
    opt={"contract": Contract(**_WRITING, partial=True, body_media_types=(MERGE_PATCH,))},
)
async def update_event(request: AnyRequest, event_id: FromPath[str]) -> dict[str, Any]:
    """Change an event."""
    return await read_document(request, media_types=(MERGE_PATCH,), maximum_bytes=1000)


@get("/slugs/{slug:str}")
async def read_a_slug(slug: FromPath[str]) -> dict[str, str]:
    """Answer the slug."""
    return {"slug": parameters.read_slug(slug, "slug")}


@get("/fails/{how:str}")
async def fail(how: FromPath[str]) -> None:
    """Fail in one of several ways."""
    match how:
        case "problem":
            raise problem("revision-mismatch", "It has moved on.", current_revision=4, headers={"Retry-After": "1"})
        case "fault":
            raise problem("invalid-body", "One fault.", Fault("Wrong.", pointer="/a", suggestion="right"))
        case "token":
            raise problem("token-required", "A token, please.")
        case "forbidden":
            raise PermissionDeniedException("The framework says no.")
        case "teapot":
            raise HTTPException(status_code=418, detail="I am a teapot.")
        case "unavailable":
            raise HTTPException(status_code=503, detail="secret-503", headers={"Retry-After": "9", "X-Secret": "1"})
        case "framework":
            raise HTTPException(status_code=500, detail="secret-500")
    raise RuntimeError("secret-value")


@get("/tagged")
async def tagged(request: AnyRequest) -> Response[bytes]:
    """Say whether the entity tag is one that the client has."""
    return Response(str(parameters.is_unchanged(request, '"3-abc"')).encode(), media_type="text/plain")


HANDLERS: list[Any] = [list_events, create_event, replace_event, update_event, read_a_slug, fail, tagged]


def make_application(store: Store | None = None, handlers: list[Any] | None = None) -> Litestar:
    """The handlers, put together as ``api.app`` does it."""
    app = Litestar(
        [*(HANDLERS if handlers is None else handlers), *health.HANDLERS, *pages.HANDLERS],
        dependencies={"store": Provide(lambda: store or Store(), sync_to_thread=False)},
        guards=[parameters.refuse_unknown_parameters],
        exception_handlers=errors.EXCEPTION_HANDLERS,
        before_request=errors.answer_options,
        before_send=[errors.add_request_id],
        openapi_config=None,
        logging_config=None,
    )
    contract = openapi.document(app, "1.2.3")
    pages.publish(app, lambda: contract, openapi.as_yaml)
    return app


_the_application = cache(make_application)


@asynccontextmanager
async def connected(store: Store | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the small application."""
    transport = httpx.ASGITransport(app=_the_application(store), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def check_problem(answer: httpx.Response, slug: str, status: int) -> dict[str, Any]:
    """Check the one shape that every failing answer has, and give its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems#{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body.keys() <= {"type", "title", "status", "detail", "request_id", "errors", "current_revision"}
    for fault in body.get("errors", []):
        assert len(fault.keys() & {"pointer", "parameter"}) == 1
        assert fault["detail"]
    return body
