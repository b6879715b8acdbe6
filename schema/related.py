"""What an event is related to, directly or by way of others."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from schema.answers import EchoedAsOf, Included
from schema.event import Event
from schema.query import AsOf, as_of_flaws
from schema.validation import Flaw
from schema.vocabulary import RelationType

#: How far relations are followed at most.
MAXIMUM_DEPTH = 5
#: How many events an answer has at most.
MAXIMUM_RELATED = 500


class RelatedQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far to follow relations."""

    depth: Annotated[
        int,
        Meta(ge=1, le=MAXIMUM_DEPTH, description="Over how many relations: 1 gives those next to the event."),
    ] = 1
    as_of: AsOf = None

    def flaws(self) -> list[Flaw]:
        """Name a moment that has the right form and is invalid."""
        return as_of_flaws(self.as_of)


class RelationStep(Struct, frozen=True, kw_only=True):
    """A relation that was followed: the event ``from`` has it, the event ``to`` is what it names."""

    type: RelationType
    from_: Annotated[UUID, Meta(description="The event that has the relation.")] = field(name="from")
    to: Annotated[UUID, Meta(description="The event that it names.")]


class RelatedEvent(Struct, frozen=True, kw_only=True):
    """An event at the end of a shortest way of ``depth`` relations; ``via`` are all last steps of such ways."""

    event: Event
    depth: Annotated[int, Meta(description="How many relations away it is.")]
    via: Annotated[list[RelationStep], Meta(description="The relations by which it was reached.")]


class RelatedEvents(Struct, frozen=True, kw_only=True):
    """The events around another one. ``truncated`` tells that there are more than an answer holds."""

    items: Annotated[list[RelatedEvent], Meta(description="The events, nearest first, then by date.")]
    truncated: Annotated[bool, Meta(description="Whether there are more than these.")]
    as_of: EchoedAsOf
    included: Included
