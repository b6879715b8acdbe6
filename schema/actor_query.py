"""How actors are asked for, and the answers."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from schema.actor import Actor, MatchedName
from schema.answers import AnsweredAsOf, EchoedAsOf, Included, Next
from schema.query import RecordQuery
from schema.validation import Flaw

#: What is typed to find actors: so many characters; so many actors are on a page, and so many are found at all.
MAXIMUM_TYPED = 200
MAXIMUM_MATCHES = 100
MOST_MATCHED = 1000


class ActorQuery(RecordQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Finding actors by what a person types."""

    q: Annotated[
        Annotated[str, Meta(min_length=1, max_length=MAXIMUM_TYPED)] | None,
        Meta(
            description="Actors whose names begin with this, or have words that do, or are nearly it: names before"
            f" further names before aliases, the best first. At most {MAXIMUM_MATCHES} on a page and"
            f" {MOST_MATCHED:,} in all.",
            examples=["north kor"],
        ),
    ] = None

    def flaws(self) -> list[Flaw]:
        """Name values that have the right form and are invalid."""
        found = super().flaws()
        if self.q is not None and self.limit > MAXIMUM_MATCHES:
            detail = f"With q there are at most {MAXIMUM_MATCHES} actors on a page."
            found.append(Flaw("/limit", detail, f"{MAXIMUM_MATCHES}, and then the next page"))
        return found


class ActorPage(Struct, frozen=True, kw_only=True):
    """One page of actors. ``next`` is the cursor of the next page, null on the last one."""

    items: Annotated[
        list[Actor], Meta(description="The actors, in the order of their ids or, with `q`, the best matches first.")
    ]
    next: Next
    as_of: EchoedAsOf
    matches: Annotated[
        dict[str, MatchedName] | UnsetType,
        Meta(description="With `q`: by the id of each item, the name that was found. It may be of one merged into it."),
    ] = UNSET
    included: Included


class ActorAnswer(Actor, frozen=True, kw_only=True):
    """An actor, with the names that it mentions."""

    included: Included
    as_of: AnsweredAsOf = UNSET
