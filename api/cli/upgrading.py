"""Bringing a store up to this version: its tables, and the rows in them that follow from the log."""

import asyncio

import click

from api.engine.pool import connect
from api.history.rebuilding import rebuild_if_needed
from migrations.run import upgrade

#: How long one statement of it may take, in seconds: some go over everything once.
_STATEMENT_TIMEOUT_S = 3600.0


def upgrade_store(owner_url: str, runtime_role: str) -> None:
    """Migrate the tables, and make anew what a migration has emptied. Runs an event loop of its own."""
    upgrade(owner_url, runtime_role)
    if asyncio.run(_rebuild(owner_url)):
        click.echo("The rows of an older version were made anew from the history.")


async def _rebuild(owner_url: str) -> bool:
    connection = await connect(owner_url, query_timeout_s=_STATEMENT_TIMEOUT_S)
    try:
        return await rebuild_if_needed(connection)
    finally:
        await connection.close()
