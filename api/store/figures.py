"""The figures that an event's citations state."""

from uuid import UUID

import msgspec

from api.store.listing import get_event
from api.store.store import Store
from schema.answers import Included
from schema.event import Event
from schema.figures import FigureComparison, FigureGroup, compare
from schema.wire import decode_hook


async def compare_figures(
    store: Store, event_id: UUID, *, edit: bool, as_of: int | None = None
) -> FigureComparison | None:
    """Set an event's comparable figures side by side; None where there is no event that the reader may see."""
    record = await get_event(store, event_id, edit=edit, as_of=as_of)
    if record is None:
        return None
    groups = compare(msgspec.json.decode(record.document, type=Event, dec_hook=decode_hook))
    return FigureComparison(groups=groups, as_of=as_of, included=_mentioned(groups, record.included))


def _mentioned(groups: list[FigureGroup], included: Included) -> Included:
    """Keep of what an event mentions only what its figures do."""
    figures = [figure for group in groups for figure in group.figures]
    cited = {str(figure.source) for figure in figures}
    sources = {name: source for name, source in included.sources.items() if name in cited}
    named = {name for figure in figures for name in figure.attribution}
    named |= {source.publisher for source in sources.values() if source.publisher is not None}
    named |= {actor.merged_into for name in named if (actor := included.actors.get(name)) and actor.merged_into}
    return Included(
        actors={name: actor for name, actor in included.actors.items() if name in named},
        sources=sources,
    )
