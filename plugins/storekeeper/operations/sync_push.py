"""Sending a sync's plan, call by call, under the claim on the store; each outcome is recorded before the next call."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from storekeeper.bigcommerce import catalog_writing as store_catalog
from storekeeper.bigcommerce.client import Answer, Check, StoreClient
from storekeeper.operations.marks import need, still
from storekeeper.operations.outbound import Fresh, Outdated, Sender, reason_of
from storekeeper.operations.progress import Progress
from storekeeper.operations.sync_plan import MOST_PER_CALL, PLANNED, Sync
from storekeeper.operations.wording import counted
from storekeeper.outcomes import HINTS, Reason, Refused, Unknown
from storekeeper.warehouse.claim import Claim
from storekeeper.warehouse.database import Session

log = logging.getLogger(__name__)

MOST_READ_BACK = 250
"""Products whose stock is read in one request."""


@dataclass(frozen=True, slots=True)
class Item:
    """What one entry of a call holds: a variant's fields, its stock, or all that changes of a product."""

    plan_nos: list[int]
    product_id: int
    variant_id: int | None
    sent: dict[str, Any] = field(default_factory=dict)
    parts: list[Item] = field(default_factory=list)

    @property
    def named(self) -> str:
        """As the store names it in a refusal."""
        return f"variant_id {self.variant_id}" if self.variant_id is not None else f"product_id {self.product_id}"


