"""What a failing request is answered with (RFC 9457, ``application/problem+json``)."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from schema.validation import Flaw


class Fault(Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a request: where, what, and what would be right.

    Exactly one of ``pointer`` (into the body, RFC 6901) and ``parameter`` (of the query, path or header) is set.
    """

    detail: Annotated[str, Meta(description="What is wrong, for people.")]
    pointer: Annotated[str | UnsetType, Meta(description="Where in the body it is, a JSON Pointer.")] = UNSET
    parameter: Annotated[str | UnsetType, Meta(description="In which parameter or header it is.")] = UNSET
    suggestion: Annotated[str | UnsetType, Meta(description="What would be right, where that can be told.")] = UNSET

    @classmethod
    def of(cls, detail: str, suggestion: str | None, *, parameter: str) -> "Fault":
        """Make the fault of a parameter."""
        return cls(detail, parameter=parameter, suggestion=UNSET if suggestion is None else suggestion)


class Problem(Struct, frozen=True, omit_defaults=True):
    """Problem details: what went wrong with a request, and every fault that was found in it."""

    type: Annotated[
        str,
        Meta(
            description="What kind of problem it is, by which clients tell it; it leads to an explanation.",
            extra_json_schema={"format": "uri-reference"},
        ),
    ]
    title: Annotated[str, Meta(description="The kind of problem in words.")]
    status: Annotated[int, Meta(description="The status of the answer.")]
    detail: Annotated[str, Meta(description="What went wrong with this request, for people.")]
    request_id: Annotated[str, Meta(description="The id of the request, as the header `X-Request-ID` has it.")]
    errors: Annotated[list[Fault] | UnsetType, Meta(description="Every fault that was found, where there are any.")] = (
        UNSET
    )
    current_revision: Annotated[
        int | UnsetType, Meta(description="The revision that the record has now, if it was changed meanwhile.")
    ] = UNSET


class ProblemKind(Struct, frozen=True):
    """A documented type of problem; its address is ``/problems#<slug>``."""

    slug: str
    status: int
    title: str


class ProblemError(Exception):
    """Raised anywhere below the HTTP layer, which turns it into a ``Problem`` answer."""

    def __init__(
        self,
        kind: ProblemKind,
        detail: str,
        faults: list[Fault] | None = None,
        *,
        current_revision: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.faults = faults or []
        self.current_revision = current_revision
        self.headers = headers or {}


def _kinds(*rows: tuple[str, int, str]) -> dict[str, ProblemKind]:
    return {slug: ProblemKind(slug=slug, status=status, title=title) for slug, status, title in rows}


#: Every type of problem that the API answers with. Docs and contract enumerate this table.
PROBLEM_KINDS = _kinds(
    ("malformed-body", 400, "The body is not well-formed JSON"),
    ("invalid-body", 400, "The body has faults"),
    ("invalid-parameters", 400, "The request's parameters have faults"),
    ("invalid-cursor", 400, "The cursor is not usable here"),
    ("too-many-events", 400, "More events than can be given at once"),
    ("unfit-for-format", 400, "An event does not fit into this format"),
    ("unreadable-file", 400, "The file can't be read"),
    ("bad-request", 400, "The request could not be understood"),
    ("token-required", 401, "A token is required"),
    ("forbidden", 403, "The token does not allow this"),
    ("not-found", 404, "There is nothing here"),
    ("method-not-allowed", 405, "This method is not allowed here"),
    ("not-acceptable", 406, "None of the accepted formats can be given"),
    ("conflict", 409, "The request conflicts with what is stored"),
    ("too-many-merged", 409, "Too many actors would be merged into one"),
    ("request-in-flight", 409, "The request with this key is still being worked on"),
    ("withdrawn", 410, "It has been withdrawn"),
    ("revision-mismatch", 412, "It has been changed in the meantime"),
    ("body-too-large", 413, "The body is too large"),
    ("too-many-rows", 413, "The batch has too many rows"),
    ("unsupported-media-type", 415, "This media type is not accepted here"),
    ("read-only-member", 422, "A read-only member was changed"),
    ("idempotency-key-reused", 422, "The key was used for another request"),
    ("precondition-required", 428, "The request must say which revision it changes"),
    ("internal-error", 500, "Something went wrong on our side"),
    ("unavailable", 503, "The store is not available right now"),
    ("query-timeout", 503, "The query took too long"),
    ("too-many-streams", 503, "As many streams are served as can be"),
    ("busy", 503, "The store is busy with another write"),
)


def problem(kind: str, detail: str, *faults: Fault, **extra: Any) -> ProblemError:
    """Make the error to raise for a kind of problem named in ``PROBLEM_KINDS``."""
    return ProblemError(PROBLEM_KINDS[kind], detail, list(faults), **extra)


#: How many faults one answer names.
MAXIMUM_FAULTS = 100


def fault_of(flaw: Flaw) -> Fault:
    """Write a flaw as it stands in answers."""
    return Fault(pointer=flaw.pointer, detail=flaw.detail, suggestion=flaw.suggestion or UNSET)


def body_problem(flaws: list[Flaw], read_only: list[Flaw] | None = None) -> ProblemError:
    """Make the error for a body with flaws; ``read_only`` are those that change what only the store changes."""
    faults = [fault_of(flaw) for flaw in flaws[:MAXIMUM_FAULTS]]
    if read_only:
        names = ", ".join(flaw.pointer[1:] for flaw in read_only)
        return problem("read-only-member", f"Only the store changes these members: {names}.", *faults)
    count = "One thing is" if len(flaws) == 1 else f"{len(flaws)} things are"
    shown = "" if len(flaws) <= MAXIMUM_FAULTS else f" The first {MAXIMUM_FAULTS} are listed."
    return problem("invalid-body", f"{count} wrong with the body.{shown}", *faults)
