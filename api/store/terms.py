"""The words that events can be found by.

A term is a name under which ``event_term`` lists events in the order of their dates. A filter whose terms are given
here and named in ``select/filters.py`` is found, counted and paged like all the others.
"""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from schema.bounds import CELL_SIZES_DEGREES, Cell, cell_of, positions_of
from schema.event import Event
from schema.query import MAXIMUM_ORIGINS
from schema.vocabulary import Stance

#: Every event of a state.
ALL = ""


def actor_term(actor: str, role: str | None = None) -> str:
    """Events with an actor, in a role or in any."""
    return f"actor:{actor}" if role is None else f"actor:{actor}:{role}"


def role_term(role: str) -> str:
    """Events in which anybody plays a role."""
    return f"role:{role}"


def kind_term(kind: str) -> str:
    """Events of a kind."""
    return f"kind:{kind}"


def tag_term(tag: str) -> str:
    """Events with a tag."""
    return f"tag:{tag}"


def occurrence_term(occurrence: str) -> str:
    """Events that occurred, are planned, …."""
    return f"occurrence:{occurrence}"


def confidence_term(confidence: str) -> str:
    """Events assessed with exactly this confidence."""
    return f"confidence:{confidence}"


def related_term(event_id: UUID) -> str:
    """Events that name another one in a relation."""
    return f"related:{event_id}"


def precision_term(precision: str) -> str:
    """Events dated with exactly this precision."""
    return f"precision:{precision}"


def source_term(source: UUID) -> str:
    """Events that cite a source."""
    return f"source:{source}"


def publisher_term(publisher: str) -> str:
    """Events that cite a source of a publisher."""
    return f"publisher:{publisher}"


def supported_term(reliability: str) -> str:
    """Events with a supporting source of exactly this reliability of its own."""
    return f"supported:{reliability}"


def supported_by_term(publisher: str) -> str:
    """Events with a supporting source of a publisher that has no reliability of its own: the publisher's holds."""
    return f"supported-by:{publisher}"


def origins_term(origins: int) -> str:
    """Events supported from at least so many distinct origins."""
    return f"origins:{origins}"


def disputed_term(disputed: bool) -> str:
    """Events with a disputing citation, or with none."""
    return "disputed" if disputed else "undisputed"


def country_term(country: str) -> str:
    """Events with a place in a country."""
    return f"country:{country}"


def cell_term(cell: Cell) -> str:
    """Events with a place in a cell of the earth."""
    return f"cell:{cell.size_degrees}:{cell.row}:{cell.column}"


#: Events with a place of known position.
LOCATED = "located"


def external_id_term(external_id: str) -> str:
    """Events known elsewhere under ``scheme:value``."""
    return f"external:{external_id}"


class SourceFacts(NamedTuple):
    """What finding needs to know of a source."""

    publisher: str | None
    reliability: str | None
    title: str


def terms_of(event: Event, sources: Mapping[UUID, SourceFacts]) -> set[str]:
    """Every term of an event; ``sources`` are the ones that it cites."""
    names = {
        ALL,
        kind_term(event.kind),
        occurrence_term(event.occurrence.value),
        precision_term(event.when.precision.value),
        disputed_term(event.evidence.disputing > 0),
    }
    for actor in event.actors:
        names.add(actor_term(actor.id))
        if actor.role is not None:
            names |= {actor_term(actor.id, actor.role), role_term(actor.role)}
    names.update(tag_term(tag) for tag in event.tags)
    names.update(related_term(relation.event_id) for relation in event.relations)
    names.update(external_id_term(f"{scheme}:{value}") for scheme, value in event.external_ids.items())
    names.update(origins_term(count) for count in range(1, min(event.evidence.origins, MAXIMUM_ORIGINS) + 1))
    if event.assessment is not None:
        names.add(confidence_term(event.assessment.confidence.value))
    return names | _terms_of_citations(event, sources) | _terms_of_places(event)


def _terms_of_citations(event: Event, sources: Mapping[UUID, SourceFacts]) -> set[str]:
    names = set()
    for citation in event.citations:
        source = sources[citation.source]
        names.add(source_term(citation.source))
        if source.publisher is not None:
            names.add(publisher_term(source.publisher))
        if citation.stance is Stance.SUPPORTS:
            if source.reliability is not None:
                names.add(supported_term(source.reliability))
            elif source.publisher is not None:
                names.add(supported_by_term(source.publisher))
    return names


def _terms_of_places(event: Event) -> set[str]:
    names = set()
    for place in event.places:
        if place.country is not None:
            names.add(country_term(place.country))
    for longitude, latitude in positions_of(event.places):
        names.add(LOCATED)
        names.update(cell_term(cell_of(longitude, latitude, size)) for size in CELL_SIZES_DEGREES)
    return names
