"""Filters of events as groups of terms. A new filter is one more line in ``groups_of``."""

from api.store import terms
from schema.query import EventQuery
from schema.vocabulary import Confidence

_CONFIDENCE = list(Confidence)


def groups_of(query: EventQuery, actor_ids: dict[str, str]) -> list[list[str]]:
    """The term groups of a query: an event is found if it has any term of each group.

    ``actor_ids`` gives the id of each actor as the query names it.
    """
    roles: list[str | None] = list(query.actor_role) or [None]

    def in_roles(actor: str) -> list[str]:
        return [terms.actor_term(actor_ids[actor], role) for role in roles]

    groups = [
        [term for actor in query.actor for term in in_roles(actor)],
        *(in_roles(actor) for actor in query.actor_all),
        [terms.kind_term(kind) for kind in query.kind],
        [terms.tag_term(tag) for tag in query.tag],
        [terms.occurrence_term(occurrence.value) for occurrence in query.occurrence],
    ]
    if query.actor_role and not query.actor and not query.actor_all:
        groups.append([terms.role_term(role) for role in query.actor_role])
    if query.min_confidence is not None:
        enough = _CONFIDENCE[_CONFIDENCE.index(query.min_confidence) :]
        groups.append([terms.confidence_term(confidence.value) for confidence in enough])
    return [list(dict.fromkeys(group)) for group in groups if group]
