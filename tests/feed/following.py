"""What the tests of the feed share: a service in a process of its own, and clients that read its streams."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple, Self

import asyncpg
import httpx
import msgspec

from api.store.tokens import create_token
from tests.conftest import Database
from tests.engine.support import PATIENCE_S, Started, free_port, starting
from tests.writing import event_body


class Service(NamedTuple):
    started: Started
    port: int
    database: Database
    token: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def edit(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@contextlib.contextmanager
def served(database: Database, *, bounds: dict[str, Any] | None = None, **settings: object) -> Iterator[Service]:
    """A service on a database; ``bounds`` are those of its feed that differ."""
    port = free_port()
    environment = {
        "DATELINE_DATABASE_URL": database.url,
        "DATELINE_OWNER_DATABASE_URL": database.owner_url,
        "DATELINE_PORT": str(port),
        "FEED_BOUNDS": json.dumps(bounds or {}),
        **{f"DATELINE_{name.upper()}": str(value) for name, value in settings.items()},
    }
    with starting("tests.feed.served_application", environment=environment) as started:
        started.read_until("Dateline listens on")
        yield Service(started, port, database, _token(database))


def _token(database: Database) -> str:
    async def make() -> str:
        owner = await asyncpg.connect(database.owner_url)
        try:
            return await create_token(owner, "editor", ["edit"], None)
        finally:
            await owner.close()

    return run_apart(make())


def run_apart(work: Any) -> Any:
    """Run a coroutine in a thread with a loop of its own, for what is called from synchronous code in a loop."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return found[0]


class ServerEvent(NamedTuple):
    """One event of a stream; a comment has neither name nor data."""

    name: str
    id: str
    data: str

    @property
    def item(self) -> dict[str, Any]:
        value: dict[str, Any] = msgspec.json.decode(self.data)
        return value


class Stream:
    """A client of a stream on a plain socket; it reads only when it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._rest = b""
        self.status = 0
        self.headers: dict[str, str] = {}

    @classmethod
    async def open(cls, port: int, path: str = "/v1/changes/stream", *, small: bool = False, **headers: str) -> Self:
        """Connect and read the head of the answer; ``small`` has the system hold little for who does not read."""
        connection = socket.socket()
        connection.setblocking(False)
        if small:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        stream = cls(*await asyncio.open_connection(sock=connection, limit=2**16 if small else 2**20))
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        stream._writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\n{lines}\r\n".encode())
        head = (await stream._bounded(stream._reader.readuntil(b"\r\n\r\n"))).decode()
        first, *rest = head.split("\r\n")
        stream.status = int(first.split()[1])
        stream.headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest if line)
        }
        return stream

    async def _bounded(self, work: Any) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await work

    async def blocks(self) -> AsyncIterator[ServerEvent]:
        """Everything that comes, comments and the first line too, until the end."""
        while True:
            block, found, rest = self._rest.partition(b"\n\n")
            if found:
                self._rest = rest
                yield _event(block.decode())
                continue
            size = int((await self._bounded(self._reader.readuntil(b"\r\n")))[:-2], 16)
            data = await self._bounded(self._reader.readexactly(size + 2))
            if size == 0:
                return
            self._rest += data[:-2]

    async def events(self) -> AsyncIterator[ServerEvent]:
        """The changes, and the leave that the server takes."""
        async for event in self.blocks():
            if event.name:
                yield event

    async def next(self) -> ServerEvent:
        """The next event that is no comment."""
        async for event in self.events():
            return event
        raise AssertionError("the stream has ended")

    async def take(self, number: int) -> list[dict[str, Any]]:
        """So many changes."""
        found: list[dict[str, Any]] = []
        async for event in self.events():
            assert event.name == "change", event
            found.append(event.item)
            assert event.id == str(found[-1]["sequence"])
            if len(found) == number:
                break
        assert len(found) == number
        return found

    async def body(self) -> bytes:
        """The rest of an answer that has a length."""
        rest: bytes = await self._bounded(self._reader.readexactly(int(self.headers["content-length"])))
        return rest

    def close(self) -> None:
        self._writer.close()


@contextlib.asynccontextmanager
async def following(service: Service, path: str = "/v1/changes/stream", **more: Any) -> AsyncIterator[Stream]:
    stream = await Stream.open(service.port, path, **more)
    try:
        assert stream.status == 200, stream.headers
        yield stream
    finally:
        stream.close()


def _event(block: str) -> ServerEvent:
    fields = {"event": "", "id": "", "data": ""}
    for line in block.split("\n"):
        name, _, value = line.partition(": ")
        if name in fields:
            fields[name] = value
    return ServerEvent(fields["event"], fields["id"], fields["data"])


@contextlib.asynccontextmanager
async def writer_of(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=service.address, headers=service.edit, timeout=PATIENCE_S) as http:
        yield http


async def write_event(http: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    """Write an event, which is one change once its source is there."""
    answer = await http.post("/v1/events", json=event_body(**members))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def all_pages(http: httpx.AsyncClient, after: int = 0, **parameters: Any) -> list[dict[str, Any]]:
    """The feed from a place to its end, by polling."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await http.get("/v1/changes", params={"after": after, **parameters})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        after = page["after"]
        if not page["more"]:
            return found
