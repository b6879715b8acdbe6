"""What the parameter ``q`` asks for, taken apart: words, "phrases", prefixes*, and with a hyphen before it -what must
not be there. See ``docs/search.md``.

Whatever the text, it is read; what in it is invalid is a flaw.
"""

import re
from enum import Enum
from typing import NamedTuple

from schema.validation import Flaw
from schema.words import fold, is_unspaced, runs_of, words_of

MAXIMUM_CHARACTERS = 300
MAXIMUM_WORDS = 20
#: Each of them may stand for very many words.
MAXIMUM_PREFIXES = 3
MINIMUM_PREFIX = 2

UNBALANCED = "A quotation mark without a second one was read as text."

#: Quotation marks that writing programs put in the place of the plain ones.
_QUOTATION_MARKS = str.maketrans("“”„‟", '""""')
_PART = re.compile(r'-?"[^"]*"|[^\s"]+')


class Kind(Enum):
    """How a part of the query is meant."""

    WORD = "word"
    PHRASE = "phrase"
    PREFIX = "prefix"


class Part(NamedTuple):
    """A word, a phrase or the prefix of a word, as it was written but for the signs that say so."""

    kind: Kind
    text: str
    unwanted: bool = False


class TextQuery(NamedTuple):
    """A query in its parts, each with at least one letter or digit, and what is to be said of how it was read."""

    parts: list[Part]
    notices: list[str]


def read_text_query(text: str) -> TextQuery:
    """Take a query apart. A quotation mark that has no second one, and other signs, are read as text."""
    text = text.translate(_QUOTATION_MARKS)
    balanced = text.count('"') % 2 == 0
    if not balanced:
        before, _, behind = text.rpartition('"')
        text = f"{before} {behind}"
    parts = []
    for found in _PART.finditer(text):
        alone = found.start() == 0 or text[found.start() - 1].isspace()
        part = _part(found[0], alone=alone)
        if _runs(part.text):
            parts.append(part)
    return TextQuery(parts, [] if balanced else [UNBALANCED])


def text_notices(text: str | None) -> list[str]:
    """Say what is to be said of how a query is read, if there is one."""
    return [] if text is None else read_text_query(text).notices


def text_flaws(text: str) -> list[Flaw]:
    """Name what of a query is invalid."""
    parts = read_text_query(text).parts
    prefixes = [part for part in parts if part.kind is Kind.PREFIX]
    found = []
    if not parts:
        found.append(Flaw("/q", "There is nothing to search for: it has no letter and no digit.", "a word"))
    elif all(part.unwanted for part in parts):
        found.append(Flaw("/q", "It only says what must not be there.", "a word that is wanted, too"))
    if sum(len(_runs(part.text)) for part in parts) > MAXIMUM_WORDS:
        found.append(Flaw("/q", f"It has more than {MAXIMUM_WORDS} words.", "fewer words"))
    if len(prefixes) > MAXIMUM_PREFIXES:
        found.append(Flaw("/q", f"It has more than {MAXIMUM_PREFIXES} word prefixes.", "fewer with *"))
    for part in prefixes:
        prefix = words_of(fold(part.text))[-1]
        if len(prefix) < MINIMUM_PREFIX and not is_unspaced(prefix):
            detail = f"{part.text[:50]}* is too short: a prefix has at least {MINIMUM_PREFIX} letters."
            found.append(Flaw("/q", detail, "more letters, or no *"))
    return found


def _part(text: str, *, alone: bool) -> Part:
    """Read one part; only at the beginning of it, behind a space, a hyphen is a sign."""
    unwanted = alone and text.startswith("-")
    text = text.removeprefix("-") if unwanted else text
    if text.endswith('"'):
        return Part(Kind.PHRASE, text.strip('-"'), unwanted)
    if text.endswith("*"):
        return Part(Kind.PREFIX, text.rstrip("*"), unwanted)
    return Part(Kind.WORD, text, unwanted)


def _runs(text: str) -> list[str]:
    """The words of a part as people count them."""
    return runs_of(fold(text))
