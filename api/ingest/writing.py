"""Writing rows in their order, as if one after the other, in as few statements as can be.

Rows are written in *waves*. Within a wave no row depends on what another one of it brings, so that all are looked
up together and written together; a row that does depend on one begins the next wave, and so finds it stored.

Rows of files are treated in another way where a file is not written by hand for this store: they are events by ids
that are always the same, may point to each other within a wave, in cycles too, and bring new actors together.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import structs

from api.ingest.candidates import with_candidates
from api.ingest.rows import ReadRow, below, refused
from api.ingest.waves import in_waves
from api.store.actors import insert_actor, prepare_actor
from api.store.editing import all_flaws, same_content
from api.store.event_writing import (
    Current,
    Plan,
    corrected_events,
    current_events,
    events_by_external_id,
    ids_taken,
    with_kept_ids,
    write_events,
)
from api.store.identity import new_id
from api.store.log import Writing
from api.store.preparing import References, look_up, missing_relations, resolve
from api.store.sql import query
from schema.actor import ActorIn
from schema.batch import BatchRow, RowResult, RowStatus
from schema.event import EventIn
from schema.problem import Fault, ProblemError
from schema.validation import Flaw, read
from schema.vocabulary import ChangeType, State
from schema.wire import to_builtins

#: How many rows one statement writes at most.
WAVE_ROWS = 500
#: How often a wave with new actors is tried again without the rows that were refused, before each is tried alone.
_MOST_RETRIES = 5


class FileRules(NamedTuple):
    """How rows of a file are written.

    ``candidates``: the actors that rows bring along may be stored under other ids.
    ``is_last``: what rows point to will not come any more, so that none is held back. ``updates``: whether the format
    carries enough of an event to be its new content.
    """

    candidates: bool = False
    updates: bool = True
    is_last: bool = False


class Done(NamedTuple):
    """What became of rows, in their order; those held back wait for events that they point to."""

    results: list[RowResult]
    held: list[ReadRow]
    warnings: dict[int, list[str]]


class _RefusedError(Exception):
    """Takes back what rows have brought along before they turned out to be faulty, or held back."""

    def __init__(self, outcomes: "list[_Outcome]") -> None:
        super().__init__()
        self.outcomes = outcomes


class _Lookups(NamedTuple):
    """What one wave refers to, as the store has it."""

    references: References
    currents: dict[UUID, Current]
    taken: set[UUID]
    corrected: dict[UUID, int]


class _Outcome(NamedTuple):
    """What is to become of a row: it is written by a plan, its result is known, or it is held back."""

    row: ReadRow
    plan: Plan | None
    result: RowResult | None

    @property
    def is_written(self) -> bool:
        """Whether the store has, or will have, what it says."""
        return self.plan is not None or (self.result is not None and self.result.status is not RowStatus.REFUSED)


async def write_rows(write: Writing, rows: Sequence[ReadRow], upsert_on: str | None) -> list[RowResult]:
    """Write rows, those with faults excepted, and give what became of each, in their order."""
    return (await _Batch(write, upsert_on, None).write(rows)).results


async def write_file_rows(write: Writing, rows: Sequence[ReadRow], upsert_on: str | None, rules: FileRules) -> Done:
    """Write rows of a file, those with faults excepted."""
    return await _Batch(write, upsert_on, rules).write(rows)


class _Batch:
    def __init__(self, write: Writing, upsert_on: str | None, rules: FileRules | None) -> None:
        self._write = write
        self._scheme = upsert_on
        self._rules = rules
        self._actors: set[str] = set()  # of those that rows bring along: which are stored
        self._matches: dict[str, list[UUID]] = {}  # events by the identifier of the scheme

    async def write(self, rows: Sequence[ReadRow]) -> Done:
        connection = self._write.connection
        warnings: dict[int, list[str]] = {}
        if self._rules is not None and self._rules.candidates:
            rows, warnings = await with_candidates(connection, rows)
        contents = [row.reading.value for row in rows if row.reading is not None]
        brought = {actor.id for content in contents for actor in content.new_actors}
        if brought:
            found = await connection.fetch(query("records", "actors_known"), list(brought))
            self._actors = {row["id"] for row in found}
        if self._scheme is not None:
            values = {value for content in contents if (value := content.external_ids.get(self._scheme)) is not None}
            self._matches = await events_by_external_id(connection, self._scheme, values)
        outcomes: list[_Outcome] = []
        for wave in self._waves(rows):
            outcomes += await self._write_wave(wave)
        if self._rules is not None:
            for outcome in outcomes:
                current = outcome.plan.current if outcome.plan is not None else None
                if current is not None and current.stored.revision > 1:
                    text = f"Revision {current.stored.revision} of the event is replaced by what the file says."
                    warnings.setdefault(outcome.row.number, []).append(text)
        results = [outcome.result for outcome in outcomes if outcome.result is not None]
        return Done(results, [outcome.row for outcome in outcomes if outcome.result is None], warnings)

    def _waves(self, rows: Sequence[ReadRow]) -> Iterator[list[ReadRow]]:
        most = max(WAVE_ROWS, len(rows)) if self._rules is not None and self._rules.is_last else WAVE_ROWS
        return in_waves(rows, most, self._ties, lambda row: self._rules is None and self._has_new_actors(row))

    def _has_new_actors(self, row: ReadRow) -> bool:
        return row.reading is not None and any(actor.id not in self._actors for actor in row.reading.value.new_actors)

    def _ties(self, row: ReadRow) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """What a row brings, and what it would have to wait for. Rather too much than too little."""
        if row.reading is None:
            return set(), set()
        content = row.reading.value
        brings, needs = set(), set()
        if row.event_id is not None:
            brings.add(("event", str(row.event_id)))
        value = content.external_ids.get(self._scheme) if self._scheme is not None else None
        if value is not None:
            brings |= {("external", value), *(("event", str(found)) for found in self._matches.get(value, ()))}
        needs |= brings
        for citation in content.citations:
            source = citation.source
            if isinstance(source, UUID):
                needs.add(("source", str(source)))
            elif source.id is not None:
                brings.add(("source", str(source.id)))
        if self._rules is None:
            needs |= {("event", str(relation.event_id)) for relation in content.relations}
        return brings, needs

    async def _write_wave(self, wave: list[ReadRow]) -> list[_Outcome]:
        matched = {found for row in wave for found in self._matching(row)}
        currents = await current_events(self._write.connection, matched) if matched else {}
        wave = [self._as_stored(row, currents) for row in wave]
        if not any(self._has_new_actors(row) for row in wave):
            return await self._write_together(wave, currents)
        outcomes: dict[int, _Outcome] = {}
        waiting, matches = wave, dict(self._matches)
        for _ in range(_MOST_RETRIES):
            try:
                async with self._write.attempt():
                    created = await self._create_actors(waiting)
                    tried = await self._write_together(waiting, currents)
                    self._refuse_useless_actors(tried, created)
            except _RefusedError as error:
                self._matches = dict(matches)
                outcomes |= {outcome.row.number: outcome for outcome in error.outcomes}
                waiting = [row for row in waiting if row.number not in outcomes]
                if waiting:
                    continue
            else:
                self._actors |= created
                outcomes |= {outcome.row.number: outcome for outcome in tried}
                waiting = []
            break
        for row in waiting:
            outcomes |= {outcome.row.number: outcome for outcome in await self._write_wave([row])}
        return [outcomes[row.number] for row in wave]

    def _matching(self, row: ReadRow) -> list[UUID]:
        """The events that a row is the new content of, should they be there."""
        if row.reading is None:
            return []
        found: list[UUID] = []
        if self._scheme is not None:
            found = self._matches.get(row.reading.value.external_ids.get(self._scheme, ""), [])
        if not found and self._rules is not None and row.event_id is not None:
            return [row.event_id]
        return found

    def _as_stored(self, row: ReadRow, currents: dict[UUID, Current]) -> ReadRow:
        """Leave what the row does not say as it is stored.

        Publishing cannot be undone, so it has to be said: a draft stays one if its row leaves the state out. A row
        that cites nothing says nothing of the citations.
        """
        matches = self._matching(row)
        current = currents.get(matches[0]) if len(matches) == 1 else None
        if current is None:
            return row
        if current.event.state is State.DRAFT:
            row = row.in_state(State.DRAFT)
        if row.cites_file and row.reading is not None and current.event.citations:
            value = structs.replace(row.reading.value, citations=list(current.event.citations))
            row = row._replace(reading=row.reading._replace(value=value))
        return row

    async def _create_actors(self, rows: list[ReadRow]) -> set[str]:
        """Create the actors that rows bring along; raises ``_RefusedError`` with all faults of the first such row."""
        created: set[str] = set()
        faulty: list[_Outcome] = []
        for row in rows:
            if row.reading is None:
                continue
            if row.reading.flaws:
                # They may not be what was sent; the flaws alone are told.
                if self._has_new_actors(row):
                    faulty.append(_Outcome(row, None, refused(row, row.reading.flaws)))
                continue
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
                    faults += below(f"/{row.number}/new_actors/{index}", error.faults or [Fault(error.detail)])
            if faults:
                result = RowResult(row=row.number, status=RowStatus.REFUSED, errors=faults)
                raise _RefusedError([*faulty, _Outcome(row, None, result)])
        if faulty:
            raise _RefusedError(faulty)
        return created

    def _refuse_useless_actors(self, outcomes: list[_Outcome], created: set[str]) -> None:
        """Raise if actors were created that no row has brought that is written."""
        useful = {
            actor.id
            for outcome in outcomes
            if outcome.is_written and outcome.row.reading is not None
            for actor in outcome.row.reading.value.new_actors
        }
        if created - useful:
            raise _RefusedError([outcome for outcome in outcomes if not outcome.is_written])

    async def _write_together(self, wave: list[ReadRow], currents: dict[UUID, Current]) -> list[_Outcome]:
        lookups = await self._look_up(wave, currents)
        outcomes = self._decide_all(wave, lookups)
        plans = [outcome.plan for outcome in outcomes if outcome.plan is not None]
        written = iter(await write_events(self._write, plans) if plans else ())
        done = []
        for outcome in outcomes:
            plan = outcome.plan
            if plan is not None:
                status = RowStatus.UPDATED if plan.current else RowStatus.CREATED
                number, revision = outcome.row.number, next(written).revision
                result = RowResult(row=number, status=status, id=plan.event_id, revision=revision)
                if self._scheme is not None:
                    self._matches[plan.prepared.content.external_ids[self._scheme]] = [plan.event_id]
                outcome = _Outcome(outcome.row, plan, result)
            done.append(outcome)
        return done

    async def _look_up(self, wave: list[ReadRow], currents: dict[UUID, Current]) -> _Lookups:
        connection = self._write.connection
        # Which ids are taken is known from the log.
        await self._write.append()
        contents = [row.reading.value for row in wave if row.reading is not None]
        ids = {row.event_id for row in wave if row.event_id is not None}
        corrected: dict[UUID, int] = {}
        if self._rules is not None:
            edited = [event_id for event_id, current in currents.items() if current.stored.revision > 1]
            corrected = await corrected_events(connection, edited) if edited else {}
        return _Lookups(
            await look_up(connection, contents),
            currents,
            await ids_taken(connection, ids) if ids else set(),
            corrected,
        )

    def _decide_all(self, wave: list[ReadRow], lookups: _Lookups) -> list[_Outcome]:
        """Say what is to become of each row; those of files may point to each other."""
        if self._rules is None:
            return [self._decide(row, lookups) for row in wave]
        stored = lookups.references.states
        coming = {
            row.event_id: (index, row.reading.value.state.value)
            for index, row in enumerate(wave)
            if row.event_id is not None and row.reading is not None and row.event_id not in stored
        }
        pointing: dict[UUID, list[int]] = {}
        for index, row in enumerate(wave):
            for relation in row.reading.value.relations if row.reading is not None else ():
                pointing.setdefault(relation.event_id, []).append(index)

        def decided(index: int) -> _Outcome:
            reading = wave[index].reading
            relations = reading.value.relations if reading is not None else ()
            near = {one.event_id: coming[one.event_id][1] for one in relations if one.event_id in coming}
            states = stored | near if near else stored
            known = lookups._replace(references=lookups.references._replace(states=states))
            return self._decide(wave[index], known)

        outcomes = [decided(index) for index in range(len(wave))]
        gone = [row_id for row_id, (index, _) in coming.items() if not outcomes[index].is_written]
        while gone:
            # What pointed to a row that is not written, points nowhere.
            row_id = gone.pop()
            coming.pop(row_id, None)
            for index in pointing.get(row_id, ()):
                if outcomes[index].is_written:
                    outcomes[index] = decided(index)
                    own = wave[index].event_id
                    if not outcomes[index].is_written and own in coming and coming[own][0] == index:
                        gone.append(own)
        return outcomes

    def _decide(self, row: ReadRow, lookups: _Lookups) -> _Outcome:
        """Say what is to become of a row."""
        if row.reading is None:
            return _Outcome(row, None, refused(row, row.flaws))
        content = _event_of(row.reading.value)
        current, flaws = self._current(row, content, lookups)
        own_id = current.event.id if current else row.event_id
        prepared, unresolved = resolve(content, own_id, current.event if current else None, lookups.references)
        flaws = all_flaws(row.reading, None, flaws + unresolved)
        if flaws:
            missing = missing_relations(content, lookups.references.states, own_id)
            if self._rules is not None and not self._rules.is_last and {flaw.pointer for flaw in flaws} <= missing:
                return _Outcome(row, None, None)
            return _Outcome(row, None, refused(row, flaws))
        if current is None:
            plan = Plan(row.event_id or new_id(), None, prepared, ChangeType.CREATE)
            return _Outcome(row, plan, None)
        kept = structs.replace(
            prepared.content, id=current.event.id, citations=with_kept_ids(prepared.content, current.event)
        )
        if not prepared.new and same_content(current.stored, kept):
            unchanged = RowResult(
                row=row.number, status=RowStatus.UNCHANGED, id=current.event.id, revision=current.stored.revision
            )
            return _Outcome(row, None, unchanged)
        revision = lookups.corrected.get(current.event.id)
        if revision is not None:
            detail = f"The event {current.event.id} has been corrected (revision {revision}); it stays as it is."
            return _Outcome(row, None, refused(row, [Flaw("", detail, "change the event itself")]))
        if self._rules is not None and not self._rules.updates:
            detail = f"The event {current.event.id} says something else, and this format cannot carry all of an event."
            return _Outcome(row, None, refused(row, [Flaw("", detail, "change the event itself")]))
        plan = Plan(current.event.id, current, prepared._replace(content=kept), ChangeType.UPDATE)
        return _Outcome(row, plan, None)

    def _current(self, row: ReadRow, content: EventIn, lookups: _Lookups) -> tuple[Current | None, list[Flaw]]:
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
        if not matches and self._rules is not None and row.event_id in lookups.currents:
            matches = [lookups.currents[row.event_id].event.id]
        if not matches:
            if row.event_id in lookups.taken:
                pointer, cure = ("/id", "leave it out") if content.id is not None else ("", None)
                detail = "This id is taken." if content.id is not None else "This was a draft, and was discarded."
                return None, [Flaw(pointer, detail, cure)]
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
