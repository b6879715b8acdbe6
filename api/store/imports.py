"""Reports of imports: kept while they grow, in parts, until they expire."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import structs

from api.store.sql import query
from api.store.store import Store
from schema.imports import ImportReport, ImportRowResult, ImportState, ImportSummary
from schema.wire import encode

#: An import that says it is running and has not been heard of for so long has ended with its server.
SILENT_AFTER = timedelta(minutes=10)


async def keep_summary(store: Store, summary: ImportSummary) -> None:
    """Keep how far an import is; taking in a new one takes away some that have expired."""
    async with store.connection() as connection, connection.transaction():
        if summary.state is ImportState.RUNNING and not summary.rows:
            await connection.execute(query("imports", "purge"))
        expires_at = datetime.fromisoformat(summary.expires_at)
        await connection.execute(query("imports", "keep"), summary.id, encode(summary), expires_at)


async def keep_part(store: Store, summary: ImportSummary, number: int, results: Sequence[ImportRowResult]) -> None:
    """Keep the results of some rows, and how far the import is with them."""
    async with store.connection() as connection, connection.transaction():
        # Again, if it was deleted: a redaction forgets all reports.
        expires_at = datetime.fromisoformat(summary.expires_at)
        await connection.execute(query("imports", "keep"), summary.id, encode(summary), expires_at)
        await connection.execute(query("imports", "add_part"), summary.id, number, encode(results))


async def get_report(store: Store, import_id: UUID) -> ImportReport | None:
    """Read a report; None where there is none, or none any more."""
    async with store.reading() as connection:
        row = await connection.fetchrow(query("imports", "find"), import_id, SILENT_AFTER)
        if row is None:
            return None
        parts = await connection.fetch(query("imports", "parts"), import_id)
    summary = msgspec.json.decode(row["summary"], type=ImportSummary)
    if summary.state is ImportState.RUNNING and row["is_silent"]:
        detail = "It was interrupted. What it had written is written; import the file again for the rest."
        summary = structs.replace(summary, state=ImportState.FAILED, problem=detail)
    results = [result for part in parts for result in msgspec.json.decode(part["results"], type=list[ImportRowResult])]
    return report_of(summary, results)


def report_of(summary: ImportSummary, results: Sequence[ImportRowResult]) -> ImportReport:
    """Put a report together, the rows in the order of the file."""
    fields = {name: getattr(summary, name) for name in summary.__struct_fields__}
    return ImportReport(**fields, results=sorted(results, key=lambda result: result.row))
