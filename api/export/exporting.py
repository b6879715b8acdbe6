"""A list of events in a format: how much of it is taken, in which order, and that what is wrong shows at once."""

from collections.abc import AsyncIterator, Container
from typing import Any, NamedTuple, TypeVar

from msgspec import structs

from api.export.walk import PageOf, Walk
from api.formats.entry import Heading, Part, Writer
from api.store.event_search import window_of
from api.store.head import moment_of, seen_head
from api.store.listing import PAGING
from api.store.log import wire_time
from api.store.store import Store
from schema.chronology import Chronology
from schema.problem import Fault, problem
from schema.query import MAXIMUM_RANKED, Counting, EventQuery, Sort
from schema.text_query import text_notices
from schema.vocabulary import State
from schema.wire import to_builtins

T = TypeVar("T")

#: What a feed has where no other limit is asked for.
FEED_ENTRIES = 50
#: Members of a query that say how it is answered, not what is asked for; as of when, every heading says by itself.
_MANNER = (*PAGING, "sort", "as_of")


class Export(NamedTuple):
    """An export that has begun: ``chunks`` are its bytes, ``next`` the cursor of what a limit has left out.

    ``chunks`` must be read to the end or closed. An error while they are read means that they are not the whole.
    """

    chunks: AsyncIterator[bytes]
    next: str | None


class Titles(NamedTuple):
    """What a chronology puts above its exports, in the place of a list's filters."""

    title: str
    introduction: str | None
    page: str
    licence: str | None
    language: str | None

    @classmethod
    def of(cls, chronology: Chronology, home: str) -> "Titles":
        """What a chronology says of itself; ``home`` is the address of the service."""
        page = f"{home}/chronologies/{chronology.slug}"
        return cls(chronology.title, chronology.introduction, page, chronology.licence, chronology.language)


class Source(NamedTuple):
    """What is exported: a query, with how its pages are read, and what stands above it."""

    store: Store
    page_of: PageOf
    asked: EventQuery
    edit: bool
    heading: Heading


def query_for(writer: Writer, asked: EventQuery, given: Container[str]) -> EventQuery:
    """Put in what a format takes for granted where the query, whose parameters are ``given``, does not say it.

    Raises ``invalid-parameters`` for what the format cannot give.
    """
    faults = []
    if asked.count is not Counting.NONE:
        faults.append(Fault("Only a page of JSON tells a count.", parameter="count", suggestion="leave it out"))
    if "limit" in given and writer.most is not None and asked.limit > writer.most:
        detail = f"{writer.format.value} takes {writer.most:,} events at most."
        faults.append(Fault(detail, parameter="limit", suggestion=f"{writer.most}"))
    if faults:
        raise problem("invalid-parameters", "This format can't be given so.", *faults)
    if writer.is_feed:
        # Who has read a feed's entry must hear of it when it is taken back.
        asked = structs.replace(
            asked,
            state=asked.state or [State.PUBLISHED, State.RETRACTED],
            sort=asked.sort or Sort.UPDATED_DESCENDING,
            limit=asked.limit if "limit" in given else FEED_ENTRIES,
        )
    return asked


async def pin(store: Store, asked: EventQuery, *, edit: bool) -> EventQuery:
    """Have a query read as of one change, the last one if it does not say which, however long it is read.

    So nothing that is written meanwhile shows in a part of an export. A cursor goes on in the list that it is of.
    """
    if asked.cursor is not None:
        return asked
    moment = await moment_of(store, asked.as_of, edit=edit) or await seen_head(store, edit=edit)
    return structs.replace(asked, as_of=str(moment.sequence))


async def begin(writer: Writer, source: Source, *, limited: bool) -> Export:
    """Begin to export: what can be refused is refused here, before the first byte.

    ``limited``: no more than the query's limit is taken; otherwise all there is. Raises ``too-many-events`` if that
    is more than the format takes, and ``unfit-for-format`` if it cannot hold what is found.
    """
    walk = Walk(source.store, source.page_of, source.asked, edit=source.edit, with_changes=writer.is_feed)
    parts = walk.parts(source.asked.limit if limited else None)
    if writer.most is not None:
        parts = _at_most(writer, writer.most, parts)
    begun = [part async for part in (parts if limited else _first(parts))]
    chunks = writer.write(source.heading, _chained(begun, parts))
    first = [chunk async for chunk in _first(chunks)]
    return Export(_chained(first, chunks), walk.next if limited else None)


async def _at_most(writer: Writer, most: int, parts: AsyncIterator[Part]) -> AsyncIterator[Part]:
    """Pass parts on; formats that take only so many events give no byte before they have all of them."""
    events = 0
    async for part in parts:
        events += len(part.entries)
        if events > most:
            raise problem(
                "too-many-events",
                f"{writer.format.value} takes {most:,} events at most, and the query finds more. Ask for less, give a"
                " limit and follow the link to the next ones, or take csv or ndjson.",
            )
        yield part


async def heading_of(
    store: Store,
    asked: EventQuery,
    *,
    edit: bool,
    home: str,
    address: str,
    titles: Titles | None = None,
    limited: bool = False,
) -> Heading:
    """Say what a list of events is, that it is narrowed or limited if it is, and as of when."""
    window = window_of(asked)
    head = await moment_of(store, asked.as_of, edit=edit) or await seen_head(store, edit=edit)
    filters = {
        name: value
        for name, value in to_builtins(asked).items()
        if name not in _MANNER and value not in (None, []) and value != _DEFAULTS[name]
    }
    words = "; ".join(f"{name} {_in_words(value)}" for name, value in filters.items())
    said = [titles.introduction] if titles and titles.introduction else []
    said += [f"Filtered by {words}."] if words else []
    said += text_notices(asked.q)
    if asked.sort is Sort.RELEVANCE:
        said.append(f"The best matches first, of the {MAXIMUM_RANKED:,} latest by date.")
    said += [f"No more than {asked.limit:,} events; there may be others."] if limited else []
    return Heading(
        title=titles.title if titles else "Events",
        introduction="\n\n".join(said) or None,
        page=titles.page if titles else None,
        licence=titles.licence if titles else None,
        language=titles.language if titles else None,
        home=home,
        address=address,
        sequence=head.sequence,
        digest=head.digest.hex(),
        earliest=window.earliest,
        latest=window.latest,
        recorded_at=wire_time(head.recorded_at),
    )


_DEFAULTS: dict[str, Any] = to_builtins(EventQuery())


def _in_words(value: Any) -> str:
    return " or ".join(str(one) for one in value) if isinstance(value, list) else str(value)


async def _first(given: AsyncIterator[T]) -> AsyncIterator[T]:
    async for one in given:
        yield one
        return


async def _chained(begun: list[T], rest: AsyncIterator[T]) -> AsyncIterator[T]:
    """Give what is there, without keeping it, and then the rest."""
    while begun:
        yield begun.pop(0)
    async for one in rest:
        yield one
