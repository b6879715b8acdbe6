"""TimelineJS in: its JSON and its spreadsheet, with every number and every refusal explained."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.formats.reading import ParsedRow
from api.formats.timelinejs_reading import COLUMNS, read_json, read_table
from schema.batch import BatchRow
from schema.validation import MalformedError, read
from tests.beside import shared

#: How many events and eras each story has, and which of them are without any address.
STORIES = {
    "contrib_women_in_computing.json": (10, 0, 1),
    "src_template_eras.json": (20, 3, 4),
    "website_examples_republican_timeline3.json": (13, 0, 1),
    "website_examples_twain_marktwain.json": (17, 0, 1),
}


def slide(**members: Any) -> ParsedRow:
    """The row of one slide."""
    given = {"start_date": {"year": "2024"}, "text": {"headline": "Something happens"}} | members
    (row,) = read_json({"events": [given]}).rows
    return row


def value(row: ParsedRow) -> dict[str, Any]:
    assert row.value is not None
    assert not row.flaws
    return row.value


@pytest.mark.parametrize("name", STORIES)
def test_the_stories_that_are_at_hand_read_in_full(name: str) -> None:
    events, eras, without_address = STORIES[name]
    stored = json.loads(shared(f"data/timelinejs/{name}").read_bytes())
    story = read_json(stored)
    assert [row.number for row in story.rows] == list(range(events + eras))
    assert story.introduction
    assert sum(value(row)["kind"] == "era" for row in story.rows) == eras
    assert sum("citations" not in value(row) for row in story.rows) == without_address
    for row, one in zip(story.rows, stored["events"] + stored.get("eras", []), strict=True):
        reading = read({**value(row), "state": "draft"}, BatchRow)
        assert reading.flaws == []
        assert reading.value.date.form.members[0].start is not None
        assert reading.value.date.form.members[0].start.stated_year == int(one["start_date"]["year"])
        headline = one["text"].get("headline")
        assert not headline or "<" in headline or " ".join(headline.split()) == reading.value.title


@pytest.mark.parametrize(
    ("start", "end", "date"),
    [
        ({"year": 2024, "month": 6, "day": 12}, None, "2024-06-12"),
        ({"year": "2024", "month": "06", "day": "02"}, None, "2024-06-02"),
        ({"year": "2024", "month": "6", "day": ""}, None, "2024-06"),
        ({"year": "2024", "month": None, "day": " "}, None, "2024"),
        ({"year": 2024.0}, {}, "2024"),
        ({"year": "145"}, None, "0145"),
        ({"year": "-44", "month": "3", "day": "15"}, None, "-0043-03-15"),
        ({"year": "-1"}, {"year": "101"}, "0000/0101"),
        ({"year": "-65,000,000"}, None, "Y-64999999"),
        ({"year": "1943", "month": "7"}, {"year": "1946", "month": "", "day": ""}, "1943-07/1946"),
        ({"year": "2024", "month": "6"}, {"year": "2024", "month": "06"}, "2024-06"),
        (
            {"year": "2000", "month": "1", "day": "5", "hour": "6", "minute": "45", "second": "56", "millisecond": ""},
            None,
            "2000-01-05T06:45:56",
        ),
    ],
)
def test_dates_are_as_precise_as_they_are_given(start: dict[str, Any], end: dict[str, Any] | None, date: str) -> None:
    row = slide(start_date=start, end_date=end)
    assert (value(row)["date"], list(row.warnings)) == (date, [])


@pytest.mark.parametrize(
    ("start", "end", "detail"),
    [
        ({"year": "2024", "month": "13"}, None, "The start date has the month 13."),
        ({"year": "2024", "month": "21"}, None, "The start date has the month 21."),
        ({"year": "2024", "month": "0"}, None, "The start date has the month 0."),
        ({"year": "2024", "month": "6", "day": "31"}, None, "The start date"),
        ({"year": "2024", "month": "6", "day": "32"}, None, "The start date has the day 32."),
        ({"year": "2024", "day": "3"}, None, "The start date has a day and no month."),
        ({"year": "0"}, None, "The start date has the year 0"),
        ({"month": "6"}, None, "The start date has no year."),
        ({"year": "c. 1940"}, None, 'The year of the start date is "c. 1940"'),
        ({"year": "2024", "month": "June"}, None, 'The month of the start date is "June"'),
        ({"year": "2024", "hour": "6"}, None, "The start date has a time and no day."),
        (
            {"year": "2024", "month": 1, "day": 1, "minute": 5},
            None,
            "The start date has minutes or seconds and no hour",
        ),
        ({"year": 2024, "month": 1, "day": 1, "hour": 25, "minute": 0}, None, "The start date has the time 25:0:0."),
        ({"year": "2024"}, {"year": "2023"}, "The dates: the start 2024 is after the end 2023."),
        ({"year": "2024"}, {"year": "2024", "month": "13"}, "The end date has the month 13."),
        ({}, None, "There is no start date"),
        (None, None, "There is no start date"),
        ("2024", None, "There is no start date"),
        ({"year": [2024]}, None, "The year of the start date is"),
        ({"year": "9" * 13}, None, "The year of the start date is"),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(start: Any, end: Any, detail: str) -> None:
    row = slide(start_date=start, end_date=end)
    (flaw,) = row.flaws
    assert flaw.pointer == "/date"
    assert flaw.detail.startswith(detail)


def test_a_day_that_a_month_has_not_is_explained() -> None:
    (flaw,) = slide(start_date={"year": "2024", "month": "6", "day": "31"}).flaws
    assert "2024-06-31" in flaw.detail
    assert flaw.suggestion == "June 2024 has 30 days"


@pytest.mark.parametrize(
    ("members", "date", "warning"),
    [
        ({"display_date": "c. 2024"}, "2024~", "approximate"),
        ({"display_date": "Circa 2024"}, "2024~", "approximate"),
        ({"display_date": "2024?"}, "2024?", "uncertain"),
        ({"display_date": "ca. 2024 (?)"}, "2024%", "approximate and uncertain"),
        ({"start_date": {"year": "2024", "display_date": "about 2024"}}, "2024~", "approximate"),
        (
            {"start_date": {"year": "2024", "display_date": "c. 2024"}, "end_date": {"year": "2025"}},
            "2024~/2025",
            "approximate",
        ),
        ({"display_date": "c. 2024", "end_date": {"year": "2025"}}, "2024~/2025~", "approximate"),
        ({"display_date": "Cairo, 2024"}, "2024", 'shown was "Cairo, 2024"'),
        ({"display_date": "Spring 2024"}, "2024", 'shown was "Spring 2024", which the summary keeps'),
        ({"end_date": {"month": "3"}}, "2024", "no year and is left out"),
        ({"start_date": {"year": "20240", "month": "3"}}, "Y20240", "keeps its year only"),
        ({"start_date": {"year": 2024, "month": 1, "day": 2, "hour": 6}}, "2024-01-02", "without minutes"),
        (
            {"start_date": {"year": 2024, "month": 1, "day": 2, "hour": 6, "minute": 5}},
            "2024-01-02T06:05:00",
            "second 00",
        ),
        (
            {
                "start_date": {"year": 2024, "month": 1, "day": 2, "hour": 6, "minute": 5},
                "display_date": "c. 6 o'clock",
            },
            "2024-01-02~",
            "its time is left out",
        ),
        ({"edtf": "2023"}, "2024", "edtf is not used"),
        ({"edtf": "nonsense"}, "2024", "edtf is not used"),
        ({"background": {"url": "https://a.test/b.jpg"}}, "2024", "Not kept: the slide's background."),
    ],
)
def test_what_is_read_otherwise_than_it_stands_is_said(members: dict[str, Any], date: str, warning: str) -> None:
    row = slide(**members)
    assert value(row)["date"] == date
    assert any(warning in said for said in row.warnings)


def test_words_that_are_shown_for_a_date_and_say_something_else_are_kept() -> None:
    assert value(slide(display_date="Spring 2024"))["summary"] == "Date as shown: Spring 2024"
    assert "summary" not in value(slide(display_date="2024"))


def test_html_becomes_text_and_links_become_citations() -> None:
    row = slide(
        text={
            "headline": 'A <a href="https://a.test/1">treaty</a> &amp; a <b>war</b>',
            "text": '<p>First.</p><p>See <a href="https://b.test/2">the  paper</a>,\n<a href="//c.test/3"></a>,'
            '<a href="https://a.test/1">again</a> and <a href="javascript:alert(1)">here</a>.</p>'
            "<script>alert(1)</script><ul><li>One</li><li>Two</li></ul>",
        },
        media={
            "url": "https://pictures.test/p.jpg",
            "caption": "A picture",
            "credit": '<a href="https://d.test/4">Somebody</a>',
        },
    )
    assert value(row)["title"] == "A treaty & a war"
    assert value(row)["summary"] == "First.\n\nSee the paper, ,again and here.\n\nOne\n\nTwo"
    assert value(row)["citations"] == [
        {
            "source": {"title": "A picture", "url": "https://pictures.test/p.jpg", "authors": ["Somebody"]},
            "stance": "mentions",
        },
        {"source": {"title": "treaty", "url": "https://a.test/1"}, "stance": "mentions"},
        {"source": {"title": "the paper", "url": "https://b.test/2"}, "stance": "mentions"},
        {"source": {"title": "c.test/3", "url": "https://c.test/3"}, "stance": "mentions"},
        {"source": {"title": "Somebody", "url": "https://d.test/4"}, "stance": "mentions"},
    ]
    assert list(row.warnings) == ['Not kept, because it is no http or https address: "javascript:alert(1)".']


def test_a_medium_that_is_html_is_text_and_links() -> None:
    quoted = slide(media={"url": "<blockquote>So it is. <cite>A writer</cite></blockquote>"})
    assert value(quoted)["summary"] == "So it is. A writer"
    assert "citations" not in value(quoted)
    framed = slide(media={"url": '<iframe src="https://video.test/1" title="A film"></iframe>'})
    assert value(framed)["citations"][0]["source"] == {"title": "A film", "url": "https://video.test/1"}


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (None, {"kind": "event"}),
        ("  ", {"kind": "event"}),
        ("talks", {"kind": "talks"}),
        ("World War II", {"kind": "world-war-ii", "tags": ["World War II"]}),
        ("Élections!", {"kind": "elections", "tags": ["Élections!"]}),
        ("***", {"kind": "event", "tags": ["***"]}),
    ],
)
def test_the_group_is_the_kind(group: str | None, expected: dict[str, Any]) -> None:
    given = value(slide(group=group))
    assert {name: given[name] for name in ("kind", "tags") if name in given} == expected


def test_only_a_uuid_is_an_id() -> None:
    uuid = "0199C3A4-5b6d-7e8f-9a0b-1c2d3e4f5a6b"
    assert value(slide(unique_id=uuid))["id"] == uuid.lower()
    assert value(slide(unique_id="first-slide"))["external_ids"] == {"timelinejs": "first-slide"}
    assert not {"id", "external_ids"} & set(value(slide(unique_id="")))


def test_a_slide_without_headline_is_named_by_its_text() -> None:
    row = slide(text={"text": "<p>Long. " + "word " * 50 + "</p>"})
    assert value(row)["title"].startswith("Long. word")
    assert value(row)["title"].endswith("word…")
    assert len(value(row)["title"]) <= 100
    assert list(row.warnings) == ["There is no headline; the title is the beginning of the text."]
    (flaw,) = slide(text={}).flaws
    assert flaw.pointer == "/title"


def test_what_is_too_long_is_cut_aloud_or_refused() -> None:
    row = slide(text={"headline": "word " * 100})
    assert len(value(row)["title"]) <= 300
    assert value(row)["summary"] == ("word " * 100).strip()
    assert "longer than 300" in row.warnings[0]
    (flaw,) = slide(text={"headline": "x", "text": "<" * 100_001}).flaws
    assert "At most 100,000 characters" in flaw.detail


@pytest.mark.parametrize("given", [None, [], {}, {"events": {}}, {"events": [], "eras": "x"}, "text"])
def test_what_is_no_story_is_refused_as_a_whole(given: Any) -> None:
    with pytest.raises(MalformedError):
        read_json(given)


@pytest.mark.parametrize("given", [None, 3, "text", []])
def test_what_is_no_slide_is_refused_alone(given: Any) -> None:
    rows = read_json({"events": [given, {"start_date": {"year": 1}, "text": {"headline": "x"}}]}).rows
    assert [bool(row.flaws) for row in rows] == [True, False]


@pytest.mark.parametrize(
    "members",
    [
        {"text": 3},
        {"text": {"headline": ["x"], "text": {"a": 1}}},
        {"media": "https://a.test"},
        {"media": {"url": 5, "caption": []}},
        {"location": {"lat": "north", "lon": []}},
        {"location": {"lat": 1e400, "lon": float("nan")}},
        {"group": {}, "unique_id": [], "background": 1, "display_date": {}},
    ],
)
def test_odd_types_never_break_the_reading(members: dict[str, Any]) -> None:
    row = slide(**members)
    assert read({**(row.value or {}), "state": "draft"}, BatchRow) is not None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3000)
    | st.floats()
    | st.sampled_from(["", "2024", "6", "<a href='x'>", "c."]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["year", "month", "day", "hour", "minute", "headline", "text", "url", "caption", "lat", "lon", "edtf"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)
MEMBERS = [
    "start_date",
    "end_date",
    "text",
    "media",
    "group",
    "display_date",
    "unique_id",
    "location",
    "background",
    "edtf",
]


@settings(max_examples=200)
@given(members=st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=5))
def test_whatever_stands_in_a_slide_is_read_or_refused(members: dict[str, Any]) -> None:
    (row,) = read_json({"events": [members], "title": members}).rows
    if row.value is not None:
        read({**row.value, "state": "draft"}, BatchRow)
    assert "date" in (row.value or {}) or row.flaws


def table(*rows: dict[str, str]) -> Any:
    return read_table([dict.fromkeys(COLUMNS, "") | row for row in rows])


def test_the_spreadsheet_reads_like_the_json() -> None:
    story = table(
        {"Headline": "The story", "Text": "<p>About it.</p>", "Type": "title"},
        {
            "Year": "2024",
            "Month": "6",
            "Day": "12",
            "Time": "1:05 PM",
            "Headline": "First",
            "Text": "What happened.",
            "Media": "https://a.test/1",
            "Media Caption": "A picture",
            "Group": "talks",
        },
        {},
        {"Year": "1,940", "End Year": "1945", "Headline": "War", "Type": "era", "Display Date": "1940s"},
        {"Year": "2024", "Month": "13", "Headline": "Wrong"},
        {"Year": "2024", "Month": "1", "Day": "1", "Time": "noon", "Headline": "Wrong, too"},
    )
    assert (story.title, story.introduction) == ("The story", "About it.")
    first, era, wrong, noon = story.rows
    assert [row.number for row in story.rows] == [1, 2, 3, 4]
    assert value(first) == {
        "date": "2024-06-12T13:05:00",
        "title": "First",
        "kind": "talks",
        "citations": [{"source": {"title": "A picture", "url": "https://a.test/1"}, "stance": "mentions"}],
        "summary": "What happened.",
    }
    assert (value(era)["date"], value(era)["kind"]) == ("1940/1945", "era")
    assert [flaw.detail for flaw in wrong.flaws] == ["The start date has the month 13."]
    assert [flaw.detail for flaw in noon.flaws] == ['"noon" is not a time; write it as in 13:00 or 1:00 PM.']


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("13:05", "13:05:00"),
        ("1305", "13:05:00"),
        ("13.05", "13:05:00"),
        ("13:05:09", "13:05:09"),
        ("1:05:09 pm", "13:05:09"),
        ("12:00 AM", "00:00:00"),
        ("12:00 p.m.", "12:00:00"),
    ],
)
def test_times_of_the_spreadsheet(text: str, time: str) -> None:
    (row,) = table({"Year": "2024", "Month": "1", "Day": "2", "Time": text, "Headline": "x"}).rows
    assert value(row)["date"] == f"2024-01-02T{time}"


@pytest.mark.parametrize("text", ["25:00", "13:60", "13:00 PM", "0:30 am", "1:2:3:4", "soon"])
def test_what_is_no_time_is_refused(text: str) -> None:
    (row,) = table({"Year": "2024", "Month": "1", "Day": "2", "Time": text, "Headline": "x"}).rows
    assert row.flaws


def test_another_table_is_no_story() -> None:
    with pytest.raises(MalformedError, match="Year"):
        read_table([{"date": "2024", "title": "x"}])
    assert read_table([]).rows == []
