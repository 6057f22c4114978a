"""No shipment twice: whatever answer is lost, whoever stands still, and what notices it if that were not so."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storekeeper.outcomes import Unknown
from tests.operations.shipping_yard import LINES, SHIP, SHIPMENTS, Yard
from tests.operations.stalls import SHORT, Calls, moments, stall
from tests.operations.terms import BRIEF, LEASE
from tests.operations.test_publish_once import LOST

ROUTE = "/v2/orders/{order_id}/shipments"
ONCE = replace(BRIEF, attempts=1)


def orders_with_shipments(yard: Yard, prefix: str, count: int, *, numbered: bool = True) -> dict[str, int]:
    """Orders of two lines each, with two shipments; order ids by shipment key."""
    orders = [yard.order(2, 1) for _ in range((count + 1) // 2)]
    yard.get()
    keys = {}
    for number in range(count):
        key, order = f"{prefix}-{number:03d}", orders[number // 2]
        yard.ship(key, order, *([("SKU-1", 2)] if number % 2 else ["SKU-2"]), tracking_number=key if numbered else None)
        keys[key] = order
    return keys


def whole(yard: Yard, keys: dict[str, int]) -> list[str]:
    """What is wrong with shipments that must all be in the store, once, with an e-mail each."""
    made = Counter(each["id"] for each in yard.store.effects() if each["kind"] == "shipment.created")
    there = [each for order in sorted(set(keys.values())) for each in yard.shipments(order)]
    broken = []
    if len(there) != len(keys):
        broken.append(f"{len(there)} shipments of {len(keys)}")
    if set(made) != {each["id"] for each in there}:
        broken.append("something was made and is not there, or not an order of ours")
    known = yard.database.rows("select shipment_key, store_shipment_id from core.store_shipment")
    if {row["store_shipment_id"]: row["shipment_key"] for row in known} != {
        each["id"]: each["tracking_number"] or row_key(known, each["id"]) for each in there
    }:
        broken.append("the warehouse knows others than the store has")
    if yard.database.value("select count(*) from ops.push where state in ('pending', 'sending', 'unknown')"):
        broken.append("an intent is open")
    if yard.database.value("select count(*) from core.shipment where version <> settled_version"):
        broken.append("something still waits to be sent")
    return broken


def row_key(known: list[dict[str, Any]], store_shipment_id: int) -> str:
    return str(next(row["shipment_key"] for row in known if row["store_shipment_id"] == store_shipment_id))


@pytest.mark.parametrize("numbered", [True, False])
def test_answers_lost_at_random_ship_nothing_twice_and_lose_nothing(yard: Yard, numbered: bool) -> None:
    keys = orders_with_shipments(yard, "LOST", 4 * LOST, numbered=numbered)
    draw = random.Random(15)
    for number, nth in enumerate(draw.sample(range(1, len(keys) + 1), LOST)):
        kind = ("lost_answer", "reset", "truncate")[number % 3]
        yard.store.fault(kind, route=ROUTE, method="POST", nth=nth, times=1)
    for _ in range(10):
        try:
            yard.sync(patience=BRIEF)
        except Unknown:
            continue
        break
    yard.store.clear_faults()
    assert whole(yard, keys) == []
    assert yard.problems() == set()
    assert {yard.status(order) for order in keys.values()} == {2}
    yard.requests()
    yard.sync()
    assert yard.requests() == {}


def test_workers_that_stood_still_ship_nothing_twice(yard: Yard, tmp_path: Path) -> None:
    keys: dict[str, int] = {}
    for number, (moment, _) in enumerate(moments()):
        keys |= orders_with_shipments(yard, f"S{number}", 4)
        taken_over = stall(
            yard.store,
            yard.database,
            moment,
            Calls("POST", 2, ROUTE),
            stalled=lambda number=number: yard.sync(run_id=f"stalled-{number}", writing=LEASE, patience=SHORT),
            successor=lambda number=number: yard.sync(run_id=f"successor-{number}", writing=LEASE, patience=SHORT),
            log=tmp_path / f"{number}.log",
        )
        assert taken_over.wrong() == [], moment
        assert whole(yard, keys) == [], moment


def test_two_workers_at_once_ship_nothing_twice(yard: Yard) -> None:
    keys = orders_with_shipments(yard, "TWO", 20)
    yard.store.configure(latency_ms=20)
    ended: list[BaseException | None] = []

    def work(run_id: str) -> None:
        try:
            yard.sync(run_id=run_id)
        except BaseException as error:
            ended.append(error)
        else:
            ended.append(None)

    workers = [threading.Thread(target=work, args=(run_id,)) for run_id in ("scheduled", "by-hand", "scheduled-again")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert ended == [None, None, None]
    assert whole(yard, keys) == []
    assert yard.emails() == len(keys)


def three_with_one_lost(yard: Yard) -> dict[str, int]:
    keys = orders_with_shipments(yard, "L", 3)
    yard.requests()
    yard.store.fault("lost_answer", route=ROUTE, method="POST", nth=2, times=1)
    yard.sync(patience=ONCE)
    yard.store.clear_faults()
    assert whole(yard, keys) == []
    return yard.requests()


def test_a_lost_answer_costs_a_look_and_no_second_call(yard: Yard) -> None:
    asked = three_with_one_lost(yard)
    assert (asked[SHIP], asked[SHIPMENTS] - 2) == (3, 1)


def test_a_call_that_took_no_effect_costs_two_looks_and_a_second_call(yard: Yard) -> None:
    keys = orders_with_shipments(yard, "R", 1)
    yard.requests()
    yard.store.fault("reset", route=ROUTE, method="POST", nth=1, times=1, side="before")
    yard.sync(patience=ONCE)
    asked = yard.requests()
    assert (asked[SHIP], asked[SHIPMENTS], asked[LINES]) == (2, 1, 1)
    assert whole(yard, keys) == []


def test_a_blind_look_up_is_noticed(yard: Yard) -> None:
    yard.store.fault("status", status=204, method="GET", route=ROUTE)
    with pytest.raises(AssertionError):
        assert three_with_one_lost(yard)[SHIP] == 3
