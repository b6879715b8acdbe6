"""A JSON Patch (RFC 6902) applied step by step, apart from the library that makes them."""

import json
from copy import deepcopy
from typing import Any


def exact(value: Any) -> str:
    """A JSON value as a text that tells 1 from 1.0 and from true, and not the order of members."""
    return json.dumps(value, sort_keys=True)


def applied(document: Any, patch: list[dict[str, Any]]) -> Any:
    """Apply a patch as the standard says, which must be possible."""
    root = {"": deepcopy(document)}
    for step in patch:
        match step:
            case {"op": "add", "path": path, "value": value, **rest} if not rest:
                _add(root, path, value)
            case {"op": "remove", "path": path, **rest} if not rest:
                _take(root, path)
            case {"op": "replace", "path": path, "value": value, **rest} if not rest:
                container, key = _place(root, path)
                assert container[key] is not ...
                container[key] = deepcopy(value)
            case {"op": "move", "from": source, "path": path, **rest} if not rest:
                assert not path.startswith(source + "/")
                _add(root, path, _take(root, source))
            case _:
                raise AssertionError(f"no step that Dateline makes: {step}")
    return root[""]


def _place(root: Any, path: str) -> tuple[Any, Any]:
    """The container that a pointer leads into, and the key or index there."""
    container, names = root, ["", *path.split("/")[1:]]
    for place, name in enumerate(names):
        key: Any = name.replace("~1", "/").replace("~0", "~")
        if isinstance(container, list):
            assert key == str(int(key)), "an index has no zeros before it"
            key = int(key)
        if place == len(names) - 1:
            return container, key
        container = container[key]
    raise AssertionError


def _add(root: Any, path: str, value: Any) -> None:
    container, key = _place(root, path)
    if isinstance(container, list):
        assert 0 <= key <= len(container)
        container.insert(key, deepcopy(value))
    else:
        container[key] = deepcopy(value)


def _take(root: Any, path: str) -> Any:
    container, key = _place(root, path)
    return container.pop(key)
