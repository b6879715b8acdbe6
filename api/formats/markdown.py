"""Markdown (CommonMark 0.31): a chronology as a text to edit, with the sources of each event.

Every value is escaped: it comes back as its text and never becomes a heading, a link, an image or HTML.
"""

import re
from collections.abc import AsyncIterator, Iterator

from api.formats.entry import Heading, Parts, Writer
from api.formats.telling import Link, ToldCitation, ToldEvent, tell
from api.formats.wording import how_to_cite, instant_words, legible, one_line, safe_address
from schema.format import Format

#: What has a meaning anywhere in a line, in CommonMark or in the dialects that are used most (tables, struck-out
#: text, mathematics, mentions).
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#&|~$^@])")
#: What dialects make links of by themselves.
_LINKED = re.compile(r"(://|www\.|mailto:|xmpp:)", re.IGNORECASE)
#: What begins a list, a quotation, a rule, an underlined heading or a definition; a number of a list.
_BEGINS_LINE = re.compile(r"[-+=:]|[0-9]{1,9}(?=[.)])")
_PARAGRAPHS = re.compile(r"\n{2,}")


def escape(text: str) -> str:
    """Escape one line, wherever in a line it is put. White space at its ends is kept as references."""
    escaped = _SPECIAL.sub(r"\\\1", one_line(text))
    escaped = _LINKED.sub(lambda found: re.sub(r"([:.])", r"\\\1", found[0]), escaped)
    begins = _BEGINS_LINE.match(escaped)
    if begins is not None:
        place = begins.end() if begins[0][0].isdigit() else 0
        escaped = f"{escaped[:place]}\\{escaped[place:]}"
    kept = escaped.strip()
    if kept == escaped:
        return escaped
    if not kept:
        return _references(escaped)
    start = escaped.index(kept)
    return _references(escaped[:start]) + kept + _references(escaped[start + len(kept) :])


def paragraphs(text: str, indent: str = "") -> str:
    """Escape a text of several lines: an empty line parts paragraphs, a single break stays one."""
    kept = (
        f"\\\n{indent}".join(escape(line) for line in paragraph.split("\n"))
        for paragraph in _PARAGRAPHS.split(legible(text).strip("\n"))
    )
    return f"\n\n{indent}".join(kept)


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write the title, a section for each event, and an end that says how many there were."""
    yield _head(heading).encode()
    count = 0
    async for part in parts:
        count += len(part.entries)
        yield "".join(_event(tell(entry, part, heading)) for entry in part.entries).encode()
    yield _foot(heading, count).encode()


def _head(heading: Heading) -> str:
    lines = [f"# {escape(heading.title)}"]
    if heading.introduction:
        lines.append(paragraphs(heading.introduction))
    lines.append(f"As of change {heading.sequence}, {instant_words(heading.recorded_at)}: {_address(heading.address)}")
    return "\n\n".join(lines) + "\n\n"


def _foot(heading: Heading, count: int) -> str:
    lines = ["---"]
    if heading.licence:
        lines.append(f"**Licence:** {escape(heading.licence)}")
    lines.append(f"**How to cite:** {escape(how_to_cite(heading))}")
    lines.append(f"End of chronology: {count} {'event' if count == 1 else 'events'}")
    return "\n\n".join(lines) + "\n"


def _event(told: ToldEvent) -> str:
    """One section; the blocks are parted by empty lines."""
    blocks = [f"## {escape(told.date)} — {escape(told.title)}"]
    blocks += [f"> **{label}:** {paragraphs(text, '> ')}" for label, text in told.marks]
    facts = [f"- **Date:** {escape(told.date)} (EDTF `{told.edtf}`)", f"- **Kind:** {escape(told.kind)}"]
    facts += [f"- **{label}:** {'; '.join(escape(text) for text in texts)}" for label, texts in told.facts]
    blocks.append("\n".join(facts))
    if told.summary:
        blocks.append(paragraphs(told.summary))
    if told.note:
        blocks.append(f"**Note:** {paragraphs(told.note)}")
    judged = f"**Confidence:** {escape(told.confidence)}"
    blocks.append(f"{judged}. {paragraphs(told.rationale)}" if told.rationale else judged)
    blocks.append(f"**Evidence:** {escape(told.evidence)}")
    blocks += [_citation(number, citation) for number, citation in enumerate(told.citations, 1)]
    if told.relations:
        related = (f"- {escape(relation.text)}: {_address(relation.address)}" for relation in told.relations)
        blocks.append("\n".join(["**Related:**\n", *related]))
    blocks.append(f"{escape(told.record)}: {_address(told.address)}")
    return "\n\n".join(blocks) + "\n\n"


def _citation(number: int, citation: ToldCitation) -> str:
    """A numbered item; what belongs to it is indented as far as its text."""
    mark = f"{number}. "
    indent = " " * len(mark)
    return f"{mark}{f'{chr(10)}{indent}'.join(_citation_lines(citation, indent))}"


def _citation_lines(citation: ToldCitation, indent: str) -> Iterator[str]:
    yield f"**{citation.stance}:** {escape(citation.source.text)}"
    for link in (citation.source, citation.archive):
        if link is not None and link.address is not None:
            yield f"- {_labelled(link, citation)}"
    if citation.figures:
        yield f"- **Figures:** {'; '.join(escape(figure) for figure in citation.figures)}"
    nested = f"{indent}  "
    for label, text in citation.details:
        yield f"- **{label}:** {paragraphs(text, nested)}"
    if citation.quote:
        yield f"- **Quote:** “{paragraphs(citation.quote, nested)}”"


def _labelled(link: Link, citation: ToldCitation) -> str:
    label = "Address" if link is citation.source else "Archived copy"
    return f"**{label}:** {_address(link.address)}"


def _address(address: str | None) -> str:
    """A link that shows its address, or the address as a text where it may not be linked to."""
    safe = safe_address(address)
    return f"<{safe}>" if safe is not None else escape(address or "")


def _references(space: str) -> str:
    return "".join(f"&#{ord(character)};" for character in space)


WRITER = Writer(Format.MARKDOWN, "text/markdown", "md", None, write)
