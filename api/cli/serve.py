"""``dateline serve``."""

import click
import msgspec

from api.cli.command import main, with_settings
from api.cli.service import serve as run
from api.settings import Settings


@main.command()
@click.option("--host", metavar="ADDRESS", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65_535), metavar="NUMBER", help="The port.  [default: 8000]")
@click.option(
    "--workers", type=click.IntRange(1, 64), metavar="NUMBER", help="How many processes answer.  [default: 1]"
)
@click.option(
    "--sample",
    is_flag=True,
    help="Load the chronology that ships into the store. A new embedded store has it without asking.",
)
@with_settings
def serve(settings: Settings, *, sample: bool, **options: object) -> int:
    """Start Dateline: its database, its tables and its API.

    Nothing has to be installed or prepared: unless DATELINE_DATABASE_URL names a PostgreSQL server, one is run
    alongside, with its data in DATELINE_DATA_DIRECTORY. Ctrl-C stops everything; the data stays.
    """
    given = {name: value for name, value in options.items() if value is not None}
    return run(msgspec.structs.replace(settings, **given), sample=sample)
