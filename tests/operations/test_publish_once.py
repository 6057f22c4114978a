"""No product twice: whatever answer is lost, whoever stands still, and what notices it if that were not so."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from storekeeper.outcomes import Unknown
from tests.effort import EFFORT
from tests.operations.publish_press import Press
from tests.operations.stalls import SHORT, Calls, moments, stall
from tests.operations.terms import BRIEF, LEASE
from tests.operations.test_publish_listings import CREATE

PRODUCTS = "/v3/catalog/products"
LOST = 6 * EFFORT
"""How many answers are lost, of each kind as many."""


def whole(press: Press, keys: list[str]) -> list[str]:
    """What is wrong with listings that must all be in the store, once."""
    broken = []
    created = press.created()
    if sorted(created) != sorted(set(created)):
        broken.append(f"made twice: {created}")
    missing = set(keys) - set(press.names())
    if missing:
        broken.append(f"missing: {missing}")
    rows = press.database.rows("select * from core.listing where listing_key = any(%s)", keys)
    shown = {each["id"]: each["name"] for each in press.store.products()}
    broken += [f"linked to nothing: {row}" for row in rows if shown.get(row["product_id"]) != row["title"]]
    if press.database.value("select count(*) from ops.push where state in ('pending', 'sending', 'unknown')"):
        broken.append("an intent is open")
    return broken


def drafts(press: Press, prefix: str, count: int) -> list[str]:
    keys = [f"{prefix}-{number:03d}" for number in range(count)]
    for key in keys:
        press.draft(key, {"master_sku": key, "quantity": 2})
    return keys


def test_answers_lost_at_random_make_nothing_twice_and_lose_nothing(press: Press) -> None:
    keys = drafts(press, "LOST", 3 * LOST)
    draw = random.Random(14)
    for number, nth in enumerate(draw.sample(range(1, len(keys) + 1), LOST)):
        kind = ("lost_answer", "reset", "truncate")[number % 3]
        press.store.fault(kind, route=PRODUCTS, method="POST", nth=nth, times=1)
    for _ in range(10):
        try:
            press.publish(patience=BRIEF)
        except Unknown:
            continue
        break
    press.store.clear_faults()
    assert whole(press, keys) == []
    press.requests()
    press.publish()
    press.sync()
    assert press.requests() == {}


def test_workers_that_stood_still_make_nothing_twice(press: Press, tmp_path: Path) -> None:
    for number, (moment, _) in enumerate(moments()):
        keys = drafts(press, f"S{number}", 4)
        taken_over = stall(
            press.store,
            press.database,
            moment,
            Calls("POST", 2, PRODUCTS),
            stalled=lambda number=number: press.publish(run_id=f"stalled-{number}", writing=LEASE, patience=SHORT),
            successor=lambda number=number: press.publish(run_id=f"successor-{number}", writing=LEASE, patience=SHORT),
            log=tmp_path / f"{number}.log",
        )
        assert taken_over.wrong() == [], moment
        assert whole(press, keys) == [], moment


def three_with_one_lost(press: Press) -> dict[str, int]:
    keys = drafts(press, "L", 3)
    press.store.fault("lost_answer", route=PRODUCTS, method="POST", nth=2, times=1)
    press.publish(patience=replace(BRIEF, attempts=1))
    press.store.clear_faults()
    assert whole(press, keys) == []
    return press.requests()


def test_a_lost_answer_costs_a_look_and_no_second_call(press: Press) -> None:
    assert three_with_one_lost(press)[CREATE] == 3


def test_a_blind_look_up_is_noticed(press: Press) -> None:
    nothing = {"data": [], "meta": {"pagination": {"total": 0, "count": 0, "per_page": 50, "current_page": 1}}}
    for route in (PRODUCTS, "/v3/catalog/variants"):
        press.store.fault("status", status=200, body=nothing, method="GET", route=route)
    with pytest.raises(AssertionError):
        assert three_with_one_lost(press)[CREATE] == 3
    press.store.admin("violations", method="DELETE")
