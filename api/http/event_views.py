"""What can be seen of one event beside its document: its figures side by side, and the events around it."""

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from api.history.redaction import missing
from api.http.answers import answer_value
from api.http.conditional import answer_unchanged, list_tag, read_as_of
from api.http.contract import Contract
from api.http.dependencies import AMomentQuery, ARelatedQuery, HttpRequest, TheReader, TheStore
from api.http.examples import FIGURES, RELATED
from api.http.parameters import read_uuid
from api.store import figures, related
from schema.change import EntityKind
from schema.figures import FigureComparison
from schema.query import MomentQuery
from schema.related import RelatedEvents, RelatedQuery


@get(
    "/v1/events/{event_id:str}/figures",
    operation_id="listFigures",
    summary="Compare the figures of an event",
    opt={
        "contract": Contract(
            tag="events",
            query=MomentQuery,
            answer=FigureComparison,
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            problems=("withdrawn",),
            answer_examples={"shipments": FIGURES},
        )
    },
)
async def list_figures(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AMomentQuery, event_id: FromPath[str]
) -> Response[bytes]:
    """Set side by side what the citations of an event state in numbers.

    Figures stand in one group only if they have the same measure, unit and date; a figure without a date has the
    event's. Groups are in the order of measure, unit and date, figures in the order of the event's citations.
    """
    event = read_uuid(event_id, "event_id")
    tag = await list_tag(request, store, reader)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    as_of = await read_as_of(store, asked.as_of, reader)
    comparison = await figures.compare_figures(store, event, edit=reader.edit, as_of=as_of)
    if comparison is None:
        raise await missing(store, EntityKind.EVENT, str(event), edit=reader.edit, as_of=as_of)
    return answer_value(comparison, tag)


@get(
    "/v1/events/{event_id:str}/related",
    operation_id="relatedEvents",
    summary="Walk the relations of an event",
    opt={
        "contract": Contract(
            tag="events",
            query=RelatedQuery,
            answer=RelatedEvents,
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            problems=("withdrawn",),
            answer_examples={"around the talks": RELATED},
        )
    },
)
async def related_events(
    request: HttpRequest, store: TheStore, reader: TheReader, event_id: FromPath[str], asked: ARelatedQuery
) -> Response[bytes]:
    """Give the events that relations lead to within `depth` steps, nearest first, then by date.

    Relations are followed both ways: from the event that has one to the event that it names, and back; `via` tells
    which way round each is. Each event appears once, at its least depth, and the event itself never. What was
    retracted is left out, and nothing is reached by way of it. At most 500 events are given: `truncated` tells
    whether there are more.
    """
    event = read_uuid(event_id, "event_id")
    tag = await list_tag(request, store, reader)
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    as_of = await read_as_of(store, asked.as_of, reader)
    found = await related.related_events(store, event, asked.depth, edit=reader.edit, as_of=as_of)
    if found is None:
        raise await missing(store, EntityKind.EVENT, str(event), edit=reader.edit, as_of=as_of)
    items = [
        {"event": msgspec.Raw(reached.document), "depth": reached.depth, "via": reached.via} for reached in found.items
    ]
    answer = {"items": items, "truncated": found.truncated, "as_of": as_of, "included": found.included}
    return answer_value(answer, tag)


HANDLERS = [list_figures, related_events]
