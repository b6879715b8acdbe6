"""What is asked of events, looked up in the store: terms and how many events have them, dates, texts, members.

Lists, counts and chronologies all begin here, so that whatever narrows one of them narrows the others.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from api.store.head import SeenHead
from api.store.resolving import resolved_from
from api.store.select.belonging import Belonging, belonging_checks, belonging_of
from api.store.select.chosen import FEW
from api.store.select.few import few_by_then
from api.store.select.filters import Resolved, conditions_of, groups_of
from api.store.select.keys import MOST_BEHIND_S, MOST_BRANCHES, Dates, Term, walks_of
from api.store.select.text import USUAL_PAGE, TextAsked, few_with_text, most_together
from api.store.sql import Statement, query
from api.store.terms import ALL
from schema.actor import MAXIMUM_MERGED
from schema.edtf import UNBOUNDED_END, UNBOUNDED_START, EdtfError, Match, Window
from schema.problem import Fault, problem
from schema.query import MAXIMUM_RANKED, EventFilter, Sort
from schema.vocabulary import State

#: Orders that go by the last change, and those that begin at the end.
BY_CHANGE = (Sort.UPDATED, Sort.UPDATED_DESCENDING)
BACKWARD = (Sort.DATE_DESCENDING, Sort.UPDATED_DESCENDING)
#: A group of more terms than this does not lead: each of its terms would be a walk of its own. One actor may, together
#: with all who are merged into it.
_MOST_LEADING = MAXIMUM_MERGED + 1
#: Nor does one of many walks that one event in so many has: each walk would read a page, if only to throw it away.
_DENSE = 4


def states_of(states: Sequence[State]) -> list[str]:
    """The states in which events are wanted: published ones, if nothing is said."""
    return [state.value for state in dict.fromkeys(states or [State.PUBLISHED])]


class Wanted(NamedTuple):
    """The events that a list is made of: every one of the filters must hold, whatever order each names."""

    filters: Sequence[EventFilter]
    states: list[str]
    sort: Sort
    only: list[UUID] | None = None  # no others than these, which are few; None: all there are
    without: Sequence[UUID] = ()  # but for these
    moment: SeenHead | None = None  # as of which change; None: as they are now

    @property
    def as_of(self) -> int | None:
        """The sequence as of which they are read."""
        return self.moment.sequence if self.moment is not None else None

    @property
    def position(self) -> str:
        """The column that orders them, before the id."""
        return "sequence" if self.sort in BY_CHANGE else "starts"

    @property
    def backward(self) -> bool:
        """Whether the last come first."""
        return self.sort in BACKWARD


class Search(NamedTuple):
    """A list's filters, with everything that they stand for in the store."""

    wanted: Wanted
    window: Window  # the one that is walked along
    match: Match
    also: list[Dates]  # other windows that must be met
    resolved: list[Resolved]  # by filter
    every: list[Term]  # all events of the states asked for
    groups: list[list[Term]]  # the one that leads first; each with at least one event
    limited: bool  # whether any filter but the state was given
    belonging: list[Belonging]  # what is to be checked where members are found, too

    @property
    def starts_before(self) -> int:
        """Where nothing that is wanted starts any more."""
        if not any(asked.overdue for asked in self.wanted.filters):
            return UNBOUNDED_END
        return int(self.resolved[0].now.timestamp()) + MOST_BEHIND_S

    @property
    def updated_from(self) -> int | None:
        """The first sequence that is wanted, if not all are."""
        return max((one.updated_from for one in self.resolved if one.updated_from is not None), default=None)

    @property
    def text(self) -> TextAsked | None:
        """What the last of the filters, which is the one of the request, asks for in full text."""
        return self.resolved[-1].text

    @property
    def leading(self) -> int:
        """How many places in the index the terms that lead have."""
        return sum(term.events for term in self.groups[0])

    @property
    def most(self) -> int:
        """How many events there can be at most. One that has several terms of a group counts in each of them."""
        return min(sum(term.events for term in terms) for terms in (self.every, *self.groups))


async def resolve(
    connection: Any, filters: Sequence[EventFilter], moment: SeenHead | None, *, edit: bool
) -> list[Resolved]:
    """Look up what the values of filters stand for: names, members, texts."""
    now, as_of = (datetime.now(UTC), None) if moment is None else (moment.recorded_at, moment.sequence)
    return [await resolved_from(connection, asked, now, edit=edit, as_of=as_of) for asked in filters]


