"""Known orders follow the store within another run: what Sync Orders asks before and after it pushes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.operations.get_orders import refresh_known
from storekeeper.operations.step import attempt
from storekeeper.outcomes import Counts
from storekeeper.settings import Channel
from tests.databases import Database
from tests.operations.conftest import GetOrders, store_client

Refresh = Callable[..., list[Counts]]


@pytest.fixture
def refresh(order_store: SandboxProcess, database: Database) -> Refresh:
    """Refreshes within one run, as often as asked, and something done in the store before each but the first."""

    def run(*meanwhile: Callable[[], Any], **params: Any) -> list[Counts]:
        warehouse = database.warehouse()
        channel = Channel.model_validate({"channel": "shop"})
        since = datetime.now(UTC) - timedelta(minutes=5)
        try:
            with attempt(
                "push", warehouse, channel, "get_orders", run_id="pushing", params=params,
                open_store=lambda: store_client(order_store),
            ) as step:  # fmt: skip
                counts = [refresh_known(step, since)]
                for change in meanwhile:
                    change()
                    counts.append(refresh_known(step, since))
                return counts
        finally:
            warehouse.close()

    return run


def status(database: Database, order_id: int) -> Any:
    return database.value("select status_id from core.sales_order where order_id = %s", order_id)


def test_known_orders_follow_and_nothing_else_happens(
    order_store: SandboxProcess, database: Database, run_orders: GetOrders, refresh: Refresh
) -> None:
    run_orders()
    known = database.value("select min(order_id) from core.sales_order where status_id = 11")
    mark = database.row("select store_time, run_no from ops.watermark")
    orders = database.value("select count(*) from core.sales_order")
    left_out = database.value("select count(*) from core.order_left_out")
    order_store.patch_order(known, status_id=12)
    order_store.place_order()
    (before, after) = refresh(lambda: order_store.patch_order(known, status_id=9))
    assert (before.read, before.updated, after.updated) == (1, 1, 1)
    assert status(database, known) == 9
    assert database.value("select count(*) from core.sales_order") == orders
    assert database.value("select count(*) from core.order_left_out") == left_out
    assert database.row("select store_time, run_no from ops.watermark") == mark
    assert database.value("select count(*) from pg_tables where schemaname = 'staging' and tablename ~ 'order'") == 0
    assert run_orders().created == 1


def test_a_dry_run_refreshes_nothing(
    order_store: SandboxProcess, database: Database, run_orders: GetOrders, refresh: Refresh
) -> None:
    run_orders()
    known = database.value("select min(order_id) from core.sales_order where status_id = 11")
    order_store.patch_order(known, status_id=12)
    (counts,) = refresh(dry_run=True)
    assert (counts.updated, status(database, known)) == (1, 11)


def test_a_refresh_costs_a_request_a_page(
    order_store: SandboxProcess, database: Database, run_orders: GetOrders, refresh: Refresh
) -> None:
    run_orders()
    order_store.forget_requests()
    refresh()
    assert order_store.request_count() == 3  # the profile with its clock, a page of orders, a page of refunds
