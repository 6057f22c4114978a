"""The three feeds as tests run them, and what a test has to know of each to state a fact of all of them."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from storekeeper.operations import load_inventory, load_listings, load_shipments
from storekeeper.outcomes import Counts
from storekeeper.settings import Channel, LoadInventory
from tests.databases import Database
from tests.operations.feed_files import Content, opens


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed.

    :param operation: its module.
    :param file: the path that its settings name.
    :param columns: of a record that the suite writes, with their values; its key and its value come beside them.
    :param keys: the columns that hold the record's key.
    :param read: a query for key and value of each record in the warehouse.
    :param write: statements by which somebody else gives a record another value now; bound to key and value.
    :param measured_in: what a file is measured by.
    :param per_channel: whether each channel has one of its own.
    :param equal_date_wins: whether a row as old as what there is replaces it.
    :param shrinks: whether a file may have lost most of its records, unless a setting says otherwise.
    """

    operation: ModuleType
    file: str
    keys: tuple[str, ...]
    read: str
    write: tuple[str, ...]
    measured_in: str = "SKUs"
    columns: dict[str, Any] = field(default_factory=dict)
    per_channel: bool = True
    equal_date_wins: bool = False
    shrinks: bool = False

    @property
    def name(self) -> str:
        return self.operation.__name__.rpartition(".")[2]

    def record(self, key: str, value: Any = 1, **more: Any) -> dict[str, Any]:
        """A record of one row."""
        return {**dict.fromkeys(self.keys, key), **self.columns, "quantity": value, **more}

    def records(self, count: int, prefix: str = "K") -> str:
        """A file of so many records, with values from 1 on."""
        return rows(*(self.record(f"{prefix}-{place}", 1 + place) for place in range(count)))

    def header(self) -> str:
        """A file without rows."""
        return rows(self.record("")).splitlines()[0] + "\n"

    def values(self, database: Database) -> dict[str, int]:
        """What the warehouse has, by key."""
        return {row["key"]: row["value"] for row in database.rows(self.read)}

    def write_now(self, database: Database, key: str, value: int) -> None:
        """What somebody else writes."""
        for statement in self.write:
            database.run(statement, *((value, key) if statement.count("%s") == 2 else (key,)))

    def problems(self, database: Database) -> set[tuple[str, str]]:
        """Open problems by key."""
        found = database.rows("select entity_key, reason from mart.problems where operation = %s and open", self.name)
        return {(row["entity_key"], row["reason"]) for row in found}


INVENTORY = Feed(
    load_inventory,
    "stock.csv",
    ("master_sku",),
    "select master_sku as key, quantity as value from core.inventory_item",
    ("update core.inventory_item set quantity = %s, updated_at = clock_timestamp() where master_sku = %s",),
    per_channel=False,
    equal_date_wins=True,
)
LISTINGS = Feed(
    load_listings,
    "drafts.csv",
    ("listing_key", "master_sku"),
    "select listing_key as key, quantity as value from core.listing_variant",
    (
        "update core.listing_variant set quantity = %s where listing_key = %s",
        "update core.listing set updated_at = clock_timestamp() where listing_key = %s",
    ),
)
SHIPMENTS = Feed(
    load_shipments,
    "shipments.csv",
    ("shipment_key",),
    "select shipment_key as key, quantity as value from core.shipment_item",
    (
        "update core.shipment_item set quantity = %s where shipment_key = %s",
        "update core.shipment set updated_at = clock_timestamp() where shipment_key = %s",
    ),
    measured_in="shipments",
    columns={"order_id": 101, "master_sku": "A"},
    shrinks=True,
)
FEEDS = (INVENTORY, LISTINGS, SHIPMENTS)


class Load:
    """Runs of a feed, both steps as Airflow would run them."""

    def __init__(self, database: Database, feed: Feed) -> None:
        self.database, self.feed = database, feed
        self._numbers = itertools.count(1)

    def __call__(
        self,
        content: Content | Callable[[], Any],
        *,
        channel: str = "shop",
        master_sku: str = "sku",
        run_id: str | None = None,
        tasks: Collection[str] | None = None,
        params: dict[str, Any] | None = None,
        size: int | None = None,
        **settings: Any,
    ) -> Counts:
        """Run it.

        :param content: the file's, or what opens it as a stream.
        :param channel: whose feed it is, of one that each channel has.
        :param master_sku: the channel's.
        :param tasks: only these, of the run with this ``run_id``; without the last one it counts nothing.
        :param params: of this run alone.
        :param size: what the file system says of the file's size.
        :param settings: of the feed.
        """
        operation, path = self.feed.operation, {"path": self.feed.file, **settings}
        configured: Channel | LoadInventory = (
            Channel.model_validate(
                {"channel": channel, "import_listings": {"master_sku": master_sku}, self.feed.name: path}
            )
            if self.feed.per_channel
            else LoadInventory.model_validate(path)
        )
        run_id = run_id or f"run-{next(self._numbers)}"
        warehouse = self.database.warehouse()
        done: dict[str, Any] = {}
        try:
            for task, work in operation.STEPS.items():
                if tasks is not None and task not in tasks:
                    continue
                with operation.attempt(
                    task, warehouse, configured, run_id=run_id, params=params or {}, open_file=opens(content, size)
                ) as opened:
                    done = work(opened)
            return Counts(**done) if tasks is None or "load" in tasks else Counts()
        finally:
            warehouse.close()


def rows(*given: dict[str, Any]) -> str:
    """A CSV file; a column that a row does not name is blank there."""
    columns = list(dict.fromkeys(name for row in given for name in row))
    written = io.StringIO()
    writer = csv.DictWriter(written, columns)
    writer.writeheader()
    writer.writerows(given)
    return written.getvalue()
