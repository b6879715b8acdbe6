"""What the wire types themselves tell: of which others they are made, and what in them only the store sets."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct, UnsetType, inspect


def classes(kinds: Iterable[Any]) -> set[type]:
    """Collect all structs and enumerations that types are made of."""
    found: set[type] = set()
    waiting: list[Any] = list(inspect.multi_type_info(kinds))
    while waiting:
        info = waiting.pop()
        if isinstance(info, inspect.StructType):
            if info.cls in found:
                continue
            waiting += [field.type for field in info.fields]
        if isinstance(info, inspect.StructType | inspect.EnumType):
            found.add(info.cls)
        for name in ("type", "item_type", "item_types", "key_type", "value_type", "types"):
            inner = getattr(info, name, ())
            waiting += inner if isinstance(inner, tuple) else [inner]
    return found


def set_by_the_store(kind: type[Struct]) -> set[str]:
    """List the members of a type which the type that writers give (``…In``) does not have."""
    for base in kind.__mro__[1:]:
        if issubclass(base, Struct) and base.__name__.endswith("In"):
            return {field.encode_name for field in msgspec.structs.fields(kind)} - {
                field.encode_name for field in msgspec.structs.fields(base)
            }
    return set()


def always_there(kind: type[Struct]) -> list[str]:
    """List the members that are always written: all but those that may be unset."""

    def may_be_unset(annotation: Any) -> bool:
        return annotation is UnsetType or any(may_be_unset(part) for part in getattr(annotation, "__args__", ()))

    names = [field.encode_name for field in msgspec.structs.fields(kind) if not may_be_unset(field.type)]
    tag = kind.__struct_config__.tag_field
    return names if tag is None else [tag, *names]
