"""TimelineJS read into rows: its JSON, and the columns of its spreadsheet. Nothing is ever fetched.

Headlines and texts are HTML there and become plain text. Each address that a slide links to or embeds, and its medium,
becomes a citation with the stance *mentions*: nobody has said that what is found there supports the event.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple
from uuid import UUID

from anyascii import anyascii

from api.formats.markup import Link, Plain, one_line, plain
from api.formats.reading import ParsedRow
from api.formats.timelinejs_dates import read_date, read_time
from schema.text import URL_PATTERN
from schema.validation import Flaw, MalformedError

#: The columns of the spreadsheet; their case and the space around them do not matter.
COLUMNS = (
    *("Year", "Month", "Day", "Time", "End Year", "End Month", "End Day", "End Time", "Display Date"),
    *("Headline", "Text", "Media", "Media Credit", "Media Caption", "Media Thumbnail", "Alt Text"),
    *("Type", "Group", "Background"),
)

_URL = re.compile(URL_PATTERN)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TITLE_LENGTH, _LINE_LENGTH, _TAG_LENGTH, _SLUG_LENGTH, _URL_LENGTH = 300, 500, 100, 100, 2000
_DERIVED_TITLE_LENGTH = 100
_MOST_LINKS = 200


class Story(NamedTuple):
    """A story: its rows in order, events before eras; and what its title slide says, which is no event."""

    rows: list[ParsedRow]
    title: str | None
    introduction: str | None
    warnings: list[str]


class _Texts(NamedTuple):
    headline: Plain
    text: Plain
    caption: Plain
    credit: Plain


def read_json(value: Any) -> Story:
    """Read the value of a JSON file; raises ``MalformedError`` if it is no story of TimelineJS at all.

    Events are numbered as they stand, and eras go on counting behind them.
    """
    if not isinstance(value, dict) or not isinstance(value.get("events"), list):
        raise MalformedError("A TimelineJS file is an object with the list 'events'.")
    eras = value.get("eras") or []
    if not isinstance(eras, list):
        raise MalformedError("'eras' is no list.")
    slides = [(slide, "event") for slide in value["events"]] + [(era, "era") for era in eras]
    rows = [_row(number, slide, kind) for number, (slide, kind) in enumerate(slides)]
    return _story(rows, value.get("title"))


def read_table(records: Iterable[Mapping[str, str]]) -> Story:
    """Read the rows of the spreadsheet, by the names of its columns; raises ``MalformedError`` if they are not its.

    Every row that is not blank is counted, the one of the type ``title`` too, which gives no event.
    """
    rows: list[ParsedRow] = []
    title: dict[str, Any] | None = None
    number = 0
    for record in records:
        cells = {name.strip().casefold(): value.strip() for name, value in record.items() if name and value}
        if not any(cells.values()):
            continue
        if number == 0 and "year" not in {name.strip().casefold() for name in record if name}:
            raise MalformedError("The spreadsheet of TimelineJS has the column 'Year'; there is none.")
        kind = cells.get("type", "").casefold()
        try:
            slide = _slide_of(cells)
        except ValueError as error:
            rows.append(ParsedRow(number, None, [Flaw("/date", str(error), None)]))
        else:
            if kind == "title" and title is None:
                title = slide
            else:
                rows.append(_row(number, slide, "era" if kind == "era" else "event"))
        number += 1
    return _story(rows, title)


def _story(rows: list[ParsedRow], slide: Any) -> Story:
    if not isinstance(slide, dict):
        return Story(rows, None, None, [])
    try:
        texts = _texts(slide)
    except ValueError as error:
        return Story(rows, None, None, [f"The title slide is not read: {error}"])
    title = one_line(texts.headline.text) or None
    warnings = ["The title slide is the story's title and introduction; it is no event."]
    media = _text(_object(slide.get("media")).get("url"))
    if media or texts.caption.text or texts.credit.text:
        said = ", ".join(part for part in (media, texts.caption.text, texts.credit.text) if part)
        warnings.append(f"The title slide's medium is not kept: {one_line(said)}")
    return Story(rows, title, texts.text.text or None, warnings)


def _slide_of(cells: Mapping[str, str]) -> dict[str, Any]:
    """A row of the spreadsheet as a slide; raises ``ValueError`` for a time that is none."""
    dates: dict[str, dict[str, str]] = {}
    for name, before in (("start_date", ""), ("end_date", "end ")):
        date = {part: cells[before + part] for part in ("year", "month", "day") if before + part in cells}
        if before + "time" in cells:
            date |= read_time(cells[before + "time"])
        if date:
            dates[name] = date
    return {
        **dates,
        "display_date": cells.get("display date", ""),
        "text": {"headline": cells.get("headline", ""), "text": cells.get("text", "")},
        "media": {
            "url": cells.get("media", ""),
            "credit": cells.get("media credit", ""),
            "caption": cells.get("media caption", ""),
            "thumbnail": cells.get("media thumbnail", ""),
            "alt": cells.get("alt text", ""),
        },
        "group": cells.get("group") or cells.get("tag") or "",
        "background": {"url": cells.get("background", "")},
    }


def _row(number: int, slide: Any, kind: str) -> ParsedRow:
    if not isinstance(slide, dict):
        return ParsedRow(number, None, [Flaw("", "A slide is an object; this is none.", None)])
    try:
        texts = _texts(slide)
    except ValueError as error:
        return ParsedRow(number, None, [Flaw("/summary", str(error), None)])
    warnings: list[str] = []
    read = read_date(slide)
    value: dict[str, Any] = {} if read.date is None else {"date": read.date.text}
    flaws = [*read.flaws]
    warnings += read.warnings
    summary = [texts.text.text]
    title = _title(texts, summary, warnings)
    if title:
        value["title"] = title
    else:
        flaws.append(Flaw("/title", "There is neither a headline nor a text.", "give a headline"))
    value |= _kind(slide, kind) | _identity(slide)
    value |= _places(slide, warnings)
    citations = list(_citations(slide, texts, summary, warnings))
    if citations:
        value["citations"] = citations
    if read.shown is not None:
        summary.append(f"Date as shown: {read.shown}")
    said = "\n\n".join(piece for piece in summary if piece)
    if said:
        value["summary"] = said
    left_out = [name for name, given in (("background", _background(slide)), ("thumbnail", _thumbnail(slide))) if given]
    if left_out:
        warnings.append(f"Not kept: the slide's {' and '.join(left_out)}.")
    return ParsedRow(number, value, flaws, warnings)


def _texts(slide: Mapping[str, Any]) -> _Texts:
    text, media = _object(slide.get("text")), _object(slide.get("media"))
    return _Texts(
        *(plain(_text(text.get(name))) for name in ("headline", "text")),
        *(plain(_text(media.get(name))) for name in ("caption", "credit")),
    )


def _title(texts: _Texts, summary: list[str], warnings: list[str]) -> str:
    headline = one_line(texts.headline.text)
    if not headline:
        found = one_line(texts.text.text) or one_line(texts.caption.text)
        if found:
            warnings.append("There is no headline; the title is the beginning of the text.")
        return _shortened(found, _DERIVED_TITLE_LENGTH)
    if len(headline) > _TITLE_LENGTH:
        warnings.append(f"The headline is longer than {_TITLE_LENGTH} characters; the summary begins with all of it.")
        summary.insert(0, headline)
    return _shortened(headline, _TITLE_LENGTH)


def _kind(slide: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The group as the kind; where that is not how it was written, as a tag too."""
    group = one_line(plain(_text(slide.get("group"))[:_LINE_LENGTH]).text)
    if kind != "event" or not group:
        return {"kind": kind}
    slug = re.sub(r"[^a-z0-9]+", "-", anyascii(group).lower()).strip("-")[:_SLUG_LENGTH].strip("-")
    value: dict[str, Any] = {"kind": slug or kind}
    return value if slug == group else value | {"tags": [_shortened(group, _TAG_LENGTH)]}


