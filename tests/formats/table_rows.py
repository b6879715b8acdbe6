"""Rows of every shape that a table must carry, for tests of csv, xlsx and the columns."""

from typing import Any

from hypothesis import strategies as st

from schema.vocabulary import (
    Bound,
    Confidence,
    Likelihood,
    Occurrence,
    PlacePrecision,
    RelationType,
    Reliability,
    Stance,
)
from tests.schema.edtf.strategies import edtf_texts

_MARKS = ";:,()[]{}'\"=+-@＝＠ \\|/äß—“\xa0\u2028\u200b😀"
_line_letters = st.one_of(st.sampled_from(_MARKS), st.sampled_from("abcXYZ019"))
lines = st.text(_line_letters, min_size=1, max_size=12).map(lambda text: text.strip(" ")).filter(bool)
texts = st.one_of(
    st.text(st.one_of(_line_letters, st.sampled_from("\r\n\t\x01\x0b\x1f")), min_size=1, max_size=20),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"), min_size=1, max_size=20),
    st.sampled_from(
        [
            "'",
            "''=",
            " ",
            "\r",
            "\n\r\n",
            "=1+1",
            "'=1+1",
            "_x000D_",
            "_x005F_x0041_",
            "_x0000_x0000_",
            "\x01x0000_",
            "<r><t>a</t></r>",
            "<r></r>",
            "1.0",
            "2024-06",
        ]
    ),
)
slugs = st.sampled_from(["a", "north-korea", "x1", "signatory", "0"])
dates = edtf_texts()
urls = st.sampled_from(["https://example.org/a;b?c=1,2", "http://example.org"])
ids = st.uuids().map(str)
numbers = st.one_of(st.integers(-(2**53) + 1, 2**53 - 1), st.floats(-1e15, 1e15))
identifiers = st.dictionaries(slugs, lines, min_size=1, max_size=3)


def _lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=1, max_size=3)


def _objects(needed: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed, optional=optional)


def _words(kind: Any) -> st.SearchStrategy[str]:
    return st.sampled_from([member.value for member in kind])


places = _objects(
    {"name": lines},
    {
        "country": st.sampled_from(["KP", "TR"]),
        "latitude": st.floats(-90, 90),
        "longitude": st.floats(-180, 180),
        "precision": _words(PlacePrecision),
        "role": slugs,
    },
)
sources = _objects(
    {"title": lines},
    {
        "id": ids,
        "url": urls,
        "publisher": lines,
        "authors": _lists(lines),
        "published": dates,
        "published_basis": texts,
        "accessed_at": dates,
        "archive_url": urls,
        "content_sha256": st.just("0" * 63 + "1"),
        "language": st.sampled_from(["en", "ko-KP"]),
        "kind": slugs,
        "reliability": _words(Reliability),
    },
)
figures = _objects(
    {"measure": slugs},
    {"value": numbers, "low": numbers, "high": numbers, "bound": _words(Bound), "unit": slugs, "date": dates},
)
citations = _objects(
    {"source": st.one_of(ids, sources)},
    {
        "id": ids,
        "stance": _words(Stance),
        "attribution": _lists(lines),
        "states": _objects({"date": dates}, {"place": places, "occurrence": _words(Occurrence)}),
        "as_stated": texts,
        "figures": _lists(figures),
        "locator": lines,
        "quote": texts,
        "credibility": st.integers(1, 6),
    },
)
members = _lists(_objects({"actor": lines}, {"date": dates}))
actors = _objects(
    {"id": slugs, "name": lines, "kind": slugs},
    {"aliases": _lists(lines), "external_ids": identifiers, "part_of": members, "member_of": members},
)
rows = _objects(
    {"title": lines, "kind": slugs, "date": dates},
    {
        "id": ids,
        "summary": texts,
        "occurrence": _words(Occurrence),
        "state": st.just("draft"),
        "places": _lists(places),
        "actors": _lists(_objects({"id": lines}, {"role": slugs})),
        "citations": _lists(citations),
        "assessment": _objects(
            {"confidence": _words(Confidence)}, {"likelihood": _words(Likelihood), "rationale": texts}
        ),
        "relations": _lists(_objects({"type": _words(RelationType), "event_id": ids}, {})),
        "tags": _lists(lines),
        "external_ids": identifiers,
        "new_actors": _lists(actors),
    },
)


def spelled_out(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the words that a table says even where a writer would leave them out."""
    spelled = {"occurrence": "occurred", **row}
    if "citations" in row:
        first, *more = row["citations"]
        spelled["citations"] = [{"stance": "supports", **first}, *more]
    return spelled
