"""What a page reads of a million events: what it reads of a hundred thousand and, over a range, a bounded part more.

Each class of length then has a page of candidates of its own, so what bounds such a page are the classes.
"""

from urllib.parse import quote

import pytest

from schema.span import CLASSES
from tests.store import test_plans as plans
from tests.store.crowded import Crowded
from tests.store.plans import explain

pytestmark = pytest.mark.large

#: For each candidate of each class: its entry, the event, and what is looked up for it.
_MOST_FOR_EACH = 5


@pytest.mark.parametrize("query", plans._CASES)
async def test_a_page_reads_little_more_than_it_gives(large: Crowded, query: str) -> None:
    given, _, sent = await large.ask(quote(query, safe="=&%") + f"&limit={plans._LIMIT}")
    most = plans._MOST_PER_ROW * (given if given >= 10 else plans._LIMIT)
    if "date_" in query:
        most += len(CLASSES) * (plans._LIMIT + 1) * _MOST_FOR_EACH
    if sent is not None:
        for mode in plans._MODES:
            plan = await explain(large.database, sent, mode)
            assert plan.sequential == []
            assert plan.unlimited == []
            assert plan.rows_read <= most
