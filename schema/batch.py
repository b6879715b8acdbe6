"""Many events in one request: the rows, how they are to be written, and what became of each."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.actor import ActorIn
from schema.event import EventIn
from schema.problem import Fault
from schema.text import Slug

#: How many rows one batch has at most.
MAXIMUM_ROWS = 10_000


class BatchRow(EventIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event of a batch, with the actors that it brings along."""

    new_actors: Annotated[
        Sequence[ActorIn],
        Meta(
            max_length=100,
            description="Actors that the event mentions: each is found by its id, and then never changed, or created "
            "before the event. What a draft brings along is hidden until something published mentions it.",
        ),
    ] = []


class BatchQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a batch is to be written."""

    atomic: Annotated[
        bool,
        Meta(
            description="All rows or none. With `false`, rows are written in chunks as they come in; those with faults "
            "are refused and do not stop the others."
        ),
    ] = True
    dry_run: Annotated[bool, Meta(description="Do all of it, answer what would become of the rows, and undo it.")] = (
        False
    )
    upsert_on: Annotated[
        Slug | None,
        Meta(
            description="A scheme of `external_ids`: a row whose identifier of that scheme an event has already is "
            "that event's new content. Every row needs one.",
            examples=["wikidata"],
        ),
    ] = None


class RowStatus(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class RowResult(Struct, frozen=True, kw_only=True):
    """What became of one row."""

    row: Annotated[int, Meta(description="Which row, counted from 0; blank lines do not count.")]
    status: RowStatus
    id: Annotated[UUID | None, Meta(description="The event's id; null for a row that was refused.")] = None
    revision: Annotated[int | None, Meta(description="The event's revision; null for a row that was refused.")] = None
    errors: Annotated[
        list[Fault],
        Meta(description="What was wrong with the row; pointers begin with its number: `/17/date`."),
    ] = []


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """What became of a batch: how many rows of each status, and every row."""

    dry_run: Annotated[bool, Meta(description="Whether nothing of it was kept, as was asked for.")]
    created: Annotated[int, Meta(description="How many rows made a new event.")]
    updated: Annotated[int, Meta(description="How many rows made a new revision of an event.")]
    unchanged: Annotated[int, Meta(description="How many rows say what their event says already.")]
    refused: Annotated[int, Meta(description="How many rows have faults; they were not written.")]
    results: Annotated[list[RowResult], Meta(description="What became of each row, in their order.")]

    @classmethod
    def of(cls, results: Sequence[RowResult], *, dry_run: bool) -> "BatchAnswer":
        """Count results."""
        counts = Counter(result.status for result in results)
        return cls(
            dry_run=dry_run,
            created=counts[RowStatus.CREATED],
            updated=counts[RowStatus.UPDATED],
            unchanged=counts[RowStatus.UNCHANGED],
            refused=counts[RowStatus.REFUSED],
            results=list(results),
        )
