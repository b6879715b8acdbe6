"""HTML: one page that needs nothing beside it, to read on a screen and to print.

Its styles are in it, it runs no script and fetches nothing. Its last line says how many events there were: a page
without that line was cut off.
"""

from collections.abc import AsyncIterator

from api.formats.entry import Heading, Parts, Writer
from api.formats.feed import TEMPLATES
from api.formats.telling import tell
from api.formats.wording import how_to_cite, instant_words, legible, publisher_of
from schema.format import Format

_HEAD = TEMPLATES.get_template("page_head.html")
_EVENT = TEMPLATES.get_template("event.html")
_FOOT = TEMPLATES.get_template("page_foot.html")


async def write(heading: Heading, parts: Parts) -> AsyncIterator[bytes]:
    """Write the masthead, an article for each event, and an end that says how many there were."""
    yield _HEAD.render(
        heading=heading,
        title=legible(heading.title),
        introduction=legible(heading.introduction) if heading.introduction else None,
        recorded=instant_words(heading.recorded_at),
        publisher=publisher_of(heading),
    ).encode()
    count = 0
    async for part in parts:
        count += len(part.entries)
        yield "".join(_EVENT.render(told=tell(entry, part, heading)) for entry in part.entries).encode()
    yield _FOOT.render(
        count=count,
        licence=legible(heading.licence) if heading.licence else None,
        cite=how_to_cite(heading),
    ).encode()


WRITER = Writer(Format.HTML, "text/html", "html", None, write)
