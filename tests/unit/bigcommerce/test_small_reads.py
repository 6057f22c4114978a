"""What is read in one or a few requests: orders by id, parts of an order, stock of a location."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from storekeeper.bigcommerce import catalog_writing, orders, shipments
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.bigcommerce.paging import PageSize, read_list
from storekeeper.outcomes import NotNow, PagingStuck

ROOT = "https://api.bigcommerce.com/stores/abc123"


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def store() -> Iterator[StoreClient]:
    with StoreClient("https://api.bigcommerce.com", "abc123", "t", patience=Patience(attempts=1)) as client:
        yield client


def answer(web: responses.RequestsMock, path: str, body: Any, **query: Any) -> None:
    web.get(ROOT + path, json=body, match=[query_param_matcher({name: str(value) for name, value in query.items()})])


def orders_between(web: responses.RequestsMock, least: int, most: int, *found: int) -> None:
    query = {**orders.WITH_PARTS, "min_id": least, "max_id": most, "sort": "id:asc", "limit": 3}
    answer(web, "/v2/orders", [{"id": number} for number in found], **query)


def test_of_a_range_only_the_orders_asked_for_are_taken(web: responses.RequestsMock, store: StoreClient) -> None:
    orders_between(web, 5, 7, 5, 6, 7)
    orders_between(web, 20, 20, 20)
    pages = list(orders.orders_by_id(store, [20, 7, 5], PageSize(3)))
    assert [[identity for identity, _ in page.records] for page in pages] == [[5, 7], [20]]


@pytest.mark.parametrize(
    ("sort", "sent", "wanted"),
    [("id:asc", (2, 1, 3), "ascending ids, the store answers from 2 to 3"),
     ("id:desc", (3, 1, 2), "descending ids, the store answers from 3 to 2")],
)  # fmt: skip
def test_a_list_in_another_order_than_asked_for_is_not_trusted(
    web: responses.RequestsMock, store: StoreClient, sort: str, sent: tuple[int, ...], wanted: str
) -> None:
    answer(web, "/v2/orders", [{"id": number} for number in sent], sort=sort, limit=250)
    with pytest.raises(PagingStuck, match=wanted):
        read_list(store, "/v2/orders", {"sort": sort}, PageSize(250))


def test_an_order_s_shipped_units_are_those_of_all_pages_of_its_lines(
    web: responses.RequestsMock, store: StoreClient
) -> None:
    path = "/v2/orders/7/products"
    answer(web, path, [{"id": number, "quantity_shipped": 1} for number in range(250)], limit=250, page=1)
    answer(web, path, [{"id": 999, "quantity_shipped": "2"}, {"id": 1000}], limit=250, page=2)
    assert shipments.shipped_units(store, 7) == dict.fromkeys(range(250), 1) | {999: 2, 1000: 0}


def test_an_order_s_part_of_another_shape_is_not_there_now(web: responses.RequestsMock, store: StoreClient) -> None:
    answer(web, "/v2/orders/7/products", [{"id": "x"}], limit=250, page=1)
    with pytest.raises(NotNow, match="products: the answer has another shape than documented"):
        shipments.shipped_units(store, 7)


def test_stock_is_by_product_and_variant_at_a_location(web: responses.RequestsMock, store: StoreClient) -> None:
    stock = [
        {"identity": {"product_id": 1, "variant_id": 10}, "available_to_sell": 3},
        {"identity": {"product_id": 2}, "available_to_sell": -1},
    ]
    pagination = {"total": 2, "per_page": 1000, "total_pages": 1}
    body = {"data": stock, "meta": {"pagination": pagination}}
    only = {"product_id:in": "1,2"}
    answer(web, "/v3/inventory/locations/5/items", body, limit=1000, page=1, **only)
    assert catalog_writing.stock_of(store, 5, [2, 1]) == {(1, 10): 3, (2, None): -1}


def test_nothing_is_deleted_unless_it_is_named(store: StoreClient) -> None:
    with pytest.raises(ValueError, match=r"^products to delete must be named$"):
        catalog_writing.delete_products(store, [], lambda: 0.0)
