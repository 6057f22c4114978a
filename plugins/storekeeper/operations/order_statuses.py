"""The status of orders follows what was shipped of them: Partially Shipped while lines remain, then Shipped.

A store mostly moves an order by itself. So an order is read again after its shipments were sent, and its status is set
only where it did not follow, once for what was sent: whoever moves it afterwards is not fought.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping

from storekeeper.bigcommerce import shipments as store_shipments
from storekeeper.bigcommerce.shipments import MovedOrder
from storekeeper.operations.get_orders import refresh_known
from storekeeper.operations.outbound import reason_of
from storekeeper.operations.step import Step
from storekeeper.operations.wording import counted
from storekeeper.outcomes import HINTS, Reason, Refused, Unknown
from storekeeper.settings import OrderStatus
from storekeeper.transforms.dates import parse_date
from storekeeper.warehouse.claim import Claim

log = logging.getLogger(__name__)

AT_ONCE = 25
"""Orders whose status is set before they are looked at once more."""

FRESH_SECONDS = 5.0
"""What was read of an order longer ago than this is read again before its status is set."""


def follow_statuses(step: Step, claim: Claim, shipped_status: OrderStatus, since: datetime) -> None:
    """Read the orders again of which something was sent, and set what did not follow.

    :param since: the store's clock, before the first of them was sent.
    """
    if not _judged(step, shipped_status):
        return
    refresh_known(step, since)
    read_at = time.monotonic()
    judged = _judged(step, shipped_status)
    absent = [row["order_id"] for row in judged if not row["fresh"]]
    if absent:
        log.info("%s did not show in the list: read one by one", counted(len(absent), "orders"))
        refresh_known(step, since, absent)
        judged = _judged(step, shipped_status)
        gone = [row["order_id"] for row in judged if not row["fresh"]]
        if gone:
            log.warning("the store does not have %s any more, such as %d", counted(len(gone), "orders"), gone[0])
            _settle(step, claim, gone)
    _settle(step, claim, [row["order_id"] for row in judged if row["fresh"] and row["wanted"] is None])
    left = [row["order_id"] for row in judged if row["fresh"] and row["wanted"] is not None]
    for begin in range(0, len(left), AT_ONCE):
        some = left[begin : begin + AT_ONCE]
        if time.monotonic() - read_at > FRESH_SECONDS:  # a person may have moved one meanwhile
            refresh_known(step, since, some)
            read_at = time.monotonic()
        for row in _judged(step, shipped_status, some):
            if row["fresh"] and row["wanted"] is not None:
                _set(step, claim, row)
            elif row["fresh"]:
                _settle(step, claim, [row["order_id"]])


def _judged(step: Step, shipped_status: OrderStatus, order_ids: Sequence[int] = ()) -> Sequence[RowMapping]:
    with step.run.transaction() as session:
        return session.rows(
            "sync_orders/list_judged_statuses",
            channel=step.channel.channel,
            shipped_status=shipped_status.value,
            everything=not order_ids,
            order_ids=list(order_ids),
        )


def _settle(step: Step, claim: Claim, order_ids: Sequence[int]) -> None:
    if not order_ids:
        return
    with claim.settling() as settling:
        settling.session.run("sync_orders/settle_statuses", channel=step.channel.channel, order_ids=list(order_ids))


def _set(step: Step, claim: Claim, row: RowMapping) -> None:
    """Set one order's status; once more does no harm. What was not set is tried again by a later run."""
    order_id, wanted = row["order_id"], row["wanted"]
    moved: MovedOrder | None = None
    try:
        try:
            moved = store_shipments.set_status(step.store, order_id, wanted, claim.check)
        except Unknown as unknown:
            log.warning("%s; waiting until it has taken effect or never will, then once more", unknown)
            claim.wait_out()
            moved = store_shipments.set_status(step.store, order_id, wanted, claim.check)
        state, reason = "done", None
    except Refused as refusal:
        state, reason = "refused", reason_of(refusal)
    with claim.settling() as settling:
        settling.session.run(
            "pushes/record",
            run_no=step.run.run_no,
            entity="order",
            entity_key=str(order_id),
            action="set_status",
            state=state,
            sent=json.dumps({"status_id": wanted}),
            former=json.dumps({"status_id": row["status_id"]}),
            reason=reason,
            epoch=claim.epoch,
            sent_at=settling.sent_at,
        )
        if moved is not None:
            settling.session.run(
                "sync_orders/settle_status",
                channel=step.channel.channel,
                order_id=order_id,
                status_id=wanted,
                custom_status=moved.custom_status,
                modified_at=parse_date(moved.date_modified),
                shipped_at=parse_date(moved.date_shipped),
            )
        else:
            said = f"Order {order_id} could not be set to {OrderStatus(wanted).label}: {reason}."
            settling.session.run(
                "problems/record",
                run_no=step.run.run_no,
                channel=step.channel.channel,
                operation="sync_orders",
                entity="order",
                entity_key=str(order_id),
                reason=Reason.STATUS_NOT_SET.value,
                source=f"order/{order_id}",
                message=f"{said} {HINTS[Reason.STATUS_NOT_SET]}",
            )
