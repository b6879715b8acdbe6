"""Counting a million events: whatever is asked, the answer comes in time, and says where it is no exact one."""

from time import monotonic
from typing import Any

import pytest

from api.store.bounded import COUNTING_S, TimeBound
from tests.store import generation
from tests.store.crowded import Crowded

pytestmark = pytest.mark.large

#: What else a request does than to count, on a machine that is busy.
_GRACE_S = 1.0
#: For histograms: the generated dates reach into far years, which no histogram by year does.
_SINCE, _BY_MONTH = "date_from=1000", "date_from=1900&date_to=2099&interval=month"
_FILTERS = [
    *("", "actor=actor-0001", "actor=actor-0100", "actor=actor-1900", "actor_all=actor-0001&actor_all=actor-0002"),
    *("actor_all=actor-0030&actor_all=actor-0040", "actor=actor-0001&actor_role=attacker", "actor_role=attacker"),
    "&".join(f"actor={actor}" for actor in generation.ACTORS[:20]),
    *("occurrence=occurred", "min_confidence=low&occurrence=occurred&disputed=false", "kind=acknowledgement"),
    *("q=w0001", "q=w0003 -w0001", "q=w2901", "q=event", "q=w29*", 'q="w0001 w0002"', "q=w0001&actor=actor-0001"),
    *("as_of=500000", "as_of=999999&actor=actor-0001", "as_of=500000&q=w0001", "as_of=100000&occurrence=occurred"),
    *("bbox=-10,-90,10,90", "country=TR", "min_origins=2", "min_reliability=C", "publisher=actor-0101"),
    "state=draft&state=published&state=retracted",
]
_RANGES = ["date_from=2024-06&date_to=2024-06", "date_from=2010&date_to=2019&date_match=within"]


def _questions() -> list[str]:
    asked = []
    for filters in _FILTERS:
        asked += [f"/facets?{filters}", f"?{filters}&count=exact&limit=20", f"?{filters}&count=estimated&limit=20"]
        asked += [f"/histogram?{filters}&{_SINCE}", f"/histogram?{filters}&{_BY_MONTH}&bin=exclude"]
    for window in _RANGES:
        for filters in ("", "actor=actor-0001", "q=w0001", "occurrence=occurred", "as_of=500000"):
            asked += [f"/facets?{filters}&{window}&own=exclude&top=100", f"?{filters}&{window}&count=exact"]
            asked += [f"/histogram?{filters}&{window}&interval=day", f"/facets?{filters}&{window}&facet=actor"]
    return [question.replace("?&", "?") for question in asked]


def _is_exact(answer: dict[str, Any]) -> bool:
    if "facets" in answer:
        return all(facet["exact"] for facet in answer["facets"].values())
    return bool((answer.get("count") or answer)["exact"])


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that did not end in their time."""
    given_up: list[str] = []
    fetch = TimeBound.fetch

    async def noted(self: TimeBound, connection: Any, sql: str, *values: Any) -> list[Any] | None:
        rows = await fetch(self, connection, sql, *values)
        if rows is None:
            given_up.append(sql)
        return rows

    monkeypatch.setattr(TimeBound, "fetch", noted)
    return given_up


@pytest.mark.parametrize("question", _questions())
async def test_no_count_outlives_its_time(large: Crowded, cut: list[str], question: str) -> None:
    """What was late is asked once more: that of which the bound is not kept is late again."""
    for _ in range(2):
        cut.clear()
        begin = monotonic()
        answer = await large.http.get(f"/v1/events{question}")
        took_s = monotonic() - begin
        assert answer.status_code == 200, answer.text
        assert not (cut and _is_exact(answer.json()))
        if took_s < COUNTING_S + _GRACE_S:
            break
    assert took_s < COUNTING_S + _GRACE_S


async def test_some_counts_are_cut_and_some_are_not(large: Crowded, cut: list[str]) -> None:
    """Otherwise the test above would compare nothing with nothing."""
    few = "actor=actor-1900"
    events = await large.database.fetchval(
        "SELECT events FROM term WHERE state = 'published' AND name = 'actor:actor-1900'"
    )
    counted = (await large.http.get(f"/v1/events?{few}&count=exact&limit=1")).json()["count"]
    over_time = (await large.http.get(f"/v1/events/histogram?{few}&interval=decade")).json()
    assert counted == {"value": events, "exact": True}
    assert (over_time["total"], over_time["exact"]) == (events, True)
    assert not cut
    most = (await large.http.get("/v1/events/facets?occurrence=occurred&own=exclude")).json()
    assert cut
    assert not _is_exact(most)
