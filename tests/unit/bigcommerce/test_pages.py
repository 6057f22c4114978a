"""Pages by id: complete, moving forward, each record once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.bigcommerce.paging import IdRange, id_pages, numbered_pages, read_page
from storekeeper.outcomes import NotNow, PagingStuck

PATH = "/v3/catalog/products"
URL = f"https://api.bigcommerce.com/stores/abc123{PATH}"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def store() -> Iterator[StoreClient]:
    with StoreClient("https://api.bigcommerce.com", "abc123", "t", patience=Patience(attempts=1)) as client:
        yield client


def page(*ids: Any, total: int) -> dict[str, Any]:
    return {"data": [{"id": identity} for identity in ids], "meta": {"pagination": {"total": total, "total_pages": 1}}}


def ids(store: StoreClient, after: int, before: int | None) -> list[int]:
    return [
        identity
        for found in id_pages(store, PATH, IdRange(after, before), {"limit": 2})
        for identity, _ in found.records
    ]


def test_each_page_asks_for_ids_after_the_last_one(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(URL, json=page(3, 5, total=3))
    web.get(URL, json=page(8, total=1))
    assert ids(store, 2, 10) == [3, 5, 8]
    assert [call.request.params["id:greater"] for call in web.calls] == ["2", "5"]  # type: ignore[attr-defined]
    assert [call.request.params["id:less"] for call in web.calls] == ["10", "10"]  # type: ignore[attr-defined]
    assert len(web.calls) == 2


@pytest.mark.parametrize("answer", [page(2, 3, total=9), page(1, total=1), page(9, 10, total=9)])
def test_a_store_that_ignores_the_range_stops_the_pull(
    web: responses.RequestsMock, store: StoreClient, answer: dict[str, Any]
) -> None:
    web.get(URL, json=answer)
    with pytest.raises(PagingStuck):
        ids(store, 2, 10)


@pytest.mark.parametrize(
    "answer",
    [
        page(3, total=5),
        page(total=4),
        page("x", 4, total=2),
        page(None, 4, total=2),
        {"data": None, "meta": {"pagination": {"total": 0}}},
        {"data": []},
        [],
    ],
)
def test_a_failed_page_is_never_an_empty_page(web: responses.RequestsMock, store: StoreClient, answer: Any) -> None:
    web.get(URL, json=answer)
    with pytest.raises(NotNow):
        read_page(store, PATH, {"limit": 2})


def test_an_id_twice_on_a_page_stops_the_pull(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(URL, json=page(4, 4, total=2))
    with pytest.raises(PagingStuck, match="twice"):
        read_page(store, PATH, {"limit": 2})


@settings(max_examples=100, deadline=None)
@given(
    held=st.sets(st.integers(1, 60), max_size=40),
    after=st.integers(0, 62),
    before=st.one_of(st.none(), st.integers(1, 62)),
    limit=st.integers(1, 7),
)
def test_a_range_brings_each_record_between_its_bounds_once(
    held: set[int], after: int, before: int | None, limit: int
) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        asked = request.params
        left = sorted(
            identity
            for identity in held
            if identity > int(asked.get("id:greater", 0)) and identity < int(asked.get("id:less", 1000))
        )
        return 200, {}, json.dumps(page(*left[: int(asked["limit"])], total=len(left)))

    with (
        responses.RequestsMock() as web,
        StoreClient("https://api.bigcommerce.com", "abc123", "t", patience=Patience(attempts=1)) as store,
    ):
        web.add_callback(responses.GET, URL, answer, content_type="application/json")
        found = [
            identity
            for one in id_pages(store, PATH, IdRange(after, before), {"limit": limit})
            for identity, _ in one.records
        ]
    assert found == sorted(identity for identity in held if after < identity and (before is None or identity < before))


@pytest.mark.parametrize(("total", "last"), [(2, True), (3, False)])
def test_a_page_is_the_last_one_when_it_holds_all_that_is_left(
    web: responses.RequestsMock, store: StoreClient, total: int, last: bool
) -> None:
    web.get(URL, json=page(7, 4, total=total))
    found = read_page(store, PATH, {"limit": 2})
    assert (found.last, found.total) == (last, total)
    assert found.records == [(4, b'{"id": 4}'), (7, b'{"id": 7}')]


def test_a_page_without_a_limit_is_the_store_s_own_fifty(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(URL, json=page(*range(1, 50), total=60))
    with pytest.raises(NotNow, match="sent 49 of a page of 50"):
        read_page(store, PATH, {})


def test_a_page_that_repeats_stops_the_pull(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(URL, json=page(1, 2, total=9))
    with pytest.raises(PagingStuck):
        ids(store, 0, None)
    assert len(web.calls) == 2


@pytest.mark.parametrize("total_pages", [0, 1, 3])
def test_numbered_pages_are_all_read(web: responses.RequestsMock, store: StoreClient, total_pages: int) -> None:
    web.get(URL, json={"data": [], "meta": {"pagination": {"total": 9, "total_pages": total_pages}}})
    answers = list(numbered_pages(store, PATH, {"limit": 3}))
    assert len(answers) == max(total_pages, 1)
    numbers = [call.request.params["page"] for call in web.calls]  # type: ignore[attr-defined]
    assert numbers == [str(number) for number in range(1, len(answers) + 1)]
