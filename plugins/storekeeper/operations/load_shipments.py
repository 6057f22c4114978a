"""Load Shipments: shipments and their lines come into the warehouse from a file, each shipment whole or not at all.

What is to be sent of them, and whether the store's orders allow it, Sync Orders finds out: a shipment that a file
leaves as it is keeps its version, and is not looked at again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from storekeeper.operations import feed as feeds
from storekeeper.operations.feed import MOST_SHOWN, ChannelFeed, Standing, attempt_channel_feed
from storekeeper.operations.feed_file import Line, Table, Wanted
from storekeeper.outcomes import Counts, FeedRefused
from storekeeper.settings import LoadShipments
from storekeeper.transforms.load_shipments import (
    COLUMNS,
    ENTITY,
    OF_LINE,
    PROBLEM_COLUMNS,
    REQUIRED,
    ROW_COLUMNS,
    read_rows,
)
from storekeeper.warehouse.database import Session

log = logging.getLogger(__name__)

OPERATION = "load_shipments"

STEPS = feeds.STEPS


class ShipmentsFeed(ChannelFeed[LoadShipments]):
    """Shipments with their lines, a row a line."""

    operation = OPERATION
    bad = "bad, or of a shipment that has a bad one"
    counted = "shipments"

    def wanted(self) -> Wanted:
        """Which columns the file may have."""
        return Wanted(COLUMNS, REQUIRED, self.settings.ignored_columns)

    def begin(self, session: Session, table: Table, name: str) -> None:
        """Make the run's staging, empty, and keep which columns the file has.

        :raises FeedRefused: none of them says which lines of an order were shipped.
        """
        if not set(OF_LINE) & set(table.columns):
            raise FeedRefused(
                f"{name}: has neither the column {' nor '.join(map(repr, OF_LINE))}: one of them must say which line of"
                " the order a row is; nothing was loaded"
            )
        session.run("load_shipments/create_staging", run_no=self.run.run_no)
        session.run("load_shipments/empty_staging", run_no=self.run.run_no)
        session.copy_staged("shipment_column", self.run.run_no, ("name",), [(column,) for column in table.columns])

    def stage(self, session: Session, table: Table, lines: Sequence[Line]) -> int:
        """Stage a chunk; what cannot be taken of it is a problem."""
        found = read_rows(lines, session.clock)
        session.copy_staged("shipment_row", self.run.run_no, ROW_COLUMNS, found.rows)
        session.copy_staged("feed_problem", self.run.run_no, PROBLEM_COLUMNS, found.problems)
        return len(found.problems)

    def count(self, session: Session) -> int:
        """How many different shipments the staged lines name."""
        shipments: int = session.row("load_shipments/count_shipments", run_no=self.run.run_no)["shipments"]
        return shipments

    def judge(self, session: Session) -> Standing:
        """Each shipment without any problem gets a verdict."""
        values = self._values(session)
        for name in (
            "load_shipments/prepare_load",
            "load_shipments/find_disagreements",
            "feed/report_disagreements",
            "load_shipments/report_missing_orders",
            "load_shipments/date_rows",
            "load_shipments/judge_lines",
            "load_shipments/judge_shipments",
        ):
            session.run(name, **values)
        return Standing(**session.row("load_shipments/count_lines", run_no=self.run.run_no))

    def merge(self, session: Session) -> tuple[Counts, list[str]]:
        """Shipments, their lines, problems, counts."""
        values = self._values(session)
        for name in ("load_shipments/merge_shipments", "load_shipments/merge_lines"):
            session.run(name, **values)
        feeds.open_problems(self, session)
        session.run("load_shipments/close_problems", **values)
        counts = Counts(**session.row("load_shipments/count_outcome", run_no=self.run.run_no))
        if self.run.dry_run:
            for row in session.rows("load_shipments/list_changes", run_no=self.run.run_no, most=MOST_SHOWN):
                log.info("%s: %s", row["shipment_key"], row["what"])
        return counts, []

    def _values(self, session: Session) -> dict[str, Any]:
        run_no = self.run.run_no
        return {
            "run_no": run_no,
            "channel": self.run.channel,
            "entity": ENTITY,
            "columns": [row["name"] for row in session.rows("load_shipments/read_columns", run_no=run_no)],
        }

    def drop(self, session: Session) -> None:
        """Drop the run's staging."""
        session.run("load_shipments/drop_staging", run_no=self.run.run_no)


attempt = partial(attempt_channel_feed, ShipmentsFeed)
"""One attempt of one task; see :func:`storekeeper.operations.feed.attempt_channel_feed`."""
