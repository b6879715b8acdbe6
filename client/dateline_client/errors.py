"""What can go wrong, by what a caller does about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from dateline_client.generated.models import Fault, Problem
from dateline_client.generated.types import Unset


class DatelineError(Exception):
    """Whatever this client raises of its own account, but for mistakes in how it is called (TypeError, ValueError)."""

    retry_after_s: float = 0.0
    """After how many seconds the service asks to be asked again, if it does."""
    idempotency_key: str | None = None
    """The key that the request was sent with, if it had one. The same call with it goes on and does nothing twice."""


class ConnectionFailed(DatelineError):
    """No answer came: the service can't be reached, or the connection broke off.

    Where it broke off while a record was updated, replaced or discarded, that may have been done: read it again.
    """


class UnexpectedAnswer(DatelineError):
    """An answer that this service does not give, such as the error page of a proxy. ``status`` is that of HTTP."""

    from_elsewhere = False
    """Whether somebody between here and the service gave it: it is of no media type that the service answers with."""

    def __init__(self, message: str, status: int) -> None:
        # Copies and pickles of an exception are made with what it is given here.
        super().__init__(message, status)
        self.message = message
        self.status = status

    def __str__(self) -> str:
        return self.message


class ProblemError(DatelineError):
    """The service answered with a problem (RFC 9457); ``problem`` is all that it says.

    >>> try:
    ...     client.get_event("00000000-0000-4000-8000-000000000000")
    ... except NotFound as error:
    ...     print(error.kind, error.problem.detail)
    not-found There is nothing here.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        faults = [] if isinstance(problem.errors, Unset) else problem.errors
        same = problem.detail.rstrip(".") == problem.title
        told = problem.detail if same else f"{problem.title}: {problem.detail}"
        self.message = "\n".join([told, *(_line(fault) for fault in faults)])
        self.problem = problem
        self.faults: list[Fault] = faults

    def __str__(self) -> str:
        return self.message

    @property
    def kind(self) -> str:
        """The kind of problem, such as ``revision-mismatch``; ``/problems`` of the service explains each."""
        return _slug(self.problem)

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return self.problem.status

    @property
    def request_id(self) -> str:
        """What the service has logged the request under."""
        return self.problem.request_id


class InvalidRequest(ProblemError):
    """Parameters or a body that can't be taken (400, 413, 415, 422); ``faults`` says what would be right."""


class Unauthorized(ProblemError):
    """A token is needed, or the one that was sent is not known, or no longer (401)."""


class Forbidden(ProblemError):
    """The token lacks the scope that this needs (403)."""


class NotFound(ProblemError):
    """There is nothing there that this reader may see (404)."""


class Withdrawn(ProblemError):
    """It was there and had to be taken away for reasons of law (410)."""


class Conflict(ProblemError):
    """What is stored does not allow this: an id is taken, or the record is in another state (409)."""


class StillInProgress(Conflict):
    """A request with the same ``idempotency_key`` is being worked on (409), and still was after all waits.

    The same call with that key goes on waiting, and gives the answer once there is one.
    """


class RevisionMismatch(ProblemError):
    """Somebody else changed the record since it was read (412): read it again and look at what changed."""

    @property
    def current_revision(self) -> int | None:
        """The record's revision now, if that is told."""
        revision = self.problem.current_revision
        return None if isinstance(revision, Unset) else revision


class Unavailable(ProblemError):
    """The service is too busy, or its store does not answer (503), and still so after several attempts.

    Unless its ``kind`` is ``busy``, an update, replacement or discarding may have been done: read the record again.
    """


class QueryTimeout(Unavailable):
    """It took longer than the service allows (503): ask for less at once. It is not sent again as it is."""


class ServerFault(ProblemError):
    """A fault in the service (500); it is logged there under ``request_id``."""


#: What reading an answer raises that lacks something.
_NOT_UNDERSTOOD = (ValueError, KeyError, TypeError, AttributeError)

