"""In which encoding a text is, and how its lines end, from looking at all of it in bounded memory.

What is certain comes first: a byte order mark, NUL bytes in the pattern of UTF-16, well-formed UTF-8. What is left is
told apart as Mac Roman or Windows-1252 by what its letters and marks would be next to their neighbours; this is a
guess, and the notes say so, with a word to look at.
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from api.formats.table import unreadable

CHUNK_BYTES = 1 << 18
#: So much text around letters beyond ASCII is looked at for a guess.
_SAMPLE_BYTES = 1 << 17

#: Names for people, by the name of the codec.
LABELS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-16": "UTF-16",
    "utf-32": "UTF-32",
    "mac_roman": "Mac Roman",
    "cp1252": "Windows-1252",
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEQUENCES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
_WINDOW = re.compile(rb"[^\r\n\x80-\xff]{0,15}[\x80-\xff][^\r\n]{0,15}")

_FREQUENT = set("äöüßÄÖÜéèêëàâáãåæçíìîïñóòôõøœúùûÉÅØÇ")
_OPENING = set("“„‘‚«‹¿¡")
_CLOSING = set("”’»›")
_RULES = set("–—…•·")
_SIGNS = set("€£¥§°™®©½¼¾²³±×\xa0")


class Encoding(NamedTuple):
    """The codec to read a text with, its name for people, how lines end, and what is to be said about it."""

    codec: str
    label: str
    line_ends: str
    notes: list[str]


class _Looked(NamedTuple):
    """What a look at all bytes has found."""

    is_utf8: bool
    bad_line: int
    bytes_high: int
    bytes_in_sequences: int
    bytes_total: int
    zeros_even: int
    zeros_odd: int
    sample: bytes


def detect(file: BinaryIO) -> Encoding:
    """Find out the encoding of a file from its beginning on, which is then its position again.

    Raises ``unreadable-file`` for a broken text of one that it clearly is meant to be in, and for one that is in none.
    """
    codec, notes = _guess(file)
    file.seek(0)
    line_ends = _line_ends(_decoded(file, codec))
    file.seek(0)
    return Encoding(codec, LABELS.get(codec, codec), line_ends, notes)


def _guess(file: BinaryIO) -> tuple[str, list[str]]:
    file.seek(0)
    mark = _mark(file.read(4))
    if mark is not None:
        return mark, []
    file.seek(0)
    looked = _look(file)
    # Half of the bytes of most texts in UTF-16 are zeros; a few are none of its.
    if looked.zeros_even + looked.zeros_odd > looked.bytes_total / 10:
        if looked.bytes_total % 2 == 0 and looked.zeros_odd > 10 * looked.zeros_even:
            return "utf-16-le", []
        if looked.bytes_total % 2 == 0 and looked.zeros_even > 10 * looked.zeros_odd:
            return "utf-16-be", []
    if looked.is_utf8:
        return "utf-8", []
    if looked.zeros_even or looked.zeros_odd:
        raise unreadable("This is no text. A workbook in an old format (xls) can be saved as .xlsx or as CSV.")
    if looked.bytes_in_sequences >= 0.8 * looked.bytes_high:
        raise unreadable(f"The text is UTF-8 but for line {looked.bad_line:,}, where bytes are missing or damaged.")
    return _of_eight_bits(looked.sample)


def _mark(start: bytes) -> str | None:
    return next((codec for mark, codec in _MARKS if start.startswith(mark)), None)


def _look(file: BinaryIO) -> _Looked:
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, bad_line, lines, position = True, 0, 1, 0
    high = in_sequences = even = odd = 0
    sample: list[bytes] = []
    sampled = 0
    for chunk in _chunks(file):
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                is_utf8 = False
                before = error.object[: error.start]
                bad_line = lines + _count_lines(before)
            lines += _count_lines(chunk)
        if b"\0" in chunk:
            first, second = chunk[::2].count(0), chunk[1::2].count(0)
            even, odd = (even + first, odd + second) if position % 2 == 0 else (even + second, odd + first)
        position += len(chunk)
        if chunk.isascii():
            continue
        high += len(_HIGH.findall(chunk))
        in_sequences += sum(map(len, _SEQUENCES.findall(chunk)))
        if sampled < _SAMPLE_BYTES:
            for window in _WINDOW.finditer(chunk):
                sample.append(window[0])
                sampled += len(window[0])
                if sampled >= _SAMPLE_BYTES:
                    break
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8, bad_line = False, lines
    return _Looked(is_utf8, bad_line, high, in_sequences, position, even, odd, b"\n".join(sample))


def _count_lines(chunk: bytes) -> int:
    return chunk.count(b"\n") or chunk.count(b"\r")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _of_eight_bits(sample: bytes) -> tuple[str, list[str]]:
    """Tell Mac Roman from Windows-1252."""
    texts = {codec: sample.decode(codec, "replace") for codec in ("cp1252", "mac_roman")}
    scores = {codec: _likeness(text) for codec, text in texts.items()}
    codec = max(scores, key=lambda name: scores[name])
    other = min(scores, key=lambda name: scores[name])
    label, word = LABELS[codec], _shown_word(texts[codec])
    look = f"for example “{word}”" if word else "a guess"
    if scores[codec] < -2 or _is_foreign(texts[codec]):
        raise unreadable(
            f"The text is none of UTF-8, UTF-16, Windows-1252 and Mac Roman; as {label} it reads badly ({look})."
            " Save it as UTF-8."
        )
    if scores[codec] - scores[other] < 2:
        note = f"The text was taken as {label}, which is not certain ({look}): if names look wrong, save it as UTF-8."
    else:
        note = f"The text was taken as {label} by its letters ({look}); if names look wrong, save it as UTF-8."
    return codec, [note]


def _is_foreign(text: str) -> bool:
    """Say whether whole words are of letters beside ASCII, as when another alphabet was taken for the Latin one."""
    words = re.findall(r"[^\W\d_]{4,}", text)
    foreign = sum(sum(letter > "\x7f" for letter in word) > len(word) / 2 for word in words)
    return bool(foreign > len(words) / 5)


def _shown_word(text: str) -> str:
    words = re.findall(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*", text)
    return max(words, key=lambda word: (len(word) <= 20, len(word)), default="")[:30]


def _likeness(text: str) -> float:
    """How much a text looks like one that people write: letters among letters, marks where marks stand."""
    score = 0.0
    padded = f"\n{text}\n"
    for index in range(1, len(padded) - 1):
        character = padded[index]
        if character > "\x7f":
            score += _fit(padded[index - 1], character, padded[index + 1])
    return score


def _fit(before: str, character: str, after: str) -> float:
    if character == "\ufffd" or character < "\xa0":
        return -10
    if character in _OPENING:
        return 2 if not before.isalnum() and (after.isalnum() or after in "\"'[(") else -1
    if character in _CLOSING:
        return 2 if (before.isalnum() or before in ".,!?…)]%") and not (character != "’" and after.isalnum()) else -1
    if character in _RULES:
        return 1.5 if before.isspace() == after.isspace() or character == "…" or before.isalnum() else 0
    if character in _SIGNS:
        return 0.5 if not (before.isalpha() and after.isalpha()) else -2
    if not character.isalpha() or character in "ªºƒˆˇΩπµıﬁﬂ":
        return -1.5
    if not (before.isalpha() or after.isalpha()):
        return 0.2 if character in "àéèóòíÀÉåÅøØæ" else -1
    if character.isupper() and before.islower():
        return -2
    if character.islower() and after.isupper():
        return -1
    return 1.5 if character in _FREQUENT else 0.5


def _decoded(file: BinaryIO, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)()
    label = LABELS.get(codec, codec)
    try:
        for chunk in _chunks(file):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise unreadable(f"The text is not well-formed {label}: {error}.") from None


def _line_ends(pieces: Iterator[str]) -> str:
    """How rows end; line breaks within quotation marks are parts of cells and do not count."""
    counts = {"CRLF": 0, "LF": 0, "CR": 0}
    quoted, held = False, ""
    for piece in pieces:
        text = held + piece
        held = text[-1:] if text.endswith("\r") else ""
        text = text[: len(text) - len(held)]
        for part in text.split('"'):
            if not quoted:
                both = part.count("\r\n")
                counts["CRLF"] += both
                counts["LF"] += part.count("\n") - both
                counts["CR"] += part.count("\r") - both
            quoted = not quoted
        quoted = not quoted
    counts["CR"] += bool(held)
    found = [name for name, count in counts.items() if count]
    return found[0] if len(found) == 1 else "mixed" if found else "LF"
