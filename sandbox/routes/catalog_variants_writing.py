"""``/v3/catalog/variants`` and a product's variants: changing prices, identifiers and stock of variants."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.catalog import drafts
from sandbox.exchange import Answer, Json, Refusal, Request, invalid, not_found
from sandbox.paging import collection, page_of, single
from sandbox.routes.catalog_variants import UNLISTED
from sandbox.routing import Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS

MOST_IN_BATCH = 50


def update_variants(store: Store, request: Request) -> Answer:
    """PUT: up to fifty variants of any products; one that cannot be changed refuses the batch."""
    changes = request.json_objects(MOST_IN_BATCH)
    products: dict[int, Json] = {}
    changed: list[Json] = []
    errors: list[Json] = []
    skus: dict[str, int] = {}
    for given in changes:
        try:
            product, variant = _found(store, products, given.get("id"), request.path)
            store.refuse(product, variant["sku"])
            drafts.variant_updated(store.catalog, product, variant, given)
            sku = (given.get("sku") or "").lower()
            if sku and skus.setdefault(sku, variant["id"]) != variant["id"]:
                raise drafts.conflict("sku")
            changed.append(variant)
        except Refusal as refusal:
            errors.append({"errors": {}} | refusal.body())
    if errors:
        return Answer.of({"batch_errors": errors}, 422)
    _store(store, products)
    for given in changes:
        store.note(request, "variant.updated", given["id"], {name: given[name] for name in given if name != "id"})
    return collection(map(msgspec.json.encode, _as_listed(changed)), page_of(request), len(changed))


def update_variant(store: Store, request: Request) -> Answer:
    """PUT: one variant of a product."""
    given = request.json_object()
    products: dict[int, Json] = {}
    product, variant = _found(store, products, request.number("variant_id"), request.path)
    if product["id"] != request.number("product_id"):
        raise not_found(request.path)
    store.refuse(product, variant["sku"])
    drafts.variant_updated(store.catalog, product, variant, given)
    _store(store, products)
    store.note(request, "variant.updated", variant["id"], given)
    return single(msgspec.json.encode(variant))


def _found(store: Store, products: dict[int, Json], variant_id: Any, path: str) -> tuple[Json, Json]:
    """The variant in its product's working copy, which is made where there is none yet."""
    if not isinstance(variant_id, int):
        raise invalid({"id": "is required"})
    product_id = store.catalog.indexes.product_of_variant.get(variant_id)
    if product_id is None:
        raise not_found(f"{path}/{variant_id}")
    if product_id not in products:
        editable = store.catalog.editable(product_id)
        if editable is None:
            raise not_found(f"{path}/{variant_id}")
        products[product_id] = editable
    product = products[product_id]
    return product, next(each for each in product["variants"] if each["id"] == variant_id)


def _store(store: Store, products: dict[int, Json]) -> None:
    now = store.clock.iso()
    for product in products.values():
        product["date_modified"] = now
        drafts.settle(product)
        store.catalog.put(product)


def _as_listed(variants: list[Json]) -> list[Json]:
    return [{name: value for name, value in each.items() if name not in UNLISTED} for each in variants]


ROUTES = [
    Route("PUT", "/v3/catalog/variants", PRODUCTS, update_variants),
    Route("PUT", "/v3/catalog/products/{product_id}/variants/{variant_id}", PRODUCTS, update_variant),
]
