"""How dates, figures, sources and judgements are put into words for people. Plain text: each format escapes it itself.

Nothing here decides or rounds: what is not known is not said, and a rough date is told by its ``display``.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from api.formats.entry import Heading, Part
from schema.assessment import Assessment, Evidence
from schema.citation import Citation, CitationStates, Figure
from schema.edtf import Edtf
from schema.event import EventActor
from schema.place import Place
from schema.source import Source
from schema.text import MAXIMUM_INTEGER
from schema.vocabulary import Bound, ChangeType, Likelihood, Occurrence, Reliability, Stance

#: What stands between those who say something, origin first.
CHAIN = " → "

#: How likely, in words and per cent (ICD 203).
LIKELIHOODS = {
    Likelihood.ALMOST_NO_CHANCE: "almost no chance (1–5 %)",
    Likelihood.VERY_UNLIKELY: "very unlikely (5–20 %)",
    Likelihood.UNLIKELY: "unlikely (20–45 %)",
    Likelihood.ROUGHLY_EVEN_CHANCE: "roughly even chance (45–55 %)",
    Likelihood.LIKELY: "likely (55–80 %)",
    Likelihood.VERY_LIKELY: "very likely (80–95 %)",
    Likelihood.ALMOST_CERTAIN: "almost certain (95–99 %)",
}

#: Reliability of a source (Admiralty Code).
RELIABILITIES = {
    Reliability.A: "A, completely reliable",
    Reliability.B: "B, usually reliable",
    Reliability.C: "C, fairly reliable",
    Reliability.D: "D, not usually reliable",
    Reliability.E: "E, unreliable",
    Reliability.F: "F, reliability cannot be judged",
}

#: Credibility of what a citation states (Admiralty Code).
CREDIBILITIES = {
    1: "1, confirmed by other sources",
    2: "2, probably true",
    3: "3, possibly true",
    4: "4, doubtful",
    5: "5, improbable",
    6: "6, truth cannot be judged",
}

STANCES = {Stance.SUPPORTS: "Supports", Stance.DISPUTES: "Disputes", Stance.MENTIONS: "Mentions"}

OCCURRENCES = {
    Occurrence.PLANNED: "Planned",
    Occurrence.ONGOING: "Ongoing",
    Occurrence.OCCURRED: "Occurred",
    Occurrence.POSTPONED: "Postponed",
    Occurrence.CANCELLED: "Cancelled",
}

#: A change as the first word of a title.
CHANGES = {
    ChangeType.CREATE: "New",
    ChangeType.UPDATE: "Update",
    ChangeType.CORRECTION: "Correction",
    ChangeType.CLARIFICATION: "Clarification",
    ChangeType.RETRACTION: "Retraction",
    ChangeType.RESTORE: "Restored",
    ChangeType.MERGE: "Merged",
    ChangeType.UNMERGE: "Merge undone",
    ChangeType.DISCARD: "Discarded",
    ChangeType.REDACTION: "Redaction",
}

_BOUNDS = {Bound.EXACTLY: "", Bound.ABOUT: "about ", Bound.AT_LEAST: "at least ", Bound.AT_MOST: "at most "}

_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MACHINE_DATE = re.compile(
    r"(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_ADDRESS_SAFE = "!#$%&'()*+,-./:;=?@[]_~"


def legible(text: str) -> str:
    """Text that any format may show: every line break is ``\\n``, every control character U+FFFD; tabs stay.

    What is left is allowed in XML 1.0 (section 2.2) and in HTML.
    """
    return _CONTROLS.sub("\ufffd", _BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    """Legible text on one line: a break becomes a space."""
    return legible(text).replace("\n", " ")


def words(slug: str) -> str:
    """A slug as words: ``crude-oil`` is crude oil."""
    return slug.replace("-", " ").replace("_", " ")


def machine_date(date: Edtf) -> str | None:
    """The date as HTML's ``time`` may have it in ``datetime``, or None: only a plain year, month, day or second.

    Whatever is marked, open, a set, an interval or a season is none: a machine would take it for more than it says.
    """
    return date.text if _MACHINE_DATE.fullmatch(date.text) else None


def instant_words(timestamp: str) -> str:
    """An instant of the store (RFC 3339, UTC) to the second: ``2026-11-23 08:21:00 UTC``."""
    return f"{timestamp[:10]} {timestamp[11:19]} UTC"


def number_words(number: float) -> str:
    """A number with commas between thousands, all its digits kept: 9,000,000 or 1.5."""
    if isinstance(number, float) and number.is_integer() and abs(number) <= MAXIMUM_INTEGER:
        number = int(number)
    return f"{number:,}"


def figure_words(figure: Figure) -> str:
    """A figure: ``about 600 killed``, ``at most 9,000,000 rounds of ammunition``, ``11 members``.

    What is stated exactly has no word before it. A range is ``500 to 700 killed``; bounds beside a value follow it in
    brackets. A date of the figure's own comes last.
    """
    what = words(figure.measure) if figure.unit is None else f"{words(figure.unit)} of {words(figure.measure)}"
    low = None if figure.low is None else number_words(figure.low)
    high = None if figure.high is None else number_words(figure.high)
    if figure.value is None:
        said = f"{_BOUNDS[figure.bound]}{low} to {high} {what}"
    else:
        said = f"{_BOUNDS[figure.bound]}{number_words(figure.value)} {what}"
        if low is not None and high is not None:
            said += f" (from {low} to {high})"
        elif low is not None:
            said += f" ({low} or more)"
        elif high is not None:
            said += f" ({high} or fewer)"
    return said if figure.date is None else f"{said}, {figure.date.display}"


def place_words(place: Place) -> str:
    """A place: ``Istanbul, TR (venue; 41.01, 28.98)``. How closely it is known is said unless it is exact."""
    name = place.name if place.country is None else f"{place.name}, {place.country}"
    apart = [words(place.role)] if place.role else []
    if place.precision is not None and place.precision != "exact":
        apart.append(f"{place.precision.value} level")
    if place.latitude is not None and place.longitude is not None:
        apart.append(f"{place.latitude}, {place.longitude}")
    return f"{name} ({'; '.join(apart)})" if apart else name


def states_words(states: CitationStates) -> str:
    """What a source states otherwise than the event: ``date 2022; place Russia, RU``."""
    said = []
    if states.date is not None:
        said.append(f"date {states.date.display}")
    if states.place is not None:
        said.append(f"place {place_words(states.place)}")
    if states.occurrence is not None:
        said.append(states.occurrence.value)
    return "; ".join(said)


def attribution_words(citation: Citation, part: Part) -> str | None:
    """Who says so, origin first and publisher last: ``NIS → Lee Seong-kweun → NDTV``; None if nobody is named."""
    chain = list(citation.attribution)
    publisher = part.sources[citation.source].publisher
    if publisher is not None and (not chain or not _are_one(chain[-1], publisher, part)):
        chain.append(publisher)
    return CHAIN.join(part.name(who) for who in chain) or None


def _are_one(who: str, other: str, part: Part) -> bool:
    known = part.standing(who)
    return who == other or (known is not None and known == part.standing(other))


def source_words(source: Source, part: Part) -> str:
    """A source as a bibliography has it: ``A. Author: “Title”, Publisher, 30 April 2025``, without its address."""
    said = f"{', '.join(source.authors)}: “{source.title}”" if source.authors else f"“{source.title}”"
    if source.publisher is not None:
        said += f", {part.name(source.publisher)}"
    if source.published is not None:
        said += f", {source.published.display}"
    return said


def citation_words(citation: Citation, part: Part) -> str:
    """A citation in one line, for formats with room for no more: stance, who says so, source, figures."""
    source = part.sources[citation.source]
    said = f"{STANCES[citation.stance]}: {source_words(source, part)}"
    if citation.attribution:
        said += f" ({attribution_words(citation, part)})"
    if citation.locator is not None:
        said += f", {citation.locator}"
    if citation.figures:
        said += f": {'; '.join(figure_words(figure) for figure in citation.figures)}"
    return said


def confidence_words(assessment: Assessment | None) -> str:
    """The editor's judgement, without its reason: ``moderate confidence; likely (55–80 %)``."""
    if assessment is None:
        return "not assessed"
    said = f"{assessment.confidence.value} confidence"
    return said if assessment.likelihood is None else f"{said}; {LIKELIHOODS[assessment.likelihood]}"


