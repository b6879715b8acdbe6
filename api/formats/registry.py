"""The formats that there are. A new one is a module with a ``WRITER``, and a line here."""

from api.formats import atom, delimited, geojson, html, ics, jsonfeed, markdown, ndjson, page, timelinejs, xlsx
from api.formats.entry import Writer
from schema.format import Format

WRITERS: dict[Format, Writer] = {
    module.WRITER.format: module.WRITER
    for module in (page, ndjson, atom, jsonfeed, markdown, html, geojson, ics, timelinejs, delimited, xlsx)
}
