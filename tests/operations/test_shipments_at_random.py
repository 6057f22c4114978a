"""Sync Orders through days of anything: shipments written, changed, called off, made by hand, and answers lost."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from storekeeper.outcomes import NotNow, Unknown
from tests.effort import EFFORT
from tests.operations.shipping_yard import Yard
from tests.operations.terms import HASTY
from tests.operations.test_shipments_in_doubt import ROUTE, lose, sync_until_known

DAYS = 2 * EFFORT
"""How many seeds are tried."""


class Days:
    """Orders and shipments to which anything happens; each shipment has a tracking number of its own."""

    def __init__(self, yard: Yard, seed: int) -> None:
        self.yard, self.draw = yard, random.Random(seed)
        self.orders = [yard.order(4, 3) for _ in range(4)]
        self.keys: dict[str, int] = {}
        self.called_off: set[str] = set()
        yard.get()

    def write(self) -> None:
        key, order = f"S-{len(self.keys)}", self.draw.choice(self.orders)
        self.keys[key] = order
        items = self.draw.sample([("SKU-1", self.draw.randint(1, 2)), ("SKU-2", 1)], self.draw.randint(1, 2))
        self.yard.ship(key, order, *items, tracking_number=key)

    def change(self) -> None:
        if self.keys:
            self.yard.set(self.draw.choice(list(self.keys)), carrier=self.draw.choice([None, "ups", "dhl", "nobody"]))

    def call_off(self) -> None:
        if self.keys and self.draw.random() < 0.5:
            key = self.draw.choice(list(self.keys))
            self.called_off.add(key)
            self.yard.set(key, cancelled_at=datetime(2026, 11, 1, tzinfo=UTC))

    def by_hand(self) -> None:
        order = self.draw.choice(self.orders)
        line = self.draw.choice(self.yard.store.get(f"/v2/orders/{order}/products"))
        if line["quantity_shipped"] < line["quantity"]:
            items = [{"order_product_id": line["id"], "quantity": 1}]
            self.yard.store.ship_order(order, items=items, tracking_number=f"HAND-{self.draw.random()}")

    def run(self) -> None:
        for method in self.draw.choice([[], ["POST"], ["POST", "GET"], ["PUT", "DELETE"]]):
            how, side = self.draw.choice(["reset", "502", "lost_answer"]), self.draw.choice(["before", "after"])
            route = ROUTE if method in ("POST", "GET") else f"{ROUTE}/{{shipment_id}}"
            lose(self.yard, how, side, method, route, nth=1, times=self.draw.randint(1, 4))
        with suppress(Unknown, NotNow):
            self.yard.sync(delete_cancelled=True, **HASTY)
        self.yard.store.clear_faults()

    def wrong(self) -> list[Any]:
        """What is not as it must be once all is quiet."""
        yard = self.yard
        made = Counter(
            each["change"].get("tracking_number") for each in yard.store.effects() if each["kind"] == "shipment.created"
        )
        broken: list[Any] = [("made twice", number) for number, times in made.items() if number and times > 1]
        told = {key for key, _ in yard.problems()}
        for key, order in self.keys.items():
            there = key in yard.numbers(order)
            if key in self.called_off and there:
                broken.append(("called off and there", key))
            if key not in self.called_off and not there and key not in told:
                broken.append(("neither there nor told", key))
        broken += [("status", order) for order in self.orders if yard.status(order) != yard.known_status(order)]
        yard.requests()
        yard.sync(delete_cancelled=True)
        broken += [route for route in yard.requests() if not route.startswith("GET")]
        return broken


@pytest.mark.parametrize("seed", range(DAYS))
def test_whatever_happens_each_shipment_is_there_once_or_told_of(yard: Yard, seed: int) -> None:
    days = Days(yard, seed)
    for _ in range(10):
        for step in days.draw.choices([days.write, days.change, days.call_off, days.by_hand], [5, 2, 1, 2], k=3):
            step()
        days.run()
    sync_until_known(yard, delete_cancelled=True)
    assert days.wrong() == []
