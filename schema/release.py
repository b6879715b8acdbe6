"""Releases: exports of a chronology that never change."""

from typing import Annotated

from msgspec import Meta, Struct

from schema.answers import Next
from schema.format import Format
from schema.text import Line, Sha256, Slug, Text, Timestamp

#: How many events a release holds at most.
MAXIMUM_EVENTS = 10_000


class ReleaseIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a writer says of a release; everything else follows from the chronology."""

    licence: Annotated[
        Line | None, Meta(description="Under which terms it may be used. Left out, those of the chronology.")
    ] = None
    citation: Annotated[
        Text | None, Meta(description="How it is to be cited. Left out, this is made of what the manifest says.")
    ] = None
    note: Annotated[Text | None, Meta(description="What it was made for, or how it differs from the last one.")] = None


class ReleaseQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a release is asked for."""

    format: Annotated[
        Format | None,
        Meta(description="The file of this format; left out, the one that `Accept` names, and else the manifest."),
    ] = None


class ReleaseFile(Struct, frozen=True, kw_only=True):
    """A file of a release. ``name`` is what to call it, ``bytes`` how long it is, ``href`` where it is."""

    format: Format
    media_type: Annotated[str, Meta(description="Its media type.")]
    name: Annotated[str, Meta(description="What to call it.")]
    bytes: Annotated[int, Meta(description="How long it is, in bytes.")]
    sha256: Annotated[Sha256, Meta(description="Its SHA-256, 64 hexadecimal digits.")]
    href: Annotated[str, Meta(description="Where it is.", extra_json_schema={"format": "uri-reference"})]


class FormatLeftOut(Struct, frozen=True, kw_only=True):
    """A format that a release does not have, and why."""

    format: Format
    reason: Annotated[str, Meta(description="Why there is none.")]


class Release(Struct, frozen=True, kw_only=True):
    """The manifest of a release.

    ``sequence`` and ``digest`` are those of the last change that everybody could see when it was made: its events are
    as they were then. ``revision`` is that of the chronology.
    """

    chronology: Annotated[Slug, Meta(description="The chronology's slug.")]
    revision: Annotated[int, Meta(description="The revision of the chronology that was released.")]
    number: Annotated[int, Meta(description="Counted from 1 for each chronology.")]
    title: Annotated[str, Meta(description="The chronology's title.")]
    note: Annotated[str | None, Meta(description="What it was made for, or how it differs from the last one.")]
    licence: Annotated[str | None, Meta(description="Under which terms it may be used.")]
    citation: Annotated[str, Meta(description="How to cite it.")]
    made_at: Annotated[Timestamp, Meta(description="When it was made.")]
    sequence: Annotated[int, Meta(description="The last change that it holds.")]
    digest: Annotated[Sha256, Meta(description="The digest of the log up to that change.")]
    events: Annotated[int, Meta(description="How many events it holds.")]
    files: Annotated[list[ReleaseFile], Meta(description="Its files, one for each format that takes its events.")]
    left_out: Annotated[list[FormatLeftOut], Meta(description="The formats that it does not have.")]


class Withdrawal(Struct, frozen=True, kw_only=True):
    """When and why a release was withdrawn."""

    withdrawn_at: Annotated[Timestamp, Meta(description="When it was withdrawn.")]
    reason: Annotated[str, Meta(description="Why it was withdrawn.")]


class ReleaseEntry(Struct, frozen=True, kw_only=True):
    """A release in the list of all: either there, with its manifest, or withdrawn."""

    number: Annotated[int, Meta(description="Counted from 1 for each chronology.")]
    made_at: Annotated[Timestamp, Meta(description="When it was made.")]
    href: Annotated[str, Meta(description="Where its manifest is.", extra_json_schema={"format": "uri-reference"})]
    manifest: Annotated[Release | None, Meta(description="Its manifest; null once it has been withdrawn.")]
    withdrawn: Annotated[Withdrawal | None, Meta(description="When and why it was withdrawn, where it was.")]


class ReleasePage(Struct, frozen=True, kw_only=True):
    """One page of a chronology's releases. ``next`` is the cursor of the next page, null on the last one."""

    items: Annotated[list[ReleaseEntry], Meta(description="The releases, in the order of their numbers.")]
    next: Next
