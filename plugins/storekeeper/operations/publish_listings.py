"""Publish Listings: what somebody has queued becomes products of the store, or writes over those that are there.

*Extract* pins the queued listings as they are. *Transform* makes products of them, and problems of what the store would
refuse. *Load* takes the claim on the store, finds out what became of calls that nobody has recorded, and sends: a call
a new product, with everything inline; what differs of existing ones, ten a call; at last stock and prices, as a sync
does.
A listing that somebody changed after it was pinned is left to the next run.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import RowMapping

from storekeeper.bigcommerce import catalog_writing as store_catalog
from storekeeper.bigcommerce import products as store_products
from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations import sync_listings
from storekeeper.operations.marks import mark, need
from storekeeper.operations.outbound import CONFIRM, GUARDED_FROM, Sender, check_store, hold_claim, reason_of
from storekeeper.operations.overwriting import Overwriting
from storekeeper.operations.product_comparison import Comparison
from storekeeper.operations.progress import Progress
from storekeeper.operations.publication import Publication
from storekeeper.operations.step import Step
from storekeeper.operations.store_categories import StoreCategories
from storekeeper.operations.wording import counted
from storekeeper.outcomes import HINTS, Counts, Problem, Reason, Refused, RunStopped, StagingLost, Unknown
from storekeeper.settings import Channel, Follow, PublishListings, SyncField
from storekeeper.transforms.publish_listings import PAYLOAD_COLUMNS, drafts_of, prepare
from storekeeper.warehouse.claim import Claim
from storekeeper.warehouse.database import Session
from storekeeper.warehouse.runs import Run, succeed

log = logging.getLogger(__name__)

DRAFTS_AT_ONCE = 500
"""Listings that are made products of in one go: more would cost memory."""

PROBLEM_COLUMNS = ("entity", "entity_key", "reason", "message", "source")


@dataclass(frozen=True, slots=True)
class Publish:
    """One run of the operation: what all its steps need.

    :param skus: master SKUs that it is narrowed to, each for its whole listing; empty: all.
    :param confirmed: a person has let a large change through.
    """

    run: Run
    channel: Channel
    settings: PublishListings
    skus: Sequence[str] = ()
    confirmed: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The bind parameters of the operation's statements; each takes what it names."""
        return {
            "channel": self.channel.channel,
            "everything": not self.skus,
            "skus": [sku.lower() for sku in self.skus],
            "master_sku_field": self.channel.import_listings.master_sku.value,
            "hints": json.dumps(HINTS),
        }

    def within(self, session: Session, name: str, **values: Any) -> int:
        """Run one of the operation's statements."""
        return session.run(name, run_no=self.run.run_no, **self.values, **values)

    def rows(self, session: Session, name: str, **values: Any) -> Sequence[Any]:
        """The rows that one of the operation's statements answers."""
        return session.rows(name, run_no=self.run.run_no, **self.values, **values)


def extract(publish: Publish, store_hash: str) -> dict[str, int]:
    """Pin the queued listings as they are now. Calls nothing.

    :return: how many ``drafts`` there are.
    :raises RunStopped: the connection leads to another store than the one that was imported.
    """
    run = publish.run
    if run.step == "loaded":
        return {"drafts": 0}
    check_store(run, publish.channel, store_hash)
    with run.transaction() as session:
        session.run("publish_listings/create_staging", run_no=run.run_no)
        session.run("staging/create", run_no=run.run_no)
        session.run("staging/remove_step", run_no=run.run_no, step="extracted")
        session.run("staging/remove_step", run_no=run.run_no, step="transformed")
        session.run(
            "runs/describe_rules",
            channel=publish.channel.channel,
            connection_id=publish.channel.connection_id,
            store_hash=store_hash,
            rules=json.dumps(publish.channel.rules()),
        )
        publish.within(session, "publish_listings/pin_drafts")
        drafts = session.row("publish_listings/count_drafts", run_no=run.run_no)["drafts"]
        mark(session, run, "extracted")
        session.run("runs/advance", run_no=run.run_no, step="extracted")
    log.info("%s to publish", counted(drafts, "listings"))
    return {"drafts": drafts}


