"""The client: one for ``async``, and one for threads, which is made of its code when the distribution is built."""

from dateline_client._async.events import AsyncEvents
from dateline_client._async.following import AsyncChanges
from dateline_client._async.listing import AsyncListing
from dateline_client._async.records import AsyncActors, AsyncChronologies, AsyncSources

__all__ = ["AsyncDateline", "AsyncListing"]


class AsyncDateline(AsyncEvents, AsyncActors, AsyncSources, AsyncChronologies, AsyncChanges):
    """A Dateline service.

    >>> async with AsyncDateline("http://127.0.0.1:8000") as client:
    ...     async for event in client.events(actor="north-korea", date_from="2024"):
    ...         print(event.date, event.title)

    A ``token`` is needed to write, and to read drafts. Requests are sent again where that can do no harm: see Retries.
    Everything that goes wrong is a DatelineError.
    """
