"""The two tasks of Load Listings."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from storekeeper.operations import load_listings
from storekeeper.operations.feed import Feed
from storekeeper.operators.feed import ChannelFeedOperator
from storekeeper.warehouse.database import Warehouse


class ListingsFeedOperator(ChannelFeedOperator):
    """One step of a channel's listings feed."""

    def attempt(self, warehouse: Warehouse, **of_run: Any) -> AbstractContextManager[Feed[Any]]:
        """An attempt of this task."""
        return load_listings.attempt(self.task_id, warehouse, self.channel, **of_run)


class ExtractListingRowsOperator(ListingsFeedOperator):
    """Read the file as a stream and stage its rows, up to 10,000 a commit; what cannot be taken becomes a problem.

    Reads the file; writes only this run's staging; a second attempt reads it anew. XCom: rows and problems.
    """


class LoadListingRowsOperator(ListingsFeedOperator):
    """Merge in one transaction, a listing whole or not at all, and say what was done.

    Writes `core.listing`, `core.listing_variant` and `ops`; after that a second attempt changes nothing. XCom: counts.
    """
