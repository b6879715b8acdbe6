"""The change feed: what was done to records, one after the other, as followers read it."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from schema.actor import Actor
from schema.chronology import Chronology
from schema.event import Event
from schema.query import Limit
from schema.source import Source
from schema.text import MAXIMUM_INTEGER, Sha256, Timestamp
from schema.vocabulary import ChangeType

Sequence = Annotated[int, Meta(ge=0, le=MAXIMUM_INTEGER)]


class RecordChange(Struct, frozen=True, kw_only=True, tag_field="entity"):
    """What changes of all kinds of record have. ``id`` is the record's, ``document`` the record as it was then."""

    id: Annotated[str, Meta(description="Which record was changed.")]
    sequence: Annotated[
        int, Meta(description="Its place in the one order of all changes; there may be gaps, which mean nothing.")
    ]
    recorded_at: Annotated[Timestamp, Meta(description="When it was made.")]
    revision: Annotated[int, Meta(description="The revision of the record that it made.")]
    type: ChangeType
    author: Annotated[str, Meta(description="The name on the token with which it was made.")]
    reason: Annotated[str | None, Meta(description="Why it was made, where that was said.")]
    redacted: Annotated[bool, Meta(description="Its content had to be taken away later: what it was is not kept.")]
    redacts: Annotated[
        list[int],
        Meta(description="Of a redaction: the sequences of the changes whose contents it took away. Delete them, too."),
    ]


_DOCUMENT = Meta(description="The whole record as this change left it.")


class EventChange(RecordChange, frozen=True, kw_only=True, tag="event"):
    """A change of an event. ``document`` is null where a draft was discarded and where the content was redacted."""

    document: Annotated[Event | None, _DOCUMENT]


class ActorChange(RecordChange, frozen=True, kw_only=True, tag="actor"):
    """A change of an actor. ``document`` is null where the content was redacted."""

    document: Annotated[Actor | None, _DOCUMENT]


class SourceChange(RecordChange, frozen=True, kw_only=True, tag="source"):
    """A change of a source. ``document`` is null where the content was redacted."""

    document: Annotated[Source | None, _DOCUMENT]


class ChronologyChange(RecordChange, frozen=True, kw_only=True, tag="chronology"):
    """A change of a chronology. ``document`` is null where a draft was discarded and where the content was redacted."""

    document: Annotated[Chronology | None, _DOCUMENT]


FeedItem = EventChange | ActorChange | SourceChange | ChronologyChange


class ChangePage(Struct, frozen=True, kw_only=True):
    """One page of the feed."""

    items: Annotated[list[FeedItem], Meta(description="The changes, in their order.")]
    after: Annotated[int, Meta(description="What to ask with next.")]
    more: Annotated[bool, Meta(description="Whether there is more right now.")]
    head: Annotated[int, Meta(description="The sequence of the last change that this reader may see, 0 before any.")]


class Head(Struct, frozen=True, kw_only=True):
    """The last change that a reader may see, and the digest over the log up to it: to publish, and to compare."""

    sequence: Annotated[int, Meta(description="0 before the first change.")]
    digest: Annotated[
        Sha256, Meta(description="Chained over every change up to this one, so that it holds for all of them.")
    ]
    recorded_at: Annotated[Timestamp, Meta(description="When that change was made.")]


class ChangeQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to read on in the feed, and how much."""

    after: Annotated[Sequence, Meta(description="Give the changes after this sequence; it may lie in a gap.")] = 0
    limit: Limit = 50


class StreamQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a stream begins."""

    after: Annotated[
        Sequence, Meta(description="Begin after this sequence; the header `Last-Event-ID` comes before it.")
    ] = 0


class DropReason(StrEnum):
    """Why the server ends a stream: the client takes too long, the server stops, the token is no longer in force."""

    TOO_SLOW = "too-slow"
    STOPPING = "stopping"
    TOKEN_ENDED = "token-ended"  # noqa: S105 -- no password


class StreamEventName(StrEnum):
    """What comes in a stream: changes, and at last, if it is the server that ends it, a word of why."""

    CHANGE = "change"
    DROPPED = "dropped"


class StreamEvent(Struct, frozen=True, kw_only=True):
    """One event of a stream (Server-Sent Events): each field is a line, and an empty line ends it.

    The data of `dropped` are an object of `reason` (`too-slow`, `stopping`, `token-ended`) and `after`, the sequence
    to go on from.
    """

    event: StreamEventName
    id: Annotated[str, Meta(description="The change's sequence; what to come back with.")] | UnsetType = UNSET
    data: Annotated[
        str,
        Meta(
            description="JSON on one line.",
            extra_json_schema={
                "contentMediaType": "application/json",
                "contentSchema": {"$ref": "#/components/schemas/FeedItem"},
            },
        ),
    ]
