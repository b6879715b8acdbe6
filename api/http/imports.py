"""``/v1/imports``."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from litestar import Response, get, post
from litestar.datastructures.headers import Accept
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import structs

from api.formats.report import MEDIA_TYPES, write_csv, write_xlsx
from api.http.contract import FORM, JSON, NDJSON, Contract, Link
from api.http.dependencies import AnImportQuery, AReportQuery, HttpRequest, TheReader, TheSettings, TheStore
from api.http.examples import IMPORT_REPORT
from api.http.format_examples import EVENT_LINE, EVENT_TABLE, REPORT_TABLE
from api.http.parameters import read_uuid
from api.http.uploads import Upload, take_file
from api.ingest.importing import Way, file_source, import_rows
from api.ingest.opening import Opened, open_rows
from api.store.identity import new_id
from api.store.imports import get_report, keep_part, keep_summary, report_of
from api.store.log import wire_time
from api.store.store import Store
from schema.batch import MAXIMUM_ROWS
from schema.imports import (
    MAXIMUM_IMPORT_ROWS,
    REPORT_DAYS,
    ImportCounts,
    ImportForm,
    ImportQuery,
    ImportReport,
    ImportRowResult,
    ImportState,
    ImportSummary,
    ReportFormat,
    ReportQuery,
)
from schema.problem import ProblemError, problem
from schema.wire import encode

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What a file may be sent as, each with an example.
_FILES = {
    NDJSON: EVENT_LINE,
    JSON: {"events": [{"start_date": {"year": "2024", "month": "6"}, "text": {"headline": "The treaty is signed"}}]},
    CSV: EVENT_TABLE,
    **dict.fromkeys((XLSX, "application/gzip", "application/octet-stream")),
}
_PIECE_BYTES = 256 * 1024


@post(
    "/v1/imports",
    operation_id="createImport",
    summary="Import a file",
    status_code=201,
    opt={
        "contract": Contract(
            tag="imports",
            status=201,
            query=ImportQuery,
            body=ImportForm,
            body_media_types=(FORM,),
            body_examples={"a table": {"file": EVENT_TABLE}},
            body_formats=_FILES,
            answer=ImportReport,
            answer_headers=("Location",),
            problems=("unreadable-file", "too-many-rows"),
            scope="edit",
            links={"report": Link("getImport", {"import_id": "$response.body#/id"}, "Read the report again.")},
            answer_examples={"two rows": IMPORT_REPORT},
        )
    },
)
async def create_import(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, asked: AnImportQuery
) -> Response[bytes]:
    """Write the events of a file of up to 100,000 rows, and report what became of each row.

    The file is the body itself or, with a mapping for foreign columns, a part of a form. Rows are written in chunks;
    those with faults are refused and do not stop the others. The same file again changes nothing, and finishes what
    was cut off: each row is an event by its own id, by the dataset's, or by what it says. With `atomic` or `dry_run`,
    during which all other writes wait, a file has up to 10,000 rows. Nothing in a file is fetched.
    """
    with ExitStack() as stack:
        file = cast(BinaryIO, stack.enter_context(TemporaryFile(prefix="dateline-import-")))
        upload = await take_file(request, file, media_types=tuple(_FILES), maximum_bytes=settings.maximum_import_bytes)
        opening = open_rows(file, asked.format, upload.mapping)
        opened = await asyncio.to_thread(stack.enter_context, opening)
        report = await _imported(store, opened, upload, asked, reader.author)
    headers = {"Location": f"/v1/imports/{report.id}", "Cache-Control": "no-store"}
    return Response(encode(report), status_code=201, media_type=JSON, headers=headers)


async def _imported(store: Store, opened: Opened, upload: Upload, asked: ImportQuery, author: str) -> ImportReport:
    """Write a file's rows, keeping the report while it grows."""
    begun = datetime.now(UTC)
    summary = ImportSummary(
        id=new_id(),
        state=ImportState.RUNNING,
        author=author,
        started_at=wire_time(begun),
        expires_at=wire_time(begun + timedelta(days=REPORT_DAYS)),
        file=upload.name,
        bytes=upload.size,
        digest=upload.digest,
        format=opened.format,
        encoding=opened.encoding,
        line_ends=opened.line_ends,
        dry_run=asked.dry_run,
        atomic=asked.atomic,
        upsert_on=asked.upsert_on,
        mapped=upload.mapping is not None,
    )
    await keep_summary(store, summary)
    source = file_source(upload.name, opened.format, upload.digest, upload.mapping)
    # One transaction for all rows holds up everybody else's writes.
    most_rows = MAXIMUM_ROWS if asked.atomic or asked.dry_run else MAXIMUM_IMPORT_ROWS
    way = Way(author, source, asked.upsert_on, asked.atomic, asked.dry_run, most_rows=most_rows)
    is_whole = asked.atomic or asked.dry_run
    results: list[ImportRowResult] = []
    parts = 0

    async def tell(more: list[ImportRowResult]) -> None:
        nonlocal summary, parts
        results.extend(more)
        summary = summary.plus(more)
        # While one transaction holds a connection for all of it, no other one is asked for.
        if not is_whole:
            await keep_part(store, summary, parts, more)
            parts += 1

    try:
        await import_rows(store, opened, way, tell)
        if is_whole:
            for place in range(0, len(results), 1000):
                await keep_part(store, summary, place, results[place : place + 1000])
    except BaseException as error:
        told = error.detail if isinstance(error, ProblemError) else "It was interrupted."
        await asyncio.shield(_failed(store, summary, told, is_whole=is_whole))
        if isinstance(error, ProblemError):
            raise _stopped(error, summary, is_whole=is_whole) from error
        raise
    finished = wire_time(datetime.now(UTC))
    summary = structs.replace(
        summary, state=ImportState.FINISHED, finished_at=finished, notes=list(dict.fromkeys(opened.notes))
    )
    await keep_summary(store, summary)
    return report_of(summary, results)


