"""Places in a list, as opaque texts bound to the query that they came from.

A cursor carries a position and nothing that needs protection; its check is there to tell a mistyped or a
foreign one, not to keep a secret, so it needs no key and works on every server.
"""

import base64
import binascii
import hashlib
from typing import Any

import msgspec

from schema.problem import Fault, problem
from schema.text import MAXIMUM_INTEGER

_CHECK_BYTES = 9


def seal(fingerprint: bytes, position: list[Any]) -> str:
    """Make the cursor of a position (texts and integers) in the list that ``fingerprint`` stands for."""
    payload = msgspec.json.encode(position)
    return base64.urlsafe_b64encode(_check(fingerprint, payload) + payload).decode().rstrip("=")


def unseal(fingerprint: bytes, cursor: str, kind: type[list[Any]] | Any) -> Any:
    """Read a cursor back; raises ``ProblemError`` (invalid-cursor) if it is damaged or of another query."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        check, payload = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        if check == _check(fingerprint, payload) and _canonical(raw) == cursor:
            return msgspec.json.decode(payload, type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        pass
    raise problem(
        "invalid-cursor",
        "The cursor is damaged or comes from another query.",
        Fault(
            parameter="cursor",
            detail="This is no cursor of this query.",
            suggestion="the `next` of the page before, with all other parameters as they were; or no cursor, to begin",
        ),
    )


def sealed_as_of(cursor: str) -> int | None:
    """Look as of which sequence the list of a cursor is read, before it is known what the cursor is bound to.

    That comes last in it. None if it is no sequence. Nothing may rest on it: ``unseal`` checks it with all the rest.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        last = msgspec.json.decode(raw[_CHECK_BYTES:], type=list[Any])[-1]
    except (binascii.Error, ValueError, IndexError, msgspec.MsgspecError):
        return None
    return last if type(last) is int and 0 <= last <= MAXIMUM_INTEGER else None


def fingerprint(*parts: Any) -> bytes:
    """Reduce what a list depends on (values that JSON can carry) to a few bytes."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).digest()


def _canonical(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _check(fingerprint: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(fingerprint + payload).digest()[:_CHECK_BYTES]
