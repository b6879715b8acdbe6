"""Opening a file of events: what it is, how its text is written, and its rows, one by one."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from api.formats import acled, json_reading, mapping, ndjson_reading, timelinejs_reading, ucdp
from api.formats.delimited import read_delimited
from api.formats.encoding import Encoding, detect
from api.formats.reading import ParsedRow
from api.formats.table import Table, documented_rows, unreadable
from api.formats.xlsx_reading import read_workbook
from schema.imports import ImportFormat
from schema.mapping import Mapping
from schema.problem import body_problem, problem
from schema.validation import Flaw, MalformedError, parse_json

#: What comes out of a compressed file: at most so many bytes and, beyond the first few, so many times its size.
MAXIMUM_UNPACKED_BYTES = 4 * 1024**3
MAXIMUM_RATIO = 200
RATIO_FROM_BYTES = 16 * 1024**2
#: JSON is read as a whole, and needs several times its size in memory; NDJSON has no such bound.
MAXIMUM_JSON_BYTES = 32 * 1024**2
#: How large one row is at most.
MAXIMUM_ROW_BYTES = 1024**2

_PIECE_BYTES = 256 * 1024
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_TABLE_ROWS: dict[ImportFormat, Callable[[dict[str, str], int], ParsedRow]] = {
    ImportFormat.ACLED: acled.row_of,
    ImportFormat.UCDP: ucdp.row_of,
}


class Opened(NamedTuple):
    """A file that is about to be read, and what was found out about it.

    ``rows`` are walked once. ``notes`` grow until they have been. ``are_exact``: dates of such files say themselves how
    rough they are. ``candidates``: the rows were not
    written for this store; ids in them are made from what they say, and what is in them twice is kept once.
    """

    format: ImportFormat
    encoding: str | None
    line_ends: str | None
    notes: list[str]
    rows: Iterator[ParsedRow]
    are_exact: bool
    candidates: bool


@contextmanager
def open_rows(file: BinaryIO, asked: ImportFormat | None, mapped: Mapping | None) -> Iterator[Opened]:
    """Find out what a file is and begin to read it; its rows are read within.

    Raises ``unreadable-file`` for a file of which nothing can be made, ``body-too-large`` for one that unpacks to too
    much, and ``invalid-body`` for a mapping that does not fit.
    """
    with ExitStack() as stack:
        file.seek(0)
        if file.read(2) != _GZIP:
            yield _opened(file, asked, mapped, [])
        else:
            unpacked = cast(BinaryIO, stack.enter_context(TemporaryFile(prefix="dateline-import-")))
            _unpack(file, unpacked)
            yield _opened(unpacked, asked, mapped, ["The file was unpacked (gzip)."])


def _opened(file: BinaryIO, asked: ImportFormat | None, mapped: Mapping | None, notes: list[str]) -> Opened:
    file.seek(0)
    start = file.read(4)
    if not start:
        raise unreadable("The file is empty; there are no rows.")
    if start == _ZIP:
        return _from_table(read_workbook(file), ImportFormat.XLSX, asked, mapped, notes)
    if asked is ImportFormat.XLSX:
        raise unreadable("This is no workbook (xlsx).")
    encoding = detect(file)
    first = _first_character(file, encoding)
    if asked in (ImportFormat.JSON, ImportFormat.NDJSON) or (asked is None and first in ("[", "{")):
        return _from_json(file, encoding, asked, mapped, notes)
    if asked is ImportFormat.TIMELINEJS and first == "{":
        return _story(timelinejs_reading.read_json(_value(_text(file, encoding))), encoding, notes)
    return _from_table(read_delimited(file), ImportFormat.CSV, asked, mapped, notes)


def _from_json(
    file: BinaryIO, encoding: Encoding, asked: ImportFormat | None, mapped: Mapping | None, notes: list[str]
) -> Opened:
    notes += encoding.notes
    if asked is None:
        asked = _kind_of_json(file, encoding, mapped)
    if asked is ImportFormat.TIMELINEJS:
        return _story(timelinejs_reading.read_json(_value(_text(file, encoding))), encoding, notes)
    rows: Iterator[ParsedRow]
    if asked is ImportFormat.NDJSON:
        if mapped is None:
            rows = ndjson_reading.read_rows(file, encoding, MAXIMUM_ROW_BYTES)
        else:
            found = (
                (line.number, ndjson_reading.object_of(line, MAXIMUM_ROW_BYTES))
                for line in ndjson_reading.lines(file, encoding, MAXIMUM_ROW_BYTES)
            )
            rows = _mapped(mapped, found)
    else:
        raw = _text(file, encoding)
        if mapped is None:
            rows = json_reading.read_rows(raw, MAXIMUM_ROW_BYTES)
        else:
            rows = _mapped(mapped, json_reading.objects(raw, mapped.rows, MAXIMUM_ROW_BYTES))
    return Opened(
        asked,
        encoding.label,
        encoding.line_ends,
        notes,
        rows,
        are_exact=mapped is None,
        candidates=mapped is not None,
    )


def _kind_of_json(file: BinaryIO, encoding: Encoding, mapped: Mapping | None) -> ImportFormat:
    """Tell lines of JSON from one value by whether the first line is an object by itself."""
    first = list(islice(ndjson_reading.lines(file, encoding, MAXIMUM_JSON_BYTES), 2))
    if len(first) == 2 and all((line.raw or b"").lstrip().startswith(b"{") for line in first):
        # Two objects, one of which may be broken, are no one value.
        return ImportFormat.NDJSON
    line = first[0] if first else None
    try:
        value = parse_json(line.raw) if line is not None and line.raw is not None else None
    except MalformedError:
        value = None
    if (
        isinstance(value, dict)
        and not {"items", "events", "included"} & value.keys()
        and (mapped is None or mapped.rows is None)
    ):
        return ImportFormat.NDJSON
    if mapped is not None or _first_character(file, encoding) == "[":
        return ImportFormat.JSON
    try:
        # The members alone: all values of a large file would take many times its size.
        whole = msgspec.json.decode(_text(file, encoding), type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ImportFormat.JSON
    is_story = "items" not in whole and bytes(whole.get("events", b"")).lstrip().startswith(b"[")
    return ImportFormat.TIMELINEJS if is_story else ImportFormat.JSON


def _mapped(mapped: Mapping, found: Iterator[tuple[int, dict[str, Any] | Flaw]]) -> Iterator[ParsedRow]:
    for number, item in found:
        if isinstance(item, Flaw):
            yield ParsedRow(number, None, [item])
        else:
            yield mapping.row_of(mapped, item, number)


def _from_table(
    table: Table, form: ImportFormat, asked: ImportFormat | None, mapped: Mapping | None, notes: list[str]
) -> Opened:
    names = set(table.header)
    if mapped is not None:
        flaws = mapping.unknown_columns(mapped, [name for name in table.header if name])
        if flaws:
            raise body_problem([flaw._replace(pointer=f"/mapping{flaw.pointer}") for flaw in flaws])
    elif asked is None:
        asked = next(
            (
                kind
                for kind, signs in ((ImportFormat.UCDP, ucdp.SIGNS), (ImportFormat.ACLED, acled.SIGNS))
                if signs <= names
            ),
            None,
        )
        folded = {name.casefold() for name in table.header}
        if asked is None and {"year", "headline"} <= folded:
            asked = ImportFormat.TIMELINEJS
    read = _TABLE_ROWS.get(asked) if asked is not None else None
    # The list is the table's own: it grows while its rows are walked.
    table.notes[:0] = notes
    if table.delimiter not in (None, "comma"):
        table.notes.append(f"Cells are separated by the {table.delimiter}.")
    if asked is ImportFormat.TIMELINEJS:
        return _story_of(table)
    if mapped is not None:
        use = mapped
        read = lambda record, number: mapping.row_of(use, record, number)  # noqa: E731
    elif read is not None and asked is not None:
        form = asked
        signs = ucdp.SIGNS if asked is ImportFormat.UCDP else acled.SIGNS
        if not signs <= names:
            missing = ", ".join(sorted(signs - names))
            raise unreadable(f"This is no file of {asked.value.upper()}; these columns are missing: {missing}.")
    rows = _read_table(table, read) if read is not None else documented_rows(table)
    return Opened(
        form,
        table.encoding,
        table.line_ends,
        table.notes,
        rows,
        are_exact=mapped is None and read is not None,
        candidates=read is not None,
    )


def _read_table(table: Table, read: Callable[[dict[str, str], int], ParsedRow]) -> Iterator[ParsedRow]:
    for raw in table.rows:
        if not raw.cells:
            yield ParsedRow(raw.number, None, raw.flaws, raw.warnings)
            continue
        row = read(raw.cells, raw.number)
        if raw.flaws or raw.warnings:
            row = row._replace(flaws=[*raw.flaws, *row.flaws], warnings=[*raw.warnings, *row.warnings])
        yield row


def _story_of(table: Table) -> Opened:
    raws = list(table.rows)
    whole = [raw for raw in raws if raw.cells and not raw.flaws]
    try:
        story = timelinejs_reading.read_table(raw.cells for raw in whole)
    except MalformedError as error:
        raise unreadable(str(error)) from None
    rows = [
        row._replace(number=whole[row.number].number, warnings=[*whole[row.number].warnings, *row.warnings])
        for row in story.rows
    ]
    rows += [ParsedRow(raw.number, None, raw.flaws, raw.warnings) for raw in raws if raw.flaws or not raw.cells]
    rows.sort(key=lambda row: row.number)
    encoding = Encoding("", table.encoding or "", table.line_ends or "", [])
    opened = _story(story, encoding, table.notes)
    return opened._replace(encoding=table.encoding, line_ends=table.line_ends, rows=iter(rows))


def _story(story: timelinejs_reading.Story, encoding: Encoding, notes: list[str]) -> Opened:
    notes = [*encoding.notes, *notes, *story.warnings]
    return Opened(
        ImportFormat.TIMELINEJS,
        encoding.label,
        encoding.line_ends,
        notes,
        iter(story.rows),
        are_exact=False,
        candidates=True,
    )


def _first_character(file: BinaryIO, encoding: Encoding) -> str:
    for line in ndjson_reading.lines(file, encoding, MAXIMUM_JSON_BYTES):
        return line.raw.decode().lstrip()[:1] if line.raw is not None else ""
    return ""


def _text(file: BinaryIO, encoding: Encoding) -> bytes:
    """Read a whole file as UTF-8."""
    file.seek(0)
    raw = file.read(MAXIMUM_JSON_BYTES + 1)
    if len(raw) > MAXIMUM_JSON_BYTES:
        raise problem("body-too-large", f"JSON is read as a whole, up to {MAXIMUM_JSON_BYTES:,} bytes. Send NDJSON.")
    return raw if encoding.codec == "utf-8" else raw.decode(encoding.codec, "replace").encode()


def _value(raw: bytes) -> Any:
    try:
        return parse_json(raw)
    except MalformedError as error:
        raise unreadable(f"The file is not well-formed JSON: {error}") from None


def _unpack(file: BinaryIO, target: BinaryIO) -> None:
    file.seek(0, 2)
    packed = file.tell()
    file.seek(0)
    size = 0
    try:
        with gzip.GzipFile(fileobj=file) as opened:
            while piece := opened.read(_PIECE_BYTES):
                size += len(piece)
                if size > MAXIMUM_UNPACKED_BYTES or size > max(RATIO_FROM_BYTES, packed * MAXIMUM_RATIO):
                    raise problem(
                        "body-too-large", f"The file unpacks to more than {size:,} bytes, which is not taken."
                    )
                target.write(piece)
    except (EOFError, zlib.error, OSError) as error:
        raise unreadable(f"The compressed file is damaged: {error}.") from None
