"""Places of events and of what citations state."""

from typing import Annotated

from msgspec import Meta, Struct

from schema.text import Country, Line, Slug
from schema.validation import Flaw
from schema.vocabulary import PlacePrecision


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where something happened, as closely as it is known (WGS 84, degrees)."""

    name: Annotated[Line, Meta(description="What the place is called.")]
    country: Country | None = None
    latitude: Annotated[Annotated[float, Meta(ge=-90, le=90)] | None, Meta(description="Degrees north.")] = None
    longitude: Annotated[Annotated[float, Meta(ge=-180, le=180)] | None, Meta(description="Degrees east.")] = None
    precision: PlacePrecision | None = None
    role: Annotated[Slug | None, Meta(description="What the place is to the event: venue, target, origin, …")] = None

    def flaws(self) -> list[Flaw]:
        """Name half a position."""
        if (self.latitude is None) != (self.longitude is None):
            missing = "latitude" if self.latitude is None else "longitude"
            return [Flaw(f"/{missing}", "A position needs latitude and longitude, or neither.", None)]
        return []
