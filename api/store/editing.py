"""What writing any kind of record has in common."""

from collections.abc import Callable, Collection, Container
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from api.store.log import Writing
from schema.change import EntityKind
from schema.editing import Edit
from schema.problem import ProblemError, body_problem, problem
from schema.validation import Flaw, Reading, merge
from schema.vocabulary import ChangeType
from schema.wire import encode, to_builtins

T = TypeVar("T")


class Stored(NamedTuple):
    """The current row of a record, as a writer needs it."""

    id: str
    revision: int
    public: bool
    document: dict[str, Any]
    encoded: bytes

    @classmethod
    def of(cls, row: Any) -> "Stored":
        """Read it from a row."""
        return cls(row["id"], row["revision"], row["public"], msgspec.json.decode(row["document"]), row["document"])


#: Tells which revisions a writer means; asked only once there is a record, so that 404 comes before 428.
Expected = Callable[[], Container[int]]


def check_expected(expected: Expected, revision: int) -> None:
    """Raise a ``ProblemError`` unless the writer meant this revision."""
    if revision not in expected():
        raise stale(revision)


def stale(revision: int) -> ProblemError:
    """The problem of a writer who has not seen the current revision."""
    return problem(
        "revision-mismatch",
        f"The current revision is {revision}. Read it, and decide again what to write.",
        current_revision=revision,
    )


def checked(reading: Reading[T], edit: Edit | None = None, more: Collection[Flaw] = ()) -> T:
    """Give what was read, or raise a ``ProblemError`` that names everything wrong with it."""
    flaws = merge(merge(edit.flaws if edit else [], reading.flaws), list(more))
    if flaws:
        raise body_problem(flaws, edit.read_only if edit else None)
    return reading.value


def same_content(stored: Stored, content: Struct) -> bool:
    """Whether writing this content would change nothing."""
    return all(stored.document.get(name) == value for name, value in to_builtins(content).items())


def record(
    write: Writing,
    entity: EntityKind,
    value: Struct,
    revision: int,
    *,
    type: ChangeType,
    public_type: ChangeType | None,
    reason: str | None = None,
) -> bytes:
    """Record a new revision of a record and give its encoded document."""
    document = to_builtins(value)
    encoded = encode(document)
    write.record(
        entity,
        document["id"],
        revision,
        type=type,
        public_type=public_type,
        document=document,
        encoded=encoded,
        reason=reason,
    )
    return encoded
