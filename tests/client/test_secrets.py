"""Tokens and passwords stay out of messages, and go to nobody but the service."""

import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dateline_client import AsyncDateline, ConnectionFailed, Dateline, DatelineError, Retries
from tests.client.support import answering

HEAD = httpx.Response(200, json={"sequence": 7, "digest": "0" * 64, "recorded_at": "2025-06-01T09:00:00Z"})
KINDS: list[Callable[..., Any]] = [AsyncDateline, Dateline]


def told(error: BaseException) -> str:
    """All that a traceback shows of an error, what caused it included."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("token", ["xy\nzzy", "xyz\u00e9zy", "xyzzy two", "", " ", "xyzzy\x00", "Bearer xyzzy"])
def test_a_token_that_is_none_is_refused_without_quoting_it(kind: Callable[..., Any], token: str) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        kind("http://test", token=token)
    assert "xy" not in told(caught.value)


async def test_white_space_around_a_token_is_left_out() -> None:
    client, requests = answering(HEAD, token=" dateline_xyzzy\r\n")
    await client.head()
    assert requests[0].headers["Authorization"] == "Bearer dateline_xyzzy"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_client_shows_no_token(kind: Callable[..., Any]) -> None:
    client = kind("http://test", token="dateline_xyzzy")
    assert "xyzzy" not in repr(client) + str(client) + repr(vars(client))


ADDRESSES = [
    "https://user:xyzzy@news.example",
    "https://xyzzy@news.example",
    "https://user:xyzzy@news.example:port",
    "https://news.example/?key=xyzzy",
    "https://news.example/#xyzzy",
    "ftp://xyzzy.example",
    "xyzzy.example",
    "https:///xyzzy",
    "",
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_none_is_refused_without_quoting_it(kind: Callable[..., Any], address: str) -> None:
    with pytest.raises(ValueError, match="address") as caught:
        kind(address)
    assert "xyzzy" not in told(caught.value)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.LocalProtocolError("Illegal header value b'Bearer dateline_xyzzy'"),
        httpx.Response(502, text="no"),
        httpx.Response(200, text="no"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_messages_name_the_request_and_nothing_secret(failure: Any) -> None:
    client, _ = answering(failure, retries=Retries(attempts=1), token="dateline_xyzzy")
    with pytest.raises(DatelineError, match="GET http://test/v1/events") as caught:
        await anext(aiter(client.events(q="xyzzy")))
    assert "xyzzy" not in str(caught.value)
    assert "dateline_xyzzy" not in told(caught.value)


async def test_the_token_goes_to_no_other_host() -> None:
    places = ["http://elsewhere.example/v1/changes/head", "http://test:8080/v1/changes/head"]
    for place in places:
        client, requests = answering(httpx.Response(307, headers={"Location": place}), HEAD, token="dateline_xyzzy")
        assert (await client.head()).sequence == 7
        assert [request.headers.get("Authorization") for request in requests] == ["Bearer dateline_xyzzy", None]
        assert "xyzzy" not in str(requests[1].headers.raw)
    # A password in such an address is not told either.
    strange = httpx.Response(307, headers={"Location": "http://user:xyzzy@elsewhere.example/v1/changes/head"})
    client, _ = answering(strange, httpx.ConnectError("refused"), retries=Retries(attempts=1))
    with pytest.raises(ConnectionFailed, match=r"GET http://elsewhere\.example/v1/changes/head") as caught:
        await client.head()
    assert "xyzzy" not in told(caught.value)


@pytest.mark.parametrize("key", ["", "two words", "k\u00e9y", "key\n", "k" * 201])
async def test_a_key_that_is_none_is_refused_before_anything_is_sent(key: str) -> None:
    client, requests = answering(HEAD)
    with pytest.raises(ValueError, match="idempotency_key"):
        await client.create_event({}, idempotency_key=key)
    assert requests == []
