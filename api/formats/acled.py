"""Events of ACLED, the Armed Conflict Location and Event Data, as its CSV files have them (31 columns).

``event_date`` is the day only where ``time_precision`` is 1. With 2 it stands for a week around it, with 3 for its
month; ``date_of`` has the rule.
"""

import re
from collections.abc import Mapping
from datetime import date as Day
from datetime import timedelta
from typing import Any

from api.formats.countries import ISO_NUMERIC
from api.formats.reading import ParsedRow
from api.formats.tidying import Notes, candidate, id_in, line, number, unique, whole
from schema.validation import Flaw

#: Columns that tell such a file from others.
SIGNS = frozenset({"event_id_cnty", "event_date", "time_precision", "event_type", "actor1"})

PUBLISHER = {"id": "acled", "name": "Armed Conflict Location & Event Data", "kind": "publisher", "aliases": ["ACLED"]}
SOURCE = {"title": "ACLED event data", "publisher": "acled", "kind": "dataset"}

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WORDS = re.compile(r"([0-9]{1,2})[ -]([A-Za-z]+)[ -]([0-9]{4})")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_KINDS = {
    "battles": "battle",
    "explosions/remote violence": "attack",
    "violence against civilians": "violence-against-civilians",
    "protests": "protest",
    "riots": "protest",
    "strategic developments": "strategic-development",
}
#: The roles of actor1 and actor2. Who fights is not told apart by who began; who attacks from afar or civilians is.
_ROLES = {
    "battle": ("side-a", "side-b"),
    "attack": ("attacker", "target"),
    "violence-against-civilians": ("attacker", "target"),
}
#: What ``inter1`` and ``inter2`` say, as words and as the older codes.
_ACTOR_KINDS = {
    "state forces": "armed-force",
    "rebel group": "armed-force",
    "rebel groups": "armed-force",
    "political militia": "armed-force",
    "political militias": "armed-force",
    "identity militia": "armed-force",
    "identity militias": "armed-force",
    "rioters": "population",
    "protesters": "population",
    "civilians": "population",
    **dict.fromkeys("1234", "armed-force"),
    **dict.fromkeys("567", "population"),
}
_PLACES = {1: "city", 2: "district", 3: "region"}


def row_of(record: Mapping[str, str], row: int) -> ParsedRow:
    """Make a row of one line of the file, given by the names of its columns."""
    notes, flaws = Notes(), list[Flaw]()
    identifier = line(record.get("event_id_cnty", ""), 100, "event_id_cnty", notes)
    if not identifier:
        flaws.append(Flaw("/event_id_cnty", "The column event_id_cnty is empty."))
    date = date_of(record, flaws)
    kind = _kind(record, notes)
    actors, playing = _actors(record, kind, notes)
    offices = [
        candidate(line(name, 500, "source", notes), "publisher") for name in _apart(record.get("source", "")) if name
    ]
    if not offices:
        notes.add("The column source is empty; the row cites the dataset alone.")
    value: dict[str, Any] = {
        "title": _title(record, notes),
        "kind": kind,
        "date": date,
        "places": _places(record, notes),
        "actors": playing,
        "citations": _citations(record, identifier, unique(offices), notes),
        "tags": _tags(record, notes),
        "external_ids": {"acled": identifier} if identifier else {},
        "new_actors": unique([*actors, PUBLISHER, *offices]),
    }
    if identifier:
        value["id"] = id_in("acled", identifier)
    if record.get("notes", "").strip():
        value["summary"] = record["notes"].strip()
    return ParsedRow(row, value, flaws, notes)


def date_of(record: Mapping[str, str], flaws: list[Flaw]) -> str:
    """Write the date in EDTF, as closely as ``time_precision`` says: 1 the day, 3 the month.

    With 2 the day stands for about a week, of which it is the middle: any day from three before to three after it,
    the ends approximate, ``[2024-06-09~..2024-06-15~]``.
    """
    day = _day(record.get("event_date", "").strip())
    if day is None:
        flaws.append(Flaw("/event_date", "The column event_date has no day.", "2024-06-12 or 12 June 2024"))
    precision = whole(record.get("time_precision", ""))
    if precision not in (1, 2, 3):
        flaws.append(Flaw("/time_precision", "The column time_precision must be 1, 2 or 3."))
    if day is None or flaws:
        return "2000"
    if precision == 3:
        return day.isoformat()[:7]
    if precision == 2:
        week = timedelta(days=3)
        try:
            return f"[{(day - week).isoformat()}~..{(day + week).isoformat()}~]"
        except OverflowError:
            flaws.append(Flaw("/event_date", "The week around the event_date leaves the years 1 to 9999."))
            return "2000"
    return day.isoformat()


