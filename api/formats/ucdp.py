"""Events of the UCDP Georeferenced Event Dataset (GED), as its CSV files have them.

``date_start`` and ``date_end`` are bounds: the event was on some day between them, which ``date_prec`` says how
closely is known (1 the day, 2 two to six days, 3 a week, 4 a month, 5 longer). Only 1 becomes a day; ``date_of`` has
the rule. Numbers may be written as ``214797.0``.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from typing import Any

from api.formats.countries import GLEDITSCH_WARD
from api.formats.reading import ParsedRow
from api.formats.tidying import Notes, candidate, id_in, line, number, unique, whole
from schema.edtf import EdtfError, parse
from schema.validation import Flaw

#: Columns that tell such a file from others.
SIGNS = frozenset({"date_prec", "date_start", "date_end", "side_a", "side_b", "best", "low", "high"})

PUBLISHER = {"id": "ucdp", "name": "Uppsala Conflict Data Program", "kind": "publisher", "aliases": ["UCDP"]}
SOURCE = {"title": "UCDP Georeferenced Event Dataset", "publisher": "ucdp", "kind": "dataset"}

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]00:00:00(?:\.0+)?)?")
_ARTICLE = re.compile(r"(?P<office>.*?),(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?: 00:00:00)?,(?P<headline>.*)", re.DOTALL)
#: Where one article ends and the next begins; headlines may have semicolons and quotation marks of their own.
_BETWEEN = re.compile(r'"\s*;\s*"')
_KINDS = {1: "battle", 2: "battle", 3: "violence-against-civilians"}
#: ``where_prec``: 1 a named place, 2 near one, 3 and 4 a district or region, 5 a line or an area, 6 the country.
_PLACES = {1: "city", 2: "district", 3: "district", 4: "region", 5: "region", 6: "country"}
_DEATHS = {
    "deaths_a": "killed-side-a",
    "deaths_b": "killed-side-b",
    "deaths_civilians": "killed-civilians",
    "deaths_unknown": "killed-unknown",
}


def row_of(record: Mapping[str, str], row: int) -> ParsedRow:
    """Make a row of one line of the file, given by the names of its columns."""
    notes, flaws = Notes(), list[Flaw]()
    identifier = whole(record.get("id", ""))
    if identifier is None:
        flaws.append(Flaw("/id", "The column id has no whole number."))
    date = date_of(record, flaws)
    violence = whole(record.get("type_of_violence", ""))
    if violence not in _KINDS:
        flaws.append(Flaw("/type_of_violence", "The column type_of_violence must be 1, 2 or 3."))
    sides, playing = _sides(record, violence, notes)
    articles, offices, original = _articles(record, notes)
    actors = unique([*sides, PUBLISHER, *offices])
    value: dict[str, Any] = {
        "title": _title(record, violence, notes),
        "kind": _KINDS.get(violence or 0, "battle"),
        "date": date,
        "places": _places(record, notes),
        "actors": playing,
        "citations": [_dataset(record, str(identifier), offices), *articles],
        "tags": _tags(record, notes),
        "external_ids": _external_ids(record, str(identifier)),
        "new_actors": actors,
    }
    if identifier is not None:
        value["id"] = id_in("ucdp", str(identifier))
    if original is not None:
        value["summary"] = original
    return ParsedRow(row, value, flaws, notes)


def date_of(record: Mapping[str, str], flaws: list[Flaw]) -> str:
    """Write the date in EDTF: never closer than ``date_prec`` says.

    1 is the day. Bounds that are a whole month or year are written as that, ``2016-01``. Anything else is a day out
    of the bounds: ``[2016-01-01..2016-01-05]``. Bounds of one day that are said to be rougher become its month (4) or
    year (5), and are refused for 2 and 3, which do not tell the other days.
    """
    first, last = (_DAY.fullmatch(record.get(column, "").strip()) for column in ("date_start", "date_end"))
    precision = whole(record.get("date_prec", ""))
    for column, found in (("date_start", first), ("date_end", last)):
        if found is None:
            flaws.append(Flaw(f"/{column}", f"The column {column} has no day.", "a day like 2016-01-31"))
    if precision not in range(1, 6):
        flaws.append(Flaw("/date_prec", "The column date_prec must be a number from 1 to 5."))
    if first is None or last is None or precision is None or flaws:
        return "2000"
    begins, ends = (f"{day[1]}-{day[2]}-{day[3]}" for day in (first, last))
    if begins == ends:
        if precision in (2, 3):
            flaws.append(Flaw("/date_prec", f"date_prec is {precision}, but date_start and date_end are one day."))
        return {4: begins[:7], 5: begins[:4]}.get(precision, begins)
    if precision == 1:
        flaws.append(Flaw("/date_prec", "date_prec is 1 (the day is known), but date_start and date_end differ."))
    if begins[:4] == ends[:4] and (begins[4:], ends[4:]) == ("-01-01", "-12-31"):
        return begins[:4]
    if begins[:7] == ends[:7] and begins.endswith("-01") and "01" <= begins[5:7] <= "12":
        month = f"{monthrange(int(begins[:4]) or 4, int(begins[5:7]))[1]}"
        if ends.endswith(month):
            return begins[:7]
    return f"[{begins}..{ends}]"


def _title(record: Mapping[str, str], violence: int | None, notes: Notes) -> str:
    side_a, side_b = (record.get(column, "").strip() or "an unnamed side" for column in ("side_a", "side_b"))
    who = f"{side_a} against {side_b}" if violence != 3 else f"Violence of {side_a} against civilians"
    where = record.get("where_coordinates", "").strip() or record.get("country", "").strip()
    return line(f"{who}, {where}" if where else who, 300, "title", notes)


def _sides(
    record: Mapping[str, str], violence: int | None, notes: Notes
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the two sides as actors, and the roles they play."""
    roles = ("attacker", "target") if violence == 3 else ("side-a", "side-b")
    actors, playing = [], []
    for side, role, state in (("a", roles[0], "gwnoa"), ("b", roles[1], "gwnob")):
        name = line(record.get(f"side_{side}", ""), 500, f"side_{side}", notes)
        if not name:
            notes.add(f"The column side_{side} is empty.")
            continue
        code = whole(record.get(f"side_{side}_new_id", ""))
        kind = "armed-force"
        if name.startswith("Government of ") or whole(record.get(state, "")) is not None:
            kind = "state"
        elif name.lower() == "civilians":
            kind = "population"
        actor = candidate(name, kind, **({"external_ids": {"ucdp": str(code)}} if code is not None else {}))
        actors.append(actor)
        playing.append({"id": actor["id"], "role": role})
    return actors, playing


