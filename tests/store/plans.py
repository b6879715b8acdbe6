"""What the server does for a statement that the application really sent: recorded, explained, and counted."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

from api.store.store import Store

#: The tables that grow with the store.
LARGE = {"event", "event_term", "source", "actor", "actor_name", "change", "content", "term"}
LARGE |= {"past_event", "past_event_term", "past_source", "past_actor", "past_actor_name"}
LARGE |= {"event_text", "past_event_text", "membership", "past_membership"}
#: Those of them that hold events in the order of their dates.
_DATED = {"event", "event_term", "past_event", "past_event_term"}


class Sent(NamedTuple):
    """A statement with its values."""

    sql: str
    values: tuple[Any, ...]


class RecordingStore(Store):
    """A store that notes what is fetched through it."""

    def __init__(self, pool: Any) -> None:
        super().__init__(pool)
        self.sent: list[Sent] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Lend a connection that notes what it fetches."""
        async with super().connection() as connection:
            yield _Recorder(connection, self.sent)


class _Recorder:
    def __init__(self, connection: Any, sent: list[Sent]) -> None:
        self._connection = connection
        self._sent = sent

    async def fetch(self, sql: str, *values: Any) -> Any:
        self._sent.append(Sent(sql, values))
        return await self._connection.fetch(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class Plan(NamedTuple):
    """One execution, as EXPLAIN ANALYZE tells it."""

    root: dict[str, Any]
    planning_ms: float
    execution_ms: float

    def nodes(self) -> Iterator[dict[str, Any]]:
        """All nodes, from the top."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.get("Plans", ())

    @property
    def rows_read(self) -> float:
        """Rows of the large tables that were read, those included that a filter then threw away."""
        return sum(read_by(node) for node in self.nodes() if node.get("Relation Name") in LARGE)

    @property
    def buffers(self) -> int:
        """Pages of the database that were touched."""
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])

    @property
    def sequential(self) -> list[str]:
        """Large tables that were scanned from end to end."""
        return [
            node["Relation Name"]
            for node in self.nodes()
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE and node["Actual Loops"]
        ]

    @property
    def unlimited(self) -> list[str]:
        """Sorts, hashes and aggregates that take in all of a walk along the index, with no limit in between."""
        return [
            node["Node Type"]
            for node in self.nodes()
            if node["Node Type"] in _COLLECTING and any(map(_is_unlimited_walk, node["Plans"]))
        ]

    @property
    def largest_unlimited(self) -> float:
        """The most rows that one of those took in."""
        return max(
            (
                child["Actual Rows"]
                for node in self.nodes()
                if node["Node Type"] in _COLLECTING
                for child in node["Plans"]
                if _is_unlimited_walk(child)
            ),
            default=0.0,
        )

    @property
    def walks(self) -> int:
        """How many walks along the index are merged."""
        return sum(node.get("Alias") == "t" or node.get("Alias", "").startswith("t_") for node in self.nodes())


#: Nodes that take in everything before they give anything.
_COLLECTING = {"Sort", "Incremental Sort", "Hash", "Aggregate", "Materialize"}


def _is_unlimited_walk(node: dict[str, Any]) -> bool:
    if node["Node Type"] == "Limit":
        return False
    return node.get("Relation Name") in _DATED or any(map(_is_unlimited_walk, node.get("Plans", ())))


def read_by(node: dict[str, Any]) -> float:
    """The rows that one node read, over all of its loops."""
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return float((node["Actual Rows"] + removed) * node["Actual Loops"])


async def explain(connection: Any, sent: Sent, mode: str) -> Plan:
    """Run a statement as the driver does, prepared, under a ``plan_cache_mode``; its plan with what happened."""
    prepared = await connection.prepare(sent.sql)
    types = [
        f"{parameter.name.removesuffix('[]')}{'[]' * parameter.name.endswith('[]')}"
        for parameter in prepared.get_parameters()
    ]
    values = ", ".join(map(_literal, sent.values))
    await connection.execute(f"PREPARE explained ({', '.join(types)}) AS {sent.sql}")
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL plan_cache_mode = {mode}")
            text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE explained ({values})")
    finally:
        # It outlives a transaction that fails.
        await connection.execute("DEALLOCATE explained")
    explained = json.loads(text)[0]
    return Plan(explained["Plan"], explained["Planning Time"], explained["Execution Time"])


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, list):
        # As a text, which takes the type that is wanted, even where it is empty.
        return _quoted("{" + ",".join(json.dumps(str(one)) for one in value) + "}")
    if isinstance(value, float | str | UUID):
        return _quoted(str(value))
    if isinstance(value, bytes):
        return _quoted(f"\\x{value.hex()}")
    raise TypeError(f"no literal for {value!r}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
