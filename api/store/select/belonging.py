"""Events of actors that belong to one that is asked for, and only while they do.

All of them are terms of one group, as if they had been asked for. What is left to be checked of an event is that one of
those whom it has belonged to that actor at some possible time of the event.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from api.store import terms
from api.store.memberships import ALWAYS, Reached
from api.store.select.filters import Resolved, roles_of
from api.store.select.keys import Term
from api.store.sql import Statement
from schema.edtf.masks import Run
from schema.query import EventFilter

#: Looking for one of more terms than this takes longer than looking at the event itself before.
_MANY = 50


class Belonging(NamedTuple):
    """Terms of which an event must have one: one that counts always, or one that does while a stretch of time lasts.

    ``ids`` are the actors that they are of.
    """

    ids: list[str]
    always: list[int]
    timed: list[tuple[int, Run]]


def belonging_of(query: EventFilter, resolved: Resolved, by_name: Mapping[str, Sequence[Term]]) -> list[Belonging]:
    """What is to be checked for a filter. ``by_name`` are the terms that the index has."""
    groups = [query.actor, *([actor] for actor in query.actor_all)]
    found = (_belonging([resolved.reached[actor] for actor in group], query, by_name) for group in groups if group)
    return [one for one in found if one.timed or len(one.ids) > _MANY] if resolved.reached else []


def _belonging(reached: Sequence[Reached], query: EventFilter, by_name: Mapping[str, Sequence[Term]]) -> Belonging:
    always, timed = set[int](), set[tuple[int, Run]]()
    for actors in reached:
        for actor, runs in actors.items():
            names = (terms.actor_term(actor, role) for role in roles_of(query))
            for term in (term.id for name in names for term in by_name.get(name, ())):
                if tuple(runs) == ALWAYS:
                    always.add(term)
                else:
                    timed.update((term, run) for run in runs)
    ids = sorted({actor for actors in reached for actor in actors})
    return Belonging(ids, sorted(always), sorted(one for one in timed if one[0] not in always))


def belonging_checks(statement: Statement, belonging: Iterable[Belonging]) -> list[str]:
    """The conditions on ``t``, the place in the index."""
    checks = []
    for one in belonging:
        if len(one.ids) > _MANY:
            checks.append(statement.fragment("naming_any", ids=one.ids))
        if one.timed:
            terms_of, runs = zip(*one.timed, strict=True)
            froms, tos = zip(*runs, strict=True)
            values = {"always": one.always, "terms": list(terms_of), "froms": list(froms), "tos": list(tos)}
            checks.append(statement.fragment("while_belonging", **values))
    return checks