def transform(publish: Publish) -> dict[str, int]:
    """Make products of the pinned listings; a second attempt begins anew.

    :return: how many ``products`` there are to send, and how many ``problems``.
    """
    run, settings, channel = publish.run, publish.settings, publish.channel
    if run.step == "loaded":
        return {"products": 0, "problems": 0}
    with run.transaction() as session:
        need(session, run, "extracted")
        session.run("publish_listings/forget_prepared", run_no=run.run_no)
        session.run("staging/remove_step", run_no=run.run_no, step="transformed")
    after, products, problems = "", 0, 0
    while True:
        with run.transaction() as session:
            rows = session.rows("publish_listings/read_drafts", run_no=run.run_no, after=after, most=DRAFTS_AT_ONCE)
            if not rows:
                break
            drafts = list(drafts_of(rows))
            prepared = prepare(drafts, settings, channel.import_listings.master_sku, channel.sync_listings.min_price)
            session.copy_staged("payload", run.run_no, PAYLOAD_COLUMNS, prepared.rows)
            session.copy_staged("draft_problem", run.run_no, PROBLEM_COLUMNS, map(_problem_row, prepared.problems))
        after = drafts[-1].listing_key
        products += len(prepared.rows)
        problems += len(prepared.problems)
    with run.transaction() as session:
        publish.within(session, "publish_listings/report_duplicates")
        publish.within(session, "publish_listings/note_retried")
        mark(session, run, "transformed")
        session.run("runs/advance", run_no=run.run_no, step="transformed")
    return {"products": products, "problems": problems}


def load(store: StoreClient, publish: Publish) -> Counts:
    """Send, under the claim on the store; what is confirmed is recorded call by call.

    :raises RunStopped: it is too large a change; nothing was sent.
    :raises ClaimTaken: another run writes to this store and did not finish in time.
    :raises AccessLost: token or scope; the rest stays queued.
    :raises Unknown: the store does not answer for good; the next attempt looks before it sends.
    """
    run = publish.run
    if run.step == "loaded":
        _drop_staging(run)
        outcome = run.outcome()
        return Counts(**{name: outcome[name] for name in Counts().as_dict()})
    check_store(run, publish.channel, store.store_hash)
    with run.transaction() as session:
        need(session, run, "transformed")
        measured = session.row("publish_listings/measure_payloads", run_no=run.run_no, **publish.values)
        _guard(publish, measured)
        _guard_fields(session, store.store_hash, publish)
        listed = publish.rows(session, "publish_listings/list_listed")
        if not run.dry_run:
            publish.within(session, "publish_listings/open_problems")
            publish.within(session, "publish_listings/forget_overwrites")
        open_work = bool(
            publish.rows(session, "publish_listings/list_open_intents")
            or publish.rows(session, "publish_listings/list_assignments")
            or publish.rows(session, "publish_listings/list_pushed_skus")
        )
    gave_up: list[str] = []
    if listed and not run.dry_run:
        _look_for_listed(store, publish, [row["product_id"] for row in listed])
    if run.dry_run:
        _record_dry_run(store, publish)
    elif measured["creates"] or measured["overwrites"] or open_work:
        gave_up = _send(store, publish, measured["listings"])
    return _conclude(publish, len(listed), gave_up)


def _look_for_listed(store: StoreClient, publish: Publish, product_ids: Sequence[int]) -> None:
    """Queued for publishing, and in the store as far as we know: is it? What is gone is published by the next run."""
    living, _ = store_catalog.living(store, product_ids)
    gone = sorted(set(product_ids) - living)
    with publish.run.transaction() as session:
        session.run("sync_listings/announce_own_write")
        publish.within(session, "publish_listings/settle_listed", product_ids=sorted(living))
        if gone:
            log.warning(
                "%d products are gone from the store, such as %d: the next run makes them anew", len(gone), gone[0]
            )
            publish.within(
                session,
                "sync_listings/settle_gone",
                product_ids=gone,
                living_products=[],
                living_variants=[],
                hint=HINTS[Reason.GONE_FROM_STORE],
            )


