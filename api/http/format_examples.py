"""Examples of events in each format, for the contract: the treaty of June 2024, as the writers write it."""

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from msgspec import convert

from api.formats.entry import Entry, EventChange, Heading, Part, Writer
from api.formats.registry import WRITERS
from api.formats.report import write_csv
from api.http.examples import ACTORS_IN_FULL, EVENT_IN, IMPORT_REPORT, RECORDED_AT, SOURCES_IN_FULL, THE_EVENT
from schema.format import Format
from schema.imports import ImportReport
from schema.vocabulary import ChangeType
from schema.wire import encode

_HEADING = Heading(
    title="Events of June 2024",
    home="https://dateline.example",
    address="https://dateline.example/v1/events?date_from=2024-06&date_to=2024-06",
    sequence=80,
    digest="5e" * 32,
    recorded_at=RECORDED_AT,
    earliest="2024-06-01",
    latest="2024-06-30",
    licence="CC0-1.0",
    language="en",
)
_CREATED = EventChange(revision=1, type=ChangeType.CREATE, recorded_at=RECORDED_AT, reason=None)


def _example(writer: Writer) -> Any:
    """Write the example as its media type has it: JSON as a value, other text as text; None for what is no text."""
    if not writer.is_text:
        return None
    text = _at_once(_written(writer))
    return json.loads(text) if writer.media_type.endswith("json") and writer.format is not Format.NDJSON else text


async def _written(writer: Writer) -> str:
    async def parts() -> AsyncIterator[Part]:
        mentioned = {actor.id for actor in THE_EVENT.actors}
        sources = {citation.source: SOURCES_IN_FULL[citation.source] for citation in THE_EVENT.citations}
        mentioned |= {source.publisher for source in sources.values() if source.publisher is not None}
        actors = {name: ACTORS_IN_FULL[name] for name in sorted(mentioned)}
        yield Part([Entry(THE_EVENT, changes=(_CREATED,))], actors, sources)

    return b"".join([piece async for piece in writer.write(_HEADING, parts())]).decode()


def _at_once(writing: Any) -> Any:
    """Run what never waits for anything: so it can be made while an event loop runs, or where there is none."""
    try:
        writing.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("a writer of text waits for something")


#: Each media type of a list beside that of pages, and an example of it.
FORMAT_EXAMPLES: dict[str, Any] = {
    writer.media_type: _example(writer) for writer in WRITERS.values() if writer.format is not Format.JSON
}

#: The same event as it comes in: a line of NDJSON, and a table with the columns that are needed.
EVENT_LINE = encode(EVENT_IN).decode() + "\n"


def _table(*rows: Sequence[str]) -> str:
    made = io.StringIO(newline="")
    csv.writer(made).writerows(rows)
    return made.getvalue()


_CITED = SOURCES_IN_FULL[THE_EVENT.citations[0].source]
EVENT_TABLE = _table(
    ("title", "date", "kind", "source_title", "source_url"),
    (THE_EVENT.title, THE_EVENT.date.text, THE_EVENT.kind, _CITED.title, _CITED.url or ""),
)
#: The report of an import as a table.
REPORT_TABLE = b"".join(write_csv(convert(IMPORT_REPORT, ImportReport))).decode()
