"""What is tried: each operation, in the situations that make it use all it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from sandbox.process import SandboxProcess
from storekeeper.operations import get_orders, import_listings
from storekeeper.operations.step import Step
from tests.conftest import Database

CHANNEL = "shop"
PRODUCTS = 40
Run = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Situation:
    """Where an operation begins.

    :param settings: the operation's settings.
    :param before: brings store and warehouse there; gets the store, the database, and a function that runs the
        operation undisturbed.
    :param moves: admin requests that change the store while the operation runs; see the fault ``change``.
    """

    name: str
    settings: Mapping[str, Any]
    before: Callable[[SandboxProcess, Database, Run], None]
    moves: Callable[[SandboxProcess], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the instrument needs it.

    :param steps: its tasks in order.
    :param store: options of the sandbox store.
    :param blink: admin requests that take a record out of the store, and put it back; None where none ever comes back.
    """

    name: str
    steps: Mapping[str, Callable[[Step], dict[str, Any]]]
    situations: tuple[Situation, ...]
    store: Mapping[str, Any] = field(default_factory=dict)
    blink: Callable[[SandboxProcess], tuple[dict[str, Any], dict[str, Any]]] | None = None

    def situation(self, name: str) -> Situation:
        """One of its situations."""
        return next(each for each in self.situations if each.name == name)


def nothing(store: SandboxProcess, database: Database, run: Run) -> None:
    """An empty warehouse and a store that it has never seen."""


def two_years_on(store: SandboxProcess, database: Database, run: Run) -> None:
    """The warehouse knows the store; since then both have changed, in every way that an import tells apart."""
    run()
    products = sorted((each for each in store.products() if each["variants"]), key=lambda each: int(each["id"]))
    sold = [each for each in products if all(variant["sku"] for variant in each["variants"])]
    priced, renamed, swapped, other, hidden, gone, remade, blank = sold[:8]
    store.patch_product(priced["id"], price=123.45, name="A name of its own")
    store.patch_variant(renamed["id"], renamed["variants"][0]["id"], sku="RENAMED-1")
    mine, theirs = swapped["variants"][0], other["variants"][0]
    store.patch_variant(swapped["id"], mine["id"], sku=theirs["sku"])
    store.patch_variant(other["id"], theirs["id"], sku=mine["sku"])
    store.patch_product(hidden["id"], is_visible=False)
    store.patch_variant(blank["id"], blank["variants"][0]["id"], sku="")
    store.delete_product(gone["id"])
    store.delete_product(remade["id"])
    store.insert_product(name="Made anew", type="physical", weight=1, price=9, sku=remade["variants"][0]["sku"])
    store.insert_product(name="New", type="physical", weight=1, price=5, sku="NEW-1", inventory_level=3)
    store.insert_product(name="Twin", type="physical", weight=1, price=5, sku="new-1")
    store.insert_product(name=None, type="physical", weight=1, price=5, sku="NAMELESS-1")
    edited = sold[8]["variants"][0]["sku"]
    linked = sold[9]["variants"][0]["sku"]
    database.run("update core.listing_variant set price = 77, quantity = 3 where master_sku = %s", edited)
    database.run("insert into core.inventory_item (master_sku, price, quantity) values (%s, 11, 22)", linked)
    store.patch_product(sold[8]["id"], price=55.5)
    store.patch_product(sold[9]["id"], price=44.5)


def an_hour_on(store: SandboxProcess, database: Database, run: Run) -> None:
    """The warehouse knows the store; a few products have changed since, as the store itself tells."""
    run()
    products = sorted(store.products(), key=lambda each: int(each["id"]))
    for number in range(0, len(products), 3):
        store.request("PUT", f"/v3/catalog/products/{products[number]['id']}", json={"price": 100 + number})
    created = {"name": "New", "type": "physical", "weight": 1, "price": 5, "sku": "NEW-1"}
    store.request("POST", "/v3/catalog/products", json=created)
    store.request("DELETE", f"/v3/catalog/products?id:in={products[1]['id']}")
    edited = products[2]["variants"][0]["id"]
    database.run("update core.listing_variant set price = 77 where variant_id = %s", edited)


