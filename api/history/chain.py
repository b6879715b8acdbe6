"""Following the log change by change: its order, its times, its contents, its chain of digests.

For whoever has the whole log before them: a verification, which has it from the tables, and an archive.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from api.store.log import FIRST_DIGEST, chained_digest, digest_of_content
from api.store.sql import query
from schema.change import EntityKind, LogEntry
from schema.vocabulary import ChangeType

#: So few that a page of the largest documents fits into memory, so many that asking for it costs little.
_PAGE = 250


class Chain:
    """How far the log has been followed: to which sequence, digest and time.

    ``gaps``: the log is that of a store which follows another one and has only what everybody sees of that.
    """

    def __init__(self, *, gaps: bool = False) -> None:
        self._gaps = gaps
        self.sequence = 0
        self.digest = FIRST_DIGEST
        self.recorded_at = datetime.min.replace(tzinfo=UTC)

    def follow(self, row: Any) -> list[str]:
        """Follow one change further, and say in plain words what is wrong with it.

        ``row`` has the columns of ``change`` and of its content by their names. That a content is missing is for the
        caller to find, who knows what was redacted. Goes on from what the row says, so that one fault is told once.
        """
        findings = []
        sequence = row["sequence"]
        if sequence > self.sequence + 1 and not self._gaps:
            findings.append(f"Changes {self.sequence + 1} to {sequence - 1} are missing.")
        if sequence <= self.sequence:
            findings.append(f"Change {sequence} comes after change {self.sequence}.")
        if row["recorded_at"] < self.recorded_at:
            findings.append(f"Change {sequence} is recorded earlier than the one before it.")
        findings += _content_findings(row)
        if chained_digest(self.digest, _entry(row)) != row["digest"]:
            findings.append(f"Change {sequence} does not follow from the one before it.")
        self.sequence, self.digest, self.recorded_at = sequence, row["digest"], row["recorded_at"]
        return findings


def lacks_content(row: Any) -> bool:
    """Whether a change wrote a content that is not there."""
    return row["content_digest"] is not None and row["document"] is None


async def changes(connection: Any) -> AsyncIterator[Any]:
    """All changes with their contents, in order; the caller's transaction makes them those of one moment."""
    after = 0
    while rows := await connection.fetch(query("log", "changes_in_order"), after, _PAGE):
        for row in rows:
            yield row
        after = rows[-1]["sequence"]


def _content_findings(row: Any) -> list[str]:
    if row["document"] is None:
        return []
    if row["content_digest"] is None:
        return [f"Change {row['sequence']} has a content that it did not write."]
    try:
        digest = digest_of_content(row["salt"], msgspec.json.decode(row["document"]), row["reason"])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [f"The content of change {row['sequence']} is not readable."]
    return (
        [] if digest == row["content_digest"] else [f"The content of change {row['sequence']} is not what was written."]
    )


def _entry(row: Any) -> LogEntry:
    return LogEntry(
        sequence=row["sequence"],
        recorded_at=row["recorded_at"],
        entity=EntityKind(row["entity"]),
        entity_id=row["entity_id"],
        revision=row["revision"],
        type=ChangeType(row["type"]) if row["type"] else None,
        public_type=ChangeType(row["public_type"]) if row["public_type"] else None,
        author=row["author"],
        content_digest=row["content_digest"],
        redacts=None if row["redacts"] is None else tuple(row["redacts"]),
    )
