"""Rows as they come in: bounded lines of NDJSON or the items of a JSON array, and chunks of them."""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import structs

from schema.batch import BatchRow, RowResult, RowStatus
from schema.problem import Fault, ProblemError, fault_of, problem
from schema.validation import Flaw, MalformedError, Reading, parse_json, parse_strictly, read
from schema.vocabulary import State

#: A chunk ends at whichever comes first. Both are part of what makes a chunk the same when it is sent again.
CHUNK_ROWS = 500
CHUNK_BYTES = 8 * 1024**2


class Row(NamedTuple):
    """A row as it was sent; ``raw`` is None if it is larger than ``maximum_bytes``, which ``size`` tells."""

    number: int
    raw: bytes | None
    size: int
    maximum_bytes: int
    digest: bytes


class Chunk(NamedTuple):
    """Rows that are written together; ``number`` counts chunks from 0."""

    number: int
    rows: list[Row]
    last: bool

    @property
    def digest(self) -> bytes:
        """SHA-256 over the rows and whether more follow, so that a longer batch is another one."""
        hashed = hashlib.sha256(b"last" if self.last else b"more")
        for row in self.rows:
            hashed.update(row.digest)
        return hashed.digest()


class ReadRow(NamedTuple):
    """A row as read; ``reading`` is None if it is no JSON object, and ``flaws`` then say why.

    ``stateless`` is the row as it was sent if it does not say its state, which may then have to be put in. Of a row
    of a file, ``own_id`` is the event that it is whenever it comes, if it does not say so by its id; ``cites_file`` is
    set if its citation was not its own, but put in.
    """

    number: int
    reading: Reading[BatchRow] | None
    flaws: list[Flaw]
    stateless: bytes | None = None
    own_id: UUID | None = None
    cites_file: bool = False

    @property
    def event_id(self) -> UUID | None:
        """Which event it is, by its own word or always."""
        given = self.reading.value.id if self.reading is not None else None
        return given if given is not None else self.own_id

    def in_state(self, state: State) -> "ReadRow":
        """Read it as if it had this state, unless it says its own: what a row may leave out depends on it."""
        if self.stateless is None:
            return self
        return self._replace(reading=read({**parse_json(self.stateless), "state": state.value}, BatchRow))


class _Line:
    """A line under collection: of one that is too long only the size and the digest are kept."""

    def __init__(self, maximum_bytes: int) -> None:
        self._maximum_bytes = maximum_bytes
        self._clear()

    def _clear(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._digest = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        self._digest.update(piece)
        if self._size <= self._maximum_bytes:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def take(self, number: int) -> Row | None:
        """Give the row, None for a blank line, and begin the next one."""
        raw = b"".join(self._pieces) if self._size <= self._maximum_bytes else None
        row = Row(number, raw, self._size, self._maximum_bytes, self._digest.digest())
        self._clear()
        return row if raw is None or raw.strip() else None


async def read_lines(stream: AsyncIterable[bytes], *, maximum_row_bytes: int) -> AsyncIterator[Row]:
    """Read NDJSON line by line; of the stream no more is held than one line and one piece."""
    line, number = _Line(maximum_row_bytes), 0
    async for data in stream:
        *whole, rest = data.split(b"\n")
        for piece in whole:
            line.add(piece)
            row = line.take(number)
            if row is not None:
                number += 1
                yield row
        line.add(rest)
    row = line.take(number)
    if row is not None:
        yield row


async def read_array(raw: bytes, *, maximum_row_bytes: int, maximum_rows: int | None = None) -> AsyncIterator[Row]:
    """Read a JSON array item by item; raises ``malformed-body`` if it is none.

    Raises ``too-many-rows`` before the first one, so that nothing of such an array is written.
    """
    try:
        items = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise problem("malformed-body", f"The body must be one JSON array of events: {error}.") from None
    if maximum_rows is not None and len(items) > maximum_rows:
        raise _too_many(maximum_rows)
    for number, item in enumerate(items):
        piece = bytes(item)
        kept = piece if len(piece) <= maximum_row_bytes else None
        yield Row(number, kept, len(piece), maximum_row_bytes, hashlib.sha256(piece).digest())


async def at_most(rows: AsyncIterable[Row], maximum: int) -> AsyncIterator[Row]:
    """Pass rows on; raises ``too-many-rows`` at the first one too many."""
    async for row in rows:
        if row.number >= maximum:
            raise _too_many(maximum)
        yield row


def _too_many(maximum: int) -> ProblemError:
    return problem("too-many-rows", f"A batch has at most {maximum:,} rows.")


async def in_chunks(rows: AsyncIterable[Row]) -> AsyncIterator[Chunk]:
    """Put rows into chunks. Each is given once it is certain whether another one follows.

    Raises ``malformed-body`` if there are no rows.
    """
    waiting: list[Row] = []
    number = size = 0
    async for row in rows:
        # Rows that are too large count, too: where a chunk ends must not depend on a setting.
        if waiting and (len(waiting) == CHUNK_ROWS or size + row.size > CHUNK_BYTES):
            yield Chunk(number, waiting, False)
            waiting, size = [], 0
            number += 1
        waiting.append(row)
        size += row.size
    if not waiting:
        raise problem("malformed-body", "There are no rows; at least one event is needed.")
    yield Chunk(number, waiting, True)


def read_row(row: Row) -> ReadRow:
    """Read a row into an event; whatever is wrong with it is told, not raised."""
    if row.raw is None:
        detail = f"This row has {row.size:,} bytes; at most {row.maximum_bytes:,} are taken."
        return ReadRow(row.number, None, [Flaw("", detail)])
    try:
        value = parse_strictly(row.raw)
    except MalformedError as error:
        return ReadRow(row.number, None, [Flaw("", f"This row is not well-formed JSON: {error}")])
    if not isinstance(value, dict):
        return ReadRow(row.number, None, [Flaw("", "A row must be one JSON object, in braces.")])
    return ReadRow(row.number, read(value, BatchRow), [], None if "state" in value else row.raw)


def refused(row: ReadRow, flaws: list[Flaw]) -> RowResult:
    """Refuse a row, with all that is wrong with it."""
    errors = below(f"/{row.number}", [fault_of(flaw) for flaw in flaws])
    return RowResult(row=row.number, status=RowStatus.REFUSED, errors=errors)


def below(pointer: str, faults: list[Fault]) -> list[Fault]:
    """Put a pointer before those of faults."""
    return [structs.replace(fault, pointer=f"{pointer}{fault.pointer or ''}") for fault in faults]
