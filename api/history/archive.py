"""The archive's form: the whole log as lines of JSON, compressed with gzip (RFC 1952).

The first line says what the file is and at which head it was made. Then comes one line per change, in order, with its
content as it is stored, byte for byte. The last line counts and seals what came before, so that a file that was cut
off is told from a whole one. Everything is read and written line by line: neither way needs more memory for a longer
history. See ``docs/archive.md``.
"""

import gzip
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, BinaryIO, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from schema.change import EntityKind
from schema.text import SHA256_PATTERN
from schema.vocabulary import ChangeType
from schema.wire import encode

FORMAT = "dateline-archive"
#: Of the form. Another version is another set of members; this code reads its own and older ones. Version 1 had no
#: ``redacts``.
VERSION = 2
#: The first and the last line need a few hundred bytes.
_MAXIMUM_FRAME_BYTES = 4096
#: A stored document is larger than the body that it came in, by the members that were left out: seldom twice as large,
#: at most about ten times.
_LINE_BYTES_PER_BODY_BYTE = 16
_LEAST_MAXIMUM_LINE_BYTES = 64 * 1024**2
#: What PostgreSQL takes as one value.
_MOST_MAXIMUM_LINE_BYTES = 1024**3

T = TypeVar("T")

_Digest = Annotated[str, Meta(pattern=SHA256_PATTERN)]
_Hexadecimal = Annotated[str, Meta(pattern=r"^([0-9a-f]{2})*\Z", max_length=128)]
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class ArchiveError(Exception):
    """An archive cannot be written or read; the text says why, for whoever ran the command."""


class First(Struct, frozen=True, kw_only=True):
    """The first line: what it is, and the head that it leads to. Other versions may have further members."""

    format: str
    version: int
    sequence: _Count
    digest: _Digest


class Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a change wrote."""

    salt: _Hexadecimal
    reason: str | None
    document: Raw


class Line(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change. ``content`` is null where none was written, or where it was redacted since.

    ``redacts``, of redactions only, are the sequences whose contents went.
    """

    sequence: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    recorded_at: Annotated[datetime, Meta(tz=True)]
    entity: EntityKind
    entity_id: Annotated[str, Meta(max_length=500)]
    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    type: ChangeType | None
    public_type: ChangeType | None
    author: str
    content_digest: _Digest | None
    digest: _Digest
    content: Content | None
    redacts: list[_Count] | UnsetType = UNSET


