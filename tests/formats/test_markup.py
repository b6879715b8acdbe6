"""HTML from elsewhere as text: nothing breaks the reading, and nothing makes it slow."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.formats.markup import MAXIMUM_LENGTH, Link, plain

#: Of the processor's time: far more than any takes (0.2 seconds), far less than what they took while it grew with the
#: square (two minutes).
PATIENCE_S = 10


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("two\nlines", "two\nlines"),
        ("<b>two\nlines</b>", "two lines"),
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("AT&amp;T &lt;b&gt; &#8364; R&D", "AT&T <b> € R&D"),
        ("a < b and b > c", "a < b and b > c"),
        ("1 <2", "1 <2"),
        ("x<!-- <p>hidden</p> -->y<!doctype html><?php ?>z", "xyz"),
        ("<script>alert('<p>')</script>after", "after"),
        ("never <b", "never <b"),
        ("", ""),
    ],
)
def test_what_is_read_of_html(html: str, text: str) -> None:
    assert plain(html).text == text


def test_links_keep_their_addresses_and_words() -> None:
    html = "<a href=' https://a.test/?x=1&amp;y=2 '>the <i>first</i></a><a name=x>none</a><img src=/p.png alt=Picture>"
    assert plain(html).links == [Link("https://a.test/?x=1&y=2", "the first"), Link("/p.png", "Picture")]


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from([*"<>!-/?&\"'=[] \n\0ap;#", "<!", "<![", "-->", "</", "script", "<a href="]), max_size=60)
)
def test_no_text_is_too_broken(pieces: list[str]) -> None:
    read = plain("".join(pieces))
    assert "\0" not in read.text


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<!--", '<a href="', "</a", "<![CDATA[", "<!", "<?", "<script>", '<a b="c>', "&"]
)
def test_no_text_is_slow_to_read(piece: str) -> None:
    html = (piece * (MAXIMUM_LENGTH // len(piece) + 1))[:MAXIMUM_LENGTH]
    before = time.process_time()
    plain(html)
    assert time.process_time() - before < PATIENCE_S


def test_what_is_longer_is_not_read() -> None:
    with pytest.raises(ValueError, match="At most 100,000 characters"):
        plain("x" * (MAXIMUM_LENGTH + 1))
