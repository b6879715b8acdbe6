"""Examples for the contract: events, actors and sources of the chronology that ships, as they go over the wire."""

from typing import Any
from uuid import UUID

from msgspec import structs

from api import sample
from api.history.revisions import patch_between
from schema.actor import Actor, ActorIn, ActorSummary
from schema.answers import Included, Range
from schema.assessment import count_evidence
from schema.chronology import Chronology, ChronologyIn, ChronologyItem
from schema.citation import Citation
from schema.edtf import parse
from schema.event import Event, EventIn, When
from schema.feed import ActorChange, ChangePage, EventChange, Head
from schema.figures import FigureComparison, compare
from schema.format import Format
from schema.query import EventFilter
from schema.related import RelatedEvent, RelatedEvents, RelationStep
from schema.release import Release, ReleaseFile
from schema.source import Source, SourceIn, SourceSummary
from schema.vocabulary import ChangeType, RelationType
from schema.wire import encode, to_builtins

RECORDED_AT = "2025-06-01T09:00:00.000000Z"
_LATER = "2025-06-03T09:30:00.000000Z"
_SAMPLE = sample.load()
_ACTORS = {actor.id: actor for actor in _SAMPLE.actors}
_SOURCES = {source.id: source for source in _SAMPLE.sources if source.id is not None}
_RECORDED: dict[str, Any] = {"revision": 1, "sequence": 7, "created_at": RECORDED_AT, "updated_at": RECORDED_AT}
#: The actors and sources of the chronology as the store gives them back.
ACTORS_IN_FULL = {name: Actor(**{**structs.asdict(given), **_RECORDED}) for name, given in _ACTORS.items()}
SOURCES_IN_FULL = {name: Source(**{**structs.asdict(given), **_RECORDED}) for name, given in _SOURCES.items()}


def _included(actors: list[str], sources: list[UUID]) -> Included:
    publishers = [publisher for source in sources if (publisher := _SOURCES[source].publisher) is not None]
    return Included(
        actors={
            name: ActorSummary(name=_ACTORS[name].name, kind=_ACTORS[name].kind)
            for name in sorted({*actors, *publishers})
        },
        sources={str(source): _summary(_SOURCES[source]) for source in sources},
    )


def _summary(source: SourceIn) -> SourceSummary:
    published = source.published.text if source.published else None
    publisher = _ACTORS[source.publisher] if source.publisher else None
    return SourceSummary(
        title=source.title,
        publisher=source.publisher,
        url=source.url,
        published=published,
        reliability=source.reliability or (publisher.reliability if publisher else None),
    )


def _event(given: EventIn, sequence: int) -> tuple[Event, Included]:
    """Make an event of the chronology what the store would make of it."""
    citations = [Citation(**structs.asdict(citation)) for citation in given.citations]
    sources = [citation.source for citation in citations]
    event = Event(
        **{**structs.asdict(given), "citations": citations},
        when=When.of(given.date),
        evidence=count_evidence(citations, {source: _SOURCES[source].publisher for source in sources}),
        revision=1,
        sequence=sequence,
        created_at=RECORDED_AT,
        updated_at=RECORDED_AT,
        published_at=RECORDED_AT,
    )
    named = [name for citation in citations for name in citation.attribution if name in _ACTORS]
    return event, _included([actor.id for actor in event.actors] + named, list(dict.fromkeys(sources)))


def _later(record: dict[str, Any], *, revision: int = 2, **changed: Any) -> dict[str, Any]:
    """What a record is once it has been written again."""
    return record | changed | {"revision": revision, "sequence": 89 + revision, "updated_at": _LATER}


def _without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """Leave out members of these names, and those that are null or empty."""
    return {name: member for name, member in value.items() if name not in names and member not in (None, [], {})}


THE_EVENT, _its_included = _event(next(event for event in _SAMPLE.events if event.kind == "treaty"), 57)
_the_actor: ActorIn = _ACTORS["msmt"]
_the_source = next(source for source in _SAMPLE.sources if source.publisher == "news18")

