"""``dateline migrate``, ``dateline verify`` and ``dateline openapi``."""

import asyncio

import click

from api import openapi as contract
from api.app import VERSION, create_app
from api.cli.command import main, with_settings
from api.cli.service import role_of
from api.engine.access import access
from api.engine.pool import connect
from api.history.verification import Verified
from api.history.verification import verify as walk
from api.settings import Settings
from migrations.run import upgrade

#: How long one statement of a verification may take, in seconds: it reads everything once.
VERIFY_TIMEOUT_S = 3600.0


@main.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Bring the tables of the store up to this version. `dateline serve` does so by itself."""
    with access(settings) as database:
        upgrade(database.owner_url, role_of(database.url))
    click.echo("The tables are up to date.")


@main.command()
@with_settings
def verify(settings: Settings) -> int:
    """Check that nothing in the store's history was rewritten, removed or put in between.

    Prints the head: the number of changes and a digest that stands for all of them. Keep a copy of it elsewhere:
    a history that later does not lead through that digest has been changed.
    """
    with access(settings) as database:
        result = asyncio.run(_verify(database.url))
    for finding in result.findings:
        click.echo(finding, err=True)
    if not result.protected:
        click.echo("Note: the role that serves could change history; that would be found here, but is not prevented.")
    if result.findings:
        click.echo("The history is NOT as it was written.", err=True)
        return 1
    click.echo(f"All {result.sequence} changes are as they were written. Head: {result.sequence} {result.digest.hex()}")
    return 0


async def _verify(url: str) -> Verified:
    connection = await connect(url, query_timeout_s=VERIFY_TIMEOUT_S)
    try:
        return await walk(connection)
    finally:
        await connection.close()


@main.command()
@with_settings
def openapi(settings: Settings) -> None:
    """Print the contract of the API (OpenAPI 3.1, YAML), from which clients are generated."""
    click.echo(contract.as_yaml(contract.document(create_app(settings), VERSION)), nl=False)