def _identity(slide: Mapping[str, Any]) -> dict[str, Any]:
    """A ``unique_id`` that can be an id is the event's; any other one is kept among the external ids."""
    unique = one_line(_text(slide.get("unique_id")))
    if _UUID.fullmatch(unique):
        return {"id": str(UUID(unique))}
    return {"external_ids": {"timelinejs": unique[:_LINE_LENGTH]}} if unique else {}


def _places(slide: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """The place of a map, which older stories have."""
    location = _object(slide.get("location"))
    latitude, longitude = (_degrees(location.get(name)) for name in ("lat", "lon"))
    name = _shortened(one_line(_text(location.get("name"))), _LINE_LENGTH)
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        if location.get("lat") or location.get("lon"):
            warnings.append("The location is not kept: it has no position on the earth.")
        return {"places": [{"name": name}]} if name else {}
    return {"places": [{"name": name or f"{latitude}, {longitude}", "latitude": latitude, "longitude": longitude}]}


def _citations(
    slide: Mapping[str, Any], texts: _Texts, summary: list[str], warnings: list[str]
) -> Iterator[dict[str, Any]]:
    """The medium first, then every link, each address once."""
    media = _object(slide.get("media"))
    medium = _text(media.get("url")).strip()
    embedded: list[Link] = []
    if medium.startswith("<"):
        html = plain(medium)
        embedded = html.links
        if html.text:
            summary.append(html.text)
            warnings.append("The medium is a text of its own; the summary keeps it.")
        medium = ""
    caption, credit = one_line(texts.caption.text), one_line(texts.credit.text)
    own = f"/v1/events/{_text(slide.get('unique_id'))}"
    links = [Link(medium, caption or credit or one_line(_text(media.get("alt"))))] if medium else []
    if not medium and (caption or credit):
        summary.append(" / ".join(words for words in (caption, credit) if words))
    for text in (embedded, texts.headline.links, texts.text.links, texts.caption.links, texts.credit.links):
        links += text
    seen: set[str] = set()
    for link in links:
        address = f"https:{link.address}" if link.address.startswith("//") else link.address
        if address in seen or address.endswith(own):
            continue
        seen.add(address)
        if not _URL.match(address) or len(address) > _URL_LENGTH:
            warnings.append(f'Not kept, because it is no http or https address: "{_shortened(address, 100)}".')
        elif len(seen) > _MOST_LINKS:
            warnings.append(f"At most {_MOST_LINKS} addresses of a slide are kept.")
            return
        else:
            words = link.words or re.sub(r"^https?://", "", address, flags=re.IGNORECASE)
            source: dict[str, Any] = {"title": _shortened(words, _TITLE_LENGTH), "url": address}
            if link is links[0] and medium and caption and credit:
                source["authors"] = [_shortened(credit, _LINE_LENGTH)]
            yield {"source": source, "stance": "mentions"}


def _background(slide: Mapping[str, Any]) -> bool:
    background = _object(slide.get("background"))
    return bool(_text(background.get("url")) or _text(background.get("color")))


def _thumbnail(slide: Mapping[str, Any]) -> bool:
    thumbnail = _text(_object(slide.get("media")).get("thumbnail"))
    return bool(thumbnail) and thumbnail != _text(_object(slide.get("media")).get("url"))


def _shortened(text: str, most: int) -> str:
    """Text of at most so many characters, cut between words where there is one."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    before, space, _ = cut.rpartition(" ")
    return f"{before if space and len(before) > most // 2 else cut}".rstrip() + "…"


def _degrees(value: Any) -> float | None:
    try:
        degrees = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return degrees if isfinite(degrees) else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None or isinstance(value, bool) else str(value)
