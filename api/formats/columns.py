"""The columns of events in tables, one definition for csv and xlsx, for writing, reading and docs/columns.md.

A row is an event. Its first place and its first citation, with the source, have columns of their own; what there is
beyond them stands in ``more_places`` and ``more_citations``. Columns that only help to read are told as such and are
not looked at when a table comes in.
"""

from enum import StrEnum
from typing import NamedTuple


class Content(StrEnum):
    """What a cell holds; ``cells.py`` writes and reads each."""

    LINE = "one line"
    TEXT = "text"
    DATE = "date (EDTF)"
    NUMBER = "number"
    LIST = "list"
    ACTORS = "list of actors"
    RELATIONS = "list of relations"
    IDENTIFIERS = "list of identifiers"
    JSON = "JSON"
    ONLY_READ = "for reading"


class Group(StrEnum):
    """What a column's value is a member of."""

    EVENT = ""
    PLACE = "/places/0"
    ASSESSMENT = "/assessment"
    CITATION = "/citations/0"
    SOURCE = "/citations/0/source"


class Column(NamedTuple):
    """A column: its name, what its cells hold, what that means, and of what it is which member."""

    name: str
    content: Content
    about: str
    group: Group = Group.EVENT
    member: str = ""
    width: int = 14

    @property
    def pointer(self) -> str:
        """Where the value stands in a row (RFC 6901)."""
        return f"{self.group.value}/{self.member}"


def _event(name: str, content: Content, about: str, width: int = 14) -> Column:
    return Column(name, content, about, Group.EVENT, name, width)


def _reading(name: str, about: str, width: int = 14) -> Column:
    return Column(name, Content.ONLY_READ, about, Group.EVENT, name, width)


def _of(group: Group, prefix: str, member: str, content: Content, about: str, width: int = 14) -> Column:
    return Column(f"{prefix}{member}", content, about, group, member, width)


def _source(member: str, content: Content, about: str, width: int = 14) -> Column:
    return _of(Group.SOURCE, "source_", member, content, about, width)


def _citation(member: str, content: Content, about: str, width: int = 14) -> Column:
    return _of(Group.CITATION, "citation_" if member == "id" else "", member, content, about, width)


_PLACE = (
    Column("place", Content.LINE, "the first place's name", Group.PLACE, "name", 20),
    _of(Group.PLACE, "", "country", Content.LINE, "its country (ISO 3166-1 alpha-2)", 8),
    _of(Group.PLACE, "", "latitude", Content.NUMBER, "degrees north (WGS 84)", 10),
    _of(Group.PLACE, "", "longitude", Content.NUMBER, "degrees east", 10),
    _of(Group.PLACE, "place_", "precision", Content.LINE, "exact, city, district, region or country"),
    _of(Group.PLACE, "place_", "role", Content.LINE, "what the place is to the event: venue, target, …"),
)

#: A citation with its source. They stand in the table of events for the first one, in a sheet of their own for others.
CITATION_COLUMNS = (
    _source("id", Content.LINE, "the source's id; alone, it cites a source that is known already", 12),
    _source("title", Content.LINE, "what is cited", 40),
    _source("url", Content.LINE, "its address", 30),
    _source("publisher", Content.LINE, "the actor that published it: an id, a name or an alias", 18),
    _source("authors", Content.LIST, "who wrote it"),
    _source("published", Content.DATE, "when it was published"),
    _source("published_basis", Content.TEXT, "what that date was inferred from, where it was inferred"),
    _source("accessed_at", Content.DATE, "when it was consulted"),
    _source("archive_url", Content.LINE, "the address of a copy"),
    _source("content_sha256", Content.LINE, "the SHA-256 digest of its content, in hexadecimal"),
    _source("language", Content.LINE, "a language tag (BCP 47)", 9),
    _source("kind", Content.LINE, "article, report, statement, …"),
    _source("reliability", Content.LINE, "A to F (Admiralty Code); blank, its publisher's holds", 9),
    _citation("id", Content.LINE, "the citation's id", 12),
    _citation("stance", Content.LINE, "supports, disputes or mentions; blank is supports", 10),
    _citation("attribution", Content.LIST, "who says so, origin first: actors or plain names", 20),
    _citation("as_stated", Content.TEXT, "the source's wording of the date"),
    _citation("locator", Content.LINE, "page, paragraph, row or time code"),
    _citation("quote", Content.TEXT, "its words", 30),
    _citation("credibility", Content.NUMBER, "1 to 6 (Admiralty Code)", 9),
    _citation("figures", Content.JSON, "the numbers that it states, a list of objects"),
    _citation("states", Content.JSON, "date, place and occurrence where it differs from the event, an object"),
)

