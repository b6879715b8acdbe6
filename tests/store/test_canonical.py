"""Canonical JSON is what the library of RFC 8785 writes, whichever way it is written."""

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from api.store.canonical import canonical

_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)
_plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner, max_size=4)
    ),
)


_numbers = st.floats(-180, 180) | st.floats(1e-5, 1e-3) | st.floats(1e15, 1e17) | st.integers(-99, 99).map(float)


@given(_values | _plain | st.lists(_numbers))
def test_it_is_what_the_standard_says(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_every_control_character() -> None:
    text = "".join(map(chr, range(0x100))) + "\u2028\u2029\ufeff\U0001f600"
    assert canonical({text[:128]: text}) == rfc8785.dumps({text[:128]: text})
