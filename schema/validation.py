"""Reading untrusted input into the wire types, with all of its flaws in one answer.

msgspec stops at the first error, so it only takes the happy path. Where it refuses, ``_Walk`` goes through the
input along the type, notes every flaw, and puts a harmless value in the place of each faulty one, so that the
checks that need a whole value can run on the rest. Rules between members live in a ``flaws()`` method of the
type they concern.
"""

import json
from collections.abc import Hashable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Generic, NamedTuple, Protocol, TypeVar, cast, runtime_checkable
from uuid import UUID

import msgspec
from msgspec import Struct, inspect

from schema.edtf import EdtfError
from schema.text import PATTERN_HINTS
from schema.wire import decode_hook

T = TypeVar("T")

#: Texts of every form that a type of ours asks for; one of them can stand in the place of a faulty one.
_STAND_INS = (
    *("missing-{}", "missing:{}", "http://missing.invalid/{}", "XX", "0" * 64),
    *("retraction", "restore", "merge", "unmerge", "0,0,0,0", "2000-01-01T00:00:00Z"),
)


class Flaw(NamedTuple):
    """One thing that is wrong with an input: where (a JSON pointer, RFC 6901), what, and what would be right."""

    pointer: str
    detail: str
    suggestion: str | None = None


@runtime_checkable
class _Checked(Protocol):
    def flaws(self) -> list[Flaw]: ...


class Reading(NamedTuple, Generic[T]):
    """An input as read: usable as it is if it has no flaws, else only to look for more of them."""

    value: T
    flaws: list[Flaw]


class MalformedError(ValueError):
    """The input is not JSON at all."""


def parse_json(raw: bytes) -> Any:
    """Read JSON into dicts, lists, texts and numbers; raises ``MalformedError`` for anything that is not JSON."""
    try:
        return msgspec.json.decode(raw)
    except RecursionError:
        raise MalformedError("It is nested too deeply.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedError(f"{error}.") from None


def parse_strictly(raw: bytes) -> Any:
    """Read JSON; a name given twice in one object is malformed, too (RFC 7493): readers differ in which they drop.

    Raises ``MalformedError``.
    """
    value = parse_json(raw)
    try:
        # msgspec keeps the last of two values of one name without a word.
        json.loads(raw, object_pairs_hook=_refuse_repeated, parse_int=str, parse_float=str)
    except RecursionError:
        raise MalformedError("It is nested too deeply.") from None
    except ValueError as error:
        raise MalformedError(f"It is not well-formed JSON: {error}.") from None
    return value


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            shown = repr(name[:100].encode("utf-8", "replace").decode())
            raise ValueError(f"the member {shown} is given twice in one object")
        seen.add(name)


def read(value: Any, kind: type[T], *, strict: bool = True) -> Reading[T]:
    """Read JSON values into a type; ``strict=False`` reads numbers and truth values from texts (queries)."""
    try:
        result = msgspec.convert(value, kind, strict=strict, dec_hook=decode_hook)
        flaws: list[Flaw] = []
    except (msgspec.ValidationError, RecursionError):
        walk = _Walk(strict)
        repaired = walk.visit(_type_info(cast(Hashable, kind)), value, "")
        result = msgspec.convert(repaired, kind, strict=strict, dec_hook=decode_hook)
        flaws = merge(walk.flaws, walk.rule_flaws)
    return Reading(result, merge(flaws, list(_rule_flaws(result, ""))))


def merge(flaws: list[Flaw], more: list[Flaw]) -> list[Flaw]:
    """Add flaws, but for those at, below or above a place that already has one: they may follow from it."""
    places = {flaw.pointer for flaw in flaws}
    above = {place for pointer in places for place in _upward(pointer)}
    return flaws + [
        flaw
        for flaw in more
        if flaw.pointer not in above and not any(place in places for place in _upward(flaw.pointer))
    ]


def nearest(name: str, known: list[str]) -> str | None:
    """Find the known name that a mistyped one most likely stands for."""
    matches = get_close_matches(name, known, n=1, cutoff=0.6)
    return matches[0] if matches else None


def child(pointer: str, name: object) -> str:
    """Extend a JSON pointer by a member's name or an index."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"


def _upward(pointer: str) -> Iterator[str]:
    """Give the pointer itself and those of all that it lies in, the whole (the empty pointer) last."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]
    yield ""


def _rule_flaws(value: Any, pointer: str) -> Iterator[Flaw]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, Struct):
                yield from _rule_flaws(item, f"{pointer}/{index}")
    elif isinstance(value, Struct):
        if isinstance(value, _Checked):
            for flaw in value.flaws():
                yield flaw._replace(pointer=pointer + flaw.pointer)
        for name in value.__struct_fields__:
            member = getattr(value, name)
            if isinstance(member, Struct | list):
                yield from _rule_flaws(member, f"{pointer}/{name}")


