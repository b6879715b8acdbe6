"""What readers of foreign files have in common: tidy texts, slugs of names, and ids that are always the same."""

import json
import re
from typing import Any
from unicodedata import category, normalize
from uuid import UUID, uuid5

from anyascii import anyascii

#: The namespace of ids that are made from what a file says (RFC 9562, version 5). It never changes.
NAMESPACE = UUID("7e998090-320c-517a-a9b2-75d7a955186e")

_SPACES = re.compile(r"[\x00-\x20\x7f\x85\xa0\u2028\u2029]+")
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_WHOLE = re.compile(r"([+-]?[0-9]{1,15})(?:\.0*)?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_LONGEST_SLUG = 100
#: How much is said of one row.
MAXIMUM_NOTES = 100


class Notes(list[str]):
    """Warnings under collection: each is kept once, and no more than ``MAXIMUM_NOTES``."""

    def add(self, text: str) -> None:
        """Note something."""
        if len(self) < MAXIMUM_NOTES and text not in self:
            self.append(text)
            if len(self) == MAXIMUM_NOTES:
                self.append("There is more of this kind, which is not told.")


def line(text: str, most: int, what: str, notes: Notes) -> str:
    """Put a text on one line of at most ``most`` characters; what is cut off is cut between words, and noted."""
    tidy = _SPACES.sub(" ", text).strip()
    if len(tidy) <= most:
        return tidy
    notes.add(f"The {what} was cut to {most} of {len(tidy)} characters.")
    head = tidy[: most - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > most // 2 else head).rstrip(" ,;:-") + "…"


def slug(name: str) -> str:
    """Make a slug of a name in any script; of one without letters and digits, one of its code points.

    Names that differ in more than case, blanks and punctuation have different slugs: 李娜 and 李那 are different
    people, and so may Müller and Muller be. What is lost in a slug is kept in its end, a digest of the name.
    """
    plain = "".join(" " if category(letter)[0] in "ZPC" else letter for letter in normalize("NFKC", name).lower())
    plain = " ".join(plain.split())
    made = _NO_SLUG.sub("-", anyascii(plain).lower()).strip("-")
    if not made:
        made = "u" + "-".join(f"{ord(letter):x}" for letter in name.strip()[:10])
        plain = plain or name.strip()
    if plain and _NO_SLUG.sub("-", plain) != plain.replace(" ", "-"):
        made = f"{made[:91].rstrip('-')}-{uuid5(NAMESPACE, plain.encode('utf-8', 'replace').decode()).hex[:8]}"
    if len(made) <= _LONGEST_SLUG:
        return made
    # Names that begin alike must not become one.
    return f"{made[:83].rstrip('-')}-{uuid5(NAMESPACE, made).hex[:16]}"


def whole(text: str) -> int | None:
    """Read a whole number, which spreadsheets may have written as ``214797.0``; None for anything else."""
    match = _WHOLE.fullmatch(text.strip())
    return int(match[1]) if match else None


def number(text: str) -> int | float | None:
    """Read a number with a decimal point, a whole one as such; None for anything else."""
    found = whole(text)
    if found is None and _NUMBER.fullmatch(text.strip()):
        return float(text)
    return found


def id_in(scheme: str, identifier: str) -> str:
    """The id of the event that a dataset knows by an identifier of its own."""
    return str(uuid5(NAMESPACE, f"{scheme}:{identifier}"))


def id_of_content(value: dict[str, Any]) -> UUID:
    """The id of a row that has none: the same for the same content, in whatever order its members stand."""
    return uuid5(NAMESPACE, json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")))


def candidate(name: str, kind: str, **more: Any) -> dict[str, Any]:
    """An actor that a row mentions by its name: to be found in the store or, failing that, created."""
    return {"id": slug(name), "name": name, "kind": kind, **more}


def unique(actors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the first actor of each id."""
    first: dict[str, dict[str, Any]] = {}
    for actor in actors:
        first.setdefault(actor["id"], actor)
    return list(first.values())
