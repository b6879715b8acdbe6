"""Dividing rows into waves, within which no row depends on what another one brings."""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from api.ingest.rows import ReadRow
from api.store.addresses import canonical_address
from schema.source import SourceIn
from schema.words import fold

Ties = set[tuple[str, str]]


def in_waves(
    rows: Sequence[ReadRow],
    most: int,
    ties: Callable[[ReadRow], tuple[Ties, Ties]],
    is_alone: Callable[[ReadRow], bool],
) -> Iterator[list[ReadRow]]:
    """Divide rows, in their order, into waves of at most so many.

    ``ties`` says what a row brings and what it would have to wait for, ``is_alone`` whether it must be a wave of its
    own. Both are asked anew when a wave begins: what came before it is stored by then.
    """
    wave: list[ReadRow] = []
    brought: Ties = set()
    sources = _Sources()
    for row in rows:
        alone = is_alone(row)
        brings, needs = ties(row)
        if wave and (len(wave) == most or alone or needs & brought or not sources.admit(row)):
            yield wave
            wave, brought, sources = [], set(), _Sources()
            alone = is_alone(row)
            brings, _ = ties(row)
        wave.append(row)
        brought |= brings
        sources.add(row)
        if alone:
            # What follows may mean by name what it brings, and a refused row takes that back.
            yield wave
            wave, brought, sources = [], set(), _Sources()
    if wave:
        yield wave


class _Sources:
    """The sources that the rows of a wave bring along.

    Whether two of them are one, or may have their ids, depends on whether there is such a source already. Those that
    agree in all of it may stand in one wave.
    """

    def __init__(self) -> None:
        self._ids: dict[str, UUID | None] = {}
        self._kinds: dict[UUID, tuple[str, ...]] = {}

    def admit(self, row: ReadRow) -> bool:
        """Say whether a row's sources fit to those before."""
        return all(
            (likeness not in self._ids or (source.id is None or self._ids[likeness] == source.id))
            and (source.id is None or self._kinds.get(source.id, kind) == kind)
            for source, likeness, kind in _brought_sources(row)
        )

    def add(self, row: ReadRow) -> None:
        """Note a row's sources."""
        for source, likeness, kind in _brought_sources(row):
            self._ids.setdefault(likeness, source.id)
            if source.id is not None:
                self._kinds.setdefault(source.id, kind)


def _brought_sources(row: ReadRow) -> Iterator[tuple[SourceIn, str, tuple[str, ...]]]:
    """Give each source with what makes it like others, and all that makes it the same."""
    for citation in row.reading.value.citations if row.reading is not None else ():
        source = citation.source
        if isinstance(source, UUID):
            continue
        if source.url is not None:
            address = canonical_address(source.url)
            yield source, f"url {address}", ("url", address)
        else:
            title, published = fold(source.title), source.published.text if source.published else ""
            yield source, f"title {title}", (source.publisher or "", title, published)
