"""An integrator's program on the package ``dateline_api`` that openapi-python-client makes of ``openapi.yaml``.

Called with the address of a service and a token that may edit; says what it saw as JSON.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any, TypeVar
from uuid import UUID, uuid4

from dateline_api import AuthenticatedClient
from dateline_api.api.changes import list_changes
from dateline_api.api.events import create_event, get_event, list_events, replace_event, update_event
from dateline_api.models import (
    ActorChange,
    Change,
    ChangePage,
    ChronologyChange,
    EditType,
    Event,
    EventActor,
    EventAnswer,
    EventChange,
    EventIn,
    EventPage,
    EventPatch,
    EventReplacement,
    Match,
    Occurrence,
    Problem,
    SourceChange,
    StateIn,
)
from dateline_api.types import UNSET, Response, Unset
from httpx_sse import aconnect_sse

T = TypeVar("T")
AnyChange = ActorChange | ChronologyChange | EventChange | SourceChange


class RefusedError(Exception):
    """The service answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem

    @property
    def kind(self) -> str:
        """What kind of problem it is: the end of ``/problems#not-found``."""
        return self.problem.type_.rpartition("#")[2]

    @property
    def places(self) -> list[str]:
        """Where the faults are: pointers into the body, or names of parameters."""
        faults = self.problem.errors or []
        return [fault.pointer or fault.parameter or "" for fault in faults]


def taken(kind: type[T], answer: Response[Any]) -> T:
    """What was asked for; a problem is raised."""
    if isinstance(answer.parsed, Problem):
        raise RefusedError(answer.parsed)
    assert isinstance(answer.parsed, kind), answer.status_code
    return answer.parsed


async def found_events(client: AuthenticatedClient) -> AsyncIterator[tuple[Event, EventPage]]:
    """Every event that several filters find, page by page, with the page that has the names for it."""
    cursor: str | Unset = UNSET
    while True:
        answer = await list_events.asyncio_detailed(
            client=client,
            actor=["north-korea", "russia"],
            date_from="2023",
            date_match=Match.OVERLAPS,
            occurrence=[Occurrence.OCCURRED, Occurrence.ONGOING],
            limit=4,
            cursor=cursor,
        )
        page = taken(EventPage, answer)
        for event in page.items:
            yield event, page
        if page.next_ is None:
            return
        cursor = page.next_


async def changes_after(client: AuthenticatedClient, after: int) -> AsyncIterator[AnyChange]:
    """Every change after a sequence, page by page."""
    while True:
        page = taken(ChangePage, await list_changes.asyncio_detailed(client=client, after=after, limit=100))
        for change in page.items:
            yield change
        after = page.after
        if not page.more:
            return


async def streamed_events(client: AuthenticatedClient, after: int) -> AsyncIterator[EventChange]:
    """Changes of events as they are made.

    The generated function reads an answer to its end, which a stream does not have: the connection is opened with
    the client's own httpx client, and the generated types read what comes.
    """
    async with aconnect_sse(
        client.get_async_httpx_client(), "GET", "/v1/changes/stream", headers={"Last-Event-ID": str(after)}
    ) as connection:
        async for sent in connection.aiter_sse():
            if sent.event == "change" and sent.json()["entity"] == "event":
                yield EventChange.from_dict(sent.json())


def refused(answer: Response[Any]) -> RefusedError:
    """The problem that the service answered with."""
    assert isinstance(answer.parsed, Problem), answer.status_code
    return RefusedError(answer.parsed)


async def refusals(client: AuthenticatedClient, event: EventAnswer, stale_tag: str) -> dict[str, RefusedError]:
    """What is refused: an edit of what has changed meanwhile, wrong parameters and bodies, and what is not there."""
    late = EventPatch(title="Too late")
    impossible = EventIn(title="No such month", kind="talks", date="2024-13", state=StateIn.DRAFT)
    return {
        "stale": refused(await update_event.asyncio_detailed(event.id, client=client, if_match=stale_tag, body=late)),
        "parameter": refused(await list_events.asyncio_detailed(client=client, date_from="2024-13")),
        "body": refused(await create_event.asyncio_detailed(client=client, body=impossible)),
        "absent": refused(await get_event.asyncio_detailed(uuid4(), client=client)),
    }


async def main(address: str, token: str) -> dict[str, Any]:
    """Read, write and follow; what was seen."""
    async with AuthenticatedClient(base_url=address, token=token) as client:
        ids: list[str] = []
        names: dict[str, str] = {}
        shown: dict[str, str] = {}
        async for event, page in found_events(client):
            ids.append(str(event.id))
            shown[event.date] = event.when.display
            names |= {actor.id: page.included.actors[actor.id].name for actor in event.actors}

        head = [change async for change in changes_after(client, 0)][-1].sequence
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
        answers = [await create_event.asyncio_detailed(client=client, body=body, idempotency_key=key) for _ in range(2)]
        created = [taken(EventAnswer, answer) for answer in answers]
        first_tag = answers[0].headers["ETag"]

        # What is left out stays; None takes the summary away.
        patch = EventPatch(summary=None, change=Change(type_=EditType.CORRECTION, reason="It was a rumour."))
        answer = await update_event.asyncio_detailed(created[0].id, client=client, if_match=first_tag, body=patch)
        updated = taken(EventAnswer, answer)
        refusals_seen = await refusals(client, updated, first_tag)

        followed = [
            (change.type_.value, change.document.date if change.document else None)
            async for change in changes_after(client, head)
            if isinstance(change, EventChange) and UUID(change.id) == updated.id
        ]
        streamed = []
        async for event_change in streamed_events(client, head):
            streamed.append(event_change.type_.value)
            if event_change.sequence == updated.sequence:
                break
        read = await get_event.asyncio_detailed(updated.id, client=client)
        again = taken(EventAnswer, read)
        # What was read can be sent back whole; it changes nothing, so it makes no revision.
        whole = EventReplacement.from_dict(again.to_dict())
        put_back = await replace_event.asyncio_detailed(
            again.id, client=client, if_match=read.headers["ETag"], body=whole
        )
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
            name: [error.kind, error.problem.status, error.places, error.problem.current_revision or None]
            for name, error in refusals_seen.items()
        },
        "followed": followed,
        "streamed": streamed,
        "put_back": taken(EventAnswer, put_back).revision,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
