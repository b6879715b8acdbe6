"""Filters of events as groups of terms, and as conditions where terms can't say it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from api.store import terms
from api.store.memberships import Reached
from api.store.select.text import TextAsked, text_conditions
from api.store.sql import Statement
from schema.bounds import Box
from schema.edtf import Precision
from schema.query import EventFilter
from schema.vocabulary import Confidence, Occurrence, Reliability

_CONFIDENCE = list(Confidence)
_PRECISION = list(Precision)
_RELIABILITY = list(Reliability)
#: A box is looked up by at most so many cells.
_MOST_CELLS = 40


class Resolved(NamedTuple):
    """What a query's values stand for in the store at this moment."""

    actors: Mapping[str, Sequence[str]]  # of each actor as the query names it, all ids that events may hold for it
    reliable_publishers: Sequence[str]  # those whose sources satisfy min_reliability
    updated_from: int | None  # the first sequence at or after the instant
    now: datetime
    text: TextAsked | None = None  # what q asks for; None where it is not given
    #: Of each actor that takes part, everybody who belongs to it and is to be found, too, each with when.
    reached: Mapping[str, Reached] = {}


def grades_from(reliability: Reliability) -> list[str]:
    """A reliability and the better ones."""
    return [grade.value for grade in _RELIABILITY[: _RELIABILITY.index(reliability) + 1]]


def groups_of(query: EventFilter, resolved: Resolved) -> list[list[str]]:
    """The term groups of a query: an event is found if it has any term of each group."""

    def in_roles(actor: str) -> list[str]:
        ids = resolved.reached.get(actor) or resolved.actors[actor]
        return [terms.actor_term(one, role) for one in ids for role in roles_of(query)]

    groups = [
        [term for actor in query.actor for term in in_roles(actor)],
        *(in_roles(actor) for actor in query.actor_all),
        [terms.kind_term(kind) for kind in query.kind],
        [terms.tag_term(tag) for tag in query.tag],
        [terms.occurrence_term(occurrence.value) for occurrence in query.occurrence],
        [terms.source_term(source) for source in query.source],
        [terms.publisher_term(one) for publisher in query.publisher for one in resolved.actors[publisher]],
        [terms.country_term(country) for country in query.country],
        [terms.external_id_term(external_id) for external_id in query.external_id],
    ]
    if query.actor_role and not query.actor and not query.actor_all:
        groups.append([terms.role_term(role) for role in query.actor_role])
    if query.min_confidence is not None:
        enough = _CONFIDENCE[_CONFIDENCE.index(query.min_confidence) :]
        groups.append([terms.confidence_term(confidence.value) for confidence in enough])
    if query.min_precision is not None:
        fine = _PRECISION[: _PRECISION.index(query.min_precision) + 1]
        groups.append([terms.precision_term(precision.value) for precision in fine])
    if query.min_reliability is not None:
        own = [terms.supported_term(grade) for grade in grades_from(query.min_reliability)]
        groups.append(own + [terms.supported_by_term(publisher) for publisher in resolved.reliable_publishers])
    if query.min_origins is not None:
        groups.append([terms.origins_term(query.min_origins)])
    if query.disputed is not None:
        groups.append([terms.disputed_term(query.disputed)])
    if query.overdue:
        groups.append([terms.occurrence_term(Occurrence.PLANNED.value)])
    if query.bbox is not None:
        cells = Box.read(query.bbox).cover(_MOST_CELLS)
        groups.append([terms.LOCATED] if cells is None else [terms.cell_term(cell) for cell in cells])
    return [list(dict.fromkeys(group)) for group in groups if group]


def roles_of(query: EventFilter) -> list[str | None]:
    """The roles in which the actors asked for are to be found; None for any."""
    return list(query.actor_role) or [None]


def conditions_of(statement: Statement, query: EventFilter, resolved: Resolved) -> list[str]:
    """What is checked of each event that its terms don't say; fragments on ``t``, the place in the index."""
    conditions = []
    now_s = int(resolved.now.timestamp())
    if query.overdue is not None:
        name = "is_past" if query.overdue else "is_not_overdue"
        conditions.append(statement.fragment(name, now=now_s))
    if query.bbox is not None:
        box = Box.read(query.bbox)
        name = "in_box" if box.west <= box.east else "in_box_across"
        conditions.append(statement.fragment(name, **box._asdict()))
    if resolved.updated_from is not None:
        conditions.append(statement.fragment("changed_from", sequence=resolved.updated_from))
    if resolved.text is not None:
        conditions += text_conditions(statement, resolved.text)
    return conditions
