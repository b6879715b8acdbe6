"""JSON: one page with everything on it, in the shape that the API's pages have."""

from collections.abc import AsyncIterator, Mapping

from api.formats.entry import Heading, Part, Parts, Writer
from schema.actor import Actor, ActorSummary
from schema.answers import Count, Included, Range
from schema.format import Format
from schema.source import SourceSummary
from schema.wire import encode

#: What all events mention stands at the end, and is in the memory until then.
MOST_EVENTS = 10_000


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write the events as they come and, at the end, what they mention."""
    actors: dict[str, ActorSummary] = {}
    sources: dict[str, SourceSummary] = {}
    notes: dict[str, str] = {}
    names: dict[str, Mapping[str, str]] | None = None
    events = 0
    yield b'{"items":['
    async for part in parts:
        for entry in part.entries:
            yield (b"," if events else b"") + encode(entry.event)
            events += 1
            if entry.note is not None:
                notes[str(entry.event.id)] = entry.note
            if part.names is not None:
                names = {} if names is None else names
                if part.names:
                    names[str(entry.event.id)] = part.names
        actors |= {actor.id: _summary(actor, part) for actor in part.actors.values()}
        sources |= {
            str(source.id): SourceSummary(
                title=source.title,
                publisher=source.publisher,
                url=source.url,
                published=source.published.text if source.published else None,
                reliability=part.reliability(source),
            )
            for source in part.sources.values()
        }
    rest = {
        "next": None,
        "count": Count(value=events, exact=True),
        "range": Range(earliest=heading.earliest, latest=heading.latest),
        "as_of": None,
        "notes": notes,
        **({} if names is None else {"names": names}),
        "included": Included(actors=dict(sorted(actors.items())), sources=dict(sorted(sources.items()))),
    }
    yield b"]," + encode(rest)[1:]


def _summary(actor: Actor, part: Part) -> ActorSummary:
    standing = part.standing(actor.id) or actor
    return ActorSummary(name=standing.name, kind=standing.kind, merged_into=actor.merged_into)


WRITER = Writer(Format.JSON, "application/json", "json", MOST_EVENTS, write)