def a_busy_store(store: SandboxProcess) -> list[dict[str, Any]]:
    """Somebody works in the store: one product goes, one is renamed, one comes in. They are not in ``two_years_on``."""
    products = sorted(store.products(), key=lambda each: int(each["id"]))
    gone, renamed = products[10]["id"], products[-12]["id"]
    now = "2040-01-02T03:04:05+00:00"  # the store would take its own, which differs between two trials
    made = {"name": "Made meanwhile", "type": "physical", "weight": 1, "price": 7, "sku": "MEANWHILE-1"}
    made |= {"date_created": now, "date_modified": now}
    return [
        {"method": "DELETE", "path": f"products/{gone}"},
        {"method": "POST", "path": f"products/{renamed}", "body": {"name": "Renamed meanwhile", "date_modified": now}},
        {"method": "POST", "path": "products", "body": made},
    ]


def a_product_that_blinks(store: SandboxProcess) -> tuple[dict[str, Any], dict[str, Any]]:
    """An admin request that takes a product out of the store, and one that puts it back as it was."""
    product = sorted(store.products(), key=lambda each: int(each["id"]))[12]
    return (
        {"method": "DELETE", "path": f"products/{product['id']}"},
        {"method": "POST", "path": "products", "body": product},
    )


def a_day_on(store: SandboxProcess, database: Database, run: Run) -> None:
    """The warehouse knows the orders; since then shoppers, staff and couriers have been at work."""
    run()
    known = {row["order_id"] for row in database.rows("select order_id from core.sales_order")}
    orders = sorted((each for each in store.orders() if each["id"] in known), key=lambda each: int(each["id"]))
    shippable = [each for each in orders if each["status_id"] == 11 and each["consignments"].get("shipping")]
    store.ship_order(shippable[0]["id"], tracking_number="1Z-CHAOS")
    store.refund_order(orders[2]["id"])
    cancelled, deleted, shorter, broken = (each["id"] for each in orders[4:8])
    store.patch_order(cancelled, status_id=5)
    store.patch_order(deleted, is_deleted=True)
    parts = {**orders[6]["consignments"]}
    for name in ("shipping", "pickups", "downloads"):
        for part in parts.get(name) or []:
            part["line_items"] = part["line_items"][1:]
    store.patch_order(shorter, consignments=parts)
    store.patch_order(broken, total_inc_tax="much")
    store.place_order(lines=[{}, {"quantity": 3}])
    store.place_order(status_id=0)
    refunded = store.place_order(status_id=11)
    store.refund_order(refunded["id"])


def busy_shoppers(store: SandboxProcess) -> list[dict[str, Any]]:
    """One order is placed, one changes, one is refunded. None of them is in ``a_day_on``."""
    orders = sorted(store.orders(), key=lambda each: int(each["id"]))
    sent = [each["id"] for each in orders if each["status_id"] in (2, 10) and not each["is_deleted"]]
    # the store would take its own clock, which differs between two trials
    now = format_datetime(datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1))
    dates = {"date_created": now, "date_modified": now}
    refund = {"created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"), "date_modified": now}
    return [
        {"method": "POST", "path": "orders", "body": {"id": 900, "status_id": 11, **dates}},
        {"method": "POST", "path": f"orders/{sent[-1]}", "body": {"status_id": 13, "date_modified": now}},
        {"method": "POST", "path": f"orders/{sent[-2]}/refunds", "body": refund},
    ]


FEW = {"page_size": 8, "readers": 2, "overlap_minutes": 1440}
"""A day's overlap: what moves in a trial bears the date of when it was thought of, which may be an hour ago."""

SMALL = {"page_size": 8, "readers": 2, "max_gone_share": 0.5, "max_renamed_share": 0.5}
OVERWRITE = {"mode": "create_and_overwrite"}

OPERATIONS = {
    "import_listings": Operation(
        "import_listings",
        import_listings.STEPS,
        (
            Situation("first", {**SMALL}, nothing, a_busy_store),
            Situation("changed", {**SMALL, **OVERWRITE}, two_years_on, a_busy_store),
            Situation("since", {**SMALL, **OVERWRITE, "scope": "changed"}, an_hour_on, a_busy_store),
        ),
        {"products": PRODUCTS, "seed": 7},
        a_product_that_blinks,
    ),
    "get_orders": Operation(
        "get_orders",
        get_orders.STEPS,
        (
            Situation("first", FEW, nothing, busy_shoppers),
            Situation("later", {**FEW, "details": ["coupons"]}, a_day_on, busy_shoppers),
        ),
        {"products": 10, "seed": 7, "orders": 40, "orders_days": 20},
    ),
}
