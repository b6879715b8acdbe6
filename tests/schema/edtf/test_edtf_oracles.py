"""The bounds agree with two other parsers, on the forms that they and we read alike.

Known differences are left out: `edtf` ends a winter with its December, `undate` reads no seasons, and open
and unknown ends have other bounds there.
"""

import warnings
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.edtf import parse

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from edtf import parse_edtf
    from undate import Undate, UndateInterval

Bounds = tuple[str, str]


def _from_edtf(text: str) -> Bounds:
    other = parse_edtf(text)
    first, last = other.lower_strict(), other.upper_strict()
    return (
        f"{first.tm_year:04d}-{first.tm_mon:02d}-{first.tm_mday:02d}",
        f"{last.tm_year:04d}-{last.tm_mon:02d}-{last.tm_mday:02d}",
    )


def _from_undate(text: str) -> Bounds:
    other = Undate.parse(text, "EDTF")
    if isinstance(other, UndateInterval):
        return str(other.earliest.earliest), str(other.latest.latest)
    return str(other.earliest), str(other.latest)


@st.composite
def _plain(draw: st.DrawFn) -> str:
    day = draw(st.dates(date(1000, 1, 1), date(9999, 12, 31))).isoformat()
    return day[: draw(st.sampled_from([4, 7, 10]))]


@st.composite
def _shared_forms(draw: st.DrawFn) -> str:
    shape = draw(st.integers(0, 3))
    text = draw(_plain())
    if shape == 0:
        return text
    if shape == 1:
        other = draw(_plain())
        return f"{text}/{other}" if text[:4] < other[:4] else f"{other}/{text}" if other[:4] < text[:4] else text
    if shape == 2:
        return text + "?"
    masked = {4: text[:3] + "X", 7: text[:5] + "XX", 10: text[:8] + "XX"}
    return masked[len(text)]


@pytest.mark.parametrize("oracle", [_from_edtf, _from_undate], ids=["edtf", "undate"])
@settings(max_examples=120)
@given(text=_shared_forms())
def test_bounds_agree_with_other_parsers(oracle: Callable[[str], Bounds], text: str) -> None:
    date_read = parse(text)
    assert (date_read.earliest, date_read.latest) == oracle(text)
