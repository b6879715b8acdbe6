"""``dateline migrate``, ``dateline verify`` and ``dateline openapi``."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import click

from api import openapi as contract
from api.app import VERSION, create_app
from api.cli.command import main, with_settings
from api.cli.service import role_of
from api.cli.upgrading import upgrade_store
from api.engine.access import access
from api.engine.pool import connect
from api.history.verification import Verified
from api.history.verification import verify as walk
from api.settings import Settings

#: How long one statement of a verification may take, in seconds: it reads everything once.
VERIFY_TIMEOUT_S = 3600.0


@main.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Bring the tables of the store up to this version. `dateline serve` does so by itself."""
    with access(settings) as database:
        upgrade_store(database.owner_url, role_of(database.url), settings.text_language)
    click.echo("The tables are up to date.")


class _Head(click.ParamType[tuple[int, bytes]]):
    """A head as it was published: SEQUENCE:DIGEST."""

    name = "sequence:digest"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, bytes]:
        """Read it."""
        match = re.fullmatch(r"([0-9]{1,18})[: ]([0-9a-f]{64})", str(value).strip().lower())
        if match is None:
            self.fail("a head is written as SEQUENCE:DIGEST, the digest in 64 hexadecimal digits", param, ctx)
        return int(match[1]), bytes.fromhex(match[2])


@main.command()
@click.option(
    "--head",
    "heads",
    type=_Head(),
    multiple=True,
    help="A head that was noted before, from here or from GET /v1/changes/head: the history must lead through it.",
)
@with_settings
def verify(settings: Settings, *, heads: tuple[tuple[int, bytes], ...]) -> int:
    """Check that nothing in the store's history was rewritten, removed or put in between.

    Prints the head: the number of the last change and a digest that stands for all of them. Keep a copy of it
    elsewhere, and give it with --head later: who can change the tables could write the whole history anew, but not
    so that it leads through that digest.
    """
    with access(settings) as database:
        result = asyncio.run(_verify(database.url, dict(heads)))
    for finding in result.findings:
        click.echo(finding, err=True)
    if not result.protected:
        click.echo("Note: the role that serves could change history; that would be found here, but is not prevented.")
    if result.findings:
        click.echo("The history is NOT as it was written.", err=True)
        return 1
    click.echo(f"All {result.sequence} changes are as they were written. Head: {result.sequence}:{result.digest.hex()}")
    return 0


async def _verify(url: str, heads: Mapping[int, bytes]) -> Verified:
    connection = await connect(url, query_timeout_s=VERIFY_TIMEOUT_S)
    try:
        return await walk(connection, heads)
    finally:
        await connection.close()


@main.command()
@with_settings
def openapi(settings: Settings) -> None:
    """Print the contract of the API (OpenAPI 3.1, YAML), from which clients are generated."""
    click.echo(contract.as_yaml(contract.document(create_app(settings), VERSION)), nl=False)
