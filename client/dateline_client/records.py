"""Records as callers have them: what the contract says, with the names and sources that they mention."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from attrs import define

from dateline_client.generated.models import (
    ActorAnswer,
    ActorChange,
    ChangeType,
    ChronologyAnswer,
    ChronologyChange,
    EventAnswer,
    EventChange,
    Included,
    Revision,
    SourceAnswer,
    SourceChange,
    SourceSummary,
)


class _Mentions:
    """What a record mentions rides along with it, so that nothing has to be asked for."""

    included: Included

    def actor_name(self, actor_id: str) -> str:
        """Give the current name of an actor that this record mentions; KeyError for any other."""
        return self.included.actors[actor_id].name

    def source(self, source_id: object) -> SourceSummary:
        """Give the source that a citation of this record names; KeyError for any other."""
        return self.included.sources[str(source_id)]


class Event(_Mentions, EventAnswer):
    """An event. Change its members and give it to ``replace_event``, or give changes to ``update_event``.

    >>> event = client.get_event("f210f2e5-140a-50ee-ac6f-e4aa1ad06256")
    >>> event.date, event.when.earliest, event.when.latest
    ('2024-06', '2024-06-01', '2024-06-30')
    >>> event.actor_name("north-korea")
    'North Korea'
    """


class Actor(_Mentions, ActorAnswer):
    """A state, an organization, a person."""


class Source(_Mentions, SourceAnswer):
    """A document that citations name."""


class Chronology(_Mentions, ChronologyAnswer):
    """An edited selection of events."""


@define
class UnknownRecord:
    """A record of a kind that this version of the client does not know."""

    members: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Give it as it came."""
        return dict(self.members)


@define
class UnknownChange:
    """A change of a kind of record that this version of the client does not know; what all changes have, it has."""

    entity: str
    id: str
    sequence: int
    recorded_at: datetime
    revision: int
    type_: ChangeType
    author: str
    reason: str | None
    redacted: bool
    redacts: list[int]
    document: UnknownRecord | None


Change = EventChange | ActorChange | SourceChange | ChronologyChange | UnknownChange

_CHANGES: dict[str, type[EventChange] | type[ActorChange] | type[SourceChange] | type[ChronologyChange]] = {
    "event": EventChange,
    "actor": ActorChange,
    "source": SourceChange,
    "chronology": ChronologyChange,
}

Record = TypeVar("Record", Event, Actor, Source, Chronology)


def change_of(data: Mapping[str, Any]) -> Change:
    """Read a change of the feed by the kind of record that it is of."""
    known = _CHANGES.get(data["entity"])
    if known is not None:
        return known.from_dict(data)
    # What all changes have is read as it is read of any of them.
    common = EventChange.from_dict({**data, "entity": "event", "document": None})
    document = data["document"]
    return UnknownChange(
        entity=data["entity"],
        id=common.id,
        sequence=common.sequence,
        recorded_at=common.recorded_at,
        revision=common.revision,
        type_=common.type_,
        author=common.author,
        reason=common.reason,
        redacted=common.redacted,
        redacts=common.redacts,
        document=None if document is None else UnknownRecord(document),
    )


class FeedPage(NamedTuple):
    """A page of the change feed."""

    items: list[Change]
    after: int
    more: bool


def feed_page(data: Mapping[str, Any]) -> FeedPage:
    """Read a page of the change feed."""
    return FeedPage([change_of(item) for item in data["items"]], data["after"], data["more"])


def records_of(kind: type[Record], page: Mapping[str, Any]) -> list[Record]:
    """Read the items of a page, each with what the page's items mention."""
    included = Included.from_dict(page["included"])
    beside: dict[str, Any] = {"included": {"actors": {}, "sources": {}}}
    if page.get("as_of") is not None:
        beside["as_of"] = page["as_of"]
    records = [kind.from_dict({**item, **beside}) for item in page["items"]]
    for record in records:
        record.included = included
    return records


#: What only the service sets, and what stands for nothing in a body.
_READ_ONLY = frozenset(
    [
        *("id", "slug", "when", "evidence", "retraction", "revision", "sequence", "created_at", "updated_at"),
        *("published_at", "merged_into", "included", "as_of"),
    ]
)


def writable(record: Event | Actor | Source | Chronology) -> dict[str, Any]:
    """Give what a writer may set of a record, as a body has it."""
    return {name: value for name, value in record.to_dict().items() if name not in _READ_ONLY}


def items_of(kind: type[Record]) -> Callable[[Mapping[str, Any]], list[Record]]:
    """Say how the items of a page are read."""
    return lambda page: records_of(kind, page)


def revisions_of(page: Mapping[str, Any]) -> list[Revision]:
    """Read the items of a page of revisions."""
    return [Revision.from_dict(item) for item in page["items"]]
