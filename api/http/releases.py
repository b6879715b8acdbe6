"""``/v1/chronologies/{slug}/releases``."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from api.export.releases import make_release
from api.http.answers import answer_value, next_link, nothing
from api.http.bodies import read_document
from api.http.chronologies import seen_chronology
from api.http.conditional import answer_unchanged
from api.http.contract import Contract, Link
from api.http.dependencies import AListQuery, AReleaseQuery, HttpRequest, TheReader, TheSettings, TheStore
from api.http.examples import RELEASE, RELEASE_IN, RELEASE_PAGE
from api.http.exports import GUARDS, chosen_format, home_of
from api.http.format_examples import FORMAT_EXAMPLES
from api.http.idempotency import answer_once
from api.http.parameters import is_unchanged, read_number
from api.store import releases
from api.store.store import Store
from schema.format import Format
from schema.problem import problem
from schema.query import EventQuery, ListQuery
from schema.release import Release, ReleaseFile, ReleaseIn, ReleasePage, ReleaseQuery
from schema.wire import encode

#: How long a request waits for the releases before it that this process makes, in seconds.
_PATIENCE_S = 30.0


@get(
    "/v1/chronologies/{slug:str}/releases",
    operation_id="listReleases",
    summary="List the releases of a chronology",
    opt={
        "contract": Contract(
            tag="chronologies",
            query=ListQuery,
            answer=ReleasePage,
            answer_headers=("ETag", "Cache-Control", "Link"),
            request_headers=("If-None-Match",),
            problems=("invalid-cursor", "withdrawn"),
            answer_examples={"one release": RELEASE_PAGE},
        )
    },
)
async def list_releases(
    request: HttpRequest, store: TheStore, reader: TheReader, asked: AListQuery, slug: FromPath[str]
) -> Response[bytes]:
    """Give one page of a chronology's releases in the order of their numbers, with their manifests.

    Of one that was withdrawn, when and why is told.
    """
    chronology = await seen_chronology(store, reader, slug)
    entries, following = await releases.list_releases(store, chronology.slug, asked)
    page = ReleasePage(items=entries, next=following)
    # No change of the log tells of a new release: the tag is that of what is said.
    tag = f'W/"{hashlib.sha256(encode(page)).hexdigest()[:32]}"'
    if (unchanged := answer_unchanged(request, tag)) is not None:
        return unchanged
    answer = answer_value(page, tag)
    if following is not None:
        answer.headers["Link"] = next_link(request, cursor=following)
    return answer


@post(
    "/v1/chronologies/{slug:str}/releases",
    operation_id="createRelease",
    summary="Release a chronology",
    opt={
        "contract": Contract(
            tag="chronologies",
            status=201,
            body=ReleaseIn,
            answer=Release,
            answer_headers=("ETag", "Location"),
            request_headers=("Idempotency-Key",),
            problems=("conflict", "too-many-events"),
            scope="edit",
            links={
                "read": Link(
                    "getRelease",
                    {"slug": "$response.body#/chronology", "number": "$response.body#/number"},
                    "Read its manifest again.",
                )
            },
            body_examples={"for an article": RELEASE_IN},
            answer_examples={"the first": RELEASE},
        )
    },
)
async def create_release(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, slug: FromPath[str]
) -> Response[bytes]:
    """Freeze a published chronology as everybody sees it now, at most 10,000 events, in every format that takes them.

    The files never change. The manifest has their checksums, and the sequence and the digest of the log's head. Making
    it takes from a second to a minute; releases are made one after the other.
    """
    chronology = await seen_chronology(store, reader, slug)
    body = await read_document(request, maximum_bytes=settings.maximum_body_bytes)

    async def write(kept_in: Store) -> Response[bytes]:
        release = await make_release(store, kept_in, chronology.slug, body, home=home_of(request, settings))
        location = f"/v1/chronologies/{release.chronology}/releases/{release.number}"
        return _answer_manifest(encode(release), status=201, location=location)

    async with _alone(request):
        return await answer_once(request, store, reader, body, write)


@asynccontextmanager
async def _alone(request: HttpRequest) -> AsyncIterator[None]:
    """Make one release at a time in a process: each takes two connections and much of the processor."""
    lock: asyncio.Lock = request.app.state.setdefault("making_release", asyncio.Lock())
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await lock.acquire()
    except TimeoutError:
        raise releases.being_made() from None
    try:
        yield
    finally:
        lock.release()


@get(
    "/v1/chronologies/{slug:str}/releases/{number:str}",
    operation_id="getRelease",
    summary="Read a release: its manifest, or one of its files",
    opt={
        "contract": Contract(
            tag="chronologies",
            query=ReleaseQuery,
            answer=Release,
            answer_formats=FORMAT_EXAMPLES,
            or_file=True,
            answer_headers=("ETag", "Cache-Control"),
            request_headers=("If-None-Match",),
            problems=("not-acceptable", "withdrawn"),
            answer_examples={"the first": RELEASE},
        )
    },
)
async def get_release(
    request: HttpRequest,
    store: TheStore,
    reader: TheReader,
    settings: TheSettings,
    asked: AReleaseQuery,
    slug: FromPath[str],
    number: FromPath[str],
) -> Response[bytes] | Stream:
    """Read the manifest or, with `format` or by `Accept`, a file, whose entity tag is its SHA-256.

    Files never change, but a release of which something had to be deleted by law is gone, and the answer says why. So a
    copy that is kept has to be asked about each time it is used (`Cache-Control: no-cache`): as long as the release is
    there, the answer to its entity tag is 304.
    """
    chronology = await seen_chronology(store, reader, slug)
    kept = await releases.find_release(store, chronology.slug, read_number(number, "number"))
    if kept is None:
        raise nothing()
    if kept.withdrawal is not None:
        withdrawn = kept.withdrawal
        raise problem("withdrawn", f"This release was withdrawn on {withdrawn.withdrawn_at[:10]}: {withdrawn.reason}")
    assert kept.manifest is not None
    format = chosen_format(request, EventQuery(format=asked.format))
    if asked.format is None and format is Format.JSON:
        answer = _answer_manifest(kept.manifest)
        if is_unchanged(request, answer.headers["ETag"]):
            return Response(b"", status_code=304, headers=answer.headers)
        return answer
    release = msgspec.json.decode(kept.manifest, type=Release)
    # Where a token is needed to read, a shared cache must not give the file to others.
    whose = "public" if settings.reading == "open" else "private"
    return _answer_file(request, store, release, _file_of(release, format), whose)


def _file_of(release: Release, format: Format) -> ReleaseFile:
    """The file of a format; 404 with the reason where the release has none."""
    for file in release.files:
        if file.format is format:
            return file
    reason = next((one.reason for one in release.left_out if one.format is format), "It was made before there was one.")
    raise problem("not-found", f"This release has no {format.value}. {reason}")


def _answer_manifest(manifest: bytes, *, status: int = 200, location: str | None = None) -> Response[bytes]:
    headers = {"Cache-Control": "no-cache", "ETag": f'"{hashlib.sha256(manifest).hexdigest()[:32]}"'}
    headers |= {"Location": location} if location else {}
    return Response(manifest, status_code=status, media_type="application/json", headers=headers)


def _answer_file(
    request: HttpRequest, store: Store, release: Release, file: ReleaseFile, whose: str
) -> Response[bytes] | Stream:
    headers = {
        **GUARDS,
        # The bytes never change, but may have to be withdrawn: a copy is asked about, which costs one lookup.
        "Cache-Control": f"{whose}, no-cache",
        "ETag": f'"{file.sha256}"',
        "Content-Disposition": f'inline; filename="{file.name}"',
    }
    if is_unchanged(request, headers["ETag"]):
        return Response(b"", status_code=304, headers=headers)
    pieces = releases.read_file(store, release.chronology, release.number, file.format, file.bytes)
    # With its length known, a file that breaks off never looks whole.
    headers["Content-Length"] = str(file.bytes)
    # The character set of texts is added by Litestar.
    return Stream(pieces, media_type=file.media_type, headers=headers)


HANDLERS = [list_releases, create_release, get_release]
