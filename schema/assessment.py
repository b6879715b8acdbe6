"""The editor's own judgement of an event, and the evidence that follows from counting."""

from collections.abc import Iterable
from typing import Annotated, Protocol
from uuid import UUID

from msgspec import Meta, Struct

from schema.text import Text
from schema.vocabulary import Confidence, Likelihood, Stance


class Assessment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A confidence and, apart from it, a likelihood (ICD 203), with the reason."""

    confidence: Confidence
    likelihood: Likelihood | None = None
    rationale: Annotated[Text | None, Meta(description="What the judgement rests on.")] = None


class Evidence(Struct, frozen=True, kw_only=True):
    """What follows from the citations by counting alone, as of the event's revision."""

    supporting: Annotated[int, Meta(description="Citations that support the event.")]
    disputing: Annotated[int, Meta(description="Citations that dispute it.")]
    origins: Annotated[int, Meta(description="Distinct origins of the supporting ones.")]


class Cited(Protocol):
    """As much of a citation as counting needs."""

    @property
    def stance(self) -> Stance:
        """Its stance."""

    @property
    def attribution(self) -> list[str]:
        """Who says so, origin first."""

    @property
    def source(self) -> UUID:
        """The source's id."""


def count_evidence(citations: Iterable[Cited], publishers: dict[UUID, str | None]) -> Evidence:
    """Count citations and distinct origins.

    A supporting citation's origin is its first attribution or, without one, the source's publisher or, without
    one, the source: two papers that echo one report are one origin. ``publishers`` maps each source to its
    publisher's id.
    """
    supporting = disputing = 0
    origins: set[str] = set()
    for citation in citations:
        if citation.stance is Stance.SUPPORTS:
            supporting += 1
            publisher = publishers.get(citation.source)
            origins.add(citation.attribution[0] if citation.attribution else publisher or str(citation.source))
        elif citation.stance is Stance.DISPUTES:
            disputing += 1
    return Evidence(supporting=supporting, disputing=disputing, origins=len(origins))
