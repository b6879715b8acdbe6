"""Actors by what a person types into an actor box: the best first, in bounded work whatever is typed.

Names that begin with what is typed are walked along their index. Names of which words begin so, and names that
are nearly so, come from an index of trigrams, so many of them at most. All that is found is put in order here, so that
each page does the same work as the first, and the list ends at ``MOST_MATCHED``.
"""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from api.store.actor_rows import written_names
from api.store.cursor import fingerprint, seal, unseal
from api.store.head import find_moment
from api.store.reading import Page, Sealed, fetch_page
from api.store.sql import Statement, query
from api.store.store import Store
from api.store.whole import fetch_actors
from schema.actor import MatchedName, NameKind
from schema.actor_query import MOST_MATCHED, ActorQuery
from schema.problem import Fault, problem
from schema.words import fold, runs_of

#: So many words are looked for one by one; with more, a name has to begin with all that is typed.
_MOST_WORDS = 10
#: What is nearly a name is looked for with so many characters at most, and at least. A name that is two thirds the same
#: is near; where there is none, less will do.
_LONGEST_NEAR, _SHORTEST_NEAR = 40, 3
_NEAR, _HARDLY_NEAR = "0.6", "0.3"
_LONGEST_HARDLY_NEAR = 20
_MOST_NEAR = 200
#: So many more names than are shown are looked at for a first page.
_SPARE = 20
#: Beyond every letter.
_LAST = "\U0010ffff"
#: How much of a name orders those of the same rank; the id tells the rest apart. A cursor has to hold it.
_ORDERED_BY = 40

_KINDS = (NameKind.NAME, NameKind.FURTHER, NameKind.ALIAS)
_EXACT, _BEGINS, _HAS_WORDS = range(3)
#: The rank of what is only near, behind all others.
_IS_NEAR = len(_KINDS) * 3


class _Place(NamedTuple):
    """Where an actor stands in the list. How far a name is from what is typed is counted in millionths."""

    rank: int
    distance: int
    beginning: str
    actor: str  # the one that stands for whose name it is


class _Match(NamedTuple):
    """A name that was found, and whose it is."""

    place: _Place
    is_id: bool  # a name that is as good tells more
    folded: str
    kind: NameKind
    owner: str


_Cursor = tuple[Annotated[int, Meta(ge=0, le=_IS_NEAR)], Annotated[int, Meta(ge=-(2**31), le=2**31)], str, str, Sealed]


class ListedMatches(NamedTuple):
    """A page of actors in the order of how well they match, and by which name each was found."""

    page: Page
    next: str | None
    as_of: int | None
    matches: dict[str, MatchedName]


async def search_actors(store: Store, asked: ActorQuery, *, edit: bool) -> ListedMatches:
    """Read a page of the actors that are, begin with, or are nearly what is typed.

    Whoever has been merged is given as the one that stands for it, each once. Raises ``invalid-parameters`` for what
    has nothing that names are compared by, and ``invalid-cursor``.
    """
    typed = _folded(asked.q or "")
    mark = fingerprint("actors by name", typed, asked.as_of)
    sealed = unseal(mark, asked.cursor, _Cursor) if asked.cursor is not None else None
    async with store.reading() as connection:
        as_of = None
        if asked.as_of is not None:
            moment = asked.as_of if sealed is None or sealed[4] is None else str(sealed[4])
            as_of = (await find_moment(connection, moment, edit=edit)).sequence
        # Nothing comes before names that begin so; later pages have to know whom the earlier ones had.
        enough = asked.limit + 1 if sealed is None else MOST_MATCHED
        found = await _found(connection, typed, enough, edit=edit, as_of=as_of)
        if sealed is not None:
            found = [match for match in found if match.place > _Place(*sealed[:4])]
        shown = found[: asked.limit]
        page = await _page_of(connection, shown, edit=edit, as_of=as_of)
        matches = await _named(connection, shown, edit=edit, as_of=as_of)
    following = seal(mark, [*shown[-1].place, as_of]) if len(found) > len(shown) else None
    return ListedMatches(page, following, as_of, matches)


def _folded(typed: str) -> str:
    folded = fold(typed)
    if not folded:
        fault = Fault(
            "There is nothing in it that names are compared by: accents and blanks do not count.",
            parameter="q",
            suggestion="a letter or more of a name",
        )
        raise problem("invalid-parameters", "No name can be found so.", fault)
    return folded


