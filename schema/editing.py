"""How a body changes a record: what may be written, what must be left as it is, and JSON Merge Patch."""

import re
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct, inspect

from schema.bounds import read_instant
from schema.change import Change
from schema.text import INSTANT_PATTERN
from schema.validation import Flaw, child, merge, plain, read

#: Members of an answer that are no part of the record; a body may carry them along and they are passed over.
PASSED_OVER = ("included", "as_of")
#: Members that name a record: its address has them, and they never change.
KEYS = ("id", "slug")
#: Times that the store recorded. Clients with a type for instants send them back in other words than they came in.
INSTANTS = ("created_at", "updated_at", "published_at")
#: What is closer than this is the same instant: dates of JavaScript keep milliseconds.
_INSTANT_PRECISION = timedelta(milliseconds=1)


class Edit(NamedTuple):
    """What a body of PUT or PATCH asks for: the whole new content (JSON values), why, and what is wrong so far."""

    content: dict[str, Any]
    change: Change
    flaws: list[Flaw]
    read_only: list[Flaw]


def edit_of(current: dict[str, Any], body: dict[str, Any], kind: type[Struct], *, patch: bool) -> Edit:
    """Work out the content that a body gives a record.

    ``current`` is the record's document and ``kind`` the type of its writable members. What GET gave can be sent
    back: read-only members are accepted as long as they equal the current ones, ``INSTANTS`` by what they mean.
    """
    writable = set(kind.__struct_fields__) - set(KEYS)
    read_only = [
        Flaw(child("", name), f"{name} is read-only, and this is not its current value.", "leave it out")
        for name in body
        if name in current and name not in writable and not _is_current(name, body[name], current[name])
    ]
    given = {
        name: value
        for name, value in body.items()
        if name != "change" and name not in PASSED_OVER and (name in writable or name not in current)
    }
    content = {name: value for name, value in current.items() if name in writable} if patch else {}
    content = _patched(content, given, kind) if patch else given
    content |= {name: current[name] for name in KEYS if name in kind.__struct_fields__}
    change, flaws = Change(), list[Flaw]()
    if "change" in body:
        reading = read(body["change"], Change)
        change, flaws = (
            reading.value,
            [flaw._replace(pointer="/change" + flaw.pointer) for flaw in reading.flaws],
        )
    return Edit(content, change, merge(read_only, flaws), read_only)


def _is_current(name: str, sent: Any, current: Any) -> bool:
    if sent == current or name not in INSTANTS:
        return bool(sent == current)
    if not isinstance(sent, str) or not isinstance(current, str) or not re.fullmatch(INSTANT_PATTERN, sent):
        return False
    try:
        return abs(read_instant(sent) - read_instant(current)) < _INSTANT_PRECISION
    except ValueError:
        return False


def _patched(content: dict[str, Any], patch: dict[str, Any], kind: type[Struct]) -> dict[str, Any]:
    """Apply a merge patch to the content of a record.

    A null is kept, for the reading to judge, where it stands for what is no member: it would be lost otherwise.
    """
    patched: dict[str, Any] = merge_patch(content, patch)
    for name, value in patch.items():
        if value is None and name not in kind.__struct_fields__:
            patched[name] = None
        elif isinstance(value, dict) and name not in _mappings(kind):
            before = content.get(name)
            before = before if isinstance(before, dict) else {}
            patched[name] |= {inner: None for inner, item in value.items() if item is None and inner not in before}
    return patched


@cache
def _mappings(kind: type[Struct]) -> frozenset[str]:
    """Members whose own members may have any name."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return frozenset(field.name for field in info.fields if isinstance(plain(field.type), inspect.DictType))


#: Deeper than any record; what lies below is refused anyway and need not be walked.
_MAXIMUM_DEPTH = 50


def merge_patch(target: Any, patch: Any, depth: int = _MAXIMUM_DEPTH) -> Any:
    """Apply a JSON Merge Patch (RFC 7396): null removes a member, an object is merged, all else replaces."""
    if not isinstance(patch, dict) or depth == 0:
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value, depth - 1)
    return merged