def _guard(publish: Publish, measured: RowMapping) -> None:
    listings, overwrites, most = measured["listings"], measured["overwrites"], publish.settings.max_overwritten_share
    if listings < GUARDED_FROM or overwrites / listings <= most or publish.confirmed:
        return
    said = (
        f"This run would write over {overwrites} of {listings} listings in the store ({overwrites / listings:.0%};"
        f" publish_listings.max_overwritten_share allows {most:.0%}), such as {measured['example']}."
    )
    if publish.run.dry_run:
        log.warning("without the dry run this would stop. %s", said)
        return
    raise RunStopped(f"{said} {CONFIRM}")


def _guard_fields(session: Session, store_hash: str, publish: Publish) -> None:
    """The guards of a sync, for the prices and stock of what is to be written over.

    :raises RunStopped: one binds; nothing was sent.
    """
    skus = [row["master_sku"] for row in publish.rows(session, "publish_listings/list_overwritten_skus")]
    fields = _overwritten_fields(publish)
    if not skus or not fields or publish.confirmed:
        return
    said = sync_listings.judge_wanted(session, store_hash, publish.run, publish.channel, skus, fields)
    if said is None:
        return
    if publish.run.dry_run:
        log.warning("without the dry run this would stop. %s", said)
        return
    raise RunStopped(f"{said}\n{CONFIRM}")


def _overwritten_fields(publish: Publish) -> list[SyncField]:
    overwrite = publish.settings.overwrite
    prices = (SyncField.PRICE, SyncField.SALE_PRICE, SyncField.COST_PRICE, SyncField.RETAIL_PRICE)
    return [
        field
        for fields, follow in (
            (prices, overwrite.price),
            ((SyncField.WEIGHT,), overwrite.weight),
            ((SyncField.QUANTITY,), overwrite.quantity),
        )
        if follow is Follow.UPDATE
        for field in fields
    ]


def _send(store: StoreClient, publish: Publish, listings: int) -> list[str]:
    run, channel = publish.run, publish.channel
    with hold_claim(store, run, channel.writing) as claim:

        @cache
        def categories() -> StoreCategories:
            found = StoreCategories(store, channel.store_channel_id)
            if publish.settings.create_missing_categories:
                with run.transaction() as session:
                    rows = session.rows("publish_listings/list_categories", run_no=run.run_no)
                found.make([row["path"] for row in rows], claim)
            return found

        publication = Publication(store, run, channel, claim, publish.values, categories)
        publication.recover()
        with run.transaction() as session:
            need(session, run, "transformed")
            creates = publish.rows(session, "publish_listings/list_payloads", action="publish")
            overwrites = publish.rows(session, "publish_listings/list_payloads", action="overwrite")
        comparison = Comparison(store, run, publish.settings, publish.values, categories, publication.problem)
        overwriting = Overwriting(store, run, publish.settings, publish.values, publication, comparison)
        _link_unknown(publish, publication, overwrites)
        keys = [row["listing_key"] for row in overwrites]
        overwriting.guard(keys, listings, confirmed=publish.confirmed)
        progress = Progress("listings", run, store, unit="calls")
        progress.expect(len(creates) + len(overwrites))
        for row in creates:
            if publication.gave_up:
                break
            publication.create(row["listing_key"], row["categories"])
            progress.add(1)
        publication.complete()
        overwriting.everything(keys)
        if keys:
            progress.add(len(keys))
        gave_up = [said for said in (publication.gave_up, overwriting.gave_up) if said]
        gave_up += _send_wanted(store, publish, claim)
        gave_up += _assign(store, publish, publication)
        log.info("handled: %s", progress.line())
    unknown = [*publication.unknown, *overwriting.unknown]
    if unknown:
        raise Unknown(
            f"nobody knows what became of {len(unknown)} listings, such as {unknown[0]}; all others were sent. The next"
            " attempt looks first"
        )
    return gave_up


