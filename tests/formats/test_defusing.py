"""No text is a formula in a spreadsheet, and every text comes back."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.formats.defusing import defuse, restore


@settings(max_examples=500)
@given(st.one_of(st.text(), st.text("'=+-@＝＋－＠\t\r\n a", max_size=5)))
def test_comes_back_and_begins_no_formula(text: str) -> None:
    written = defuse(text)
    assert restore(written) == text
    assert not re.match(r"[\t\r\n]|\s*[=+\-@＝＋－＠]", written)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-0043-03-13", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "  =1", "'=1"]
)
def test_what_is_defused(text: str) -> None:
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["'Tis the season", "plain", "", "1-2", "a=b", "'"])
def test_typed_by_hand_stays(text: str) -> None:
    assert restore(text) == text
