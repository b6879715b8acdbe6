"""When two addresses count as one source."""

import re
from string import ascii_letters, digits

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.store.addresses import canonical_address, is_tracking
from api.store.identity import address_identity, source_identity
from schema.source import SourceIn
from schema.text import URL_PATTERN

_TRACKING = st.sampled_from(["utm_source", "UTM_Campaign", "fbclid", "gclid", "mc_eid", "_ga", "mtm_kwd", "utm%5Fterm"])
_WORD = st.text(ascii_letters + digits + "-_~!$'()*,;:@é%".replace("%", ""), max_size=8)
_HOST = st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z][a-z0-9]{0,8}){0,2}", fullmatch=True)
_PATH = st.lists(_WORD.filter(lambda part: part not in (".", "..")), max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)
_PARAMETER = st.tuples(_WORD, _WORD).map("=".join).filter(lambda piece: not is_tracking(piece.partition("=")[0]))
_PARAMETERS = st.lists(_PARAMETER, max_size=4)
_SCHEME = st.sampled_from(["http", "https"])

_ANY = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "https://"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters=' \x7f<>"\\^`{|}', min_codepoint=33)
                | st.sampled_from("/?#[]@:.%&=+;"), min_size=1, max_size=60),
    ),
)  # fmt: skip


def _joined(scheme: str, host: str, path: str, parameters: list[str]) -> str:
    return f"{scheme}://{host}{path}" + ("?" + "&".join(parameters) if parameters else "")


@given(_ANY)
def test_any_address_that_is_taken_has_an_identity_and_keeps_it(url: str) -> None:
    assert re.match(URL_PATTERN, url)
    canonical = canonical_address(url)
    assert canonical_address(canonical) == canonical
    assert len(source_identity(SourceIn(title="T", url=url))) == 32


@given(_ANY, st.text(st.characters(min_codepoint=33, exclude_categories=["Cs"]), max_size=10))
def test_a_fragment_never_makes_another_source(url: str, fragment: str) -> None:
    assume("#" not in url)
    assert canonical_address(f"{url}#{fragment}") == canonical_address(url)


@given(_SCHEME, _HOST, _PATH, _PARAMETERS, _TRACKING, st.data())
def test_tracking_parameters_never_make_another_source(
    scheme: str, host: str, path: str, parameters: list[str], tracking: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(parameters)))
    value = data.draw(st.sampled_from(["", "=", "=x%26y", "=a=b"]))
    tracked = [*parameters[:place], tracking + value, *parameters[place:]]
    assert canonical_address(_joined(scheme, host, path, tracked)) == canonical_address(
        _joined(scheme, host, path, parameters)
    )


@given(_SCHEME, _HOST, _PATH, _PARAMETERS)
def test_case_of_scheme_and_host_port_and_last_dot_never_make_another_source(
    scheme: str, host: str, path: str, parameters: list[str]
) -> None:
    canonical = canonical_address(_joined(scheme, host, path, parameters))
    port = {"http": 80, "https": 443}[scheme]
    for same in (host.upper(), f"{host}.", f"{host}:{port}", f"{host}:", f"{host.title()}.:{port}"):
        assert canonical_address(_joined(scheme.upper(), same, path, parameters)) == canonical


@given(_SCHEME, _HOST, _PATH, _PATH, _PARAMETERS, _PARAMETERS)
def test_distinct_paths_and_parameters_stay_distinct(
    scheme: str, host: str, one: str, other: str, ones: list[str], others: list[str]
) -> None:
    same = canonical_address(_joined(scheme, host, one, ones)) == canonical_address(
        _joined(scheme, host, other, others)
    )
    assert same == (one == other and "&".join(ones) == "&".join(others))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://news.example", "https://news.example/"),
        ("https://news.example?a=1", "https://news.example/?a=1"),
        ("https://news.example/?", "https://news.example/"),
        ("https://news.example/%7euser/%c3%a9", "https://news.example/~user/%C3%A9"),
        ("https://news.example/é?q=ü", "https://news.example/%C3%A9?q=%C3%BC"),
        ("https://news.example/a/../b/./c", "https://news.example/b/c"),
        ("https://müller.example/", "https://xn--mller-kva.example/"),
        ("https://[2001:DB8::1]:443/", "https://[2001:db8::1]/"),
        ("https://news.example/a?id=3&fbclid=x#top", "https://NEWS.example./a?id=3"),
        ("https://news.example/a?utm_source=x&utm_medium=y", "https://news.example/a"),
    ],
)
def test_spellings_of_one_address(one: str, other: str) -> None:
    assert address_identity(one) == address_identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://news.example/", "https://news.example/"),
        ("https://news.example/A", "https://news.example/a"),
        ("https://news.example/a", "https://news.example/a/"),
        ("https://news.example/a//b", "https://news.example/a/b"),
        ("https://news.example/a%2Fb", "https://news.example/a/b"),
        ("https://news.example/?q=a%26b", "https://news.example/?q=a&b"),
        ("https://news.example/?q=a+b", "https://news.example/?q=a%2Bb"),
        ("https://news.example/?a=1&b=2", "https://news.example/?b=2&a=1"),
        ("https://news.example/?id=1&id=2", "https://news.example/?id=2"),
        ("https://news.example/?ref=1", "https://news.example/?ref=2"),
        ("https://news.example/?source=1", "https://news.example/"),
        ("https://news.example/?cid=1", "https://news.example/?cid=2"),
        ("https://news.example:8443/", "https://news.example/"),
        ("https://www.news.example/", "https://news.example/"),
        ("https://a@news.example/", "https://news.example/"),
        ("https://[::1/", "https://[::2/"),
    ],
)
def test_different_addresses(one: str, other: str) -> None:
    assert address_identity(one) != address_identity(other)


def test_an_address_and_a_title_are_never_taken_for_each_other() -> None:
    assert source_identity(SourceIn(title="T")) != source_identity(SourceIn(title="T", url="https://a.example/"))
