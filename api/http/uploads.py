"""Taking in files: the body itself, or the parts of a form, written to a temporary file while they arrive."""

import hashlib
import re
from collections.abc import AsyncIterator
from typing import BinaryIO, NamedTuple

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_content_disposition,
    parse_options_header,
)

from api.http.bodies import check_media_type, parse_body, stream_body
from api.http.contract import FORM
from api.http.dependencies import HttpRequest
from schema.mapping import Mapping
from schema.problem import Fault, ProblemError, body_problem, problem
from schema.validation import read

MAXIMUM_MAPPING_BYTES = 1024**2
#: What a form may have beside its parts: their boundaries and headers.
_FORM_BYTES = 64 * 1024
_SPACES = re.compile(r"[\x00-\x20\x7f]+")


class Upload(NamedTuple):
    """A file that was sent: its name, its size and SHA-256 (hexadecimal), and the mapping that came with it."""

    name: str | None
    size: int
    digest: str
    mapping: Mapping | None


class _Taken:
    """A file under way."""

    def __init__(self, target: BinaryIO, maximum_bytes: int) -> None:
        self._target = target
        self._maximum_bytes = maximum_bytes
        self.size = 0
        self.digest = hashlib.sha256()

    def add(self, piece: bytes | bytearray | memoryview) -> None:
        self.size += len(piece)
        if self.size > self._maximum_bytes:
            raise problem("body-too-large", f"A file of at most {self._maximum_bytes:,} bytes is taken here.")
        self.digest.update(piece)
        self._target.write(piece)


async def take_file(
    request: HttpRequest, target: BinaryIO, *, media_types: tuple[str, ...], maximum_bytes: int
) -> Upload:
    """Write the file of a request to ``target``.

    It is the body itself, named by ``Content-Disposition``, or the part ``file`` of a form, beside which a part
    ``mapping`` may stand. Raises ``unsupported-media-type``, ``body-too-large``, ``malformed-body`` and
    ``invalid-body``.
    """
    taken = _Taken(target, maximum_bytes)
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != FORM:
        stream = stream_body(request, media_types=(FORM, *media_types), maximum_bytes=maximum_bytes)
        async for piece in stream:
            taken.add(piece)
        disposition = request.headers.get("content-disposition", "")
        name = parse_content_disposition(disposition)[2] if disposition else None
        return Upload(_tidy(name), taken.size, taken.digest.hexdigest(), None)
    check_media_type(request.headers, (FORM, *media_types))
    stream = stream_body(
        request, media_types=(FORM,), maximum_bytes=maximum_bytes + MAXIMUM_MAPPING_BYTES + _FORM_BYTES
    )
    try:
        name, mapping = await _take_parts(stream, parse_options_header(content_type)[1].get("boundary", ""), taken)
    except MultipartError as error:
        raise problem("malformed-body", f"The form cannot be read: {error}.") from None
    return Upload(name, taken.size, taken.digest.hexdigest(), mapping)


async def _take_parts(stream: AsyncIterator[bytes], boundary: str, taken: _Taken) -> tuple[str | None, Mapping | None]:
    names: dict[str, str | None] = {}
    mapping = bytearray()
    current = ""
    with PushMultipartParser(boundary, max_segment_count=10) as parser:
        async for data in stream:
            for event in parser.parse(data):
                if isinstance(event, MultipartSegment):
                    current = _admitted(event, names)
                elif event is None:
                    current = ""
                elif current == "mapping":
                    mapping += event
                    if len(mapping) > MAXIMUM_MAPPING_BYTES:
                        raise problem("body-too-large", f"A mapping has at most {MAXIMUM_MAPPING_BYTES:,} bytes.")
                else:
                    taken.add(event)
    if "file" not in names:
        fault = Fault("The form has no part named file.", pointer="/file")
        raise problem("invalid-body", "There is no file.", fault)
    return names["file"], read_mapping(bytes(mapping)) if "mapping" in names else None


def _admitted(segment: MultipartSegment, names: dict[str, str | None]) -> str:
    name = (segment.name or "")[:100]
    if name not in ("file", "mapping"):
        raise _wrong_part(f"There is no part {name!r} in this form.")
    if name in names:
        raise _wrong_part(f"The part {name} is there twice.")
    names[name] = _tidy(segment.filename)
    return name


def _wrong_part(detail: str) -> ProblemError:
    return problem("invalid-body", detail, Fault(detail, pointer="", suggestion="file or mapping"))


def read_mapping(raw: bytes) -> Mapping:
    """Read a mapping; raises ``malformed-body``, and ``invalid-body`` with every flaw."""
    reading = read(parse_body(raw), Mapping)
    if reading.flaws:
        raise body_problem([flaw._replace(pointer=f"/mapping{flaw.pointer}") for flaw in reading.flaws])
    return reading.value


def _tidy(name: str | None) -> str | None:
    """A file's name without directories, as one line."""
    last = re.split(r"[/\\]", name)[-1] if name else ""
    return _SPACES.sub(" ", last).strip()[:200] or None
