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
    list_source_revisions,
    list_sources,
    replace_source,
    update_source,
)
from dateline_client.generated.models import (
    ActorIn,
    ActorPage,
    ActorPatch,
    ChronologyIn,
    ChronologyPage,
    ChronologyPatch,
    EditType,
    Release,
    ReleaseEntry,
    ReleasePage,
    Revision,
    RevisionPage,
    SourceIn,
    SourcePage,
    SourcePatch,
)
from dateline_client.records import Actor, Chronology, Source, items_of, revisions_of, writable
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

    async def get_actor(self, actor_id: str, *, as_of: int | str | None = None) -> Actor:
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

    async def create_actor(self, actor: ActorIn | Mapping[str, Any], *, idempotency_key: str | None = None) -> Actor:
        """Write a new actor, once, however often the request is sent."""
        arguments = create_actor._get_kwargs(body=calls.body(actor), idempotency_key=calls.key(idempotency_key))
        return await self._read(Actor.from_dict, arguments)

    async def replace_actor(self, actor: Actor, *, type: EditType | None = None, reason: str | None = None) -> Actor:
        """Write an actor as a whole, changed in place; prefer ``update_actor``, see ``replace_event``.

        Raises RevisionMismatch.
        """
        arguments = replace_actor._get_kwargs(
            actor.id,
            body=calls.body(writable(actor), **calls.change(reason, type)),
            if_match=calls.tag(actor.revision),
        )
        return await self._read(Actor.from_dict, arguments, Repeat.UNDONE)

    async def update_actor(
        self,
        actor: Actor,
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
        self, actor: Actor, into: str, *, reason: str | None = None, idempotency_key: str | None = None
    ) -> Actor:
        """Have another actor, by id or name, stand for this one from now on; gives this one as it is now."""
        arguments = merge_actor._get_kwargs(
            actor.id,
            body=calls.body({"into": into}, **calls.change(reason)),
            if_match=calls.tag(actor.revision),
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(Actor.from_dict, arguments)

    async def unmerge_actor(self, actor_id: str, *, reason: str) -> Actor:
        """Have a merged actor, by its own id, stand for itself again."""
        # The address of a merged actor leads to another one; what stands at it says which revision the merged one has.
        here = {**get_actor._get_kwargs(actor_id), "follow_redirects": False}
        revision = await self._read(lambda answer: int(answer["revision"]), here)
        arguments = unmerge_actor._get_kwargs(
            actor_id,
            body=calls.body(calls.change(reason)),
            if_match=calls.tag(revision),
            idempotency_key=calls.key(None),
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

    async def get_source(self, source_id: UUID | str, *, as_of: int | str | None = None) -> Source:
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

    async def create_source(
        self, source: SourceIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Source:
        """Write a new source, once, however often the request is sent."""
        arguments = create_source._get_kwargs(body=calls.body(source), idempotency_key=calls.key(idempotency_key))
        return await self._read(Source.from_dict, arguments)

    async def replace_source(
        self, source: Source, *, type: EditType | None = None, reason: str | None = None
    ) -> Source:
        """Write a source as a whole, changed in place; prefer ``update_source``, see ``replace_event``.

        Raises RevisionMismatch.
        """
        arguments = replace_source._get_kwargs(
            source.id,
            body=calls.body(writable(source), **calls.change(reason, type)),
            if_match=calls.tag(source.revision),
        )
        return await self._read(Source.from_dict, arguments, Repeat.UNDONE)

    async def update_source(
        self,
        source: Source,
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

    async def get_chronology(self, slug: str, *, as_of: int | str | None = None) -> Chronology:
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

    async def create_chronology(
        self, chronology: ChronologyIn | Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Chronology:
        """Write a new chronology, once, however often the request is sent."""
        arguments = create_chronology._get_kwargs(
            body=calls.body(chronology), idempotency_key=calls.key(idempotency_key)
        )
        return await self._read(Chronology.from_dict, arguments)

    async def replace_chronology(
        self, chronology: Chronology, *, type: EditType | None = None, reason: str | None = None
    ) -> Chronology:
        """Write a chronology as a whole, changed in place; prefer ``update_chronology``, see ``replace_event``.

        Raises RevisionMismatch.
        """
        arguments = replace_chronology._get_kwargs(
            chronology.slug,
            body=calls.body(writable(chronology), **calls.change(reason, type)),
            if_match=calls.tag(chronology.revision),
        )
        return await self._read(Chronology.from_dict, arguments, Repeat.UNDONE)

    async def update_chronology(
        self,
        chronology: Chronology,
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

    async def discard_chronology(self, chronology: Chronology) -> None:
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
        self, slug: str, *, note: str | None = None, idempotency_key: str | None = None
    ) -> Release:
        """Freeze a published chronology as everybody sees it now; takes a minute and more if others are being made."""
        arguments = create_release._get_kwargs(
            slug,
            body=calls.body({} if note is None else {"note": note}),
            idempotency_key=calls.key(idempotency_key),
        )
        return await self._read(Release.from_dict, self._taking_long(arguments))
