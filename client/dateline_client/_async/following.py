"""The change feed: everything that was written, and then what is written."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
from httpx_sse import SSEError, aconnect_sse

from dateline_client._async.sending import AsyncSender
from dateline_client.errors import DatelineError, error_of, is_passing, understanding
from dateline_client.generated.api.changes import get_head, list_changes, stream_changes
from dateline_client.generated.models import Head
from dateline_client.records import Change, change_of, feed_page
from dateline_client.retries import Waits

#: The stream has a sign of life every 15 seconds; without one for so long it is begun anew, in seconds.
_SILENCE_S = 60.0


class AsyncChanges(AsyncSender):
    """What can be done with the change feed."""

    async def head(self) -> Head:
        """Read how far the log goes: the last change that this reader may see, and a digest over all of it."""
        return await self._read(Head.from_dict, get_head._get_kwargs())

    async def changes(
        self, after: int = 0, *, follow: bool = True, page_size: int = 500
    ) -> AsyncGenerator[Change, None]:
        """Give every change after a sequence, in order and each once, and then each as it is made.

        What was made before comes page by page, the rest as a stream. If that breaks off, or somebody else answers in
        place of the service, it goes on where it was, for as long as it takes; only what the service itself refuses is
        raised, such as a token that was revoked, and what it says and this client can't read. With ``follow=False``
        it ends when there are no more. Keep the ``sequence`` of the last change that you have dealt with, and begin
        after it the next time.

        >>> async for change in client.changes(after=bookmark):
        ...     print(change.sequence, change.entity, change.id)
        ...     bookmark = change.sequence
        """
        waits = Waits(self._retries, self._chance)
        answered = False
        while True:
            try:
                page = await self._read(feed_page, list_changes._get_kwargs(after=after, limit=page_size))
            except DatelineError as error:
                # Somebody who was there comes back; what never answered is a wrong address.
                if not (follow and answered and is_passing(error)):
                    raise
                await self._pause(waits.next_s(error.retry_after_s))
                continue
            answered = True
            if page.items:
                waits.reset()
            for change in page.items:
                if change.sequence > after:
                    after = change.sequence
                    yield change
            after = max(after, page.after)
            if page.more:
                continue
            if not follow:
                return
            async with aclosing(self._streamed(after, waits)) as streamed:
                async for change in streamed:
                    if change.sequence > after:
                        after = change.sequence
                        yield change
            await self._pause(waits.next_s())

    async def _streamed(self, after: int, waits: Waits) -> AsyncGenerator[Change, None]:
        """Give what a stream brings until it ends, in whatever way; raise only what would not change."""
        arguments = stream_changes._get_kwargs(after=after, last_event_id=str(after))
        timeout = httpx.Timeout(self._http.timeout.connect, read=_SILENCE_S)
        begun = None
        try:
            async with aconnect_sse(self._http, timeout=timeout, **arguments) as stream:
                if not stream.response.is_success:
                    await stream.response.aread()
                error = error_of(stream.response)
                if error is not None:
                    if not is_passing(error):
                        raise error
                    waits.ask(error.retry_after_s)
                    return
                begun = self._clock()
                async for event in stream.aiter_sse():
                    if event.retry is not None:
                        waits.least_s = event.retry / 1000
                    if event.event == "dropped":
                        return
                    if event.event == "change":
                        waits.reset()
                        with understanding(stream.response):
                            change = change_of(json.loads(event.data))
                        yield change
        except (httpx.RequestError, SSEError):
            return
        finally:
            if begun is not None:
                # A proxy may cut connections in which nothing came for a while: that is no reason to wait ever longer.
                waits.was_well(self._clock() - begun)