_OF_STATUS: dict[int, type[ProblemError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Withdrawn,
    412: RevisionMismatch,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    500: ServerFault,
    503: Unavailable,
}
#: Kinds that a caller does something else about than about others of the status.
_OF_KIND: dict[str, type[ProblemError]] = {"query-timeout": QueryTimeout, "request-in-flight": StillInProgress}
#: The media types that the service answers with where all is well, and where it is not.
_OF_SUCCESS = ("application/json", "text/event-stream")
_OF_FAILURE = ("application/problem+json",)


def _line(fault: Fault) -> str:
    place = fault.parameter or fault.pointer
    suggestion = f" (suggestion: {fault.suggestion})" if fault.suggestion else ""
    return f"  {place}: {fault.detail}{suggestion}" if place else f"  {fault.detail}{suggestion}"


def error_of(outcome: httpx.Response | httpx.RequestError) -> DatelineError | None:
    """Give the error that an outcome is, or None for success. The body must have been read."""
    if isinstance(outcome, httpx.Response) and outcome.is_success:
        return None
    return _told(_error_of(outcome), outcome)


def _told(error: DatelineError, outcome: httpx.Response | httpx.RequestError) -> DatelineError:
    """Put into an error what each has, whatever went wrong."""
    error.retry_after_s = retry_after_s(outcome)
    error.idempotency_key = outcome.request.headers.get("Idempotency-Key")
    return error


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _named(request: httpx.Request) -> str:
    """Name a request in a message: without what may be secret (a user and a password) or long (the query)."""
    url = request.url
    return f"{request.method} {url.scheme}://{url.netloc.decode('ascii')}{url.path}"


def _error_of(outcome: httpx.Response | httpx.RequestError) -> DatelineError:
    if isinstance(outcome, httpx.LocalProtocolError):
        # It quotes headers, of which one is the token.
        return ConnectionFailed(f"{_named(outcome.request)}: the request can't be sent as it is.")
    if isinstance(outcome, httpx.RequestError):
        error = ConnectionFailed(f"{_named(outcome.request)}: {str(outcome) or type(outcome).__name__}")
        error.__cause__ = outcome
        return error
    if _media_type(outcome) in _OF_FAILURE:
        try:
            return _problem_error(Problem.from_dict(outcome.json()), outcome.status_code)
        except _NOT_UNDERSTOOD:
            pass
    return _unexpected(f"with status {outcome.status_code}, and not as this service does.", outcome)


def _problem_error(problem: Problem, status: int) -> ProblemError:
    kind = _OF_STATUS.get(status, ProblemError)
    narrower = _OF_KIND.get(_slug(problem), kind)
    return (narrower if issubclass(narrower, kind) else kind)(problem)


def _unexpected(what: str, response: httpx.Response) -> UnexpectedAnswer:
    error = UnexpectedAnswer(f"{_named(response.request)} was answered {what}", response.status_code)
    error.from_elsewhere = _media_type(response) not in (_OF_SUCCESS if response.is_success else _OF_FAILURE)
    return error


def _slug(problem: Problem) -> str:
    return problem.type_.rpartition("#")[2]


def retry_after_s(outcome: httpx.Response | httpx.RequestError) -> float:
    """Read ``Retry-After``, in seconds or as a date (RFC 9110 section 10.2.3); 0 without it."""
    if not isinstance(outcome, httpx.Response):
        return 0.0
    text = outcome.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def is_passing(error: DatelineError) -> bool:
    """Say whether another attempt, some time, may do: the service does not answer, or with a fault of its own."""
    if isinstance(error, ProblemError | UnexpectedAnswer):
        from_elsewhere = isinstance(error, UnexpectedAnswer) and error.from_elsewhere
        return from_elsewhere or error.status >= 500 or error.status == 429
    return isinstance(error, ConnectionFailed)


def kind_of(response: httpx.Response) -> str | None:
    """Give the kind of problem that a response is, if it is one."""
    error = error_of(response)
    return error.kind if isinstance(error, ProblemError) else None


@contextmanager
def understanding(response: httpx.Response) -> Iterator[None]:
    """Raise ``UnexpectedAnswer`` where what was answered lacks what this service promises."""
    try:
        yield
    except _NOT_UNDERSTOOD as error:
        unexpected = _unexpected(f"with what this client does not understand: {error!r}.", response)
        raise _told(unexpected, response) from error
