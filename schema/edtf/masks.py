"""Dates with unspecified digits (X): which days they allow, without walking through all days."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from schema.edtf.calendar import (
    GROUPINGS,
    SECONDS_PER_DAY,
    day_number,
    days_in_month,
    month_seconds,
)

Run = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mask:
    """The parts of a date without a time; `month` and `day` are two characters or None, `years` ascend."""

    years: tuple[tuple[int, int], ...]
    """Inclusive stretches of years."""
    month: str | None
    day: str | None


@lru_cache(maxsize=1024)
def year_stretches(mask: str) -> tuple[tuple[int, int], ...]:
    """The years that a four-digit mask such as `1XX3` or `-01XX` allows, as ascending inclusive stretches."""
    digits = mask.lstrip("-")
    head = digits.rstrip("X")
    width = 10 ** (len(digits) - len(head))
    choices = ["0123456789" if digit == "X" else digit for digit in head]
    starts = [int("".join(chosen) or "0") * width for chosen in product(*choices)]
    if not mask.startswith("-"):
        return tuple((start, start + width - 1) for start in starts)
    # There is no year -0000, so a negative mask that would reach it stops at -0001.
    stretches = [(-(start + width - 1), -max(start, 1)) for start in reversed(starts)]
    return tuple((first, last) for first, last in stretches if first <= last)


@lru_cache(maxsize=1024)
def number_stretches(mask: str, limit: int) -> tuple[tuple[int, int], ...]:
    """The numbers from 1 to `limit` that a two-character mask allows, as ascending inclusive stretches."""
    stretches: list[tuple[int, int]] = []
    for number in range(1, limit + 1):
        text = f"{number:02d}"
        if mask[0] in ("X", text[0]) and mask[1] in ("X", text[1]):
            if stretches and stretches[-1][1] == number - 1:
                stretches[-1] = (stretches[-1][0], number)
            else:
                stretches.append((number, number))
    return tuple(stretches)


def _whole_years(mask: Mask) -> bool:
    return mask.month is None or (mask.month == "XX" and mask.day in (None, "XX"))


def _years_seconds(first: int, last: int) -> Run:
    return month_seconds(first, 1), month_seconds(last + 1, 1)


def _runs_of_year(mask: Mask, year: int) -> list[Run]:
    """The stretches of one year; the month is given, or masked with a day that is not wholly masked."""
    month = mask.month or "XX"
    if "X" not in month and int(month) in GROUPINGS:
        first, length = GROUPINGS[int(month)]
        return [(month_seconds(year, first), month_seconds(year, first + length))]
    months = number_stretches(month, 12)
    if mask.day in (None, "XX"):
        return [(month_seconds(year, first), month_seconds(year, last + 1)) for first, last in months]
    days = number_stretches(mask.day or "XX", 31)
    runs: list[Run] = []
    for first_month, last_month in months:
        for number in range(first_month, last_month + 1):
            length, before = days_in_month(year, number), day_number(year, number, 0)
            runs.extend(
                ((before + first) * SECONDS_PER_DAY, (before + min(last, length) + 1) * SECONDS_PER_DAY)
                for first, last in days
                if first <= length
            )
    return runs


def runs_of(mask: Mask) -> Iterator[Run]:
    """The allowed stretches in seconds, half open, ascending; neighbours may touch."""
    for first, last in mask.years:
        if _whole_years(mask):
            yield _years_seconds(first, last)
        else:
            for year in range(first, last + 1):
                yield from _runs_of_year(mask, year)


def hull_of(mask: Mask) -> Run | None:
    """From the first allowed day to the last, in seconds, half open; None where no day is allowed."""
    starts = next((run[0] for run in runs_of(mask)), None)
    if starts is None:
        return None
    first, last = mask.years[-1]
    if _whole_years(mask):
        return starts, _years_seconds(first, last)[1]
    for first, last in reversed(mask.years):
        for year in range(last, first - 1, -1):
            runs = _runs_of_year(mask, year)
            if runs:
                return starts, runs[-1][1]
    return None
