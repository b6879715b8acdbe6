"""Citations: the ties between one event and one source, with what the source says."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.edtf import Edtf
from schema.place import Place
from schema.source import SourceIn
from schema.text import Line, Number, Slug, Text
from schema.validation import Flaw
from schema.vocabulary import Bound, Occurrence, Stance


class Figure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number that a citation states: one value, or a range from ``low`` to ``high``."""

    measure: Annotated[Slug, Meta(description="What is counted or measured: killed, troops, containers, …")]
    value: Annotated[Number | None, Meta(description="The number, where it is one.")] = None
    low: Annotated[Number | None, Meta(description="The low end, where it is a range.")] = None
    high: Annotated[Number | None, Meta(description="The high end, where it is a range.")] = None
    bound: Bound = Bound.EXACTLY
    unit: Annotated[Slug | None, Meta(description="In which unit; null where things are counted.")] = None
    date: Annotated[Edtf | None, Meta(description="When the number held, where it is not the event's date.")] = None

    def flaws(self) -> list[Flaw]:
        """Name a figure that is neither a value nor a whole range."""
        if self.value is None and (self.low is None or self.high is None):
            return [Flaw("", "A figure needs a value, or both low and high.", None)]
        if self.value is None and self.low is not None and self.high is not None and self.low > self.high:
            return [Flaw("/low", "The low end lies above the high end.", f"low {self.high}, high {self.low}")]
        return []


class CitationStates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the source states where it differs from the event: conflicting claims are held, not lost."""

    date: Annotated[Edtf | None, Meta(description="When, by this source.")] = None
    place: Annotated[Place | None, Meta(description="Where, by this source.")] = None
    occurrence: Annotated[Occurrence | None, Meta(description="Whether it happened, by this source.")] = None


class CitationIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A citation as a writer gives it."""

    id: Annotated[UUID | None, Meta(description="Kept if sent, chosen by the store if left out.")] = None
    source: Annotated[
        UUID | SourceIn,
        Meta(description="A source's id, or a source that is found (never changed) or created."),
    ]
    stance: Stance = Stance.SUPPORTS
    attribution: Annotated[
        list[Line],
        Meta(
            max_length=20,
            description="Who says so, origin first: actors (id, name or alias; stored as ids) or plain names.",
        ),
    ] = []
    states: Annotated[CitationStates | None, Meta(description="What it states otherwise than the event has it.")] = None
    as_stated: Annotated[Text | None, Meta(description="The source's wording of the date.")] = None
    figures: Annotated[list[Figure], Meta(max_length=100, description="The numbers that it states.")] = []
    locator: Annotated[Line | None, Meta(description="Page, paragraph, row or time code.")] = None
    quote: Annotated[Text | None, Meta(description="The words of the source, letter for letter.")] = None
    credibility: Annotated[
        Annotated[int, Meta(ge=1, le=6)] | None,
        Meta(description="Admiralty Code: 1 confirmed … 5 improbable, 6 cannot be judged."),
    ] = None


class Citation(CitationIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A citation as the store gives it back."""

    id: Annotated[UUID, Meta(description="It stays for as long as edits send it along.")]
    source: Annotated[UUID, Meta(description="The source's id; `included` has what it is.")]
