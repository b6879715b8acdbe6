"""EDTF dates (ISO 8601-2:2019, levels 0, 1 and 2): reading, bounds, matching and display.

Plain standard library, no input or output. The rules are told in docs/dates.md.
"""

from schema.edtf.calendar import UNBOUNDED_END, UNBOUNDED_START
from schema.edtf.errors import EdtfError
from schema.edtf.forms import Precision
from schema.edtf.grammar import MAXIMUM_LENGTH
from schema.edtf.matching import Match, Window, matches
from schema.edtf.pattern import LOOSE_PATTERN
from schema.edtf.spans import MAXIMUM_RUNS
from schema.edtf.value import Edtf, parse

__all__ = [
    "LOOSE_PATTERN",
    "MAXIMUM_LENGTH",
    "MAXIMUM_RUNS",
    "UNBOUNDED_END",
    "UNBOUNDED_START",
    "Edtf",
    "EdtfError",
    "Match",
    "Precision",
    "Window",
    "matches",
    "parse",
]