async def _failed(store: Store, summary: ImportSummary, detail: str, *, is_whole: bool) -> None:
    # Of what was one transaction nothing is written.
    counts = structs.asdict(ImportCounts()) if is_whole else {}
    summary = structs.replace(
        summary, state=ImportState.FAILED, finished_at=wire_time(datetime.now(UTC)), problem=detail, **counts
    )
    # Should the store be away, the report will be found silent.
    with suppress(ProblemError):
        await keep_summary(store, summary)


def _stopped(error: ProblemError, summary: ImportSummary, *, is_whole: bool) -> ProblemError:
    """Add to a problem what stays written although the answer is no success."""
    if is_whole or not summary.rows:
        return error
    done = summary.rows - summary.refused
    return ProblemError(
        error.kind,
        f"{error.detail} {done:,} rows are written or were there, {summary.refused:,} were refused: see"
        f" /v1/imports/{summary.id}. Send the same file again for the rest.",
        error.faults,
        headers=error.headers,
    )


@get(
    "/v1/imports/{import_id:str}",
    operation_id="getImport",
    summary="Read the report of an import",
    opt={
        "contract": Contract(
            tag="imports",
            query=ReportQuery,
            answer=ImportReport,
            answer_formats={CSV: REPORT_TABLE, XLSX: None},
            problems=("not-acceptable",),
            scope="edit",
            answer_examples={"two rows": IMPORT_REPORT},
        )
    },
)
async def get_import(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AReportQuery, import_id: FromPath[str]
) -> Response[bytes] | Stream:
    """Read how far an import is, and what became of each row so far; as JSON or as a spreadsheet.

    Reports are kept for 30 days.
    """
    number = read_uuid(import_id, "import_id")
    chosen = _chosen(request, asked.format)
    report = await get_report(store, number)
    if report is None:
        raise problem("not-found", "There is no such report, or none any more.")
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if chosen is ReportFormat.JSON:
        return Response(encode(report), status_code=200, media_type=JSON, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="import-{number}.{chosen.value}"'
    if chosen is ReportFormat.CSV:
        return Stream(write_csv(report), media_type=CSV, headers=headers)
    file = cast(BinaryIO, TemporaryFile(prefix="dateline-report-"))  # noqa: SIM115 - it is closed when it is sent
    await asyncio.to_thread(write_xlsx, report, file)
    return Stream(_pieces(file), media_type=XLSX, headers=headers)


def _chosen(request: HttpRequest, asked: ReportFormat | None) -> ReportFormat:
    accepted = ", ".join(request.headers.getall("Accept", []))
    if asked is not None or not accepted:
        return asked or ReportFormat.JSON
    matched = Accept(accepted).best_match(list(MEDIA_TYPES))
    if matched is None:
        known = ", ".join(MEDIA_TYPES)
        raise problem("not-acceptable", f"None of the accepted media types can be given. There are: {known}.")
    return MEDIA_TYPES[matched]


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece


HANDLERS = [create_import, get_import]
