"""A store with orders, shipments in a warehouse, and the operations between: what tests of Sync Orders are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.process import SandboxProcess
from storekeeper.outcomes import Counts
from tests.databases import Database

SHIP = "POST /v2/orders/{order_id}/shipments"
SHIPMENTS = "GET /v2/orders/{order_id}/shipments"
CHANGE = "PUT /v2/orders/{order_id}/shipments/{shipment_id}"
DELETE = "DELETE /v2/orders/{order_id}/shipments/{shipment_id}"
STATUS = "PUT /v2/orders/{order_id}"
LINES = "GET /v2/orders/{order_id}/products"
LIST = "GET /v2/orders"


class Yard:
    """A store, a warehouse with shipments in it, and the operations between them."""

    def __init__(
        self, store: SandboxProcess, database: Database, get: Callable[..., Counts], sync: Callable[..., Counts]
    ) -> None:
        self.store = store
        self.database = database
        self.get = get
        self.sync = sync

    def order(self, *quantities: int, **fields: Any) -> int:
        """An order in the store, a line for each quantity; the number of its first is 1."""
        lines = [{"sku": f"SKU-{place}", "quantity": units} for place, units in enumerate(quantities or (1,), 1)]
        return int(self.store.place_order(**{"lines": lines, "status_id": 11, **fields})["id"])

    def lines(self, order_id: int) -> list[int]:
        """The ids of an order's lines."""
        return [line["id"] for line in self.store.get(f"/v2/orders/{order_id}/products?limit=250")]

    def ship(self, key: str, order_id: int, *items: Any, channel: str = "shop", **fields: Any) -> None:
        """A shipment in the warehouse.

        :param items: SKUs, or pairs of SKU or line id and units.
        """
        values = {"channel": channel, "shipment_key": key, "order_id": order_id, **fields}
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        self.database.run(f"insert into core.shipment ({names}) values ({marks})", *values.values())
        for item in items:
            what, units = item if isinstance(item, tuple) else (item, 1)
            column = "order_product_id" if isinstance(what, int) else "master_sku"
            self.database.run(
                f"insert into core.shipment_item (channel, shipment_key, {column}, quantity) values (%s, %s, %s, %s)",
                channel,
                key,
                what,
                units,
            )

    def set(self, key: str, **values: Any) -> None:
        for name, value in values.items():
            self.database.run(f"update core.shipment set {name} = %s where shipment_key = %s", value, key)

    def shipments(self, order_id: int) -> list[dict[str, Any]]:
        """What the store has of an order."""
        found = self.store.request("GET", f"/v2/orders/{order_id}/shipments?limit=250")
        return list(found.json()) if found.status_code == 200 else []

    def numbers(self, order_id: int) -> list[str]:
        """Their tracking numbers."""
        return [each["tracking_number"] for each in self.shipments(order_id)]

    def status(self, order_id: int) -> int:
        """The order's status in the store."""
        return int(self.store.get(f"/v2/orders/{order_id}")["status_id"])

    def known_status(self, order_id: int) -> int:
        """The order's status in the warehouse."""
        return int(self.database.value("select status_id from mart.orders where order_id = %s", order_id))

    def emails(self) -> int:
        """How often shoppers were e-mailed about a shipment."""
        return sum(each["kind"] == "shopper.emailed" for each in self.store.effects())

    def states(self) -> list[tuple[str | None, str, str | None]]:
        """Key, state and reason of each row of the mart."""
        rows = self.database.rows(
            "select shipment_key, state, reason from mart.shipments order by shipment_key, store_shipment_id"
        )
        return [(row["shipment_key"], row["state"], row["reason"]) for row in rows]

    def problems(self) -> set[tuple[str, str]]:
        rows = self.database.rows(
            "select entity_key, reason from mart.problems where open and operation = 'sync_orders'"
        )
        return {(row["entity_key"], row["reason"]) for row in rows}

    def pushes(self, key: str) -> list[tuple[str, str]]:
        """Action and state of what was sent for a shipment."""
        rows = self.database.rows("select action, state from ops.push where entity_key = %s order by push_no", key)
        return [(row["action"], row["state"]) for row in rows]

    def requests(self) -> dict[str, int]:
        """Requests by route since the last call."""
        routes = {name: sum(outcomes.values()) for name, outcomes in self.store.requests_by_route().items()}
        self.store.forget_requests()
        return routes
