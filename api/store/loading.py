"""Loading the chronology that ships, through the same door as every other write."""

from api import sample
from api.store.actors import create_actor
from api.store.events import create_event
from api.store.sources import create_source
from api.store.store import Store
from schema.problem import PROBLEM_KINDS, ProblemError
from schema.wire import to_builtins

#: Under whose name the log keeps the sample.
AUTHOR = "dateline sample"


async def load_sample(store: Store) -> int:
    """Write the chronology that ships into a store; returns how many events it has.

    What is there already is left as it is.
    """
    chronology = sample.load()
    for create, values in (
        (create_actor, chronology.actors),
        (create_source, chronology.sources),
        (create_event, chronology.events),
    ):
        for value in values:
            try:
                await create(store, AUTHOR, to_builtins(value))
            except ProblemError as error:
                # Loaded before, perhaps by a start that was cut off.
                if error.kind is not PROBLEM_KINDS["conflict"]:
                    raise
    return len(chronology.events)
