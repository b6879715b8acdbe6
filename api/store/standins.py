"""What stands for an actor or a source whose content has been redacted: others go on mentioning it by its id."""

from datetime import datetime
from typing import Any
from uuid import UUID

from api.store.identity import REDACTED
from api.store.log import wire_time
from schema.actor import Actor
from schema.source import Source

#: The kind of an actor of which nothing else is known.
_KIND = "redacted"


def redacted_actor(actor_id: str, revision: int, sequence: int, recorded_at: datetime) -> Actor:
    """A revision of an actor, of which no more is left than that it was written, and when.

    Whom it was merged into then is gone with the content.
    """
    return Actor(id=actor_id, name=REDACTED, kind=_KIND, **_written(revision, sequence, recorded_at))


def redacted_source(source_id: UUID, revision: int, sequence: int, recorded_at: datetime) -> Source:
    """A revision of a source, of which no more is left than that it was written, and when."""
    return Source(id=source_id, title=REDACTED, **_written(revision, sequence, recorded_at))


def _written(revision: int, sequence: int, recorded_at: datetime) -> dict[str, Any]:
    time = wire_time(recorded_at)
    return {"revision": revision, "sequence": sequence, "created_at": time, "updated_at": time}
