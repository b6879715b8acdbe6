"""Reading pages: documents as they are stored, and beside them what they mention."""

from typing import Any, NamedTuple

from api.store.sql import Statement
from schema.actor import ActorSummary
from schema.query import Included
from schema.source import SourceSummary
from schema.vocabulary import Reliability


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
            actors[row["id"]] = ActorSummary(name=row["a"], kind=row["b"])
    return Page(items, Included(actors=dict(sorted(actors.items())), sources=dict(sorted(sources.items()))))


class Record(NamedTuple):
    """One record with what it mentions."""

    id: str
    revision: int
    document: bytes
    included: Included


async def fetch_record(connection: Any, fragment: str, **values: Any) -> Record | None:
    """Fetch the one record that a ``page_of_…`` fragment selects."""
    statement = Statement("select")
    page = await fetch_page(connection, statement, statement.fragment(fragment, **values))
    if not page.items:
        return None
    item = page.items[0]
    return Record(item.id, item.revision, item.document, page.included)
