"""A stand-in for the service: a trivial ASGI application, and `serve` run with it in a process of its own.

Run as a module with the name of a factory, `create` or `fail`, and the settings in the environment.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from api.cli.service import run
from api.engine.processes import on_stop_notice
from api.settings import Settings

Message = dict[str, Any]


def create() -> Callable[..., Awaitable[None]]:
    stopping: list[bool] = []

    async def application(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            on_stop_notice(lambda: stopping.append(True))
            await _live(receive, send)
            return
        print("serving", scope["path"], flush=True)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        if scope["path"] == "/slow":
            await asyncio.sleep(1)
        while scope["path"] == "/deaf" or (scope["path"] == "/endless" and not stopping):
            await send({"type": "http.response.body", "body": b".", "more_body": True})
            await asyncio.sleep(0.05)
        connection = await asyncpg.connect(os.environ["DATELINE_DATABASE_URL"])
        count = await connection.fetchval("SELECT count(*) FROM started")
        await connection.close()
        owner = os.environ.get("DATELINE_OWNER_DATABASE_URL", "none")
        body = f"{os.getpid()} {count} owner {owner}"
        await send({"type": "http.response.body", "body": body.encode()})

    return application


def fail() -> None:
    raise RuntimeError("this application does not start")


async def _live(receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _upgrade(owner_url: str, runtime_role: str) -> None:
    async def create_table() -> None:
        connection = await asyncpg.connect(owner_url)
        await connection.execute("CREATE TABLE IF NOT EXISTS started (at timestamptz DEFAULT now())")
        await connection.execute(f'GRANT SELECT, INSERT ON started TO "{runtime_role}"')
        await connection.close()

    asyncio.run(create_table())


def _prepare(settings: Settings, url: str, owner_url: str, *, sample: bool, embedded: bool, fresh: bool) -> None:
    async def insert() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("INSERT INTO started DEFAULT VALUES")
        await connection.close()

    if "STUCK" in os.environ:
        print("stuck", flush=True)
        threading.Event().wait()
    asyncio.run(insert())
    print(f"prepared sample={sample} embedded={embedded} fresh={fresh}", flush=True)


if __name__ == "__main__":
    sys.exit(
        run(
            Settings.from_environment(os.environ),
            sample=True,
            application=f"tests.engine.trivial_application:{sys.argv[1]}",
            upgrade=_upgrade,
            prepare=_prepare,
        )
    )
