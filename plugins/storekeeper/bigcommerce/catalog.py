"""The store's catalog: which request brings the most of what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from storekeeper.bigcommerce.client import Query, StoreClient
from storekeeper.bigcommerce.paging import (
    ASK_THE_STORE,
    IdRange,
    Page,
    PageSize,
    id_pages,
    numbered_pages,
    read_page,
)
from storekeeper.outcomes import PagingStuck

MOST_PER_PAGE = 250
"""The API's largest page; also the most ids that one ``id:in`` is asked for."""

PRODUCTS = "/v3/catalog/products"
WITH_PARTS: Query = {"include": "variants,images,custom_fields"}
"""Everything of a product that a listing is made of, in the request that brings the product itself."""

EVERY: Query = {}

MOST_STOCK_PER_PAGE = 1_000


class _Records(msgspec.Struct):
    data: list[msgspec.Raw]


class _Identity(msgspec.Struct):
    product_id: int
    variant_id: int | None = None


class _Item(msgspec.Struct):
    identity: _Identity
    available_to_sell: int


class _StockPage(msgspec.Struct):
    data: list[_Item]


class _Owner(msgspec.Struct):
    product_id: int


class _OwnerPage(msgspec.Struct):
    data: list[_Owner]


def changed_since(moment: datetime) -> Query:
    """A filter for products that the store says to have changed at that moment of its own clock, or later."""
    return {"date_modified:min": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def product_pages(store: StoreClient, stretch: IdRange, size: PageSize, only: Query = EVERY) -> Iterator[Page]:
    """Products with variants, images and custom fields, in ascending order of id; see :func:`id_pages`.

    :param only: a filter.
    """
    return id_pages(store, PRODUCTS, stretch, {**WITH_PARTS, **only}, size)


def first_products(store: StoreClient, size: PageSize, only: Query = EVERY) -> Page:
    """The page of the lowest ids."""
    return read_page(store, PRODUCTS, {**WITH_PARTS, **only, "sort": "id", "direction": "asc"}, size)


def last_products(store: StoreClient, size: PageSize, only: Query = EVERY) -> Page:
    """The page of the highest ids."""
    return read_page(store, PRODUCTS, {**WITH_PARTS, **only, "sort": "id", "direction": "desc"}, size)


def products_by_id(store: StoreClient, product_ids: Sequence[int], size: PageSize) -> Page:
    """The products among these ids that the store has; at most as many ids as a page holds.

    :raises PagingStuck: the store answers others: who trusted it would take a product that it has for gone.
    """
    page = read_page(store, PRODUCTS, {**WITH_PARTS, "id:in": ",".join(map(str, product_ids))}, size)
    others = {product_id for product_id, _ in page.records}.difference(product_ids)
    if others:
        raise PagingStuck(
            f"GET {PRODUCTS}: asked for {len(product_ids)} products, the store answers others, such as {min(others)}:"
            f" it ignores id:in. {ASK_THE_STORE}"
        )
    return page


def find_product_ids(store: StoreClient, field: str, values: Iterable[str]) -> set[int]:
    """The products of the variants that carry one of these identifiers: one request a value, since the API takes one.

    :param field: ``sku`` or ``upc``; the API cannot look up by MPN.
    """
    return {
        variant.product_id
        for value in values
        for variant in store.get("/v3/catalog/variants", {field: value, "limit": MOST_PER_PAGE}).decode(_OwnerPage).data
    }


def brands(store: StoreClient) -> Iterator[bytes]:
    """The brands of the store, undecoded: ``id`` and ``name``."""
    return _records(store, "/v3/catalog/brands", "name")


def categories(store: StoreClient) -> Iterator[bytes]:
    """The categories of all trees, undecoded: ``category_id``, ``parent_id`` and ``name``."""
    return _records(store, "/v3/catalog/trees/categories", "category_id,parent_id,name")


def _records(store: StoreClient, path: str, fields: str) -> Iterator[bytes]:
    for page in numbered_pages(store, path, {"include_fields": fields, "limit": MOST_PER_PAGE}):
        yield from map(bytes, page.decode(_Records).data)


def location_stock(store: StoreClient, location_id: int, only: Query = EVERY) -> Iterator[tuple[int, int | None, int]]:
    """Product id, variant id (None: the product is tracked as a whole) and units available to sell at one location.

    :param only: a filter.
    """
    path = f"/v3/inventory/locations/{location_id:d}/items"
    for page in numbered_pages(store, path, {**only, "limit": MOST_STOCK_PER_PAGE}):
        for item in page.decode(_StockPage).data:
            yield item.identity.product_id, item.identity.variant_id, item.available_to_sell
