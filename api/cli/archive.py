"""``dateline archive``: the whole history as a file, and a store from it."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, cast

import click

from api.cli.command import main, with_settings
from api.cli.service import role_of
from api.cli.upgrading import upgrade_store
from api.engine.access import access
from api.engine.embedded import EmbeddedServer
from api.engine.pool import connect
from api.history.archive import ArchiveError, Reader, maximum_line_bytes
from api.history.archiving import Archived, Told
from api.history.archiving import create as write_archive
from api.history.archiving import restore as load_archive
from api.settings import Settings
from api.store.errors import translated_errors
from schema.problem import ProblemError

#: How long one statement may take, in seconds: some read everything once.
STATEMENT_TIMEOUT_S = 3600.0
_STREAM = Path("-")

P = ParamSpec("P")


@main.group()
def archive() -> None:
    """Write the whole history into a file, or make a store from such a file.

    An archive has every change ever made, with who made it, when and why, drafts and retracted events included. So keep
    it where only those may read it who may edit. Tokens are not in it.
    """


def _telling(command: Callable[P, None]) -> Callable[P, int]:
    """Say in one line why a command can't go on."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> int:
        try:
            command(*arguments, **options)
        except ArchiveError as error:
            click.echo(str(error), err=True)
        except ProblemError as error:
            click.echo(error.detail, err=True)
        except OSError as error:
            click.echo(f"{error.filename or 'The stream'}: {error.strerror or error}.", err=True)
        else:
            return 0
        return 1

    return run


@archive.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@with_settings
@_telling
def create(settings: Settings, *, file: Path) -> None:
    """Write the whole history into FILE, which must not exist yet; - is the standard output.

    Others may read and write meanwhile: the archive has what was there when it was begun. The history is checked on the
    way. The file appears when it is whole, and only you can read it.
    """
    with access(settings) as database, _output(file) as stream:
        made = asyncio.run(_with_connection(database.url, write_archive, stream))
    click.echo(f"Archived {_told(made)}", err=file == _STREAM)


@archive.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@with_settings
@_telling
def restore(settings: Settings, *, file: Path) -> None:
    """Load the archive FILE into an empty store; - is the standard input.

    The history is the same afterwards, change by change, with the same digests, each of which is checked. Nothing is
    written unless all of it is. Afterwards, make tokens with `dateline token create`: an archive has none.
    """
    with click.open_file(str(file), "rb") as stream:
        read = Reader(cast(BinaryIO, stream), maximum_line_bytes(settings.maximum_body_bytes))
        with access(settings) as database:
            upgrade_store(database.owner_url, role_of(database.url), settings.text_language)
            made = asyncio.run(_with_connection(database.owner_url, load_archive, read))
            if settings.database_url is None:
                # Not to be filled at its first start with the chronology that ships.
                EmbeddedServer(settings.data_directory).mark_prepared()
    click.echo(f"Restored {_told(made)}")


def _told(made: Archived) -> str:
    return f"{made.sequence:,} changes. Head: {made.sequence}:{made.digest.hex()}"


async def _with_connection(url: str, work: Callable[..., Any], subject: Any) -> Archived:
    with translated_errors():
        connection = await connect(url, query_timeout_s=STATEMENT_TIMEOUT_S)
        try:
            with _progress() as told:
                made: Archived = await work(connection, subject, told)
            return made
        finally:
            await connection.close()


@contextmanager
def _progress() -> Iterator[Told]:
    """Show a bar for each work that is told."""
    bars: dict[str, Any] = {}

    def tell(work: str, done: int, total: int) -> None:
        if work not in bars:
            finish()
            bars[work] = click.progressbar(length=total, label=work, file=sys.stderr)
            bars[work].__enter__()
        bars[work].update(done - bars[work].pos)

    def finish() -> None:
        for bar in list(bars.values())[-1:]:
            bar.__exit__(None, None, None)

    try:
        yield tell
    finally:
        finish()


@contextmanager
def _output(file: Path) -> Iterator[BinaryIO]:
    """Lend a stream; a file gets its name when it is whole and on the disk, and is for its owner's eyes only."""
    if file == _STREAM:
        stream = sys.stdout.buffer
        yield stream
        stream.flush()
        return
    _refuse_existing(file)
    # Made readable to its owner alone.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
    try:
        with open(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _refuse_existing(file)
        Path(name).rename(file)
    finally:
        Path(name).unlink(missing_ok=True)
    directory = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _refuse_existing(file: Path) -> None:
    # An archive of a store that was lost must not take the place of the last good one.
    if file.exists():
        raise ArchiveError(f"{file} is there already. Choose another name: archives are not overwritten.")
