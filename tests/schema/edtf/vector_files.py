"""The fixture files: one text a row, columns by their heading."""

import csv
from pathlib import Path

FOLDER = Path(__file__).parent / "vectors"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def rows(name: str) -> list[dict[str, str]]:
    return rows_of(FOLDER / f"{name}.tsv")


def bound(cell: str) -> str | None:
    return None if cell in ("..", "unknown") else cell
