"""Mappings: every value where it was said to be, and nothing guessed."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from api.formats.mapping import row_of, unknown_columns
from schema.batch import BatchRow
from schema.mapping import DateFormat, Mapping
from schema.validation import read
from tests.beside import shared
from tests.conftest import Client
from tests.ingest.files import MAPPINGS, events, send_file

BASE: dict[str, Any] = {"title": {"from": "t"}, "kind": {"always": "talks"}, "date": {"from": "d"}}


def mapping(**members: Any) -> Mapping:
    reading = read(BASE | members, Mapping)
    assert not reading.flaws, reading.flaws
    return reading.value


def made(record: dict[str, Any], **members: Any) -> dict[str, Any]:
    row = row_of(mapping(**members), {"t": "A title", "d": "2024"} | record, 0)
    assert not row.flaws, row.flaws
    assert row.value is not None
    assert not read(row.value, BatchRow).flaws or "citations" in str(read(row.value, BatchRow).flaws)
    return row.value


@pytest.mark.parametrize(
    ("form", "text", "date"),
    [
        ("EDTF", "2024-06?/..", "2024-06?/.."),
        ("YYYYMMDD", "20240630", "2024-06-30"),
        ("YYYY-MM-DD", "2024-6-3", "2024-06-03"),
        ("YYYY/MM/DD", "2024/06/30", "2024-06-30"),
        ("DD/MM/YYYY", "3/4/2024", "2024-04-03"),
        ("MM/DD/YYYY", "3/4/2024", "2024-03-04"),
        ("DD.MM.YYYY", "03.04.2024", "2024-04-03"),
        ("DD-MM-YYYY", "03-04-2024", "2024-04-03"),
        ("YYYY-MM", "2024-6", "2024-06"),
        ("YYYYMM", "202406", "2024-06"),
        ("MM/YYYY", "6/2024", "2024-06"),
        ("YYYY", "2024", "2024"),
    ],
)
def test_dates_are_read_as_they_are_said_to_be_written(form: str, text: str, date: str) -> None:
    assert made({"d": text}, date={"from": "d", "format": form})["date"] == date


@pytest.mark.parametrize("form", list(DateFormat))
@pytest.mark.parametrize("text", ["", "June 2024", "20240631 ", "3-4-24", "2024-06-30T00:00", "2024-06-30 (?)"])
def test_no_other_way_of_writing_is_taken(form: DateFormat, text: str) -> None:
    row = row_of(mapping(date={"from": "d", "format": form.value}), {"t": "x", "d": text}, 0)
    assert row.flaws or read(row.value, BatchRow).flaws or row.value == {**(row.value or {}), "date": text}


def test_paths_lists_and_templates() -> None:
    record = {
        "where": {"town": "Nizhyn", "province": ""},
        "who": [{"n": "A"}, {"x": 1}, {"n": "B"}],
        "n": 3,
        "yes": True,
        "a.b": "flat",
    }
    value = made(
        record,
        summary={"template": "{where.town}, {where.province}; {n}"},
        tags=[{"from": "who[].n"}, {"from": "a.b"}, {"from": "yes"}, {"template": "{missing}, {gone}"}],
        places=[{"name": {"template": "{where.town}, {where.province}"}}],
    )
    assert value["summary"] == "Nizhyn; 3"
    assert value["tags"] == ["A", "B", "flat", "true"]
    assert value["places"] == [{"name": "Nizhyn"}]


def test_lists_stand_side_by_side_if_they_are_as_long() -> None:
    source = {"url": {"from": "u", "separator": "|"}, "publisher": {"from": "p", "separator": "|"}}

    def sources(urls: str, publishers: str) -> tuple[list[Any], list[str]]:
        row = row_of(mapping(citations=[{"source": source}]), {"t": "x", "d": "2024", "u": urls, "p": publishers}, 0)
        assert row.value is not None
        found = [citation["source"] for citation in row.value["citations"]]
        return [(one["url"][-1], one.get("publisher")) for one in found], [
            warning for warning in row.warnings if "entries" in warning
        ]

    a, b = "https://x.example/a", "https://x.example/b"
    assert sources(f"{a}|{b}", "A|B") == ([("a", "A"), ("b", "B")], [])
    assert sources(f"{a}|{b}", "A") == ([("a", "A"), ("b", "A")], [])
    assert sources(f"{a}|{b}", "A|B|C")[0] == []
    assert sources(f"{a}|{b}|{a}", "A|B") == (
        [("a", None), ("b", None)],
        ["There are 3 entries and 2 of publisher, which is left out."],
    )
    assert sources("", "A") == ([], [])


def test_words_and_identity() -> None:
    members = {
        "kind": {"from": "k", "words": {"1": "treaty"}},
        "external_ids": {"x": {"from": "i"}},
        "identity": "x",
    }
    value = made({"k": 1, "i": 7}, **members)
    assert value["kind"] == "treaty"
    assert value["external_ids"] == {"x": "7"}
    assert made({"k": 1, "i": "7", "t": "Another"}, **members)["id"] == value["id"]
    row = row_of(mapping(**members), {"t": "x", "d": "2024", "k": 2}, 0)
    assert [flaw.pointer for flaw in row.flaws] == ["/external_ids/x"]
    assert row.warnings == ["The mapping has no word for '2'; it is left out."]


def test_what_a_mapping_cannot_be() -> None:
    for members, pointer in (
        ({"title": {}}, "/title"),
        ({"title": {"from": "a", "always": "b"}}, "/title"),
        ({"date": {"from": "d", "format": "MMDD"}}, "/date/format"),
        ({"identity": "x"}, "/identity"),
        ({"state": "retracted"}, "/state"),
        ({"citations": [{"locator": {"from": "a"}}]}, "/source"),
        ({"citations": [{"source": {"kind": {"from": "a"}}}]}, "/citations/0/source"),
        ({"places": [{"name": {"form": "a"}}]}, "/places/0/name/form"),
    ):
        assert pointer in {flaw.pointer for flaw in read(BASE | members, Mapping).flaws}, members


def test_columns_that_are_not_there_are_named() -> None:
    flaws = unknown_columns(mapping(tags=[{"template": "{T} {x}"}]), ["t", "d", "x"])
    assert [(flaw.pointer, flaw.detail) for flaw in flaws] == [("/tags/0/template", "There is no column 'T'.")]


async def test_some_of_viina(client: Client) -> None:
    # Texts have line breaks: so many lines are some rows fewer, the last of them cut off.
    raw = b"".join(shared("data/VIINA_2022_REBUILD.csv").read_bytes().splitlines(keepends=True)[:101])
    for expected, dry_run in (("created", False), ("unchanged", True)):
        report = await send_file(client, raw, "viina.csv", (MAPPINGS / "viina.json").read_bytes(), dry_run=dry_run)
        assert 80 < report[expected] >= report["rows"] - 1
    for event in (await events(client))[:50]:
        assert event["when"]["precision"] == "day"
        assert event["citations"][-1]["locator"] == f"event_id_1pd {event['external_ids']['viina']}"


@pytest.mark.soak
async def test_all_of_viina(client: Client) -> None:
    raw = shared("data/VIINA_2022_REBUILD.csv").read_bytes()
    report = await send_file(client, raw, "viina.csv", (MAPPINGS / "viina.json").read_bytes())
    assert (report["rows"], report["created"]) == (2060, 2060)
    assert (report["encoding"], report["line_ends"]) == ("UTF-8", "CRLF")
    told = Counter("cut" if " was cut " in text else text for row in report["results"] for text in row["warnings"])
    # 16 rows have no address; the articles of all others have no title; 235 texts are longer than a title.
    assert told == {"A source has no title; its address stands for it.": 2044, "cut": told["cut"]}
    assert sum(any("The title was cut" in text for text in row["warnings"]) for row in report["results"]) == 235
    again = await send_file(client, raw, "viina.csv", (MAPPINGS / "viina.json").read_bytes(), dry_run=True)
    assert again["unchanged"] == 2060


async def test_wikitimes(client: Client) -> None:
    raw = shared("data/wikitimes_CEP.json").read_bytes()
    report = await send_file(client, raw, "wikitimes.json", (MAPPINGS / "wikitimes.json").read_bytes())
    assert (report["format"], report["rows"], report["created"]) == ("json", 428, 428)
    # All that is warned of is that a text is longer than a title.
    assert all(" was cut to 300 " in text for row in report["results"] for text in row["warnings"])
    found = await events(client)
    assert len(found) == 428
    # One event names no source of its own, and cites the file.
    assert sum(any(one["locator"] for one in event["citations"]) for event in found) == 1
    assert sum(len(event["citations"]) for event in found) == 611 + 1
    assert sum(len(event["actors"]) for event in found) >= 1500


def test_the_mapping_of_the_documentation_is_one() -> None:
    text = (MAPPINGS.parent / "imports.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    assert read(json.loads(example), Mapping).flaws == []
    assert all(f"`{form.value}`" in text for form in DateFormat)
