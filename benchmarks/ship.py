"""What Sync Orders costs: a thousand shipments, with a quota and without; requests against the least."""

from __future__ import annotations

from math import ceil
from typing import Any

import psycopg

from benchmarks.databases import fresh_warehouse
from benchmarks.publish import QUOTA, STEPS, WINDOW_SECONDS
from benchmarks.steps import run_step
from benchmarks.stores import measured_store
from benchmarks.table import Table
from sandbox.process import SandboxProcess
from stack.postgres import EmbeddedPostgres

SHIPMENTS = 1_000
PAGE = 250

WRITE = """
insert into core.shipment (channel, shipment_key, order_id, tracking_number, carrier)
select 'bench', 'S-' || order_id, order_id, '1Z' || order_id, 'UPS' from core.sales_order;
insert into core.shipment_item (channel, shipment_key, order_product_id, quantity)
select 'bench', 'S-' || order_id, order_product_id, quantity from core.order_item
"""


def measure_ship(server: EmbeddedPostgres) -> None:
    """Measure and print; each step in a process of its own."""
    columns = ("run", "shipments", *STEPS, "all", "least", "all/least", "requests", "calls", "lists", "429", "MiB")
    table = Table("sync_orders: seconds, requests, and the peak of memory above the imports", columns, widest=9)
    with measured_store(2) as store:
        for number in range(SHIPMENTS):
            store.place_order(lines=[{"sku": f"SKU-{number}", "quantity": 1 + number % 3}], status_id=11)
        store.snapshot()
        for run, quota in (("free", 0), ("quota", QUOTA)):
            store.reset()
            uri = fresh_warehouse(server)
            for step in STEPS:
                run_step("get_orders", uri, store, step, "orders")
            with psycopg.connect(uri) as connection:
                connection.execute(WRITE)
            store.forget_requests()
            store.configure(quota=quota, window_ms=WINDOW_SECONDS * 1000)
            # before: the store's profile, what changed, refunds; after: the same, and the ends of what changed
            lists = 3 + 2 + 2 + ceil(SHIPMENTS / PAGE)
            least = float((ceil((SHIPMENTS + lists) / QUOTA) - 1) * WINDOW_SECONDS) if quota else None
            _row(table, run, _ship(uri, store, run), SHIPMENTS, lists, least)
            _row(table, f"{run} again", _ship(uri, store, f"{run}-again"), 0, 0, None)
            store.configure(quota=0)


def _ship(uri: str, store: SandboxProcess, run_id: str) -> dict[str, dict[str, Any]]:
    return {step: run_step("sync_orders", uri, store, step, run_id) for step in STEPS}


def _row(table: Table, run: str, done: dict[str, dict[str, Any]], calls: int, lists: int, least: float | None) -> None:
    seconds = {step: float(cost["seconds"]) for step, cost in done.items()}
    total = sum(seconds.values())
    table.row(
        run,
        SHIPMENTS,
        *seconds.values(),
        total,
        least,
        total / least if least else None,
        sum(cost["requests"] for cost in done.values()),
        calls,
        lists,
        sum(cost["throttled"] for cost in done.values()),
        max(int(cost["mib"]) for cost in done.values()),
    )
