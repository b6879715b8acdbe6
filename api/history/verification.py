"""Whether the log is whole: nothing rewritten, nothing taken away, nothing put in between."""

from typing import Any, NamedTuple

from api.history.chain import Chain, changes, lacks_content
from api.store.sql import query

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
        chain = Chain()
        async for row in changes(connection):
            if lacks_content(row):
                findings.append(f"The content of change {row['sequence']} is missing.")
            findings += chain.follow(row)
            if len(findings) >= _MAXIMUM_FINDINGS:
                break
        else:
            if (head["sequence"], head["digest"]) != (chain.sequence, chain.digest):
                findings.append(f"The log ends at change {chain.sequence}, the head says {head['sequence']}.")
            findings += await _findings_beside_the_log(connection)
        changeable = await can_change_history(connection)
    return Verified(head["sequence"], head["digest"], findings[:_MAXIMUM_FINDINGS], not changeable)


async def can_change_history(connection: Any) -> bool:
    """Whether the connected role could change or delete what the log holds."""
    return bool(await connection.fetchval(query("log", "can_change_history")))


async def _findings_beside_the_log(connection: Any) -> list[str]:
    """Contents without a change, and current rows that are not what the log says was written last."""
    findings = []
    stray = await connection.fetchval(query("log", "contents_without_change"))
    if stray:
        findings.append(f"{stray} contents belong to no change.")
    for row in await connection.fetch(query("log", "rows_unlike_the_log"), _MAXIMUM_FINDINGS):
        findings.append(f"The current {row['entity']} {row['id']} is not what was written last.")
    return findings
