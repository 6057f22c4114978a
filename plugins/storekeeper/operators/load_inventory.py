"""The two tasks of Load Inventory."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

from storekeeper.operations import load_inventory
from storekeeper.operations.feed import Feed
from storekeeper.operators.feed import FeedOperator
from storekeeper.settings import LoadInventory
from storekeeper.warehouse.database import Warehouse

if TYPE_CHECKING:
    from airflow.sdk import Context


class InventoryFeedOperator(FeedOperator):
    """One step of the inventory feed.

    :param feed: its settings, as its file has them.
    """

    def __init__(self, *, feed: LoadInventory, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.feed = feed

    def attempt(self, warehouse: Warehouse, **of_run: Any) -> AbstractContextManager[Feed[Any]]:
        """An attempt of this task."""
        return load_inventory.attempt(self.task_id, warehouse, self.feed, **of_run)


class ExtractInventoryOperator(InventoryFeedOperator):
    """Read the file as a stream and stage its rows, 10,000 a commit; what cannot be taken becomes a problem.

    Reads the file; writes only this run's staging; a second attempt reads it anew. XCom: rows and problems.
    """


class LoadInventoryOperator(InventoryFeedOperator):
    """Merge in one transaction, say what was done, and announce it where something was written.

    Writes `core.inventory_item` and `ops`, all of it or nothing; after that a second attempt changes nothing.
    XCom: counts.

    :param announces: the asset that the items are.
    """

    def __init__(self, *, announces: Asset, **kwargs: Any) -> None:
        # an outlet's event cannot be held back, an alias's is made by the task; named as an inlet, the asset is known
        # to Airflow before the first
        self._alias = AssetAlias(f"{announces.name}_loaded")
        super().__init__(inlets=[announces], outlets=[self._alias], **kwargs)
        self.announces = announces

    def conclude(self, feed: Feed[Any], done: dict[str, Any], context: Context) -> None:
        """Announce, and say what was done; end red where problems were left and the feed wants that shown."""
        if not feed.run.dry_run and done["created"] + done["updated"]:
            context["outlet_events"][self._alias].add(self.announces, extra={"run_id": feed.run.run_id, **done})
        super().conclude(feed, done, context)
