"""Shipments in doubtful situations: what is found, held, asked and told, so that none is sent twice, or to nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from storekeeper.operations import creation, shipping
from storekeeper.outcomes import Counts, NotNow, RunStopped, SettingsError, Unknown
from storekeeper.settings import Channel
from tests.operations.edges import at_request
from tests.operations.shipping_yard import SHIPMENTS, Yard

ROUTE = "/v2/orders/{order_id}/shipments"
POST, GET = {"method": "POST", "route": ROUTE}, {"method": "GET", "route": ROUTE}
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def hand_made_while_looking(yard: Yard, order: int) -> None:
    """Somebody ships one of the first line by hand, just when the order's shipments are read."""
    (line, *_) = yard.lines(order)
    made = {"items": [{"order_product_id": line, "quantity": 1}]}
    change = {"method": "POST", "path": f"orders/{order}/shipments", "body": made}
    yard.store.fault("change", **GET, times=1, changes=[change])


def undecided(yard: Yard, order: int) -> None:
    """S-1, without a number, was sent; the answer was lost, and two look like it."""
    yard.ship("S-1", order, "SKU-1")
    yard.store.fault("lost_answer", **POST, times=1)
    hand_made_while_looking(yard, order)
    yard.sync()
    yard.store.clear_faults()


def settle(key: str, answer: str) -> dict[str, Any]:
    return {"settle": [{"key": key, "as": answer}]}


# --- looking ---


def test_a_look_up_that_the_store_refuses_is_no_proof_that_nothing_was_sent(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.store.fault("lost_answer", **POST, times=1)
    yard.store.fault("redirect", location="https://maintenance.example.com/", **GET, times=1)
    yard.sync()
    assert yard.states() == [("S-1", "unknown", "undecided")]
    assert yard.sync().created == 1
    assert (yard.emails(), yard.states(), yard.problems()) == (1, [("S-1", "adopted", None)], set())


def test_a_last_call_that_takes_effect_late_is_waited_for(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.store.fault("reset", **POST, times=2)
    yard.store.fault("slow", **POST, times=1, seconds=1.1, side="before")
    with pytest.raises(Unknown):
        yard.sync()
    yard.sync()
    assert (yard.emails(), yard.numbers(order)) == (1, ["N1"])


def test_a_tracking_number_edited_while_the_fate_is_unknown_makes_no_second_shipment(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="OLD")
    yard.store.fault("lost_answer", **POST, times=1)
    yard.store.fault("status", status=503, **GET, times=3)
    with pytest.raises(Unknown):
        yard.sync()
    yard.store.clear_faults()
    yard.set("S-1", tracking_number="NEW")
    assert yard.sync().created == 1
    assert (yard.emails(), yard.numbers(order)) == (1, ["NEW"])
    assert yard.pushes("S-1") == [("create", "adopted"), ("update", "done")]


def test_what_was_made_by_hand_before_the_call_is_not_taken_for_ours(yard: Yard, monkeypatch: Any) -> None:
    monkeypatch.setattr(shipping, "SKEW", shipping.SKEW * 0)
    order = yard.order(2)
    (line,) = yard.lines(order)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync(run_id="slow", tasks=("extract", "transform"))
    yard.store.configure(clock_offset_seconds=-2)
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 1}])
    yard.store.configure(clock_offset_seconds=0)
    yard.store.fault("reset", **POST, times=1)
    yard.sync(run_id="slow", tasks=("load",))
    assert (yard.emails(), len(yard.shipments(order))) == (1, 2)


def test_a_strangers_parcel_with_a_number_that_nobody_knows_leaves_a_doubt(yard: Yard) -> None:
    order = yard.order(3)
    (line,) = yard.lines(order)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="OURS")
    yard.store.fault("reset", **POST, times=1)
    made = {"items": [{"order_product_id": line, "quantity": 1}], "tracking_number": "THEIRS"}
    change = {"method": "POST", "path": f"orders/{order}/shipments", "body": made}
    yard.store.fault("change", **GET, times=1, changes=[change])
    yard.sync()
    assert yard.states()[0] == ("S-1", "unknown", "undecided")
    yard.store.clear_faults()
    yard.sync(params=settle("S-1", "not_sent"))
    assert sorted(yard.numbers(order)) == ["OURS", "THEIRS"]
    assert yard.problems() == set()


