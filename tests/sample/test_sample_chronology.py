"""The chronology that ships: well formed, closed in itself, and in our own words."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest

from api.sample import Sample, load
from schema.assessment import count_evidence
from schema.citation import Citation, CitationIn, Figure
from schema.event import EventIn
from schema.source import CORE_SOURCE_KINDS
from schema.validation import parse_json, read
from schema.vocabulary import (
    CORE_ACTOR_KINDS,
    CORE_EVENT_KINDS,
    CORE_MEASURES,
    CORE_ROLES,
    Bound,
    Occurrence,
    RelationType,
    Stance,
)
from schema.wire import encode, to_builtins
from tests.beside import shared

RUN = 7

#: The rows of the domain's table: date, kind, a word of the title.
ROWS = [
    ("2022-02", "invasion", "invasion"),
    ("2023-09/..", "transfer", "munitions"),
    ("2023-11/2023-12", "transfer", "aircraft"),
    ("2024", "transfer", "oil"),
    ("2024", "diplomacy", "vetoes"),
    ("2024-06", "treaty", "treaty"),
    ("2024-10", "founding", "Monitoring Team"),
    ("2024-11/..", "transfer", "Pantsir"),
    ("[2022-02..2025-04]", "deployment", "two phases"),
    ("[2025-01..2025-05]", "deployment", "3,000"),
    ("[2025-04-24..2025-04-30]", "acknowledgement", "Russia"),
    ("2025-04-28", "acknowledgement", "Pyongyang"),
    ("2025-04-30", "statement", "casualties"),
    ("2025-05-29?", "report", "monitoring team"),
    ("2025-05-30?", "statement", "ceasefire"),
    ("2025-05-30?", "statement", "delegation"),
    ("2025-05-30?", "statement", "Kellogg calls"),
    ("2025-06-02", "talks", "Istanbul"),
    ("[2022-02..2025-05]", "transfer", "labourers"),
    ("[2022-02..2025-05]", "transfer", "South Ossetia"),
    ("[2022-02..2025-05]", "transfer", "guidance"),
]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return load()


@pytest.fixture(scope="module")
def raw() -> Any:
    return parse_json(files("api.sample").joinpath("chronology.json").read_bytes())


def the(sample: Sample, date: str, word: str) -> EventIn:
    (event,) = [event for event in sample.events if event.date.text == date and word in event.title]
    return event


def figures(citations: Sequence[CitationIn]) -> list[tuple[str, int | float | None, Bound]]:
    return [(figure.measure, figure.value, figure.bound) for cited in citations for figure in cited.figures]


def all_figures(sample: Sample) -> Iterator[Figure]:
    for event in sample.events:
        for cited in event.citations:
            yield from cited.figures


def test_it_has_no_flaw(raw: Any) -> None:
    assert read(raw, Sample).flaws == []


def test_it_is_free(sample: Sample) -> None:
    assert sample.licence == "CC0-1.0"


def test_dates_come_back_letter_for_letter(sample: Sample, raw: Any) -> None:
    back = parse_json(encode(sample))
    assert [event["date"] for event in back["events"]] == [event["date"] for event in raw["events"]]


def test_ids_are_unique(sample: Sample) -> None:
    ids: list[object] = [actor.id for actor in sample.actors]
    ids += [source.id for source in sample.sources]
    ids += [event.id for event in sample.events]
    ids += [cited.id for event in sample.events for cited in event.citations]
    assert None not in ids
    assert [found for found, count in Counter(ids).items() if count > 1] == []


def test_actors_refer_back(sample: Sample) -> None:
    known: set[str] = set()
    for actor in sample.actors:
        assert {belongs.actor for belongs in actor.part_of + actor.member_of} <= known, actor.id
        known.add(actor.id)
    assert {source.publisher for source in sample.sources} <= known


def test_events_refer_back(sample: Sample) -> None:
    actors = {actor.id for actor in sample.actors}
    sources = {source.id for source in sample.sources}
    known: set[UUID] = set()
    for event in sample.events:
        assert event.id is not None
        assert {actor.id for actor in event.actors} <= actors, event.title
        assert {cited.source for cited in event.citations} <= sources, event.title
        assert {relation.event_id for relation in event.relations} <= known, event.title
        known.add(event.id)


def test_attributions_that_look_like_ids_are_ids(sample: Sample) -> None:
    actors = {actor.id for actor in sample.actors}
    named = {who for event in sample.events for cited in event.citations for who in cited.attribution}
    assert {who for who in named - actors if re.fullmatch(r"[a-z0-9-]+", who)} == set()


def test_everything_that_is_listed_is_used(sample: Sample) -> None:
    used = {actor.id for event in sample.events for actor in event.actors}
    used |= {belongs.actor for actor in sample.actors for belongs in actor.part_of + actor.member_of}
    used |= {source.publisher for source in sample.sources if source.publisher is not None}
    assert {actor.id for actor in sample.actors} == used
    cited = {cited.source for event in sample.events for cited in event.citations}
    assert {source.id for source in sample.sources} == cited


def test_names_and_aliases_are_unambiguous(sample: Sample) -> None:
    owners: dict[str, set[str]] = {}
    for actor in sample.actors:
        for name in [actor.id, actor.name, *actor.aliases, *(further.name for further in actor.names)]:
            owners.setdefault(name.casefold(), set()).add(actor.id)
    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


def test_actors_that_journalists_ask_for_are_found(sample: Sample) -> None:
    ids = {actor.id for actor in sample.actors}
    assert ids >= {"russia", "north-korea", "msmt", "south-korea", "united-states", "ukraine"}
    assert ids >= {"times-of-india", "news18", "ndtv", "reuters", "kcna"}
    aliases = {alias: actor.id for actor in sample.actors for alias in actor.aliases}
    asked = {"DPRK": "north-korea", "NIS": "nis-south-korea", "US": "united-states", "UK": "united-kingdom"}
    assert {alias: aliases.get(alias) for alias in asked} == asked


def test_words_are_of_the_core_lists(sample: Sample) -> None:
    assert {actor.kind for actor in sample.actors} <= CORE_ACTOR_KINDS.keys()
    assert {source.kind for source in sample.sources} <= CORE_SOURCE_KINDS.keys()
    assert {event.kind for event in sample.events} <= CORE_EVENT_KINDS.keys()
    assert {actor.role for event in sample.events for actor in event.actors} <= CORE_ROLES.keys()
    assert {figure.measure for figure in all_figures(sample)} <= CORE_MEASURES.keys()


def test_every_event_is_cited_judged_and_told(sample: Sample) -> None:
    for event in sample.events:
        assert event.citations, event.title
        assert event.actors, event.title
        assert event.tags, event.title
        assert event.summary, event.title
        assert event.assessment is not None, event.title
        assert event.assessment.rationale, event.title


def test_inferred_dates_have_a_basis(sample: Sample) -> None:
    for source in sample.sources:
        assert source.published is not None
        assert source.published.uncertain == (source.published_basis is not None), source.title
    for event in sample.events:
        if event.date.uncertain:
            assert any(cited.as_stated for cited in event.citations), event.title
            assert event.assessment is not None
            assert "uncertain" in (event.assessment.rationale or "") or "inferred" in (
                event.assessment.rationale or ""
            ), event.title


def test_nothing_is_quoted_or_taken_from_elsewhere(sample: Sample) -> None:
    for event in sample.events:
        assert event.external_ids == {}
        for cited in event.citations:
            assert cited.quote is None
            assert cited.as_stated is None or len(cited.as_stated.split()) < RUN
    assert all(actor.external_ids == {} for actor in sample.actors)
    assert all(source.url is None and source.archive_url is None for source in sample.sources)


@pytest.mark.parametrize(("date", "kind", "word"), ROWS)
def test_the_rows_of_the_table_are_there(sample: Sample, date: str, kind: str, word: str) -> None:
    assert the(sample, date, word).kind == kind


def test_sources_are_dated(sample: Sample) -> None:
    dated = Counter(source.published.text for source in sample.sources if source.published is not None)
    assert dated == {"2025-04-30": 1, "2025-05-30?": 3}


def test_shipments_are_disputed_and_their_numbers_kept_apart(sample: Sample) -> None:
    event = the(sample, "2023-09/..", "munitions")
    denials = [cited.attribution for cited in event.citations if cited.stance is Stance.DISPUTES]
    assert denials == [["russia"], ["north-korea"]]
    numbers = [figures([cited]) for cited in event.citations if cited.figures]
    assert numbers == [
        [("containers", 20_000, Bound.ABOUT), ("ammunition", 9_000_000, Bound.AT_LEAST)],
        [("containers", 20_000, Bound.AT_LEAST), ("ammunition", 9_000_000, Bound.AT_MOST)],
    ]


def test_the_two_oils_are_not_blended(sample: Sample) -> None:
    event = the(sample, "2024", "oil")
    assert len({cited.source for cited in event.citations}) == len(event.citations) == 2
    assert figures(event.citations) == [("crude-oil", 1_000_000, Bound.AT_LEAST)]


def test_strengths_of_the_force_stand_side_by_side(sample: Sample) -> None:
    event = the(sample, "[2022-02..2025-04]", "two phases")
    assert [figures([cited]) for cited in event.citations] == [
        [("troops", 18_000, Bound.EXACTLY)],
        [("troops", 10_000, Bound.AT_LEAST)],
    ]
    assert event.citations[0].attribution == ["nis-south-korea", "lee-seong-kweun"]


def test_both_states_acknowledge_the_deployment(sample: Sample) -> None:
    deployment = the(sample, "[2022-02..2025-04]", "two phases")
    acknowledging = {
        event.date.text
        for event in sample.events
        for relation in event.relations
        if relation.type is RelationType.ACKNOWLEDGES and relation.event_id == deployment.id
    }
    assert acknowledging == {"[2025-04-24..2025-04-30]", "2025-04-28"}


def test_casualties_are_the_figures_of_one_speaker(sample: Sample) -> None:
    (cited,) = the(sample, "2025-04-30", "casualties").citations
    assert figures([cited]) == [
        ("casualties", 4_700, Bound.ABOUT),
        ("killed", 600, Bound.ABOUT),
        ("repatriated", 2_000, Bound.ABOUT),
    ]


def test_the_team_has_eleven_members_since_its_founding(sample: Sample) -> None:
    since = [
        belongs.date.text
        for actor in sample.actors
        for belongs in actor.member_of
        if belongs.actor == "msmt" and belongs.date is not None
    ]
    assert since == ["2024-10/.."] * 11
    roles = Counter(actor.role for actor in the(sample, "2024-10", "Monitoring Team").actors)
    assert roles == {"founded": 1, "founder": 2, "member": 9}


def test_air_defence_has_a_single_origin(sample: Sample) -> None:
    publishers = {source.id: source.publisher for source in sample.sources if source.id is not None}
    citations = [read(to_builtins(cited), Citation).value for cited in the(sample, "2024-11/..", "Pantsir").citations]
    assert {tuple(cited.attribution) for cited in citations} == {("msmt",)}
    counted = count_evidence(citations, publishers)
    assert (counted.supporting, counted.disputing, counted.origins) == (2, 0, 1)


def test_talks_are_only_planned(sample: Sample) -> None:
    event = the(sample, "2025-06-02", "Istanbul")
    (place,) = event.places
    assert event.occurrence is Occurrence.PLANNED
    assert (place.name, place.country, place.latitude, place.longitude) == ("Istanbul", "TR", 41.01, 28.98)
    assert event.assessment is not None
    for text in (event.summary, event.assessment.rationale):
        assert "not committed" in (text or "")


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold().replace("’", "'"))


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + RUN]) for start in range(len(found) - RUN + 1)}


def prose(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the file; the headlines, by which the sources are known, are not ours to reword."""
    if isinstance(value, str):
        if not re.fullmatch(r"/sources/\d+/title", pointer):
            yield pointer, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from prose(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from prose(item, f"{pointer}/{name}")


def test_the_words_are_our_own(raw: Any) -> None:
    taken: set[tuple[str, ...]] = set()
    for article in shared("seeds").glob("*.txt"):
        taken |= runs(article.read_text(encoding="utf-8"))
    assert len(taken) > 1000
    copied = {pointer: runs(text) & taken for pointer, text in prose(raw)}
    assert {pointer: found for pointer, found in copied.items() if found} == {}
