"""Events as writers of formats are given them: the shipped chronology, and single ones with anything in them."""

from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any
from uuid import UUID

from msgspec import convert, structs

from api import sample
from api.formats.entry import Entry, EventChange, Heading, Part, Parts, Writer
from schema.actor import Actor, ActorIn
from schema.assessment import count_evidence
from schema.citation import Citation
from schema.event import Event, EventIn, When
from schema.source import Source, SourceIn
from schema.vocabulary import ChangeType
from schema.wire import decode_hook, to_builtins

RECORDED_AT = "2026-03-01T09:30:00.123456Z"
_STORED = {"revision": 1, "sequence": 1, "created_at": RECORDED_AT, "updated_at": RECORDED_AT}

HEADING = Heading(
    title="Russia and North Korea",
    introduction="What four articles say.",
    home="https://chronicle.test",
    address="https://chronicle.test/v1/events?format=x",
    page="https://chronicle.test/v1/events",
    sequence=66,
    digest="ab" * 32,
    recorded_at=RECORDED_AT,
    licence="CC0-1.0",
    language="en",
)


def actor(given: ActorIn) -> Actor:
    """An actor as the store gives it back."""
    return convert({**to_builtins(given), **_STORED}, Actor, dec_hook=decode_hook)


def source(given: SourceIn) -> Source:
    """A source as the store gives it back; its publisher is an id."""
    return convert({**to_builtins(given), **_STORED}, Source, dec_hook=decode_hook)


def event(given: EventIn, sources: dict[UUID, Source], **read_only: Any) -> Event:
    """An event as the store gives it back; its citations have ids and point to these sources."""
    citations = [convert(to_builtins(one), Citation, dec_hook=decode_hook) for one in given.citations]
    publishers = {known.id: known.publisher for known in sources.values()}
    members = {field: getattr(given, field) for field in given.__struct_fields__} | {"citations": citations}
    stored = {**_STORED, "published_at": RECORDED_AT, "evidence": count_evidence(citations, publishers)}
    return Event(**{**members, "when": When.of(given.date), **stored, **read_only})


def sample_part() -> Part:
    """The whole shipped chronology."""
    chronology = sample.load()
    sources = {made.id: made for made in map(source, chronology.sources)}
    actors = {made.id: made for made in map(actor, chronology.actors)}
    return Part([Entry(event(given, sources)) for given in chronology.events], actors, sources)


def single(row: dict[str, Any] | None = None, **read_only: Any) -> Part:
    """One event, made of a few members; ``source`` and ``actor`` replace members of its only source and publisher.

    ``note``, ``changes`` and read-only members of the event are given by name.
    """
    row = dict(row or {})
    publisher = actor(
        convert({"id": "paper", "name": "The Paper", "kind": "publisher"} | row.pop("actor", {}), ActorIn)
    )
    document = {
        "id": "11111111-1111-4111-8111-111111111111",
        "title": "An article",
        "publisher": "paper",
        "url": "https://paper.test/a",
        "published": "2025-05-30?",
    } | row.pop("source", {})
    cited = source(convert(document, SourceIn, dec_hook=decode_hook))
    citation = {"id": "22222222-2222-4222-8222-222222222222", "source": str(cited.id)} | row.pop("citation", {})
    members = {
        "id": "33333333-3333-4333-8333-333333333333",
        "title": "Something happens",
        "kind": "talks",
        "date": "2024-06",
        "citations": [citation],
    } | row
    note, changes = read_only.pop("note", None), read_only.pop("changes", ())
    made = event(convert(members, EventIn, dec_hook=decode_hook), {cited.id: cited}, **read_only)
    return Part([Entry(made, note, changes)], {publisher.id: publisher}, {cited.id: cited})


def change(revision: int, type: ChangeType, day: int, reason: str | None = None) -> EventChange:
    """A public change of an event on a day of March 2026."""
    return EventChange(revision=revision, type=type, recorded_at=f"2026-03-{day:02}T10:00:00.000001Z", reason=reason)


async def parts_of(given: Iterable[Part]) -> AsyncIterator[Part]:
    """The parts, one by one."""
    for part in given:
        yield part


def in_pieces(part: Part, size: int) -> list[Part]:
    """A part cut into smaller ones."""
    entries = part.entries
    return [part._replace(entries=entries[start : start + size]) for start in range(0, len(entries), size)]


async def written(writer: Writer, *given: Part, **heading: Any) -> bytes:
    """All that a writer gives for these parts; members of the heading can be replaced by name."""
    parts: Parts = parts_of(given)
    return b"".join([piece async for piece in writer.write(structs.replace(HEADING, **heading), parts)])


def run(step: Coroutine[Any, Any, bytes]) -> bytes:
    """The result of writing, without a loop: nothing in it waits."""
    try:
        step.send(None)
    except StopIteration as ended:
        made: bytes = ended.value
        return made
    raise AssertionError("it waits")
