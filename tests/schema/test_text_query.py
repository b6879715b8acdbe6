"""How a text query is read: each sign where it means something, and any text without a fault of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.text_query import (
    MAXIMUM_PREFIXES,
    MAXIMUM_WORDS,
    UNBALANCED,
    Kind,
    Part,
    read_text_query,
    text_flaws,
    text_notices,
)
from schema.words import LONGEST_WORD, fold, fold_words, normalize, runs_of, words_of

WORD, PHRASE, PREFIX = Kind


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("North  Korea", [Part(WORD, "North"), Part(WORD, "Korea")]),
        ('"mutual defence" pact', [Part(PHRASE, "mutual defence"), Part(WORD, "pact")]),
        ("“mutual defence”", [Part(PHRASE, "mutual defence")]),
        ("„mutual defence“", [Part(PHRASE, "mutual defence")]),
        ('oil -"crude oil" -gas', [Part(WORD, "oil"), Part(PHRASE, "crude oil", True), Part(WORD, "gas", True)]),
        ("miss* -art*", [Part(PREFIX, "miss"), Part(PREFIX, "art", True)]),
        ("mid-range", [Part(WORD, "mid-range")]),
        ("a - b", [Part(WORD, "a"), Part(WORD, "b")]),
        ("a -- b ** c", [Part(WORD, "a"), Part(WORD, "b"), Part(WORD, "c")]),
        ("ru*ia", [Part(WORD, "ru*ia")]),
        ('"ab*"', [Part(PHRASE, "ab*")]),
        ('x"y z"', [Part(WORD, "x"), Part(PHRASE, "y z")]),
        ('x-"y z"', [Part(WORD, "x-"), Part(PHRASE, "y z")]),
        ('"x y"-z', [Part(PHRASE, "x y"), Part(WORD, "-z")]),
        ("U.S., (Russia)", [Part(WORD, "U.S.,"), Part(WORD, "(Russia)")]),
        ('a "" b', [Part(WORD, "a"), Part(WORD, "b")]),
        ("a & b | !c <-> d:*", [Part(WORD, "a"), Part(WORD, "b"), Part(WORD, "!c"), Part(PREFIX, "d:")]),
        ("™", [Part(WORD, "™")]),
        ("a\tb\nc", [Part(WORD, "a"), Part(WORD, "b"), Part(WORD, "c")]),
    ],
)
def test_parts(text: str, parts: list[Part]) -> None:
    assert read_text_query(text) == (parts, [])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('"north korea', [Part(WORD, "north"), Part(WORD, "korea")]),
        ('"north korea" treaty"', [Part(PHRASE, "north korea"), Part(WORD, "treaty")]),
        ('27" gun', [Part(WORD, "27"), Part(WORD, "gun")]),
        ('a -"b c', [Part(WORD, "a"), Part(WORD, "b"), Part(WORD, "c")]),
    ],
)
def test_a_quotation_mark_without_a_second_one_is_text(text: str, parts: list[Part]) -> None:
    assert read_text_query(text) == (parts, [UNBALANCED])
    assert text_notices(text) == [UNBALANCED]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing to search for"),
        ("  ", "nothing to search for"),
        ('"" - * "-"', "nothing to search for"),
        ("-russia", "only says what must not be there"),
        ('-"a b" -c', "only says what must not be there"),
        (" ".join("abcdefghijklmnopqrstu"), "more than 20 words"),
        (f'"{" ".join("abcdefghijklmnopqrst")}" z', "more than 20 words"),
        ("aa* bb* cc* dd*", "more than 3 word prefixes"),
        ("中a*", "too short"),
        ("mid-r*", "too short"),
        ("a*", "a* is too short"),
        ("x -é*", "é* is too short"),
        ("mid-r*", "mid-r* is too short"),
    ],
)
def test_what_cannot_be_meant(text: str, said: str) -> None:
    flaws = text_flaws(text)
    assert [flaw.pointer for flaw in flaws] == ["/q"]
    assert said in flaws[0].detail


@pytest.mark.parametrize("text", [" ".join("abcdefghijklmnopqrst"), "aa* bb* -cc*", "é́é*", "a -b", "mid-ra*", "\x00a"])
def test_what_can_be_meant(text: str) -> None:
    assert text_flaws(text) == []


_TEXTS = st.text() | st.text(st.sampled_from('ab-*" \t"é“”鮮.')) | st.text(st.characters(max_codepoint=0x3000))


@given(_TEXTS)
def test_any_text_is_read(text: str) -> None:
    parts, notices = read_text_query(text)
    assert all(runs_of(fold(part.text)) for part in parts)
    assert all('"' not in part.text for part in parts)
    assert (notices == [UNBALANCED]) == bool(sum(map(text.count, '"“”„‟')) % 2)
    if not text_flaws(text):
        assert any(not part.unwanted for part in parts)
        assert len(parts) <= MAXIMUM_WORDS
        assert sum(part.kind is Kind.PREFIX for part in parts) <= MAXIMUM_PREFIXES


@given(_TEXTS)
def test_no_letter_is_lost(text: str) -> None:
    """Whatever is a letter or a digit is in some part, in its order."""
    parts, _ = read_text_query(text)
    letters = [character for character in text if character.isalnum()]
    kept = [character for part in parts for character in part.text if character.isalnum()]
    assert kept == letters


@given(_TEXTS)
def test_words_are_letters_and_digits_in_their_order(text: str) -> None:
    words = words_of(text)
    assert all(0 < len(word) <= LONGEST_WORD and word[0].isalnum() for word in words)
    if len(text) <= LONGEST_WORD:
        assert [one for word in words for one in word if one.isalnum()] == [one for one in text if one.isalnum()]
    assert words_of(" ".join(words)) == words


def test_words_of_scripts() -> None:
    assert words_of("the mid-range_missile's 10,000 km") == ["the", "mid", "range", "missile", "s", "10", "000", "km"]
    assert words_of("mis\u00adsile \ufeffzero\u200bwidth") == ["missile", "zerowidth"]
    assert words_of("می\u200cخواهم") == ["میخواهم"]
    assert words_of("朝鮮の軍abc") == ["朝", "鮮", "の", "軍", "abc"]
    assert words_of("कर्म हिन्दी") == ["कर्म", "हिन्दी"]
    assert words_of("россия и кндр") == ["россия", "и", "кндр"]
    assert words_of("x" * 300) == ["x" * LONGEST_WORD]


@given(_TEXTS)
def test_each_word_has_one_that_is_folded(drawn: str) -> None:
    """So what is written and what is folded have the same places."""
    words = words_of(normalize(drawn))
    assert len(fold_words(words)) == len(words)
    assert fold_words(words) == [fold(word)[:LONGEST_WORD] for word in words]
    assert normalize(normalize(drawn)) == normalize(drawn)
    assert fold(normalize(drawn)) == fold(drawn)
