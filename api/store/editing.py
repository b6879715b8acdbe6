"""What writing any kind of record has in common."""

import re
from collections.abc import Awaitable, Callable, Collection, Container
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from api.store.log import Writing, writing
from api.store.reading import Record, fetch_record
from api.store.store import Store
from schema.change import EntityKind
from schema.editing import KEYS, Edit, edit_of
from schema.problem import ProblemError, body_problem, problem
from schema.validation import Flaw, Reading, merge, read
from schema.vocabulary import ChangeType
from schema.wire import encode, to_builtins

T = TypeVar("T")
C = TypeVar("C", bound=Struct)


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
        next(document[name] for name in KEYS if name in document),
        revision,
        type=type,
        public_type=public_type,
        document=document,
        encoded=encoded,
        reason=reason,
    )
    return encoded


class Kind(NamedTuple, Generic[C]):
    """How records of a kind are edited: the type of what writers give, and what is to be done with it."""

    content: type[C]
    current: str  # the statement that gives the current row of a key
    prepare: Callable[[Any, Reading[C], Edit, Stored], Awaitable[C]]  # raises with everything that is wrong
    written: Callable[[C, int, bytes], Written]
    update: Callable[[Writing, Stored, C, Edit], Awaitable[Written]]


async def edit_record(
    store: Store,
    author: str,
    kind: Kind[C],
    key: str | UUID,
    body: dict[str, Any],
    expected: Expected,
    *,
    patch: bool,
) -> Record | None:
    """Replace or patch a record; None where there is none. What changes nothing makes no revision."""
    async with store.connection() as connection:
        row = await connection.fetchrow(kind.current, key)
        if row is None:
            return None
        stored = Stored.of(row)
        check_expected(expected, stored.revision)
        edit = edit_of(stored.document, body, kind.content, patch=patch)
        if "state" in stored.document:
            # Publishing cannot be undone, so it has to be said: a state that is left out stays.
            edit.content.setdefault("state", stored.document["state"])
        content = await kind.prepare(connection, read(edit.content, kind.content), edit, stored)
        if same_content(stored, content):
            return await answer_written(connection, kind.written(content, stored.revision, stored.encoded))
        async with writing(connection, author) as write:
            written = await kind.update(write, await current_row(connection, kind, stored, key), content, edit)
        return await answer_written(connection, written)


async def current_row(connection: Any, kind: Kind[Any], seen: Stored, key: str | UUID) -> Stored:
    """Read a record again now that nobody else can write; raise if it is not the revision that was seen.

    It may have come into sight all the same.
    """
    row = await connection.fetchrow(kind.current, key)
    if row is None:
        raise problem("not-found", "This has been discarded meanwhile.")
    if row["revision"] != seen.revision:
        raise stale(row["revision"])
    return Stored.of(row)


async def answer_written(connection: Any, written: Written) -> Record:
    """Answer a write with what it wrote, whatever others have written since, and what that mentions."""
    answer = await fetch_record(connection, "page_of_written", **written._asdict())
    assert answer is not None
    return answer
