"""Reading parameters of the query, the path and the headers; nothing that is sent is ignored."""

import re
from collections.abc import Container, Iterator
from functools import cache
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from msgspec import Struct, inspect

from api.http.contract import contract_of
from schema.problem import Fault, problem
from schema.text import SLUG_PATTERN
from schema.validation import Flaw, nearest, plain, read

MAXIMUM_PARAMETERS = 100
MAXIMUM_QUERY_BYTES = 8192
MAXIMUM_REVISION = 2**31 - 1
#: Longer than any header of ours needs to be; a bound on the work of reading one.
MAXIMUM_TAGS_LENGTH = 1000

S = TypeVar("S", bound=Struct)

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SLUG = re.compile(SLUG_PATTERN)
#: An entity tag (RFC 9110 section 8.8.3), and what separates several.
_ENTITY_TAG = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')
_REVISION_TAG = re.compile(r"([1-9][0-9]{0,9})(?:-.*)?")
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def read_query(raw: bytes, kind: type[S]) -> S:
    """Read a query, as it stands in an address, into a type whose members are the parameters.

    A member of a list type takes every value.
    Raises the problem ``invalid-parameters`` with every fault: unknown names, a single value given twice, empty
    values, broken percent-encoding or UTF-8, NUL, and whatever the type refuses.
    """
    pairs, faults = _pairs(raw)
    fields = _fields(kind)
    values: dict[str, Any] = {}
    spoiled = {fault.parameter for fault in faults}
    for name, text in pairs:
        info = fields.get(name)
        if info is None:
            faults.append(_unknown(name, list(fields)))
            continue
        fault = _text_fault(name, text, info)
        if fault is None and name in values and not isinstance(info, inspect.ListType):
            fault = Fault(f"{name} takes one value.", parameter=name, suggestion="give it once")
        if fault is not None:
            faults.append(fault)
            spoiled.add(name)
        elif isinstance(info, inspect.ListType):
            values.setdefault(name, []).append(text)
        else:
            values[name] = text
    reading = read({name: value for name, value in values.items() if name not in spoiled}, kind, strict=False)
    faults += [_parameter_fault(flaw) for flaw in reading.flaws if _first(flaw.pointer) not in spoiled]
    if faults:
        raise _invalid(faults)
    return reading.value


async def provide_query(request: Request[Any, Any, Any]) -> Any:
    """Read the query into the type that the handler's contract names (a Litestar dependency)."""
    contract = contract_of(request.route_handler)
    if contract is None or contract.query is None:
        raise RuntimeError(f"{request.route_handler} asks for a query, but its contract names no type for it")
    return read_query(request.scope["query_string"], contract.query)


def refuse_unknown_parameters(connection: ASGIConnection[Any, Any, Any, Any], route_handler: BaseRouteHandler) -> None:
    """Refuse any query where the contract knows of none (a Litestar guard for the whole application).

    Handlers without a contract are pages; what is appended to their addresses does no harm.
    """
    contract = contract_of(route_handler)
    if contract is None or contract.query is not None or not connection.scope["query_string"]:
        return
    pairs, faults = _pairs(connection.scope["query_string"])
    faults += [_unknown(name, []) for name, _ in pairs]
    if faults:
        raise _invalid(faults)


def read_uuid(text: str, name: str) -> UUID:
    """Read an id of the path. Where no id can be there can be nothing: a malformed one is ``not-found``, too."""
    if not _UUID.fullmatch(text):
        raise problem("not-found", f"There is nothing here: {name} is not an id (UUID).")
    return UUID(text)


def read_slug(text: str, name: str) -> str:
    """Read a slug of the path; a malformed one is ``not-found``, as nothing can have it."""
    if len(text) > 100 or not _SLUG.match(text):
        raise problem(
            "not-found",
            f"There is nothing here: {name} is not made of lower-case letters, digits and hyphens.",
        )
    return text


def read_number(text: str, name: str) -> int:
    """Read a number of the path, from 1 on; what is none is ``not-found``."""
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or int(text) > MAXIMUM_REVISION:
        raise problem("not-found", f"There is nothing here: {name} is not a number from 1 on.")
    return int(text)


class AnyRevision:
    """What ``If-Match: *`` allows."""

    def __contains__(self, revision: object) -> bool:
        return True


def read_if_match(request: Request[Any, Any, Any]) -> Container[int]:
    """Read which revisions the request may change: test with ``current in read_if_match(request)``.

    Entity tags begin with the revision, ``"3"`` or ``"3-suffix"``; several mean any of them, ``*`` any at all
    (RFC 9110 section 13.1.1). A weak mark (``W/``) is overlooked, since caches on the way add it and the number
    alone is compared. Raises ``precondition-required`` if it is missing, ``invalid-parameters`` if it has no
    revision.
    """
    lines = request.headers.getall("If-Match", [])
    if not lines:
        raise problem(
            "precondition-required",
            "Say which revision this changes.",
            Fault(
                "If-Match is required here.",
                parameter="If-Match",
                suggestion='the ETag that GET answered, or its revision, for example If-Match: "3"',
            ),
        )
    text = ", ".join(lines).strip()
    if text == "*":
        return AnyRevision()
    tags = _entity_tags(text)
    revisions = [_REVISION_TAG.fullmatch(tag) for tag in tags or [""]]
    numbers = frozenset(int(match[1]) for match in revisions if match and int(match[1]) <= MAXIMUM_REVISION)
    if tags is None or len(numbers) == 0 or None in revisions:
        raise _invalid(
            [
                Fault(
                    "If-Match is not a list of entity tags that begin with a revision.",
                    parameter="If-Match",
                    suggestion='the ETag that GET answered, or its revision in quotation marks, for example "3"',
                )
            ]
        )
    return numbers


