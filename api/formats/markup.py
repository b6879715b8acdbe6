"""HTML from elsewhere as plain text, with the addresses that it links to. Nothing of it is run or fetched."""

import re
from html.parser import HTMLParser
from typing import NamedTuple

#: Longer HTML is not read; no slide needs more.
MAXIMUM_LENGTH = 100_000

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure"),
        *("footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "tr", "ul"),
    )
)
_SILENT = frozenset(("script", "style", "template"))
#: Elements that show what is at an address.
_EMBEDDING = frozenset(("iframe", "img", "video", "audio", "source", "embed"))
_SPACE = re.compile(r"[ \t\f\v\xa0]+")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
#: A tag without an end; so is the first of two that begin before one of them ends.
_UNFINISHED = re.compile(r"<(?![^<>]*>)")
#: Declarations and instructions say nothing, and the parser gives up on some.
_DECLARATION = re.compile(r"<[!?][^<>]*>")
_LONG_BREAK = re.compile(r"\n{3,}")


class Link(NamedTuple):
    """An address as it was written, and the words that it stood on (for what is embedded, its title)."""

    address: str
    words: str


class Plain(NamedTuple):
    """What is left of HTML: its text and its links, in order."""

    text: str
    links: list[Link]


def plain(html: str) -> Plain:
    """Read HTML, or a text with a few tags, as plain text. Raises ``ValueError`` if it is longer than is read."""
    if len(html) > MAXIMUM_LENGTH:
        raise ValueError(f"At most {MAXIMUM_LENGTH:,} characters of HTML are read; these are {len(html):,}.")
    reader = _Reader(is_marked_up=_TAG.search(html) is not None)
    # The parser's time would grow with the square of how many tags are left unfinished: those are text.
    finished = _UNFINISHED.sub("&lt;", _without_comments(html))
    reader.feed(_DECLARATION.sub("", finished))
    reader.close()
    return Plain(_tidied("".join(reader.pieces)), reader.links())


def _without_comments(html: str) -> str:
    pieces = []
    start = 0
    while (comment := html.find("<!--", start)) >= 0 and (end := html.find("-->", comment + 4)) >= 0:
        pieces.append(html[start:comment])
        start = end + 3
    return "".join([*pieces, html[start:]])


def one_line(text: str) -> str:
    """Text on one line: white space and control characters in a row become one space."""
    return re.sub(r"[\x00-\x20\x7f]+", " ", text).strip()


def _tidied(text: str) -> str:
    lines = (_SPACE.sub(" ", line).strip() for line in text.replace("\x00", "").splitlines())
    return _LONG_BREAK.sub("\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    """Collects text and links."""

    def __init__(self, *, is_marked_up: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._is_marked_up = is_marked_up
        self.pieces: list[str] = []
        self._links: list[tuple[str, list[str]]] = []
        self._in_link = False
        self._silent = 0

    def links(self) -> list[Link]:
        return [Link(address, one_line("".join(words))) for address, words in self._links]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n\n" if tag == "p" else "\n")
        elif tag == "a":
            self._in_link = bool(given.get("href"))
            if self._in_link:
                self._links.append((given["href"].strip(), []))
        elif tag in _EMBEDDING and given.get("src"):
            self._links.append((given["src"].strip(), [given.get("title") or given.get("alt") or ""]))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag == "a":
            self._in_link = False

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        # Between tags a line break is a space; in a text without any, somebody meant it.
        self.pieces.append(re.sub(r"\s+", " ", data) if self._is_marked_up else data)
        if self._in_link and self._links:
            self._links[-1][1].append(data)
