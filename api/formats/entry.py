"""What a writer of a format is given: what stands above, and the events in parts with all that they mention."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from schema.actor import Actor
from schema.event import Event
from schema.format import Format
from schema.source import Source
from schema.vocabulary import ChangeType, Reliability


class Heading(Struct, frozen=True, kw_only=True):
    """What stands above an export: what it is, where it comes from, and as of when.

    ``home`` is the address of the service (absolute, without a slash at the end); ``address`` that of this very
    export, ``page`` that of what it is of. ``sequence``, ``digest`` (hexadecimal) and ``recorded_at`` (RFC 3339, UTC)
    are those of the last change that its reader could see when it was begun. ``earliest`` and ``latest`` are the
    window that was asked for. ``citation`` says how to cite it where that is fixed.
    """

    title: str
    introduction: str | None = None
    home: str
    address: str
    page: str | None = None
    sequence: int
    digest: str
    recorded_at: str
    earliest: str | None = None
    latest: str | None = None
    licence: str | None = None
    citation: str | None = None
    language: str | None = None

    def event_address(self, event_id: UUID) -> str:
        """Where an event is found."""
        return f"{self.home}/v1/events/{event_id}"


class EventChange(Struct, frozen=True, kw_only=True):
    """One public change of an event: which revision it made, what kind of change, when (RFC 3339, UTC) and why."""

    revision: int
    type: ChangeType
    recorded_at: str
    reason: str | None


class Entry(NamedTuple):
    """An event in a list: the note that a chronology has on it and, for feeds, its public changes, first to last."""

    event: Event
    note: str | None = None
    changes: tuple[EventChange, ...] = ()


class Part(NamedTuple):
    """Some events in order, with every actor and source that they mention, and the actors that those mention.

    Whoever has been merged is there as it was on its own, and so is the one that stands for it. ``names`` are names to
    show for actors instead of those that they have now; None where only those are asked for.
    """

    entries: list[Entry]
    actors: dict[str, Actor]
    sources: dict[UUID, Source]
    names: Mapping[str, str] | None = None

    def standing(self, actor: str) -> Actor | None:
        """The actor that an id means: of one that has been merged, whoever stands for it; None for what is no id."""
        known = self.actors.get(actor)
        return known if known is None or known.merged_into is None else self.actors.get(known.merged_into, known)

    def name(self, actor: str) -> str:
        """The name to show for an actor; what is no id (a plain name in an attribution) stands for itself."""
        if self.names is not None and actor in self.names:
            return self.names[actor]
        known = self.standing(actor)
        return known.name if known is not None else actor

    def reliability(self, source: Source) -> Reliability | None:
        """A source's own reliability or, where it has none, its publisher's."""
        if source.reliability is not None or source.publisher is None:
            return source.reliability
        publisher = self.standing(source.publisher)
        return publisher.reliability if publisher is not None else None


Parts = AsyncIterator[Part]


class Writer(NamedTuple):
    """How a format is written.

    ``media_type`` is without parameters. ``write`` gives the bytes piece by piece. ``most`` is how
    many events it takes; None for what is written in constant memory, however many come. ``is_feed``: it is about what
    was written lately, the last first, and wants the changes of each event. ``is_text``: the bytes are text (UTF-8).
    """

    format: Format
    media_type: str
    extension: str
    most: int | None
    write: Callable[[Heading, Parts], AsyncIterator[bytes]]
    is_feed: bool = False
    is_text: bool = True
