"""Dates, figures, sources and judgements in words."""

import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert

from api.formats import wording
from schema.assessment import Assessment, Evidence
from schema.citation import CitationStates, Figure
from schema.edtf import parse
from schema.place import Place
from schema.vocabulary import ChangeType, Likelihood, Occurrence, Reliability, Stance
from schema.wire import decode_hook
from tests.formats.parts import HEADING, sample_part, single


def read(kind: Any, **members: Any) -> Any:
    return convert(members, kind, dec_hook=decode_hook)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"measure": "killed", "value": 600, "bound": "about"}, "about 600 killed"),
        ({"measure": "members", "value": 11}, "11 members"),
        (
            {"measure": "ammunition", "value": 9_000_000, "bound": "at_most", "unit": "rounds"},
            "at most 9,000,000 rounds of ammunition",
        ),
        ({"measure": "crude-oil", "value": 1.5, "unit": "barrels"}, "1.5 barrels of crude oil"),
        ({"measure": "killed", "low": 500, "high": 700}, "500 to 700 killed"),
        ({"measure": "killed", "value": 600, "low": 500, "high": 700}, "600 killed (from 500 to 700)"),
        ({"measure": "killed", "value": 600, "low": 500}, "600 killed (500 or more)"),
        ({"measure": "killed", "value": 600, "high": 700}, "600 killed (700 or fewer)"),
        ({"measure": "killed", "value": 0.0}, "0 killed"),
        (
            {"measure": "repatriated", "value": 2000, "bound": "at_least", "date": "2025-01/2025-04"},
            "at least 2,000 repatriated, January 2025 – April 2025",
        ),
    ],
)
def test_figures(members: dict[str, Any], said: str) -> None:
    assert wording.figure_words(read(Figure, **members)) == said


@given(st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-(2.0**53) + 1, 2.0**53 - 1))
def test_a_number_keeps_its_value(number: float) -> None:
    assert float(wording.number_words(number).replace(",", "")) == number


@pytest.mark.parametrize(
    "text",
    [
        "2024",
        "0001",
        "2024-06",
        "2025-04-28",
        "2025-06-02T13:00:00",
        "2025-06-02T13:00:00Z",
        "2025-06-02T13:00:00+03:00",
    ],
)
def test_a_plain_date_is_one_for_machines(text: str) -> None:
    assert wording.machine_date(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("2024-06?", "2024~", "2024-06-1X", "202X", "2024-21", "2023-09/..", "2023-11/2023-12", "[2024,2025]"),
        *("0000", "-0043-03-13", "Y17000", "1950S2", "2025-06-02T13:00:00+03", "{2024-06}", "/2024", "2024-06-XX"),
    ],
)
def test_a_rough_date_is_none_for_machines(text: str) -> None:
    assert wording.machine_date(parse(text)) is None


@given(st.text())
def test_legible_text_is_allowed_in_xml_and_stays_as_it_is(text: str) -> None:
    kept = wording.legible(text)
    ElementTree.fromstring(f"<a>{kept.replace('&', '&amp;').replace('<', '&lt;')}</a>")
    assert wording.legible(kept) == kept
    assert "\n" not in wording.one_line(text)
    if text.isprintable():
        assert kept == text


def test_breaks_and_control_characters() -> None:
    assert (
        wording.legible("a\r\nb\rc\x0bd\x85e\u2028f\x00g\x1bh\ufffei\tj") == "a\nb\nc\nd\ne\nf\ufffdg\ufffdh\ufffdi\tj"
    )


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://a.test/b?c=d&e=%20f#g", "https://a.test/b?c=d&e=%20f#g"),
        ("HTTP://a.test/ü", "HTTP://a.test/%C3%BC"),
        ("https://a.test/\u2028\u202e", "https://a.test/%E2%80%A8%E2%80%AE"),
        ("https://bücher.test/", "https://b%C3%BCcher.test/"),
        ("https://[::1]/", "https://[::1]/"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//a.test/", None),
        ("https:/a.test", None),
        ("https://[", None),
        (None, None),
    ],
)
def test_addresses_to_link_to(address: str | None, safe: str | None) -> None:
    assert wording.safe_address(address) == safe


