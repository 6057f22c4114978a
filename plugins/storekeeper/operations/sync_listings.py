"""Sync Listings: what changes in the warehouse reaches the store, and only that.

*Extract* compares what is wanted with what the store last confirmed, and asks the guards. *Load* takes the claim on
the store, compares anew, and sends the difference in the fullest batches there are. Nothing is sent twice for which the
first was confirmed, and nothing old is ever sent again: whatever breaks, the next comparison finds what is missing.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping

from storekeeper.bigcommerce import catalog_writing as store_catalog
from storekeeper.bigcommerce.client import Answer, Check, StoreClient
from storekeeper.operations.marks import mark, need, still
from storekeeper.operations.outbound import GUARDED_FROM, Fresh, Outdated, Sender, check_store, hold_claim, reason_of
from storekeeper.operations.progress import Progress
from storekeeper.operations.step import Step
from storekeeper.operations.summary import by_reason
from storekeeper.operations.wording import counted
from storekeeper.outcomes import HINTS, Counts, Reason, Refused, RunStopped, StagingLost, Unknown
from storekeeper.settings import Channel, LargeChange, SyncField, SyncListings, SyncScope
from storekeeper.warehouse.claim import Claim
from storekeeper.warehouse.database import Session, Warehouse
from storekeeper.warehouse.runs import Run, succeed

log = logging.getLogger(__name__)

MOST_SHOWN = 10
"""So many of the worst are named where a guard binds."""

PLANNED = "planned"
"""The mark of a plan that is whole."""

CONFIRM = "Nothing was sent. If this is meant, run it again with confirm_large_change."

PLANS = 3
"""How often a run plans anew after a call whose fate nobody knows."""

MOST_READ_BACK = 250
"""Products whose stock is read in one request."""

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


def extract(sync: Sync, store_hash: str) -> dict[str, Any]:
    """Compare what is wanted with what the store last confirmed, and ask the guards. Calls nothing.

    :param store_hash: the store that the channel's connection leads to.
    :return: how many ``changes`` there are; ``ask``: what a person is to approve, in Markdown, or None.
    :raises RunStopped: it is too large a change, or another store than the one that was imported.
    """
    run = sync.run
    if run.step == "loaded":
        return {"changes": 0, "ask": None}
    check_store(run, sync.channel, store_hash)
    asks = sync.settings.large_change is LargeChange.ASK
    with run.transaction() as session:
        plan = _plan(session, sync, store_hash)
        if plan.said and not run.dry_run:
            _record_stop(session, sync, plan)
            if asks:
                sync.within(session, "sync_listings/ask_approval")
        session.run("runs/advance", run_no=run.run_no, step="extracted")
    log.info("%s to send", counted(plan.rows, "changes"))
    if plan.said is None:
        return {"changes": plan.rows, "ask": None}
    if run.dry_run:
        log.warning("without the dry run this would stop. %s", plan.said)
        return {"changes": plan.rows, "ask": None}
    if asks:
        log.warning("waiting for approval. %s", plan.said)
        return {"changes": plan.rows, "ask": plan.said}
    raise RunStopped(f"{plan.said}\n{CONFIRM}")


def load(store: StoreClient, sync: Sync) -> Counts:
    """Send the difference, under the claim on the store.

    :raises RunStopped: it is too large a change, or has grown since it was approved; nothing was sent.
    :raises ClaimTaken: another run writes to this store and did not finish in time.
    :raises AccessLost: token or scope; the rest waits for the next run.
    :raises Unknown: the store does not answer for good; the next run sends what is wanted then.
    """
    run = sync.run
    if run.step == "loaded":
        _drop_staging(run)
        outcome = run.outcome()
        return Counts(**{name: outcome[name] for name in Counts().as_dict()})
    check_store(run, sync.channel, store.store_hash)
    with run.transaction() as session:
        plan = _plan(session, sync, store.store_hash)
        if run.dry_run:
            sync.within(session, "sync_listings/record_dry_run")
        else:
            sync.within(session, "sync_listings/settle_stock_actions", epoch=None)  # a crash may have come between
    if run.dry_run:
        return _conclude(sync, forecast=_forecast(sync, plan))
    gave_up = _send(store, sync) if plan.rows else []
    try:
        return _conclude(sync, gave_up=gave_up)
    except StagingLost as lost:
        # what was sent is recorded; what could not be is found out anew
        log.warning("%s: comparing anew", lost)
        with run.transaction() as session:
            _plan(session, sync, store.store_hash)
        return _conclude(sync, gave_up=gave_up)


def approve(warehouse: Warehouse, channel: str, run_id: str, approved_by: str) -> None:
    """A person has approved what a run's :func:`extract` asked about.

    :param approved_by: who, as Airflow names them.
    """
    with warehouse.transaction() as session:
        run_key = f"{channel}/sync_listings/{run_id}"
        session.run("sync_listings/approve", run_key=run_key, approved_by=approved_by)


def _plan(session: Session, sync: Sync, store_hash: str) -> Plan:
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


def _send(store: StoreClient, sync: Sync) -> list[str]:
    """Send the plan; for each kind of call that was given up, why."""
    with hold_claim(store, sync.run, sync.channel.writing) as claim:
        gave_up = _push(store, sync, claim, _stopped)
        _verify_stock(store, sync)
    return gave_up


def judge_wanted(
    session: Session,
    store_hash: str,
    run: Run,
    channel: Channel,
    skus: Sequence[str],
    fields: Iterable[SyncField],
) -> str | None:
    """What the guards say of what :func:`send_wanted` would send; None where none binds. Writes nothing."""
    with session.savepoint() as planning:
        plan = _plan(session, _of_skus(run, channel, skus, fields), store_hash)
        planning.rollback()
    return plan.said


def send_wanted(
    store: StoreClient,
    run: Run,
    channel: Channel,
    claim: Claim,
    skus: Sequence[str],
    fields: Iterable[SyncField],
    *,
    confirmed: bool,
) -> list[str]:
    """Send what is wanted of some variants, within a run of another operation that has just put them into the store.

    :param confirmed: a person has let a large change through.
    :return: why something was not sent; a later sync tries it.
    """
    sync = _of_skus(run, channel, skus, fields, confirmed=confirmed)
    try:
        gave_up = _push(store, sync, claim, lambda _session, _sync, plan: plan.said)
    except RunStopped as stopped:
        return [str(stopped)]
    with run.transaction() as session:
        need(session, run, PLANNED)
        sync.within(session, "sync_listings/open_problems")
        sync.within(session, "sync_listings/close_problems")
    return gave_up


def _of_skus(
    run: Run, channel: Channel, skus: Sequence[str], fields: Iterable[SyncField], *, confirmed: bool = False
) -> Sync:
    settings = channel.sync_listings.model_copy(update={"fields": tuple(fields), "scope": SyncScope.CHANGED})
    return Sync(run, channel, settings, skus=skus, confirmed=confirmed, fields_only=True)


def _push(
    store: StoreClient, sync: Sync, claim: Claim, guard: Callable[[Session, Sync, Plan], str | None]
) -> list[str]:
    """Plan and send; after a call whose fate nobody knows, plan anew.

    :param guard: says why nothing may be sent.
    """
    for last in (*[False] * (PLANS - 1), True):
        with sync.run.transaction() as session:
            plan = _plan(session, sync, store.store_hash)
            stopped = guard(session, sync, plan)
            if stopped:
                _record_stop(session, sync, plan)
        if stopped:
            raise RunStopped(stopped)
        try:
            return Push(store, sync, claim).everything(plan.rows)
        except StagingLost as lost:
            if last:
                raise
            log.warning("%s: comparing anew", lost)
        except Unknown as unknown:
            if last:
                raise
            log.warning("%s; waiting until it has taken effect or never will, then comparing anew", unknown)
            claim.wait_out()
    raise AssertionError("the last plan returns or raises")


def _stopped(session: Session, sync: Sync, plan: Plan) -> str | None:
    """Why nothing may be sent: a guard binds, and no person has approved all that it is about."""
    if plan.said is None:
        return None
    unapproved = session.row("sync_listings/count_unapproved", run_no=sync.run.run_no, guards=list(plan.guards))
    if unapproved["asked"] == 0 and sync.settings.large_change is LargeChange.STOP:
        return f"{plan.said}\n{CONFIRM}"
    if unapproved["rows"]:
        return (
            f"plan_grew: since a person was or could be asked, {counted(unapproved['rows'], 'more changes')} would need"
            f" approval, such as of {unapproved['example']!r}. Nothing was sent; run it again to be asked anew."
            f"\n{plan.said}"
        )
    return None


def _record_stop(session: Session, sync: Sync, plan: Plan) -> None:
    """Leave in the warehouse what the plan met and what the guards hold back. It closes nothing: nothing was done."""
    sync.within(session, "sync_listings/note_guarded", guards=list(plan.guards))
    sync.within(session, "sync_listings/open_problems")


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


def _verify_stock(store: StoreClient, sync: Sync) -> None:
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


def _forecast(sync: Sync, plan: Plan) -> Iterator[str]:
    """What a person learns of a run by its dry run: what would stop it, and what it would leave out and why."""
    if plan.guards:
        would = "wait for approval" if sync.settings.large_change is LargeChange.ASK else "stop"
        yield f"Without the dry run this would {would}: it would {'; '.join(plan.guards.values())}."
    with sync.run.transaction() as session:
        found = session.rows(
            "sync_listings/count_problems", run_no=sync.run.run_no, hints=json.dumps(HINTS), most=MOST_SHOWN
        )
    for row in found:
        log.warning("%s: %s: %s", row["example"], row["reason"], row["message"])
    if found:
        yield f"Problems that it would leave: {found[0]['all_problems']:,}"
        yield from by_reason({row["reason"]: (row["problems"], row["example"]) for row in found})


def _conclude(sync: Sync, *, gave_up: Sequence[str] = (), forecast: Iterable[str] = ()) -> Counts:
    """End the run.

    :param gave_up: for each kind of call that was given up, why.
    :param forecast: of a dry run, what to say of the run that it tries.
    """
    run = sync.run
    foreseen = list(forecast)
    with run.transaction() as session:
        if not run.dry_run:
            need(session, run, PLANNED)
            sync.within(session, "sync_listings/open_problems")
            sync.within(session, "sync_listings/close_problems")
        counts = Counts(**session.row("sync_listings/count_outcome", run_no=run.run_no, **sync.values))
        red = sync.settings.problems_fail_run and counts.skipped + counts.failed > 0
        said = []
        if run.dry_run:
            said.append("Dry run: nothing was sent; mart.push_history has what would have been.")
        if red:
            said.append("Problems were left, and sync_listings.problems_fail_run ends such a run red.")
        said += gave_up
        message = "\n".join([*([" ".join(said)] if said else []), *foreseen])
        succeed(session, run, counts, message or None, state="failed" if red or gave_up else "success")
    _drop_staging(run)
    return counts


def _drop_staging(run: Run) -> None:
    with run.warehouse.transaction() as session:
        session.run("sync_listings/drop_staging", run_no=run.run_no)


def _sync(step: Step) -> Sync:
    return Sync(
        step.run,
        step.channel,
        step.settings,
        skus=step.skus,
        confirmed=bool(step.params.get("confirm_large_change")),
        puts_stock_back="quantity" in (step.named.get("fields") or ()),
    )


def _extract(step: Step) -> dict[str, Any]:
    return extract(_sync(step), step.store.store_hash)


def _load(step: Step) -> dict[str, Any]:
    return load(step.store, _sync(step)).as_dict()


STEPS: Mapping[str, Callable[[Step], dict[str, Any]]] = {"extract": _extract, "load": _load}
"""The tasks of a run in their order; where somebody is to approve, that comes between."""
