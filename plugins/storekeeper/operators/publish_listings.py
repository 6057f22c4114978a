"""The three tasks of Publish Listings."""

from __future__ import annotations

from typing import Any

from storekeeper.operations import publish_listings
from storekeeper.operations.step import Step
from storekeeper.operators.step import ConcludingOperator, StepOperator


class ExtractDraftsOperator(StepOperator):
    """Pin the queued listings as they are now.

    Reads the warehouse; writes only this run's staging; calls nothing. XCom: how many listings there are.
    """

    operation = "publish_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Pin."""
        return publish_listings.STEPS["extract"](step)


class TransformDraftsOperator(StepOperator):
    """Make products of the pinned listings, 500 at a time, and problems of what the store would refuse.

    Reads and writes only this run's staging; a second attempt begins anew. XCom: products and problems made.
    """

    operation = "publish_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Prepare."""
        return publish_listings.STEPS["transform"](step)


class LoadProductsOperator(ConcludingOperator):
    """Send the products to the store, under the claim on it, then say what was done.

    First it finds out what became of calls whose answer nobody has recorded; no product is made twice. XCom: counts.
    """

    operation = "publish_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Send."""
        return publish_listings.STEPS["load"](step)