@given(st.text())
def test_a_safe_address_is_plain(rest: str) -> None:
    safe = wording.safe_address(f"https://a.test/{rest}")
    assert safe is not None
    assert re.fullmatch(r"[!-~]+", safe)
    assert not set(safe) & set('<>"\\^`{|}')
    assert urlsplit(safe).netloc == "a.test"


def test_sources_and_who_says_so() -> None:
    part = sample_part()
    said = {wording.attribution_words(one, part) for entry in part.entries for one in entry.event.citations}
    assert "National Intelligence Service of South Korea → Lee Seong-kweun → Times of India" in said
    assert "a diplomat in Seoul, unnamed" in {one.split(" → ")[0] for one in said if one}
    assert "NDTV" in said
    row = {
        "citation": {
            "stance": "disputes",
            "attribution": ["A spokesman", "paper"],
            "locator": "page 3",
            "figures": [{"measure": "killed", "value": 3}],
        },
        "source": {"authors": ["A. Author", "B. Author"]},
    }
    part = single(row)
    citation = part.entries[0].event.citations[0]
    assert wording.attribution_words(citation, part) == "A spokesman → The Paper"
    assert (
        wording.citation_words(citation, part)
        == "Disputes: A. Author, B. Author: “An article”, The Paper, 30 May 2025 (uncertain)"
        " (A spokesman → The Paper), page 3: 3 killed"
    )


def test_nobody_says_so_where_nobody_is_named() -> None:
    part = single({"source": {"publisher": None}})
    assert wording.attribution_words(part.entries[0].event.citations[0], part) is None


def test_judgements() -> None:
    assert wording.confidence_words(None) == "not assessed"
    assert (
        wording.confidence_words(read(Assessment, confidence="moderate", likelihood="likely"))
        == "moderate confidence; likely (55–80 %)"
    )
    assert (
        wording.evidence_words(Evidence(supporting=3, disputing=2, origins=1))
        == "3 supporting citations of 1 origin; 2 dispute"
    )
    assert (
        wording.evidence_words(Evidence(supporting=1, disputing=1, origins=1))
        == "1 supporting citation of 1 origin; 1 disputes"
    )


def test_nothing_is_counted_where_there_is_nothing() -> None:
    assert wording.evidence_words(Evidence(supporting=0, disputing=0, origins=0)) == "no supporting citation"


def test_places_and_what_a_source_states() -> None:
    place = {"name": "Istanbul", "country": "TR", "latitude": 41.01, "longitude": 28.98, "precision": "city"}
    assert wording.place_words(read(Place, **place, role="venue")) == "Istanbul, TR (venue; city level; 41.01, 28.98)"
    assert wording.place_words(read(Place, name="Kursk", precision="exact")) == "Kursk"
    stated = read(CitationStates, date="2022", place={"name": "Russia", "country": "RU"}, occurrence="planned")
    assert wording.states_words(stated) == "date 2022; place Russia, RU; planned"


def test_every_term_has_words() -> None:
    assert set(wording.LIKELIHOODS) == set(Likelihood)
    assert set(wording.RELIABILITIES) == set(Reliability)
    assert set(wording.CREDIBILITIES) == set(range(1, 7))
    assert set(wording.STANCES) == set(Stance)
    assert set(wording.OCCURRENCES) == set(Occurrence)
    assert set(wording.CHANGES) == set(ChangeType)


def test_names_of_actors() -> None:
    part = sample_part()
    assert wording.actor_words("russia", "violence-maker", part) == "Russia (violence maker)"
    assert wording.actor_words("A passer-by", None, part) == "A passer-by"


def test_how_to_cite_says_as_of_when() -> None:
    assert wording.how_to_cite(HEADING) == (
        "“Russia and North Korea”, chronicle.test, as of change 66 (2026-03-01 09:30:00 UTC; digest abababababababab),"
        " https://chronicle.test/v1/events"
    )
