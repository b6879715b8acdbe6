"""Figures of one event, side by side where they can be compared."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.answers import EchoedAsOf, Included
from schema.citation import Citation, Figure
from schema.edtf import Edtf
from schema.event import Event
from schema.text import Number, Slug
from schema.vocabulary import Bound, Stance


class ComparedFigure(Struct, frozen=True, kw_only=True):
    """A figure with who states it. ``citation`` and ``source`` are ids; ``attribution`` has the origin first."""

    value: Annotated[Number | None, Meta(description="The number, where it is one.")]
    low: Annotated[Number | None, Meta(description="The low end, where it is a range.")]
    high: Annotated[Number | None, Meta(description="The high end, where it is a range.")]
    bound: Bound
    citation: Annotated[UUID, Meta(description="The citation of the event that states it.")]
    source: Annotated[UUID, Meta(description="The source that is cited; `included` has what it is.")]
    stance: Stance
    attribution: Annotated[list[str], Meta(description="Who says so, origin first: ids of actors or plain names.")]
    credibility: Annotated[
        int | None, Meta(description="Admiralty Code: 1 confirmed … 5 improbable, 6 cannot be judged.")
    ]


class FigureGroup(Struct, frozen=True, kw_only=True):
    """Figures of one measure, in one unit, of one date: the figure's own or, where it has none, the event's."""

    measure: Annotated[Slug, Meta(description="What is counted or measured.")]
    unit: Annotated[Slug | None, Meta(description="In which unit; null where things are counted.")]
    date: Annotated[Edtf, Meta(description="When the numbers held.")]
    figures: Annotated[list[ComparedFigure], Meta(description="The figures, in the order of the event's citations.")]


class FigureComparison(Struct, frozen=True, kw_only=True):
    """The figures that the citations of an event state. No figure is derived from others: none is added or averaged."""

    groups: Annotated[list[FigureGroup], Meta(description="In the order of measure, unit and date.")]
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
