"""Sources: found by what they are, created once, edited in the open."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from msgspec import structs

from api.store.cursor import fingerprint
from api.store.editing import (
    Expected,
    Kind,
    Stored,
    Written,
    answer_written,
    checked,
    edit_record,
    record,
)
from api.store.exposing import expose
from api.store.identity import address_identity, new_id, source_identities, source_identity
from api.store.indexing import reindex_citing
from api.store.log import Writing, writing
from api.store.reading import ListedById, Record, bookmark_of, fetch_page, fetch_record, list_by_id
from api.store.references import find_actors, same_actors, sources_by_id, sources_by_identity, suggest_actors
from api.store.sql import Statement, query
from api.store.store import Store
from api.store.terms import SourceFacts
from schema.change import EntityKind
from schema.editing import Edit
from schema.problem import Fault, problem
from schema.query import SourceQuery
from schema.source import Source, SourceIn
from schema.validation import Flaw, Reading, read
from schema.vocabulary import ChangeType


async def get_source(store: Store, source_id: UUID, *, edit: bool, as_of: int | None = None) -> Record | None:
    """Read a source; None where there is none that the reader may see."""
    async with store.connection() as connection:
        return await fetch_record(connection, "page_of_source", as_of=as_of, id=source_id, edit=edit)


async def list_sources(store: Store, asked: SourceQuery, *, edit: bool) -> ListedById:
    """Read a page of sources in the order of their ids; of those with an address there is one, or none."""
    mark = fingerprint("sources", asked.as_of, asked.url)
    after, as_of = await bookmark_of(store, mark, asked, UUID, None, edit=edit)
    if asked.url is not None:
        statement = Statement("select", as_of)
        text = statement.fragment("page_of_source_by_identity", identity=address_identity(asked.url), edit=edit)
        async with store.connection() as connection:
            return ListedById(await fetch_page(connection, statement, text), None, as_of)
    first = UUID(int=0) if after is None else UUID(int=min(after.int + 1, 2**128 - 1))
    fragment = "page_of_sources" if as_of is None else "page_of_sources_then"
    return await list_by_id(store, fragment, mark, asked.limit, as_of=as_of, first=first, edit=edit)


async def create_source(store: Store, author: str, body: dict[str, Any]) -> Record:
    """Create a source that is in sight at once."""
    reading = read(body, SourceIn)
    async with store.connection() as connection:
        content = await _prepared(connection, reading)
        identity = source_identity(content)
        async with writing(connection, author) as write:
            await _refuse_twin(connection, content)
            if content.id and await sources_by_id(connection, [content.id]):
                raise problem("conflict", f"There is a source with the id {content.id} already.")
            if content.publisher is not None:
                await expose(write, [content.publisher])
            written = await insert_source(write, content, identity, public=True)
        return await answer_written(connection, written)


async def edit_source(
    store: Store,
    author: str,
    source_id: UUID,
    body: dict[str, Any],
    expected: Expected,
    *,
    patch: bool,
) -> Record | None:
    """Replace or patch a source; None where there is none."""
    return await edit_record(store, author, _KIND, source_id, body, expected, patch=patch)


async def insert_source(write: Writing, content: SourceIn, identity: bytes, *, public: bool) -> Written:
    """Write a new source; the caller has made sure that there is none like it."""
    return (await insert_sources(write, [(content, identity, public)]))[0]


async def insert_sources(write: Writing, new: Iterable[tuple[SourceIn, bytes, bool]]) -> list[Written]:
    """Write new sources: of each its content, its identity and whether it is in sight at once."""
    rows, written = [], []
    for content, identity, public in new:
        source = Source(
            **{**structs.asdict(content), "id": content.id or new_id()},
            revision=1,
            sequence=write.take(),
            created_at=write.time,
            updated_at=write.time,
        )
        encoded = record(
            write,
            EntityKind.SOURCE,
            source,
            1,
            type=ChangeType.CREATE,
            public_type=ChangeType.CREATE if public else None,
        )
        rows.append(row_of(source, identity, public, encoded))
        written.append(_written(source, 1, encoded))
    await write.connection.executemany(query("records", "insert_source"), rows)
    return written


async def _update(write: Writing, stored: Stored, content: SourceIn, edit: Edit) -> Written:
    identity = source_identity(content)
    own = UUID(stored.id)
    before_identity = (await sources_by_id(write.connection, [own]))[own][1]
    if identity != before_identity:
        await _refuse_twin(write.connection, content, own)
    if stored.public and content.publisher is not None:
        await expose(write, [content.publisher])
    source = Source(
        **structs.asdict(content),
        revision=stored.revision + 1,
        sequence=write.take(),
        created_at=stored.document["created_at"],
        updated_at=write.time,
    )
    change = ChangeType(edit.change.type)
    encoded = record(
        write,
        EntityKind.SOURCE,
        source,
        source.revision,
        type=change,
        public_type=change if stored.public else None,
        reason=edit.change.reason,
    )
    row = row_of(source, identity, stored.public, encoded)
    await write.connection.execute(query("records", "update_source"), *row)
    before = SourceFacts(stored.document["publisher"], stored.document["reliability"], stored.document["title"])
    after = SourceFacts(source.publisher, source.reliability, source.title)
    if before != after:
        await reindex_citing(write.connection, source.id, before, after, source.sequence)
    return _written(source, source.revision, encoded)


def _written(content: SourceIn, revision: int, encoded: bytes) -> Written:
    return Written(str(content.id), revision, [content.publisher] if content.publisher else [], [], encoded)


def row_of(source: Source, identity: bytes, public: bool, encoded: bytes) -> tuple[Any, ...]:
    """Its current row, as the statements that write it take it: its identity, whether it is in sight, its bytes."""
    return (
        source.id,
        source.revision,
        public,
        identity,
        source.title,
        source.url,
        source.publisher,
        source.published.text if source.published else None,
        source.reliability,
        source.sequence,
        encoded,
    )


async def _prepared(
    connection: Any, reading: Reading[SourceIn], edit: Edit | None = None, stored: Stored | None = None
) -> SourceIn:
    """Put the publisher's id for its name; raises with everything that is wrong."""
    publisher, flaws = reading.value.publisher, list[Flaw]()
    if publisher is not None:
        found = await suggest_actors(connection, await find_actors(connection, [publisher], edit=True), edit=True)
        flaw = found[publisher].flaw("/publisher", publisher)
        flaws = [flaw] if flaw else []
        publisher = found[publisher].kept([stored.document["publisher"]] if stored is not None else [])
    return structs.replace(checked(reading, edit, flaws), publisher=publisher)


async def _refuse_twin(connection: Any, content: SourceIn, own: UUID | None = None) -> None:
    """Refuse what is stored already, be it under a publisher that has been merged with this one."""
    same = await same_actors(connection, [content.publisher] if content.publisher is not None else [])
    identities = source_identities(content, [one for ids in same.values() for one in ids])
    twins = await sources_by_identity(connection, identities)
    twin = next((twins[one] for one in identities if one in twins and twins[one].id != own), None)
    if twin is not None:
        raise problem(
            "conflict",
            f"This source is stored already, as {twin.id}: same address or, without one, same publisher, title, date.",
            Fault(pointer="", detail="This source is stored already.", suggestion=f"use {twin.id}"),
        )


_KIND = Kind(SourceIn, query("records", "source"), _prepared, _written, _update)
