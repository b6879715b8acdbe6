"""Actors: whoever plays a role in an event or publishes a source."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.edtf import Edtf
from schema.text import CreatedAt, Language, Line, Slug, Text, UpdatedAt
from schema.validation import Flaw
from schema.vocabulary import Reliability

#: So many actors can be merged into one: whoever asks for it asks for all of them.
MAXIMUM_MERGED = 100

ExternalIds = Annotated[
    dict[Slug, Line],
    Meta(title="ExternalIds", max_length=50, description='Identifiers elsewhere, by scheme: `{"wikidata": "Q423"}`.'),
]


class ActorName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further name of an actor, with its language and the time in which it was borne."""

    name: Annotated[Line, Meta(description="The name, as it is written.")]
    language: Language | None = None
    date: Annotated[Edtf | None, Meta(description="When it was borne; null where that is not known.")] = None


class Membership(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That an actor belonged to another one, and when."""

    actor: Annotated[Line, Meta(description="An id, a name or an alias; stored as the id.")]
    date: Annotated[Edtf | None, Meta(description="When it belonged to it; null where that is not known.")] = None


class ActorIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An actor as a writer gives it. Names and aliases find it wherever an actor is asked for."""

    id: Annotated[Slug, Meta(description="Chosen once; it never changes.")]
    name: Annotated[Line, Meta(description="The name to show.")]
    kind: Annotated[Slug, Meta(description="What kind of actor: state, organization, person, publisher, …")]
    names: Annotated[
        list[ActorName], Meta(max_length=100, description="Further names: in other languages, of other times.")
    ] = []
    aliases: Annotated[
        list[Line], Meta(max_length=100, description="What else it is called: abbreviations, spellings.")
    ] = []
    external_ids: ExternalIds = {}
    part_of: Annotated[
        list[Membership], Meta(max_length=100, description="What it is or was a part of, such as an army of its state.")
    ] = []
    member_of: Annotated[
        list[Membership], Meta(max_length=100, description="What it is or was a member of, such as a coalition.")
    ] = []
    reliability: Annotated[
        Reliability | None,
        Meta(description="For publishers: the reliability of their sources that have none of their own."),
    ] = None

    def flaws(self) -> list[Flaw]:
        """Name memberships of itself."""
        return [
            Flaw(f"/{member}/{index}/actor", "An actor cannot belong to itself.", None)
            for member in ("part_of", "member_of")
            for index, membership in enumerate(getattr(self, member))
            if membership.actor == self.id
        ]


class Actor(ActorIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An actor as the store gives it back."""

    revision: Annotated[int, Meta(description="Counted from 1 for each record; the ETag begins with it.")]
    sequence: Annotated[int, Meta(description="The place of this revision in the one order of all changes.")]
    created_at: CreatedAt
    updated_at: UpdatedAt
    merged_into: Annotated[
        Slug | None, Meta(description="The actor that this one has turned out to be; it stands for both.")
    ] = None


class NameKind(StrEnum):
    """As what an actor was found: by its name, a further name, an alias, or its id."""

    NAME = "name"
    FURTHER = "further-name"
    ALIAS = "alias"
    ID = "id"


class MatchedName(Struct, frozen=True, kw_only=True):
    """The name by which a search found an actor, as it is written."""

    name: Annotated[str, Meta(description="The name that was found.")]
    kind: NameKind


class ActorSummary(Struct, frozen=True, kw_only=True):
    """What rides along in ``included`` for an actor that the answer mentions."""

    name: Annotated[str, Meta(description="The name to show.")]
    kind: Annotated[str, Meta(description="What kind of actor: state, organization, person, publisher, …")]
    merged_into: Annotated[
        str | None,
        Meta(description="The actor that stands for this one, if it has been merged; name and kind are that one's."),
    ] = None


class MergedActor(Struct, frozen=True, kw_only=True):
    """What stands at the address of an actor that has been merged: which one to read, and which revision to unmerge."""

    id: Annotated[str, Meta(description="The actor that was asked for.")]
    merged_into: Annotated[str, Meta(description="The actor that stands for it.")]
    revision: Annotated[int, Meta(description="The revision of the one that was asked for, for `If-Match`.")]


class Merger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an actor is merged."""

    reason: Annotated[Text | None, Meta(description="Why, to be kept in its history.")] = None
    type: Annotated[str, Meta(pattern=r"^merge\Z", description="What kind of change it is.")] = "merge"


class MergerIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a merger: into which actor."""

    into: Annotated[Line, Meta(description="An id, a name or an alias of the actor that is to stand for both.")]
    change: Merger = Merger()


class Unmerger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a merger is undone."""

    reason: Annotated[Text | None, Meta(description="Why, to be kept in its history.")] = None
    type: Annotated[str, Meta(pattern=r"^unmerge\Z", description="What kind of change it is.")] = "unmerge"


class UnmergerIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of the undoing of a merger."""

    change: Unmerger = Unmerger()
