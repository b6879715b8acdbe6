"""Keeping the words that events are found by: every event with exactly its words.

The words are taken from texts here and folded like names; stemming is PostgreSQL's. What is compared are the words, so
a row stays as it is until one of them changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from api.store.identity import REDACTED, fold
from api.store.sql import Statement, query
from api.store.terms import SourceFacts
from schema.event import Event
from schema.words import LONGEST_WORD, words_of

#: Stands between texts, which no phrase reaches across. Words are cut shorter.
_GAP = "0" * (LONGEST_WORD + 1)
#: By how many bytes of words an event is found. PostgreSQL takes a megabyte of words, stems and places; in most scripts
#: an event as large as can be, with 200 sources, has fewer.
_MOST_BYTES = 200_000


class EventText(NamedTuple):
    """The words of an event, separated by spaces, in the parts that have weights."""

    title: str
    tags: str
    summary: str
    sources: str

    @classmethod
    def of(cls, event: Event, sources: Mapping[UUID, SourceFacts]) -> "EventText":
        """Derive it from an event and what is known of the sources that it cites; not from what was redacted."""
        cited = dict.fromkeys(citation.source for citation in event.citations)
        titles = (sources[source].title for source in cited)
        room = _Room(_MOST_BYTES)
        return cls(
            room.words([event.title]),
            room.words(event.tags),
            room.words([event.summary or ""]),
            room.words(title for title in titles if title != REDACTED),
        )

    @property
    def written(self) -> str:
        """Each word once as it is written (and folded), as the index has it for prefixes of words."""
        words = {word for part in self for word in part.split()} - {_GAP}
        return " ".join(f"={word}" for word in sorted(words))


class _Room:
    """So many bytes of words are taken, and no more."""

    def __init__(self, most: int) -> None:
        self._left = most

    def words(self, texts: Iterable[str]) -> str:
        """Give the words of texts, a gap behind each text."""
        return " ".join(word for text in texts for word in (*self._of(text), _GAP))

    def _of(self, text: str) -> Iterator[str]:
        for word in words_of(fold(text)):
            self._left -= len(word.encode()) + 1
            if self._left < 0:
                return
            yield word


class TextChange(NamedTuple):
    """An event's words before and after a change, None where there are none; and its sequence."""

    event_id: UUID
    before: EventText | None
    after: EventText | None
    sequence: int


class HeldText(NamedTuple):
    """An event's words, from a change on and, if they are past, up to another one."""

    event_id: UUID
    text: EventText
    sequence: int
    to_sequence: int | None


async def move_texts(connection: Any, changes: Iterable[TextChange]) -> None:
    """Write the words of events, each at most once, that have changed; what they were goes into the past."""
    changed = [change for change in changes if change.before != change.after]
    superseded = [change for change in changed if change.before is not None]
    if superseded:
        ids = [change.event_id for change in superseded]
        await connection.execute(query("texts", "supersede"), ids, [change.sequence for change in superseded])
    gone = [change.event_id for change in superseded if change.after is None]
    if gone:
        await connection.execute(query("texts", "remove"), gone)
    await put_texts(
        connection,
        [HeldText(id_, after, sequence, None) for id_, _, after, sequence in changed if after is not None],
    )


async def put_texts(connection: Any, texts: Sequence[HeldText]) -> None:
    """Write words, current ones and past ones; where there are current ones already, they are replaced."""
    present = [text for text in texts if text.to_sequence is None]
    past = [text for text in texts if text.to_sequence is not None]
    if present:
        await _put(connection, "put", present)
    if past:
        await _put(connection, "put_past", past, to_sequences=[text.to_sequence for text in past])


async def differing_texts(connection: Any, texts: Sequence[HeldText]) -> list[UUID]:
    """The events of which words that should be there are not, or are others."""
    statement = Statement("texts")
    ends = [text.to_sequence for text in texts]
    rows = await connection.fetch(_with_words(statement, "unlike", texts, to_sequences=ends), *statement.values)
    return sorted({row["event_id"] for row in rows})


async def _put(connection: Any, name: str, texts: Sequence[HeldText], **columns: Any) -> None:
    statement = Statement("texts")
    await connection.execute(_with_words(statement, name, texts, **columns), *statement.values)


def _with_words(statement: Statement, name: str, texts: Sequence[HeldText], **columns: Any) -> str:
    made = statement.fragment("made", gap=_GAP)
    sql = statement.fragment(
        name,
        ids=[text.event_id for text in texts],
        titles=[text.text.title for text in texts],
        tags=[text.text.tags for text in texts],
        summaries=[text.text.summary for text in texts],
        sources=[text.text.sources for text in texts],
        written=[text.text.written for text in texts],
        sequences=[text.sequence for text in texts],
        **columns,
    )
    return sql.replace("{made}", made)


async def clear_texts(connection: Any, ids: Sequence[str]) -> None:
    """Delete the words of events, present and past."""
    for name in ("clear", "clear_past"):
        await connection.execute(query("texts", name), list(ids))


async def set_language(connection: Any, language: str) -> None:
    """Have words be stemmed by a text search configuration; where they were by another one, rows are to be rebuilt.

    The caller holds the head. Raises ``LookupError`` with the languages that there are if this is none of them.
    """
    languages = [row["name"] for row in await connection.fetch(query("texts", "languages"))]
    if language not in languages:
        raise LookupError(", ".join(languages))
    await connection.execute(query("texts", "set_language"), language)
