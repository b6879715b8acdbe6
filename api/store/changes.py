"""The log as followers read it: pages in its one order, documents as they are stored."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from api.store.head import seen_head
from api.store.log import wire_time
from api.store.sql import query
from api.store.store import Store
from schema.problem import Fault, problem

#: How many bytes of documents a page has at most, unless it is a single one.
MAXIMUM_PAGE_BYTES = 8 * 1024**2
_SEEN = {True: "seen_with_edit", False: "seen_by_everybody", None: "seen_by_either"}


class Item(NamedTuple):
    """One change as it goes out: JSON on one line."""

    sequence: int
    json: bytes


class Page(NamedTuple):
    """Some changes in order; ``after`` is the place behind them, ``head`` the reader's last change."""

    items: list[Item]
    after: int
    head: int

    @property
    def more(self) -> bool:
        """Whether there was more when it was read."""
        return self.after < self.head


class LogItem(NamedTuple):
    """One change as both kinds of reader see it; None where one has nothing to see."""

    sequence: int
    edit: bytes | None
    public: bytes | None
    is_redaction: bool


class Heads(NamedTuple):
    """The sequence of the last change, and of the last one that readers without ``edit`` see."""

    edit: int
    public: int


async def read_page(
    store: Store, after: int, limit: int, *, edit: bool, maximum_bytes: int = MAXIMUM_PAGE_BYTES
) -> Page:
    """Read the changes after a sequence that a reader may see; raises ``invalid-parameters`` beyond their head."""
    head = await check_place(store, after, edit=edit)
    rows = await _rows(store, after, head, limit, edit, maximum_bytes)
    items = [Item(row["sequence"], encode_item(row, edit=edit)) for row in rows]
    return Page(items, items[-1].sequence if items else after, head)


async def check_place(store: Store, after: int, *, edit: bool, parameter: str = "after") -> int:
    """Give the sequence of the last change that a reader may see; raises ``invalid-parameters`` beyond it."""
    head = (await seen_head(store, edit=edit)).sequence
    if after > head:
        detail = f"The last change that you may see is {head}."
        raise problem(
            "invalid-parameters",
            f"These parameters have faults: {parameter}.",
            Fault(detail, parameter=parameter, suggestion=f"at most {head}"),
        )
    return head


async def read_log(store: Store, after: int, limit: int, maximum_bytes: int) -> list[LogItem]:
    """Read the changes after a sequence as both kinds of reader see them; what both see alike is the same object."""
    heads = await read_heads(store)
    if heads.edit <= after:
        return []
    found = []
    for row in await _rows(store, after, heads.edit, limit, None, maximum_bytes):
        edit = encode_item(row, edit=True) if row["type"] else None
        same = row["type"] == row["public_type"] and row["redacts"] == row["public_redacts"]
        public = edit if same else None
        if public is None and row["public_type"]:
            public = encode_item(row, edit=False)
        found.append(LogItem(row["sequence"], edit, public, "redaction" in (row["type"], row["public_type"])))
    return found


async def read_heads(store: Store) -> Heads:
    """Look how far the log goes."""
    async with store.connection() as connection:
        row = await connection.fetchrow(query("changes", "heads"))
    return Heads(row["sequence"], row["public_sequence"])


async def _rows(
    store: Store, after: int, until: int, limit: int, edit: bool | None, maximum_bytes: int
) -> Sequence[Any]:
    """Changes as a kind of reader sees them, or (``edit`` None) both kinds."""
    seen = query("changes", _SEEN[edit])
    # The order of sequences is the order of commits, so nothing up to a head that was seen can still appear.
    async with store.connection() as connection:
        page = query("changes", "page").replace("{seen}", seen)
        rows: Sequence[Any] = await connection.fetch(page, after, until, limit, maximum_bytes)
    return rows


def encode_item(row: Any, *, edit: bool) -> bytes:
    """Write a change as a kind of reader sees it, its document as it is stored, on one line."""
    document: bytes | None = row["document"]
    redacted = row["content_digest"] is not None and document is None
    if document is not None and (b"\n" in document or b"\r" in document):
        # White space between members: in JSON no text has line breaks.
        document = document.replace(b"\r", b" ").replace(b"\n", b" ")
    return msgspec.json.encode(
        {
            "entity": row["entity"],
            "id": row["entity_id"],
            "sequence": row["sequence"],
            "recorded_at": wire_time(row["recorded_at"]),
            "revision": row["revision"],
            "type": row["type" if edit else "public_type"],
            "author": row["author"],
            "reason": row["reason"],
            "redacted": redacted,
            "redacts": row["redacts" if edit else "public_redacts"] or [],
            "document": None if document is None else msgspec.Raw(document),
        }
    )
