"""Named SQL: statements and fragments live in ``queries/*.sql``, values are always bound.

A file holds fragments, each under a line ``-- name: …``. A value stands in them as ``:name``; ``Statement``
joins fragments and numbers the values for PostgreSQL. A table in braces, ``{event}``, is read as of the moment that the
statement is made for: the table itself or, for the past, its rows and the superseded ones that held then. A walk along
``{walked_event}`` is written once and made for either part (see ``select/merging.py``).
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_VALUE = re.compile(r"(?<![:\w]):([a-z_]+)")
_TABLE = re.compile(r"\{(actor|actor_name|chronology|event|event_term|event_text|membership|source)\}")
_WALKED = re.compile(r"\{walked_(event|event_term)\}")


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
    """A statement under construction: texts from the fragments, values beside them.

    ``as_of`` is the sequence of the change as of which tables in braces are read; None reads them as they are now. It
    is the first of the values, and some fragment must have such a table. Fragments may also be of the files ``more``.
    """

    def __init__(self, file: str, as_of: int | None = None, *more: str) -> None:
        self._fragments = {name: text for one in (file, *more) for name, text in fragments(one).items()}
        self.as_of = as_of
        self.values: list[Any] = [] if as_of is None else [as_of]

    def fragment(self, name: str, **values: Any) -> str:
        """Give a fragment's text with its values bound to this statement."""
        numbers: dict[str, int] = {"as_of": 1}
        for key, value in values.items():
            self.values.append(value)
            numbers[key] = len(self.values)
        text = _TABLE.sub(lambda match: self._table(match[1]), self._fragments[name])
        return _VALUE.sub(lambda match: f"${numbers[match[1]]}", text)

    def walked(self, walks: str, *, past: bool) -> str:
        """Have walks go along the present tables, as far as their rows are as old as the moment, or along the past."""
        if self.as_of is None:
            return _WALKED.sub(lambda match: match[1], walks)
        part = fragments("moment")["superseded" if past else "present"].replace(":as_of", "$1")
        return _WALKED.sub(lambda match: f"({part.replace('{table}', match[1])})", walks)

    def _table(self, name: str) -> str:
        return name if self.as_of is None else f"({fragments('moment')[name]})"


async def fetch(connection: Any, file: str, name: str, *, as_of: int | None = None, **values: Any) -> list[Any]:
    """Fetch the rows of one whole statement whose values and tables have names (see ``Statement``)."""
    statement = Statement(file, as_of)
    rows: list[Any] = await connection.fetch(statement.fragment(name, **values), *statement.values)
    return rows


def _without_comments(body: str) -> str:
    return "\n".join(line for line in body.strip().splitlines() if not line.lstrip().startswith("--")).rstrip(";")
