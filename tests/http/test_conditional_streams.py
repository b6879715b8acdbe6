"""Compression of answers that come piece by piece: each piece goes out at once."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Any

from litestar import Litestar, Response, get
from litestar.response import Stream

from api.http.delivery import COMPRESSION, add_vary

_PIECE = b"data: one more line\n"


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield _PIECE


@get("/stream")
async def _stream() -> Stream:
    return Stream(_pieces(), media_type="application/x-ndjson")


@get("/changes")
async def _changes() -> Stream:
    return Stream(_pieces(), media_type="text/event-stream")


@get("/strong")
async def _strong() -> Response[bytes]:
    return Response(b"x" * 5000, headers={"ETag": '"1"'}, media_type="text/plain")


async def _messages(path: str, encoding: str) -> list[dict[str, Any]]:
    """What an application sends, message by message."""
    app = Litestar(
        [_stream, _changes, _strong], compression_config=COMPRESSION, before_send=[add_vary], openapi_config=None
    )
    sent: list[dict[str, Any]] = []
    finished = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await finished.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            finished.set()

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"accept-encoding", encoding.encode())],
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("test", 1),
        "root_path": "",
        "state": {},
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    return sent


async def test_each_piece_of_a_compressed_stream_can_be_read_when_it_comes() -> None:
    start, *bodies = await _messages("/stream", "gzip")
    headers = dict(start["headers"])
    assert headers[b"content-encoding"] == b"gzip"
    assert b"content-length" not in headers
    reader, read = zlib.decompressobj(wbits=31), []
    for body in bodies:
        read.append(reader.decompress(body["body"]))
    assert read[:3] == [_PIECE] * 3
    assert b"".join(read) == _PIECE * 3
    assert reader.eof


async def test_a_stream_of_changes_is_never_compressed() -> None:
    start, *bodies = await _messages("/changes", "gzip")
    assert b"content-encoding" not in dict(start["headers"])
    assert [body["body"] for body in bodies] == [_PIECE] * 3 + [b""]


async def test_a_stream_for_who_takes_no_gzip_is_as_it_is() -> None:
    start, *bodies = await _messages("/stream", "identity")
    assert b"content-encoding" not in dict(start["headers"])
    assert b"".join(body.get("body", b"") for body in bodies) == _PIECE * 3
    assert dict(start["headers"])[b"vary"] == b"Accept-Encoding"


async def test_a_strong_tag_keeps_its_bytes() -> None:
    start, body = await _messages("/strong", "gzip")
    assert b"content-encoding" not in dict(start["headers"])
    assert body["body"] == b"x" * 5000
