"""How many events a query finds: over time, and by what they have in common."""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from schema.answers import EchoedAsOf, Included, Notices, Range
from schema.query import AsOf, EventFilter, as_of_flaws
from schema.validation import Flaw

#: How many values of one dimension an answer has at most.
MAXIMUM_TOP = 100


class Interval(StrEnum):
    """How long a bin of a histogram is."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    DECADE = "decade"


class Binning(StrEnum):
    """How an event whose date allows several bins is counted."""

    SPREAD = "spread"
    """With its part in each: a weight of one, spread evenly over its possible days."""
    EARLIEST = "earliest"
    """In the bin of its first possible day."""
    EXCLUDE = "exclude"
    """Not at all."""


class Dimension(StrEnum):
    """What events can be counted by."""

    ACTOR = "actor"
    KIND = "kind"
    PUBLISHER = "publisher"
    CONFIDENCE = "confidence"
    OCCURRENCE = "occurrence"
    TAG = "tag"
    COUNTRY = "country"


class OwnFilter(StrEnum):
    """Whether the filter by a dimension holds where that very dimension is counted."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


#: The filters that choose among the values of a dimension.
OWN_FILTERS: dict[Dimension, tuple[str, ...]] = {
    Dimension.ACTOR: ("actor", "actor_all", "include_members", "include_parts"),
    Dimension.KIND: ("kind",),
    Dimension.PUBLISHER: ("publisher",),
    Dimension.CONFIDENCE: ("min_confidence",),
    Dimension.OCCURRENCE: ("occurrence",),
    Dimension.TAG: ("tag",),
    Dimension.COUNTRY: ("country",),
}


class CountingQuery(EventFilter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events are counted: all filters, and as of when. ``sort`` makes no difference here."""

    is_request = True

    as_of: AsOf = None

    def flaws(self) -> list[Flaw]:
        """Name values that have the right form and are invalid."""
        return super().flaws() + as_of_flaws(self.as_of)


class HistogramQuery(CountingQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``GET /v1/events/histogram`` can be asked."""

    interval: Annotated[Interval, Meta(description="How long each bin is, by the calendar.")] = Interval.YEAR
    bin: Annotated[
        Binning,
        Meta(
            description="How an event is counted whose date allows several bins. `spread`: a weight of one, evenly over"
            " its possible days. `earliest`: in the bin of its first possible day. `exclude`: only where all of its"
            " possible days lie in one bin."
        ),
    ] = Binning.SPREAD


class FacetQuery(CountingQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``GET /v1/events/facets`` can be asked."""

    facet: Annotated[
        list[Dimension],
        Meta(max_length=len(Dimension), description="By which of these to count; by all if left out."),
    ] = []  # noqa: RUF012 - a Struct gives each its own
    top: Annotated[
        Annotated[int, Meta(ge=1, le=MAXIMUM_TOP)],
        Meta(description="How many values of each facet are given at most, the most frequent first."),
    ] = 20
    own: Annotated[
        OwnFilter,
        Meta(
            description="`exclude` counts each of them as if its own filter were not there, as boxes to choose from"
            " need it: kinds without `kind`, actors without `actor` and `actor_all`."
        ),
    ] = OwnFilter.INCLUDE


Weight = Annotated[float, Meta(ge=0, description="A number of events, parts included, to six decimals.")]


class HistogramBin(Struct, frozen=True, kw_only=True):
    """One bin: its first and its last day, what it is called, and how many events lie in it."""

    start: Annotated[str, Meta(description="The first day, proleptic Gregorian, as `earliest` of an event is written.")]
    end: Annotated[str, Meta(description="The last day, included.")]
    label: Annotated[str, Meta(description="The day, month, year or decade in English.")]
    count: Weight


class Histogram(Struct, frozen=True, kw_only=True):
    """How many events there are over time. ``total`` is ``counted``, ``undated`` and ``elsewhere`` together."""

    interval: Interval
    bin: Binning
    bins: Annotated[list[HistogramBin], Meta(description="All bins of the range in their order, empty ones included.")]
    total: Annotated[int, Meta(ge=0, description="How many events the filters find.")]
    counted: Annotated[Weight, Meta(description="How many of them lie in the bins: the sum of all counts.")]
    undated: Annotated[
        int,
        Meta(
            ge=0,
            description="How many were left out because an end is open or unknown (`earliest`: the start). With"
            " `spread` and a range that is bounded on both sides there are none.",
        ),
    ]
    elsewhere: Annotated[
        Weight, Meta(description="What lies outside of the range or, with `exclude`, wholly in none of the bins.")
    ]
    exact: Annotated[bool, Meta(description="False where the time was too short, and all numbers are estimates.")]
    range: Range
    as_of: EchoedAsOf
    notices: Notices


class FacetValue(Struct, frozen=True, kw_only=True):
    """A value, and how many of the events have it."""

    value: Annotated[str, Meta(description="The value; of actors and publishers, their ids.")]
    count: Annotated[int, Meta(ge=0, description="How many of the events have it.")]


class Facet(Struct, frozen=True, kw_only=True):
    """The values of one dimension that most events have, most frequent first, then in the order of the values."""

    values: Annotated[list[FacetValue], Meta(description="The values and their counts, at most `top` of them.")]
    more: Annotated[bool, Meta(description="Whether there are more values than these or, if not exact, may be.")]
    exact: Annotated[bool, Meta(description="False where the time was too short, and the counts are estimates.")]


class FacetsByDimension(Struct, frozen=True, kw_only=True):
    """What was asked for; the others are left out."""

    actor: Facet | UnsetType = UNSET
    kind: Facet | UnsetType = UNSET
    publisher: Facet | UnsetType = UNSET
    confidence: Facet | UnsetType = UNSET
    occurrence: Facet | UnsetType = UNSET
    tag: Facet | UnsetType = UNSET
    country: Facet | UnsetType = UNSET


class Facets(Struct, frozen=True, kw_only=True):
    """Counts of events by what they have in common."""

    facets: FacetsByDimension
    range: Range
    as_of: EchoedAsOf
    notices: Notices
    included: Included
