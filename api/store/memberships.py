"""Who belongs to whom: the actors that stand behind one that is asked for, and that nobody belongs to itself.

A chain of memberships holds while all of them do. Whoever has been merged belongs where the one that stands for it
does, and the other way round.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.store.actor_rows import MEMBER, MEMBERSHIP_KINDS, merged, stretches_of
from api.store.editing import Stored
from api.store.references import same_actors
from api.store.sql import fetch
from schema.actor import ActorIn
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START
from schema.edtf.masks import Run
from schema.problem import Fault, ProblemError, problem
from schema.validation import Flaw

#: A query reaches members of members so many steps away, and so many actors in all, those merged into them included.
MOST_STEPS = 10
MOST_REACHED = 1000
#: Besides, so many memberships a step, and so many stretches of time.
_MOST_LOOKED_AT = 10_000
#: A writer looks at so many actors that one belongs to.
_MOST_ABOVE = 10_000

ALWAYS: tuple[Run, ...] = ((UNBOUNDED_START, UNBOUNDED_END),)

#: The stretches of time in which actors belong to one that is asked for, by their ids.
Reached = dict[str, Sequence[Run]]


async def reach(
    connection: Any, asked: Mapping[str, Sequence[str]], kinds: Sequence[str], *, edit: bool, as_of: int | None
) -> dict[str, Reached]:
    """Find all who belong to actors, in memberships of these kinds, at once or over others, each with when.

    ``asked`` are all ids of each actor, the one that stands for them first; they are among those that are reached, with
    ``ALWAYS``. Raises ``invalid-parameters`` for more than a query can take.
    """
    walk = _Walk(connection, kinds, edit=edit, as_of=as_of)
    for ids in asked.values():
        walk.begin(ids)
    for _ in range(MOST_STEPS):
        if not await walk.step():
            break
    else:
        if await walk.step():
            raise walk.too_much(f"Over more than {MOST_STEPS} steps, actors belong")
    return {
        name: {one: runs for actor, runs in walk.reached[ids[0]].items() for one in walk.ids_of[actor]}
        for name, ids in asked.items()
    }


class _Walk:
    """A walk down from several actors at once, step by step, by those who stand for others."""

    def __init__(self, connection: Any, kinds: Sequence[str], *, edit: bool, as_of: int | None) -> None:
        self._connection = connection
        self._kinds = list(kinds)
        self._edit = edit
        self._as_of = as_of
        self.ids_of: dict[str, Sequence[str]] = {}
        self._standing: dict[str, str] = {}
        #: By the actor that was asked for: who belongs to it when, and what of that is new since the last step.
        self.reached: dict[str, dict[str, list[Run]]] = {}
        self._new: dict[str, dict[str, list[Run]]] = {}

    def begin(self, ids: Sequence[str]) -> None:
        """Begin at an actor."""
        self._know(ids)
        self.reached[ids[0]] = {ids[0]: list(ALWAYS)}
        self._new[ids[0]] = {ids[0]: list(ALWAYS)}

    def _know(self, ids: Sequence[str]) -> None:
        self.ids_of[ids[0]] = ids
        self._standing |= dict.fromkeys(ids, ids[0])

    async def step(self) -> bool:
        """Go one step further; says whether anything was found that had not been reached, or not at that time."""
        members = await self._members({actor for new in self._new.values() for actor in new})
        found = False
        for root, new in self._new.items():
            further: dict[str, list[Run]] = {}
            for actor, runs in new.items():
                for member, held in members.get(actor, ()):
                    known = self.reached[root].get(member, [])
                    more = without(common(runs, held), known)
                    if more:
                        self.reached[root][member] = merged([*known, *more])
                        further[member] = merged([*further.get(member, ()), *more])
            self._new[root] = further
            found = found or bool(further)
        self._refuse_too_much()
        return found

    async def _members(self, actors: Iterable[str]) -> dict[str, list[tuple[str, Sequence[Run]]]]:
        """Who belongs to actors at once, each with when."""
        ids = sorted(one for actor in actors for one in self.ids_of[actor])
        if not ids:
            return {}
        rows = await fetch(
            self._connection,
            "memberships",
            "members_of",
            as_of=self._as_of,
            ids=ids,
            kinds=self._kinds,
            edit=self._edit,
            limit=_MOST_LOOKED_AT + 1,
        )
        if len(rows) > _MOST_LOOKED_AT:
            raise self.too_much(f"With more than {_MOST_LOOKED_AT:,} memberships, actors belong")
        unknown = {row["actor_id"] for row in rows} - self._standing.keys()
        for same in (await same_actors(self._connection, unknown, as_of=self._as_of)).values():
            self._know(same)
        members: dict[str, list[tuple[str, Sequence[Run]]]] = {}
        for row in rows:
            held = stretches_of(row["held"])
            member = (self._standing[row["actor_id"]], ALWAYS if held is None else held)
            members.setdefault(self._standing[row["of_actor"]], []).append(member)
        return members

    def _refuse_too_much(self) -> None:
        reached = [
            (len(self.ids_of[actor]), len(runs))
            for root, known in self.reached.items()
            for actor, runs in known.items()
            if actor != root
        ]
        if sum(ids for ids, _ in reached) > MOST_REACHED:
            raise self.too_much(f"More than {MOST_REACHED:,} actors belong")
        if sum(ids * runs for ids, runs in reached) > _MOST_LOOKED_AT:
            raise self.too_much(f"In more than {_MOST_LOOKED_AT:,} stretches of time, actors belong")

    def too_much(self, what: str) -> ProblemError:
        """The problem of a query that would reach more than it can take."""
        parameter = "include_members" if MEMBER in self._kinds else "include_parts"
        fault = Fault(
            f"{what} to the actors asked for.", parameter=parameter, suggestion="an actor with fewer, or leave it out"
        )
        return problem("invalid-parameters", "Too much belongs to the actors asked for.", fault)


def common(some: Sequence[Run], others: Sequence[Run]) -> list[Run]:
    """What two sequences of ascending stretches have in common."""
    found = []
    first, second = 0, 0
    while first < len(some) and second < len(others):
        starts, ends = max(some[first][0], others[second][0]), min(some[first][1], others[second][1])
        if starts < ends:
            found.append((starts, ends))
        if some[first][1] < others[second][1]:
            first += 1
        else:
            second += 1
    return found


def without(some: Sequence[Run], others: Sequence[Run]) -> list[Run]:
    """What of ascending stretches lies in none of others."""
    gaps, since = [], UNBOUNDED_START
    for starts, ends in others:
        gaps.append((since, starts))
        since = ends
    gaps.append((since, UNBOUNDED_END))
    return common(some, [gap for gap in gaps if gap[0] < gap[1]])


async def cycles(connection: Any, content: ActorIn, stored: Stored | None) -> list[Flaw]:
    """Name the memberships of an actor, given by ids, that would have it belong to itself, whatever their dates.

    Those that are stored already make none.
    """
    if stored is None:
        # Nobody belongs to an actor that is not there yet.
        return []
    before = {one["actor"] for member in MEMBERSHIP_KINDS for one in stored.document[member]}
    added = [
        (f"/{member}/{index}/actor", membership.actor)
        for member in MEMBERSHIP_KINDS
        for index, membership in enumerate(getattr(content, member))
        if membership.actor not in before
    ]
    if not await belongs_to(connection, {actor for _, actor in added}, [content.id]):
        return []
    return [
        Flaw(
            pointer, f"{actor} is this actor or belongs to it, so this would have it belong to itself.", "another actor"
        )
        for pointer, actor in added
        if await belongs_to(connection, [actor], [content.id])
    ]


async def belongs_to(connection: Any, start: Iterable[str], sought: Iterable[str]) -> bool:
    """Say whether any of some actors is, or belongs to, one of others, at once or over others, whenever.

    Of a store that nobody else writes to meanwhile. Raises ``conflict`` if there are too many to be looked at.
    """
    wanted, seen = set(sought), set[str]()
    level = set(start)
    while level:
        ids = {one for same in (await same_actors(connection, level)).values() for one in same}
        if ids & wanted:
            return True
        seen |= ids
        if len(seen) > _MOST_ABOVE:
            raise problem("conflict", f"More than {_MOST_ABOVE:,} actors would be above this one.")
        rows = await fetch(connection, "memberships", "belonging_to", ids=sorted(ids), limit=_MOST_ABOVE + 1)
        level = {row["of_actor"] for row in rows} - seen
    return False
