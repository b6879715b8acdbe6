"""What a reader of an import format gives: rows that are not yet checked, each with what was noticed about it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from schema.validation import Flaw


class TypedDate(str):
    """A text that stands for a date which the file holds as such (ISO 8601), however it shows it."""

    __slots__ = ()


class ParsedRow(NamedTuple):
    """One row of a file.

    ``number`` counts rows of data from 0; headers and blank lines do not count. ``value`` is shaped like a
    ``schema.batch.BatchRow`` as JSON has it (dicts, lists, texts, numbers), or None if nothing can be made of the row.
    It may be incomplete or faulty: it is checked as any batch's row is. ``flaws`` refuse the row and point into
    ``value``, or name a column by a pointer of its own (``/Year``). ``warnings`` do not refuse it.
    """

    number: int
    value: dict[str, Any] | None
    flaws: Sequence[Flaw] = ()
    warnings: Sequence[str] = ()
