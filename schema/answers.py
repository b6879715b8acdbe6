"""What lists and records are answered with: pages, what they mention, and as of when."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from schema.actor import ActorSummary
from schema.event import Event
from schema.source import Source, SourceSummary

Next = Annotated[str | None, Meta(description="The cursor of the next page, null on the last one.")]
Notices = Annotated[
    list[str], Meta(description="What is to be said of how the query was read or answered, for people.")
]
#: As of which change an answer was made.
EchoedAsOf = Annotated[
    int | None,
    Meta(description="The sequence that `as_of` meant: with it the same is read again. Null for the present."),
]
AnsweredAsOf = Annotated[
    int | UnsetType, Meta(description="The sequence that `as_of` meant. Left out where the present was read.")
]


class Included(Struct, frozen=True, kw_only=True):
    """What the items mention, each once, by id."""

    actors: Annotated[dict[str, ActorSummary], Meta(description="Actors, by their ids.")]
    sources: Annotated[dict[str, SourceSummary], Meta(description="Sources, by their ids.")]


class Range(Struct, frozen=True, kw_only=True):
    """The resolved window of ``date_from`` and ``date_to``; null where open or not given."""

    earliest: Annotated[str | None, Meta(description="The first day or second of the window.")]
    latest: Annotated[str | None, Meta(description="The last day or second of the window.")]


class Count(Struct, frozen=True, kw_only=True):
    """How many there are, exactly or by estimate."""

    value: Annotated[int, Meta(description="How many there are, or about how many.")]
    exact: Annotated[bool, Meta(description="False where it is an estimate.")]


class EventPage(Struct, frozen=True, kw_only=True):
    """One page of events. ``next`` is the cursor of the next page, null on the last one."""

    items: Annotated[list[Event], Meta(description="The events, in the order that was asked for.")]
    next: Next
    count: Annotated[Count | None, Meta(description="How many the query finds; null where that was not asked for.")]
    range: Range
    as_of: EchoedAsOf
    notices: Notices
    names: Annotated[
        dict[str, Annotated[dict[str, str], Meta(title="ActorNames", description="Names of actors, by their ids.")]]
        | UnsetType,
        Meta(
            title="DatedNames",
            description="With `names=dated`: by the ids of events and actors, the names that these had when it began,"
            " where they are not those in `included`.",
        ),
    ] = UNSET
    included: Included


class EventAnswer(Event, frozen=True, kw_only=True):
    """An event, with the names and sources that it mentions."""

    included: Included
    as_of: AnsweredAsOf = UNSET


class SourcePage(Struct, frozen=True, kw_only=True):
    """One page of sources. ``next`` is the cursor of the next page, null on the last one."""

    items: Annotated[list[Source], Meta(description="The sources, in the order of their ids.")]
    next: Next
    as_of: EchoedAsOf
    included: Included


class SourceAnswer(Source, frozen=True, kw_only=True):
    """A source, with the name of its publisher."""

    included: Included
    as_of: AnsweredAsOf = UNSET
