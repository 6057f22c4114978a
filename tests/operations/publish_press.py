"""A store, drafts in a warehouse, and the operations between them: what tests of Publish Listings are about."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.process import SandboxProcess
from storekeeper.outcomes import Counts
from tests.databases import Database

CREATE = "POST /v3/catalog/products"
LIST = "GET /v3/catalog/products"
STOCK = "PUT /v3/inventory/adjustments/absolute"
LAMP: dict[str, Any] = {"title": "Desk Lamp", "weight": "1.5", "price": "19.99", "categories": ["Shop"]}


class Press:
    """A store, a warehouse with drafts in it, and the operations between them."""

    def __init__(
        self,
        store: SandboxProcess,
        database: Database,
        publish: Callable[..., Counts],
        pull: Callable[..., Counts],
        sync: Callable[..., Counts],
    ) -> None:
        self.store = store
        self.database = database
        self.publish = publish
        self.pull = pull
        self.sync = sync

    def draft(self, key: str, *variants: dict[str, Any], queue: str | None = "publish", **listing: Any) -> None:
        """A listing, with one variant of its key as SKU where none is given."""
        self._insert(
            "core.listing",
            {"channel": "shop", "listing_key": key, "queued_action": queue, **LAMP, "title": key, **listing},
        )
        for variant in variants or ({"master_sku": key},):
            self._insert("core.listing_variant", {"channel": "shop", "listing_key": key, **variant})

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        plain = {
            name: json.dumps(value) if name in ("custom_fields", "options") else value for name, value in values.items()
        }
        names, marks = ", ".join(plain), ", ".join(["%s"] * len(plain))
        self.database.run(f"insert into {table} ({names}) values ({marks})", *plain.values())

    def set(self, key: str, **values: Any) -> None:
        for name, value in values.items():
            given = json.dumps(value) if name == "custom_fields" else value
            self.database.run(f"update core.listing set {name} = %s where listing_key = %s", given, key)

    def listing(self, key: str) -> dict[str, Any]:
        return self.database.row("select * from core.listing where listing_key = %s", key)

    def variant(self, sku: str) -> dict[str, Any]:
        return self.database.row("select * from core.listing_variant where master_sku = %s", sku)

    def product(self, name: str) -> dict[str, Any]:
        (found,) = [each for each in self.store.products() if each["name"] == name]
        return found

    def names(self) -> list[str]:
        return sorted(each["name"] for each in self.store.products())

    def problems(self) -> set[tuple[str, str]]:
        rows = self.database.rows(
            "select entity_key, reason from mart.problems where open and operation = 'publish_listings'"
        )
        return {(row["entity_key"], row["reason"]) for row in rows}

    def requests(self) -> dict[str, int]:
        """Requests by route since the last call."""
        routes = {name: sum(outcomes.values()) for name, outcomes in self.store.requests_by_route().items()}
        self.store.forget_requests()
        return routes

    def created(self) -> list[str]:
        return [each["change"]["name"] for each in self.store.effects() if each["kind"] == "product.created"]
