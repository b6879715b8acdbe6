"""``dateline follow``: a second store that is kept equal to a first one, through its feed of changes alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import click
import httpx
import msgspec
from httpx_sse import SSEError, aconnect_sse

from api.cli.command import main, with_settings
from api.cli.service import role_of
from api.cli.upgrading import upgrade_store
from api.engine.access import access
from api.engine.embedded import EmbeddedServer
from api.engine.pool import connect
from api.history.following import FollowedChange, FollowError, apply, followed_head, is_known
from api.history.redaction import vacuum
from api.settings import Settings
from api.store.errors import translated_errors
from schema.problem import ProblemError

#: How long one statement may take, in seconds.
_STATEMENT_TIMEOUT_S = 600.0
#: How many changes are asked for, and applied, together.
_TOGETHER = 500
#: The stream has a heartbeat at least this often; without any sign of life for so long it is begun anew, in seconds.
_SILENCE_S = 60.0
#: How long to wait before the store is asked again after it did not answer, in seconds: longer each time.
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
#: Answers by which the store says that it will not do.
_REFUSALS = (400, 401, 403, 404, 405, 406, 410)


#: What only those may ask for who may edit.
_FOR_EDITORS = "/v1/events?state=draft&limit=1"


class _Page(msgspec.Struct):
    items: list[FollowedChange]
    after: int
    more: bool


class _Origin(NamedTuple):
    """The store that is followed: its address, and a client to talk to it."""

    address: str
    client: httpx.AsyncClient


@main.command("follow")
@click.argument("url")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with a token that reads there, where reading needs one. One that may edit is refused.",
)
@click.option("--once", is_flag=True, help="Stop when everything that there is has been taken over.")
@with_settings
def follow(settings: Settings, *, url: str, token_file: Path | None, once: bool) -> int:
    """Keep this store equal to the one at URL (such as https://timeline.example), as everybody may read it.

    First everything that happened there is taken over, then each change as it is made: corrections, retractions, merges
    and redactions included. The answers of both are the same, about the past as well. This store must be empty at first
    and is written to by nobody else. Stop it (Ctrl-C) and start it again at any time: it goes on where it was.
    """
    origin = _address(url)
    token = token_file.read_text(encoding="utf-8").strip() if token_file is not None else None
    try:
        with access(settings) as database:
            upgrade_store(database.owner_url, role_of(database.url), settings.text_language)
            if settings.database_url is None:
                # Not to be filled at its first start with the chronology that ships.
                EmbeddedServer(settings.data_directory).mark_prepared()
            asyncio.run(_follow(database.owner_url, origin, token, once=once))
    except FollowError as error:
        click.echo(str(error), err=True)
        return 1
    except ProblemError as error:
        click.echo(error.detail, err=True)
        return 1
    except KeyboardInterrupt:
        click.echo("Stopped. Start it again to go on from here.")
    return 0


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise click.BadParameter("give the address of a Dateline service, like https://timeline.example")
    if parts.username or parts.password:
        raise click.BadParameter("leave the user out: a token goes into a file, see --token-file")
    return url.rstrip("/")


async def _follow(owner_url: str, address: str, token: str | None, *, once: bool) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with translated_errors():
        connection: Any = await connect(owner_url, query_timeout_s=_STATEMENT_TIMEOUT_S)
        try:
            async with httpx.AsyncClient(base_url=address, headers=headers, timeout=_SILENCE_S) as client:
                origin = _Origin(address, client)
                await _with_patience(connection, origin, once=once)
        finally:
            await connection.close()


async def _with_patience(connection: Any, origin: _Origin, *, once: bool) -> None:
    """Follow, and begin again whenever the store there can't be reached, does not answer or ends the stream.

    In between another state of it may have been restored there, so that each time begins with a look at that.
    """
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            await _refuse_editors(origin)
            await _check_same_history(connection, origin)
            head = await _load(connection, origin)
            click.echo(f"Equal to {origin.address} as of change {head}.")
            if once:
                return
            async for change in _streamed(origin, head):
                await _apply(connection, origin, [change])
                wait_s = _FIRST_WAIT_S
            why = f"{origin.address} has ended the stream"
        except (httpx.TransportError, httpx.HTTPStatusError, SSEError) as error:
            _refuse_for_good(error)
            if once:
                raise FollowError(f"{origin.address} does not answer: {_reason(error)}.") from error
            why = f"{origin.address} does not answer ({_reason(error)})"
        except msgspec.MsgspecError as error:
            raise FollowError(f"{origin.address} tells what this version does not understand: {error}.") from error
        click.echo(f"{why}; asking again in {wait_s:.0f} s.", err=True)
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


async def _refuse_editors(origin: _Origin) -> None:
    """Make sure that the store there shows no drafts, nor what only they mention: here it would be in the open."""
    if (await origin.client.get(_FOR_EDITORS)).is_success:
        raise FollowError(
            "The token may edit, and so sees drafts, which would be in the open here. Use one that only reads."
        )


async def _apply(connection: Any, origin: _Origin, changes: list[FollowedChange]) -> None:
    await apply(connection, origin.address, changes)
    if any(change.redacts for change in changes):
        await vacuum(connection)


def _refuse_for_good(error: Exception) -> None:
    if not isinstance(error, httpx.HTTPStatusError):
        return
    if error.response.status_code in _REFUSALS:
        raise FollowError(f"The store there refuses: {_reason(error)}") from error
    if error.response.has_redirect_location:
        raise FollowError(f"The store is elsewhere: {error.response.headers['Location']}. Follow it there.") from error


def _reason(error: Exception) -> str:
    if not isinstance(error, httpx.HTTPStatusError):
        return str(error) or type(error).__name__
    try:
        details = error.response.json()
        return " ".join([details["detail"], *(fault["detail"] for fault in details.get("errors", ()))])
    except (httpx.ResponseNotRead, ValueError, KeyError, TypeError):
        return f"status {error.response.status_code}"


async def _check_same_history(connection: Any, origin: _Origin) -> None:
    """Make sure that the last change that is here is the same there: a store that was restored may have lost it."""
    head = await followed_head(connection)
    if not head:
        return
    page = await _page(origin, head - 1, 1)
    if not page.items or page.items[0].sequence != head or not await is_known(connection, page.items[0]):
        raise FollowError(
            f"The history at {origin.address} is another one: its change {head} is not the one that is here. Was an"
            " older state of it restored? Follow it anew with an empty store."
        )


async def _load(connection: Any, origin: _Origin) -> int:
    """Take over what there is; gives the sequence of the last change that is here then."""
    more = True
    while more:
        page = await _page(origin, await followed_head(connection), _TOGETHER)
        await _apply(connection, origin, page.items)
        more = page.more
    return await followed_head(connection)


async def _page(origin: _Origin, after: int, limit: int) -> _Page:
    answer = await origin.client.get("/v1/changes", params={"after": after, "limit": limit})
    answer.raise_for_status()
    return msgspec.json.decode(answer.content, type=_Page)


async def _streamed(origin: _Origin, after: int) -> AsyncIterator[FollowedChange]:
    """Give changes as they come, until the stream ends."""
    headers = {"Last-Event-ID": str(after)}
    async with aconnect_sse(origin.client, "GET", "/v1/changes/stream", headers=headers) as stream:
        if not stream.response.is_success:
            await stream.response.aread()
            stream.response.raise_for_status()
        async for event in stream.aiter_sse():
            if event.event == "change":
                yield msgspec.json.decode(event.data, type=FollowedChange)
