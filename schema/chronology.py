"""Chronologies: saved, titled selections of events, by a filter, by hand or both."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct

from schema.answers import AnsweredAsOf, EchoedAsOf, EventPage, Included, Next
from schema.query import EventFilter, Sort
from schema.text import CreatedAt, Language, Line, PublishedAt, Slug, Text, Title, UpdatedAt
from schema.validation import Flaw
from schema.vocabulary import State

#: How many events can be picked by hand.
MAXIMUM_ITEMS = 1000

_NEEDS_EVENTS = "A chronology needs a filter, or events that are picked by hand, or both."


class ChronologyState(StrEnum):
    """Whether a chronology is a draft (seen with ``edit`` only) or published, which it then stays."""

    DRAFT = "draft"
    PUBLISHED = "published"


class ChronologyItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event that was picked by hand, and what the chronology has to say of it."""

    event_id: Annotated[UUID, Meta(description="Which event.")]
    note: Annotated[Text | None, Meta(description="What the chronology has to say of it.")] = None


class ChronologyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chronology as a writer gives it.

    Its events are those in ``items``, in that order, and then those that ``filter`` finds besides, in its own order.
    """

    slug: Annotated[Slug, Meta(description="Its name in addresses. Chosen once; it never changes.")]
    title: Annotated[Title, Meta(description="What it is called, in one line.")]
    introduction: Annotated[Text | None, Meta(description="What it is about, in a few paragraphs.")] = None
    state: Annotated[
        ChronologyState,
        Meta(description="Left out, a new chronology is published and a stored one stays as it is."),
    ] = ChronologyState.PUBLISHED
    filter: Annotated[
        EventFilter | None,
        Meta(description="The events that these filters of `/v1/events` find. Actors are stored as ids."),
    ] = None
    items: Annotated[
        list[ChronologyItem], Meta(max_length=MAXIMUM_ITEMS, description="Events picked by hand, in order.")
    ] = []
    licence: Annotated[
        Line | None, Meta(description="Under which terms it may be used: a name, an SPDX identifier or an address.")
    ] = None
    language: Annotated[Language | None, Meta(description="The language of its title, introduction and notes.")] = None

    def flaws(self) -> list[Flaw]:
        """Name what the members contradict in each other; references are checked by the store."""
        found = []
        if self.filter is None and not self.items:
            found.append(Flaw("/items", _NEEDS_EVENTS, 'name events, or give a "filter"'))
        if self.filter is not None and self.filter.sort is Sort.RELEVANCE:
            detail = "A chronology has no words of its readers to be ordered by."
            found.append(Flaw("/filter/sort", detail, "another order; who reads it may ask for sort=relevance"))
        asked = self.filter.state if self.filter is not None else []
        if self.state is ChronologyState.PUBLISHED and State.DRAFT in asked:
            detail = "A published chronology cannot ask for drafts."
            found.append(Flaw(f"/filter/state/{asked.index(State.DRAFT)}", detail, "leave it out"))
        seen: set[UUID] = set()
        for index, item in enumerate(self.items):
            if item.event_id in seen:
                found.append(Flaw(f"/items/{index}/event_id", "This event is picked twice.", "leave one of them out"))
            seen.add(item.event_id)
        return found


class Chronology(ChronologyIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chronology as the store gives it back. Its events stand under ``…/events``."""

    revision: Annotated[int, Meta(description="Counted from 1 for each record; the ETag begins with it.")]
    sequence: Annotated[int, Meta(description="The place of this revision in the one order of all changes.")]
    created_at: CreatedAt
    updated_at: UpdatedAt
    published_at: PublishedAt = None


class ChronologyPage(Struct, frozen=True, kw_only=True):
    """One page of chronologies. ``next`` is the cursor of the next page, null on the last one."""

    items: Annotated[list[Chronology], Meta(description="The chronologies, in the order of their slugs.")]
    next: Next
    as_of: EchoedAsOf
    included: Included


class ChronologyAnswer(Chronology, frozen=True, kw_only=True):
    """A chronology, with the names of the actors and the sources that its filter mentions."""

    included: Included
    as_of: AnsweredAsOf = UNSET


class ChronologyEventPage(EventPage, frozen=True, kw_only=True):
    """One page of a chronology's events. ``notes`` are what it has to say of those on the page, by their ids."""

    notes: Annotated[
        dict[str, str], Meta(description="By the ids of events on the page, what the chronology has to say of them.")
    ]
