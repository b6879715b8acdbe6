"""A real browser without a window, and a server for it: pages as they are shown, in any time zone."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from tempfile import TemporaryDirectory
from typing import NoReturn

import httpx
import pytest

#: How long a page may take on a busy machine, in seconds; on a free one it takes two.
PATIENCE_S = 60
#: How much time passes for the page itself, in milliseconds; its animations take two seconds.
VIRTUAL_TIME_MS = 10_000

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
    *("--hide-scrollbars", "--window-size=1200,800", "--lang=en-GB"),
)

Answers = Mapping[str, tuple[str, bytes]]


def path() -> str:
    """Where Chromium is; skips the test, or fails it in CI, where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        missing("There is no Chromium on this machine to show the page in; .ci/run installs it")
    return found


def missing(what: str) -> NoReturn:
    """Skip the test for want of something; CI must have it."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@asynccontextmanager
async def serving(http: httpx.AsyncClient, answers: Answers) -> AsyncIterator[tuple[str, list[str]]]:
    """The application on a port of its own; some targets have answers of the test's (media type and body).

    Gives the address, and the targets that were asked for.
    """
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()  # connected for nothing, as browsers do to be faster later
            return
        target = request.split(b" ", 2)[1].decode()
        asked.append(target)
        if target in answers:
            media_type, body = answers[target]
            status, headers = 200, {"Content-Type": media_type}
        else:
            lines = [line.partition(": ") for line in request.decode().split("\r\n")[1:]]
            sent = {name: text for name, _, text in lines if name == "Origin"}
            given = await http.get(target, headers={"Accept-Encoding": "identity", **sent})
            status, body, headers = given.status_code, given.content, dict(given.headers)
        headers = {name.title(): value for name, value in headers.items()}
        headers |= {"Content-Length": str(len(body)), "Connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if name != "Transfer-Encoding")
        writer.write(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def shown(address: str, zone: str = "UTC") -> tuple["Page", str]:
    """The page at an address, once its script has run, and what the browser's console said."""
    output, said = await _run(zone, f"--virtual-time-budget={VIRTUAL_TIME_MS}", "--dump-dom", address)
    return Page(output), said


async def _run(zone: str, *arguments: str) -> tuple[str, str]:
    with TemporaryDirectory(prefix="dateline-browser-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            path(),
            *_FLAGS,
            "--enable-logging=stderr",
            f"--user-data-dir={profile}",
            *arguments,
            env={**os.environ, "TZ": zone},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                output, said = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        assert process.returncode == 0, said.decode(errors="replace")[-2000:]
        return output.decode(), said.decode(errors="replace")


class Page(HTMLParser):
    """A page's elements by their classes, with the text in each."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self._found: list[tuple[dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.tags: list[str] = []
        self.feed(html)
        self.close()

    def texts(self, name: str) -> list[str]:
        """The text of every element with a class, in order."""
        return ["".join(pieces).strip() for given, pieces in self._found if name in given.get("class", "").split()]

    def attributes(self, name: str) -> list[dict[str, str]]:
        """The attributes of every element with a class, in order."""
        return [given for given, _ in self._found if name in given.get("class", "").split()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pieces: list[str] = []
        self.tags.append(tag)
        self._found.append(({name: value or "" for name, value in attrs}, pieces))
        if tag not in ("br", "img", "link", "meta", "hr", "input"):
            self._open.append((tag, pieces))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, pieces in self._open:
            pieces.append(data)
