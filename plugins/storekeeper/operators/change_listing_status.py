"""The one task of Change Listing Status."""

from __future__ import annotations

from typing import Any

from storekeeper.operations import change_listing_status
from storekeeper.operations.step import Step
from storekeeper.operators.step import ConcludingOperator


class ChangeListingStatusOperator(ConcludingOperator):
    """Pause, unpause, or queue an action for the listings that a person names, all of them or none.

    Writes only the warehouse, in one transaction; a second attempt changes nothing more. XCom: counts.
    """

    operation = "change_listing_status"

    def work(self, step: Step) -> dict[str, Any]:
        """Change."""
        return change_listing_status.STEPS["change"](step)
