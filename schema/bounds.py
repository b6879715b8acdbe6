"""Values of filters that are written as one text: a box of the earth, an instant."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from schema.place import Place

BOX_EXAMPLE = "22.1,44.3,40.2,52.4"
INSTANT_EXAMPLE = "2025-06-01T00:00:00Z"
#: Sizes of the cells of the earth that events are indexed by, in degrees, finest first.
CELL_SIZES_DEGREES = (1, 5, 30)


class Cell(NamedTuple):
    """A cell of the grid of one size; row 0 begins at the south pole, column 0 at the antimeridian."""

    size_degrees: int
    row: int
    column: int


class Box(NamedTuple):
    """A box in degrees (WGS 84), ends included. It crosses the antimeridian if ``west`` is greater than ``east``."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def read(cls, text: str) -> "Box":
        """Read ``west,south,east,north``; raises ``ValueError`` that says what is wrong."""
        west, south, east, north = (float(part) for part in text.split(","))
        if not (-180 <= west <= 180 and -180 <= east <= 180):
            raise ValueError("West and east lie from -180 to 180 degrees.")
        if not (-90 <= south <= 90 and -90 <= north <= 90):
            raise ValueError("South and north lie from -90 to 90 degrees.")
        if south > north:
            raise ValueError("South lies above north.")
        return cls(west, south, east, north)

    def cover(self, most: int) -> list[Cell] | None:
        """The cells of the finest grid that cover the box with at most so many; None where none does."""
        spans = [(self.west, self.east)] if self.west <= self.east else [(self.west, 180.0), (-180.0, self.east)]
        for size in CELL_SIZES_DEGREES:
            low, high = cell_of(self.west, self.south, size), cell_of(self.west, self.north, size)
            columns = [
                column
                for west, east in spans
                for column in range(cell_of(west, 0, size).column, cell_of(east, 0, size).column + 1)
            ]
            if len(columns) * (high.row - low.row + 1) <= most:
                return [Cell(size, row, column) for row in range(low.row, high.row + 1) for column in columns]
        return None


def positions_of(places: Iterable[Place]) -> list[tuple[float, float]]:
    """Where places lie, longitude before latitude; on the antimeridian under both of its names, 180 and -180."""
    positions = []
    for place in places:
        if place.longitude is not None and place.latitude is not None:
            longitudes = (180.0, -180.0) if abs(place.longitude) == 180 else (place.longitude,)
            positions += [(longitude, place.latitude) for longitude in longitudes]
    return positions


def cell_of(longitude: float, latitude: float, size_degrees: int) -> Cell:
    """The cell that a position lies in."""
    return Cell(size_degrees, int((latitude + 90) // size_degrees), int((longitude + 180) // size_degrees))


def read_instant(text: str) -> datetime:
    """Read an instant (RFC 3339), to the microsecond below; raises ``ValueError`` that says what is wrong."""
    shortened = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text.upper())
    try:
        return datetime.fromisoformat(shortened).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("This instant is not in the calendar.") from None
