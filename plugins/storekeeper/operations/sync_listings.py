"""Sync Listings: what changes in the warehouse reaches the store, and only that.

*Extract* compares what is wanted with what the store last confirmed, and asks the guards. *Load* takes the claim on
the store, compares anew, and sends the difference in the fullest batches there are. Nothing is sent twice for which the
first was confirmed, and nothing old is ever sent again: whatever breaks, the next comparison finds what is missing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from storekeeper.bigcommerce.client import StoreClient
from storekeeper.operations.marks import need
from storekeeper.operations.outbound import CONFIRM, check_store, hold_claim
from storekeeper.operations.step import Step
from storekeeper.operations.summary import by_reason
from storekeeper.operations.sync_plan import MOST_SHOWN, PLANNED, Plan, Sync, make_plan
from storekeeper.operations.sync_push import Push, verify_stock
from storekeeper.operations.wording import counted
from storekeeper.outcomes import HINTS, Counts, RunStopped, StagingLost, Unknown
from storekeeper.settings import Channel, LargeChange, SyncField, SyncScope
from storekeeper.warehouse.claim import Claim
from storekeeper.warehouse.database import Session, Warehouse
from storekeeper.warehouse.runs import Run, succeed

log = logging.getLogger(__name__)

PLANS = 3
"""How often a run plans anew after a call whose fate nobody knows."""


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
        plan = make_plan(session, sync, store_hash)
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
        plan = make_plan(session, sync, store.store_hash)
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
            make_plan(session, sync, store.store_hash)
        return _conclude(sync, gave_up=gave_up)


def approve(warehouse: Warehouse, channel: str, run_id: str, approved_by: str) -> None:
    """A person has approved what a run's :func:`extract` asked about.

    :param approved_by: who, as Airflow names them.
    """
    with warehouse.transaction() as session:
        run_key = f"{channel}/sync_listings/{run_id}"
        session.run("sync_listings/approve", run_key=run_key, approved_by=approved_by)


def _send(store: StoreClient, sync: Sync) -> list[str]:
    """Send the plan; for each kind of call that was given up, why."""
    with hold_claim(store, sync.run, sync.channel.writing) as claim:
        gave_up = _push(store, sync, claim, _stopped)
        verify_stock(store, sync)
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
        plan = make_plan(session, _of_skus(run, channel, skus, fields), store_hash)
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
        sync.within(session, "problems/open", operation="sync_listings")
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
            plan = make_plan(session, sync, store.store_hash)
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
    sync.within(session, "problems/open", operation="sync_listings")


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
            sync.within(session, "problems/open", operation="sync_listings")
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
