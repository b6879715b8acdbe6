"""An event told for people: everything about it in words, in the order in which a reader wants it.

Markdown, HTML and the feeds show the same telling. All texts are legible (``wording.legible``) and escaped for nothing.
"""

from msgspec import Struct

from api.formats import wording
from api.formats.entry import Entry, Heading, Part
from schema.citation import Citation
from schema.event import Event
from schema.source import Source
from schema.vocabulary import Occurrence, Stance, State


class Link(Struct, frozen=True):
    """Words and, where there is one that may be linked to, an address in ASCII."""

    text: str
    address: str | None


class ToldCitation(Struct, frozen=True, kw_only=True):
    """A citation: its stance, its source as a bibliography has it, and what else is said of it as (label, text)."""

    stance: str
    disputes: bool
    source: Link
    archive: Link | None
    figures: list[str]
    quote: str | None
    details: list[tuple[str, str]]


class ToldEvent(Struct, frozen=True, kw_only=True):
    """An event. ``edtf`` is its date letter for letter, ``machine_date`` that of HTML's ``time`` where it has one.

    ``marks`` are what must not be overlooked, as (label, text): that it is retracted, disputed or did not happen yet.
    ``facts`` are the short ones, as (label, list of texts).
    """

    anchor: str
    address: str
    title: str
    date: str
    edtf: str
    machine_date: str | None
    kind: str
    marks: list[tuple[str, str]]
    retracted: bool
    summary: str | None
    note: str | None
    facts: list[tuple[str, list[str]]]
    confidence: str
    rationale: str | None
    evidence: str
    citations: list[ToldCitation]
    relations: list[Link]
    record: str


def tell(entry: Entry, part: Part, heading: Heading) -> ToldEvent:
    """Tell an event."""
    event = entry.event
    return ToldEvent(
        anchor=f"event-{event.id}",
        address=heading.event_address(event.id),
        title=wording.one_line(event.title),
        date=event.when.display,
        edtf=event.date.text,
        machine_date=wording.machine_date(event.date),
        kind=wording.words(event.kind),
        marks=_marks(event, part),
        retracted=event.state is State.RETRACTED,
        summary=_legible(event.summary),
        note=_legible(entry.note),
        facts=_facts(event, part),
        confidence=wording.confidence_words(event.assessment).replace(" confidence", ""),
        rationale=_legible(event.assessment.rationale) if event.assessment is not None else None,
        evidence=wording.evidence_words(event.evidence),
        citations=[_tell_citation(citation, part) for citation in event.citations],
        relations=[
            Link(
                f"{wording.words(relation.type.value)} event {str(relation.event_id)[:8]}",
                heading.event_address(relation.event_id),
            )
            for relation in event.relations
        ],
        record=f"Revision {event.revision}, {wording.instant_words(event.updated_at)}",
    )


def _marks(event: Event, part: Part) -> list[tuple[str, str]]:
    marks = []
    if event.state is State.RETRACTED:
        marks.append(("Retracted", wording.legible(event.retraction or "no reason is given")))
    elif event.state is State.DRAFT:
        marks.append(("Draft", "not published"))
    if event.occurrence is not Occurrence.OCCURRED:
        marks.append((wording.OCCURRENCES[event.occurrence], _OCCURRENCE_MARKS[event.occurrence]))
    if event.evidence.disputing:
        against = [citation for citation in event.citations if citation.stance is Stance.DISPUTES]
        named = dict.fromkeys(_origin(citation, part) for citation in against)
        marks.append(("Disputed", f"by {', '.join(named)}"))
    return marks


_OCCURRENCE_MARKS = {
    Occurrence.PLANNED: "announced for this date, not yet known to have happened",
    Occurrence.ONGOING: "still going on when this was recorded",
    Occurrence.POSTPONED: "the plan for this date was put off",
    Occurrence.CANCELLED: "the plan for this date was called off",
}


def _origin(citation: Citation, part: Part) -> str:
    source = part.sources[citation.source]
    if citation.attribution:
        return wording.one_line(part.name(citation.attribution[0]))
    return wording.one_line(part.name(source.publisher) if source.publisher is not None else source.title)


def _facts(event: Event, part: Part) -> list[tuple[str, list[str]]]:
    facts = [
        ("Actors", wording.actors_words(event.actors, part)),
        ("Places", [wording.place_words(place) for place in event.places]),
        ("Tags", list(event.tags)),
        ("Elsewhere", [f"{scheme}: {name}" for scheme, name in event.external_ids.items()]),
    ]
    return [(label, [wording.one_line(text) for text in texts]) for label, texts in facts if texts]


def _tell_citation(citation: Citation, part: Part) -> ToldCitation:
    source = part.sources[citation.source]
    archive = wording.safe_address(source.archive_url)
    return ToldCitation(
        stance=wording.STANCES[citation.stance],
        disputes=citation.stance is Stance.DISPUTES,
        source=Link(wording.one_line(wording.source_words(source, part)), wording.safe_address(source.url)),
        archive=Link("archived copy", archive) if archive is not None else None,
        figures=[wording.figure_words(figure) for figure in citation.figures],
        quote=_legible(citation.quote),
        details=[(label, wording.legible(text)) for label, text in _details(citation, source, part) if text],
    )


def _details(citation: Citation, source: Source, part: Part) -> list[tuple[str, str | None]]:
    reliability = part.reliability(source)
    return [
        ("Said by", wording.attribution_words(citation, part) if citation.attribution else None),
        ("At", citation.locator),
        ("Date as stated", citation.as_stated),
        ("States instead", wording.states_words(citation.states) if citation.states is not None else None),
        ("Source's date", source.published_basis),
        ("Reliability of the source", wording.RELIABILITIES[reliability] if reliability is not None else None),
        ("Credibility", wording.CREDIBILITIES[citation.credibility] if citation.credibility is not None else None),
    ]


def _legible(text: str | None) -> str | None:
    return None if text is None else wording.legible(text)
