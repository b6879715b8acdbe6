"""Whether the log is whole: nothing rewritten, nothing taken away, nothing put in between."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from api.store.log import FIRST_DIGEST, chained_digest, digest_of_content
from api.store.sql import query
from schema.change import EntityKind, LogEntry
from schema.vocabulary import ChangeType

_BATCH = 1000
#: Findings after which looking on helps nobody.
_MAXIMUM_FINDINGS = 100


class Verified(NamedTuple):
    """What was found: the head that the log ends in, and whatever is wrong with it, in plain words."""

    sequence: int
    digest: bytes
    findings: list[str]
    protected: bool


async def verify(connection: Any) -> Verified:
    """Walk the whole log in one snapshot: each content against its digest, each digest against the one before.

    ``protected`` says whether the connected role is kept from changing history, or whether a change would only
    be found. Findings stop at a hundred.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = await connection.fetchrow(query("log", "head"))
        findings: list[str] = []
        digest, expected, latest = FIRST_DIGEST, 1, datetime.min.replace(tzinfo=head["recorded_at"].tzinfo)
        async for row in _changes(connection):
            if row["sequence"] != expected:
                findings.append(f"Changes {expected} to {row['sequence'] - 1} are missing.")
            if row["recorded_at"] < latest:
                findings.append(f"Change {row['sequence']} is recorded earlier than the one before it.")
            findings += _content_findings(row)
            digest = chained_digest(digest, _entry(row))
            if digest != row["digest"]:
                findings.append(f"Change {row['sequence']} does not follow from the one before it.")
                digest = row["digest"]
            expected, latest = row["sequence"] + 1, row["recorded_at"]
            if len(findings) >= _MAXIMUM_FINDINGS:
                break
        else:
            if (head["sequence"], head["digest"]) != (expected - 1, digest):
                findings.append(f"The log ends at change {expected - 1}, the head says {head['sequence']}.")
            findings += await _findings_beside_the_log(connection)
        changeable = await can_change_history(connection)
    return Verified(head["sequence"], head["digest"], findings[:_MAXIMUM_FINDINGS], not changeable)


async def can_change_history(connection: Any) -> bool:
    """Whether the connected role could change or delete what the log holds."""
    return bool(await connection.fetchval(query("log", "can_change_history")))


async def _changes(connection: Any) -> AsyncIterator[Any]:
    after = 0
    while rows := await connection.fetch(query("log", "changes_in_order"), after, _BATCH):
        for row in rows:
            yield row
        after = rows[-1]["sequence"]


def _content_findings(row: Any) -> list[str]:
    if row["content_digest"] is None:
        return [] if row["document"] is None else [f"Change {row['sequence']} has a content that it did not write."]
    if row["document"] is None:
        return [f"The content of change {row['sequence']} is missing."]
    try:
        document = msgspec.json.decode(row["document"])
    except msgspec.MsgspecError:
        return [f"The content of change {row['sequence']} is not readable."]
    if digest_of_content(row["salt"], document, row["reason"]) != row["content_digest"]:
        return [f"The content of change {row['sequence']} is not what was written."]
    return []


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
    )


async def _findings_beside_the_log(connection: Any) -> list[str]:
    """Contents without a change, and current rows that are not what the log says was written last."""
    findings = []
    stray = await connection.fetchval(query("log", "contents_without_change"))
    if stray:
        findings.append(f"{stray} contents belong to no change.")
    for row in await connection.fetch(query("log", "rows_unlike_the_log"), _MAXIMUM_FINDINGS):
        findings.append(f"The current {row['entity']} {row['id']} is not what was written last.")
    return findings
