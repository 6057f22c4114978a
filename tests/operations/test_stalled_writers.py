"""Writers that stand still at the worst moments, are taken over, and wake up: nothing stale reaches the store.

``STOREKEEPER_STALLS`` sets how many are tried.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.process import SandboxProcess
from storekeeper.bigcommerce import last_look
from storekeeper.bigcommerce.client import Patience, StoreClient
from storekeeper.operations import outbound
from storekeeper.warehouse.claim import Claim, Settling, Terms
from tests.databases import Database
from tests.operations.conftest import Import, SyncListings

STALLS = int(os.environ.get("STOREKEEPER_STALLS", "8"))
POINTS = ("before the mark", "between mark and look", "while the store takes its time", "while waiting")
LEASE = {"claim_wait_seconds": 20, "lease_seconds": 0.5, "heartbeat_seconds": 0.1}
SHORT = Patience(connect=2, read=1.2, total=3, attempts=3, backoff=0.02, backoff_most=0.1)
SLOW_SECONDS = 1.4
"""Longer than until somebody may take over, shorter than a call may take."""


@pytest.fixture
def short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_look, "LOOK_SECONDS", 0.4)


def stand_still() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def in_a_child(work: Callable[[], object], log: Path) -> int:
    """Run something in a forked process; what it raises is written to a file."""
    pid = os.fork()
    if pid:
        return pid
    status = 0
    try:
        work()
    except BaseException as error:
        log.write_text(f"{type(error).__name__}: {error}")
        status = 1
    os._exit(status)  # the parent's connections are the parent's to close


def stall_at(point: str, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the child: stand still at a point of the so-manieth call."""
    check, once = Claim.check, StoreClient._read
    calls = {"made": 0}

    def checked(claim: Claim) -> float:
        calls["made"] += 1
        if point == "before the mark" and calls["made"] == call:
            stand_still()
        moment = check(claim)
        if point == "between mark and look" and calls["made"] == call:
            stand_still()
        if point == "while the store takes its time" and calls["made"] == call:
            threading.Timer(0.2, stand_still).start()
        return moment

    def read(client: StoreClient, *args: Any) -> bytes:
        if point == "while waiting" and calls["made"] == call:
            stand_still()  # the store has done it, and we have not heard of it
        return once(client, *args)

    monkeypatch.setattr(Claim, "check", checked)
    monkeypatch.setattr(StoreClient, "_read", read)


class Trials:
    """A shop in which writers stand still."""

    def __init__(
        self,
        store: SandboxProcess,
        database: Database,
        run_sync: SyncListings,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self._store, self._database, self._run_sync = store, database, run_sync
        self._folder, self._monkeypatch = tmp_path, monkeypatch
        rows = database.rows(
            "select v.master_sku, v.variant_id from core.listing_variant as v"
            " inner join core.listing as l using (channel, listing_key)"
            " where not v.channel_price_inherited and l.inventory_tracking = 'variant' order by 1 limit 120"
        )
        self._skus, self._variants = [row["master_sku"] for row in rows], {row["variant_id"] for row in rows}
        assert len(rows) == 120

    def stall(self, number: int, point: str, call: int) -> list[str]:
        """Let a writer stand still, another take over, the first wake; what is wrong then."""
        log = self._folder / f"{number}.log"
        stale, wanted = 10_000 + number, 20_000 + number
        self._want(stale)
        if point == "while the store takes its time":
            self._store.fault("slow", seconds=SLOW_SECONDS, method="PUT", nth=call)

        def stalled() -> None:
            stall_at(point, call, self._monkeypatch)
            self._sync(f"stalled-{number}")

        child = in_a_child(stalled, log)
        _, status = os.waitpid(child, os.WUNTRACED)
        assert os.WIFSTOPPED(status), log.read_text() if log.exists() else "it did not stand still"
        self._want(wanted)
        self._sync(f"successor-{number}")
        broken = [] if self._failed(number) else ["after it was taken over its run was not called failed"]
        time.sleep(SLOW_SECONDS if point == "while the store takes its time" else 0.1)
        effects = len(self._store.effects())
        os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        time.sleep(0.1)
        self._store.clear_faults()
        if not self._failed(number):
            broken.append("its run is not failed any more")
        said = log.read_text() if log.exists() else "nothing"
        if os.WEXITSTATUS(status) != 1 or not said.startswith(("ClaimLost", "RunSuperseded")):
            broken.append(f"it was not told that it was taken over: {said}")
        if self._store.effects()[effects:]:
            broken.append("it wrote after it was taken over")
        shown = [
            each for product in self._store.products() for each in product["variants"] if each["id"] in self._variants
        ]
        if {(each["price"], each["inventory_level"]) for each in shown} != {(wanted, wanted)}:
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

    def _sync(self, run_id: str) -> None:
        self._run_sync(run_id=run_id, writing=LEASE, patience=SHORT, max_price_change_factor=1e6)


@pytest.fixture
def trials(
    store: SandboxProcess,
    database: Database,
    run_import: Import,
    run_sync: SyncListings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Trials:
    monkeypatch.setattr(last_look, "LOOK_SECONDS", 0.4)
    run_import(new_listings_paused=False)
    return Trials(store, database, run_sync, tmp_path, monkeypatch)


def test_a_writer_that_stood_still_sends_nothing_after_it_was_taken_over(trials: Trials) -> None:
    for number in range(STALLS):
        point, call = POINTS[number % len(POINTS)], 1 + number // len(POINTS) % 4
        assert trials.stall(number, point, call) == [], (point, call)


def no_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who once had the claim trusts in it."""

    @contextmanager
    def settling(claim: Claim) -> Iterator[Settling]:
        with claim.run.transaction() as session:
            yield Settling(session, None)

    monkeypatch.setattr(Claim, "check", lambda claim: time.monotonic())
    monkeypatch.setattr(Claim, "settling", settling)


def no_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the check and the bytes anything may happen."""
    monkeypatch.setattr(last_look, "_look", lambda: None)


def no_quiet_period(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes over sends at once, whatever the former holder has under way."""

    def terms(**of: float) -> Terms:
        return Terms(**{**of, "call": 0.0})

    monkeypatch.setattr(outbound, "Terms", terms)


@pytest.mark.parametrize(
    ("spoil", "point"),
    [
        (no_fence, "before the mark"),
        (no_last_look, "between mark and look"),
        (no_quiet_period, "while the store takes its time"),
    ],
)
def test_the_trial_can_fail(
    trials: Trials, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[pytest.MonkeyPatch], None], point: str
) -> None:
    spoil(monkeypatch)
    assert trials.stall(0, point, 1) != []
