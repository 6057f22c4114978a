"""The three tasks of Import Listings."""

from __future__ import annotations

from typing import Any

from storekeeper.operations import import_listings
from storekeeper.operations.step import Step
from storekeeper.operators.step import ConcludingOperator, StepOperator


class ExtractListingsOperator(StepOperator):
    """Pull the store's catalog, a page a commit; a second attempt goes on after the last page of the first.

    Reads the store; writes only this run's staging. XCom: how many products were staged, how many of them are new.
    """

    operation = "import_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Stage the catalog, or the products of the chosen SKUs."""
        return import_listings.STEPS["extract"](step)


class TransformListingsOperator(StepOperator):
    """Make typed rows of what is new, a thousand products at a time, and choose each variant's master SKU.

    Reads and writes only this run's staging; a second attempt begins anew. XCom: rows and problems made.
    """

    operation = "import_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Transform what is new."""
        return import_listings.STEPS["transform"](step)


class LoadListingsOperator(ConcludingOperator):
    """Match, guard and merge in one transaction, then say what was done.

    Writes `core`, `raw` and `ops`, all of it or nothing; after that a second attempt changes nothing. XCom: counts.
    """

    operation = "import_listings"

    def work(self, step: Step) -> dict[str, Any]:
        """Load."""
        return import_listings.STEPS["load"](step)
