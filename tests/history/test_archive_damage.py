"""Archives that are not as they were written: each is refused with what is wrong, and nothing of it is stored."""

import gzip
import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.history.archive import ArchiveError, Reader, maximum_line_bytes
from tests.conftest import Client
from tests.history.archives import (
    MAXIMUM_LINE_BYTES,
    archive_of,
    edited,
    lines_of,
    restore_into,
    revise,
    rows_of,
    sealed,
    zipped,
)
from tests.writing import empty, make_actors, make_event

Damage = Callable[[list[bytes]], list[bytes]]


@pytest.fixture(scope="module")
async def lines(lasting: Client) -> list[bytes]:
    """A small archive: a header, eleven changes (the last has no content, the one before it a reason), an end."""
    await make_actors(lasting)
    event = await make_event(lasting)
    draft = await make_event(lasting, state="draft", title="Draft")
    event = await revise(lasting, event, "PATCH", "", {"title": "“Other”"})
    await revise(lasting, event, "POST", "/retract", {"change": {"reason": "Because."}})
    await revise(lasting, draft, "DELETE", "", None)
    archive = await archive_of(lasting)
    await empty(lasting)
    return lines_of(archive)


@pytest.fixture(scope="module")
async def before(lasting_target: Client) -> Any:
    return await rows_of(lasting_target)


async def check_refused(target: Client, before: Any, archive: bytes, said: str) -> None:
    with pytest.raises(ArchiveError, match=said):
        await restore_into(target, archive)
    assert await rows_of(target) == before


def change(number: int, **members: Any) -> Damage:
    """Change members of the line of a change; of its content those that are named ``content_…``."""

    def damage(lines: list[bytes]) -> list[bytes]:
        content = json.loads(lines[number]).get("content")
        inner = {name.removeprefix("content__"): value for name, value in members.items() if "__" in name}
        outer = {name: value for name, value in members.items() if "__" not in name}
        if inner:
            outer["content"] = {**content, **inner}
        return [*lines[:number], edited(lines[number], **outer), *lines[number + 1 :]]

    return damage


def swap(lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def flip_in_document(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"kind":"treaty"', b'"kind":"treatz"', 1) for line in lines]


def respell_document(lines: list[bytes]) -> list[bytes]:
    """The same values in other bytes: what no digest of the chain covers."""
    return [line.replace(b'"kind":"treaty"', b'"kind": "treaty"', 1) for line in lines]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip_in_document, "content of change 7 is not what was written"),
        (respell_document, "checksum"),
        (change(7, content__salt="00" * 16), "content of change 7 is not what was written"),
        (change(7, content__salt="0g"), "Line 8 of the archive is not a change"),
        (change(10, content__reason="Because!"), "content of change 10 is not what was written"),
        (change(10, content__reason=None), "content of change 10 is not what was written"),
        (lambda lines: sealed(change(7, content=None)(lines)), "content of change 7 is missing, and no redaction"),
        (change(11, content={"salt": "00", "reason": None, "document": {}}), "Change 11 has a content"),
        (change(7, author="nobody"), "Change 7 does not follow"),
        (change(7, recorded_at="2024-01-01T00:00:00Z"), "Change 7 is recorded earlier .* Change 7 does not follow"),
        (change(7, recorded_at="2024-01-01T00:00:00"), "Line 8 of the archive is not a change"),
        (change(7, revision=2), "Change 7 does not follow"),
        (change(7, type="correction"), "Change 7 does not follow"),
        (change(7, type="rewriting"), "Line 8 of the archive is not a change"),
        (change(8, public_type="create"), "Change 8 does not follow"),
        (change(7, entity="source"), "Change 7 does not follow"),
        (change(7, entity_id="x"), "Change 7 does not follow"),
        (change(7, digest="00" * 32), "Change 7 does not follow"),
        (change(7, content_digest="00" * 32), "change 7 is not what was written. Change 7 does not follow"),
        (change(7, sequence=8), "Changes 7 to 7 are missing"),
        (change(7, sequence=2**63), "Line 8 of the archive is not a change"),
        (change(7, further=1), "Line 8 of the archive is not a change"),
        (swap, "Changes 3 to 3 are missing"),
        (lambda lines: [*lines[:7], *lines[8:]], "Changes 7 to 7 are missing"),
        (lambda lines: [*lines[:11], *lines[12:]], "Line 12 of the archive is not a change"),
        (lambda lines: [*lines[:7], lines[7], *lines[7:]], "Change 7 comes after change 7"),
        (lambda lines: [*lines[:11], lines[11], *lines[11:]], "Line 13 of the archive is not the end"),
        (lambda lines: [*lines[:7], b"\n", *lines[7:]], "Line 8 of the archive is not a change"),
        (lambda lines: [*lines, b"\n"], "Something comes after the end"),
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: lines[:5], "cut off"),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], "cut off"),
        (lambda lines: [edited(lines[0], digest="00" * 32), *lines[1:]], "name different heads"),
        (lambda lines: [edited(lines[0], sequence=10), *lines[1:]], "Line 12 of the archive is not the end"),
        (lambda lines: [*lines[:-1], edited(lines[-1], changes=12)], "name different heads"),
        (lambda lines: [*lines[:-1], edited(lines[-1], sha256="00" * 32)], "checksum"),
        (lambda lines: [edited(lines[0], version=3, sequence="many"), *lines[1:]], "version 3; .* Use a newer one"),
        (lambda lines: [edited(lines[0], version=0), *lines[1:]], "version 0"),
        (lambda lines: [edited(lines[0], format="other"), *lines[1:]], "not an archive"),
        (lambda lines: lines[1:], "not an archive"),
        (lambda lines: [b"[" * 3000 + b"\n"], "not an archive"),
        (lambda lines: [], "cut off"),
        (lambda lines: [lines[0], b'{"content":' + b"[" * 100_000 + b"\n"], "Line 2 of the archive is not a change"),
        (
            lambda lines: [lines[0], lines[1].replace(b'"document":{', b'"document":{"x":' + b"1" * 400 + b",")],
            "change 1",
        ),
        (lambda lines: [lines[0], b"\xff" * 100 + b"\n"], "Line 2 of the archive is not a change"),
    ],
)
async def test_damaged_lines_are_refused(
    lasting_target: Client, lines: list[bytes], before: Any, damage: Damage, said: str
) -> None:
    damaged = damage(lines)
    assert damaged != lines
    await check_refused(lasting_target, before, zipped(damaged), said)


