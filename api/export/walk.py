"""Walking a list of events page by page, with all that they mention, as the formats take it.

No connection and no snapshot is held between pages, however slowly a client reads. All of them are of one moment where
the query says as of when; otherwise what is not written meanwhile is given exactly once, like on the pages of a list.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import structs

from api.formats.entry import Entry, EventChange, Part
from api.store import listing, whole
from api.store.chronology_events import list_chronology_events
from api.store.dated_names import dated_names
from api.store.reading import Item
from api.store.store import Store
from schema.actor import Actor
from schema.chronology import Chronology
from schema.event import Event
from schema.naming import Naming
from schema.query import EventQuery
from schema.source import Source
from schema.wire import decode_hook

#: How many events are in the memory at once. More at once would be little faster.
PART_ROWS = 500
#: How many of them a format is given at once.
PIECE_ROWS = 25
#: So many actors, and so many sources, are kept for the next parts, which mostly mention the same.
_MOST_KEPT = 10_000


class ListedPage(NamedTuple):
    """A page of events, the cursor of the next one, and what a chronology notes on them."""

    items: list[Item]
    next: str | None
    as_of: int | None
    notes: Mapping[UUID, str] = {}


PageOf = Callable[[EventQuery], Awaitable[ListedPage]]


def pages_of_events(store: Store, *, edit: bool) -> PageOf:
    """Pages of all events, as ``GET /v1/events`` lists them."""

    async def page_of(asked: EventQuery) -> ListedPage:
        listed = await listing.list_events(store, asked, edit=edit, bare=True)
        return ListedPage(listed.page.items, listed.next, listed.as_of)

    return page_of


def pages_of_chronology(store: Store, chronology: Chronology, *, edit: bool) -> PageOf:
    """Pages of a chronology's events, with its notes."""

    async def page_of(asked: EventQuery) -> ListedPage:
        listed, notes = await list_chronology_events(store, chronology, asked, edit=edit, bare=True)
        return ListedPage(listed.page.items, listed.next, listed.as_of, notes)

    return page_of


class Walk:
    """Events on their way out. ``next`` is the cursor of what comes after those given; None at the end."""

    def __init__(self, store: Store, page_of: PageOf, asked: EventQuery, *, edit: bool, with_changes: bool) -> None:
        self._store = store
        self._page_of = page_of
        self._asked = asked
        self._edit = edit
        self._with_changes = with_changes
        self._actors: dict[str, Actor] = {}
        self._sources: dict[UUID, Source] = {}
        self.next = asked.cursor

    async def parts(self, most: int | None) -> AsyncIterator[Part]:
        """Give the events in parts, at most so many of them, or all."""
        left = most
        while left is None or left > 0:
            rows = PART_ROWS if left is None else min(PART_ROWS, left)
            page = await self._page_of(structs.replace(self._asked, limit=rows, cursor=self.next))
            self.next = page.next
            if page.items:
                part = await self._part(page)
                for start in range(0, len(part.entries), PIECE_ROWS):
                    for piece in self._pieces(part._replace(entries=part.entries[start : start + PIECE_ROWS])):
                        yield piece
                    # Writing is work without a pause; other requests get their turn between pieces.
                    await asyncio.sleep(0)
            if self.next is None:
                return
            if left is not None:
                left -= len(page.items)

    def _pieces(self, part: Part) -> Iterator[Part]:
        """Where names are those of the time, an event with such names is a part of its own."""
        if self._asked.names is Naming.CURRENT:
            yield part
            return
        alike: list[Entry] = []
        for entry in part.entries:
            event = entry.event
            named = {actor.id for actor in event.actors}
            named |= {name for citation in event.citations for name in citation.attribution}
            if names := dated_names(event.date, named, part.actors):
                if alike:
                    yield part._replace(entries=alike, names={})
                yield part._replace(entries=[entry], names=names)
                alike = []
            else:
                alike.append(entry)
        if alike:
            yield part._replace(entries=alike, names={})

    async def _part(self, page: ListedPage) -> Part:
        events = [msgspec.json.decode(item.document, type=Event, dec_hook=decode_hook) for item in page.items]
        async with self._store.connection() as connection:
            sources = await self._sources_of(connection, events, page.as_of)
            actors = await self._actors_of(connection, events, sources.values(), page.as_of)
            changes: dict[str, list[whole.PublicChange]] = {}
            if self._with_changes:
                ids = [str(event.id) for event in events]
                changes = await whole.fetch_public_changes(connection, ids, page.as_of)
        entries = [
            Entry(
                event,
                page.notes.get(event.id),
                tuple(EventChange(**change._asdict()) for change in changes.get(str(event.id), ())),
            )
            for event in events
        ]
        return Part(entries, actors, sources)

    async def _sources_of(self, connection: Any, events: list[Event], as_of: int | None) -> dict[UUID, Source]:
        wanted = {citation.source for event in events for citation in event.citations}
        missing = wanted - self._sources.keys()
        if missing:
            if len(self._sources) > _MOST_KEPT:
                self._sources = {source: self._sources[source] for source in wanted & self._sources.keys()}
            self._sources |= await whole.fetch_sources(connection, missing, edit=self._edit, as_of=as_of)
        return {source: self._sources[source] for source in wanted}

    async def _actors_of(
        self, connection: Any, events: list[Event], sources: Any, as_of: int | None
    ) -> dict[str, Actor]:
        """The actors that events and sources mention, and in turn those that these belong to or are merged into."""
        mentioned = {actor.id for event in events for actor in event.actors}
        mentioned |= {named for event in events for citation in event.citations for named in citation.attribution}
        mentioned |= {source.publisher for source in sources if source.publisher is not None}
        if len(self._actors) > _MOST_KEPT:
            self._actors = {}
        found: dict[str, Actor] = {}
        wanted = mentioned
        while wanted:
            missing = wanted - self._actors.keys()
            if missing:
                # A plain name in an attribution may be no id, and is asked for again with each part.
                self._actors |= await whole.fetch_actors(connection, missing, edit=self._edit, as_of=as_of)
            new = {actor: self._actors[actor] for actor in wanted if actor in self._actors}
            found |= new
            wanted = {membership.actor for actor in new.values() for membership in (*actor.part_of, *actor.member_of)}
            wanted |= {actor.merged_into for actor in new.values() if actor.merged_into is not None}
            wanted -= found.keys()
        return found
