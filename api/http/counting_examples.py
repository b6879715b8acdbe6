"""Examples of counts for the contract: of the chronology that ships."""

from collections import Counter
from typing import Any

from api import sample
from schema.actor import ActorSummary
from schema.answers import Included, Range
from schema.bins import bounds_of_bins, described_bins
from schema.counting import Binning, Facet, Facets, FacetsByDimension, FacetValue, Histogram, Interval
from schema.edtf import UNBOUNDED_END, Match, Window, matches, parse
from schema.edtf.calendar import SECONDS_PER_DAY
from schema.wire import to_builtins

_SAMPLE = sample.load()


def _histogram() -> Histogram:
    """What lies within single months of the spring of 2025."""
    window = Window.between(parse("2025-03"), parse("2025-05"))
    days = (window.starts // SECONDS_PER_DAY, window.ends // SECONDS_PER_DAY)
    bounds = bounds_of_bins(*days, Interval.MONTH, cut_first=True, cut_past=True)
    found = [event.date for event in _SAMPLE.events if matches(event.date, window, Match.OVERLAPS)]
    undated = sum(date.ends == UNBOUNDED_END for date in found)
    counts = [0.0] * (len(bounds) - 1)
    for place in range(len(counts)):
        starts, ends = (bound * SECONDS_PER_DAY for bound in bounds[place : place + 2])
        counts[place] += sum(starts <= date.starts and date.ends <= ends for date in found)
    return Histogram(
        interval=Interval.MONTH,
        bin=Binning.EXCLUDE,
        bins=described_bins(bounds, Interval.MONTH, counts),
        total=len(found),
        counted=sum(counts),
        undated=undated,
        elsewhere=len(found) - undated - sum(counts),
        exact=True,
        range=Range(earliest=window.earliest, latest=window.latest),
        as_of=None,
        notices=[],
    )


def _facet(values: list[str], top: int) -> Facet:
    ranked = sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [FacetValue(value=value, count=count) for value, count in ranked[:top]]
    return Facet(values=shown, more=len(ranked) > top, exact=True)


def _facets() -> Facets:
    """The three actors and the three kinds of most events of 2025."""
    window = Window.between(parse("2025"), parse("2025"))
    found = [event for event in _SAMPLE.events if matches(event.date, window, Match.OVERLAPS)]
    actors = _facet([actor for event in found for actor in sorted({one.id for one in event.actors})], 3)
    names = {actor.id: ActorSummary(name=actor.name, kind=actor.kind) for actor in _SAMPLE.actors}
    return Facets(
        facets=FacetsByDimension(actor=actors, kind=_facet([event.kind for event in found], 3)),
        range=Range(earliest=window.earliest, latest=window.latest),
        as_of=None,
        notices=[],
        included=Included(actors={id: names[id] for id in sorted(one.value for one in actors.values)}, sources={}),
    )


#: `date_from=2025-03&date_to=2025-05&interval=month&bin=exclude`
HISTOGRAM: dict[str, Any] = to_builtins(_histogram())
#: `date_from=2025&date_to=2025&facet=actor&facet=kind&top=3`
FACETS: dict[str, Any] = to_builtins(_facets())
