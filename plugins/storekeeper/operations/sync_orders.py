"""Sync Orders: each shipment of the warehouse reaches the store exactly once, and its order's status follows.

*Extract* brings the orders that the warehouse knows up to the store's present, and pulls in shipments that somebody
made there by hand. *Transform* makes a plan: new shipments, one a shipping address, other tracking, deletions; and
problems of what may not be sent. *Load* takes the claim on the store, finds out what became of calls that nobody has
recorded, plans anew, sends, and lets the orders' statuses follow.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from storekeeper.bigcommerce import shipments as store_shipments
from storekeeper.operations import get_orders
from storekeeper.operations.creation import MOST_UNKNOWN
from storekeeper.operations.marks import mark, need
from storekeeper.operations.order_plan import read_order_ids
from storekeeper.operations.order_statuses import follow_statuses
from storekeeper.operations.outbound import check_store, hold_claim
from storekeeper.operations.shipping import Shipping
from storekeeper.operations.step import Step
from storekeeper.operations.wording import counted
from storekeeper.outcomes import HINTS, Counts, NotNow, Problem, Refused, SettingsError, StagingLost, Unknown
from storekeeper.settings import SyncOrders
from storekeeper.transforms.dates import parse_date
from storekeeper.transforms.sync_orders import Action, Order, Plan, Planned, plan_shipments
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run, succeed

log = logging.getLogger(__name__)

ORDERS_AT_ONCE = 500
"""Orders whose shipments are planned in one go: more would cost memory."""

BEFORE_ALL = -(2**63)
"""Less than any order id, those that cannot be among them."""

OVERLAP = timedelta(minutes=1)
"""The store's dates and its clock may differ by so much."""

MOST_SHOWN = 100
"""Problems that the log of a dry run shows."""

STALE_SECONDS = 300
"""What was read of the orders longer ago than this is read again before anything is sent."""

PLANNED_COLUMNS = (
    "action", "order_id", "shipment_key", "version", "retried", "order_address_id", "store_shipment_no",
    "store_shipment_id", "payload", "lines",
)  # fmt: skip
PROBLEM_COLUMNS = ("entity", "entity_key", "reason", "message", "source")


@dataclass(frozen=True, slots=True)
class Sync:
    """One run of the operation: what all its steps need.

    :param order_ids: orders that it is narrowed to; empty: all.
    """

    step: Step
    order_ids: Sequence[int] = ()

    @property
    def run(self) -> Run:
        """The run."""
        return self.step.run

    @property
    def settings(self) -> SyncOrders:
        """As this run wants them."""
        settings: SyncOrders = self.step.settings
        return settings

    @property
    def values(self) -> dict[str, Any]:
        """The bind parameters of the operation's statements; each takes what it names."""
        channel = self.step.channel
        return {
            "channel": channel.channel,
            "everything": not self.order_ids,
            "order_ids": list(self.order_ids),
            "master_sku_field": channel.import_listings.master_sku.value,
            "sales_channel": channel.store_channel_id,
            "operation": "sync_orders",
            "hints": json.dumps(HINTS),
        }

    def within(self, session: Session, name: str, **values: Any) -> int:
        """Run one of the operation's statements."""
        return session.run(name, run_no=self.run.run_no, **self.values, **values)

    def rows(self, session: Session, name: str, **values: Any) -> Sequence[Any]:
        """The rows that one of the operation's statements answers."""
        return session.rows(name, run_no=self.run.run_no, **self.values, **values)


def extract(sync: Sync) -> dict[str, int]:
    """Bring the known orders up to date; calls nothing where nothing waits to be sent.

    :return: how many ``shipments`` wait, how many calls are ``undecided``, and how many ``orders`` were read.
    :raises NotNow: the store does not answer.
    :raises RunStopped: the connection leads to another store than the one that the orders came from.
    """
    run = sync.run
    if run.step == "loaded":
        return {"shipments": 0, "undecided": 0, "orders": 0}
    with run.transaction() as session:
        session.run("staging/create", run_no=run.run_no)
        session.run("sync_orders/create_staging", run_no=run.run_no)
        session.run("staging/remove_step", run_no=run.run_no, step="extracted")
        session.run("staging/remove_step", run_no=run.run_no, step="transformed")
        channel = sync.step.channel
        if not run.dry_run:
            session.run(
                "runs/describe_rules",
                channel=channel.channel,
                connection_id=channel.connection_id,
                store_hash=sync.step.store.store_hash,
                rules=json.dumps(channel.rules()),
            )
        due = sync.rows(session, "sync_orders/measure_due")[0]
    orders = 0
    if any(due.values()):
        orders = _pull(sync)
    with run.transaction() as session:
        mark(session, run, "extracted")
        session.run("runs/advance", run_no=run.run_no, step="extracted")
    log.info("%s to look at", counted(due["shipments"], "shipments"))
    return {"shipments": due["shipments"], "undecided": due["intents"], "orders": orders}


