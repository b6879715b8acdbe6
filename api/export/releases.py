"""Making a release: a chronology as everybody sees it at one moment, in every format, kept for good."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from api.export.exporting import Titles, heading_of, query_for
from api.export.walk import Walk, pages_of_chronology
from api.formats.entry import Heading, Part, Parts, Writer
from api.formats.registry import WRITERS
from api.store.chronologies import find_chronology
from api.store.chronology_events import list_chronology_events
from api.store.editing import checked
from api.store.log import wire_time
from api.store.releases import Keeping, keeping, snapshot
from api.store.store import Store
from schema.change import EntityKind
from schema.chronology import Chronology
from schema.problem import PROBLEM_KINDS, ProblemError, problem
from schema.query import Counting, EventQuery
from schema.release import MAXIMUM_EVENTS, FormatLeftOut, Release, ReleaseFile, ReleaseIn
from schema.validation import read

Contents = set[tuple[EntityKind, str]]


async def make_release(store: Store, kept_in: Store, slug: str, body: dict[str, Any], *, home: str) -> Release:
    """Make the next release of a chronology, as a reader without ``edit`` sees it in one snapshot.

    ``store`` is read and ``kept_in`` written to, each on a connection of its own; ``home`` is the address of the
    service. The head is not held. Raises ``invalid-body``, ``conflict`` for a draft, ``too-many-events`` and ``busy``.
    """
    asked = checked(read(body, ReleaseIn))
    async with keeping(kept_in, slug) as keep, snapshot(store) as frozen:
        chronology = await find_chronology(frozen, slug, edit=False)
        if chronology is None:
            raise problem("conflict", "A draft can't be released. Publish the chronology first.")
        events = await _counted(frozen, chronology)
        href = f"/v1/chronologies/{slug}/releases/{keep.number}"
        heading = await heading_of(
            frozen,
            EventQuery(),
            edit=False,
            home=home,
            address=home + href,
            titles=Titles.of(chronology, home)._replace(licence=asked.licence or chronology.licence),
        )
        made_at = datetime.now(UTC)
        # It is cited and linked to by itself: the chronology's page goes on changing.
        heading = structs.replace(
            heading, page=None, citation=asked.citation or _citation(heading, keep.number, made_at)
        )
        contents: Contents = {(EntityKind.CHRONOLOGY, slug)}
        files, left_out = [], []
        for writer in WRITERS.values():
            if writer.most is not None and events > writer.most:
                reason = f"This format takes {writer.most:,} events at most."
                left_out.append(FormatLeftOut(format=writer.format, reason=reason))
                continue
            try:
                files.append(await _file(frozen, keep, chronology, heading, writer, contents))
            except ProblemError as error:
                if error.kind is not PROBLEM_KINDS["unfit-for-format"]:
                    raise
                # It is raised before the first byte, so that nothing of the file is kept.
                left_out.append(FormatLeftOut(format=writer.format, reason=error.detail))
        release = Release(
            chronology=slug,
            revision=chronology.revision,
            number=keep.number,
            title=chronology.title,
            note=asked.note,
            licence=heading.licence,
            citation=heading.citation or "",
            made_at=wire_time(made_at),
            sequence=heading.sequence,
            digest=heading.digest,
            events=events,
            files=files,
            left_out=left_out,
        )
        await keep.keep(release, made_at, contents)
    return release


async def _counted(frozen: Store, chronology: Chronology) -> int:
    """How many events there are; raises ``too-many-events`` for more than a release holds."""
    asked = EventQuery(limit=1, count=Counting.EXACT)
    counted = (await list_chronology_events(frozen, chronology, asked, edit=False)).listed.counted
    assert counted is not None
    if counted.value > MAXIMUM_EVENTS:
        raise problem(
            "too-many-events",
            f"A release holds {MAXIMUM_EVENTS:,} events at most, and this chronology has {counted.value:,}. Narrow its"
            " filter, or make several chronologies of it.",
        )
    return counted.value


async def _file(
    frozen: Store, keep: Keeping, chronology: Chronology, heading: Heading, writer: Writer, contents: Contents
) -> ReleaseFile:
    """Write all events in a format, keep it, and note whose contents they are."""
    href = f"{heading.address}?format={writer.format.value}"
    asked = query_for(writer, EventQuery(), ())
    pages = pages_of_chronology(frozen, chronology, edit=False)
    walk = Walk(frozen, pages, asked, edit=False, with_changes=writer.is_feed)
    chunks = writer.write(structs.replace(heading, address=href), _noting(walk.parts(None), contents))
    size, digest = await keep.keep_file(writer.format, chunks)
    return ReleaseFile(
        format=writer.format,
        media_type=writer.media_type,
        name=f"{chronology.slug}-{keep.number}.{writer.extension}",
        bytes=size,
        sha256=digest,
        href=href.removeprefix(heading.home),
    )


async def _noting(parts: AsyncIterator[Part], contents: Contents) -> Parts:
    async for part in parts:
        contents.update((EntityKind.EVENT, str(entry.event.id)) for entry in part.entries)
        contents.update((EntityKind.ACTOR, actor) for actor in part.actors)
        contents.update((EntityKind.SOURCE, str(source)) for source in part.sources)
        yield part


def _citation(heading: Heading, number: int, made_at: datetime) -> str:
    return (
        f"{heading.title}. Release {number}, {made_at:%Y-%m-%d}. As of change {heading.sequence}, digest (SHA-256)"
        f" {heading.digest}. {heading.address}"
    )
