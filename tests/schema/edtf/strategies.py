"""Hypothesis strategies of valid EDTF texts of all forms. `edtf_texts()` is the one to use elsewhere."""

import calendar

from hypothesis import strategies as st

from schema.edtf import EdtfError, parse

MARKS = st.sampled_from(["", "", "", "?", "~", "%"])
_OFFSETS = st.one_of(
    st.sampled_from(["", "", "Z", "+00:00", "-12:00", "+14:00", "+05:30", "+14", "-08"]),
    st.builds(
        lambda sign, hours, minutes: f"{sign}{hours:02d}:{minutes:02d}",
        st.sampled_from("+-"),
        st.integers(1, 11),
        st.integers(0, 59),
    ),
)


def _is_valid(text: str) -> bool:
    try:
        parse(text)
    except EdtfError:
        return False
    return True


def year_texts() -> st.SearchStrategy[str]:
    return st.one_of(
        st.integers(1900, 2100).map(str),
        st.integers(0, 9999).map(lambda year: f"{year:04d}"),
        st.integers(1, 9999).map(lambda year: f"-{year:04d}"),
    )


@st.composite
def day_texts(draw: st.DrawFn) -> str:
    year = draw(year_texts())
    month = draw(st.integers(1, 12))
    # Year 0 and those before it are as long as the one 4000 years on.
    length = calendar.monthrange(int(year) % 400 + 2000, month)[1]
    return f"{year}-{month:02d}-{draw(st.integers(1, length)):02d}"


@st.composite
def time_texts(draw: st.DrawFn) -> str:
    hour, minute, second = draw(st.integers(0, 23)), draw(st.integers(0, 59)), draw(st.integers(0, 59))
    return f"{draw(day_texts())}T{hour:02d}:{minute:02d}:{second:02d}{draw(_OFFSETS)}"


@st.composite
def qualified_texts(draw: st.DrawFn) -> str:
    """Years, months, days and seasons, with marks on either side of any component."""
    parts = draw(st.one_of(year_texts(), st.builds(_month_text, year_texts()), day_texts(), season_texts()))
    sign, digits = ("-", parts[1:]) if parts.startswith("-") else ("", parts)
    components = digits.split("-")
    components[0] = sign + components[0]
    return "-".join(f"{draw(MARKS)}{component}{draw(MARKS)}" for component in components)


def _month_text(year: str) -> str:
    return f"{year}-{int(year) % 12 + 1:02d}"


def season_texts() -> st.SearchStrategy[str]:
    return st.builds(lambda year, code: f"{year}-{code}", year_texts(), st.integers(21, 41))


@st.composite
def masked_texts(draw: st.DrawFn) -> str:
    """Dates with X in place of any of their digits, kept where some day fits."""
    date = draw(st.one_of(year_texts(), st.builds(_month_text, year_texts()), day_texts()))
    masked = "".join("X" if character.isdigit() and draw(st.booleans()) else character for character in date)
    text = masked + draw(MARKS)
    return text if _is_valid(text) else date


def long_year_texts() -> st.SearchStrategy[str]:
    sign = st.sampled_from(["", "-"])
    return st.one_of(
        st.builds(lambda s, y, m: f"Y{s}{y}{m}", sign, st.integers(10_000, 290_000_000_000), MARKS),
        st.builds(lambda s, y, e: f"Y{s}{y}E{e}", sign, st.integers(1, 290), st.integers(4, 9)),
        st.builds(lambda s, y, d: f"Y{s}{y}S{d}", sign, st.integers(10_000, 10**9), st.integers(1, 5)),
        st.builds(lambda s, y, e: f"Y{s}{y}E{e}S3", sign, st.integers(1, 290), st.integers(4, 9)),
        st.builds(lambda s, y, d: f"{s}{y}S{d}", sign, st.integers(1000, 9999), st.integers(1, 4)),
    )


def date_texts() -> st.SearchStrategy[str]:
    """One date without a range or set: every level, with and without a time."""
    return st.one_of(
        year_texts(),
        st.builds(_month_text, year_texts()),
        day_texts(),
        time_texts(),
        season_texts(),
        qualified_texts(),
        masked_texts(),
        long_year_texts(),
    )


@st.composite
def interval_texts(draw: st.DrawFn) -> str:
    first, second = draw(date_texts()), draw(date_texts())
    open_end = draw(st.sampled_from(["..", ""]))
    candidates = [f"{first}/{second}", f"{second}/{first}", f"{first}/{open_end}", f"{open_end}/{first}"]
    text = draw(st.sampled_from(candidates))
    return text if _is_valid(text) else f"{first}/{open_end}"


@st.composite
def set_texts(draw: st.DrawFn) -> str:
    members = draw(st.lists(date_texts(), min_size=1, max_size=5))
    for at, member in enumerate(members):
        other = draw(date_texts())
        if draw(st.booleans()) and _is_valid(f"[{member}..{other}]"):
            members[at] = f"{member}..{other}"
    if draw(st.booleans()):
        members.insert(0, f"..{draw(date_texts())}")
    if draw(st.booleans()):
        members.append(f"{draw(date_texts())}..")
    body = draw(st.sampled_from([",", ", ", " , "])).join(members)
    return f"[{body}]" if draw(st.booleans()) else f"{{{body}}}"


def edtf_texts() -> st.SearchStrategy[str]:
    """Valid EDTF texts of all forms."""
    return st.one_of(date_texts(), interval_texts(), set_texts()).filter(lambda text: len(text) <= 255)
