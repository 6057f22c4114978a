"""The three tasks of Sync Orders."""

from __future__ import annotations

from typing import Any

from storekeeper.operations import sync_orders
from storekeeper.operations.step import Step
from storekeeper.operators.step import ConcludingOperator, StepOperator


class ExtractShipmentsOperator(StepOperator):
    """Bring the orders that the warehouse knows up to the store's present, and pull in shipments made by hand.

    Calls nothing where nothing waits. XCom: shipments that wait, calls whose fate is open, orders read.
    """

    operation = "sync_orders"

    def work(self, step: Step) -> dict[str, Any]:
        """Read."""
        return sync_orders.STEPS["extract"](step)


class PlanShipmentsOperator(StepOperator):
    """Plan a call for each shipment and shipping address, and problems of what may not be sent.

    Reads the warehouse; writes only this run's staging; a second attempt begins anew. XCom: how much there is to do.
    """

    operation = "sync_orders"

    def work(self, step: Step) -> dict[str, Any]:
        """Plan."""
        return sync_orders.STEPS["transform"](step)


class SendShipmentsOperator(ConcludingOperator):
    """Send the shipments to the store, under the claim on it, let the orders' statuses follow, then say what was done.

    First it finds out what became of calls whose answer nobody has recorded; no shipment is sent twice. XCom: counts.
    """

    operation = "sync_orders"

    def work(self, step: Step) -> dict[str, Any]:
        """Send."""
        return sync_orders.STEPS["load"](step)
