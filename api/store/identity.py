"""When two names or two sources count as the same."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

import uuid_utils.compat
from msgspec import structs

from api.store.addresses import canonical_address
from schema.source import SourceIn
from schema.words import fold


def new_id() -> UUID:
    """A new id: ordered by time (RFC 9562, version 7), so that indexes grow at their end."""
    return uuid_utils.compat.uuid7()


#: The name or title of what has been redacted.
REDACTED = "[redacted]"


def source_identity(source: SourceIn) -> bytes:
    """What makes a source the same as another: its address or, without one, publisher, title and date.

    ``source.publisher`` must be an id already. What has been redacted is the same as nothing else. Returns a SHA-256
    digest.
    """
    if source.url is not None:
        return address_identity(source.url)
    if source.title == REDACTED and source.id is not None:
        return _digest("redacted", str(source.id))
    published = source.published.text if source.published else ""
    return _digest("title", source.publisher or "", fold(source.title), published)


def source_identities(source: SourceIn, publishers: Iterable[str]) -> list[bytes]:
    """The identities that a source may have: one by each of ``publishers``, who are the same, in their order."""
    if source.url is not None or source.publisher is None:
        return [source_identity(source)]
    alike = [structs.replace(source, publisher=publisher) for publisher in publishers]
    return list(dict.fromkeys(source_identity(one) for one in alike))


def address_identity(url: str) -> bytes:
    """The identity of every source with this address, however it is written (see ``canonical_address``)."""
    return _digest("url", canonical_address(url))


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
