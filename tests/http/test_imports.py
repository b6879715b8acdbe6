"""``/v1/imports``: files as bodies and in forms, and their reports."""

import csv
import gzip
import io
import json
from typing import Any

import asyncpg
import openpyxl
import pytest

from api.http import imports as http_imports
from api.ingest import importing, opening
from schema.problem import problem
from tests.conftest import Client, Database, serving
from tests.ingest.files import events, lines, send_file, statuses
from tests.writing import NOBODY, check_problem, contents_of, event_body, new_token

MAPPING = {"title": {"from": "a"}, "kind": {"always": "talks"}, "date": {"from": "b"}}


async def _post(client: Client, content: bytes, media_type: str = "application/x-ndjson", **options: Any) -> Any:
    headers = {**client.edit, "Content-Type": media_type, **options.pop("headers", {})}
    return await client.http.post("/v1/imports", content=content, headers=headers, **options)


async def test_the_answer_is_the_report_and_stays(client: Client) -> None:
    content = lines([event_body(title="One"), {"title": "Broken"}])
    answer = await _post(client, content, headers={"Content-Disposition": 'attachment; filename="../a b.ndjson"'})
    assert answer.status_code == 201
    report = answer.json()
    assert answer.headers["location"] == f"/v1/imports/{report['id']}"
    assert (report["state"], report["file"], report["format"]) == ("finished", "a b.ndjson", "ndjson")
    assert (report["encoding"], report["line_ends"], report["bytes"]) == ("UTF-8", "LF", len(content))
    assert statuses(report) == ["created", "refused"]
    assert {error["pointer"] for error in report["results"][1]["errors"]} == {"/1/kind", "/1/date"}
    kept = await client.http.get(answer.headers["location"], headers=client.edit)
    assert kept.json() == report


async def test_reports_as_spreadsheets_have_no_formulas(client: Client) -> None:
    report = await send_file(client, lines([{"=cmd()": 1}, event_body(date='=HYPERLINK("x")')]))
    address = f"/v1/imports/{report['id']}"
    table = await client.http.get(address, params={"format": "csv"}, headers=client.edit)
    assert table.headers["content-type"].startswith("text/csv")
    assert "attachment" in table.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(table.text, newline="")))
    assert [row["row"] for row in rows] == ["1", "2"]
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    book = await client.http.get(address, headers={**client.edit, "Accept": xlsx})
    assert book.headers["content-type"] == xlsx
    opened = openpyxl.load_workbook(io.BytesIO(book.content))
    for sheet in opened:
        for cells in sheet.iter_rows():
            assert all(cell.data_type in "sn" for cell in cells), sheet.title
    assert [cell.value for cell in opened["Rows"]["B"]] == ["status", "refused", "refused"]
    for row in rows:
        assert all(cell[:1] not in ("=", "+", "-", "@") for cell in row.values())
    check_problem(await client.http.get(address, headers={**client.edit, "Accept": "image/png"}), "not-acceptable")


async def test_who_may_read_reports(client: Client) -> None:
    report = await send_file(client, lines([event_body()]))
    address = f"/v1/imports/{report['id']}"
    check_problem(await client.http.get(address), "token-required")
    reader = await new_token(client, "reader", "read")
    check_problem(await client.http.get(address, headers=reader), "forbidden")
    check_problem(await client.http.post("/v1/imports", headers=reader, content=b"{}"), "forbidden")
    check_problem(await client.http.get(f"/v1/imports/{NOBODY}", headers=client.edit), "not-found")
    check_problem(await client.http.get("/v1/imports/x", headers=client.edit), "not-found")


async def test_what_cannot_be_read(client: Client) -> None:
    before = await contents_of(client)
    for content, slug in (
        (b"", "unreadable-file"),
        (b"\n \n", "unreadable-file"),
        (b"[1, 2", "unreadable-file"),
        (b"[]", "unreadable-file"),
        (b"PK\x03\x04 no archive", "unreadable-file"),
        (b"\x1f\x8b no gzip", "unreadable-file"),
        (b"some,columns\nof,nobody\n", "unreadable-file"),
        (b"title,date\n", "unreadable-file"),
    ):
        check_problem(await _post(client, content, "application/octet-stream"), slug)
    check_problem(await _post(client, b"a,b\n1,2\n", params={"format": "ucdp"}), "unreadable-file")
    check_problem(await _post(client, b"a,b\n1,2\n", params={"format": "xlsx"}), "unreadable-file")
    check_problem(await _post(client, b"{}", "image/png"), "unsupported-media-type")
    check_problem(await _post(client, b"{}", params={"format": "docx"}), "invalid-parameters", places={"format"})
    check_problem(await _post(client, b"{}", params={"upsert_on": "A B"}), "invalid-parameters", places={"upsert_on"})
    assert await contents_of(client) == before


