"""Events as rows of a table, for pandas."""

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dateline_client.records import Event

if TYPE_CHECKING:
    import pandas


def needed_pandas() -> ModuleType:
    """Import pandas; the ImportError says how to get it."""
    try:
        import pandas
    except ImportError as error:
        raise ImportError("Tables need pandas: pip install 'dateline-client[pandas]'") from error
    return pandas


def table_of(events: Iterable[Event]) -> "pandas.DataFrame":
    """Make a table with one row for each event; the columns are always the same."""
    rows = [_row(event) for event in events]
    frame: pandas.DataFrame = needed_pandas().DataFrame(rows, columns=list(_COLUMNS), dtype="object")
    return frame.astype(_COLUMNS)


#: The columns, and how pandas keeps each. What events say of time stays text: pandas knows no rough dates, nor every
#: year. The instants at which they were written are instants.
_COLUMNS = {
    "id": "object",
    "date": "object",
    "earliest": "object",
    "latest": "object",
    "precision": "object",
    "when": "object",
    "title": "object",
    "summary": "object",
    "kind": "object",
    "occurrence": "object",
    "state": "object",
    "actors": "object",
    "actor_names": "object",
    "countries": "object",
    "places": "object",
    "latitude": "Float64",
    "longitude": "Float64",
    "confidence": "object",
    "likelihood": "object",
    "supporting": "int64",
    "disputing": "int64",
    "origins": "int64",
    "tags": "object",
    "sources": "object",
    "revision": "int64",
    "created_at": "datetime64[us, UTC]",
    "updated_at": "datetime64[us, UTC]",
}


def _row(event: Event) -> dict[str, Any]:
    actors = [actor.id for actor in event.actors]
    located = next((place for place in event.places if isinstance(place.latitude, int | float)), None)
    return {
        "id": str(event.id),
        "date": event.date,
        "earliest": event.when.earliest,
        "latest": event.when.latest,
        "precision": event.when.precision,
        "when": event.when.display,
        "title": event.title,
        "summary": event.summary,
        "kind": event.kind,
        "occurrence": event.occurrence,
        "state": event.state,
        "actors": actors,
        "actor_names": [event.actor_name(actor) for actor in actors],
        "countries": [place.country for place in event.places if place.country],
        "places": [place.name for place in event.places],
        "latitude": located.latitude if located else None,
        "longitude": located.longitude if located else None,
        "confidence": event.assessment.confidence if event.assessment else None,
        "likelihood": (event.assessment.likelihood or None) if event.assessment else None,
        "supporting": event.evidence.supporting,
        "disputing": event.evidence.disputing,
        "origins": event.evidence.origins,
        "tags": list(event.tags),
        "sources": list(dict.fromkeys(str(citation.source) for citation in event.citations)),
        "revision": event.revision,
        "created_at": event.created_at,
        "updated_at": event.updated_at,
    }
