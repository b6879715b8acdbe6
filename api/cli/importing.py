"""``dateline import``: files of events, written into the store without a server in between."""

import asyncio
import hashlib
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import click
from msgspec import structs

from api.cli.command import main, with_settings
from api.cli.first_run import MACHINE
from api.engine.access import access
from api.engine.pool import create_pool
from api.formats.report import told, write_csv, write_xlsx
from api.ingest.importing import Way, file_source, import_rows
from api.ingest.opening import Opened, open_rows
from api.settings import Settings
from api.store.identity import new_id
from api.store.imports import report_of
from api.store.log import wire_time
from api.store.store import Store
from schema.batch import RowStatus
from schema.imports import ImportFormat, ImportReport, ImportRowResult, ImportState, ImportSummary, ReportFormat
from schema.mapping import Mapping
from schema.problem import ProblemError
from schema.text import SLUG_PATTERN
from schema.validation import MalformedError, parse_strictly, read
from schema.wire import encode

#: How many refused rows are told in full; the others are counted.
TOLD_ROWS = 20
_SCHEME = re.compile(SLUG_PATTERN)
_REPORTS = {f".{form.value}": form for form in ReportFormat}


@main.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice([form.value for form in ImportFormat]), help="What the files are; else told."
)
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A mapping (JSON): which columns or fields of a foreign file mean what.",
)
@click.option("--dry-run", is_flag=True, help="Do all of it, say what would become of the rows, and undo it.")
@click.option("--atomic", is_flag=True, help="All rows of a file or none.")
@click.option(
    "--upsert-on",
    metavar="SCHEME",
    help="A scheme of external_ids: a row whose identifier an event has already is that event's new content.",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what became of each row to this file: .json, .csv or .xlsx.",
)
@click.option("--author", default=MACHINE, show_default=True, help="The name under which the history keeps it.")
@with_settings
def import_files(
    settings: Settings,
    *,
    files: tuple[Path, ...],
    form: str | None,
    mapping_file: Path | None,
    dry_run: bool,
    atomic: bool,
    upsert_on: str | None,
    report_file: Path | None,
    author: str,
) -> int:
    """Write the events of each FILE into the store.

    Files are ndjson, json, csv, xlsx, timelinejs, acled or ucdp, also compressed (gzip). Rows with faults are refused
    and do not stop the others. It can be interrupted at any time: the same file again changes nothing, and finishes
    what was left. While a dry run or an atomic import lasts, everybody else's writes wait.
    """
    author = " ".join(author.split())
    if not author or len(author) > 100 or not author.isprintable():
        raise click.BadParameter("give a name of up to 100 printable characters", param_hint="--author")
    if report_file is not None and (report_file.suffix.lower() not in _REPORTS or len(files) > 1):
        raise click.BadParameter("a name that ends in .json, .csv or .xlsx, for one file", param_hint="--report")
    mapping = _mapping(mapping_file) if mapping_file is not None else None
    way = Way(author, {}, _scheme(upsert_on), atomic, dry_run)
    refused = 0
    with access(settings) as database:
        for file in files:
            try:
                task = _import(settings, database.url, file, form, mapping, way, report_file)
                refused += asyncio.run(task)
            except ProblemError as error:
                click.echo(f"{file}: {error.detail}", err=True)
                for fault in error.faults[:TOLD_ROWS]:
                    hint = f" ({fault.suggestion})" if isinstance(fault.suggestion, str) else ""
                    click.echo(f"    {fault.pointer or ''} {fault.detail}{hint}", err=True)
                return 1
    return 1 if refused else 0


def _scheme(text: str | None) -> str | None:
    if text is not None and (len(text) > 100 or not _SCHEME.match(text)):
        raise click.BadParameter("a scheme is made of lower-case letters, digits and hyphens", param_hint="--upsert-on")
    return text


