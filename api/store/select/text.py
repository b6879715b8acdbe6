"""What ``q`` asks for as conditions on events: words that must be in their text, and names for which an actor or a
publisher will do as well.

What finds events by text are queries as PostgreSQL itself has written them (``read_parts``); they are always bound.
Where one of the wanted parts is so rare that its events can be taken together, they are, by the index of words.
Otherwise the list is walked in its order, and the text of each event is looked at.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import isqrt
from typing import Any, NamedTuple
from uuid import UUID

from api.store import terms
from api.store.actor_rows import words_in
from api.store.references import same_actors
from api.store.select.chosen import FEW
from api.store.select.keys import Term
from api.store.sql import Statement, fetch, query
from schema.text_query import Kind, Part, read_text_query
from schema.words import fold, fold_words, normalize, words_of

#: For a page of so many events it is reckoned how they are best found.
USUAL_PAGE = 50
#: However many events there are, no more than this are taken together.
_MOST_TOGETHER = 16_000


class Alternative(NamedTuple):
    """Words in the text, as a query of PostgreSQL, or any of some terms. Words may be none: then nothing has them."""

    words: str
    names: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()


class TextAsked(NamedTuple):
    """A query in full text: every alternative in ``wanted`` must hold and none in ``unwanted``.

    Those without names come first, as one.
    """

    wanted: list[Alternative]
    unwanted: list[Alternative]

    @property
    def names(self) -> list[str]:
        """The names of all terms."""
        return [name for one in (*self.wanted, *self.unwanted) for name in one.names]

    def known(self, found: Mapping[str, Sequence[Term]]) -> "TextAsked":
        """The same with the terms that the index has, by their names."""

        def with_terms(alternatives: Iterable[Alternative]) -> list[Alternative]:
            return [
                one._replace(terms=tuple(term for name in one.names for term in found.get(name, ())))
                for one in alternatives
            ]

        return self._replace(wanted=with_terms(self.wanted), unwanted=with_terms(self.unwanted))

    @property
    def is_in_vain(self) -> bool:
        """Whether something is wanted that no event has."""
        return any(not one.words and not one.terms for one in self.wanted)


class _Group(NamedTuple):
    """Parts of a query that stand together: a name, as far as there is one, or one part."""

    parts: Sequence[Part]
    actors: Sequence[str] = ()

    def stands_out(self, *, capitals: bool) -> bool:
        """Whether these are written as a name, although they are words that are passed over, as IS and WHO are.

        ``capitals`` tells whether those of a word say anything, which they don't among nothing but capitals.
        """
        return any(
            part.unwanted or part.kind is Kind.PHRASE or (capitals and part.text.isupper()) for part in self.parts
        )


async def text_asked(connection: Any, text: str, *, edit: bool, as_of: int | None = None) -> TextAsked | None:
    """Find out what a query stands for in the store; None if nothing in it can be searched for.

    The longest runs of words that are a name of actors whom the reader may see stand for these as well.
    """
    parts = read_text_query(text).parts
    known = await _actors_named(connection, _names_in(parts), edit=edit, as_of=as_of)
    groups = [group for run in _runs(parts) for group in _divided(run, known)]
    same = await same_actors(connection, {actor for group in groups for actor in group.actors}, as_of=as_of)
    found = await _found_by(connection, [part for group in groups for part in group.parts])
    plain = {False: list[str](), True: list[str]()}
    named = {False: list[Alternative](), True: list[Alternative]()}
    passed_over = []
    for group in groups:
        unwanted = group.parts[0].unwanted
        words = _all(found[part] for part in group.parts)
        ids = sorted({one for actor in group.actors for one in same[actor]})
        names = tuple(term for one in ids for term in (terms.actor_term(one), terms.publisher_term(one)))
        if names and (words or group.stands_out(capitals=not text.isupper())):
            named[unwanted].append(Alternative(words, names))
        elif names:
            passed_over.append(Alternative(words, names))
        elif words:
            plain[unwanted].append(words)
    wanted = [*([Alternative(_all(plain[False]))] if plain[False] else []), *named[False]] or passed_over
    return TextAsked(wanted, [*(Alternative(one) for one in plain[True]), *named[True]]) if wanted else None


def _all(queries: Iterable[str]) -> str:
    """Queries that must all match as one, empty for none; each is one that PostgreSQL has written."""
    return " & ".join(f"( {one} )" for one in dict.fromkeys(queries) if one)


def _runs(parts: Sequence[Part]) -> list[list[Part]]:
    """Parts that stand beside each other and may be a name together: words that are wanted, or one part of its own."""
    runs: list[list[Part]] = []
    for part in parts:
        goes_on = part.kind is Kind.WORD and not part.unwanted
        if goes_on and runs and runs[-1][-1].kind is Kind.WORD and not runs[-1][-1].unwanted:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _name(parts: Sequence[Part]) -> str:
    """Parts as a name: its words, whatever signs stand between them."""
    return words_in(fold(" ".join(part.text for part in parts)))


def _names_in(parts: Sequence[Part]) -> dict[str, str | None]:
    """Everything in a query that could be a name, with the id that it could be: of one part, ``North-Korea`` say."""
    found: dict[str, str | None] = {}
    for run in _runs(parts):
        for start, end in combinations(range(len(run) + 1), 2) if run[0].kind is not Kind.PREFIX else ():
            name = _name(run[start:end])
            found[name] = found.get(name) or ("-".join(name.split()) if end == start + 1 else None)
    return found


def _divided(run: Sequence[Part], known: Mapping[str, Sequence[str]]) -> Iterable[_Group]:
    """Divide a run of words at the longest names in it, of equally long ones the first."""
    for length in range(len(run), 0, -1):
        for start in range(len(run) - length + 1):
            end = start + length
            actors = known.get(_name(run[start:end])) if run[0].kind is not Kind.PREFIX else None
            if actors:
                yield from _divided(run[:start], known)
                yield _Group(run[start:end], actors)
                yield from _divided(run[end:], known)
                return
    for part in run:
        yield _Group([part])


async def _actors_named(
    connection: Any, names: Mapping[str, str | None], *, edit: bool, as_of: int | None
) -> dict[str, list[str]]:
    """Everybody who goes by each of some names, or by the id."""
    words, ids = list(names), list(names.values())
    found: dict[str, list[str]] = {}
    if words:
        rows = await fetch(connection, "references", "actors_by_words", as_of=as_of, words=words, ids=ids, edit=edit)
        for row in rows:
            found.setdefault(row["words"], []).append(row["stands"])
    return found


async def _found_by(connection: Any, parts: Sequence[Part]) -> dict[Part, str]:
    """The words of each part as a query, empty if the language passes over all of them.

    A prefix is one of a word as it is written, and so are the words before it.
    """
    distinct = list(dict.fromkeys(parts))
    exact = [words_of(normalize(part.text)) for part in distinct]
    bare = [fold_words(words) for words in exact]
    said = [[" ".join(words) for words in form] for form in (exact, bare)]
    rows = await connection.fetch(query("texts", "read_parts"), *said)
    found = {part: row["found"] for part, row in zip(distinct, rows, strict=True)}
    for part, words in zip(distinct, bare, strict=True):
        if part.kind is Kind.PREFIX:
            found[part] = " <-> ".join(f"'={word}'" for word in words) + ":*"
    return found


def text_conditions(statement: Statement, text: TextAsked) -> list[str]:
    """What is checked of each event; fragments on ``t``, the place in the index."""
    return [
        *(_condition(statement, "has", one) for one in text.wanted),
        *(_condition(statement, "lacks", one) for one in text.unwanted if one.words or one.terms),
    ]


def _condition(statement: Statement, name: str, one: Alternative) -> str:
    values: dict[str, Any] = {"search": one.words} if one.words else {}
    values |= {"terms": [term.id for term in one.terms]} if one.terms else {}
    kinds = "_or_".join([*(["words"] if one.words else []), *(["terms"] if one.terms else [])])
    return statement.fragment(f"{name}_{kinds}", **values)


def most_together(page: int, every: int, leading: int) -> int:
    """How many events are taken together for a page out of so many events, or out of the ``leading`` ones.

    To walk to a page of what is rare costs the more the rarer it is, to take it together the less: the bound is where
    both cost about the same.
    """
    return min(max(FEW, isqrt(page * every)), _MOST_TOGETHER, leading)


async def few_with_text(
    connection: Any, texts: Sequence[TextAsked], most: int, *, as_of: int | None
) -> list[UUID] | None:
    """The events that have one of the wanted parts, if that is so rare that there are not more than ``most``."""
    estimates = []
    for one in {one for text in texts for one in text.wanted}:
        named = sum(term.events for term in one.terms)
        if named <= most:
            estimates.append((named + await _estimate(connection, one.words, as_of), one))
    for events, one in sorted(estimates)[:1]:
        if events <= most:
            rows = await _with(connection, one, most + 1, as_of)
            if len(rows) <= most:
                return rows
    return None


async def _estimate(connection: Any, words: str, as_of: int | None) -> int:
    """About how many rows have words in their text, whenever they held, as PostgreSQL reckons without looking."""
    if not words:
        return 0
    rows = 0
    for name in ("estimate", "estimate_past")[: 1 if as_of is None else 2]:
        plan = json.loads(await connection.fetchval(query("texts", name), words))
        rows += int(plan[0]["Plan"]["Plan Rows"])
    return rows


async def _with(connection: Any, one: Alternative, limit: int, as_of: int | None) -> list[UUID]:
    statement = Statement("texts", as_of)
    branches = []
    if one.words:
        branches.append(statement.fragment("with_words", search=one.words, limit=limit))
    if one.terms:
        branches.append(statement.fragment("with_terms", terms=[term.id for term in one.terms], limit=limit))
    rows = await connection.fetch("\nUNION\n".join(f"({branch})" for branch in branches), *statement.values)
    return [row["event_id"] for row in rows]
