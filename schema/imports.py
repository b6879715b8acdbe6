"""Files of events that come in: how they are to be read and written, and the report of what became of each row."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from schema.batch import RowResult
from schema.mapping import Mapping
from schema.text import Line, Sha256, Slug, Timestamp

#: How many rows one file has at most that is sent over HTTP.
MAXIMUM_IMPORT_ROWS = 100_000
#: For how many days a report is kept.
REPORT_DAYS = 30


class ImportFormat(StrEnum):
    """A form in which events come in."""

    NDJSON = "ndjson"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"
    TIMELINEJS = "timelinejs"
    ACLED = "acled"
    UCDP = "ucdp"


class ImportState(StrEnum):
    """How far an import is: rows are being written, all are done, or it was stopped before the end."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


class ImportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file is to be read and written."""

    format: Annotated[
        ImportFormat | None,
        Meta(description="What the file is; left out, it is told by its content, and the report says what it was."),
    ] = None
    dry_run: Annotated[bool, Meta(description="Do all of it, report what would become of the rows, and undo it.")] = (
        False
    )
    atomic: Annotated[
        bool,
        Meta(description="All rows or none: with `true`, one row that is refused has nothing written."),
    ] = False
    upsert_on: Annotated[
        Slug | None,
        Meta(
            description="A scheme of `external_ids`: a row whose identifier of that scheme an event has already is "
            "that event's new content. Every row needs one. Left out, rows are matched by their ids.",
            examples=["acled"],
        ),
    ] = None


class ImportForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file in a form, and what its columns mean where they are not the documented ones."""

    file: Annotated[
        str, Meta(description="The file; its name is taken from the part.", extra_json_schema={"format": "binary"})
    ]
    # Without a description of its own: generators of clients lose its type otherwise.
    mapping: Mapping | UnsetType = UNSET


class ImportRowResult(RowResult, frozen=True, kw_only=True):
    """What became of one row of a file."""

    warnings: Annotated[
        Sequence[str], Meta(description="What was noticed about the row that does not keep it from being written.")
    ] = ()


class ImportCounts(Struct, frozen=True, kw_only=True):
    """How many rows there are, what became of them, and how many have warnings."""

    rows: Annotated[int, Meta(description="How many rows have been read.")] = 0
    created: Annotated[int, Meta(description="How many of them made a new event.")] = 0
    updated: Annotated[int, Meta(description="How many made a new revision of an event.")] = 0
    unchanged: Annotated[int, Meta(description="How many say what their event says already.")] = 0
    refused: Annotated[int, Meta(description="How many have faults; they were not written.")] = 0
    warned: Annotated[int, Meta(description="How many have warnings, whatever became of them.")] = 0

    def plus(self, results: Sequence[ImportRowResult]) -> Self:
        """Count further rows in."""
        statuses = Counter(result.status.value for result in results)
        further = {**statuses, "rows": len(results), "warned": sum(bool(result.warnings) for result in results)}
        return structs.replace(self, **{name: getattr(self, name) + number for name, number in further.items()})


class ImportSummary(ImportCounts, frozen=True, kw_only=True):
    """The head of an import's report: the file, how it was read, and the counts."""

    id: Annotated[UUID, Meta(description="The import's id, by which its report is read again.")]
    state: ImportState
    author: Annotated[str, Meta(description="Under whose name the history has what was written.")]
    started_at: Annotated[Timestamp, Meta(description="When it began.")]
    finished_at: Annotated[Timestamp | None, Meta(description="When it ended; null while it runs.")] = None
    expires_at: Annotated[Timestamp, Meta(description="Until when the report is kept.")]
    file: Annotated[Line | None, Meta(description="The file's name, where it came with one.")] = None
    bytes: Annotated[int, Meta(description="The file's size as it was sent.")]
    digest: Annotated[Sha256, Meta(description="The SHA-256 of the file as it was sent.")]
    format: ImportFormat
    encoding: Annotated[
        str | None, Meta(description="The encoding of the text, given or detected; null where there is none to detect.")
    ] = None
    line_ends: Annotated[str | None, Meta(description="How lines end: LF, CRLF, CR or mixed.")] = None
    dry_run: Annotated[bool, Meta(description="Whether nothing of it was kept, as was asked for.")] = False
    atomic: Annotated[bool, Meta(description="Whether all rows or none were to be written.")] = False
    upsert_on: Annotated[
        Slug | None, Meta(description="The scheme of `external_ids` by which rows were matched with events.")
    ] = None
    mapped: Annotated[bool, Meta(description="Whether a mapping was used.")] = False
    notes: Annotated[Sequence[str], Meta(description="What was noticed about the file as a whole.")] = ()
    problem: Annotated[str | None, Meta(description="Why it stopped before the end, where it did.")] = None


class ImportReport(ImportSummary, frozen=True, kw_only=True):
    """What became of a file: its summary, and the result of every row so far, in the order of the file."""

    results: Annotated[Sequence[ImportRowResult], Meta(description="What became of each row so far.")] = ()


class ReportFormat(StrEnum):
    """A form in which a report is given."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class ReportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which form a report is wanted."""

    format: Annotated[
        ReportFormat | None, Meta(description="The form; left out, the header `Accept` decides, else `json`.")
    ] = None
