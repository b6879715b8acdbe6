"""What writing any kind of record has in common."""

import re
from collections.abc import Callable, Collection, Container
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from api.store.log import Writing
from api.store.reading import Record, fetch_record
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


class Written(NamedTuple):
    """A revision as it was written, with the actors and sources that it mentions."""

    id: str
    revision: int
    actors: list[str]
    sources: list[UUID]
    document: bytes


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
    """Give what was read, or raise a ``ProblemError`` that names everything wrong with it (see ``all_flaws``)."""
    flaws = all_flaws(reading, edit, more)
    if flaws:
        raise body_problem(flaws, edit.read_only if edit else None)
    return reading.value


def all_flaws(reading: Reading[Any], edit: Edit | None, more: Collection[Flaw]) -> list[Flaw]:
    """Bring together what is wrong with a value.

    ``more`` was found by looking up what the value refers to. In entries of lists that have flaws of their own
    those are not what was sent, and are passed over.
    """
    spoiled = {_entry(flaw.pointer) for flaw in reading.flaws} - {None}
    found = [flaw for flaw in more if _entry(flaw.pointer) not in spoiled]
    return merge(merge(edit.flaws if edit else [], reading.flaws), found)


_ENTRY = re.compile(r"/[^/]+/[0-9]+(?=/|\Z)")


def _entry(pointer: str) -> str | None:
    """The entry of a list of the body that a pointer leads into."""
    match = _ENTRY.match(pointer)
    return match[0] if match else None


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


async def answer_written(connection: Any, written: Written) -> Record:
    """Answer a write with what it wrote, whatever others have written since, and what that mentions."""
    answer = await fetch_record(connection, "page_of_written", **written._asdict())
    assert answer is not None
    return answer
