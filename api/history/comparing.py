"""Whether the rows beside the log are those that follow from it: of the present, the past, and the index of both."""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any

from api.history.deriving import Derived, derive
from api.history.rebuilding import KINDS, portions
from api.store.actor_rows import bound
from api.store.indexing import begin_collecting, collect
from api.store.sql import query
from api.store.texts import differing_texts
from schema.change import EntityKind

#: How many entries of the index are named that should not be there, or should be.
_MOST_NAMED = 20


async def differences(connection: Any) -> list[str]:
    """Say in plain words which rows are not as the log has them.

    Needs a transaction in which temporary tables may be made, and as much room for them as the index takes.
    """
    findings = []
    await begin_collecting(connection)
    rows: Counter[str] = Counter()
    for kind in KINDS:
        async for ids in portions(connection, kind):
            derived = await derive(connection, kind, ids)
            findings += await _unlike(connection, kind, ids, derived)
            rows[kind.value] += len(derived.current)
            rows[f"past_{kind.value}"] += len(derived.past)
            for table, ends in (
                ("event_text", [text.to_sequence for text in derived.texts]),
                ("actor_name", [until for *_, until in derived.names]),
                ("membership", [until for *_, until in derived.memberships]),
            ):
                rows[table] += ends.count(None)
                rows[f"past_{table}"] += len(ends) - ends.count(None)
            await collect(connection, derived.entries)
    for table, number in (await connection.fetchrow(query("rows", "numbers"))).items():
        if number > rows[table]:
            findings.append(f"The table {table} has {number - rows[table]} rows of nothing that the log knows.")
    return findings + await _index_findings(connection)


async def _unlike(connection: Any, kind: EntityKind, ids: list[str], derived: Derived) -> list[str]:
    """The records of which a row is missing, too many or another one than it should be."""
    found = {
        "current": (derived.current, await connection.fetch(query("rows", f"rows_of_{kind.value}"), ids)),
        "past": (derived.past, await connection.fetch(query("rows", f"past_rows_of_{kind.value}"), ids)),
    }
    if kind is EntityKind.ACTOR:
        names = [(actor, *name, since, until) for name, actor, since, until in derived.names]
        found["index of names"] = (names, await connection.fetch(query("rows", "names_of"), ids))
        memberships = [(actor, *bound(row), since, until) for row, actor, since, until in derived.memberships]
        found["memberships"] = (memberships, await connection.fetch(query("rows", "memberships_of"), ids))
    texts = await differing_texts(connection, derived.texts) if derived.texts else []
    return [
        f"In the {place} rows, {kind.value} {name} is not as the log has it."
        for place, (expected, there) in found.items()
        for name in _differing(expected, there)
    ] + [f"Event {event} is not found by its words." for event in texts]


def _differing(expected: Iterable[Any], there: Iterable[Any]) -> list[str]:
    """The ids, which come first in each row, of rows that are on one side only."""
    sides = [Counter((str(row[0]), _comparable(tuple(row))) for row in rows) for rows in (expected, there)]
    return sorted({key[0] for key in (sides[0] - sides[1]) + (sides[1] - sides[0])})


def _comparable(value: Any) -> Hashable:
    if isinstance(value, list | tuple):
        return tuple(map(_comparable, value))
    return str(value) if not isinstance(value, Hashable) else value


async def _index_findings(connection: Any) -> list[str]:
    findings = []
    for statement, wrong in (("entries_missing", "lacks"), ("entries_too_many", "has too much of")):
        for row in await connection.fetch(query("rows", statement), _MOST_NAMED):
            findings.append(f"The index {wrong} event {row['event_id']} under {row['name']!r} ({row['state']}).")
    for row in await connection.fetch(query("rows", "terms_miscounted"), _MOST_NAMED):
        findings.append(f"The index counts {row['name']!r} ({row['state']}) wrongly.")
    return findings
