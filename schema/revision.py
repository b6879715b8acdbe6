"""Revisions: what a record said after each change to it, and how that differs from what it said before."""

from enum import StrEnum
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from schema.actor import Actor
from schema.answers import Next
from schema.chronology import Chronology
from schema.event import Event
from schema.source import Source
from schema.text import Timestamp
from schema.vocabulary import ChangeType


class PatchVerb(StrEnum):
    """What a step of a JSON Patch does (RFC 6902 section 4)."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    MOVE = "move"
    COPY = "copy"
    TEST = "test"


class PatchOperation(Struct, frozen=True, kw_only=True):
    """One step of a JSON Patch (RFC 6902). ``path`` and ``from`` are JSON Pointers (RFC 6901).

    ``from`` is there where something is moved or copied, ``value`` where something is added, replaced or tested.
    """

    op: PatchVerb
    path: Annotated[str, Meta(description="Where it is done, a JSON Pointer.")]
    from_: Annotated[str | UnsetType, Meta(description="Where it is taken from, a JSON Pointer.")] = field(
        name="from", default=UNSET
    )
    value: Annotated[Any, Meta(description="Any JSON value, null included.")] | UnsetType = UNSET


class Revision(Struct, frozen=True, kw_only=True):
    """A change to a record, as its reader sees it."""

    revision: Annotated[int, Meta(description="Counted from 1 for each record; drafts that are not seen count too.")]
    sequence: Annotated[int, Meta(description="The place of this change in the one order of all changes.")]
    recorded_at: Annotated[Timestamp, Meta(description="When it was made.")]
    type: ChangeType
    author: Annotated[str, Meta(description="Whose token made it.")]
    reason: Annotated[str | None, Meta(description="Why it was made, where that was said.")]
    redacted: Annotated[bool, Meta(description="Its content was deleted, for reasons of law.")]
    patch: Annotated[
        list[PatchOperation] | None,
        Meta(
            description="A JSON Patch (RFC 6902) that makes this document of the one before: of that of the last"
            " revision before it that the reader may see and that has one. Null on the first of these and where there"
            " is no document."
        ),
    ]


class RevisionPage(Struct, frozen=True, kw_only=True):
    """One page of a record's revisions. ``next`` is the cursor of the next page, null on the last one."""

    items: Annotated[list[Revision], Meta(description="The revisions, in their order.")]
    next: Next


_DOCUMENT = Meta(description="The whole record as of this revision; null if it was redacted or discarded.")


class EventRevision(Revision, frozen=True, kw_only=True):
    """A revision of an event, with the whole of it."""

    document: Annotated[Event | None, _DOCUMENT]


class ActorRevision(Revision, frozen=True, kw_only=True):
    """A revision of an actor, with the whole of it."""

    document: Annotated[Actor | None, _DOCUMENT]


class SourceRevision(Revision, frozen=True, kw_only=True):
    """A revision of a source, with the whole of it."""

    document: Annotated[Source | None, _DOCUMENT]


class ChronologyRevision(Revision, frozen=True, kw_only=True):
    """A revision of a chronology, with the whole of it."""

    document: Annotated[Chronology | None, _DOCUMENT]
