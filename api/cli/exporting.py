"""``dateline export``: events in any of the formats, without a server in between."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import urlencode

import click

from api.cli.command import main, with_settings
from api.engine.access import access
from api.engine.pool import create_pool
from api.export.exporting import Source, Titles, begin, heading_of, pin, query_for
from api.export.walk import pages_of_chronology, pages_of_events
from api.formats.entry import Writer
from api.formats.registry import WRITERS
from api.http.parameters import read_query
from api.settings import Settings
from api.store.chronologies import find_chronology
from api.store.store import Store
from schema.format import Format
from schema.problem import ProblemError, problem
from schema.query import EventQuery

#: How long one statement may take, in seconds: nobody else waits for it.
_QUERY_TIMEOUT_S = 60.0


class _Wanted(NamedTuple):
    """What is to be exported, and how."""

    writer: Writer
    asked: EventQuery
    limited: bool
    chronology: str | None
    edit: bool
    filters: list[tuple[str, str]]  # as they were given


@main.command("export")
@click.argument("filters", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    help="The format.  [default: what the name of the output file says, else ndjson]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; it appears when it is whole.  [default: standard output]",
)
@click.option("--chronology", metavar="SLUG", help="The events of a chronology, in its order and with its notes.")
@click.option("--edit", is_flag=True, help="As somebody who may edit: drafts can be asked for (state=draft).")
@with_settings
def export_events(
    settings: Settings,
    *,
    filters: tuple[str, ...],
    form: str | None,
    output: Path | None,
    chronology: str | None,
    edit: bool,
) -> int:
    """Write events in a format: all, or those that the filters find, in the order of their dates.

    The filters are the parameters of GET /v1/events:

    \b
        dateline export actor=DPRK date_from=2024 --output dprk.xlsx
    """
    writer = WRITERS[_format(form, output)]
    pairs = [one.partition("=") for one in filters]
    if any(name == "format" for name, _, _ in pairs):
        raise click.BadParameter("the format is given by --format, or by the name of the output file")
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise click.BadParameter(f"'{wrong[0]}' is no filter: write it as name=value, like actor=DPRK")
    if output is None and not writer.is_text and sys.stdout.isatty():
        raise click.BadParameter("a workbook is nothing for a terminal: name a file", param_hint="--output")
    filters_given = [(name, value) for name, _, value in pairs]
    raw = urlencode(filters_given).encode()
    given = {name for name, _ in filters_given}
    try:
        asked = query_for(writer, read_query(raw, EventQuery), given)
        with access(settings) as database, _opened(output) as file:
            wanted = _Wanted(writer, asked, writer.is_feed or "limit" in given, chronology, edit, filters_given)
            size, more = asyncio.run(_export(settings, database.url, wanted, file))
    except ProblemError as error:
        faults = "".join(f"\n  {fault.parameter}: {fault.detail}" for fault in error.faults)
        click.echo(f"{error.detail}{faults}", err=True)
        return 1
    except OSError as error:
        click.echo(f"{output or 'standard output'}: {error.strerror}.", err=True)
        return 1
    if output is not None:
        click.echo(f"{output}: {size:,} bytes.", err=True)
    if more and not writer.is_feed:
        click.echo(f"There are more events than the limit of {asked.limit:,}.", err=True)
    return 0


def _format(form: str | None, output: Path | None) -> Format:
    if form is not None:
        return Format(form)
    if output is None:
        return Format.NDJSON
    extensions = {writer.extension: writer.format for writer in reversed(WRITERS.values())}
    if (found := extensions.get(output.name.lower().partition(".")[2])) is not None:
        return found
    if (found := extensions.get(output.suffix.lower().removeprefix("."))) is not None:
        return found
    raise click.BadParameter(f"the name '{output.name}' says no format; choose one", param_hint="--format")


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Open the output under another name until it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = output.with_name(f".{output.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)


async def _export(settings: Settings, url: str, wanted: _Wanted, file: IO[bytes]) -> tuple[int, bool]:
    """Write to the file; gives how many bytes, and whether the limit has left events out."""
    store = Store(await create_pool(url, size=2, query_timeout_s=_QUERY_TIMEOUT_S))
    size = 0
    try:
        await store.ready()
        source = await _source(store, settings, wanted)
        export = await begin(wanted.writer, source, limited=wanted.limited)
        async for chunk in export.chunks:
            size += file.write(chunk)
    finally:
        await store.close()
    return size, export.next is not None


async def _source(store: Store, settings: Settings, wanted: _Wanted) -> Source:
    home = settings.public_url or f"http://{settings.host}:{settings.port}"
    query = urlencode([*wanted.filters, ("format", wanted.writer.format.value)])
    address, pages, titles = f"{home}/v1/events?{query}", pages_of_events(store, edit=wanted.edit), None
    asked = await pin(store, wanted.asked, edit=wanted.edit)
    if wanted.chronology is not None:
        as_of = int(asked.as_of) if asked.as_of is not None and asked.cursor is None else None
        chronology = await find_chronology(store, wanted.chronology, edit=wanted.edit, as_of=as_of)
        if chronology is None:
            raise problem("not-found", f"There is no chronology {wanted.chronology!r}.")
        address = f"{home}/v1/chronologies/{chronology.slug}/events?{query}"
        pages, titles = pages_of_chronology(store, chronology, edit=wanted.edit), Titles.of(chronology, home)
    heading = await heading_of(
        store,
        asked,
        edit=wanted.edit,
        home=home,
        address=address,
        titles=titles,
        limited=wanted.limited and not wanted.writer.is_feed,
    )
    return Source(store, pages, asked, wanted.edit, heading)
