"""Asking with a text, and what it is asked about."""

from typing import Any
from urllib.parse import quote

from tests.conftest import Client
from tests.writing import read


async def found(client: Client, q: str, more: str = "", *, edit: bool = False) -> list[str]:
    """The titles of what is found, in its order."""
    page = await read(client, f"/v1/events?q={quote(q)}{more}", edit=edit)
    return [item["title"] for item in page["items"]]


def cites(title: str, url: str = "https://news.example/1", **members: Any) -> dict[str, Any]:
    return {"source": {"title": title, "url": url, **members}}
