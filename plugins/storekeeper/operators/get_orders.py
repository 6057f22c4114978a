"""The three tasks of Get Orders."""

from __future__ import annotations

from typing import Any

from storekeeper.operations import get_orders
from storekeeper.operations.step import Step
from storekeeper.operators.step import ConcludingOperator, StepOperator


class ExtractOrdersOperator(StepOperator):
    """Pull what changed, a page a commit; a second attempt goes on after the last page of the first.

    Reads the store; writes only this run's staging. XCom: orders and refunds staged, how many orders are new.
    """

    operation = "get_orders"

    def work(self, step: Step) -> dict[str, Any]:
        """Stage the orders of the run's windows, or those that it names."""
        return get_orders.STEPS["extract"](step)


class TransformOrdersOperator(StepOperator):
    """Make typed rows of what is new, 250 orders at a time, and set shoppers' data apart.

    Reads and writes only this run's staging; a second attempt begins anew. XCom: rows and problems made.
    """

    operation = "get_orders"

    def work(self, step: Step) -> dict[str, Any]:
        """Transform what is new."""
        return get_orders.STEPS["transform"](step)


class LoadOrdersOperator(ConcludingOperator):
    """Judge each order and merge in one transaction, then say what was done.

    Writes `core`, `raw` and `ops`, all of it or nothing; after that a second attempt changes nothing. XCom: counts.
    """

    operation = "get_orders"

    def work(self, step: Step) -> dict[str, Any]:
        """Load."""
        return get_orders.STEPS["load"](step)
