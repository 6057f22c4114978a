"""What a sync would send: the difference between what is wanted and what the store last confirmed, and what guards say.

The plan itself is made in SQL, in this run's staging.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from storekeeper.bigcommerce import catalog_writing as store_catalog
from storekeeper.operations.marks import mark
from storekeeper.operations.outbound import GUARDED_FROM
from storekeeper.outcomes import HINTS
from storekeeper.settings import Channel, SyncField, SyncListings, SyncScope
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run

MOST_SHOWN = 10
"""So many of the worst are named where a guard binds."""

PLANNED = "planned"
"""The mark of a plan that is whole."""

MOST_PER_CALL = {
    "products": store_catalog.MOST_PRODUCTS,
    "variants": store_catalog.MOST_VARIANTS,
    "stock": store_catalog.MOST_STOCK_ITEMS,
    "showing": store_catalog.MOST_PRODUCTS,
    "delist": store_catalog.MOST_DELETED,
}
"""Items in a call. First what products need (tracking, hiding, their price), at last what shows or deletes them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would send.

    :param rows: changes to send.
    :param said: what the guards say of it, for a person; None where none binds.
    :param guards: those that bind, and what each says.
    """

    rows: int
    said: str | None
    guards: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sync:
    """One run of the operation: what all its steps need.

    :param skus: master SKUs that it is narrowed to; empty: all.
    :param confirmed: a person has let a large change through.
    :param puts_stock_back: the run itself names stock among its fields.
    :param fields_only: what is queued for listings (hiding, deleting) is left to the next sync.
    """

    run: Run
    channel: Channel
    settings: SyncListings
    skus: Sequence[str] = ()
    confirmed: bool = False
    puts_stock_back: bool = False
    fields_only: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The bind parameters of the operation's statements; each takes what it names."""
        put_back = self.settings.scope is SyncScope.ALL
        return {
            "channel": self.channel.channel,
            "everything": not self.skus,
            "skus": [sku.lower() for sku in self.skus],
            **{name.value: name in self.settings.fields for name in SyncField},
            "put_back": put_back,
            "put_stock_back": put_back and self.puts_stock_back,
            "min_price": self.settings.min_price,
            "max_price_change_factor": self.settings.max_price_change_factor,
            "confirmed": self.confirmed,
            "hide_as": self.settings.hide_as.value,
            "manage_tracking": self.settings.manage_inventory_tracking,
            "location_id": self.channel.location_id or store_catalog.DEFAULT_LOCATION,
            "at_default_location": self.channel.location_id in (None, store_catalog.DEFAULT_LOCATION),
            "most_per_call": json.dumps(MOST_PER_CALL),
            "hints": json.dumps(HINTS),
        }

    def within(self, session: Session, name: str, **values: Any) -> int:
        """Run one of the operation's statements."""
        return session.run(name, run_no=self.run.run_no, **self.values, **values)


def make_plan(session: Session, sync: Sync, store_hash: str) -> Plan:
    """Make the plan anew, from what is wanted now; a dry run leaves nothing of it but the plan itself."""
    run_no = sync.run.run_no
    session.run("sync_listings/create_staging", run_no=run_no)
    sync.within(session, "sync_listings/begin_plan")
    with session.savepoint() as planning:
        session.run(
            "runs/describe_rules",
            channel=sync.channel.channel,
            connection_id=sync.channel.connection_id,
            store_hash=store_hash,
            rules=json.dumps(sync.channel.rules()),
        )
        for name in (
            "sync_listings/note_links",
            "sync_listings/find_differing",
            "sync_listings/hold_prices",
            "sync_listings/plan_prices",
            "sync_listings/plan_stock",
            "sync_listings/plan_actions",
            "sync_listings/number_batches",
        ):
            if name != "sync_listings/plan_actions" or not sync.fields_only:
                sync.within(session, name)
        measured = session.row("sync_listings/measure_plan", run_no=run_no, **sync.values)
        large = {} if sync.confirmed else dict(_large(measured, sync))
        plan = Plan(measured["rows"], _judged(session, sync, large), large)
        kept = _kept(session, run_no) if sync.run.dry_run else {}
        if sync.run.dry_run:
            planning.rollback()
    for table, rows in kept.items():
        if rows:
            session.copy_staged(table, run_no, tuple(rows[0].keys()), (tuple(row.values()) for row in rows))
    mark(session, sync.run, PLANNED)
    return plan


def _kept(session: Session, run_no: int) -> dict[str, Sequence[RowMapping]]:
    """What a dry run keeps of its plan when it takes everything else back."""
    return {
        "plan": session.rows("sync_listings/read_plan", run_no=run_no),
        "problem": session.rows("sync_listings/read_problems", run_no=run_no),
    }


def _judged(session: Session, sync: Sync, large: Mapping[str, str]) -> str | None:
    """What the guards say of the plan, with the worst of it, as a person reads it in the log and in Airflow's UI.

    :param large: what each guard that binds says.
    """
    if not large:
        return None
    worst = session.rows(
        "sync_listings/list_guarded",
        run_no=sync.run.run_no,
        channel=sync.channel.channel,
        guards=list(large),
        most=MOST_SHOWN,
    )
    lines = [f"This sync would, in channel {sync.channel.channel!r}:", ""]
    lines += [f"* {said}" for said in large.values()]
    lines += ["", "| listing or SKU | title | change |", "| --- | --- | --- |"]
    lines += [f"| {_cell(row['entity_key'])} | {_cell(row['title'])} | {_cell(row['change'])} |" for row in worst]
    return "\n".join(lines)


def _large(measured: RowMapping, sync: Sync) -> Iterable[tuple[str, str]]:
    settings = sync.settings
    listings = measured["listings"]
    if listings < GUARDED_FROM:
        return
    for guard, name, most, would in (
        ("zeroed", "max_zeroed_share", settings.max_zeroed_share, "bring the stock of {} of {} listings to zero"),
        ("hidden", "max_hidden_share", settings.max_hidden_share, "hide {} of {} listings"),
        ("delisted", "max_delisted_share", settings.max_delisted_share, "delete {} of {} listings from the store"),
        ("price", "max_held_share", settings.max_held_share, "change prices of {} of {} listings beyond all measure"),
    ):
        count = measured["held" if guard == "price" else guard]
        if count / listings > most:
            said = would.format(count, listings)
            yield guard, f"{said} ({count / listings:.0%}; sync_listings.{name} allows {most:.0%})"


def _cell(text: str | None) -> str:
    """A text as a cell of a Markdown table: whatever it holds, it stays text."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", " ".join((text or "").split()))[:80]
