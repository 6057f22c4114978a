"""Get Orders: every order that matters comes into the warehouse once, and follows the store from then on.

Three steps, each safe to be killed anywhere and begun again. *Extract* decides what to ask for and stages what the
store has, a page a commit. *Transform* makes typed rows, shoppers' data apart from the rest. *Load* judges each order
(new, known, left out and why) and merges in one transaction.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pandas as pd
from sqlalchemy import RowMapping

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations.marks import mark, marked, need
from storekeeper.operations.order_explanation import asked_for, explain
from storekeeper.operations.order_plan import Filters, Plan, plan_pull, plan_refresh, read_wish
from storekeeper.operations.order_plan import Progress as PastProgress
from storekeeper.operations.order_pull import OrderPull
from storekeeper.operations.progress import Progress
from storekeeper.operations.step import Step
from storekeeper.operations.store_profile import describe
from storekeeper.outcomes import HINTS, Counts, NotNow, Problem, RunStopped, StagingLost
from storekeeper.settings import GetOrders
from storekeeper.transforms import get_orders as transform_orders
from storekeeper.transforms import order_details, refunds
from storekeeper.transforms.order_payload import unstorable
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run, succeed

log = logging.getLogger(__name__)

ORDERS_PER_CHUNK = 250
"""How many orders are transformed at once: more would cost memory, fewer would cost time."""

ROW_VERSION = 1
"""Raised when the same payload makes other rows than before: then every order that is pulled is handled again."""

PROBLEM_COLUMNS = ("entity", "entity_key", "reason", "message", "source")


def extract(step: Step) -> dict[str, int]:
    """Stage the store's orders; a second attempt goes on after the last page that the first one committed.

    :return: ``orders`` staged, ``changed``: how many of them are new or not yet reflected, and ``refunds``.
    :raises NotNow: the store does not answer; what was staged stays for the next attempt.
    :raises AccessLost: token, scope or store hash.
    :raises RunStopped: the channel's orders are those of another store.
    """
    run, settings = step.run, step.settings
    with run.transaction() as session:
        session.run("staging/create", run_no=run.run_no)
        session.run("get_orders/create_staging", run_no=run.run_no)
        done = marked(session, run)
    if "extracted" not in done:  # not yet, or a crash of the database took it
        describe(step.store, run, step.channel)
        progress = _pull(step.store, run, _keep_plan(step), settings)
        with run.transaction() as session:
            _read_plan(session, run)  # and with it all that was staged is still there
            mark(session, run, "extracted")
            session.run("runs/advance", run_no=run.run_no, step="extracted")
        log.info("extracted: %s", progress.line())
    with run.transaction() as session:
        return dict(session.row("get_orders/count_staged", run_no=run.run_no))


def refresh_known(step: Step, since: datetime, order_ids: Sequence[int] = ()) -> Counts:
    """Bring orders that the warehouse knows up to the store's present: status, shipped and refunded quantities.

    Pulls, transforms and merges within the run of another operation; imports no order and moves no watermark.

    :param since: the beginning of the window, on the store's own clock; its end is the store's present.
    :param order_ids: these orders instead, each read for itself.
    """
    run = step.run
    pull_known(step, since, order_ids)
    with run.transaction() as session:
        with session.savepoint() as merge:
            counts = merge_known(session, run)
            if run.dry_run:
                merge.rollback()
        _forget_pull(session, run)
    return counts


def pull_known(step: Step, since: datetime, order_ids: Sequence[int] = ()) -> None:
    """The first half of :func:`refresh_known`: pull and transform, into this run's staging."""
    run, settings = step.run, step.channel.get_orders
    with run.transaction() as session:
        session.run("staging/create", run_no=run.run_no)
        _forget_pull(session, run)
        session.run("get_orders/create_staging", run_no=run.run_no)
    plan = plan_refresh(since, _clock(describe(step.store, run, step.channel).clock), order_ids)
    with run.transaction() as session:
        _same_store(session, step)
        session.run("get_orders/keep_plan", run_no=run.run_no, plan=msgspec.json.encode(plan).decode())
    _pull(step.store, run, plan, settings)
    _transform_all(run)


def merge_known(session: Session, run: Run) -> Counts:
    """The second half of :func:`refresh_known`: merge what was pulled, within the caller's transaction."""
    counts = _merge(session, run, _read_plan(session, run))  # and with the plan all that was staged is still there
    session.run("get_orders/note_seen", run_no=run.run_no, channel=run.channel)
    return counts


def transform(run: Run) -> dict[str, int]:
    """Make typed rows of the staged payloads, a chunk at a time; a second attempt begins anew.

    :return: ``orders``, ``items``, ``refunds`` and ``problems`` staged for the load.
    """
    if run.step == "loaded":
        return {"orders": 0, "items": 0, "refunds": 0, "problems": 0}
    with run.transaction() as session:
        need(session, run, "extracted")
        session.run("staging/remove_step", run_no=run.run_no, step="transformed")
        session.run("get_orders/forget_transformed", run_no=run.run_no)
    made = _transform_all(run)
    with run.transaction() as session:
        mark(session, run, "transformed")
        session.run("runs/advance", run_no=run.run_no, step="transformed")
    return made


