"""``/v1/events/histogram`` and ``/v1/events/facets``: how many events there are, over time and by what they share."""

from litestar import Response, get

from api.http.answers import answer_value
from api.http.conditional import answer_unchanged, list_tag, this_minute
from api.http.contract import Contract
from api.http.counting_examples import FACETS, HISTOGRAM
from api.http.dependencies import AFacetQuery, AHistogramQuery, HttpRequest, TheReader, TheStore
from api.store import facets, histogram
from schema.counting import FacetQuery, Facets, Histogram, HistogramQuery


@get(
    "/v1/events/histogram",
    operation_id="histogramEvents",
    summary="Count events over time",
    opt={
        "contract": Contract(
            tag="events",
            query=HistogramQuery,
            answer=Histogram,
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            problems=("forbidden",),
            answer_examples={"early 2025": HISTOGRAM},
        )
    },
)
async def histogram_events(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AHistogramQuery
) -> Response[bytes]:
    """Count the events that the filters find in bins of the calendar.

    Bins go from `date_from` to `date_to` or, where one is left out, from the first to the last event that is counted;
    at most 10,000. An event whose date is rough has, with `bin=spread`, a part of its weight of one in each bin that it
    may lie in. One with an open or unknown end is counted only with a range that is bounded on both sides, evenly over
    its days in it. Days are those of the dates as written, in no time zone.

    Counting itself stops after a second and a half; looking up what the filters stand for comes before it. If that is
    not enough, `exact` is false and the numbers are those of a sample or, where not even that was counted, `bins` is
    empty and `total` says how many there are at most.
    """
    tag = await list_tag(request, store, reader, clock="" if asked.overdue is None else this_minute())
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    return answer_value(await histogram.count_over_time(store, asked, edit=reader.edit), tag)


@get(
    "/v1/events/facets",
    operation_id="facetEvents",
    summary="Count events by actor, kind, publisher and more",
    opt={
        "contract": Contract(
            tag="events",
            query=FacetQuery,
            answer=Facets,
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            problems=("forbidden",),
            answer_examples={"2025": FACETS},
        )
    },
)
async def facet_events(request: HttpRequest, store: TheStore, reader: TheReader, asked: AFacetQuery) -> Response[bytes]:
    """Count the events that the filters find by each value of what they have in common, most frequent first.

    An event counts once for each value that it has: two actors make it count for both. Actors that have been merged
    count as the one that stands for them.

    Counting itself stops after a second and a half, which all facets share; looking up what the filters stand for
    comes before it. Where that is not enough, `exact` is false and the counts are those of a sample or, where not even
    that was counted, `values` is empty and `more` is true.
    """
    tag = await list_tag(request, store, reader, clock="" if asked.overdue is None else this_minute())
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    return answer_value(await facets.facet_events(store, asked, edit=reader.edit), tag)


HANDLERS = [histogram_events, facet_events]
