"""Sync Orders after a shipment was sent: what changes in the warehouse, and what somebody does in the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from storekeeper.outcomes import Counts, Unknown
from tests.operations.shipping_yard import CHANGE, DELETE, Yard
from tests.operations.terms import HASTY

ONE = "/v2/orders/{order_id}/shipments/{shipment_id}"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
VAN = {"Van": {"tracking_link": "https://van.example.com/{tracking_number}"}}
FIRST: dict[str, Any] = {
    "tracking_number": "N1", "carrier": "ups", "shipping_method": "Ground", "tracking_link": "https://example.com/1",
}  # fmt: skip


def sent(yard: Yard, units: int = 2, *, open_units: int = 0, **fields: Any) -> int:
    """An order whose shipment S-1 the store has."""
    order = yard.order(units + open_units)
    yard.get()
    yard.ship("S-1", order, ("SKU-1", units), **fields)
    assert yard.sync(carriers=VAN) == Counts(read=1, created=1)
    yard.requests()
    return order


def quiet(yard: Yard, **settings: Any) -> None:
    yard.requests()
    assert yard.sync(**settings) == Counts()
    assert yard.requests() == {}


def by_hand(yard: Yard, order: int, units: int, **fields: Any) -> int:
    line = yard.lines(order)[0]
    made = yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": units}], **fields)
    return int(made["id"])


def take_back(yard: Yard, order: int, shipment_id: int) -> None:
    yard.store.request("DELETE", f"/v2/orders/{order}/shipments/{shipment_id}")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"tracking_number": "N2"}, {"tracking_number": "N2"}),
        ({"tracking_number": None}, {"tracking_number": ""}),
        ({"tracking_number": " "}, {"tracking_number": ""}),
        ({"carrier": "dhl"}, {"shipping_provider": "", "tracking_carrier": "dhl"}),
        ({"carrier": None}, {"shipping_provider": "", "tracking_carrier": ""}),
        ({"carrier": "van", "tracking_link": None}, {"tracking_link": "https://van.example.com/N1"}),
        ({"tracking_link": "https://example.com/2"}, {"tracking_link": "https://example.com/2"}),
        ({"tracking_link": ""}, {"tracking_link": ""}),
        ({"shipping_method": "Air"}, {"shipping_method": "Air"}),
    ],
)
def test_what_changes_after_sending_is_changed_in_the_store(
    yard: Yard, change: dict[str, str | None], shown: dict[str, str]
) -> None:
    order = sent(yard, **FIRST)
    yard.set("S-1", **change)
    assert yard.sync(carriers=VAN) == Counts(read=1, updated=1)
    assert yard.requests()[CHANGE] == 1
    (now,) = yard.shipments(order)
    assert {name: now[name] for name in shown} == shown
    assert yard.emails() == 1
    quiet(yard)


@pytest.mark.parametrize("change", [
    {"tracking_number": " N1 "}, {"carrier": "UPS"}, {"carrier": " United  Parcel Service "},
    {"shipping_method": " Ground"}, {"tracking_link": " https://example.com/1"}, {"shipped_at": NOW},
])  # fmt: skip
def test_what_means_the_same_calls_nothing_that_writes(yard: Yard, change: dict[str, Any]) -> None:
    sent(yard, **FIRST)
    yard.set("S-1", **change)
    yard.sync()
    assert CHANGE not in yard.requests()
    quiet(yard)


def test_a_change_that_was_taken_back_before_the_run_sends_nothing(yard: Yard) -> None:
    sent(yard, **FIRST)
    yard.set("S-1", tracking_number="N2")
    yard.set("S-1", tracking_number="N1")
    assert yard.sync() == Counts(read=1, unchanged=1)
    assert CHANGE not in yard.requests()


def test_the_text_of_an_unknown_carrier_does_not_outlive_it(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", carrier="Brieftaube")
    yard.sync(unknown_carriers="as_text")
    yard.set("S-1", carrier="ups")
    yard.sync(unknown_carriers="as_text")
    (now,) = yard.shipments(order)
    assert now["shipping_provider"] == "ups"
    assert "Brieftaube" not in (now["shipping_method"] or "")


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "502", "lost_answer", "truncate"])
def test_a_change_whose_answer_was_lost_is_made(yard: Yard, kind: str, side: str) -> None:
    order = sent(yard, **FIRST)
    where: dict[str, Any] = {"method": "PUT", "route": ONE, "times": 1}
    if kind == "502":
        yard.store.fault("status", status=502, side=side, **where)
    elif kind == "reset":
        yard.store.fault("reset", side=side, **where)
    else:
        yard.store.fault(kind, **where)
    yard.set("S-1", tracking_number="N2")
    assert yard.sync(**HASTY) == Counts(read=1, updated=1)
    assert (yard.numbers(order), yard.problems()) == (["N2"], set())
    quiet(yard)


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("then", ["N1", "N2", "N3", None])
def test_a_change_in_doubt_ends_as_the_warehouse_has_it_by_then(yard: Yard, side: str, then: str | None) -> None:
    order = sent(yard, **FIRST)
    yard.store.fault("reset", side=side, method="PUT", route=ONE)
    yard.set("S-1", tracking_number="N2")
    with pytest.raises(Unknown):
        yard.sync(**HASTY)
    yard.store.clear_faults()
    assert yard.problems() == {("S-1", "unknown_outcome")}
    yard.set("S-1", tracking_number=then)
    yard.sync()
    assert (yard.numbers(order), yard.problems(), yard.emails()) == ([then or ""], set(), 1)
    quiet(yard)


def test_a_change_that_the_store_refuses_is_a_problem_that_closes_when_mended(yard: Yard) -> None:
    order = sent(yard, **FIRST)
    yard.store.fault("status", status=400, method="PUT", route=ONE, times=1, body=[{"status": 400, "message": "no"}])
    yard.set("S-1", tracking_number="N2")
    assert yard.sync() == Counts(read=1, failed=1)
    assert yard.problems() == {("S-1", "refused_by_store")}
    assert yard.sync() == Counts(read=1, updated=1)
    assert (yard.numbers(order), yard.problems()) == (["N2"], set())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"tracking_number": "9" * 51}, "value_too_long"),
        ({"carrier": "nobody"}, "unknown_carrier"),
        ({"tracking_link": "nowhere"}, "invalid_tracking_link"),
    ],
)
def test_a_bad_change_leaves_the_store_as_it_is(yard: Yard, change: dict[str, str], reason: str) -> None:
    sent(yard, **FIRST)
    yard.set("S-1", **change)
    assert yard.sync() == Counts(read=1, skipped=1)
    assert yard.problems() == {("S-1", reason)}
    assert CHANGE not in yard.requests()
    yard.set("S-1", **{name: FIRST[name] for name in change})
    assert yard.sync() == Counts(read=1, unchanged=1)
    assert yard.problems() == set()
    quiet(yard)


def test_a_shipped_order_that_was_cancelled_still_gets_its_tracking(yard: Yard) -> None:
    order = sent(yard, tracking_number="N1")
    yard.store.patch_order(order, status_id=5)
    yard.set("S-1", tracking_number="N2")
    assert yard.sync() == Counts(read=1, updated=1)
    assert (yard.numbers(order), yard.status(order)) == (["N2"], 5)


@pytest.mark.parametrize("lines", [
    "update core.shipment_item set quantity = 3", "update core.shipment_item set quantity = 1",
    "delete from core.shipment_item", "update core.shipment_item set master_sku = 'SKU-2'",
    "insert into core.shipment_item (channel, shipment_key, master_sku) values ('shop', 'S-1', 'SKU-1')",
    "insert into core.shipment_item (channel, shipment_key, master_sku) values ('shop', 'S-1', 'SKU-2')",
])  # fmt: skip
def test_lines_edited_after_sending_are_a_problem_and_nothing_is_sent(yard: Yard, lines: str) -> None:
    order = yard.order(4, 4)
    yard.get()
    yard.ship("S-1", order, ("SKU-1", 2))
    yard.sync()
    yard.database.run(lines)
    assert yard.sync() == Counts(read=1, skipped=1)
    assert (len(yard.shipments(order)), yard.emails(), len(yard.problems())) == (1, 1, 1)
    assert yard.status(order) == 3


def test_lines_written_another_way_are_the_same(yard: Yard) -> None:
    order = sent(yard)
    yard.database.run("update core.shipment_item set master_sku = null, order_product_id = %s", yard.lines(order)[0])
    assert yard.sync() == Counts(read=1, unchanged=1)
    quiet(yard)


def test_a_shipment_given_to_another_order_after_sending_is_not_sent_again(yard: Yard) -> None:
    order = sent(yard)
    other = yard.order(2)
    yard.get()
    yard.set("S-1", order_id=other)
    yard.sync()
    assert (yard.shipments(other), len(yard.shipments(order)), yard.emails()) == ([], 1, 1)
    assert {key for key, _ in yard.problems()} == {"S-1"}


def test_a_sent_shipment_deleted_from_the_warehouse_stays_in_the_store(yard: Yard) -> None:
    order = sent(yard)
    yard.database.run("delete from core.shipment")
    assert yard.sync() == Counts()
    assert len(yard.shipments(order)) == 1
    yard.ship("S-1", order, ("SKU-1", 2))
    yard.sync()
    assert (len(yard.shipments(order)), yard.emails(), yard.problems()) == (1, 1, set())


def test_the_whole_warehouse_side_written_anew_sends_nothing_twice(yard: Yard) -> None:
    order = sent(yard, 1, open_units=3, tracking_number="N1")
    for _ in range(2):
        yard.database.run("delete from core.shipment")
        yard.ship("S-1", order, "SKU-1", tracking_number="N1")
        yard.sync()
    assert (yard.numbers(order), yard.emails()) == (["N1"], 1)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_deletion_whose_answer_was_lost_is_done(yard: Yard, side: str) -> None:
    order = sent(yard)
    yard.store.fault("reset", side=side, method="DELETE", route=ONE, times=1)
    yard.set("S-1", cancelled_at=NOW)
    assert yard.sync(delete_cancelled=True, **HASTY) == Counts(read=1, updated=1)
    assert (yard.shipments(order), yard.states(), yard.problems()) == ([], [("S-1", "deleted", None)], set())
    assert (yard.status(order), yard.known_status(order)) == (11, 11)
    quiet(yard)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_deletion_in_doubt_is_finished_by_the_next_run(yard: Yard, side: str) -> None:
    order = sent(yard)
    yard.store.fault("reset", side=side, method="DELETE", route=ONE)
    yard.set("S-1", cancelled_at=NOW)
    with pytest.raises(Unknown):
        yard.sync(delete_cancelled=True, **HASTY)
    yard.store.clear_faults()
    assert yard.sync(delete_cancelled=True).read == 1
    assert (yard.shipments(order), yard.states(), yard.problems()) == ([], [("S-1", "deleted", None)], set())
    quiet(yard)


@pytest.mark.parametrize(
    "side",
    [
        "before",
        pytest.param("after"),
    ],
)
def test_after_a_deletion_in_doubt_the_order_is_not_called_shipped_any_more(yard: Yard, side: str) -> None:
    order = sent(yard)
    yard.store.fault("reset", side=side, method="DELETE", route=ONE)
    yard.set("S-1", cancelled_at=NOW)
    with pytest.raises(Unknown):
        yard.sync(delete_cancelled=True, **HASTY)
    yard.store.clear_faults()
    yard.sync(delete_cancelled=True)
    assert (yard.status(order), yard.known_status(order)) == (11, 11)


def test_a_cancelled_shipment_that_somebody_deleted_is_no_problem(yard: Yard) -> None:
    order = sent(yard)
    take_back(yard, order, yard.shipments(order)[0]["id"])
    yard.set("S-1", cancelled_at=NOW)
    yard.sync(delete_cancelled=True)
    assert (yard.shipments(order), yard.problems()) == ([], set())
    quiet(yard)


def test_a_shipment_called_off_by_mistake_is_sent_when_it_is_on_again(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", cancelled_at=NOW)
    yard.sync()
    yard.set("S-1", cancelled_at=None)
    assert yard.sync() == Counts(read=1, created=1)
    assert len(yard.shipments(order)) == 1


def test_a_cancellation_taken_back_before_anything_was_deleted_leaves_all_as_it_was(yard: Yard) -> None:
    order = sent(yard)
    yard.set("S-1", cancelled_at=NOW)
    yard.sync()
    yard.set("S-1", cancelled_at=None)
    assert yard.sync() == Counts(read=1, unchanged=1)
    assert (len(yard.shipments(order)), yard.emails(), yard.problems()) == (1, 1, set())
    quiet(yard)


def test_a_deleted_shipment_that_is_on_again_and_cannot_go_is_among_the_unsent(yard: Yard) -> None:
    order = sent(yard)
    yard.set("S-1", cancelled_at=NOW)
    yard.sync(delete_cancelled=True)
    assert yard.shipments(order) == []
    yard.set("S-1", cancelled_at=None, carrier="nobody")
    yard.sync(delete_cancelled=True)
    assert yard.problems() == {("S-1", "unknown_carrier")}
    assert yard.database.rows("select shipment_key, reason from mart.unsent_shipments") == [
        {"shipment_key": "S-1", "reason": "unknown_carrier"}
    ]


def test_a_deleted_shipment_that_is_on_again_is_sent_again_once(yard: Yard) -> None:
    order = sent(yard)
    yard.set("S-1", cancelled_at=NOW)
    yard.sync(delete_cancelled=True)
    yard.set("S-1", cancelled_at=None)
    yard.sync(delete_cancelled=True)
    assert (len(yard.shipments(order)), yard.status(order)) == (1, 2)
    quiet(yard, delete_cancelled=True)


def test_half_of_a_shipment_to_two_addresses_may_not_be_deleted_alone(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1, "address": 2}])
    yard.get()
    yard.ship("S-1", order, "A", "B")
    yard.sync()
    yard.set("S-1", cancelled_at=NOW)
    assert yard.sync(delete_cancelled=True) == Counts(read=1, updated=1)
    assert yard.requests()[DELETE] == 2
    assert (yard.shipments(order), yard.status(order)) == ([], 11)


def test_several_pieces_that_somebody_entered_under_one_number_are_the_shipment(yard: Yard) -> None:
    order, other = yard.order(2), yard.order()
    yard.get()
    by_hand(yard, order, 1, tracking_number="T")
    by_hand(yard, order, 1, tracking_number="T")
    yard.ship("S-1", order, ("SKU-1", 2), tracking_number="T")
    yard.ship("S-2", other, "SKU-1", tracking_number="U")
    yard.sync()
    assert (len(yard.shipments(order)), yard.numbers(other), yard.emails()) == (2, ["U"], 1)
    quiet(yard)


def test_a_part_that_somebody_entered_under_the_number_leaves_the_rest_told_of(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    by_hand(yard, order, 1, tracking_number="T")
    yard.ship("S-1", order, ("SKU-1", 2), tracking_number="T")
    yard.sync()
    shipped = sum(item["quantity"] for each in yard.shipments(order) for item in each["items"])
    assert shipped == 2 or yard.problems()


def test_hand_made_shipments_under_one_number_are_taken_once(yard: Yard) -> None:
    order = yard.order(4)
    yard.get()
    by_hand(yard, order, 1, tracking_number="T")
    for key in ("S-1", "S-2"):
        yard.ship(key, order, "SKU-1", tracking_number="T")
    assert yard.sync() == Counts(read=2, created=2)
    assert (yard.numbers(order), yard.emails()) == (["T", "T"], 1)
    quiet(yard)


def test_what_somebody_ships_while_a_run_sends_is_refused_and_told(yard: Yard) -> None:
    order, other = yard.order(1), yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N")
    yard.ship("S-2", other, "SKU-1")
    shipped = {"method": "POST", "path": f"orders/{order}/shipments", "body": {"tracking_number": "HAND"}}
    yard.store.fault("change", changes=[shipped], method="POST", route=f"/v2/orders/{order}/shipments", times=1)
    assert yard.sync() == Counts(read=2, created=1, failed=1)
    assert yard.numbers(order) == ["HAND"]
    assert yard.sync() == Counts(read=1, skipped=1)
    assert yard.problems() == {("S-1", "over_shipment")}
    yard.set("S-1", cancelled_at=NOW)
    yard.sync()
    assert yard.problems() == set()
    quiet(yard)


def test_what_somebody_takes_back_makes_room(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    made = by_hand(yard, order, 2)
    yard.ship("S-1", order, ("SKU-1", 2))
    assert yard.sync() == Counts(read=1, skipped=1)
    take_back(yard, order, made)
    assert yard.sync() == Counts(read=1, created=1)
    assert yard.problems() == set()
    assert (yard.status(order), yard.known_status(order)) == (2, 2)


def test_our_own_that_somebody_took_back_makes_room_for_a_new_one(yard: Yard) -> None:
    order = sent(yard)
    take_back(yard, order, yard.shipments(order)[0]["id"])
    yard.ship("S-2", order, ("SKU-1", 2), tracking_number="AGAIN")
    yard.sync()
    assert yard.numbers(order) == ["AGAIN"]
    assert yard.problems() == {("S-1", "shipment_gone")}


@pytest.mark.parametrize("mode", ["always", "never"])
@pytest.mark.parametrize(
    ("shipped_status", "quantities", "shipments", "status"),
    [
        ("Shipped", (1,), [("SKU-1", 1)], 2),
        ("Shipped", (2,), [("SKU-1", 1)], 3),
        ("Shipped", (1, 1), [("SKU-1", 1)], 3),
        ("Shipped", (1, 1), [("SKU-1", 1), ("SKU-2", 1)], 2),
        ("Completed", (1, 1), [("SKU-1", 1)], 3),
        ("Completed", (1, 1), [("SKU-1", 1), ("SKU-2", 1)], 10),
        ("Awaiting Pickup", (1,), [("SKU-1", 1)], 8),
    ],
)
def test_a_status_follows_what_was_shipped(
    yard: Yard, mode: str, shipped_status: str, quantities: tuple[int, ...], shipments: list[Any], status: int
) -> None:
    yard.store.configure(shipments_move_status=mode)
    order = yard.order(*quantities)
    yard.get()
    for place, item in enumerate(shipments):
        yard.ship(f"S-{place}", order, item)
    yard.sync(shipped_status=shipped_status)
    assert (yard.status(order), yard.known_status(order)) == (status, status)
    quiet(yard, shipped_status=shipped_status)


@pytest.mark.parametrize("mode", ["always", "never"])
def test_a_status_waits_for_what_is_left_to_ship_after_a_return(yard: Yard, mode: str) -> None:
    yard.store.configure(shipments_move_status=mode)
    order = yard.order(2, 1)
    first, _ = yard.lines(order)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    yard.store.refund_order(order, items=[{"item_type": "PRODUCT", "item_id": first, "quantity": 1}])
    yard.ship("S-2", order, "SKU-2")
    yard.sync()
    assert yard.status(order) == 3, "one of the two pieces came back, the other has not left"


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "502"])
def test_a_status_whose_answer_was_lost_is_set(yard: Yard, kind: str, side: str) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    what: dict[str, Any] = {"status": 502} if kind == "502" else {}
    kind = "status" if what else kind
    yard.store.fault(kind, method="PUT", route="/v2/orders/{order_id}", side=side, times=1, **what)
    yard.sync(**HASTY)
    assert (yard.status(order), yard.known_status(order), yard.problems()) == (2, 2, set())
    quiet(yard)


def test_a_status_that_the_store_refuses_is_a_problem_that_closes_when_it_is_set(yard: Yard) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.store.fault("status", status=400, method="PUT", route="/v2/orders/{order_id}", times=1)
    yard.sync()
    assert yard.problems() == {(str(order), "status_not_set")}
    yard.sync()
    assert (yard.status(order), yard.problems()) == (2, set())
    quiet(yard)


def test_a_person_who_cancels_the_order_while_it_ships_is_not_overruled(yard: Yard) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    cancelled = {"method": "POST", "path": f"orders/{order}", "body": {"status_id": 5}}
    yard.store.fault("change", changes=[cancelled], method="POST", route=f"/v2/orders/{order}/shipments", times=1)
    yard.sync()
    assert (yard.status(order), yard.known_status(order)) == (5, 5)
    quiet(yard)


@pytest.mark.parametrize(("shipped_status", "status"), [("Shipped", 2), ("Completed", 10)])
def test_the_status_follows_what_was_made_by_hand_and_is_taken_for_ours(
    yard: Yard, shipped_status: str, status: int
) -> None:
    order = yard.order()
    by_hand(yard, order, 1, tracking_number="T")
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="T")
    yard.sync(shipped_status=shipped_status)
    assert yard.states() == [("S-1", "adopted", None)]
    assert (yard.status(order), yard.known_status(order)) == (status, status)


def test_the_status_after_a_return_is_not_set_against_the_store_own(yard: Yard) -> None:
    order = yard.order(2, 1)
    first, _ = yard.lines(order)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    yard.store.refund_order(order, items=[{"item_type": "PRODUCT", "item_id": first, "quantity": 1}])
    yard.ship("S-2", order, "SKU-2")
    yard.sync()
    assert yard.pushes(str(order)) == []


def test_a_shipment_given_to_another_order_and_back_is_the_one_that_was_sent(yard: Yard) -> None:
    order = sent(yard, tracking_number="N1")
    yard.set("S-1", order_id=order + 1)
    yard.set("S-1", order_id=order)
    assert yard.sync() == Counts(read=1, unchanged=1)
    assert (yard.numbers(order), yard.emails(), yard.problems()) == (["N1"], 1, set())


def test_a_shipment_given_to_another_order_before_it_is_sent_goes_there(yard: Yard) -> None:
    wrong, right = yard.order(), yard.order()
    yard.get()
    yard.ship("S-1", wrong, ("SKU-1", 3))
    yard.sync()
    assert yard.problems() == {("S-1", "over_shipment")}
    yard.set("S-1", order_id=right)
    yard.database.run("update core.shipment_item set quantity = 1")
    assert yard.sync() == Counts(read=1, created=1)
    assert (yard.shipments(wrong), len(yard.shipments(right)), yard.problems()) == ([], 1, set())


def test_many_parcels_of_one_order_are_as_many_shipments(yard: Yard) -> None:
    order = yard.order(25)
    yard.get()
    for number in range(26):
        yard.ship(f"S-{number:02d}", order, "SKU-1")
    assert yard.sync() == Counts(read=26, created=25, skipped=1)
    assert (len(yard.shipments(order)), yard.emails(), yard.status(order)) == (25, 25, 2)
    assert yard.problems() == {("S-25", "over_shipment")}


def test_the_problem_of_a_shipment_that_somebody_took_back_closes_when_it_is_called_off(yard: Yard) -> None:
    order = sent(yard)
    take_back(yard, order, yard.shipments(order)[0]["id"])
    yard.set("S-1", tracking_number="N2")
    yard.sync()
    assert yard.problems() == {("S-1", "shipment_gone")}
    yard.set("S-1", cancelled_at=NOW)
    yard.sync()
    assert yard.problems() == set()


def test_a_shipment_that_somebody_took_back_is_sent_under_another_key(yard: Yard) -> None:
    order = sent(yard)
    take_back(yard, order, yard.shipments(order)[0]["id"])
    yard.set("S-1", tracking_number="N2")
    yard.sync()
    yard.database.run("update core.shipment set shipment_key = 'S-2'")
    yard.sync()
    assert (yard.numbers(order), yard.problems()) == (["N2"], set())
    quiet(yard)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_cancellation_taken_back_while_the_deletion_is_in_doubt_loses_nothing_in_silence(
    yard: Yard, side: str
) -> None:
    order = sent(yard)
    yard.store.fault("reset", side=side, method="DELETE", route=ONE)
    yard.set("S-1", cancelled_at=NOW)
    with pytest.raises(Unknown):
        yard.sync(delete_cancelled=True, **HASTY)
    yard.store.clear_faults()
    yard.set("S-1", cancelled_at=None)
    yard.sync(delete_cancelled=True)
    assert len(yard.shipments(order)) == 1 or yard.problems() == {("S-1", "shipment_gone")}


def test_analysts_may_read_what_is_told_of_shipments(yard: Yard) -> None:
    sent(yard)
    yard.database.run("set role analyst")
    for view in ("shipments", "unsent_shipments", "orders_shipped_late"):
        yard.database.rows(f"select * from mart.{view}")
    yard.database.run("reset role")