def _link_unknown(publish: Publish, publication: Publication, overwrites: Sequence[Any]) -> None:
    """A listing that is to write over a product and is linked to none: its SKUs tell which, or there is none."""
    for row in overwrites:
        if row["product_id"] is not None:
            continue
        with publish.run.transaction() as session:
            rows = publish.rows(session, "publish_listings/read_variants", listing_key=row["listing_key"])
        said = f"Listing {row['listing_key']} cannot be written over: it is not in the store"
        try:
            if not rows or publication.link(row["listing_key"], rows[0]["variants"]):
                continue
        except Refused as refusal:
            said += f", or cannot be looked for: {reason_of(refusal)}"
        publication.problem(row["listing_key"], Reason.NOT_IN_STORE, f"{said}.")


def _assign(store: StoreClient, publish: Publish, publication: Publication) -> list[str]:
    """Put products on the channel's own sales channel; putting one there twice changes nothing."""
    claim, sender = publication.claim, Sender()
    with publish.run.transaction() as session:
        rows = publish.rows(session, "publish_listings/list_assignments")

    def assign(some: Sequence[Any]) -> Sequence[Any]:
        assignments = [{"product_id": row["product_id"], "channel_id": row["assign_to"]} for row in some]
        try:
            store_products.assign_to_channel(store, assignments, claim.check)
        except Unknown:
            claim.wait_out()
            store_products.assign_to_channel(store, assignments, claim.check)
        return some

    def settle(some: Sequence[Any]) -> None:
        with claim.settling() as settling:
            settling.session.run("sync_listings/announce_own_write")
            publish.within(
                settling.session,
                "publish_listings/settle_assignments",
                product_ids=[row["product_id"] for row in some],
            )

    def refuse(row: Any, refusal: Refused) -> None:
        said = (
            f"Listing {row['listing_key']}: the store refused to put product {row['product_id']} on its sales channel"
            f" {row['assign_to']}: {reason_of(refusal)}."
        )
        publication.problem(row["listing_key"], Reason.REFUSED_BY_STORE, said)

    for begin in range(0, len(rows), store_products.MOST_ASSIGNMENTS):
        sender.send(rows[begin : begin + store_products.MOST_ASSIGNMENTS], assign, settle, refuse)
    return [sender.gave_up] if sender.gave_up else []


def _send_wanted(store: StoreClient, publish: Publish, claim: Claim) -> list[str]:
    """Stock of what was published, stock and prices of what was written over, as a sync sends them."""
    with publish.run.transaction() as session:
        rows = publish.rows(session, "publish_listings/list_pushed_skus")
    written_over = sorted(row["master_sku"] for row in rows if row["overwritten"])
    created = [row["master_sku"] for row in rows if not row["overwritten"]]
    fields = _overwritten_fields(publish)
    gave_up: list[str] = []
    parts: list[tuple[list[str], list[SyncField]]] = [(created, [SyncField.QUANTITY]), (written_over, fields)]
    if SyncField.PRICE in fields and SyncField.QUANTITY in fields:
        parts = [([*created, *written_over], fields)]
    for skus, chosen in parts:
        if skus and chosen:
            gave_up += sync_listings.send_wanted(
                store, publish.run, publish.channel, claim, skus, chosen, confirmed=publish.confirmed
            )
    return gave_up


def _record_dry_run(store: StoreClient, publish: Publish) -> None:
    """Keep in the push ledger what would be sent; reads the store's categories, and products to be written over."""
    run = publish.run

    @cache
    def categories() -> StoreCategories:
        return StoreCategories(store, publish.channel.store_channel_id)

    with run.transaction() as session:
        creates = publish.rows(session, "publish_listings/list_payloads", action="publish")
        overwrites = publish.rows(session, "publish_listings/list_payloads", action="overwrite")
    comparison = Comparison(
        store,
        run,
        publish.settings,
        publish.values,
        categories,
        lambda listing_key, reason, said: _leave_out(publish, listing_key, reason, said),
    )
    made = publish.settings.create_missing_categories
    for row in creates:
        paths = row["categories"]
        if paths and not made and (said := categories().lacking(row["listing_key"], paths)):
            _leave_out(publish, row["listing_key"], Reason.UNKNOWN_CATEGORY, said)
    with run.transaction() as session:
        for row in creates:
            rows = publish.rows(
                session, "publish_listings/read_payload", listing_key=row["listing_key"], action="publish"
            )
            paths = row["categories"]
            for payload in rows:  # none of one that is left out
                ids = [*categories().ids(paths), *categories().missing(paths)] if paths else []
                _record_planned(
                    publish, session, row["listing_key"], "create", {**payload["payload"], "categories": ids}
                )
    linked = [row["listing_key"] for row in overwrites if row["product_id"] is not None]
    for target in comparison.all(linked):
        planned = comparison.planned(target)
        if planned:
            with run.transaction() as session:
                _record_planned(publish, session, target.listing_key, "overwrite", planned)


