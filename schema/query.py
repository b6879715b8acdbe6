"""What can be asked of lists and records: the parameters, each with its bounds."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from schema.bounds import BOX_EXAMPLE, INSTANT_EXAMPLE, Box, read_instant
from schema.edtf import Edtf, Match, Precision
from schema.format import Format
from schema.naming import Naming
from schema.text import (
    AS_OF_PATTERN,
    BOX_PATTERN,
    EXTERNAL_ID_PATTERN,
    INSTANT_PATTERN,
    MAXIMUM_INTEGER,
    TEXT_PATTERN,
    Country,
    Line,
    Slug,
    Tag,
    Url,
)
from schema.text_query import MAXIMUM_CHARACTERS, text_flaws
from schema.validation import Flaw
from schema.vocabulary import Confidence, Occurrence, Reliability, State

#: How many values one filter takes.
MAXIMUM_VALUES = 20
MAXIMUM_PAGE = 1000
#: Of so many matches, the latest by date, `sort=relevance` gives the best first.
MAXIMUM_RANKED = 1000
#: Origins beyond this many are counted as this many by the filter.
MAXIMUM_ORIGINS = 10


class Sort(StrEnum):
    """The order of a list: by the start of the date or the last change, each reversed by `-`, or the best first."""

    DATE = "date"
    DATE_DESCENDING = "-date"
    UPDATED = "updated"
    UPDATED_DESCENDING = "-updated"
    RELEVANCE = "relevance"


class Counting(StrEnum):
    """Whether and how closely the events that a query finds are counted."""

    NONE = "none"
    ESTIMATED = "estimated"
    EXACT = "exact"


Limit = Annotated[int, Meta(ge=1, le=MAXIMUM_PAGE, description="How many items a page has at most.")]
Cursor = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        pattern=r"^[A-Za-z0-9_-]+\Z",
        description="The `next` of the page before, with the same query.",
        examples=["AbCdEfGh"],
    ),
]


AsOf = Annotated[
    Annotated[str, Meta(max_length=40, pattern=AS_OF_PATTERN)] | None,
    Meta(
        description="What was known then: as of a change, by its sequence, or of an instant (RFC 3339, with an offset"
        " or Z). The sequence that it meant stands in `as_of` of the answer; asking for that gives the same again.",
        examples=["60", INSTANT_EXAMPLE],
    ),
]


def as_of_flaws(as_of: str | None) -> list[Flaw]:
    """Name what is wrong with a moment that has the right form."""
    if as_of is None:
        return []
    if as_of.isdecimal():
        small = int(as_of) <= MAXIMUM_INTEGER
        return [] if small else [Flaw("/as_of", "No sequence is as large.", "the sequence of a change")]
    try:
        read_instant(as_of)
    except ValueError as error:
        return [Flaw("/as_of", str(error), f"a sequence, or an instant like {INSTANT_EXAMPLE}")]
    return []


class EventFilter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Filters of events, and their order. Values of one filter are any-of; different filters are all-of."""

    #: Whether somebody asks for these now. Others are what a chronology was saved with.
    is_request: ClassVar[bool] = False

    date_from: Annotated[
        Edtf | None,
        Meta(description="Beginning of the time range, inclusive: from the earliest of this date."),
    ] = None
    date_to: Annotated[
        Edtf | None, Meta(description="End of the time range, inclusive: `2024-06` is to the end of June.")
    ] = None
    date_match: Annotated[
        Match,
        Meta(
            description="`overlaps`: some possible day lies in the range. `within`: every possible day does."
            " `starts`: the start does."
        ),
    ] = Match.OVERLAPS
    actor: Annotated[
        list[Line],
        Meta(
            max_length=MAXIMUM_VALUES,
            description="Any of these actors: id, name or alias.",
            examples=[["DPRK"], ["north-korea", "russia"]],
        ),
    ] = []
    actor_all: Annotated[
        list[Line],
        Meta(
            max_length=MAXIMUM_VALUES,
            description="All of these actors: id, name or alias.",
            examples=[["north-korea", "russia"]],
        ),
    ] = []
    include_members: Annotated[
        bool,
        Meta(
            description="With `actor` or `actor_all`: also events of these actors' members, and of members of those,"
            " while they were members."
        ),
    ] = False
    include_parts: Annotated[
        bool,
        Meta(description="The same for their parts. With both parameters, a chain may lead through members and parts."),
    ] = False
    actor_role: Annotated[
        list[Slug],
        Meta(
            max_length=MAXIMUM_VALUES,
            description="In any of these roles: the actors asked for or, if none is, anybody.",
            examples=[["signatory"]],
        ),
    ] = []
    occurrence: Annotated[
        list[Occurrence], Meta(max_length=5, description="Any of these occurrences.", examples=[["planned", "ongoing"]])
    ] = []
    state: Annotated[
        list[State],
        Meta(
            max_length=3,
            description="Any of these states; published if left out. Drafts need `edit`.",
            examples=[["published", "retracted"]],
        ),
    ] = []
    kind: Annotated[
        list[Slug], Meta(max_length=MAXIMUM_VALUES, description="Any of these kinds.", examples=[["treaty", "talks"]])
    ] = []
    tag: Annotated[
        list[Tag], Meta(max_length=MAXIMUM_VALUES, description="Any of these tags.", examples=[["arms transfers"]])
    ] = []
    min_confidence: Annotated[Confidence | None, Meta(description="Assessed with at least this confidence.")] = None
    min_precision: Annotated[
        Precision | None, Meta(description="Dated at least this precisely: `month` leaves out years and decades.")
    ] = None
    source: Annotated[
        list[UUID],
        Meta(
            max_length=MAXIMUM_VALUES,
            description="Citing any of these sources.",
            examples=[["c7904d47-6dec-522f-85c6-a10684b8b622"]],
        ),
    ] = []
    publisher: Annotated[
        list[Line],
        Meta(
            max_length=MAXIMUM_VALUES,
            description="Citing a source of any of these publishers: id, name or alias.",
            examples=[["news18"]],
        ),
    ] = []
    min_reliability: Annotated[
        Annotated[Reliability, Meta(extra_json_schema={"enum": ["A", "B", "C", "D", "E"]})] | None,
        Meta(
            description="Supported by at least one source of this reliability or a better one. F (cannot be judged) is"
            " no grade.",
        ),
    ] = None
    min_origins: Annotated[
        Annotated[int, Meta(ge=1, le=MAXIMUM_ORIGINS)] | None,
        Meta(
            description="Supported from at least so many distinct origins, as counted when the event was last written."
        ),
    ] = None
    disputed: Annotated[bool | None, Meta(description="With at least one disputing citation, or with none.")] = None
    overdue: Annotated[
        bool | None,
        Meta(description="Planned events of which the date has passed in every time zone; or all others."),
    ] = None
    country: Annotated[
        list[Country],
        Meta(max_length=MAXIMUM_VALUES, description="In any of these countries.", examples=[["KP", "RU"]]),
    ] = []
    bbox: Annotated[
        Annotated[str, Meta(max_length=100, pattern=BOX_PATTERN)] | None,
        Meta(
            description="With a place in this box: west,south,east,north in degrees (WGS 84). A west end beyond the"
            " east one reaches across the antimeridian.",
            examples=[BOX_EXAMPLE],
        ),
    ] = None
    updated_from: Annotated[
        Annotated[str, Meta(max_length=40, pattern=INSTANT_PATTERN)] | None,
        Meta(
            description="Changed at or after this instant (RFC 3339, with an offset or Z).", examples=[INSTANT_EXAMPLE]
        ),
    ] = None
    external_id: Annotated[
        list[Annotated[str, Meta(max_length=601, pattern=EXTERNAL_ID_PATTERN)]],
        Meta(
            max_length=MAXIMUM_VALUES,
            description="Known elsewhere as any of these: `scheme:value`.",
            examples=[["wikidata:Q423"]],
        ),
    ] = []
    q: Annotated[
        Annotated[str, Meta(min_length=1, max_length=MAXIMUM_CHARACTERS, pattern=TEXT_PATTERN)] | None,
        Meta(
            description="With all of these words in the title, the summary, the tags, the titles of cited sources or"
            ' the names of actors and publishers; "a phrase" in quotation marks, `begin*`, and -not behind a hyphen.',
            examples=['"mutual defence" DPRK -oil'],
        ),
    ] = None
    sort: Annotated[
        Sort | None,
        Meta(
            description="The order: by `date` if left out or, of a chronology's events, its own. `relevance` needs `q`."
        ),
    ] = None

    def flaws(self) -> list[Flaw]:
        """Name values that have the right form and are invalid."""
        found = []
        if self.min_reliability is Reliability.F:
            found.append(Flaw("/min_reliability", "F means 'cannot be judged', which is no grade.", "A, B, C, D or E"))
        if not self.actor and not self.actor_all:
            found += [
                Flaw(f"/{name}", "This says whose events are found, too, and no actor is asked for.", "add an actor")
                for name in ("include_members", "include_parts")
                if getattr(self, name)
            ]
        for name, example, reader in (
            ("bbox", BOX_EXAMPLE, Box.read),
            ("updated_from", INSTANT_EXAMPLE, read_instant),
        ):
            try:
                reader(getattr(self, name) or example)
            except ValueError as error:
                found.append(Flaw(f"/{name}", str(error), f"like {example}"))
        return found + (text_flaws(self.q) if self.q is not None else [])


