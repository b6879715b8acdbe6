"""Reading pages: documents as they are stored, and beside them what they mention."""

from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from api.store.cursor import seal, unseal
from api.store.head import moment_of
from api.store.sql import Statement
from api.store.store import Store
from schema.actor import ActorSummary
from schema.answers import Included
from schema.query import RecordQuery
from schema.source import SourceSummary
from schema.text import MAXIMUM_INTEGER
from schema.vocabulary import Reliability

#: The sequence as of which a list is read, as its cursors carry it; null for the present.
Sealed = Annotated[int, Meta(ge=0, le=MAXIMUM_INTEGER)] | None


class Item(NamedTuple):
    """One record of a page; ``document`` is its JSON as stored. ``position`` orders
    a list of events."""

    id: str
    revision: int
    position: int
    document: bytes


class Page(NamedTuple):
    """Records in no order, and what they mention."""

    items: list[Item]
    included: Included


async def fetch_page(connection: Any, statement: Statement, page: str) -> Page:
    """Fetch the records that a ``page_of_…`` fragment selects, and what they mention, as of one moment."""
    sql = statement.fragment("with_included").replace("{page}", page)
    items: list[Item] = []
    actors: dict[str, ActorSummary] = {}
    sources: dict[str, SourceSummary] = {}
    for row in await connection.fetch(sql, *statement.values):
        if row["part"] == 0:
            # What has been redacted has no document any more, as of when it held.
            if row["document"] is not None:
                items.append(Item(row["id"], row["revision"], row["position"], row["document"]))
        elif row["part"] == 1:
            sources[row["id"]] = SourceSummary(
                title=row["a"],
                url=row["b"],
                publisher=row["c"],
                published=row["d"],
                reliability=Reliability(row["e"]) if row["e"] else None,
            )
        else:
            actors[row["id"]] = ActorSummary(name=row["a"], kind=row["b"], merged_into=row["c"])
    return Page(items, Included(actors=dict(sorted(actors.items())), sources=dict(sorted(sources.items()))))


async def fetch_items(connection: Any, statement: Statement, page: str) -> Page:
    """Fetch the records that a ``page_of_…`` fragment selects, without what they mention."""
    rows = await connection.fetch(statement.fragment("without_included").replace("{page}", page), *statement.values)
    items = [Item(row["id"], row["revision"], row["position"], row["document"]) for row in rows]
    return Page(items, Included(actors={}, sources={}))


class ListedById(NamedTuple):
    """A page of records in the order of their ids, the cursor of the next one, and as of which sequence, if not now."""

    page: Page
    next: str | None
    as_of: int | None


class Bookmark(NamedTuple):
    """How far a list in the order of ids has been read, and as of which sequence, if not as of now."""

    after: Any
    as_of: int | None


async def bookmark_of(store: Store, mark: bytes, asked: RecordQuery, kind: Any, first: Any, *, edit: bool) -> Bookmark:
    """Read the cursor of a query, whose ids are of a ``kind``; without one, begin at ``first``.

    The moment that a list is read as of is resolved once, with its first page, and sealed in the cursors.
    """
    sealed = unseal(mark, asked.cursor, tuple[kind, Sealed]) if asked.cursor is not None else (first, None)
    as_of = asked.as_of if sealed[1] is None else str(sealed[1])
    moment = await moment_of(store, as_of, edit=edit)
    return Bookmark(sealed[0], None if moment is None else moment.sequence)


async def list_by_id(
    store: Store, fragment: str, mark: bytes, limit: int, *, as_of: int | None, **values: Any
) -> ListedById:
    """Read a page, in the order of ids, of what a ``page_of_…`` fragment selects, and the cursor of the next one."""
    statement = Statement("select", as_of)
    text = statement.fragment(fragment, limit=limit + 1, **values)
    async with store.connection() as connection:
        page = await fetch_page(connection, statement, text)
    items = sorted(page.items, key=lambda item: item.id)
    more = len(items) > limit
    items = items[:limit]
    return ListedById(page._replace(items=items), seal(mark, [items[-1].id, as_of]) if more else None, as_of)


class Record(NamedTuple):
    """One record with what it mentions."""

    id: str
    revision: int
    document: bytes
    included: Included


async def fetch_record(connection: Any, fragment: str, *, as_of: int | None = None, **values: Any) -> Record | None:
    """Fetch the one record that a ``page_of_…`` fragment selects."""
    statement = Statement("select", as_of)
    page = await fetch_page(connection, statement, statement.fragment(fragment, **values))
    if not page.items:
        return None
    item = page.items[0]
    return Record(item.id, item.revision, item.document, page.included)
