"""Pages by id: complete, moving forward, each record once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.bigcommerce.paging import IdRange, PageSize, id_pages, read_page
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
        for found in id_pages(store, PATH, IdRange(after, before), {}, PageSize(2))
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
        read_page(store, PATH, {}, PageSize(2))


def test_an_id_twice_on_a_page_stops_the_pull(web: responses.RequestsMock, store: StoreClient) -> None:
    web.get(URL, json=page(4, 4, total=2))
    with pytest.raises(PagingStuck, match="twice"):
        read_page(store, PATH, {}, PageSize(2))


def test_after_a_very_large_page_the_next_ones_ask_for_half_as_many(
    web: responses.RequestsMock, store: StoreClient
) -> None:
    heavy = json.dumps({"data": [{"id": 1, "name": "x" * PageSize.HEAVY}, {"id": 2}], "meta": page(total=5)["meta"]})
    web.get(URL, body=heavy, content_type="application/json")
    web.get(URL, json=page(3, total=3))
    size = PageSize(2)
    pages = id_pages(store, PATH, IdRange(0, None), {}, size)
    next(pages)
    assert size.limit == 1
    assert [identity for identity, _ in next(pages).records] == [3]
    assert [call.request.params["limit"] for call in web.calls] == ["2", "1"]


def test_a_page_is_never_asked_for_less_than_one_record() -> None:
    size = PageSize(1)
    size.learn(1, PageSize.HEAVY + 1)
    assert size.limit == 1
