"""Finding the actors, sources and events that a body or a query refers to."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple
from uuid import UUID

from api.store.identity import fold
from api.store.sql import query
from schema.validation import Flaw


class Found(NamedTuple):
    """What a name stands for: one actor, or why not."""

    id: str | None
    candidates: list[str]
    near: str | None

    def flaw(self, pointer: str, name: str) -> Flaw | None:
        """What is wrong with using the name, if anything is."""
        if self.id is not None:
            return None
        if self.candidates:
            listed = ", ".join(self.candidates[:20])
            return Flaw(pointer, f"{name!r} may be any of these actors: {listed}.", f"one of {listed}")
        return Flaw(pointer, f"There is no actor known as {name[:100]!r}.", self.near)


async def find_actors(connection: Any, names: Iterable[str], *, edit: bool) -> dict[str, Found]:
    """Find actors as they are named: an exact id wins, then the one actor with such a name or alias.

    ``edit`` tells whether actors are seen that nothing published mentions yet.
    """
    wanted = sorted(set(names))
    if not wanted:
        return {}
    rows = await connection.fetch(query("references", "actors_by_name"), wanted, [fold(n) for n in wanted], edit)
    exact: dict[str, str] = {}
    known: dict[str, set[str]] = {}
    for row in rows:
        if row["exact"]:
            exact[row["name"]] = row["id"]
        known.setdefault(row["name"], set()).add(row["id"])
    found = {}
    for name in wanted:
        ids = sorted(known.get(name, ()))
        if name in exact:
            found[name] = Found(exact[name], [], None)
        elif len(ids) == 1:
            found[name] = Found(ids[0], [], None)
        else:
            found[name] = Found(None, ids, None)
    return found


async def suggest_actors(connection: Any, found: dict[str, Found], *, edit: bool) -> dict[str, Found]:
    """Add near names to those that stand for nothing (at most ten of them)."""
    unknown = [name for name, result in found.items() if result.id is None and not result.candidates]
    for name in unknown[:10]:
        first = fold(name)[:1]
        if not first:
            continue
        rows = await connection.fetch(query("references", "names_near"), first, first + "\U0010ffff", edit)
        ids = {row["folded"]: row["id"] for row in rows}
        ids.update({row["id"]: row["id"] for row in rows})
        matches = get_close_matches(fold(name), list(ids), n=1, cutoff=0.6)
        if matches:
            found[name] = found[name]._replace(near=ids[matches[0]])
    return found


class KnownSource(NamedTuple):
    """A source that is stored already."""

    id: UUID
    publisher: str | None


async def sources_by_id(connection: Any, ids: Iterable[UUID]) -> dict[UUID, tuple[KnownSource, bytes]]:
    """Find sources, each with its identity."""
    rows = await connection.fetch(query("references", "sources_by_id"), list(set(ids)))
    return {row["id"]: (KnownSource(row["id"], row["publisher"]), row["identity"]) for row in rows}


async def sources_by_identity(connection: Any, identities: Iterable[bytes]) -> dict[bytes, KnownSource]:
    """Find sources by what makes them the same as another."""
    rows = await connection.fetch(query("references", "sources_by_identity"), list(set(identities)))
    return {row["identity"]: KnownSource(row["id"], row["publisher"]) for row in rows}


async def event_states(connection: Any, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Find the states of events."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    return {row["id"]: row["state"] for row in await connection.fetch(query("references", "events_by_id"), wanted)}
