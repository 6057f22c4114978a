"""Load Listings: drafts of listings come into the warehouse from a file, a channel's own, each listing whole or not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from storekeeper.operations import feed as feeds
from storekeeper.operations.feed import MOST_SHOWN, ChannelFeed, Standing, attempt_channel_feed
from storekeeper.operations.feed_file import Line, Table, Wanted
from storekeeper.outcomes import Counts
from storekeeper.settings import LoadListings, Queue
from storekeeper.transforms.load_listings import (
    COLUMNS,
    PREFIXES,
    PROBLEM_COLUMNS,
    REQUIRED,
    ROW_COLUMNS,
    read_rows,
)
from storekeeper.warehouse.database import Session

log = logging.getLogger(__name__)

OPERATION = "load_listings"

STEPS = feeds.STEPS


class ListingsFeed(ChannelFeed[LoadListings]):
    """Listings with their variants, a row a variant."""

    operation = OPERATION
    bad = "bad, or of a listing that has a bad one"

    def wanted(self) -> Wanted:
        """Which columns the file may have."""
        return Wanted(COLUMNS, REQUIRED, self.settings.ignored_columns, PREFIXES)

    def begin(self, session: Session, table: Table, name: str) -> None:
        """Make the run's staging, empty, and keep which columns the file has."""
        session.run("load_listings/create_staging", run_no=self.run.run_no)
        session.run("load_listings/empty_staging", run_no=self.run.run_no)
        columns = [("", column) for column in table.columns]
        for column in table.prefixed:
            prefix = next(prefix for prefix in PREFIXES if column.startswith(prefix))
            columns.append((prefix, column.removeprefix(prefix)))
        numbered = [(place, *column) for place, column in enumerate(columns)]
        session.copy_staged("draft_column", self.run.run_no, ("place", "prefix", "name"), numbered)

    def stage(self, session: Session, table: Table, lines: Sequence[Line]) -> int:
        """Stage a chunk; what cannot be taken of it is a problem."""
        found = read_rows(lines, session.clock, table.prefixed)
        session.copy_staged("draft_row", self.run.run_no, ROW_COLUMNS, found.rows)
        session.copy_staged("feed_problem", self.run.run_no, PROBLEM_COLUMNS, found.problems)
        return len(found.problems)

    def count(self, session: Session) -> int:
        """How many different SKUs the staged lines name."""
        skus: int = session.row("load_listings/count_skus", run_no=self.run.run_no)["skus"]
        return skus

    def judge(self, session: Session) -> Standing:
        """Each listing without any problem gets a verdict, and so does each of its variants."""
        values = self._values(session)
        for name in (
            "load_listings/prepare_load",
            "load_listings/report_duplicates",
            "load_listings/report_other_listings",
            "load_listings/find_disagreements",
            "feed/report_disagreements",
            "load_listings/judge_listings",
            "load_listings/judge_variants",
        ):
            session.run(name, **values)
        return Standing(**session.row("load_listings/count_lines", run_no=self.run.run_no))

    def merge(self, session: Session) -> tuple[Counts, list[str]]:
        """Listings, variants, what is queued for them, problems, counts."""
        values = self._values(session)
        for name in ("load_listings/merge_listings", "load_listings/merge_variants"):
            session.run(name, **values)
        queued = 0
        if self.settings.queue is not Queue.NONE:
            queued = session.run("load_listings/queue_listings", **values)
        feeds.open_problems(self, session)
        session.run("load_listings/close_problems", **values)
        counts = Counts(**session.row("load_listings/count_outcome", run_no=self.run.run_no))
        if self.run.dry_run:
            for row in session.rows("load_listings/list_changes", most=MOST_SHOWN, **values):
                log.info("%s: %s", row["listing_key"], row["what"])
        return counts, [f"Queued for the next publish: {queued:,} listings."] if queued else []

    def _values(self, session: Session) -> dict[str, Any]:
        run_no = self.run.run_no
        return {
            "run_no": run_no,
            "channel": self.run.channel,
            "entity": "listing",
            "columns": [row["name"] for row in session.rows("load_listings/read_columns", run_no=run_no)],
            "identifier": self.channel.import_listings.master_sku.value,
            "overwrites": self.settings.queue is Queue.PUBLISH_AND_OVERWRITE,
        }

    def drop(self, session: Session) -> None:
        """Drop the run's staging."""
        session.run("load_listings/drop_staging", run_no=self.run.run_no)


attempt = partial(attempt_channel_feed, ListingsFeed)
"""One attempt of one task; see :func:`storekeeper.operations.feed.attempt_channel_feed`."""