def load(run: Run, settings: GetOrders) -> Counts:
    """Judge and merge, in one transaction: orders, lines, refunds, what was left out, problems, watermark, counts."""
    if run.step == "loaded":
        outcome = run.outcome()
        counts = Counts(**{name: outcome[name] for name in Counts().as_dict()})
    else:
        with run.transaction() as session:
            need(session, run, "transformed")
            plan = _read_plan(session, run)
            with session.savepoint() as merge:
                counts = _merge(session, run, plan)
                if plan.order_ids:
                    explain(session, run, plan)
                if run.dry_run:
                    merge.rollback()
            _end(session, run, settings, counts)
    with run.transaction() as session:
        session.run("get_orders/drop_staging", run_no=run.run_no)
        session.run("staging/drop", run_no=run.run_no)
    return counts


def _forget_pull(session: Session, run: Run) -> None:
    session.run("get_orders/drop_staging", run_no=run.run_no)
    session.run("get_orders/forget_stretches", run_no=run.run_no)


def _pull(store: StoreClient, run: Run, plan: Plan, settings: GetOrders) -> Progress:
    log.info("%s", asked_for(plan))
    pull = OrderPull(store, run, plan, reflects(plan), settings.page_size, settings.readers)
    pull.orders()
    pull.refunds()
    pull.details()
    return pull.progress


def _keep_plan(step: Step) -> Plan:
    """Decide what this run asks for; a second attempt keeps to what the first one decided."""
    run, configured = step.run, step.channel.get_orders
    wish = read_wish(step.params, step.backfill)
    with run.transaction() as session:
        kept = session.rows("get_orders/read_plan", run_no=run.run_no)
        if kept:
            return _decoded(kept[0]["plan"])
        past = _same_store(session, step)
        filters = past["filters"]
        progress = PastProgress(
            past["reached"],
            None if filters is None else msgspec.convert(filters, Filters),
            past["behind"],
            past["complete_at"],
            past["known_since"],
        )
        as_of = _clock(past["as_of"])
        plan = plan_pull(wish, step.settings, configured, step.channel.store_channel_id, progress, as_of)
        session.run("get_orders/keep_plan", run_no=run.run_no, plan=msgspec.json.encode(plan).decode())
        return plan


def _same_store(session: Session, step: Step) -> RowMapping:
    """How far former runs of the channel have come.

    :raises RunStopped: they read another store.
    """
    past = session.row("get_orders/read_progress", run_no=step.run.run_no, channel=step.run.channel)
    if past["other_store"] is not None:
        raise RunStopped(
            f"the orders of channel {step.run.channel!r} came from the store {past['other_store']!r}, and its"
            f" connection now leads to the store {step.store.store_hash!r}: order numbers of two stores would be mixed."
            " Give the other store a channel of its own, or correct the connection."
        )
    return past


def _clock(told: datetime | None) -> datetime:
    if told is None:
        raise NotNow("the store's answer bears no date, so nobody knows its clock")
    return told.astimezone(UTC)


def _read_plan(session: Session, run: Run) -> Plan:
    kept = session.rows("get_orders/read_plan", run_no=run.run_no)
    if not kept:
        raise StagingLost("the warehouse has lost what this run had staged; nothing was loaded")
    return _decoded(kept[0]["plan"])


def _decoded(plan: Any) -> Plan:
    return msgspec.convert(plan, Plan, strict=False)


def reflects(plan: Plan) -> str:
    """The hash of all that shapes an order's rows besides its payload."""
    shape = {"row_version": ROW_VERSION, "details": plan.details}
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:16]


def _transform_all(run: Run) -> dict[str, int]:
    made = {"orders": 0, "items": 0, "refunds": 0, "problems": 0}
    progress = Progress("orders", run)
    after = -1
    while True:
        with run.transaction() as session:
            rows = session.rows("get_orders/read_payloads", run_no=run.run_no, after=after, most=ORDERS_PER_CHUNK)
            if not rows:
                break
            _transform_orders(session, run, rows, made)
        after = rows[-1]["order_id"]
        progress.add(len(rows))
    with run.transaction() as session:
        _transform_refunds(session, run, made)
        _transform_details(session, run, made)
    log.info("transformed: %s", progress.line())
    return made


def _transform_orders(session: Session, run: Run, rows: Any, made: dict[str, int]) -> None:
    read = transform_orders.read_orders((row["order_id"], row["payload"]) for row in rows if not row["unstorable"])
    problems = [*read.problems, *(unstorable(row["order_id"]) for row in rows if row["unstorable"])]
    for table, columns, frame in (
        ("sales_order", transform_orders.ORDER_COLUMNS, read.orders),
        ("order_item", transform_orders.ITEM_COLUMNS, read.items),
        ("order_consignment", transform_orders.CONSIGNMENT_COLUMNS, read.consignments),
        ("order_fee", transform_orders.FEE_COLUMNS, read.fees),
        ("order_contact", transform_orders.CONTACT_COLUMNS, read.contacts),
        ("order_address", transform_orders.ADDRESS_COLUMNS, read.addresses),
        ("order_text", transform_orders.TEXT_COLUMNS, read.texts),
    ):
        _copy(session, run, table, columns, frame)
    made["orders"] += len(read.orders)
    made["items"] += len(read.items)
    made["problems"] += _copy_problems(session, run, problems)


