"""What a text says once read: the parts of a date, and the members that make up the whole."""

from dataclasses import dataclass
from enum import Enum, StrEnum

UNCERTAIN = 1
APPROXIMATE = 2


class Precision(StrEnum):
    """The finest component that is given together with all coarser ones, finest first."""

    SECOND = "second"
    DAY = "day"
    MONTH = "month"
    SEASON = "season"
    YEAR = "year"
    DECADE = "decade"
    CENTURY = "century"
    MILLENNIUM = "millennium"
    ERA = "era"


FINEST_FIRST: dict[Precision, int] = {precision: rank for rank, precision in enumerate(Precision)}


class Kind(Enum):
    """The four shapes of an EDTF text."""

    DATE = "date"
    INTERVAL = "interval"
    ONE_OF = "one of"
    ALL_OF = "all of"


@dataclass(frozen=True, slots=True)
class DateForm:
    """One date or date and time, with its bounds (seconds of the reading as written, half open)."""

    text: str
    year_mask: str
    """The year's digits with their X, sign included; empty where none is unspecified."""
    first_year: int
    last_year: int
    """First and last year; the same for a year known in full."""
    stated_year: int | None
    """The year as given; with significant digits, the estimate. None where digits are unspecified."""
    month: str | None
    """Two characters: 01 to 12, 21 to 41, or with X."""
    day: str | None
    time: tuple[int, int, int] | None
    offset: int | None
    """Seconds east of UTC; None for dates and local times."""
    marks: tuple[int, ...]
    """UNCERTAIN and APPROXIMATE for year, month, day, as many as are given."""
    precision: Precision
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Member:
    """A date (start and end are the same), or the stretch between two; None is an open or unknown end."""

    start: DateForm | None
    end: DateForm | None


@dataclass(frozen=True, slots=True)
class Form:
    """A whole text: its shape and its members (one, except in sets)."""

    kind: Kind
    members: tuple[Member, ...]
    unknown_start: bool = False
    unknown_end: bool = False
    """Whether a None of an interval means unknown instead of open."""
