"""Arguments of callers, made into those of generated operations."""

from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import Any, TypeVar
from uuid import UUID, uuid4

from dateline_client.generated.parameters import REPEATED
from dateline_client.generated.types import UNSET, Unset

Value = TypeVar("Value")


def given(value: Value | None) -> Value | Unset:
    """Leave out what is None."""
    return UNSET if value is None else value


def described(
    describe: Callable[..., dict[str, Any]], kind: type, parameters: Mapping[str, Any], *fixed: Any
) -> Callable[..., dict[str, Any]]:
    """Give parameters to generated code: their names must be those of the operation's TypedDict.

    What may be several becomes a list; what is None is left out. Raises TypeError.
    """
    unknown = sorted(parameters.keys() - kind.__annotations__.keys())
    if unknown:
        raise TypeError(f"There is no parameter {', '.join(unknown)}. There are: {', '.join(kind.__annotations__)}.")
    taken = signature(describe).parameters
    chosen = {
        _generated_name(name, taken): _listed(value) if name in REPEATED else value
        for name, value in parameters.items()
        if value is not None
    }
    return partial(describe, *fixed, **chosen)


def _generated_name(name: str, taken: Mapping[str, Any]) -> str:
    """Give the name of a parameter in generated code, which keeps off builtins and names of its own."""
    return next(one for one in (name, f"{name}_", f"{name}_query") if one in taken)


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str | UUID) else list(value)


def uuid(value: UUID | str) -> UUID:
    """Give an id as what it is; ValueError if it is none."""
    return value if isinstance(value, UUID) else UUID(value)


def moment(as_of: int | str | None) -> str | Unset:
    """Give ``as_of`` as the text that the contract has."""
    return UNSET if as_of is None else str(as_of)


def key(idempotency_key: str | None) -> str:
    """Give the key under which a request is done once, however often it is sent."""
    return idempotency_key or str(uuid4())


def tag(revision: int) -> str:
    """Give the entity tag of a revision, for ``If-Match``."""
    return f'"{revision}"'


def change(reason: str | None, type: str | None = None) -> dict[str, Any]:
    """Give the member of a body that says why, as far as anything is said."""
    said = {name: value for name, value in (("type", type), ("reason", reason)) if value is not None}
    return {"change": said} if said else {}


class _Body:
    """A body for generated operations: given as a mapping, it goes out as it is, so that the service sees mistakes."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def to_dict(self) -> dict[str, Any]:
        """Give what is sent."""
        return dict(self._value) if isinstance(self._value, Mapping) else self._value.to_dict()


def body(value: Any, **members: Any) -> Any:
    """Give a body, as a mapping or of the generated classes, to a generated operation; members are put beside it."""
    return _Body({**_Body(value).to_dict(), **members})
