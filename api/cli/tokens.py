"""``dateline token``: who may write."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import click

from api.auth import SCOPES
from api.cli.command import main, with_settings
from api.engine.access import access
from api.engine.pool import connect
from api.settings import Settings
from api.store import tokens

T = TypeVar("T")


@main.group()
def token() -> None:
    """Give out, list and revoke the tokens that writing needs.

    A token stands for a person or a program. What they write is kept under the name that you give it.
    """


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="edit",
    show_default=True,
    help="read: read, where reading is not open. edit: also write and see drafts. admin: everything.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="After how many days it expires.  [default: never]")
@with_settings
def create(settings: Settings, *, name: str, scope: str, days: int | None) -> None:
    """Make a token for NAME and print it. It is shown only this once; only a digest of it is kept."""
    name = " ".join(name.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise click.BadParameter("give it a name of up to 100 printable characters", param_hint="NAME")
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    made = _as_owner(settings, lambda connection: tokens.create_token(connection, name, [scope], expires_at))
    click.echo(made)
    click.echo(f"Send it as `Authorization: Bearer …`. It writes under the name {name}.", err=True)


@token.command("list")
@with_settings
def list_all(settings: Settings) -> None:
    """List all tokens, newest first: what they may do, until when, and their ids."""
    rows = _as_owner(settings, tokens.list_tokens)
    if not rows:
        click.echo("There are no tokens yet. Make one with `dateline token create NAME`.")
    for row in rows:
        ends = "never expires"
        if row.revoked_at is not None:
            ends = f"revoked {row.revoked_at:%Y-%m-%d %H:%M} UTC"
        elif row.expires_at is not None:
            ends = f"expires {row.expires_at:%Y-%m-%d %H:%M} UTC"
        scopes = ",".join(row.scopes)
        click.echo(f"{row.id}  {row.owner:<24}  {scopes:<6}  made {row.created_at:%Y-%m-%d}  {ends}")


@token.command()
@click.argument("token_id", type=click.UUID, metavar="ID")
@with_settings
def revoke(settings: Settings, *, token_id: UUID) -> int:
    """Revoke the token with this ID (see `dateline token list`), at once and for good."""
    if _as_owner(settings, lambda connection: tokens.revoke_token(connection, token_id)):
        click.echo(f"Revoked {token_id}.")
        return 0
    click.echo(f"There is no token {token_id} in force.", err=True)
    return 1


def _as_owner(settings: Settings, work: Callable[[Any], Awaitable[T]]) -> T:
    async def run(url: str) -> T:
        connection = await connect(url, query_timeout_s=settings.query_timeout_s)
        try:
            return await work(connection)
        finally:
            await connection.close()

    with access(settings) as database:
        return asyncio.run(run(database.owner_url))
