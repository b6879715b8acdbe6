"""Markdown read back by an independent parser: every value comes back as its text and as nothing else."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from api.formats import markdown
from api.formats.wording import legible, one_line
from schema.vocabulary import State
from tests.formats.parts import in_pieces, run, sample_part, single, written

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

#: What tempts a parser, put together at random with any other text.
TEMPTING = st.lists(
    st.sampled_from(
        [
            *(
                "# ",
                "## x",
                "- ",
                "+ ",
                "* ",
                "1. ",
                "2) ",
                "> ",
                "---",
                "===",
                "***",
                "```",
                "~~~",
                "    ",
                "\t",
                "|a|b|",
                "|-|-|",
            ),
            *("[a](b)", "![a](b)", "[a]: http://b", "<b>", "<!--", "<script>", "&amp;", "&#35;", "&", "\\", "`", "``"),
            *(
                "*a*",
                "_a_",
                "**",
                "__",
                "~~a~~",
                "http://a.test",
                "www.a.test",
                "<http://a.test>",
                "a@b.test",
                "$x$",
                "^",
            ),
            *(
                " ",
                "  ",
                "\n",
                "\n\n",
                "\r",
                "\u00a0",
                "\u2028",
                "\x0c",
                "\x85",
                "\x00",
                "a",
                "é",
                "7",
                ".",
                ")",
                "!",
                ":",
            ),
        ]
    )
    | st.text(max_size=5),
    max_size=12,
).map("".join)


def text_of(tokens: list[Token]) -> str:
    """The text of inline tokens, which may only be text and breaks."""
    said = ""
    for token in tokens:
        assert token.type in ("text", "text_special", "hardbreak"), token
        said += "\n" if token.type == "hardbreak" else token.content
    return said


def paragraphs_of(tokens: list[Token]) -> list[str]:
    """The texts of paragraphs, of which alone the tokens may be."""
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    return [text_of(token.children or []) for token in tokens if token.type == "inline"]


@given(TEMPTING)
@example("\\")
@example("a\\")
@example("1986\\. A great year")
@example("Setext\n===")
def test_a_line_comes_back_as_its_text(text: str) -> None:
    said = markdown.escape(text)
    assert "\n" not in said
    for before in ("", "## x ", "- **Label:** ", "> "):
        tokens = PARSER.parse(before + said)
        inline = [token for token in tokens if token.type == "inline"]
        if not text and before in ("", "> "):
            assert not inline
            continue
        assert len(inline) == 1
        if before in ("", "> "):
            assert text_of(inline[0].children or []) == one_line(text)
        else:
            assert "".join(one.content for one in inline[0].children or []).endswith(one_line(text))
        kinds = {token.type for token in tokens}
        assert (
            kinds
            <= {
                "": {"paragraph_open", "inline", "paragraph_close"},
                "> ": {"blockquote_open", "paragraph_open", "inline", "paragraph_close", "blockquote_close"},
                "## x ": {"heading_open", "inline", "heading_close"},
                "- **Label:** ": {
                    *("bullet_list_open", "list_item_open", "paragraph_open", "inline"),
                    *("paragraph_close", "list_item_close", "bullet_list_close"),
                },
            }[before]
        )


@given(TEMPTING)
def test_a_text_of_many_lines_comes_back_as_its_paragraphs(text: str) -> None:
    expected = re.split("\n{2,}", legible(text).strip("\n"))
    assert paragraphs_of(PARSER.parse(markdown.paragraphs(text))) == [one for one in expected if one]


@pytest.mark.parametrize(
    "line",
    [
        "===",
        "---",
        "- a",
        "+ a",
        "* a",
        "1. a",
        "1) a",
        "# a",
        "> a",
        "```",
        "~~~",
        "|-|",
        "    a",
        "\ta",
        ": a",
        "<b>",
        "\\",
    ],
)
def test_what_begins_a_line_begins_nothing_else(line: str) -> None:
    for text in (line, f"a\n{line}", f"{line}\nb", f"a\n\n{line}\nb"):
        assert "\n\n".join(paragraphs_of(PARSER.parse(markdown.paragraphs(text)))) == text
        nested = PARSER.parse(f"1. x\n   - y {markdown.paragraphs(text, '     ')}\n2. z")
        assert (
            "\n\n".join(text_of(one.children or []) for one in nested if one.type == "inline") == f"x\n\ny {text}\n\nz"
        )


def headings_of(document: str) -> list[str]:
    tokens = PARSER.parse(document)
    return [
        "".join(child.content for child in tokens[index + 1].children or [])
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]


async def test_every_event_of_the_sample_has_a_section_with_its_sources() -> None:
    part = sample_part()
    document = (await written(markdown.WRITER, *in_pieces(part, 7))).decode()
    assert headings_of(document) == [f"{entry.event.when.display} — {entry.event.title}" for entry in part.entries]
    items = [token for token in PARSER.parse(document) if token.type == "ordered_list_open"]
    assert len(items) == sum(bool(entry.event.citations) for entry in part.entries)
    rendered = PARSER.render(document)
    assert rendered.count("<strong>Disputes:</strong>") == 2
    assert "National Intelligence Service of South Korea → Lee Seong-kweun → Times of India" in rendered
    for entry in part.entries:
        assert f"`{entry.event.date.text}`" in document
    assert "about 600 killed" in rendered
    assert document.endswith("End of chronology: 30 events\n")


@given(TEMPTING.filter(bool))
@example("](javascript:alert(1)) <img src=x onerror=y>")
def test_no_value_becomes_more_than_text(text: str) -> None:
    line, long = re.sub(r"[\x00-\x1f\x7f]", "", text).strip(" ") or "x", text.replace("\0", "") or "x"
    told = single(
        {
            "title": line,
            "summary": long,
            "tags": [line],
            "places": [{"name": line}],
            "actors": [{"id": line, "role": "speaker"}],
            "external_ids": {"other": line},
            "assessment": {"confidence": "low", "rationale": long},
            "citation": {
                **{"attribution": [line], "locator": line, "quote": long, "as_stated": long},
                "states": {"place": {"name": line}},
            },
            "source": {"title": line, "authors": [line], "published_basis": long, "url": "https://paper.test/a_*b*[c]"},
        },
        note=long,
        retraction=long,
        state=State.RETRACTED,
    )
    tokens = PARSER.parse(asked(told, title=line, introduction=long, licence=line))
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or []}
    assert not kinds & {"html_block", "html_inline", "image", "fence", "code_block", "table_open", "s_open", "em_open"}
    links = {
        str(child.attrs["href"]) for token in tokens for child in token.children or [] if child.type == "link_open"
    }
    assert {link.removeprefix("https://chronicle.test/v1/") for link in links} == {
        *("events?format=x", "events/33333333-3333-4333-8333-333333333333", "https://paper.test/a_*b*%5Bc%5D"),
    }
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2"]
    assert sum(token.type == "hr" for token in tokens) == 1


def asked(told: Any, **heading: Any) -> str:
    return run(written(markdown.WRITER, told, **heading)).decode()


def test_long_lists_keep_what_belongs_to_an_item() -> None:
    part = single({"citation": {"locator": "here", "quote": "One\n\nTwo"}})
    event = part.entries[0].event
    many = [event.citations[0]] * 12
    entry = part.entries[0]._replace(event=type(event)(**{**_members(event), "citations": many}))
    tokens = PARSER.parse(asked(part._replace(entries=[entry])))
    assert sum(token.type == "ordered_list_open" for token in tokens) == 1
    quoted = [token for token in tokens if token.type == "inline" and token.content == "Two”"]
    assert [token.level for token in quoted] == [quoted[0].level] * 12
    assert quoted[0].level > 4


def _members(event: Any) -> dict[str, Any]:
    return {field: getattr(event, field) for field in event.__struct_fields__}


async def test_a_retraction_is_the_first_thing_said() -> None:
    document = (
        await written(markdown.WRITER, single(state=State.RETRACTED, retraction="It was another town."))
    ).decode()
    assert "talks" not in document.partition("**Retracted:** It was another town.")[0]


async def test_nothing_is_a_chronology_too() -> None:
    assert (await written(markdown.WRITER)).endswith(b"End of chronology: 0 events\n")


def test_what_dialects_would_link_by_themselves_is_broken_up() -> None:
    assert markdown.escape("see https://a.test or WWW.b.test, or c@d.test") == (
        r"see https\://a.test or WWW\.b.test, or c\@d.test"
    )
