"""The actor box beside a million events and a hundred thousand actors: as quick as a page, nearly."""

from statistics import median
from time import perf_counter

import pytest

from tests.store.crowded import Crowded
from tests.store.many_actors import TYPED

pytestmark = pytest.mark.large

#: By how much a search may take longer than a page, as a rule and at worst: what is nobody's name, and hard to find.
_MOST, _WORST = 8, 80
_ROUNDS = 7


async def _ms(large: Crowded, path: str, **parameters: str) -> float:
    begin = perf_counter()
    answer = await large.http.get(path, params=parameters)
    took = (perf_counter() - begin) * 1000
    assert answer.status_code == 200, answer.text
    return took


@pytest.mark.parametrize("page", ["/v1/events", "/v1/actors"])
async def test_a_search_takes_a_small_multiple_of_a_page(
    large: Crowded, page: str, record_property: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """By medians, of what was asked in turn: whatever else the machine does hits both."""
    pages: list[float] = []
    searches: dict[str, list[float]] = {typed: [] for typed in TYPED}
    for _ in range(_ROUNDS):
        for typed, times in searches.items():
            pages.append(await _ms(large, page, limit="50"))
            times.append(await _ms(large, "/v1/actors", q=typed))
    ratios = {typed: median(times) / median(pages) for typed, times in searches.items()}
    with capsys.disabled():
        print(
            f"\nthe actor box takes {median(ratios.values()):.1f} times what a page of {page} takes, "
            f"{max(ratios.values()):.1f} at worst"
        )
    assert median(ratios.values()) < _MOST, ratios
    assert max(ratios.values()) < _WORST, ratios
