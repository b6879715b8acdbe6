"""Actors, sources and chronologies."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Unpack
from uuid import UUID

from dateline_client import calls
from dateline_client._async.listing import AsyncListing
from dateline_client._async.sending import AsyncSender
from dateline_client.generated import parameters
from dateline_client.generated.api.actors import (
    create_actor,
    get_actor,
    get_actor_revision,
    list_actor_revisions,
    list_actors,
    merge_actor,
    replace_actor,
    unmerge_actor,
    update_actor,
)
from dateline_client.generated.api.chronologies import (
    create_chronology,
    create_release,
    discard_chronology,
    get_chronology,
    get_chronology_revision,
    get_release,
    list_chronologies,
    list_chronology_revisions,
    list_releases,
    replace_chronology,
    update_chronology,
)
from dateline_client.generated.api.sources import (
    create_source,
    get_source,
    get_source_revision,
    list_source_revisions,
    list_sources,
    replace_source,
    update_source,
)
from dateline_client.generated.models import (
    ActorIn,
    ActorPage,
    ActorPatch,
    ActorRevision,
    ChronologyIn,
    ChronologyPage,
    ChronologyPatch,
    ChronologyRevision,
    EditType,
    Release,
    ReleaseEntry,
    ReleaseIn,
    ReleasePage,
    Revision,
    RevisionPage,
    SourceIn,
    SourcePage,
    SourcePatch,
    SourceRevision,
)
from dateline_client.records import (
    Actor,
    Chronology,
    Replaceable,
    ReplaceableChronology,
    Revised,
    RevisedChronology,
    Source,
    items_of,
    revisions_of,
    writable,
)
from dateline_client.retries import Repeat


class AsyncActors(AsyncSender):
    """What can be done with actors."""

    def actors(
        self,
        *,
        max_items: int | None = None,
        page_size: int = 100,
        cursor: str | None = None,
        **filters: Unpack[parameters.ListActors],
    ) -> AsyncListing[Actor, ActorPage]:
        """List actors; with ``q``, those with such names, the best first.

        >>> async for actor in client.actors(q="kim", max_items=5):
        ...     print(actor.id, actor.name)
        """
        return self._list(
            calls.described(list_actors._get_kwargs, parameters.ListActors, filters),
            items_of(Actor),
            ActorPage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def get_actor(self, actor_id: str, *, as_of: calls.Moment | None = None) -> Actor:
        """Read one actor by its id; of a merged one, the actor that stands for it. Raises NotFound."""
        return await self._read(Actor.from_dict, get_actor._get_kwargs(actor_id, as_of=calls.moment(as_of)))

    def actor_revisions(
        self, actor_id: str, *, max_items: int | None = None, page_size: int = 200, cursor: str | None = None
    ) -> AsyncListing[Revision, RevisionPage]:
        """List the revisions of an actor."""
        return self._list(
            partial(list_actor_revisions._get_kwargs, actor_id),
            revisions_of,
            RevisionPage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def actor_revision(self, actor_id: str, number: int) -> ActorRevision:
        """Read one revision of an actor, with the actor as it was then."""
        return await self._read(ActorRevision.from_dict, get_actor_revision._get_kwargs(actor_id, number))

    async def create_actor(self, actor: ActorIn | Mapping[str, Any], *, idempotency_key: str | None = None) -> Actor:
        """Write a new actor, once, however often the request is sent."""
        arguments = create_actor._get_kwargs(body=calls.body(actor), idempotency_key=calls.key(idempotency_key))
        return await self._read(Actor.from_dict, arguments)

    async def replace_actor(
        self, actor: Replaceable[str], *, type: EditType | None = None, reason: str | None = None
    ) -> Actor:
        """Write an actor as a whole, changed in place; prefer ``update_actor``, see ``replace_event``.

        Raises RevisionMismatch.
        """
        arguments = replace_actor._get_kwargs(
            actor.id,
            body=calls.body(writable(actor, "Actor"), **calls.change(reason, type)),
            if_match=calls.tag(actor.revision),
        )
        return await self._read(Actor.from_dict, arguments, Repeat.UNDONE)

    async def update_actor(
        self,
        actor: Revised[str],
        changes: ActorPatch | Mapping[str, Any],
        *,
        type: EditType | None = None,
        reason: str | None = None,
    ) -> Actor:
        """Change some members of an actor (JSON Merge Patch: None takes away). Raises RevisionMismatch."""
        arguments = update_actor._get_kwargs(
            actor.id, body=calls.body(changes, **calls.change(reason, type)), if_match=calls.tag(actor.revision)
        )
        return await self._read(Actor.from_dict, arguments, Repeat.UNDONE)

    async def merge_actor(
        self, actor: Revised[str], into: str, *, reason: str | None = None, idempotency_key: str | None = None
    ) -> Actor:
        """Have another actor, by id or name, stand for this one from now on; gives this one as it is now."""
        arguments = merge_actor._get_kwargs(
            actor.id,
            body=calls.body({"into": into}, **calls.change(reason)),
            if_match=calls.tag(actor.revision),
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(Actor.from_dict, arguments)

    async def unmerge_actor(self, actor_id: str, *, reason: str, idempotency_key: str | None = None) -> Actor:
        """Have a merged actor, by its own id, stand for itself again."""
        # Whoever reads a merged actor is led on to another one, and sees no revision that could be named here.
        arguments = unmerge_actor._get_kwargs(
            actor_id,
            body=calls.body(calls.change(reason)),
            if_match="*",
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(Actor.from_dict, arguments)


class AsyncSources(AsyncSender):
    """What can be done with sources."""

    def sources(
        self,
        *,
        max_items: int | None = None,
        page_size: int = 200,
        cursor: str | None = None,
        **filters: Unpack[parameters.ListSources],
    ) -> AsyncListing[Source, SourcePage]:
        """List sources; with ``url``, the one that has this address, however it is written.

        >>> async for source in client.sources(max_items=10):
        ...     print(source.title, source.url)
        """
        return self._list(
            calls.described(list_sources._get_kwargs, parameters.ListSources, filters),
            items_of(Source),
            SourcePage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def get_source(self, source_id: UUID | str, *, as_of: calls.Moment | None = None) -> Source:
        """Read one source; raises NotFound."""
        arguments = get_source._get_kwargs(calls.uuid(source_id), as_of=calls.moment(as_of))
        return await self._read(Source.from_dict, arguments)

    def source_revisions(
        self, source_id: UUID | str, *, max_items: int | None = None, page_size: int = 200, cursor: str | None = None
    ) -> AsyncListing[Revision, RevisionPage]:
        """List the revisions of a source."""
        return self._list(
            partial(list_source_revisions._get_kwargs, calls.uuid(source_id)),
            revisions_of,
            RevisionPage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def source_revision(self, source_id: UUID | str, number: int) -> SourceRevision:
        """Read one revision of a source, with the source as it was then."""
        return await self._read(
            SourceRevision.from_dict, get_source_revision._get_kwargs(calls.uuid(source_id), number)
        )

    async def create_source(
        self, source: SourceIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Source:
        """Write a new source, once, however often the request is sent."""
        arguments = create_source._get_kwargs(body=calls.body(source), idempotency_key=calls.key(idempotency_key))
        return await self._read(Source.from_dict, arguments)

    async def replace_source(
        self, source: Replaceable[UUID], *, type: EditType | None = None, reason: str | None = None
    ) -> Source:
        """Write a source as a whole, changed in place; prefer ``update_source``, see ``replace_event``.

        Raises RevisionMismatch.
        """
        arguments = replace_source._get_kwargs(
            source.id,
            body=calls.body(writable(source, "Source"), **calls.change(reason, type)),
            if_match=calls.tag(source.revision),
        )
        return await self._read(Source.from_dict, arguments, Repeat.UNDONE)

    async def update_source(
        self,
        source: Revised[UUID],
        changes: SourcePatch | Mapping[str, Any],
        *,
        type: EditType | None = None,
        reason: str | None = None,
    ) -> Source:
        """Change some members of a source (JSON Merge Patch: None takes away). Raises RevisionMismatch."""
        arguments = update_source._get_kwargs(
            source.id, body=calls.body(changes, **calls.change(reason, type)), if_match=calls.tag(source.revision)
        )
        return await self._read(Source.from_dict, arguments, Repeat.UNDONE)


class AsyncChronologies(AsyncSender):
    """What can be done with chronologies; their events are in ``chronology_events``."""

    def chronologies(
        self,
        *,
        max_items: int | None = None,
        page_size: int = 200,
        cursor: str | None = None,
        **filters: Unpack[parameters.ListChronologies],
    ) -> AsyncListing[Chronology, ChronologyPage]:
        """List chronologies.

        >>> async for chronology in client.chronologies():
        ...     print(chronology.slug, chronology.title)
        """
        return self._list(
            calls.described(list_chronologies._get_kwargs, parameters.ListChronologies, filters),
            items_of(Chronology),
            ChronologyPage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def get_chronology(self, slug: str, *, as_of: calls.Moment | None = None) -> Chronology:
        """Read one chronology; raises NotFound."""
        return await self._read(Chronology.from_dict, get_chronology._get_kwargs(slug, as_of=calls.moment(as_of)))

    def chronology_revisions(
        self, slug: str, *, max_items: int | None = None, page_size: int = 200, cursor: str | None = None
    ) -> AsyncListing[Revision, RevisionPage]:
        """List the revisions of a chronology."""
        return self._list(
            partial(list_chronology_revisions._get_kwargs, slug),
            revisions_of,
            RevisionPage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def chronology_revision(self, slug: str, number: int) -> ChronologyRevision:
        """Read one revision of a chronology, with the chronology as it was then."""
        return await self._read(ChronologyRevision.from_dict, get_chronology_revision._get_kwargs(slug, number))

    async def create_chronology(
        self, chronology: ChronologyIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Chronology:
        """Write a new chronology, once, however often the request is sent."""
        arguments = create_chronology._get_kwargs(
            body=calls.body(chronology), idempotency_key=calls.key(idempotency_key)
        )
        return await self._read(Chronology.from_dict, arguments)

    async def replace_chronology(
        self, chronology: ReplaceableChronology, *, type: EditType | None = None, reason: str | None = None
    ) -> Chronology:
        """Write a chronology as a whole, changed in place; prefer ``update_chronology``, see ``replace_event``.

        Raises RevisionMismatch.
        """
        arguments = replace_chronology._get_kwargs(
            chronology.slug,
            body=calls.body(writable(chronology, "Chronology"), **calls.change(reason, type)),
            if_match=calls.tag(chronology.revision),
        )
        return await self._read(Chronology.from_dict, arguments, Repeat.UNDONE)

    async def update_chronology(
        self,
        chronology: RevisedChronology,
        changes: ChronologyPatch | Mapping[str, Any],
        *,
        type: EditType | None = None,
        reason: str | None = None,
    ) -> Chronology:
        """Change some members of a chronology (JSON Merge Patch: None takes away). Raises RevisionMismatch."""
        arguments = update_chronology._get_kwargs(
            chronology.slug,
            body=calls.body(changes, **calls.change(reason, type)),
            if_match=calls.tag(chronology.revision),
        )
        return await self._read(Chronology.from_dict, arguments, Repeat.UNDONE)

    async def discard_chronology(self, chronology: RevisedChronology) -> None:
        """Discard a draft of a chronology."""
        arguments = discard_chronology._get_kwargs(chronology.slug, if_match=calls.tag(chronology.revision))
        await self._send(arguments, Repeat.UNDONE)

    def releases(
        self, slug: str, *, max_items: int | None = None, page_size: int = 200, cursor: str | None = None
    ) -> AsyncListing[ReleaseEntry, ReleasePage]:
        """List the releases of a chronology."""
        return self._list(
            partial(list_releases._get_kwargs, slug),
            lambda page: [ReleaseEntry.from_dict(item) for item in page["items"]],
            ReleasePage.from_dict,
            max_items=max_items,
            page_size=page_size,
            cursor=cursor,
        )

    async def get_release(self, slug: str, number: int) -> Release:
        """Read the manifest of a release."""
        return await self._read(Release.from_dict, get_release._get_kwargs(slug, number))

    async def create_release(
        self, slug: str, release: ReleaseIn | Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
    ) -> Release:
        """Freeze a published chronology as everybody sees it now; takes a minute and more if others are being made.

        ``release`` says what does not follow from the chronology: ``note``, ``licence``, ``citation``.
        """
        arguments = create_release._get_kwargs(
            slug,
            body=calls.body({} if release is None else release),
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(Release.from_dict, self._taking_long(arguments))
