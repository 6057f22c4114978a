"""Sync Listings: what changes in the warehouse reaches the store, and only that."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.outcomes import RunStopped
from tests.databases import Database
from tests.operations.conftest import Import, SyncListings

WRITES = {
    "variants": "PUT /v3/catalog/variants",
    "products": "PUT /v3/catalog/products",
    "stock": "PUT /v3/inventory/adjustments/absolute",
    "deletes": "DELETE /v3/catalog/products",
}


def writes(store: SandboxProcess) -> dict[str, int]:
    """How many requests of each kind changed something, or tried to."""
    routes = store.requests_by_route()
    return {name: sum(routes.get(route, {}).values()) for name, route in WRITES.items() if route in routes}


@pytest.fixture
def synced(store: SandboxProcess, database: Database, run_import: Import) -> Database:
    """The store's listings are in the warehouse, unpaused; nothing waits to be sent."""
    run_import(new_listings_paused=False)
    store.forget_requests()
    return database


def shown(store: SandboxProcess, sku: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A SKU's product and variant as the store has them."""
    for product in store.products():
        for variant in product["variants"]:
            if (variant["sku"] or product["sku"]) == sku:
                return product, variant
    raise LookupError(sku)


def own_priced(database: Database, count: int) -> list[str]:
    """SKUs whose variants have prices of their own in the store."""
    rows = database.rows(
        "select master_sku from core.listing_variant where not channel_price_inherited and variant_id is not null"
        " order by master_sku limit %s",
        count,
    )
    assert len(rows) == count
    return [row["master_sku"] for row in rows]


def test_a_sync_without_any_change_asks_the_store_for_nothing(
    store: SandboxProcess, synced: Database, run_sync: SyncListings
) -> None:
    counts = run_sync()
    assert store.request_count() == 0
    assert counts.read == counts.unchanged > 300
    assert synced.value("select count(*) from mart.listing_variants where not in_sync") == 0


def test_changed_prices_and_quantities_cost_the_fewest_calls_there_are(
    store: SandboxProcess, synced: Database, run_sync: SyncListings
) -> None:
    priced = own_priced(synced, 120)
    synced.run("update core.listing_variant set price = price + 1 where master_sku = any(%s)", priced)
    stocked = [
        row["master_sku"]
        for row in synced.rows(
            "select master_sku from core.listing_variant where quantity is not null order by 1 limit 200"
        )
    ]
    synced.run("update core.listing_variant set quantity = quantity + 5 where master_sku = any(%s)", stocked)
    counts = run_sync()
    assert writes(store) == {"variants": math.ceil(120 / 50), "stock": 1}
    assert counts.updated == len({*priced, *stocked})
    assert synced.value("select count(*) from mart.listing_variants where not in_sync") == 0
    for sku in (priced[0], priced[-1]):
        _, variant = shown(store, sku)
        assert variant["price"] == float(
            synced.value("select price from core.listing_variant where master_sku = %s", sku)
        )
    assert run_sync().updated == 0


def test_two_runs_at_once_send_what_one_sends(store: SandboxProcess, synced: Database, run_sync: SyncListings) -> None:
    priced = own_priced(synced, 120)
    synced.run("update core.listing_variant set price = price + 1 where master_sku = any(%s)", priced)
    with ThreadPoolExecutor(2) as both:
        done = [*both.map(lambda number: run_sync(run_id=f"at-once-{number}"), range(2))]
    assert sorted(counts.updated for counts in done) == [0, 120]
    assert writes(store) == {"variants": 3}
    assert len([each for each in store.effects() if each["kind"] == "variant.updated"]) == 120
    assert synced.value("select count(*) from mart.listing_variants where not in_sync") == 0


def test_a_connection_that_leads_to_another_store_sends_nothing(
    store: SandboxProcess, synced: Database, run_sync: SyncListings
) -> None:
    synced.run("update ops.channel set store_hash = 'another'")
    synced.run("update core.listing_variant set price = price + 1")
    with pytest.raises(RunStopped, match="leads to the store 'sandbox', but the listings were imported from 'another'"):
        run_sync()
    assert store.request_count() == 0
