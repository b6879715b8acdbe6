"""``dateline redact``: contents deleted for reasons of law or privacy."""

import asyncio
import sys
from typing import Any
from uuid import UUID

import click

from api.cli.command import main, with_settings
from api.engine.access import access
from api.engine.pool import connect
from api.history.redaction import Redacted, redact
from api.settings import Settings
from api.store.errors import translated_errors
from schema.change import EntityKind
from schema.problem import ProblemError

#: How long one statement may take, in seconds.
_STATEMENT_TIMEOUT_S = 600.0


@main.command("redact")
@click.argument("kind", type=click.Choice([kind.value for kind in EntityKind]))
@click.argument("record", metavar="ID")
@click.option("--reason", required=True, help="Why, for everybody to read: it stays where the content was.")
@click.option(
    "--revision",
    "revisions",
    type=click.IntRange(1, 2**31 - 1),
    multiple=True,
    help="Only what this revision said, which must not be the present one; may be given several times.",
)
@click.option("--yes", is_flag=True, help="Don't ask.")
@with_settings
def redact_record(
    settings: Settings, *, kind: str, record: str, reason: str, revisions: tuple[int, ...], yes: bool
) -> int:
    """Delete what the record ID, and all of its history, says; or what some of its revisions said.

    For what the law or the privacy of people demands. What is wrong is corrected instead, and what should not have been
    said retracted: both stay in the open. The history goes on to say that there was something, when and by whom it was
    written, and for which reason it was deleted; its digests stay valid. Stores that follow this one delete it, too;
    releases that have it are withdrawn. It cannot be undone.

    Archives, backups of the database and files that were exported before still have it: see to them.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > 1000 or not reason.isprintable():
        raise click.BadParameter("give a reason of up to 1,000 printable characters", param_hint="--reason")
    entity = EntityKind(kind)
    if entity in (EntityKind.EVENT, EntityKind.SOURCE):
        try:
            record = str(UUID(record))
        except ValueError:
            raise click.BadParameter(f"the id of a {kind} is a UUID", param_hint="ID") from None
    what = f"revision {', '.join(map(str, revisions))} of " if revisions else ""
    if not yes:
        if not sys.stdin.isatty():
            click.echo("Nothing was done: there is nobody to ask. Say --yes if it is meant.", err=True)
            return 1
        click.confirm(f"Delete the content of {what}{kind} {record} for good?", abort=True)
    try:
        with access(settings) as database:
            done = asyncio.run(_redact(database.owner_url, entity, record, reason, revisions))
    except ProblemError as error:
        click.echo(error.detail, err=True)
        return 1
    click.echo(f"Redacted {what}{kind} {record} by change {done.sequence}: {len(done.contents)} contents are gone.")
    for slug, number in done.releases:
        click.echo(f"Release {number} of the chronology {slug} is withdrawn.")
    click.echo("Archives, backups and exported files made before still have it.")
    return 0


async def _redact(url: str, kind: EntityKind, record: str, reason: str, revisions: tuple[int, ...]) -> Redacted:
    with translated_errors():
        connection: Any = await connect(url, query_timeout_s=_STATEMENT_TIMEOUT_S)
        try:
            return await redact(connection, kind, record, reason, revisions)
        finally:
            await connection.close()
