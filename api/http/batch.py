"""``/v1/events/batch``."""

from collections.abc import AsyncIterator
from typing import Annotated, TypeVar

from litestar import Response, post
from msgspec import Meta

from api.http.bodies import check_media_type, read_bytes, stream_body
from api.http.contract import JSON, NDJSON, Contract
from api.http.dependencies import ABatchQuery, HttpRequest, TheReader, TheSettings, TheStore
from api.http.examples import BATCH_ANSWER, EVENT_IN
from api.http.format_examples import EVENT_LINE
from api.http.idempotency import answer_once, read_scope
from api.ingest.rows import Chunk, Row, at_most, in_chunks, read_array, read_lines
from api.ingest.run import Options, read_chunks, write_chunks, write_whole
from api.settings import Settings
from api.store.idempotency import Key, digest_of
from api.store.store import Store
from schema.batch import MAXIMUM_ROWS, BatchAnswer, BatchQuery, BatchRow, RowResult, RowStatus
from schema.problem import ProblemError
from schema.wire import encode

T = TypeVar("T")

_MEDIA_TYPES = (JSON, NDJSON)


@post(
    "/v1/events/batch",
    operation_id="writeEvents",
    summary="Write many events",
    status_code=200,
    opt={
        "contract": Contract(
            tag="events",
            query=BatchQuery,
            # To mypy an annotated type is no ``type``; the contract's schema is made from its bounds, too.
            body=Annotated[list[BatchRow], Meta(min_length=1, max_length=MAXIMUM_ROWS)],  # type: ignore[arg-type]
            body_formats={NDJSON: EVENT_LINE},
            answer=BatchAnswer,
            request_headers=("Idempotency-Key",),
            problems=("too-many-rows",),
            scope="edit",
            body_examples={"one row": [EVENT_IN]},
            answer_examples={"one row": BATCH_ANSWER},
        )
    },
)
async def write_events(
    request: HttpRequest, store: TheStore, reader: TheReader, settings: TheSettings, asked: ABatchQuery
) -> Response[bytes]:
    """Write up to 10,000 events, given as a JSON array or as NDJSON, one event a line.

    All rows are written or, if any has a fault, none is, and the answer is 400 with every fault. With `atomic=false`
    rows are written in chunks as they arrive and every row has its result. With an `Idempotency-Key` each chunk keeps
    its results: whoever is cut off sends the same batch again and gets every event once. A row can refer to what rows
    before it bring: new events and sources by ids of the client's choice, new actors by any name.
    """
    check_media_type(request.headers, _MEDIA_TYPES)
    rows = at_most(_rows(request, settings), MAXIMUM_ROWS)
    options = Options(reader.author, asked.upsert_on)
    if not asked.atomic and not asked.dry_run:
        scope = read_scope(request, reader)

        def key_of(chunk: Chunk) -> Key | None:
            wanted = digest_of(request.scope["query_string"], chunk.digest)
            return Key(scope, wanted, chunk.number) if scope is not None else None

        chunks = write_chunks(store, in_chunks(rows), options, key_of)
        results: list[RowResult] = []
        try:
            async for written in chunks:
                results += written
        except ProblemError as error:
            if not results:
                raise
            raise _stopped(error, results, has_key=scope is not None) from error
        return _answer(BatchAnswer.of(results, dry_run=False))
    received = [row async for row in rows]

    async def write(store: Store) -> Response[bytes]:
        # All of it is read before anybody has to wait for the head.
        chunks = [chunk async for chunk in read_chunks(in_chunks(_again(received)))]
        answer = await write_whole(store, _again(chunks), options, atomic=asked.atomic, dry_run=asked.dry_run)
        return _answer(answer)

    return await answer_once(request, store, reader, b"".join(row.digest for row in received), write)


def _rows(request: HttpRequest, settings: Settings) -> AsyncIterator[Row]:
    """Read the body's rows: NDJSON as it arrives, an array once it is whole."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == NDJSON:
        stream = stream_body(request, media_types=_MEDIA_TYPES, maximum_bytes=settings.maximum_batch_bytes)
        return read_lines(stream, maximum_row_bytes=settings.maximum_body_bytes)
    return _items(request, settings)


async def _items(request: HttpRequest, settings: Settings) -> AsyncIterator[Row]:
    raw = await read_bytes(request, media_types=_MEDIA_TYPES, maximum_bytes=settings.maximum_batch_bytes)
    rows = read_array(raw, maximum_row_bytes=settings.maximum_body_bytes, maximum_rows=MAXIMUM_ROWS)
    async for row in rows:
        yield row


def _stopped(error: ProblemError, results: list[RowResult], *, has_key: bool) -> ProblemError:
    """Add to a problem what stays written although the answer is no success."""
    refused = sum(result.status is RowStatus.REFUSED for result in results)
    but = f", but for {refused:,} that {'was' if refused == 1 else 'were'} refused" if refused else ""
    # What is wrong with the batch itself is wrong with it when it is sent again.
    is_passing = error.kind.status >= 500 or error.kind.slug == "request-in-flight"
    again = ", or the same again with the same Idempotency-Key" if has_key and is_passing else ""
    return ProblemError(
        error.kind,
        f"{error.detail} The first {len(results):,} rows are written{but}; send the rest{again}.",
        error.faults,
        current_revision=error.current_revision,
        headers=error.headers,
    )


async def _again(items: list[T]) -> AsyncIterator[T]:
    for item in items:
        yield item


def _answer(answer: BatchAnswer) -> Response[bytes]:
    return Response(encode(answer), status_code=200, media_type=JSON, headers={"Cache-Control": "no-store"})


HANDLERS = [write_events]
