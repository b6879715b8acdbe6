"""Finding the actors, sources and events that a body or a query refers to."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple
from uuid import UUID

from api.store.sql import fetch, query
from schema.validation import Flaw
from schema.words import fold

#: For how many unknown names, and up to how many characters each, a near one is looked for.
_MOST_SUGGESTED = 5
_LONGEST_SUGGESTED = 100


class Found(NamedTuple):
    """What a name stands for: one actor, or why not.

    Whoever has been merged is found as the one that stands for it; ``own`` are those that bear the name themselves.
    """

    id: str | None
    candidates: list[str]
    near: str | None
    own: tuple[str, ...] = ()

    def kept(self, held: Collection[str]) -> str | None:
        """The id to write into a record that holds these ids already: one of them, if that is who is named.

        So a record is not changed by what its actors are merged into.
        """
        if self.id is None:
            return None
        already = [actor for actor in self.own if actor in held]
        return already[0] if len(already) == 1 else self.id

    def flaw(self, pointer: str, name: str) -> Flaw | None:
        """What is wrong with using the name, if anything is."""
        if self.id is not None:
            return None
        if self.candidates:
            listed = ", ".join(self.candidates[:20])
            return Flaw(pointer, f"{name!r} may be any of these actors: {listed}.", f"one of {listed}")
        return Flaw(pointer, f"There is no actor known as {name[:100]!r}.", self.near)


async def find_actors(
    connection: Any, names: Iterable[str], *, edit: bool, as_of: int | None = None
) -> dict[str, Found]:
    """Find actors as they are named: an exact id wins, then the one actor with such a name or alias.

    ``edit`` tells whether actors are seen that nothing published mentions yet, ``as_of`` the sequence as of which.
    """
    wanted = sorted(set(names))
    if not wanted:
        return {}
    folded = [fold(name) for name in wanted]
    rows = await fetch(connection, "references", "actors_by_name", as_of=as_of, names=wanted, folded=folded, edit=edit)
    exact: dict[str, Found] = {}
    known: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["exact"]:
            exact[row["name"]] = Found(row["stands"], [], None, (row["id"],))
        known.setdefault(row["name"], {})[row["id"]] = row["stands"]
    found = {}
    for name in wanted:
        named = known.get(name, {})
        ids = sorted(set(named.values()))
        if name in exact:
            found[name] = exact[name]
        elif len(ids) == 1:
            found[name] = Found(ids[0], [], None, tuple(sorted(named)))
        else:
            found[name] = Found(None, ids, None)
    return found


async def same_actors(connection: Any, ids: Iterable[str], *, as_of: int | None = None) -> dict[str, list[str]]:
    """Give for each actor all ids that mean the same one: first of whoever stands for it, then of all merged into that.

    An id that no actor has stands for itself.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = await fetch(connection, "references", "same_actors", as_of=as_of, ids=wanted)
    stands = {row["id"]: row["stands"] for row in rows if row["asked"]}
    merged: dict[str, list[str]] = {}
    for row in rows:
        if not row["asked"]:
            merged.setdefault(row["stands"], []).append(row["id"])
    return {actor: [stands.get(actor, actor), *sorted(merged.get(stands.get(actor, actor), ()))] for actor in wanted}


async def suggest_actors(
    connection: Any, found: dict[str, Found], *, edit: bool, as_of: int | None = None
) -> dict[str, Found]:
    """Add near names to those that stand for nothing: to the first few, looking at names that begin alike.

    Comparing costs time of the whole process, and anybody may ask: so it is bounded on all sides.
    """
    unknown = [name for name, result in found.items() if result.id is None and not result.candidates]
    for name in [name for name in unknown if len(name) <= _LONGEST_SUGGESTED][:_MOST_SUGGESTED]:
        folded = fold(name)
        if not folded:
            continue
        # Those that begin with the same two letters first: with many names, one letter's first few say little.
        near = await _near(connection, folded, folded[:2], edit=edit, as_of=as_of) or await _near(
            connection, folded, folded[:1], edit=edit, as_of=as_of
        )
        found[name] = found[name]._replace(near=near)
    return found


async def _near(connection: Any, folded: str, beginning: str, *, edit: bool, as_of: int | None) -> str | None:
    last = beginning + "\U0010ffff"
    rows = await fetch(connection, "references", "names_near", as_of=as_of, first=beginning, last=last, edit=edit)
    ids = {row["folded"]: row["id"] for row in rows} | {row["id"]: row["id"] for row in rows}
    near = get_close_matches(folded, list(ids), n=1, cutoff=0.6)
    near = near or [known for known in ids if known.startswith(folded)]
    return ids[near[0]] if near else None


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
