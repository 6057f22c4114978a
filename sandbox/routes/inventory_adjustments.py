"""``/v3/inventory/adjustments/absolute``: setting stock.

The service works adjustments off after it has answered; ``inventory_delay_ms`` of the configuration does so here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sandbox.catalog import drafts
from sandbox.catalog.field_rules import INTEGER_MOST, is_whole
from sandbox.exchange import Answer, Json, Refusal, Request
from sandbox.routing import NONE, Route
from sandbox.store import Store
from sandbox.tokens import INVENTORY

MOST_ITEMS = 2000
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """So many units at a location, of a variant, or of a product tracked as a whole (then without a variant)."""

    location_id: int
    product_id: int
    variant_id: int | None
    quantity: int


def adjust(store: Store, request: Request) -> Answer:
    """PUT: the units of up to 2,000 items; one that cannot be set refuses them all."""
    items = request.json_object().get("items")
    if not isinstance(items, list) or not items:
        raise Refusal(422, "[items: must be a list with at least one item]", {}, content_type=PROBLEM)
    if len(items) > MOST_ITEMS:
        raise Refusal(422, f"[items: at most {MOST_ITEMS} items per request]", {}, content_type=PROBLEM)
    adjustments, reasons = [], []
    for item in items:
        try:
            adjustments.append(_understood(store, item))
        except ValueError as error:
            reasons.append(str(error))
    if reasons:
        raise Refusal(422, f"[{', '.join(reasons)}]", {}, content_type=PROBLEM)
    delay_ms = store.configuration.inventory_delay_ms
    if delay_ms:
        asyncio.get_running_loop().call_later(
            delay_ms / 1000, _apply_later, store, request, adjustments, store.restorations
        )
    else:
        _apply(store, request, adjustments)
    return Answer.of({"transaction_id": f"{store.next_serial():08x}-0000-4000-8000-{request.id[-10:]:0>12}"})


def _understood(store: Store, item: object) -> Adjustment:
    """The adjustment an item means.

    :raises ValueError: the reason the item cannot be set.
    """
    if not isinstance(item, dict):
        raise ValueError("item must be an object")
    location_id, quantity = item.get("location_id"), item.get("quantity")
    if not is_whole(location_id) or location_id not in store.stock.locations:
        raise ValueError(f"Location with id {location_id} not found")
    if not is_whole(quantity) or not 0 <= quantity <= INTEGER_MOST:
        raise ValueError(f"quantity must be an integer from 0 to {INTEGER_MOST}")
    product_id, variant_id, name = _item(store, item)
    product = store.catalog.editable(product_id)
    if product is not None and store.configuration.refused_skus:
        try:
            store.refuse(product, *(each["sku"] for each in product["variants"] if variant_id in (None, each["id"])))
        except Refusal as refusal:
            raise ValueError(f"Item with {name} is refused: {(refusal.errors or {})['sku']}") from None
    tracking = store.catalog.indexes.facts[product_id].tracking
    if tracking == "product" and variant_id is None:
        return Adjustment(location_id, product_id, None, quantity)
    if tracking == "variant" and variant_id is not None:
        return Adjustment(location_id, product_id, variant_id, quantity)
    if tracking == "product":
        raise ValueError(f"Item with {name} is tracked by product, please update stock by product id")
    if tracking == "variant":
        raise ValueError(f"Item with {name} is tracked by variant, please update stock by variant id or sku")
    raise ValueError(f"Item with {name} has no inventory tracking")


def _item(store: Store, item: Json) -> tuple[int, int | None, str]:
    indexes = store.catalog.indexes
    if is_whole(item.get("variant_id")):
        name = f"variant_id {item['variant_id']}"
        if item["variant_id"] in indexes.product_of_variant:
            return indexes.product_of_variant[item["variant_id"]], item["variant_id"], name
    elif is_whole(item.get("product_id")):
        name = f"product_id {item['product_id']}"
        if item["product_id"] in indexes.facts:
            return item["product_id"], None, name
    elif isinstance(item.get("sku"), str):
        name = f"sku {item['sku']}"
        for variant_id in indexes.variant_sku.find(item["sku"]):
            return indexes.product_of_variant[variant_id], variant_id, name
        for product_id in indexes.product_sku.find(item["sku"]):
            only = indexes.facts[product_id].variants
            return product_id, only[0].id if len(only) == 1 else None, name
    else:
        raise ValueError("One of sku, product_id, variant_id is required")
    raise ValueError(f"Item with {name} not found")


def _apply_later(store: Store, request: Request, adjustments: list[Adjustment], restorations: int) -> None:
    if store.restorations == restorations:
        _apply(store, request, adjustments)


def _apply(store: Store, request: Request, adjustments: list[Adjustment]) -> None:
    now = store.clock.iso()
    products: dict[int, Json] = {}
    for each in adjustments:
        product = products.get(each.product_id) or store.catalog.editable(each.product_id)
        if product is None:
            # Deleted while the adjustment waited.
            continue
        products[each.product_id] = product
        record = product
        if each.variant_id is not None:
            record = next(variant for variant in product["variants"] if variant["id"] == each.variant_id)
        item = -each.product_id if each.variant_id is None else each.variant_id
        level = record["inventory_level"] or 0
        before = store.stock.at(each.location_id, item, level)
        record["inventory_level"] = store.stock.level_after(each.location_id, item, level, each.quantity)
        product["date_modified"] = now
        where = {"location_id": each.location_id, "product_id": each.product_id, "variant_id": each.variant_id}
        store.note(request, "stock.set", where, {"quantity": each.quantity, "before": before})
    for product in products.values():
        drafts.settle(product)
        store.catalog.put(product)


ROUTES = [Route("PUT", "/v3/inventory/adjustments/absolute", INVENTORY, adjust, NONE)]
