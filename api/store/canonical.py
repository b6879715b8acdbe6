"""Canonical JSON (RFC 8785), over which digests are taken."""

import json
from typing import Any

import rfc8785

_EXACT = 2**53


def canonical(value: Any) -> bytes:
    """Write a JSON value in the one way that RFC 8785 allows.

    For most values Python's own writer does so, many times faster: where there are no names outside ASCII (which
    ECMAScript orders otherwise) and no numbers that it writes otherwise: whole ones with a point, very small and very
    large ones. Others are left to the library.
    """
    if _is_plain(value):
        return json.dumps(
            value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
        ).encode()
    return rfc8785.dumps(value)


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-_EXACT < value < _EXACT)
    if kind is float:
        # Both write the fewest digits that mean the number, and within these bounds without an exponent.
        return bool(1e-4 <= abs(value) < 1e16 and value % 1 != 0)
    if kind is dict:
        return all(type(name) is str and name.isascii() for name in value) and all(map(_is_plain, value.values()))
    if kind is list:
        return all(map(_is_plain, value))
    return False
