"""Reading rows of foreign files as a mapping says."""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from typing import Any
from urllib.parse import urlsplit

from api.formats.reading import ParsedRow, TypedDate
from api.formats.tidying import Notes, candidate, id_in, line, number, unique
from schema.edtf import EdtfError, parse
from schema.mapping import (
    ActorMapping,
    CitationMapping,
    DateFormat,
    DateValue,
    Mapping,
    Part,
    PlaceMapping,
    SourceMapping,
    Value,
)
from schema.validation import Flaw, nearest
from schema.wire import to_builtins

_SEPARATORS = re.compile(r"[\s,;:/|–-]+")
_FIELD = re.compile(r"\{([^{}]+)\}")
_D, _M, _Y = "(?P<d>[0-9]{1,2})", "(?P<m>[0-9]{1,2})", "(?P<y>[0-9]{4})"
_FORMS = {
    DateFormat.DAY: rf"{_Y}-{_M}-{_D}",
    DateFormat.DAY_DIGITS: "(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})",
    DateFormat.DAY_SLASHES: rf"{_Y}/{_M}/{_D}",
    DateFormat.EUROPEAN_SLASHES: rf"{_D}/{_M}/{_Y}",
    DateFormat.EUROPEAN_DOTS: rf"{_D}\.{_M}\.{_Y}",
    DateFormat.EUROPEAN_HYPHENS: rf"{_D}-{_M}-{_Y}",
    DateFormat.AMERICAN_SLASHES: rf"{_M}/{_D}/{_Y}",
    DateFormat.MONTH: rf"{_Y}-{_M}",
    DateFormat.MONTH_DIGITS: "(?P<y>[0-9]{4})(?P<m>[0-9]{2})",
    DateFormat.MONTH_SLASHES: rf"{_M}/{_Y}",
    DateFormat.YEAR: _Y,
}
_PATTERNS = {form: re.compile(pattern) for form, pattern in _FORMS.items()}

Record = AnyMapping[str, Any]


def unknown_columns(mapping: Mapping, header: Iterable[str]) -> list[Flaw]:
    """Name what a mapping takes from columns that a table does not have."""
    known = list(header)
    flaws = []
    for pointer, value in _values(mapping, ""):
        names = [value.from_] if value.from_ is not None else _FIELD.findall(value.template or "")
        flaws += [
            Flaw(f"{pointer}/{'from' if value.from_ else 'template'}", f"There is no column {name[:100]!r}.", near)
            for name in names
            if name not in known
            for near in [nearest(name, known) or "one of " + ", ".join(known[:40])]
        ]
    return flaws


def _values(part: Any, pointer: str) -> Iterator[tuple[str, Value]]:
    if isinstance(part, Value):
        yield pointer, part
    elif isinstance(part, list):
        for index, item in enumerate(part):
            yield from _values(item, f"{pointer}/{index}")
    elif isinstance(part, dict):
        for name, item in part.items():
            yield from _values(item, f"{pointer}/{name}")
    elif hasattr(part, "__struct_fields__"):
        for name in part.__struct_fields__:
            yield from _values(getattr(part, name), f"{pointer}/{name}")


def row_of(mapping: Mapping, record: Record, row: int) -> ParsedRow:
    """Make a row of one record: a line of a table by its columns, or an object of JSON."""
    return _Row(mapping, record).made(row)