EVENT: dict[str, Any] = to_builtins(THE_EVENT) | {"included": to_builtins(_its_included)}
EVENT_IN: dict[str, Any] = _without(
    to_builtins(THE_EVENT),
    *("id", "when", "evidence", "retraction", "revision", "sequence", "created_at", "updated_at", "published_at"),
)
#: What is asked for in a write, and what comes of it.
EVENT_EDIT: dict[str, Any] = EVENT_IN | {
    "tags": [*THE_EVENT.tags, "defence"],
    "change": {"type": "correction", "reason": "The tag was missing."},
}
EDITED_EVENT: dict[str, Any] = _later(EVENT, tags=EVENT_EDIT["tags"])
EVENT_PATCH: dict[str, Any] = {
    "date": f"{THE_EVENT.date.text}?",
    "change": {"type": "correction", "reason": "Only one source names the month."},
}
PATCHED_EVENT: dict[str, Any] = _later(
    EVENT, date=EVENT_PATCH["date"], when=to_builtins(When.of(parse(EVENT_PATCH["date"])))
)
RETRACTION_IN: dict[str, Any] = {"change": {"reason": "The source has withdrawn its report."}}
RETRACTED_EVENT: dict[str, Any] = _later(EVENT, state="retracted", retraction=RETRACTION_IN["change"]["reason"])
RESTORATION_IN: dict[str, Any] = {"revision": 1, "change": {"reason": "The correction was mistaken."}}
RESTORED_EVENT: dict[str, Any] = _later(EVENT, revision=3)
EVENT_PAGE: dict[str, Any] = {
    "items": [to_builtins(THE_EVENT)],
    "next": None,
    "count": None,
    "range": to_builtins(Range(earliest="2024-06-01", latest="2024-06-30")),
    "as_of": None,
    "notices": [],
    "included": to_builtins(_its_included),
}

_nothing_included = to_builtins(Included(actors={}, sources={}))
_actor = to_builtins(ACTORS_IN_FULL[_the_actor.id])
ACTOR: dict[str, Any] = _actor | {"included": _nothing_included}
ACTOR_IN: dict[str, Any] = _without(to_builtins(_the_actor))
ACTOR_PATCH: dict[str, Any] = {"aliases": [*_the_actor.aliases, "The Team"]}
#: For PUT, where the address says which.
ACTOR_EDIT: dict[str, Any] = (
    _without(ACTOR_IN, "id") | ACTOR_PATCH | {"change": {"reason": "The articles use this name, too."}}
)
EDITED_ACTOR: dict[str, Any] = _later(ACTOR, **ACTOR_PATCH)
ACTOR_PAGE: dict[str, Any] = {"items": [_actor], "next": None, "as_of": None, "included": _nothing_included}
MERGER_IN: dict[str, Any] = {"into": "MSMT", "change": {"reason": "Two articles name one team in two ways."}}
_the_double = ACTOR | {"id": "monitoring-team", "name": "The monitoring team", "aliases": []}
MERGED_ACTOR: dict[str, Any] = _later(
    _the_double, merged_into=_the_actor.id, included=to_builtins(_included([_the_actor.id], []))
)
UNMERGER_IN: dict[str, Any] = {"change": {"reason": "They are two teams after all."}}
UNMERGED_ACTOR: dict[str, Any] = _later(_the_double, revision=3)

_source = to_builtins(Source(**{**structs.asdict(_the_source), **_RECORDED}))
_publisher = to_builtins(_included([_the_source.publisher or ""], []))
SOURCE: dict[str, Any] = _source | {"included": _publisher}
SOURCE_IN: dict[str, Any] = _without(to_builtins(_the_source), "id")
SOURCE_PATCH: dict[str, Any] = {"reliability": "B"}
SOURCE_EDIT: dict[str, Any] = SOURCE_IN | SOURCE_PATCH | {"change": {"reason": "It was graded."}}
EDITED_SOURCE: dict[str, Any] = _later(SOURCE, **SOURCE_PATCH)
SOURCE_PAGE: dict[str, Any] = {"items": [_source], "next": None, "as_of": None, "included": _publisher}

