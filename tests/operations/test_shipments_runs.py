"""Sync Orders as a run: its limits, its counts, what stops it, and what its marts say."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from storekeeper.outcomes import AccessLost, Counts, NotNow, RunStopped, SettingsError, StoreError, Unknown
from storekeeper.settings import Channel
from tests.operations.shipping_yard import LIST, SHIP, Yard
from tests.operations.stalls import SHORT, Calls, Moment, in_a_child, stall
from tests.operations.sync_shop import meanwhile, while_held
from tests.operations.terms import HASTY, LEASE, PATIENT

ROUTE = "/v2/orders/{order_id}/shipments"
ORDERS_ROUTE = "/v2/orders"


def filled(yard: Yard, count: int) -> list[int]:
    """Orders of two units, each with a shipment of one."""
    orders = [yard.order(2) for _ in range(count)]
    yard.get()
    for place, order in enumerate(orders):
        yard.ship(f"S-{place}", order, "SKU-1", tracking_number=f"N{place}" if place % 2 else None)
    yard.requests()
    return orders


def all_there(yard: Yard, orders: list[int]) -> None:
    """Each was sent once, nothing is wrong, and the next run is quiet."""
    assert [len(yard.shipments(order)) for order in orders] == [1] * len(orders)
    assert yard.emails() == len(orders)
    assert {yard.status(order) for order in orders} == {3}
    assert {yard.known_status(order) for order in orders} == {3}
    assert yard.problems() == set()
    yard.requests()
    assert yard.sync() == Counts()
    assert yard.requests() == {}


def last_run(yard: Yard) -> dict[str, Any]:
    return yard.database.row("select * from mart.runs where operation = 'sync_orders' order by started_at desc limit 1")


def test_counts_add_up_and_requests_are_those_that_the_store_saw(yard: Yard) -> None:
    orders = [yard.order(2) for _ in range(7)]
    yard.get()
    for place in range(3):
        yard.ship(f"NEW-{place}", orders[place], "SKU-1")
    yard.sync(max_shipments_per_run=2)
    yard.set("NEW-0", tracking_number="CHANGED")
    yard.ship("BAD", orders[3], ("SKU-1", 9))
    yard.ship("OFF", orders[4], "SKU-1", cancelled_at=datetime(2026, 11, 1, tzinfo=UTC))
    yard.ship("REFUSED", orders[5], "SKU-1")
    yard.ship("LATER", orders[6], "SKU-1")
    refused = f"/v2/orders/{orders[5]}/shipments"
    yard.store.fault("status", status=400, method="POST", route=refused, body=[{"status": 400, "message": "no"}])
    yard.requests()
    counts = yard.sync(max_shipments_per_run=2)
    assert counts == Counts(read=6, created=1, updated=1, unchanged=2, skipped=1, failed=1)
    run = last_run(yard)
    assert {name: run[name] for name in ("read", "created", "updated", "unchanged", "skipped", "failed")} == {
        "read": 6, "created": 1, "updated": 1, "unchanged": 2, "skipped": 1, "failed": 1,
    }  # fmt: skip
    assert run["requests"] == sum(yard.requests().values())
    assert run["state"] == "success"


def test_what_the_store_refused_goes_last_and_keeps_no_other_from_going(yard: Yard) -> None:
    orders = filled(yard, 3)
    refused = f"/v2/orders/{orders[0]}/shipments"
    yard.store.fault("status", status=400, method="POST", route=refused, body=[{"status": 400, "message": "no"}])
    for _ in range(3):
        yard.sync(max_shipments_per_run=1)
    assert [len(yard.shipments(order)) for order in orders] == [0, 1, 1]
    yard.store.clear_faults()
    yard.sync(max_shipments_per_run=1)
    all_there(yard, orders)


def test_problems_end_a_run_red_where_a_setting_says_so(yard: Yard) -> None:
    orders = filled(yard, 1)
    yard.ship("BAD", orders[0], ("SKU-1", 9))
    yard.sync(problems_fail_run=True)
    assert last_run(yard)["state"] == "failed"
    yard.sync()
    assert last_run(yard)["state"] == "success"


def test_a_shipment_to_two_addresses_that_a_run_cuts_in_two_is_finished_by_the_next(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1, "address": 2}])
    yard.get()
    yard.ship("S-1", order, "A", "B")
    yard.sync(max_shipments_per_run=1)
    yard.sync(max_shipments_per_run=1)
    assert len({each["order_address_id"] for each in yard.shipments(order)}) == 2
    assert (yard.emails(), yard.status(order), yard.sync()) == (2, 2, Counts())


def test_half_of_a_shipment_that_the_store_refuses_is_told_and_tried_again(yard: Yard) -> None:
    order = yard.order(lines=[{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1, "address": 2}])
    yard.get()
    yard.ship("S-1", order, "A", "B")
    yard.store.fault("status", status=400, method="POST", route=ROUTE, nth=2, times=1)
    yard.sync()
    assert yard.problems() == {("S-1", "refused_by_store")}
    assert [state for _, state, _ in yard.states()] == ["done", "refused"]
    assert len(yard.database.rows("select * from mart.unsent_shipments")) == 1
    yard.sync()
    assert (yard.emails(), yard.status(order), yard.problems()) == (2, 2, set())
    assert [state for _, state, _ in yard.states()] == ["done", "done"]


@pytest.mark.parametrize(("fields", "said"), [
    ({"carrier": "Brieftaube"}, "Brieftaube"), ({"tracking_number": "9" * 51}, "51"),
    ({"tracking_link": "nowhere"}, "nowhere"),
])  # fmt: skip
def test_a_problem_says_what_is_wrong_and_what_mends_it(yard: Yard, fields: dict[str, str], said: str) -> None:
    order = yard.order()
    yard.get()
    yard.ship("S-1", order, "SKU-1", **fields)
    yard.sync()
    message = yard.database.value("select message from mart.shipments where shipment_key = 'S-1'")
    assert said in message
    assert "S-1" in message


@pytest.mark.parametrize("token", ["nobody", "sandbox-token-no-orders"])
def test_without_access_the_run_stops_and_keeps_what_waits(yard: Yard, token: str) -> None:
    orders = filled(yard, 2)
    with pytest.raises(AccessLost):
        yard.sync(token=token)
    assert (yard.emails(), last_run(yard)["state"]) == (0, "failed")
    assert yard.sync() == Counts(read=2, created=2)
    all_there(yard, orders)


@pytest.mark.parametrize("status", [401, 403])
def test_access_lost_between_two_calls_stops_the_run_and_keeps_the_rest(yard: Yard, status: int) -> None:
    orders = filled(yard, 4)
    yard.store.fault("status", status=status, method="POST", route=ROUTE, nth=3, times=9)
    with pytest.raises(AccessLost):
        yard.sync()
    assert yard.requests()[SHIP] == 3
    yard.store.clear_faults()
    assert yard.sync() == Counts(read=2, created=2)
    all_there(yard, orders)


def test_a_scope_that_may_only_read_orders_stops_at_the_first_call(yard: Yard) -> None:
    orders = filled(yard, 2)
    yard.store.add_token("reader", ["store_v2_orders_read_only", "store_v2_information_read_only"])
    with pytest.raises(AccessLost):
        yard.sync(token="reader")
    assert yard.emails() == 0
    assert yard.sync() == Counts(read=2, created=2)
    all_there(yard, orders)


def test_answers_429_cost_time_alone(yard: Yard) -> None:
    orders = filled(yard, 6)
    wait = {"X-Rate-Limit-Time-Reset-Ms": "50", "X-Rate-Limit-Requests-Left": "0"}
    yard.store.fault("status", status=429, headers=wait, every=3, times=4)
    assert yard.sync() == Counts(read=6, created=6)
    all_there(yard, orders)


@pytest.mark.parametrize(
    ("fault", "route", "method"),
    [
        ({"kind": "status", "status": 503}, ORDERS_ROUTE, "GET"),
        ({"kind": "reset"}, ORDERS_ROUTE, "GET"),
        ({"kind": "garbage"}, ORDERS_ROUTE, "GET"),
        ({"kind": "truncate"}, ORDERS_ROUTE, "GET"),
        ({"kind": "redirect"}, ORDERS_ROUTE, "GET"),
        ({"kind": "status", "status": 429, "headers": {"X-Rate-Limit-Time-Reset-Ms": "60000"}}, ROUTE, "POST"),
        ({"kind": "status", "status": 503}, ROUTE, "POST"),
    ],
)
def test_a_store_that_is_down_ends_the_run_and_the_next_one_sends_all(
    yard: Yard, fault: dict[str, Any], route: str, method: str
) -> None:
    orders = filled(yard, 2)
    yard.store.fault(**fault, route=route, method=method)
    with pytest.raises(StoreError):
        yard.sync(**HASTY)
    yard.store.clear_faults()
    assert yard.emails() == 0
    assert yard.sync(**HASTY).created == 2
    all_there(yard, orders)


@pytest.mark.parametrize("fault", ["status", "reset", "garbage", "truncate"])
def test_a_store_that_fails_after_the_sending_is_asked_again(yard: Yard, fault: str) -> None:
    orders = filled(yard, 2)
    what = {"status": 503} if fault == "status" else {}
    yard.store.fault(fault, method="GET", route=ORDERS_ROUTE, nth=2, times=4, **what)
    run = {"run_id": "one", **HASTY}
    with pytest.raises((NotNow, Unknown)):
        yard.sync(**run)
    yard.store.clear_faults()
    yard.sync(**run)
    all_there(yard, orders)


def test_two_runs_at_once_send_each_once(yard: Yard) -> None:
    orders = filled(yard, 12)
    yard.store.configure(latency_ms=30)
    with meanwhile(lambda: yard.sync(run_id="other")):
        yard.sync(run_id="one")
    yard.store.configure(latency_ms=0)
    all_there(yard, orders)


def test_two_runs_of_two_channels_of_one_store_do_not_send_each_others(yard: Yard) -> None:
    one, other = yard.order(channel_id=1), yard.order(channel_id=2)
    yard.get(store_channel_id=1)
    yard.get(channel="other", store_channel_id=2)
    yard.ship("S-1", one, "SKU-1")
    yard.ship("S-1", other, "SKU-1", channel="other")
    with meanwhile(lambda: yard.sync(channel="other", store_channel_id=2)):
        yard.sync(store_channel_id=1)
    assert (len(yard.shipments(one)), len(yard.shipments(other)), yard.emails()) == (1, 1, 2)


@pytest.mark.parametrize("moment", list(Moment))
def test_a_worker_that_stood_still_sends_nothing_twice(yard: Yard, moment: Moment, tmp_path: Path) -> None:
    orders = filled(yard, 4)

    def ship_more() -> None:
        for order in orders:
            yard.ship(f"NEXT-{order}", order, "SKU-1", tracking_number="NEXT")

    taken_over = stall(
        yard.store,
        yard.database,
        moment,
        Calls("POST", 2, ROUTE),
        stalled=lambda: yard.sync(run_id="stalled", writing=LEASE, patience=SHORT),
        meanwhile=ship_more,
        successor=lambda: yard.sync(run_id="successor", writing=LEASE, patience=SHORT),
        log=tmp_path / "log",
    )
    assert taken_over.wrong() == []
    yard.sync()
    assert yard.emails() == 8
    assert [len(yard.shipments(order)) for order in orders] == [2] * 4
    assert {state for _, state, _ in yard.states()} <= {"done", "adopted"}


def killed(yard: Yard, tmp_path: Path, **when: Any) -> list[int]:
    """Orders of a run whose worker was killed, and that another has finished."""
    yard.store.configure(shipments_move_status="never")
    orders = filled(yard, 3)
    yard.store.fault("kill", **when)
    child = in_a_child(lambda: yard.sync(run_id="one", **HASTY), tmp_path / "log")
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    yard.store.clear_faults()
    yard.sync(run_id="one", **HASTY)
    return orders


@pytest.mark.parametrize("nth", range(1, 13))
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_killed_at_any_request_makes_each_shipment_once(
    yard: Yard, nth: int, side: str, tmp_path: Path
) -> None:
    orders = killed(yard, tmp_path, any_request_nth=nth, side=side)
    assert [len(yard.shipments(order)) for order in orders] == [1] * 3
    assert (yard.emails(), yard.problems()) == (3, set())
    assert {state for _, state, _ in yard.states()} <= {"done", "adopted"}
    yard.requests()
    assert yard.sync() == Counts()
    assert yard.requests() == {}


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_worker_killed_after_its_call_took_effect_leaves_no_status_behind(
    yard: Yard, nth: int, tmp_path: Path
) -> None:
    orders = killed(yard, tmp_path, method="POST", route=ROUTE, nth=nth, side="after")
    assert [yard.status(order) for order in orders] == [3] * 3


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_killed_after_it_set_the_statuses_leaves_the_warehouse_as_an_undisturbed_one(
    yard: Yard, side: str, tmp_path: Path
) -> None:
    orders = killed(yard, tmp_path, any_request_nth=12, side=side)
    assert [yard.status(order) for order in orders] == [3] * 3
    assert [yard.known_status(order) for order in orders] == [3] * 3


def test_a_dry_run_writes_nothing_to_store_or_core(yard: Yard) -> None:
    order = yard.order(9)
    yard.get()
    yard.ship("DONE", order, "SKU-1", tracking_number="N")
    yard.ship("OFF", order, "SKU-1")
    yard.sync()
    yard.set("DONE", tracking_number="CHANGED")
    yard.set("OFF", cancelled_at=datetime(2026, 11, 1, tzinfo=UTC))
    yard.ship("NEW", order, "SKU-1")
    yard.ship("BAD", order, ("SKU-1", 99))
    line = yard.lines(order)[0]
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 1}])
    tables = [
        row["name"]
        for row in yard.database.rows(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('core', 'raw')"
        )
    ]

    def core() -> dict[str, Any]:
        return {name: yard.database.rows(f"select * from {name} as t order by t::text") for name in tables}

    before, effects, problems = core(), yard.store.effects(), yard.problems()
    counts = yard.sync(params={"dry_run": True}, delete_cancelled=True)
    assert counts == Counts(read=4, created=1, updated=2, skipped=1)
    assert (core(), yard.store.effects(), yard.problems()) == (before, effects, problems)
    planned = yard.database.rows("select entity_key, action from ops.push where state = 'dry_run' order by 1")
    assert [tuple(row.values()) for row in planned] == [("DONE", "update"), ("NEW", "create"), ("OFF", "delete")]
    assert yard.sync(delete_cancelled=True) == Counts(read=4, created=1, updated=2, skipped=1)


def test_a_dry_run_in_doubt_finds_nothing_out(yard: Yard) -> None:
    order = filled(yard, 1)[0]
    yard.store.fault("reset", side="after", method="POST", route=ROUTE)
    yard.store.fault("status", status=502, method="GET", route=ROUTE)
    with pytest.raises((NotNow, Unknown)):
        yard.sync(**HASTY)
    yard.store.clear_faults()
    pushes = yard.pushes("S-0")
    yard.sync(params={"dry_run": True})
    assert yard.pushes("S-0") == pushes
    yard.sync()
    all_there(yard, [order])


def test_a_dry_run_adopts_what_a_run_would_adopt(yard: Yard) -> None:
    order = yard.order(2)
    yard.get()
    line = yard.lines(order)[0]
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 1}], tracking_number="T")
    yard.ship("S-1", order, "SKU-1", tracking_number="T")
    yard.sync(params={"dry_run": True})
    planned = yard.pushes("S-1")
    yard.sync()
    assert planned == [("adopt", "dry_run")]


def test_a_dry_run_never_asks_more_than_reading(yard: Yard) -> None:
    filled(yard, 3)
    yard.sync(params={"dry_run": True})
    assert {route.split()[0] for route in yard.requests()} == {"GET"}


@pytest.mark.parametrize("given", ["text", "numbers", "both"])
def test_a_run_narrowed_to_orders_leaves_all_others_alone(yard: Yard, given: str) -> None:
    orders = filled(yard, 4)
    yard.ship("BAD", orders[3], ("SKU-1", 9))
    yard.sync(params={"order_ids": [orders[3]]}, max_shipments_per_run=1)
    chosen: list[Any] = {"text": [str(orders[0])], "numbers": [orders[0]], "both": [orders[0], str(orders[0])]}[given]
    assert yard.sync(params={"order_ids": chosen}) == Counts(read=1, created=1)
    assert [len(yard.shipments(order)) for order in orders] == [1, 0, 0, 1]
    assert yard.problems() == {("BAD", "over_shipment")}


def test_a_run_narrowed_to_an_order_without_shipments_does_nothing(yard: Yard) -> None:
    filled(yard, 1)
    assert yard.sync(params={"order_ids": [str(yard.order())]}) == Counts()
    assert yard.emails() == 0


def test_what_changed_since_the_last_pull_is_listed_not_read_one_by_one(yard: Yard) -> None:
    orders = filled(yard, 12)
    for order in orders:
        yard.store.patch_order(order, staff_notes="seen")
    yard.sync()
    asked = yard.requests()
    assert asked.pop(SHIP) == 12
    assert not [route for route in asked if "{order_id}" in route]
    assert asked[LIST] <= 4


def test_a_problem_that_stays_costs_lists_alone(yard: Yard) -> None:
    orders = filled(yard, 1)
    yard.ship("BAD", orders[0], ("SKU-1", 9))
    yard.sync()
    yard.requests()
    yard.sync()
    asked = yard.requests()
    assert {route.split()[0] for route in asked} <= {"GET"}
    assert sum(asked.values()) <= 5


def test_the_watermark_of_get_orders_stays(yard: Yard) -> None:
    filled(yard, 2)
    before = yard.database.rows("select * from ops.watermark")
    yard.sync()
    assert yard.database.rows("select * from ops.watermark") == before
    new = yard.order()
    yard.get()
    assert yard.database.value("select count(*) from mart.orders where order_id = %s", new) == 1


def test_states_of_all_kinds_stand_in_the_mart(yard: Yard) -> None:
    order = yard.order(9)
    line = yard.lines(order)[0]
    yard.get()
    yard.store.ship_order(order, items=[{"order_product_id": line, "quantity": 1}], tracking_number="HAND")
    yard.ship("BAD", order, ("SKU-1", 99))
    yard.ship("DONE", order, "SKU-1", tracking_number="D", carrier="UPS")
    yard.ship("OFF", order, "SKU-1", cancelled_at=datetime(2026, 11, 1, tzinfo=UTC))
    yard.ship("TAKEN", order, "SKU-1", tracking_number="HAND")
    yard.sync()
    yard.ship("WAITS", order, "SKU-1", tracking_number="W", carrier="UPS")
    assert yard.states() == [
        ("BAD", "refused", "over_shipment"),
        ("DONE", "done", None),
        ("OFF", "cancelled", None),
        ("TAKEN", "adopted", None),
        ("WAITS", "pending", None),
    ]
    rows = yard.database.rows(
        "select * from mart.shipments where shipment_key in ('DONE', 'WAITS') order by shipment_key"
    )
    done, waits = rows
    assert (done["order_id"], done["tracking_number"], done["carrier"]) == (order, "D", "UPS")
    assert done["store_shipment_id"] in {each["id"] for each in yard.shipments(order)}
    assert done["pushed_at"] is not None
    assert (waits["store_shipment_id"], waits["tracking_number"], waits["pushed_at"]) == (None, "W", None)


@pytest.mark.parametrize(
    ("ago", "age"),
    [
        (timedelta(minutes=5), "under 1 hour"),
        (timedelta(hours=2), "1 to 24 hours"),
        (timedelta(days=2), "1 to 3 days"),
        (timedelta(days=30), "over 3 days"),
        (timedelta(days=-2), "under 1 hour"),
    ],
)
def test_unsent_shipments_are_told_by_age(yard: Yard, ago: timedelta, age: str) -> None:
    yard.ship("S-1", 1, "SKU-1", shipped_at=datetime.now(UTC) - ago)
    (row,) = yard.database.rows("select * from mart.unsent_shipments")
    assert (row["shipment_key"], row["state"], row["age"]) == ("S-1", "pending", age)
    assert float(row["age_hours"]) == pytest.approx(ago.total_seconds() / 3600, abs=0.1)


def placed(yard: Yard, hours: float, *quantities: int, **fields: Any) -> int:
    return yard.order(*quantities, date_created=format_datetime(datetime.now(UTC) - timedelta(hours=hours)), **fields)


def test_orders_shipped_late_and_open_too_long_are_told(yard: Yard) -> None:
    late, early, open_too_long = placed(yard, 72), placed(yard, 10), placed(yard, 72)
    part, cancelled = placed(yard, 72, 2), placed(yard, 72, status_id=5)
    download = placed(yard, 72, lines=[{"sku": "F", "consignment": "download"}])
    yard.get()
    for order in (late, early, part):
        yard.ship(f"S-{order}", order, "SKU-1")
    yard.sync()
    rows = {row["order_id"]: row for row in yard.database.rows("select * from mart.orders_shipped_late")}
    assert set(rows) == {late, open_too_long, part}, (early, cancelled, download)
    assert rows[late]["shipped_at"] is not None
    assert (rows[part]["shipped_at"], rows[part]["items_open"]) == (None, 1)
    assert float(rows[late]["hours"]) == pytest.approx(72, abs=0.2)
    assert float(rows[late]["hours_late"]) == pytest.approx(24, abs=0.2)
    yard.ship("BAD", late, "NOBODY")
    yard.sync(late_after_hours=100)
    assert yard.database.rows("select * from mart.orders_shipped_late") == []


def test_an_order_whose_open_rest_was_refunded_is_not_late_for_ever(yard: Yard) -> None:
    order = placed(yard, 24, 1, 1)
    _, second = yard.lines(order)
    yard.get()
    yard.store.refund_order(order, items=[{"item_type": "PRODUCT", "item_id": second, "quantity": 1}])
    yard.ship("S-1", order, "SKU-1")
    yard.sync()
    assert yard.status(order) == 2
    yard.database.run("update core.sales_order set created_at = created_at - interval '30 days'")
    (row,) = yard.database.rows("select * from mart.orders_shipped_late")
    assert row["shipped_at"] is not None


def test_another_store_than_the_orders_came_from_gets_nothing(yard: Yard) -> None:
    filled(yard, 1)
    yard.database.run("update ops.run set store_hash = 'elsewhere'")
    with pytest.raises(RunStopped):
        yard.sync()
    assert yard.emails() == 0


def test_a_shipment_edited_while_the_run_sends_is_not_sent_as_it_was(yard: Yard) -> None:
    orders = filled(yard, 6)
    with while_held(yard.store, lambda: yard.set("S-5", tracking_number="LATER"), method="POST", route=ROUTE):
        yard.sync(patience=PATIENT)
    assert yard.shipments(orders[5]) == []
    yard.sync()
    assert yard.numbers(orders[5]) == ["LATER"]
    all_there(yard, orders)


def test_a_shipment_cancelled_while_the_run_sends_is_not_sent(yard: Yard) -> None:
    orders = filled(yard, 6)
    cancelled_at = datetime(2026, 11, 1, tzinfo=UTC)
    with while_held(yard.store, lambda: yard.set("S-5", cancelled_at=cancelled_at), method="POST", route=ROUTE):
        yard.sync(patience=PATIENT)
    assert yard.shipments(orders[5]) == []
    yard.sync()
    assert (yard.shipments(orders[5]), yard.emails(), yard.problems()) == ([], 5, set())


def test_a_load_that_was_done_is_not_done_again(yard: Yard) -> None:
    orders = filled(yard, 2)
    counts = yard.sync(run_id="one")
    yard.ship("LATER", orders[0], "SKU-1")
    yard.requests()
    assert yard.sync(run_id="one", tasks=["load"]) == counts
    assert yard.requests() == {}
    assert yard.sync() == Counts(read=1, created=1)


@pytest.mark.parametrize("nth", [2, 3])
def test_a_run_that_was_continued_counts_what_both_attempts_did(yard: Yard, nth: int, tmp_path: Path) -> None:
    killed(yard, tmp_path, method="POST", route=ROUTE, nth=nth, side="before")
    run = last_run(yard)
    assert (run["state"], run["read"], run["created"], run["failed"]) == ("success", 3, 3, 0)


def test_a_store_that_refuses_all_is_not_asked_for_each(yard: Yard) -> None:
    orders = [yard.order() for _ in range(103)]
    yard.get()
    for order in orders:
        yard.ship(f"S-{order}", order, "SKU-1")
    yard.store.fault("status", status=400, method="POST", route=ROUTE, body=[{"status": 400, "message": "no"}])
    yard.requests()
    assert yard.sync() == Counts(read=103, failed=100, unchanged=3)
    assert yard.requests()[SHIP] == 100
    assert last_run(yard)["state"] == "failed"
    yard.store.clear_faults()
    assert yard.sync() == Counts(read=103, created=103)
    assert (yard.problems(), yard.emails()) == (set(), 103)


@pytest.mark.parametrize("offset", [-7200, 7200])
def test_a_store_whose_clock_is_wrong_is_followed_by_its_own(yard: Yard, offset: int) -> None:
    yard.store.configure(clock_offset_seconds=offset)
    orders = filled(yard, 2)
    yard.store.fault("reset", side="after", method="POST", route=ROUTE, times=1)
    assert yard.sync(**HASTY) == Counts(read=2, created=2)
    all_there(yard, orders)
    yard.store.configure(clock_offset_seconds=0)


def test_a_master_sku_that_is_not_the_store_sku_finds_its_line(yard: Yard) -> None:
    product = yard.store.products()[0]
    variant = product["variants"][0]
    order = yard.order(lines=[{"sku": variant["sku"], "variant_id": variant["id"], "quantity": 1}])
    yard.get()
    yard.database.run("insert into core.listing (channel, listing_key, title) values ('shop', 'L', 'L')")
    yard.database.run(
        "insert into core.listing_variant (channel, listing_key, master_sku, sku, variant_id)"
        " values ('shop', 'L', 'Master-1', %s, %s)",
        variant["sku"],
        variant["id"],
    )
    yard.ship("S-1", order, "MASTER-1")
    assert yard.sync() == Counts(read=1, created=1)


@pytest.mark.parametrize("status", ["Cancelled", "Declined", "Refunded", "Incomplete", "Partially Shipped"])
def test_what_is_no_end_of_a_shipped_order_is_no_final_status(status: str) -> None:
    with pytest.raises(ValueError, match="shipped_status"):
        Channel.model_validate({"channel": "shop", "sync_orders": {"shipped_status": status}})


@pytest.mark.parametrize("order_ids", ["S-1", ["abc"], [-1], [0], [1.5], {"a": 1}, [None], [2**63]])
def test_order_ids_of_another_shape_stop_the_run(yard: Yard, order_ids: Any) -> None:
    filled(yard, 1)
    with pytest.raises(SettingsError, match="order_ids"):
        yard.sync(params={"order_ids": order_ids})
    assert yard.emails() == 0
