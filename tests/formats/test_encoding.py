"""Encodings and line ends, told from real words; what is guessed is said."""

import codecs
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.formats.encoding import CHUNK_BYTES, detect
from schema.problem import ProblemError

SENTENCES = [
    "title,place\nMüller spricht in Köln,Düsseldorf\n",
    "title,place\nGroße Übung „Frühling“ – später mehr,Österreich\n",
    "title\nThe minister’s “treaty” — nobody’s surprise…\n",
    "title\nÀ Genève, l’été a été très agité : « déjà vu »\n",
    "title\nEl señor Muñoz llegó a Bogotá; ¿quién más?\n",
    "title\nA reunião de São Tomé não avançou\n",
    "title\nMøde i København om Ærø og Åland\n",
    "title,price\nPounds and euros,£20 or €30\n",
    "title\n… and naïve Zoë’s café\n",
]


@pytest.mark.parametrize("codec", ["cp1252", "mac_roman"])
@pytest.mark.parametrize("text", SENTENCES)
def test_encodings_of_eight_bits(text: str, codec: str) -> None:
    found = detect(io.BytesIO(text.encode(codec)))
    assert text.encode(codec).decode(found.codec) == text
    assert found.label == {"cp1252": "Windows-1252", "mac_roman": "Mac Roman"}[codec]
    assert found.label in found.notes[0]
    assert "UTF-8" in found.notes[0]


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize(
    ("codec", "mark", "label"),
    [
        ("utf-8", b"", "UTF-8"),
        ("utf-8", codecs.BOM_UTF8, "UTF-8"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "UTF-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "UTF-16"),
        ("utf-16-le", b"", "UTF-16"),
        ("utf-16-be", b"", "UTF-16"),
        ("utf-32-le", codecs.BOM_UTF32_LE, "UTF-32"),
        ("utf-32-be", codecs.BOM_UTF32_BE, "UTF-32"),
    ],
)
def test_encodings_of_unicode(text: str, codec: str, mark: bytes, label: str) -> None:
    data = mark + text.encode(codec)
    found = detect(io.BytesIO(data))
    assert (data.decode(found.codec), found.label, found.notes) == (text, label, [])


def test_korean_in_utf_16_without_a_mark() -> None:
    text = "제목,날짜\n러시아와 북한 조약,2024-06\n"
    found = detect(io.BytesIO(text.encode("utf-16-le")))
    assert text.encode("utf-16-le").decode(found.codec) == text


def test_what_could_be_either_is_said_to_be_uncertain() -> None:
    found = detect(io.BytesIO("title\nÞ\n".encode("cp1252")))
    assert "not certain" in found.notes[0] or "fits badly" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("заголовок\nДоговор между Россией и КНДР\n", "cp866"),
        ("title\nПереговоры в Стамбуле о перемирии\n", "cp1251"),
        ("title\nČaputová řekla, že příští týden\n", "cp1250"),
        ("title\n交渉は続く\n", "shift_jis"),
    ],
)
def test_a_text_of_another_encoding_is_refused_rather_than_spoiled(text: str, codec: str) -> None:
    with pytest.raises(ProblemError) as refused:
        detect(io.BytesIO(text.encode(codec)))
    assert refused.value.kind.slug == "unreadable-file"
    assert "Save it as UTF-8" in refused.value.detail


def test_a_nul_makes_no_utf_16_of_a_text() -> None:
    assert detect(io.BytesIO("title\nMüller a\0b\n ".encode())).codec == "utf-8"


def test_the_word_to_look_at_is_shown() -> None:
    found = detect(io.BytesIO(SENTENCES[0].encode("mac_roman")))
    assert "“Düsseldorf”" in found.notes[0]


def test_damaged_utf_8_is_not_taken_for_another_encoding() -> None:
    data = ("title\n" + "Köln, Müller, Söder\n" * 20).encode() + b"K\xc3ln\n"
    with pytest.raises(ProblemError) as refused:
        detect(io.BytesIO(data))
    assert refused.value.kind.slug == "unreadable-file"
    assert "line 22" in refused.value.detail


def test_utf_8_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ProblemError, match="line 2"):
        detect(io.BytesIO("title\nKöln und Göttingen – Köln“".encode()[:-1]))


@settings(max_examples=25)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.integers(0, 3))
def test_utf_8_is_always_known_also_across_chunks(text: str, shift: int) -> None:
    data = b"a" * (CHUNK_BYTES - shift) + text.encode()
    found = detect(io.BytesIO(data))
    assert found.codec == "utf-8"


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b"a,b\n1,2\n", "LF"),
        (b"a,b\r\n1,2\r\n", "CRLF"),
        (b"a,b\r1,2\r", "CR"),
        (b"a,b\r\n1,2\n", "mixed"),
        (b'a,b\r\n1,"one\ntwo ""three""\rfour"\r\n', "CRLF"),
        (b"a" * (CHUNK_BYTES - 1) + b"\r\n", "CRLF"),
        (b"a" * CHUNK_BYTES + b"\r", "CR"),
        (b"a,b", "LF"),
        ("a,b\r\n1,2\r\n".encode("utf-16"), "CRLF"),
    ],
)
def test_line_ends(data: bytes, ends: str) -> None:
    assert detect(io.BytesIO(data)).line_ends == ends
