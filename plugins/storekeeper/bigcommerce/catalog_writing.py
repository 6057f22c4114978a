"""Changing the store's catalog: the fullest batch that each call may carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from storekeeper.bigcommerce.catalog import MOST_PER_PAGE, PRODUCTS, location_stock
from storekeeper.bigcommerce.client import Answer, Check, Query, StoreClient

VARIANTS = "/v3/catalog/variants"
ABSOLUTE_STOCK = "/v3/inventory/adjustments/absolute"

MOST_VARIANTS = 50
MOST_PRODUCTS = 10
MOST_STOCK_ITEMS = 2_000
MOST_DELETED = 250

DEFAULT_LOCATION = 1
"""Each store's first location; the catalog's own inventory level is what lies there."""


PARTLY_SAVED = 207
"""The status of a change of which the store could not save a part."""


class _Variant(msgspec.Struct):
    id: int


class _Product(msgspec.Struct):
    id: int
    variants: list[_Variant] = []


class _Products(msgspec.Struct):
    data: list[_Product]


class _Records(msgspec.Struct):
    data: list[dict[str, Any]]


def change_variants(store: StoreClient, changes: Sequence[Mapping[str, Any]], check: Check) -> Answer:
    """Change fields of up to fifty variants of any products; the store takes all of them or none.

    :param changes: ``id`` and the fields; prices are numbers in the store's default currency.
    """
    return store.write("PUT", VARIANTS, changes, check=check)


def change_products(store: StoreClient, changes: Sequence[Mapping[str, Any]], check: Check) -> Answer:
    """Change fields of up to ten products; the store takes all of them or none.

    :param changes: ``id`` and the fields.
    """
    return store.write("PUT", PRODUCTS, changes, check=check)


def set_stock(store: StoreClient, items: Sequence[Mapping[str, Any]], check: Check) -> Answer:
    """Set the stock of up to 2,000 items, whatever it was; the store works it off after it has answered.

    :param items: ``location_id``, ``quantity`` and ``variant_id``, or ``product_id`` where the product's stock is
        tracked as a whole.
    """
    return store.write("PUT", ABSOLUTE_STOCK, {"reason": "Storekeeper: sync_listings", "items": items}, check=check)


def delete_products(store: StoreClient, product_ids: Collection[int], check: Check) -> Answer:
    """Delete up to 250 products; by nothing but their ids, since a filter that is misread would delete others.

    :raises ValueError: no id is given: the store would have to guess.
    """
    if not product_ids:
        raise ValueError("products to delete must be named")
    return store.write("DELETE", PRODUCTS, None, {"id:in": ",".join(map(str, sorted(product_ids)))}, check=check)


def living(store: StoreClient, product_ids: Sequence[int]) -> tuple[set[int], set[int]]:
    """Which of these products the store has, and the ids of their variants.

    :param product_ids: any number; one request for each 250.
    """
    products: set[int] = set()
    variants: set[int] = set()
    for begin in range(0, len(product_ids), MOST_PER_PAGE):
        chosen = product_ids[begin : begin + MOST_PER_PAGE]
        query: Query = {
            "id:in": ",".join(map(str, chosen)),
            "include": "variants",
            "include_fields": "name",  # the id always comes along; it is not among the fields that may be named
            "limit": MOST_PER_PAGE,
        }
        for product in store.get(PRODUCTS, query).decode(_Products).data:
            products.add(product.id)
            variants.update(variant.id for variant in product.variants)
    return products, variants


def shown(store: StoreClient, product_ids: Sequence[int]) -> dict[tuple[int, int | None], dict[str, Any]]:
    """The fields of products and of their variants as the store shows them: by product, and variant or None.

    :param product_ids: no more than a page holds.
    """
    query: Query = {"id:in": ",".join(map(str, product_ids)), "include": "variants", "limit": MOST_PER_PAGE}
    found: dict[tuple[int, int | None], dict[str, Any]] = {}
    for product in store.get(PRODUCTS, query).decode(_Records).data:
        found[product["id"], None] = product
        found |= {(product["id"], variant["id"]): variant for variant in product.get("variants") or ()}
    return found


def stock_of(store: StoreClient, location_id: int, product_ids: Collection[int]) -> dict[tuple[int, int | None], int]:
    """Units available at a location: by product and variant; without a variant, of a product tracked as a whole."""
    only = {"product_id:in": ",".join(map(str, sorted(product_ids)))}
    return {(product, variant): units for product, variant, units in location_stock(store, location_id, only)}
