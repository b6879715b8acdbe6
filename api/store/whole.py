"""What lists of events mention, in full: for exports, which carry it along."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from api.store.log import wire_time
from api.store.sql import fetch, query
from api.store.standins import redacted_actor, redacted_source
from schema.actor import Actor
from schema.source import Source
from schema.vocabulary import ChangeType
from schema.wire import decode_hook

Record = TypeVar("Record", Source, Actor)

#: Beyond every sequence.
_FOR_EVER = 2**63 - 1


class PublicChange(NamedTuple):
    """A change of an event as everybody sees it; the time is RFC 3339, UTC."""

    revision: int
    type: ChangeType
    recorded_at: str
    reason: str | None


def _whole(row: Any, kind: type[Record], stand_in: Callable[..., Record]) -> Record:
    """What a row of ``sources`` or ``actors`` says, or what stands in for it since it was redacted."""
    if row["document"] is None:
        return stand_in(*row[:4])
    return msgspec.json.decode(row["document"], type=kind, dec_hook=decode_hook)


async def fetch_sources(
    connection: Any, ids: Collection[UUID], *, edit: bool, as_of: int | None = None
) -> dict[UUID, Source]:
    """Read sources by their ids, those that the reader may see."""
    rows = await fetch(connection, "whole", "sources", as_of=as_of, ids=list(ids), edit=edit)
    return {row["id"]: _whole(row, Source, redacted_source) for row in rows}


async def fetch_actors(
    connection: Any, ids: Collection[str], *, edit: bool, as_of: int | None = None
) -> dict[str, Actor]:
    """Read actors by their ids, those that the reader may see; an id that none has is left out."""
    rows = await fetch(connection, "whole", "actors", as_of=as_of, ids=list(ids), edit=edit)
    return {row["id"]: _whole(row, Actor, redacted_actor) for row in rows}


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
