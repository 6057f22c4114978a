"""What is tried: each operation, in the situations that make it use all it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from sandbox.process import SandboxProcess
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations import get_orders, import_listings, publish_listings, sync_listings, sync_orders
from storekeeper.operations.step import Step, attempt
from storekeeper.settings import Channel
from tests.databases import Database

CHANNEL = "shop"
PRODUCTS = 40
Run = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Situation:
    """Where an operation begins.

    :param settings: the operation's settings.
    :param before: brings store and warehouse there; gets the store, the database, and a function that runs the
        operation undisturbed.
    :param moves: admin requests that change the store while the operation runs; see the fault ``change``. Of an
        operation that writes to the store, ``{"sql": ...}``: what changes in the warehouse.
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
    :param outbound: it writes to the store: call by call, so that a failure may leave a part of the effect.
    :param makes: it makes things in the store, which gives them ids in the order of their making.
    """

    name: str
    steps: Mapping[str, Callable[[Step], dict[str, Any]]]
    situations: tuple[Situation, ...]
    store: Mapping[str, Any] = field(default_factory=dict)
    blink: Callable[[SandboxProcess], tuple[dict[str, Any], dict[str, Any]]] | None = None
    outbound: bool = False
    makes: bool = False

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


def imported(store: SandboxProcess, database: Database, operation: str = "import_listings") -> None:
    """The store's listings are in the warehouse, unpaused; or its orders."""
    steps = {"import_listings": import_listings.STEPS, "get_orders": get_orders.STEPS}[operation]
    channel = Channel.model_validate({"channel": CHANNEL, "import_listings": {"new_listings_paused": False}})
    warehouse = database.warehouse()
    for task, work in steps.items():
        with attempt(
            task,
            warehouse,
            channel,
            operation,
            run_id="imported",
            params={},
            open_store=lambda: StoreClient(store.root, "sandbox", "sandbox-token"),
        ) as step:
            work(step)
    warehouse.close()


def a_morning_on(store: SandboxProcess, database: Database, run: Run) -> None:
    """The warehouse and the store agree; since then everything that a sync may meet has changed in the warehouse."""
    imported(store, database)
    products = sorted((each for each in store.products() if each["variants"]), key=lambda each: int(each["id"]))
    sold = [each for each in products if all(each["variants"][0]["sku"] for _ in each["variants"])]
    gone, hidden, unavailable, delisted = (each["id"] for each in sold[:4])
    listing = "update core.listing set {} where product_id = %s"
    database.run("update core.listing_variant set price = coalesce(price, channel_price) + 1")
    database.run("update core.listing_variant set quantity = quantity + 3 where quantity is not null")
    store.delete_product(gone)
    store.configure(refused_skus={each["sku"]: "is locked by the merchant" for each in sold[4]["variants"][:1]})
    database.run(listing.format("queued_action = 'hide'"), hidden)
    store.patch_product(unavailable, availability="disabled")
    state = "status = 'hidden', hidden_as = 'unavailable', queued_action = 'unhide'"
    database.run(listing.format(state), unavailable)
    database.run(listing.format("queued_action = 'delist'"), delisted)
    database.run(
        "update core.listing_variant set price = price * 100 where variant_id = %s", sold[5]["variants"][0]["id"]
    )
    linked = sold[6]["variants"][0]["sku"]
    database.run("insert into core.inventory_item (master_sku, price, quantity) values (%s, 12.5, 44)", linked)
    paused = sold[7]["id"]
    database.run(listing.format("paused = true, queued_action = 'hide'"), paused)


def a_mistake(store: SandboxProcess, database: Database, run: Run) -> None:
    """The warehouse and the store agree; then somebody mistakes prices and stock of all listings."""
    imported(store, database)
    database.run("update core.listing_variant set price = coalesce(price, channel_price) + 1")
    database.run("update core.listing_variant set quantity = quantity + 3 where quantity is not null")


