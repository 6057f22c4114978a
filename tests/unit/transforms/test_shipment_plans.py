"""What shipments ask of the store, and why some may not be sent."""

from __future__ import annotations

from typing import Any

import pytest

from storekeeper.outcomes import Problem, Reason
from storekeeper.settings import SyncOrders
from storekeeper.transforms.sync_orders import (
    Action,
    Candidate,
    Item,
    Line,
    Order,
    Parcel,
    Plan,
    Shipment,
    Verdict,
    plan_shipments,
    recognise,
    same_number,
)

LINES = [Line(1, 50, True, 3, 0, "A", "physical"), Line(2, 60, True, 1, 0, "B", "physical"), Line(3, 0, False, 1, 0)]
SENT = Parcel(9, 7, 50, {1: 1}, 900, "T1")


def shipment(*items: Item, key: str = "S", **fields: Any) -> Shipment:
    return Shipment(key, 1, list(items), **fields)


def plan(*shipments: Shipment, settings: SyncOrders | None = None, **order: Any) -> Plan:
    given = {"known": True, "lines": LINES, "status_id": 11} | order
    return plan_shipments([Order(7, shipments=list(shipments), **given)], settings or SyncOrders())


def units(planned: Plan) -> list[tuple[Action, int | None, dict[int, int]]]:
    assert planned.problems == []
    return [(todo.action, todo.order_address_id, dict(todo.lines)) for todo in planned.todo]


ONE = Item(1, 1)


@pytest.mark.parametrize(
    ("wrong", "order", "reason", "message"),
    [
        (shipment(ONE), {"known": False}, Reason.UNKNOWN_ORDER, "Shipment S: order 7 is not in the warehouse."),
        (
            shipment(ONE),
            {"known": False, "other_channel": "eu"},
            Reason.ORDER_OF_OTHER_CHANNEL,
            "Shipment S: order 7 is not this channel's, but that of eu.",
        ),
        (shipment(), {}, Reason.SHIPMENT_WITHOUT_LINES, "Shipment S has no lines."),
        (shipment(Item(0, 1)), {}, Reason.INVALID_SHIPMENT_LINE, "Shipment S has a line of 0 units of 1."),
        (
            shipment(Item(1, None, " ")),
            {},
            Reason.INVALID_SHIPMENT_LINE,
            "Shipment S has a line of 1 units of nothing that is named.",
        ),
        (shipment(Item(1, 4)), {}, Reason.UNKNOWN_ORDER_LINE, "Shipment S: order 7 does not have line 4."),
        (
            shipment(Item(1, None, "C")),
            {},
            Reason.UNKNOWN_ORDER_LINE,
            "Shipment S: order 7 does not have a line of C.",
        ),
        (
            shipment(Item(1, 3)),
            {},
            Reason.LINE_NOT_SHIPPED,
            "Shipment S: line 3 of order 7 is not shipped (no type).",
        ),
        (
            shipment(Item(4, 1)),
            {},
            Reason.OVER_SHIPMENT,
            "Shipment S: 4 of line 1 would ship in order 7, and 3 can (3 ordered, 0 shipped, the others in shipments"
            " that go before).",
        ),
        (
            shipment(Item(4, None, "A")),
            {},
            Reason.OVER_SHIPMENT,
            "Shipment S: 4 of a would ship in order 7, and 3 can.",
        ),
        (
            shipment(Item(3, 1)),
            {"reserved": {1: 1}},
            Reason.OVER_SHIPMENT,
            "Shipment S: 3 of line 1 would ship in order 7, and 2 can (3 ordered, 0 shipped, the others in shipments"
            " that go before).",
        ),
        (shipment(ONE), {"deleted": True}, Reason.ORDER_NOT_SHIPPABLE, "Shipment S: order 7 is deleted."),
        (
            shipment(ONE, tracking_number="x" * 51),
            {},
            Reason.VALUE_TOO_LONG,
            "Shipment S: its tracking number has 51 characters, and the store takes 50.",
        ),
        (
            shipment(ONE, tracking_link="https://x/" + "x" * 491),
            {},
            Reason.VALUE_TOO_LONG,
            "Shipment S: its tracking link has 501 characters, and the store takes 500.",
        ),
        (
            shipment(ONE, tracking_link="ftp://x"),
            {},
            Reason.INVALID_TRACKING_LINK,
            "Shipment S: its tracking link 'ftp://x' is no web address.",
        ),
        (
            shipment(ONE, parcels=[SENT], cancelled=True),
            {},
            Reason.CANCELLED_AFTER_SENDING,
            "Shipment S of order 7 was cancelled after it was sent.",
        ),
        (
            shipment(Item(2, 1), parcels=[SENT], tracking_number="T1"),
            {},
            Reason.SHIPMENT_CHANGED,
            "Shipment S of order 7 was sent to address 50 already, and has more lines for it now.",
        ),
        (
            shipment(Item(1, 2), parcels=[SENT], tracking_number="T1"),
            {},
            Reason.SHIPMENT_CHANGED,
            "Shipment S was sent with other lines than it has now (order 7, the store's shipment 900).",
        ),
        (
            shipment(ONE, parcels=[Parcel(9, 8, 50, {1: 1}, 900)]),
            {},
            Reason.SHIPMENT_CHANGED,
            "Shipment S was sent with another order than it has now (order 8, the store's shipment 900).",
        ),
        (
            shipment(ONE, parcels=[Parcel(9, 7, 50, {1: 1})], tracking_number="T2"),
            {},
            Reason.SHIPMENT_GONE,
            "Shipment S of order 7 was said to be sent, and the store does not show it: its tracking cannot be changed"
            " there.",
        ),
    ],
)
def test_a_shipment_that_may_not_be_sent_says_why(
    wrong: Shipment, order: dict[str, Any], reason: Reason, message: str
) -> None:
    planned = plan(wrong, **order)
    assert planned.problems == [Problem("shipment", "S", reason, message, "shipment/S")]
    assert planned.todo == []


