"""The two tasks of Load Shipments."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from storekeeper.operations import load_shipments
from storekeeper.operations.feed import Feed
from storekeeper.operators.feed import ChannelFeedOperator
from storekeeper.warehouse.database import Warehouse


class ShipmentsFeedOperator(ChannelFeedOperator):
    """One step of a channel's shipments feed."""

    def attempt(self, warehouse: Warehouse, **of_run: Any) -> AbstractContextManager[Feed[Any]]:
        """An attempt of this task."""
        return load_shipments.attempt(self.task_id, warehouse, self.channel, **of_run)


class ExtractShipmentRowsOperator(ShipmentsFeedOperator):
    """Read the file as a stream and stage its rows, 10,000 a commit; what cannot be taken becomes a problem.

    Reads the file; writes only this run's staging; a second attempt reads it anew. XCom: rows and problems.
    """


class LoadShipmentRowsOperator(ShipmentsFeedOperator):
    """Merge in one transaction, a shipment whole or not at all, and say what was done.

    Writes `core.shipment`, `core.shipment_item` and `ops`; after that a second attempt changes nothing. XCom: counts.
    """