_the_chronology = ChronologyIn(
    slug="north-korea-and-russia",
    title="North Korea and Russia",
    introduction="What has passed between the two states.",
    filter=EventFilter(actor_all=["north-korea", "russia"]),
    items=[ChronologyItem(event_id=THE_EVENT.id, note="Everything after rests on this.")],
    licence="CC0-1.0",
    language="en",
)
_chronology = to_builtins(Chronology(**{**structs.asdict(_the_chronology), **_RECORDED, "published_at": RECORDED_AT}))
_its_actors = to_builtins(_included(["north-korea", "russia"], []))
CHRONOLOGY: dict[str, Any] = _chronology | {"included": _its_actors}
CHRONOLOGY_IN: dict[str, Any] = to_builtins(_the_chronology) | {"filter": {"actor_all": ["DPRK", "Russia"]}}
CHRONOLOGY_EDIT: dict[str, Any] = _without(to_builtins(_the_chronology), "slug", "filter") | {
    "title": "North Korea, Russia and the war",
    "filter": {"actor_all": ["north-korea", "russia"]},
    "change": {"type": "correction", "reason": "The title said too little."},
}
EDITED_CHRONOLOGY: dict[str, Any] = _later(CHRONOLOGY, title=CHRONOLOGY_EDIT["title"])
CHRONOLOGY_PATCH: dict[str, Any] = {"filter": {"kind": ["treaty"]}}
PATCHED_CHRONOLOGY: dict[str, Any] = _later(CHRONOLOGY, filter=CHRONOLOGY["filter"] | CHRONOLOGY_PATCH["filter"])
CHRONOLOGY_PAGE: dict[str, Any] = {"items": [_chronology], "next": None, "as_of": None, "included": _its_actors}
CHRONOLOGY_EVENTS: dict[str, Any] = EVENT_PAGE | {
    "notes": {str(item.event_id): item.note for item in _the_chronology.items}
}

_released = Release(
    chronology=_the_chronology.slug,
    revision=1,
    number=1,
    title=_the_chronology.title,
    note="As quoted in the article of June 2025.",
    licence=_the_chronology.licence,
    citation="North Korea and Russia. Release 1, 2025-06-01. As of change 80, digest (SHA-256) " + "5e" * 32 + ".",
    made_at=RECORDED_AT,
    sequence=80,
    digest="5e" * 32,
    events=17,
    files=[
        ReleaseFile(
            format=Format.CSV,
            media_type="text/csv",
            name="north-korea-and-russia-1.csv",
            bytes=12345,
            sha256="0f" * 32,
            href="/v1/chronologies/north-korea-and-russia/releases/1?format=csv",
        )
    ],
    left_out=[],
)
RELEASE: dict[str, Any] = to_builtins(_released)
RELEASE_IN: dict[str, Any] = {"note": _released.note}
RELEASE_PAGE: dict[str, Any] = {
    "items": [
        {
            "number": 1,
            "made_at": RECORDED_AT,
            "href": "/v1/chronologies/north-korea-and-russia/releases/1",
            "manifest": RELEASE,
            "withdrawn": None,
        }
    ],
    "next": None,
}