class Last(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last line: how many changes there are, the digest of the last one, SHA-256 over all lines before this."""

    changes: _Count
    digest: _Digest
    sha256: _Digest


class _Version(Struct):
    """As much of the first line as tells whether the rest can be read."""

    format: str
    version: int


def maximum_line_bytes(maximum_body_bytes: int) -> int:
    """How long a line may be, where bodies of requests may be so large (see ``Settings.maximum_body_bytes``)."""
    wanted = max(_LEAST_MAXIMUM_LINE_BYTES, maximum_body_bytes * _LINE_BYTES_PER_BODY_BYTE)
    return min(wanted, _MOST_MAXIMUM_LINE_BYTES)


class Writer:
    """Writes an archive into a stream; the stream is not closed. The same history gives the same bytes."""

    def __init__(self, stream: BinaryIO, sequence: int, digest: bytes) -> None:
        self._zipped = gzip.GzipFile(filename="", mode="wb", fileobj=stream, compresslevel=6, mtime=0)
        self._sha256 = hashlib.sha256()
        self._digest = digest.hex()
        self._changes = sequence
        self._write(First(format=FORMAT, version=VERSION, sequence=sequence, digest=self._digest))

    def write(self, row: Any) -> None:
        """Write a change: a row with the columns of ``change`` and of its content."""
        content = None
        if row["document"] is not None:
            if b"\n" in row["document"]:
                raise ArchiveError(f"The content of change {row['sequence']} has a line break, which none can have.")
            content = Content(salt=row["salt"].hex(), reason=row["reason"], document=Raw(row["document"]))
        self._write(
            Line(
                sequence=row["sequence"],
                recorded_at=row["recorded_at"],
                entity=EntityKind(row["entity"]),
                entity_id=row["entity_id"],
                revision=row["revision"],
                type=ChangeType(row["type"]) if row["type"] else None,
                public_type=ChangeType(row["public_type"]) if row["public_type"] else None,
                author=row["author"],
                content_digest=row["content_digest"].hex() if row["content_digest"] else None,
                digest=row["digest"].hex(),
                content=content,
                redacts=UNSET if row["redacts"] is None else row["redacts"],
            )
        )

    def finish(self) -> None:
        """Write the last line, without which the file counts as cut off."""
        self._write(Last(changes=self._changes, digest=self._digest, sha256=self._sha256.hexdigest()))
        self._zipped.close()

    def _write(self, line: Struct) -> None:
        data = encode(line) + b"\n"
        self._sha256.update(data)
        self._zipped.write(data)


class Reader:
    """Reads an archive from a stream: first what it is (``first``), then its changes, once.

    Raises ``ArchiveError`` for what is no archive, is a newer one, is damaged or is cut off. Whether changes follow
    from each other is for the caller to look at. No more than one line of at most ``maximum_line_bytes`` is held.
    """

    def __init__(self, stream: BinaryIO, maximum_line_bytes: int) -> None:
        self._zipped = gzip.GzipFile(mode="rb", fileobj=stream)
        self._maximum_bytes = maximum_line_bytes
        self._sha256 = hashlib.sha256()
        self._number = 0
        self.first = self._read_first()

    def changes(self) -> Iterator[Mapping[str, Any]]:
        """Give the changes as rows with the columns of ``change`` and of its content; check the end after them."""
        for _ in range(self.first.sequence):
            line = self._next(self._maximum_bytes)
            row = _row(self._decoded(line, Line, "a change"))
            self._sha256.update(line)
            yield row
        last = self._decoded(self._next(_MAXIMUM_FRAME_BYTES), Last, "the end of the archive")
        if (last.changes, last.digest) != (self.first.sequence, self.first.digest):
            raise ArchiveError("The first and the last line of the archive name different heads: it is damaged.")
        if last.sha256 != self._sha256.hexdigest():
            raise ArchiveError("The lines of the archive are not as they were written: their checksum is another one.")
        if self._line(1):
            raise ArchiveError("Something comes after the end of the archive.")

    def _read_first(self) -> First:
        line = self._next(_MAXIMUM_FRAME_BYTES)
        self._sha256.update(line)
        try:
            known = msgspec.json.decode(line, type=_Version)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            known = None
        if known is None or known.format != FORMAT:
            raise ArchiveError("This is not an archive of Dateline.")
        if not 1 <= known.version <= VERSION:
            raise ArchiveError(
                f"This is an archive of version {known.version}; this Dateline reads up to {VERSION}. Use a newer one."
            )
        return self._decoded(line, First, "the beginning of an archive")

    def _decoded(self, line: bytes, kind: type[T], called: str) -> T:
        try:
            return msgspec.json.decode(line, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ArchiveError(f"Line {self._number} of the archive is not {called}: {error}.") from None

    def _next(self, maximum_bytes: int) -> bytes:
        """The next line, which must be there."""
        line = self._line(maximum_bytes + 1)
        self._number += 1
        if len(line) > maximum_bytes:
            raise ArchiveError(
                f"Line {self._number} of the archive is longer than {maximum_bytes:,} bytes. If the store that it was"
                " made from took such large records, set DATELINE_MAXIMUM_BODY_BYTES as it was there."
            )
        if not line.endswith(b"\n"):
            raise ArchiveError(f"The archive is cut off in line {self._number}: what follows is missing.")
        return line

    def _line(self, maximum_bytes: int) -> bytes:
        try:
            return self._zipped.readline(maximum_bytes)
        except EOFError:
            raise ArchiveError(f"The archive is cut off after line {self._number}: what follows is missing.") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            if self._number == 0:
                raise ArchiveError(f"This is not an archive of Dateline: {error}.") from None
            raise ArchiveError(f"The archive is damaged after line {self._number}: {error}.") from None


def _row(line: Line) -> Mapping[str, Any]:
    content = line.content
    return {
        "sequence": line.sequence,
        "recorded_at": line.recorded_at,
        "entity": line.entity.value,
        "entity_id": line.entity_id,
        "revision": line.revision,
        "type": line.type.value if line.type else None,
        "public_type": line.public_type.value if line.public_type else None,
        "author": line.author,
        "content_digest": bytes.fromhex(line.content_digest) if line.content_digest else None,
        "digest": bytes.fromhex(line.digest),
        "redacts": None if line.redacts is UNSET else line.redacts,
        "salt": bytes.fromhex(content.salt) if content else None,
        "reason": content.reason if content else None,
        "document": bytes(content.document) if content else None,
    }
