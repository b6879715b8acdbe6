"""CSV (RFC 4180): written in constant memory, and read from whatever spreadsheets and databases make of it."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import BinaryIO, TextIO

from api.formats.cells import cells_of_event
from api.formats.columns import COLUMNS
from api.formats.encoding import detect
from api.formats.entry import Heading, Parts, Writer
from api.formats.rows import row_of
from api.formats.table import RawRow, Table, cells_under, named_once, unreadable
from schema.format import Format
from schema.validation import Flaw

#: How many characters one row has at most.
MAXIMUM_ROW_CHARACTERS = 8 << 20
#: How much is written at once.
CHUNK_CHARACTERS = 1 << 16
DELIMITERS = ",;\t"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
#: The delimiter is told by what so many rows look like under each.
_LOOKED_AT_ROWS = 20

# The bound is the module's, for the whole process; its default is less than a cell of ours may have.
csv.field_size_limit(MAXIMUM_ROW_CHARACTERS)


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write a header and a row for each event, in UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    names = [column.name for column in COLUMNS]
    writer.writerow(names)
    async for part in parts:
        for entry in part.entries:
            cells = cells_of_event(entry, part, row_of(entry, part))
            writer.writerow([cells[name] for name in names])
            if buffer.tell() > CHUNK_CHARACTERS:
                yield _taken(buffer)
        yield _taken(buffer)
    if buffer.tell():
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return data


WRITER = Writer(Format.CSV, "text/csv", "csv", None, write)


class _TooLongError(Exception):
    """A row has more characters than a row may have."""


class _Lines:
    """The lines of a text with their ends, one by one; no row is longer than its bound. ``line`` is the last number."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._of_row = 0
        self.line = 0

    def begin_row(self) -> None:
        """Begin to count the characters of a row."""
        self._of_row = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAXIMUM_ROW_CHARACTERS)
        if not line:
            raise StopIteration
        self.line += 1
        self._of_row += len(line)
        if self._of_row >= MAXIMUM_ROW_CHARACTERS:
            while line and not line.endswith(("\n", "\r")):
                line = self._text.readline(MAXIMUM_ROW_CHARACTERS)
            raise _TooLongError
        return line


def read_delimited(file: BinaryIO) -> Table:
    """Read a delimited text from the beginning of a file, which stays open.

    Encoding, line ends and delimiter are detected. Raises ``unreadable-file``.
    """
    found = detect(file)
    delimiter, is_hinted = _delimiter(_text(file, found.codec))
    file.seek(0)
    records = _records(_text(file, found.codec), delimiter)
    if is_hinted:
        next(records)
    for _, record, flaw in records:
        if flaw is not None:
            raise unreadable(f"The header can't be read. {flaw.detail}")
        if any(name.strip() for name in record):
            header = named_once(record)
            break
    else:
        raise unreadable("The table is empty: its first row must have the names of the columns.")
    return Table(
        header=header,
        rows=_rows(records, header),
        encoding=found.label,
        line_ends=found.line_ends,
        delimiter=_NAMES[delimiter],
        notes=list(found.notes),
    )


class _Kept(io.BufferedIOBase):
    """A file as a text wrapper wants it, which is not closed with the wrapper."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Give so many bytes."""
        return self._file.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        """Give so many bytes, a text wrapper asking for few at a time."""
        return self._file.read(max(size, 1 << 16))


def _text(file: BinaryIO, codec: str) -> TextIO:
    return io.TextIOWrapper(_Kept(file), encoding=codec, newline="")  # type: ignore[type-var]


def _delimiter(text: TextIO) -> tuple[str, bool]:
    """Tell the delimiter, and whether a first line (``sep=;``) says it, as Excel writes it."""
    sample = text.read(1 << 16)
    hint = re.match(r"\ufeff?sep=([,;\t])[\r\n]", sample)
    if hint:
        return hint[1], True
    best, most = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            records = [
                record
                for record in islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), _LOOKED_AT_ROWS)
                if record
            ]
        except csv.Error:
            continue
        width = len(records[0]) if records else 0
        alike = sum(len(record) == width for record in records)
        if width > 1 and width * alike / len(records) > most:
            best, most = delimiter, width * alike / len(records)
    return best, False


def _records(text: TextIO, delimiter: str) -> Iterator[tuple[int, list[str], Flaw | None]]:
    """Each record with the line that it begins in; one that cannot be read is empty and says why."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_row()
        begins = lines.line + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except _TooLongError:
            detail = f"The row that begins in line {begins:,} has more than {MAXIMUM_ROW_CHARACTERS:,} characters."
            yield begins, [], Flaw("", detail, "a quotation mark that is opened must be closed")
        except csv.Error as error:
            detail = f"The row in lines {begins:,} to {lines.line:,} is not well-formed CSV: {error}."
            yield begins, [], Flaw("", detail, 'a cell in quotation marks ends in one, and "" stands for one within')
        else:
            yield begins, record, None


def _rows(records: Iterator[tuple[int, list[str], Flaw | None]], header: list[str]) -> Iterator[RawRow]:
    number = 0
    for line, record, flaw in records:
        if flaw is not None:
            yield RawRow(number, line, {}, [flaw])
        elif not any(cell and not cell.isspace() for cell in record):
            continue
        else:
            cells, flaws = cells_under(header, record)
            short = len(record) < len(header)
            warnings = [f"The row has {len(record)} cells under {len(header)} columns."] if short else []
            yield RawRow(number, line, cells, flaws, warnings)
        number += 1