def _places(record: Mapping[str, str], notes: Notes) -> list[dict[str, Any]]:
    parts = [line(record.get(column, ""), 150, column, notes) for column in ("where_coordinates", "adm_2", "adm_1")]
    country = record.get("country", "").strip()
    names = list(dict.fromkeys(part for part in parts if part)) or ([country] if country else [])
    if not names:
        return []
    place: dict[str, Any] = {"name": ", ".join(names)}
    code = GLEDITSCH_WARD.get(whole(record.get("country_id", "")) or 0)
    if code is not None:
        place["country"] = code
    elif country:
        notes.add(f"No country code is known for {country!r} (country_id {record.get('country_id', '')}).")
    for column in ("latitude", "longitude"):
        degrees = _number(record, column, notes)
        if degrees is not None:
            place[column] = degrees
    precision = _PLACES.get(whole(record.get("where_prec", "")) or 0)
    if precision is not None:
        place["precision"] = precision
    return [place]


def _dataset(record: Mapping[str, str], identifier: str, offices: list[dict[str, Any]]) -> dict[str, Any]:
    """Cite the dataset itself, which states the figures; it says so after the first of its sources."""
    notes = Notes()
    best, low, high = (_number(record, column, notes) for column in ("best", "low", "high"))
    figures: list[dict[str, Any]] = []
    if best is not None:
        figure: dict[str, Any] = {"measure": "killed", "value": best}
        if low is not None and high is not None:
            figure |= {"low": low, "high": high, "bound": "exactly" if low == best == high else "about"}
        figures.append(figure)
    elif low is not None and high is not None:
        figures.append({"measure": "killed", "low": low, "high": high, "bound": "about"})
    for column, measure in _DEATHS.items():
        deaths = _number(record, column, notes)
        if deaths is not None:
            figures.append({"measure": measure, "value": deaths, "bound": "about"})
    return {
        "source": SOURCE,
        "locator": f"event {identifier}",
        "attribution": [offices[0]["id"]] if offices else [],
        "figures": figures,
    }


def _articles(record: Mapping[str, str], notes: Notes) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str | None]:
    """Give the articles as citations, their publishers as actors, and who is said to have reported first."""
    citations: list[dict[str, Any]] = []
    offices: list[dict[str, Any]] = []
    text = record.get("source_article", "").strip()
    for piece in _BETWEEN.split(text.removeprefix('"').removesuffix('"')) if text else []:
        if not piece.strip(' ",;'):
            continue
        match = _ARTICLE.fullmatch(piece)
        if match is None:
            notes.add(
                f"An article is not written as office, date and headline: {line(piece, 60, 'article', Notes())!r}."
            )
            citations.append({"source": {"title": line(piece, 300, "headline", notes), "kind": "article"}})
            continue
        office = line(match["office"], 500, "office", notes).strip('"')
        headline = line(match["headline"], 300, "headline", notes)
        source: dict[str, Any] = {"title": headline, "kind": "article", "published": match["date"]}
        try:
            parse(match["date"])
        except EdtfError:
            notes.add(f"{match['date']} is no day; the article is left undated.")
            del source["published"]
        if not headline:
            notes.add("An article has no headline.")
            source["title"] = f"Article of {office or 'an unnamed office'}, {match['date']}"
        if office:
            offices.append(candidate(office, "publisher"))
            source["publisher"] = offices[-1]["id"]
        else:
            notes.add("An article has no office.")
        citations.append({"source": source})
    original = line(record.get("source_original", ""), 2000, "original source", notes)
    known = {office["name"] for office in offices}
    return citations, offices, f"First reported by: {original}." if original and original not in known else None


def _tags(record: Mapping[str, str], notes: Notes) -> list[str]:
    names = [line(record.get(column, ""), 100, column, notes) for column in ("conflict_name", "dyad_name")]
    if whole(record.get("event_clarity", "")) == 2:
        names.append("UCDP event clarity 2")
    return list(dict.fromkeys(name for name in names if name))


def _external_ids(record: Mapping[str, str], identifier: str) -> dict[str, str]:
    found = {"ucdp": identifier}
    for scheme, column in (("ucdp-conflict", "conflict_new_id"), ("ucdp-dyad", "dyad_new_id")):
        code = whole(record.get(column, ""))
        if code is not None:
            found[scheme] = str(code)
    return found


def _number(record: Mapping[str, str], column: str, notes: Notes) -> int | float | None:
    text = record.get(column, "").strip()
    found = number(text)
    if found is None and text:
        notes.add(f"The column {column} has no number: {text[:40]!r}.")
    return found
