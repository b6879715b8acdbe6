"""The chronology that ships with Dateline, as data."""

from importlib.resources import files

import msgspec
from msgspec import Struct

from schema.actor import ActorIn
from schema.event import EventIn
from schema.source import SourceIn
from schema.text import Line, Text, Title
from schema.wire import decode_hook

_FILE = "chronology.json"


class Sample(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Actors, sources and events in the order in which they can be written: references only point back."""

    title: Title
    licence: Line
    note: Text
    actors: list[ActorIn]
    sources: list[SourceIn]
    events: list[EventIn]


def load() -> Sample:
    """Read the chronology from the package."""
    return msgspec.json.decode(files(__name__).joinpath(_FILE).read_bytes(), type=Sample, dec_hook=decode_hook)
