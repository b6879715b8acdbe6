"""Arguments of callers, made into those of generated operations."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import partial
from inspect import signature
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx

from dateline_client.generated.parameters import REPEATED
from dateline_client.generated.types import UNSET, Unset

Value = TypeVar("Value")

#: As of when something is read: a sequence of the log, or an instant, as text (RFC 3339) or as what Python has for it.
Moment = int | str | datetime

#: What may stand behind ``Bearer`` (RFC 6750 section 2.1), and in an ``Idempotency-Key``.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_KEY = re.compile(r"[!-~]{1,200}")


def address(given: str) -> str:
    """Check the address of a service; the ValueError does not quote it, since there may be a password in it."""
    try:
        url = httpx.URL(given)
    except httpx.InvalidURL:
        raise ValueError("The address is none that can be read.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("The address must begin with http:// or https:// and the name of a host.")
    if url.userinfo or "?" in given or "#" in given:
        raise ValueError("The address must have no user, password, query or fragment. Who asks is told by the token.")
    return given.rstrip("/")


def bearer(token: str) -> str:
    """Give the header that shows a token; the ValueError does not quote it. White space around it is left out."""
    stripped = token.strip()
    if not _TOKEN.fullmatch(stripped):
        raise ValueError("The token is empty or has characters that no token has.")
    return f"Bearer {stripped}"


def given(value: Value | None) -> Value | Unset:
    """Leave out what is None."""
    return UNSET if value is None else value


def described(
    describe: Callable[..., dict[str, Any]], kind: type, parameters: Mapping[str, Any], *fixed: Any
) -> Callable[..., dict[str, Any]]:
    """Give parameters to generated code: their names must be those of the operation's TypedDict.

    What may be several becomes a list; instants become texts; what is None is left out. Raises TypeError, and
    ValueError for an empty list and for an instant without an offset.
    """
    unknown = sorted(parameters.keys() - kind.__annotations__.keys())
    if unknown:
        raise TypeError(f"There is no parameter {', '.join(unknown)}. There are: {', '.join(kind.__annotations__)}.")
    taken = signature(describe).parameters
    chosen = {
        _generated_name(name, taken): _listed(name, value) if name in REPEATED else _written(value)
        for name, value in parameters.items()
        if value is not None
    }
    return partial(describe, *fixed, **chosen)


def _generated_name(name: str, taken: Mapping[str, Any]) -> str:
    """Give the name of a parameter in generated code, which keeps off builtins and names of its own."""
    return next(one for one in (name, f"{name}_", f"{name}_query") if one in taken)


def _listed(name: str, value: Any) -> list[Any]:
    values = [value] if isinstance(value, str | UUID) else list(value)
    if not values:
        # Sent as it is, it would be no filter at all, and find everything.
        raise ValueError(f"{name} has no values. Leave it out to find all.")
    return values


def uuid(value: UUID | str) -> UUID:
    """Give an id as what it is; ValueError if it is none."""
    return value if isinstance(value, UUID) else UUID(value)


def moment(as_of: Moment | None) -> str | Unset:
    """Give ``as_of`` as the text that the contract has; ValueError for an instant without an offset."""
    return UNSET if as_of is None else str(_written(as_of))


def _written(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    if value.utcoffset() is None:
        raise ValueError(
            f"{value!r} has no offset, so that it is no instant: give it one, as with tzinfo=datetime.UTC."
        )
    return value.isoformat()


def key(idempotency_key: str | None) -> str:
    """Give the key under which a request is done once, however often it is sent; ValueError if it can't be one."""
    if idempotency_key is None:
        return str(uuid4())
    if not _KEY.fullmatch(idempotency_key):
        raise ValueError("An idempotency_key has 1 to 200 visible ASCII characters.")
    return idempotency_key


def tag(revision: int) -> str:
    """Give the entity tag of a revision, for ``If-Match``."""
    return f'"{revision}"'


def change(reason: str | None, type: str | None = None) -> dict[str, Any]:
    """Give the member of a body that says why, as far as anything is said."""
    said = {name: value for name, value in (("type", type), ("reason", reason)) if value is not None}
    return {"change": said} if said else {}


class _Body:
    """A body for generated operations, which ask for its members; the service sees those that it does not know."""

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members

    def to_dict(self) -> dict[str, Any]:
        """Give what is sent."""
        return self._members


def body(value: Any, **members: Any) -> Any:
    """Give a body, as a mapping or of the generated classes, to a generated operation; members are put beside it.

    Raises TypeError if it has one of these already: one of the two would be lost.
    """
    given = _encoded(value)
    if not isinstance(given, dict):
        raise TypeError(f"A body is a mapping or of the classes in models, and not {type(value).__name__}.")
    if given.keys() & members.keys():
        raise TypeError("There is a `change` in the body already: give type and reason there or by keyword, not both.")
    return _Body({**given, **members})


def _encoded(value: Any) -> Any:
    """Give a value as JSON has it, in which generated classes, UUIDs and enumerations may stand anywhere."""
    if hasattr(value, "to_dict"):
        return _encoded(value.to_dict())
    if isinstance(value, Mapping):
        return {name: _encoded(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(one) for one in value]
    if isinstance(value, Enum):
        return _encoded(value.value)
    return str(value) if isinstance(value, UUID) else value
