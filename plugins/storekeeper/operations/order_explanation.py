"""What a run for orders tells a person: what it asks for, and what becomes of each order that it was given."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from sqlalchemy import RowMapping

from storekeeper.operations.order_plan import Plan, Window
from storekeeper.operations.wording import counted
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run

log = logging.getLogger(__name__)

EXPLAINED = 100
"""Orders that a run for single orders explains in its log."""


def explain(session: Session, run: Run, plan: Plan) -> None:
    """Say of each order that was asked for what becomes of it, and why; never who ordered."""
    rows = session.rows(
        "get_orders/explain_orders",
        run_no=run.run_no,
        channel=run.channel,
        order_ids=list(plan.order_ids[:EXPLAINED]),
    )
    for row in rows:
        log.info("order %d: %s", row["order_id"], _explanation(row, plan))


def _explanation(row: RowMapping, plan: Plan) -> str:
    facts = f"status {row['status_id']} ({row['status']}), created {_minute(row['created_at'])}"
    match row["verdict"]:
        case None if row["problem"] is not None:
            return f"cannot be read: {row['problem']}"
        case "same":
            return "in the warehouse, and as the store has it"
        case None if row["staged"]:
            return "in the warehouse, and as the store has it"
        case None:
            return "the store has no such order"
        case "create":
            return f"imported: {facts}"
        case "update":
            return f"in the warehouse; it follows the store: {facts}"
        case "outdated":
            return f"in the warehouse, in a newer version: {facts}"
        case "status_not_in_list":
            return f"not imported: its status is not among {list(plan.filters.statuses)}: {facts}"
        case "too_old":
            return (
                f"not imported: created before {_minute(plan.oldest)}, the last"
                f" {plan.filters.created_within_days} days: {facts}"
            )
        case "incomplete":
            return f"not imported: the shopper never completed it: {facts}"
        case "deleted":
            return f"not imported: it is deleted (archived) in the store: {facts}"
        case "other_sales_channel":
            return f"not imported: it belongs to another sales channel than {plan.filters.store_channel_id}: {facts}"
        case verdict:
            return f"{verdict}: {facts}"


def _minute(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def asked_for(plan: Plan) -> str:
    """What the run asks the store for, for its log."""

    def spoken(window: Window) -> str:
        return f"orders {window.by} from {window.start:%Y-%m-%d %H:%M:%S} to {window.end:%Y-%m-%d %H:%M:%S}"

    if plan.order_ids:
        return f"asking for {counted(len(plan.order_ids), 'orders')} by id"
    return "asking for " + " and ".join(map(spoken, plan.windows)) + " UTC, on the store's clock"
