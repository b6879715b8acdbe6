"""Records as callers have them: what the contract says, with the names and sources that they mention."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

from attrs import define, field

from dateline_client.generated.models import (
    ActorAnswer,
    ActorChange,
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
from dateline_client.generated.parameters import READ_ONLY

Id = TypeVar("Id", covariant=True)


class Revised(Protocol[Id]):
    """A record that was read, in whatever class: which it is, and which of its revisions."""

    @property
    def id(self) -> Id:
        """Its id."""

    @property
    def revision(self) -> int:
        """The revision that is changed: what another one has become of it since is not overwritten."""


class Replaceable(Revised[Id], Protocol[Id]):
    """A record that was read, with all that it has."""

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""


class RevisedChronology(Protocol):
    """A chronology that was read, in whatever class: see Revised."""

    @property
    def slug(self) -> str:
        """Its slug."""

    @property
    def revision(self) -> int:
        """The revision that is changed."""


class ReplaceableChronology(RevisedChronology, Protocol):
    """A chronology that was read, with all that it has."""

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""


class _Mentions:
    """What a record mentions rides along with it, so that nothing has to be asked for."""

    included: Included

    def actor_name(self, actor_id: str) -> str:
        """Give the current name of an actor that this record mentions; KeyError for any other."""
        return self.included.actors[actor_id].name

    def source(self, source_id: object) -> SourceSummary:
        """Give the source that a citation of this record names; KeyError for any other."""
        return self.included.sources[str(source_id)]


@define
class Event(_Mentions, EventAnswer):
    """An event. Change its members and give it to ``replace_event``, or give changes to ``update_event``.

    >>> event = client.get_event("f210f2e5-140a-50ee-ac6f-e4aa1ad06256")
    >>> event.date, event.when.earliest, event.when.latest
    ('2024-06', '2024-06-01', '2024-06-30')
    >>> event.actor_name("north-korea")
    'North Korea'
    """

    dated_names: dict[str, str] = field(init=False, factory=dict)
    """With ``names="dated"``, by the ids of actors, the names that these had when it began, where others than now."""

    def actor_name(self, actor_id: str) -> str:
        """Give the name of an actor that this event mentions, of its time if those were asked for (``names="dated"``).

        KeyError for any other actor.
        """
        return self.dated_names.get(actor_id) or super().actor_name(actor_id)


class Actor(_Mentions, ActorAnswer):
    """A state, an organization, a person."""


class Source(_Mentions, SourceAnswer):
    """A document that citations name."""


class Chronology(_Mentions, ChronologyAnswer):
    """An edited selection of events."""


Change = EventChange | ActorChange | SourceChange | ChronologyChange

_CHANGES: dict[str, type[EventChange] | type[ActorChange] | type[SourceChange] | type[ChronologyChange]] = {
    "event": EventChange,
    "actor": ActorChange,
    "source": SourceChange,
    "chronology": ChronologyChange,
}

Record = TypeVar("Record", Event, Actor, Source, Chronology)


def change_of(data: Mapping[str, Any]) -> Change:
    """Read a change of the feed by the kind of record that it is of; KeyError if there is none such in ``/v1``."""
    change = _CHANGES[data["entity"]].from_dict(data)
    document: object = change.document
    if isinstance(document, dict):
        # Generated code leaves what may be null as it came if it can't read it.
        raise TypeError(f"The document of change {change.sequence} is no {data['entity']}.")
    return change


class FeedPage(NamedTuple):
    """A page of the change feed."""

    items: list[Change]
    after: int
    more: bool


def feed_page(data: Mapping[str, Any]) -> FeedPage:
    """Read a page of the change feed."""
    return FeedPage([change_of(item) for item in data["items"]], data["after"], data["more"])


def records_of(kind: type[Record], page: Mapping[str, Any]) -> list[Record]:
    """Read the items of a page, each with what it mentions of what the page's items do."""
    included = Included.from_dict(page["included"])
    beside: dict[str, Any] = {"included": {"actors": {}, "sources": {}}}
    if page.get("as_of") is not None:
        beside["as_of"] = page["as_of"]
    records = [kind.from_dict({**item, **beside}) for item in page["items"]]
    for record, item in zip(records, page["items"], strict=True):
        _include_mentioned(record, item, included)
        if isinstance(record, Event):
            record.dated_names = page.get("names", {}).get(item["id"], {})
    return records


def _include_mentioned(record: _Mentions, item: Any, included: Included) -> None:
    """Give a record those of the page's actors and sources whose ids stand in it, and those that they lead to.

    A text that only looks like an id, such as a tag, brings along one more, which does no harm.
    """
    actors, sources = record.included.actors, record.included.sources
    waiting = list(_texts(item))
    while waiting:
        name = waiting.pop()
        if name in included.sources and name not in sources:
            sources[name] = included.sources[name]
            waiting.append(sources[name].publisher or "")
        elif name in included.actors and name not in actors:
            actors[name] = included.actors[name]
            waiting.append(actors[name].merged_into or "")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def writable(record: Replaceable[object] | ReplaceableChronology, kind: str) -> dict[str, Any]:
    """Give what a writer may set of a record of this kind, as a body has it."""
    return {name: value for name, value in record.to_dict().items() if name not in READ_ONLY[kind]}


def items_of(kind: type[Record]) -> Callable[[Mapping[str, Any]], list[Record]]:
    """Say how the items of a page are read."""
    return lambda page: records_of(kind, page)


def revisions_of(page: Mapping[str, Any]) -> list[Revision]:
    """Read the items of a page of revisions."""
    return [Revision.from_dict(item) for item in page["items"]]