async def test_forms(client: Client) -> None:
    async def send(*parts: tuple[str, Any]) -> Any:
        return await client.http.post("/v1/imports", files=list(parts), headers=client.edit)

    table = ("file", ("table.csv", b"a,b\nOne,2024\n", "text/csv"))
    mapping = ("mapping", ("m.json", json.dumps(MAPPING).encode(), "application/json"))
    for parts in ([table, mapping], [mapping, table]):
        answer = await send(*parts)
        assert answer.status_code == 201, answer.text
        assert answer.json()["mapped"] is True
    check_problem(await send(mapping), "invalid-body", places={"/file"})
    check_problem(await send(table, table), "invalid-body", places={""})
    check_problem(await send(table, ("other", ("x", b"", ""))), "invalid-body", places={""})
    check_problem(await send(table, ("mapping", ("m", b"{", ""))), "malformed-body")
    broken = {"title": {}, "kind": {"always": "x", "from": "a"}, "date": {"from": "b", "format": "DDMM"}, "tag": []}
    answer = await send(table, ("mapping", ("m", json.dumps(broken).encode(), "")))
    check_problem(
        answer,
        "invalid-body",
        places={"/mapping/title", "/mapping/kind", "/mapping/date/format", "/mapping/tag"},
    )
    missing = MAPPING | {"summary": {"template": "{a} and {c}"}}
    answer = await send(table, ("mapping", ("m", json.dumps(missing).encode(), "")))
    check_problem(answer, "invalid-body", places={"/mapping/summary/template"})
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=x"):
        check_problem(await _post(client, b"nonsense", content_type), "malformed-body")


async def test_bounds(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(database, maximum_import_bytes=20_000) as client:
        before = await contents_of(client)
        check_problem(await _post(client, b" " * 20_001), "body-too-large")
        form = {"file": ("x.ndjson", b" " * 20_001, "text/plain")}
        check_problem(await client.http.post("/v1/imports", files=form, headers=client.edit), "body-too-large")
        big = {**form, "file": ("x", b"{}", ""), "mapping": ("m", b" " * (1024**2 + 1), "")}
        check_problem(await client.http.post("/v1/imports", files=big, headers=client.edit), "body-too-large")
        # A bomb: what comes out of it is counted, not believed.
        bomb = gzip.compress(b"\n" * 20_000_000)
        assert len(bomb) < 20_000
        monkeypatch.setattr(opening, "RATIO_FROM_BYTES", 1_000_000)
        check_problem(await _post(client, bomb, "application/gzip"), "body-too-large")
        monkeypatch.setattr(http_imports, "MAXIMUM_IMPORT_ROWS", 2)
        rows = lines([event_body(title=f"Event {number}") for number in range(3)])
        check_problem(await _post(client, rows), "too-many-rows")
        assert await contents_of(client) == before
        long = lines([event_body(summary="x" * 12_000)]) + b'{"title": "' + b"x" * 4000
        monkeypatch.setattr(opening, "MAXIMUM_ROW_BYTES", 3000)
        report = (await _post(client, long)).json()
        assert statuses(report) == ["refused", "refused"]
        assert "at most 3,000 bytes" in report["results"][0]["errors"][0]["detail"]


async def test_gzip_is_unpacked(client: Client) -> None:
    report = await send_file(client, gzip.compress(lines([event_body()])), "events.ndjson.gz")
    assert (report["format"], report["created"]) == ("ndjson", 1)
    assert report["notes"] == ["The file was unpacked (gzip)."]


async def test_a_failure_on_the_way_says_what_is_written(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", 2)
    whole, calls = importing.write_file_rows, 0

    async def fail_later(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise problem("unavailable", "The store is away.")
        return await whole(*arguments)

    content = lines([event_body(title=f"Event {number}") for number in range(6)])
    with monkeypatch.context() as patch:
        patch.setattr(importing, "write_file_rows", fail_later)
        body = check_problem(await _post(client, content), "unavailable")
    assert "4 rows are written" in body["detail"]
    address = body["detail"].partition("see ")[2].partition(". ")[0]
    report = (await client.http.get(address, headers=client.edit)).json()
    assert (report["state"], report["problem"]) == ("failed", "The store is away.")
    assert statuses(report) == ["created"] * 4
    assert statuses(await send_file(client, content)) == ["unchanged"] * 4 + ["created"] * 2
    assert len(await events(client)) == 6


async def test_a_report_tells_how_far_it_is(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK_ROWS", 2)
    kept: list[dict[str, Any]] = []
    whole = http_imports.keep_part

    async def look(store: Any, summary: Any, *arguments: Any) -> None:
        await whole(store, summary, *arguments)
        kept.append((await client.http.get(f"/v1/imports/{summary.id}", headers=client.edit)).json())

    monkeypatch.setattr(http_imports, "keep_part", look)
    await send_file(client, lines([event_body(title=f"Event {number}") for number in range(5)]))
    assert [(one["state"], one["rows"], len(one["results"])) for one in kept] == [
        ("running", 2, 2),
        ("running", 4, 4),
        ("running", 5, 5),
    ]


async def test_reports_expire_and_silent_ones_have_failed(client: Client) -> None:

    report = await send_file(client, lines([event_body()]))
    owner = await asyncpg.connect(client.database.owner_url)
    address = f"/v1/imports/{report['id']}"
    try:
        running = "UPDATE import SET touched_at = now() - interval '1 hour', summary = convert_to(replace("
        await owner.execute(running + "convert_from(summary, 'UTF8'), 'finished\"', 'running\"'), 'UTF8')")
        silent = (await client.http.get(address, headers=client.edit)).json()
        assert silent["state"] == "failed"
        assert "interrupted" in silent["problem"]
        await owner.execute("UPDATE import SET expires_at = now() - interval '1 second' WHERE id = $1", report["id"])
        check_problem(await client.http.get(address, headers=client.edit), "not-found")
        await send_file(client, lines([event_body()]))
        assert await owner.fetchval("SELECT count(*) FROM import WHERE id = $1", report["id"]) == 0
        assert await owner.fetchval("SELECT count(*) FROM import_part WHERE import_id = $1", report["id"]) == 0
    finally:
        await owner.close()