@cache
def _type_info(kind: Hashable) -> inspect.Type:
    return inspect.type_info(kind)


class _Walk:
    """One way through a faulty input."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.flaws: list[Flaw] = []
        self.rule_flaws: list[Flaw] = []

    def visit(self, info: inspect.Type, value: Any, pointer: str) -> Any:
        """Note the flaws of a value and give back one that the type takes."""
        while isinstance(info, inspect.Metadata):
            info = info.type
        if isinstance(info, inspect.UnionType):
            return self._visit_union(info, value, pointer)
        if isinstance(info, inspect.StructType):
            return self._visit_struct(info, value, pointer)
        if isinstance(info, inspect.ListType) and isinstance(value, list):
            if info.max_length is not None and len(value) > info.max_length:
                self._flaw(pointer, f"At most {info.max_length} entries are taken; these are {len(value)}.")
                return []
            return [self._visit_item(info.item_type, item, f"{pointer}/{index}") for index, item in enumerate(value)]
        if isinstance(info, inspect.DictType) and isinstance(value, dict):
            return self._visit_dict(info, value, pointer)
        return self._visit_leaf(info, value, pointer)

    def _visit_union(self, info: inspect.UnionType, value: Any, pointer: str) -> Any:
        before = len(self.flaws)
        chosen = plain(_chosen(info, value))
        kept = self.visit(chosen, value, pointer)
        if info.includes_none and len(self.flaws) > before and not isinstance(chosen, inspect.StructType):
            # Nothing contradicts less than null does.
            return None
        return kept

    def _visit_item(self, info: inspect.Type, value: Any, pointer: str) -> Any:
        """Visit an entry of a list. A faulty object is looked through for more flaws and then replaced as a whole.

        What a list's own rules see in its place must be like no other entry, or they would find it repeated.
        """
        before = len(self.flaws)
        kept = self.visit(info, value, pointer)
        info = plain(info)
        if len(self.flaws) == before or not isinstance(info, inspect.StructType):
            return kept
        repaired = msgspec.convert(kept, info.cls, strict=self.strict, dec_hook=decode_hook)
        self.rule_flaws += _rule_flaws(repaired, pointer)
        return self._filler(info, pointer)

    def _visit_struct(self, info: inspect.StructType, value: Any, pointer: str) -> Any:
        if not isinstance(value, dict):
            self._flaw(pointer, f"An object is needed here, not {_kind_of(value)}.")
            return self._filler(info, pointer)
        fields = {field.encode_name: field for field in info.fields}
        for name in value:
            if name in fields:
                continue
            near = nearest(name, list(fields))
            known = near or "one of " + ", ".join(sorted(fields))
            self._flaw(child(pointer, name), f"There is no member {name[:100]!r} here.", known)
        repaired = {}
        for name, field in fields.items():
            place = child(pointer, name)
            if name in value:
                repaired[name] = self.visit(field.type, value[name], place)
            elif field.required:
                self._flaw(place, f"{name} is required.")
                repaired[name] = self._filler(field.type, place)
        return repaired

    def _visit_dict(self, info: inspect.DictType, value: dict[Any, Any], pointer: str) -> Any:
        if info.max_length is not None and len(value) > info.max_length:
            self._flaw(pointer, f"At most {info.max_length} members are taken; these are {len(value)}.")
            return {}
        repaired = {}
        for key, item in value.items():
            before = len(self.flaws)
            place = child(pointer, key)
            self.visit(info.key_type, key, place)
            kept = self.visit(info.value_type, item, place)
            if len(self.flaws) == before:
                repaired[key] = kept
        return repaired

    def _visit_leaf(self, info: inspect.Type, value: Any, pointer: str) -> Any:
        if isinstance(info, inspect.IntType) and isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON knows no difference between 1 and 1.0, nor does JSON Schema
        if isinstance(info, inspect.CustomType):
            try:
                decode_hook(info.cls, value)
            except EdtfError as error:
                self._flaw(pointer, _sentence(error.detail), error.suggestion)
            except ValueError as error:
                self._flaw(pointer, f"{error}, not {_kind_of(value)}.", "for example 2024-06")
            else:
                return value
            return self._filler(info, pointer)
        if isinstance(info, inspect.EnumType) and isinstance(value, str):
            known = [str(member.value) for member in info.cls]
            if value not in known:
                near = nearest(value, known)
                listed = ", ".join(known)
                self._flaw(pointer, f"{value[:100]!r} is none of {listed}.", near or f"one of {listed}")
                return known[0]
            return value
        try:
            msgspec.convert(value, _rebuilt(info), strict=self.strict, dec_hook=decode_hook)
        except msgspec.ValidationError as error:
            self._flaw(pointer, *_leaf_words(info, value, str(error)))
            return self._filler(info, pointer)
        return value

    def _flaw(self, pointer: str, detail: str, suggestion: str | None = None) -> None:
        self.flaws.append(Flaw(pointer, detail, suggestion))

    def _filler(self, info: inspect.Type, pointer: str) -> Any:
        """A value that the type takes, for a place whose own is faulty; distinct ones in distinct places."""
        while isinstance(info, inspect.Metadata):
            info = info.type
        match info:
            case inspect.UnionType():
                if info.includes_none:
                    return None
                return self._filler(info.types[0], pointer)
            case inspect.StructType():
                return {
                    field.encode_name: self._filler(field.type, child(pointer, field.encode_name))
                    for field in info.fields
                    if field.required
                }
            case inspect.ListType():
                return []
            case inspect.DictType():
                return {}
            case inspect.EnumType():
                return next(iter(info.cls)).value
            case inspect.CustomType():
                return "2000"
            case inspect.IntType() | inspect.FloatType():
                return info.ge or 0
            case inspect.BoolType():
                return False
            case inspect.UUIDType():
                return f"00000000-0000-4000-8000-{abs(hash(pointer)) % 16**12:012x}"
        number = len(self.flaws)
        for text in (stand_in.format(number) for stand_in in _STAND_INS):
            try:
                msgspec.convert(text, _rebuilt(info))
            except msgspec.ValidationError:
                continue
            return text
        raise AssertionError(f"no filler for {info}")


def _chosen(info: inspect.UnionType, value: Any) -> inspect.Type:
    """The member of a union that a value most likely means."""
    if value is None and info.includes_none:
        return inspect.NoneType()
    types = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
    if isinstance(value, dict):
        for kind in types:
            if isinstance(plain(kind), inspect.StructType):
                return kind
    if isinstance(value, float):
        for kind in types:
            if isinstance(plain(kind), inspect.FloatType):
                return kind
    return types[0]


def plain(info: inspect.Type) -> inspect.Type:
    """Look past the bounds and descriptions of a type."""
    while isinstance(info, inspect.Metadata):
        info = info.type
    return info


def _rebuilt(info: inspect.Type) -> Any:
    """The Python type that a leaf's description stands for, bounds included."""
    match info:
        case inspect.StrType():
            meta = msgspec.Meta(min_length=info.min_length, max_length=info.max_length, pattern=info.pattern)
            return Annotated[str, meta]
        case inspect.IntType():
            return Annotated[int, msgspec.Meta(ge=info.ge, le=info.le)]
        case inspect.FloatType():
            return Annotated[float, msgspec.Meta(ge=info.ge, le=info.le)]
        case inspect.BoolType():
            return bool
        case inspect.UUIDType():
            return UUID
        case inspect.NoneType():
            return None
        case inspect.EnumType():
            return info.cls
        case inspect.ListType():
            return list
        case inspect.DictType():
            return dict
    raise NotImplementedError(f"a leaf of type {info}")


