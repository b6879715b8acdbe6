"""Files of events, written row by row: chunks that are committed one by one, or all of it or nothing.

Every row is an event by an id that is always the same, so that the same file again changes nothing, and a file that
was cut off in the middle is finished by sending it again.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from api.formats.reading import ParsedRow
from api.formats.tidying import id_of_content
from api.ingest.cycles import in_groups
from api.ingest.opening import Opened
from api.ingest.rows import CHUNK_BYTES, CHUNK_ROWS, ReadRow
from api.ingest.run import refuse_faults
from api.ingest.writing import FileRules, write_file_rows
from api.store.log import Writing, writing
from api.store.store import Store
from schema.batch import BatchRow, RowStatus
from schema.imports import ImportFormat, ImportRowResult
from schema.mapping import Mapping
from schema.problem import ProblemError, fault_of, problem
from schema.validation import Flaw, Reading, merge, read
from schema.wire import to_builtins

logger = logging.getLogger(__name__)

#: How many rows wait at most for events that they point to, and how large they are together.
HELD_ROWS = 10_000
HELD_BYTES = 64 * 1024**2
#: Of how many rows it is remembered which they were, to say of a row that it is the same as one before.
REMEMBERED_ROWS = 100_000
#: How much is said about one row.
MOST_WARNINGS = 20

_FIRST_DAY = re.compile(r"-?[0-9]{4}-(?P<month>[0-9]{2})-01")
_DAY = re.compile(r"-?[0-9]{4}-[0-9]{2}-[0-9]{2}")

Tell = Callable[[list[ImportRowResult]], Awaitable[None]]


class Way(NamedTuple):
    """How a file is written, under whose name, and what a row cites that cites nothing.

    ``source`` is an inline source. ``most_rows``: more are refused as a whole, where they are found.
    """

    author: str
    source: dict[str, Any]
    upsert_on: str | None = None
    atomic: bool = False
    dry_run: bool = False
    most_rows: int | None = None


def file_source(name: str | None, form: ImportFormat, digest: str, mapped: Mapping | None) -> dict[str, Any]:
    """The source that rows cite which cite nothing: the file by its name or, failing that, by its SHA-256."""
    if mapped is not None and mapped.source is not None:
        source: dict[str, Any] = to_builtins(mapped.source)
        return source
    return {"title": name or f"Import of {form.value}, SHA-256 {digest[:16]}", "kind": "dataset"}


class _Chunk(NamedTuple):
    rows: list[ReadRow]
    warnings: dict[int, list[str]]
    sizes: dict[int, int]


class _UndoneError(Exception):
    """Undoes a dry run."""


async def import_rows(store: Store, opened: Opened, way: Way, tell: Tell) -> None:
    """Write all rows of a file, and tell what became of them, as they are written.

    Raises ``unreadable-file`` where there are no rows and ``too-many-rows``; with ``atomic``, ``invalid-body`` with
    the faults of the rows if there are any. What was told before is written then, unless it was a dry run or atomic.
    Held back rows are told last.
    """
    reader = _Reader(opened, way)
    if way.atomic or way.dry_run:
        await _write_whole(store, reader, way, tell)
        return
    held = _Held()
    async for chunk in _chunks(reader):
        async with store.connection() as connection, writing(connection, way.author) as write:
            results = await _write(write, chunk, way, opened, held)
        await tell(results)
    for chunk in held.chunks():
        async with store.connection() as connection, writing(connection, way.author) as write:
            results = await _write(write, chunk, way, opened, None)
        await tell(results)


async def _write_whole(store: Store, reader: "_Reader", way: Way, tell: Tell) -> None:
    """Write everything in one transaction; a dry run undoes it in the end."""
    held, refused = _Held(), list[ImportRowResult]()
    try:
        async with store.connection() as connection, writing(connection, way.author) as write:

            async def put(chunk: _Chunk, waiting: _Held | None) -> None:
                results = await _write(write, chunk, way, reader.opened, waiting)
                refused.extend(result for result in results if result.status is RowStatus.REFUSED)
                # A statement per chunk: none takes longer the more rows there are.
                await write.append()
                await tell(results)

            async for chunk in _chunks(reader):
                await put(chunk, held)
            for chunk in held.chunks():
                await put(chunk, None)
            if way.atomic:
                refuse_faults(refused)
            if way.dry_run:
                raise _UndoneError
    except _UndoneError:
        pass


async def _chunks(reader: "_Reader") -> Any:
    while (chunk := await asyncio.to_thread(reader.next_chunk)) is not None:
        yield chunk


async def _write(
    write: Writing, chunk: _Chunk, way: Way, opened: Opened, held: "_Held | None"
) -> list[ImportRowResult]:
    """Write a chunk; rows that wait for events to come go to ``held``, or are refused if there is none."""
    rules = FileRules(opened.candidates, updates=opened.format is not ImportFormat.TIMELINEJS, is_last=held is None)
    done = await write_file_rows(write, chunk.rows, way.upsert_on, rules)
    if held is not None:
        done.results.extend(held.take(done.held, chunk))
    results = []
    for result in done.results:
        warnings = [*chunk.warnings.get(result.row, ()), *done.warnings.get(result.row, ())]
        fields = {name: getattr(result, name) for name in result.__struct_fields__}
        results.append(ImportRowResult(**{**fields, "warnings": warnings[:MOST_WARNINGS]}))
    return sorted(results, key=lambda result: result.row)


class _Held:
    """Rows that wait for events that they point to, which may come later in the file."""

    def __init__(self) -> None:
        self._rows: list[ReadRow] = []
        self._warnings: dict[int, list[str]] = {}
        self._bytes = 0

    def take(self, rows: list[ReadRow], chunk: _Chunk) -> list[ImportRowResult]:
        """Take rows as far as there is room; gives the results of those that there is none for."""
        refused = []
        for row in rows:
            size = chunk.sizes[row.number]
            if len(self._rows) >= HELD_ROWS or self._bytes + size > HELD_BYTES:
                detail = (
                    f"It points to events that are not there yet. At most {HELD_ROWS:,} such rows (or "
                    f"{HELD_BYTES >> 20} MiB) wait for them: import the file once more when it is through."
                )
                fault = fault_of(Flaw(f"/{row.number}/relations", detail))
                refused.append(ImportRowResult(row=row.number, status=RowStatus.REFUSED, errors=[fault]))
                continue
            self._rows.append(row)
            self._bytes += size
            if row.number in chunk.warnings:
                self._warnings[row.number] = chunk.warnings[row.number]
        return refused

    def chunks(self) -> Iterator[_Chunk]:
        """Give the rows in an order in which each comes after, or together with, those that it points to."""
        waiting: list[ReadRow] = []
        for group in in_groups(self._rows):
            if waiting and len(waiting) + len(group) > CHUNK_ROWS:
                yield _Chunk(waiting, self._warnings, {})
                waiting = []
            waiting += group
        if waiting:
            yield _Chunk(waiting, self._warnings, {})


class _Reader:
    """Reads rows into events, in a thread beside the one that answers requests."""

    def __init__(self, opened: Opened, way: Way) -> None:
        self.opened = opened
        self._way = way
        self._seen: dict[UUID | str, tuple[int, UUID]] = {}
        self._rows = 0
        self._is_empty = True
        self._waiting: tuple[ParsedRow, ReadRow, int] | None = None

    def next_chunk(self) -> _Chunk | None:
        """Read on, up to a chunk's end; None at the end of the file."""
        chunk, parsed = _Chunk([], {}, {}), list[ParsedRow]()
        size = 0
        while (found := self._next()) is not None:
            row, made, row_size = found
            if chunk.rows and (len(chunk.rows) == CHUNK_ROWS or size + row_size > CHUNK_BYTES):
                self._waiting = found
                break
            size += row_size
            parsed.append(row)
            chunk.rows.append(made)
            chunk.sizes[made.number] = row_size
            if row.warnings:
                chunk.warnings[made.number] = list(row.warnings)
        if not chunk.rows:
            if self._is_empty:
                raise problem("unreadable-file", "There are no rows; at least one event is needed.")
            return None
        self._is_empty = False
        if not self.opened.are_exact:
            for number in flattened(parsed):
                text = "The date is the first of a month, which programs write for a rough date: is the day known?"
                chunk.warnings.setdefault(number, []).append(text)
        return chunk

    def _next(self) -> tuple[ParsedRow, ReadRow, int] | None:
        if self._waiting is not None:
            found, self._waiting = self._waiting, None
            return found
        try:
            row = next(self.opened.rows, None)
        except (ProblemError, StopIteration):
            raise
        except Exception:
            logger.exception("A reader of %s has failed after %d rows", self.opened.format.value, self._rows)
            raise problem(
                "unreadable-file",
                f"What comes after row {self._rows:,} cannot be read, and why is not known: divide the file.",
            ) from None
        if row is None:
            return None
        self._rows += 1
        most = self._way.most_rows
        if most is not None and row.number >= most:
            raise problem(
                "too-many-rows", f"A file has at most {most:,} rows here. Use the command line, or divide it."
            )
        return self._held_against_earlier(row, *self._read(row))

    def _held_against_earlier(self, row: ParsedRow, made: ReadRow, size: int) -> tuple[ParsedRow, ReadRow, int]:
        """Tell a row that is the same event as one before; refuse it if it says something else.

        Were both written, one after the other, the same file would change the event each time it comes.
        """
        if row.value is None or made.event_id is None:
            return row, made, size
        key: UUID | str = made.event_id
        if self._way.upsert_on is not None and made.reading is not None:
            key = made.reading.value.external_ids.get(self._way.upsert_on, key)
        content = id_of_content(row.value)
        earlier = self._seen.get(key)
        if earlier is None:
            # One that is refused does not stand in the way of its mended twin.
            if len(self._seen) < REMEMBERED_ROWS and made.reading is not None and not made.reading.flaws:
                self._seen[key] = (made.number, content)
            return row, made, size
        number, said = earlier
        if said == content:
            warning = f"This is the same event as row {number + 1}."
            return row._replace(warnings=[*row.warnings, warning]), made, size
        flaw = Flaw("", f"This is the same event as row {number + 1}, and says something else.", "keep one of the two")
        return row, ReadRow(made.number, None, [flaw]), size

    def _read(self, row: ParsedRow) -> tuple[ReadRow, int]:
        if row.value is None:
            flaws = list(row.flaws) or [Flaw("", "Nothing can be read from this row.")]
            return ReadRow(row.number, None, flaws), 0
        value, own_id = dict(row.value), None
        if "id" not in value:
            own_id = id_of_content(value)
        elif self.opened.candidates:
            own_id = UUID(value.pop("id"))
        cites_file = not value.get("citations") and value.get("state", "published") == "published"
        if cites_file:
            value["citations"] = [{"source": self._way.source, "locator": f"row {row.number + 1}"}]
        reading = read(value, BatchRow)
        if row.flaws:
            reading = Reading(reading.value, merge(list(row.flaws), reading.flaws))
        raw = msgspec.json.encode(value)
        return ReadRow(row.number, reading, [], None if "state" in value else raw, own_id, cites_file), len(raw)


def flattened(rows: list[ParsedRow]) -> list[int]:
    """Find the rows whose date looks as if a program had put the first day for a month or year.

    The first of January always does; the first of a month if more than a third of the days are such, where by chance
    one in thirty is.
    """
    days = [(row.number, date) for row in rows if row.value and isinstance(date := row.value.get("date"), str)]
    days = [(number, date) for number, date in days if _DAY.fullmatch(date)]
    firsts = [(number, match["month"]) for number, date in days if (match := _FIRST_DAY.fullmatch(date))]
    is_many = len(firsts) > 1 and 3 * len(firsts) > len(days)
    return [number for number, month in firsts if is_many or month == "01"]