COLUMNS = (
    _event("id", Content.LINE, "the event's id; blank, it is a new event", 12),
    _event(
        "date", Content.DATE, "when, as closely as it is known: 2024, 2024-06, 2024-06-19, 2023-09/.., 2024-06?", 14
    ),
    _reading("date_display", "the date in words", 18),
    _event("title", Content.LINE, "what happened, in one line", 50),
    _event("summary", Content.TEXT, "what happened, in a few sentences", 50),
    _event("kind", Content.LINE, "treaty, talks, attack, …", 14),
    _event("occurrence", Content.LINE, "planned, ongoing, occurred, postponed or cancelled; blank is occurred", 11),
    _event("state", Content.LINE, "draft; blank, a new event is published and a stored one stays as it is", 10),
    _event("actors", Content.ACTORS, "who took part: ids, names or aliases, each with its role in brackets", 30),
    _reading("actor_names", "their names", 30),
    *_PLACE,
    _event("more_places", Content.JSON, "further places, a list of objects"),
    *CITATION_COLUMNS,
    _event("more_citations", Content.JSON, "further citations, a list of objects, with their sources"),
    _of(Group.ASSESSMENT, "", "confidence", Content.LINE, "the editor's: low, moderate or high", 11),
    _of(Group.ASSESSMENT, "", "likelihood", Content.LINE, "almost_no_chance … almost_certain (ICD 203)", 11),
    _of(Group.ASSESSMENT, "", "rationale", Content.TEXT, "the reason for both", 30),
    _reading("supporting", "citations that support it", 10),
    _reading("disputing", "citations that dispute it", 10),
    _reading("origins", "distinct origins of the supporting ones", 10),
    _event("tags", Content.LIST, "free words", 20),
    _event("relations", Content.RELATIONS, "other events, each as the relation and the event's id"),
    _event("external_ids", Content.IDENTIFIERS, "ids elsewhere, each as scheme:value"),
    _reading("earliest", "the first day that the date allows; blank where open or unknown"),
    _reading("latest", "the last day that the date allows; blank where open or unknown"),
    _reading("note", "the chronology's note on it", 30),
    _reading("retraction", "why it was retracted, where it is", 20),
    _reading("revision", "how often it has been written", 9),
    _reading("updated_at", "when it was last written", 20),
    _event("new_actors", Content.JSON, "the actors that the row mentions, a list of objects: needed by an empty store"),
)

#: Columns of a sheet of actors, by which rows need no ``new_actors``.
ACTOR_COLUMNS = (
    _event("id", Content.LINE, "the actor's id, as the other sheets have it", 24),
    _event("name", Content.LINE, "its name", 30),
    _event("kind", Content.LINE, "state, organization, armed-force, person, coalition, publisher, …"),
    _event("reliability", Content.LINE, "of what it publishes: A to F", 9),
    _event("aliases", Content.LIST, "other words for it", 24),
    _event("names", Content.JSON, "further names with language and time, a list of objects", 20),
    _event("external_ids", Content.IDENTIFIERS, "ids elsewhere, each as scheme:value", 20),
    _event("part_of", Content.JSON, "what it is a unit of, a list of objects", 20),
    _event("member_of", Content.JSON, "what it is a member of, a list of objects", 20),
)

BY_NAME = {column.name: column for column in COLUMNS}
#: Columns that have sheets of their own in a workbook.
IN_SHEETS = frozenset({"more_citations", "new_actors"})


_BY_POINTER = [(column.pointer, column.name) for column in COLUMNS if column.content is not Content.ONLY_READ]


def column_of(pointer: str) -> str | None:
    """The column that a pointer into a row leads to; None for the row as a whole."""
    inside = [(len(place), name) for place, name in _BY_POINTER if f"{pointer}/".startswith(f"{place}/")]
    if inside:
        return max(inside)[1]
    for member, first in (("places", "place"), ("citations", "source_title")):
        if f"{pointer}/".startswith(f"/{member}/0/") or pointer == f"/{member}":
            return first
        if pointer.startswith(f"/{member}/"):
            return f"more_{member}"
    return "confidence" if pointer == "/assessment" else None
