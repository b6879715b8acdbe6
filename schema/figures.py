"""Figures of one event, side by side where they can be compared."""

from uuid import UUID

from msgspec import Struct

from schema.citation import Citation, Figure
from schema.edtf import Edtf
from schema.event import Event
from schema.query import EchoedAsOf, Included
from schema.text import Number, Slug
from schema.vocabulary import Bound, Stance


class ComparedFigure(Struct, frozen=True, kw_only=True):
    """A figure with who states it. ``citation`` and ``source`` are ids; ``attribution`` has the origin first."""

    value: Number | None
    low: Number | None
    high: Number | None
    bound: Bound
    citation: UUID
    source: UUID
    stance: Stance
    attribution: list[str]
    credibility: int | None


class FigureGroup(Struct, frozen=True, kw_only=True):
    """Figures of one measure, in one unit, of one date: the figure's own or, where it has none, the event's."""

    measure: Slug
    unit: Slug | None
    date: Edtf
    figures: list[ComparedFigure]


class FigureComparison(Struct, frozen=True, kw_only=True):
    """The figures that the citations of an event state. No figure is derived from others: none is added or averaged."""

    groups: list[FigureGroup]
    as_of: EchoedAsOf
    included: Included


def compare(event: Event) -> list[FigureGroup]:
    """Group an event's figures by measure, unit and date, in the order of these.

    Dates are compared as texts: ``2024~`` and ``2024`` are not the same claim. Within a group figures stand as in the
    event: in the order of its citations, and of the figures in each.
    """
    groups: dict[tuple[str, str | None, str], FigureGroup] = {}
    for citation in event.citations:
        for figure in citation.figures:
            date = figure.date or event.date
            group = groups.setdefault(
                (figure.measure, figure.unit, date.text),
                FigureGroup(measure=figure.measure, unit=figure.unit, date=date, figures=[]),
            )
            group.figures.append(_compared(figure, citation))
    return sorted(groups.values(), key=lambda one: (one.measure, one.unit or "", one.date.starts, one.date.text))


def _compared(figure: Figure, citation: Citation) -> ComparedFigure:
    return ComparedFigure(
        value=figure.value,
        low=figure.low,
        high=figure.high,
        bound=figure.bound,
        citation=citation.id,
        source=citation.source,
        stance=citation.stance,
        attribution=citation.attribution,
        credibility=citation.credibility,
    )
