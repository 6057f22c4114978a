"""Shipments sent to the store, each exactly once; and what becomes of those that were sent.

The way of a call that creates is in :mod:`.creation`; here is what it means for shipments. The store takes the same
shipment twice, and e-mails the shopper twice. So what a lost answer may have made is looked for among the order's
shipments that were not there before, by address, lines and tracking number; where that cannot decide, a person does.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import RowMapping

from storekeeper.bigcommerce import shipments as store_shipments
from storekeeper.bigcommerce.client import Check
from storekeeper.bigcommerce.shipments import StoreShipment
from storekeeper.operations.creation import CALLS, NO_EFFECT, Creation, Intent
from storekeeper.operations.outbound import MOST_REFUSED, Fresh, Outdated, reason_of
from storekeeper.operations.progress import Progress
from storekeeper.outcomes import Reason, Refused, RunStopped, Unknown
from storekeeper.transforms.dates import parse_date
from storekeeper.transforms.sync_orders import Action, Candidate, Verdict, recognise
from storekeeper.warehouse.claim import Settling

log = logging.getLogger(__name__)

LOOKS = (0.0, 1.0, 2.0)
"""Seconds before each look for a shipment, while the store counts more units as shipped than it shows shipments of."""

SKEW = timedelta(seconds=2)
"""So much may what we take for the store's clock differ from its dates."""

LATEST = timedelta(minutes=30)
"""So long after it was meant a call may still take effect: it waits for the quota, and is made three times."""

AT_ONCE = 500
"""Planned calls that are held in memory."""


@dataclass(slots=True)
class ShipmentIntent(Intent):
    """A shipment that was meant, for one address of its order.

    :ivar payload: as it was sent.
    :ivar lines: units by the order's line.
    :ivar before: ids of the order's shipments that the warehouse knew of before the call.
    :ivar since: the store's clock just before the call: what is older is not ours.
    :ivar shipped: units of these lines that had left before the call.
    :ivar planned_no: its place in this run's plan; None: it is of an earlier run.
    """

    order_id: int
    payload: Mapping[str, Any]
    lines: Mapping[int, int]
    before: frozenset[int]
    shipped: Mapping[int, int]
    since: datetime
    planned_no: int | None = None

    @classmethod
    def read(cls, push_no: int, key: str, detail: Mapping[str, Any], planned_no: int | None = None) -> ShipmentIntent:
        """From its row in the push ledger."""
        return cls(
            push_no,
            key,
            detail["order_id"],
            detail["to"],
            {int(line): units for line, units in detail["lines"].items()},
            frozenset(detail["before"]),
            {int(line): units for line, units in detail["shipped"].items()},
            datetime.fromisoformat(detail["since"]),
            planned_no,
        )

    @property
    def address_id(self) -> int:
        """The order's shipping address that it goes to."""
        return int(self.payload["order_address_id"])


def _of_another_time(shown: StoreShipment, moment: datetime) -> bool:
    """Whether the store made it, for certain, before a moment of its own clock, or so long after that no call waits."""
    made = parse_date(shown.date_created)
    return made is not None and not moment - SKEW <= made <= moment + LATEST


class _Look(NamedTuple):
    """A look for what a lost answer may have made.

    :param shown: the order's shipments in the store, by id.
    :param found: the id of the one; 0 where there is none, or nobody can say.
    """

    shown: Mapping[int, StoreShipment]
    verdict: Verdict
    found: int


