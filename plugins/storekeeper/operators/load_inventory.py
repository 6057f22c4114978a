"""The two tasks of Load Inventory."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias, BaseOperator

from storekeeper.hooks.warehouse import open_warehouse
from storekeeper.operations import load_inventory
from storekeeper.operators.feed_file import open_feed_file, shown_path
from storekeeper.operators.step import report
from storekeeper.settings import LoadInventory

if TYPE_CHECKING:
    from airflow.sdk import Context

    from storekeeper.operations.load_inventory import InventoryFeed


class InventoryFeedOperator(BaseOperator):
    """Calls one step of the feed: opens the run, hands over its parameters, records cost and failure.

    :param feed: its settings, as its file has them.
    """

    def __init__(self, *, feed: LoadInventory, **kwargs: Any) -> None:
        # the class says what its task does, on the task's page too
        super().__init__(**{"doc_md": inspect.getdoc(type(self)), **kwargs})
        self.feed = feed

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the step; an error is kept in the run ledger and leaves as it came: its type decides on retries."""
        with open_warehouse() as warehouse:
            with load_inventory.attempt(
                self.task_id,
                warehouse,
                self.feed,
                run_id=context["run_id"],
                params=dict(context["params"]),
                open_file=open_feed_file,
                shown_path=shown_path,
            ) as feed:
                done = load_inventory.STEPS[self.task_id](feed)
            self.conclude(feed, done, context)
            return done

    def conclude(self, feed: InventoryFeed, done: dict[str, Any], context: Context) -> None:
        """What is left to do once the step's work and cost are recorded."""


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

    def conclude(self, feed: InventoryFeed, done: dict[str, Any], context: Context) -> None:
        """Announce, and say what was done; end red where problems were left and the feed wants that shown."""
        if not feed.run.dry_run and done["created"] + done["updated"]:
            context["outlet_events"][self._alias].add(self.announces, extra={"run_id": feed.run.run_id, **done})
        report(feed.run, self.log)