class Push:
    """Sends one plan, call by call.

    :param claim: the right to write to the store.
    """

    def __init__(self, store: StoreClient, sync: Sync, claim: Claim) -> None:
        self._store = store
        self._sync = sync
        self._claim = claim
        self._senders = {call: Sender() for call in MOST_PER_CALL}
        self._gone: set[int] = set()

    def everything(self, rows: int) -> list[str]:
        """Send what is planned.

        :return: for each kind of call that was given up, why.
        :raises Unknown: a call's fate is unknown; what was confirmed before it is recorded.
        """
        progress = Progress("changes", self._sync.run, self._store, unit="batches")
        progress.expect(rows)
        with self._sync.run.transaction() as session:
            need(session, self._sync.run, PLANNED)
            batches = session.rows("sync_listings/list_batches", run_no=self._sync.run.run_no)
        self._look_before_hiding()
        for batch in batches:
            call, sent = batch["call"], 0
            while self._senders[call].gave_up is None and (items := self._read(call, batch["batch"])):
                sent = sum(len(item.plan_nos) for item in items)
                try:
                    self._send(call, batch["batch"], items)
                    break
                except Outdated:
                    log.info("something was changed while a call waited for its turn: reading the batch again")
            progress.add(sent)
        if self._gone:
            self._look_for_gone()
        if rows:
            log.info("sent: %s", progress.line())
        return [sender.gave_up for sender in self._senders.values() if sender.gave_up]

    def _look_before_hiding(self) -> None:
        """Hiding by stock brings it to 0: what the store has is kept, to be put back when it is shown again."""
        with self._sync.run.transaction() as session:
            rows = session.rows(
                "sync_listings/list_hiding", run_no=self._sync.run.run_no, channel=self._sync.channel.channel
            )
        for begin in range(0, len(rows), MOST_READ_BACK):
            some = rows[begin : begin + MOST_READ_BACK]
            shown = store_catalog.stock_of(
                self._store, self._sync.values["location_id"], {row["product_id"] for row in some}
            )
            units = {row["master_sku"]: _units(shown, (row["product_id"], row["variant_id"])) for row in some}
            known = {sku: each for sku, each in units.items() if each is not None}
            with self._claim.settling() as settling:
                self._sync.within(settling.session, "sync_listings/announce_own_write")
                self._sync.within(
                    settling.session, "sync_listings/hold_stock", master_skus=list(known), units=list(known.values())
                )

    def _read(self, call: str, batch: int) -> list[Item]:
        """What of a batch is still wanted; from now on its fields are in doubt until the outcome is recorded."""
        with self._claim.settling() as settling:
            rows = self._still_wanted(settling.session, call, batch)
            self._sync.within(settling.session, "sync_listings/announce_own_write")
            self._sync.within(settling.session, "sync_listings/doubt", plan_nos=[row["plan_no"] for row in rows])
        if call not in ("products", "showing"):
            return [Item([row["plan_no"]], row["product_id"], row["variant_id"], row["sent"]) for row in rows]
        products: dict[int, Item] = {}
        for row in rows:  # several changes of one product are one entry of the call
            item = products.setdefault(row["product_id"], Item([], row["product_id"], None))
            item.plan_nos.append(row["plan_no"])
            item.sent.update(row["sent"])
            same = next((part for part in item.parts if part.sent == row["sent"]), None)
            if same is None:
                item.parts.append(Item([row["plan_no"]], row["product_id"], None, row["sent"]))
            else:
                same.plan_nos.append(row["plan_no"])
        return list(products.values())

    def _still_wanted(self, session: Session, call: str, batch: int) -> Sequence[RowMapping]:
        still(session, self._sync.run, PLANNED)
        return session.rows(
            "sync_listings/read_batch",
            run_no=self._sync.run.run_no,
            channel=self._sync.channel.channel,
            call=call,
            batch=batch,
        )

    def _all_still_wanted(self, call: str, batch: int, items: Sequence[Item]) -> bool:
        with self._sync.run.transaction() as session:
            wanted = {row["plan_no"] for row in self._still_wanted(session, call, batch)}
        return wanted.issuperset(plan_no for item in items for plan_no in item.plan_nos)

    def _send(self, call: str, batch: int, items: Sequence[Item]) -> None:
        make, settle = {
            "products": (self._change_products, "sync_listings/settle_products"),
            "showing": (self._change_products, "sync_listings/settle_products"),
            "variants": (self._change_variants, "sync_listings/settle_variants"),
            "stock": (self._set_stock, "sync_listings/settle_stock"),
            "delist": (self._delete, "sync_listings/settle_delisted"),
        }[call]

        def attempt(some: Sequence[Item]) -> Sequence[Item]:
            try:
                fresh = Fresh(self._claim, lambda: self._all_still_wanted(call, batch, some))
                answer = make(some, fresh.check)
                lacking = self._lacking(some) if answer.status == store_catalog.PARTLY_SAVED else []
            except Unknown:
                self._record(some, "unknown")
                raise
            for item in lacking:
                self._record([item], "refused", reason="the store has saved it only in part (207)")
            return [item for item in some if item not in lacking]

        def refuse(item: Item, refusal: Refused) -> None:
            reason = reason_of(refusal, item.named if call == "stock" else "")
            if refusal.status == 404 or "not found" in reason.lower():
                self._gone.add(item.product_id)
            self._record([item], "refused", reason=reason)

        self._senders[call].send(
            items,
            attempt,
            lambda some: self._record(some, "done", settle=settle),
            refuse,
            (lambda item: item.named) if call == "stock" else None,
            lambda item: item.parts or (item,),
        )

    def _change_products(self, items: Sequence[Item], check: Check) -> Answer:
        changes = [{"id": item.product_id, **item.sent} for item in items]
        return store_catalog.change_products(self._store, changes, check)

    def _change_variants(self, items: Sequence[Item], check: Check) -> Answer:
        changes = [{"id": item.variant_id, **item.sent} for item in items]
        return store_catalog.change_variants(self._store, changes, check)

    def _set_stock(self, items: Sequence[Item], check: Check) -> Answer:
        adjustments = [
            {
                **item.sent,
                **({"product_id": item.product_id} if item.variant_id is None else {"variant_id": item.variant_id}),
            }
            for item in items
        ]
        return store_catalog.set_stock(self._store, adjustments, check)

    def _delete(self, items: Sequence[Item], check: Check) -> Answer:
        product_ids = [item.product_id for item in items]
        answer = store_catalog.delete_products(self._store, product_ids, check)
        left, _ = store_catalog.living(self._store, product_ids)
        if left:
            raise Unknown(
                f"the store confirmed that products were deleted and still has {len(left)} of them, such as {min(left)}"
            )
        return answer

    def _lacking(self, items: Sequence[Item]) -> list[Item]:
        """Of items that the store says to have saved in part, those that it does not show as they were sent."""
        shown = store_catalog.shown(self._store, sorted({item.product_id for item in items}))
        lacking = []
        for item in items:
            has = shown.get((item.product_id, item.variant_id), {})
            if any(has.get(name) != value for name, value in item.sent.items()):
                lacking.append(item)
        return lacking

    def _record(
        self, items: Sequence[Item], state: str, *, settle: str | None = None, reason: str | None = None
    ) -> None:
        plan_nos = [plan_no for item in items for plan_no in item.plan_nos]
        with self._claim.settling() as settling:
            session = settling.session
            still(session, self._sync.run, PLANNED)
            self._sync.within(session, "sync_listings/announce_own_write")
            if settle is not None:
                self._sync.within(session, settle, plan_nos=plan_nos)
            self._sync.within(
                session,
                "sync_listings/record_push",
                plan_nos=plan_nos,
                state=state,
                reason=reason,
                hint=HINTS[Reason.REFUSED_BY_STORE],
                epoch=self._claim.epoch,
                sent_at=settling.sent_at,
            )
            if settle == "sync_listings/settle_stock":
                self._sync.within(session, "sync_listings/settle_stock_actions", epoch=self._claim.epoch)

    def _look_for_gone(self) -> None:
        """What the store does not know any more is looked for by id before it is taken for gone."""
        asked = sorted(self._gone)
        products, variants = store_catalog.living(self._store, asked)
        with self._claim.settling() as settling:
            session = settling.session
            self._sync.within(session, "sync_listings/announce_own_write")
            self._sync.within(
                session,
                "sync_listings/settle_gone",
                product_ids=asked,
                living_products=sorted(products),
                living_variants=sorted(variants),
                hint=HINTS[Reason.GONE_FROM_STORE],
            )


