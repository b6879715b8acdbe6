"""Redaction: contents deleted for reasons of law or privacy, with the chain of digests and everybody's reading intact.

What goes are the contents of changes with their salts and reasons, and every row, answer, report and release that was
made of them. What stays is that the changes were made, when and by whom, and a further change of the type ``redaction``
that says whose contents went and why. The digests of the contents stay, too, and say nothing without their salts.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from api.history.rebuilding import after_changes, before_changes
from api.store.identity import REDACTED
from api.store.log import Writing, wire_time, writing
from api.store.releases import withdraw_releases
from api.store.sql import query
from api.store.store import Store
from schema.actor import ActorIn
from schema.change import EntityKind
from schema.problem import ProblemError, problem
from schema.release import Withdrawal
from schema.source import SourceIn
from schema.vocabulary import ChangeType
from schema.wire import encode, to_builtins

#: Under whose name the log keeps redactions.
AUTHOR = "dateline redact"


class Redacted(NamedTuple):
    """What a redaction did: its sequence, the changes whose contents it deleted, and the releases that it withdrew."""

    sequence: int
    contents: list[int]
    releases: list[tuple[str, int]]


async def redact(
    connection: Any, kind: EntityKind, entity_id: str, reason: str, revisions: Sequence[int] = ()
) -> Redacted:
    """Redact a record or, with ``revisions``, what some of its earlier revisions said; as the owner of the tables.

    Of a redacted event or chronology nothing is left. An actor or a source keeps its id, with nothing that tells who or
    what it is, because others mention it. Raises ``ProblemError`` where there is no such record or nothing to redact.
    """
    async with writing(connection, AUTHOR) as write:
        changes = await connection.fetch(query("redaction", "changes"), kind.value, entity_id)
        if not changes:
            raise problem("not-found", f"There is no {kind.value} {entity_id}.")
        goes = _contents(changes, revisions)
        before = await before_changes(connection, {kind: [entity_id]})
        document = await _what_stays(connection, kind, entity_id, whole=not revisions)
        _record(write, kind, entity_id, changes, document, reason, goes)
        # From here on the log says what holds, and all else follows from it.
        await write.append()
        await connection.execute(query("redaction", "delete_contents"), entity_id, goes)
        await after_changes(connection, before)
        releases = await withdraw_releases(connection, kind, entity_id, reason)
        for statement in ("forget_answers", "forget_reports"):
            await connection.execute(query("redaction", statement))
    await vacuum(connection)
    return Redacted(write.sequence, goes, releases)


async def vacuum(connection: Any) -> None:
    """Give up the places of deleted rows: they stay on the disk until something else is written there."""
    for statement in ("vacuum_contents", "vacuum_rows", "vacuum_answers"):
        await connection.execute(query("redaction", statement))


def _contents(changes: Sequence[Any], revisions: Sequence[int]) -> list[int]:
    """The changes whose contents go. An exposure repeats the content of a revision, so that it goes with it."""
    last = changes[-1]["revision"]
    known = {change["revision"] for change in changes}
    if last in revisions:
        raise problem(
            "conflict",
            f"Revision {last} is the present one. Correct the record first, then redact what was wrong; or redact all"
            " of it.",
        )
    if missing := sorted(set(revisions) - known):
        raise problem("not-found", f"There is no revision {missing[0]}.")
    goes = [
        change["sequence"]
        for change in changes
        if change["has_content"] and (not revisions or change["revision"] in revisions)
    ]
    if not goes:
        raise problem("conflict", "Nothing of it is left to redact.")
    return goes


async def _what_stays(connection: Any, kind: EntityKind, entity_id: str, *, whole: bool) -> dict[str, Any] | None:
    """The content of the record from now on, but for its revision; None for nothing."""
    document = await connection.fetchval(query("redaction", kind.value), entity_id)
    if document is None:
        return None
    present: dict[str, Any] = msgspec.json.decode(document)
    if not whole:
        return present
    if kind is EntityKind.ACTOR:
        left = ActorIn(id=entity_id, name=REDACTED, kind=present["kind"])
        return {**present, **to_builtins(left)}
    if kind is EntityKind.SOURCE:
        return {**present, **to_builtins(SourceIn(id=UUID(entity_id), title=REDACTED))}
    return None


def _record(
    write: Writing,
    kind: EntityKind,
    entity_id: str,
    changes: Sequence[Any],
    document: dict[str, Any] | None,
    reason: str,
    goes: Sequence[int],
) -> None:
    revision, sequence = changes[-1]["revision"] + 1, write.take()
    if document is not None:
        document |= {"revision": revision, "sequence": sequence, "updated_at": write.time}
    seen = any(change["public_type"] is not None for change in changes)
    write.record(
        kind,
        entity_id,
        revision,
        type=ChangeType.REDACTION,
        public_type=ChangeType.REDACTION if seen else None,
        document=document,
        encoded=encode(document),
        reason=reason,
        redacts=goes,
    )


async def missing(
    store: Store, kind: EntityKind, entity_id: str, *, edit: bool, as_of: int | None = None
) -> ProblemError:
    """The problem of a record that a reader cannot be given: there is none, or it has been redacted (410)."""
    async with store.connection() as connection:
        row = await connection.fetchrow(query("redaction", "of_missing"), kind.value, entity_id, edit, as_of)
    if row is None:
        return problem("not-found", "There is nothing here.")
    withdrawal = Withdrawal(withdrawn_at=wire_time(row["recorded_at"]), reason=row["reason"])
    return problem("withdrawn", f"This was redacted at {withdrawal.withdrawn_at}: {withdrawal.reason}")