def _pull(sync: Sync) -> int:
    """The known orders as the store has them now; in a dry run they stay in staging."""
    run, step = sync.run, sync.step
    reached = _begun(sync)["reached"]
    if reached is None:
        log.info("no order was ever imported: nothing can be shipped")
        return 0
    since = reached - timedelta(minutes=step.channel.get_orders.overlap_minutes)
    if run.dry_run:
        get_orders.pull_known(step, since)
        return 0
    counts = get_orders.refresh_known(step, since)
    with run.transaction() as session:
        unexplained = [row["order_id"] for row in sync.rows(session, "sync_orders/list_unexplained")]
    if unexplained:
        log.info(
            "the store counts other units as shipped than we know of: the shipments of %s are read",
            counted(len(unexplained), "orders"),
        )
    for shown in _shown_shipments(sync, unexplained):
        with run.transaction() as session:
            sync.within(session, "sync_orders/merge_shown", **shown)
    return counts.read


def _shown_shipments(sync: Sync, order_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """What the store shows of these orders; of those that it does not let us read, nothing new is sent.

    :raises NotNow: it does not answer for several of them, one after the other.
    """
    silent = 0
    for order_id in order_ids:
        shown = _shown_of(sync, order_id)
        if shown is not None:
            yield shown
        silent = silent + 1 if shown is None else 0
        if silent >= MOST_UNKNOWN:
            raise NotNow(f"the store does not show the shipments of {silent} orders, one after the other")


def _shown_of(sync: Sync, order_id: int) -> dict[str, Any] | None:
    """All shipments that the store shows of an order; None where it does not: then nothing new of it is sent."""
    read_at = _begun(sync)["now"]
    try:
        shown = store_shipments.shipments_of(sync.step.store, order_id)
    except (Refused, NotNow) as error:
        log.warning("the shipments of order %d cannot be read: %s", order_id, error)
        return None
    rows = [
        {
            "id": each.id,
            "order_address_id": each.order_address_id,
            "tracking_number": (each.tracking_number or "").strip(),
            "shipping_provider": each.shipping_provider or "",
            "tracking_carrier": each.tracking_carrier or "",
            "tracking_link": each.tracking_link or "",
            "shipping_method": each.shipping_method,
            "created_at": _iso(parse_date(each.date_created)),
            "lines": each.lines,
        }
        for each in shown
    ]
    return {"order_id": order_id, "shown": json.dumps(rows), "read_at": read_at}


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def transform(sync: Sync) -> dict[str, int]:
    """Make the plan; a second attempt begins anew.

    :return: how many ``new`` shipments, how many ``changed`` and ``cancelled`` ones, and how many ``problems``.
    """
    run = sync.run
    if run.step == "loaded":
        return {"new": 0, "changed": 0, "cancelled": 0, "problems": 0}
    with run.transaction() as session:
        need(session, run, "extracted")
        session.run("staging/remove_step", run_no=run.run_no, step="transformed")
    if run.dry_run:
        _make_trial_plan(sync)
    else:
        _make_plan(sync)
    with run.transaction() as session:
        mark(session, run, "transformed")
        session.run("runs/advance", run_no=run.run_no, step="transformed")
        return dict(session.row("sync_orders/count_planned", run_no=run.run_no))


@dataclass(slots=True)
class _Chunk:
    """The plan of some orders, as rows."""

    planned: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[tuple[str, ...]] = field(default_factory=list)
    keys: list[tuple[str]] = field(default_factory=list)


def _make_plan(sync: Sync) -> None:
    """Plan by what the warehouse knows of the orders."""
    run = sync.run
    with run.transaction() as session:
        session.run("sync_orders/forget_plan", run_no=run.run_no)
    after = BEFORE_ALL
    while True:
        with run.transaction() as session:
            chunk, last = _plan_some(sync, session, after)
            _stage_plan(session, run, chunk)
        if last is None:
            return
        after = last


def _make_trial_plan(sync: Sync) -> None:
    """In a dry run, plan by what the warehouse would know of the orders: what was read of them is taken back again."""
    run = sync.run
    pulled = _begun(sync)["begun"] is not None
    unexplained: list[int] = []
    if pulled:
        with run.transaction() as session, session.savepoint() as trial:
            get_orders.merge_known(session, run)
            unexplained = [row["order_id"] for row in sync.rows(session, "sync_orders/list_unexplained")]
            trial.rollback()
    shown = list(_shown_shipments(sync, unexplained))
    with run.transaction() as session:
        session.run("sync_orders/forget_plan", run_no=run.run_no)
        chunks = []
        with session.savepoint() as trial:
            if pulled:
                get_orders.merge_known(session, run)
            for each in shown:
                sync.within(session, "sync_orders/merge_shown", **each)
            chunk, last = _plan_some(sync, session, BEFORE_ALL)
            while last is not None:
                chunks.append(chunk)
                chunk, last = _plan_some(sync, session, last)
            trial.rollback()
        for chunk in chunks:
            _stage_plan(session, run, chunk)


def _stage_plan(session: Session, run: Run, chunk: _Chunk) -> None:
    session.copy_staged("considered", run.run_no, ("shipment_key",), chunk.keys)
    session.copy_staged("planned", run.run_no, PLANNED_COLUMNS, chunk.planned)
    session.copy_staged("problem", run.run_no, PROBLEM_COLUMNS, chunk.problems)


def _plan_some(sync: Sync, session: Session, after: int) -> tuple[_Chunk, int | None]:
    rows = sync.rows(session, "sync_orders/read_due", after=after, most=ORDERS_AT_ONCE)
    if not rows:
        return _Chunk(), None
    orders = [msgspec.convert(row["content"], Order, strict=False) for row in rows]
    plan: Plan = plan_shipments(orders, sync.settings)
    return (
        _Chunk(
            [_planned_row(planned) for planned in plan.todo],
            [_problem_row(problem) for problem in plan.problems],
            [(shipment.shipment_key,) for order in orders for shipment in order.shipments],
        ),
        rows[-1]["order_id"],
    )


def _planned_row(planned: Planned) -> tuple[Any, ...]:
    return (
        planned.action.value,
        planned.order_id,
        planned.shipment.shipment_key,
        planned.shipment.version,
        planned.shipment.retried,
        planned.order_address_id,
        planned.store_shipment_no,
        planned.store_shipment_id,
        json.dumps(planned.payload),
        json.dumps(planned.lines),
    )


def _problem_row(problem: Problem) -> tuple[str, ...]:
    return problem.entity, problem.entity_key, problem.reason.value, problem.message, problem.source


def load(sync: Sync) -> Counts:
    """Send, under the claim on the store; what is confirmed is recorded call by call.

    :raises ClaimTaken: another run writes to this store and did not finish in time.
    :raises AccessLost: token or scope; the rest stays to be sent.
    :raises Unknown: nobody knows what became of some; the next attempt looks before it sends.
    """
    run = sync.run
    if run.step == "loaded":
        _drop_staging(run)
        outcome = run.outcome()
        return Counts(**{name: outcome[name] for name in Counts().as_dict()})
    answers = read_answers(sync.step.params.get("settle"))
    with run.transaction() as session:
        need(session, run, "transformed")
        due = sync.rows(session, "sync_orders/measure_due")[0]
    said: list[str] = []
    gave_up = False
    if run.dry_run:
        _record_dry_run(sync)
    elif any(due.values()) or answers:
        said, gave_up = _send(sync, answers)
    return _conclude(sync, said, gave_up=gave_up)


def _send(sync: Sync, answers: Mapping[str, bool]) -> tuple[list[str], bool]:
    run, step, channel = sync.run, sync.step, sync.step.channel
    check_store(run, channel, step.store.store_hash)
    with hold_claim(step.store, run, channel.writing) as claim:
        shipping = Shipping(step.store, run, channel, claim, step.by)
        shipping.settle(answers)
        shipping.recover()
        begun = _begun(sync)
        if begun["begun"] is None or begun["age_seconds"] > STALE_SECONDS:
            _pull(sync)
            begun = _begun(sync)
        _make_plan(sync)
        with run.transaction() as session:
            need(session, run, "transformed")
            sync.within(session, "problems/open")
        left = shipping.everything(sync.settings.max_shipments_per_run)
        if begun["begun"] is not None:
            follow_statuses(step, claim, sync.settings.shipped_status, begun["begun"] - OVERLAP)
    if shipping.unknown:
        raise Unknown(
            f"nobody knows what became of {counted(len(shipping.unknown), 'shipments')}, such as {shipping.unknown[0]};"
            " all others were sent. The next attempt looks first"
        )
    said = [*shipping.changes_gave_up.values(), *([shipping.gave_up] if shipping.gave_up else [])]
    if left and not shipping.gave_up:
        said.append(
            f"{counted(left, 'new shipments')} wait for the next run: sync_orders.max_shipments_per_run is"
            f" {sync.settings.max_shipments_per_run:,}."
        )
    return said, shipping.gave_up is not None or bool(shipping.changes_gave_up)


def _begun(sync: Sync) -> Any:
    with sync.run.transaction() as session:
        return sync.rows(session, "sync_orders/read_since")[0]


def read_answers(given: Any) -> dict[str, bool]:
    """What a person says of shipments whose fate nobody could find out: by key, whether it was sent.

    :param given: the run parameter ``settle``: ``[{"key": ..., "as": "sent" or "not_sent"}]``.
    :raises SettingsError: it has another shape.
    """
    answers: dict[str, bool] = {}
    whole = given is None or isinstance(given, list | tuple)
    for entry in (given or ()) if whole else [given]:
        well = whole and isinstance(entry, Mapping) and set(entry) == {"key", "as"} and isinstance(entry["key"], str)
        if not well or entry["as"] not in ("sent", "not_sent") or entry["key"] in answers:
            raise SettingsError(
                'run parameter settle: must be a list such as [{"key": "S-1001", "as": "sent"}], each shipment once, as'
                f" sent or not_sent (got {str(entry)[:100]})"
            )
        answers[entry["key"]] = entry["as"] == "sent"
    return answers


def _record_dry_run(sync: Sync) -> None:
    with sync.run.transaction() as session:
        for action in (Action.DELETE, Action.ADOPT, Action.UPDATE, Action.CREATE):
            session.run(
                "sync_orders/record_dry_run",
                run_no=sync.run.run_no,
                channel=sync.run.channel,
                action=action.value,
                most=sync.settings.max_shipments_per_run if action is Action.CREATE else None,
            )


def _conclude(sync: Sync, said: list[str], *, gave_up: bool) -> Counts:
    run = sync.run
    with run.transaction() as session:
        need(session, run, "transformed")
        if not run.dry_run:
            sync.within(session, "sync_orders/close_problems", gave_up=gave_up)
        counts = Counts(**sync.rows(session, "sync_orders/count_outcome")[0])
        open_ones = sync.rows(session, "sync_orders/count_problems")[0]["problems"]
        red = sync.settings.problems_fail_run and counts.skipped + counts.failed + open_ones > 0
        if run.dry_run:
            said.insert(0, "Dry run: nothing was sent; mart.push_history has what would have been.")
            problems = session.rows("sync_orders/list_problems", run_no=run.run_no, most=MOST_SHOWN)
            for row in problems:
                log.warning("%s: %s", row["reason"], row["message"])
            if len(problems) == MOST_SHOWN:
                said.append(f"The log shows the first {MOST_SHOWN} problems.")
        if red:
            said.append("Problems were left, and sync_orders.problems_fail_run ends such a run red.")
        succeed(session, run, counts, " ".join(said) or None, state="failed" if red or gave_up else "success")
    _drop_staging(run)
    return counts


def _drop_staging(run: Run) -> None:
    with run.warehouse.transaction() as session:
        session.run("sync_orders/drop_staging", run_no=run.run_no)
        session.run("get_orders/drop_staging", run_no=run.run_no)
        session.run("staging/drop", run_no=run.run_no)


def _sync(step: Step) -> Sync:
    return Sync(step, read_order_ids(step.params.get("order_ids")))


def _extract(step: Step) -> dict[str, Any]:
    return extract(_sync(step))


def _transform(step: Step) -> dict[str, Any]:
    try:
        return transform(_sync(step))
    except StagingLost as lost:
        log.warning("%s: reading the orders again", lost)
        _extract(step)
        return transform(_sync(step))


def _load(step: Step) -> dict[str, Any]:
    try:
        return load(_sync(step)).as_dict()
    except StagingLost as lost:
        log.warning("%s: reading the orders and planning again", lost)
        _extract(step)
        _transform(step)
        return load(_sync(step)).as_dict()


STEPS: Mapping[str, Callable[[Step], dict[str, Any]]] = {"extract": _extract, "transform": _transform, "load": _load}
"""The tasks of a run in their order; each brings itself what a crash of the database has taken from it."""
