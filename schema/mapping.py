"""A mapping: which columns or fields of a foreign file give which members of events."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from schema.source import SourceIn
from schema.text import Slug
from schema.validation import Flaw
from schema.vocabulary import Bound, Occurrence, Stance, State

_Name = Annotated[str, Meta(min_length=1, max_length=300)]
_Text = Annotated[str, Meta(max_length=2000)]
_Separator = Annotated[str, Meta(min_length=1, max_length=10)]
_Words = Annotated[dict[str, str], Meta(title="Words", max_length=1000, description="What stands for what.")]


class DateFormat(StrEnum):
    """How dates are written in a file; they are read in no other way, and nothing is guessed.

    Where there is something between them, days and months may have one digit.
    """

    EDTF = "EDTF"
    DAY = "YYYY-MM-DD"
    DAY_DIGITS = "YYYYMMDD"
    DAY_SLASHES = "YYYY/MM/DD"
    EUROPEAN_SLASHES = "DD/MM/YYYY"
    EUROPEAN_DOTS = "DD.MM.YYYY"
    EUROPEAN_HYPHENS = "DD-MM-YYYY"
    AMERICAN_SLASHES = "MM/DD/YYYY"
    MONTH = "YYYY-MM"
    MONTH_DIGITS = "YYYYMM"
    MONTH_SLASHES = "MM/YYYY"
    YEAR = "YYYY"


class Part(StrEnum):
    """A part of a text that is taken for the whole."""

    HOST = "host"


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a value comes from: exactly one of ``from``, ``always`` and ``template``."""

    from_: Annotated[
        _Name | None,
        Meta(
            description="A column of a table, or the path of a field in JSON: names joined by points, `[]` after the "
            "name of a list, of which every entry is then meant: `source[].url`."
        ),
    ] = field(default=None, name="from")
    always: Annotated[_Text | None, Meta(description="The same text for every row.")] = None
    template: Annotated[
        _Text | None,
        Meta(description="A text with columns or fields in braces: `{town}, {province}`."),
    ] = None
    separator: Annotated[_Separator | None, Meta(description="What stands between several values in one cell.")] = None
    words: Annotated[
        _Words | None,
        Meta(description="What to write for each text of the file; others are left out and told."),
    ] = None
    part: Annotated[Part | None, Meta(description="Only this part: `host` is the host of an address.")] = None

    def flaws(self) -> list[Flaw]:
        """Name a value that comes from nowhere or from several places."""
        if [self.from_, self.always, self.template].count(None) != 2:
            return [Flaw("", "A value needs exactly one of from, always and template.", '{"from": "…"}')]
        return []


class DateValue(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a date comes from, and how it is written there."""

    format: DateFormat = DateFormat.EDTF


class PlaceMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place of each event."""

    name: Value
    country: Value | None = None
    latitude: Value | None = None
    longitude: Value | None = None
    precision: Value | None = None
    role: Value | None = None


class ActorMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Actors of each event: one for each name that the row gives."""

    name: Value
    role: Value | None = None
    kind: Annotated[Value | None, Meta(description="The kind of those that are created.")] = None


class SourceMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sources of each event: one for each address or title that the row gives."""

    url: Value | None = None
    title: Value | None = None
    publisher: Value | None = None
    published: DateValue | None = None
    language: Value | None = None
    kind: Value | None = None

    def flaws(self) -> list[Flaw]:
        """Name a source that nothing can be known by."""
        if self.url is None and self.title is None:
            return [Flaw("", "A source needs a url or a title.", '"url": {"from": "…"}')]
        return []


class FigureMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number that each row states."""

    measure: Annotated[Slug, Meta(description="What is counted or measured: killed, troops, containers, …")]
    value: Value
    unit: Annotated[Slug | None, Meta(description="In which unit; null where things are counted.")] = None
    bound: Bound = Bound.EXACTLY


class CitationMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Citations of each event: one for each source that the row gives; without ``source`` the file itself is cited."""

    source: SourceMapping | None = None
    stance: Stance = Stance.SUPPORTS
    attribution: Annotated[Value | None, Meta(description="Who says so; only where the file itself is cited.")] = None
    locator: Value | None = None
    quote: Value | None = None
    figures: Annotated[
        list[FigureMapping], Meta(max_length=50, description="The numbers that the citations state.")
    ] = []


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which columns or fields of a foreign file give which members of events."""

    rows: Annotated[
        _Name | None, Meta(description="In JSON, the path of the list of rows, where the file is no list itself.")
    ] = None
    title: Value
    summary: Value | None = None
    kind: Value
    date: DateValue
    occurrence: Occurrence = Occurrence.OCCURRED
    state: (
        Annotated[
            State,
            Meta(
                description="Left out, a new event is published and a stored one stays as it is.",
                extra_json_schema={"enum": ["draft", "published"]},
            ),
        ]
        | None
    ) = None
    places: Annotated[list[PlaceMapping], Meta(max_length=50, description="Where it happened.")] = []
    actors: Annotated[list[ActorMapping], Meta(max_length=50, description="Who took part.")] = []
    citations: Annotated[
        list[CitationMapping], Meta(max_length=50, description="A row that gives none cites the file.")
    ] = []
    tags: Annotated[list[Value], Meta(max_length=50, description="Free words to find it by.")] = []
    external_ids: Annotated[
        dict[Slug, Value], Meta(max_length=50, description="Identifiers elsewhere, by scheme.")
    ] = {}
    identity: Annotated[
        Slug | None,
        Meta(
            description="The scheme of `external_ids` that tells which event a row is when it comes again, changed. "
            "Without one, a changed row is another event."
        ),
    ] = None
    source: Annotated[
        SourceIn | None, Meta(description="What is cited where the file itself is; left out, the file by its name.")
    ] = None
    create_actors: Annotated[
        Slug | None,
        Meta(
            description="Create the actors that nothing stored is known as, of this kind (publishers as `publisher`). "
            "Without it, rows with unknown names are refused."
        ),
    ] = None

    def flaws(self) -> list[Flaw]:
        """Name an identity that no row could have."""
        if self.identity is not None and self.identity not in self.external_ids:
            known = ", ".join(self.external_ids) or None
            return [Flaw("/identity", "This is none of the schemes of external_ids.", known)]
        if self.state is State.RETRACTED:
            return [Flaw("/state", "Nothing is imported as retracted.", "draft or published")]
        if self.source is None and any(citation.source is None for citation in self.citations):
            return [Flaw("/source", "Citations of the file need to know what it is.", '{"title": "…"}')]
        return []
