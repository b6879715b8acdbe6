"""Every format, written over the shipped chronology and dates of every kind: run by itself, it says what came out.

The output is JSON, {format: SHA-256}. For a workbook, which is a zip file with times of its own, it is of its cells.
"""

import asyncio
import hashlib
import io
import json
import sys

import openpyxl

from api.formats.entry import Entry
from api.formats.registry import WRITERS
from schema.format import Format
from tests.formats.parts import sample_part, single, written

#: Days and times at which a shift by a zone would show, and every kind of rough date.
DATES = [
    "2025-04-28",
    "2024-12-31",
    "2025-01-01",
    "2024-02-29",
    "2025-03-30",
    "2025-06-02T00:30:00+03:00",
    "2025-06-02T23:30:00-08:00",
    "2025-06-02T23:59:59",
    "2025-06-02T00:00:00Z",
    "2024-06",
    "2024~",
    "2024-06?",
    "2024-24",
    "202X",
    "18XX",
    "2023-09/..",
    "../2024-06-01",
    "/2024-06-01",
    "2024-06-01/2024-06-03",
    "2024-12-31/2025-01-01",
    "[2025-04-24..2025-04-30]",
    "{2025-04-24,2025-05-01}",
    "-0043-03-13",
    "Y17000",
]


async def every_format() -> dict[str, str]:
    """Write everything, and say what came out."""
    whole = sample_part()
    entries = list(whole.entries)
    for number, text in enumerate(DATES):
        part = single({"date": text, "id": f"33333333-3333-4333-8333-{number:012}"})
        entries += [Entry(entry.event) for entry in part.entries]
        whole = whole._replace(actors=whole.actors | part.actors, sources=whole.sources | part.sources)
    said = {}
    for form, writer in WRITERS.items():
        content = await written(writer, whole._replace(entries=entries))
        said[form.value] = hashlib.sha256(_cells(content) if form is Format.XLSX else content).hexdigest()
    return said


def _cells(workbook: bytes) -> bytes:
    sheets = openpyxl.load_workbook(io.BytesIO(workbook), read_only=True)
    return repr([[list(row) for row in sheet.iter_rows(values_only=True)] for sheet in sheets]).encode()


if __name__ == "__main__":
    json.dump(asyncio.run(every_format()), sys.stdout)
