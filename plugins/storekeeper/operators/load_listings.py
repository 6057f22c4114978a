"""The two tasks of Load Listings."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from storekeeper.operations import load_listings
from storekeeper.operations.feed import Feed
from storekeeper.operators.feed import FeedOperator
from storekeeper.operators.step import report
from storekeeper.settings import Channel
from storekeeper.warehouse.database import Warehouse

if TYPE_CHECKING:
    from airflow.sdk import Context


class ListingsFeedOperator(FeedOperator):
    """One step of a channel's listings feed.

    :param channel: the channel, as its file describes it.
    """

    def __init__(self, *, channel: Channel, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channel = channel

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

    def conclude(self, feed: Feed[Any], done: dict[str, Any], context: Context) -> None:
        """Say what was done; end red where problems were left and the channel wants that shown."""
        report(feed.run, self.log)
