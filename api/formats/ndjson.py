"""NDJSON: one event a line, each with all it needs to be read into an empty store. What comes out goes in again."""

from collections.abc import AsyncIterator

from api.formats.entry import Heading, Parts, Writer
from api.formats.rows import row_of
from schema.format import Format
from schema.wire import encode


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write a line for each event."""
    async for part in parts:
        yield b"".join(encode(row_of(entry, part)) + b"\n" for entry in part.entries)


WRITER = Writer(Format.NDJSON, "application/x-ndjson", "ndjson", None, write)
