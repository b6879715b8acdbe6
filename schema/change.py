"""Why a record is changed, and the rows of the log that all changes make."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from schema.text import Text
from schema.validation import Flaw
from schema.vocabulary import ChangeType, EditType


class EntityKind(StrEnum):
    """The kinds of record that have revisions."""

    EVENT = "event"
    ACTOR = "actor"
    SOURCE = "source"
    CHRONOLOGY = "chronology"


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a record is changed; goes along in the body of PUT and PATCH. A correction needs a reason."""

    type: EditType = EditType.UPDATE
    reason: Annotated[Text | None, Meta(description="Why, to be kept in its history; a correction needs it.")] = None

    def flaws(self) -> list[Flaw]:
        """Name the missing reason of a correction."""
        if self.type is EditType.CORRECTION and self.reason is None:
            return [Flaw("/reason", "A correction needs a reason.", "Say what was wrong and how it is known.")]
        return []


class Retraction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an event is taken back."""

    reason: Annotated[Text, Meta(description="Why; it stands in the event from then on.")]
    type: Annotated[str, Meta(pattern=r"^retraction\Z", description="What kind of change it is.")] = "retraction"


class RetractionIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a retraction."""

    change: Retraction


class Restoration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an event is restored."""

    reason: Annotated[Text | None, Meta(description="Why, to be kept in its history.")] = None
    type: Annotated[str, Meta(pattern=r"^restore\Z", description="What kind of change it is.")] = "restore"


class RestorationIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a restoration: of a retracted event or, with ``revision``, of an earlier content."""

    change: Restoration = Restoration()
    revision: Annotated[
        Annotated[int, Meta(ge=1, le=2**31 - 1)] | None,
        Meta(description="Whose content to write again; left out, a retraction ends."),
    ] = None


class LogEntry(Struct, frozen=True, kw_only=True):
    """One row of the log, as the chain of digests covers it.

    ``type`` is what a reader with ``edit`` sees, ``public_type`` what everybody else does; either is null where
    that reader has nothing to see. ``content_digest`` is null where there is no content (a discarded draft).
    ``redacts`` are the sequences whose contents a redaction took away; null for all other changes.
    """

    sequence: int
    recorded_at: datetime
    entity: EntityKind
    entity_id: str
    revision: int
    type: ChangeType | None
    public_type: ChangeType | None
    author: str
    content_digest: bytes | None
    redacts: tuple[int, ...] | None = None
