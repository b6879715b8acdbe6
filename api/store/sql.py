"""Named SQL: statements and fragments live in ``queries/*.sql``, values are always bound.

A file holds fragments, each under a line ``-- name: …``. A value stands in them as ``:name``; ``Statement``
joins fragments and numbers the values for PostgreSQL.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_VALUE = re.compile(r"(?<![:\w]):([a-z_]+)")


@cache
def fragments(file: str) -> dict[str, str]:
    """The fragments of ``queries/<file>.sql`` by name."""
    text = files("api.store").joinpath("queries", f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)
    return {name: _without_comments(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def query(file: str, name: str) -> str:
    """One whole statement, its values numbered ``$1, $2, …`` in the file itself."""
    return fragments(file)[name]


class Statement:
    """A statement under construction: texts from the fragments, values beside them."""

    def __init__(self, file: str) -> None:
        self._fragments = fragments(file)
        self.values: list[Any] = []

    def fragment(self, name: str, **values: Any) -> str:
        """Give a fragment's text with its values bound to this statement."""
        numbers: dict[str, int] = {}
        for key, value in values.items():
            self.values.append(value)
            numbers[key] = len(self.values)
        return _VALUE.sub(lambda match: f"${numbers[match[1]]}", self._fragments[name])


def _without_comments(body: str) -> str:
    return "\n".join(line for line in body.strip().splitlines() if not line.lstrip().startswith("--")).rstrip(";")
