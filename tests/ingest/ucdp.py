"""A part of the UCDP file, imported for tests that ask for its events, and how these are asked for."""

import csv
import gzip
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from api.engine.embedded import EmbeddedServer
from tests.beside import shared
from tests.conftest import Client, fresh_database, serving
from tests.ingest.files import send_file

#: Every how many rows one is taken, beside all whose day is not known.
EVERY = 12


class Imported(NamedTuple):
    client: Client
    records: list[dict[str, str]]
    report: dict[str, Any]


@asynccontextmanager
async def imported_file(server: EmbeddedServer, template: str) -> AsyncIterator[Imported]:
    text = gzip.decompress(shared("data/ucdp_ged_syria.csv.gz").read_bytes()).decode()
    records = list(csv.DictReader(io.StringIO(text, newline="")))
    kept = [record for number, record in enumerate(records) if number % EVERY == 0 or record["date_prec"] != "1.0"]
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(kept[0]))
    writer.writeheader()
    writer.writerows(kept)
    async with fresh_database(server, template) as made, serving(made) as client:
        report = await send_file(client, gzip.compress(written.getvalue().encode()), "ged.csv.gz")
        yield Imported(client, kept, report)


async def found_by(client: Client, query: list[tuple[str, str]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    address: str | None = "/v1/events"
    params: Any = [*query, ("limit", "1000")]
    while address is not None:
        answer = await client.http.get(address, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        params = [*query, ("limit", "1000"), ("cursor", page["next"])]
        address = address if page["next"] else None
    return found


def last_day(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    days = [31, 29 if year % 4 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return f"{month}-{days[number - 1]}"


def bound_of(date: str | None, *, end: bool) -> str | None:
    if date is None or len(date) == 10:
        return date
    if len(date) == 4:
        return f"{date}-12-31" if end else f"{date}-01-01"
    return last_day(date) if end else f"{date}-01"
