"""Very many actors with names of few syllables, so that all of them share their trigrams with thousands of others."""

from random import Random
from typing import Any

from msgspec import structs

from api.store.actor_rows import name_rows
from schema.actor import Actor, ActorName
from tests.store import generation

_SYLLABLES = "ka ro min sto pel ver na li to kha zan ber gra du mo sel".split()  # noqa: SIM905
#: What is typed into an actor box where there are such actors: names, parts of them, slips, and what is hard to find.
TYPED = [
    *("a", "k", "t", "the", "th", "ka", "kaka", "karo", "kami ro", "ka ka ka", "k k k k k k", "0", "00", "000001"),
    *(
        "the 000001th actor",
        "he 00001th acto",
        "thw 000001th actr",
        "kaminsto",
        "kamimsto",
        "minka rover",
        "zzz",
        "qqqqq",
    ),
    *("selka", "selak", "stop", "actor-000017", "veranto selmo khazan berlin", "the " * 50, "a " * 100, "ka" * 100),
    *(
        "kar min sto pel ver na li to kha zan",
        "th 0 a",
        "%",
        "_ _ _",
        "actor the",
        "karominstopelvernalitokhazanbergra",
    ),
]


def actors(number: int) -> list[Actor]:
    """So many of them; their ids are none of the generated events' actors."""
    random = Random("names")
    first = generation.actors()[0]

    def syllables() -> str:
        return "".join(random.choices(_SYLLABLES, k=random.randint(2, 4))).capitalize()

    def actor(number: int) -> Actor:
        name = f"The {number:06d}th actor" if number % 2 else " ".join(syllables() for _ in range(number % 3 + 1))
        further = [ActorName(name=f"{syllables()} {syllables()}")] if number % 5 == 0 else []
        aliases = [f"{syllables()} of {number}"] if number % 3 == 0 else []
        actor_id = f"actor-{number:06d}"
        return structs.replace(first, id=actor_id, name=name, names=further, aliases=aliases, sequence=0)

    return [actor(one) for one in range(number)]


async def load(owner: Any, number: int) -> None:
    """Put so many of them into a store that has none of them."""
    made = actors(number)
    await generation.copy(owner, "actor", [generation.actor_row(actor) for actor in made])
    rows = [row._asdict() | {"actor_id": actor.id, "sequence": 0} for actor in made for row in name_rows(actor)]
    await generation.copy(owner, "actor_name", rows)
    await owner.execute("VACUUM ANALYZE actor")
    await owner.execute("VACUUM ANALYZE actor_name")
