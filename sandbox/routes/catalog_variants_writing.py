"""``/v3/catalog/variants`` and a product's variants: creating, changing and deleting variants."""

from __future__ import annotations

from typing import Any

import msgspec

from sandbox.catalog import drafts, variant_drafts
from sandbox.catalog.field_rules import is_whole
from sandbox.catalog.identifiers import conflict
from sandbox.exchange import Answer, Json, Refusal, Request, invalid, not_found
from sandbox.paging import collection, page_of, single
from sandbox.partial_saves import multi_status, saved_of
from sandbox.routes.catalog_variants import UNLISTED
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import PRODUCTS

MOST_IN_BATCH = 50


def update_variants(store: Store, request: Request) -> Answer:
    """PUT: up to fifty variants of any products; one that cannot be changed refuses the batch."""
    try:
        changes = request.json_objects(MOST_IN_BATCH)
    except Refusal as refusal:
        if refusal.status != 422:
            raise
        return _batch_refused([refusal])
    products: dict[int, Json] = {}
    changed: list[Json] = []
    errors: list[Refusal] = []
    skus: dict[str, int] = {}
    for given in changes:
        try:
            product, variant = _found(store, products, given.get("id"), request.path)
            store.refuse(product, variant["sku"])
            variant_drafts.update(store.catalog, product, variant, given)
            sku = (given.get("sku") or "").lower()
            if sku and skus.setdefault(sku, variant["id"]) != variant["id"]:
                raise conflict("sku")
            changed.append(variant)
        except Refusal as refusal:
            errors.append(refusal)
    if errors:
        return _batch_refused(errors)
    _store(store, products)
    for given in changes:
        store.note(request, "variant.updated", given["id"], {name: given[name] for name in given if name != "id"})
    return collection(map(msgspec.json.encode, _as_listed(changed)), page_of(request), len(changed))


def _batch_refused(refusals: list[Refusal]) -> Answer:
    return Answer.of({"batch_errors": [{"errors": {}} | each.body() for each in refusals]}, 422)


def create_variant(store: Store, request: Request) -> Answer:
    """POST: one more variant of a product, of option values that are there."""
    given = request.json_object()
    product = store.catalog.editable(request.number("product_id"))
    if product is None:
        raise not_found(request.path)
    store.refuse(given)
    saved, unsaved = saved_of(store, given, product, given)
    variant = variant_drafts.add(store.catalog, product, saved)
    _store(store, {product["id"]: product})
    store.note(request, "variant.created", variant["id"], saved | {"product_id": product["id"]})
    store.newcomers.note("variant", variant["id"], store.clock.now())
    return _one(variant, unsaved)


def update_variant(store: Store, request: Request) -> Answer:
    """PUT: one variant of a product."""
    given = request.json_object()
    products: dict[int, Json] = {}
    product, variant = _found(store, products, request.number("variant_id"), request.path)
    if product["id"] != request.number("product_id"):
        raise not_found(request.path)
    store.refuse(product, variant["sku"])
    saved, unsaved = saved_of(store, given, product, given)
    variant_drafts.update(store.catalog, product, variant, saved)
    _store(store, products)
    store.note(request, "variant.updated", variant["id"], saved)
    return _one(variant, unsaved)


def delete_variant(store: Store, request: Request) -> Answer:
    """DELETE: one variant; 204 whether it was there or not, as the specification knows no other answer.

    A product that has none left is a simple one again; the base variant of one goes with its product alone.
    """
    product_id, variant_id = request.number("product_id"), request.number("variant_id")
    product = store.catalog.editable(product_id)
    if product is None or store.catalog.indexes.product_of_variant.get(variant_id) != product_id:
        return Answer(204)
    if product["base_variant_id"] == variant_id:
        raise invalid({"variant_id": "the base variant of a product cannot be deleted"})
    variant_drafts.remove(store.catalog, product, {variant_id})
    _store(store, {product_id: product})
    store.note(request, "variant.deleted", variant_id, {"product_id": product_id})
    return Answer(204)


def _one(variant: Json, unsaved: Json) -> Answer:
    record = msgspec.json.encode(variant)
    return multi_status(record, unsaved) if unsaved else single(record)


def _found(store: Store, products: dict[int, Json], variant_id: Any, path: str) -> tuple[Json, Json]:
    """The variant in its product's working copy, which is made where there is none yet."""
    if not is_whole(variant_id):
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
    Route("POST", "/v3/catalog/products/{product_id}/variants", PRODUCTS, create_variant, NONE),
    Route("DELETE", "/v3/catalog/products/{product_id}/variants/{variant_id}", PRODUCTS, delete_variant, NONE),
    Route("PUT", "/v3/catalog/variants", PRODUCTS, update_variants, NONE),
    Route("PUT", "/v3/catalog/products/{product_id}/variants/{variant_id}", PRODUCTS, update_variant, NONE),
]
