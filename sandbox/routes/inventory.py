"""``/v3/inventory/items``: reading stock."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sandbox.exchange import Answer, Json, Refusal, Request
from sandbox.filtering import Condition, Filter, conditions, folded, integer
from sandbox.paging import collection, page_of
from sandbox.routing import Route
from sandbox.store import Store
from sandbox.tokens import INVENTORY_READ

IN = frozenset({"in"})
MOST_ITEMS = 1000
PARAMETERS = frozenset({"page", "limit"})
ITEM_FILTERS = {
    "sku": Filter(lambda item: item, folded, IN, plain=False),
    "variant_id": Filter(lambda item: item[1], integer, IN, plain=False),
    "product_id": Filter(lambda item: item[0], integer, IN, plain=False),
}
FILTERS = ITEM_FILTERS | {
    "location_id": Filter(lambda location: location["id"], integer, IN, plain=False),
    "location_code": Filter(lambda location: location["code"].lower(), folded, IN, plain=False),
}


def list_items(store: Store, request: Request) -> Answer:
    """GET: a page of items, each with its stock at every location."""
    page = page_of(request, MOST_ITEMS)
    asked = conditions(request.query, FILTERS, PARAMETERS)
    of_locations = [each for each in asked if each.field.startswith("location")]
    locations = [
        each for each in store.stock.locations.values() if all(condition.holds(each) for condition in of_locations)
    ]
    items = selected_items(store, [each for each in asked if each not in of_locations])
    records = []
    for product_id, variant_id in items[page.start : page.stop]:
        identity, kept = _identity(store, product_id, variant_id)
        records.append({"identity": identity, "locations": [_at(store, each, kept) for each in locations]})
    return collection(map(msgspec.json.encode, records), page, len(items))


def list_location_items(store: Store, request: Request) -> Answer:
    """GET: a page of items with their stock at one location."""
    unknown = Refusal(404, "Location not found", {}, content_type="application/problem+json")
    location = store.stock.locations.get(request.number("location_id", unknown))
    if location is None:
        raise unknown
    page = page_of(request, MOST_ITEMS)
    items = selected_items(store, conditions(request.query, ITEM_FILTERS, PARAMETERS))
    records = []
    for product_id, variant_id in items[page.start : page.stop]:
        identity, kept = _identity(store, product_id, variant_id)
        there = _at(store, location, kept)
        del identity["sku_id"]
        records.append(
            {"identity": identity}
            | {name: there[name] for name in ("available_to_sell", "total_inventory_onhand", "settings")}
        )
    return collection(map(msgspec.json.encode, records), page, len(items))


def selected_items(store: Store, asked: Sequence[Condition]) -> Sequence[tuple[int, int]]:
    """The stock items that pass the conditions, as (product id, variant id or 0)."""
    indexes = store.catalog.indexes
    if not asked:
        return indexes.stock_items()
    chosen: set[int] | None = None
    for condition in asked:
        match condition.field:
            case "product_id":
                products = {each for each in condition.value if each in indexes.facts}
            case "variant_id":
                products = {indexes.product_of_variant.get(each, 0) for each in condition.value}
            case _:
                products = {each for sku in condition.value for each in indexes.product_sku.find(sku)}
                variants = [each for sku in condition.value for each in indexes.variant_sku.find(sku)]
                products |= {indexes.product_of_variant[each] for each in variants}
        chosen = products if chosen is None else chosen & products
    items: list[tuple[int, int]] = []
    for product_id in sorted((chosen or set()) - {0}):
        for item in items_of(store, product_id):
            identity, _ = _identity(store, *item)
            if all(_names(condition, identity) for condition in asked):
                items.append(item)
    return items


def _names(condition: Condition, identity: Json) -> bool:
    value = identity[condition.field]
    return (value.lower() if isinstance(value, str) else value) in condition.value


def items_of(store: Store, product_id: int) -> list[tuple[int, int]]:
    """One product's stock items."""
    facts = store.catalog.indexes.facts[product_id]
    if facts.tracking == "product" and len(facts.variants) != 1:
        return [(product_id, 0)]
    return [(product_id, variant.id) for variant in facts.variants]


class _Kept:
    """An item's stock over all locations."""

    __slots__ = ("bin_picking_number", "item", "level", "tracked", "warning_level")

    def __init__(self, item: int, record: Json, tracking: str) -> None:
        self.item = item
        self.level = int(record.get("inventory_level") or 0)
        self.warning_level = int(record.get("inventory_warning_level") or 0)
        self.bin_picking_number = record.get("bin_picking_number") or ""
        self.tracked = tracking != "none"


def _identity(store: Store, product_id: int, variant_id: int) -> tuple[Json, _Kept]:
    product = store.catalog.product(product_id) or {}
    variant: Json = next((each for each in product.get("variants") or () if each["id"] == variant_id), {})
    tracking = product.get("inventory_tracking", "none")
    by_product = tracking == "product"
    identity = {
        "sku": variant.get("sku") or (product.get("sku") if by_product or not variant.get("option_values") else ""),
        "variant_id": variant_id or None,
        "product_id": product_id,
        "sku_id": variant.get("sku_id"),
    }
    kept = _Kept(-product_id if by_product else variant_id, product if by_product else variant, tracking)
    return identity, kept


def _at(store: Store, location: Json, kept: _Kept) -> Json:
    units = store.stock.at(location["id"], kept.item, kept.level)
    return {
        "location_id": location["id"],
        "location_code": location["code"],
        "location_name": location["label"],
        "available_to_sell": units,
        "total_inventory_onhand": units,
        "location_enabled": location["enabled"],
        "settings": {
            "safety_stock": 0,
            "is_in_stock": not kept.tracked or units > 0,
            "warning_level": kept.warning_level,
            "bin_picking_number": kept.bin_picking_number,
        },
    }


ROUTES = [
    Route("GET", "/v3/inventory/items", INVENTORY_READ, list_items),
    Route("GET", "/v3/inventory/locations/{location_id}/items", INVENTORY_READ, list_location_items),
]
