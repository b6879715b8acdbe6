"""Events: what happened, is going on or is planned, at a time that may be known only roughly."""

from collections.abc import Hashable, Sequence
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.actor import ExternalIds
from schema.assessment import Assessment, Evidence
from schema.citation import Citation, CitationIn
from schema.edtf import Edtf, Precision
from schema.place import Place
from schema.text import CreatedAt, Line, PublishedAt, Slug, Tag, Text, Title, UpdatedAt
from schema.validation import Flaw
from schema.vocabulary import Occurrence, RelationType, State


class EventActor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An actor in an event and the role it plays."""

    id: Annotated[Line, Meta(description="An id, a name or an alias; stored as the id.")]
    role: Annotated[Slug | None, Meta(description="What it does there: signatory, attacker, speaker, …")] = None


class Relation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this event stands to another one."""

    type: RelationType
    event_id: Annotated[UUID, Meta(description="The other event.")]


class When(Struct, frozen=True, kw_only=True):
    """What follows from the date's text. Read-only.

    ``earliest`` and ``latest`` are the first and the last day (or second) that the text allows, null where open
    or unknown. They are texts in the proleptic Gregorian calendar, not machine dates: years may have a sign or
    more than four digits, and no time zone applies.
    """

    earliest: Annotated[str | None, Meta(description="The first day or second that it may have been.")]
    latest: Annotated[str | None, Meta(description="The last day or second that it may have been.")]
    precision: Precision
    approximate: Annotated[bool, Meta(description="Whether any part of it is marked `~` or `%`.")]
    uncertain: Annotated[bool, Meta(description="Whether any part of it is marked `?` or `%`.")]
    open_start: Annotated[bool, Meta(description="Whether it has no beginning (`..`).")]
    open_end: Annotated[bool, Meta(description="Whether it has no end (`..`).")]
    unknown_start: Annotated[bool, Meta(description="Whether it has a beginning that is not known.")]
    unknown_end: Annotated[bool, Meta(description="Whether it has an end that is not known.")]
    display: Annotated[str, Meta(description="The date in English, to be shown.")]

    @classmethod
    def of(cls, date: Edtf) -> "When":
        """Derive it from a date."""
        return cls(
            earliest=date.earliest,
            latest=date.latest,
            precision=date.precision,
            approximate=date.approximate,
            uncertain=date.uncertain,
            open_start=date.open_start,
            open_end=date.open_end,
            unknown_start=date.unknown_start,
            unknown_end=date.unknown_end,
            display=date.display,
        )


class EventIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event as a writer gives it. Every published event has at least one citation."""

    id: Annotated[UUID | None, Meta(description="Chosen by the writer or, if left out, by the store.")] = None
    title: Annotated[Title, Meta(description="What happened, in one line.")]
    summary: Annotated[Text | None, Meta(description="What happened, in a few sentences.")] = None
    kind: Annotated[Slug, Meta(description="What kind of event: treaty, talks, attack, …")]
    date: Annotated[Edtf, Meta(description="When, as closely as it is known.")]
    occurrence: Annotated[Occurrence, Meta(description="Whether it happened or is only planned.")] = Occurrence.OCCURRED
    state: Annotated[
        State,
        Meta(
            description="Left out, a new event is published and a stored one stays as it is."
            " Retracted is reached by retracting.",
            extra_json_schema={"enum": ["draft", "published"]},
        ),
    ] = State.PUBLISHED
    places: Annotated[list[Place], Meta(max_length=50, description="Where it happened.")] = []
    actors: Annotated[list[EventActor], Meta(max_length=100, description="Who took part.")] = []
    citations: Annotated[Sequence[CitationIn], Meta(max_length=200, description="What the sources say of it.")] = []
    assessment: Annotated[Assessment | None, Meta(description="The editor's own judgement.")] = None
    relations: Annotated[list[Relation], Meta(max_length=100, description="How it stands to other events.")] = []
    tags: Annotated[list[Tag], Meta(max_length=100, description="Free words to find it by.")] = []
    external_ids: ExternalIds = {}

    def flaws(self) -> list[Flaw]:
        """Name what the members contradict in each other; references are checked by the store."""
        found: list[Flaw] = []
        if self.state is State.RETRACTED:
            found.append(Flaw("/state", "An event is retracted by POST to its …/retract.", "draft or published"))
        if self.state is State.PUBLISHED and not self.citations:
            found.append(
                Flaw(
                    "/citations",
                    "A published event needs at least one citation.",
                    'add one, or "state": "draft"',
                )
            )
        found += _repeated("/actors", [(actor.id, actor.role) for actor in self.actors], "This actor and role")
        found += _repeated("/tags", self.tags, "This tag")
        found += _repeated(
            "/relations", [(relation.type, relation.event_id) for relation in self.relations], "This relation"
        )
        found += _repeated(
            "/citations",
            [citation.id for citation in self.citations],
            "This citation id",
        )
        return found


class Event(EventIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event as the store gives it back. Names and source details stand beside it in ``included``."""

    id: Annotated[UUID, Meta(description="Chosen once; it never changes.")]
    state: State = State.PUBLISHED
    citations: Annotated[Sequence[Citation], Meta(description="What the sources say of it.")] = []
    when: When
    evidence: Evidence
    retraction: Annotated[str | None, Meta(description="Why it was retracted, where it is.")] = None
    revision: Annotated[int, Meta(description="Counted from 1 for each record; the ETag begins with it.")]
    sequence: Annotated[int, Meta(description="The place of this revision in the one order of all changes.")]
    created_at: CreatedAt
    updated_at: UpdatedAt
    published_at: PublishedAt = None


def _repeated(pointer: str, values: Sequence[Hashable], what: str) -> list[Flaw]:
    seen: set[Hashable] = set()
    found = []
    for index, value in enumerate(values):
        if value is not None and value in seen:
            found.append(Flaw(f"{pointer}/{index}", f"{what} is given twice.", "leave one of them out"))
        seen.add(value)
    return found
