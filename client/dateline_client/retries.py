"""Whether to try again, and when: decided here, waited elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import httpx

from dateline_client.errors import kind_of, retry_after_s

#: Failures before anything was sent.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: Mistakes in the request, which another attempt would repeat.
_MISTAKES = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
#: Answers that another time may do, from the service or from a proxy before it; the service has no 429 of its own.
_PASSING = (429, 502, 503, 504)
#: What is still being worked on is not asked about sooner than after so many seconds.
_LEAST_S = 0.1


class Repeat(Enum):
    """What a request does when it arrives twice."""

    ALWAYS = "always"
    """The same as once: it only reads, or has an Idempotency-Key."""
    UNDONE = "undone"
    """It would fail, or do more: it is sent again only if it has surely not been carried out."""


@dataclass(frozen=True)
class Retries:
    """How often and how long to try again.

    >>> client = Dateline("http://127.0.0.1:8000", retries=Retries(attempts=10, total_wait_s=300))
    """

    attempts: int = 5
    """How many attempts of a request may fail; 1 means that it is not sent again after a failure.

    That the same request is still being worked on (409) is none: this is waited out, up to ``total_wait_s``.
    """
    total_wait_s: float = 60.0
    """How long to wait between attempts, all waits together, in seconds; what attempts take is besides."""
    first_wait_s: float = 0.5
    """How long to wait after the first attempt, in seconds; each further one is twice as long. Half is chance."""
    longest_wait_s: float = 30.0
    """No wait is longer, in seconds, unless the service asks for it."""

    def backoff_s(self, attempt: int, chance: float) -> float:
        """How long to wait after so many attempts, for a ``chance`` from 0 to 1."""
        return min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(attempt - 1, 30)) * (0.5 + chance / 2)

    def wait_s(
        self,
        outcome: httpx.Response | httpx.RequestError,
        repeat: Repeat,
        *,
        attempt: int,
        waited_s: float,
        chance: float,
    ) -> float | None:
        """How long to wait before the next attempt, in seconds; None if the outcome stands. ``waited_s`` was waited."""
        least_s = retry_after_s(outcome)
        if is_in_progress(outcome):
            # It is no failure, whatever failed before; and no end of attempts bounds it, so time has to pass.
            attempt, least_s = 1, max(least_s, _LEAST_S)
        elif attempt >= self.attempts or not _is_worth_another(outcome, repeat):
            return None
        wait_s = max(self.backoff_s(attempt, chance), least_s)
        return wait_s if waited_s + wait_s <= self.total_wait_s else None


class Waits:
    """The waits of somebody who never gives up: ever longer, until something has come."""

    def __init__(self, retries: Retries, chance: Callable[[], float]) -> None:
        self._retries = retries
        self._chance = chance
        self._attempt = 0
        self._last_s = 0.0
        #: What the service asks for at least, in seconds.
        self.least_s = 0.0
        self._asked_s = 0.0

    def ask(self, seconds: float) -> None:
        """Have the next wait be at least so long."""
        self._asked_s = seconds

    def reset(self) -> None:
        """Begin with short waits again."""
        self._attempt = 0

    def was_well(self, seconds: float) -> None:
        """Begin with short waits again if all was well for longer than the last wait, though nothing may have come."""
        if seconds > self._last_s:
            self.reset()

    def next_s(self, at_least_s: float = 0.0) -> float:
        """How long to wait now, in seconds."""
        self._attempt += 1
        asked_s, self._asked_s = self._asked_s, 0.0
        backoff_s = self._retries.backoff_s(self._attempt, self._chance())
        self._last_s = max(backoff_s, self.least_s, at_least_s, asked_s)
        return self._last_s


def is_in_progress(outcome: httpx.Response | httpx.RequestError) -> bool:
    """Say whether the same request, by its key, is still being worked on."""
    return (
        isinstance(outcome, httpx.Response) and outcome.status_code == 409 and kind_of(outcome) == "request-in-flight"
    )


def _is_worth_another(outcome: httpx.Response | httpx.RequestError, repeat: Repeat) -> bool:
    if isinstance(outcome, httpx.Response):
        if repeat is Repeat.UNDONE:
            # Of any other 503 it is not known: the store may have been lost while it committed.
            return outcome.status_code == 429 or (outcome.status_code == 503 and kind_of(outcome) == "busy")
        # What takes too long does so again, and holds up others meanwhile.
        return outcome.status_code in _PASSING and kind_of(outcome) != "query-timeout"
    if isinstance(outcome, _NOT_SENT):
        return True
    return repeat is Repeat.ALWAYS and isinstance(outcome, httpx.TransportError) and not isinstance(outcome, _MISTAKES)
