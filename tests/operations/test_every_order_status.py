"""What SQL decides by an order's status, for each of BigCommerce's fifteen at once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.operations.conftest import GetOrders
from tests.operations.shipping_yard import Yard
from tests.operations.sync_shop import Shop

EVERY = range(15)
KEPT = {0, 4, 5, 6, 13}
"""Incomplete, refunded, cancelled, declined, disputed: what a person or the bank has decided."""


def statuses_in_bits(units: int) -> set[int]:
    """The statuses whose orders are counted, where the order of each status has its own power of two of units."""
    return {status for status in EVERY if units >> status & 1}


def after_shipping(status: int, shipped_status: int) -> int:
    """What becomes of an order that has shipped completely."""
    return status if status in KEPT | {10} else shipped_status


def after_shipping_a_part(status: int, shipped_status: int) -> int:
    """What becomes of an order of which a line is left to ship."""
    return status if status in KEPT | {2, 3, 10, shipped_status} else 3


def after_deletion_of_all(status: int, shipped_status: int) -> int:
    """What becomes of an order whose only shipment we have deleted; it was 11 before."""
    return 11 if status in {2, 3, shipped_status} else status


def move_by_hand(yard: Yard, orders: dict[int, int]) -> None:
    """Somebody moves each order to its status, in a later second: else one that is moved back looks unchanged."""
    time.sleep(1.01 - time.time() % 1)
    for status, order in orders.items():
        yard.store.patch_order(order, status_id=status)


@pytest.mark.parametrize("shipped_status", [2, 8, 9, 10, 11])
@pytest.mark.parametrize(
    ("quantity", "expected"), [(1, after_shipping), (2, after_shipping_a_part)], ids=["whole", "part"]
)
def test_a_shipment_moves_an_order_unless_a_person_or_the_bank_has_decided(
    yard: Yard, quantity: int, expected: Callable[[int, int], int], shipped_status: int
) -> None:
    yard.store.configure(shipments_move_status="never")
    orders = {status: yard.order(quantity) for status in EVERY}
    yard.get()
    for status, order in orders.items():
        yard.ship(f"S-{status}", order, "SKU-1")
    yard.sync(shipped_status=shipped_status)
    move_by_hand(yard, orders)
    yard.database.run("update core.store_shipment set status_due = true")
    yard.requests()
    yard.sync(shipped_status=shipped_status)
    wanted = {status: expected(status, shipped_status) for status in EVERY}
    assert {status: yard.status(order) for status, order in orders.items()} == wanted
    assert {status: yard.known_status(order) for status, order in orders.items()} == wanted
    assert yard.requests().get("PUT /v2/orders/{order_id}", 0) == sum(was != now for was, now in wanted.items())


def test_only_an_order_that_counts_as_shipped_gets_back_what_it_was_when_its_shipment_is_deleted(yard: Yard) -> None:
    yard.store.configure(shipments_move_status="never")
    orders = {status: yard.order(1) for status in EVERY}
    yard.get()
    for status, order in orders.items():
        yard.ship(f"S-{status}", order, "SKU-1")
    yard.sync(shipped_status=9)
    move_by_hand(yard, orders)
    for status in EVERY:
        yard.set(f"S-{status}", cancelled_at="2026-01-01")
    yard.sync(shipped_status=9, delete_cancelled=True)
    wanted = {status: after_deletion_of_all(status, 9) for status in EVERY}
    assert {status: yard.status(order) for status, order in orders.items()} == wanted


def test_an_order_whose_shipment_is_deleted_gets_back_what_it_was_before(yard: Yard) -> None:
    yard.store.configure(shipments_move_status="never")
    orders = {status: yard.order(1, status_id=status) for status in sorted(set(EVERY) - {0, 4, 5, 6})}
    yard.get()
    for status, order in orders.items():
        yard.ship(f"S-{status}", order, "SKU-1")
    yard.sync()
    assert {status for status, order in orders.items() if yard.status(order) == 2} == set(orders) - {10, 13}
    for status in orders:
        yard.set(f"S-{status}", cancelled_at="2026-01-01")
    yard.sync(delete_cancelled=True)
    wanted = {status: 11 if status in {2, 3} else status for status in orders}
    assert {status: yard.status(order) for status, order in orders.items()} == wanted


def test_each_status_is_imported_or_told_why_not(yard: Yard) -> None:
    orders = {yard.order(1, status_id=status): status for status in EVERY}
    yard.get()
    imported = {orders[row["order_id"]] for row in yard.database.rows("select order_id from mart.orders")}
    left_out = {
        orders[row["order_id"]]: row["reason"]
        for row in yard.database.rows("select order_id, reason from mart.orders_not_imported")
    }
    assert imported == set(EVERY) - {0, 5, 6}
    assert left_out == {0: "incomplete", 5: "status_not_in_list", 6: "status_not_in_list"}


@pytest.mark.parametrize("status", EVERY)
def test_a_status_that_is_asked_for_is_imported_alone(yard: Yard, status: int) -> None:
    orders = {yard.order(1, status_id=each): each for each in EVERY}
    yard.get(statuses=[status])
    assert [orders[row["order_id"]] for row in yard.database.rows("select order_id from mart.orders")] == [status]


def test_daily_sales_leave_out_incomplete_cancelled_and_declined_orders(yard: Yard) -> None:
    for status in EVERY:
        yard.order(2**status, status_id=status)
    yard.get(statuses=list(EVERY))
    units = yard.database.value("select sum(units) from mart.daily_sales")
    assert statuses_in_bits(int(units)) == set(EVERY) - {0, 5, 6}
    assert yard.database.value("select sum(orders) from mart.daily_sales") == 12


def test_an_order_is_late_while_its_status_says_that_something_is_to_be_shipped(yard: Yard) -> None:
    orders = {yard.order(1, status_id=status): status for status in EVERY}
    yard.get(statuses=list(EVERY))
    yard.database.run("update core.sales_order set created_at = created_at - interval '20 days', shipped_at = null")
    late = yard.database.rows("select order_id from mart.orders_shipped_late")
    assert {orders[row["order_id"]] for row in late} == {3, 9, 11, 14}


def test_an_open_order_keeps_its_units_unless_it_is_incomplete_refunded_cancelled_or_declined(shop: Shop) -> None:
    shop.add("A", stock=20)
    shop.pull()
    shop.item("A", quantity=100_000)
    shop.database.run("update core.inventory_item set updated_at = now() - interval '1 hour'")
    line = {"sku": "A", "product_id": shop.product("A")["id"], "variant_id": shop.variant("A")["id"]}
    for status in EVERY:
        shop.store.place_order(status_id=status, lines=[{**line, "quantity": 2**status}])
    GetOrders(shop.store, shop.database)(statuses=list(EVERY))
    shop.sync(reserve_open_orders=True)
    assert statuses_in_bits(100_000 - shop.stock("A")) == set(EVERY) - {0, 4, 5, 6}
