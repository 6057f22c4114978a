"""A small shop whose every listing a test names: the store, the warehouse, and the two operations between them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.process import SandboxProcess
from storekeeper.outcomes import Counts
from tests.databases import Database

if TYPE_CHECKING:
    from tests.operations.conftest import Import, SyncListings

WRITES = {
    "PUT /v3/catalog/variants": "variants",
    "PUT /v3/catalog/products": "products",
    "PUT /v3/inventory/adjustments/absolute": "stock",
    "DELETE /v3/catalog/products": "deletes",
}


class Shop:
    """A store with a few products, imported into a channel of a warehouse."""

    def __init__(self, store: SandboxProcess, database: Database, pull: Import, sync: SyncListings) -> None:
        self.store = store
        self.database = database
        self._pull = pull
        self.sync = sync
        self._names = itertools.count(1)

    # The store.

    def add(self, sku: str, *, price: float = 10, stock: int = 5, tracking: str = "product", **fields: Any) -> int:
        """A simple product."""
        product = self.store.insert_product(
            name=f"Product {next(self._names)}",
            sku=sku,
            price=price,
            inventory_tracking=tracking,
            inventory_level=stock,
            variants=[{"sku": sku, "inventory_level": stock}],
            **fields,
        )
        return int(product["id"])

    def add_many(self, count: int, prefix: str = "M", **fields: Any) -> list[str]:
        skus = [f"{prefix}-{number:03d}" for number in range(count)]
        for sku in skus:
            self.add(sku, **fields)
        return skus

    def add_variants(
        self, *skus: str, price: float = 10, own: dict[str, float] | None = None, stock: int = 5, **fields: Any
    ) -> int:
        """A product with several variants; those not in ``own`` inherit its price."""
        variants = [
            {
                "sku": sku,
                "price": (own or {}).get(sku),
                "inventory_level": stock,
                "option_values": [{"id": number, "option_id": 1, "option_display_name": "Size", "label": f"S{number}"}],
            }
            for number, sku in enumerate(skus, 1)
        ]
        product = self.store.insert_product(
            name=f"Product {next(self._names)}",
            sku="",
            price=price,
            variants=variants,
            **{"inventory_tracking": "variant", **fields},
        )
        return int(product["id"])

    def product(self, sku: str) -> dict[str, Any]:
        return self._shown(sku)[0]

    def variant(self, sku: str) -> dict[str, Any]:
        return self._shown(sku)[1]

    def _shown(self, sku: str) -> tuple[dict[str, Any], dict[str, Any]]:
        for product in self.store.products():
            for variant in product["variants"]:
                if (variant["sku"] or product["sku"]) == sku:
                    return product, variant
        raise LookupError(sku)

    def price(self, sku: str) -> float:
        """What the store asks for it."""
        product, variant = self._shown(sku)
        return float(product["price"] if variant["price"] is None else variant["price"])

    def stock(self, sku: str) -> int:
        product, variant = self._shown(sku)
        return int((product if product["inventory_tracking"] == "product" else variant)["inventory_level"])

    def restock(self, sku: str, level: int) -> None:
        """A sale, or the store's staff: the level changes and nobody tells us."""
        product, variant = self._shown(sku)
        if product["inventory_tracking"] == "product":
            self.store.patch_product(product["id"], inventory_level=level)
        else:
            self.store.patch_variant(product["id"], variant["id"], inventory_level=level)

    def writes(self) -> dict[str, int]:
        """Requests that change something, or try to, since the last call."""
        routes = self.store.requests_by_route()
        self.store.forget_requests()
        return {name: sum(routes[route].values()) for route, name in WRITES.items() if route in routes}

    def effects(self) -> list[tuple[str, Any, Any]]:
        return [(each["kind"], each["id"], each["change"]) for each in self.store.effects()]

    # The warehouse.

    def item(self, sku: str, price: Any = None, quantity: int | None = None) -> None:
        """What the inventory says of a SKU from now on."""
        self.database.run(
            "insert into core.inventory_item (master_sku, price, quantity) values (%s, %s, %s) on conflict (master_sku)"
            " do update set price = excluded.price, quantity = excluded.quantity, updated_at = now()",
            sku,
            None if price is None else Decimal(str(price)),
            quantity,
        )

    def edit(self, sku: str, **columns: Any) -> None:
        """Somebody edits a variant in the warehouse."""
        for column, value in columns.items():
            self.database.run(f"update core.listing_variant set {column} = %s where master_sku = %s", value, sku)

    def edit_listing(self, sku: str, **columns: Any) -> None:
        for column, value in columns.items():
            self.database.run(
                f"update core.listing set {column} = %s where listing_key ="
                " (select listing_key from core.listing_variant where master_sku = %s)",
                value,
                sku,
            )

    def row(self, sku: str) -> dict[str, Any]:
        return self.database.row("select * from mart.listing_variants where master_sku = %s", sku)

    def listing(self, sku: str) -> dict[str, Any]:
        return self.database.row(
            "select l.* from core.listing as l join core.listing_variant as v using (channel, listing_key)"
            " where v.master_sku = %s",
            sku,
        )

    def problems(self) -> set[tuple[str, str]]:
        """Open problems of syncs: of what, and why."""
        rows = self.database.rows(
            "select entity_key, reason from mart.problems where open and operation = 'sync_listings'"
        )
        return {(row["entity_key"], row["reason"]) for row in rows}

    def waiting(self) -> list[str]:
        rows = self.database.rows("select master_sku from mart.listing_variants where not in_sync order by 1")
        return [row["master_sku"] for row in rows]

    def pushed(self) -> list[tuple[str, str, str]]:
        rows = self.database.rows("select entity_key, action, state from ops.push order by push_no")
        return [(row["entity_key"], row["action"], row["state"]) for row in rows]

    # Runs.

    def pull(self, **settings: Any) -> Counts:
        """A complete import; new listings are not paused unless that is asked for."""
        counts = self._pull(**{"new_listings_paused": False, **settings})
        self.store.forget_requests()
        return counts


@contextmanager
def while_held(store: SandboxProcess, work: Callable[[], None], side: str = "after", **calls: Any) -> Iterator[None]:
    """Something that happens while a call waits in the store: it goes on when that is done."""

    def work_and_release() -> None:
        try:
            store.wait_until_held()
            work()
        finally:
            store.release()

    store.fault("hold", side=side, **{"nth": 1, **calls})
    with meanwhile(work_and_release):
        yield


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Something that happens at the same time; what it raises is raised at the end."""
    failed: list[BaseException] = []

    def attempt() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failed:
        raise failed[0]
