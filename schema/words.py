"""Texts folded for comparison, and taken apart into words: runs of letters and digits with the marks that go with them.

Chinese, Japanese and a few other scripts put no spaces between words. There each character is a word of its own, so
that a part of a sentence is found as a phrase.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Literal

#: Longer words are cut: PostgreSQL takes no word of 2 KiB or more.
LONGEST_WORD = 200

#: Thai, Lao, Burmese, Khmer, kana, Chinese characters.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
#: Beyond this there are no marks that belong to letters.
_MARKS_END = 0x20000


#: Combining Diacritical Marks.
_ACCENTS = re.compile("[\u0300-\u036f]")
#: What is not seen and does not end a word (Unicode Standard Annex 29, rule WB4): soft hyphen, characters of no width,
#: marks of direction, byte order mark.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def normalize(text: str) -> str:
    """Normalize a text for stemming: case and compatible forms of characters don't count, accents do.

    Neither case folding nor Normalization Form KC (Unicode Standard Annex 15) changes the result any more.
    """
    return _until_stable("NFKC", text)


def fold(text: str) -> str:
    """Fold a text for comparison: case, accents and runs of white space do not count.

    Only the accents of Latin, Greek and Cyrillic letters: in other scripts such marks make another letter.

    Empty for a text that has nothing else.
    """
    return " ".join(_ACCENTS.sub("", _until_stable("NFKD", text)).split())


def _until_stable(form: Literal["NFKC", "NFKD"], text: str) -> str:
    # Taking characters apart can bring up capitals, and folding them characters to take apart.
    while (again := unicodedata.normalize(form, text.casefold())) != text:
        text = again
    return text


def fold_words(words: Sequence[str]) -> list[str]:
    """Fold words of a text that has been normalized, each by itself."""
    joined = " ".join(words)
    if joined.isascii():
        return list(words)
    return [word[:LONGEST_WORD] for word in fold(joined).split()]


def runs_of(text: str) -> list[str]:
    """Give the runs of letters and digits of a text."""
    return _ASCII.findall(text) if text.isascii() else _patterns()[0].findall(_INVISIBLE.sub("", text))


def is_unspaced(word: str) -> bool:
    """Say whether a word is a character of a script that puts no spaces between words."""
    return re.match(f"[{_UNSPACED}]", word) is not None


def words_of(text: str) -> list[str]:
    """Give the words of a text that has been normalized or folded; the same text always gives the same words."""
    if text.isascii():
        words = _ASCII.findall(text)
    else:
        words = [
            word for run in runs_of(text) for word in (_patterns()[1].findall(run) if not run.isascii() else [run])
        ]
    return [word[:LONGEST_WORD] for word in words]


_ASCII = re.compile(r"[A-Za-z0-9]+")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Of a run, and of a word in a run. Made when first needed: to look for all marks takes some milliseconds."""
    marks = f"[{_marks()}]"
    letter = rf"[^\W_]{marks}*"
    return re.compile(f"(?:{letter})+"), re.compile(f"(?!{marks})[{_UNSPACED}]{marks}*|(?:[^{_UNSPACED}]|{marks})+")


def _marks() -> str:
    """All characters that only go with others, as ranges for a class of characters."""
    marks = [code for code in range(_MARKS_END) if unicodedata.category(chr(code)) in ("Mn", "Mc")]
    starts = [marks[0], *(later for earlier, later in pairwise(marks) if later != earlier + 1)]
    ends = [*(earlier for earlier, later in pairwise(marks) if later != earlier + 1), marks[-1]]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))