def test_one_order_that_the_store_does_not_answer_for_holds_up_no_other(yard: Yard) -> None:
    silent, others = yard.order(2), [yard.order(1) for _ in range(3)]
    yard.get()
    yard.ship("S-1", silent, "SKU-1", tracking_number="N1")
    for place, order in enumerate(others, 2):
        yard.ship(f"S-{place}", order, "SKU-1")
    yard.store.fault("lost_answer", **POST, times=1)
    yard.store.fault("status", status=503, method="GET", route=f"/v2/orders/{silent}/shipments", times=99)
    for _ in range(2):
        with pytest.raises(Unknown, match="1 shipment, such as S-1; all others were sent"):
            yard.sync()
    assert [len(yard.shipments(order)) for order in others] == [1, 1, 1]
    assert yard.problems() == {("S-1", "unknown_outcome")}
    yard.store.clear_faults()
    yard.sync()
    assert (yard.emails(), yard.problems()) == (4, set())


# --- settling ---


def test_a_doubt_without_a_tracking_number_asks_a_person_and_sends_nothing(yard: Yard) -> None:
    order = yard.order(3)
    yard.get()
    undecided(yard, order)
    assert yard.states()[0] == ("S-1", "unknown", "undecided")
    assert yard.sync().failed == 1
    assert yard.emails() == 1
    yard.sync(params=settle("S-1", "sent"))
    assert (yard.emails(), yard.problems()) == (1, set())
    assert yard.states() == [("S-1", "adopted", None), (None, "by_hand", None)] or yard.states() == [
        ("S-1", "adopted", None)
    ]
    said = yard.database.value("select detail ->> 'reason' from ops.push where entity_key = 'S-1'")
    assert said.startswith("settled as sent by run ")


def test_what_a_person_settles_counts_once_and_can_still_be_changed(yard: Yard) -> None:
    order = yard.order(3)
    yard.get()
    undecided(yard, order)
    yard.sync(params=settle("S-1", "sent"))
    yard.set("S-1", tracking_number="LATE")
    yard.ship("S-3", order, "SKU-1", tracking_number="N3")
    assert yard.sync() == Counts(read=2, created=1, updated=1)
    assert sorted(yard.numbers(order)) == ["", "LATE", "N3"]


def test_a_retry_of_a_run_that_has_settled_goes_on(yard: Yard) -> None:
    order, other = yard.order(3), yard.order(1)
    yard.get()
    undecided(yard, order)
    yard.ship("S-3", other, "SKU-1", tracking_number="N3")
    yard.store.fault("status", status=429, headers={"X-Rate-Limit-Time-Reset-Ms": "30000"}, **POST, times=3)
    with pytest.raises(NotNow):
        yard.sync(run_id="settling", params=settle("S-1", "sent"))
    yard.store.clear_faults()
    yard.sync(run_id="settling", params=settle("S-1", "sent"), tasks=("load",))
    assert yard.numbers(other) == ["N3"]


def test_a_doubt_about_an_order_that_is_gone_can_be_settled(yard: Yard) -> None:
    order = yard.order(3)
    yard.get()
    undecided(yard, order)
    yard.store.delete_order(order)
    yard.sync(params=settle("S-1", "sent"))
    assert yard.problems() == set()


@pytest.mark.parametrize(
    "given",
    [
        [{"key": "S-1"}],
        [{"key": "S-1", "as": "perhaps"}],
        ["S-1"],
        [{"key": 1, "as": "sent"}],
        {"key": "S-1", "as": "sent"},
        "S-1",
        [{"key": "S-1", "as": "sent"}, {"key": "S-1", "as": "not_sent"}],
    ],
)
def test_an_answer_that_is_none_is_refused(yard: Yard, given: Any) -> None:
    with pytest.raises(SettingsError, match=r"run parameter settle: must be a list such as \[\{"):
        yard.sync(params={"settle": given})


