"""The kinds of text and number that the wire types are made of, each with its bounds.

Patterns end in ``\\Z`` because ``$`` would let a trailing line break through; the contract writes it as ``$``,
which in ECMA 262 has no such exception.
"""

from typing import Annotated

from msgspec import Meta

#: The largest integer that every JSON reader keeps exact (IEEE 754 binary64; RFC 8259 section 6).
MAXIMUM_INTEGER = 2**53 - 1

#: One line: no control characters, no white space at the ends.
LINE_PATTERN = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?\Z"
TEXT_PATTERN = r"^[^\x00]+\Z"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*\Z"
_DEGREES = r"-?[0-9]{1,3}(\.[0-9]{1,10})?"
BOX_PATTERN = rf"^{_DEGREES}(,{_DEGREES}){{3}}\Z"
INSTANT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-5][0-9])\Z"
)
#: The sequence of a change, or an instant.
AS_OF_PATTERN = rf"^((0|[1-9][0-9]{{0,15}})\Z|{INSTANT_PATTERN.removeprefix('^')})"
EXTERNAL_ID_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*:[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?\Z"
URL_PATTERN = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\x00-\x20\x7f<>\"\\^`{|}]+\Z"

LANGUAGE_PATTERN = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z"
COUNTRY_PATTERN = r"^[A-Z]{2}\Z"
SHA256_PATTERN = r"^[0-9a-f]{64}\Z"

Title = Annotated[str, Meta(min_length=1, max_length=300, pattern=LINE_PATTERN)]
Line = Annotated[str, Meta(min_length=1, max_length=500, pattern=LINE_PATTERN)]
Text = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=TEXT_PATTERN)]
Tag = Annotated[str, Meta(min_length=1, max_length=100, pattern=LINE_PATTERN)]
Slug = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern=SLUG_PATTERN,
        description="Lower-case letters, digits and single hyphens.",
    ),
]
Url = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=2000,
        pattern=URL_PATTERN,
        description="An http or https address. It is kept, never fetched.",
    ),
]
Language = Annotated[
    str,
    Meta(
        max_length=35,
        pattern=LANGUAGE_PATTERN,
        description="A language tag (BCP 47).",
    ),
]
Country = Annotated[str, Meta(pattern=COUNTRY_PATTERN, description="A country code (ISO 3166-1 alpha-2).")]
Sha256 = Annotated[str, Meta(pattern=SHA256_PATTERN, description="A SHA-256 digest, 64 hexadecimal digits.")]
Integer = Annotated[int, Meta(ge=-MAXIMUM_INTEGER, le=MAXIMUM_INTEGER)]
Number = Integer | Annotated[float, Meta(ge=-MAXIMUM_INTEGER, le=MAXIMUM_INTEGER)]

#: An instant that the store set (RFC 3339, UTC, microseconds). Dates of events are EDTF text instead.
Timestamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
CreatedAt = Annotated[Timestamp, Meta(description="When its first revision was recorded.")]
UpdatedAt = Annotated[Timestamp, Meta(description="When this revision was recorded.")]
PublishedAt = Annotated[
    Timestamp | None, Meta(description="When it was first published; null for what never has been.")
]

#: What each pattern asks for, in words.
PATTERN_HINTS = {
    LINE_PATTERN: "one line without control characters or white space at its ends",
    TEXT_PATTERN: "text without NUL characters",
    SLUG_PATTERN: "lower-case letters, digits and single hyphens, like north-korea",
    BOX_PATTERN: "west,south,east,north in degrees, like 22.1,44.3,40.2,52.4",
    INSTANT_PATTERN: "an instant with Z or an offset, like 2025-06-01T00:00:00Z",
    AS_OF_PATTERN: "the sequence of a change, or an instant with Z or an offset, like 2025-06-01T00:00:00Z",
    EXTERNAL_ID_PATTERN: "scheme:value, like wikidata:Q423",
    URL_PATTERN: "an address that begins with http:// or https://",
    LANGUAGE_PATTERN: "a language tag, like en or ko-KP",
    COUNTRY_PATTERN: "two capital letters, like TR",
    SHA256_PATTERN: "64 hexadecimal digits in lower case",
}
