"""Where a page ends: every kind of list is read completely, just before, at and after the length of a page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from storekeeper.bigcommerce import catalog, catalog_writing, orders, products
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.bigcommerce.paging import IdRange, PageSize, read_list
from storekeeper.outcomes import PagingStuck

ROOT = "https://api.bigcommerce.com/stores/abc123"
LENGTHS = (0, 1, 49, 50, 51, 100, 249, 250, 251, 300, 500, 501)


class Web:
    """A store that has so many records, each by its id from 1, and answers any list of them.

    :param count: how many records.
    :param default: what the store takes for the limit, whatever it is asked for; None: it heeds the limit.
    """

    def __init__(self, mock: responses.RequestsMock, count: int, default: int | None = None) -> None:
        self._ids = range(1, count + 1)
        self._default = default
        self.asked: list[dict[str, str]] = []
        for pattern, answer in (("/v2/", self._list), ("/v3/", self._page)):
            mock.add_callback(responses.GET, _under(pattern), answer, content_type="application/json")

    def _chosen(self, asked: dict[str, str]) -> list[int]:
        low, high = int(asked.get("min_id", 0)), int(asked.get("max_id", 10**9))
        after, before = int(asked.get("id:greater", 0)), int(asked.get("id:less", 10**9))
        named = next((value for name, value in asked.items() if name in ("id:in", "order_id:in", "product_id:in")), "")
        wanted = {int(text) for text in named.split(",")} if named else set(self._ids)
        found = [n for n in self._ids if low <= n <= high and after < n < before and n in wanted]
        return found[::-1] if "desc" in (asked.get("sort", ""), asked.get("direction")) else found

    def _list(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.asked.append(request.params)
        limit = self._default or int(request.params["limit"])
        first = (int(request.params.get("page", 1)) - 1) * limit
        part = self._chosen(request.params)[first : first + limit]
        return (200, {}, json.dumps([{"id": n} for n in part])) if part else (204, {}, "")

    def _page(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.asked.append(request.params)
        limit, found = int(request.params["limit"]), self._chosen(request.params)
        first = (int(request.params.get("page", 1)) - 1) * limit
        pagination = {"total": len(found), "per_page": limit, "total_pages": -(-len(found) // limit)}
        data = [
            {"id": n, "identity": {"product_id": n, "variant_id": n}, "available_to_sell": n, "variants": [{"id": n}]}
            for n in found[first : first + limit]
        ]
        return 200, {}, json.dumps({"data": data, "meta": {"pagination": pagination}})


def _under(part: str) -> Any:
    return re.compile(re.escape(ROOT + part) + ".*")


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as requests:
        yield requests


@pytest.fixture
def store() -> Iterator[StoreClient]:
    with StoreClient("https://api.bigcommerce.com", "abc123", "t", patience=Patience(attempts=1)) as client:
        yield client


def ids(raws: Sequence[bytes]) -> list[int]:
    return [json.loads(raw)["id"] for raw in raws]


def needed(count: int, page: int = 250) -> int:
    """The fewest requests that bring so many records."""
    return max(-(-count // page), 1)


@pytest.mark.parametrize("count", LENGTHS)
def test_orders_are_read_completely_whatever_the_page_holds(
    mock: responses.RequestsMock, store: StoreClient, count: int
) -> None:
    web = Web(mock, count)
    pages = list(orders.order_pages(store, IdRange(0, None), PageSize(250), {}))
    assert [n for page in pages for n, _ in page.records] == list(range(1, count + 1))
    # V2 does not say how many there are: after a page that could be a cut one, one more is asked for
    assert len(web.asked) == count // 250 + 1 + (count % 250 == 50)


@pytest.mark.parametrize("count", LENGTHS)
def test_orders_are_read_completely_although_the_store_does_not_heed_the_limit(
    mock: responses.RequestsMock, store: StoreClient, count: int
) -> None:
    web = Web(mock, count, default=50)
    pages = list(orders.order_pages(store, IdRange(0, None), PageSize(250), {}))
    assert [n for page in pages for n, _ in page.records] == list(range(1, count + 1))
    assert len(web.asked) == count // 50 + 1


@pytest.mark.parametrize("default", [None, 50])
@pytest.mark.parametrize("count", LENGTHS)
def test_a_range_of_orders_ends_without_a_request_for_what_lies_beyond_it(
    mock: responses.RequestsMock, store: StoreClient, count: int, default: int | None
) -> None:
    web = Web(mock, 1000, default)
    pages = list(orders.order_pages(store, IdRange(0, count + 1), PageSize(250), {}))
    assert [n for page in pages for n, _ in page.records] == list(range(1, count + 1))
    assert len(web.asked) == needed(count, default or 250)


@pytest.mark.parametrize(
    ("count", "limit", "last"),
    [
        (49, 250, True), (50, 250, False), (51, 250, True), (249, 250, True), (250, 250, False),
        (49, 50, True), (50, 50, False), (19, 20, True), (20, 20, False), (0, 250, True),
    ],
)  # fmt: skip
def test_a_list_ends_with_a_page_that_is_neither_full_nor_of_the_stores_own_length(
    mock: responses.RequestsMock, store: StoreClient, count: int, limit: int, last: bool
) -> None:
    Web(mock, count)
    page = read_list(store, "/v2/orders", {"sort": "id:asc"}, PageSize(limit))
    assert (len(page.records), page.last) == (count, last)


@pytest.mark.parametrize("default", [None, 50])
@pytest.mark.parametrize("count", LENGTHS)
def test_parts_of_an_order_are_read_completely(
    mock: responses.RequestsMock, store: StoreClient, count: int, default: int | None
) -> None:
    web = Web(mock, count, default)
    assert [part["id"] for part in json.loads(orders.order_parts(store, 7, "coupons"))] == list(range(1, count + 1))
    assert len(web.asked) == count // (default or 250) + 1 + (default is None and count % 250 == 50)


@pytest.mark.parametrize("count", LENGTHS)
def test_products_are_read_with_the_fewest_requests(
    mock: responses.RequestsMock, store: StoreClient, count: int
) -> None:
    web = Web(mock, count)
    pages = list(catalog.product_pages(store, IdRange(0, None), PageSize(250)))
    assert [n for page in pages for n, _ in page.records] == list(range(1, count + 1))
    assert len(web.asked) == needed(count)


READERS: dict[str, Callable[[StoreClient], list[int]]] = {
    "brands": lambda store: ids(list(catalog.brands(store))),
    "categories": lambda store: ids(list(catalog.categories(store))),
    "categories of a tree": lambda store: ids(list(products.categories_of(store, 1))),
    "refunds since": lambda store: [
        n for page in orders.refunds_since(store, datetime(2026, 1, 1, tzinfo=UTC)) for n in ids(page)
    ],
}


@pytest.mark.parametrize("count", LENGTHS)
@pytest.mark.parametrize("what", READERS)
def test_numbered_lists_are_read_with_the_fewest_requests(
    mock: responses.RequestsMock, store: StoreClient, what: str, count: int
) -> None:
    web = Web(mock, count)
    assert READERS[what](store) == list(range(1, count + 1))
    assert len(web.asked) == needed(count)


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 1999, 2000, 2001])
def test_stock_is_read_a_thousand_at_a_time(mock: responses.RequestsMock, store: StoreClient, count: int) -> None:
    web = Web(mock, count)
    found = list(catalog.location_stock(store, 1))
    assert found == [(n, n, n) for n in range(1, count + 1)]
    assert len(web.asked) == needed(count, 1000)


BY_ID: dict[str, tuple[str, Callable[[StoreClient, list[int]], list[int]]]] = {
    "refunds of orders": (
        "order_id:in", lambda store, wanted: [n for page in orders.refunds_of(store, wanted) for n in ids(page)],
    ),
    "refunds": ("id:in", lambda store, wanted: [n for page in orders.refunds_by_id(store, wanted) for n in ids(page)]),
    "products": ("id:in", lambda store, wanted: [product.id for product in products.products_of(store, wanted)]),
    "products that are still there": ("id:in", lambda store, wanted: sorted(catalog_writing.living(store, wanted)[0])),
    "their variants": ("id:in", lambda store, wanted: sorted(catalog_writing.living(store, wanted)[1])),
}  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 249, 250, 251, 499, 500, 501])
@pytest.mark.parametrize("what", BY_ID)
def test_ids_are_asked_for_250_at_a_time_and_each_once(
    mock: responses.RequestsMock, store: StoreClient, what: str, count: int
) -> None:
    web = Web(mock, 2000)
    name, read = BY_ID[what]
    wanted = [2 * n for n in range(1, count + 1)]
    assert read(store, wanted) == wanted
    asked = [request[name].split(",") for request in web.asked]
    assert [len(part) for part in asked] == [min(250, count - begin) for begin in range(0, count, 250)]
    assert [int(text) for part in asked for text in part] == wanted


@pytest.mark.parametrize("what", BY_ID)
def test_for_no_ids_nothing_is_asked(mock: responses.RequestsMock, store: StoreClient, what: str) -> None:
    web = Web(mock, 3)
    assert BY_ID[what][1](store, []) == []
    assert web.asked == []


@pytest.mark.parametrize("count", [1, 249, 250, 251, 501])
@pytest.mark.parametrize("gap", [1, 2, 250])
def test_orders_by_id_share_a_request_where_a_page_spans_them(
    mock: responses.RequestsMock, store: StoreClient, count: int, gap: int
) -> None:
    web = Web(mock, count * gap + 10)
    wanted = [n * gap for n in range(1, count + 1)]
    pages = list(orders.orders_by_id(store, wanted, PageSize(250)))
    assert [n for page in pages for n, _ in page.records] == wanted
    spans = [int(asked["max_id"]) - int(asked["min_id"]) + 1 for asked in web.asked]
    assert max(spans) <= 250
    per_request = (250 - 1) // gap + 1
    assert len(web.asked) == -(-count // per_request)


@pytest.mark.parametrize(("ids_apart", "groups"), [(248, 1), (249, 1), (250, 2), (251, 2)])
def test_neighbours_span_no_more_than_a_page(ids_apart: int, groups: int) -> None:
    found = list(orders.neighbours([1, 1 + ids_apart], 250))
    assert len(found) == groups
    assert [n for group in found for n in group] == [1, 1 + ids_apart]


def test_a_list_that_comes_again_and_again_is_given_up(mock: responses.RequestsMock, store: StoreClient) -> None:
    mock.get(f"{ROOT}/v2/orders", json=[{"id": n} for n in range(1, 51)])
    with pytest.raises(PagingStuck):
        list(orders.order_pages(store, IdRange(0, None), PageSize(250), {}))
