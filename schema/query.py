"""What can be asked of ``GET /v1/events``: the parameters, each with its bounds."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.actor import Actor, ActorSummary
from schema.edtf import Edtf, Match
from schema.event import Event
from schema.source import Source, SourceSummary
from schema.text import Line, Slug, Tag
from schema.vocabulary import Confidence, Occurrence, State

#: How many values one filter takes.
MAXIMUM_VALUES = 20
MAXIMUM_PAGE = 1000


class Sort(StrEnum):
    """The order of a list: by the start of the date, earliest or latest first."""

    DATE = "date"
    DATE_DESCENDING = "-date"


Limit = Annotated[int, Meta(ge=1, le=MAXIMUM_PAGE, description="How many items a page has at most.")]
Cursor = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        pattern=r"^[A-Za-z0-9_-]+\Z",
        description="The `next` of the page before.",
    ),
]


class EventQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Filters of events. Repeated values of one filter are any-of; different filters are all-of."""

    date_from: Annotated[
        Edtf | None,
        Meta(description="Beginning of the time range, inclusive: from the earliest of this date."),
    ] = None
    date_to: Annotated[
        Edtf | None, Meta(description="End of the time range, inclusive: `2024-06` is to the end of June.")
    ] = None
    date_match: Annotated[
        Match,
        Meta(
            description="`overlaps`: some possible day lies in the range. `within`: every possible day does."
            " `starts`: the start does."
        ),
    ] = Match.OVERLAPS
    actor: Annotated[
        list[Line], Meta(max_length=MAXIMUM_VALUES, description="Any of these actors: id, name or alias.")
    ] = []
    actor_all: Annotated[
        list[Line], Meta(max_length=MAXIMUM_VALUES, description="All of these actors: id, name or alias.")
    ] = []
    actor_role: Annotated[
        list[Slug],
        Meta(
            max_length=MAXIMUM_VALUES,
            description="In any of these roles: the actors asked for or, if none is, anybody.",
        ),
    ] = []
    occurrence: Annotated[list[Occurrence], Meta(max_length=5, description="Any of these occurrences.")] = []
    state: Annotated[
        list[State],
        Meta(max_length=3, description="Any of these states; published if left out. Drafts need `edit`."),
    ] = []
    kind: Annotated[list[Slug], Meta(max_length=MAXIMUM_VALUES, description="Any of these kinds.")] = []
    tag: Annotated[list[Tag], Meta(max_length=MAXIMUM_VALUES, description="Any of these tags.")] = []
    min_confidence: Annotated[Confidence | None, Meta(description="Assessed with at least this confidence.")] = None
    sort: Annotated[Sort, Meta(description="Order by the start of the date.")] = Sort.DATE
    limit: Limit = 50
    cursor: Cursor | None = None


class ListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Paging of a list that has no filters."""

    limit: Limit = 50
    cursor: Cursor | None = None


class Included(Struct, frozen=True, kw_only=True):
    """What the items mention, each once, by id."""

    actors: dict[str, ActorSummary]
    sources: dict[str, SourceSummary]


class Range(Struct, frozen=True, kw_only=True):
    """The resolved window of ``date_from`` and ``date_to``; null where open or not given."""

    earliest: str | None
    latest: str | None


class Count(Struct, frozen=True, kw_only=True):
    """How many there are, exactly or by estimate."""

    value: int
    exact: bool


class EventPage(Struct, frozen=True, kw_only=True):
    """One page of events. ``next`` is the cursor of the next page, null on the last one."""

    items: list[Event]
    next: str | None
    count: Count | None
    range: Range
    as_of: int | None
    included: Included


class EventAnswer(Event, frozen=True, kw_only=True):
    """An event, with the names and sources that it mentions."""

    included: Included


class ActorPage(Struct, frozen=True, kw_only=True):
    """One page of actors. ``next`` is the cursor of the next page, null on the last one."""

    items: list[Actor]
    next: str | None
    included: Included


class ActorAnswer(Actor, frozen=True, kw_only=True):
    """An actor, with the names that it mentions."""

    included: Included


class SourcePage(Struct, frozen=True, kw_only=True):
    """One page of sources. ``next`` is the cursor of the next page, null on the last one."""

    items: list[Source]
    next: str | None
    included: Included


class SourceAnswer(Source, frozen=True, kw_only=True):
    """A source, with the name of its publisher."""

    included: Included