def verify_stock(store: StoreClient, sync: Sync) -> None:
    """Read some of the quantities sent back: the store answers before it has worked them off."""
    most = sync.settings.verify_stock_sample
    location_id = sync.values["location_id"]
    if not most:
        return
    with sync.run.transaction() as session:
        sample = session.rows("sync_listings/sample_stock", run_no=sync.run.run_no, most=most)
    differing = {(row["product_id"], row["variant_id"]): row for row in sample}
    for wait in (0.0, 1.0, 2.0, 4.0):
        if not differing:
            break
        time.sleep(wait)
        shown = store_catalog.stock_of(store, location_id, {product_id for product_id, _ in differing})
        differing = {item: row for item, row in differing.items() if _units(shown, item) != row["quantity"]}
    if sample:
        log.info("read %s back, not as sent: %d", counted(len(sample), "quantities"), len(differing))
    if differing:
        with sync.run.transaction() as session:
            session.copy_staged(
                "problem",
                sync.run.run_no,
                ("entity", "entity_key", "reason", "message", "source"),
                [
                    (
                        "variant",
                        row["master_sku"],
                        Reason.STOCK_NOT_CONFIRMED.value,
                        f"The store confirmed the quantity {row['quantity']} of {row['master_sku']} and shows"
                        f" {_units(shown, item)}.",
                        f"product/{row['product_id']}",
                    )
                    for item, row in differing.items()
                ],
            )


def _units(shown: Mapping[tuple[int, int | None], int], item: tuple[int, int | None]) -> int | None:
    """The units of a variant; where its product is tracked as a whole, those of the product."""
    return shown.get(item, shown.get((item[0], None)))
