"""The forms in which events leave."""

from enum import StrEnum


class Format(StrEnum):
    """A form in which a list of events, a chronology or a release is given."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    XLSX = "xlsx"
    GEOJSON = "geojson"
    TIMELINEJS = "timelinejs"
    ICS = "ics"
    ATOM = "atom"
    JSONFEED = "jsonfeed"
    MARKDOWN = "markdown"
    HTML = "html"