def _transform_refunds(session: Session, run: Run, made: dict[str, int]) -> None:
    after = -1
    while rows := session.rows("get_orders/read_refunds", run_no=run.run_no, after=after, most=ORDERS_PER_CHUNK):
        read = refunds.read_refunds((row["refund_id"], row["payload"]) for row in rows)
        made["refunds"] += _copy(session, run, "refund", refunds.REFUND_COLUMNS, read.refunds)
        _copy(session, run, "refund_item", refunds.ITEM_COLUMNS, read.items)
        made["problems"] += _copy_problems(session, run, read.problems)
        after = rows[-1]["refund_id"]


def _transform_details(session: Session, run: Run, made: dict[str, int]) -> None:
    after = -1
    while rows := session.rows("get_orders/read_details", run_no=run.run_no, after=after, most=ORDERS_PER_CHUNK):
        read = order_details.read_details((row["order_id"], row["part"], row["payload"]) for row in rows)
        _copy(session, run, "order_coupon", order_details.COUPON_COLUMNS, read.coupons)
        _copy(session, run, "order_tax", order_details.TAX_COLUMNS, read.taxes)
        _copy(session, run, "order_message", order_details.MESSAGE_COLUMNS, read.messages)
        made["problems"] += _copy_problems(session, run, read.problems)
        for order_id, part in read.unread:
            session.run("get_orders/forget_detail", run_no=run.run_no, order_id=order_id, part=part)
        after = rows[-1]["order_id"]


def _copy(session: Session, run: Run, table: str, columns: tuple[str, ...], frame: pd.DataFrame) -> int:
    if frame.empty:
        return 0
    return session.copy_staged(table, run.run_no, columns, frame.itertuples(index=False, name=None))


def _copy_problems(session: Session, run: Run, problems: list[Problem]) -> int:
    rows = (
        (problem.entity, problem.entity_key, problem.reason.value, problem.message, problem.source)
        for problem in problems
    )
    return session.copy_staged("order_problem", run.run_no, PROBLEM_COLUMNS, rows) if problems else 0


def _merge(session: Session, run: Run, plan: Plan) -> Counts:
    values = {
        "channel": run.channel,
        "statuses": list(plan.filters.statuses),
        "oldest": plan.oldest,
        "exact_from": plan.exact[0] if plan.exact else None,
        "exact_to": plan.exact[1] if plan.exact else None,
        "sales_channel": plan.filters.store_channel_id,
        "known_only": plan.known_only,
        "as_of": plan.as_of,
        "reflects": reflects(plan),
        "hints": json.dumps(HINTS),
    }

    def step(name: str) -> None:
        session.run(f"get_orders/{name}", run_no=run.run_no, **values)

    step("prepare_load")
    step("judge_orders")
    step("note_status_changes")
    step("merge_orders")
    step("replace_parts")
    step("replace_private_parts")
    step("replace_details")
    step("merge_refunds")
    step("report_left_out")
    step("store_payloads")
    step("record_problems")
    step("note_behind")
    if plan.moves_watermark:
        session.run(
            "get_orders/move_watermark",
            run_no=run.run_no,
            channel=run.channel,
            filters=msgspec.json.encode(plan.filters).decode(),
            complete=plan.complete,
            caught_up=plan.caught_up,
        )
    return Counts(**session.row("get_orders/count_outcome", run_no=run.run_no, **values))


def _end(session: Session, run: Run, settings: GetOrders, counts: Counts) -> None:
    red = settings.problems_fail_run and counts.failed > 0
    said = []
    if run.dry_run:
        said.append("Dry run: nothing but this row was written.")
    if red:
        said.append("Problems were left, and get_orders.problems_fail_run ends such a run red.")
    succeed(session, run, counts, " ".join(said) or None, state="failed" if red else "success")


def _extract(step: Step) -> dict[str, Any]:
    return extract(step)


def _transform(step: Step) -> dict[str, Any]:
    try:
        return transform(step.run)
    except StagingLost as lost:
        log.warning("%s: pulling again", lost)
        _extract(step)
        return transform(step.run)


def _load(step: Step) -> dict[str, Any]:
    try:
        return load(step.run, step.settings).as_dict()
    except StagingLost as lost:
        log.warning("%s: pulling and transforming again", lost)
        _extract(step)
        _transform(step)
        return load(step.run, step.settings).as_dict()


STEPS: Mapping[str, Callable[[Step], dict[str, Any]]] = {"extract": _extract, "transform": _transform, "load": _load}
"""The tasks of a run in their order; each brings itself what a crash of the database has taken from it."""