@dataclass(slots=True)
class Shipping(Creation[ShipmentIntent, StoreShipment]):
    """The sending part of a run.

    :param by: who triggered the run, as Airflow names them; None: nobody did.
    :ivar changes_gave_up: why no more is updated, or deleted; empty while both are.
    """

    operation = "sync_orders"
    entity = "shipment"
    certain = Creation.certain - {409}

    by: str | None = None
    changes_gave_up: dict[str, str] = field(default_factory=dict, init=False)
    _refused_changes: Counter[str] = field(default_factory=Counter, init=False)
    _progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        """Count what is sent."""
        self._progress = Progress("shipments", self.run, self.store, unit="calls")

    def settle(self, answers: Mapping[str, bool]) -> None:
        """What a person says of calls whose fate nobody could find out: True, it was sent.

        :raises RunStopped: one of the shipments is not in doubt.
        """
        with self.run.transaction() as session:
            answered = session.rows("sync_orders/list_answered", run_no=self.run.run_no)
        left = set(answers) - {row["shipment_key"] for row in answered}
        if not left:
            return
        intents = {intent.key: intent for intent in self._open_intents()}
        unknown = sorted(left - set(intents))
        if unknown:
            raise RunStopped(
                f"run parameter settle: shipment {unknown[0]!r} is not in doubt (in doubt are:"
                f" {', '.join(sorted(intents)) or 'none'}). Nothing was sent."
            )
        for key in sorted(left):
            intent, sent = intents[key], answers[key]
            said = f"settled as {'sent' if sent else 'not sent'} by {self.by or f'run {self.run.run_id}'}"
            if sent:
                self._settle(intent, self._likeliest(intent), "adopted", said)
            else:
                self._end(intent, "refused", said)
            log.info("shipment %s: %s", key, said)

    def _likeliest(self, intent: ShipmentIntent) -> StoreShipment | None:
        """The one that a person means by saying that it was sent: all that look like it are alike."""
        try:
            look = self._look(intent)
        except Refused as refusal:
            log.warning("the shipments of order %d cannot be read: %s", intent.order_id, refusal)
            return None
        return look.shown.get(look.found)

    def recover(self) -> None:
        """Find out what became of calls whose answer nobody has recorded."""
        for intent in self._open_intents():
            if not self._found(intent):
                self._end(intent, "refused", NO_EFFECT)

    def everything(self, most: int | None) -> int:
        """Do what is planned: deletions first, for they make room; new shipments last.

        :param most: so many new shipments are sent; None: all.
        :return: how many new ones are left for the next run.
        """
        self._settle_idle()
        for row in self._planned(Action.DELETE):
            self._change(row, "delete", None)
        for row in self._planned(Action.ADOPT):
            self._adopt(row)
        for row in self._planned(Action.UPDATE):
            self._change(row, "update", row["payload"])
        sent: set[str] = set()
        left: set[str] = set()
        for row in self._planned(Action.CREATE):
            key = row["shipment_key"]
            if self.gave_up is not None or (most is not None and len(sent) >= most and key not in sent):
                left.add(key)
            else:
                sent.add(key)
                self._create(row)
        log.info("handled: %s", self._progress.line())
        return len(left)

    def _settle_idle(self) -> None:
        with self.claim.settling() as settling:
            rows = settling.session.rows("sync_orders/list_settled", run_no=self.run.run_no)
            if rows:
                self._done(settling, *(row["planned_no"] for row in rows))

    def _planned(self, action: Action) -> Iterator[RowMapping]:
        """What is planned, some at a time; each once, whatever becomes of it."""
        retried, last = False, 0
        while True:
            with self.run.transaction() as session:
                rows = session.rows(
                    "sync_orders/list_planned",
                    run_no=self.run.run_no,
                    action=action.value,
                    after_retried=retried,
                    after_no=last,
                    most=AT_ONCE,
                )
            if not rows:
                return
            yield from rows
            retried, last = rows[-1]["retried"], rows[-1]["planned_no"]

    def _create(self, row: RowMapping) -> None:
        with self.claim.settling() as settling:
            begun = settling.session.rows(
                "sync_orders/begin_intent",
                run_no=self.run.run_no,
                channel=self.channel.channel,
                planned_no=row["planned_no"],
                epoch=self.claim.epoch,
            )
        if not begun:
            log.info("shipment %s was changed since it was planned, or is in doubt: left alone", row["shipment_key"])
            return
        self._send(ShipmentIntent.read(begun[0]["push_no"], row["shipment_key"], begun[0]["detail"], row["planned_no"]))
        self._progress.add(1)

    def _call(self, intent: ShipmentIntent, check: Check) -> StoreShipment:
        return store_shipments.create_shipment(self.store, intent.order_id, intent.payload, check)

    def _still_wanted(self, intent: ShipmentIntent) -> bool:
        return intent.planned_no is not None and self._is_unchanged(intent.planned_no)

    def _is_unchanged(self, planned_no: int) -> bool:
        with self.run.transaction() as session:
            return bool(
                session.rows(
                    "sync_orders/is_unchanged",
                    run_no=self.run.run_no,
                    channel=self.channel.channel,
                    planned_no=planned_no,
                )
            )

    def _made(self, intent: ShipmentIntent, answer: StoreShipment) -> None:
        self._settle(intent, answer, "done", None)

    def _refused(self, intent: ShipmentIntent, refusal: Refused) -> None:
        if intent.doubtful and self._found(intent):  # what a lost answer has made leaves nothing open to ship
            return
        why = reason_of(refusal)
        said = f"The store refused shipment {intent.key} of order {intent.order_id}: {why}."
        self._end(intent, "refused", why, problem=Reason.REFUSED_BY_STORE, said=said)
        self._count_refusal(refusal)

    def _settle(self, intent: ShipmentIntent, shown: StoreShipment | None, state: str, reason: str | None) -> None:
        with self.claim.settling() as settling:
            settling.session.run(
                "sync_orders/settle_made",
                channel=self.channel.channel,
                store_shipment_id=shown.id if shown else None,
                order_id=intent.order_id,
                order_address_id=intent.address_id,
                shipment_key=intent.key,
                payload=json.dumps(intent.payload),
                lines=json.dumps(intent.lines),
                adopted=state == "adopted",
                created_at=parse_date(shown.date_created) if shown else None,
            )
            self._close(settling.session, intent, state, reason, settling.sent_at)
            if intent.planned_no is not None:
                self._done(settling, intent.planned_no)
        if state == "adopted":
            log.info("shipment %s: the store has it already, and it is adopted", intent.key)

    def _find(self, intent: ShipmentIntent) -> bool:
        said = ""
        for wait in LOOKS:
            time.sleep(wait)
            try:
                look = self._look(intent)
                if look.verdict is Verdict.MADE:
                    self._settle(intent, look.shown[look.found], "adopted", None)
                    return True
                if look.verdict is Verdict.UNDECIDED:
                    said = "the store has several that it could be, or one with a tracking number that nobody knows"
                    break
                if self._accounts_for(intent, look.shown):
                    return False
            except Refused as refusal:
                said = f"it cannot be looked for: {reason_of(refusal)}"
                break
            said = "the store counts more units as shipped than it shows shipments of"
        self._end(
            intent,
            "unknown",
            said,
            problem=Reason.UNDECIDED,
            said=f"Shipment {intent.key} of order {intent.order_id}: nobody can say whether it was sent; {said}.",
        )
        return True

    def _look(self, intent: ShipmentIntent) -> _Look:
        """What the store shows of the order, and what of it may be the intent's."""
        shown = {shipment.id: shipment for shipment in store_shipments.shipments_of(self.store, intent.order_id)}
        with self.run.transaction() as session:
            rivals = session.row(
                "sync_orders/read_rivals",
                channel=self.channel.channel,
                order_id=intent.order_id,
                shipment_key=intent.key,
            )
        taken = intent.before | set(rivals["taken"])
        candidates = [
            Candidate(each.id, each.order_address_id, (each.tracking_number or "").strip(), each.lines)
            for each in shown.values()
            if each.id not in taken and not _of_another_time(each, intent.since)
        ]
        numbers = (intent.payload.get("tracking_number", ""), (rivals["present"] or "").strip())
        verdict, found = recognise(intent.address_id, intent.lines, numbers, candidates, rivals["others"])
        return _Look(shown, verdict, found or 0)

    def _accounts_for(self, intent: ShipmentIntent, shown: Mapping[int, StoreShipment]) -> bool:
        """Whether the units that the store counts as shipped are those that had left before, or that it shows."""
        counted = store_shipments.shipped_units(self.store, intent.order_id)
        return all(
            counted.get(line, 0)
            <= max(intent.shipped.get(line, 0), sum(each.lines.get(line, 0) for each in shown.values()))
            for line in intent.lines
        )

    def _open_intents(self) -> list[ShipmentIntent]:
        with self.run.transaction() as session:
            rows = session.rows("sync_orders/list_open_intents", channel=self.channel.channel)
        intents = [ShipmentIntent.read(row["push_no"], row["shipment_key"], row["detail"]) for row in rows]
        for intent in intents:
            intent.doubtful = True
        return intents

    def _adopt(self, row: RowMapping) -> None:
        with self.claim.settling() as settling:
            settling.session.run("sync_orders/settle_adopted", run_no=self.run.run_no, planned_no=row["planned_no"])
            self._record(settling, row, "adopt", "adopted")
            self._done(settling, row["planned_no"])
        log.info(
            "shipment %s: somebody made it in the store as %s; it is adopted",
            row["shipment_key"],
            row["store_shipment_id"],
        )

    def _change(self, row: RowMapping, action: str, fields: Mapping[str, Any] | None) -> None:
        """Change or delete (no fields) a shipment that the store has; once more does no harm."""
        if action in self.changes_gave_up:
            return
        order_id, shipment_id = row["order_id"], row["store_shipment_id"]
        fresh = Fresh(self.claim, lambda: self._is_unchanged(row["planned_no"]))
        with self.claim.settling() as settling:
            settling.session.run("sync_orders/doubt", store_shipment_no=row["store_shipment_no"])
        for last in (*[False] * (CALLS - 1), True):
            try:
                if fields is None:
                    store_shipments.delete_shipment(self.store, order_id, shipment_id, fresh.check)
                else:
                    store_shipments.change_shipment(self.store, order_id, shipment_id, fields, fresh.check)
            except Outdated:
                log.info("shipment %s was changed while its call waited: left alone", row["shipment_key"])
                return
            except Refused as refusal:
                self._change_refused(row, action, refusal)
                return
            except Unknown as unknown:
                if last:
                    self._change_unknown(row, action, unknown)
                    return
                log.warning("%s; waiting until it has taken effect or never will, then once more", unknown)
                self.claim.wait_out()
            else:
                self._changed(row, action)
                return

    def _changed(self, row: RowMapping, action: str) -> None:
        self._refused_changes[action] = 0
        with self.claim.settling() as settling:
            if action == "delete":
                self._gone(settling, row, by_us=True)
            else:
                settling.session.run("sync_orders/settle_updated", run_no=self.run.run_no, planned_no=row["planned_no"])
            self._record(settling, row, action, "done")
            self._done(settling, row["planned_no"])
        self._progress.add(1)

    def _change_refused(self, row: RowMapping, action: str, refusal: Refused) -> None:
        key, why = row["shipment_key"], reason_of(refusal)
        with self.claim.settling() as settling:
            if refusal.status == 404:  # somebody has deleted it
                self._gone(settling, row, by_us=action == "delete")
                if action == "delete":
                    self._record(settling, row, action, "done", "it was gone already")
                else:
                    said = (
                        f"Shipment {key} of order {row['order_id']} was sent as {row['store_shipment_id']}, and the"
                        " store does not have it any more."
                    )
                    self.note_problem(settling.session, key, Reason.SHIPMENT_GONE, said)
                self._done(settling, row["planned_no"])
                return
            settling.session.run("sync_orders/settle_refused_update", store_shipment_no=row["store_shipment_no"])
            self._record(settling, row, action, "refused", why)
            said = f"The store refused to {action} shipment {key} of order {row['order_id']}: {why}."
            self.note_problem(settling.session, key, Reason.REFUSED_BY_STORE, said)
        self._refused_changes[action] += 1
        if self._refused_changes[action] >= MOST_REFUSED:
            self.changes_gave_up[action] = (
                f"the store has refused to {action} {MOST_REFUSED} shipments one after the other, the last one so:"
                f" {refusal}. The others were not sent; a later run tries them"
            )

    def _change_unknown(self, row: RowMapping, action: str, unknown: Unknown) -> None:
        """It stays in doubt, and the next attempt sends it again."""
        self.claim.wait_out()
        key = row["shipment_key"]
        with self.claim.settling() as settling:
            self._record(settling, row, action, "unknown", str(unknown)[:300])
            said = f"Shipment {key}: nobody knows whether the store did the {action}: {unknown}."
            self.note_problem(settling.session, key, Reason.UNKNOWN_OUTCOME, said)
        self._note_unknown(key, unknown)

    def _gone(self, settling: Settling, row: RowMapping, *, by_us: bool) -> None:
        settling.session.run("sync_orders/settle_deleted", store_shipment_no=row["store_shipment_no"], by_us=by_us)

    def _record(self, settling: Settling, row: RowMapping, action: str, state: str, reason: str | None = None) -> None:
        settling.session.run(
            "pushes/record",
            run_no=self.run.run_no,
            entity="shipment",
            entity_key=row["shipment_key"],
            action=action,
            state=state,
            sent=json.dumps({**row["payload"], "order_id": row["order_id"], "id": row["store_shipment_id"]}),
            former=None,
            reason=reason,
            epoch=self.claim.epoch,
            sent_at=settling.sent_at,
        )

    def _done(self, settling: Settling, *planned_nos: int) -> None:
        settling.session.run(
            "sync_orders/settle_done",
            run_no=self.run.run_no,
            channel=self.channel.channel,
            planned_nos=list(planned_nos),
        )
