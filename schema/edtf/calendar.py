"""Proleptic Gregorian reckoning with plain integers, for years of any size.

Year 0 is 1 BC (ISO 8601-1). Days count from 1970-01-01, seconds from its midnight. `datetime` is not used,
because it ends at the years 1 and 9999.
"""

SECONDS_PER_DAY = 86_400

# Seconds have to fit a signed 64-bit column; the two outermost values mean "no bound on this side".
UNBOUNDED_START = -(2**63)
UNBOUNDED_END = 2**63 - 1

# Days from 0001-01-01 to 1970-01-01.
_EPOCH_OFFSET = 719_162
_DAYS_PER_400_YEARS = 146_097
_DAYS_BEFORE_MONTH = (0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_DAYS_IN_MONTH = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# ISO 8601-2:2019 sub-year groupings: first month and number of months. 21-24 are read as the northern
# meteorological seasons; a winter (or a southern summer) that begins in December ends in the next February.
GROUPINGS: dict[int, tuple[int, int]] = {
    **{21: (3, 3), 22: (6, 3), 23: (9, 3), 24: (12, 3)},
    **{25: (3, 3), 26: (6, 3), 27: (9, 3), 28: (12, 3)},
    **{29: (9, 3), 30: (12, 3), 31: (3, 3), 32: (6, 3)},
    **{33: (1, 3), 34: (4, 3), 35: (7, 3), 36: (10, 3)},
    **{37: (1, 4), 38: (5, 4), 39: (9, 4)},
    **{40: (1, 6), 41: (7, 6)},
}


def is_leap(year: int) -> bool:
    """Whether the year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """The number of days of a month (1 to 12)."""
    return 29 if month == 2 and is_leap(year) else _DAYS_IN_MONTH[month]


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01. `day` may run past the end of its month."""
    before = year - 1
    number = before * 365 + before // 4 - before // 100 + before // 400 - _EPOCH_OFFSET
    number += _DAYS_BEFORE_MONTH[month] + day - 1
    return number + 1 if month > 2 and is_leap(year) else number


def month_seconds(year: int, month: int) -> int:
    """Seconds since 1970-01-01T00:00:00 at the start of a month; `month` may run past 12."""
    carry, month_index = divmod(month - 1, 12)
    return day_number(year + carry, month_index + 1, 1) * SECONDS_PER_DAY


def year_month_day(number: int) -> tuple[int, int, int]:
    """The calendar date of a day number (days since 1970-01-01)."""
    # Reckoned in years that begin in March, so that the leap day is the last of its year.
    cycles, day_of_cycle = divmod(number + _EPOCH_OFFSET + 306, _DAYS_PER_400_YEARS)
    year_of_cycle = (day_of_cycle - day_of_cycle // 1460 + day_of_cycle // 36_524 - day_of_cycle // 146_096) // 365
    day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = cycles * 400 + year_of_cycle + (1 if month <= 2 else 0)
    return year, month, day


def format_year(year: int) -> str:
    """At least four digits, with a minus sign before them for years before 0."""
    return f"{year:04d}" if year >= 0 else f"-{-year:04d}"


def format_day(number: int) -> str:
    """A day number as `YYYY-MM-DD`, with more year digits where they are needed."""
    year, month, day = year_month_day(number)
    return f"{format_year(year)}-{month:02d}-{day:02d}"


def clamp(seconds: int) -> int:
    """Hold a value between the two outermost ones."""
    return max(UNBOUNDED_START, min(UNBOUNDED_END, seconds))
