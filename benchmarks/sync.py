"""What Sync Listings costs: where nothing has changed; where ten thousand variants have, with a quota and without."""

from __future__ import annotations

from math import ceil
from typing import Any

import psycopg

from benchmarks.databases import fresh_warehouse
from benchmarks.steps import run_step
from benchmarks.stores import VARIANTS, measured_store
from benchmarks.table import Table
from sandbox.process import SandboxProcess
from stack.postgres import EmbeddedPostgres

UNCHANGED = 100_000
CHANGED = 10_000
QUOTA, WINDOW_SECONDS = 150, 30
STEPS = ("extract", "load")

# Rows as an import leaves them: own values, synced and observed are the same.
LISTINGS = """
insert into core.listing (channel, listing_key, product_id, title, price, status, inventory_tracking, channel_visible)
select 'bench', 'bc-' || g, g, 'Product ' || g, 10, 'listed', 'variant', true from generate_series(1, %s) as g
"""
ROWS = """
insert into core.listing_variant (
    channel, master_sku, listing_key, price, quantity, variant_id, synced_price, synced_quantity, channel_price,
    channel_price_inherited, channel_quantity
)
select 'bench', 'S-' || g, 'bc-' || (g + 1) / 2, 10, 5, g, 10, 5, 10, false, 5 from generate_series(1, %s) as g
"""
EVERY_PRICE = """
update core.listing_variant set price = channel_price + 1, channel_price_inherited = false
"""
EVERY_QUANTITY = "update core.listing_variant set quantity = quantity + 1 where quantity is not null"


def measure_sync(server: EmbeddedPostgres) -> None:
    """Measure and print; each step in a process of its own."""
    columns = ("run", "variants", "extract", "load", "all", "least", "all/least", "requests", "least", "429", "MiB")
    table = Table("sync_listings: seconds, requests, and the peak of memory above the imports", columns, widest=8)
    uri = fresh_warehouse(server)
    with psycopg.connect(uri) as connection:
        connection.execute(LISTINGS, (UNCHANGED // VARIANTS,))
        connection.execute(ROWS, (UNCHANGED,))
    _analyze(uri)
    with measured_store(2) as store:
        for run in ("unchanged", "again"):
            _row(table, run, UNCHANGED, _sync(uri, store, run), 0, None)
    for run, quota in (("free", 0), ("quota", QUOTA)):
        uri = fresh_warehouse(server)
        with measured_store(CHANGED // VARIANTS) as store:
            for step in ("extract", "transform", "load"):
                run_step("import_listings", uri, store, step, "imported")
            with psycopg.connect(uri) as connection:
                connection.execute("update core.listing set paused = false")
                connection.execute(EVERY_PRICE)
                stocked = connection.execute(EVERY_QUANTITY).rowcount
            _analyze(uri)
            store.configure(quota=quota, window_ms=WINDOW_SECONDS * 1000)
            writes = ceil(CHANGED / 50) + ceil(stocked / 2_000)
            least = float((ceil((writes + 1) / QUOTA) - 1) * WINDOW_SECONDS) if quota else None
            _row(table, run, CHANGED, _sync(uri, store, run), writes, least)


def _analyze(uri: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("analyze")


def _sync(uri: str, store: SandboxProcess, run_id: str) -> dict[str, dict[str, Any]]:
    return {step: run_step("sync_listings", uri, store, step, run_id) for step in STEPS}


def _row(
    table: Table, run: str, variants: int, done: dict[str, dict[str, Any]], writes: int, least: float | None
) -> None:
    seconds = {step: float(cost["seconds"]) for step, cost in done.items()}
    total = sum(seconds.values())
    table.row(
        run,
        variants,
        *seconds.values(),
        total,
        least,
        total / least if least else None,
        sum(cost["requests"] for cost in done.values()),
        writes,
        sum(cost["throttled"] for cost in done.values()),
        max(int(cost["mib"]) for cost in done.values()),
    )
