"""Loading the chronology that ships, through the same door as every other write."""

from typing import Any

from api import sample
from api.store.actors import create_actor
from api.store.events import create_event
from api.store.sources import create_source
from api.store.store import Store
from schema.wire import to_builtins

#: Under whose name the log keeps the sample.
AUTHOR = "dateline sample"


async def load_sample(store: Store) -> int:
    """Write the chronology that ships into a store; returns how many events it has."""
    chronology = sample.load()
    for actor in chronology.actors:
        await create_actor(store, AUTHOR, _given(actor))
    for source in chronology.sources:
        await create_source(store, AUTHOR, _given(source))
    for event in chronology.events:
        await create_event(store, AUTHOR, _given(event))
    return len(chronology.events)


def _given(value: Any) -> dict[str, Any]:
    result: dict[str, Any] = to_builtins(value)
    return result