def a_mistake_mended(store: SandboxProcess) -> list[dict[str, Any]]:
    """What was wanted before is wanted again: what the store last confirmed, as far as the warehouse knows."""
    mended = "update core.listing_variant set price = round(price - 1, 2), quantity = quantity - 3"
    return [{"sql": mended}]


def another_feed(store: SandboxProcess) -> list[dict[str, Any]]:
    """Prices and quantities move on, and somebody queues another action."""
    products = sorted((each for each in store.products() if each["variants"]), key=lambda each: int(each["id"]))
    return [
        {"sql": "update core.listing_variant set price = price + 0.5"},
        {"sql": "update core.listing_variant set quantity = quantity + 1 where quantity is not null"},
        {"sql": f"update core.listing set queued_action = 'hide' where product_id = {products[12]['id']}"},
    ]


def a_season_on(store: SandboxProcess, database: Database, run: Run) -> None:
    """Drafts of every kind wait to be published, and listings of the store to be written over."""
    imported(store, database)
    products = sorted((each for each in store.products() if each["variants"]), key=lambda each: int(each["id"]))
    sold = [each for each in products if all(variant["sku"] for variant in each["variants"])]
    several = next(each for each in sold if len(each["variants"]) > 1)
    rest = [each for each in sold if each is not several]
    hidden_from_us, taken, written, pictured = rest[:4]
    names = (
        "insert into core.listing (channel, listing_key, title, description, weight, price, brand, categories, images,"
    )
    names += " custom_fields, queued_action, paused) values (%s, %s, %s, %s, 1.5, 20, %s, %s, %s, %s, %s, %s)"
    variant = "insert into core.listing_variant (channel, listing_key, master_sku, quantity, price, options)"
    variant += " values (%s, %s, %s, %s, %s, %s)"

    def draft(key: str, title: str, skus: dict[str, str], *, paused: bool = False, fields: str = "[]") -> None:
        images = [f"https://cdn.example.com/{key}-{number}.jpg" for number in range(2)]
        text = "<p>New</p>"
        paths = ["Shop > Season"]
        database.run(names, CHANNEL, key, title, text, "Lumen", paths, images, fields, "publish", paused)
        for number, (sku, options) in enumerate(skus.items()):
            database.run(variant, CHANNEL, key, sku, 3 + number, 20 + number, options)

    for number in range(4):
        draft(f"new-{number}", f"New {number}", {f"NEW-{number}": "[]"})
    sizes = {f"SIZED-{size}": f'[{{"name": "Size", "value": "{size}"}}]' for size in "SML"}
    draft("sized", "Sized", sizes, fields='[{"name": "Care", "value": "' + "x" * 300 + '"}]')
    draft("paused", "Paused", {"PAUSED-1": "[]"}, paused=True)
    draft("named", taken["name"], {"NAMED-1": "[]"})
    draft("locked", "Locked", {"LOCKED-1": "[]"})
    store.configure(refused_skus={"LOCKED-1": "is locked by the merchant"})
    # its listing was deleted in the warehouse, and made anew under another key
    database.run("delete from core.listing where product_id = %s", hidden_from_us["id"])
    draft("linked", "Linked", {hidden_from_us["variants"][0]["sku"]: "[]"})
    over = "update core.listing set queued_action = 'overwrite', {} where product_id = %s"
    database.run(over.format("description = 'Rewritten', title = 'Rewritten'"), written["id"])
    fields = """custom_fields = '[{"name": "Care", "value": "Wash cold"}, {"name": "Made in", "value": "Peru"}]'"""
    pictures = "images = '{https://cdn.example.com/new.jpg}'"
    database.run(over.format(f"{fields}, {pictures}"), pictured["id"])
    database.run(over.format("description = 'More of them'"), several["id"])
    gone, kept = (each["sku"] for each in several["variants"][:2])
    database.run("delete from core.listing_variant where master_sku = %s", gone)
    database.run(
        "insert into core.listing_variant (channel, listing_key, master_sku, quantity, price, options) select channel,"
        " listing_key, 'ADDED-1', 9, 31, (select jsonb_agg(e || '{\"value\": \"Added\"}') from"
        " jsonb_array_elements(options) as e) from core.listing_variant where master_sku = %s",
        kept,
    )
    database.run("update core.listing_variant set price = price + 2 where master_sku = %s", kept)