async def _found(connection: Any, typed: str, enough: int, *, edit: bool, as_of: int | None) -> list[_Match]:
    """All that is found, at most ``MOST_MATCHED`` actors, each once, the best first; or no more than is enough."""
    search = _Search(connection, typed, edit=edit, as_of=as_of)
    await search.set_nearness(_NEAR)
    if enough < MOST_MATCHED:
        await search.beginning(_KINDS[:1], enough + _SPARE)
        found = sorted(search.best.values())
        # The walk may have ended among names that are alike as far as the order looks at them.
        sure = [match for match in found if match.place.beginning < found[-1].place.beginning]
        if len(sure) >= enough:
            return sure[:enough]
    await search.beginning(_KINDS, MOST_MATCHED)
    if 0 < len(search.words) <= _MOST_WORDS and not search.is_full:
        await search.with_words()
    near = " ".join(dict.fromkeys(search.words))[:_LONGEST_NEAR]
    if len(near) >= _SHORTEST_NEAR and not search.is_full:
        await search.near(near)
        if not search.best and len(near) <= _LONGEST_HARDLY_NEAR:
            await search.set_nearness(_HARDLY_NEAR)
            await search.near(near)
    return sorted(search.best.values())[:MOST_MATCHED]


class _Search:
    """One search. ``best`` are the best matches so far, by whom they stand for."""

    def __init__(self, connection: Any, typed: str, *, edit: bool, as_of: int | None) -> None:
        self._connection = connection
        self._typed = typed
        self._edit = edit
        self._as_of = as_of
        self.words = runs_of(typed)
        self.best: dict[str, _Match] = {}

    @property
    def is_full(self) -> bool:
        """Whether there are as many as are found at all."""
        return len(self.best) >= MOST_MATCHED

    async def set_nearness(self, threshold: str) -> None:
        """Say how near names have to be, in this transaction."""
        await self._connection.fetch(query("actor_search", "prepare"), threshold)

    async def beginning(self, kinds: Sequence[NameKind], most: int) -> None:
        """Find who has this id, and whose names begin with all that is typed: so many of each kind, in their order."""
        statement = self._statement()
        branches = [statement.fragment("by_id", id=self._typed, edit=self._edit)]
        bounds = {"first": self._typed, "last": self._typed + _LAST}
        branches += [self._of_seen(statement, "beginning", kind=kind.value, **bounds, limit=most) for kind in kinds]
        await self._keep(statement, branches)

    async def with_words(self) -> None:
        """Find whose names have a word that begins so, for each word that is typed."""
        statement = self._statement()
        parts = [self._of_seen(statement, "with_words")]
        parts += [statement.fragment("with_word", pattern=f"% {word}%") for word in self.words]
        await self._keep(statement, ["\n".join([*parts, statement.fragment("at_most", limit=MOST_MATCHED)])])

    async def near(self, typed: str) -> None:
        """Find whose names are nearly so, or have a part that is."""
        statement = self._statement()
        await self._keep(statement, [self._of_seen(statement, "near", typed=typed, limit=_MOST_NEAR)])

    def _statement(self) -> Statement:
        return Statement("actor_search", self._as_of)

    def _of_seen(self, statement: Statement, name: str, **values: Any) -> str:
        """A part of the search, of names of actors whom the reader sees."""
        return statement.fragment(name, **values).replace("{seen}", statement.fragment("seen", edit=self._edit))

    async def _keep(self, statement: Statement, branches: list[str]) -> None:
        sql = "\nUNION ALL\n".join(f"({branch})" for branch in branches)
        for row in await self._connection.fetch(sql, *statement.values):
            match = self._match(row)
            if row["stands"] not in self.best or match < self.best[row["stands"]]:
                self.best[row["stands"]] = match

    def _match(self, row: Any) -> _Match:
        kind, folded, words = NameKind(row["kind"]), row["folded"], row["words"].split()
        if folded == self._typed:
            how = _EXACT
        elif folded.startswith(self._typed):
            how = _BEGINS
        elif self.words and all(any(word.startswith(typed) for word in words) for typed in self.words):
            how = _HAS_WORDS
        else:
            place = _Place(_IS_NEAR, -round(row["nearness"] * 1_000_000), folded[:_ORDERED_BY], row["stands"])
            return _Match(place, False, folded, kind, row["actor_id"])
        # An id is as good as a name.
        rank = how if kind is NameKind.ID else 3 * _KINDS.index(kind) + how
        place = _Place(rank, 0, folded[:_ORDERED_BY], row["stands"])
        return _Match(place, kind is NameKind.ID, folded, kind, row["actor_id"])


async def _page_of(connection: Any, shown: list[_Match], *, edit: bool, as_of: int | None) -> Page:
    statement = Statement("select", as_of)
    order = {match.place.actor: number for number, match in enumerate(shown)}
    page = await fetch_page(connection, statement, statement.fragment("page_of_found", ids=list(order), edit=edit))
    return page._replace(items=sorted(page.items, key=lambda item: order[item.id]))


async def _named(connection: Any, shown: list[_Match], *, edit: bool, as_of: int | None) -> dict[str, MatchedName]:
    """The names that were found as they are written, by the actors that stand for those whose they are."""
    owners = await fetch_actors(connection, {match.owner for match in shown}, edit=edit, as_of=as_of)
    named = {}
    for match in shown:
        names = (name for name, *_ in written_names(owners[match.owner]) if fold(name) == match.folded)
        written = match.folded if match.kind is NameKind.ID else next(names)
        named[match.place.actor] = MatchedName(name=written, kind=match.kind)
    return named
