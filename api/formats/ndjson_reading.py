"""NDJSON read into rows: one JSON object a line, in whatever encoding and with whatever line ends it came."""

import codecs
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from api.formats.encoding import CHUNK_BYTES, Encoding
from api.formats.reading import ParsedRow
from schema.validation import Flaw, MalformedError, parse_strictly

_END = re.compile(rb"[\r\n]+")


class Line(NamedTuple):
    """A line that is not blank; ``raw`` is None if it is larger than is taken."""

    number: int
    raw: bytes | None


def lines(file: BinaryIO, encoding: Encoding, maximum_row_bytes: int) -> Iterator[Line]:
    """Read a file line by line, as UTF-8. No more is held than one line and one piece.

    In JSON no line break stands within a text as it is, so that every CR and LF ends a line.
    """
    number, held, size = 0, bytearray(), 0
    file.seek(0)
    for piece in _utf8(file, encoding.codec):
        *whole, rest = _END.split(piece)
        for part in whole:
            size += len(part)
            if size <= maximum_row_bytes:
                held += part
            if size > maximum_row_bytes or held.strip():
                yield Line(number, bytes(held) if size <= maximum_row_bytes else None)
                number += 1
            held, size = bytearray(), 0
        size += len(rest)
        if size <= maximum_row_bytes:
            held += rest
    if size > maximum_row_bytes or held.strip():
        yield Line(number, bytes(held) if size <= maximum_row_bytes else None)


def _utf8(file: BinaryIO, codec: str) -> Iterator[bytes]:
    if codec == "utf-8":
        while piece := file.read(CHUNK_BYTES):
            yield piece
        return
    decoder = codecs.getincrementaldecoder(codec)(errors="replace" if codec == "cp1252" else "strict")
    while piece := file.read(CHUNK_BYTES):
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def object_of(line: Line, maximum_row_bytes: int) -> dict[str, Any] | Flaw:
    """Read the object of a line, or say why there is none."""
    if line.raw is None:
        return Flaw("", f"This row is too large; at most {maximum_row_bytes:,} bytes are taken.")
    return read_object(line.raw)


def read_object(raw: bytes) -> dict[str, Any] | Flaw:
    """Read one JSON object, or say why it is none."""
    try:
        value = parse_strictly(raw)
    except MalformedError as error:
        return Flaw("", f"This row is not well-formed JSON: {error}")
    if not isinstance(value, dict):
        return Flaw("", "A row must be one JSON object, in braces.")
    return value


def read_rows(file: BinaryIO, encoding: Encoding, maximum_row_bytes: int) -> Iterator[ParsedRow]:
    """Read rows as a batch has them, which is what the export writes."""
    for line in lines(file, encoding, maximum_row_bytes):
        value = object_of(line, maximum_row_bytes)
        yield ParsedRow(line.number, None, [value]) if isinstance(value, Flaw) else ParsedRow(line.number, value)
