"""What Publish Listings costs: a thousand new products, with a quota and without; requests against the least."""

from __future__ import annotations

from math import ceil
from typing import Any

import psycopg

from benchmarks.databases import fresh_warehouse
from benchmarks.steps import run_step
from benchmarks.stores import measured_store
from benchmarks.table import Table
from sandbox.process import SandboxProcess
from stack.postgres import EmbeddedPostgres

PRODUCTS = 1_000
SEVERAL = 100
"""So many of them have three variants."""

QUOTA, WINDOW_SECONDS = 150, 30
STEPS = ("extract", "transform", "load")

LISTINGS = """
insert into core.listing (channel, listing_key, title, weight, price, categories, images, custom_fields, queued_action)
select
    'bench', 'new-' || g, 'New ' || g, 1.5, 19.99, array['Bench'],
    array['https://cdn.example.com/' || g || '.jpg'], '[{"name": "Care", "value": "Wash cold"}]', 'publish'
from generate_series(1, %s) as g
"""
VARIANTS = """
insert into core.listing_variant (channel, listing_key, master_sku, quantity, options)
select
    'bench', 'new-' || g, 'NEW-' || g || '-' || v, 5,
    case when g <= %s then jsonb_build_array(jsonb_build_object('name', 'Size', 'value', 'S' || v)) else '[]' end
from generate_series(1, %s) as g cross join lateral generate_series(1, case when g <= %s then 3 else 1 end) as v
"""


def measure_publish(server: EmbeddedPostgres) -> None:
    """Measure and print; each step in a process of its own."""
    columns = ("run", "products", *STEPS, "all", "least", "all/least", "requests", "least", "429", "MiB")
    table = Table("publish_listings: seconds, requests, and the peak of memory above the imports", columns, widest=9)
    # each product, the stock of all, and once a run: the tree, its categories, the ids of variants
    least_requests = PRODUCTS + ceil((PRODUCTS + 2 * SEVERAL) / 2_000) + 2 + ceil(SEVERAL / 250)
    for run, quota in (("free", 0), ("quota", QUOTA)):
        uri = fresh_warehouse(server)
        with psycopg.connect(uri) as connection:
            connection.execute(LISTINGS, (PRODUCTS,))
            connection.execute(VARIANTS, (SEVERAL, PRODUCTS, SEVERAL))
        with measured_store(2) as store:
            bench = [{"name": "Bench", "tree_id": 1, "parent_id": 0}]
            store.request("POST", "/v3/catalog/trees/categories", json=bench)
            store.forget_requests()
            store.configure(quota=quota, window_ms=WINDOW_SECONDS * 1000)
            least = float((ceil(least_requests / QUOTA) - 1) * WINDOW_SECONDS) if quota else None
            _row(table, run, _publish(uri, store, run), least_requests, least)
            _row(table, f"{run} again", _publish(uri, store, f"{run}-again"), 0, None)


def _publish(uri: str, store: SandboxProcess, run_id: str) -> dict[str, dict[str, Any]]:
    return {step: run_step("publish_listings", uri, store, step, run_id) for step in STEPS}


def _row(table: Table, run: str, done: dict[str, dict[str, Any]], requests: int, least: float | None) -> None:
    seconds = {step: float(cost["seconds"]) for step, cost in done.items()}
    total = sum(seconds.values())
    table.row(
        run,
        PRODUCTS,
        *seconds.values(),
        total,
        least,
        total / least if least else None,
        sum(cost["requests"] for cost in done.values()),
        requests,
        sum(cost["throttled"] for cost in done.values()),
        max(int(cost["mib"]) for cost in done.values()),
    )