def a_late_draft(store: SandboxProcess) -> list[dict[str, Any]]:
    """Drafts are edited, and another one comes in."""
    return [
        {"sql": "update core.listing set description = 'Edited' where listing_key = 'locked'"},
        {
            "sql": "insert into core.listing (channel, listing_key, title, weight, price, categories, queued_action)"
            " values ('shop', 'late', 'Late', 1, 9, '{Shop}', 'publish')"
        },
        {
            "sql": "insert into core.listing_variant (channel, listing_key, master_sku, quantity)"
            " values ('shop', 'late', 'LATE-1', 4)"
        },
    ]


SHIPMENT = (
    "insert into core.shipment (channel, shipment_key, order_id, tracking_number, carrier, cancelled_at)"
    " values ('shop', %s, %s, %s, %s, %s)"
)
ITEM = (
    "insert into core.shipment_item (channel, shipment_key, order_product_id, master_sku, quantity)"
    " values ('shop', %s, %s, %s, %s)"
)


class Packing:
    """Writes shipments of orders into a warehouse."""

    def __init__(self, store: SandboxProcess, database: Database) -> None:
        self._store, self._database = store, database
        self._count = 0

    def order(self, *quantities: int, addresses: int = 1) -> int:
        lines = [
            {"sku": f"SKU-{place}", "quantity": units, "address": 1 + place % addresses}
            for place, units in enumerate(quantities)
        ]
        return int(self._store.place_order(lines=lines, status_id=11)["id"])

    def ship(self, order_id: int, *units: int, number: str | None = "", carrier: str | None = "UPS") -> str:
        """A shipment of so many units of the order's lines, by line and by SKU in turn; a number of its own."""
        self._count += 1
        key = f"S-{self._count:02d}"
        tracking = f"1Z-{self._count}" if number == "" else number
        self._database.run(SHIPMENT, key, order_id, tracking, carrier, None)
        lines = self._store.get(f"/v2/orders/{order_id}/products")
        for place, (line, quantity) in enumerate(zip(lines, units, strict=False)):
            if quantity:
                by_line = (line["id"], None) if (self._count + place) % 2 else (None, line["sku"])
                self._database.run(ITEM, key, *by_line, quantity)
        return key


def a_day_of_shipping(store: SandboxProcess, database: Database, run: Run) -> None:
    """Twenty shipments of every kind wait: new, renumbered, cancelled, not to be sent, entered by hand."""
    pack = Packing(store, database)
    plain = [pack.order(2) for _ in range(4)]
    several, split, twins, part = pack.order(3, 1, 3), pack.order(2, 2, addresses=2), pack.order(4), pack.order(2, 2)
    known, called_off, by_hand, entered, refused = (pack.order(2, 1) for _ in range(5))
    cancelled = pack.order(1)
    imported(store, database, "get_orders")
    renumbered = [pack.ship(known, 1), pack.ship(known, 0, 1), pack.ship(called_off, 1)]
    run()
    database.run("update core.shipment set tracking_number = 'NEW-1' where shipment_key = %s", renumbered[0])
    database.run("update core.shipment set carrier = 'FedEx' where shipment_key = %s", renumbered[1])
    database.run("update core.shipment set cancelled_at = now() where shipment_key = %s", renumbered[2])
    for order_id in plain:
        pack.ship(order_id, 2)
    pack.ship(several, 1, 1)
    pack.ship(several, 2, 0, 1)
    pack.ship(several, 0, 0, 1, carrier="DHL")
    pack.ship(split, 2, 2)
    pack.ship(twins, 1, number=None)
    pack.ship(twins, 1, number=None)
    pack.ship(twins, 1, carrier=None)
    pack.ship(part, 1)
    pack.ship(called_off, 1)
    lines = store.get(f"/v2/orders/{by_hand}/products")
    store.ship_order(by_hand, items=[{"order_product_id": lines[0]["id"], "quantity": 1}], tracking_number="HAND")
    pack.ship(by_hand, 1)
    lines = store.get(f"/v2/orders/{entered}/products")
    store.ship_order(entered, items=[{"order_product_id": lines[0]["id"], "quantity": 2}], tracking_number="ENTERED")
    pack.ship(entered, 2, number="ENTERED")
    pack.ship(refused, 9)
    pack.ship(refused, 1, carrier="Pigeon")
    store.patch_order(cancelled, status_id=5)
    pack.ship(cancelled, 1)
    database.run(SHIPMENT, "S-99", 99_999, None, None, None)