def _revisions(record: dict[str, Any], corrected: dict[str, Any], reason: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the page of a record's two revisions, the second a correction, and that one by itself."""
    later = _later(record, **corrected)
    first = {
        "revision": 1,
        "sequence": record["sequence"],
        "recorded_at": RECORDED_AT,
        "type": "create",
        "author": "Newsroom desk",
        "reason": None,
        "redacted": False,
        "patch": None,
    }
    second = first | {
        "revision": 2,
        "sequence": 91,
        "recorded_at": _LATER,
        "type": "correction",
        "reason": reason,
        "patch": patch_between(record, later),
    }
    return {"items": [first, second], "next": None}, second | {"document": later}


EVENT_REVISIONS, EVENT_REVISION = _revisions(
    to_builtins(THE_EVENT), {"tags": EVENT_EDIT["tags"]}, EVENT_EDIT["change"]["reason"]
)
ACTOR_REVISIONS, ACTOR_REVISION = _revisions(_actor, ACTOR_PATCH, ACTOR_EDIT["change"]["reason"])
SOURCE_REVISIONS, SOURCE_REVISION = _revisions(_source, SOURCE_PATCH, SOURCE_EDIT["change"]["reason"])
CHRONOLOGY_REVISIONS, CHRONOLOGY_REVISION = _revisions(
    _chronology, {"title": CHRONOLOGY_EDIT["title"]}, CHRONOLOGY_EDIT["change"]["reason"]
)

_shipments, _ = _event(next(event for event in _SAMPLE.events if any(one.figures for one in event.citations)), 51)
_groups = compare(_shipments)
_stated = [figure for group in _groups for figure in group.figures]
FIGURES: dict[str, Any] = to_builtins(
    FigureComparison(
        groups=_groups,
        as_of=None,
        included=_included(
            [name for figure in _stated for name in figure.attribution if name in _ACTORS],
            list(dict.fromkeys(figure.source for figure in _stated)),
        ),
    )
)

_confirmation, _in_confirmation = _event(
    next(event for event in _SAMPLE.events if any(one.type is RelationType.CONFIRMS for one in event.relations)), 78
)
RELATED: dict[str, Any] = to_builtins(
    RelatedEvents(
        as_of=None,
        items=[
            RelatedEvent(
                event=_confirmation,
                depth=1,
                via=[
                    RelationStep(type=relation.type, from_=_confirmation.id, to=relation.event_id)
                    for relation in _confirmation.relations
                ],
            )
        ],
        truncated=False,
        included=_in_confirmation,
    )
)

_by_whom: dict[str, Any] = {
    "recorded_at": RECORDED_AT,
    "revision": 1,
    "type": ChangeType.CREATE,
    "author": "Newsroom desk",
    "reason": None,
    "redacted": False,
    "redacts": [],
}
_actor_change = ActorChange(id=_the_actor.id, sequence=7, document=ACTORS_IN_FULL[_the_actor.id], **_by_whom)
_event_change = EventChange(id=str(THE_EVENT.id), sequence=57, document=THE_EVENT, **_by_whom)
HEAD: dict[str, Any] = to_builtins(Head(sequence=80, digest="5e" * 32, recorded_at=RECORDED_AT))
CHANGE_PAGE: dict[str, Any] = to_builtins(
    ChangePage(items=[_actor_change, _event_change], after=57, more=True, head=80)
)
STREAM_EVENT: dict[str, Any] = {"event": "change", "id": "7", "data": encode(_actor_change).decode()}
STREAM_END: dict[str, Any] = {"event": "dropped", "data": '{"reason": "stopping", "after": 7}'}

MOVED_ACTOR: dict[str, Any] = {"id": MERGED_ACTOR["id"], "merged_into": _the_actor.id, "revision": 2}

BATCH_ANSWER: dict[str, Any] = {
    "dry_run": False,
    "created": 1,
    "updated": 0,
    "unchanged": 0,
    "refused": 0,
    "results": [{"row": 0, "status": "created", "id": EVENT["id"], "revision": 1, "errors": []}],
}

IMPORT_REPORT: dict[str, Any] = {
    "id": "0199c3a4-5b6d-7e8f-9a0b-1c2d3e4f5a6b",
    "state": "finished",
    "author": "Newsroom desk",
    "started_at": RECORDED_AT,
    "finished_at": RECORDED_AT,
    "expires_at": "2025-07-01T09:00:00.000000Z",
    "file": "chronology.csv",
    "bytes": 1892,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "format": "csv",
    "encoding": "Mac Roman",
    "line_ends": "CR",
    "dry_run": False,
    "atomic": False,
    "upsert_on": None,
    "mapped": False,
    "notes": ["Cells are separated by the semicolon."],
    "problem": None,
    "rows": 2,
    "created": 1,
    "updated": 0,
    "unchanged": 0,
    "refused": 1,
    "warned": 0,
    "results": [
        {"row": 0, "status": "created", "id": EVENT["id"], "revision": 1, "errors": [], "warnings": []},
        {
            "row": 1,
            "status": "refused",
            "id": None,
            "revision": None,
            "errors": [{"detail": "There is no thirteenth month.", "pointer": "/1/date", "suggestion": "2024-12"}],
            "warnings": [],
        },
    ],
}
