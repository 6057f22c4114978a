"""Load Inventory: a file's stock and prices come into the warehouse, for all channels, all of it or nothing.

Two steps, each safe to be killed anywhere and begun again. *Extract* reads the file as a stream and stages its lines,
typed, a chunk a commit; a second attempt begins anew. *Load* decides and merges in one transaction; nothing is decided
before the whole file is in.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from storekeeper.operations.feed_file import OpenFile, Table, Wanted, read_table
from storekeeper.operations.marks import mark, need
from storekeeper.operations.progress import Progress
from storekeeper.operations.step import FIRST_TASK, recorded
from storekeeper.outcomes import FEED_HINTS, Counts, FeedRefused, RunStopped, SettingsError, StagingLost
from storekeeper.settings import LoadInventory, MissingRows
from storekeeper.transforms.load_inventory import COLUMNS, ITEM_COLUMNS, PROBLEM_COLUMNS, read_items
from storekeeper.warehouse.database import Warehouse
from storekeeper.warehouse.runs import EVERY_CHANNEL, Run, succeed

log = logging.getLogger(__name__)

OPERATION = "load_inventory"

ROWS_PER_CHUNK = 10_000
"""How many rows are staged in one commit: more would cost memory, fewer would cost time."""

MOST_SHOWN = 10
"""So many problems of a dry run are shown: it records none."""


@dataclass(frozen=True)
class InventoryFeed:
    """One attempt of one step of a run.

    :param configured: the feed's settings, as its file has them.
    :param params: the run's parameters.
    """

    run: Run
    configured: LoadInventory
    params: Mapping[str, Any]
    open_file: OpenFile

    @cached_property
    def settings(self) -> LoadInventory:
        """The feed's settings as this run wants them.

        :raises SettingsError: a run parameter that nobody knows, or a value that its setting does not allow.
        """
        return self.configured.with_run_parameters(self.params)

    @property
    def confirmed(self) -> bool:
        """Whether a person has let a large change through."""
        return bool(self.params.get("confirm_large_change"))

    @property
    def path(self) -> str:
        """Where the file is.

        :raises SettingsError: nobody says.
        """
        path = (self.settings.path or "").strip()
        if not path:
            raise SettingsError(
                f"{self.configured.file}: path: says no file to load: set it, or give this run the parameter path"
            )
        return path


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
    """One attempt of one task: opens the run, records what it cost, and why it failed where it fails.

    :param params: the run's parameters; those of the form, as a person gave them.
    :param shown_path: a path without what is secret of it, as the ledger keeps it.
    """
    path = params.get("path")
    run = Run.begin(
        warehouse,
        channel=EVERY_CHANNEL,
        operation=OPERATION,
        run_id=run_id,
        dry_run=bool(params.get("dry_run")),
        params={**params, "path": shown_path(path)} if isinstance(path, str) else params,
        first=task == FIRST_TASK,
    )
    with recorded(run, task):
        yield InventoryFeed(run, configured, params, open_file)


def extract(feed: InventoryFeed) -> dict[str, int]:
    """Read the file and stage its lines; a second attempt reads it anew.

    :return: ``rows`` of the file, and ``problems`` with them.
    :raises FeedRefused: the file is missing, too large, not UTF-8, or has other columns; nothing was loaded.
    :raises RunStopped: it has no rows, or far fewer than the last one; nothing was loaded.
    """
    run = feed.run
    if run.step == "loaded":
        return {"rows": 0, "problems": 0}
    path, settings = feed.path, feed.settings
    with run.transaction() as session:
        session.run("staging/create", run_no=run.run_no)
        session.run("load_inventory/create_staging", run_no=run.run_no)
        session.run("load_inventory/begin_reading", run_no=run.run_no)
    try:
        with feed.open_file(path) as file:
            table = read_table(
                file,
                Wanted(COLUMNS, ("master_sku",), settings.ignored_columns),
                kind=settings.format,
                delimiter=settings.delimiter,
                max_megabytes=settings.max_megabytes,
            )
            if settings.missing_rows is MissingRows.ZERO and "quantity" not in table.columns:
                raise FeedRefused(f"{file.name}: has no column 'quantity', which missing_rows: zero needs")
            staged = _stage(run, table)
            _guard(feed, file.name, staged["rows"])
    except (FeedRefused, RunStopped):
        _drop_staging(run)
        raise
    with run.transaction() as session:
        session.run("load_inventory/keep_rows", run_no=run.run_no, rows=staged["rows"])
        mark(session, run, "extracted")
        session.run("runs/advance", run_no=run.run_no, step="extracted")
    return staged


def load(feed: InventoryFeed) -> Counts:
    """Decide and merge, in one transaction: items, those that the file does not have, problems, counts."""
    run = feed.run
    if run.step == "loaded":
        outcome = run.outcome()
        counts = Counts(**{name: outcome[name] for name in Counts().as_dict()})
    else:
        counts = _merge(feed)
    _drop_staging(run)
    return counts


def _stage(run: Run, table: Table) -> dict[str, int]:
    progress = Progress("rows", run, unit="chunks")
    staged = {"rows": 0, "problems": 0}
    while chunk := list(islice(table.lines, ROWS_PER_CHUNK)):
        items = read_items(chunk)
        with run.transaction() as session:
            session.copy_staged("item", run.run_no, ITEM_COLUMNS, items.rows)
            session.copy_staged("item_problem", run.run_no, PROBLEM_COLUMNS, items.problems)
        staged["rows"] += len(chunk)
        staged["problems"] += len(items.problems)
        progress.add(len(chunk))
    log.info("extracted: %s", progress.line())
    return staged


def _guard(feed: InventoryFeed, name: str, rows: int) -> None:
    """Refuse a file that lacks what the last one had.

    :raises RunStopped: it has no rows at all, or too few of them and nobody has confirmed that.
    """
    if rows == 0:
        raise RunStopped(f"{name}: has a header and no rows; nothing was loaded")
    run, most = feed.run, feed.settings.max_shrink_share
    with run.transaction() as session:
        last = session.row("load_inventory/find_last_rows", run_no=run.run_no, channel=run.channel)["rows"]
    if last is None or rows >= (1 - most) * last or feed.confirmed:
        return
    said = (
        f"{name}: has {rows:,} rows, and the last file that was loaded had {last:,}: max_shrink_share allows it to lose"
        f" {most:.0%}"
    )
    if run.dry_run:
        log.warning("without the dry run this would stop. %s", said)
        return
    raise RunStopped(f"{said}. Nothing was loaded. If this is meant, run it again with confirm_large_change.")


def _merge(feed: InventoryFeed) -> Counts:
    run = feed.run
    values = {"channel": run.channel, "hints": json.dumps(FEED_HINTS)}
    with run.transaction() as session:

        def step(name: str) -> int:
            return session.run(f"load_inventory/{name}", run_no=run.run_no, **values)

        need(session, run, "extracted")
        step("prepare_load")
        with session.savepoint() as merge:
            step("judge_items")
            step("report_duplicates")
            step("merge_items")
            zeroed = step("zero_missing") if feed.settings.missing_rows is MissingRows.ZERO else 0
            step("record_problems")
            counts = Counts(**session.row("load_inventory/count_outcome", run_no=run.run_no, zeroed=zeroed))
            if run.dry_run:
                for row in session.rows("load_inventory/list_problems", run_no=run.run_no, most=MOST_SHOWN):
                    log.warning("%s: %s: %s", row["entity_key"], row["reason"], row["message"])
                merge.rollback()
        red = feed.settings.problems_fail_run and counts.failed > 0
        said = []
        if run.dry_run:
            said.append("Dry run: nothing but this row was written.")
        if zeroed:
            said.append(f"{zeroed:,} of the updated items are not in the file: their quantity becomes 0.")
        if red:
            said.append("Problems were left, and problems_fail_run ends such a run red.")
        succeed(session, run, counts, " ".join(said) or None, state="failed" if red else "success")
    return counts


def _drop_staging(run: Run) -> None:
    with run.transaction() as session:
        session.run("load_inventory/drop_staging", run_no=run.run_no)
        session.run("staging/drop", run_no=run.run_no)


def _extract(feed: InventoryFeed) -> dict[str, Any]:
    return extract(feed)


def _load(feed: InventoryFeed) -> dict[str, Any]:
    try:
        return load(feed).as_dict()
    except StagingLost as lost:
        log.warning("%s: reading the file again", lost)
        extract(feed)
        return load(feed).as_dict()


STEPS: Mapping[str, Callable[[InventoryFeed], dict[str, Any]]] = {"extract": _extract, "load": _load}
"""The tasks of a run in their order; each brings itself what a crash of the database has taken from it."""
