"""Opening a workbook that somebody sent, a zip archive of XML, without trusting anything that it says of itself.

Its XML parts are unpacked once, counted as they come out, looked through, and written into a fresh archive, which is
what the workbook's reader is given: nothing that was not looked at can be in it. Archives may lie about sizes, have
entries that overlap or the same name twice, and XML may declare entities; cells may lie far apart, so that a reader
which makes a rectangle of them takes all memory, or repeat one long text a million times.
"""

import re
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat  # A document type, which could declare entities, is refused where it begins.

from api.formats.table import unreadable
from schema.problem import ProblemError, problem

MAXIMUM_BYTES = 256 << 20
MAXIMUM_ENTRIES = 2000
#: How many bytes may come out of one, once more than ``RATIO_FROM_BYTES`` have.
MAXIMUM_RATIO = 200
RATIO_FROM_BYTES = 4 << 20
#: The rectangle around all cells of a sheet that are not empty.
MAXIMUM_CELLS = 5_000_000
#: All texts of all cells together.
MAXIMUM_CHARACTERS = 256 << 20

_CHUNK_BYTES = 1 << 18
_ENCRYPTED = 0x1
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})\Z")
_OLD = b"\xd0\xcf\x11\xe0"
_BAD_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)


def unpack_workbook(file: BinaryIO, target: Path) -> list[str]:
    """Check a workbook (xlsx) and write what was checked to ``target``; gives notes about what it holds.

    Raises ``body-too-large`` for what would unpack to too much, ``unreadable-file`` for what is no such workbook.
    """
    file.seek(0)
    if file.read(4) == _OLD:
        raise unreadable("This is an old workbook (xls) or one with a password. Save it as .xlsx without a password.")
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive, zipfile.ZipFile(target, "w") as checked:
            parts = _parts(archive)
            looks = [_copy(archive, part, checked) for part in parts]
            texts = next((look.lengths for look in looks if look.root == "sst"), [])
            notes = []
            for part, look in zip(parts, looks, strict=True):
                if look.root == "worksheet":
                    notes += _check_sheet(checked, part.filename, texts)
    except _BAD_ARCHIVE as error:
        raise unreadable(f"This is not a readable workbook (xlsx): {error}.") from None
    return notes


