"""What came back from a format, written into an empty store, is the same there."""

from typing import Any

from schema.event import EventIn
from schema.wire import encode
from tests.conftest import Client


async def equal_in_an_empty_store(sample: Client, client: Client, values: list[dict[str, Any] | None]) -> None:
    """Write rows into the empty store of ``client`` and compare events, sources and actors with those of ``sample``."""
    answer = await client.http.post(
        "/v1/events/batch",
        content=b"\n".join(map(encode, _related_first(values))),
        headers={**client.edit, "Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["created"] == len(values) > 10
    for path in ("events", "actors", "sources"):
        before = (await sample.http.get(f"/v1/{path}?limit=1000")).json()["items"]
        after = {item["id"]: item for item in (await client.http.get(f"/v1/{path}?limit=1000")).json()["items"]}
        for item in before:
            if path == "events" or item["id"] in after:
                assert _content(after[item["id"]]) == _content(item)
        if path == "events":
            assert len(after) == len(before)


def _related_first(values: list[dict[str, Any] | None]) -> list[dict[str, Any]]:
    """The rows in an order in which each finds the events that it names."""
    waiting = [value for value in values if value is not None]
    ordered: list[dict[str, Any]] = []
    while waiting:
        known = {value["id"] for value in ordered}
        ready = [
            value for value in waiting if {relation["event_id"] for relation in value.get("relations", ())} <= known
        ]
        assert ready
        ordered += ready
        waiting = [value for value in waiting if value not in ready]
    return ordered


def _content(item: dict[str, Any]) -> dict[str, Any]:
    if "evidence" in item:
        return {name: item[name] for name in (*EventIn.__struct_fields__, "evidence", "when")}
    return {name: value for name, value in item.items() if name not in _SET_BY_THE_STORE}


_SET_BY_THE_STORE = {"revision", "sequence", "created_at", "updated_at"}
