"""Canonical JSON (RFC 8785), over which digests are taken."""

import json
from typing import Any

import rfc8785

_EXACT = 2**53


def canonical(value: Any) -> bytes:
    """Write a JSON value in the one way that RFC 8785 allows.

    For most values Python's own writer does so, many times faster: where there are no fractions (which ECMAScript
    writes otherwise) and no names outside ASCII (which it orders otherwise). Others are left to the library.
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
    if kind is dict:
        return all(type(name) is str and name.isascii() for name in value) and all(map(_is_plain, value.values()))
    if kind is list:
        return all(map(_is_plain, value))
    return False
