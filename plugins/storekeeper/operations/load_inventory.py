"""Load Inventory: a file's stock and prices come into the warehouse, for all channels, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from storekeeper.operations import feed as feeds
from storekeeper.operations.feed import Feed, Standing, attempt_feed
from storekeeper.operations.feed_file import Line, OpenFile, Table, Wanted
from storekeeper.outcomes import Counts, FeedRefused
from storekeeper.settings import LoadInventory, MissingRows
from storekeeper.transforms.load_inventory import COLUMNS, ITEM_COLUMNS, PROBLEM_COLUMNS, read_items
from storekeeper.warehouse.database import Session, Warehouse
from storekeeper.warehouse.runs import EVERY_CHANNEL, Run

OPERATION = "load_inventory"

STEPS = feeds.STEPS

FEWEST_STOCKED = 20
"""Of fewer items in stock a share says nothing: one of two is half of them."""


class InventoryFeed(Feed[LoadInventory]):
    """Stock and prices; each of the file's SKUs is one item."""

    operation = OPERATION

    def wanted(self) -> Wanted:
        """Which columns the file may have."""
        return Wanted(COLUMNS, ("master_sku",), self.settings.ignored_columns)

    def begin(self, session: Session, table: Table, name: str) -> None:
        """Make the run's staging, empty.

        :raises FeedRefused: items that are missing shall be zeroed, and the file says no quantities.
        """
        if self.settings.missing_rows is MissingRows.ZERO and "quantity" not in table.columns:
            raise FeedRefused(f"{name}: has no column 'quantity', which missing_rows: zero needs")
        session.run("load_inventory/create_staging", run_no=self.run.run_no)
        session.run("load_inventory/empty_staging", run_no=self.run.run_no)

    def stage(self, session: Session, table: Table, lines: Sequence[Line]) -> int:
        """Stage a chunk; what cannot be taken of it is a problem."""
        items = read_items(lines, session.clock)
        session.copy_staged("item", self.run.run_no, ITEM_COLUMNS, items.rows)
        session.copy_staged("feed_problem", self.run.run_no, PROBLEM_COLUMNS, items.problems)
        return len(items.problems)

    def count(self, session: Session) -> int:
        """How many different SKUs the staged lines name."""
        skus: int = session.row("load_inventory/count_skus", run_no=self.run.run_no)["skus"]
        return skus

    def judge(self, session: Session) -> Standing:
        """Each SKU of the file gets one row and one verdict, or is a problem."""
        for name in ("load_inventory/prepare_load", "load_inventory/judge_items", "load_inventory/report_duplicates"):
            self._step(session, name)
        return Standing(**session.row("load_inventory/count_lines", run_no=self.run.run_no))

    def merge(self, session: Session) -> tuple[Counts, list[str]]:
        """Items, those that the file does not have, problems, counts.

        :raises RunStopped: too much of the stock would become 0, and nobody has confirmed that.
        """
        zeroed = 0
        if self.settings.missing_rows is MissingRows.ZERO:
            stocked = session.row("load_inventory/count_stocked")["items"]
            zeroed = self._step(session, "load_inventory/zero_missing")
            self._guard_stock(stocked - session.row("load_inventory/count_stocked")["items"], stocked)
        self._step(session, "load_inventory/merge_items")
        feeds.open_problems(self, session)
        self._step(session, "load_inventory/close_problems")
        counts = Counts(**session.row("load_inventory/count_outcome", run_no=self.run.run_no, zeroed=zeroed))
        said = [f"{zeroed:,} of the updated items are not in the file: their quantity becomes 0."] if zeroed else []
        return counts, said

    def drop(self, session: Session) -> None:
        """Drop the run's staging."""
        session.run("load_inventory/drop_staging", run_no=self.run.run_no)

    def _step(self, session: Session, name: str) -> int:
        return session.run(name, run_no=self.run.run_no, channel=self.run.channel)

    def _guard_stock(self, lost: int, stocked: int) -> None:
        """Refuse a file for want of whose rows the stock would be gone, be it the first one ever.

        :raises RunStopped: too large a share of the items in stock would become 0, and nobody has confirmed that.
        """
        most = self.settings.max_shrink_share
        if stocked >= FEWEST_STOCKED and lost > most * stocked:
            feeds.stop_unless_confirmed(
                self,
                f"the file does not have {lost:,} of the {stocked:,} items whose quantity is above 0, and missing_rows:"
                f" zero would set them to 0: max_shrink_share allows {most:.0%}",
            )


@contextmanager
def attempt(
    task: str,
    warehouse: Warehouse,
    configured: LoadInventory,
    *,
    run_id: str,
    params: Mapping[str, Any],
    open_file: OpenFile,
    shown_path: Callable[[str], str] = str,
) -> Iterator[InventoryFeed]:
    """One attempt of one task; see :func:`storekeeper.operations.feed.attempt_feed`."""

    def make(run: Run) -> InventoryFeed:
        return InventoryFeed(run, configured, f"{configured.file}: ", params, open_file)

    with attempt_feed(
        task,
        warehouse,
        make,
        channel=EVERY_CHANNEL,
        operation=OPERATION,
        run_id=run_id,
        params=params,
        shown_path=shown_path,
    ) as feed:
        yield feed