def test_an_answer_about_what_is_not_in_doubt_sends_nothing(yard: Yard) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    with pytest.raises(RunStopped, match="'S-1' is not in doubt"):
        yard.sync(params=settle("S-1", "sent"))
    assert yard.shipments(order) == []


# --- by hand ---


def test_what_cannot_be_read_of_shipments_made_by_hand_holds_the_order(yard: Yard) -> None:
    order, other = yard.order(2), yard.order(1)
    (line,) = yard.lines(order)
    yard.get()
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 1}], tracking_number="N1")
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.ship("S-2", other, "SKU-1")
    yard.store.fault("redirect", location="https://maintenance.example.com/", **GET, times=1)
    assert yard.sync() == Counts(read=2, created=1, skipped=1)
    assert yard.problems() == {("S-1", "shipments_unreadable")}
    yard.sync()
    assert (yard.emails(), yard.problems()) == (1, set())
    assert yard.states()[0] == ("S-1", "adopted", None)


def test_a_parcel_entered_in_two_pieces_is_one_shipment_and_stops_no_other(yard: Yard) -> None:
    order, other = yard.order(2), yard.order(1)
    (line,) = yard.lines(order)
    yard.get()
    for _ in range(2):
        items = [{"order_product_id": line, "quantity": 1}]
        yard.store.ship_order(order, items=items, tracking_number="N1")
    yard.ship("S-1", order, ("SKU-1", 2), tracking_number="N1")
    yard.ship("S-2", other, "SKU-1")
    assert yard.sync() == Counts(read=2, created=2)
    assert (yard.emails(), yard.problems()) == (1, set())
    assert yard.states() == [("S-1", "adopted", None), ("S-1", "adopted", None), ("S-2", "done", None)]


def test_what_a_person_entered_beside_the_number_stays(yard: Yard) -> None:
    order = yard.order(1)
    yard.get()
    yard.store.ship_order(order, tracking_number="N1", shipping_provider="ups", tracking_link="https://x.example.com")
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.sync()
    yard.set("S-1", tracking_number="N2")
    yard.sync()
    (shown,) = yard.shipments(order)
    assert (shown["tracking_number"], shown["shipping_provider"]) == ("N2", "ups")
    assert shown["tracking_link"] == "https://x.example.com"


def test_a_reading_that_is_older_than_a_shipment_does_not_call_it_gone(yard: Yard) -> None:
    order = yard.order(3)
    (line,) = yard.lines(order)
    yard.get()
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 1}], tracking_number="HAND")
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")

    def run_another(_: object) -> None:
        yard.sync(run_id="another")

    with at_request(run_another, method="GET", path=f"/v2/orders/{order}/shipments", side="after", nth=1):
        yard.sync()
    yard.set("S-1", tracking_number="N2")
    yard.sync()
    assert sorted(yard.numbers(order)) == ["HAND", "N2"]
    assert yard.problems() == set()


def test_a_dry_run_knows_of_what_was_made_by_hand(yard: Yard) -> None:
    order = yard.order(2)
    (line,) = yard.lines(order)
    yard.get()
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 1}], tracking_number="N1")
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.sync(params={"dry_run": True})
    assert yard.pushes("S-1") == [("adopt", "dry_run")]
    assert yard.database.value("select count(*) from core.store_shipment") == 0


# --- the warehouse changes ---


def test_a_shipment_replaced_by_another_of_its_key_is_sent_as_it_is_then(yard: Yard) -> None:
    first, order = yard.order(1), yard.order(2)
    yard.get()
    yard.ship("S-1", first, "SKU-1")
    yard.ship("S-2", order, ("SKU-1", 1), tracking_number="OLD")

    def replace(_: object) -> None:
        yard.database.run("delete from core.shipment where shipment_key = 'S-2'")
        yard.ship("S-2", order, ("SKU-1", 2), tracking_number="NEW")

    with at_request(replace, method="POST", path=f"/v2/orders/{first}/shipments"):
        yard.sync()
        yard.sync()
    assert yard.numbers(order) == ["NEW"]


