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
    """Fold a name for comparison: case, accents and runs of white space do not count."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).split())


def source_identity(source: SourceIn) -> bytes:
    """What makes a source the same as another: its address or, without one, publisher, title and date.

    ``source.publisher`` must be an id already. Returns a SHA-256 digest.
    """
    if source.url is not None:
        parts = urlsplit(source.url)
        key = "url\n" + urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))
    else:
        published = source.published.text if source.published else ""
        key = "\n".join(("title", source.publisher or "", fold(source.title), published))
    return hashlib.sha256(key.encode()).digest()
