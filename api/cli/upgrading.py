"""Bringing a store up to this version: its tables, and the rows in them that follow from the log."""

import asyncio

import click

from api.engine.pool import connect
from api.history.rebuilding import rebuild_if_needed
from api.settings import SettingsError
from migrations.run import upgrade

#: How long one statement of it may take, in seconds: some go over everything once.
_STATEMENT_TIMEOUT_S = 3600.0


def upgrade_store(owner_url: str, runtime_role: str, text_language: str) -> None:
    """Migrate the tables, and make anew what a migration has emptied, or what is in another language than is wanted.

    Runs an event loop of its own. Raises ``SettingsError`` for a language that the database does not know.
    """
    upgrade(owner_url, runtime_role)
    try:
        rebuilt = asyncio.run(_rebuild(owner_url, text_language))
    except LookupError as error:
        raise SettingsError(
            f"DATELINE_TEXT_LANGUAGE is '{text_language}', which the database does not know. It knows {error.args[0]}."
        ) from None
    if rebuilt:
        click.echo("The rows were made anew from the history.")


async def _rebuild(owner_url: str, text_language: str) -> bool:
    connection = await connect(owner_url, query_timeout_s=_STATEMENT_TIMEOUT_S)
    try:
        return await rebuild_if_needed(connection, text_language)
    finally:
        await connection.close()