def _parts(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    names = {entry.filename.lower() for entry in entries}
    if len(entries) > MAXIMUM_ENTRIES:
        raise _too_large(f"has more than {MAXIMUM_ENTRIES:,} parts")
    if len(names) < len(entries):
        raise unreadable("The workbook has two parts of one name.")
    if "xl/workbook.xml" not in names:
        raise unreadable("The archive has no workbook in it (xlsx). Other workbooks can be saved as .xlsx or as CSV.")
    parts = [entry for entry in entries if entry.filename.lower().endswith((".xml", ".rels"))]
    for part in parts:
        if part.flag_bits & _ENCRYPTED or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise unreadable("The workbook is encrypted or packed in an unusual way. Save it anew as .xlsx.")
    return parts


def _too_large(what: str) -> ProblemError:
    return problem("body-too-large", f"The workbook {what}. Divide it, or save the sheet as CSV.")


class _Look:
    """What a part turned out to be: the name of its root and, for shared texts, their lengths in order."""

    def __init__(self) -> None:
        self.root: str | None = None
        self.lengths: list[int] = []
        self._parser = _parser()
        self._parser.StartElementHandler = self._begin
        self._parser.StartDoctypeDeclHandler = _refuse_document_type

    def feed(self, data: bytes, *, final: bool = False) -> None:
        _parse(self._parser, data, final=final)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self.root is None:
            self.root = local
            if local != "sst":
                self._parser.StartElementHandler = None
            else:
                self._parser.CharacterDataHandler = self._text
        elif local == "si":
            self.lengths.append(0)

    def _text(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    return parser


def _parse(parser: expat.XMLParserType, data: bytes, *, final: bool) -> None:
    try:
        parser.Parse(data, final)
    except expat.ExpatError as error:
        raise unreadable(f"The workbook has a part that is not well-formed XML: {error}.") from None


def _refuse_document_type(*_: object) -> None:
    raise unreadable("The workbook has XML with a document type, which no spreadsheet writes.")


def _copy(archive: zipfile.ZipFile, part: zipfile.ZipInfo, checked: zipfile.ZipFile) -> _Look:
    """Unpack a part into the fresh archive, counting what really comes out, and look through it."""
    look = _Look()
    size = 0
    before = sum(done.file_size for done in checked.infolist())
    with archive.open(part) as packed, checked.open(part.filename, "w", force_zip64=True) as target:
        while chunk := packed.read(_CHUNK_BYTES):
            size += len(chunk)
            if before + size > MAXIMUM_BYTES:
                raise _too_large(f"unpacks to more than {MAXIMUM_BYTES >> 20} MiB")
            if size > RATIO_FROM_BYTES and size > MAXIMUM_RATIO * max(part.compress_size, 1):
                raise _too_large(f"unpacks to more than {MAXIMUM_RATIO} times its size")
            look.feed(chunk)
            target.write(chunk)
        look.feed(b"", final=True)
    return look


class _Sheet:
    """The extent of a sheet's cells, as a reader that fills the rectangle around them will see it."""

    def __init__(self, texts: list[int]) -> None:
        self._texts = texts
        self._row = self._column = 0
        self._is_shared = self._is_value = self._counts = False
        self._value = ""
        self._first: tuple[int, int] | None = None
        self._last = (0, 0)
        self.characters = self.errors = self.unvalued = 0
        self._has_formula = False
        self.parser = _parser()
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end

    @property
    def cells(self) -> int:
        if self._first is None:
            return 0
        return (self._last[0] - self._first[0] + 1) * (self._last[1] - self._first[1] + 1)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            self._column += 1
            reference = _REFERENCE.match(attributes.get("r", ""))
            if reference:
                self._column, self._row = _column_number(reference[1]), int(reference[2])
            elif "r" in attributes:
                raise unreadable("The workbook has a cell whose place is not told as it should be.")
            kind = attributes.get("t")
            self._has_formula, self._value = False, "" if kind != "str" else "blank"
            self._is_shared = kind == "s"
            self.errors += kind == "e"
        elif local == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else self._row + 1
            self._column = 0
        elif local in ("v", "is", "f"):
            self._extend()
            self._has_formula |= local == "f"
            if local == "v" and (self._is_shared or self._has_formula):
                self._value = self._value if self._has_formula else ""
                self.parser.CharacterDataHandler = self._text

    def _extend(self) -> None:
        row, column = self._row, self._column
        if self._first is None:
            self._first = self._last = (row, column)
        else:
            self._first = (min(self._first[0], row), min(self._first[1], column))
            self._last = (max(self._last[0], row), max(self._last[1], column))

    def _text(self, text: str) -> None:
        self._value = (self._value + text)[:40]

    def _end(self, name: str) -> None:
        if self._has_formula and name.rpartition(":")[2] == "c":
            self.unvalued += not self._value
            self._has_formula = False
        if self.parser.CharacterDataHandler is not None and name.rpartition(":")[2] == "v":
            self.parser.CharacterDataHandler = None
            if not self._is_shared:
                return
            value = self._value.strip()
            index = int(value) if value.isascii() and value.isdigit() else len(self._texts)
            if index < len(self._texts):
                self.characters += self._texts[index]


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _check_sheet(checked: zipfile.ZipFile, name: str, texts: list[int]) -> list[str]:
    sheet = _Sheet(texts)
    with checked.open(name) as part:
        while chunk := part.read(_CHUNK_BYTES):
            _parse(sheet.parser, chunk, final=False)
            if sheet.cells > MAXIMUM_CELLS:
                raise _too_large(
                    f"has a sheet ({name}) of more than {MAXIMUM_CELLS:,} cells, counting empty ones between"
                )
            if sheet.characters > MAXIMUM_CHARACTERS:
                raise _too_large(f"has more than {MAXIMUM_CHARACTERS >> 20} Mi characters in its cells")
    notes = []
    if sheet.errors:
        notes.append(f"{name}: {sheet.errors:,} cells hold a formula's error, like #DIV/0!, and were read as blank.")
    if sheet.unvalued:
        notes.append(
            f"{name}: {sheet.unvalued:,} cells hold a formula without its result and were read as blank."
            " Open the workbook in a spreadsheet program, save it, and send it again."
        )
    return notes
