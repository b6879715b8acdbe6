"""Writing rows in their order, as if one after the other, in as few statements as can be.

Rows are written in *waves*. Within a wave no row depends on what another one of it brings, so that all are looked
up together and written together; a row that does depend on one begins the next wave, and so finds it stored.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from api.ingest.rows import ReadRow
from api.store.actors import insert_actor, prepare_actor
from api.store.addresses import canonical_address
from api.store.editing import all_flaws, same_content
from api.store.event_writing import (
    Current,
    Plan,
    current_events,
    events_by_external_id,
    ids_taken,
    with_kept_ids,
    write_events,
)
from api.store.identity import fold, new_id
from api.store.log import Writing
from api.store.preparing import References, look_up, resolve
from api.store.sql import query
from schema.actor import ActorIn
from schema.batch import BatchRow, RowResult, RowStatus
from schema.event import EventIn
from schema.problem import Fault, ProblemError, fault_of
from schema.validation import Flaw, read
from schema.vocabulary import ChangeType, State
from schema.wire import to_builtins

#: How many rows one statement writes at most.
WAVE_ROWS = 500


class _RefusedError(Exception):
    """Takes back what a row has brought along before it turned out to be faulty."""

    def __init__(self, result: RowResult) -> None:
        super().__init__()
        self.result = result


class _Lookups(NamedTuple):
    """What one wave refers to, as the store has it."""

    references: References
    currents: dict[UUID, Current]
    taken: set[UUID]


class _Outcome(NamedTuple):
    """What is to become of a row: it is written by a plan, or its result is known."""

    number: int
    plan: Plan | None
    result: RowResult | None


async def write_rows(write: Writing, rows: Sequence[ReadRow], upsert_on: str | None) -> list[RowResult]:
    """Write rows, those with faults excepted, and give what became of each, in their order."""
    batch = _Batch(write, upsert_on)
    return await batch.write(rows)


class _Batch:
    def __init__(self, write: Writing, upsert_on: str | None) -> None:
        self._write = write
        self._scheme = upsert_on
        self._actors: set[str] = set()  # of those that rows bring along: which are stored
        self._matches: dict[str, list[UUID]] = {}  # events by the identifier of the scheme

    async def write(self, rows: Sequence[ReadRow]) -> list[RowResult]:
        connection = self._write.connection
        contents = [row.reading.value for row in rows if row.reading is not None]
        brought = {actor.id for content in contents for actor in content.new_actors}
        if brought:
            found = await connection.fetch(query("records", "actors_known"), list(brought))
            self._actors = {row["id"] for row in found}
        if self._scheme is not None:
            values = {value for content in contents if (value := content.external_ids.get(self._scheme)) is not None}
            self._matches = await events_by_external_id(connection, self._scheme, values)
        results = []
        for wave in self._waves(rows):
            results += await self._write_wave(wave)
        return results

    def _waves(self, rows: Sequence[ReadRow]) -> Iterator[list[ReadRow]]:
        wave: list[ReadRow] = []
        brought: set[tuple[str, str]] = set()
        for row in rows:
            brings, needs = self._ties(row)
            if wave and (len(wave) == WAVE_ROWS or self._has_new_actors(row) or needs & brought):
                yield wave
                wave, brought = [], set()
                brings, needs = self._ties(row)
            wave.append(row)
            brought |= brings
            if self._has_new_actors(row):
                # What follows may mean them by their names, and a refused row takes them back.
                yield wave
                wave, brought = [], set()
        if wave:
            yield wave

    def _has_new_actors(self, row: ReadRow) -> bool:
        return row.reading is not None and any(actor.id not in self._actors for actor in row.reading.value.new_actors)

    def _ties(self, row: ReadRow) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """What a row brings, and what it would have to wait for. Rather too much than too little."""
        if row.reading is None:
            return set(), set()
        content = row.reading.value
        brings, needs = set(), set()
        if content.id is not None:
            brings.add(("event", str(content.id)))
        value = content.external_ids.get(self._scheme) if self._scheme is not None else None
        if value is not None:
            brings |= {("external", value), *(("event", str(found)) for found in self._matches.get(value, ()))}
        for citation in content.citations:
            source = citation.source
            if isinstance(source, UUID):
                needs.add(("source", str(source)))
                continue
            likeness = ("like", canonical_address(source.url) if source.url else fold(source.title))
            brings.add(likeness)
            if source.id is not None:
                # Whether the id is looked at depends on whether there is such a source already.
                brings.add(("source", str(source.id)))
                needs.add(likeness)
        needs |= {("event", str(relation.event_id)) for relation in content.relations}
        return brings, needs | {tie for tie in brings if tie[0] != "like"}

    async def _write_wave(self, wave: list[ReadRow]) -> list[RowResult]:
        matched = {found for row in wave for found in self._matching(row)}
        currents = await current_events(self._write.connection, matched) if matched else {}
        wave = [self._with_stored_state(row, currents) for row in wave]
        if not self._has_new_actors(wave[0]):
            return await self._write_together(wave, currents)
        # Such a row is a wave of its own.
        try:
            async with self._write.attempt():
                created = await self._create_actors(wave[0])
                results = await self._write_together(wave, currents)
                if results[0].status is RowStatus.REFUSED:
                    raise _RefusedError(results[0])
        except _RefusedError as refused:
            return [refused.result]
        self._actors |= created
        return results

    def _matching(self, row: ReadRow) -> list[UUID]:
        """The events that have a row's identifier of the scheme."""
        if self._scheme is None or row.reading is None:
            return []
        return self._matches.get(row.reading.value.external_ids.get(self._scheme, ""), [])

    def _with_stored_state(self, row: ReadRow, currents: dict[UUID, Current]) -> ReadRow:
        """Publishing cannot be undone, so it has to be said: a draft stays one if its row leaves the state out."""
        matches = self._matching(row)
        if len(matches) == 1 and currents[matches[0]].event.state is State.DRAFT:
            return row.in_state(State.DRAFT)
        return row

    async def _create_actors(self, row: ReadRow) -> set[str]:
        """Create the actors that a row brings along; raises ``_RefusedError`` with all their faults."""
        assert row.reading is not None
        created: set[str] = set()
        if row.reading.flaws:
            # They may not be what was sent; the flaws alone are told.
            raise _RefusedError(_refused(row, row.reading.flaws))
        faults: list[Fault] = []
        for index, actor in enumerate(row.reading.value.new_actors):
            if actor.id in self._actors | created:
                continue
            try:
                content = await prepare_actor(self._write.connection, read(to_builtins(actor), ActorIn))
                public = row.reading.value.state is not State.DRAFT
                await insert_actor(self._write, content, public=public)
                created.add(actor.id)
            except ProblemError as error:
                faults += _below(f"/{row.number}/new_actors/{index}", error.faults or [Fault(error.detail)])
        if faults:
            raise _RefusedError(RowResult(row=row.number, status=RowStatus.REFUSED, errors=faults))
        return created

    async def _write_together(self, wave: list[ReadRow], currents: dict[UUID, Current]) -> list[RowResult]:
        lookups = await self._look_up([row.reading.value for row in wave if row.reading is not None], currents)
        outcomes = [self._decide(row, lookups) for row in wave]
        plans = [outcome.plan for outcome in outcomes if outcome.plan is not None]
        written = iter(await write_events(self._write, plans) if plans else ())
        results = []
        for outcome in outcomes:
            result = outcome.result
            if outcome.plan is not None:
                status = RowStatus.UPDATED if outcome.plan.current else RowStatus.CREATED
                event_id = outcome.plan.event_id
                result = RowResult(row=outcome.number, status=status, id=event_id, revision=next(written).revision)
                if self._scheme is not None:
                    self._matches[outcome.plan.prepared.content.external_ids[self._scheme]] = [event_id]
            assert result is not None
            results.append(result)
        return results

    async def _look_up(self, contents: list[BatchRow], currents: dict[UUID, Current]) -> _Lookups:
        connection = self._write.connection
        # Which ids are taken is known from the log.
        await self._write.append()
        ids = {content.id for content in contents if content.id is not None}
        return _Lookups(
            await look_up(connection, contents),
            currents,
            await ids_taken(connection, ids) if ids else set(),
        )

    def _decide(self, row: ReadRow, lookups: _Lookups) -> _Outcome:
        """Say what is to become of a row."""
        if row.reading is None:
            return _Outcome(row.number, None, _refused(row, row.flaws))
        content = _event_of(row.reading.value)
        current, flaws = self._current(content, lookups)
        prepared, unresolved = resolve(
            content,
            current.event.id if current else content.id,
            current.event.citations if current else (),
            lookups.references,
        )
        flaws = all_flaws(row.reading, None, flaws + unresolved)
        if flaws:
            return _Outcome(row.number, None, _refused(row, flaws))
        if current is None:
            plan = Plan(content.id or new_id(), None, prepared, ChangeType.CREATE)
            return _Outcome(row.number, plan, None)
        kept = structs.replace(
            prepared.content, id=current.event.id, citations=with_kept_ids(prepared.content, current.event)
        )
        if not prepared.new and same_content(current.stored, kept):
            unchanged = RowResult(
                row=row.number, status=RowStatus.UNCHANGED, id=current.event.id, revision=current.stored.revision
            )
            return _Outcome(row.number, None, unchanged)
        plan = Plan(current.event.id, current, prepared._replace(content=kept), ChangeType.UPDATE)
        return _Outcome(row.number, plan, None)

    def _current(self, content: EventIn, lookups: _Lookups) -> tuple[Current | None, list[Flaw]]:
        """Find the event whose new content this is, if there is one, and what forbids it."""
        matches: list[UUID] = []
        if self._scheme is not None:
            value = content.external_ids.get(self._scheme)
            if value is None:
                return None, [Flaw("/external_ids", f"With upsert_on={self._scheme} a row needs an id of that scheme.")]
            matches = self._matches.get(value, [])
        if len(matches) > 1:
            listed = " and ".join(str(found) for found in matches)
            return None, [Flaw(f"/external_ids/{self._scheme}", f"Several events have this id, among them {listed}.")]
        if not matches:
            if content.id in lookups.taken:
                return None, [Flaw("/id", "This id is taken.", "leave it out")]
            return None, []
        current = lookups.currents[matches[0]]
        flaws = []
        if current.event.state is State.RETRACTED:
            flaws.append(Flaw("/state", f"The event {current.event.id} is retracted.", "restore it first"))
        if content.id is not None and content.id != current.event.id:
            flaws.append(Flaw("/id", f"This is the event {current.event.id}; its id never changes.", "leave it out"))
        if current.event.state is State.PUBLISHED and content.state is State.DRAFT:
            flaws.append(Flaw("/state", "What was published cannot be a draft again.", "retract it instead"))
        return current, flaws


def _event_of(row: BatchRow) -> EventIn:
    return EventIn(**{name: getattr(row, name) for name in EventIn.__struct_fields__})


def _refused(row: ReadRow, flaws: list[Flaw]) -> RowResult:
    errors = _below(f"/{row.number}", [fault_of(flaw) for flaw in flaws])
    return RowResult(row=row.number, status=RowStatus.REFUSED, errors=errors)


def _below(pointer: str, faults: list[Fault]) -> list[Fault]:
    return [structs.replace(fault, pointer=f"{pointer}{fault.pointer or ''}") for fault in faults]
