"""Events: finding, counting, reading and writing them."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack
from uuid import UUID

from dateline_client import calls
from dateline_client._async.listing import AsyncListing
from dateline_client._async.sending import AsyncSender
from dateline_client.generated import parameters
from dateline_client.generated.api.chronologies import list_chronology_events
from dateline_client.generated.api.events import (
    create_event,
    discard_draft,
    facet_events,
    get_event,
    get_revision,
    histogram_events,
    list_events,
    list_figures,
    list_revisions,
    related_events,
    replace_event,
    restore_event,
    retract_event,
    update_event,
    write_events,
)
from dateline_client.generated.models import (
    BatchAnswer,
    BatchRow,
    ChronologyEventPage,
    EditType,
    EventIn,
    EventPage,
    EventPatch,
    EventRevision,
    Facets,
    FigureComparison,
    Histogram,
    RelatedEvents,
    Revision,
    RevisionPage,
)
from dateline_client.records import Event, Replaceable, Revised, items_of, revisions_of, writable
from dateline_client.retries import Repeat
from dateline_client.tables import needed_pandas, table_of

if TYPE_CHECKING:
    import pandas


class AsyncEvents(AsyncSender):
    """What can be done with events."""

    def events(
        self,
        *,
        max_items: int | None = None,
        page_size: int = 200,
        cursor: str | None = None,
        **filters: Unpack[parameters.ListEvents],
    ) -> AsyncListing[Event, EventPage]:
        """Find events, in the order of their dates unless ``sort`` says otherwise.

        Each filter of ``GET /v1/events`` is a keyword; those that may have several values take one or a list. At most
        ``max_items`` come, ``page_size`` (1 to 1,000) with each request, beginning at the ``cursor`` of a page's
        ``next_``.

        >>> async for event in client.events(actor=["north-korea", "russia"], kind="treaty", date_from="2024"):
        ...     print(event.date, event.title)
        """
        return self._list(
            calls.described(list_events._get_kwargs, parameters.ListEvents, filters),
            items_of(Event),
            EventPage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    def chronology_events(
        self,
        slug: str,
        *,
        max_items: int | None = None,
        page_size: int = 200,
        cursor: str | None = None,
        **filters: Unpack[parameters.ListChronologyEvents],
    ) -> AsyncListing[Event, ChronologyEventPage]:
        """Find the events of a chronology, in its order; the filters narrow them. Its notes are in ``pages()``.

        >>> async for event in client.chronology_events("arms"):
        ...     print(event.date, event.title)
        """
        return self._list(
            calls.described(list_chronology_events._get_kwargs, parameters.ListChronologyEvents, filters, slug),
            items_of(Event),
            ChronologyEventPage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def table(
        self, *, max_items: int | None = None, **filters: Unpack[parameters.ListEventsItems]
    ) -> "pandas.DataFrame":
        """Find events and give them as a table for pandas, which must be installed: one row for each event.

        What events say of time stays text: ``date`` as it is written, ``earliest`` and ``latest`` as the days it may
        mean, None where open. ``actors``, ``tags`` and the like are lists: see ``DataFrame.explode``. With
        ``names="dated"``, ``actor_names`` are those that actors had when the event began.

        >>> table = await client.table(actor="north-korea")
        >>> table.explode("actor_names").groupby("actor_names").size()
        """
        needed_pandas()
        found = self._list(
            calls.described(list_events._get_kwargs, parameters.ListEventsItems, filters),
            items_of(Event),
            EventPage.from_dict,
            max_items=max_items,
            page_size=1000,
            cursor=None,
        )
        return table_of([event async for event in found])

    async def histogram(self, **filters: Unpack[parameters.HistogramEvents]) -> Histogram:
        """Count events by time.

        >>> counted = await client.histogram(actor="north-korea", interval="year")
        >>> [(each.label, each.count) for each in counted.bins]
        """
        return await self._read(
            Histogram.from_dict, calls.described(histogram_events._get_kwargs, parameters.HistogramEvents, filters)()
        )

    async def facets(self, **filters: Unpack[parameters.FacetEvents]) -> Facets:
        """Count events by what they have: actors, kinds, publishers, tags.

        >>> counted = await client.facets(facet=["actor", "kind"], top=10)
        >>> [(each.value, each.count) for each in counted.facets.kind.values]
        """
        return await self._read(
            Facets.from_dict, calls.described(facet_events._get_kwargs, parameters.FacetEvents, filters)()
        )

    async def get_event(self, event_id: UUID | str, *, as_of: calls.Moment | None = None) -> Event:
        """Read one event; raises NotFound."""
        return await self._read(Event.from_dict, get_event._get_kwargs(calls.uuid(event_id), as_of=calls.moment(as_of)))

    async def related_events(
        self, event_id: UUID | str, *, depth: int | None = None, as_of: calls.Moment | None = None
    ) -> RelatedEvents:
        """Read which events are related to one, over at most ``depth`` steps."""
        return await self._read(
            RelatedEvents.from_dict,
            related_events._get_kwargs(calls.uuid(event_id), depth=calls.given(depth), as_of=calls.moment(as_of)),
        )

    async def figures(self, event_id: UUID | str, *, as_of: calls.Moment | None = None) -> FigureComparison:
        """Compare the figures that the sources of an event give."""
        return await self._read(
            FigureComparison.from_dict, list_figures._get_kwargs(calls.uuid(event_id), as_of=calls.moment(as_of))
        )

    def event_revisions(
        self, event_id: UUID | str, *, max_items: int | None = None, page_size: int = 200, cursor: str | None = None
    ) -> AsyncListing[Revision, RevisionPage]:
        """List the revisions of an event: who made each, when and why, and what it changed."""
        return self._list(
            partial(list_revisions._get_kwargs, calls.uuid(event_id)),
            revisions_of,
            RevisionPage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def event_revision(self, event_id: UUID | str, number: int) -> EventRevision:
        """Read one revision of an event, with the event as it was then."""
        return await self._read(EventRevision.from_dict, get_revision._get_kwargs(calls.uuid(event_id), number))

    async def create_event(self, event: EventIn | Mapping[str, Any], *, idempotency_key: str | None = None) -> Event:
        """Write a new event. It is done once, also if an answer is lost and the request sent again.

        With a key of your own, that holds for calls of different programs too, for 24 hours.

        >>> event = await client.create_event(
        ...     {"title": "A delegation arrives", "kind": "visit", "date": "2024-06~", "state": "draft"}
        ... )
        """
        arguments = create_event._get_kwargs(
            body=calls.body(event),
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(Event.from_dict, arguments)

    async def replace_event(
        self, event: Replaceable[UUID], *, type: EditType | None = None, reason: str | None = None
    ) -> Event:
        """Write an event as a whole, as it stands here, changed in place. For ordinary edits, prefer ``update_event``.

        Members that this version of the client does not know may be erased. A correction needs a reason. Raises
        RevisionMismatch if somebody else has changed it since it was read.

        >>> event.title = "A delegation of five arrives"
        >>> event = await client.replace_event(event, type="correction", reason="The report was amended.")
        """
        arguments = replace_event._get_kwargs(
            event.id,
            body=calls.body(writable(event, "Event"), **calls.change(reason, type)),
            if_match=calls.tag(event.revision),
        )
        return await self._read(Event.from_dict, arguments, Repeat.UNDONE)

    async def update_event(
        self,
        event: Revised[UUID],
        changes: EventPatch | Mapping[str, Any],
        *,
        type: EditType | None = None,
        reason: str | None = None,
    ) -> Event:
        """Change some members of an event (JSON Merge Patch: None takes away). Raises RevisionMismatch.

        ``event`` is anything with its ``id`` and ``revision``, such as the ``document`` of a change. All other members
        stay as they are. ``type`` and ``reason`` say why; ``change`` in the body says the same.

        >>> event = await client.update_event(event, {"date": "2024-06-18"}, type="clarification")
        """
        arguments = update_event._get_kwargs(
            event.id,
            body=calls.body(changes, **calls.change(reason, type)),
            if_match=calls.tag(event.revision),
        )
        return await self._read(Event.from_dict, arguments, Repeat.UNDONE)

    async def retract_event(self, event: Revised[UUID], *, reason: str, idempotency_key: str | None = None) -> Event:
        """Retract a published event: it stays readable, with the reason."""
        arguments = retract_event._get_kwargs(
            event.id,
            body=calls.body(calls.change(reason)),
            if_match=calls.tag(event.revision),
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(Event.from_dict, arguments)

    async def restore_event(
        self,
        event: Revised[UUID],
        *,
        revision: int | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> Event:
        """End a retraction or, with ``revision``, write that revision's content as a new one."""
        chosen = {} if revision is None else {"revision": revision}
        arguments = restore_event._get_kwargs(
            event.id,
            body=calls.body(chosen, **calls.change(reason)),
            if_match=calls.tag(event.revision),
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(Event.from_dict, arguments)

    async def discard_event(self, event: Revised[UUID]) -> None:
        """Discard a draft."""
        arguments = discard_draft._get_kwargs(event.id, if_match=calls.tag(event.revision))
        await self._send(arguments, Repeat.UNDONE)

    async def write_events(
        self,
        rows: Iterable[BatchRow | Mapping[str, Any]],
        *,
        atomic: bool = True,
        dry_run: bool = False,
        upsert_on: str | None = None,
        idempotency_key: str | None = None,
    ) -> BatchAnswer:
        """Write up to 10,000 events together, all or (with ``atomic=False``) those without faults.

        >>> answer = await client.write_events(rows, upsert_on="desk")
        >>> answer.created, answer.updated, answer.refused
        (120, 3, 0)
        """
        arguments = write_events._get_kwargs(
            body=[calls.body(row) for row in rows],
            atomic=atomic,
            dry_run=dry_run,
            upsert_on=calls.given(upsert_on),
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(BatchAnswer.from_dict, self._taking_long(arguments))