def evidence_words(evidence: Evidence) -> str:
    """What counting gives: ``3 supporting citations of 2 origins; 1 disputes``."""
    said = "no supporting citation"
    if evidence.supporting:
        said = f"{_counted(evidence.supporting, 'supporting citation')} of {_counted(evidence.origins, 'origin')}"
    if evidence.disputing:
        said += f"; {evidence.disputing:,} {'disputes' if evidence.disputing == 1 else 'dispute'}"
    return said


def actor_words(actor: str, role: str | None, part: Part) -> str:
    """An actor and its role: ``North Korea (supplier)``."""
    return part.name(actor) if role is None else f"{part.name(actor)} ({words(role)})"


def actors_words(actors: Iterable[EventActor], part: Part) -> list[str]:
    """Actors and their roles, each once: two that have been merged may play the same one."""
    return list(dict.fromkeys(actor_words(actor.id, actor.role, part) for actor in actors))


def safe_address(address: str | None) -> str | None:
    """An address to link to, in ASCII, or None where it is no http or https address with a host."""
    if address is None:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    # A percent sign stays: the address is encoded already, and only what no address may hold is added to it.
    return quote(address, safe=_ADDRESS_SAFE, errors="replace")


def publisher_of(heading: Heading) -> str:
    """Who gives an export out, as far as it is known: the host of the service."""
    return urlsplit(heading.home).netloc or heading.home


def how_to_cite(heading: Heading) -> str:
    """A reference to an export that says as of when it holds: by sequence, time and digest of the log."""
    if heading.citation is not None:
        return heading.citation
    return (
        f"“{heading.title}”, {publisher_of(heading)}, as of change {heading.sequence:,}"
        f" ({instant_words(heading.recorded_at)}; digest {heading.digest[:16]}), {heading.page or heading.address}"
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
