"""GeoJSON (RFC 7946): a feature for each event, with its dates as EDTF text and its citations along.

The one way to have a date is ``date`` (EDTF) and what follows from it in ``when``: there is no member that a program
would take for a day where only a month is known. A position is as close as its place's ``precision`` says. Events
without a position are features with the geometry null (section 3.2), so that none is lost.
"""

from collections.abc import AsyncIterator
from typing import Any

from api.formats.entry import Entry, Heading, Part, Parts, Writer
from schema.citation import Citation
from schema.event import Event
from schema.format import Format
from schema.wire import encode

_HEADING = (
    *("title", "introduction", "address", "page", "sequence", "digest", "recorded_at"),
    *("earliest", "latest", "licence", "language"),
)


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write a FeatureCollection; it is closed only once every event is in it.

    The heading's members stand beside ``features`` as foreign members (section 6.1).
    """
    given = {name: getattr(heading, name) for name in _HEADING}
    members = {name: value for name, value in given.items() if value is not None}
    yield encode({"type": "FeatureCollection", **members})[:-1] + b',"features":['
    between = b"\n"
    async for part in parts:
        for entry in part.entries:
            yield between + encode(_feature(heading, entry, part))
            between = b",\n"
    yield b"\n]}\n"


def _feature(heading: Heading, entry: Entry, part: Part) -> dict[str, Any]:
    event = entry.event
    properties = {
        "id": event.id,
        "title": event.title,
        "summary": event.summary,
        "kind": event.kind,
        "date": event.date,
        "when": event.when,
        "occurrence": event.occurrence,
        "state": event.state,
        "retraction": event.retraction,
        "actors": [{"id": playing.id, "name": part.name(playing.id), "role": playing.role} for playing in event.actors],
        "places": event.places,
        "citations": [_citation(citation, part) for citation in event.citations],
        "assessment": event.assessment,
        "evidence": event.evidence,
        "relations": event.relations,
        "tags": event.tags,
        "external_ids": event.external_ids,
        "note": entry.note,
        "address": heading.event_address(event.id),
        "revision": event.revision,
        "updated_at": event.updated_at,
    }
    return {"type": "Feature", "id": event.id, "geometry": _geometry(event), "properties": properties}


def _geometry(event: Event) -> dict[str, Any] | None:
    """Where it happened: a point or, for several positions, all of them; longitude before latitude."""
    positions = [
        (place.longitude, place.latitude)
        for place in event.places
        if place.longitude is not None and place.latitude is not None
    ]
    distinct = list(dict.fromkeys(positions))
    if not distinct:
        return None
    if len(distinct) == 1:
        return {"type": "Point", "coordinates": distinct[0]}
    return {"type": "MultiPoint", "coordinates": distinct}


def _citation(citation: Citation, part: Part) -> dict[str, Any]:
    source = part.sources[citation.source]
    return {
        "id": citation.id,
        "source": source.id,
        "title": source.title,
        "url": source.url,
        "archive_url": source.archive_url,
        "publisher": None if source.publisher is None else part.name(source.publisher),
        "authors": source.authors,
        "published": source.published,
        "published_basis": source.published_basis,
        "accessed_at": source.accessed_at,
        "content_sha256": source.content_sha256,
        "language": source.language,
        "kind": source.kind,
        "reliability": part.reliability(source),
        "stance": citation.stance,
        "attribution": [part.name(named) for named in citation.attribution],
        "states": citation.states,
        "as_stated": citation.as_stated,
        "figures": citation.figures,
        "locator": citation.locator,
        "quote": citation.quote,
        "credibility": citation.credibility,
    }


WRITER = Writer(Format.GEOJSON, "application/geo+json", "geojson", None, write)