async def search_for(
    connection: Any, wanted: Wanted, *, edit: bool, resolved: list[Resolved] | None = None
) -> Search | None:
    """Look up what filters stand for, and how many events have it; None if one of the filters fits no event.

    ``resolved`` says what their values stand for, if that is known; it may be of filters that ask for more besides. The
    application chooses which group of terms leads, by counts that are kept with every write: a plan made for any value
    would walk a popular term to the end.
    """
    if resolved is None:
        resolved = await resolve(connection, wanted.filters, wanted.moment, edit=edit)
    named = [group for asked, one in zip(wanted.filters, resolved, strict=True) for group in groups_of(asked, one)]
    if any(asked.q is not None and one.text is None for asked, one in zip(wanted.filters, resolved, strict=True)):
        return None  # of a chronology, whose language or actors have changed since it was written
    groups = [[ALL], *named]
    texts = [one.text for one in resolved if one.text is not None]
    names = sorted({name for group in (*groups, *(text.names for text in texts)) for name in group})
    by_name: dict[str, list[Term]] = {}
    find = query("terms", "find" if wanted.as_of is None else "find_past")
    for row in await connection.fetch(find, wanted.states, names):
        by_name.setdefault(row["name"], []).append(Term(row["events"], row["id"]))
    if wanted.only is None and wanted.as_of is not None:
        wanted = wanted._replace(only=await few_by_then(connection, wanted.states, wanted.as_of))
    every, *found = [[term for name in group for term in by_name.get(name, ())] for group in groups]
    texts = [text.known(by_name) for text in texts]
    if not every or not all(found) or any(text.is_in_vain for text in texts):
        return None
    resolved = [one._replace(text=one.text.known(by_name)) if one.text is not None else one for one in resolved]
    found.sort(key=lambda terms: sum(term.events for term in terms))
    (window, match), *also = _windows_of(wanted.filters)
    walks = len(walks_of(window, match))
    lead = next((group for group in found if _may_lead(group, every, walks)), every)
    others = [group for group in found if group is not lead]
    belonging = [
        found
        for asked, one in zip(wanted.filters, resolved, strict=True)
        for found in belonging_of(asked, one, by_name)
    ]
    search = Search(
        wanted, window, match, also, resolved, every, [lead, *others], limited=bool(found), belonging=belonging
    )
    if wanted.only is None and texts:
        page = MAXIMUM_RANKED if wanted.sort is Sort.RELEVANCE else USUAL_PAGE
        most = most_together(page, sum(term.events for term in every), search.leading)
        together = await few_with_text(connection, texts, most, as_of=wanted.as_of)
        search = search._replace(wanted=wanted._replace(only=together))
    return search


def _windows_of(filters: Sequence[EventFilter]) -> list[Dates]:
    """The windows that dates must meet, at least one. The first, which is walked along, begins last: what begins in
    it is also past the beginning of all others, and where they end the walks are cut off.
    """
    windows = [Dates(window_of(asked), asked.date_match) for asked in filters]
    limiting = [
        dates
        for dates in windows
        if dates.match is not Match.OVERLAPS
        or (dates.window.starts, dates.window.ends) != (UNBOUNDED_START, UNBOUNDED_END)
    ]
    limiting.sort(key=lambda dates: (-dates.window.starts, dates.window.ends))
    return list(dict.fromkeys(limiting)) or windows[:1]


def _may_lead(group: list[Term], every: list[Term], walks: int) -> bool:
    """Whether walking along the terms of a group is cheaper than walking along all events and probing for them."""
    if len(group) > _MOST_LEADING:
        # All that they have is read for each page.
        return sum(term.events for term in group) <= FEW
    most = sum(term.events for term in every)
    return len(group) * walks <= MOST_BRANCHES or sum(term.events for term in group) * _DENSE < most


def checks_of(statement: Statement, search: Search) -> list[str]:
    """What each event is checked for besides its date and its terms."""
    checks = [
        condition
        for asked, resolved in zip(search.wanted.filters, search.resolved, strict=True)
        for condition in conditions_of(statement, asked, resolved)
    ]
    checks += belonging_checks(statement, search.belonging)
    if search.wanted.without:
        checks.append(statement.fragment("not_among", ids=list(search.wanted.without)))
    return checks


def window_of(asked: EventFilter) -> Window:
    """Resolve the time range of a query; raises ``invalid-parameters`` if it is none."""
    try:
        return Window.between(asked.date_from, asked.date_to)
    except EdtfError as error:
        parameter = error.parameter or "date_from"
        fault = Fault.of(error.detail, error.suggestion, parameter=parameter)
        raise problem("invalid-parameters", "The time range can't be used.", fault) from None


def refuse_drafts(asked: EventFilter, *, edit: bool) -> None:
    """Raise ``forbidden`` for a reader without ``edit`` who asks for drafts, whether there are any or not."""
    if State.DRAFT in asked.state and not edit:
        raise problem("forbidden", "Drafts are seen with a token that has the scope edit.")
