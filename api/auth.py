"""Who asks, and what they may do: bearer tokens with scopes, known to the store by their digests alone."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from msgspec import Struct

from api.store.store import Store
from api.store.tokens import find_token
from schema.problem import problem

Scope = Literal["read", "edit", "admin"]
#: Each scope includes those before it.
SCOPES: tuple[Scope, ...] = ("read", "edit", "admin")


class Reader(Struct, frozen=True):
    """Whoever sent a request. ``owner`` is the name on the token and ``token`` its id, None without one."""

    owner: str | None
    scopes: frozenset[str]
    token: UUID | None = None

    def may(self, scope: Scope) -> bool:
        """Whether a scope is given, by itself or by a larger one."""
        return any(given in self.scopes for given in SCOPES[SCOPES.index(scope) :])

    @property
    def edit(self) -> bool:
        """Whether drafts are seen and records may be written."""
        return self.may("edit")

    @property
    def author(self) -> str:
        """The name under which the log keeps what this reader writes."""
        assert self.owner is not None, "what writes needs a token"
        return self.owner


_ANYBODY = Reader(None, frozenset({"read"}))


async def identify(store: Store, authorization: Sequence[str], scope: Scope, reading: str) -> Reader:
    """Find out who asks from the Authorization headers, and refuse them (401, 403) what needs a scope they lack.

    ``reading`` is ``open`` (anybody reads) or ``token``. A token that is sent but not known is always refused.
    """
    if not authorization:
        if scope == "read" and reading == "open":
            return _ANYBODY
        # A challenge without an error: nothing was wrong with what was sent (RFC 6750 section 3.1).
        raise problem("token-required", f"This needs a token with the scope {scope}.", headers=_challenge())
    kind, _, token = authorization[0].partition(" ")
    only_bearer = kind.lower() == "bearer" and len(authorization) == 1
    owned = await find_token(store, token.strip()) if only_bearer else None
    if owned is None:
        raise problem(
            "token-required",
            "This token is not known, or has been revoked, or has expired.",
            headers=_challenge(error="invalid_token"),
        )
    reader = Reader(owned.owner, frozenset(owned.scopes), owned.id)
    if not reader.may(scope):
        raise problem(
            "forbidden",
            f"This needs a token with the scope {scope}; yours has {', '.join(owned.scopes)}.",
            headers=_challenge(error="insufficient_scope", scope=scope),
        )
    return reader


def _challenge(**parameters: str) -> dict[str, str]:
    listed = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
    return {"WWW-Authenticate": f"Bearer {listed}".rstrip()}
