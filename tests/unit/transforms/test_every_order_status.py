"""What is decided by an order's status, for each of BigCommerce's fifteen: whether it ships, and is imported."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from storekeeper.settings import Channel, GetOrders, OrderStatus, SyncOrders
from storekeeper.transforms.sync_orders import Item, Line, Order, Shipment, plan_shipments

EVERY = range(15)

NAMES = {
    0: "Incomplete",
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    4: "Refunded",
    5: "Cancelled",
    6: "Declined",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
    13: "Disputed",
    14: "Partially Refunded",
}


def planned(status: int) -> tuple[int, set[str]]:
    """How many calls an order's one shipment takes, and the problems that it has."""
    line = Line(order_product_id=1, address_id=1, shippable=True, quantity=1, shipped=0, type="physical")
    shipment = Shipment("S-1", 1, [Item(1, order_product_id=1)])
    order = Order(order_id=7, known=True, shipments=[shipment], status_id=status, lines=[line])
    plan = plan_shipments([order], SyncOrders())
    return len(plan.todo), {problem.reason.value for problem in plan.problems}


def test_an_order_ships_unless_it_is_incomplete_refunded_cancelled_or_declined() -> None:
    refused = {0, 4, 5, 6}
    expected = {status: (0, {"order_not_shippable"}) if status in refused else (1, set()) for status in EVERY}
    assert {status: planned(status) for status in EVERY} == expected


def test_all_but_incomplete_cancelled_and_declined_orders_are_imported() -> None:
    assert GetOrders().statuses == (1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13, 14)


def test_a_backfill_imports_all_but_incomplete_orders() -> None:
    assert GetOrders().backfill_statuses == (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)


def test_every_status_has_the_name_that_bigcommerce_gives_it() -> None:
    assert {int(status): status.label for status in OrderStatus} == NAMES


@pytest.mark.parametrize("status", EVERY)
def test_a_status_may_be_given_by_its_number_or_its_name(status: int) -> None:
    for given in (status, str(status), NAMES[status], NAMES[status].upper()):
        channel = Channel.model_validate({"channel": "shop", "get_orders": {"statuses": [given]}})
        assert channel.get_orders.statuses == (status,)


@pytest.mark.parametrize("given", [-1, 15, "15", "Lost", True, None, 1.5])
def test_nothing_else_is_a_status(given: object) -> None:
    with pytest.raises(ValidationError, match="0 to 14"):
        Channel.model_validate({"channel": "shop", "get_orders": {"statuses": [given]}})


@pytest.mark.parametrize("status", EVERY)
def test_an_order_that_has_shipped_ends_as_shipped_completed_or_awaiting_something(status: int) -> None:
    described = {"channel": "shop", "sync_orders": {"shipped_status": status}}
    if status in {2, 8, 9, 10, 11}:
        assert Channel.model_validate(described).sync_orders.shipped_status == status
    else:
        with pytest.raises(ValidationError, match="shipped_status"):
            Channel.model_validate(described)
