"""What a person who has just started the service asks first."""

import pytest

from tests.conftest import Client


@pytest.mark.parametrize(
    ("query", "date", "title"),
    [
        ("date_from=2024-06&date_to=2024-06", "2024-06", "treaty"),
        ("actor=msmt&date_from=2024-10&date_to=2024-10", "2024-10", "found"),
        ("date_from=2025-04&date_to=2025-04&actor=north-korea", "2025-04-28", "acknowledges"),
        ("occurrence=planned", "2025-06-02", "Istanbul"),
    ],
)
async def test_first_questions_of_a_new_user(sample: Client, query: str, date: str, title: str) -> None:
    answer = await sample.http.get(f"/v1/events?{query}")
    page = answer.json()
    found = [event for event in page["items"] if event["date"] == date and title in event["title"]]
    assert len(found) == 1
    assert found[0]["assessment"]["confidence"]
    assert all(citation["source"] in page["included"]["sources"] for citation in found[0]["citations"])
