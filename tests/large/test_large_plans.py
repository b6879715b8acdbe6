"""What a page reads of a million events: no more than of a hundred thousand."""

from urllib.parse import quote

import pytest

from tests.store import test_plans as plans
from tests.store.crowded import Crowded
from tests.store.plans import explain

pytestmark = pytest.mark.large


@pytest.mark.parametrize("query", plans._CASES)
async def test_a_page_reads_little_more_than_it_gives(large: Crowded, query: str) -> None:
    given, _, sent = await large.ask(quote(query, safe="=&%") + f"&limit={plans._LIMIT}")
    if sent is not None:
        for mode in plans._MODES:
            plans._check(await explain(large.database, sent, mode), given)