class EventQuery(EventFilter, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``GET /v1/events`` can be asked: filters, the order, and how much of it in which form."""

    is_request = True

    count: Annotated[
        Counting,
        Meta(description="Count what the query finds: exactly up to a bound, beyond it (or `estimated`) roughly."),
    ] = Counting.NONE
    limit: Annotated[
        Limit,
        Meta(description="How many events there are at most. Left out, formats other than `json` and feeds give all."),
    ] = 50
    cursor: Cursor | None = None
    as_of: AsOf = None
    names: Annotated[
        Naming,
        Meta(
            description="`dated`: formats for people show the names that actors had when an event began, and a page of"
            " JSON has them in `names`."
        ),
    ] = Naming.CURRENT
    format: Annotated[
        Format | None, Meta(description="The form of the answer; left out, `Accept` says it, and else it is `json`.")
    ] = None

    def flaws(self) -> list[Flaw]:
        """Name values that have the right form and are invalid."""
        return super().flaws() + as_of_flaws(self.as_of)


class MomentQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of when a record is read."""

    as_of: AsOf = None

    def flaws(self) -> list[Flaw]:
        """Name a moment that has the right form and is invalid."""
        return as_of_flaws(self.as_of)


class ListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Paging of a list that has no filters."""

    limit: Limit = 50
    cursor: Cursor | None = None


class RecordQuery(ListQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Paging of a list of records, and as of when they are read."""

    as_of: AsOf = None

    def flaws(self) -> list[Flaw]:
        """Name a moment that has the right form and is invalid."""
        return as_of_flaws(self.as_of)


class SourceQuery(RecordQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Filters of sources."""

    url: Annotated[
        Url | None,
        Meta(
            description="The source with this address. How it is written does not count: parameters that only track"
            " (`utm_source`, `fbclid`, …), the fragment, the case of the host.",
            examples=["https://www.news18.com/"],
        ),
    ] = None
