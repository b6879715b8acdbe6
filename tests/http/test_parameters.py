"""Parameters of the query, the path and the headers: what is sent is taken or refused, never ignored."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Request

from api.http.parameters import read_query
from schema.problem import ProblemError
from tests.http.small_application import EVENT_ID, Filters, check_problem, connected


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with connected() as client:
        yield client


async def faults(http: httpx.AsyncClient, query: str, path: str = "/v1/events") -> list[dict[str, str]]:
    answer = await http.get(f"{path}?{query}")
    errors: list[dict[str, str]] = check_problem(answer, "invalid-parameters", 400)["errors"]
    return errors


async def test_parameters_are_read_by_their_types(http: httpx.AsyncClient) -> None:
    query = "date=2024-06&actor=russia&actor=north+korea%26&state=draft&disputed=true&share=-1.5e-2&limit=7&numbers=-3"
    assert (await http.get(f"/v1/events?{query}")).json() == {
        "date": "2024-06",
        "actor": "['russia', 'north korea&']",
        "numbers": "[-3]",
        "state": "draft",
        "disputed": "True",
        "share": "-0.015",
        "text": "None",
        "limit": "7",
    }


@pytest.mark.parametrize("query", ["", "&", "&&limit=50&", "text=%3D%2B", "text=a=b"])
async def test_odd_but_right_queries_are_taken(http: httpx.AsyncClient, query: str) -> None:
    assert (await http.get(f"/v1/events?{query}")).status_code == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=5&limit=6", "limit"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=null", "limit"),
        ("limit=1e1", "limit"),
        ("limit=5.0", "limit"),
        ("limit=+5", "limit"),
        ("limit=05", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("limit", "limit"),
        ("limit=", "limit"),
        ("actor=a&actor=", "actor"),
        ("actor=a&actor=b&actor=c&actor=d", "actor"),
        ("numbers=1&numbers=x", "numbers"),
        ("share=nan", "share"),
        ("share=inf", "share"),
        ("share=null", "share"),
        ("share=1e999", "share"),
        ("disputed=1", "disputed"),
        ("disputed=True", "disputed"),
        ("state=drafted", "state"),
        ("state=null", "state"),
        ("date=2024-13", "date"),
        ("date=null", "date"),
        ("text=%00", "text"),
        ("text=%zz", "text"),
        ("text=%", "text"),
        ("text=%FF", "text"),
        ("text=%ED%A0%80", "text"),
        ("te%FFxt=a", "te�xt"),
        ("=5", ""),
        ("Limit=5", "Limit"),
    ],
)
async def test_a_faulty_parameter_is_named(http: httpx.AsyncClient, query: str, parameter: str) -> None:
    [fault] = await faults(http, query)
    assert fault["parameter"] == parameter


async def test_all_faults_are_told_at_once(http: httpx.AsyncClient) -> None:
    told = await faults(http, "limt=5&limit=0&date=2024-13&text=&state=drafd&a%zz=1")
    assert sorted(fault["parameter"] for fault in told) == ["a%zz", "date", "limit", "limt", "state", "text"]
    assert {fault["parameter"]: fault.get("suggestion") for fault in told}["limt"] == "limit"
    assert {fault["parameter"]: fault.get("suggestion") for fault in told}["state"] == "draft"


async def test_queries_are_bounded(http: httpx.AsyncClient) -> None:
    check_problem(await http.get("/v1/events?" + "actor=a&" * 101), "invalid-parameters", 400)
    answer = await http.get("/v1/events?text=" + "a" * 8200)
    assert "8,192" in check_problem(answer, "invalid-parameters", 400)["detail"]


async def test_operations_without_a_query_refuse_any(http: httpx.AsyncClient) -> None:
    for query in ("a=1", "a", "a=%zz"):
        [fault] = await faults(http, query, "/health/live")
        assert fault["parameter"] == "a"
    assert (await http.get("/health/live?")).status_code == 200
    assert (await http.get("/?from=a-friend")).status_code == 200, "pages are not that strict"


def request_of(query: bytes, *headers: tuple[bytes, bytes]) -> Request[Any, Any, Any]:
    scope: Any = {"type": "http", "query_string": query, "headers": headers}
    return Request(scope)


@settings(max_examples=500)
@given(
    st.binary(max_size=60)
    | st.lists(
        st.tuples(
            st.sampled_from([name.encode() for name in Filters.__struct_fields__]),
            st.binary(max_size=8) | st.from_regex(rb"[0-9a-z%+.-]{0,8}", fullmatch=True),
        ).map(b"=".join),
        max_size=8,
    ).map(b"&".join)
)
def test_no_query_string_does_anything_but_be_read_or_refused(query: bytes) -> None:
    refused = None
    try:
        read = read_query(query, Filters)
    except ProblemError as error:
        refused = error
    if refused is None:
        assert isinstance(read, Filters)
    else:
        assert refused.kind.slug == "invalid-parameters"
        assert all(isinstance(fault.parameter, str) for fault in refused.faults)
        assert "\0" not in str(refused.faults)


@pytest.mark.parametrize(
    "text",
    ["7", "x" * 36, EVENT_ID + "0", EVENT_ID.replace("-", ""), "{" + EVENT_ID + "}", "urn:uuid:" + EVENT_ID, "%00"],
)
async def test_a_malformed_id_is_not_found(http: httpx.AsyncClient, text: str) -> None:
    check_problem(await http.put(f"/v1/events/{text}", headers={"If-Match": '"3"'}), "not-found", 404)


async def test_slugs_of_the_path_are_read(http: httpx.AsyncClient) -> None:
    assert (await http.get("/slugs/north-korea")).json() == {"slug": "north-korea"}
    for text in ("North-Korea", "a--b", "-a", "a%0A", "a" * 101, "%C3%A9"):
        check_problem(await http.get(f"/slugs/{text}"), "not-found", 404)


@pytest.mark.parametrize(
    ("header", "matching"),
    [
        ('"3"', [3]),
        ('"3-abc"', [3]),
        ('W/"3-abc"', [3]),
        ('"3-abc", "5"', [3, 5]),
        (' "3" ,"4-x,y" ', [3, 4]),
        ("*", list(range(1, 20))),
        ('"2147483647"', []),
    ],
)
async def test_if_match_names_revisions(http: httpx.AsyncClient, header: str, matching: list[int]) -> None:
    answer = await http.put(f"/v1/events/{EVENT_ID}", headers={"If-Match": header})
    assert answer.json()["matching"] == matching


async def test_several_lines_of_if_match_are_one_list(http: httpx.AsyncClient) -> None:
    answer = await http.put(f"/v1/events/{EVENT_ID}", headers=[("If-Match", '"3"'), ("If-Match", '"4"')])
    assert answer.json()["matching"] == [3, 4]


async def test_if_match_is_required(http: httpx.AsyncClient) -> None:
    answer = await http.put(f"/v1/events/{EVENT_ID}")
    [fault] = check_problem(answer, "precondition-required", 428)["errors"]
    assert fault["parameter"] == "If-Match"
    assert '"3"' in fault["suggestion"]


@pytest.mark.parametrize(
    "header", ["3", '"abc"', '""', "", '"3', '"0"', '"03"', '"3" "4"', '"3", *', '"99999999999"', '"3",' * 400, "\xff"]
)
async def test_an_if_match_without_a_revision_is_refused(http: httpx.AsyncClient, header: str) -> None:
    answer = await http.put(f"/v1/events/{EVENT_ID}", headers=[(b"If-Match", header.encode("latin-1"))])
    [fault] = check_problem(answer, "invalid-parameters", 400)["errors"]
    assert fault["parameter"] == "If-Match"


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        ('"3-abc"', "True"),
        ('W/"3-abc"', "True"),
        ('"1", "3-abc"', "True"),
        ("*", "True"),
        ('"3"', "False"),
        ("3-abc", "False"),
        ("", "False"),
        ('"3-abc', "False"),
    ],
)
async def test_if_none_match_is_compared_weakly(http: httpx.AsyncClient, header: str, unchanged: str) -> None:
    assert (await http.get("/tagged", headers={"If-None-Match": header})).text == unchanged
    assert (await http.get("/tagged")).text == "False"
