"""Sources: the documents that citations point to."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schema.edtf import Edtf
from schema.text import CreatedAt, Language, Line, Sha256, Slug, Text, Title, UpdatedAt, Url
from schema.vocabulary import Reliability

CORE_SOURCE_KINDS = {
    "article": "a press article",
    "report": "a report of an organization",
    "statement": "a statement or communiqué",
    "dataset": "a dataset or a row of one",
    "document": "a treaty, decree, letter or record",
    "broadcast": "radio, television, video",
    "post": "a post on a social network",
}


class SourceIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source as a writer gives it.

    Two sources are the same if they have the same address or, without one, the same publisher, title and date.
    """

    id: Annotated[UUID | None, Meta(description="Chosen by the writer or, if left out, by the store.")] = None
    title: Annotated[Title, Meta(description="Its title, as it stands there.")]
    url: Url | None = None
    publisher: Annotated[
        Line | None,
        Meta(description="The actor that published it: an id, a name or an alias; stored as the id."),
    ] = None
    authors: Annotated[list[Line], Meta(max_length=50, description="Who wrote it, as named there.")] = []
    published: Annotated[Edtf | None, Meta(description="When it was published.")] = None
    published_basis: Annotated[
        Text | None, Meta(description="What the publication date was inferred from, where it was inferred.")
    ] = None
    accessed_at: Annotated[Edtf | None, Meta(description="When it was consulted.")] = None
    archive_url: Annotated[Url | None, Meta(description="Where a copy is kept.")] = None
    content_sha256: Annotated[Sha256 | None, Meta(description="The SHA-256 of what was consulted.")] = None
    language: Language | None = None
    kind: Annotated[Slug | None, Meta(description="What kind of source: article, report, statement, …")] = None
    reliability: Annotated[
        Reliability | None, Meta(description="Where left out, the reliability of its publisher holds.")
    ] = None


class Source(SourceIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source as the store gives it back."""

    id: Annotated[UUID, Meta(description="Chosen once; it never changes.")]
    publisher: Annotated[Slug | None, Meta(description="The id of the actor that published it.")] = None
    revision: Annotated[int, Meta(description="Counted from 1 for each record; the ETag begins with it.")]
    sequence: Annotated[int, Meta(description="The place of this revision in the one order of all changes.")]
    created_at: CreatedAt
    updated_at: UpdatedAt


class SourceSummary(Struct, frozen=True, kw_only=True):
    """What rides along in ``included`` for a source that the answer mentions."""

    title: Annotated[str, Meta(description="Its title.")]
    publisher: Annotated[str | None, Meta(description="The id of the actor that published it.")]
    url: Annotated[str | None, Meta(description="Its address.")]
    # As it is stored: it has been read before, and goes out unread.
    published: Annotated[
        Annotated[str, Meta(extra_json_schema={"$ref": "#/components/schemas/Edtf"})] | None,
        Meta(description="When it was published."),
    ]
    reliability: Annotated[
        Reliability | None, Meta(description="The source's own or, where it has none, its publisher's.")
    ]
