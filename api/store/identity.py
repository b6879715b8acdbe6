"""When two names or two sources count as the same."""

import hashlib
import unicodedata
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import uuid_utils.compat

from schema.source import SourceIn


def new_id() -> UUID:
    """A new id: ordered by time (RFC 9562, version 7), so that indexes grow at their end."""
    return uuid_utils.compat.uuid7()


def fold(name: str) -> str:
    """Fold a name for comparison: case, accents and runs of white space do not count.

    Empty for a name that has nothing else; such a name finds nobody.
    """
    # Taking characters apart can bring up capitals, and folding them characters to take apart.
    folded = name
    while (again := unicodedata.normalize("NFKD", folded.casefold())) != folded:
        folded = again
    return " ".join("".join(letter for letter in folded if not unicodedata.combining(letter)).split())


def source_identity(source: SourceIn) -> bytes:
    """What makes a source the same as another: its address or, without one, publisher, title and date.

    ``source.publisher`` must be an id already. Returns a SHA-256 digest.
    """
    if source.url is not None:
        key = "url\n" + _canonical(source.url)
    else:
        published = source.published.text if source.published else ""
        key = "\n".join(("title", source.publisher or "", fold(source.title), published))
    return hashlib.sha256(key.encode()).digest()


def _canonical(url: str) -> str:
    """Write an address as others that lead to the same document are written, too."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # Its host is none that could be compared with others; it is the same as itself.
        return url
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))