def _mapping(file: Path) -> Mapping:
    try:
        reading = read(parse_strictly(file.read_bytes()), Mapping)
    except MalformedError as error:
        raise click.BadParameter(str(error), param_hint="--mapping") from None
    if reading.flaws:
        flaws = "; ".join(
            f"{flaw.pointer or '/'} {flaw.detail}" + (f" ({flaw.suggestion})" if flaw.suggestion else "")
            for flaw in reading.flaws[:TOLD_ROWS]
        )
        raise click.BadParameter(flaws, param_hint="--mapping")
    return reading.value


class _Watched:
    """A file that tells a progress bar how far it has been read for the rows; earlier looks do not count."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self._told = 0

    def progress(self) -> int:
        """How many bytes further it is than when this was last asked."""
        place = self.file.tell()
        more, self._told = max(0, place - self._told), max(place, self._told)
        return more


async def _import(
    settings: Settings,
    url: str,
    path: Path,
    form: str | None,
    mapping: Mapping | None,
    way: Way,
    report_file: Path | None,
) -> int:
    """Import one file and say what became of it; gives how many rows were refused."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        with open_rows(file, ImportFormat(form) if form else None, mapping) as opened:
            source = file_source(" ".join(path.name.split())[:200], opened.format, digest, mapping)
            summary = _summary(path, digest, opened, way, mapped=mapping is not None)
            pool = await create_pool(url, size=1, query_timeout_s=settings.write_timeout_s)
            store = Store(pool)
            kept: list[ImportRowResult] = []
            shown = 0
            watched = _Watched(file)

            async def tell(results: list[ImportRowResult]) -> None:
                nonlocal summary, shown
                summary = summary.plus(results)
                if report_file is not None:
                    kept.extend(results)
                for result in results:
                    if result.status is RowStatus.REFUSED and shown < TOLD_ROWS:
                        shown += 1
                        click.echo(f"\nRow {result.row + 1} is refused: {told(result, summary)}", err=True)
                bar.update(watched.progress())

            try:
                await store.ready()
                with click.progressbar(length=size, label=path.name, file=sys.stderr) as bar:
                    await import_rows(store, opened, way._replace(source=source), tell)
            finally:
                await store.close()
            finished = wire_time(datetime.now(UTC))
            notes = list(dict.fromkeys(opened.notes))
            summary = structs.replace(summary, state=ImportState.FINISHED, finished_at=finished, notes=notes)
    _tell(summary)
    if report_file is not None:
        _write_report(report_of(summary, kept), report_file)
    return summary.refused


def _summary(path: Path, digest: str, opened: Opened, way: Way, *, mapped: bool) -> ImportSummary:
    now = wire_time(datetime.now(UTC))
    return ImportSummary(
        id=new_id(),
        state=ImportState.RUNNING,
        author=way.author,
        started_at=now,
        expires_at=now,
        file=" ".join(path.name.split())[:200],
        bytes=path.stat().st_size,
        digest=digest,
        format=opened.format,
        encoding=opened.encoding,
        line_ends=opened.line_ends,
        dry_run=way.dry_run,
        atomic=way.atomic,
        upsert_on=way.upsert_on,
        mapped=mapped,
    )


def _tell(summary: ImportSummary) -> None:
    words = [f"{getattr(summary, status.value):,} {status.value}" for status in RowStatus]
    if summary.warned:
        words.append(f"{summary.warned:,} with warnings")
    nothing = " Nothing was written: this was a dry run." if summary.dry_run else ""
    click.echo(f"{summary.file}: {', '.join(words)}.{nothing}")
    told = [summary.format.value, summary.encoding, f"lines end in {summary.line_ends}" if summary.line_ends else None]
    click.echo(f"    Read as {', '.join(text for text in told if text)}.")
    for note in summary.notes:
        click.echo(f"    {note}")


def _write_report(report: ImportReport, path: Path) -> None:
    match _REPORTS[path.suffix.lower()]:
        case ReportFormat.JSON:
            path.write_bytes(encode(report))
        case ReportFormat.CSV:
            path.write_bytes(b"".join(write_csv(report)))
        case ReportFormat.XLSX:
            with path.open("wb") as file:
                write_xlsx(report, cast(BinaryIO, file))
