"""Keeping the words that events are found by: every event with exactly its words.

The words are taken from texts here; stemming is PostgreSQL's. A word is kept in three forms at one place: the stem of
what is written, with the accents that stemmers need; the stem of it folded; and, behind a ``=``, all of it folded. So
it is found in all its forms, with accents and without, and by its prefixes. (Where PostgreSQL's parser reads two words
in one, such as ``1e5abc``, places of the third form are others from there on; no query mixes them with those of stems.)

What are compared are the words, so a row stays as it is until one of them changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from api.store.identity import REDACTED
from api.store.sql import Statement, query
from api.store.terms import SourceFacts
from schema.event import Event
from schema.text_query import MAXIMUM_WORDS
from schema.words import fold_words, normalize, words_of

#: Stands behind each text: so many words that no phrase reaches across, whatever it passes over. PostgreSQL reads them
#: as numbers, and no word has a point. Each is another one, because only 256 places of one are kept.
_GAP = [f"0.{number}" for number in range(10, 10 + MAXIMUM_WORDS)]
#: The weights of the parts of a text (``setweight``).
_WEIGHTS = "ABCD"
#: By how many bytes of words an event is found, of the megabyte that PostgreSQL takes. In most scripts an event as
#: large as can be, with 200 sources, has fewer.
_MOST_BYTES = 900_000
#: What a form of a word takes at most besides its letters, and each place of it, in bytes.
_WORD_BYTES, _PLACE_BYTES = 6, 2


class EventText(NamedTuple):
    """The words of an event, normalized, in the parts that have weights: a line for each text, spaces between words."""

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


class _Room:
    """So many bytes of words are taken, and no more."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._known = set[str]()

    def words(self, texts: Iterable[str]) -> str:
        """Give the words of texts, as far as they fit."""
        lines = (" ".join(self._of(text)) for text in texts)
        return "\n".join(line for line in lines if line)

    def _of(self, text: str) -> Iterator[str]:
        words = words_of(normalize(text))
        for word, bare in zip(words, fold_words(words), strict=True):
            if word not in self._known:
                self._known.add(word)
                self._left -= len(word.encode()) + 2 * len(bare.encode()) + 3 * _WORD_BYTES
            self._left -= 3 * _PLACE_BYTES
            if self._left < 0:
                return
            yield word


class _Forms(NamedTuple):
    """An event's words as statements take them: its parts, a line each, exactly and folded; and all words folded, with
    their places.
    """

    exact: str
    folded: str
    written: str

    @classmethod
    def of(cls, text: EventText) -> "_Forms":
        parts = [[line.split() for line in part.split("\n") if line] for part in text]
        bare_parts = [[fold_words(line) for line in lines] for lines in parts]
        places: dict[str, list[str]] = {}
        place = 0
        for lines, weight in zip(bare_parts, _WEIGHTS, strict=True):
            for line in lines:
                for number, word in enumerate(line, place + 1):
                    places.setdefault(word, []).append(f"{number}{weight}")
                place += len(line) + len(_GAP)
        written = " ".join(f"'={word}':{','.join(found)}" for word, found in places.items())
        return cls(_spaced(parts), _spaced(bare_parts), written)


def _spaced(parts: Iterable[Iterable[Sequence[str]]]) -> str:
    return "\n".join(" ".join(word for line in lines for word in (*line, *_GAP)) for lines in parts)


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
    for name, held in (("put", present), ("put_past", past)):
        if held:
            statement = Statement("texts")
            sql = _with_words(statement, name, held)
            await connection.execute(sql, *statement.values)


async def differing_texts(connection: Any, texts: Sequence[HeldText]) -> list[UUID]:
    """The events of which words that should be there are not, or are others."""
    statement = Statement("texts")
    sql = _with_words(statement, "unlike", texts)
    return sorted({row["event_id"] for row in await connection.fetch(sql, *statement.values)})


def _with_words(statement: Statement, name: str, texts: Sequence[HeldText]) -> str:
    """Write a statement about rows with words. Those that are folded already are stemmed once."""
    forms = [_Forms.of(text.text) for text in texts]
    rows = statement.fragment(
        "rows",
        ids=[text.event_id for text in texts],
        exact=[one.exact if one.exact != one.folded else None for one in forms],
        folded=[one.folded for one in forms],
        written=[one.written for one in forms],
        sequences=[text.sequence for text in texts],
        to_sequences=[text.to_sequence for text in texts],
        gap=" ".join(_GAP),
    )
    stems = statement.fragment("stems")
    made = statement.fragment("made")
    for form in ("folded", "exact"):
        made = made.replace(f"{{stems_{form}}}", stems.replace("{form}", form))
    return statement.fragment(name).replace("{rows}", rows).replace("{made}", made)


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