def _leave_out(publish: Publish, listing_key: str, reason: Reason, said: str) -> None:
    """In a dry run: a listing that the real run would leave out."""
    problem = Problem("listing", listing_key, reason, said, f"listing/{listing_key}")
    with publish.run.transaction() as session:
        session.copy_staged("draft_problem", publish.run.run_no, PROBLEM_COLUMNS, [_problem_row(problem)])
        publish.within(session, "publish_listings/leave_out", listing_key=listing_key)


def _record_planned(publish: Publish, session: Session, listing_key: str, action: str, sent: Any) -> None:
    session.run(
        "pushes/record",
        run_no=publish.run.run_no,
        entity="listing",
        entity_key=listing_key,
        action=action,
        state="dry_run",
        sent=json.dumps(sent, default=str),
        former=None,
        reason=None,
        epoch=None,
        sent_at=None,
    )


def _conclude(publish: Publish, listed: int, gave_up: Sequence[str]) -> Counts:
    run = publish.run
    with run.transaction() as session:
        need(session, run, "transformed")
        if not run.dry_run:
            publish.within(session, "publish_listings/close_problems", gave_up=bool(gave_up))
        counts = Counts(
            **session.row("publish_listings/count_outcome", run_no=run.run_no, listed=listed, **publish.values)
        )
        red = publish.settings.problems_fail_run and counts.skipped + counts.failed > 0
        said = []
        if run.dry_run:
            said.append(
                "Dry run: nothing was sent; mart.push_history has what would have been, as far as it can be known:"
                " whether a SKU or a name stands in the store already shows at the call."
            )
            for row in session.rows("publish_listings/list_problems", run_no=run.run_no, most=10):
                log.warning("%s: %s", row["reason"], row["message"])
        if red:
            said.append("Problems were left, and publish_listings.problems_fail_run ends such a run red.")
        said += gave_up
        succeed(session, run, counts, " ".join(said) or None, state="failed" if red or gave_up else "success")
    _drop_staging(run)
    return counts


def _drop_staging(run: Run) -> None:
    with run.warehouse.transaction() as session:
        session.run("publish_listings/drop_staging", run_no=run.run_no)


def _problem_row(problem: Problem) -> tuple[str, ...]:
    return problem.entity, problem.entity_key, problem.reason.value, problem.message, problem.source


def _publish(step: Step) -> Publish:
    return Publish(
        step.run,
        step.channel,
        step.settings,
        skus=step.skus,
        confirmed=bool(step.params.get("confirm_large_change")),
    )


def _extract(step: Step) -> dict[str, Any]:
    return extract(_publish(step), step.store.store_hash)


def _transform(step: Step) -> dict[str, Any]:
    try:
        return transform(_publish(step))
    except StagingLost as lost:
        log.warning("%s: pinning the listings again", lost)
        _extract(step)
        return transform(_publish(step))


def _load(step: Step) -> dict[str, Any]:
    try:
        return load(step.store, _publish(step)).as_dict()
    except StagingLost as lost:
        log.warning("%s: pinning and preparing the listings again", lost)
        _extract(step)
        _transform(step)
        return load(step.store, _publish(step)).as_dict()


STEPS: Mapping[str, Callable[[Step], dict[str, Any]]] = {"extract": _extract, "transform": _transform, "load": _load}
"""The tasks of a run in their order; each brings itself what a crash of the database has taken from it."""