def test_a_parcel_that_somebody_deleted_in_the_store_is_not_sent_again() -> None:
    planned = plan(shipment(ONE, parcels=[Parcel(9, 7, 50, {1: 1}, 900, gone=True)]))
    assert [problem.message for problem in planned.problems] == [
        "Shipment S of order 7 was sent as 900, and the store does not have it any more."
    ]
    assert [todo.action for todo in planned.todo] == [Action.SETTLE]


def test_as_much_as_is_open_may_go_and_each_address_has_its_parcel() -> None:
    planned = plan(shipment(Item(3, 1), Item(1, None, " b "), tracking_number="x" * 50))
    assert units(planned) == [(Action.CREATE, 50, {1: 3}), (Action.CREATE, 60, {2: 1})]
    assert planned.todo[0].payload == {
        "order_address_id": 50,
        "items": [{"order_product_id": 1, "quantity": 3}],
        "tracking_number": "x" * 50,
    }


def test_what_one_shipment_takes_the_next_cannot() -> None:
    planned = plan(shipment(Item(2, 1), key="S1"), shipment(Item(2, 1), key="S2"))
    assert [(todo.shipment.shipment_key, dict(todo.lines)) for todo in planned.todo] == [("S1", {1: 2})]
    assert [problem.entity_key for problem in planned.problems] == ["S2"]


def test_only_a_tracking_that_differs_is_sent() -> None:
    same = shipment(ONE, parcels=[SENT], tracking_number="T1")
    assert [todo.action for todo in plan(same).todo] == [Action.SETTLE]
    other = plan(shipment(ONE, parcels=[SENT], tracking_number="T2"))
    assert [(todo.action, todo.store_shipment_id) for todo in other.todo] == [(Action.UPDATE, 900)]
    assert other.todo[0].payload["tracking_number"] == "T2"


def test_a_cancelled_shipment_makes_room_for_another() -> None:
    cancelled = shipment(key="OLD", parcels=[Parcel(9, 7, 60, {2: 1}, 900)], cancelled=True)
    lines = [Line(2, 60, True, 1, 1, "B", "physical")]
    planned = plan(shipment(Item(1, 2)), cancelled, settings=SyncOrders(delete_cancelled=True), lines=lines)
    assert units(planned) == [(Action.DELETE, 60, {2: 1}), (Action.CREATE, 60, {2: 1})]


@pytest.mark.parametrize(
    ("sent", "candidates", "others", "verdict"),
    [
        ("T1", [(1, 50, "t 1", {1: 1})], [], (Verdict.MADE, 1)),
        ("T1", [(1, 50, "T2", {1: 1})], ["T2"], (Verdict.NOT_MADE, None)),
        ("T1", [(1, 50, "T2", {1: 1})], [], (Verdict.UNDECIDED, 1)),
        ("T1", [(1, 50, "", {1: 1})], [], (Verdict.UNDECIDED, 1)),
        ("", [(1, 50, "", {1: 1})], [], (Verdict.MADE, 1)),
        ("", [(2, 50, "", {1: 1}), (1, 50, "", {1: 1})], [], (Verdict.UNDECIDED, 1)),
        ("", [(1, 50, "T2", {1: 1})], [], (Verdict.UNDECIDED, 1)),
        ("", [(1, 60, "", {1: 1}), (2, 50, "", {1: 2})], [], (Verdict.NOT_MADE, None)),
        ("", [], [], (Verdict.NOT_MADE, None)),
    ],
)
def test_the_shipment_of_a_lost_answer_is_found_only_where_there_is_no_doubt(
    sent: str, candidates: list[tuple[int, int, str, dict[int, int]]], others: list[str], verdict: tuple[Verdict, int]
) -> None:
    found = recognise(50, {1: 1}, (sent, ""), [Candidate(*each) for each in candidates], others)
    assert found == verdict


def test_a_tracking_number_is_one_however_it_is_typed() -> None:
    assert same_number("ab 12", "AB12 ")
    assert same_number(None, "")
    assert not same_number("AB12", "AB13")
