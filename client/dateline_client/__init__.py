"""Read, write and follow a Dateline timeline event store.

``Dateline`` is for ordinary programs and ``AsyncDateline`` for asyncio; they have the same methods. ``models`` are all
types of the contract.
"""

from dateline_client._async import AsyncDateline, AsyncListing
from dateline_client._sync import Dateline, Listing
from dateline_client.errors import (
    Conflict,
    ConnectionFailed,
    DatelineError,
    Forbidden,
    InvalidRequest,
    NotFound,
    ProblemError,
    QueryTimeout,
    RevisionMismatch,
    ServerFault,
    StillInProgress,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    Withdrawn,
)
from dateline_client.generated import models
from dateline_client.generated.types import UNSET, Unset
from dateline_client.records import Actor, Change, Chronology, Event, Source
from dateline_client.retries import Retries

__all__ = [
    "UNSET",
    "Actor",
    "AsyncDateline",
    "AsyncListing",
    "Change",
    "Chronology",
    "Conflict",
    "ConnectionFailed",
    "Dateline",
    "DatelineError",
    "Event",
    "Forbidden",
    "InvalidRequest",
    "Listing",
    "NotFound",
    "ProblemError",
    "QueryTimeout",
    "Retries",
    "RevisionMismatch",
    "ServerFault",
    "Source",
    "StillInProgress",
    "Unauthorized",
    "Unavailable",
    "UnexpectedAnswer",
    "Unset",
    "Withdrawn",
    "models",
]
