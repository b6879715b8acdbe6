"""Chronologies: saved selections of events. What is on their pages is found by ``chronology_events``."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from api.store.cursor import fingerprint
from api.store.editing import (
    Expected,
    Kind,
    Stored,
    Written,
    answer_written,
    check_expected,
    checked,
    current_row,
    edit_record,
    record,
)
from api.store.exposing import expose
from api.store.log import Writing, writing
from api.store.reading import ListedById, Record, bookmark_of, fetch_record, list_by_id
from api.store.references import event_states, find_actors, sources_by_id, suggest_actors
from api.store.select.text import text_asked
from api.store.sql import fetch, query
from api.store.store import Store
from schema.change import EntityKind
from schema.chronology import Chronology, ChronologyIn, ChronologyState
from schema.editing import Edit
from schema.edtf import EdtfError, Window
from schema.problem import Fault, body_problem, problem
from schema.query import EventFilter, RecordQuery
from schema.text import Slug
from schema.text_query import text_flaws
from schema.validation import Flaw, Reading, read
from schema.vocabulary import ChangeType, State
from schema.wire import decode_hook

#: Members of a filter that name actors.
_NAMING = ("actor", "actor_all", "publisher")


async def get_chronology(store: Store, slug: str, *, edit: bool, as_of: int | None = None) -> Record | None:
    """Read a chronology; None where there is none that the reader may see."""
    async with store.connection() as connection:
        return await fetch_record(connection, "page_of_chronology", as_of=as_of, slug=slug, edit=edit)


async def find_chronology(store: Store, slug: str, *, edit: bool, as_of: int | None = None) -> Chronology | None:
    """Read what a chronology says; None where there is none that the reader may see."""
    async with store.connection() as connection:
        rows = await fetch(connection, "chronologies", "seen", as_of=as_of, slug=slug, edit=edit)
    return msgspec.json.decode(rows[0]["document"], type=Chronology, dec_hook=decode_hook) if rows else None


async def list_chronologies(store: Store, asked: RecordQuery, *, edit: bool) -> ListedById:
    """Read a page of chronologies in the order of their slugs."""
    mark = fingerprint("chronologies", asked.as_of)
    after, as_of = await bookmark_of(store, mark, asked, Slug, "", edit=edit)
    return await list_by_id(store, "page_of_chronologies", mark, asked.limit, as_of=as_of, after=after, edit=edit)


async def create_chronology(store: Store, author: str, body: dict[str, Any]) -> Record:
    """Create a chronology, published or as a draft."""
    reading = read(body, ChronologyIn)
    async with store.connection() as connection:
        content = await _prepared(connection, reading, None, None)
        async with writing(connection, author) as write:
            if await connection.fetchrow(query("log", "known"), EntityKind.CHRONOLOGY.value, [content.slug]):
                raise problem(
                    "conflict",
                    f"The slug {content.slug} is taken by a chronology, or was by a draft that has been discarded.",
                    Fault(pointer="/slug", detail="This slug is taken.", suggestion="another slug"),
                )
            written = await _write(write, content, None, ChangeType.CREATE)
        return await answer_written(connection, written)


async def edit_chronology(
    store: Store, author: str, slug: str, body: dict[str, Any], expected: Expected, *, patch: bool
) -> Record | None:
    """Replace or patch a chronology; None where there is none."""
    return await edit_record(store, author, _KIND, slug, body, expected, patch=patch)


async def discard_chronology(store: Store, author: str, slug: str, expected: Expected) -> bool | None:
    """Discard a draft; None where there is no such chronology. Its revisions stay in the log, for editors."""
    async with store.connection() as connection:
        row = await connection.fetchrow(_KIND.current, slug)
        if row is None:
            return None
        check_expected(expected, row["revision"])
        if row["public"]:
            raise problem("conflict", "Only drafts can be discarded; what was published stays.")
        async with writing(connection, author) as write:
            await current_row(connection, _KIND, Stored.of(row), slug)
            sequence = write.take()
            write.record(EntityKind.CHRONOLOGY, slug, row["revision"] + 1, type=ChangeType.DISCARD, public_type=None)
            await connection.execute(query("chronologies", "delete"), slug, sequence)
        return True


async def _update(write: Writing, stored: Stored, content: ChronologyIn, edit: Edit) -> Written:
    return await _write(write, content, stored, ChangeType(edit.change.type), edit.change.reason)


async def _write(
    write: Writing, content: ChronologyIn, stored: Stored | None, change: ChangeType, reason: str | None = None
) -> Written:
    """Write a content as the next revision."""
    # What was there when it was prepared may have been discarded since.
    flaws = await _flaws_of_items(write.connection, content)
    if flaws:
        raise body_problem(flaws)
    public = content.state is ChronologyState.PUBLISHED
    if public:
        cited = await sources_by_id(write.connection, _sources(content))
        publishers = [source.publisher for source, _ in cited.values() if source.publisher is not None]
        await expose(write, [*_actors(content), *publishers], _sources(content))
    before = stored.document if stored is not None else {}
    chronology = Chronology(
        **structs.asdict(content),
        revision=before.get("revision", 0) + 1,
        sequence=write.take(),
        created_at=before.get("created_at", write.time),
        updated_at=write.time,
        published_at=(before.get("published_at") or write.time) if public else None,
    )
    public_type = None
    if public:
        public_type = change if stored is not None and stored.public else ChangeType.CREATE
    encoded = record(
        write,
        EntityKind.CHRONOLOGY,
        chronology,
        chronology.revision,
        type=change,
        public_type=public_type,
        reason=reason,
    )
    statement = "insert" if stored is None else "update"
    await write.connection.execute(query("chronologies", statement), *row_of(chronology, encoded))
    return _written(content, chronology.revision, encoded)


def row_of(chronology: Chronology, encoded: bytes) -> tuple[Any, ...]:
    """Its current row, as the statements that write it take it."""
    return (
        chronology.slug,
        chronology.revision,
        chronology.state.value,
        _actors(chronology),
        _sources(chronology),
        chronology.sequence,
        encoded,
    )


def _written(content: ChronologyIn, revision: int, encoded: bytes) -> Written:
    return Written(content.slug, revision, _actors(content), _sources(content), encoded)


def _actors(content: ChronologyIn) -> list[str]:
    named = content.filter
    return sorted({name for member in _NAMING for name in getattr(named, member)}) if named is not None else []


def _sources(content: ChronologyIn) -> list[UUID]:
    return sorted(set(content.filter.source)) if content.filter is not None else []


async def _prepared(
    connection: Any, reading: Reading[ChronologyIn], edit: Edit | None, stored: Stored | None
) -> ChronologyIn:
    """Put ids for the names of actors; raises with everything that is wrong."""
    content, flaws = reading.value, list[Flaw]()
    resolved = content.filter
    if resolved is not None:
        resolved, flaws = await _prepared_filter(connection, resolved, _held_by(stored))
    flaws += await _flaws_of_items(connection, content)
    if stored is not None and stored.public and content.state is ChronologyState.DRAFT:
        flaws.append(Flaw("/state", "What was published cannot be a draft again."))
    return structs.replace(checked(reading, edit, flaws), filter=resolved)


def _held_by(stored: Stored | None) -> set[str]:
    """The actors that its filter names already."""
    named = (stored.document["filter"] if stored is not None else None) or {}
    return {name for member in _NAMING for name in named.get(member, ())}


async def _prepared_filter(connection: Any, asked: EventFilter, held: set[str]) -> tuple[EventFilter, list[Flaw]]:
    named: dict[str, list[str]] = {member: getattr(asked, member) for member in _NAMING}
    found = await find_actors(connection, [name for names in named.values() for name in names], edit=True)
    found = await suggest_actors(connection, found, edit=True)
    known = await sources_by_id(connection, asked.source)
    flaws = [
        flaw
        for member, names in named.items()
        for index, name in enumerate(names)
        if (flaw := found[name].flaw(f"/filter/{member}/{index}", name)) is not None
    ]
    flaws += [
        Flaw(f"/filter/source/{index}", f"There is no source {source}.")
        for index, source in enumerate(asked.source)
        if source not in known
    ]
    try:
        Window.between(asked.date_from, asked.date_to)
    except EdtfError as error:
        flaws.append(Flaw(f"/filter/{error.parameter or 'date_from'}", f"{error.detail}.", error.suggestion))
    if asked.q is not None and not text_flaws(asked.q) and await text_asked(connection, asked.q, edit=True) is None:
        flaws.append(Flaw("/filter/q", "Its words are passed over: nothing is left to search for."))
    ids: dict[str, Any] = {
        member: list(dict.fromkeys(found[name].kept(held) or name for name in names)) for member, names in named.items()
    }
    return structs.replace(asked, **ids), flaws


async def _flaws_of_items(connection: Any, content: ChronologyIn) -> list[Flaw]:
    """Name picked events that are not there or that readers of the chronology could not see."""
    states = await event_states(connection, (item.event_id for item in content.items))
    flaws = []
    for index, item in enumerate(content.items):
        state = states.get(item.event_id)
        if state is None:
            flaws.append(Flaw(f"/items/{index}/event_id", f"There is no event {item.event_id}."))
        elif state == State.DRAFT and content.state is ChronologyState.PUBLISHED:
            detail = "A published chronology cannot pick a draft."
            flaws.append(Flaw(f"/items/{index}/event_id", detail, "publish that one first, or leave it out"))
    return flaws


_KIND = Kind(ChronologyIn, query("chronologies", "current"), _prepared, _written, _update)
