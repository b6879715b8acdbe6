"""Whether the log is whole: nothing rewritten, nothing taken away, nothing put in between."""

from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from api.history.chain import Chain, changes, lacks_content
from api.history.comparing import differences
from api.store.copying import RefusedError
from api.store.log import FIRST_DIGEST
from api.store.sql import query

#: Findings after which looking on helps nobody.
_MAXIMUM_FINDINGS = 100


class Verified(NamedTuple):
    """What was found: the head that the log ends in, and whatever is wrong with it, in plain words."""

    sequence: int
    digest: bytes
    findings: list[str]
    protected: bool


async def verify(connection: Any, published: Mapping[int, bytes] = MappingProxyType({})) -> Verified:
    """Walk the whole log in one snapshot: each content against its digest, each digest against the one before.

    ``published`` are heads that were noted before: digests by their sequences, through which the log must lead. Whoever
    rewrites the whole chain is found by these, and only by these.

    ``protected`` says whether the connected role is kept from changing history, or whether a change would only
    be found. Findings stop at a hundred.
    """
    transaction = connection.transaction(isolation="repeatable_read")
    await transaction.start()
    try:
        head = await connection.fetchrow(query("log", "head"))
        redacted = {row["sequence"] for row in await connection.fetch(query("log", "redacted"))}
        findings: list[str] = []
        noted = dict(published)
        chain = Chain(gaps=head["follows"] is not None)
        if noted.pop(0, FIRST_DIGEST) != FIRST_DIGEST:
            findings.append("Before the first change the digest is always the same, and not the one that was noted.")
        async for row in changes(connection):
            findings += _findings_of_content(row, redacted, told=head["follows"] is None)
            findings += chain.follow(row)
            if noted.pop(row["sequence"], row["digest"]) != row["digest"]:
                findings.append(f"At change {row['sequence']} the digest is another one than was noted.")
            if len(findings) >= _MAXIMUM_FINDINGS:
                break
        else:
            findings += [f"There is no change {sequence}, whose digest was noted." for sequence in sorted(noted)]
            if (head["sequence"], head["digest"]) != (chain.sequence, chain.digest):
                findings.append(f"The log ends at change {chain.sequence}, the head says {head['sequence']}.")
            findings += await _findings_beside_the_log(connection)
        changeable = await can_change_history(connection)
    finally:
        # Nothing but temporary tables was written.
        await transaction.rollback()
    return Verified(head["sequence"], head["digest"], findings[:_MAXIMUM_FINDINGS], not changeable)


def _findings_of_content(row: Any, redacted: Container[int], *, told: bool) -> list[str]:
    """Say whether a content is missing without a redaction that says so, or there in spite of one.

    Not ``told``: a follower may be told of the redaction later than of the change.
    """
    sequence = row["sequence"]
    if told and lacks_content(row) and sequence not in redacted:
        return [f"The content of change {sequence} is missing, and no redaction says why."]
    if row["document"] is not None and sequence in redacted:
        return [f"The content of change {sequence} is there, but was redacted."]
    return []


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
    try:
        return findings + await differences(connection)
    except RefusedError as error:
        return [*findings, f"{error}."]
