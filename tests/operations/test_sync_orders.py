"""Sync Orders: shipments with tracking reach the store; orders become Partially Shipped, then Shipped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from storekeeper.outcomes import Counts
from tests.operations.shipping_yard import CHANGE, DELETE, LINES, SHIP, SHIPMENTS, STATUS, Yard

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_shipment_reaches_the_store_and_its_order_is_shipped(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, ("sku-1", 2), tracking_number="1Z999", carrier="ups", shipping_method="Ground")
    assert yard.sync() == Counts(read=1, created=1)
    (sent,) = yard.shipments(order)
    assert (sent["tracking_number"], sent["shipping_provider"], sent["shipping_method"]) == ("1Z999", "ups", "Ground")
    assert [(item["order_product_id"], item["quantity"]) for item in sent["items"]] == [(yard.lines(order)[0], 2)]
    assert (yard.status(order), yard.known_status(order), yard.emails()) == (2, 2, 1)
    assert yard.states() == [("S-1", "done", None)]
    assert yard.problems() == set()


def test_a_second_run_calls_nothing(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    yard.requests()
    assert yard.sync() == Counts()
    assert yard.requests() == {}


def test_many_shipments_cost_a_call_each_and_a_few_lists(yard: Yard) -> None:
    orders = [yard.order(1) for _ in range(30)]
    yard.get()
    for place, order in enumerate(orders):
        yard.ship(f"S-{place}", order, "SKU-1", tracking_number=f"N{place}")
    yard.requests()
    assert yard.sync().created == 30
    asked = yard.requests()
    assert asked[SHIP] == 30
    assert sum(asked.values()) - asked[SHIP] <= 10
    assert not {SHIPMENTS, LINES, STATUS, "GET /v2/orders/{order_id}"} & set(asked)


def test_an_order_is_partially_shipped_while_lines_remain(yard: Yard) -> None:
    order = yard.order(2, 1)
    yard.get()
    yard.ship("S-1", order, ("SKU-1", 1))
    yard.sync()
    assert (yard.status(order), yard.known_status(order)) == (3, 3)
    yard.ship("S-2", order, ("SKU-1", 1), "SKU-2")
    yard.sync()
    assert (yard.status(order), yard.known_status(order)) == (2, 2)


@pytest.mark.parametrize(("lines", "status"), [((2, 1), 3), ((1,), 2)])
def test_a_status_that_the_store_did_not_move_is_set(yard: Yard, lines: tuple[int, ...], status: int) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order(*lines)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    assert (yard.status(order), yard.known_status(order)) == (status, status)
    assert yard.pushes(str(order)) == [("set_status", "done")]
    yard.requests()
    yard.sync()
    assert yard.requests() == {}


def test_another_final_status_may_be_named(yard: Yard) -> None:
    order, part = yard.order(1), yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.ship("S-2", part, "SKU-1")
    yard.sync(shipped_status="Completed")
    assert (yard.status(order), yard.known_status(order), yard.status(part)) == (10, 10, 3)


def test_what_a_person_does_to_the_status_afterwards_stays(yard: Yard) -> None:
    order, other = yard.order(1), yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    yard.store.patch_order(order, status_id=13)
    yard.ship("S-2", other, "SKU-1")
    yard.sync()
    assert yard.status(order) == 13


def test_a_shipment_to_two_addresses_is_two_in_the_store(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2, "address": 2}])
    yard.get()
    yard.ship("S-1", order, "A", ("B", 2), tracking_number="N1")
    assert yard.sync() == Counts(read=1, created=1)
    assert len({each["order_address_id"] for each in yard.shipments(order)}) == 2
    assert yard.numbers(order) == ["N1", "N1"]
    assert yard.states() == [("S-1", "done", None), ("S-1", "done", None)]
    assert yard.status(order) == 2


def test_a_master_sku_is_spread_over_open_lines(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A", "quantity": 2}, {"sku": "a", "quantity": 3}])
    first, second = yard.lines(order)
    yard.store.ship_order(order, items=[{"order_product_id": first, "quantity": 1}])
    yard.get()
    yard.ship("S-1", order, ("A", 3))
    yard.sync()
    sent = yard.shipments(order)[-1]
    assert {item["order_product_id"]: item["quantity"] for item in sent["items"]} == {first: 1, second: 2}


@pytest.mark.parametrize(
    ("carrier", "fields"),
    [
        ("UPS", {"shipping_provider": "ups", "tracking_carrier": ""}),
        (" royal  mail ", {"shipping_provider": "royalmail"}),
        ("DHL", {"tracking_carrier": "dhl", "shipping_provider": ""}),
        ("Own van", {"tracking_link": "https://van.example.com/A%2F1"}),
        (None, {"shipping_provider": "", "tracking_carrier": "", "tracking_link": ""}),
    ],
)
def test_carriers_are_named_as_the_store_knows_them(yard: Yard, carrier: str | None, fields: dict[str, Any]) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="A/1", carrier=carrier)
    yard.sync(carriers={"own  VAN": {"tracking_link": "https://van.example.com/{tracking_number}"}})
    (sent,) = yard.shipments(order)
    assert {name: sent[name] for name in fields} == fields


def test_an_unknown_carrier_is_a_problem_or_goes_as_text(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", carrier="Brieftaube", shipping_method="Air")
    assert yard.sync() == Counts(read=1, skipped=1)
    assert yard.states() == [("S-1", "refused", "unknown_carrier")]
    assert yard.sync(unknown_carriers="as_text").created == 1
    assert yard.shipments(order)[0]["shipping_method"] == "Brieftaube, Air"
    assert yard.problems() == set()


def test_changed_tracking_of_a_sent_shipment_is_changed_in_the_store(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="OLD", carrier="ups")
    yard.sync()
    yard.set("S-1", tracking_number="NEW", carrier="fedex")
    yard.requests()
    assert yard.sync() == Counts(read=1, updated=1)
    assert yard.requests()[CHANGE] == 1
    (sent,) = yard.shipments(order)
    assert (sent["tracking_number"], sent["shipping_provider"]) == ("NEW", "fedex")
    yard.set("S-1", tracking_number=None, carrier=None)
    yard.sync()
    (sent,) = yard.shipments(order)
    assert (sent["tracking_number"], sent["shipping_provider"]) == ("", "")
    assert yard.emails() == 1


def test_what_was_shipped_when_is_no_news_to_the_store(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    yard.set("S-1", shipped_at=NOW)
    yard.requests()
    yard.sync()
    assert yard.requests() == {}


def test_a_shipment_cancelled_before_it_was_sent_is_not_sent(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", cancelled_at=NOW)
    assert yard.sync() == Counts(read=1, unchanged=1)
    assert yard.shipments(order) == []
    assert yard.states() == [("S-1", "cancelled", None)]


def test_a_shipment_cancelled_afterwards_stays_with_a_problem_unless_it_may_be_deleted(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    yard.set("S-1", cancelled_at=NOW)
    assert yard.sync() == Counts(read=1, skipped=1)
    assert len(yard.shipments(order)) == 1
    assert yard.states() == [("S-1", "done", "cancelled_after_sending")]
    yard.requests()
    assert yard.sync(delete_cancelled=True) == Counts(read=1, updated=1)
    assert yard.requests()[DELETE] == 1
    assert yard.shipments(order) == []
    assert yard.states() == [("S-1", "deleted", None)]
    assert (yard.status(order), yard.problems()) == (11, set())


def test_what_is_cancelled_makes_room_for_what_takes_its_place(yard: Yard) -> None:
    order = yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="WRONG")
    yard.sync()
    yard.set("S-1", cancelled_at=NOW)
    yard.ship("S-2", order, "SKU-1", tracking_number="RIGHT")
    assert yard.sync(delete_cancelled=True) == Counts(read=2, created=1, updated=1)
    assert yard.numbers(order) == ["RIGHT"]
    assert yard.status(order) == 2


def test_shipments_made_by_hand_are_pulled_in_and_count(yard: Yard) -> None:
    order = yard.order(3)
    (line,) = yard.lines(order)
    yard.get()
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 2}], tracking_number="HAND")
    yard.ship("S-1", order, ("SKU-1", 2))
    yard.ship("S-2", order, ("SKU-1", 1))
    yard.requests()
    assert yard.sync() == Counts(read=2, created=1, skipped=1)
    assert yard.requests()[SHIPMENTS] == 1
    assert yard.states() == [("S-1", "refused", "over_shipment"), ("S-2", "done", None), (None, "by_hand", None)]
    yard.requests()
    yard.sync()
    assert SHIPMENTS not in yard.requests(), "what is explained is not read again"


def test_a_parcel_that_somebody_entered_by_hand_is_not_sent_again(yard: Yard) -> None:
    order = yard.order(2)
    (line,) = yard.lines(order)
    yard.get()
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 2}], tracking_number="1z 999")
    yard.ship("S-1", order, ("SKU-1", 2), tracking_number="1Z999", carrier="ups")
    assert yard.sync() == Counts(read=1, created=1)
    assert len(yard.shipments(order)) == 1
    assert yard.states() == [("S-1", "adopted", None)]
    assert (yard.numbers(order), yard.shipments(order)[0]["shipping_provider"]) == (["1Z999"], "ups")


def test_a_shipment_that_somebody_deleted_in_the_store_is_not_made_again(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.sync()
    yard.store.request("DELETE", f"/v2/orders/{order}/shipments/{yard.shipments(order)[0]['id']}")
    yard.set("S-1", tracking_number="N2")
    yard.sync()
    assert yard.shipments(order) == []
    assert yard.states() == [("S-1", "deleted", "shipment_gone")]
    yard.requests()
    yard.sync()
    assert yard.requests() == {}
    assert yard.problems() == {("S-1", "shipment_gone")}


def test_a_run_sends_no_more_than_it_may(yard: Yard) -> None:
    orders = [yard.order(1) for _ in range(5)]
    yard.get()
    for place, order in enumerate(orders):
        yard.ship(f"S-{place}", order, "SKU-1")
    assert yard.sync(max_shipments_per_run=2) == Counts(read=5, created=2, unchanged=3)
    assert "3 new shipments wait" in yard.database.value(
        "select message from mart.runs order by started_at desc limit 1"
    )
    assert yard.sync(max_shipments_per_run=2).created == 2
    assert yard.sync(max_shipments_per_run=2).created == 1
    assert yard.emails() == 5


def test_a_dry_run_says_what_it_would_send_and_sends_nothing(yard: Yard) -> None:
    order = yard.order(2, 1)
    first, _ = yard.lines(order)
    yard.get()
    yard.store.ship_order(order, items=[{"order_product_id": first, "quantity": 1}])
    before = yard.database.rows("select * from core.sales_order")
    yard.ship("S-1", order, ("SKU-1", 2))
    yard.ship("S-2", order, "SKU-2", tracking_number="N")
    assert yard.sync(params={"dry_run": True}) == Counts(read=2, created=1, skipped=1)
    assert yard.database.rows("select * from core.sales_order") == before
    assert yard.pushes("S-2") == [("create", "dry_run")]
    assert yard.pushes("S-1") == []
    assert len(yard.shipments(order)) == 1
    assert yard.problems() == set()
    assert yard.sync() == Counts(read=2, created=1, skipped=1)


def test_a_run_may_be_narrowed_to_orders(yard: Yard) -> None:
    one, other = yard.order(), yard.order()
    yard.get()
    yard.ship("S-1", one, "SKU-1")
    yard.ship("S-2", other, "SKU-1")
    assert yard.sync(params={"order_ids": [str(other)]}) == Counts(read=1, created=1)
    assert (len(yard.shipments(one)), len(yard.shipments(other))) == (0, 1)


def test_an_order_that_is_refunded_in_part_is_shipped_without_what_was_refunded(yard: Yard) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order(1, 1)
    _, second = yard.lines(order)
    yard.store.refund_order(order, items=[{"item_type": "PRODUCT", "item_id": second, "quantity": 1}])
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    assert yard.status(order) == 2


def test_the_oldest_shipment_of_an_order_goes_first(yard: Yard) -> None:
    order = yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="LATER", shipped_at=datetime(2026, 11, 2, tzinfo=UTC))
    yard.ship("S-2", order, "SKU-1", tracking_number="FIRST", shipped_at=NOW)
    assert yard.sync() == Counts(read=2, created=1, skipped=1)
    assert yard.numbers(order) == ["FIRST"]
    assert yard.problems() == {("S-1", "over_shipment")}