def test_what_was_sent_keeps_its_key(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.ship("S-2", order, "SKU-1", cancelled_at=NOW)
    yard.database.run("update core.shipment set shipment_key = 'S-3' where shipment_key = 'S-2'")
    yard.sync()
    with pytest.raises(psycopg.errors.RestrictViolation, match="under another key it would be sent again"):
        yard.database.run("update core.shipment set shipment_key = 'S-4' where shipment_key = 'S-1'")


def test_a_shipment_that_is_moved_to_another_order_is_not_sent_again(yard: Yard) -> None:
    order, right = yard.order(2), yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.sync()
    yard.set("S-1", order_id=right)
    assert yard.sync() == Counts(read=1, skipped=1)
    assert (yard.emails(), yard.problems()) == (1, {("S-1", "shipment_changed")})
    yard.set("S-1", cancelled_at=NOW)
    assert yard.sync(delete_cancelled=True).updated == 1
    assert (yard.shipments(order), yard.problems()) == ([], set())


@pytest.mark.parametrize(
    "change",
    [
        "insert into core.shipment_item (channel, shipment_key, master_sku) values ('shop', 'S-1', 'SKU-2')",
        "update core.shipment_item set quantity = 2",
        "update core.shipment_item set master_sku = 'SKU-2'",
    ],
)
def test_other_lines_of_what_was_sent_are_a_problem_until_they_are_put_back(yard: Yard, change: str) -> None:
    order = yard.order(2, 1)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    yard.database.run(change)
    assert yard.sync() == Counts(read=1, skipped=1)
    assert (yard.emails(), yard.problems()) == (1, {("S-1", "shipment_changed")})
    yard.database.run("delete from core.shipment_item")
    insert = "insert into core.shipment_item (channel, shipment_key, master_sku) values ('shop', 'S-1', 'sku-1')"
    yard.database.run(insert)
    assert yard.sync() == Counts(read=1, unchanged=1)
    assert yard.problems() == set()


def test_a_shipment_taken_back_and_wanted_again_is_sent_anew(yard: Yard) -> None:
    order = yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.sync()
    yard.set("S-1", cancelled_at=NOW)
    yard.sync(delete_cancelled=True)
    yard.set("S-1", cancelled_at=None)
    assert yard.sync(delete_cancelled=True).created == 1
    assert (yard.numbers(order), yard.status(order)) == (["N1"], 2)


def test_what_is_gone_and_cancelled_is_no_problem_any_more(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.sync()
    yard.store.request("DELETE", f"/v2/orders/{order}/shipments/{yard.shipments(order)[0]['id']}")
    yard.set("S-1", tracking_number="N2")
    yard.sync()
    yard.set("S-1", cancelled_at=NOW)
    yard.sync()
    assert yard.problems() == set()


# --- addresses and lines ---


def test_a_parcel_goes_to_one_address_where_it_can(yard: Yard) -> None:
    lines = [{"sku": "A"}, {"sku": "A", "address": 2}, {"sku": "B", "address": 2}]
    order = yard.order(lines=lines)
    yard.get()
    yard.ship("S-1", order, "A", "B", tracking_number="N1")
    yard.sync()
    assert (yard.emails(), len(yard.shipments(order)[0]["items"])) == (1, 2)


def test_a_line_that_another_shipment_names_is_left_to_it(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A"}, {"sku": "A"}])
    first, _ = yard.lines(order)
    yard.get()
    yard.ship("S-1", order, "A", tracking_number="N1")
    yard.ship("S-2", order, (first, 1), tracking_number="N2")
    assert yard.sync().created == 2
    assert yard.status(order) == 2


# --- statuses ---


@pytest.mark.parametrize(("store_moves", "wanted"), [("never", "Shipped"), ("always", "Completed")])
def test_the_status_follows_a_shipment_that_was_found_by_the_next_run(
    yard: Yard, store_moves: str, wanted: str
) -> None:
    yard.store.configure(shipments_move_status=store_moves)
    order = yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1", tracking_number="N1")
    yard.store.fault("lost_answer", **POST, times=1)
    yard.store.fault("status", status=503, **GET, times=3)
    with pytest.raises(Unknown):
        yard.sync(shipped_status=wanted)
    yard.store.clear_faults()
    yard.sync(shipped_status=wanted)
    assert yard.status(order) == yard.known_status(order) == (2 if wanted == "Shipped" else 10)


def test_the_status_follows_although_get_orders_reads_just_after_the_call(yard: Yard) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1")

    def read_orders(_: object) -> None:
        yard.get()

    with at_request(read_orders, method="POST", path=f"/v2/orders/{order}/shipments", side="after"):
        yard.sync()
    assert yard.status(order) == 2


def test_a_unit_that_may_have_come_back_is_still_owed(yard: Yard) -> None:
    yard.store.configure(shipments_move_status="never")
    order = yard.order(2)
    (line,) = yard.lines(order)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    yard.store.refund_order(order, items=[{"item_type": "PRODUCT", "item_id": line, "quantity": 1}], status_id=14)
    yard.ship("S-2", yard.order(1), "SKU-1")
    yard.get()
    yard.database.run("update core.store_shipment set status_due = true")
    yard.sync()
    assert yard.status(order) == 3


@pytest.mark.parametrize("status", ["Incomplete", "Refunded", 5, "Declined", 3])
def test_no_order_is_set_to_a_status_that_is_none_of_a_shipped_one(status: Any) -> None:
    with pytest.raises(ValueError, match="must be 2 Shipped, 10 Completed, 8 Awaiting Pickup"):
        Channel.model_validate({"channel": "shop", "sync_orders": {"shipped_status": status}})


# --- the run ---


def test_a_store_that_refuses_all_changes_still_gets_what_is_new(yard: Yard, monkeypatch: Any) -> None:
    monkeypatch.setattr(shipping, "MOST_REFUSED", 3)
    monkeypatch.setattr(creation, "MOST_REFUSED", 3)
    orders = [yard.order(1) for _ in range(5)]
    yard.get()
    for place, order in enumerate(orders[:4]):
        yard.ship(f"S-{place}", order, "SKU-1")
    yard.sync()
    yard.database.run("update core.shipment set carrier = 'UPS'")
    yard.ship("NEW", orders[4], "SKU-1", tracking_number="N9")
    yard.store.fault("status", status=400, method="PUT", route=f"{ROUTE}/{{shipment_id}}", every=1)
    assert yard.sync() == Counts(read=5, created=1, unchanged=1, failed=3)
    assert yard.numbers(orders[4]) == ["N9"]
    said = yard.database.row("select state, message from ops.run order by run_no desc limit 1")
    assert said["state"] == "failed"
    assert "refused to update 3 shipments" in said["message"]


def test_a_shipment_of_which_one_address_failed_has_failed(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A"}, {"sku": "B", "address": 2}])
    yard.get()
    yard.ship("S-1", order, "A", "B")
    yard.store.fault("status", status=400, **POST, nth=2)
    assert yard.sync(problems_fail_run=True) == Counts(read=1, failed=1)
    assert yard.database.value("select state from ops.run order by run_no desc limit 1") == "failed"
    assert yard.states() == [("S-1", "done", "refused_by_store"), ("S-1", "refused", "refused_by_store")]
    yard.store.clear_faults()
    assert yard.sync().created == 1
    assert yard.states() == [("S-1", "done", None), ("S-1", "done", None)]


def test_a_person_who_has_a_shipments_row_open_holds_up_nobody(yard: Yard) -> None:
    order, other = yard.order(1), yard.order(1)
    yard.get()
    yard.ship("S-1", order, "SKU-1")
    yard.ship("S-2", other, "SKU-1")
    with psycopg.connect(yard.database.uri) as person:
        person.execute("select * from core.shipment where shipment_key = 'S-1' for update")
        assert yard.sync().created == 2
    yard.requests()
    assert yard.sync() == Counts(read=1, unchanged=1)
    assert yard.emails() == 2


def test_details_of_orders_are_not_read_for_their_shipments(yard: Yard) -> None:
    order = yard.order(1)
    yard.get(details=["coupons"])
    yard.ship("S-1", order, "SKU-1")
    yard.requests()
    yard.sync.run(
        {"channel": "shop", "get_orders": {"details": ["coupons"]}, "writing": {"claim_wait_seconds": 20}},
    )
    assert not any("coupons" in route for route in yard.requests())
    assert SHIPMENTS not in yard.requests()
