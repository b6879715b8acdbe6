"""What lists of events mention, in full: for exports, which carry it along."""

from collections.abc import Collection
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from api.store.identity import REDACTED
from api.store.log import wire_time
from api.store.sql import fetch, query
from schema.actor import Actor
from schema.source import Source
from schema.vocabulary import ChangeType
from schema.wire import decode_hook

T = TypeVar("T", Actor, Source)

#: Beyond every sequence.
_FOR_EVER = 2**63 - 1
#: When something was written whose content is gone.
_UNKNOWN = "1970-01-01T00:00:00.000000Z"


class PublicChange(NamedTuple):
    """A change of an event as everybody sees it; the time is RFC 3339, UTC."""

    revision: int
    type: ChangeType
    recorded_at: str
    reason: str | None


async def fetch_sources(
    connection: Any, ids: Collection[UUID], *, edit: bool, as_of: int | None = None
) -> dict[UUID, Source]:
    """Read sources by their ids, those that the reader may see."""
    rows = await fetch(connection, "whole", "sources", as_of=as_of, ids=list(ids), edit=edit)
    return {row["id"]: _read(row, Source, title=REDACTED) for row in rows}


async def fetch_actors(
    connection: Any, ids: Collection[str], *, edit: bool, as_of: int | None = None
) -> dict[str, Actor]:
    """Read actors by their ids, those that the reader may see; an id that none has is left out."""
    rows = await fetch(connection, "whole", "actors", as_of=as_of, ids=list(ids), edit=edit)
    return {row["id"]: _read(row, Actor, name=REDACTED, kind="redacted") for row in rows}


def _read(row: Any, type: type[T], **redacted: str) -> T:
    """Read a record; of one that has been redacted since it held, no more than that is left."""
    if row["document"] is None:
        members = {"id": row["id"], "revision": row["revision"], "sequence": row["sequence"], **redacted}
        return msgspec.convert({**members, "created_at": _UNKNOWN, "updated_at": _UNKNOWN}, type)
    return msgspec.json.decode(row["document"], type=type, dec_hook=decode_hook)


async def fetch_public_changes(
    connection: Any, ids: Collection[str], as_of: int | None = None
) -> dict[str, list[PublicChange]]:
    """Read what everybody may see of the history of events, by their ids, first to last."""
    changes: dict[str, list[PublicChange]] = {}
    last = _FOR_EVER if as_of is None else as_of
    for row in await connection.fetch(query("whole", "public_changes"), list(ids), last):
        changes.setdefault(row["id"], []).append(
            PublicChange(row["revision"], ChangeType(row["type"]), wire_time(row["recorded_at"]), row["reason"])
        )
    return changes
