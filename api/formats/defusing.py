"""Cells that a spreadsheet would take for a formula, written so that it doesn't, and read back as they were.

A text that begins with one of ``= + - @`` (also in their full-width forms and behind white space), with a tab, a line
break or an apostrophe is written with an apostrophe before it. An apostrophe is taken away only where one of these
follows, so that nobody's own apostrophe is lost.
"""

import re

_BEGINS_A_FORMULA = re.compile(r"[\t\r\n']|\s*[=+\-@＝＋－＠]")


def defuse(text: str) -> str:
    """Write a text so that no spreadsheet reads a formula in it."""
    return f"'{text}" if _BEGINS_A_FORMULA.match(text) else text


def restore(cell: str) -> str:
    """Read a text that ``defuse`` wrote; any other is given as it is."""
    return cell[1:] if cell.startswith("'") and _BEGINS_A_FORMULA.match(cell, 1) else cell
