"""Bringing into sight what only drafts have mentioned so far."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec

from api.store.log import Writing
from api.store.sql import query
from schema.change import EntityKind
from schema.vocabulary import ChangeType


async def expose(write: Writing, actors: Collection[str], sources: Collection[UUID] = ()) -> None:
    """Make actors and sources public, and the actors that those mention; what is public already stays as it is.

    Followers see them created before whatever is recorded next. The publishers of ``sources`` are for the caller to
    name among ``actors``.
    """
    seen: set[str] = set()
    exposed: list[Any] = []
    while wanted := set(actors) - seen:
        seen |= wanted
        rows = await write.connection.fetch(query("records", "expose_actors"), sorted(wanted))
        exposed += rows
        actors = {mentioned for row in rows for mentioned in row["actors"]}
    # At no change is anybody seen to be merged into one that is not seen.
    exposed.sort(key=lambda row: row["merged_into"] is not None)
    _record(write, EntityKind.ACTOR, exposed)
    if sources:
        _record(
            write, EntityKind.SOURCE, await write.connection.fetch(query("records", "expose_sources"), list(sources))
        )


def _record(write: Writing, entity: EntityKind, rows: list[Any]) -> None:
    for row in rows:
        write.take()
        write.record(
            entity,
            row["id"],
            row["revision"],
            type=None,
            public_type=ChangeType.CREATE,
            document=msgspec.json.decode(row["document"]),
            encoded=row["document"],
        )
