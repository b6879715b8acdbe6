"""What of an actor is kept in rows beside its own: every name as it is looked for, and to whom it belonged when."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from asyncpg import Range

from api.store.log import Writing
from api.store.sql import query
from schema.actor import ActorIn, Membership, NameKind
from schema.edtf.masks import Run
from schema.words import fold, runs_of

#: The kinds of membership, by the member of an actor that tells of them.
PART, MEMBER = "part", "member"
MEMBERSHIP_KINDS = {"part_of": PART, "member_of": MEMBER}


class NameRow(NamedTuple):
    """A name as it is looked for: folded, the best of the kinds that it is, and its words, each after a space."""

    folded: str
    kind: str
    words: str


class MembershipRow(NamedTuple):
    """A membership in an actor, of a kind: the possible seconds of all its dates, as merged stretches; None: always."""

    of_actor: str
    kind: str
    held: tuple[Run, ...] | None


def written_names(content: ActorIn) -> list[tuple[str, NameKind, str]]:
    """Every name of an actor as it is written, its kind, and the place where it stands; the primary one first."""
    return [
        (content.name, NameKind.NAME, "/name"),
        *((one.name, NameKind.FURTHER, f"/names/{index}/name") for index, one in enumerate(content.names)),
        *((alias, NameKind.ALIAS, f"/aliases/{index}") for index, alias in enumerate(content.aliases)),
    ]


def folded_names(content: ActorIn) -> dict[str, str]:
    """Every name of an actor, folded, with the place where it stands."""
    names: dict[str, str] = {}
    for name, _, pointer in written_names(content):
        names.setdefault(fold(name), pointer)
    names.pop("", None)
    return names


def words_in(folded: str) -> str:
    """The words of a folded name, each after a space."""
    return "".join(f" {word}" for word in runs_of(folded))


def name_rows(content: ActorIn) -> list[NameRow]:
    """The rows of an actor's names."""
    rows: dict[str, NameRow] = {}
    for name, kind, _ in written_names(content):
        folded = fold(name)
        if folded:
            rows.setdefault(folded, NameRow(folded, kind.value, words_in(folded)))
    return list(rows.values())


def membership_rows(content: ActorIn) -> list[MembershipRow]:
    """The rows of an actor's memberships, which are ids already."""
    rows: dict[tuple[str, str], list[Run] | None] = {}
    for member, kind in MEMBERSHIP_KINDS.items():
        memberships: list[Membership] = getattr(content, member)
        for membership in memberships:
            key, date = (membership.actor, kind), membership.date
            before = rows.get(key, [])
            if date is None or before is None:
                rows[key] = None
            else:
                rows[key] = merged([*before, *(date.runs or ((date.starts, date.ends),))])
    return [
        MembershipRow(of_actor, kind, None if held is None else tuple(held)) for (of_actor, kind), held in rows.items()
    ]


def merged(runs: Iterable[Run]) -> list[Run]:
    """Bring half-open stretches into order, those that meet together."""
    found: list[Run] = []
    for starts, ends in sorted(runs):
        if found and starts <= found[-1][1]:
            found[-1] = (found[-1][0], max(ends, found[-1][1]))
        else:
            found.append((starts, ends))
    return found


def bound(row: MembershipRow) -> tuple[str, str, list[Range[int]] | None]:
    """A row of a membership as statements take it."""
    held = None if row.held is None else [Range(starts, ends) for starts, ends in row.held]
    return (row.of_actor, row.kind, held)


async def write_rows(write: Writing, content: ActorIn, sequence: int, *, new: bool) -> None:
    """Write the rows of an actor's names and memberships as of a change; what it changes goes into the past."""
    connection = write.connection
    names = name_rows(content)
    folded, kinds, words = ([row[column] for row in names] for column in range(3))
    memberships = set(membership_rows(content))
    if not new:
        await connection.execute(query("records", "forget_names"), content.id, folded, kinds, sequence)
        known = {
            MembershipRow(row["of_actor"], row["kind"], stretches_of(row["held"]))
            for row in await connection.fetch(query("records", "memberships"), content.id)
        }
        over = [(row.of_actor, row.kind, content.id, sequence) for row in known - memberships]
        if over:
            await connection.executemany(query("records", "end_membership"), over)
        memberships -= known
    await connection.execute(query("records", "add_names"), content.id, folded, kinds, words, sequence)
    if memberships:
        rows = [(*bound(row), content.id, sequence) for row in sorted(memberships, key=lambda row: row[:2])]
        await connection.executemany(query("records", "begin_membership"), rows)


def stretches_of(held: Any) -> tuple[Run, ...] | None:
    """Read the stretches of a row; None: always."""
    return None if held is None else tuple((run.lower, run.upper) for run in held)
