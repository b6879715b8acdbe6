"""Importing files in tests: what they hold, and how they are sent."""

import json
from pathlib import Path
from typing import Any

from tests.conftest import Client

MAPPINGS = Path(__file__).parents[2] / "docs" / "mappings"


def lines(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


async def send_file(
    client: Client,
    content: bytes,
    name: str = "events.ndjson",
    mapping: Any = None,
    headers: dict[str, str] | None = None,
    **query: Any,
) -> dict[str, Any]:
    """Import a file that must be taken, and give its report."""
    parts: dict[str, Any] = {"file": (name, content, "application/octet-stream")}
    if mapping is not None:
        raw = mapping if isinstance(mapping, bytes) else json.dumps(mapping).encode()
        parts["mapping"] = ("mapping.json", raw, "application/json")
    params = {key: str(value).lower() if isinstance(value, bool) else value for key, value in query.items()}
    answer = await client.http.post("/v1/imports", files=parts, params=params, headers=headers or client.edit)
    assert answer.status_code == 201, answer.text
    report: dict[str, Any] = answer.json()
    return report


def statuses(report: dict[str, Any]) -> list[str]:
    return [result["status"] for result in report["results"]]


async def events(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = await client.http.get(f"/v1/events?limit=1000{query}", headers=client.edit)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
