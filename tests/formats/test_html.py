"""The HTML page: whole in itself, escaped throughout, and visibly short where it was cut off."""

import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from api.formats import html
from api.formats.wording import legible, machine_date
from schema.vocabulary import State
from tests.formats.parts import in_pieces, run, sample_part, single, written

_EMPTY = {"meta", "br"}
_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "h1", "h2", "h3", "p", "a", "br"),
    *("article", "time", "span", "strong", "em", "div", "aside", "dl", "dt", "dd", "bdi", "section", "ol", "ul", "li"),
    *("cite", "blockquote"),
}


class Page(HTMLParser):
    """Reads a page, which must close what it opens, in order."""

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(document.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        if tag not in _EMPTY:
            self.open.append(tag)
        elif tag == "br":
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


async def test_the_page_needs_nothing_beside_it() -> None:
    document = await written(html.WRITER, *in_pieces(sample_part(), 7))
    page = Page(document)
    assert {tag for tag, _ in page.elements} <= _TAGS
    assert document.startswith(b'<!DOCTYPE html>\n<html lang="en">')
    assert not re.search(rb"url\(|@import|<link|src=|srcset|\son[a-z]+=", document)
    assert {name for _, attributes in page.elements for name in attributes} <= {
        *("lang", "charset", "name", "content", "http-equiv", "class", "dir", "href", "rel", "id", "datetime"),
        *("data-edtf", "aria-label"),
    }


async def test_every_event_has_an_article_with_its_date_and_sources() -> None:
    part = sample_part()
    page = Page(await written(html.WRITER, *in_pieces(part, 7)))
    events = [entry.event for entry in part.entries]
    assert page.texts["h2"] == [event.title for event in events]
    assert [one["id"] for one in page.all("article")] == [f"event-{event.id}" for event in events]
    assert [text.strip() for text in page.texts["time"]] == [event.when.display for event in events]
    assert [one["data-edtf"] for one in page.all("time")] == [event.date.text for event in events]
    assert [one.get("datetime") for one in page.all("time")] == [machine_date(event.date) for event in events]
    assert {one.get("datetime") for one in page.all("time")} >= {None, "2024", "2024-06", "2025-04-28"}
    assert len(page.texts["cite"]) == sum(len(event.citations) for event in events)
    assert sum(one.get("class") == "disputes" for one in page.all("li")) == 2
    said = "".join(page.texts["body"])
    for words in ("about 600 killed", "Lee Seong-kweun → Times of India", "Disputed by Russia, North Korea", "CC0-1.0"):
        assert words in said


async def test_the_end_is_said_last_and_only_there() -> None:
    document = await written(html.WRITER, *in_pieces(sample_part(), 7))
    said = Page(document).texts["p"][-1]
    assert said == "End of chronology: 30 events"
    assert document.count(b"End of chronology") == 1
    assert document.partition(b"End of chronology")[2].count(b"<article") == 0
    assert Page(await written(html.WRITER)).texts["p"][-1] == "End of chronology: 0 events"


TEMPTING = st.lists(
    st.sampled_from(
        ["<script>", "</style>", "<!--", "&", "&amp;", "&#60;", '"', "'", "<img src=x onerror=y>", "{{ 1 }}", "\n"]
    )
    | st.text(max_size=5),
    min_size=1,
    max_size=8,
).map(lambda found: "".join(found).replace("\0", ""))


@given(TEMPTING)
@example("{% raw %}</title><script>alert(1)</script>")
@example('" onclick="x')
def test_any_text_comes_back_as_its_text(text: str) -> None:
    line = re.sub(r"[\x00-\x1f\x7f]", "", text).strip(" ") or "x"
    long = text or "x"
    told = single(
        {
            "title": line,
            "summary": long,
            "tags": [line],
            "places": [{"name": line}],
            "actors": [{"id": line, "role": "speaker"}],
            "assessment": {"confidence": "low", "rationale": long},
            "citation": {"attribution": [line], "locator": line, "quote": long, "as_stated": long},
            "source": {"title": line, "published_basis": long, "url": "https://paper.test/?a='b'&c"},
        },
        note=long,
        state=State.RETRACTED,
        retraction=long,
    )
    page = Page(run(written(html.WRITER, told, title=line, introduction=long, licence=line, language="fr")))
    assert {tag for tag, _ in page.elements} <= _TAGS
    assert page.all("html") == [{"lang": "fr"}]
    assert page.texts["title"] == page.texts["h1"] == [legible(line)]
    assert page.texts["h2"] == [legible(line).replace("\n", " ")]
    assert legible(long) in page.texts["dd"]
    assert f"Retracted {legible(long)}" in page.texts["p"]
    assert {one["href"] for one in page.all("a")} == {
        "https://chronicle.test/v1/events",
        "https://chronicle.test/v1/events/33333333-3333-4333-8333-333333333333",
        "https://paper.test/?a='b'&c",
    }


def test_what_may_not_be_linked_to_is_not() -> None:
    part: Any = single({"source": {"url": None, "archive_url": "https://archive.test/x"}})
    page = Page(run(written(html.WRITER, part)))
    assert [one["href"] for one in page.all("a")][1:-1] == ["https://archive.test/x"]
