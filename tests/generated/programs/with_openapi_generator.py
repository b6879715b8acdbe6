"""An integrator's program on the package ``dateline_api`` that openapi-generator makes of ``openapi.yaml``.

Called with the address of a service and a token that may edit; says what it saw as JSON.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

from dateline_api import ApiClient, ApiException, ChangesApi, Configuration, EventsApi
from dateline_api.api_response import ApiResponse
from dateline_api.exceptions import BadRequestException, NotFoundException
from dateline_api.models.change import Change
from dateline_api.models.edit_type import EditType
from dateline_api.models.event import Event
from dateline_api.models.event_actor import EventActor
from dateline_api.models.event_answer import EventAnswer
from dateline_api.models.event_change import EventChange
from dateline_api.models.event_in import EventIn
from dateline_api.models.event_page import EventPage
from dateline_api.models.event_patch import EventPatch
from dateline_api.models.event_replacement import EventReplacement
from dateline_api.models.feed_item import FeedItem
from dateline_api.models.match import Match
from dateline_api.models.occurrence import Occurrence
from dateline_api.models.problem import Problem
from dateline_api.models.state_in import StateIn


def problem_of(error: ApiException) -> Problem:
    """The problem that an exception carries."""
    assert isinstance(error.data, Problem), error
    return error.data


def kind_of(problem: Problem) -> str:
    """What kind of problem it is: the end of ``/problems#not-found``."""
    return problem.type.rpartition("#")[2]


def places_of(problem: Problem) -> list[str]:
    """Where the faults are: pointers into the body, or names of parameters."""
    return [fault.pointer or fault.parameter or "" for fault in problem.errors or []]


def headers_of(answer: ApiResponse[Any]) -> dict[str, str]:
    """The headers of an answer by their names in small letters; in which they come is not settled."""
    return {name.lower(): value for name, value in (answer.headers or {}).items()}


async def found_events(events: EventsApi) -> AsyncIterator[tuple[Event, EventPage]]:
    """Every event that several filters find, page by page, with the page that has the names for it."""
    cursor: str | None = None
    while True:
        page = await events.list_events(
            actor=["north-korea", "russia"],
            date_from="2023",
            date_match=Match.OVERLAPS,
            occurrence=[Occurrence.OCCURRED, Occurrence.ONGOING],
            limit=4,
            cursor=cursor,
        )
        for event in page.items:
            yield event, page
        cursor = page.next
        if cursor is None:
            return


async def event_changes_after(changes: ChangesApi, after: int) -> AsyncIterator[EventChange]:
    """Every change of an event after a sequence, page by page."""
    while True:
        page = await changes.list_changes(after=after, limit=100)
        for item in page.items:
            # An item of the feed wraps the change, whose class says what kind of record it is.
            if isinstance(item.actual_instance, EventChange):
                yield item.actual_instance
        after = page.after
        if not page.more:
            return


async def streamed_events(changes: ChangesApi, after: int) -> AsyncIterator[EventChange]:
    """Changes of events as they are made: the answer is read line by line, with the generated types."""
    answer = await changes.stream_changes_without_preload_content(last_event_id=str(after))
    try:
        async for line in answer.content:
            name, _, value = line.decode().rstrip().partition(": ")
            if name == "data" and "entity" in value:
                change = FeedItem.from_json(value).actual_instance
                if isinstance(change, EventChange):
                    yield change
    finally:
        answer.close()


async def refusals(events: EventsApi, event: EventAnswer, stale_tag: str) -> dict[str, Problem]:
    """What is refused: an edit of what has changed meanwhile, wrong parameters and bodies, and what is not there."""
    seen = {}
    try:
        await events.update_event(event.id, stale_tag, EventPatch(title="Too late"))
    except ApiException as error:
        seen["stale"] = problem_of(error)
    try:
        await events.list_events(date_from="2024-13")
    except BadRequestException as error:
        seen["parameter"] = problem_of(error)
    try:
        await events.create_event(EventIn(title="No such month", kind="talks", date="2024-13", state=StateIn.DRAFT))
    except BadRequestException as error:
        seen["body"] = problem_of(error)
    try:
        await events.get_event(uuid4())
    except NotFoundException as error:
        seen["absent"] = problem_of(error)
    return seen


async def main(address: str, token: str) -> dict[str, Any]:
    """Read, write and follow; what was seen."""
    async with ApiClient(Configuration(host=address, access_token=token)) as client:
        events, changes = EventsApi(client), ChangesApi(client)
        ids: list[str] = []
        names: dict[str, str] = {}
        shown: dict[str, str] = {}
        async for event, page in found_events(events):
            ids.append(str(event.id))
            shown[event.date] = event.when.display
            names |= {actor.id: page.included.actors[actor.id].name for actor in event.actors}

        head = (await changes.get_head()).sequence
        body = EventIn(
            title="Talks are said to have begun",
            summary="Nobody says where.",
            kind="talks",
            date="2024-06",
            occurrence=Occurrence.ONGOING,
            state=StateIn.DRAFT,
            actors=[EventActor(id="North Korea", role="participant")],
        )
        key = str(uuid4())
        answers = [await events.create_event_with_http_info(body, idempotency_key=key) for _ in range(2)]
        created = [answer.data for answer in answers]
        first_tag = headers_of(answers[0])["etag"]

        # What is left out stays; None takes the summary away.
        patch = EventPatch(summary=None, change=Change(type=EditType.CORRECTION, reason="It was a rumour."))
        updated = await events.update_event(created[0].id, first_tag, patch)
        refused = await refusals(events, updated, first_tag)

        followed = [
            (change.type.value, change.document.date if change.document else None)
            async for change in event_changes_after(changes, head)
            if UUID(change.id) == updated.id
        ]
        streamed = []
        async for change in streamed_events(changes, head):
            streamed.append(change.type.value)
            if change.sequence == updated.sequence:
                break
        read = await events.get_event_with_http_info(updated.id)
        again = read.data
        # What was read can be sent back whole; it changes nothing, so it makes no revision.
        whole = EventReplacement.from_dict(again.to_dict())
        assert whole is not None
        put_back = await events.replace_event(again.id, headers_of(read)["etag"], whole)
    return {
        "ids": ids,
        "names": names,
        "shown": shown,
        "created": [str(event.id) for event in created],
        "read": {
            "date": again.date,
            "earliest": again.when.earliest,
            "latest": again.when.latest,
            "precision": again.when.precision.value,
            "occurrence": again.occurrence.value,
            "summary": again.summary,
            "kind": again.kind,
            "actors": [actor.id for actor in again.actors],
            "created_at": again.created_at.isoformat(),
            "revision": again.revision,
        },
        "refused": {
            name: [kind_of(problem), problem.status, places_of(problem), problem.current_revision]
            for name, problem in refused.items()
        },
        "followed": followed,
        "streamed": streamed,
        "put_back": put_back.revision,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
