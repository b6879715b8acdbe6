"""``dateline import``: files of events, written into the store without a server in between."""

import asyncio
import hashlib
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import click

from api.cli.command import main, with_settings
from api.cli.first_run import MACHINE
from api.engine.access import access
from api.engine.pool import create_pool
from api.ingest.rows import Chunk, Row, in_chunks, read_array, read_lines
from api.ingest.run import Options, read_chunks, write_chunks, write_whole
from api.settings import Settings
from api.store.idempotency import Key, digest_of
from api.store.store import Store
from schema.batch import RowResult, RowStatus
from schema.problem import ProblemError
from schema.text import SLUG_PATTERN

#: For how long a file that is imported again goes on where it was.
REMEMBERED_FOR = timedelta(days=30)
#: How many refused rows are told in full; the others are counted.
TOLD_ROWS = 20
_SCHEME = re.compile(SLUG_PATTERN)
_PIECE_BYTES = 256 * 1024


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Do all of it, say what would become of the rows, and undo it.")
@click.option(
    "--upsert-on",
    metavar="SCHEME",
    help="A scheme of external_ids: a row whose identifier an event has already is that event's new content.",
)
@click.option("--author", default=MACHINE, show_default=True, help="The name under which the history keeps it.")
@with_settings
def import_files(
    settings: Settings, *, files: tuple[Path, ...], dry_run: bool, upsert_on: str | None, author: str
) -> int:
    """Write the events of each FILE into the store: one event a line (NDJSON), or one JSON array.

    Rows are those of POST /v1/events/batch. Rows with faults are refused and do not stop the others. It can be
    interrupted at any time: the same file, imported again within 30 days, goes on where it was, writes nothing twice,
    and tries again what was refused. While a dry run lasts, everybody else's writes wait.
    """
    author = " ".join(author.split())
    if not author or len(author) > 100 or not author.isprintable():
        raise click.BadParameter("give a name of up to 100 printable characters", param_hint="--author")
    options = Options(author, _scheme(upsert_on))
    refused = 0
    with access(settings) as database:
        for file in files:
            try:
                refused += asyncio.run(_import(settings, database.url, file, options, dry_run=dry_run))
            except ProblemError as error:
                click.echo(f"{file}: {error.detail}", err=True)
                return 1
    return 1 if refused else 0


def _scheme(text: str | None) -> str | None:
    if text is not None and (len(text) > 100 or not _SCHEME.match(text)):
        raise click.BadParameter("a scheme is made of lower-case letters, digits and hyphens", param_hint="--upsert-on")
    return text


async def _import(settings: Settings, url: str, file: Path, options: Options, *, dry_run: bool) -> int:
    """Import one file and say what became of it; gives how many rows were refused."""
    pool = await create_pool(url, size=1, query_timeout_s=settings.write_timeout_s)
    store = Store(pool)
    counts: Counter[str] = Counter()
    told = 0
    try:
        with click.progressbar(length=_size(file), label=file.name, file=sys.stderr) as bar:
            rows = _rows(file, settings.maximum_body_bytes, bar.update)
            async for results, earlier in _written(store, in_chunks(rows), options, _scope(file, options), dry_run):
                for result in results:
                    is_refused = result.status is RowStatus.REFUSED
                    counts["before" if result.row in earlier else result.status.value] += 1
                    if is_refused and told < TOLD_ROWS:
                        told += 1
                        _tell(result)
    finally:
        await store.close()
    _summarize(file, counts, dry_run=dry_run)
    return counts[RowStatus.REFUSED]


async def _written(
    store: Store, chunks: AsyncIterator[Chunk], options: Options, scope: bytes, dry_run: bool
) -> AsyncIterator[tuple[list[RowResult], set[int]]]:
    """Write a file's chunks; gives their results, and the numbers of the rows that an earlier run had written."""
    if dry_run:
        # A file may be larger than the memory: of this one, no more than a chunk is held, and others wait for it.
        answer = await write_whole(store, read_chunks(chunks), options, atomic=False, dry_run=True)
        yield answer.results, set()
        return

    def key_of(chunk: Chunk) -> Key:
        return Key(scope, chunk.digest, chunk.number, REMEMBERED_FOR)

    async for _, results, earlier in write_chunks(store, chunks, options, key_of, retry_refused=True):
        yield results, earlier


def _scope(file: Path, options: Options) -> bytes:
    """Say which import this is: of these bytes, whatever the file is called, under this name, in this way."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").digest()
    return digest_of("import", options.author, options.upsert_on or "", digest)


async def _rows(file: Path, maximum_row_bytes: int, update: Callable[[int], object]) -> AsyncIterator[Row]:
    """Read a file's rows; ``update`` is told how many bytes have been taken."""

    async def pieces() -> AsyncIterator[bytes]:
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE_BYTES):
                yield piece
                update(len(piece))

    if _is_array(file):
        raw = b"".join([piece async for piece in pieces()])
        rows = read_array(raw, maximum_row_bytes=maximum_row_bytes)
    else:
        rows = read_lines(pieces(), maximum_row_bytes=maximum_row_bytes)
    async for row in rows:
        yield row


def _size(file: Path) -> int:
    return file.stat().st_size


def _is_array(file: Path) -> bool:
    """Tell a JSON array from NDJSON, whose lines are objects."""
    with file.open("rb") as opened:
        while piece := opened.read(4096):
            if stripped := piece.lstrip():
                return stripped.startswith(b"[")
    return False


def _tell(result: RowResult) -> None:
    own = f"/{result.row}"
    faults = "; ".join(f"{(fault.pointer or own).removeprefix(own)} {fault.detail}".strip() for fault in result.errors)
    click.echo(f"\nRow {result.row + 1} is refused: {faults}", err=True)


def _summarize(file: Path, counts: Counter[str], *, dry_run: bool) -> None:
    words = [f"{counts[status.value]:,} {status.value}" for status in RowStatus]
    if counts["before"]:
        words.append(f"{counts['before']:,} imported before")
    click.echo(f"{file.name}: {', '.join(words)}.{' Nothing was written: this was a dry run.' if dry_run else ''}")