def _day(text: str) -> Day | None:
    """Read a day. All are of our time, which the calendar of the standard library has."""
    try:
        if match := _DAY.fullmatch(text):
            return Day(int(match[1]), int(match[2]), int(match[3]))
        if (match := _WORDS.fullmatch(text)) and match[2].lower() in _MONTHS:
            return Day(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
    except ValueError:
        pass
    return None


def _apart(text: str) -> list[str]:
    return [part.strip() for part in text.split(";")]


def _kind(record: Mapping[str, str], notes: Notes) -> str:
    given = record.get("event_type", "").strip()
    kind = _KINDS.get(given.lower())
    if kind is None:
        notes.add(f"The event_type {given[:60]!r} is none of those known; its kind is 'event'.")
    return kind or "event"


def _title(record: Mapping[str, str], notes: Notes) -> str:
    what = record.get("sub_event_type", "").strip() or record.get("event_type", "").strip() or "Event"
    who = [name for column in ("actor1", "actor2") if (name := record.get(column, "").strip())]
    where = record.get("location", "").strip() or record.get("country", "").strip()
    text = f"{what}: {' / '.join(who)}" if who else what
    return line(f"{text}, {where}" if where else text, 300, "title", notes)


def _actors(record: Mapping[str, str], kind: str, notes: Notes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the actors, and the roles they play; associates play the part of whom they stand beside."""
    actors: list[dict[str, Any]] = []
    playing: dict[tuple[str, str], dict[str, Any]] = {}
    for place, role in enumerate(_ROLES.get(kind, ("party", "party")), start=1):
        of_kind = _ACTOR_KINDS.get(record.get(f"inter{place}", "").strip().lower(), "organization")
        for column, as_kind, as_role in (
            (f"actor{place}", of_kind, role),
            (f"assoc_actor_{place}", "organization", f"associate-of-{role}"),
        ):
            text = record.get(column, "").strip()
            for name in _apart(text) if column.startswith("assoc") else [text]:
                if not name:
                    continue
                actor = candidate(line(name, 500, column, notes), as_kind)
                actors.append(actor)
                playing.setdefault((actor["id"], as_role), {"id": actor["id"], "role": as_role})
    return actors, list(playing.values())


def _places(record: Mapping[str, str], notes: Notes) -> list[dict[str, Any]]:
    columns = ("location", "admin3", "admin2", "admin1")
    parts = [line(record.get(column, ""), 100, column, notes) for column in columns]
    names = list(dict.fromkeys(part for part in parts if part))
    country = record.get("country", "").strip()
    if not names and not country:
        return []
    place: dict[str, Any] = {"name": ", ".join(names) or line(country, 500, "country", notes)}
    code = ISO_NUMERIC.get(whole(record.get("iso", "")) or 0)
    if code is not None:
        place["country"] = code
    elif country:
        notes.add(f"No country code is known for {country!r} (iso {record.get('iso', '')}).")
    for column in ("latitude", "longitude"):
        degrees = number(record.get(column, ""))
        if degrees is not None:
            place[column] = degrees
    precision = _PLACES.get(whole(record.get("geo_precision", "")) or 0)
    if precision is not None:
        place["precision"] = precision
    return [place]


def _citations(
    record: Mapping[str, str], identifier: str, offices: list[dict[str, Any]], notes: Notes
) -> list[dict[str, Any]]:
    """Cite the dataset once for each source that it names and gives no more of; the first states the figure."""
    deaths = whole(record.get("fatalities", ""))
    if deaths is None and record.get("fatalities", "").strip():
        notes.add("The column fatalities has no whole number.")
    figures = [] if deaths is None else [{"measure": "killed", "value": deaths}]
    base = {"source": SOURCE, "locator": f"event {identifier}"}
    if not offices:
        return [{**base, "figures": figures}]
    citations: list[dict[str, Any]] = [{**base, "attribution": [office["id"]]} for office in offices]
    citations[0]["figures"] = figures
    return citations


def _tags(record: Mapping[str, str], notes: Notes) -> list[str]:
    words = [record.get(column, "") for column in ("disorder_type", "sub_event_type", "civilian_targeting")]
    words += _apart(record.get("tags", ""))
    tidy = [line(word, 100, "tag", notes) for word in words]
    return list(dict.fromkeys(word for word in tidy if word))