def _leaf_words(info: inspect.Type, value: Any, message: str) -> tuple[str, str | None]:
    """Say what a leaf needs, in words for people rather than in Python's."""
    match info:
        case inspect.StrType() if not isinstance(value, str):
            return f"A text is needed here, not {_kind_of(value)}.", None
        case inspect.StrType() if info.max_length is not None and len(value) > info.max_length:
            return f"At most {info.max_length:,} characters are taken; these are {len(value):,}.", None
        case inspect.StrType():
            return "This text is not of the form that is needed.", PATTERN_HINTS.get(info.pattern or "")
        case inspect.IntType() | inspect.FloatType() if isinstance(value, int | float | str) and value is not True:
            bounds = f"from {info.ge} to {info.le}" if info.ge is not None else "a finite number"
            whole = "A whole number" if isinstance(info, inspect.IntType) else "A number"
            return f"{whole} is needed here, {bounds}.", None
        case inspect.UUIDType():
            return "An id (UUID) is needed here.", "for example 0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b"
        case inspect.EnumType():
            listed = ", ".join(str(member.value) for member in info.cls)
            return f"A text is needed here, not {_kind_of(value)}.", f"one of {listed}"
        case inspect.BoolType():
            return f"A truth value is needed here, not {_kind_of(value)}.", "true or false"
        case inspect.NoneType():
            return f"Only null can stand here, not {_kind_of(value)}.", None
        case inspect.ListType():
            return f"A list is needed here, not {_kind_of(value)}.", None
        case inspect.DictType():
            return f"An object is needed here, not {_kind_of(value)}.", None
    return f"{message}.", None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
    return "an object"