def wrong_numbers(store: SandboxProcess, database: Database, run: Run) -> None:
    """Shipments are in the store; then somebody gives them numbers that are wrong."""
    pack = Packing(store, database)
    orders = [pack.order(1) for _ in range(4)]
    imported(store, database, "get_orders")
    for order_id in orders:
        pack.ship(order_id, 1)
    run()
    database.run("update core.shipment set tracking_number = 'WRONG' || tracking_number")


def numbers_put_right(store: SandboxProcess) -> list[dict[str, Any]]:
    """The former numbers are wanted again: what the store last confirmed, as far as the warehouse knows."""
    return [{"sql": "update core.shipment set tracking_number = substr(tracking_number, 6)"}]


def a_late_parcel(store: SandboxProcess) -> list[dict[str, Any]]:
    """Tracking numbers are edited, whatever became of their shipments, and the rest of an order ships."""
    key, order_id = "S-98", min(each["id"] for each in store.orders() if len(_shipping_lines(each)) == 3)
    line = _shipping_lines(next(each for each in store.orders() if each["id"] == order_id))[2]
    return [
        {
            "sql": "update core.shipment set tracking_number = 'E-' || tracking_number"
            " where shipment_key in ('S-05', 'S-08')"
        },
        {
            "sql": "insert into core.shipment (channel, shipment_key, order_id, tracking_number)"
            f" values ('shop', '{key}', {order_id}, 'LATE')"
        },
        {
            "sql": "insert into core.shipment_item (channel, shipment_key, order_product_id, quantity)"
            f" values ('shop', '{key}', {line['id']}, 1)"
        },
    ]


def _shipping_lines(order: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for part in order["consignments"]["shipping"] for line in part["line_items"]]


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
    "sync_listings": Operation(
        "sync_listings",
        sync_listings.STEPS,
        (
            Situation("edited", {"verify_stock_sample": 5}, a_morning_on, another_feed),
            Situation("mistaken", {}, a_mistake, a_mistake_mended),
        ),
        {"products": 30, "seed": 7},
        outbound=True,
    ),
    "publish_listings": Operation(
        "publish_listings",
        publish_listings.STEPS,
        (
            Situation(
                "queued",
                {
                    "create_missing_categories": True,
                    "override_product_names": True,
                    "remove_missing_variants": True,
                    "max_removed_share": 1,
                    "max_overwritten_share": 1,
                },
                a_season_on,
                a_late_draft,
            ),
        ),
        {"products": 12, "seed": 7},
        outbound=True,
        makes=True,
    ),
    "sync_orders": Operation(
        "sync_orders",
        sync_orders.STEPS,
        (
            Situation(
                "shipped", {"delete_cancelled": True, "shipped_status": "Completed"}, a_day_of_shipping, a_late_parcel
            ),
            Situation("renumbered", {}, wrong_numbers, numbers_put_right),
        ),
        {"products": 5, "seed": 7},
        outbound=True,
        makes=True,
    ),
}