def is_unchanged(request: Request[Any, Any, Any], entity_tag: str) -> bool:
    """Say whether ``If-None-Match`` names this entity tag, so that 304 is the answer (RFC 9110 section 13.1.2).

    Tags are compared weakly. A header that cannot be read matches nothing: the full answer is always right.
    """
    text = ", ".join(request.headers.getall("If-None-Match", [])).strip()
    if text == "*":
        return True
    return entity_tag.removeprefix("W/").strip('"') in (_entity_tags(text) or [])


def _entity_tags(text: str) -> list[str] | None:
    """Take a list of entity tags apart; None if it is not one."""
    if len(text) > MAXIMUM_TAGS_LENGTH:
        return None
    tags, position = [], 0
    while position < len(text):
        match = _ENTITY_TAG.match(text, position)
        if match is None:
            return None
        tags.append(match[1])
        position = match.end()
    return tags or None


def _pairs(raw: bytes) -> tuple[list[tuple[str, str]], list[Fault]]:
    """Take a query apart into names and values, with the faults of those that cannot be read."""
    if len(raw) > MAXIMUM_QUERY_BYTES:
        raise problem(
            "invalid-parameters",
            f"The query has {len(raw):,} bytes; at most {MAXIMUM_QUERY_BYTES:,} are taken.",
        )
    pieces = [piece for piece in raw.split(b"&") if piece]
    if len(pieces) > MAXIMUM_PARAMETERS:
        raise problem(
            "invalid-parameters",
            f"The query has {len(pieces):,} parameters; at most {MAXIMUM_PARAMETERS} are taken.",
        )
    pairs, faults = [], []
    for piece in pieces:
        name, _, value = piece.partition(b"=")
        try:
            pairs.append((_text_of(name), _text_of(value)))
        except ValueError as error:
            faults.append(Fault(str(error), parameter=_shown(name)))
    return pairs, faults


def _text_of(raw: bytes) -> str:
    if _BROKEN_ESCAPE.search(raw):
        raise ValueError("A percent sign here is not followed by two hexadecimal digits (write it as %25).")
    try:
        text = unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise ValueError("The text here is not UTF-8.") from None
    if "\0" in text:
        raise ValueError("NUL characters are not taken.")
    return text


def _shown(name: bytes) -> str:
    """Write the name of a parameter that may itself be broken so that it can be shown."""
    text = unquote_to_bytes(name).decode(errors="replace")
    return "".join(letter if letter.isprintable() else "�" for letter in text)[:100]


@cache
def _fields(kind: type[Struct]) -> dict[str, inspect.Type]:
    """The parameters of a query type: by name, what each is made of, without null and bounds."""
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind} is not a Struct")
    return {field.encode_name: _plain(field.type) for field in info.fields}


def _plain(info: inspect.Type) -> inspect.Type:
    """Look past bounds and past null, which no query can say."""
    info = plain(info)
    if isinstance(info, inspect.UnionType):
        kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
        if len(kinds) == 1:
            return _plain(kinds[0])
    return info


def _text_fault(name: str, text: str, info: inspect.Type) -> Fault | None:
    """Say what is wrong with a value before its type is looked at.

    Reading texts leniently, msgspec takes null, NaN, 1e3 and True; the contract does not, so neither do we.
    """
    if not text:
        return Fault(f"{name} is empty.", parameter=name, suggestion="give it a value, or leave it out")
    match _plain(info.item_type) if isinstance(info, inspect.ListType) else info:
        case inspect.IntType() if not _WHOLE_NUMBER.fullmatch(text):
            return Fault(f"{name} takes a whole number.", parameter=name)
        case inspect.FloatType() if not _NUMBER.fullmatch(text):
            return Fault(f"{name} takes a number.", parameter=name)
        case inspect.BoolType() if text not in ("true", "false"):
            return Fault(f"{name} takes true or false.", parameter=name, suggestion="true or false")
        case inspect.EnumType() | inspect.UUIDType() if text.lower() == "null":
            return Fault(f"{name} does not take null.", parameter=name, suggestion="leave it out")
    return None


def _unknown(name: str, known: list[str]) -> Fault:
    shown = _shown(name.encode(errors="replace"))
    if not known:
        return Fault(f"There is no parameter {shown!r} here; none are taken.", parameter=shown)
    suggestion = nearest(name[:100], known) or "one of " + ", ".join(sorted(known))
    return Fault(f"There is no parameter {shown!r} here.", parameter=shown, suggestion=suggestion)


def _first(pointer: str) -> str:
    return pointer.split("/")[1].replace("~1", "/").replace("~0", "~") if pointer else ""


def _parameter_fault(flaw: Flaw) -> Fault:
    if flaw.suggestion is None:
        return Fault(flaw.detail, parameter=_first(flaw.pointer))
    return Fault(flaw.detail, parameter=_first(flaw.pointer), suggestion=flaw.suggestion)


def _invalid(faults: list[Fault]) -> Exception:
    names = ", ".join(dict.fromkeys(_names(faults)))
    return problem("invalid-parameters", f"These parameters have faults: {names}.", *faults)


def _names(faults: list[Fault]) -> Iterator[str]:
    for fault in faults:
        if isinstance(fault.parameter, str):
            yield fault.parameter
