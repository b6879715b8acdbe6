"""What both feeds say: an entry for each event, when it was published, and one for each correction that came after.

Who knows an event already is shown the correction of it as something new; who only wants corrections takes their
category. A plain update makes no entry: it moves the time at which the event's own entry was updated.
"""

from pathlib import Path
from uuid import UUID, uuid5

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from api.formats.entry import Entry, EventChange, Heading, Part, Parts
from api.formats.telling import ToldEvent, tell
from api.formats.wording import CHANGES, legible
from schema.vocabulary import ChangeType, State

#: The most events that a feed takes.
MOST_EVENTS = 1_000
#: The most entries that it gives, the last ones: an event can have many corrections.
MOST_ENTRIES = 1_000

#: What is no entry of its own.
_QUIET = frozenset({ChangeType.CREATE, ChangeType.UPDATE})
#: What says of an entry that its event is new.
NEW = "new"
#: Tags that say what an entry is. An event's own tag of the same name is left out, or new would look corrected.
_RESERVED = frozenset({NEW, *(change.value for change in ChangeType)})

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class FeedEntry(Struct, frozen=True, kw_only=True):
    """One entry. ``change`` is ``new`` for the event's own, else the type of the change that it tells.

    ``published`` and ``updated`` are the store's times (RFC 3339, UTC), never the event's date, which is ``told.edtf``.
    ``links`` are the addresses of the sources with their titles, each once.
    """

    id: UUID
    event_id: UUID
    change: str
    revision: int
    title: str
    published: str
    updated: str
    reason: str | None
    told: ToldEvent
    tags: list[str]
    links: dict[str, str]

    @property
    def content(self) -> str:
        """The event as HTML; a correction's reason stands first. Made at each call: nobody keeps it."""
        label = None if self.change == NEW else CHANGES[ChangeType(self.change)]
        return _CONTENT.render(told=self.told, label=label, reason=self.reason)


async def entries_of(heading: Heading, parts: Parts) -> list[FeedEntry]:
    """Every entry of the events, the last first, at most ``MOST_ENTRIES``."""
    found: list[FeedEntry] = []
    async for part in parts:
        for entry in part.entries:
            found += _entries(entry, part, heading)
    found.sort(key=lambda one: (one.published, one.revision, one.id.int), reverse=True)
    return found[:MOST_ENTRIES]


def updated_at(heading: Heading, entries: list[FeedEntry]) -> str:
    """When the feed was last updated: its newest entry's time or, where it has none, that of the last change."""
    return max((entry.updated for entry in entries), default=heading.recorded_at)


def _entries(entry: Entry, part: Part, heading: Heading) -> list[FeedEntry]:
    event = entry.event
    told = tell(entry, part, heading)
    links = {
        citation.source.address: citation.source.text
        for citation in told.citations
        if citation.source.address is not None
    }
    tags = [tag for tag in dict.fromkeys([event.kind, *map(legible, event.tags)]) if tag not in _RESERVED]
    published = event.published_at or (entry.changes[0].recorded_at if entry.changes else event.created_at)
    updated = max([published, *(change.recorded_at for change in entry.changes)])

    def made(id: UUID, change: EventChange | None) -> FeedEntry:
        label = CHANGES[change.type] if change is not None else None
        retracted = change is None and event.state is State.RETRACTED
        prefix = "Retracted" if retracted else label
        reason = legible(change.reason) if change is not None and change.reason else None
        return FeedEntry(
            id=id,
            event_id=event.id,
            change=change.type.value if change is not None else NEW,
            revision=change.revision if change is not None else 0,
            title=told.title if prefix is None else f"{prefix}: {told.title}",
            published=change.recorded_at if change is not None else published,
            updated=change.recorded_at if change is not None else updated,
            reason=reason,
            told=told,
            tags=tags,
            links=links,
        )

    return [
        made(event.id, None),
        *(made(uuid5(event.id, str(change.revision)), change) for change in entry.changes if change.type not in _QUIET),
    ]


_CONTENT = TEMPLATES.get_template("feed_entry.html")
