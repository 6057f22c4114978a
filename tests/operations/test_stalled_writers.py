"""Writers that stand still at the worst moments, are taken over, and wake up: nothing stale reaches the store."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sandbox.process import SandboxProcess
from storekeeper.bigcommerce import last_look
from storekeeper.bigcommerce.client import Patience
from storekeeper.operations import outbound
from storekeeper.outcomes import ClaimLost
from storekeeper.warehouse.claim import Claim, Settling, Terms
from tests.databases import Database
from tests.operations.conftest import Import, SyncListings
from tests.operations.stalls import SHORT, Calls, Moment, moments, stall
from tests.operations.terms import LEASE, PATIENT


class Trials:
    """A shop in which writers stand still."""

    def __init__(self, store: SandboxProcess, database: Database, run_sync: SyncListings, folder: Path) -> None:
        self._store, self._database, self._run_sync, self._folder = store, database, run_sync, folder
        rows = database.rows(
            "select v.master_sku, v.variant_id from core.listing_variant as v"
            " inner join core.listing as l using (channel, listing_key)"
            " where not v.channel_price_inherited and l.inventory_tracking = 'variant' order by 1 limit 120"
        )
        self._skus, self._variants = [row["master_sku"] for row in rows], {row["variant_id"] for row in rows}
        assert len(rows) == 120

    def stall(
        self,
        number: int,
        moment: Moment,
        call: int,
        spoil: Callable[[], object] = lambda: None,
        *,
        patience: Patience = SHORT,
        hold_seconds: float = 0,
    ) -> list[str]:
        """Let a writer stand still, another take over, the first wake; what is wrong then."""
        stale, wanted = 10_000 + number, 20_000 + number
        self._want(stale)
        broken: list[str] = []

        def successor() -> None:
            self._sync(f"successor-{number}", patience)
            if not self._failed(number):
                broken.append("after it was taken over its run was not called failed")

        broken += stall(
            self._store,
            self._database,
            moment,
            Calls("PUT", call),
            stalled=lambda: self._sync(f"stalled-{number}", patience),
            meanwhile=lambda: self._want(wanted),
            successor=successor,
            log=self._folder / f"{number}.log",
            spoil=spoil,
            hold_seconds=hold_seconds,
        ).wrong()
        if not self._failed(number):
            broken.append("its run is not failed any more")
        shown = [
            variant
            for product in self._store.products()
            for variant in product["variants"]
            if variant["id"] in self._variants
        ]
        if {(variant["price"], variant["inventory_level"]) for variant in shown} != {(wanted, wanted)}:
            broken.append("the store shows something else than what is wanted")
        if self._database.value("select count(*) from mart.listing_variants where not in_sync"):
            broken.append("something still waits to be sent")
        if self._database.value("select count(*) from ops.claim where run_no is not null"):
            broken.append("the claim is not free")
        return broken

    def _failed(self, number: int) -> bool:
        query = "select state from mart.runs where operation = 'sync_listings' and run_id = %s"
        return bool(self._database.value(query, f"stalled-{number}") == "failed")

    def _want(self, value: int) -> None:
        set_both = "update core.listing_variant set price = %s, quantity = %s where master_sku = any(%s)"
        self._database.run(set_both, value, value, self._skus)

    def _sync(self, run_id: str, patience: Patience) -> None:
        self._run_sync(run_id=run_id, writing=LEASE, patience=patience, max_price_change_factor=1e6)


@pytest.fixture
def trials(
    store: SandboxProcess, database: Database, run_import: Import, run_sync: SyncListings, tmp_path: Path
) -> Trials:
    run_import(new_listings_paused=False)
    return Trials(store, database, run_sync, tmp_path)


def test_a_writer_that_stood_still_sends_nothing_after_it_was_taken_over(trials: Trials) -> None:
    for number, (moment, call) in enumerate(moments()):
        assert trials.stall(number, moment, call) == [], (moment, call)


def no_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who once had the claim trusts in it."""

    @contextmanager
    def settling(claim: Claim) -> Iterator[Settling]:
        with claim.run.transaction() as session:
            yield Settling(session, None)

    def check(claim: Claim) -> float:
        with suppress(ClaimLost):
            real_check(claim)
        return time.monotonic()

    real_check = Claim.check
    monkeypatch.setattr(Claim, "check", check)
    monkeypatch.setattr(Claim, "settling", settling)


def no_quiet_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes over sends at once, whatever the former holder has under way."""

    def terms(**terms: float) -> Terms:
        return Terms(**{**terms, "call": 0.0})

    monkeypatch.setattr(outbound, "Terms", terms)


def test_a_fence_that_is_missing_is_noticed(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    no_fence(monkeypatch)
    assert "it wrote" in str(trials.stall(0, Moment.BEFORE_CHECK, 1))


def test_a_send_deadline_that_is_missing_is_noticed(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_deadline() -> None:
        monkeypatch.setattr(last_look, "LOOK_SECONDS", math.inf)

    assert "it wrote" in str(trials.stall(0, Moment.AFTER_CHECK, 1, no_deadline))


def test_a_quiet_period_that_is_missing_is_noticed(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its call is under way until the successor has ended, and that may be long: so no race decides."""
    no_quiet_period(monkeypatch)
    broken = trials.stall(0, Moment.UNDER_WAY, 1, patience=PATIENT, hold_seconds=60)
    assert "the store shows something else than what is wanted" in broken