def test_every_cut_is_told_from_a_whole_file(lines: list[bytes]) -> None:
    archive = zipped(lines)
    for end in range(0, len(archive), 7):
        with pytest.raises(ArchiveError, match="cut off"):
            read(archive[:end])
    assert read(archive) == 11


def test_every_flipped_byte_of_the_file_is_found(lines: list[bytes]) -> None:
    """Or says nothing: gzip has bits that mean nothing, in its header and before the end of a block."""
    archive = zipped(lines)
    random, found = Random(1), 0
    for _ in range(300):
        place, bit = random.randrange(len(archive)), 1 << random.randrange(8)
        flipped = archive[:place] + bytes([archive[place] ^ bit]) + archive[place + 1 :]
        try:
            read(flipped)
        except ArchiveError:
            found += 1
        else:
            assert gzip.decompress(flipped) == b"".join(lines)
    assert found > 280


def test_every_flipped_byte_of_the_lines_is_found(lines: list[bytes]) -> None:
    """Also where somebody has unpacked the file and packed it again, so that gzip's own checksum fits."""
    whole = b"".join(lines)
    random = Random(2)
    for _ in range(300):
        place, bit = random.randrange(len(whole)), 1 << random.randrange(8)
        flipped = whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :]
        with pytest.raises(ArchiveError):
            read(zipped([flipped]))


def read(archive: bytes) -> int:
    return len(list(Reader(BytesIO(archive), MAXIMUM_LINE_BYTES).changes()))


@pytest.mark.parametrize("beginning", [0, 1, 2])
def test_what_unpacks_to_very_much_is_left_at_its_first_long_line(lines: list[bytes], beginning: int) -> None:
    """64 MiB of one letter come as 64 KiB, of which no more is read than one line and what is read ahead."""
    stream = BytesIO(zipped([*lines[:beginning], b"a" * 64 * 1024**2]))
    with pytest.raises(ArchiveError, match=f"Line {beginning + 1} of the archive is longer than"):
        list(Reader(stream, MAXIMUM_LINE_BYTES).changes())
    assert stream.tell() < len(stream.getvalue()) / 4


def test_something_else_is_no_archive() -> None:
    for other in (b"PK\x03\x04", b'{"format": "dateline-archive"}\n', b"\x1f\x8b\x00\x00", gzip.compress(b"[]")):
        with pytest.raises(ArchiveError, match=r"not an archive|cut off"):
            Reader(BytesIO(other), MAXIMUM_LINE_BYTES)


def test_lines_may_be_as_long_as_the_largest_records() -> None:
    assert maximum_line_bytes(1024) == 64 * 1024**2
    assert maximum_line_bytes(8 * 1024**2) == 128 * 1024**2
    assert maximum_line_bytes(1024**3) == 1024**3


def test_the_form_is_documented(lines: list[bytes]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "archive.md").read_text(encoding="utf-8")
    table = text.split("| member | what |")[1].split("\n\n")[0]
    members = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert [member for member in members if member != "redacts"] == list(json.loads(lines[1]))
    for line, example in zip((lines[0], lines[-1]), re.findall(r"```json\n(.*)\n```", text), strict=True):
        assert list(json.loads(example)) == list(json.loads(line))