class _Row:
    def __init__(self, mapping: Mapping, record: Record) -> None:
        self._mapping = mapping
        self._record = record
        self._notes = Notes()
        self._flaws: list[Flaw] = []
        self._brought: list[dict[str, Any]] = []

    def made(self, row: int) -> ParsedRow:
        mapping = self._mapping
        value: dict[str, Any] = {
            "title": line(self._one(mapping.title) or "", 300, "title", self._notes),
            "kind": self._one(mapping.kind),
            "date": self._date(mapping.date, "/date"),
            "occurrence": mapping.occurrence.value,
            "places": [place for one in mapping.places if (place := self._place(one)) is not None],
            "actors": [],
            "citations": [citation for one in mapping.citations for citation in self._citations(one)],
            "tags": self._tags(),
            "external_ids": {
                scheme: text for scheme, one in mapping.external_ids.items() if (text := self._one(one)) is not None
            },
        }
        if mapping.state is not None:
            value["state"] = mapping.state.value
        if mapping.summary is not None and (summary := self._one(mapping.summary)) is not None:
            value["summary"] = summary
        if not value["title"]:
            self._flaws.append(Flaw("/title", "The row gives no title."))
        actors: dict[tuple[str, str | None], dict[str, Any]] = {}
        for one in mapping.actors:
            actors |= {(actor["id"], actor.get("role")): actor for actor in self._actors(one)}
        value["actors"] = list(actors.values())
        if mapping.identity is not None:
            self._identify(mapping.identity, value)
        if self._brought:
            value["new_actors"] = unique(self._brought)
        return ParsedRow(row, value, self._flaws, self._notes)

    def _identify(self, scheme: str, value: dict[str, Any]) -> None:
        identifier = value["external_ids"].get(scheme)
        if identifier is None:
            self._flaws.append(Flaw(f"/external_ids/{scheme}", "The row has no identifier of this scheme."))
        else:
            value["id"] = id_in(scheme, identifier)

    def _one(self, value: Value | None) -> str | None:
        """The one text that a value gives, None for none."""
        texts = [text for text in self._texts(value) if text is not None] if value is not None else []
        if len(texts) > 1 and value is not None:
            self._notes.add(f"{value.from_} gives {len(texts)} values; the first is taken.")
        return texts[0] if texts else None

    def _texts(self, value: Value) -> list[str | None]:
        """All texts that a value gives; None stands for an entry of a list that has none."""
        if value.always is not None:
            return [value.always]
        if value.template is not None:
            return self._filled(value.template)
        texts = self._found(value.from_ or "")
        if value.separator is not None:
            texts = [part.strip() or None for text in texts if text for part in text.split(value.separator)]
        if value.words is not None:
            texts = [self._word(value.words, text) for text in texts]
        if value.part is Part.HOST:
            texts = [_host(text) if text else None for text in texts]
        return texts if any(text is not None for text in texts) else []

    def _found(self, path: str) -> list[str | None]:
        if path in self._record:
            return [self._text(path, self._record[path])]
        found: list[Any] = [self._record]
        for name in path.split("."):
            each = name.endswith("[]")
            found = [one.get(name.removesuffix("[]")) if isinstance(one, dict) else None for one in found]
            if each:
                found = [item for one in found if isinstance(one, list) for item in one]
        return [self._text(path, one) for one in found]

    def _text(self, path: str, value: Any) -> str | None:
        match value:
            case TypedDate():
                return value
            case str():
                return value.strip() or None
            case bool():
                return "true" if value else "false"
            case int() | float():
                return str(value)
            case None:
                return None
        self._notes.add(f"{path} is a list or an object, which is no text; it is left out.")
        return None

    def _word(self, words: dict[str, str], text: str | None) -> str | None:
        if text is not None and text not in words:
            self._notes.add(f"The mapping has no word for {text[:60]!r}; it is left out.")
        return words.get(text) if text is not None else None

    def _filled(self, template: str) -> list[str | None]:
        """Fill in a template, once for each entry of its lists; nothing if all fields or a list of them are empty."""
        names = list(dict.fromkeys(_FIELD.findall(template)))
        columns = {name: self._found(name) for name in names}
        if not any(text for texts in columns.values() for text in texts):
            return []
        if any("[]" in name and not texts for name, texts in columns.items()):
            return []  # An entry of a list is not made by what stands beside the list.
        filled: list[str | None] = []
        for entry in self._zipped(columns):
            text = _FIELD.sub(lambda match, entry=entry: entry.get(match[1]) or "", template)  # type: ignore[misc]
            filled.append(_SEPARATORS.sub(_without_gap, text) or None)
        return filled

    def _zipped(self, columns: dict[str, list[str | None]]) -> list[dict[str, str | None]]:
        """Put lists side by side. One value stands beside all others; lists that do not fit are left out."""
        count = max((len(texts) for texts in columns.values()), default=0)
        for name, texts in columns.items():
            if len(texts) not in (0, 1, count):
                self._notes.add(f"There are {count} entries and {len(texts)} of {name}, which is left out.")
        fitting = {name: texts for name, texts in columns.items() if len(texts) in (1, count)}
        return [
            {name: texts[0] if len(texts) == 1 else texts[index] for name, texts in fitting.items()}
            for index in range(count)
        ]

    def _entries(self, members: dict[str, Value | None]) -> list[dict[str, str]]:
        """One entry for each that the row gives; what is always the same makes none by itself."""
        given = {name: value for name, value in members.items() if value is not None}
        columns = {name: self._texts(value) for name, value in given.items()}
        if not any(texts for name, texts in columns.items() if given[name].always is None):
            return []
        rows = self._zipped(columns)
        return [{name: text for name, text in row.items() if text is not None} for row in rows]

    def _date(self, value: DateValue, pointer: str, text: str | None = None) -> str | None:
        text = self._one(value) if text is None else text
        if text is None:
            self._flaws.append(Flaw(pointer, "The row gives no date."))
            return None
        if value.format is DateFormat.EDTF:
            return text
        if isinstance(text, TypedDate) and (date := _rough(text, value.format)) is not None:
            return date
        match = _PATTERNS[value.format].fullmatch(text)
        if match is None:
            detail = f"{text[:60]!r} is not written as {value.format.value}."
            self._flaws.append(Flaw(pointer, detail, "say in the mapping how dates are written"))
            return None
        parts = match.groupdict()
        return "-".join(part.zfill(2) for name in "ymd" if (part := parts.get(name)) is not None)

    def _place(self, mapping: PlaceMapping) -> dict[str, Any] | None:
        name = self._one(mapping.name)
        if name is None:
            return None
        place: dict[str, Any] = {"name": line(name, 500, "place", self._notes)}
        for member in ("country", "precision", "role"):
            if (text := self._one(getattr(mapping, member))) is not None:
                place[member] = text
        for member in ("latitude", "longitude"):
            text = self._one(getattr(mapping, member))
            if text is not None:
                # A text that is no number is refused where the row is checked.
                place[member] = text if (degrees := number(text)) is None else degrees
        return place

    def _actors(self, mapping: ActorMapping) -> Iterator[dict[str, Any]]:
        for entry in self._entries({"name": mapping.name, "role": mapping.role, "kind": mapping.kind}):
            if "name" not in entry:
                continue
            name = line(entry["name"], 500, "name", self._notes)
            role = {"role": entry["role"]} if "role" in entry else {}
            yield {"id": self._actor(name, entry.get("kind", self._mapping.create_actors)), **role}

    def _actor(self, name: str, kind: str | None) -> str:
        """How an actor is referred to: by its name or, where it may have to be created, its id to be."""
        if self._mapping.create_actors is None or kind is None:
            return name
        self._brought.append(candidate(name, kind))
        made: str = self._brought[-1]["id"]
        return made

    def _citations(self, mapping: CitationMapping) -> list[dict[str, Any]]:
        common: dict[str, Any] = {"stance": mapping.stance.value}
        for member in ("locator", "quote"):
            if (text := self._one(getattr(mapping, member))) is not None:
                common[member] = text
        figures = []
        for one in mapping.figures:
            if (text := self._one(one.value)) is not None:
                figure = {"measure": one.measure, "unit": one.unit, "bound": one.bound.value}
                figures.append({**figure, "value": text if (found := number(text)) is None else found})
        if mapping.source is None:
            said = [text for text in self._texts(mapping.attribution) if text] if mapping.attribution else []
            attribution = [line(text, 500, "attribution", self._notes) for text in dict.fromkeys(said)]
            return [
                {"source": to_builtins(self._mapping.source), **common, "attribution": attribution, "figures": figures}
            ]
        citations = [{"source": source, **common} for source in self._sources(mapping.source)]
        if citations and figures:
            citations[0]["figures"] = figures
        return citations

    def _sources(self, mapping: SourceMapping) -> Iterator[dict[str, Any]]:
        members = {name: getattr(mapping, name) for name in mapping.__struct_fields__}
        seen: set[str] = set()
        for entry in self._entries(members):
            source: dict[str, Any] = dict(entry)
            if "title" not in source and "url" not in source:
                continue
            if "title" not in source:
                self._notes.add("A source has no title; its address stands for it.")
                source["title"] = source["url"]
            source["title"] = line(source["title"], 300, "title of a source", self._notes)
            if mapping.published is not None and "published" in source:
                published = self._published(mapping.published, source["published"])
                source = {name: text for name, text in source.items() if name != "published"}
                source |= {"published": published} if published is not None else {}
            if "publisher" in source:
                source["publisher"] = self._actor(line(source["publisher"], 500, "publisher", self._notes), "publisher")
            if (key := str(source.get("url", source))) not in seen:
                seen.add(key)
                yield source

    def _published(self, value: DateValue, text: str) -> str | None:
        before = len(self._flaws)
        date = self._date(value, "/published", text)
        try:
            if date is not None:
                parse(date)
                return date
        except EdtfError:
            pass
        del self._flaws[before:]
        self._notes.add(f"The source's date {text[:60]!r} cannot be read; it is left undated.")
        return None

    def _tags(self) -> list[str]:
        texts = [text for one in self._mapping.tags for text in self._texts(one) if text]
        return list(dict.fromkeys(line(text, 100, "tag", self._notes) for text in texts))


def _rough(date: TypedDate, form: DateFormat) -> str | None:
    """A typed date, whose way of writing doesn't matter; where months or years are meant, those of their first day."""
    length = {DateFormat.YEAR: 4, DateFormat.MONTH: 7, DateFormat.MONTH_DIGITS: 7, DateFormat.MONTH_SLASHES: 7}.get(
        form
    )
    if length is None:
        return str(date)
    return date[:length] if date[length:] == "-01-01"[length - 4 :] else None


def _without_gap(match: re.Match[str]) -> str:
    """What stays of separators: none at the ends and, where a field between them was empty, those from the last."""
    if match.start() == 0 or match.end() == len(match.string):
        return ""
    between = match[0]
    return between[max(between.rfind(","), between.rfind(";"), 0) :]


def _host(address: str) -> str | None:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.") or None
    except ValueError:
        return None
